"""Breakers: rules that stop by themselves what a person would stop if they were looking. A tripped breaker opens an incident.

Each breaker is a pure rule over a few numbers, with its thresholds in LIMITS, and a reader that gets those numbers from rows. They are
read where a failure was written (`look_at_failure`), after a text was settled (`look_after_texts`, one statement), and all of them every
half minute by the ticker (workflows.watching), so a lost ring costs half a minute and nothing else. Nothing here runs before a text leaves.
Wrong signatures pause nothing: anybody can send them (providers.refusals; zartsalgo.office.operations.causes alerts).

breaker        trips when                                                                    pauses
credentials    the provider refuses our account, once                                        the connection
failing        3 definite failures in a row, or half of 6 and more within 10 minutes         the connection
no-reports     5 texts and more older than 30 minutes, none reported, where reports came     the connection
runaway        more than 4 automatic texts to a person in 24 hours                           the lead
hourly-limit   more texts of a client in an hour than settings.TEXTS_PER_HOUR                the client
loop           more than 12 runs for a person in an hour: something causes itself            the person's newest lead
surge          more leads of a client in 10 minutes than a fifth of its hourly texts,        the client and workflow
               those of hooks whose flood is put aside not counted
drift          5 and more deliveries not understood in an hour, half of all                  the connection
clock          the database's clock jumps by more than 2 minutes (workflows.clock_watch)     everything
"""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection as database

from leads.models import Client, Desk, Lead
from messaging.models import Message
from messaging.outbox.answers import CREDENTIAL_CODES, RETRY_CODES
from messaging.pauses import Scope
from providers import adapters
from providers.models import Connection
from workflows import incidents
from workflows.models import BreakerReading, Incident

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """All thresholds of this module in one place. Counts are "this many", times are windows that end now."""

    in_a_row: int = 3
    share_of: int = 6
    failed_share: float = 0.5
    within: timedelta = timedelta(minutes=10)
    unreported: int = 5
    report_after: timedelta = timedelta(minutes=30)
    report_window: timedelta = timedelta(hours=6)
    normal_within: timedelta = timedelta(days=7)
    per_person_a_day: int = 4
    runs_per_person: int = 12
    poison: int = 5
    poison_share: float = 0.5

    @property
    def texts_per_hour(self) -> int:
        return int(settings.TEXTS_PER_HOUR)

    @property
    def leads_per_burst(self) -> int:
        return max(60, self.texts_per_hour // 5)


LIMITS = Limits()
# How the record names who opened it.
WHO = "Safety check"


@dataclass(frozen=True, kw_only=True)
class Try:
    """How one try ended: accepted, failed (definitely, and not because of the recipient), refused (our account), other."""

    id: int
    kind: str
    note: str = ""


def is_failing(tries: Sequence[Try], *, limits: Limits = LIMITS) -> bool:
    """Newest first. Tries that prove nothing about the provider (unknown, a bad number) neither help nor hurt."""
    told = [one.kind == "failed" for one in tries if one.kind in ("failed", "accepted")]
    row = next((n for n, failed in enumerate(told) if not failed), len(told))
    share = len(told) >= limits.share_of and sum(told) / len(told) >= limits.failed_share
    return row >= limits.in_a_row or share


def is_silent(statuses: Sequence[str], *, limits: Limits = LIMITS) -> bool:
    """States of the newest texts that should be reported by now: all of them only accepted."""
    return len(statuses) >= limits.unreported and all(status == Message.Status.SENT for status in statuses)


def is_drifting(states: Sequence[str], *, limits: Limits = LIMITS) -> bool:
    """States of a connection's newest deliveries: many not understood."""
    poison = sum(state == "poison" for state in states)
    return poison >= limits.poison and poison / len(states) >= limits.poison_share


# The newest tries of one way, newest first; a way is a client's connection, or its simulator's phone.
_TRIES = """
select a.id, a.outcome, a.error_code, coalesce(a.http_status, 0), a.note
  from messaging_attempt a join messaging_message m on m.id = a.message_id
 where a.finished_at > clock_timestamp() - %(seconds)s * interval '1 second' and a.id > %(after)s and a.outcome in ('accepted', 'rejected')
   and m.client_id = %(client)s and m.connection_id is not distinct from %(connection)s
 order by a.finished_at desc, a.id desc limit 50"""
_FAILING_WAYS = """
select distinct m.client_id, m.connection_id
  from messaging_attempt a join messaging_message m on m.id = a.message_id
 where a.finished_at > clock_timestamp() - %s * interval '1 second' and a.outcome = 'rejected' limit 100"""


def look_at_failure(*, message_id: uuid.UUID, now: datetime) -> Incident | None:
    """A try of this text has failed: has its provider? Called after the failure is written."""
    message = Message.objects.select_related("client", "connection").filter(pk=message_id).first()
    return _look_at_way(client=message.client, connection=message.connection, now=now) if message else None


def _look_at_way(*, client: Client, connection: Connection | None, now: datetime) -> Incident | None:
    way = str(connection.pk) if connection else f"simulator:{client.pk}"
    judged = BreakerReading.objects.filter(breaker="tries", subject=way).values_list("value", flat=True).first() or 0
    tries = _tries(client_id=client.pk, connection_id=connection.pk if connection else None, after=judged)
    if not tries:
        return None
    name = adapters.load(connection.provider).label if connection else "The simulated provider"
    refused = next((one for one in tries if one.kind == "refused"), None)
    failed = [one for one in tries if one.kind == "failed"]
    scope = Scope(client=client, connection=connection) if connection else Scope(client=client, channel="sms")
    if refused is not None:
        incident = trip(
            breaker="credentials",
            subject=way,
            scope=scope,
            title=f"{name} does not accept the account of {client}",
            reason=f"{name} does not accept the account: {refused.note} No text is lost; they wait.",
            rollback="Put the account or its credentials right. Nothing has to be taken back: the provider created none of these texts.",
            signs=sum(one.kind == "refused" for one in tries),
            now=now,
        )
    elif is_failing(tries):
        incident = trip(
            breaker="failing",
            subject=way,
            scope=scope,
            title=f"{name} does not take texts of {client}",
            reason=f"{len(failed)} of the last {len(tries)} tries failed before anything was created. Last: {failed[0].note}",
            rollback="Nothing has to be taken back: the provider created none of these texts. They wait and are judged anew.",
            signs=len(failed),
            now=now,
        )
    else:
        return None
    # Each failure is counted for one incident only; what comes after a release is judged afresh.
    keep_reading(breaker="tries", subject=way, value=max(one.id for one in tries), now=now)
    return incident


def _tries(*, client_id: int, connection_id: uuid.UUID | None, after: int) -> list[Try]:
    with database.cursor() as cursor:
        cursor.execute(_TRIES, {"seconds": LIMITS.within.total_seconds(), "after": after, "client": client_id, "connection": connection_id})
        return [
            Try(id=row[0], kind=_kind(outcome=row[1], code=row[2], status=row[3]), note=row[4].removeprefix("not sent: "))
            for row in cursor.fetchall()
        ]


def _kind(*, outcome: str, code: str, status: int) -> str:
    if outcome == "accepted":
        return "accepted"
    if code in CREDENTIAL_CODES or status == 401:
        return "refused"
    return "failed" if code in RETRY_CODES or status == 429 or status >= 500 else "other"


def trip(
    *,
    breaker: str,
    subject: str,
    scope: Scope,
    title: str,
    reason: str,
    now: datetime,
    rollback: str = incidents.NOTHING_TO_TAKE_BACK,
    desk: str = Desk.OPERATIONS,
    signs: int = 1,
) -> Incident:
    incident, opened = incidents.open_incident(
        scope=scope, cause=_cause(breaker, subject), title=title, reason=reason, now=now, opened_by=WHO, breaker=breaker, desk=desk,
        rollback=rollback, signs=signs,
    )  # fmt: skip
    if opened:
        log.warning("breaker %s tripped: incident %s", breaker, incident.pk)
    return incident


def _cause(breaker: str, subject: object) -> str:
    return f"{breaker}:{subject}"


def since_release(*, breaker: str, subject: object, now: datetime, window: timedelta) -> datetime:
    """Where a window starts: what the last incident of this cause was released with does not count again."""
    released = incidents.latest_release(cause=_cause(breaker, subject))
    return max(now - window, released) if released else now - window


def keep_reading(*, breaker: str, subject: str, value: int, now: datetime) -> None:
    BreakerReading.objects.update_or_create(breaker=breaker, subject=subject[:80], defaults={"value": value, "at": now})


# How many automatic texts the person of a text got in a day, and its client in an hour; bounded, both by index, and each client is counted
# once however many of its texts are asked about. And whether an incident waits for its proof.
_COUNTS = """
with asked as materialized (select id, client_id, contact_id, lead_id, workflow from messaging_message where id = any(%(ids)s)),
     clients as materialized (
  select client_id, (select count(*) from (select 1 from messaging_message c where c.client_id = a.client_id and c.created_at > %(hour)s
                                              and c.sent_at > %(hour)s limit %(client)s) b) as sent
    from (select distinct client_id from asked) a)
select m.client_id, m.contact_id, m.lead_id, m.workflow,
       (select count(*) from (select 1 from messaging_message p where p.contact_id = m.contact_id and p.created_at > %(day)s
                                 and p.sent_at > %(day)s and p.workflow <> '' limit %(person)s) a),
       clients.sent,
       exists(select 1 from workflows_incident where closed_at is null and status = 'verifying')
  from asked m join clients using (client_id) order by m.id"""


def look_after_texts(*, message_ids: Sequence[uuid.UUID], now: datetime) -> list[Incident]:
    """After texts were settled: does one of these people, or clients, get more than anybody wanted, and does it prove an incident well?
    Returns the incidents that came of it.

    One statement while all is well.
    """
    limits = LIMITS
    with database.cursor() as cursor:
        cursor.execute(
            _COUNTS,
            {
                "ids": list(message_ids),
                "day": now - timedelta(days=1),
                "hour": now - timedelta(hours=1),
                "person": limits.per_person_a_day + 1,
                "client": limits.texts_per_hour + 1,
            },
        )
        rows = cursor.fetchall()
    if any(verifying for *_, verifying in rows):
        incidents.close_verified(now=now)
    found: dict[uuid.UUID, Incident | None] = {}
    for client_id, contact_id, lead_id, workflow, to_person, _, _ in rows:
        if to_person > limits.per_person_a_day and workflow and contact_id not in found:
            found[contact_id] = _stop_runaway(client_id=client_id, contact_id=contact_id, lead_id=lead_id, workflow=workflow, now=now)
    busy = {row[0] for row in rows if row[5] > limits.texts_per_hour and found.get(row[1]) is None}
    return [
        one for one in (*found.values(), *(_stop_client(client_id=client_id, now=now) for client_id in sorted(busy))) if one is not None
    ]


def _stop_runaway(*, client_id: int, contact_id: uuid.UUID, lead_id: uuid.UUID | None, workflow: str, now: datetime) -> Incident | None:
    since = since_release(breaker="runaway", subject=contact_id, now=now, window=timedelta(days=1))
    sent = Message.objects.filter(contact_id=contact_id, sent_at__gt=since, workflow__gt="").count()
    if sent <= LIMITS.per_person_a_day:
        return None
    return stop_person(
        breaker="runaway", client_id=client_id, contact_id=contact_id, lead_id=lead_id, workflow=workflow, count=sent, now=now
    )


def _stop_client(*, client_id: int, now: datetime) -> Incident | None:
    since = since_release(breaker="hourly-limit", subject=client_id, now=now, window=timedelta(hours=1))
    if Message.objects.filter(client_id=client_id, sent_at__gt=since, created_at__gt=since).count() <= LIMITS.texts_per_hour:
        return None
    client = Client.objects.get(pk=client_id)
    return trip(
        breaker="hourly-limit",
        subject=str(client_id),
        scope=Scope(client=client),
        title=f"{client} has reached its hourly limit of texts",
        reason=f"More than {LIMITS.texts_per_hour} texts went out for {client} within an hour. Look whether that is wanted.",
        rollback="Texts that have gone cannot be called back; look whom they went to, and answer who asks.",
        now=now,
    )


def stop_person(
    *, breaker: str, client_id: int, contact_id: uuid.UUID, lead_id: uuid.UUID | None, workflow: str, count: int, now: datetime
) -> Incident:
    """The narrowest scope that is there: the lead; a person without one is held with the workflow that writes to them."""
    client = Client.objects.get(pk=client_id)
    leads = Lead.objects.select_related("contact", "client").filter(contact_id=contact_id)
    lead = (leads.filter(pk=lead_id).first() if lead_id else None) or leads.order_by("-created_at").first()
    scope = Scope(client=client, lead=lead) if lead else Scope(client=client, workflow=workflow)
    what = f"{count} automatic texts within a day" if breaker == "runaway" else f"{count} runs within an hour"
    return trip(
        breaker=breaker,
        subject=str(contact_id),
        scope=scope,
        title=f"Too much at once for {lead.contact if lead else 'one person'} ({client})",
        reason=f"{what} for one person. Something repeats itself.",
        rollback="Texts that have gone cannot be called back; a person looks at the thread and answers.",
        desk=Desk.AUTOMATION_OPS,
        now=now,
    )


def look_at_failures(*, now: datetime) -> int:
    """Every way that failed lately, for rings that were lost. Returns how many tripped."""
    with database.cursor() as cursor:
        cursor.execute(_FAILING_WAYS, [LIMITS.within.total_seconds()])
        ways = cursor.fetchall()
    if not ways:
        return 0
    clients = Client.objects.in_bulk([client_id for client_id, _ in ways])
    connections = Connection.objects.in_bulk([way for _, way in ways if way])
    found = [_look_at_way(client=clients[client_id], connection=connections.get(way), now=now) for client_id, way in ways]
    return sum(incident is not None for incident in found)
