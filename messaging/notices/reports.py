"""What is heard of an alert by text after its call: the carrier's report, and the provider's own list where no answer came."""

import logging
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from leads.models import Client
from messaging.models import Notice
from messaging.notices import choosing, telling, words
from messaging.outbox.reports import RANK, aware
from messaging.provider_ids import spoken_for
from providers import adapters
from providers.connections import credentials

log = logging.getLogger(__name__)

ARRIVED = ("delivered", "read")
LOST = ("failed", "undelivered", "canceled")
# How far the provider's clock may be from ours, before and after a call (as in messaging.outbox.lookups.look_up).
EARLIER, LATER = timedelta(seconds=120), timedelta(seconds=600)


def record_status(*, client: Client, facts: Mapping[str, Any], now: datetime) -> str:
    """A status callback about no text to a customer: about an alert, by our id in its address or else by the provider's. In words."""
    provider_id, status = str(facts.get("provider_id") or ""), str(facts.get("status") or "")
    notice = _about(client=client, ours=str(facts.get("message_id") or ""), provider_id=provider_id)
    if notice is None:
        return "message.status: of no message of ours."
    if provider_id and not notice.provider_id:
        adopt(notice=notice, provider_id=provider_id, at=now)
    new = _record(notice_id=notice.pk, provider_id=provider_id, status=status, code=str(facts.get("error_code") or ""), now=now)
    return f"message.status: {status}, of an alert." if new else "message.status: nothing new of an alert."


def _about(*, client: Client, ours: str, provider_id: str) -> Notice | None:
    rows = Notice.objects.filter(client=client)
    try:
        return rows.filter(pk=uuid.UUID(ours)).first()
    except ValueError:
        return rows.filter(provider_id=provider_id).first() if provider_id else None


def adopt(*, notice: Notice, provider_id: str, at: datetime) -> bool:
    """The provider has this alert, whatever became of the answer: they were told `at`. False when it is told already or another's id."""
    open_ones = (*Notice.UNTRIED, Notice.Status.CALLING, Notice.Status.UNKNOWN)
    with transaction.atomic():
        row = telling.lock(notice_id=notice.pk, status__in=open_ones)
        if row is None or spoken_for(connection=row.connection, ids=[provider_id[:64]], but=row):
            return False
        row.provider_id = provider_id[:64]
        telling.told(notice=row, at=at)
        return True


def _record(*, notice_id: uuid.UUID, provider_id: str, status: str, code: str, now: datetime) -> bool:
    """Statuses only move forward: reports repeat and come out of order. What did not arrive makes room for the next way or person."""
    with transaction.atomic():
        row = telling.lock(notice_id=notice_id, status=Notice.Status.SENT)
        if row is None or row.provider_id != provider_id or RANK.get(status, -1) <= RANK.get(row.provider_status, -1):
            return False
        row.provider_status, row.error_code = status[:30], (code or row.error_code)[:20]
        if status in ARRIVED:
            row.says = "Delivered to the phone."
        if status in LOST:
            known = adapters.load(row.connection.provider).explain_error(code=code) if row.connection and code else ""
            row.status, row.reason = Notice.Status.UNDELIVERED, "not-delivered"
            row.says, row.pass_on_at = (known or "The carrier did not deliver it.")[:400], None
        row.save(update_fields=["provider_status", "error_code", "status", "reason", "says", "pass_on_at"])
        if status in LOST:
            _go_on(notice=row, now=now)
    return True


def _go_on(*, notice: Notice, now: datetime) -> None:
    handover = notice.handover
    if handover is None:
        # The test proved nothing after all, unless another one did since.
        notice.client.responders.filter(pk=notice.responder_id or 0, tested_at=notice.sent_at).update(tested_at=None)
        return
    since = choosing.first_told_at(cause=notice.cause, handover=handover)
    seen_to = choosing.taken_by(cause=notice.cause, lead=handover.lead, since=since)
    if not seen_to and not choosing.is_overtaken(notice=notice):
        telling.take_next_way(notice=notice, now=now)


def look_up(*, notice: Notice, now: datetime) -> None:
    """Ask the provider's list for an alert without an answer: the one text that fits is it; after the last look the next way is taken."""
    if notice.status != Notice.Status.UNKNOWN or notice.look_at is None or notice.deadline_at is None:
        return
    _, body = words.of_notice(notice=notice)
    early = notice.deadline_at - timedelta(seconds=telling.DEADLINE_SECONDS) - EARLIER
    try:
        fits = [row for row in _listed(notice=notice, since=early) if row["body"] == body]
    except Exception as error:  # a list that cannot be read proves nothing
        log.warning("look-up of notice %s failed: %s", notice.pk, type(error).__name__)
        fits = []
    fits = [row for row in fits if early <= aware(row["created_at"]) <= notice.deadline_at + LATER]
    taken = spoken_for(connection=notice.connection, ids=[row["provider_id"] for row in fits], but=notice)
    fits = [row for row in fits if row["provider_id"] not in taken]
    if len(fits) == 1 and adopt(notice=notice, provider_id=fits[0]["provider_id"], at=now):
        _record(notice_id=notice.pk, provider_id=fits[0]["provider_id"], status=fits[0]["status"], code="", now=now)
        return
    with transaction.atomic():
        row = telling.lock(notice_id=notice.pk, status=Notice.Status.UNKNOWN, look_at=notice.look_at)
        if row is not None:
            telling.not_found(notice=row, now=now)


def _listed(*, notice: Notice, since: datetime) -> list[Mapping[str, Any]]:
    assert notice.connection is not None  # only what went over one is looked up
    opened = credentials(connection=notice.connection)
    return adapters.load(notice.connection.provider).find_sent(credentials=opened, to=notice.address, sender=notice.sender, since=since)
