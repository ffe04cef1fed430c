"""The watch: what nobody rings for. The ticker reads it every half minute; each rule is one or two statements while all is well.

First what time alone makes due (pauses that end, incidents that are proven well, holds that nothing holds any more), then every breaker.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database

from leads.models import Client, Desk
from messaging.models import Message
from messaging.pauses import Scope
from providers import adapters, refusals
from providers.models import Connection
from workflows import breakers, incidents, resuming
from workflows.answer import workflow_name
from workflows.models import BreakerReading, Run

log = logging.getLogger(__name__)


def watch(*, now: datetime) -> int:
    """Every rule once, after what time alone makes due. Returns how much was done.

    A rule that breaks does not keep the others from being read.
    """
    done = 0
    for rule in (resuming.lift_due, incidents.close_verified, resuming.wake_forgotten, *RULES):
        try:
            done += rule(now=now)
        except Exception:
            log.exception("watch: %s broke", rule.__name__)
    return done


_UNREPORTED = """
select c.id, array(select m.status from messaging_message m where m.client_id = c.client_id and m.connection_id = c.id
                      and m.created_at between %(from)s and %(to)s and m.sent_at between %(from)s and %(to)s
                    order by m.created_at desc limit 20),
       exists(select 1 from messaging_message d where d.client_id = c.client_id and d.connection_id = c.id and d.status = 'delivered'
                 and d.created_at > %(normal)s)
  from providers_connection c where c.live and c.disabled_at is null"""


def _watch_reports(*, now: datetime) -> int:
    times = {
        "from": now - breakers.LIMITS.report_window,
        "to": now - breakers.LIMITS.report_after,
        "normal": now - breakers.LIMITS.normal_within,
    }
    with database.cursor() as cursor:
        cursor.execute(_UNREPORTED, times)
        silent = [way for way, statuses, normal in cursor.fetchall() if normal and breakers.is_silent(statuses)]
    tripped = 0
    for connection in Connection.objects.select_related("client").filter(pk__in=silent):
        since = breakers.since_release(breaker="no-reports", subject=connection.pk, now=now, window=breakers.LIMITS.report_window)
        sent = Message.objects.filter(
            connection=connection, client=connection.client_id, created_at__gt=since, sent_at__range=(since, times["to"])
        )
        statuses = list(sent.order_by("-created_at").values_list("status", flat=True)[:20])
        if not breakers.is_silent(statuses):
            continue
        name = adapters.load(connection.provider).label
        breakers.trip(
            breaker="no-reports",
            subject=str(connection.pk),
            scope=Scope(client=connection.client, connection=connection),
            title=f"No delivery reports from {name} for {connection.client}",
            reason=f"{len(statuses)} texts were accepted more than 30 minutes ago and none was reported, though reports came before.",
            rollback="Look in the provider's console whether they arrived; call the people whose text did not.",
            now=now,
        )
        tripped += 1
    return tripped


_BURSTS = """
select client_id, workflow, contact_id, count(*) from workflows_run where created_at > %s and contact_id is not null
 group by grouping sets ((client_id, workflow), (client_id, workflow, contact_id)) having count(*) > %s"""


def _watch_runs(*, now: datetime) -> int:
    """Loops (one person, many runs) and surges (many people, one workflow)."""
    tripped = 0
    with database.cursor() as cursor:
        cursor.execute(_BURSTS, [now - timedelta(hours=1), breakers.LIMITS.runs_per_person])
        loops = [row for row in cursor.fetchall() if row[2] is not None]
        cursor.execute(_BURSTS, [now - breakers.LIMITS.within, breakers.LIMITS.leads_per_burst])
        surges = [row for row in cursor.fetchall() if row[2] is None]
    for client_id, workflow, contact_id, _ in loops:
        since = breakers.since_release(breaker="loop", subject=contact_id, now=now, window=timedelta(hours=1))
        count = _runs_since(since, client_id=client_id, workflow=workflow, contact_id=contact_id)
        if count > breakers.LIMITS.runs_per_person:
            breakers.stop_person(
                breaker="loop", client_id=client_id, contact_id=contact_id, lead_id=None, workflow=workflow, count=count, now=now
            )
            tripped += 1
    for client_id, workflow, _, _ in surges:
        since = breakers.since_release(breaker="surge", subject=f"{client_id}:{workflow}", now=now, window=breakers.LIMITS.within)
        count = _runs_since(since, client_id=client_id, workflow=workflow) - _runs_of_flooded(since, client_id=client_id, workflow=workflow)
        if count > breakers.LIMITS.leads_per_burst:
            client = Client.objects.get(pk=client_id)
            breakers.trip(
                breaker="surge",
                subject=f"{client_id}:{workflow}",
                scope=Scope(client=client, workflow=workflow),
                title=f"A flood of requests for {client}",
                reason=f"{workflow_name(key=workflow)} started {count} times within ten minutes. It may be spam; nobody is texted until a person has looked.",
                rollback="Mark what is spam as not a lead; texts that have gone cannot be called back.",
                desk=Desk.LEAD_OPS,
                now=now,
            )
            tripped += 1
    return tripped


_FLOODED = """
select count(*) from workflows_run r join leads_event e on e.id = r.event_id join providers_delivery d on d.id = e.delivery_id
 where r.client_id = %(client)s and r.workflow = %(workflow)s and r.created_at > %(since)s
   and d.connection_id in (select f.connection_id from providers_delivery f join providers_aside a on a.delivery_id = f.id
                            where a.reason = 'flood' and (f.received_at > %(since)s or a.decided_at > %(since)s))"""


def _runs_of_flooded(since: datetime, *, client_id: int, workflow: str) -> int:
    """Runs from hooks whose flood is put aside, or was just released by a person: that is seen to, and no reason to stop the others."""
    with database.cursor() as cursor:
        cursor.execute(_FLOODED, {"client": client_id, "workflow": workflow, "since": since})
        return int(cursor.fetchone()[0])


def _runs_since(since: datetime, **chosen: Any) -> int:
    return Run.objects.filter(created_at__gt=since, **chosen).count()


def _forget_refusals(*, now: datetime) -> int:
    refusals.forget_old()
    return 0


_POISONED = """
select distinct d.connection_id from providers_delivery d
 where d.state = 'poison' and d.received_at > clock_timestamp() - interval '1 hour' limit 50"""
_DELIVERIES = """
select state, extract(epoch from received_at) * 1000000 from providers_delivery
 where connection_id = %s and received_at > clock_timestamp() - interval '1 hour' and state not in ('received', 'aside')
   and received_at > to_timestamp(%s / 1000000.0)
 order by received_at desc limit 50"""


def _watch_mappings(*, now: datetime) -> int:
    """Deliveries that are not understood any more: the provider changed its form, or a form its fields."""
    tripped = 0
    with database.cursor() as cursor:
        cursor.execute(_POISONED)
        ways = [row[0] for row in cursor.fetchall()]
    for connection in Connection.objects.select_related("client").filter(pk__in=ways):
        judged = BreakerReading.objects.filter(breaker="drift", subject=str(connection.pk)).values_list("value", flat=True).first() or 0
        with database.cursor() as cursor:
            cursor.execute(_DELIVERIES, [connection.pk, judged])
            rows = cursor.fetchall()
        states = [row[0] for row in rows]
        if not breakers.is_drifting(states):
            continue
        name = adapters.load(connection.provider).label
        poison = states.count("poison")
        breakers.trip(
            breaker="drift",
            subject=str(connection.pk),
            scope=Scope(client=connection.client, connection=connection),
            title=f"{name} for {connection.client} is not understood any more",
            reason=f"{poison} of the last {len(states)} deliveries could not be read. They are kept and can be read again after a fix.",
            rollback="Nothing has to be taken back: what was not understood has done nothing. Read it again once the reader is mended.",
            desk=Desk.DATA_OPS,
            signs=poison,
            now=now,
        )
        breakers.keep_reading(breaker="drift", subject=str(connection.pk), value=int(max(row[1] for row in rows)), now=now)
        tripped += 1
    return tripped


RULES = (breakers.look_at_failures, _watch_reports, _watch_runs, _forget_refusals, _watch_mappings)
