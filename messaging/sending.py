"""Sending a text or an email at most once.

Three short transactions with the call between the last two and no lock held during it:
T1  lock the message and the address (opt-outs take the same lock), judge, take the purpose claim, reserve an attempt;
T1b `reserved -> calling`, the last durable act before bytes leave: a death before it is proven unsent, after it unknown;
T2  write what the provider said, first on the attempt, then on the message.
The partial unique index on live attempts is the guard; everything else only spares it work. An unknown outcome is never repeated:
the callback or the provider's list adopts it, or a person decides.
"""

import os
import socket
import uuid
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db import connection as database

from messaging import claims, consent, door, gate, purposes
from messaging.locks import lock_address
from messaging.models import Attempt, Message
from messaging.pauses import STOPPED, UNPAUSED
from messaging.planning import SEND_TASK, SETTLED_TASK
from messaging.settling import settle
from messaging.suppressions import UNSTOPPED
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.lib.slip import DROP, HOLD, SEND, Slip

# T1 to the end of the call; the call itself gets door.CALL_SECONDS, so a live owner is always done before its deadline.
ATTEMPT_SECONDS = 25
START_WITHIN_SECONDS = 5


def owner_name() -> str:
    """This process, as leases and attempts name it."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}"


def send(*, message_id: uuid.UUID, now: datetime) -> str:
    """Judge one due message and try it if it may go; returns its status afterwards. A message that is not due is left alone."""
    reserved = _reserve(message_id=message_id, now=now)
    if reserved is None:
        return Message.objects.filter(pk=message_id).values_list("status", flat=True).first() or ""
    message, attempt, slip = reserved
    if not _start_calling(attempt=attempt):
        _give_back(attempt=attempt)
        return message.status
    result = door.call(row=message, slip=slip)
    settle(attempt_id=attempt.pk, result=result, now=now)
    return Message.objects.values_list("status", flat=True).get(pk=message_id)


def _reserve(*, message_id: uuid.UUID, now: datetime) -> tuple[Message, Attempt, Slip] | None:
    """T1. None when there is nothing to try: not due, held, dropped, or another attempt is still open."""
    try:
        with transaction.atomic():
            message = (
                Message.objects.select_for_update(of=("self",), skip_locked=True)
                .select_related("client", "contact", "template", "connection", "lead")
                .filter(pk=message_id, status__in=Message.PENDING, due_at__lte=now)
                .first()
            )
            if message is None:
                return None
            lock_address(channel=message.channel, address=message.to)
            last = message.attempts.order_by("-n").first()
            if last is not None and not _is_over(attempt=last):
                return None
            slip = gate.judge(message=message, now=now)
            if slip.verdict == SEND and not _take_purpose(message=message, now=now):
                slip = gate.judge(message=message, now=now)
                # Whoever had the purpose may have given it back between the two looks; without holding it nothing goes.
                if slip.verdict == SEND and not _take_purpose(message=message, now=now):
                    return None
            if slip.verdict != SEND:
                _note_refusal(message=message, slip=slip, now=now)
                return None
            attempt = _new_attempt(message=message, slip=slip, n=last.n + 1 if last else 1)
            Message.objects.filter(pk=message.pk).update(
                slip=slip.as_json(), status=Message.Status.QUEUED, reason="", says="Sending.", hold_until=None
            )
            return message, attempt, slip
    except IntegrityError:
        # The guard: another worker reserved first.
        return None


def _take_purpose(*, message: Message, now: datetime) -> bool:
    return claims.take(
        client_id=message.client_id,
        contact_id=message.contact_id,
        purpose=message.purpose,
        holder=message.pk,
        now=now,
        until=now + purposes.of(key=message.purpose).window,
    )


def _is_over(*, attempt: Attempt) -> bool:
    """False while the attempt is open. One that was reserved by an owner past its deadline never called: it is proven unsent."""
    if attempt.outcome in (Attempt.Outcome.REJECTED, Attempt.Outcome.NOT_SENT):
        return True
    if attempt.outcome == Attempt.Outcome.RESERVED:
        with database.cursor() as cursor:
            cursor.execute(
                """update messaging_attempt set outcome = 'not_sent', finished_at = clock_timestamp(), note = 'its worker ended before the call'
                   where id = %s and outcome = 'reserved' and deadline_at < clock_timestamp()""",
                [attempt.pk],
            )
            return bool(cursor.rowcount == 1)
    return False


def _note_refusal(*, message: Message, slip: Slip, now: datetime) -> None:
    held = slip.verdict == HOLD
    again = slip.until or now + gate.LOOK_AGAIN
    if message.useful_until and again > message.useful_until and slip.reason != STOPPED:
        again = message.useful_until + timedelta(seconds=1)
    Message.objects.filter(pk=message.pk).update(
        slip=slip.as_json(),
        status=Message.Status.HELD if held else Message.Status.SKIPPED,
        reason=slip.reason,
        says=slip.says[:500],
        hold_until=slip.until if held else None,
        due_at=max(again, now + timedelta(seconds=1)) if held else message.due_at,
    )
    # Every refusal is told to the run: a hold is part of its story, a drop lets it go on.
    ring_after_commit(task=SETTLED_TASK, id=str(message.pk))
    if slip.verdict == DROP:
        claims.release(holder=message.pk, now=now)
        if slip.reason == consent.CHECK:
            consent.ask_for_call(message=message, says=slip.says, now=now)


def _new_attempt(*, message: Message, slip: Slip, n: int) -> Attempt:
    with database.cursor() as cursor:
        cursor.execute("select clock_timestamp(), clock_timestamp() + %s * interval '1 second'", [ATTEMPT_SECONDS])
        started_at, deadline_at = cursor.fetchone()
    return Attempt.objects.create(
        message=message,
        n=n,
        slip=slip.as_json(),
        owner=owner_name(),
        started_at=started_at,
        deadline_at=deadline_at,
    )


def _start_calling(*, attempt: Attempt) -> bool:
    """T1b. False when this worker must not call: it was too slow, is no longer the one, or a pause or a stop of theirs was stored since."""
    with database.cursor() as cursor:
        cursor.execute(
            f"""update messaging_attempt set outcome = 'calling' from messaging_message m
               where messaging_attempt.id = %s and outcome = 'reserved' and m.id = message_id
                 and clock_timestamp() < started_at + %s * interval '1 second' and {UNPAUSED} and {UNSTOPPED}""",
            [attempt.pk, START_WITHIN_SECONDS],
        )
        return bool(cursor.rowcount == 1)


def _give_back(*, attempt: Attempt) -> None:
    """This worker will not call any more, so its try is proven unsent at once and the gate may judge the text anew."""
    with database.cursor() as cursor:
        cursor.execute(
            """update messaging_attempt
                  set outcome = 'not_sent', finished_at = clock_timestamp(), note = 'paused, stopped or too slow before the call'
                where id = %s and outcome = 'reserved'""",
            [attempt.pk],
        )
    ring_after_commit(task=SEND_TASK, id=str(attempt.message_id))
