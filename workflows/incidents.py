"""Incidents: opening one (a breaker or a person), taking it, writing its history, and closing it once it is proven well again.

An incident opens together with its pause, its verification task and one `automation.paused` event per client, in one transaction. Further
signs of the same cause add to it; if it breaks again after a release, it is open again with a new pause. What was held is judged and let
go by workflows.resuming; the first text that is accepted after that, or a person's word on the task, closes it.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection as database
from django.db import transaction
from django.db.models import F, Q

from leads.actions import close_task, create_task
from leads.models import Automation, Client, Desk, DeskHolder, Event, Task
from messaging import pauses
from messaging.models import Message, Pause
from messaging.pauses import Scope
from providers.models import Connection
from workflows import receipts
from workflows.answer import workflow_name
from workflows.models import Incident, IncidentNote
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.lib.ids import new_id

if TYPE_CHECKING:
    from zartsalgo.models import User

VERIFY_WITHIN = timedelta(hours=4)
VERIFY_AFTER_RELEASE = timedelta(minutes=30)
WORK_OFF_TASK = "messaging.work_off"
ADVANCE_TASK = "workflows.advance"
# Texts that are between two tries; the gate should say at once that the pause holds them.
BETWEEN_TRIES = ("retry", "credentials")
NOTHING_TO_TAKE_BACK = "Nothing has to be taken back: no text has left since the pause."


class StillHolding(Exception):
    """The incident cannot be closed; the text says what has to come first."""


def scope_words(*, scope: Scope) -> str:
    """The scope as people say it, with the workflow's own name."""
    return pauses.words(scope=scope, workflow_name=workflow_name(key=scope.workflow) if scope.workflow else "")


def open_incident(
    *,
    scope: Scope,
    cause: str,
    title: str,
    reason: str,
    now: datetime,
    opened_by: str,
    breaker: str = "",
    by: User | None = None,
    desk: str = Desk.OPERATIONS,
    rollback: str = NOTHING_TO_TAKE_BACK,
    signs: int = 1,
    first_sign_at: datetime | None = None,
    until: datetime | None = None,
    said_by: Event | None = None,
) -> tuple[Incident, bool]:
    """Open an incident with its pause; returns it and whether this call opened it. Raises pauses.NoReason and pauses.NoScope.

    An open incident of the same cause gets the sign instead, and a new pause where its last one was lifted. Where another incident holds
    exactly this scope already, it is the one: two incidents never share a pause. `said_by` is the event that asked for the pause, where one
    did: it is on record already, so no second one is written.
    """
    with transaction.atomic():
        _one_at_a_time()
        known = (
            Incident.objects.select_for_update(of=("self",))
            .select_related("pause")
            .filter(cause=cause[:200], closed_at__isnull=True)
            .first()
        )
        if known is not None and known.pause.lifted_at is None:
            _add_signs(incident=known, signs=signs, now=now)
            return known, False
        held, made = pauses.pause(scope=scope, reason=reason, by=by, now=now, until=until)
        if known is None:
            known = Incident.objects.select_for_update(of=("self",)).filter(pause=held, closed_at__isnull=True).first()
            if known is not None:
                _add_signs(incident=known, signs=signs, now=now)
                note(incident=known, by=opened_by, says=f"Also: {title}. {reason}", now=now)
                return known, False
            incident = _create(
                scope=scope, cause=cause, title=title, reason=reason, now=now, opened_by=opened_by, breaker=breaker, desk=desk,
                rollback=rollback, signs=signs, first_sign_at=first_sign_at or now, pause=held, said_by=said_by,
            )  # fmt: skip
        else:
            incident = known
            _break_again(incident=incident, pause=held, signs=signs, reason=reason, by=opened_by, now=now)
        # What is between two tries is judged at once, so that the page shows what is held.
        pauses.pending_texts(scope=scope).filter(reason__in=BETWEEN_TRIES, due_at__gt=now).update(due_at=now)
        ring_after_commit(task=WORK_OFF_TASK)
        return incident, known is None


def _one_at_a_time() -> None:
    """Incidents are rare; two that open at once would only race for the same pause."""
    with database.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('incident', 0))")


def _create(
    *,
    scope: Scope,
    cause: str,
    title: str,
    reason: str,
    now: datetime,
    opened_by: str,
    breaker: str,
    desk: str,
    rollback: str,
    signs: int,
    first_sign_at: datetime,
    pause: Pause,
    said_by: Event | None,
) -> Incident:
    words = scope_words(scope=scope)
    holder = DeskHolder.objects.select_related("person").filter(client=scope.client, desk=desk).first() if scope.client else None
    incident = Incident(
        id=new_id(),
        client=scope.client,
        cause=cause[:200],
        breaker=breaker,
        opened_by=opened_by[:150],
        title=title[:200],
        reason=reason[:400],
        scope=words[:200],
        rollback=rollback[:400],
        desk=Desk(desk),
        person=holder.person if holder else None,
        pause=pause,
        opened_at=now,
        first_sign_at=first_sign_at,
        last_sign_at=now,
        signs=signs,
    )
    incident.verification = _ask_for_proof(incident=incident, scope=scope, now=now)
    incident.save(force_insert=True)
    note(incident=incident, by=opened_by, says=f"Opened: {reason} Paused: {words}.", now=now)
    if said_by is None:
        _record_events(incident=incident, scope=scope, now=now)
    return incident


def _ask_for_proof(*, incident: Incident, scope: Scope, now: datetime) -> Task | None:
    """The verification task. A task belongs to a client: for a wider scope it is the one with the most texts waiting."""
    client = scope.client or _most_concerned(scope=scope)
    if client is None:
        return None
    return create_task(
        client=client,
        desk=incident.desk,
        kind="verify",
        title=f"Check that it works again: {incident.title}"[:200],
        reason="It closes by itself when the first text after the release is accepted. Close it by hand if you saw it work.",
        cause=f"incident:{incident.pk}",
        due_at=now + VERIFY_WITHIN,
        now=now,
    )


def _most_concerned(*, scope: Scope) -> Client | None:
    waiting = pauses.pending_texts(scope=scope).order_by().values_list("client", flat=True)[:1000]
    counted: dict[int, int] = {}
    for client_id in waiting:
        counted[client_id] = counted.get(client_id, 0) + 1
    if counted:
        return Client.objects.get(pk=max(sorted(counted), key=lambda pk: counted[pk]))
    return Client.objects.order_by("name").first()


def _concerned(*, scope: Scope) -> list[Client]:
    """The clients whose automation the scope pauses."""
    if scope.client is not None:
        return [scope.client]
    clients = Client.objects.order_by("pk")
    if scope.workflow:
        clients = clients.filter(pk__in=Automation.objects.filter(workflow=scope.workflow, enabled=True).values("client"))
    return list(clients)


def _record_events(*, incident: Incident, scope: Scope, now: datetime) -> None:
    """One `automation.paused` per client, with what the mission asks of it: workflow, reason, owner, rollback, verification status."""
    facts = {
        "incident": str(incident.pk),
        "workflow": scope.workflow or "all",
        "scope": incident.scope,
        "reason": incident.reason,
        "owner": incident.get_desk_display() + (f", {incident.person}" if incident.person else ""),
        "rollback": incident.rollback,
        "verification": "open",
    }
    for client in _concerned(scope=scope):
        event = Event(
            id=new_id(),
            client=client,
            type="automation.paused",
            source="office",
            key=f"incident:{incident.pk}",
            occurred_at=now,
            recorded_at=now,
            lead=scope.lead,
            contact=scope.lead.contact if scope.lead else None,
            facts=facts,
        )
        event.save(force_insert=True)
        for run_id in receipts.decide(event=event, contact=None, now=now):
            ring_after_commit(task=ADVANCE_TASK, id=str(run_id))


def _add_signs(*, incident: Incident, signs: int, now: datetime) -> None:
    Incident.objects.filter(pk=incident.pk).update(signs=F("signs") + signs, last_sign_at=now)


def _break_again(*, incident: Incident, pause: Pause, signs: int, reason: str, by: str, now: datetime) -> None:
    status = Incident.Status.FIXING if incident.person_id else Incident.Status.OPEN
    Incident.objects.filter(pk=incident.pk).update(
        pause=pause, status=status, released_at=None, released_by="", signs=F("signs") + signs, last_sign_at=now
    )
    incident.refresh_from_db()
    note(incident=incident, by=by, says=f"It broke again and is paused again: {reason}", now=now)
    _reopen_task(incident=incident, now=now)


def _reopen_task(*, incident: Incident, now: datetime) -> None:
    if incident.verification_id is None:
        return
    Task.objects.filter(pk=incident.verification_id).update(
        status=Task.Status.OPEN, closed_at=None, closed_by="", outcome="", due_at=now + VERIFY_WITHIN
    )


def note(*, incident: Incident, by: str, says: str, now: datetime) -> None:
    """Add a line to the history."""
    IncidentNote.objects.create(incident=incident, at=now, by=by[:150], says=" ".join(says.split())[:500])


def take(*, incident: Incident, person: User, name: str, now: datetime) -> bool:
    """A person takes it on themselves and mends it. False when it is theirs already or closed."""
    with transaction.atomic():
        rows = Incident.objects.filter(pk=incident.pk, closed_at__isnull=True).exclude(person=person, status__in=("fixing", "verifying"))
        if not rows.update(person=person):
            return False
        Incident.objects.filter(pk=incident.pk, status=Incident.Status.OPEN).update(status=Incident.Status.FIXING)
        note(incident=incident, by=name, says="Took it.", now=now)
    return True


def close(*, incident: Incident, by: str, outcome: str, now: datetime) -> bool:
    """Close it with what came of it; False when somebody did before. Raises StillHolding while its pause stands or no outcome is given."""
    words = " ".join(outcome.split())[:300]
    if not words:
        raise StillHolding("Say what came of it: whoever reads it later wants to know what was wrong.")
    with transaction.atomic():
        fresh = Incident.objects.select_for_update(of=("self",)).select_related("pause", "verification").get(pk=incident.pk)
        if fresh.closed_at is not None:
            return False
        if fresh.pause.lifted_at is None:
            raise StillHolding("It still holds texts. Resume first; then it can be closed.")
        Incident.objects.filter(pk=fresh.pk).update(status=Incident.Status.CLOSED, closed_at=now, closed_by=by[:150], outcome=words)
        if fresh.verification is not None:
            close_task(task=fresh.verification, by=by, outcome=words, now=now)
        note(incident=fresh, by=by, says=f"Closed: {words}", now=now)
        if fresh.pause.connection_id:
            Connection.objects.filter(pk=fresh.pause.connection_id).update(trouble="")
    return True


def close_verified(*, now: datetime) -> int:
    """Close released incidents that are proven well: a text of the scope was accepted since, or the task is done. Returns how many."""
    closed = 0
    waiting = Incident.objects.filter(status=Incident.Status.VERIFYING)
    rows = waiting.select_related("pause__client", "pause__connection__client", "pause__lead__client", "verification")
    for incident in rows:
        task = incident.verification
        if task is not None and task.status != Task.Status.OPEN:
            closed += close(incident=incident, by=task.closed_by or "Somebody", outcome=task.outcome or "The check is done.", now=now)
            continue
        sent = pauses.texts_of(scope=pauses.scope_of(pause=incident.pause)).filter(
            sent_at__gt=incident.released_at, status__in=(Message.Status.SENT, Message.Status.DELIVERED)
        )
        if sent.exists():
            closed += close(incident=incident, by="the first text", outcome="The first text after the release was accepted.", now=now)
    return closed


def of_pause(*, pause: Pause) -> Incident | None:
    """The open incident that holds with this pause; None for a pause that has none."""
    return Incident.objects.filter(pause=pause, closed_at__isnull=True).first()


def standing_of(*, scope: Scope) -> list[Incident]:
    """Open incidents that hold something of a client, or of one workflow of it."""
    rows = Incident.objects.filter(closed_at__isnull=True, pause__lifted_at__isnull=True)
    rows = rows.filter(Q(pause__client=scope.client) | Q(pause__client__isnull=True))
    if scope.workflow:
        rows = rows.filter(pause__workflow__in=("", scope.workflow))
    return list(rows.order_by("opened_at", "pk"))


def cause_by_hand(*, scope: Scope) -> str:
    """The cause of an incident that a person opens: one open per scope."""
    return f"by hand:{scope.key}"


def latest_release(*, cause: str) -> datetime | None:
    """When the last incident of a cause was released or closed: what a breaker has judged before then does not count again."""
    last = Incident.objects.filter(cause=cause).order_by("-opened_at").values_list("released_at", "closed_at").first()
    return max((when for when in last if when), default=None) if last else None


def find(*, incident_id: uuid.UUID) -> Incident | None:
    """One incident with all its page needs."""
    rows = Incident.objects.select_related(
        "client", "person", "verification", "pause__client", "pause__connection__client", "pause__lead__contact", "pause__lead__client"
    )
    return rows.filter(pk=incident_id).first()
