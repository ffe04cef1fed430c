"""Celery executes; Postgres is the queue. A message here is only a ring at the door: it may be lost, doubled or late without effect.

Acks are early on purpose: the lease in the row is the one redelivery. No result backend, no ETA, no chords, no autoretry: waits and
retries are rows with a due time that the ticker finds. Time limits of tasks are our own (statement time-out, total HTTP deadline),
because the embedded worker is a pool of threads.
"""

import os
import sys
from typing import Any

from celery import Celery, bootsteps
from celery.signals import setup_logging, task_postrun, task_prerun, worker_init, worker_process_init, worker_shutdown

from zartsalgo.lib import progress

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zartsalgo.settings")
# Celery runs the system checks when it starts and looks at no answer; they load every page (24 MB). `migrate` and `check` do it for us.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
REDIS_URL = os.environ.get("REDIS_URL", "")

# A producer must fail fast (a hung broker would hang the web tier); the worker keeps trying.
BROKER_TIMEOUTS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 25,
    "max_retries": 0,
}
SWITCH_SECONDS = 0.002
# What a worker must be told with -Q; every queue has its canary (zartsalgo.canaries).
QUEUES = ("engine", "sms", "email", "ai", "crm", "default")

app = Celery("zartsalgo")
app.conf.update(
    broker_url=REDIS_URL,
    broker_transport_options={**BROKER_TIMEOUTS, "visibility_timeout": 3600},
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_acks_late=False,
    task_publish_retry=True,
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_max": 0.2},
    # Not worker_disable_prefetch: a worker at its limit then looks at the queue again only after a second (seen: texts 1.3 s late at
    # 10 a second). The few messages a dead worker had reserved are rung again by the ticker.
    worker_prefetch_multiplier=1,
    worker_eta_task_limit=1000,
    worker_max_tasks_per_child=500,
    worker_max_memory_per_child=400_000,
    worker_soft_shutdown_timeout=20,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_hijack_root_logger=False,
    task_default_queue="default",
    task_routes={
        "workflows.*": {"queue": "engine"},
        "messaging.send_sms": {"queue": "sms"},
        "messaging.tell": {"queue": "sms"},
        "messaging.fetch_photo": {"queue": "crm"},
        "portal.*": {"queue": "email"},
        "summaries.*": {"queue": "ai"},
    },
    enable_utc=True,
    timezone="UTC",
    beat_scheduler="zartsalgo.beat:Scheduler",
    beat_max_loop_interval=5,
    beat_schedule={
        # The canaries of the queues are rung by beat's own loop (zartsalgo.beat). Each is an idempotent nudge; none carries local time.
        "poll providers": {"task": "workflows.poll_providers", "schedule": 120.0},
    },
)
# Celery closes Django's connections around every task; a new one costs more than the task (10 ms here). They are kept, and checked instead.
app.conf["CELERY_DB_REUSE_MAX"] = 1_000_000_000
app.autodiscover_tasks(["zartsalgo", "zartsalgo.office", "workflows", "messaging", "portal", "summaries"])


@setup_logging.connect
def _keep_our_logging(**kwargs: object) -> None:
    """Connecting this keeps Celery from replacing the logging of the settings."""


@task_prerun.connect
def _drop_broken_connections(**kwargs: object) -> None:
    """A connection that the database has ended since is dropped before the task, as Django does before a request."""
    from django.db import close_old_connections

    close_old_connections()


@worker_init.connect
@worker_process_init.connect
def _show_progress(**kwargs: object) -> None:
    """The worker, and each child of a forking pool: the watchdog ends what hangs."""
    progress.start(name="worker")


@task_prerun.connect
def _begin_task(**kwargs: object) -> None:
    progress.begin()


@task_postrun.connect
def _end_task(**kwargs: object) -> None:
    progress.end()


class ConsumerMoves(bootsteps.StartStopStep):
    """The loop that takes rings off the queues has to come round, while it is connected: a broker that is away is nobody's hang."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, consumer: Any) -> None:
        if consumer.hub is not None:
            progress.begin()
            consumer.hub.call_repeatedly(progress.PULSE_SECONDS, progress.move)

    def stop(self, consumer: Any) -> None:
        progress.end()


app.steps["consumer"].add(ConsumerMoves)


@worker_init.connect
def _warm_up(**kwargs: object) -> None:
    """The first text must not pay for imports and tables that are read lazily."""
    from messaging.warm import warm_up

    # A step is a hundred short waits for Postgres; while other threads compute, each would wait 5 ms more for its turn.
    sys.setswitchinterval(SWITCH_SECONDS)
    warm_up()


@worker_shutdown.connect
def _bring_calls_home(**kwargs: object) -> None:
    """A call whose process ends is unknown to us, and somebody has to look it up: those under way are waited for."""
    from workflows import engine_thread

    engine_thread.finish()
