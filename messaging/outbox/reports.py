"""A provider's status callbacks: they repeat, come out of order and late, and a status only moves forward."""

from datetime import UTC, datetime, timedelta

from django.db import transaction

from leads.actions import create_task
from leads.models import Desk
from messaging import carriers
from messaging.models import Message
from messaging.outbox import saying
from messaging.outbox.outcomes import adopt
from messaging.planning import SETTLED_TASK
from zartsalgo.lib.doorbell import ring_after_commit

# How a provider's status is ranked; a callback never moves a message back.
RANK = {"queued": 0, "accepted": 0, "scheduled": 0, "sending": 1, "sent": 2, "delivered": 3, "read": 3, "undelivered": 3, "failed": 3}
# An email that the provider still tries.
RANK |= {"deferred": 1}
RANK |= {"canceled": 3, "partially_delivered": 3}


def aware(when: datetime) -> datetime:
    """A provider's time; one without a zone is UTC."""
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def record_status(*, message: Message, provider_id: str, status: str, error_code: str, now: datetime) -> bool:
    """A status callback. Adopts an open or unknown attempt; moves only forward. Returns whether anything changed."""
    if provider_id and not message.provider_id and not adopt(message=message, provider_id=provider_id, now=now):
        return False
    with transaction.atomic():
        message = (
            Message.objects.select_for_update(of=("self",)).select_related("connection", "client", "contact", "lead").get(pk=message.pk)
        )
        if provider_id and message.provider_id != provider_id:
            return False
        if RANK.get(status, -1) <= RANK.get(message.provider_status, -1):
            return False
        message.provider_status, message.error_code = status[:30], (error_code or message.error_code)[:20]
        if status in ("delivered", "read"):
            message.status, message.reason, message.says = (
                Message.Status.DELIVERED,
                "",
                ("Delivered to their mail server." if message.channel == Message.EMAIL else "Delivered to the phone."),
            )
        elif status in ("failed", "undelivered", "canceled"):
            meaning = saying.meaning(message=message, code=error_code)
            message.status, message.reason = Message.Status.FAILED, "not-delivered"
            message.says = (meaning or f"The {'mail server' if message.channel == Message.EMAIL else 'carrier'} did not deliver it.")[:500]
        message.save(update_fields=["provider_status", "error_code", "status", "reason", "says"])
        if message.status == Message.Status.FAILED:
            carriers.note_failure(message=message, code=error_code, now=now)
            create_task(
                client=message.client,
                lead=message.lead,
                contact=message.contact,
                desk=Desk.AUTOMATION_OPS,
                kind="call-back",
                title=f"{saying.noun(message=message).capitalize()} to {saying.who(message=message)} was not delivered",
                reason=f"{message.says} Call instead.",
                cause=f"undelivered:{message.pk}",
                due_at=now + timedelta(minutes=15),
                now=now,
            )
        ring_after_commit(task=SETTLED_TASK, id=str(message.pk))
    return True
