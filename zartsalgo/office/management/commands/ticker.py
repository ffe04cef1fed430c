"""The ticker: finds what is due and sees that it is done, with or without the broker.

Every second it takes three cheap looks. It rings for what waits too long, and takes it up with an engine of its own as well, for it may be
more than the worker can do; when work stays undone (no broker, no worker, a lost ring) it sees to the rest itself, too. Two tickers are harmless: every claim is a guarded update.
"""

import logging
import signal
import threading
from datetime import datetime, timedelta
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, connection

from messaging import due as messaging_due
from portal import due as portal_due
from portal import sign_in, texts, words
from summaries import due as summaries_due
from workflows import due as workflows_due
from workflows import engine_thread, watching
from workflows.clock_watch import ClockWatch, seconds_since_start
from zartsalgo import house
from zartsalgo.lib import clock, heartbeat, presence, progress
from zartsalgo.lib.doorbell import ring
from zartsalgo.office import portal_outcomes, portal_texts
from zartsalgo.office.operations.vigil import keep_watch

log = logging.getLogger(__name__)
PERIOD_SECONDS = 1.0
# What is younger than this was rung for by whoever made it due; it is being done.
GRACE = timedelta(seconds=2)
# Rung this often without the work going away, the ticker stops trusting the bell and works itself.
RINGS_BEFORE_OWN_HANDS = 3
# So many overdue runs and texts are taken off the worker's hands in a round.
HAND = 200
# Breakers, ends of pauses and proofs of incidents are read this often; a failure rings for its breaker at once.
ROUNDS_BETWEEN_WATCHES = 20
# A summary may wait for a free worker as long as a model takes to answer; only then does the ticker have it written itself.
RINGS_BEFORE_WRITING = 60


class Command(BaseCommand):
    help = "Find what is due and see that it is done; runs until it is told to stop."
    requires_system_checks: list[str] = []
    writer: threading.Thread | None = None
    rings_to_write = 0
    mailer: threading.Thread | None = None
    rings_for_portal = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clock_watch = ClockWatch()

    def handle(self, *args: Any, **options: Any) -> None:
        progress.start(name="ticker")
        presence.start(name="ticker", house=house.describe)
        over = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: over.set())
        # Canaries, invariants, alerts and the heartbeat: a thread of its own, for none of it may hold up what is due. Beat has one, too.
        watch = threading.Thread(target=keep_watch, kwargs={"over": over}, name="vigil", daemon=True)
        watch.start()
        with progress.working():
            self._go_round(over)
        engine_thread.finish()
        watch.join(timeout=PERIOD_SECONDS)
        presence.leave()

    def _go_round(self, over: threading.Event) -> None:
        rung, rounds = 0, 0
        while not over.is_set():
            progress.move()
            try:
                rung = self.tick(rung=rung)
                if rounds % ROUNDS_BETWEEN_WATCHES == 0:
                    watching.watch(now=clock.read())
                rounds += 1
            except (DatabaseError, InterfaceError) as error:
                log.warning("ticker: database away (%s)", type(error).__name__)
                connection.close()
            except Exception:
                log.exception("ticker: a round broke")
            over.wait(PERIOD_SECONDS)

    def tick(self, *, rung: int) -> int:
        """One round; returns how many rounds in a row found work that should have been done."""
        heartbeat.beat(name="ticker")
        moment = clock.read_moment()
        self.clock_watch.look(moment=moment, seconds=seconds_since_start())
        now = moment.now
        own_hands = rung >= RINGS_BEFORE_OWN_HANDS or not self._broker_answers()
        grace = timedelta(0) if own_hands else GRACE
        self.see_to_summaries(now=now, grace=grace, own_hands=own_hands)
        self.see_to_portal(now=now, grace=grace, own_hands=own_hands)
        deliveries, runs, messages = workflows_due.anything_due(now=now, grace=grace)
        if not (deliveries or runs or messages):
            if workflows_due.crowd_waits():
                engine_thread.hand(task="workflows.drain")
            return 0
        if not own_hands:
            for waits, task in ((deliveries, "workflows.drain"), (runs, "workflows.advance_due"), (messages, "messaging.work_off")):
                if waits:
                    ring(task=task)
        # What waits so long is more than the worker's one engine does, or there is none: this process lends a hand with one of its own.
        if deliveries:
            engine_thread.hand(task="workflows.drain")
        for run_id in workflows_due.due_runs(now=now - grace, limit=HAND) if runs else ():
            engine_thread.hand(task="workflows.advance", id=str(run_id))
        for message_id in messaging_due.due_messages(now=now - grace, limit=HAND) if messages else ():
            engine_thread.hand(task="messaging.send_sms", id=str(message_id))
        if messages and own_hands:
            messaging_due.look_after(now=now)
        return rung if own_hands else rung + 1

    def see_to_summaries(self, *, now: datetime, grace: timedelta, own_hands: bool) -> None:
        """Summaries whose ring was lost or whose call died. Asking a model takes long, so own hands do it beside the rounds."""
        if not summaries_due.due(now=now, grace=grace, limit=1):
            self.rings_to_write = 0
        elif not own_hands and self.rings_to_write < RINGS_BEFORE_WRITING:
            self.rings_to_write += 1
            ring(task="summaries.work_off")
        elif self.writer is None or not self.writer.is_alive():
            self.writer = threading.Thread(target=_write_summaries, name="summaries", daemon=True)
            self.writer.start()

    def see_to_portal(self, *, now: datetime, grace: timedelta, own_hands: bool) -> None:
        """Sign-in mails and what clients said, where the ring was lost. A mail server may be slow, so own hands write beside the rounds."""
        said = portal_outcomes.untaken(now=now, grace=grace)
        spoken = portal_texts.untaken(now=now, grace=grace)
        mails = portal_due.due_mails(now=clock.real_now(), grace=grace)
        if not (said or spoken or mails):
            self.rings_for_portal = 0
        elif not own_hands and self.rings_for_portal < RINGS_BEFORE_OWN_HANDS:
            self.rings_for_portal += 1
            for word_id in said:
                ring(task=words.TAKE, id=str(word_id))
            for word_id in spoken:
                ring(task=texts.TAKE, id=str(word_id))
            for mail_id in mails:
                ring(task=sign_in.SEND, id=str(mail_id))
        else:
            portal_outcomes.work_off(now=now)
            portal_texts.work_off(now=now)
            if mails and (self.mailer is None or not self.mailer.is_alive()):
                self.mailer = threading.Thread(target=_send_mails, name="mails", daemon=True)
                self.mailer.start()

    def _broker_answers(self) -> bool:
        try:
            with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1, retry=None) as client:
                return bool(client.ping())
        except (redis.RedisError, OSError):
            return False


def _write_summaries() -> None:
    try:
        summaries_due.work_off(now=clock.read())
    except Exception:
        log.exception("ticker: writing summaries broke")
    finally:
        connection.close()


def _send_mails() -> None:
    try:
        portal_due.work_off(now=clock.real_now())
    except Exception:
        log.exception("ticker: sending sign-in mails broke")
    finally:
        connection.close()
