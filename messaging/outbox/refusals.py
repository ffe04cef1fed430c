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
from messaging.models import Slip as SlipRow
from messaging.pauses import STOPPED
from messaging.planning import SETTLED_TASK
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.lib.phone import sayable
from zartsalgo.lib.slip import DROP, HOLD, Slip

CALL_WITHIN: Final = timedelta(minutes=15)


def held_as_before(*, messages: Sequence[Message], slips: Mapping[uuid.UUID, Slip]) -> dict[uuid.UUID, uuid.UUID]:
    """By message the slip that stands: of those that are held again for what they were held for already, until the same time, with the same
    checks met. No second slip is added for them; a draft that waits for weeks is judged each hour."""
    again = [message for message in messages if message.newest_slip_id and _says_the_same(message=message, slip=slips[message.pk])]
    if not again:
        return {}
    stand = SlipRow.objects.in_bulk([message.newest_slip_id for message in again])
    return {
        message.pk: row.pk
        for message in again
        if (row := stand.get(message.newest_slip_id)) and _met(row.found) == _met(slips[message.pk].as_json())
    }


def _says_the_same(*, message: Message, slip: Slip) -> bool:
    before = (Message.Status(message.status), message.reason, message.says, message.hold_until)
    return slip.verdict == HOLD and before == (Message.Status.HELD, slip.reason, slip.says[:500], slip.until)


def _met(found: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(check["name"], check["passed"]) for check in found.get("checks", [])]


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
