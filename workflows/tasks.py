"""Celery's door to the room: an id in, one domain call, nothing else."""

import uuid

from celery import shared_task

from workflows import breakers, due, engine, intake, polling
from zartsalgo.lib import clock


@shared_task(name="workflows.drain")
def drain(**_: object) -> None:
    intake.drain(now=clock.read())


@shared_task(name="workflows.advance")
def advance(run_id: str, **_: object) -> None:
    engine.advance(run_id=uuid.UUID(run_id), now=clock.read())


@shared_task(name="workflows.message_settled")
def message_settled(message_id: str, **_: object) -> None:
    due.message_settled(message_id=uuid.UUID(message_id), now=clock.read())


@shared_task(name="workflows.summary_settled")
def summary_settled(run_id: str, **_: object) -> None:
    due.summary_settled(run_id=uuid.UUID(run_id), now=clock.read())


@shared_task(name="workflows.sending_failed")
def sending_failed(message_id: str, **_: object) -> None:
    breakers.look_at_failure(message_id=uuid.UUID(message_id), now=clock.read())


@shared_task(name="workflows.poll_providers")
def poll_providers(**_: object) -> None:
    polling.poll_all(now=clock.read())
