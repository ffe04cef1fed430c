"""Celery's door to the room: an id in, one domain call, nothing else."""

import uuid

from celery import shared_task

from portal import mail
from zartsalgo.lib import clock


@shared_task(name="portal.send_sign_in_mail")
def send_sign_in_mail(mail_id: str, **_: object) -> None:
    mail.send(mail_id=uuid.UUID(mail_id), now=clock.real_now())
