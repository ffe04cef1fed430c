"""What overtakes a text that is planned: something happened since its cause, so that it has lost its point.

The gate asks at the moment of sending (`check`), resuming asks for all texts that a pause held (`since_cause`, `point_lost`), and what happened
says it at once (`drop`), so that nobody sees a text wait for nothing. All three read the purpose (messaging.purposes.Purpose.overtaken_by).
"""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from leads.events import DECIDED, EVENT_TYPES, TALKED, is_talk
from leads.models import Event, Lead, StageChange
from messaging import claims, purposes, reviews
from messaging.finding import Finding, local
from messaging.models import Message
from messaging.pauses import UNPAUSED
from messaging.planning import SETTLED_TASK
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.lib.slip import DROP, Check, Slip

# The gate's name for its check, and the reason of what is dropped.
CHECK: Final = "overtaken"
# A text that goes at once cannot have been overtaken by a reply or by what staff said.
WAITED: Final = timedelta(minutes=1)
# So many events of one person since one cause say everything that the next could.
MOST_EVENTS: Final = 20

_DROP = f"""
update messaging_message m set status = 'skipped', reason = %(reason)s, says = %(says)s, slip = %(slip)s::jsonb, hold_until = null
 where m.id = any(%(ids)s) and m.status in ('queued', 'held') and {UNPAUSED} and not exists
       (select 1 from messaging_attempt a where a.message_id = m.id and a.outcome in ('reserved', 'calling', 'accepted', 'unknown'))
returning m.id"""


@dataclass(frozen=True, kw_only=True)
class Since:
    """An event since a text's cause, as far as it may overtake the text."""

    type: str
    at: datetime
    facts: dict[str, Any]


def since_cause() -> ArraySubquery:
    """For a query over messages: what happened with the person since the text's cause, oldest first, whatever its purpose.

    Read it with `read_since`.
    """
    types = sorted({kind for purpose in purposes.every() for kind in purpose.overtaken_by})
    cause = Event.objects.filter(pk=OuterRef(OuterRef("cause_event"))).values("occurred_at")
    rows = Event.objects.filter(contact=OuterRef("contact"), type__in=types, occurred_at__gte=Subquery(cause))
    rows = rows.exclude(pk=OuterRef("cause_event")).order_by("occurred_at", "pk")
    return ArraySubquery(rows.values(row=JSONObject(type="type", at="occurred_at", facts="facts"))[:MOST_EVENTS])


def read_since(rows: Iterable[dict[str, Any]]) -> list[Since]:
    """What `since_cause` gave."""
    return [Since(type=row["type"], at=datetime.fromisoformat(row["at"]), facts=row["facts"] or {}) for row in rows]


def point_lost(*, purpose: purposes.Purpose, stage: str, since: Iterable[Since]) -> Since | None:
    """The first event that overtakes a text of this purpose; `stage` is that of its lead, "" without one.

    What was decided counts only where the text's own lead is closed by now: it may have been about another request of the same person.
    """
    for one in since:
        if one.type not in purpose.overtaken_by:
            continue
        if one.type in TALKED and not is_talk(type=one.type, facts=one.facts):
            continue
        if one.type in DECIDED and stage and stage not in Lead.CLOSED:
            continue
        return one
    return None


def words(*, type: str, at: datetime, zone: str) -> str:
    """Why a text has lost its point, as the slip says it."""
    when = local(at, zone)
    if type in TALKED:
        return f"They were reached by phone on {when}, so this text has lost its point."
    return f"“{EVENT_TYPES[type].label}” was reported for {when}, so this text has lost its point."


def check(message: Message, now: datetime) -> Finding:
    """The gate's check. A person who approved a text that waited knew what had happened until then, but not of a call or a booking."""
    if says := reviews.overtaken(message=message):
        return Finding(passed=False, says=says)
    if not message.workflow:
        return Finding(passed=True, says="Written by a person, who knows what happened since.")
    purpose, zone = purposes.of(key=message.purpose), message.client.timezone
    if purpose.overtaken_by and message.cause_event_id is not None:
        stage = message.lead.stage if message.lead else ""
        found = point_lost(
            purpose=purpose, stage=stage, since=_happened(message=message, cause_id=message.cause_event_id, types=purpose.overtaken_by)
        )
        if found is not None:
            says = words(type=found.type, at=found.at, zone=zone)
            return Finding(passed=False, says=says, values=(("event", found.type), ("at", found.at.isoformat())))
    if message.lead is None or now - message.created_at < WAITED:
        return Finding(passed=True, says="It did not wait, so nothing can have overtaken it.")
    known = message.approved_at or message.created_at
    replied = message.lead.replied_at if purpose.overtaken_by_reply else None
    if replied is not None and replied > known:
        says = f"They wrote on {local(replied, zone)}, after this text was planned; a person answers instead."
        return Finding(passed=False, says=says, values=(("replied_at", replied.isoformat()),))
    decided = StageChange.objects.filter(lead=message.lead, at__gt=known, new__in=Lead.CLOSED).order_by("-at").first()
    if decided is not None:
        what = Lead.Stage(decided.new).label.lower()
        says = f"Since {local(decided.at, zone)} the lead is “{what}”, so this text has lost its point."
        return Finding(passed=False, says=says, values=(("stage", decided.new), ("at", decided.at.isoformat())))
    return Finding(passed=True, says="Nothing has overtaken it since it was planned.")


def _happened(*, message: Message, cause_id: uuid.UUID, types: frozenset[str]) -> list[Since]:
    """One statement."""
    cause = Event.objects.filter(pk=cause_id).values("occurred_at")
    rows = Event.objects.filter(contact_id=message.contact_id, type__in=types, occurred_at__gte=Subquery(cause))
    rows = rows.exclude(pk=cause_id).order_by("occurred_at", "pk")
    return [Since(type=kind, at=at, facts=facts) for kind, at, facts in rows.values_list("type", "occurred_at", "facts")[:MOST_EVENTS]]


def drop(*, event: Event, lead: Lead | None, now: datetime) -> list[uuid.UUID]:
    """Drop the person's planned texts that this event overtakes, each with its slip; returns their ids. In the event's transaction, the person locked.

    With a lead only what is about it, or about none. What a pause holds stays: resuming judges it. What is at the provider already cannot
    be held back. One statement where there is nothing to drop.
    """
    if event.contact is None:
        return []
    keys = [purpose.key for purpose in purposes.every() if event.type in purpose.overtaken_by]
    rows = Message.objects.filter(contact=event.contact, client_id=event.client_id, status__in=Message.PENDING, purpose__in=keys)
    rows = rows.exclude(workflow="").filter(
        Q(cause_event__occurred_at__lte=event.occurred_at) | Q(cause_event__isnull=True, created_at__lte=event.occurred_at)
    )
    if lead is not None:
        rows = rows.filter(Q(lead=lead) | Q(lead__isnull=True))
    ids = list(rows.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk", flat=True))
    if not ids:
        return []
    says = words(type=event.type, at=event.occurred_at, zone=event.client.timezone)
    values = {"event": event.type, "at": event.occurred_at.isoformat(), "event_id": str(event.pk)}
    seen = Check(name=CHECK, passed=False, says=says, values=values)
    slip = Slip(verdict=DROP, reason=CHECK, says=says, until=None, checks=(seen,), made_at=now)
    # A new look, now that they are locked: a try that was reserved while we waited for the lock is seen by this statement only.
    with connection.cursor() as cursor:
        cursor.execute(_DROP, {"ids": ids, "reason": CHECK, "says": says[:500], "slip": json.dumps(slip.as_json())})
        dropped = [row[0] for row in cursor.fetchall()]
    for id in dropped:
        claims.release(holder=id, now=now)
        ring_after_commit(task=SETTLED_TASK, id=str(id))
    return dropped
