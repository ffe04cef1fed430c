"""Summaries that should be written by now, whatever rang or did not ring."""

import uuid
from datetime import datetime, timedelta

from django.db import connection

from summaries import writing
from zartsalgo.lib import clock

# `asked_at` is the database's clock, `created_at` the business's: a call that died is told by the first, a lost ring by the second.
_DUE = """
select id from summaries_summary where status = 'asked'
   and (asked_at < clock_timestamp() - %(deadline)s * interval '1 second' or (asked_at is null and created_at <= %(now)s))
 order by created_at, id limit %(limit)s"""


def due(*, now: datetime, grace: timedelta = timedelta(0), limit: int = 20) -> list[uuid.UUID]:
    """Summaries that wait for a model nobody is asking, oldest first. Within the grace the ring that went out for one is trusted."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"deadline": writing.DEADLINE_SECONDS, "now": now - grace, "limit": limit})
        return [row[0] for row in cursor.fetchall()]


def work_off(*, now: datetime, limit: int = 2) -> int:
    """Write what is due in this process; returns how many were tried. Each is a call to a model and may take long: two of them still
    end before a watchdog takes the process for stuck."""
    waiting = due(now=now, limit=limit)
    for summary_id in waiting:
        writing.write(summary_id=summary_id, now=clock.read())
    return len(waiting)
