"""The inbox: one queue of what a person has to decide, oldest promise first, from tasks, drafts, unknown texts, stuck runs and poison.

Each source is read once, bounded, through its own partial index; nothing is counted and nothing is read per row.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject

from leads.models import Client, Contact, Desk, Event, Identity, Lead, Task
from messaging.models import Message
from providers.models import Delivery
from workflows import answer, registry
from workflows.models import Run
from zartsalgo.lib.phone import sayable
from zartsalgo.office.labels import provider_word

SHOWN = 50
# What we promise ourselves where no row carries a promise of its own.
DRAFT_WITHIN = timedelta(minutes=15)
LOOK_WITHIN = timedelta(minutes=30)
DELIVERY_WITHIN = timedelta(hours=4)
SOON = timedelta(minutes=30)

NEEDS_APPROVAL = "needs-approval"
KIND_WORDS = {"call-back": "Call", "answer-reply": "Reply", "unclear-reply": "Unclear reply", "look-into": "Look into"}


@dataclass(kw_only=True)
class Item:
    """One decision. `key` is `<kind>:<id>`, `due_at` the promise; `row` is the row behind it."""

    key: str
    kind: str  # task, draft, unknown, run, delivery
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


@dataclass
class Group:
    """Late, due soon or later."""

    word: str
    late: bool
    items: list[Item] = field(default_factory=list)


@dataclass
class Queue:
    """What is shown of the queue; `more` is true when rows stand behind it."""

    groups: list[Group]
    items: list[Item]
    more: bool

    def after(self, *, key: str) -> Item | None:
        """The item to open once `key` is done: the next one, else the first that is left."""
        rest = [item for item in self.items if item.key != key]
        at = next((i for i, item in enumerate(self.items) if item.key == key), 0)
        return (rest[at] if at < len(rest) else rest[0]) if rest else None


def tasks() -> QuerySet[Task]:
    """Tasks with all a row needs."""
    return Task.objects.select_related("client", "contact", "lead")


def texts() -> QuerySet[Message]:
    """Messages with all a row needs."""
    return Message.objects.select_related("client", "contact", "lead", "template")


def runs() -> QuerySet[Run]:
    """Runs with all a row needs."""
    number = Identity.objects.filter(contact=OuterRef("contact_id"), kind=Identity.Kind.PHONE).order_by("pk").values("value")[:1]
    return Run.objects.select_related("client", "contact", "lead").defer("state").annotate(number=Subquery(number))


def poison() -> QuerySet[Delivery]:
    """Deliveries with all a row needs, without their bytes."""
    return Delivery.objects.select_related("connection__client").defer("body", "headers", "url", "connection__sealed")


def read_queue(*, now: datetime, shown: int = SHOWN) -> Queue:
    """The first `shown` decisions by promise, grouped. Four statements, whatever there is."""
    enough = shown + 1
    open_tasks = list(tasks().filter(status=Task.Status.OPEN).order_by("due_at", "pk")[:enough])
    draft = Q(status=Message.Status.HELD, reason=NEEDS_APPROVAL, approved_at__isnull=True)
    decisions = texts().filter(draft | Q(status=Message.Status.UNKNOWN)).order_by(Coalesce(F("useful_until"), F("created_at")), "pk")
    found: dict[str, Item] = {}
    for message in decisions[:enough]:
        item = of_text(message)
        found[item.key] = item
    for run in runs().filter(status=Run.Status.PARKED).order_by("wake_at", "pk")[:enough]:
        item = of_run(run)
        found[item.key] = item
    for delivery in poison().filter(state=Delivery.State.POISON).order_by("received_at", "pk")[:enough]:
        item = of_delivery(delivery)
        found[item.key] = item
    for task in open_tasks:
        # A stuck run and an unknown text ask through a task, too: one decision is one row, with the task's promise.
        twin = found.get(task.cause.replace("parked:", "run:", 1))
        if twin is None:
            item = of_task(task)
            found[item.key] = item
        else:
            twin.due_at, twin.desk = task.due_at, task.get_desk_display()
    items = sorted(found.values(), key=lambda item: (item.due_at, item.key))
    groups = [Group("Late", True), Group("Due soon", False), Group("Later", False)]
    for item in items[:shown]:
        item.age = promise(due_at=item.due_at, now=now)
        groups[0 if item.due_at <= now else 1 if item.due_at <= now + SOON else 2].items.append(item)
    return Queue(groups=[group for group in groups if group.items], items=items[:shown], more=len(items) > shown)


def find(*, key: str) -> Item | None:
    """One item by its key, whatever its state; None when there is no such row."""
    kind, _, raw = key.partition(":")
    readers: dict[str, tuple[Callable[[], QuerySet[Any]], Callable[[Any], Item]]] = {
        "task": (tasks, of_task),
        "draft": (texts, of_text),
        "unknown": (texts, of_text),
        "run": (runs, of_run),
        "delivery": (poison, of_delivery),
    }
    if kind not in readers:
        return None
    try:
        pk = uuid.UUID(raw)
    except ValueError:
        return None
    rows, make = readers[kind]
    row = rows().filter(pk=pk).first()
    return make(row) if row is not None else None


def is_open(item: Item) -> bool:
    """Whether it still waits for a person."""
    row = item.row
    if isinstance(row, Task):
        return row.status == Task.Status.OPEN
    if isinstance(row, Message):
        draft = row.status == Message.Status.HELD and row.reason == NEEDS_APPROVAL and row.approved_at is None
        return draft or row.status == Message.Status.UNKNOWN
    if isinstance(row, Run):
        return bool(row.status == Run.Status.PARKED)
    return bool(row.state == Delivery.State.POISON)


def of_task(task: Task) -> Item:
    """A task as a decision."""
    run_id = None
    if task.cause.startswith("parked:"):
        run_id = _uuid(task.cause.removeprefix("parked:"))
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
        run_id=run_id,
    )


def of_text(message: Message) -> Item:
    """A draft that waits for approval, or a text nobody knows the fate of."""
    who = message.contact.name or sayable(message.to)
    unknown = message.status == Message.Status.UNKNOWN
    name = workflow_name(message.workflow)
    return Item(
        key=f"{'unknown' if unknown else 'draft'}:{message.pk}",
        kind="unknown" if unknown else "draft",
        word="Unknown" if unknown else "Draft",
        title=f"Did the text to {who} go out?" if unknown else f"Approve a text to {who}",
        say=message.says if unknown else f"Written by {name}; a person approves each text of this client.",
        client=message.client,
        desk=Desk.AUTOMATION_OPS.label if unknown else Desk.CLIENT_SUCCESS.label,
        due_at=message.created_at + LOOK_WITHIN if unknown else message.useful_until or message.created_at + DRAFT_WITHIN,
        row=message,
        contact=message.contact,
        lead=message.lead,
        run_id=message.run_id,
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


def _uuid(raw: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(raw)
    except ValueError:
        return None


@dataclass
class Line:
    """One entry of the short thread beside a decision."""

    at: datetime
    inbound: bool
    who: str
    body: str
    channel: str = "Text"
    status: str = ""
    reason: str = ""
    run_id: uuid.UUID | None = None
    pk: str = ""


HEARD = ("message.received", "call.missed", "call.answered", "lead.created", "quote.requested")


def thread(*, contact: Contact, last: int = 6) -> tuple[list[Line], list[str]]:
    """The last things said with a person, oldest first, and their numbers (E.164). One statement."""
    events = Event.objects.filter(contact=OuterRef("pk"), type__in=HEARD).order_by("-recorded_at", "-pk")
    texts = Message.objects.filter(contact=OuterRef("pk")).order_by("-created_at", "-pk")
    numbers = Identity.objects.filter(contact=OuterRef("pk"), kind=Identity.Kind.PHONE).order_by("pk")
    told = Contact.objects.filter(pk=contact.pk).values_list(
        ArraySubquery(events.values(told=JSONObject(at="recorded_at", type="type", facts="facts", personal="personal"))[:last]),
        ArraySubquery(
            texts.values(
                told=JSONObject(at="created_at", body="body", status="status", says="says", workflow="workflow", run_id="run_id", pk="pk")
            )[:last]
        ),
        ArraySubquery(numbers.values("value")),
    )
    heard, said, phones = told.get()
    lines = [_heard(row, who=contact.name or "Customer") for row in heard] + [_said(row) for row in said]
    return sorted(lines, key=lambda line: line.at)[-last:], phones


def _said(row: dict[str, Any]) -> Line:
    return Line(
        at=datetime.fromisoformat(row["at"]),
        inbound=False,
        who="Automatic text" if row["workflow"] else "Text by staff",
        body=row["body"],
        status=row["status"],
        reason=row["says"] if row["status"] in ("held", "skipped", "failed", "unknown") else "",
        run_id=uuid.UUID(row["run_id"]) if row["run_id"] else None,
        pk=row["pk"],
    )


def _heard(row: dict[str, Any], *, who: str) -> Line:
    at, personal, facts = datetime.fromisoformat(row["at"]), row["personal"] or {}, row["facts"] or {}
    if row["type"] == "message.received":
        return Line(at=at, inbound=True, who=who, body=str(personal.get("text") or "An empty text."))
    if row["type"].startswith("call."):
        says = "Called; nobody picked up." if row["type"] == "call.missed" else "Called and was answered."
        return Line(at=at, inbound=True, who=who, channel="Call", body=says)
    asked = str(personal.get("message") or facts.get("service") or "")
    return Line(at=at, inbound=True, who=who, channel="Form", body=asked or "Sent a form.")


def handled(*, now: datetime, most: int = 1000) -> tuple[int, int]:
    """What goes on without a person: runs at work and texts that wait for their time, each counted up to `most`."""
    at_work = Run.objects.filter(status__in=Run.ACTIVE).values("pk")[:most].count()
    waiting = Message.objects.filter(status__in=Message.PENDING).values("pk")[:most].count()
    return at_work, waiting
