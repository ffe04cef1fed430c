"""What went wrong in the database: the machine's trouble, which passes, or the statement's own fault, which does not. And how a thread's
statements are planned."""

import threading
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.backends.signals import connection_created
from django.dispatch import receiver

# Classes of SQLSTATE (Postgres, appendix A): connection, rollback (deadlock, serialization), resources, lock or object in use, operator
# intervention (statement time-out, shutdown), system. Two of class 25 besides: idle too long inside a transaction, and a standby.
_CLASSES = frozenset({"08", "40", "53", "55", "57", "58"})
_STATES = frozenset({"25006", "25P03"})


def is_trouble(error: BaseException) -> bool:
    """Whether the same statement may well succeed later: no connection, no lock in time, no room, a time-out, a restart.

    False for what the data or the statement itself is to blame for (and for everything that is no database's error).
    """
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, DatabaseError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    if state is None:
        return isinstance(error, OperationalError)
    return state[:2] in _CLASSES or state in _STATES


def drop_broken_connection() -> None:
    """After trouble: a connection that no longer works is closed, so that the next statement makes a new one. Never inside a transaction."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


# A plan is kept while a table grows from nothing to thousands of rows: what was quick for ten of them reads them all, until statistics are
# gathered a minute later (measured: the statements of a third burst of 2,000 calls took 5.5 ms a call, so and with fewer indexes about 2).
_BY_INDEX = "set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set random_page_cost = 1.1; set jit = off"
_this_thread = threading.local()


def plan_by_index() -> None:
    """From now on this thread's statements go by an index wherever there is one: for whoever always asks for few rows of many."""
    _this_thread.by_index = True
    connection.close()


@receiver(connection_created)
def _prepare(connection: Any, **_: object) -> None:
    if getattr(_this_thread, "by_index", False):
        with connection.cursor() as cursor:
            cursor.execute(_BY_INDEX)
