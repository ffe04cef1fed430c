"""What the gate refused: how it stands in the message, and what follows."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from leads.actions import create_task
from leads.models import Desk, Task
from messaging import dedupe, gate
from messaging.gate.checks import consent
from messaging.models import Message
from messaging.pauses import STOPPED
from messaging.planning import SETTLED_TASK
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.lib.phone import sayable
from zartsalgo.lib.slip import DROP, HOLD, Slip

CALL_WITHIN: Final = timedelta(minutes=15)


def holds_as_before(*, message: Message, slip: Slip) -> bool:
    """Whether a message is held again for what it was held for already, until the same time: its slip stands, and no second one is added. A
    draft that waits for weeks is judged each hour."""
    now_says, says = (slip.verdict, slip.reason, slip.says[:500], slip.until), (HOLD, message.reason, message.says, message.hold_until)
    return message.newest_slip_id is not None and message.status == Message.Status.HELD and now_says == says


def refused(*, message: Message, slip: Slip, slip_id: uuid.UUID, now: datetime) -> dict[str, Any]:
    """What a held or dropped message says from now on, and when a held one is judged again."""
    held = slip.verdict == HOLD
    again = slip.until or now + gate.LOOK_AGAIN
    if message.useful_until and again > message.useful_until and slip.reason != STOPPED:
        again = message.useful_until + timedelta(seconds=1)
    return {
        "pk": message.pk,
        "newest_slip_id": slip_id,
        "status": Message.Status.HELD if held else Message.Status.SKIPPED,
        "reason": slip.reason,
        "says": slip.says[:500],
        "hold_until": slip.until if held else None,
        "due_at": max(again, now + timedelta(seconds=1)) if held else message.due_at,
    }


def follow_up(*, messages: Sequence[Message], slips: Mapping[uuid.UUID, Slip], now: datetime) -> None:
    """Every refusal is told to the run: a hold is part of its story, a drop lets it go on. What is dropped gives its purpose back."""
    for message in messages:
        ring_after_commit(task=SETTLED_TASK, id=str(message.pk))
    dropped = [message for message in messages if slips[message.pk].verdict == DROP]
    dedupe.release(holders=[message.pk for message in dropped], now=now)
    for message in dropped:
        if slips[message.pk].reason == consent.CHECK:
            _ask_for_call(message=message, says=slips[message.pk].says, now=now)


def _ask_for_call(*, message: Message, says: str, now: datetime) -> None:
    """A text was refused for want of proof: a person calls instead. One task for the message, none where somebody has the person already."""
    if Task.objects.filter(contact_id=message.contact_id, kind="call-back", status=Task.Status.OPEN).exists():
        return
    create_task(
        client=message.client,
        lead=message.lead,
        contact=message.contact,
        desk=Desk.LEAD_OPS,
        kind="call-back",
        title=f"Call {message.contact.name or sayable(message.to)}: no text may go",
        reason=says,
        cause=f"no-consent:{message.pk}",
        due_at=now + CALL_WITHIN,
        now=now,
    )
