"""Finding by what staff have in hand: a phone number in any spelling, a provider's id, an id of ours. No match finds nothing, never all."""

import uuid

from django.db.models import Q

from leads.models import Client, Event, Identity
from messaging.models import Message
from providers import adapters
from providers.models import Connection
from zartsalgo.lib.names import clean_text
from zartsalgo.lib.patterns import linear
from zartsalgo.lib.phone import read_number

LONGEST = 200
MOST = 200
_SIMULATED = linear(r"^simulated-([0-9a-f]{32})$")


def read_query(raw: str) -> str:
    """What was typed, trimmed and bounded."""
    return clean_text(raw, limit=LONGEST)


def _as_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def contacts_of(query: str) -> list[uuid.UUID]:
    """People behind a number (any spelling), of any client."""
    number = read_number(raw=query).e164
    if not number:
        return []
    # The clients lead the unique index, so naming them keeps the look-up on it.
    found = Identity.objects.filter(client__in=Client.objects.values("pk"), kind=Identity.Kind.PHONE, value=number)
    return list(found.values_list("contact_id", flat=True)[:MOST])


def messages_of(query: str) -> list[Message]:
    """Messages with this provider id; the simulator's phone has ids of its own."""
    if simulated := _SIMULATED.match(query.lower()):
        return list(Message.objects.filter(pk=uuid.UUID(simulated.group(1))))
    return list(Message.objects.filter(connection__in=Connection.objects.values("pk"), provider_id=query)[:MOST]) if query else []


def runs_matching(query: str) -> Q:
    """Runs of a person's number, a provider's message or event id, an event, a message, a lead or a run of ours."""
    if own := _as_uuid(query):
        from_text = Message.objects.filter(pk=own).values("run_id")
        return Q(pk=own) | Q(event_id=own) | Q(lead_id=own) | Q(pk__in=from_text)
    run_ids = [message.run_id for message in messages_of(query) if message.run_id]
    return Q(contact_id__in=contacts_of(query)) | Q(pk__in=run_ids) | Q(event_id__in=_events_of(query))


def receipts_matching(query: str) -> Q:
    """Receipts of a person's number, an event of ours or of the provider, a run of ours."""
    if own := _as_uuid(query):
        return Q(event_id=own) | Q(run_id=own) | Q(pk=own)
    return Q(event__contact_id__in=contacts_of(query)) | Q(event_id__in=_events_of(query))


def deliveries_matching(query: str) -> Q:
    """Deliveries by our id, by an event read from one, or by the provider's key."""
    if own := _as_uuid(query):
        read = Event.objects.filter(pk=own).values("delivery_id")
        return Q(pk=own) | Q(pk__in=read) | Q(key=query)
    return Q(connection__in=Connection.objects.values("pk"), key=query)


def _events_of(query: str) -> list[uuid.UUID]:
    """Events by the provider's own key."""
    if not query:
        return []
    sources = [*sorted(adapters.names()), "office"]
    return list(
        Event.objects.filter(client__in=Client.objects.values("pk"), source__in=sources, key=query).values_list("pk", flat=True)[:MOST]
    )
