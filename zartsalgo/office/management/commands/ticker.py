"""The ticker: finds what is due and sees that it is done, with or without the broker.

Every second it takes three cheap looks. While the broker and a worker live it only rings; when work stays undone (no broker, no
worker, a lost ring) it does it itself. Two tickers are harmless: every claim is a guarded update.
"""

import logging
import signal
import threading
from datetime import timedelta
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, connection

from messaging import due as messaging_due
from workflows import due as workflows_due
from zartsalgo.lib import clock, heartbeat
from zartsalgo.lib.doorbell import ring

log = logging.getLogger(__name__)
PERIOD_SECONDS = 1.0
# What is younger than this was rung for by whoever made it due; it is being done.
GRACE = timedelta(seconds=2)
# Rung this often without the work going away, the ticker stops trusting the bell and works itself.
RINGS_BEFORE_OWN_HANDS = 3


class Command(BaseCommand):
    help = "Find what is due and see that it is done; runs until it is told to stop."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        over = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: over.set())
        rung = 0
        while not over.is_set():
            try:
                rung = self.tick(rung=rung)
            except (DatabaseError, InterfaceError) as error:
                log.warning("ticker: database away (%s)", type(error).__name__)
                connection.close()
            except Exception:
                log.exception("ticker: a round broke")
            over.wait(PERIOD_SECONDS)

    def tick(self, *, rung: int) -> int:
        """One round; returns how many rounds in a row found work that should have been done."""
        heartbeat.beat(name="ticker")
        now = clock.read()
        own_hands = rung >= RINGS_BEFORE_OWN_HANDS or not self._broker_answers()
        grace = timedelta(0) if own_hands else GRACE
        deliveries, runs, messages = workflows_due.anything_due(now=now, grace=grace)
        if not (deliveries or runs or messages):
            return 0
        if own_hands:
            workflows_due.work_off(now=now)
            messaging_due.work_off(now=now)
            return rung
        if deliveries:
            ring(task="workflows.drain")
        for run_id in workflows_due.due_runs(now=now - grace) if runs else []:
            ring(task="workflows.advance", id=str(run_id))
        if messages:
            ring(task="messaging.work_off")
        return rung + 1

    def _broker_answers(self) -> bool:
        try:
            with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1, retry=None) as client:
                return bool(client.ping())
        except (redis.RedisError, OSError):
            return False
