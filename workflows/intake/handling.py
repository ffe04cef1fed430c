"""How each type of event is taken in: one table. What is not in it is recorded, and the workflows that listen to it are asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from leads.events import CALLS, FORMS, TALKED
from messaging import inbound, photos
from messaging.email import reports
from messaging.notices import reports as notice_reports
from messaging.outbox import reports as statuses
from providers.models import Connection
from workflows import outcomes

if TYPE_CHECKING:
    from workflows.intake.items import Item


@dataclass(frozen=True, kw_only=True)
class Handling:
    """`act` does what follows from the event at once, in its transaction, the person locked, and returns a sentence for the delivery."""

    act: Callable[[Item, datetime], str] | None = None
    # Whether the sentence is also kept as the receipt of what the event changed.
    has_receipt: bool = False
    # Whether the workflows that listen to the type are asked. What is not asked for only reports on something of ours.
    asks: bool = True
    # False for what only adds: events of one person that all only add may be written in one statement, whatever their number.
    alone: bool = True


def _act_on_words(item: Item, now: datetime) -> str:
    """A text or mail of theirs: what it asks for, and what a person has to answer."""
    event, reading, contact, client = item.event, item.reading, item.contact, item.fact.client
    if reading is None or contact is None or not item.address:
        if reading is not None:
            inbound.ask_who_wrote(event=event, client=client, now=now)
        return ""
    kind = "email" if item.by_email else "phone"
    lead = inbound.act_on_reply(event=event, reading=reading, client=client, contact=contact, number=item.address, now=now, kind=kind)
    if lead is not None and reading.kind in ("other", "opt_in"):
        inbound.ask_for_answer(event=event, lead=lead, now=now)
    line = Connection.objects.filter(deliveries=event.delivery_id).first() if item.media and event.delivery_id else None
    if line is not None:
        photos.plan(event=event, contact=contact, connection=line, addresses=item.media, now=now)
    return ""


def _note_status(item: Item, now: datetime) -> str:
    """A report about a text of ours, or about an alert."""
    facts = item.event.facts
    if item.about is None:
        return notice_reports.record_status(client=item.fact.client, facts=facts, now=now)
    changed = statuses.record_status(
        message=item.about,
        provider_id=str(facts.get("provider_id") or ""),
        status=str(facts.get("status") or ""),
        error_code=str(facts.get("error_code") or ""),
        now=now,
    )
    return f"message.status: {facts.get('status')}." if changed else "message.status: nothing new."


def _act_on_report(item: Item, now: datetime) -> str:
    """A report about a mail of ours that stops what goes to the address."""
    event, client = item.event, item.fact.client
    return reports.act(event=event, client=client, contact=item.contact, message=item.about, address=item.person.email, now=now)


def _apply_outcome(item: Item, now: datetime) -> str:
    return outcomes.apply(event=item.event, contact=item.contact, now=now)


_ADDS: Final = Handling(alone=False)
# A talk of two people by phone answers what stood open, which is nothing for most: see `outcomes.find_busy`.
TALK: Final = Handling(act=_apply_outcome, has_receipt=True)
_OUTCOME: Final = Handling(act=_apply_outcome, has_receipt=True)
_ANYTHING: Final = Handling()
HANDLING: Final[dict[str, Handling]] = {
    **dict.fromkeys((*CALLS, *FORMS), _ADDS),
    **dict.fromkeys((*outcomes.ABOUT_PERSON, *outcomes.ABOUT_CLIENT), _OUTCOME),
    **dict.fromkeys(TALKED, TALK),
    "message.received": Handling(act=_act_on_words),
    "message.status": Handling(act=_note_status, asks=False, alone=False),
    **dict.fromkeys(reports.STOPS, Handling(act=_act_on_report, asks=False)),
}


def handling_of(*, type: str) -> Handling:
    return HANDLING.get(type, _ANYTHING)
