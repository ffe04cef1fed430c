"""What providers say of an email after it left, and what follows: an address that takes no mail, a complaint, a way out that was taken.

A hard bounce says something about an address, not about a person's wish: it binds that address alone. A complaint and an unsubscribe are
the person's own acts and bind like a STOP. A report about no message of ours still counts for its address, and says so.
"""

import uuid
from datetime import datetime
from typing import Any, Final

from leads.models import Client, Contact, Event
from messaging.inbound import suppress, suppress_person
from messaging.models import Message, Suppression
from messaging.outbox import reports as statuses

BOUNCED: Final = "email.bounced"
# By event type: where the opt-out comes from, and the rule that is kept with it.
_STOPS: Final = {
    "email.unsubscribed": (Suppression.Origin.UNSUBSCRIBED, "pressed unsubscribe"),
    "email.complained": (Suppression.Origin.COMPLAINED, "marked an email as spam"),
    "email.blocked": (Suppression.Origin.IMPORTED, "switched off at the provider"),
}
STOPS: Final = (*_STOPS, BOUNCED)


def message_of(*, client: Client, facts: dict[str, Any]) -> Message | None:
    """The message of this client that a report is about: by our id, else by the provider's."""
    ours = Message.objects.select_related("connection", "contact").filter(client=client)
    try:
        return ours.filter(pk=uuid.UUID(str(facts.get("message_id") or ""))).first()
    except ValueError:
        provider_id = str(facts.get("provider_id") or "")
        return ours.filter(provider_id=provider_id).first() if provider_id else None


def act(*, event: Event, client: Client, contact: Contact | None, message: Message | None, address: str, now: datetime) -> str:
    """Store what a report of STOPS means, in the event's transaction; returns a sentence for the delivery."""
    address = address or (message.to if message else "")
    facts = event.facts
    if message is not None and facts.get("status"):
        statuses.record_status(
            message=message,
            provider_id=str(facts.get("provider_id") or ""),
            status=str(facts["status"]),
            error_code=str(facts.get("error_code") or ""),
            now=now,
        )
    if not address:
        return f"{event.type}: it names no address that can be read; nothing follows from it."
    unknown = "" if message is not None else " It is about no email of ours."
    if event.type == BOUNCED:
        rule = f"bounced: {facts.get('error_code') or 'hard'}"
        suppress(
            contact=None, client=client, value=address, rule=rule, event=event, now=now, kind="email", origin=Suppression.Origin.BOUNCED
        )
        return f"{event.type}: no email goes to that address any more.{unknown}"
    origin, rule = _STOPS[event.type]
    suppress_person(contact=contact, client=client, address=address, kind="email", rule=rule, origin=origin, event=event, now=now)
    return f"{event.type}: nothing goes to this person any more.{unknown}"
