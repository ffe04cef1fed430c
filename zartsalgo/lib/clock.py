"""Time. `now` of the business is the database's clock plus one stored offset, so every process moves together when it is moved.

Leases and deadlines use the database's clock without the offset; signatures always use real time. Only `read`, `real_now` and
`shift` read a clock: everything below the edge takes `now`.
"""

from datetime import UTC, datetime, timedelta

from django.db import connection

# The row is made by the first migration; without it (a table just flushed by a test) the offset is nothing.
_SQL = "select clock_timestamp() + coalesce((select shifted_by from zartsalgo_clock where id = 1), interval '0')"


def read() -> datetime:
    """The business's now, aware, UTC."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL)
        (value,) = cursor.fetchone()
    return value.astimezone(UTC)  # type: ignore[no-any-return]


def real_now() -> datetime:
    """The machine's own now, for signatures and tokens only."""
    return datetime.now(UTC)


def offset() -> timedelta:
    """How far the business clock has been moved; zero unless a demo or a test moved it."""
    with connection.cursor() as cursor:
        cursor.execute("select coalesce((select shifted_by from zartsalgo_clock where id = 1), interval '0')")
        (value,) = cursor.fetchone()
    return value  # type: ignore[no-any-return]


def shift(*, by: timedelta) -> datetime:
    """Set the offset and return the new now. For the demo and tests; a live connection then refuses to send."""
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into zartsalgo_clock (id, shifted_by) values (1, %s * interval '1 second')
               on conflict (id) do update set shifted_by = excluded.shifted_by""",
            [by.total_seconds()],
        )
    return read()
