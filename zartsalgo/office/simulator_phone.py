"""What a customer's phone shows: the texts that reached it and those that were written on it, for the simulator and its stories."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from leads.models import Client, Event
from messaging.models import Message
from zartsalgo.office.simulator_outcome import ON_THE_PHONE

MOST = 30


@dataclass(frozen=True, kw_only=True)
class Bubble:
    """A text as the customer's phone shows it: `in` came from the business, `out` was typed by the customer."""

    direction: str
    who: str
    body: str
    at: datetime
    run_id: uuid.UUID | None = None


def read_phone(*, client: Client, number: str, name: str) -> list[Bubble]:
    """What this phone sent and got, oldest first, two statements. Texts that were held or dropped never reached it and are not here."""
    if not number:
        return []
    texts = Message.objects.filter(client=client, to=number, contact__client=client, status__in=ON_THE_PHONE)
    got = [
        Bubble(direction="in", who=client.name, body=text.body, at=text.sent_at or text.created_at, run_id=text.run_id)
        for text in texts.order_by("-created_at")[:MOST]
    ]
    written = Event.objects.filter(
        contact__identities__value=number, contact__client=client, type="message.received", personal__phone=number
    )
    sent = [
        Bubble(direction="out", who=name, body=str((event.personal or {}).get("text") or ""), at=event.recorded_at)
        for event in written.order_by("-recorded_at")[:MOST]
    ]
    return sorted([*got, *sent], key=lambda bubble: bubble.at)[-MOST:]
