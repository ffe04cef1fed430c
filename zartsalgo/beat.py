"""Celery beat that says it is alive: the row is written from the scheduler's own loop, so a stuck scheduler goes stale too."""

import logging
import time
from typing import Any

from celery.beat import PersistentScheduler

from zartsalgo.lib import heartbeat

log = logging.getLogger(__name__)
BEAT_SECONDS = 5.0


class Scheduler(PersistentScheduler):
    _last = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        if time.monotonic() - self._last >= BEAT_SECONDS:
            self._last = time.monotonic()
            heartbeat.beat_quietly(name="beat")
        return super().tick(*args, **kwargs)
