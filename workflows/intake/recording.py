"""Recording: facts become events with all they mean, in sets. One fact costs the statements that fifty cost."""

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import connection as database

from leads import consent, matching
from leads.events import Whose
from leads.matching import Asked, Known
from leads.models import Client, Contact, Event, Identity, Lead
from messaging import inbound
from messaging.email import reports
from messaging.email.addresses import message_of_tag
from messaging.models import Message
from providers.contract import ParsedEvent
from workflows import outcomes, receipts
from workflows.intake import grouping, waking
from workflows.intake.blame import Blame
from workflows.intake.forms import join_equal
from workflows.intake.handling import TALK
from workflows.intake.items import Fact, Item, understand
from zartsalgo.lib import clock, rows

_RECORDED = """
select e.client_id, e.source, e.key, e.type
  from json_to_recordset(%s::json) as r (client_id bigint, source varchar, key varchar, type varchar)
  join leads_event e using (client_id, source, key, type)"""


def record(
    *, client: Client, source: str, item: ParsedEvent, received_at: datetime, delivery_id: uuid.UUID | None, now: datetime
) -> tuple[str, list[uuid.UUID]]:
    """Record one fact with all it means; returns a sentence for the delivery and the runs it started. In the caller's transaction.

    A fact we already have (same client, source, key and type) changes nothing.
    """
    fact = Fact(client=client, source=source, item=item, received_at=received_at, delivery_id=delivery_id)
    (done,) = record_all(facts=[fact], now=now, moved=clock.offset(), blame=Blame())
    return done.note, [run.pk for run in done.runs]


def record_all(*, facts: Sequence[Fact], now: datetime, moved: timedelta, blame: Blame) -> list[Item]:
    """Record facts with all they mean, in the order given; each comes back with its note and the runs it started.

    In the caller's transaction. What one fact raises is blamed on its delivery. `moved`: how far the business clock has been moved.
    """
    items: list[Item] = []
    for fact in facts:
        with blame.on(fact.delivery_id):
            items.append(understand(fact=fact, now=now, moved=moved))
    fresh = _leave_out_recorded(items=items)
    _find_messages(items=fresh, blame=blame)
    keys = [_ask(item).keys for item in fresh]
    known = matching.look(keys=[key for of_one in keys for key in of_one])
    for number, part in enumerate(grouping.rounds(items=fresh, keys=keys, known=known)):
        if number == 0:
            _take_in(items=part, known=known, now=now, blame=blame)
        else:
            _take_in(items=_leave_out_recorded(items=part), known=None, now=now, blame=blame)
    _note_first_heard(items=items)
    # A later round may have filled in what was unknown of a person.
    newest = {item.contact.pk: item.contact for item in items if item.contact is not None}
    for run in (run for item in items for run in item.runs):
        if run.contact_id is not None:
            run.contact = newest[run.contact_id]
    return items


def _note_first_heard(*, items: Sequence[Item]) -> None:
    """Runs whose person has nothing but this event, which by itself has changed nothing of theirs: what they may know need not be looked up."""
    times = Counter(item.contact.pk for item in items if item.contact is not None)
    for item in items:
        if item.contact is not None and item.new and times[item.contact.pk] == 1:
            for run in item.runs:
                run.first_heard = item.handling.act is None and item.refusal is None


def find_recorded(*, items: Iterable[Item]) -> set[tuple[int, str, str, str]]:
    """Which of these very facts stand already. What two workers find out at once, the unique key of events settles."""
    given = [dict(zip(("client_id", "source", "key", "type"), item.key, strict=True)) for item in items]
    with database.cursor() as cursor:
        cursor.execute(_RECORDED, [json.dumps(given)])
        return set(cursor.fetchall())


def _leave_out_recorded(*, items: Sequence[Item]) -> list[Item]:
    recorded = find_recorded(items=items) if items else set()
    for item in items:
        if item.key in recorded:
            item.note = _already_known(item)
    return [item for item in items if not item.note]


def _already_known(item: Item) -> str:
    return f"{item.type}: already known."


def _find_messages(*, items: Iterable[Item], blame: Blame) -> None:
    """The message of ours that a report is about, or an email answers."""
    for item in items:
        with blame.on(item.fact.delivery_id):
            if item.kind.reports:
                item.about = reports.message_of(client=item.fact.client, facts=item.event.facts)
            elif item.kind.reply and item.event.facts.get("thread"):
                item.about = message_of_tag(client_id=item.event.client_id, tag=str(item.event.facts["thread"]))


def _ask(item: Item) -> Asked:
    addressee = item.about.contact_id if item.about is not None else None
    return Asked(client=item.fact.client, person=item.person, whose=item.kind.whose, addressee=addressee)


def _take_in(*, items: Sequence[Item], known: Known | None, now: datetime, blame: Blame) -> None:
    """One round: of each person either events that only add, or one that acts."""
    if not items:
        return
    for item, met in zip(items, matching.meet(asked=[_ask(item) for item in items], now=now, known=known), strict=True):
        item.contact, item.new = met.contact, met.new
        item.event.contact = met.contact
    join_equal(items=items, now=now)
    new = _store([item for item in items if not item.note])
    consent.note_events(events=[item.event for item in new])
    _lock_messages(items=new)
    inbound.lock_stops(stops=[stop for item in new if (stop := _stop(item)) is not None])
    _act(items=new, now=now, blame=blame)
    asks = [item for item in new if item.handling.asks]
    of_event = {item.event.pk: item for item in asks}
    made = {item.contact.pk for item in asks if item.contact is not None and item.new}
    for run in receipts.decide_all(heard=[(item.event, item.contact) for item in asks], now=now, new=made):
        of_event[run.event_id].runs.append(run)
    waking.wake_runs_of_all(contacts=[item.contact for item in new if item.contact is not None and not item.new], now=now)


def _store(items: Sequence[Item]) -> list[Item]:
    """The events, each with the person's open request; those that a rival was faster with are left out."""
    ids = {item.contact.pk for item in items if item.contact is not None and not item.new}
    leads = Lead.objects.filter(contact_id__in=sorted(ids)).exclude(stage__in=Lead.CLOSED) if ids else Lead.objects.none()
    open_leads = {lead.contact_id: lead for lead in leads.order_by("contact_id", "-created_at").distinct("contact_id")}
    for item in items:
        if item.contact is not None:
            item.event.lead = open_leads.get(item.contact.pk)
    stored = rows.insert(rows=[item.event for item in items], or_nothing=True)
    for item in items:
        if item.event.pk not in stored:
            item.note = _already_known(item)
    return [item for item in items if not item.note]


def _lock_messages(*, items: Sequence[Item]) -> None:
    """Messages that reports are about, in order of id, so that two batches of reports never wait for each other in a circle."""
    ids = {item.about.pk for item in items if item.about is not None and item.kind.reports}
    if len(ids) > 1:
        list(Message.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk").values_list("pk"))


def _stop(item: Item) -> tuple[Contact | None, str, str] | None:
    """Whom the event stops, with kind and value of where it came from; None where it stops nobody."""
    if item.kind.whose is Whose.ADDRESSEE:
        address = item.person.email or (item.about.to if item.about is not None else "")
        return (item.contact, Identity.Kind.EMAIL, address) if address else None
    if item.reading is None or item.reading.kind != "opt_out" or not item.address:
        return None
    return item.contact, Identity.Kind.EMAIL if item.by_email else Identity.Kind.PHONE, item.address


def _act(*, items: Sequence[Item], now: datetime, blame: Blame) -> None:
    """What follows from each at once, in their order, and the receipt of what that changed."""
    busy = outcomes.find_busy(contact_ids={item.contact.pk for item in items if item.handling is TALK and item.contact and not item.new})
    said: list[tuple[Event, str]] = []
    for item in items:
        handling, contact = item.handling, item.contact
        with blame.on(item.fact.delivery_id):
            if item.refusal is not None and contact is not None:
                inbound.hold_for_words(event=item.event, reading=item.refusal, contact=contact, now=now)
            idle = handling is TALK and item.is_talk and contact is not None and contact.pk not in busy
            says = handling.act(item, now) if handling.act is not None and not idle else ""
        item.note = f"Recorded: {item.type}. {says}".strip() if handling.asks else says
        if handling.has_receipt and says:
            said.append((item.event, says))
    outcomes.keep_receipts(said=said, now=now)
