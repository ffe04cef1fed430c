"""What carriers told us through failed texts, and what follows beyond the one text: for a sender, for a person."""

from datetime import datetime, timedelta

from leads.actions import create_task
from leads.models import Desk
from messaging.inbound import suppress
from messaging.models import Message, Notice
from providers import adapters, registration
from zartsalgo.lib.phone import sayable

# The recipient has opted out of the sender's texts (twilio.com/docs/api/errors/21610): answered at once, or reported for a service.
OPTED_OUT = "21610"
MEND_WITHIN = timedelta(minutes=30)


def note_failure(*, message: Message, code: str, now: datetime) -> None:
    """A text failed for good with this code: store the opt-out it tells of, or stop its sender. Call it inside the transaction."""
    if code == OPTED_OUT:
        suppress(contact=message.contact, client=message.client, value=message.to, rule="the carrier says opted out", event=None, now=now)
    connection = message.connection
    if connection is None or code not in adapters.load(connection.provider).bad_sender_codes:
        return
    registration.note_refusal(connection=connection, sender=message.sender, code=code, now=now)
    create_task(
        client=message.client,
        desk=Desk.AUTOMATION_OPS,
        kind="look-into",
        title=f"{'Emails' if message.channel == Message.EMAIL else 'Texts'} of {message.client} do not go out: {adapters.load(connection.provider).label} refuses the sender",
        reason=f"{adapters.load(connection.provider).explain_error(code=code)} Put it right there, then record the registration.",
        cause=f"sender:{connection.pk}:{message.sender}",
        due_at=now + MEND_WITHIN,
        now=now,
    )


def sender_trouble(*, message: Message | Notice) -> str:
    """Why the sender may not text now, in a sentence for staff that says what to do; "" when it may."""
    connection = message.connection
    if connection is None:
        return ""
    email = message.channel == Message.EMAIL
    who = message.sender if email else sayable(message.sender) if message.sender.startswith("+") else "The messaging service"
    code = registration.refused_with(connection=connection, sender=message.sender)
    if code:
        adapter = adapters.load(connection.provider)
        why = adapter.explain_error(code=code) or f"Error {code}."
        return f"{who} cannot send: {why} Put it right at {adapter.label}, then record the registration of the sender."
    if email and registration.is_missing(connection=connection, sender=message.sender):
        label = adapters.load(connection.provider).label
        return (
            f"Nobody has recorded that {who} is confirmed at {label} with its domain (DKIM and return path); without it emails land in spam. "
            f"Look there, then record it: script/manage connection registered {connection.pk} --by NAME."
        )
    if registration.is_missing(connection=connection, sender=message.sender):
        return f"Nobody has recorded that {who[:1].lower() + who[1:]} is registered for business texts; without it carriers drop them. Record it."
    return ""
