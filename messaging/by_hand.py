"""A person's word on a text whose outcome the provider would not tell: it went, it did not and they are called, or it did not and goes again.

Nothing but such a word ever makes a second try of an unknown one, and only once the provider cannot send the first any more.
"""

from datetime import datetime, timedelta

from django.db import connection as database
from django.db import transaction

from leads.actions import close_task, create_task
from leads.models import Desk, Task
from messaging.models import Attempt, Message
from messaging.outbox.outcomes import adopt
from messaging.planning import SEND_TASK, SETTLED_TASK
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.lib.phone import sayable

CALL_WITHIN = timedelta(minutes=15)
# What a provider has not sent this long after the call it never sends: we ask for it with every text (twilio adapter: VALIDITY_SECONDS).
MAY_STILL_SEND = timedelta(minutes=10)


class NoReason(ValueError):
    """A text was declared not sent without a name or without what was seen."""


class NotAgain(ValueError):
    """It cannot go again now; the text says why and what to do. Nothing was changed."""


def decide_unknown(*, message: Message, went: bool, by: str, now: datetime, reason: str = "", again: bool = False) -> bool:
    """Somebody who may (the right `declare`, asked where they act) looked and says whether the text went. False when it was no longer
    unknown. Raises NoReason for "not sent" without `by` and `reason`; the database refuses it too.

    Not gone: the try is declared unsent; a late report of the provider still finds it and outweighs the person's word. The person is
    called instead, or with `again` the text is tried once more through the gate. Raises NotAgain while the provider may still send the
    first, and when it is too late for the text.
    """
    if not went and not (by.strip() and reason.strip()):
        raise NoReason("Say where you looked and what you saw; then it counts as not sent.")
    with transaction.atomic():
        locked = Message.objects.select_for_update().filter(pk=message.pk, status=Message.Status.UNKNOWN).first()
        if locked is None:
            return False
        if went:
            adopt(message=locked, provider_id="", now=now)
            Message.objects.filter(pk=locked.pk).update(says=f"{by} looked it up: it went."[:500])
        elif again:
            _need_time_for_another(message=locked, now=now)
            _declare_unsent(message=locked, by=by, reason=reason)
            Message.objects.filter(pk=locked.pk).update(
                status=Message.Status.QUEUED,
                reason="declared",
                says=f"{by} looked it up: it did not go. It is tried again."[:500],
                due_at=now,
            )
            ring_after_commit(task=SEND_TASK, id=str(locked.pk))
        else:
            Message.objects.filter(pk=locked.pk).update(
                status=Message.Status.FAILED, reason="did-not-go", says=f"{by} looked it up: it did not go. It is not sent again."[:500]
            )
            _declare_unsent(message=locked, by=by, reason=reason)
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


def _declare_unsent(*, message: Message, by: str, reason: str) -> None:
    Attempt.objects.filter(message=message, outcome=Attempt.Outcome.UNKNOWN).update(
        outcome=Attempt.Outcome.NOT_SENT, declared_by=by[:150], declared_reason=reason.strip()[:300]
    )


def _need_time_for_another(*, message: Message, now: datetime) -> None:
    if message.useful_until is not None and now >= message.useful_until:
        raise NotAgain("It is too late for this text; nothing was sent. Call instead.")
    with database.cursor() as cursor:
        cursor.execute(
            "select ceil((extract(epoch from max(deadline_at) - clock_timestamp()) + %s) / 60) from messaging_attempt where message_id = %s",
            [MAY_STILL_SEND.total_seconds(), message.pk],
        )
        minutes = cursor.fetchone()[0]
    if minutes and minutes > 0:
        wait = "a minute" if minutes == 1 else f"{int(minutes)} minutes"
        raise NotAgain(f"The provider may still send the first one for {wait}; nothing was sent. Look again then, or call instead.")
