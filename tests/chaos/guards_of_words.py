"""The arm about words that are built to hold whoever reads them: texts, forms, mails and transcripts, thrown at each reader."""

from __future__ import annotations

import json
import re
import sys
import time
import uuid
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from tests.chaos.arms import OTHER, SETTLE, arm, count_texts, when, without
from tests.chaos.running import Rig
from tests.providers import postmark
from tests.providers.payloads import SECRET
from tests.stack.running import Business, http, wait_until

LONG = 100_000
NEIGHBOURS = 5
_SENDER = "+130355501"  # and the number of the piece, in two digits
# Near-matches of what once held readers: repeated words that a rule may take apart in many ways, heads of quoted mail, unclosed tags.
WORDS = (
    "no mas ",
    "no mas no mas ",
    "you to ",
    "my my number ",
    "stop stopp ",
    "not a leak or ",
    "303-555-0123 ",
    "a@b.co ",
    "12 Elm St, ",
    "1 ",
)
HEADS = ("On x wrote: ", "On Mon\n", "From: a@b\nSubject:\n", "> On x wrote:\n", "x:\n")
PAGES = ("<a ", "<a href='", "<!--", "</", "<div>", "<style>a</style>")


@arm("F36 words")
def words(rig: Rig, business: Business, guarded: bool) -> int:
    """Words of 100 kB against each reader of one client; the calls of another are answered all the same, and nothing stays unread."""
    from providers.models import Delivery

    neighbour = rig.add_businesses(1, account=f"AC{uuid.uuid4().hex}")[0]
    form, mail = _hooks(business)
    mine = Delivery.objects.filter(connection__client__slug=business.slug)
    refused = 0
    for number, piece in enumerate(WORDS):
        text = _repeat(piece, 1_600) + "!"
        refused += business.text_in(sender=f"{_SENDER}{number:02}", text=text, sid=f"SMwords{number}") != 200
    rig.run("worker", role="worker", **without(guarded, "linear patterns"))
    when(mine.filter(claims__gt=0).exists, what="a worker that reads the texts")
    time.sleep(3)  # it has their batch in hands; without the guard it stays there
    for number, piece in enumerate(WORDS):
        long, sender = _repeat(piece, LONG), f"{_SENDER}{number:02}"
        fields = {"name": long, "phone": sender, "email": long, "message": long, "service": long}
        refused += http("POST", form, body=json.dumps(fields).encode(), headers={"Content-Type": "application/json"})[0] != 200
        refused += business.miss_call(caller=sender, id=f"words{number}", note=long, transcription=long) != 200
    for number, piece in enumerate((*HEADS, *PAGES)):
        refused += _mail(mail, piece, number) != 200
    for number in range(NEIGHBOURS):
        neighbour.miss_call(caller=f"{OTHER[:-1]}{number}", id=f"beside{number}")

    def _missing() -> int:
        return NEIGHBOURS - sum(count_texts(rig, neighbour, f"{OTHER[:-1]}{number}") for number in range(NEIGHBOURS))

    if not guarded:
        time.sleep(20)
        return _missing()
    wait_until(lambda: not _missing(), seconds=SETTLE, what="the neighbours' texts")
    rig.run("ticker", role="ticker")  # of a burst of forms two are read a second, and who rings for the later ones is the ticker
    unread = mine.filter(state=Delivery.State.RECEIVED)
    when(lambda: not unread.exists(), what="the words to be read")
    return refused + _missing()


def _mail(hook: str, piece: str, number: int) -> int:
    """Post a mail whose text, or page, is that piece over and over; the status."""
    page = piece in PAGES
    part = {"TextBody": "" if page else _repeat(piece, LONG), "HtmlBody": _repeat(piece, LONG) if page else "", "StrippedTextReply": ""}
    body = postmark.inbound(MessageID=f"words-{number}", Subject=_repeat(piece, 2_000), **part)
    headers = {"Content-Type": "application/json", "Authorization": postmark.login()["authorization"]}
    return http("POST", hook, body=json.dumps(body).encode(), headers=headers)[0]


def _repeat(piece: str, length: int) -> str:
    return (piece * (length // len(piece) + 1))[:length]


def _hooks(business: Business) -> tuple[str, str]:
    """The addresses of a form and of inbound mail of that client."""
    from leads.models import Client
    from providers.connections import connect
    from zartsalgo.lib import clock

    client, now = Client.objects.get(slug=business.slug), clock.read()
    form = connect(client=client, provider="form", secret="", now=now)[1]
    mail = connect(client=client, provider="postmark", secret=SECRET, now=now)[1]
    return form, mail.replace(f"{urlsplit(mail).netloc.rpartition('@')[0]}@", "")  # the login goes in a header


def backtrack() -> None:
    """Take the guard out of this process: replies are read with nested repetitions by `re` as well, as they once were, and uncut."""
    from messaging import replies

    import_module("workflows.intake")
    nested = re.compile(r"(?:no|mas|no mas|no mas no mas)(?: (?:no|mas|no mas|no mas no mas))*$")
    real = replies.read_reply

    def _read(**given: Any) -> Any:
        nested.match(str(given.get("text") or ""))
        return real(**given)

    for module in list(sys.modules.values()):
        if getattr(module, "read_reply", None) is real:
            module.read_reply = _read  # type: ignore[attr-defined]
