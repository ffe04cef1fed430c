"""Stopping all sending, and lifting a stop. A stop keeps everything and sends nothing; lifting it judges every held text anew."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from leads.models import Client
from messaging.models import Message, SendStop
from messaging.planning import wake_held
from zartsalgo.lib.doorbell import ring_after_commit

if TYPE_CHECKING:
    from zartsalgo.models import User

WORK_OFF_TASK = "messaging.work_off"
# The gate's own name for its check; a text held by a stop carries it as its reason.
STOPPED = "sending-stopped"
# How old a text may be that was just leaving when a stop was stored.
ON_ITS_WAY = timedelta(days=3)


class NoReason(Exception):
    """A stop without a reason: whoever finds it later could not judge whether it may be lifted."""


def open_stops() -> QuerySet[SendStop]:
    """Stops that hold sending now, the agency-wide one first."""
    return SendStop.objects.select_related("client", "by").filter(lifted_at__isnull=True).order_by(F("client").asc(nulls_first=True), "at")


def stop_sending(*, client: Client | None, reason: str, by: User | None, now: datetime) -> tuple[SendStop, bool]:
    """Close the gate for one client (None: for all) from this commit on. Returns the open stop and whether this call made it.

    One stop is open per scope, by constraint: of two people who press at once the second gets the first one's stop. Raises NoReason.
    """
    words = " ".join(reason.split())[:300]
    if not words:
        raise NoReason("Say why sending stops; whoever lifts it needs to know.")
    try:
        with transaction.atomic():
            return SendStop.objects.create(client=client, reason=words, by=by, at=now), True
    except IntegrityError:
        return open_stops().get(client=client), False


def lift_stop(*, stop: SendStop, by: User | None, now: datetime) -> int | None:
    """Open the gate again and judge what the stop held; returns how many texts that is, None when somebody lifted it before.

    Nothing is released as it was: each text passes every check again, at its own next try. Texts of a client with a stop of its own
    are judged too and stay held by that one.
    """
    with transaction.atomic():
        changed = SendStop.objects.filter(pk=stop.pk, lifted_at__isnull=True).update(lifted_at=now, lifted_by=by)
        if not changed:
            return None
        # One that is due anyway is judged anew, too, so what is told is all that the stop held.
        held = held_by_stop(stop=stop).count()
        wake_held(client=stop.client, reason=STOPPED, now=now)
        ring_after_commit(task=WORK_OFF_TASK)
    return held


def pending_texts(*, client: Client | None) -> QuerySet[Message]:
    """Texts that wait or are held in this scope (None: everywhere), whatever holds them."""
    rows = Message.objects.filter(status__in=Message.PENDING)
    return rows.filter(client=client) if client is not None else rows


def held_by_stop(*, stop: SendStop) -> QuerySet[Message]:
    """Texts that were judged while a stop stood and are held by it."""
    return pending_texts(client=stop.client).filter(status=Message.Status.HELD, reason=STOPPED)


def left_after(*, stop: SendStop) -> QuerySet[Message]:
    """Texts of the scope that the provider took while the stop stood: they were on their way already when it was stored."""
    rows = Message.objects.filter(created_at__gt=stop.at - ON_ITS_WAY, created_at__lte=stop.at, sent_at__gt=stop.at)
    if stop.lifted_at is not None:
        rows = rows.filter(sent_at__lt=stop.lifted_at)
    return rows.filter(client_id=stop.client_id) if stop.client_id is not None else rows
