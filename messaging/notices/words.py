"""What a responder reads: who, the number, one line of what was asked, and a link to say what came of it.

Never a transcript, a payload, a draft or a note. For a client marked sensitive not even a name: the link shows it, to whoever holds it.
"""

import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core import signing

from leads import people
from leads.models import Client, Lead
from messaging.models import Handover, Notice
from zartsalgo.lib.names import clean_name
from zartsalgo.lib.patterns import WORD, linear
from zartsalgo.lib.phone import sayable

OUTCOME_LINK_HOURS = 72
OUTCOME_SALT = "outcome-link"
TEST_WORDS = "This is a test alert for {name}. When somebody turns to {business}, you are told here. There is nothing to do."
_LINK = linear(r"https?://\S+")
_TOKEN = linear(r"/o/([^/\s]+)/\z")
_INNER_DOT = linear(rf"([{WORD}])\.([{WORD}])")


def local_time(*, when: datetime, zone: str) -> str:
    """A time as people of that zone say it: 14:02 on Fri 20 Nov."""
    return when.astimezone(ZoneInfo(zone)).strftime("%H:%M on %a %-d %b")


def link_of(*, handover_id: uuid.UUID) -> str:
    """The address behind which its holder says what came of the lead; good for OUTCOME_LINK_HOURS from the handover on."""
    return f"{settings.PUBLIC_URL}/o/{signing.dumps(str(handover_id), salt=OUTCOME_SALT, compress=False)}/"


def link_in(body: str) -> str:
    """The one link in the words, or "" where there is none or more than one."""
    found = _LINK.findall(body)
    return str(found[0]) if len(found) == 1 else ""


def without_link(body: str) -> str:
    """The words that stay the same when somebody is told of the same anew."""
    return _LINK.sub("", body)


def opens(*, link: str, handover_id: uuid.UUID) -> bool:
    """True when the link is ours and was signed for exactly this handover."""
    token = _TOKEN.search(link)
    if token is None or not link.startswith(f"{settings.PUBLIC_URL}/o/"):
        return False
    try:
        return str(signing.loads(token.group(1), salt=OUTCOME_SALT)) == str(handover_id)
    except signing.BadSignature:
        return False


def handover_words(*, lead: Lead, number: str, asked: str, at: datetime, handover_id: uuid.UUID, who: str = "") -> str:
    """The whole text of a handover. `asked` is ours ("Missed call"), never the customer's own words; `number` theirs, or ""."""
    client = lead.client
    when, link = local_time(when=at, zone=client.timezone), link_of(handover_id=handover_id)
    if client.sensitive:
        return f"Somebody turned to {client.name} at {when}. Who it was, and what came of it: {link}"
    who = harmless(who or lead.contact.name) or "Somebody"
    about = harmless(lead.service)
    asked = f"{asked} about {about}" if about else asked
    return f"{who}, {sayable(number) if number else 'no number'}. {asked} at {when}. What came of it? {link}"


def harmless(said: str) -> str:
    """What a stranger wrote of themselves, as one short line that no phone, mail program or chat makes a link of."""
    line = clean_name(said, limit=60).replace("://", " ")
    return " ".join(_INNER_DOT.sub(r"\1. \2", _INNER_DOT.sub(r"\1. \2", line)).split())


def for_another(*, body: str, handover_id: uuid.UUID) -> str:
    """The same words with the next responder's own link."""
    return _LINK.sub(lambda _: link_of(handover_id=handover_id), body)


def of_notice(*, notice: Notice) -> tuple[str, str]:
    """Subject (for mail) and words. The subject names nobody: it shows on locked screens."""
    if notice.handover is None:
        name = notice.responder.name if notice.responder else "you"
        return f"{notice.client.name}: a test alert", TEST_WORDS.format(name=harmless(name), business=notice.client.name)
    return f"{notice.client.name}: somebody waits for an answer", notice.handover.body or ""


def expected(*, handover: Handover, client: Client) -> bool:
    """For a sensitive client: the words name neither the person nor the number."""
    if not client.sensitive:
        return True
    body, contact = handover.body or "", handover.lead.contact
    number = people.phone_of(contact=contact)
    known = [contact.name, number, sayable(number) if number else "", handover.lead.service]
    return not any(one and one.casefold() in body.casefold() for one in known)
