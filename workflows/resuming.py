"""Resuming after a pause: every held text is judged anew, counted first, then let go at a rate, dropped, or left to a person.

`judge` answers for each text what the gate would say with this pause away: still right, no longer right and why, or waits for a person.
It is one statement however many texts are held. `release` lifts the pause and does it, once; the gate judges every text again at its turn,
so nothing goes on the strength of this plan alone.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db import connection as database
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from leads import people
from leads.actions import create_task
from leads.models import Automation, Client, Contact, Desk, Identity, Lead, StageChange, Task
from messaging import gate, overtaking, pauses, purposes, talks
from messaging.gate.checks import overtaken
from messaging.models import Conversation, ListedSend, Message, Pause, PurposeClaim, Suppression, Template
from workflows import incidents
from workflows.models import Incident, IncidentItem
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.lib.phone import sayable

if TYPE_CHECKING:
    from zartsalgo.models import User

RIGHT, STALE, ASK, HELD = (
    IncidentItem.Judgement.RIGHT,
    IncidentItem.Judgement.STALE,
    IncidentItem.Judgement.ASK,
    IncidentItem.Judgement.HELD,
)
# Texts a minute when nobody has chosen: a provider that has just recovered is not flooded.
PER_MINUTE = 30
MOST_PER_MINUTE = 600
CALL_WITHIN = timedelta(minutes=15)
# What is dropped for these reasons leaves a person without an answer, so somebody calls; for the others there is nobody to call or
# somebody has them already.
CALL_FOR = ("too-late", "too-old")

_RELEASE = """
update messaging_message m set status = 'queued', reason = 'released', due_at = v.due_at, hold_until = null,
       says = 'Released after a pause; the gate judges it at its turn.'
  from (select unnest(%(ids)s::uuid[]) as id, unnest(%(dues)s::timestamptz[]) as due_at) v
 where m.id = v.id and m.status = 'held' and m.reason = %(held)s"""
_DROP = """
update messaging_message m set status = 'skipped', reason = v.reason, says = v.says, hold_until = null
  from (select unnest(%(ids)s::uuid[]) as id, unnest(%(reasons)s::text[]) as reason, unnest(%(words)s::text[]) as says) v
 where m.id = v.id and m.status = 'held' and m.reason = %(held)s returning m.id"""
# Timers of runs that waited stood still: the time the pause took is added, less what another pause that still stands will add.
_THAW = """
update workflows_run r set frozen_for = r.frozen_for + greatest(interval '0', least(%(now)s, coalesce((
         select min(p.at) from messaging_pause p where p.lifted_at is null and (p.client_id is null or p.client_id = r.client_id)
            and (p.workflow = '' or p.workflow = r.workflow) and (p.lead_id is null or p.lead_id = r.lead_id)), %(now)s))
         - greatest(%(at)s, r.created_at))
 where r.status = 'waiting' and r.created_at < %(now)s and (%(client)s::bigint is null or r.client_id = %(client)s)
   and (%(workflow)s = '' or r.workflow = %(workflow)s) and (%(lead)s::uuid is null or r.lead_id = %(lead)s)"""
# A worker that judged while the pause was being lifted wrote a hold that nothing holds any more.
_FORGOTTEN = f"""
update messaging_message m set due_at = %s where m.status = 'held' and m.reason = %s and m.due_at > %s and {pauses.UNPAUSED}"""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What would become of one held text, in words."""

    message_id: uuid.UUID
    client_id: int
    contact_id: uuid.UUID
    lead_id: uuid.UUID | None
    who: str
    created_at: datetime
    judgement: str
    reason: str
    says: str


@dataclass(kw_only=True)
class Plan:
    """What a release would do, counted; `items` oldest first."""

    items: list[Judged] = field(default_factory=list)

    def count(self, judgement: str) -> int:
        return sum(1 for item in self.items if item.judgement == judgement)

    def reasons(self, judgement: str) -> list[tuple[str, int]]:
        """Why, most frequent first, as (code, count)."""
        return Counter(item.reason for item in self.items if item.judgement == judgement).most_common()

    @property
    def right(self) -> int:
        return self.count(RIGHT)

    @property
    def stale(self) -> int:
        return self.count(STALE)

    @property
    def ask(self) -> int:
        return self.count(ASK)

    @property
    def held(self) -> int:
        return self.count(HELD)


@dataclass(frozen=True, kw_only=True)
class Released:
    """What a release did: rows changed, not rows planned. `until` is when the last of them has its turn."""

    right: int
    stale: int
    calls: int
    ask: int
    held: int
    until: datetime


def judge(*, pause: Pause, now: datetime, older_than: timedelta | None = None) -> Plan:
    """Judge every text the pause holds as of `now`, as if it were away. `older_than`: those planned before are dropped, whatever else."""
    return Plan(items=[_judge_one(row, now=now, older_than=older_than) for row in _rows(pause=pause, now=now)])


def _rows(*, pause: Pause, now: datetime) -> Iterator[dict[str, Any]]:
    theirs, stated = people.values_of(contact=OuterRef(OuterRef("contact")))
    person = Q(contact=OuterRef("contact")) | Q(value=OuterRef("to")) | Q(value__in=theirs) | Q(value__in=stated)
    known = Coalesce(OuterRef("approved_at"), OuterRef("created_at"))
    automation = Automation.objects.filter(client=OuterRef("client"), workflow=OuterRef("workflow"))
    other = Pause.objects.exclude(pk=pause.pk).filter(
        Q(client__isnull=True) | Q(client=OuterRef("client")),
        Q(workflow="") | Q(workflow=OuterRef("workflow")),
        Q(channel="") | Q(channel=OuterRef("channel")),
        Q(connection__isnull=True) | Q(connection=OuterRef("connection")),
        Q(lead__isnull=True) | Q(lead=OuterRef("lead")),
        lifted_at__isnull=True,
    )
    claim = PurposeClaim.objects.filter(client=OuterRef("client"), contact=OuterRef("contact"), purpose=OuterRef("purpose"), until__gt=now)
    number = Q(number=OuterRef("to")) | Q(number__in=Identity.objects.filter(contact=OuterRef(OuterRef("contact"))).values("value"))
    listed = ListedSend.objects.filter(number, client=OuterRef("client"), direction=ListedSend.Direction.OUTBOUND)
    rows = pauses.held_by(pause=pause).annotate(
        opted_out=Exists(Suppression.objects.filter(Q(client=OuterRef("client")) | Q(client__isnull=True), person, lifted_by__isnull=True)),
        texted=Exists(claim.exclude(holder=OuterRef("pk"))),
        listed_at=Subquery(listed.order_by("-sent_at").values("sent_at")[:1]),
        decided=Exists(StageChange.objects.filter(lead=OuterRef("lead"), at__gt=known, new__in=Lead.CLOSED)),
        off=Exists(automation.filter(enabled=False)),
        auto=Exists(automation.filter(send=Automation.Send.AUTO)),
        other=Exists(other),
        unclear=Exists(Task.objects.filter(contact=OuterRef("contact"), kind="unclear-reply", status=Task.Status.OPEN)),
        since=overtaking.since_cause(),
        talking=Exists(Conversation.objects.filter(contact=OuterRef("contact"), client=OuterRef("client"), held_at__isnull=False)),
    )
    wanted = (
        "pk", "client_id", "contact_id", "lead_id", "contact__name", "to", "created_at", "approved_at", "useful_until", "workflow",
        "client__timezone", "lead__replied_at", "lead__stage", "since", "template__status", "connection__disabled_at",
        "opted_out", "texted", "listed_at", "purpose", "decided", "off", "auto", "other", "unclear", "talking",
    )  # fmt: skip
    return rows.order_by("created_at", "pk").values(*wanted, "connection_id").iterator(chunk_size=1000)


def _judge_one(row: dict[str, Any], *, now: datetime, older_than: timedelta | None) -> Judged:
    judgement, reason, says = _verdict(row, now=now, older_than=older_than)
    return Judged(
        message_id=row["pk"],
        client_id=row["client_id"],
        contact_id=row["contact_id"],
        lead_id=row["lead_id"],
        who=row["contact__name"] or sayable(row["to"]),
        created_at=row["created_at"],
        judgement=judgement,
        reason=reason,
        says=says,
    )


def _verdict(row: dict[str, Any], *, now: datetime, older_than: timedelta | None) -> tuple[str, str, str]:
    """In the gate's own order: what drops it, then what holds it. tests/workflows/test_pause.py holds the two against each other."""
    created, zone = row["created_at"], row["client__timezone"]
    known = row["approved_at"] or created
    purpose = purposes.of(key=row["purpose"])
    waited = bool(row["workflow"]) and row["lead_id"] is not None and now - created >= overtaken.WAITED
    replied = row["lead__replied_at"]
    if row["opted_out"]:
        return STALE, "opted-out", "They asked us to stop."
    if row["texted"]:
        return STALE, "already-texted", "They got another text for the same purpose."
    if row["listed_at"] and row["workflow"] and row["listed_at"] > now - purpose.window:
        return STALE, gate.BEFORE_RESTORE, f"They got theirs on {_local(row['listed_at'], zone)}, before the restore."
    if row["useful_until"] and now > row["useful_until"]:
        return STALE, "too-late", f"It was of use until {_local(row['useful_until'], zone)}."
    lost = overtaken.point_lost(purpose=purpose, stage=row["lead__stage"] or "", since=overtaking.read_since(row["since"]))
    if row["workflow"] and lost is not None:
        return STALE, overtaken.CHECK, overtaken.words(type=lost.type, at=lost.at, zone=zone)
    if waited and replied is not None and replied > known and purpose.overtaken_by_reply:
        return STALE, overtaken.CHECK, f"They wrote on {_local(replied, zone)}; a person answers."
    if waited and row["decided"]:
        return STALE, overtaken.CHECK, "What came of the lead was decided since."
    if row["workflow"] and row["off"]:
        return STALE, "switched-off", "The workflow was switched off since."
    if older_than is not None and created < now - older_than:
        return STALE, "too-old", f"It was written on {_local(created, zone)}, longer ago than you chose."
    if row["other"]:
        return HELD, pauses.STOPPED, "Another pause still holds it."
    if row["unclear"]:
        return ASK, "unclear-reply", "A reply that may mean stop has to be read first."
    if row["workflow"] and row["talking"]:
        return ASK, talks.TALKING, "A person is talking with them; it waits until automation is let go on."
    if row["connection_id"] and row["connection__disabled_at"] is not None:
        return ASK, "connection", "Its provider is switched off."
    if row["template__status"] != Template.Status.APPROVED:
        return ASK, "template", "Its template is not approved."
    if row["approved_at"] is None and not row["auto"]:
        return ASK, "needs-approval", "A person approves each text of this client."
    return RIGHT, "", "Still right; it goes at its turn, within its hours."


def _local(when: datetime, zone: str) -> str:
    return when.astimezone(ZoneInfo(zone)).strftime("%a %-d %b %H:%M")


def release(
    *,
    pause: Pause,
    by: User | None,
    name: str,
    now: datetime,
    per_minute: int = PER_MINUTE,
    older_than: timedelta | None = None,
) -> Released | None:
    """Lift the pause and let go what it held; None when somebody did before, and then nothing is done.

    What is still right goes oldest first, `per_minute` of them a minute; what is not is dropped, and becomes a call task where nobody has
    the person yet; what needs a person is judged anew at once and stands in the inbox. Counts are rows that changed.
    """
    with transaction.atomic():
        if not pauses.lift(pause=pause, by=by, now=now):
            return None
        plan = judge(pause=pause, now=now, older_than=older_than)
        gap = timedelta(seconds=60 / max(1, min(per_minute, MOST_PER_MINUTE)))
        right = [item for item in plan.items if item.judgement == RIGHT]
        dues = [now + n * gap for n in range(len(right))]
        gone = _let_go(right=right, dues=dues)
        dropped = _drop(stale=[item for item in plan.items if item.judgement == STALE], now=now)
        calls = _ask_for_calls(dropped=dropped, now=now)
        asked = _wake(ask=[item for item in plan.items if item.judgement == ASK], now=now)
        _thaw(pause=pause, now=now)
        done = Released(right=gone, stale=len(dropped), calls=calls, ask=asked, held=plan.held, until=dues[-1] if dues else now)
        incident = Incident.objects.select_for_update(of=("self",)).filter(pause=pause, closed_at__isnull=True).first()
        if incident is not None:
            _record(
                incident=incident,
                pause=pause,
                plan=plan,
                dues=dict(zip((i.message_id for i in right), dues, strict=True)),
                done=done,
                name=name,
                now=now,
            )
        ring_after_commit(task=incidents.WORK_OFF_TASK)
    return done


def _let_go(*, right: list[Judged], dues: list[datetime]) -> int:
    with database.cursor() as cursor:
        cursor.execute(_RELEASE, {"ids": [item.message_id for item in right], "dues": dues, "held": pauses.STOPPED})
        return cursor.rowcount


def _drop(*, stale: list[Judged], now: datetime) -> list[Judged]:
    """Drop what is no longer right; returns those whose rows changed."""
    values: dict[str, Any] = {
        "ids": [item.message_id for item in stale],
        "reasons": [item.reason for item in stale],
        "words": [f"Not sent after a pause: {item.says}" for item in stale],
        "held": pauses.STOPPED,
    }
    with database.cursor() as cursor:
        cursor.execute(_DROP, values)
        changed = {row[0] for row in cursor.fetchall()}
        cursor.execute("update messaging_purposeclaim set until = %s where holder = any(%s) and until > %s", [now, list(changed), now])
    return [item for item in stale if item.message_id in changed]


def _ask_for_calls(*, dropped: list[Judged], now: datetime) -> int:
    """A call task for everybody who is left without an answer and is on nobody's desk yet. Returns how many were made."""
    needed = [item for item in dropped if item.reason in CALL_FOR]
    people = {item.contact_id for item in needed}
    had = set(
        Task.objects.filter(contact__in=people, status=Task.Status.OPEN, kind__in=("call-back", "answer-reply")).values_list(
            "contact", flat=True
        )
    )
    clients = Client.objects.in_bulk({item.client_id for item in needed})
    contacts = Contact.objects.in_bulk(people - had)
    leads = Lead.objects.in_bulk([item.lead_id for item in needed if item.lead_id])
    made = 0
    for item in needed:
        if item.contact_id in had:
            continue
        had.add(item.contact_id)
        create_task(
            client=clients[item.client_id],
            contact=contacts[item.contact_id],
            lead=leads.get(item.lead_id) if item.lead_id else None,
            desk=Desk.LEAD_OPS,
            kind="call-back",
            title=f"Call {item.who}: their text was held too long",
            reason=f"A pause held the text. {item.says} Call instead.",
            cause=f"stale:{item.message_id}",
            due_at=now + CALL_WITHIN,
            now=now,
        )
        made += 1
    return made


def _wake(*, ask: list[Judged], now: datetime) -> int:
    """What needs a person is judged anew at once; the gate then says what it waits for, and the inbox shows it."""
    ids = [item.message_id for item in ask]
    return Message.objects.filter(pk__in=ids, status=Message.Status.HELD, reason=pauses.STOPPED).update(due_at=now, hold_until=None)


def _thaw(*, pause: Pause, now: datetime) -> None:
    with database.cursor() as cursor:
        cursor.execute(_THAW, {"now": now, "at": pause.at, "client": pause.client_id, "workflow": pause.workflow, "lead": pause.lead_id})
    talks.thaw(pause=pause, now=now)


def _record(
    *, incident: Incident, pause: Pause, plan: Plan, dues: dict[uuid.UUID, datetime], done: Released, name: str, now: datetime
) -> None:
    IncidentItem.objects.bulk_create(
        [
            IncidentItem(
                incident=incident,
                pause=pause,
                message_id=item.message_id,
                judgement=item.judgement,
                reason=item.reason,
                says=item.says[:300],
                goes_at=dues.get(item.message_id),
                at=now,
                by=name[:150],
            )  # fmt: skip
            for item in plan.items
        ],
        ignore_conflicts=True,
    )
    Incident.objects.filter(pk=incident.pk).update(status=Incident.Status.VERIFYING, released_at=now, released_by=name[:150])
    if incident.verification_id is not None:
        Task.objects.filter(pk=incident.verification_id, status=Task.Status.OPEN).update(due_at=now + incidents.VERIFY_AFTER_RELEASE)
    incidents.note(incident=incident, by=name, says=told(done=done), now=now)


def told(*, done: Released) -> str:
    """What a release did, in a sentence."""
    parts = [f"{done.right} released"]
    if done.stale:
        became = "" if not done.calls else " (1 became a call)" if done.calls == 1 else f" ({done.calls} became calls)"
        parts.append(f"{done.stale} dropped as no longer right{became}")
    if done.ask:
        parts.append(f"{done.ask} put before a person")
    if done.held:
        parts.append(f"{done.held} still held by another pause")
    return f"Resumed: {', '.join(parts)}."


def lift_due(*, now: datetime) -> int:
    """Lift the pauses whose time is over, each judged as if a person had. Returns how many."""
    lifted = 0
    for pause in pauses.open_pauses().filter(until__lte=now):
        lifted += release(pause=pause, by=None, name="The end that was set", now=now) is not None
    return lifted


def wake_forgotten(*, now: datetime) -> int:
    """Judge texts anew whose hold names a pause that is gone. Returns how many; nearly always none."""
    with database.cursor() as cursor:
        cursor.execute(_FORGOTTEN, [now, pauses.STOPPED, now])
        return cursor.rowcount
