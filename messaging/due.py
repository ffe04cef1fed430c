"""What messaging has to do by now, whatever rang or did not ring."""

import uuid
from datetime import datetime

from messaging import photos, talks
from messaging.models import Message, Notice
from messaging.notices import reports, telling
from messaging.outbox import lookups, sending
from zartsalgo.lib import clock


def work_off(*, now: datetime, limit: int = 100) -> int:
    """Try due messages, and see to everything else (`look_after`). Returns how many rows were touched."""
    ids = due_messages(now=now, limit=limit)
    sending.send_all(message_ids=ids, now=now)
    return len(ids) + look_after(now=now, limit=limit)


def due_messages(*, now: datetime, limit: int = 100) -> list[uuid.UUID]:
    """The messages that are due, the oldest first. Others may take some of them meanwhile."""
    due = Message.objects.filter(status__in=Message.PENDING, due_at__lte=now).order_by("due_at", "pk").values_list("pk", flat=True)
    return list(due[:limit])


def look_after(*, now: datetime, limit: int = 100) -> int:
    """Look up unknown messages, end calls whose worker died; tell people, and of late answers; fetch and expire pictures.

    Returns how many rows were touched.
    """
    touched = lookups.expire_calling(now=now)
    unknown = Message.objects.select_related("connection", "client", "contact", "lead").filter(
        status=Message.Status.UNKNOWN, due_at__lte=now
    )
    for message in list(unknown.order_by("due_at")[:limit]):
        lookups.look_up(message=message, now=now)
        touched += 1
    touched += talks.escalate_overdue(now=now, limit=limit) + photos.work_off(now=now)
    return touched + _tell_people(now=now, limit=limit)


def _tell_people(*, now: datetime, limit: int) -> int:
    """Alerts to the businesses' own people: due ones, calls whose worker died or got no answer, leads that nobody has taken in time."""
    touched = telling.expire_calling(now=now) + telling.pass_on_due(now=now, limit=limit)
    unknown = Notice.objects.select_related("client", "handover", "responder", "connection").filter(look_at__lte=now)
    for notice in list(unknown.order_by("look_at")[:limit]):
        reports.look_up(notice=notice, now=now)
        touched += 1
    due = Notice.objects.filter(status__in=Notice.PENDING, due_at__lte=now).order_by("due_at").values_list("pk", flat=True)
    for notice_id in list(due[:limit]):
        telling.tell(notice_id=notice_id, now=clock.read())
        touched += 1
    return touched
