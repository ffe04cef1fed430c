"""The inbox: one queue of what a person has to decide, oldest promise first, from tasks, texts, summaries, stuck runs, poison, incidents.

Each source is read once, bounded, through its own partial index; nothing is counted and nothing is read per row. What is rare and small
(poison, incidents, marks, the clients to choose from) comes with one statement, as JSON.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, JSONObject

from leads.models import Client, Task
from messaging.models import Message
from providers.models import Connection, Delivery
from summaries.models import Summary
from workflows.models import Incident, Run
from zartsalgo.models import User
from zartsalgo.office import snoozing
from zartsalgo.office.items import (
    NEEDS_APPROVAL,
    NEEDS_MENDING,
    REPLIES,
    Item,
    incidents,
    kind_of,
    of_delivery,
    of_incident,
    of_run,
    of_summary,
    of_task,
    of_text,
    poison,
    promise,
    runs,
    summaries,
    tasks,
    texts,
)

SHOWN = 50
MOST_CLIENTS = 500
SOON = timedelta(minutes=30)

ALL_KINDS = frozenset({"reply", "task", "draft", "held", "unknown", "summary", "run", "delivery", "incident"})
# The chips above the queue: code, words, which kinds. "put-off" is the other side of every kind.
VIEWS: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("", "All", ALL_KINDS),
    ("approvals", "Approvals", frozenset({"draft", "summary"})),
    ("replies", "Replies", frozenset({"reply"})),
    ("tasks", "Calls and tasks", frozenset({"task"})),
    ("trouble", "Trouble", frozenset({"held", "unknown", "run", "delivery", "incident"})),
    ("put-off", "Put off", ALL_KINDS),
)


@dataclass
class Group:
    """Late, due soon, or new: nothing is promised soon."""

    word: str
    late: bool
    items: list[Item] = field(default_factory=list)


@dataclass
class Queue:
    """What is shown of the queue; `more` is true when rows stand behind it. `clients` are those to choose from, by name."""

    groups: list[Group]
    items: list[Item]
    more: bool
    clients: list[Client]
    marks: dict[str, snoozing.Mark]
    put_off: int = 0

    def after(self, *, key: str) -> Item | None:
        """The item to open once `key` is done: the next one, else the first that is left."""
        rest = [item for item in self.items if item.key != key]
        at = next((i for i, item in enumerate(self.items) if item.key == key), 0)
        return (rest[at] if at < len(rest) else rest[0]) if rest else None


def kinds_of(view: str) -> frozenset[str]:
    """The kinds a view shows; a view that does not exist shows everything."""
    return next((kinds for code, _, kinds in VIEWS if code == view), ALL_KINDS)


def read_queue(
    *, now: datetime, user: User, shown: int = SHOWN, view: str = "", client: str = "", kinds: frozenset[str] | None = None
) -> Queue:
    """The first `shown` decisions by promise, grouped. At most seven statements, whatever there is.

    `view` is a code of VIEWS, `client` a short name ("" for all; one that names nobody finds nothing); `kinds` instead of the view's.
    """
    kinds = kinds_of(view) if kinds is None else kinds
    away = view == "put-off"
    enough = shown + 1
    desk = _read_desk(now=now, user=user, most=enough)
    chosen = next((one for one in desk.clients if one.slug == client), None)
    hidden = {key for key, mark in desk.marks.items() if mark.away}
    queue = Queue(groups=[], items=[], more=False, clients=desk.clients, marks=desk.marks, put_off=len(hidden))
    if client and chosen is None:
        return queue

    def wanted(rows: QuerySet[Any], *names: str) -> QuerySet[Any]:
        if chosen is not None:
            rows = rows.filter(client=chosen)
        ids = [key.partition(":")[2] for key in hidden if key.partition(":")[0] in names]
        if away:
            return rows.filter(pk__in=ids)
        return rows.exclude(pk__in=ids) if ids else rows

    found: dict[str, Item] = {}

    def add(items: list[Item]) -> None:
        found.update({item.key: item for item in items})

    states = [
        *([Q(status=Message.Status.HELD, reason__in=NEEDS_MENDING)] if "held" in kinds else []),
        *([Q(status=Message.Status.HELD, reason=NEEDS_APPROVAL, approved_at__isnull=True)] if "draft" in kinds else []),
        *([Q(status=Message.Status.UNKNOWN)] if "unknown" in kinds else []),
    ]
    if states:
        rows = wanted(texts().filter(reduce(or_, states)), "draft", "held", "unknown").order_by(
            Coalesce(F("useful_until"), F("created_at")), "pk"
        )
        add([of_text(row) for row in rows[:enough]])
    if "summary" in kinds:
        rows = wanted(summaries().filter(status__in=Summary.OPEN), "summary").order_by("created_at", "pk")
        add([of_summary(row) for row in rows[:enough]])
    if "run" in kinds:
        rows = wanted(runs().filter(status=Run.Status.PARKED), "run").order_by("wake_at", "pk")
        add([of_run(row) for row in rows[:enough]])
    rare = [item for item in desk.rare if item.kind in kinds and (item.key in hidden) is away]
    add([item for item in rare if chosen is None or item.client.pk == chosen.pk])
    if kinds & {"reply", "task", "unknown", "run", "summary"}:
        waiting = tasks().filter(status=Task.Status.OPEN)
        if "task" not in kinds:
            waiting = waiting.filter(kind__in=REPLIES) if "reply" in kinds else waiting.filter(_twins(found))
        elif "reply" not in kinds:
            waiting = waiting.exclude(kind__in=REPLIES)
        for task in wanted(waiting, "task").order_by("due_at", "pk")[:enough]:
            # A stuck run, an unknown text or a summary asks through a task, too: one decision is one row, with the task's promise.
            twin = task.cause.replace("parked:", "run:", 1)
            if twin in found:
                found[twin].due_at, found[twin].desk = task.due_at, task.get_desk_display()
            elif (twin not in desk.marks or not desk.marks[twin].away) and ("task" in kinds or task.kind in REPLIES):
                item = of_task(task)
                found[item.key] = item
    items = sorted(found.values(), key=lambda item: (item.due_at, item.key))
    groups = [Group("Late", True), Group("Due soon", False), Group("New", False)]
    for item in items[:shown]:
        item.age = promise(due_at=item.due_at, now=now)
        snoozing.tell(item=item, mark=desk.marks.get(item.key), user_id=user.pk)
        groups[0 if item.due_at <= now else 1 if item.due_at <= now + SOON else 2].items.append(item)
    queue.groups, queue.items, queue.more = [group for group in groups if group.items], items[:shown], len(items) > shown
    return queue


def _twins(found: dict[str, Item]) -> Q:
    """The tasks that stand for items already found: they carry the promise."""
    return Q(cause__in=[key.replace("run:", "parked:", 1) for key in found])


@dataclass(frozen=True)
class _Desk:
    clients: list[Client]
    marks: dict[str, snoozing.Mark]
    rare: list[Item]


def _read_desk(*, now: datetime, user: User, most: int) -> _Desk:
    """The small things in one statement: who may be chosen, what is put off or looked at, and the few rows of rare kinds."""
    clients = Client.objects.order_by("name").values(told=JSONObject(id="id", slug="slug", name="name", timezone="timezone", phone="phone"))
    unread = (
        Delivery.objects.filter(state=Delivery.State.POISON)
        .order_by("received_at", "pk")
        .values(told=JSONObject(id="id", note="note", at="received_at", provider="connection__provider", client="connection__client_id"))
    )
    wrong = Incident.objects.filter(status__in=(Incident.Status.OPEN, Incident.Status.FIXING)).order_by("opened_at", "pk")
    broken = wrong.values(told=JSONObject(id="id", title="title", reason="reason", desk="desk", at="opened_at", client="client_id"))
    told = User.objects.filter(pk=user.pk).values_list(
        ArraySubquery(clients[:MOST_CLIENTS]),
        ArraySubquery(snoozing.marks(now=now)),
        ArraySubquery(unread[:most]),
        ArraySubquery(broken[:most]),
    )
    rows, marks, deliveries, troubles = told.get()
    by_id = {row["id"]: Client(**row) for row in rows}
    found = {mark.key: mark for mark in (snoozing.read_mark(told=row) for row in marks)}
    rare = [
        of_delivery(
            Delivery(
                id=uuid.UUID(row["id"]),
                note=row["note"],
                received_at=datetime.fromisoformat(row["at"]),
                connection=Connection(provider=row["provider"], client=by_id[row["client"]]),
            )
        )
        for row in deliveries
        if row["client"] in by_id
    ]
    rare += [
        of_incident(
            Incident(
                id=uuid.UUID(row["id"]),
                title=row["title"],
                reason=row["reason"],
                desk=row["desk"],
                opened_at=datetime.fromisoformat(row["at"]),
                client=by_id.get(row["client"]),
            )
        )
        for row in troubles
    ]
    return _Desk(clients=list(by_id.values()), marks=found, rare=rare)


def find(*, key: str) -> Item | None:
    """One item by its key, whatever its state; None when there is no such row."""
    kind, _, raw = key.partition(":")
    readers: dict[str, tuple[Callable[[], QuerySet[Any]], Callable[[Any], Item]]] = {
        "task": (tasks, of_task),
        "draft": (texts, of_text),
        "unknown": (texts, of_text),
        "summary": (summaries, of_summary),
        "run": (runs, of_run),
        "delivery": (poison, of_delivery),
        "held": (texts, of_text),
        "incident": (incidents, of_incident),
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
        if kind_of(row) == "draft":
            return row.status == Message.Status.HELD and row.reason == NEEDS_APPROVAL and row.approved_at is None
        return row.status in (Message.Status.HELD, Message.Status.UNKNOWN)
    if isinstance(row, Summary):
        return row.status in Summary.OPEN
    if isinstance(row, Run):
        return bool(row.status == Run.Status.PARKED)
    if isinstance(row, Incident):
        return row.status in (Incident.Status.OPEN, Incident.Status.FIXING)
    return bool(row.state == Delivery.State.POISON)


def handled(*, now: datetime, most: int = 1000) -> tuple[int, int]:
    """What goes on without a person: runs at work and texts that wait for their time, each counted up to `most`."""
    at_work = Run.objects.filter(status__in=Run.ACTIVE).values("pk")[:most].count()
    waiting = Message.objects.filter(status__in=Message.PENDING).values("pk")[:most].count()
    return at_work, waiting
