"""Intake: deliveries become events, and every event gets its receipts.

A delivery is claimed (`workflows.claiming`), read by its adapter outside any transaction, and then everything it means happens in one transaction: people, events, opt-outs, statuses, receipts and runs. The unique keys make a
second reading harmless, so a worker may die anywhere. What is claimed for the fifth time becomes poison instead of being read, whether
its readers raised, hung or died: visible, replayable, in nobody's way. Trouble of the database is nobody's fault and is not counted.
Inbound messages of a batch go first, so an opt-out is never behind the call that came with it.
"""

import hashlib
import json
import logging
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection as database
from django.db import transaction

from leads import consent, people
from leads.models import Client, Contact, Event, Identity
from messaging import inbound, photos
from messaging.email import reports
from messaging.email.addresses import message_of_tag
from messaging.models import Message
from messaging.notices import reports as notice_reports
from messaging.outbox import reports as statuses
from messaging.replies import Reading, read_reply
from providers import adapters, asides, deliveries
from providers.contract import NotForUs, ParsedEvent, Unreadable
from providers.models import Aside, Connection, Delivery
from workflows import alone, claiming, engine, outcomes, receipts
from workflows.models import Receipt
from workflows.steps import contact_key
from zartsalgo.lib import clock
from zartsalgo.lib.database import is_trouble
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.lib.ids import new_id
from zartsalgo.lib.names import clean_text
from zartsalgo.lib.patterns import linear
from zartsalgo.lib.sealed import CannotOpen

log = logging.getLogger(__name__)

LEASE_SECONDS = 20
# From this claim on a delivery is read in a process of its own: two readers did not come back from it.
ALONE_FROM = 3
BATCH = 20
# Equal forms of one visitor inside this window are one request (a double click, a reload).
CLOCK_SKEW = timedelta(minutes=5)
SAME_FORM_WITHIN = timedelta(minutes=10)
FORMS = ("lead.created", "quote.requested")
# Acts of the person from a number or address of theirs. What a form, a booking page or another system says of them proves nothing.
PROVES = ("call.missed", "call.answered", "message.received")
_ANSWERS = linear(r"^\s*(?:re|fwd?|aw|rv)\s*:", ignore_case=True)
ADVANCE_TASK = "workflows.advance"


def drain(*, now: datetime, limit: int = BATCH) -> int:
    """Work off waiting deliveries until none is due; returns how many. Runs that start are advanced here, without another ring."""
    worked = 0
    while claimed := claiming.claim(now=now, limit=limit, lease_seconds=LEASE_SECONDS):
        first = claimed[0]
        if first.parked:
            log.error("delivery %s is parked: claimed %d times and never done", first.id, first.claims)
        elif first.claims >= ALONE_FROM:
            alone.take_in(delivery_id=first.id, now=now)
        else:
            engine.advance_all(run_ids=_take_in_batch(ids=[row.id for row in claimed], now=now), now=clock.read())
        worked += len(claimed)
    return worked


def _take_in_batch(*, ids: list[uuid.UUID], now: datetime) -> list[uuid.UUID]:
    """Read them all, then take them in, inbound messages first; the runs that started. What the database's trouble left is given back."""
    started: list[uuid.UUID] = []
    left = list(ids)
    try:
        batch = list(Delivery.objects.select_related("connection__client").filter(pk__in=ids).order_by("received_at"))
        understood = [(delivery, read(delivery=delivery)) for delivery in batch]
        understood.sort(key=lambda pair: not _has_inbound(pair[1]))
        for delivery, parsed in understood:
            started += _take_in_safely(delivery=delivery, parsed=parsed, now=now)
            left.remove(delivery.pk)
    except Exception as error:
        if not is_trouble(error):
            raise
        log.warning("%d deliveries wait: the database is in trouble (%s)", len(left), type(error).__name__)
        claiming.give_back(ids=left)
    return started


def take_in_one(*, delivery_id: uuid.UUID, now: datetime) -> None:
    """Read and take in one claimed delivery, for a process of its own; what it starts is found by the ticker."""
    delivery = Delivery.objects.select_related("connection__client").filter(pk=delivery_id, state=Delivery.State.RECEIVED).first()
    if delivery is not None:
        _take_in_batch(ids=[delivery.pk], now=now)


def _has_inbound(parsed: object) -> bool:
    return isinstance(parsed, list) and any(event.type in ("message.received", *reports.STOPS) for event in parsed)


def read(*, delivery: Delivery) -> list[ParsedEvent] | NotForUs | str:
    """What the delivery says; a string is the sentence of why it cannot be read."""
    try:
        adapter = adapters.load(delivery.connection.provider)
        request = deliveries.as_incoming(delivery=delivery, connection=delivery.connection, public_url=settings.PUBLIC_URL)
        return adapter.parse(request=request)
    except Unreadable as error:
        return str(error)
    except (CannotOpen, ValueError, LookupError) as error:
        return f"Cannot be read: {error}."
    except Exception as error:  # an adapter must never raise anything else; if it does, the payload is kept for a person
        log.exception("adapter of delivery %s broke", delivery.pk)
        return f"The reader for {delivery.connection.provider} broke ({type(error).__name__}); the payload is kept."


def _take_in_safely(*, delivery: Delivery, parsed: list[ParsedEvent] | NotForUs | str, now: datetime) -> list[uuid.UUID]:
    """Take it in; what it breaks concerns it alone and stays for the next claim. Raises only what the database is to blame for."""
    try:
        with transaction.atomic():
            return take_in(delivery=delivery, parsed=parsed, now=now)
    except Exception as error:  # the neighbours must not suffer; the fifth claim parks it and a person looks
        if is_trouble(error):
            raise
        log.exception("delivery %s could not be taken in", delivery.pk)
        note = f"Could not be processed ({type(error).__name__})."
        Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.RECEIVED).update(note=note)
        return []


def take_in(*, delivery: Delivery, parsed: list[ParsedEvent] | NotForUs | str, now: datetime) -> list[uuid.UUID]:
    if isinstance(parsed, str):
        _finish(delivery=delivery, state=Delivery.State.POISON, note=parsed)
        return []
    if isinstance(parsed, NotForUs):
        _finish(delivery=delivery, state=Delivery.State.IGNORED, note=parsed.reason)
        return []
    trapped = any(item.facts.get("spam_hint") for item in parsed)
    if trapped and not asides.is_released(delivery=delivery, reason=Aside.Reason.TRAP):
        asides.put_aside(delivery=delivery, reason=Aside.Reason.TRAP, now=clock.read())
        return []
    started: list[uuid.UUID] = []
    notes: list[str] = []
    for item in parsed:
        note, runs = record(
            client=delivery.connection.client,
            source=delivery.connection.provider,
            item=item,
            received_at=delivery.received_at,
            delivery_id=delivery.pk,
            now=now,
        )
        notes.append(note)
        started += runs
    _finish(delivery=delivery, state=Delivery.State.DONE, note=" ".join(notes))
    return started


def _finish(*, delivery: Delivery, state: str, note: str) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(state=state, note=note[:400], finished_at=clock.read())


def record(
    *, client: Client, source: str, item: ParsedEvent, received_at: datetime, delivery_id: uuid.UUID | None, now: datetime
) -> tuple[str, list[uuid.UUID]]:
    """Record one fact with all it means; returns a sentence for the delivery and the runs it started. In the caller's transaction.

    A fact we already have (same client, source, key and type) changes nothing.
    """
    personal = _clean(item.personal)
    facts = _clean(item.facts)
    # Addresses of pictures stand with the pictures, until they are fetched.
    media = personal.pop("media", [])
    key = str(item.key)[:200]
    if _is_recorded(client=client, source=source, key=key, type=item.type):
        return f"{item.type}: already known.", []
    person = people.read_person(personal=personal)
    about = _about(client=client, item_type=item.type, facts=facts)
    contact: Contact | None = None
    if item.type == "message.status":
        pass  # the message tells whose it is
    elif item.type == "call.returned":
        # Whoever the business dials has not turned to it: nobody becomes known by that.
        contact = people.find(client=client, person=person)
    elif item.type in reports.STOPS or about is not None and not _is_known(client=client, email=person.email):
        # A report is about somebody we know or nobody; and whoever answers a mail of ours from elsewhere answers as the one we wrote to.
        found = reports.person_of(client=client, message=about, address=person.email)
        contact = people.lock(contact_id=found.pk) if found else None
        if contact is not None and item.type == "message.received" and person.email:
            people.prove(contact=contact, kind=Identity.Kind.EMAIL, value=person.email, by="a reply", now=now)
    else:
        stated, form = item.type not in PROVES, item.type in FORMS
        contact = people.find_or_create(client=client, person=person, now=now, stated=stated, form=form)
    reading = None
    if item.type in FORMS and (earlier := _same_form(client=client, source=source, personal=personal, facts=facts, now=now)):
        return f"{item.type}: the same form came at {earlier.recorded_at:%H:%M:%S} UTC; joined to it.", []
    if item.type == "message.received":
        reading = _read(personal=personal, facts=facts)
        facts["reading"] = {"kind": reading.kind, "rule": reading.rule}
    event = Event(
        id=new_id(),
        client=client,
        type=item.type[:40],
        source=source,
        key=key,
        occurred_at=occurred_at(stated=item.occurred_at, received_at=received_at),
        recorded_at=now,
        delivery_id=delivery_id,
        contact=contact,
        facts=facts,
        personal=people.as_kept(personal=personal, person=person),
    )
    if contact is not None:
        event.lead = contact.leads.exclude(stage__in=contact.leads.model.CLOSED).order_by("-created_at").first()
    if not Event.objects.bulk_create([event], ignore_conflicts=True) or not Event.objects.filter(pk=event.pk).exists():
        return f"{item.type}: already known.", []
    consent.note_event(event=event, contact=contact)
    inbound.read_other_words(event=event, client=client, contact=contact, now=now)
    by_email = facts.get("channel") == "email"
    address = person.email if by_email else person.number.e164
    if reading is not None and contact is not None and address:
        lead = inbound.act_on_reply(
            event=event, reading=reading, client=client, contact=contact, number=address, now=now, kind="email" if by_email else "phone"
        )
        if lead is not None and reading.kind in ("other", "opt_in"):
            inbound.ask_for_answer(event=event, lead=lead, now=now)
        _plan_photos(event=event, contact=contact, media=media, now=now)
    elif reading is not None:
        inbound.ask_who_wrote(event=event, client=client, now=now)
    if item.type == "message.status":
        return _status(client=client, message=about, facts=facts, now=now), []
    if item.type in reports.STOPS:
        note = reports.act(event=event, client=client, contact=contact, message=about, address=person.email, now=now)
        if contact is not None:
            wake_runs_of(contact=contact, now=now)
        return note, []
    changed = outcomes.apply(event=event, contact=contact, now=now)
    runs = receipts.decide(event=event, contact=contact, now=now)
    if contact is not None:
        wake_runs_of(contact=contact, now=now)
    return f"Recorded: {item.type}. {changed}".strip(), runs


def _plan_photos(*, event: Event, contact: Contact, media: object, now: datetime) -> None:
    addresses = [address for address in media if isinstance(address, str)] if isinstance(media, list) else []
    line = Connection.objects.filter(deliveries=event.delivery_id).first() if addresses and event.delivery_id else None
    if line is not None:
        photos.plan(event=event, contact=contact, connection=line, addresses=addresses, now=now)


def take_up(*, event: Event, contact: Contact, now: datetime) -> None:
    """An event that we recorded ourselves (an outcome) gets its receipts, and wakes whoever waits for the person. Twice changes nothing.

    In the transaction of the event, with the contact locked.
    """
    if not Receipt.objects.filter(event=event).exists():
        for run_id in receipts.decide(event=event, contact=contact, now=now):
            ring_after_commit(task=ADVANCE_TASK, id=str(run_id))
    wake_runs_of(contact=contact, now=now)


def wake_runs_of(*, contact: Contact, now: datetime) -> None:
    """Something happened with this person: runs that wait for that look again after the commit."""
    for run_id in engine.wake(wait_keys=[contact_key(contact=contact)], now=now):
        ring_after_commit(task=ADVANCE_TASK, id=str(run_id))


def _status(*, client: Client, message: Message | None, facts: dict[str, Any], now: datetime) -> str:
    if message is None:
        return notice_reports.record_status(client=client, facts=facts, now=now)
    changed = statuses.record_status(
        message=message,
        provider_id=str(facts.get("provider_id") or ""),
        status=str(facts.get("status") or ""),
        error_code=str(facts.get("error_code") or ""),
        now=now,
    )
    return f"message.status: {facts.get('status')}." if changed else "message.status: nothing new."


def _about(*, client: Client, item_type: str, facts: dict[str, Any]) -> Message | None:
    """The message of ours that a report is about, or an email answers."""
    if item_type in reports.REPORTS:
        return reports.message_of(client=client, facts=facts)
    if item_type == "message.received" and facts.get("thread"):
        return message_of_tag(client_id=client.pk, tag=str(facts["thread"]))
    return None


def _is_recorded(*, client: Client, source: str, key: str, type: str) -> bool:
    """Whether the very fact stands already. What two workers find out at once, the unique key of events settles."""
    return Event.objects.filter(client=client, source=source, key=key, type=type).exists()


def _is_known(*, client: Client, email: str) -> bool:
    return bool(email) and Identity.objects.filter(client=client, kind=Identity.Kind.EMAIL, value=email).exists()


def _read(*, personal: dict[str, Any], facts: dict[str, Any]) -> Reading:
    """Read what they wrote. A new mail's subject is words too: many write nothing but "unsubscribe" there."""
    reading = read_reply(text=str(personal.get("text") or ""), opt_out_type=str(facts.get("opt_out_type") or ""))
    subject = str(personal.get("subject") or "")
    if reading.kind in ("other", "help") and subject and not _ANSWERS.search(subject):
        by_subject = read_reply(text=subject)
        return by_subject if by_subject.kind in ("opt_out", "unclear") else reading
    return reading


def occurred_at(*, stated: datetime, received_at: datetime) -> datetime:
    """When it happened, by the business clock, never after it came in.

    Providers state real time; where the clock was moved, their time may be meant in either, and the later plausible one counts.
    """
    readings = (stated, stated + clock.offset())
    return min(max((when for when in readings if when <= received_at + CLOCK_SKEW), default=received_at), received_at)


def _clean(values: Any, depth: int = 0) -> Any:
    """Make provider data fit for a jsonb column: no NUL, no lone surrogate, bounded."""
    if isinstance(values, str):
        return clean_text(values)[:10_000]
    if isinstance(values, dict):
        return {clean_text(str(k))[:200]: _clean(v, depth + 1) for k, v in list(values.items())[:200]} if depth < 20 else {}
    if isinstance(values, Sequence):
        return [_clean(v, depth + 1) for v in list(values)[:500]] if depth < 20 else []
    if values is None or isinstance(values, bool | int | float):
        return values
    return clean_text(str(values))[:10_000]


def _same_form(*, client: Client, source: str, personal: dict[str, Any], facts: dict[str, Any], now: datetime) -> Event | None:
    """An equal form inside the window. Its fingerprint is kept with the facts, so two posts at once meet on the contact's lock."""
    fingerprint = hashlib.sha256(json.dumps([personal, facts], sort_keys=True, default=str).encode()).hexdigest()
    with database.cursor() as cursor:
        # Forms without a number or address have no contact row to lock; the fingerprint itself is locked.
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"form:{client.pk}:{fingerprint}"])
    earlier = Event.objects.filter(
        client=client, source=source, type__in=FORMS, recorded_at__gt=now - SAME_FORM_WITHIN, facts__fingerprint=fingerprint
    ).first()
    facts["fingerprint"] = fingerprint
    return earlier
