"""Time. `now` of the business is the database's clock plus one stored offset, so every process moves together when it is moved.

Leases and deadlines use the database's clock without the offset; signatures always use real time. Only the functions
here read a clock: everything below the edge takes `now`.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

# The row is made by the first migration; without it (a table just flushed by a test) the offset is nothing.
_SQL = """select clock_timestamp() + moved, moved
            from (select coalesce((select shifted_by from zartsalgo_clock where id = 1), interval '0') as moved) as clock"""
_here = threading.local()


@contextmanager
def told() -> Iterator[Callable[[datetime], None]]:
    """Inside, this thread's business clock stands where the given function puts it. For a story that is told in one transaction (the
    demo): nobody else sees the time move, and what is done at one moment has one time."""
    before = told_now()

    def _put(moment: datetime) -> None:
        _here.now = moment.astimezone(UTC)

    try:
        yield _put
    finally:
        _here.now = before


def told_now() -> datetime | None:
    """Where this thread's clock is put by `told`; None everywhere else."""
    return getattr(_here, "now", None)


@dataclass(frozen=True)
class Moment:
    """The business's now (aware, UTC), and how far its clock has been moved; zero unless a demo or a test moved it."""

    now: datetime
    moved: timedelta


def read_moment() -> Moment:
    """Both in one statement."""
    if (now := told_now()) is not None:
        return Moment(now, now - real_now())
    with connection.cursor() as cursor:
        cursor.execute(_SQL)
        now, moved = cursor.fetchone()
    return Moment(now.astimezone(UTC), moved)


def read() -> datetime:
    """The business's now, aware, UTC."""
    return read_moment().now


def real_now() -> datetime:
    """The machine's own now, for signatures and tokens only."""
    return datetime.now(UTC)


def offset() -> timedelta:
    """How far the business clock has been moved; zero unless a demo or a test moved it."""
    return read_moment().moved


def shift(*, by: timedelta) -> datetime:
    """Set the offset and return the new now. For the demo and tests; a live connection then refuses to send."""
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into zartsalgo_clock (id, shifted_by) values (1, %s * interval '1 second')
               on conflict (id) do update set shifted_by = excluded.shifted_by""",
            [by.total_seconds()],
        )
    return read()
