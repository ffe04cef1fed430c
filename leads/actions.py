"""What happens to leads and tasks: opening, moving, answering, closing. Each runs in the caller's transaction."""

import uuid
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Case, F, Q, When
from django.db.models.functions import Coalesce

from leads import people
from leads.models import Client, Contact, Desk, Event, Lead, Responder, StageChange, Task
from zartsalgo.lib.ids import new_id

# What ids of tasks are made in.
_TASKS = uuid.UUID("6f1c2f52-93a3-5f0e-9a0b-0d6f5a1f7c11")
_FIRST_RESPONSES = """
update leads_lead set first_response_at = %(now)s
 where id = any(%(ids)s) and (first_response_at is null or first_response_at > %(now)s)"""
OUTCOMES = {
    # what a responder may say: label, the stage it leads to
    "booked": ("Booked", Lead.Stage.BOOKED),
    "not-booked": ("Not booked", Lead.Stage.LOST),
    "wrong": ("Wrong or spam", Lead.Stage.WRONG),
    "done": ("Job done", Lead.Stage.DONE),
}


def open_lead(
    *,
    client: Client,
    contact: Contact,
    source: str,
    kind: str,
    now: datetime,
    service: str = "",
    urgency: str = "",
    since: datetime | None = None,
) -> Lead:
    """The contact's open lead, or a new one. The contact's row must be locked, so two events cannot both open one.

    One that was made after `since` (when we heard of what it is for) is about it, even where it is decided by now.
    """
    open_one = ~Q(stage__in=Lead.CLOSED)
    rows = Lead.objects.filter(
        open_one if since is None else open_one | Q(created_at__gte=since) & ~Q(stage=Lead.Stage.WRONG), contact=contact
    )
    lead = rows.order_by(Case(When(open_one, then=0), default=1), "-created_at").first()
    if lead is not None:
        return lead
    return Lead.objects.create(
        id=new_id(),
        client=client,
        contact=contact,
        source=source[:120],
        kind=kind,
        service=service[:200],
        urgency=urgency[:20],
        created_at=now,
    )


def change_stage(*, lead: Lead, stage: str, by: str, now: datetime) -> bool:
    """Move a lead and write the history; False when it already stands there. Compares the stage it read, so two people cannot both win."""
    old = lead.stage
    if old == stage:
        return False
    with transaction.atomic():
        if Lead.objects.filter(pk=lead.pk, stage=old).update(stage=stage) != 1:
            return False
        StageChange.objects.create(lead=lead, old=old, new=stage, by=by[:120], at=now)
    lead.stage = stage
    return True


def create_task(
    *,
    client: Client,
    desk: str,
    kind: str,
    title: str,
    reason: str,
    cause: str,
    due_at: datetime,
    now: datetime,
    lead: Lead | None = None,
    contact: Contact | None = None,
    event: Event | None = None,
) -> Task:
    """Ask a person for something. The same cause gives the same task, whoever asks and how often; so does the same event for the same kind,
    so two workflows that start from it never ask two people for one thing: the second gets the first one's task."""
    task = make_task(
        client=client, desk=desk, kind=kind, title=title, reason=reason, cause=cause, due_at=due_at, now=now, lead=lead, contact=contact,
        event=event,
    )  # fmt: skip
    Task.objects.bulk_create([task], ignore_conflicts=True)
    same = Q(cause=cause[:200]) if event is None else Q(cause=cause[:200]) | Q(event=event, kind=kind)
    return Task.objects.filter(same, client=client).order_by("created_at", "pk")[:1].get()


def make_task(
    *,
    client: Client,
    desk: str,
    kind: str,
    title: str,
    reason: str,
    cause: str,
    due_at: datetime,
    now: datetime,
    lead: Lead | None = None,
    contact: Contact | None = None,
    event: Event | None = None,
) -> Task:
    """The task as it would be stored, cut to what the columns hold; not stored. The same cause of a client gives the same id."""
    return Task(
        id=uuid.uuid5(_TASKS, f"{client.pk}:{cause[:200]}"),
        client=client,
        lead=lead,
        contact=contact or (lead.contact if lead else None),
        desk=Desk(desk),
        kind=kind,
        title=title[:200],
        reason=reason[:400],
        cause=cause[:200],
        event=event,
        created_at=now,
        due_at=due_at,
    )


def close_task(*, task: Task, by: str, outcome: str, now: datetime, status: str = Task.Status.DONE) -> bool:
    """Close an open task; False when somebody did before."""
    changed = Task.objects.filter(pk=task.pk, status=Task.Status.OPEN).update(
        status=status, closed_at=now, closed_by=by[:150], outcome=outcome[:200]
    )
    return changed == 1


def report_outcome(*, lead: Lead, outcome: str, by: str, cause: str, now: datetime) -> Event:
    """A responder or staff said what came of a lead: an event, the stage, and the lead's open call tasks are closed.

    `outcome` is one of OUTCOMES. Raises KeyError for anything else. The same cause and outcome twice is one event.
    """
    label, stage = OUTCOMES[outcome]
    with transaction.atomic():
        contact = people.lock(contact_id=lead.contact_id)
        Event.objects.bulk_create(
            [
                Event(
                    id=new_id(),
                    client_id=lead.client_id,
                    type="outcome.reported",
                    source="office",
                    key=f"{cause}:{outcome}"[:200],
                    occurred_at=now,
                    recorded_at=now,
                    contact=contact,
                    lead=lead,
                    facts={"outcome": outcome, "reported_by": by},
                )
            ],
            ignore_conflicts=True,
        )
        event = Event.objects.get(client_id=lead.client_id, source="office", key=f"{cause}:{outcome}"[:200], type="outcome.reported")
        change_stage(lead=lead, stage=stage, by=by, now=now)
        Lead.objects.filter(pk=lead.pk).update(outcome_reported_by=by[:120], next_action="")
        note_first_response(lead_id=lead.pk, now=now)
        for task in Task.objects.filter(lead=lead, status=Task.Status.OPEN, kind__in=("call-back", "answer-reply")):
            close_task(task=task, by=by, outcome=label, now=now)
    return event


def note_first_response(*, lead_id: uuid.UUID, now: datetime) -> bool:
    """The response timer stops at the first answer a person got; later ones do not move it, an earlier one that is told late does.

    Returns whether it moved.
    """
    rows = Lead.objects.filter(Q(first_response_at__isnull=True) | Q(first_response_at__gt=now), pk=lead_id)
    return bool(rows.update(first_response_at=now))


def note_first_responses(*, lead_ids: Collection[uuid.UUID], now: datetime) -> None:
    """The same for several leads, in one statement; none where nobody is given."""
    if lead_ids:
        with connection.cursor() as cursor:
            cursor.execute(_FIRST_RESPONSES, {"now": now, "ids": list(lead_ids)})


def tasks_asked_before(*, contact: Contact, until: datetime, kinds: Iterable[str], lead: Lead | None = None) -> list[Task]:
    """The person's open tasks of these kinds for what they asked until then, by when it happened, not by when we heard of it.

    With a lead only its own, and those of no lead.
    """
    rows = Task.objects.filter(contact=contact, status=Task.Status.OPEN, kind__in=kinds)
    rows = rows.annotate(asked_at=Coalesce(F("event__occurred_at"), F("created_at"))).filter(asked_at__lte=until)
    if lead is not None:
        rows = rows.filter(Q(lead=lead) | Q(lead__isnull=True))
    return list(rows.order_by("created_at", "pk"))


def is_on_duty(*, responder: Responder, zone: str, now: datetime) -> bool:
    """Whether the responder's own hours hold now in the business's zone; hours may run over midnight, none given is always."""
    start, end = responder.on_from, responder.on_until
    if start is None or end is None:
        return True
    local = now.astimezone(ZoneInfo(zone)).time()
    return start <= local < end if start <= end else local >= start or local < end


def first_on_duty(*, responders: Iterable[Responder], zone: str, now: datetime) -> Responder | None:
    """The first of the active responders, in their order, whose own hours hold now in the business's zone."""
    return next((one for one in responders if one.active and is_on_duty(responder=one, zone=zone, now=now)), None)


def next_on_duty(*, responders: Iterable[Responder], zone: str, now: datetime) -> tuple[Responder, datetime] | None:
    """Who of the active responders comes on duty first after now, by order where two begin together, and when. None without any."""
    local, found = ZoneInfo(zone), []
    for responder in responders:
        if not responder.active or responder.on_from is None:
            continue
        today = now.astimezone(local).date()
        begins = (datetime.combine(today + timedelta(days=day), responder.on_from, tzinfo=local) for day in (0, 1, 2))
        found.append((responder, next(when for when in begins if when > now).astimezone(UTC)))
    return min(found, key=lambda one: one[1]) if found else None
