"""The whole story of one person in one list: what they did, what we sent or held, why not, what people did.

Each kind of row is read once, newest first, with one keyset over all of them: (time, rank of the kind, id). Equal times are common,
since everything a transaction writes carries one `now`; the rank puts the cause before what followed from it.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Model, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import JSONObject

from leads import people
from leads.models import Consent, Event, Identity, Lead, Note, StageChange, StatedIdentity, Task
from messaging.models import Handover, Message, Notice, Suppression
from summaries.models import Summary
from workflows.models import Receipt, Run, Step
from zartsalgo.office.event_words import event_line
from zartsalgo.office.items import run_of, workflow_name
from zartsalgo.office.links import page_url
from zartsalgo.office.naming import clock_time, person_name
from zartsalgo.office.run_page import ShownSlip, shown_slip
from zartsalgo.office.telling import SHOWN_ONLY, Told, line_of

SHOWN = 100
_NOTICES = Prefetch("notices", queryset=Notice.objects.defer("slip").order_by("created_at", "pk"))


@dataclass(kw_only=True)
class Entry:
    """One thing that happened, as templates/office/includes/timeline_item.html draws it."""

    at: datetime
    rank: int
    pk: Any
    icon: str
    title: str
    status: str = ""
    word: str = ""
    say: str = ""
    body: str = ""
    note: bool = False
    outward: bool = False
    run_url: str = ""
    url: str = ""
    label: str = ""
    items: list[str] = field(default_factory=list)
    fold: str = ""
    slip: ShownSlip | None = None
    until: datetime | None = None

    @property
    def mark(self) -> str:
        """Where a page before this one ends."""
        return f"{self.at.isoformat()}~{self.rank}~{self.pk}"


@dataclass
class Story:
    """A page of the story, oldest first. `earlier` is the mark to go on from, or ""."""

    entries: list[Entry]
    earlier: str


@dataclass(frozen=True)
class _Kind:
    """A kind of row: how it is found, which field is its time, how it reads. `group` is the filter it belongs to."""

    group: str
    time: str
    rows: Callable[[Lead], QuerySet[Any]]
    entry: Callable[[Any, int], Entry]


class NoSuchMark(ValueError):
    """The mark of `?before=` is not one of ours."""


def read_story(*, lead: Lead, before: str = "", group: str = "", shown: int = SHOWN) -> Story:
    """The newest `shown` things before a mark, oldest first. One statement a kind. Raises NoSuchMark."""
    mark = _read_mark(before) if before else None
    found: list[Entry] = []
    for rank, kind in enumerate(KINDS):
        if group and kind.group != group:
            continue
        rows = kind.rows(lead)
        if mark is not None:
            rows = rows.filter(_before(kind=kind, rank=rank, mark=mark, model=rows.model))
        found += [kind.entry(row, rank) for row in rows.order_by(f"-{kind.time}", "-pk")[: shown + 1]]
    found.sort(key=lambda entry: (entry.at, entry.rank, str(entry.pk) if isinstance(entry.pk, uuid.UUID) else f"{entry.pk:020d}"))
    page = found[-shown:]
    return Story(entries=page, earlier=page[0].mark if len(found) > shown else "")


def _read_mark(raw: str) -> tuple[datetime, int, str]:
    try:
        at, rank, pk = raw.split("~")
        moment = datetime.fromisoformat(at.replace(" ", "+"))
        if moment.tzinfo is None or not 0 <= int(rank) < len(KINDS):
            raise ValueError
        return moment, int(rank), pk
    except ValueError as error:
        raise NoSuchMark("That is no place in this story.") from error


def _before(*, kind: _Kind, rank: int, mark: tuple[datetime, int, str], model: type[Model]) -> Q:
    at, marked, pk = mark
    if rank < marked:
        return Q(**{f"{kind.time}__lte": at})
    earlier = Q(**{f"{kind.time}__lt": at})
    if rank > marked:
        return earlier
    try:
        return earlier | Q(**{kind.time: at, "pk__lt": model._meta.pk.to_python(pk)})
    except Exception as error:  # whatever a forged id is, it is no place in the story
        raise NoSuchMark("That is no place in this story.") from error


# -- the kinds, in the order in which they follow from each other ------------------------------------------------------------------------


def _events(lead: Lead) -> QuerySet[Event]:
    # A delivery report is told by its message; what staff reported stands here with their name.
    return Event.objects.filter(contact_id=lead.contact_id).exclude(type="message.status")


def _event(row: Event, rank: int) -> Entry:
    line = event_line(event=row)
    return Entry(
        at=row.recorded_at,
        rank=rank,
        pk=row.pk,
        icon=line.icon,
        title=line.title,
        say=line.say,
        body=line.body,
        status=line.status,
        word=line.word,
        url=page_url("delivery", row.delivery_id),
        label="As it arrived",
    )


def _receipts(lead: Lead) -> QuerySet[Receipt]:
    # A started run tells itself; what did not start is said as loudly.
    return Receipt.objects.filter(event__contact_id=lead.contact_id).exclude(verdict=Receipt.Verdict.STARTED)


def _receipt(row: Receipt, rank: int) -> Entry:
    gap = f" Expected: {row.expected}; actual: {row.actual}." if row.expected and row.actual else ""
    return Entry(
        at=row.at,
        rank=rank,
        pk=row.pk,
        icon="receipts",
        title=workflow_name(row.workflow),
        status=row.verdict,
        say=row.says + gap,
        run_url=page_url("run", row.run_id),
        url=f"{page_url('receipts')}?q={row.event_id}",
        label="All receipts of this event",
    )


def _runs(lead: Lead) -> QuerySet[Run]:
    steps = Step.objects.filter(run=OuterRef("pk")).order_by("pk").values(told=JSONObject(outcome="outcome", says="says"))
    return Run.objects.filter(contact_id=lead.contact_id).annotate(told=ArraySubquery(steps)).defer("state")


def _run(row: Any, rank: int) -> Entry:
    told = [str(step["says"]) + (" (skipped)" if step["outcome"] == "skipped" else "") for step in row.told]
    return Entry(
        at=row.created_at,
        rank=rank,
        pk=row.pk,
        icon="runs",
        title=workflow_name(row.workflow),
        status=row.status,
        say=row.says or "Has not taken its first step yet.",
        run_url=page_url("run", row.pk),
        items=told,
        fold=f"{len(told)} step{'' if len(told) == 1 else 's'} taken",
    )


def _stages(lead: Lead) -> QuerySet[StageChange]:
    return StageChange.objects.filter(lead__contact_id=lead.contact_id)


def _stage(row: StageChange, rank: int) -> Entry:
    names = dict(Lead.Stage.choices)
    title = f"Stage: {names.get(row.old, row.old)} to {names.get(row.new, row.new)}"
    return Entry(
        at=row.at, rank=rank, pk=row.pk, icon="stage", title=title, say=f"By {workflow_name(row.by) if '-' in row.by else row.by}."
    )


def _handovers(lead: Lead) -> QuerySet[Handover]:
    return Handover.objects.select_related("client").prefetch_related(_NOTICES).filter(lead__contact_id=lead.contact_id)


def _told(line: Told, zone: str) -> str:
    at = f" at {clock_time(when=line.at, zone=zone)}" if line.at else ""
    return f"{line.way}: {line.word.lower()}{at}.{f' {line.says}' if line.says else ''}"


def _handover(row: Handover, rank: int) -> Entry:
    told = [line_of(notice) for notice in row.notices.all()]
    best = next((line for line in told if line.code == "sent"), told[-1] if told else None)
    return Entry(
        at=row.created_at,
        rank=rank,
        pk=row.pk,
        icon="outbox",
        title=f"Handed over to {row.to_name}",
        say="The name, the number, what was asked, and a link to say what came of it." if told else SHOWN_ONLY,
        run_url=page_url("run", row.run_id),
        items=[_told(line, row.client.timezone) for line in told],
        fold=f"{best.word}: {best.way}" if best is not None else "",
    )


def _tasks(lead: Lead) -> QuerySet[Task]:
    return Task.objects.select_related("client").filter(contact_id=lead.contact_id)


def _task(row: Task, rank: int) -> Entry:
    done = f" {row.closed_by or 'Somebody'}: {row.outcome}." if row.closed_at else ""
    return Entry(
        at=row.created_at,
        rank=rank,
        pk=row.pk,
        icon="task",
        title=row.title,
        status=row.status,
        say=f"{row.reason}{done}",
        run_url=page_url("run", run_of(cause=row.cause)),
        url=f"{page_url('inbox')}?item=task:{row.pk}" if row.closed_at is None else "",
        label="Decide",
    )


def _texts(lead: Lead) -> QuerySet[Message]:
    return Message.objects.select_related("newest_slip").filter(contact_id=lead.contact_id)


def _text(row: Message, rank: int) -> Entry:
    return Entry(
        at=row.created_at,
        rank=rank,
        pk=row.pk,
        icon="message",
        title=f"{'Email' if row.channel == Message.EMAIL else 'Text'} by {'a workflow' if row.workflow else 'staff'}",
        status=row.status,
        say=row.says,
        body=f"{row.subject}\n\n{row.body}" if row.subject else row.body,
        outward=True,
        run_url=page_url("run", row.run_id),
        url=page_url("message", row.pk),
        label=f"All about this {'email' if row.channel == Message.EMAIL else 'text'}",
        slip=shown_slip(slip=row.slip, attempts=[]),
        until=row.hold_until if row.status == Message.Status.HELD else None,
    )


def _notes(lead: Lead) -> QuerySet[Note]:
    return Note.objects.select_related("author").filter(lead__contact_id=lead.contact_id)


def _note(row: Note, rank: int) -> Entry:
    return Entry(at=row.created_at, rank=rank, pk=row.pk, icon="note", title=f"Note by {person_name(row.author)}", body=row.text, note=True)


def _summaries(lead: Lead) -> QuerySet[Summary]:
    return Summary.objects.filter(lead__contact_id=lead.contact_id).defer("claims", "internal_text")


def _summary(row: Summary, rank: int) -> Entry:
    waits = row.status in Summary.OPEN
    return Entry(
        at=row.created_at,
        rank=rank,
        pk=row.pk,
        icon="form",
        title="Summary for the client",
        status=row.status,
        word=row.get_status_display(),
        say=row.says,
        # Approved words are told by the approval itself, which may be in words of somebody's own.
        body=(row.client_text or "") if waits else "",
        run_url=page_url("run", row.run_id),
        url=page_url("approval", row.pk),
        label="Read and decide" if waits else "What was decided",
    )


KINDS: tuple[_Kind, ...] = (
    _Kind("conversation", "recorded_at", _events, _event),
    _Kind("automation", "at", _receipts, _receipt),
    _Kind("automation", "created_at", _runs, _run),
    _Kind("changes", "at", _stages, _stage),
    _Kind("changes", "created_at", _handovers, _handover),
    _Kind("changes", "created_at", _tasks, _task),
    _Kind("conversation", "created_at", _texts, _text),
    _Kind("changes", "created_at", _notes, _note),
    _Kind("changes", "created_at", _summaries, _summary),
)
GROUPS = (("", "All"), ("conversation", "Conversation"), ("automation", "Automation"), ("changes", "People and changes"))


def stops_of(*, contact: OuterRef) -> ArraySubquery:
    """The opt-outs that hold for a row's person, oldest first; the row is of the client in its `client_id`."""
    known, said = people.values_of(contact=OuterRef(contact))
    stops = (
        Suppression.objects.filter(Q(contact=contact) | Q(value__in=known) | Q(value__in=said))
        .filter(Q(client=OuterRef("client_id")) | Q(client__isnull=True), lifted_by__isnull=True)
        .exclude(origin=Suppression.Origin.BOUNCED)
        .order_by("at")
        .values(told=JSONObject(at="at", origin="origin"))
    )
    return ArraySubquery(stops)


def leads_with_facts() -> QuerySet[Lead]:
    """Leads with everything the page's side tells, in the one statement that reads the lead."""
    contact = OuterRef("contact_id")
    identities = Identity.objects.filter(contact=contact).order_by("pk").values(told=JSONObject(kind="kind", value="value"))
    consents = (
        Consent.objects.filter(contact=contact, withdrawn_by__isnull=True)
        .exclude(purpose=Consent.Purpose.WITHDRAWN)
        # Written agreements first: calls and texts of theirs may be many.
        .order_by("-purpose", "-granted_at")
        .values(
            told=JSONObject(
                purpose="purpose", channel="channel", wording="wording", source="source", kind="source_kind", how="how", at="granted_at"
            )
        )
    )
    stated = (
        StatedIdentity.objects.filter(contact=contact, proven_at__isnull=True)
        .order_by("pk")
        .values(told=JSONObject(kind="kind", value="value"))
    )
    open_tasks = (
        Task.objects.filter(contact=contact, status=Task.Status.OPEN).order_by("due_at").values(told=JSONObject(id="id", title="title"))
    )
    return Lead.objects.select_related("client", "contact", "owner").annotate(
        identities=ArraySubquery(identities),
        stated=ArraySubquery(stated[:10]),
        consents=ArraySubquery(consents[:50]),
        stops=stops_of(contact=contact),
        open_tasks=ArraySubquery(open_tasks[:10]),
    )


def moments(rows: list[dict[str, Any]], *, name: str = "at") -> Iterator[dict[str, Any]]:
    """Rows that came as JSON, with their time as a time again."""
    for row in rows:
        yield {**row, name: datetime.fromisoformat(str(row[name]))}
