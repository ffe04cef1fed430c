"""Canaries: is each queue worked off? A process that is up proves nothing; a task that came out of its queue does.

A tiny task goes into every queue each EVERY seconds and writes its row when a worker takes it. The ticker and beat both ring, so that the
death of one does not look like the death of the workers; the row decides whose turn it is, so there is one ring however many ring. With
the workers away nothing piles up: an unanswered canary is followed by the next only after as long as it has been silent (EVERY to MOST_WAIT
seconds), and it expires when the next one goes, so at most one live canary is in a queue.
"""

import logging
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, connection

from zartsalgo.celery import QUEUES, app
from zartsalgo.lib import heartbeat

log = logging.getLogger(__name__)
TASK = "zartsalgo.canary"
EVERY = 30
# Unanswered for so long after it was rung, and EVERY before that: 120 s without one seen.
SILENT_AFTER = 90
MOST_WAIT = 300
# A ring that is so late was not lost by a worker: nobody rang (everything was down). The count starts anew.
NOBODY_RANG = 60

_ANSWERED = "coalesce(c.seen_at >= c.sent_at, false)"
_DUE = f"case when {_ANSWERED} then c.sent_at + interval '{EVERY} seconds' else c.next_at end"
_ANEW = f"({_ANSWERED} or c.next_at < excluded.sent_at - interval '{NOBODY_RANG} seconds')"
# One queue per call spreads them over the half minute. The guard on the row is what keeps two ringers from ringing twice.
_RING = f"""
with moment as materialized (select clock_timestamp() as t),
     due as (select q.queue from moment, unnest(%s::text[]) with ordinality as q(queue, n) left join zartsalgo_canary c on c.queue = q.queue
              where c.queue is null or t >= {_DUE} order by c.next_at nulls first, q.n limit 1)
insert into zartsalgo_canary as c (queue, asked_at, sent_at, next_at)
select queue, t, t, t + interval '{EVERY} seconds' from due, moment
on conflict (queue) do update set
   asked_at = case when {_ANEW} then excluded.sent_at else c.asked_at end,
   sent_at = excluded.sent_at,
   next_at = excluded.sent_at + case when {_ANEW} then interval '{EVERY} seconds'
             else least(interval '{MOST_WAIT} seconds', greatest(interval '{EVERY} seconds', excluded.sent_at - c.asked_at)) end
 where excluded.sent_at >= {_DUE}
returning queue, extract(epoch from next_at - sent_at)::float8"""
_STATES = f"""
select c.queue, extract(epoch from clock_timestamp() - c.seen_at)::float8,
       not {_ANSWERED} and c.asked_at < clock_timestamp() - interval '{SILENT_AFTER} seconds'
       and c.next_at > clock_timestamp() - interval '{NOBODY_RANG} seconds'
  from zartsalgo_canary c"""  # noqa: S608  # constants of this file


@dataclass(frozen=True, kw_only=True)
class QueueState:
    """`seen_seconds`: how long ago a canary came out, None for never. `silent`: rung, and not worked off for two minutes."""

    queue: str
    seen_seconds: float | None
    silent: bool


def ring_due() -> str:
    """Ring the queue whose canary is due the longest; returns its name, "" when none is. Raises DatabaseError; a broker that is away is
    only logged, for the row then says that nobody answered."""
    with connection.cursor() as cursor:
        cursor.execute(_RING, [list(QUEUES)])
        row = cursor.fetchone()
    if row is None:
        return ""
    queue, seconds = row
    try:
        _publish(queue=queue, expires=seconds)
    except Exception as error:  # the broker may fail in any way
        log.warning("canary of queue %s not rung: %s", queue, type(error).__name__)
    return str(queue)


def ring_quietly() -> None:
    """`ring_due` for a loop that must go on."""
    try:
        ring_due()
    except (DatabaseError, InterfaceError):
        log.warning("canaries not rung: the database is away")
        connection.close()


def _publish(*, queue: str, expires: float) -> None:
    app.send_task(TASK, args=[queue], queue=queue, expires=expires, ignore_result=True)


def sing(*, queue: str) -> None:
    """In a worker: this queue is worked off, and so a worker lives."""
    with connection.cursor() as cursor:
        cursor.execute("update zartsalgo_canary set seen_at = clock_timestamp() where queue = %s", [queue])
    heartbeat.beat(name="worker")


def forget() -> None:
    """Of a house that was restored: what it had rung for went into another broker and will never come out."""
    with connection.cursor() as cursor:
        cursor.execute("delete from zartsalgo_canary")


def states() -> list[QueueState]:
    """Every queue, in the order of QUEUES; one that was never rung is not silent, only unseen."""
    with connection.cursor() as cursor:
        cursor.execute(_STATES)
        found = {queue: (seen, silent) for queue, seen, silent in cursor.fetchall()}
    return [
        QueueState(queue=queue, seen_seconds=found.get(queue, (None, False))[0], silent=found.get(queue, (None, False))[1])
        for queue in QUEUES
    ]


def silent_queues() -> list[str]:
    """The queues that are not being worked."""
    return [state.queue for state in states() if state.silent]
