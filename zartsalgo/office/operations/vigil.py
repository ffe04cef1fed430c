"""Keeping watch: canaries, the invariants' verdict, alerts, the heartbeat and mails, in a thread of the ticker and in one of beat.

Two processes, so that the alarm does not die with what it should report: one of them keeps watch at a time, and the other takes over when
it has not said so for WATCH_SECONDS. Should both do it for a moment, the rows' own claims (a minute, a mail, a canary, one open alert a
cause) see that nothing is done twice. Each thread has a connection of its own, so nothing here slows the engine, and nothing that breaks
here ends its process.
"""

import logging
import threading
import time

from django.db import DatabaseError, InterfaceError, connection

from zartsalgo import canaries, health
from zartsalgo.lib import clock, heartbeat, progress
from zartsalgo.office.operations import alerts, causes, life_sign, mails, verdict
from zartsalgo.office.operations.alerts import Folded
from zartsalgo.office.operations.causes import Look, Trouble

log = logging.getLogger(__name__)
ROUND_SECONDS = 5.0
FORGET_SECONDS = 3600.0
# A round may take longer (a check of the invariants); then both keep watch for a while.
WATCH_SECONDS = 15.0


class Vigil:
    """One thread's memory: since when a trouble has been seen that people are not told of yet."""

    def __init__(self) -> None:
        self._seen_since: dict[str, float] = {}
        self._forgotten = 0.0

    def round(self) -> Folded | None:
        """One look at everything; None when another process keeps watch. Raises DatabaseError, nothing for what others do."""
        if not heartbeat.take(name="vigil", for_seconds=WATCH_SECONDS):
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
                with progress.working():
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
