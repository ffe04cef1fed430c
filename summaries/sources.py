"""What was said about one lead, as sources with names that last, and what of it must never be shown to the client."""

import itertools
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from leads.models import Event, Identity, Lead
from messaging.models import Message
from summaries.text import RawValues, Source

FORMS = ("lead.created", "quote.requested")
CALLS = ("call.missed", "call.answered")
# What a customer does towards the business; anything else that is recorded of a person is not their word.
OF_CUSTOMER = ("message.received", *FORMS, *CALLS)
# Words that steer texting, not the request: "STOP" and a bare "HELP" tell nothing of what somebody wants.
STEERING = ("opt_out", "help")
# Where words stand in an event: field of `personal`, and who said them. A transcript holds both; it counts as the customer's.
_WORDS = {"message": "customer", "text": "customer", "transcript": "customer", "notes": "business", "note": "business"}
# What a form lets people choose is as much theirs as what they type.
_CHOSEN = ("service", "scope", "urgency", "timeline", "location")
# Before a lead is opened its first events stand without it; older ones belong to nothing.
FIRST_WORDS_WITHIN = timedelta(days=30)
MOST_EVENTS = 100
# Of all words together; the newest say what is wanted now.
MOST_CHARACTERS = 40_000


def events_of(*, lead: Lead, until: datetime | None = None) -> QuerySet[Event]:
    """The customer's events of this lead, oldest first: those recorded with it, and those that came while no lead was open.

    The event that opens a lead is stored before the lead. What came between two leads of a person belongs to the later one, what came
    after the last one was closed to that one.
    """
    others = Lead.objects.filter(contact_id=lead.contact_id).exclude(pk=lead.pk)
    earlier = others.filter(created_at__lt=lead.created_at).order_by("-created_at").first()
    since = lead.created_at - FIRST_WORDS_WITHIN
    if earlier is not None:
        since = max(since, earlier.created_at)
    alone = Q(lead=None, recorded_at__gt=since)
    if others.filter(created_at__gt=lead.created_at).exists():
        alone &= Q(recorded_at__lte=lead.created_at)
    rows = Event.objects.filter(Q(lead=lead) | alone, contact_id=lead.contact_id, type__in=OF_CUSTOMER)
    if until is not None:
        rows = rows.filter(recorded_at__lte=until)
    return rows.order_by("recorded_at", "pk")


def gather(*, lead: Lead, until: datetime | None = None) -> list[Source]:
    """What customer and business said about this lead, oldest first; with `until` only what we had recorded by then (business clock).

    The newest `MOST_CHARACTERS` of it.

    A source's key is `<event id>.<path>`, or `<message id>.body` for a text that staff wrote; `at` is when it was said.
    """
    found = [source for event in events_of(lead=lead, until=until)[:MOST_EVENTS] for source in words_of(event=event)]
    # A text from a template repeats what every customer gets; one that a person wrote is part of the conversation.
    ours = Message.objects.filter(
        lead=lead, template=None, status__in=(Message.Status.SENT, Message.Status.DELIVERED), sent_at__isnull=False
    )
    if until is not None:
        ours = ours.filter(sent_at__lte=until)
    found += [
        Source(key=f"{message.pk}.body", who="business", at=message.sent_at, text=message.body)
        for message in ours.order_by("sent_at")[:MOST_EVENTS]
        if message.sent_at is not None and message.body
    ]
    found.sort(key=lambda source: source.at)
    read = list(itertools.accumulate(len(source.text) for source in reversed(found)))
    return found[-max(1, sum(length <= MOST_CHARACTERS for length in read)) :]


def words_of(*, event: Event) -> list[Source]:
    """What was said in one event; none for a call without words, a "STOP", or once its personal values are erased."""
    if (event.facts.get("reading") or {}).get("kind") in STEERING:
        return []
    return [Source(key=f"{event.pk}.{path}", who=who, at=event.occurred_at, text=text) for path, who, text in _passages(event)]


def _passages(event: Event) -> Iterator[tuple[str, str, str]]:
    personal: Mapping[str, Any] = event.personal or {}
    for name, who in _WORDS.items():
        for path, text in _texts(personal.get(name), f"personal.{name}"):
            yield path, who, text
    for path, text in _texts(personal.get("answers"), "personal.answers"):
        yield path, "customer", text
    if event.type in FORMS:
        for name in _CHOSEN:
            for path, text in _texts(event.facts.get(name), f"facts.{name}"):
                yield path, "customer", text


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every text inside a value with its path; what is no text is not words."""
    if isinstance(value, str):
        if value.strip():
            yield path, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, f"{path}.{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _texts(item, f"{path}.{number}")


def raw_values(*, lead: Lead) -> RawValues:
    """The lead's own values: names, numbers, addresses and every word the person wrote. None may appear in a client-safe text."""
    contact = lead.contact
    found: dict[str, dict[str, None]] = {kind: {} for kind in ("names", "phones", "emails", "addresses")}

    def keep(kind: str, value: Any) -> None:
        if isinstance(value, str) and value.strip():
            found[kind][value.strip()] = None

    keep("names", contact.name)
    keep("addresses", contact.postal_code)
    for identity in contact.identities.all():
        keep("phones" if identity.kind == Identity.Kind.PHONE else "emails", identity.value)
    for event in Event.objects.filter(contact=contact, personal__isnull=False).order_by("-recorded_at")[:MOST_EVENTS]:
        personal = event.personal or {}
        full = f"{personal.get('first_name') or ''} {personal.get('last_name') or ''}"
        for kind, values in (
            ("names", (personal.get("name"), full, personal.get("first_name"), personal.get("last_name"))),
            ("phones", (personal.get("phone"), *(personal.get("phones") or ()))),
            ("emails", (personal.get("email"), *(personal.get("emails") or ()))),
            ("addresses", (personal.get("address"), personal.get("postal_code"))),
        ):
            for value in values:
                keep(kind, value)
    words = tuple(source.text for source in gather(lead=lead) if source.who == "customer" and ".personal." in source.key)
    return RawValues(
        names=tuple(found["names"]),
        phones=tuple(found["phones"]),
        emails=tuple(found["emails"]),
        addresses=tuple(found["addresses"]),
        words=words,
    )
