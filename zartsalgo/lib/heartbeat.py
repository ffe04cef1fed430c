"""Signs of life: one row per kind of process, written by the process while it really works, read by /readyz and the strip.

On how many machines a kind works is not asked here: zartsalgo.lib.presence knows.
"""

import logging
import os
import socket

from django.db import DatabaseError, InterfaceError, connection

from zartsalgo.lib.presence import owner_name

log = logging.getLogger(__name__)


def beat(*, name: str) -> None:
    """Say that `name` (worker, beat, ticker) works now, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into zartsalgo_heartbeat (name, at, host, pid) values (%s, clock_timestamp(), %s, %s)
               on conflict (name) do update set at = excluded.at, host = excluded.host, pid = excluded.pid""",
            [name, socket.gethostname()[:100], os.getpid()],
        )


def beat_quietly(*, name: str) -> None:
    """`beat`, but a database that is away is only a log line: the caller's own loop must go on."""
    try:
        beat(name=name)
    except (DatabaseError, InterfaceError):
        log.warning("heartbeat of %s not written: the database is away", name)
        connection.close()


def take(*, name: str, for_seconds: float) -> bool:
    """Whether a duty that one process has at a time is ours now: it was already, or whoever had it has not said so for so long.

    Its row has this process's whole name for a host: two containers may have one host name and one pid.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into zartsalgo_heartbeat as h (name, at, host, pid) values (%s, clock_timestamp(), %s, %s)
               on conflict (name) do update set at = excluded.at, host = excluded.host, pid = excluded.pid
                where h.host = excluded.host or h.at < excluded.at - %s * interval '1 second'
               returning name""",
            [name, owner_name(), os.getpid(), for_seconds],
        )
        return cursor.fetchone() is not None


def ages() -> dict[str, float]:
    """Seconds since each process last said it works."""
    with connection.cursor() as cursor:
        cursor.execute("select name, extract(epoch from clock_timestamp() - at)::float8 from zartsalgo_heartbeat")
        return dict(cursor.fetchall())
