"""Keeping watch: canaries, the invariants' verdict, alerts, the heartbeat and mails, in one thread beside the ticker's rounds.

The thread has a connection of its own, so nothing here slows the engine, and nothing that breaks here ends the ticker. Two tickers may
run: a lock of the session lets one of them keep watch at a time, and the rows' own claims (a minute, a mail, a canary) make sure of it.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, InterfaceError, connection

from zartsalgo import canaries, health
from zartsalgo.lib import clock
from zartsalgo.office.operations import alerts, causes, life_sign, mails, verdict
from zartsalgo.office.operations.alerts import Folded
from zartsalgo.office.operations.causes import Look, Trouble

log = logging.getLogger(__name__)
ROUND_SECONDS = 5.0
FORGET_SECONDS = 3600.0
_LOCK = "hashtextextended('zarts vigil', 0)"


@contextmanager
def only_one() -> Iterator[bool]:
    """Whether this session is the one that keeps watch now; the lock goes with it, or with its connection."""
    with connection.cursor() as cursor:
        cursor.execute(f"select pg_try_advisory_lock({_LOCK})")
        mine: bool = cursor.fetchone()[0]
    try:
        yield mine
    finally:
        if mine and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute(f"select pg_advisory_unlock({_LOCK})")


class Vigil:
    """One thread's memory: since when a trouble has been seen that people are not told of yet."""

    def __init__(self) -> None:
        self._seen_since: dict[str, float] = {}
        self._forgotten = 0.0

    def round(self) -> Folded | None:
        """One look at everything; None when another process keeps watch. Raises DatabaseError, nothing for what others do."""
        with only_one() as mine:
            if not mine:
                return None
            now = clock.read()
            verdict.check_when_due(now=now)
            known = verdict.read()
            found = health.look()
            life_sign.send_when_due(found=found, known=known)
            troubles, unread = causes.find_troubles(look=Look(found=found, known=known))
            folded = alerts.fold(troubles=self._lasting(troubles), unread=unread, now=now)
            mails.send_due()
            if time.monotonic() - self._forgotten > FORGET_SECONDS:
                mails.forget(now=now)
                self._forgotten = time.monotonic()
            return folded

    def _lasting(self, troubles: list[Trouble]) -> list[Trouble]:
        """Without what may be a restart: it has to be seen for its patience first. What is open already stays."""
        moment = time.monotonic()
        self._seen_since = {trouble.cause: self._seen_since.get(trouble.cause, moment) for trouble in troubles}
        hasty = [trouble for trouble in troubles if moment - self._seen_since[trouble.cause] < trouble.patience]
        standing = alerts.open_causes() if hasty else set()
        return [trouble for trouble in troubles if trouble not in hasty or trouble.cause in standing]


def keep_watch(*, over: threading.Event) -> None:
    """Rounds until `over`; for a thread of its own."""
    vigil = Vigil()
    try:
        while not over.is_set():
            try:
                canaries.ring_quietly()
                vigil.round()
            except (DatabaseError, InterfaceError) as error:
                log.warning("vigil: database away (%s)", type(error).__name__)
                connection.close()
            except Exception:
                log.exception("vigil: a round broke")
            over.wait(ROUND_SECONDS)
    finally:
        connection.close()
