"""Has something happened since its cause, so that a planned text has lost its point? The gate's check "overtaken".

Resuming asks the same of all texts that a pause held, and messaging.overtaking drops them as soon as it happens. All three read the purpose
(messaging.purposes.Purpose.overtaken_by).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from leads.events import DECIDED, EVENT_TYPES, TALKED, is_talk
from leads.models import Lead
from messaging import purposes
from messaging.gate.facts import Facts, Since
from messaging.gate.result import Result, local
from messaging.models import Message

CHECK: Final = "overtaken"
# A text that goes at once cannot have been overtaken by a reply or by what staff said.
WAITED: Final = timedelta(minutes=1)


def overtaken(message: Message, facts: Facts, now: datetime) -> Result:
    """A person who approved a text that waited knew what had happened until then, but not of a call or a booking."""
    # Of a reminder of a review; the request itself is overtaken by nothing that a person writes (messaging.reviews).
    if facts.overtaken.clicked:
        return Result(passed=False, says="They followed the link of the request, so nothing is left to remind them of.")
    if facts.overtaken.answered:
        return Result(passed=False, says="They wrote after the request; a person answers, and nobody reminds them.")
    if not message.workflow:
        return Result(passed=True, says="Written by a person, who knows what happened since.")
    purpose, zone, lead = purposes.of(key=message.purpose), facts.client.timezone, facts.lead
    found = point_lost(purpose=purpose, stage=lead.stage if lead else "", since=facts.overtaken.since)
    if found is not None:
        says = words(type=found.type, at=found.at, zone=zone)
        return Result(passed=False, says=says, values=(("event", found.type), ("at", found.at.isoformat())))
    if lead is None or now - message.created_at < WAITED:
        return Result(passed=True, says="It did not wait, so nothing can have overtaken it.")
    known = message.approved_at or message.created_at
    replied = lead.replied_at if purpose.overtaken_by_reply else None
    if replied is not None and replied > known:
        says = f"They wrote on {local(replied, zone)}, after this text was planned; a person answers instead."
        return Result(passed=False, says=says, values=(("replied_at", replied.isoformat()),))
    closed = facts.overtaken.closed
    if closed is not None:
        what = Lead.Stage(closed.stage).label.lower()
        says = f"Since {local(closed.at, zone)} the lead is “{what}”, so this text has lost its point."
        return Result(passed=False, says=says, values=(("stage", closed.stage), ("at", closed.at.isoformat())))
    return Result(passed=True, says="Nothing has overtaken it since it was planned.")


def point_lost(*, purpose: purposes.Purpose, stage: str, since: Iterable[Since]) -> Since | None:
    """The first event that overtakes a text of this purpose; `stage` is that of its lead, "" without one.

    What was decided counts only where the text's own lead is closed by now: it may have been about another request of the same person.
    """
    for one in since:
        if one.type not in purpose.overtaken_by:
            continue
        if one.type in TALKED and not is_talk(type=one.type, facts=one.facts):
            continue
        if one.type in DECIDED and stage and stage not in Lead.CLOSED:
            continue
        return one
    return None


def words(*, type: str, at: datetime, zone: str) -> str:
    """Why a text has lost its point, as the slip says it."""
    when = local(at, zone)
    if type in TALKED:
        return f"They were reached by phone on {when}, so this text has lost its point."
    return f"“{EVENT_TYPES[type].label}” was reported for {when}, so this text has lost its point."
