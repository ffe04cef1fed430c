"""Celery beat that says it is alive and rings the canaries, both from the scheduler's own loop: a stuck scheduler goes stale too.

Beside its loop it keeps watch, as the ticker does: whichever of the two hangs, the other one says so.
"""

import threading
import time
from typing import Any

from celery.beat import PersistentScheduler

from zartsalgo import canaries
from zartsalgo.lib import heartbeat, progress

BEAT_SECONDS = 5.0


class Scheduler(PersistentScheduler):
    _last = 0.0
    _began = False

    def tick(self, *args: Any, **kwargs: Any) -> float:
        if not self._began:
            self._begin()
        progress.move()
        if time.monotonic() - self._last >= BEAT_SECONDS:
            self._last = time.monotonic()
            heartbeat.beat_quietly(name="beat")
            canaries.ring_quietly()
        return super().tick(*args, **kwargs)

    def _begin(self) -> None:
        from zartsalgo.office.operations.vigil import keep_watch

        self._began = True
        progress.start(name="beat")
        progress.begin()
        threading.Thread(target=keep_watch, kwargs={"over": threading.Event()}, name="vigil", daemon=True).start()

    def _ensure_connected(self) -> Any:
        """As Celery does, for as long as it takes; to wait for a broker is no hang."""

        def _wait(error: BaseException, seconds: float) -> None:
            progress.move()

        progress.move()
        return self.connection.ensure_connection(_wait, self.app.conf.broker_connection_max_retries)
