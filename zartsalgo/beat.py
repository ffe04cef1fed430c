"""Celery beat that says it is alive and rings the canaries, both from the scheduler's own loop: a stuck scheduler goes stale too."""

import time
from typing import Any

from celery.beat import PersistentScheduler

from zartsalgo import canaries
from zartsalgo.lib import heartbeat

BEAT_SECONDS = 5.0


class Scheduler(PersistentScheduler):
    _last = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        if time.monotonic() - self._last >= BEAT_SECONDS:
            self._last = time.monotonic()
            heartbeat.beat_quietly(name="beat")
            canaries.ring_quietly()
        return super().tick(*args, **kwargs)
