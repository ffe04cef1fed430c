"""Celery's door to the room: an id in, one domain call, nothing else. What works on rows is handed to the process's one engine thread."""

import uuid

from celery import shared_task

from messaging import due as messaging_due
from workflows import breakers, due, engine_thread, polling
from zartsalgo.lib import clock


@shared_task(name="workflows.drain")
def drain(**_: object) -> None:
    engine_thread.hand(task="workflows.drain")


@shared_task(name="workflows.advance")
def advance(run_id: str, **_: object) -> None:
    engine_thread.hand(task="workflows.advance", id=run_id)


@shared_task(name="workflows.advance_due")
def advance_due(**_: object) -> None:
    for run_id in due.due_runs(now=clock.read()):
        engine_thread.hand(task="workflows.advance", id=str(run_id))


@shared_task(name="workflows.message_settled")
def message_settled(message_id: str, **_: object) -> None:
    engine_thread.hand(task="workflows.message_settled", id=message_id)


@shared_task(name="messaging.send_sms")
def send_sms(message_id: str, **_: object) -> None:
    engine_thread.hand(task="messaging.send_sms", id=message_id)


@shared_task(name="messaging.work_off")
def work_off_messaging(**_: object) -> None:
    now = clock.read()
    for message_id in messaging_due.due_messages(now=now):
        engine_thread.hand(task="messaging.send_sms", id=str(message_id))
    messaging_due.look_after(now=now)


@shared_task(name="workflows.summary_settled")
def summary_settled(run_id: str, **_: object) -> None:
    due.summary_settled(run_id=uuid.UUID(run_id), now=clock.read())


@shared_task(name="workflows.sending_failed")
def sending_failed(message_id: str, **_: object) -> None:
    breakers.look_at_failure(message_id=uuid.UUID(message_id), now=clock.read())


@shared_task(name="workflows.poll_providers")
def poll_providers(**_: object) -> None:
    polling.poll_all(now=clock.read())
