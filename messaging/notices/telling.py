"""Telling one person once, one way at a time, and what follows: the next way, the next person, or a task.

Two short transactions with the call between them and no lock held during it. The first locks the cause, the notice and the address,
judges, and turns it to `calling`; the second writes what came of it. A worker that dies in between leaves a call past its deadline: its
outcome is unknown, it is never repeated on that channel, and the next way is taken.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection as database
from django.db import transaction

from leads.models import Responder
from messaging import pauses
from messaging.locks import lock_address
from messaging.models import Notice
from messaging.models.notices import IN_PLACE
from messaging.notices import choosing, judging
from messaging.outbox import dispatch
from messaging.outbox.answers import is_transient
from providers import adapters
from providers.contract import SendResult
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.lib.presence import owner_name
from zartsalgo.lib.slip import HOLD, SEND, Slip

if TYPE_CHECKING:
    from zartsalgo.models import User

# The call gets dispatch.CALL_SECONDS, so a live owner is done before its deadline.
DEADLINE_SECONDS = 30
RETRY_AFTER = tuple(timedelta(seconds=s) for s in (10, 30, 120))
# A refusal that lasts longer than this is no reason to let people wait: the next way is taken meanwhile.
PATIENCE = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=10)
# Looks into the provider's list while an outcome is unknown, each so long after what came before it; then the next way is taken.
LOOK_AFTER = tuple(timedelta(seconds=s) for s in (10, 20))
_OUTCOME = ("status", "reason", "says", "due_at", "sent_at", "deadline_at", "look_at", "http_status", "provider_id", "error_code", "late")

_WITH = ("client", "handover__lead__contact", "handover__lead__client", "handover__client", "responder", "connection")
_START = f"""
update messaging_notice set status = 'calling', reason = '', says = 'Being told.', slip = %s, tries = tries + 1, owner = %s,
       deadline_at = clock_timestamp() + %s * interval '1 second'
  from (select id, client_id, channel, connection_id, '' as workflow, null::uuid as lead_id from messaging_notice where id = %s) m
 where messaging_notice.id = m.id and status in ('waiting', 'held') and {pauses.UNPAUSED}"""


def tell(*, notice_id: uuid.UUID, now: datetime) -> str:
    """Judge one due notice and try it if it may go; returns its status afterwards. One that is not due or not pending is left alone."""
    started = _start(notice_id=notice_id, now=now)
    if started is not None:
        notice, slip = started
        settle(notice_id=notice.pk, result=dispatch.call(row=notice, slip=slip), now=now)
    return Notice.objects.filter(pk=notice_id).values_list("status", flat=True).first() or ""


def lock(*, notice_id: uuid.UUID, **where: object) -> Notice | None:
    """The notice, if it is as `where` says, for the rest of this transaction: first the turn at its cause, then its row."""
    cause = Notice.objects.filter(pk=notice_id, **where).values_list("client_id", "cause").first()
    if cause is None:
        return None
    choosing.lock_cause(client_id=cause[0], cause=cause[1])
    return Notice.objects.select_for_update(of=("self",)).select_related(*_WITH).filter(pk=notice_id, **where).first()


def _start(*, notice_id: uuid.UUID, now: datetime) -> tuple[Notice, Slip] | None:
    with transaction.atomic():
        notice = lock(notice_id=notice_id, status__in=Notice.PENDING, due_at__lte=now)
        if notice is None:
            return None
        # A STOP from the address takes this lock, too.
        lock_address(channel=notice.channel, address=notice.address)
        slip = judging.judge(notice=notice, now=now)
        if slip.verdict != SEND:
            _refuse(notice=notice, slip=slip, now=now)
            return None
        with database.cursor() as cursor:
            cursor.execute(_START, [json.dumps(slip.as_json()), owner_name(), DEADLINE_SECONDS, notice.pk])
            # A pause was stored since the look: the next look holds it.
            return (notice, slip) if cursor.rowcount == 1 else None


def _refuse(*, notice: Notice, slip: Slip, now: datetime) -> None:
    held = slip.verdict == HOLD
    notice.status = Notice.Status.HELD if held else Notice.Status.SKIPPED
    notice.reason, notice.says, notice.slip = slip.reason, slip.says[:400], slip.as_json()
    if held:
        notice.due_at = max(now + timedelta(seconds=1), min(slip.until or now + choosing.LOOK_AGAIN, now + choosing.LOOK_AGAIN))
    notice.save(update_fields=["status", "reason", "says", "slip", "due_at"])
    if slip.reason in judging.NO_NEED:
        return
    if slip.reason in judging.NO_USE and notice.handover is not None:
        choosing.ask_the_office(handover=notice.handover, cause=notice.cause, now=now)
        return
    take_next_way(notice=notice, now=now)


def take_next_way(*, notice: Notice, now: datetime) -> None:
    """This way does not work, or not now: the same person another way, else the next person, else a task. Its cause is locked."""
    handover, others = notice.handover, choosing.to_the_same(notice=notice)
    told = others.filter(status=Notice.Status.SENT).exists()
    if handover is None or told or choosing.pause_of_everything(client_id=notice.client_id):
        return
    waited = notice.status
    if waited in Notice.PENDING:
        _set_status(notice=notice, status=Notice.Status.ASIDE)
    if choosing.plan_notice(handover=handover, cause=notice.cause, now=now) is not None:
        return
    # No way is left that was not tried: of those put aside, the one whose time comes first.
    back = others.filter(status=Notice.Status.ASIDE).order_by("due_at").first()
    if waited in Notice.PENDING and (back is None or notice.due_at <= back.due_at):
        _set_status(notice=notice, status=Notice.Status(waited))
    elif back is not None:
        _set_status(notice=back, status=Notice.Status.HELD)
    if back is not None or waited in Notice.PENDING:
        # When nobody has taken it by then, the next person is told.
        if waited == Notice.Status.HELD and notice.pass_on_at is None and not others.filter(pass_on_at__isnull=False).exists():
            _pass_on_later(notice=notice, now=now)
        return
    if not others.filter(IN_PLACE).exists():
        choosing.pass_on(handover=handover, cause=notice.cause, now=now)


def _set_status(*, notice: Notice, status: Notice.Status) -> None:
    notice.status = status
    notice.save(update_fields=["status"])


def _pass_on_later(*, notice: Notice, now: datetime) -> None:
    notice.pass_on_at = now + timedelta(minutes=notice.client.pass_on_minutes)
    notice.save(update_fields=["pass_on_at"])


def settle(*, notice_id: uuid.UUID, result: SendResult, now: datetime) -> None:
    """Write down what came of the call, and what follows. A late answer is still the truth; a settled one stays."""
    with transaction.atomic():
        notice = lock(notice_id=notice_id, status__in=(Notice.Status.CALLING, Notice.Status.UNKNOWN))
        if notice is None:
            return
        late = notice.status == Notice.Status.UNKNOWN and notice.look_at is None
        notice.http_status = result.http_status
        notice.provider_id, notice.error_code = result.provider_id[:64], result.error_code[:20]
        if result.outcome == "accepted":
            told(notice=notice, at=now)
        elif result.outcome == "rejected":
            _rejected(notice=notice, result=result, late=late, now=now)
        elif notice.status == Notice.Status.CALLING:
            notice.status, notice.reason = Notice.Status.UNKNOWN, "no-answer"
            notice.says = "No answer came, so they may or may not have been told this way. It is not repeated."
            if notice.channel == Responder.Channel.SMS:
                # Of texts the provider keeps a list; see messaging.notices.reports.
                notice.look_at = now + LOOK_AFTER[0]
                notice.says = "No answer came. The provider's list is asked whether it went. It is not repeated."
                _save(notice)
                return
            _save(notice)
            take_next_way(notice=notice, now=now)


def not_found(*, notice: Notice, now: datetime) -> None:
    """The list does not tell whether it went: looked up once more, then the next way is taken. In the caller's transaction, locked."""
    notice.looks += 1
    if notice.looks < len(LOOK_AFTER):
        notice.look_at = now + LOOK_AFTER[notice.looks]
        notice.save(update_fields=["looks", "look_at"])
        return
    notice.look_at = None
    notice.says = "No answer came, and the provider's list does not tell whether it went. It is not repeated."
    notice.save(update_fields=["looks", "look_at", "says"])
    take_next_way(notice=notice, now=now)


def told(*, notice: Notice, at: datetime) -> None:
    """They were told, at that time. In the caller's transaction, locked."""
    # Known only now, and another way was taken meanwhile: both are true.
    notice.late = notice.handover is not None and choosing.to_the_same(notice=notice).filter(IN_PLACE).exists()
    notice.status, notice.reason, notice.sent_at = Notice.Status.SENT, "", at
    notice.deadline_at = notice.look_at = None
    notice.says = f"Told by {judging.WORD[notice.channel]}."
    _save(notice)
    if notice.handover is not None:
        _pass_on_later(notice=notice, now=at)
    elif notice.responder_id:
        Responder.objects.filter(pk=notice.responder_id).update(tested_at=at)


def _rejected(*, notice: Notice, result: SendResult, late: bool, now: datetime) -> None:
    notice.deadline_at = notice.look_at = None
    known = adapters.load(notice.connection.provider).explain_error(code=result.error_code) if notice.connection else ""
    meaning = known or result.note.removeprefix("not sent: ") or "It was refused."
    if is_transient(result=result) and not late and notice.tries <= len(RETRY_AFTER):
        asked = timedelta(seconds=result.retry_after_seconds) if result.retry_after_seconds else RETRY_AFTER[notice.tries - 1]
        wait = min(asked, LONGEST_WAIT)
        notice.status, notice.reason, notice.due_at = Notice.Status.WAITING, "retry", now + wait
        notice.says = f"Not told yet: {meaning} It is tried again{' if no other way works' if wait > PATIENCE else ''}."[:400]
        _save(notice)
        if wait > PATIENCE:
            take_next_way(notice=notice, now=now)
        return
    notice.status, notice.reason, notice.says = Notice.Status.REFUSED, "refused", meaning[:400]
    _save(notice)
    if not late:
        take_next_way(notice=notice, now=now)


def _save(notice: Notice) -> None:
    notice.save(update_fields=_OUTCOME)


def expire_calling(*, now: datetime) -> int:
    """Calls whose worker died: nobody knows whether the person was told. Returns how many."""
    with database.cursor() as cursor:
        cursor.execute("select id from messaging_notice where status = 'calling' and deadline_at < clock_timestamp() limit 100")
        ids = [row[0] for row in cursor.fetchall()]
    for id in ids:
        settle(notice_id=id, result=SendResult(outcome="unknown", note="its worker ended during the call"), now=now)
    return len(ids)


def pass_on_due(*, now: datetime, limit: int = 100) -> int:
    """Leads that nobody has taken in time go to the next responder, once. Returns how many were looked at."""
    due = Notice.objects.filter(pass_on_at__lte=now).order_by("pass_on_at").values_list("pk", flat=True)
    ids = list(due[:limit])
    for id in ids:
        _pass_on(notice_id=id, now=now)
    return len(ids)


def _pass_on(*, notice_id: uuid.UUID, now: datetime) -> None:
    with transaction.atomic():
        notice = lock(notice_id=notice_id, pass_on_at__lte=now)
        if notice is None or notice.handover is None:
            return
        handover, cause = notice.handover, notice.cause
        stopped = choosing.pause_of_everything(client_id=notice.client_id)
        notice.pass_on_at = now + choosing.LOOK_AGAIN if stopped else None
        notice.save(update_fields=["pass_on_at"])
        overtaken = choosing.is_overtaken(notice=notice)
        since = choosing.first_told_at(cause=cause, handover=handover)
        if not stopped and not overtaken and not choosing.taken_by(cause=cause, lead=handover.lead, since=since):
            choosing.pass_on(handover=handover, cause=cause, now=now)


def ask_for_test(*, responder: Responder, by: User, now: datetime) -> list[Notice]:
    """Send a test alert by every way that reaches the responder; returns the notices. Pressed twice within a minute it is one."""
    lines = choosing.lines_of(client=responder.client)
    made = []
    for way in choosing.ways_of(responder=responder, lines=lines):
        if way.why_not:
            continue
        cause = f"test:{responder.pk}:{now:%Y%m%d%H%M}"
        Notice.objects.bulk_create(
            [
                Notice(
                    client_id=responder.client_id, responder=responder, cause=cause, channel=way.channel, address=way.address,
                    connection=way.connection, sender=way.sender, asked_by=by, created_at=now, due_at=now,
                )
            ],
            ignore_conflicts=True,
        )  # fmt: skip
        notice = Notice.objects.get(client_id=responder.client_id, cause=cause, channel=way.channel, address=way.address)
        ring_after_commit(task=choosing.TELL_TASK, id=str(notice.pk))
        made.append(notice)
    return made
