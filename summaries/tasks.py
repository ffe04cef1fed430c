"""Celery's door to the room: an id in, one domain call, nothing else."""

import threading
import uuid

from celery import shared_task

from summaries import due, writing
from zartsalgo.lib import clock

# A model may take half a minute; in a pool of threads that also sends texts it must never hold more than these. What finds none free is
# found again by the ticker.
_FREE = threading.BoundedSemaphore(2)


@shared_task(name="summaries.write")
def write(summary_id: str, **_: object) -> None:
    if _FREE.acquire(blocking=False):
        try:
            writing.write(summary_id=uuid.UUID(summary_id), now=clock.read())
        finally:
            _FREE.release()


@shared_task(name="summaries.work_off")
def work_off(**_: object) -> None:
    if _FREE.acquire(blocking=False):
        try:
            due.work_off(now=clock.read())
        finally:
            _FREE.release()
