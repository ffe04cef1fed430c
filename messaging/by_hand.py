"""A person's word on a text whose outcome the provider would not tell. It ends the question; it never sends again."""

from datetime import datetime, timedelta

from django.db import transaction

from leads.actions import close_task, create_task
from leads.models import Desk, Task
from messaging.models import Attempt, Message
from messaging.planning import SETTLED_TASK
from messaging.settling import adopt
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.lib.phone import sayable

CALL_WITHIN = timedelta(minutes=15)


def decide_unknown(*, message: Message, went: bool, by: str, now: datetime) -> bool:
    """Somebody looked and says whether the text went. False when it was no longer unknown.

    Not gone: the message fails for good and the person is called instead; the attempt stays unknown, so that a late report of the
    provider still finds it and no second try can exist.
    """
    with transaction.atomic():
        locked = Message.objects.select_for_update().filter(pk=message.pk, status=Message.Status.UNKNOWN).first()
        if locked is None:
            return False
        if went:
            adopt(message=locked, provider_id="", now=now)
            Message.objects.filter(pk=locked.pk).update(says=f"{by} looked it up: it went."[:500])
        else:
            Message.objects.filter(pk=locked.pk).update(
                status=Message.Status.FAILED, reason="did-not-go", says=f"{by} looked it up: it did not go. It is not sent again."[:500]
            )
            Attempt.objects.filter(message=locked, outcome=Attempt.Outcome.UNKNOWN).update(note=f"{by} looked: it did not go"[:300])
            create_task(
                client=locked.client,
                lead=locked.lead,
                contact=locked.contact,
                desk=Desk.AUTOMATION_OPS,
                kind="call-back",
                title=f"Call {locked.contact.name or sayable(locked.to)}: the text did not go",
                reason="The provider never confirmed the text and it is not repeated. Call instead.",
                cause=f"did-not-go:{locked.pk}",
                due_at=now + CALL_WITHIN,
                now=now,
            )
        look = Task.objects.filter(client_id=locked.client_id, cause=f"unknown:{locked.pk}").first()
        if look is not None:
            close_task(task=look, by=by, outcome="It went" if went else "It did not go", now=now)
        ring_after_commit(task=SETTLED_TASK, id=str(locked.pk))
    return True
