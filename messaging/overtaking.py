"""What overtakes texts that are planned: something happened since their cause, so that they have lost their point.

The gate asks at the moment of sending (messaging.gate.checks.overtaken), resuming asks for all texts that a pause held (`since_cause`), and
what happened says it at once (`drop`), so that nobody sees a text wait for nothing.
"""

import json
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from leads.models import Event, Lead
from messaging import dedupe, purposes, slips
from messaging.gate.checks.overtaken import CHECK, words
from messaging.gate.facts import Since
from messaging.gate.reads.overtaking import MOST_EVENTS
from messaging.models import Message
from messaging.pauses import UNPAUSED
from messaging.planning import SETTLED_TASK
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.lib.ids import new_id
from zartsalgo.lib.slip import DROP, Check, Slip

# Each that is dropped gets a slip of its own, which says the same.
_DROP = f"""
with dropped as (
  update messaging_message m set status = 'skipped', reason = %(reason)s, says = %(says)s, newest_slip_id = r.slip, hold_until = null
    from json_to_recordset(%(rows)s::json) as r (message uuid, slip uuid)
   where m.id = r.message and m.status in ('queued', 'held') and {UNPAUSED} and not exists
         (select 1 from messaging_attempt a where a.message_id = m.id and a.outcome in ('reserved', 'calling', 'accepted', 'unknown'))
  returning r.message, r.slip),
kept as ({slips.INSERT} from dropped cross join (select %(found)s::jsonb as found) f)
select message from dropped"""


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
        given = json.dumps([{"message": str(id), "slip": str(new_id())} for id in ids])
        cursor.execute(_DROP, {"rows": given, "reason": CHECK, "says": says[:500], "found": json.dumps(slip.as_json())})
        dropped = [row[0] for row in cursor.fetchall()]
    dedupe.release(holders=dropped, now=now)
    for id in dropped:
        ring_after_commit(task=SETTLED_TASK, id=str(id))
    return dropped
