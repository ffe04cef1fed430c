"""What an item of the inbox is, and how each kind of row reads as one: who it is about, why a person is needed, by when, on which desk."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from leads.models import Client, Contact, Desk, Identity, Lead, Task
from messaging.models import Message
from providers.models import Delivery
from summaries.models import Summary
from workflows import answer, registry
from workflows.models import Incident, Run
from zartsalgo.lib.phone import sayable
from zartsalgo.office import talk_page
from zartsalgo.office.labels import provider_word

# What we promise ourselves where no row carries a promise of its own.
DRAFT_WITHIN = timedelta(minutes=15)
LOOK_WITHIN = timedelta(minutes=30)
SUMMARY_WITHIN = timedelta(hours=2)
DELIVERY_WITHIN = timedelta(hours=4)

NEEDS_APPROVAL = "needs-approval"
# What holds a text until somebody has mended it. Other holds end by themselves, by a task, or with their pause.
NEEDS_MENDING = ("template", "connection")
ALL_CLIENTS = Client(name="All clients", slug="", timezone="UTC")
KIND_WORDS = {
    "call-back": "Call",
    "answer-reply": "Reply",
    "unclear-reply": "Unclear reply",
    "read-stop": "Stop, and more",
    "look-into": "Look into",
    "answer-late": "Late reply",
}
REPLIES = ("answer-reply", "unclear-reply", "answer-late", "read-stop")


@dataclass(kw_only=True)
class Item:
    """One decision. `key` is `<kind>:<id>`, `due_at` the promise; `row` is the row behind it. `note` says that it was put off and is back,
    `looked_at_by` who has it open right now,
    `has_it` who has the conversation."""

    key: str
    kind: str  # task, draft, held, unknown, summary, run, delivery, incident
    word: str
    title: str
    say: str
    client: Client
    desk: str
    due_at: datetime
    row: Any
    contact: Contact | None = None
    lead: Lead | None = None
    run_id: uuid.UUID | None = None
    age: str = ""
    note: str = ""
    looked_at_by: str = ""
    has_it: str = ""


def tasks() -> QuerySet[Task]:
    """Tasks with all a row needs."""
    return Task.objects.select_related("client", "contact", "lead").annotate(talk=talk_page.of_contact("contact_id"))


def texts() -> QuerySet[Message]:
    """Messages with all a row needs."""
    return Message.objects.select_related("client", "contact", "lead", "template")


def summaries() -> QuerySet[Summary]:
    """Summaries with all a row needs, without what they claim."""
    return Summary.objects.select_related("client", "lead__contact").defer("claims", "internal_text")


def runs() -> QuerySet[Run]:
    """Runs with all a row needs."""
    number = Identity.objects.filter(contact=OuterRef("contact_id"), kind=Identity.Kind.PHONE).order_by("pk").values("value")[:1]
    return Run.objects.select_related("client", "contact", "lead").defer("state").annotate(number=Subquery(number))


def poison() -> QuerySet[Delivery]:
    """Deliveries with all a row needs, without their bytes."""
    return Delivery.objects.select_related("connection__client").defer("body", "headers", "url", "connection__sealed")


def of_task(task: Any) -> Item:
    """A task of `tasks()` as a decision."""
    talk = talk_page.read_talk(getattr(task, "talk", None))
    return Item(
        key=f"task:{task.pk}",
        kind="task",
        word=KIND_WORDS.get(task.kind, "Task"),
        title=task.title,
        say=task.reason,
        client=task.client,
        desk=task.get_desk_display(),
        due_at=task.due_at,
        row=task,
        contact=task.contact,
        lead=task.lead,
        run_id=run_of(cause=task.cause),
        has_it=talk.holder,
    )


def kind_of(message: Message) -> str:
    """Why a text of the queue waits: unknown, draft or held."""
    if message.status == Message.Status.UNKNOWN:
        return "unknown"
    return "held" if message.reason in NEEDS_MENDING else "draft"


def of_text(message: Message) -> Item:
    """A draft that waits for approval, a text that cannot go until something is mended, or one nobody knows the fate of."""
    who = message.contact.name or sayable(message.to)
    kind = kind_of(message)
    name = workflow_name(message.workflow)
    title, word, say, desk = {
        "unknown": (f"Did the text to {who} go out?", "Unknown", message.says, Desk.AUTOMATION_OPS),
        "held": (f"A text to {who} cannot go", "Held", message.says, Desk.AUTOMATION_OPS),
        "draft": (
            f"Approve a text to {who}",
            "Draft",
            f"Written by {name}; a person approves each text of this client.",
            Desk.CLIENT_SUCCESS,
        ),
    }[kind]
    within = DRAFT_WITHIN if kind == "draft" else LOOK_WITHIN
    return Item(
        key=f"{kind}:{message.pk}",
        kind=kind,
        word=word,
        title=title,
        say=say,
        client=message.client,
        desk=desk.label,
        due_at=(None if kind == "unknown" else message.useful_until) or message.created_at + within,
        row=message,
        contact=message.contact,
        lead=message.lead,
        run_id=message.run_id,
    )


def of_summary(summary: Summary) -> Item:
    """A summary that a person approves for the client, keeps private or writes by hand."""
    contact = summary.lead.contact
    who = contact.name or "an unknown person"
    by_hand = summary.status == Summary.Status.TO_WRITE
    said = {"call": "A call", "form": "A form"}.get(summary.kind, "A conversation")
    return Item(
        key=f"summary:{summary.pk}",
        kind="summary",
        word="Write by hand" if by_hand else "Summary",
        title=f"Write what {who} asked for" if by_hand else f"Approve what {summary.client} sees of {who}",
        say=(summary.says or f"{said} could not be summed up; a person writes it.")
        if by_hand
        else f"{said} was summed up; the client sees it once you approve the words.",
        client=summary.client,
        desk=Desk.CLIENT_SUCCESS.label,
        due_at=summary.created_at + SUMMARY_WITHIN,
        row=summary,
        contact=contact,
        lead=summary.lead,
        run_id=summary.run_id,
    )


def of_run(run: Any) -> Item:
    """A run of `runs()` that cannot go on by itself."""
    who = (run.contact.name if run.contact else "") or (sayable(run.number) if run.number else "")
    workflow = registry.workflows().get(run.workflow)
    return Item(
        key=f"run:{run.pk}",
        kind="run",
        word="Stuck",
        title=f"{workflow_name(run.workflow)} stands still" + (f" for {who}" if who else ""),
        say=run.says or "It cannot go on by itself.",
        client=run.client,
        desk=Desk(workflow.owner).label if workflow else Desk.AUTOMATION_OPS.label,
        due_at=run.wake_at + LOOK_WITHIN,
        row=run,
        contact=run.contact,
        lead=run.lead,
        run_id=run.pk,
    )


def of_delivery(delivery: Delivery) -> Item:
    """A webhook we stored and could not read."""
    return Item(
        key=f"delivery:{delivery.pk}",
        kind="delivery",
        word="Not understood",
        title=f"{provider_word(delivery.connection.provider)} sent something we cannot read",
        say=delivery.note or "It could not be read; it is kept.",
        client=delivery.connection.client,
        desk=Desk.DATA_OPS.label,
        due_at=delivery.received_at + DELIVERY_WITHIN,
        row=delivery,
    )


def of_incident(incident: Incident) -> Item:
    """Something that is wrong and holds texts, until it is released and proven well."""
    client = incident.client or ALL_CLIENTS
    return Item(
        key=f"incident:{incident.pk}",
        kind="incident",
        word="Incident",
        title=incident.title,
        say=incident.reason,
        client=client,
        desk=Desk(incident.desk).label,
        due_at=incident.opened_at + LOOK_WITHIN,
        row=incident,
    )


def incidents() -> QuerySet[Incident]:
    """Incidents with all a row needs."""
    return Incident.objects.select_related("client")


def workflow_name(key: str) -> str:
    """The workflow's name as people say it; "a person" where none wrote it."""
    return answer.workflow_name(key=key) if key else "a person"


def promise(*, due_at: datetime, now: datetime) -> str:
    """Age against the promise: 12 min late, due in 8 min."""
    seconds = abs((now - due_at).total_seconds())
    if seconds < 60:
        return "due now"
    if seconds < 90 * 60:
        words = f"{round(seconds / 60)} min"
    elif seconds < 36 * 3600:
        words = f"{round(seconds / 3600)} h"
    else:
        words = f"{round(seconds / 86_400)} days"
    return f"{words} late" if due_at < now else f"due in {words}"


def run_of(*, cause: str) -> uuid.UUID | None:
    """The run behind a task: its cause reads `<workflow>:<run>:<step>` or `parked:<run>`; others are not of a run."""
    first, _, rest = cause.partition(":")
    if first != "parked" and first not in registry.workflows():
        return None
    try:
        return uuid.UUID(rest.partition(":")[0])
    except ValueError:
        return None
