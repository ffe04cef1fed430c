"""What is due by now, whatever rang or did not ring: the ticker's work, and the worker's when it is told."""

import uuid
from datetime import datetime, timedelta

from django.db import connection

from workflows import engine, intake
from zartsalgo.lib import clock

# A run that waits for its text is woken by the text's row itself; a lost ring only costs a ticker period.
_SETTLED = """
select r.id from workflows_run r join messaging_message m on r.wait_key = 'message:' || m.id::text
 where r.status = 'waiting' and r.wait_key like 'message:%%' and m.status in ('sent', 'delivered', 'skipped', 'failed') limit %s"""
_DUE = """
select id from workflows_run where status in ('ready', 'waiting') and wake_at <= %s
   and (lease_until is null or lease_until < clock_timestamp()) order by wake_at limit %s"""
_ANYTHING = """
select exists(select 1 from providers_delivery where state = 'received' and next_at <= clock_timestamp() - %(grace)s * interval '1 second'),
       exists(select 1 from workflows_run where status in ('ready', 'waiting') and wake_at <= %(now)s
                 and (lease_until is null or lease_until < clock_timestamp()))
         or exists(select 1 from workflows_run r join messaging_message m on r.wait_key = 'message:' || m.id::text
                    where r.status = 'waiting' and r.wait_key like 'message:%%' and m.status in ('sent', 'delivered', 'skipped', 'failed')),
       exists(select 1 from messaging_message where status in ('queued', 'held', 'unknown') and due_at <= %(now)s)
         or exists(select 1 from messaging_attempt where outcome = 'calling' and deadline_at < clock_timestamp())"""


def message_settled(*, message_id: uuid.UUID, now: datetime) -> None:
    """A text was sent, dropped, held or failed: the run that waits for it looks."""
    for run_id in engine.wake(wait_key=f"message:{message_id}", now=now):
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
        cursor.execute(_DUE, [now, limit])
        return [row[0] for row in cursor.fetchall()]


def work_off(*, now: datetime, limit: int = 100) -> int:
    """Do everything that is due in this process; returns how many rows were touched."""
    touched = intake.drain(now=now)
    for run_id in due_runs(now=now, limit=limit):
        engine.advance(run_id=run_id, now=clock.read())
        touched += 1
    return touched


def anything_due(*, now: datetime, grace: timedelta) -> tuple[bool, bool, bool]:
    """Whether deliveries, runs or messages have waited longer than `grace`; three cheap looks at partial indexes.

    Within the grace the doorbell that rang for them is trusted: to ring again for what is being done would only slow it down.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ANYTHING, {"now": now - grace, "grace": grace.total_seconds()})
        row = cursor.fetchone()
    return bool(row[0]), bool(row[1]), bool(row[2])
