"""What is due by now, whatever rang or did not ring: the ticker's work, and the worker's when it is told."""

import logging
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from leads import revision
from messaging import photos, talks
from messaging.outbox import outcomes
from messaging.outbox.reserve import Departures
from providers.contract import SendResult
from workflows import breakers, engine, intake, registry
from workflows.intake import ADVANCE_TASK
from workflows.steps import message_key, summary_key
from zartsalgo.lib import clock
from zartsalgo.lib.database import drop_broken_connection, is_trouble
from zartsalgo.lib.doorbell import ring_after_commit

log = logging.getLogger(__name__)

# A run that waits for its text or its summary is woken by that row itself; a lost ring only costs a ticker period. The step a run
# stands at says which news it waits for: a written summary only ends the step that had it written.
_TEXT_SETTLED = """
select r.id from workflows_run r join messaging_message m on m.run_id = r.id and r.wait_key = 'message:' || m.id::text
 where r.status = 'waiting' and r.wait_key like 'message:%%' and m.status in ('sent', 'delivered', 'skipped', 'failed')"""
_SUMMARY_SETTLED = """
select r.id from workflows_run r join summaries_summary s on s.run_id = r.id
 where r.status = 'waiting' and r.wait_key like 'summary:%%' and r.wait_key = 'summary:' || r.id::text
   and (s.status in ('approved', 'private', 'replaced')
        or (s.status <> 'asked' and not exists (select 1 from workflows_step t where t.run_id = r.id and t.kind = 'summarize')))"""
_SETTLED = f"{_TEXT_SETTLED} union all {_SUMMARY_SETTLED} limit %s"
# What this build cannot run is not due to it: it would be picked again and again, and crowd out what can go on.
_ABLE = """workflow = any(%(workflows)s) and version_id not in (
    select v.id from workflows_workflowversion v, jsonb_array_elements(v.definition -> 'steps') as step
     where step ->> 'handler' <> all(%(handlers)s))"""
_DUE = f"""
select id from workflows_run where status in ('ready', 'waiting') and wake_at <= %(now)s
   and (lease_until is null or lease_until < clock_timestamp()) and {_ABLE} order by wake_at limit %(limit)s"""
# So many deliveries that wait, however short, are work for more than one engine.
CROWD = 100
_CROWD = "select exists(select 1 from providers_delivery where state = 'received' and next_at <= clock_timestamp() offset %s)"
_ANYTHING = f"""
select exists(select 1 from providers_delivery where state = 'received' and next_at <= clock_timestamp() - %(grace)s * interval '1 second'),
       exists(select 1 from workflows_run where status in ('ready', 'waiting') and wake_at <= %(now)s
                 and (lease_until is null or lease_until < clock_timestamp()) and {_ABLE})
         or exists({_TEXT_SETTLED}) or exists({_SUMMARY_SETTLED}),
       exists(select 1 from messaging_message where status in ('queued', 'held', 'unknown') and due_at <= %(now)s)
         or exists(select 1 from messaging_attempt where outcome = 'calling' and deadline_at < clock_timestamp())
         or exists(select 1 from messaging_notice where status in ('waiting', 'held') and due_at <= %(now)s)
         or exists(select 1 from messaging_notice where pass_on_at <= %(now)s)
         or exists(select 1 from messaging_notice where look_at <= %(now)s)
         or exists(select 1 from messaging_notice where status = 'calling' and deadline_at < clock_timestamp())
         or exists(select 1 from {talks.OVERDUE}) or exists(select 1 from {photos.DUE})"""


def settle(*, results: Mapping[int, SendResult], now: datetime, departures: Departures | None = None) -> dict[uuid.UUID, str]:
    """Write what providers said to attempts, and play the runs that waited for it, in one transaction. Where that fails the answers are
    written by themselves, for they are true whatever breaks behind them, and a ring wakes the runs. The status of each message afterwards.

    Raises DatabaseError where the database is away.
    """
    try:
        with transaction.atomic():
            people = outcomes.hold_people(attempt_ids=list(results))
            statuses = outcomes.write_answers(results=results, now=now)
            played, left = engine.play_woken(
                wait_keys=[message_key(id=id) for id in statuses],
                contact_ids=people,
                now=now,
                room=departures.room if departures else 0,
            )
            for run_id in left:
                ring_after_commit(task=ADVANCE_TASK, id=str(run_id))
    except Exception as error:
        log.warning("%d answers are written by themselves (%s)", len(results), type(error).__name__, exc_info=not is_trouble(error))
        drop_broken_connection()
        # What it read of clients is taken back with it.
        revision.forget()
        return outcomes.settle_all(results=results, now=now)
    if departures is not None:
        departures.take(tries=played.tries)
    engine.note_ends(playing=played.playing, now=now)
    breakers.look_after_texts(message_ids=list(statuses), now=now)
    return statuses


def messages_settled(*, message_ids: Sequence[uuid.UUID], now: datetime) -> None:
    """Texts were sent, dropped, held or failed: the runs that wait for them look."""
    engine.advance_all(run_ids=engine.wake(wait_keys=[message_key(id=id) for id in message_ids], now=now), now=now)
    breakers.look_after_texts(message_ids=message_ids, now=now)


def summary_settled(*, run_id: uuid.UUID, now: datetime) -> None:
    """The summary of this run was written, decided or replaced: the run looks."""
    engine.wake(wait_keys=[summary_key(run_id=run_id)], now=now)
    engine.advance(run_id=run_id, now=now)


def due_runs(*, now: datetime, limit: int = 500) -> list[uuid.UUID]:
    """Runs that a worker may take up now, oldest promise first."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLED, [limit])
        settled = [row[0] for row in cursor.fetchall()]
        if settled:
            cursor.execute(
                "update workflows_run set wake_at = least(wake_at, %s) where id = any(%s) and status = 'waiting'", [now, settled]
            )
        cursor.execute(_DUE, {**registry.able(), "now": now, "limit": limit})
        return [row[0] for row in cursor.fetchall()]


def work_off(*, now: datetime, limit: int = 100) -> int:
    """Do everything that is due in this process; returns how many rows were touched."""
    touched = intake.drain(now=now)
    due = due_runs(now=now, limit=limit)
    engine.advance_all(run_ids=due, now=clock.read())
    return touched + len(due)


def anything_due(*, now: datetime, grace: timedelta) -> tuple[bool, bool, bool]:
    """Whether deliveries, runs or messages have waited longer than `grace`; three cheap looks at partial indexes.

    Within the grace the doorbell that rang for them is trusted: to ring again for what is being done would only slow it down.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ANYTHING, {**registry.able(), "now": now - grace, "grace": grace.total_seconds()})
        row = cursor.fetchone()
    return bool(row[0]), bool(row[1]), bool(row[2])


def crowd_waits() -> bool:
    """Whether more deliveries wait than one engine should have before it."""
    with connection.cursor() as cursor:
        cursor.execute(_CROWD, [CROWD])
        return bool(cursor.fetchone()[0])
