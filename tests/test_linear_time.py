"""Nobody's words can hold a process: the work of each reader grows no faster than its text, and what reads from outside does not use `re`."""

from __future__ import annotations

import ast
import contextlib
import gc
import json
import re
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leads import people
from messaging.replies import read_reply
from providers import adapters
from providers.contract import Unreadable
from summaries import checks, prompt
from summaries.figures import figures
from summaries.redaction import find_personal
from summaries.summarizer import summarize
from summaries.text import RawValues, Source
from tests.near_matches import near_matches, patterns_of
from tests.providers import payloads
from zartsalgo.lib.machine_mail import says_machine
from zartsalgo.lib.mail_text import own_words, text_of_html
from zartsalgo.lib.masking import mask_text, mask_values
from zartsalgo.lib.names import clean_text
from zartsalgo.lib.patterns import linear
from zartsalgo.lib.phone import read_number

RAW = RawValues(names=("Ann Lee",), phones=("+13035550123",), emails=("ann@example.com",), addresses=("12 Elm Street, Denver 80203",))


def sources(text: str) -> list[Source]:
    return [Source(key="event.personal.transcript", who="customer", at=datetime(2026, 3, 2, tzinfo=UTC), text=text)]


def post_form(text: str) -> None:
    fields = ("name", "first_name", "last_name", "phone", "email", "message", "zip", "state", "service", text[:40])
    adapter = adapters.load("form")
    with contextlib.suppress(Unreadable):
        adapter.parse(request=payloads.request("form", json.dumps(dict.fromkeys(fields, text)).encode()))


ROOT = Path(__file__).parents[1]
ROOMS = ("leads", "providers", "messaging", "summaries", "workflows", "portal", "zartsalgo")
# Modules that import `re`, and what they read with it. None of it was written by a stranger, or it is of a fixed small length.
MAY_USE_RE = {
    "messaging/words/checks.py": "templates of staff, at most 4,000 characters",
    "messaging/words/sandbox.py": "templates of staff, at most 4,000 characters, and a library's error texts",
    "providers/adapters/_twilio_client.py": "our own configuration, and a header of digits",
    "providers/adapters/slack.py": "our own configuration, and one short word of a reply",
    "providers/registration.py": "senders of our own connections",
    "zartsalgo/lib/strict_json.py": "one class of characters, nothing nested; RE2 takes no surrogates, and they are what it removes",
    "zartsalgo/lib/log_filters.py": "our own log lines; one class of characters, nothing nested",
    "zartsalgo/office/api/filters.py": "query values of staff's tokens, of fixed lengths, matched whole",
    "zartsalgo/office/management/commands/clock.py": "a command's argument",
    "zartsalgo/office/management/commands/measure.py": "labels in a file that staff name",
    "zartsalgo/office/simulator.py": "the simulator's form, by staff",
    "zartsalgo/office/simulator_door.py": "our own pages",
    "zartsalgo/office/views/outbox.py": "mails that we wrote",
}


def _imports_re(path: Path) -> bool:
    text = path.read_text()
    if not re.search(r"import.*\b(re|sre_parse|regex)\b|from (re|regex)\b", text):  # most files; to parse them all takes seconds
        return False
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import) and any(one.name.split(".")[0] in ("re", "sre_parse", "regex") for one in node.names):
            return True
        if isinstance(node, ast.ImportFrom) and node.module in ("re", "regex"):
            return True
    return False


# Reader -> what it is called with, and the modules whose patterns are turned against it.
READERS: dict[str, tuple[Callable[[str], object], tuple[str, ...]]] = {
    "replies": (lambda text: read_reply(text=text), ("messaging",)),
    "mail": (lambda text: own_words(text=text), ("zartsalgo.lib.mail_text",)),
    "pages": (lambda text: text_of_html(html=text), ("zartsalgo.lib.mail_text",)),
    "machine mail": (lambda text: says_machine(headers=[(text, text)], sender=text, name=text, subject=text), ("zartsalgo.lib.machine_mail",)),
    "forms": (post_form, ("providers", "zartsalgo.lib")),
    "people": (
        lambda text: people.read_person(personal=dict.fromkeys(("name", "phone", "email", "state", "postal_code"), clean_text(text))),
        ("zartsalgo.lib.names", "zartsalgo.lib.phone", "zartsalgo.lib.places"),
    ),
    "numbers": (lambda text: read_number(raw=clean_text(text)), ("zartsalgo.lib.phone",)),
    "summaries": (
        lambda text: summarize(sources=sources(text), business="Pen"),
        tuple(f"summaries.{name}" for name in ("denials", "facts", "retelling", "summarizer", "telling")),
    ),
    "figures": (figures, ("summaries.figures",)),
    "redaction": (find_personal, ("summaries.redaction", "summaries.addresses", "summaries.people_names")),
    "checks": (lambda text: checks.problems(text=text, raw=RAW, claims=[], sources=sources(text)), ("summaries.checks",)),
    "prompt": (lambda text: prompt.mask(text=text, raw=RAW), ("summaries.prompt",)),
    "masking": (lambda text: mask_values({"a": text, text: text, "b": [mask_text(text)]}), ("zartsalgo.lib.masking",)),
}  # fmt: skip
# What held readers for seconds or for ever, and what parsers of other people choke on.
ATTACKS = (
    "no mas ", "no mas no mas ", "mas nada ", "you to ", "my number ", "my my number ", "solicitsolicit ", "stop ", "quit it and ", "On x wrote: ", "On Mon\n", "> On x wrote:\n",
    "From:\n", "From: a@b\nSubject:\n", "El dia ", "<a ", "<a href='", "<!--", "</", "<div>", "<p class='gmail_quote'>", "&#", "{", "[", '"', "\\", "((", "+1 ", "303-555-0123 ", "7", "1.", "1,",
    "a@", "a@b.c", "a.", "A ", "Ann Lee ", "12 Elm ", "Dr. ", "word", "not ", "not a ", "my friend ", "two hundred ", "Agent: a\n", "\n", " ", "\t", "\r\n", "é", "é\u0301", "\u200b", "ｆ", "\ud800", "\x00", "%40", "%28", "https://", "www.",
)  # fmt: skip
SHORT, LONG = 200, 1_600  # characters, LONG / SHORT = 8
CHEAP = 0.02  # seconds of CPU that are not looked into
MOST_GROWTH = 3 * LONG / SHORT  # a square would be 64
LIMIT = 0.5  # seconds of CPU after which a reader counts as held


class Held(Exception):
    pass


def _stop(signum: int, frame: object) -> None:
    raise Held


@pytest.fixture(autouse=True)
def garbage_waits():
    """What collecting it costs is no reader's, and what is finalized meanwhile would swallow Held."""
    gc.disable()
    yield
    gc.enable()


def cost(read: Callable[[str], object], text: str) -> float:
    """Seconds of CPU of one reading. Raises Held for a reader that does not come back."""
    before = signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)
    try:
        start = time.thread_time()
        read(text)
        return time.thread_time() - start
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def grows_too_fast(read: Callable[[str], object], piece: str) -> bool:
    """Whether reading `piece` repeated costs more than its length explains; measured anew before it is believed."""
    texts = [(piece * (size // len(piece) + 1))[:size] for size in (SHORT, LONG)]
    try:
        if cost(read, texts[1]) < CHEAP:
            return False
        for _ in range(3):
            short, long = (min(cost(read, text) for _ in range(2)) for text in texts)
            if long < MOST_GROWTH * max(short, CHEAP / 20):
                return False
    except Held:
        pass
    return True


@pytest.mark.parametrize("reader", READERS)
def test_the_work_of_a_reader_grows_no_faster_than_its_text(reader):
    read, modules = READERS[reader]
    read("Hi, this is Ann.")  # what is loaded on first use counts for nobody
    pieces = {*ATTACKS, *(piece for pattern in patterns_of(*modules) for piece in near_matches(pattern))}
    assert [piece for piece in sorted(pieces) if grows_too_fast(read, piece)] == []


@pytest.mark.parametrize(
    "pattern", [r"(?:no|no mas|no mas no mas)(?: (?:no|no mas|no mas no mas))*$", r"(a+)+$", r"^(?:On .*wrote:)+$", r"x*x*x*y"]
)
def test_the_measure_sees_what_backtracks(pattern):
    backtracking = re.compile(pattern)
    assert any(grows_too_fast(backtracking.search, f"{piece}") for piece in (*ATTACKS, *near_matches(pattern), "a", "x"))


def _module(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_every_pattern_of_ours_is_one_that_re2_takes():
    """They are compiled when they are first asked; a mistake in one must not wait for that."""
    rooms = ("leads", "providers", "messaging", "summaries", "workflows", "zartsalgo/lib")
    files = {str(path.relative_to(ROOT)) for room in rooms for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts}
    theirs, ours = (patterns_of(*(_module(file) for file in files & some)) for some in ({*MAY_USE_RE}, files - {*MAY_USE_RE}))
    found = set(ours) - set(theirs)
    assert len(found) > 250
    for pattern in found:
        linear(pattern).search("")


def test_near_matches_are_made_of_every_kind_of_pattern():
    found = patterns_of("summaries", "zartsalgo.lib", "messaging")
    assert len(found) > 150
    assert [pattern for pattern in found if not near_matches(pattern)] == []
    assert "unsubscribe" in {piece.strip() for piece in near_matches(r"\b(?:unsubscribe|remove me)\b")}


def test_what_reads_words_from_outside_does_not_backtrack():
    found = {str(path.relative_to(ROOT)) for room in ROOMS for path in (ROOT / room).rglob("*.py") if _imports_re(path)}
    assert found == set(MAY_USE_RE)
