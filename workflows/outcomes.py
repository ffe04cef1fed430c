"""What the world reports has an effect: a table of what follows from an event by its type, before any workflow looks at it.

A call that was answered, a booking, a deal, a job done: each moves the stage of the request that it is about, closes the tasks that it
answers and drops the texts that it overtakes; runs that wait for the person are woken by intake and end on their own. All of it in the
event's transaction, with the person locked, and one receipt says in one sentence what it changed and why, or why nothing.

Reports come late, out of order and twice. Everything is judged by when it happened: a report says nothing about what was asked after it, and
what a person or a later report decided stands. `by` in the history names who reported it, never a workflow.
"""

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Least

from leads import actions, people
from leads.events import DECIDED, EVENT_TYPES, TALKED, is_talk
from leads.models import Contact, Desk, Event, Lead, StageChange
from messaging import overtaking, talks
from messaging.models import Message
from messaging.notices.words import local_time
from providers import adapters
from workflows import asked_pauses
from workflows.models import Receipt, Run
from zartsalgo.lib import rows
from zartsalgo.lib.ids import new_id
from zartsalgo.lib.names import clean_text

# The receipt's own name beside those of the workflows.
RECEIPT: Final = "what-it-changed"
Stage = Lead.Stage
# So long a closed request is still the same matter: a second report of it changes nothing, and one that was lost may be won after all.
SAME_MATTER: Final = timedelta(days=30)
CALL_WITHIN: Final = timedelta(minutes=15)
# Tasks that ask somebody to get in touch, and those that wait for an answer to what was written.
CALLS: Final = ("call-back",)
ANSWERS: Final = (*CALLS, *talks.WAITING)
# Reports of an appointment, which a cancellation takes back.
BOOKINGS: Final = ("booking.created", "booking.rescheduled")
# What somebody asks for that nobody has answered yet.
_ASKS: Final = ("call.missed", "lead.created", "quote.requested")
_RANK: Final = {Stage.NEW: 0, Stage.ENGAGED: 1, Stage.BOOKED: 2, Stage.DONE: 3}
_OPEN: Final = (Stage.NEW, Stage.ENGAGED)
# What `_move` gives where a decision that happened after the report stands.
LATER: Final = "later"
_BUSY: Final = """
select contact_id from leads_lead where contact_id = any(%(ids)s) and stage = any(%(open)s)
union select contact_id from leads_task where contact_id = any(%(ids)s) and status = 'open'
union select contact_id from messaging_message where contact_id = any(%(ids)s) and status = any(%(pending)s)"""


@dataclass(frozen=True, kw_only=True)
class Report:
    """One event with the person it is about, locked. `by` is who reported it, in words."""

    event: Event
    contact: Contact
    by: str
    now: datetime

    @property
    def at(self) -> datetime:
        return self.event.occurred_at

    @property
    def when(self) -> str:
        return local_time(when=self.at, zone=self.event.client.timezone)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a report says of a request: where it goes, which tasks it answers, whether it proves that the person was answered.

    `about` names the stages of the requests it may be about, the likeliest first; of each the newest that was asked before the report.
    """

    says: str
    stage: str
    about: tuple[tuple[str, ...], ...]
    closes: tuple[str, ...] = ANSWERS
    answered: bool = True
    opens: bool = False


_DEAL: Final = (_OPEN, (Stage.BOOKED,), (Stage.LOST,))
# A job and its payment belong to what was booked; an open request of the same person may be a new one.
_JOB: Final = ((Stage.BOOKED,), (Stage.DONE,), _OPEN, (Stage.LOST,))
DECISIONS: Final[dict[str, Decision]] = {
    "booking.created": Decision(says="They booked", stage=Stage.BOOKED, about=_DEAL, opens=True),
    "booking.rescheduled": Decision(says="Their appointment was moved", stage=Stage.BOOKED, about=((Stage.BOOKED,), _OPEN)),
    "contract.signed": Decision(says="They signed the contract", stage=Stage.BOOKED, about=_DEAL),
    "deal.won": Decision(says="The deal is won", stage=Stage.BOOKED, about=_DEAL),
    # What somebody wrote still waits for its answer after a machine has closed the deal.
    "deal.lost": Decision(says="The deal is lost", stage=Stage.LOST, about=(_OPEN, (Stage.BOOKED,), (Stage.LOST,)), closes=CALLS, answered=False),
    "payment.received": Decision(says="They paid", stage=Stage.BOOKED, about=_JOB, closes=CALLS),
    "job.completed": Decision(says="The job is done", stage=Stage.DONE, about=_JOB, closes=CALLS),
    "proposal.sent": Decision(says="They were sent a proposal", stage=Stage.ENGAGED, about=(_OPEN, (Stage.BOOKED,))),
}  # fmt: skip


def apply(*, event: Event, contact: Contact | None, now: datetime) -> str:
    """Do what follows from the event; returns the sentence for its receipt, "" where nothing follows. Twice changes nothing more.

    In the event's transaction, the person locked, before the event's workflows are asked.
    """
    by = reporter(event=event)
    if event.type in ABOUT_CLIENT:
        return ABOUT_CLIENT[event.type](event=event, by=by, now=now)
    if event.type not in ABOUT_PERSON:
        return ""
    if contact is None:
        return f"“{EVENT_TYPES[event.type].label}” changed nothing: it names nobody we know."
    return ABOUT_PERSON[event.type](Report(event=event, contact=contact, by=by, now=now))


def keep_receipts(*, said: Sequence[tuple[Event, str]], now: datetime) -> None:
    """The sentences that `apply` gave, as receipts of their events. Twice adds nothing."""
    receipts = [
        Receipt(
            id=new_id(), client_id=event.client_id, event=event, workflow=RECEIPT, verdict=Receipt.Verdict.NOTED, reason=event.type,
            says=says[:400], at=now,
        )
        for event, says in said
    ]  # fmt: skip
    rows.insert(rows=receipts, or_nothing=True)


def find_busy(*, contact_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these people have an open request, an open task or a planned text: for all others a talk by phone changes nothing."""
    if not contact_ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_BUSY, {"ids": list(contact_ids), "open": list(_OPEN), "pending": list(Message.PENDING)})
        return {row[0] for row in cursor.fetchall()}


def reporter(*, event: Event) -> str:
    """Who reported it, as the history names them: the provider by its own name."""
    try:
        return adapters.load(event.source).label
    except LookupError:
        return event.source.replace("-", " ").capitalize()


# -- what is about a person ------------------------------------------------------------------------------------------------------


def _talked(report: Report) -> str:
    """Somebody of the business and the person talked by phone: what they asked before is answered, whatever it was."""
    event = report.event
    if not is_talk(type=event.type, facts=event.facts):
        return "The call was answered by a voicemail or was over within seconds, so nobody counts as reached; a call-back stays asked for."
    lead = next(iter(_asked_before(report).filter(stage__in=_OPEN)), None)
    timer = lead is not None and actions.note_first_response(lead_id=lead.pk, now=report.at)
    closed = _close(report, kinds=ANSWERS, outcome=f"Reached by phone at {report.when}", by="The business")
    if lead is not None and closed:
        Lead.objects.filter(pk=lead.pk).update(next_action="")
    dropped = len(overtaking.drop(event=event, lead=None, now=report.now))
    done = _counted(timer=timer, closed=closed, dropped=dropped)
    return f"They were reached by phone at {report.when}: {done}." if done else ""


def _decide(report: Report) -> str:
    """A report that decides a request, or moves it on."""
    decision = DECISIONS[report.event.type]
    if report.event.type in BOOKINGS and (canceled := _canceled_since(report)):
        when = local_time(when=canceled, zone=report.event.client.timezone)
        return f"{decision.says} at {report.when}, but an appointment was canceled at {when}, so nothing changed."
    lead = _about(report, stages=decision.about)
    if lead is not None and lead.stage in _OPEN and (newer := _asked_since(report)):
        closed = _close(report, kinds=decision.closes, outcome=decision.says, lead=lead)
        dropped = len(overtaking.drop(event=report.event, lead=lead, now=report.now))
        done = _counted(closed=closed, dropped=dropped)
        asked = local_time(when=newer, zone=report.event.client.timezone)
        return f"{decision.says} at {report.when}, but they asked again at {asked}, so the request stays open{f'; {done}' if done else ''}."
    if lead is None:
        return _decide_unknown(report, decision)
    moved = _move(report, lead=lead, stage=decision.stage)
    if moved == LATER:
        return f"{decision.says} at {report.when}, but what came later stands: the request is “{Stage(lead.stage).label}”."
    timer = decision.answered and actions.note_first_response(lead_id=lead.pk, now=report.at)
    closed = _close(report, kinds=decision.closes, outcome=decision.says, lead=lead)
    dropped = len(overtaking.drop(event=report.event, lead=lead, now=report.now))
    done = _counted(moved=moved, timer=timer, closed=closed, dropped=dropped)
    return f"{decision.says}, as {report.by} reported: {done or f'the request was “{Stage(lead.stage).label}” already, nothing changed'}."


def _decide_unknown(report: Report, decision: Decision) -> str:
    if not decision.opens or _asked_since(report):
        return f"{decision.says} at {report.when}, but none of their requests from before then is one it can be about, so nothing changed."
    facts = report.event.facts
    source = str(facts.get("source") or facts.get("form") or "Booking")
    lead = Lead.objects.create(
        id=new_id(), client=report.event.client, contact=report.contact, source=source[:120], kind="booking",
        service=str(facts.get("service") or "")[:200], created_at=report.now,
    )  # fmt: skip
    moved = _move(report, lead=lead, stage=decision.stage)
    actions.note_first_response(lead_id=lead.pk, now=report.at)
    closed = _close(report, kinds=decision.closes, outcome=decision.says)
    dropped = len(overtaking.drop(event=report.event, lead=lead, now=report.now))
    done = _counted(moved=moved, closed=closed, dropped=dropped)
    return f"{decision.says}, as {report.by} reported, and no request of theirs was open: a lead was made, {done}."


def _cancel(report: Report) -> str:
    """An appointment was canceled: the request is open again, and a person calls. A booking that came after it stands."""
    dropped = len(overtaking.drop(event=report.event, lead=None, now=report.now))
    texts = f"; {_counted(dropped=dropped)}" if dropped else ""
    lead = _about(report, stages=((Stage.BOOKED,),))
    if lead is None:
        return f"The appointment was canceled at {report.when}, but no request of theirs was booked before then{texts or ', so nothing changed'}."
    if (last := _decided_at(report)) is not None and last > report.at:
        return f"The appointment was canceled at {report.when}, but they booked again after that, so it stays booked{texts}."
    actions.change_stage(lead=lead, stage=Stage.ENGAGED, by=report.by, now=report.now)
    Lead.objects.filter(pk=lead.pk).update(outcome_reported_by="", next_action="Call: the appointment was canceled")
    who = people.asker(event=report.event, contact=report.contact)
    actions.create_task(
        client=report.event.client,
        lead=lead,
        contact=report.contact,
        desk=Desk.LEAD_OPS,
        kind="call-back",
        title=f"Call {who}: the appointment was canceled",
        reason=f"{report.by} reported at {report.when} that the appointment was canceled. They may want another.",
        cause=f"canceled:{report.event.pk}",
        event=report.event,
        due_at=report.now + CALL_WITHIN,
        now=report.now,
    )
    return f"The appointment was canceled, as {report.by} reported: the request is open again and a person calls{texts}."


def _qualify(report: Report) -> str:
    """What another system found out about the lead: its owner where we know them, the next step; the rest stays with the event."""
    lead = _about(report, stages=(_OPEN, (Stage.BOOKED,)))
    if lead is None:
        return f"The lead was qualified at {report.when}, but no open request of theirs is known, so nothing changed."
    facts = report.event.facts
    done: list[str] = []
    change: dict[str, Any] = {}
    if words := clean_text(str(facts.get("next_action") or ""))[:200]:
        change["next_action"] = words
        done.append(f"the next action is “{words}”")
    if name := clean_text(str(facts.get("owner") or ""))[:150]:
        owner = people.colleague(named=name)
        if owner is None:
            done.append(f"nobody here is called “{name}”, so it has no owner")
        elif lead.owner_id not in (None, owner.pk):
            done.append("it has another owner already, who keeps it")
        else:
            change["owner"] = owner
            done.append(f"{owner.get_full_name() or owner.get_username()} owns it")
    if change:
        Lead.objects.filter(pk=lead.pk).update(**change)
    score = facts.get("score")
    if isinstance(score, int | float) and not isinstance(score, bool):
        done.append(f"the score {score:g} is kept with the event")
    return f"The lead was qualified, as {report.by} reported: {'; '.join(done) or 'neither an owner nor a next action was given'}."


# -- which request, and since when -------------------------------------------------------------------------------------------------------


def _asked_before(report: Report) -> QuerySet[Lead]:
    """The person's requests that were asked by the time of the report, the newest first; `changed_at` is when the stage was last set."""
    began = Run.objects.filter(lead=OuterRef("pk")).values("lead").annotate(at=Min("event__occurred_at")).values("at")
    last = StageChange.objects.filter(lead=OuterRef("pk")).order_by("-at").values("at")[:1]
    rows = Lead.objects.filter(contact=report.contact).annotate(
        asked_at=Least("created_at", Coalesce(Subquery(began), "created_at")), changed_at=Coalesce(Subquery(last), "created_at")
    )
    return rows.filter(asked_at__lte=report.at).order_by("-created_at", "-pk")


def _about(report: Report, *, stages: tuple[tuple[str, ...], ...]) -> Lead | None:
    """The request the report is about: the newest of the first of these groups of stages. Done or lost ones only while they are recent."""
    found: list[Any] = list(_asked_before(report)[:50])
    for group in stages:
        for lead in found:
            recent = lead.changed_at > report.at - SAME_MATTER or lead.stage in _OPEN
            if lead.stage in group and (recent or lead.stage == Stage.BOOKED and report.event.type != "booking.created"):
                return lead
    return None


def _asked_since(report: Report) -> datetime | None:
    """When they first asked for something after the report."""
    rows = Event.objects.filter(contact=report.contact, type__in=_ASKS, occurred_at__gt=report.at)
    return rows.order_by("occurred_at").values_list("occurred_at", flat=True).first()


def _canceled_since(report: Report) -> datetime | None:
    """When an appointment of theirs was canceled after the report."""
    rows = Event.objects.filter(contact=report.contact, type="booking.canceled", occurred_at__gt=report.at)
    return rows.order_by("occurred_at").values_list("occurred_at", flat=True).first()


def _decided_at(report: Report) -> datetime | None:
    """When something else was last decided about this person's requests, by when it happened."""
    rows = Event.objects.filter(contact=report.contact, type__in=(*DECIDED, "outcome.reported")).exclude(pk=report.event.pk)
    return rows.order_by("-occurred_at").values_list("occurred_at", flat=True).first()


# -- what it does ------------------------------------------------------------------------------------------------------------------------


def _move(report: Report, *, lead: Lead, stage: str) -> str:
    """Move the stage, never back: the old one as people say it, "" where it stays, LATER where something decided after the report stands.

    A lost request may be won after all, and a booked one lost; of two such reports the one that happened later counts.
    """
    old = lead.stage
    if old == stage or old != Stage.LOST and stage != Stage.LOST and _RANK[Stage(stage)] <= _RANK[Stage(old)]:
        return ""
    if Stage.LOST in (old, stage) and old not in _OPEN and (last := _decided_at(report)) is not None and last > report.at:
        return LATER
    if old == Stage.LOST and stage == Stage.ENGAGED or old == Stage.DONE:
        return ""
    actions.change_stage(lead=lead, stage=stage, by=report.by, now=report.now)
    if stage in Lead.CLOSED:
        Lead.objects.filter(pk=lead.pk).update(outcome_reported_by=report.by[:120], next_action="")
    return f"the request goes from “{Stage(old).label}” to “{Stage(stage).label}”"


def _close(report: Report, *, kinds: tuple[str, ...], outcome: str, lead: Lead | None = None, by: str = "") -> int:
    """Close the person's tasks that this answers; returns how many. Where one waited for an answer, it is their turn in the conversation."""
    by = by or report.by
    tasks = actions.tasks_asked_before(contact=report.contact, until=report.at, kinds=kinds, lead=lead)
    closed = [task for task in tasks if actions.close_task(task=task, by=by, outcome=outcome, now=report.now)]
    if any(task.kind in talks.WAITING for task in closed):
        wrote = Event.objects.filter(contact=report.contact, type="message.received", occurred_at__gt=report.at)
        if not wrote.exists():
            talks.note_answered(
                client_id=report.event.client_id, contact_id=report.contact.pk, by=by, seen=report.at, now=report.now
            )  # fmt: skip
    return len(closed)


def _counted(*, moved: str = "", timer: bool = False, closed: int = 0, dropped: int = 0) -> str:
    """What was done, as the end of a sentence; "" for nothing."""
    parts = [moved] if moved else []
    if timer:
        parts.append("the response timer stopped")
    if closed:
        parts.append("1 task is closed" if closed == 1 else f"{closed} tasks are closed")
    if dropped:
        parts.append("1 planned text is dropped" if dropped == 1 else f"{dropped} planned texts are dropped")
    return ", ".join(parts)


ABOUT_PERSON: Final[dict[str, Callable[[Report], str]]] = {
    **dict.fromkeys(TALKED, _talked),
    **dict.fromkeys(DECISIONS, _decide),
    "booking.canceled": _cancel,
    "lead.qualified": _qualify,
}
ABOUT_CLIENT: Final[dict[str, Callable[..., str]]] = {"automation.paused": asked_pauses.pause, "automation.resumed": asked_pauses.resume}
