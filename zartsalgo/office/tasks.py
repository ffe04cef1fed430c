"""Celery's door to the office: an id in, one domain call, nothing else."""

import uuid

from celery import shared_task

from zartsalgo.lib import clock
from zartsalgo.office import portal_outcomes, portal_texts


@shared_task(name="office.take_portal_word")
def take_portal_word(word_id: str, **_: object) -> None:
    portal_outcomes.take(word_id=uuid.UUID(word_id), now=clock.read())


@shared_task(name="office.take_portal_text")
def take_portal_text(word_id: str, **_: object) -> None:
    portal_texts.take(word_id=uuid.UUID(word_id), now=clock.read())
