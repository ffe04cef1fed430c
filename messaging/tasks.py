"""Celery's door to the room: an id in, one domain call, nothing else."""

import uuid

from celery import shared_task

from messaging import photos
from messaging.notices import telling
from zartsalgo.lib import clock


@shared_task(name="messaging.tell")
def tell(notice_id: str, **_: object) -> None:
    telling.tell(notice_id=uuid.UUID(notice_id), now=clock.read())


@shared_task(name="messaging.fetch_photo")
def fetch_photo(photo_id: str, **_: object) -> None:
    photos.fetch(photo_id=uuid.UUID(photo_id), now=clock.read())
