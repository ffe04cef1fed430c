"""Receipts: for every event and every workflow that listens to its type one row that says why it did or did not start.

Decided for a set of events at once: what the workflows may know is loaded with one statement a kind of fact, receipts and runs are written
with one each. Events of one person are decided one after the other, so the second call of a set joins the run that the first one started.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from rapidfuzz import fuzz

from leads import people
from leads.deciding import Context, Fact
from leads.events import ASKED_IN_WRITING
from leads.facts import automations_of
from leads.models import Automation, Contact, Event
from messaging.words.variables import time_span
from workflows import registry
from workflows.models import Receipt, Run, WorkflowVersion
from workflows.vocabulary import Refusal, Workflow
from zartsalgo.lib import rows
from zartsalgo.lib.ids import new_id

# Out of a hundred: first names that are nearer to each other are one name with a slip in it (Jon, John), Mary and Mark are two.
SAME_NAME = 80
# Of one person and workflow so many earlier runs are looked at for one to join.
MOST_EARLIER = 20


def decide(*, event: Event, contact: Contact | None, now: datetime) -> list[uuid.UUID]:
    """The receipts of one event, and the runs it starts: see `decide_all`."""
    return [run.pk for run in decide_all(heard=[(event, contact)], now=now)]


def decide_all(*, heard: Sequence[tuple[Event, Contact | None]], now: datetime, new: Collection[uuid.UUID] = ()) -> list[Run]:
    """Write the receipts of these events and start what starts; returns the new runs, in the order of their events. `new` are people who
    were made in this very transaction, so that nothing of theirs can be joined.

    Runs in the events' transaction, with the people's rows locked: two calls of one person cannot both start a run.
    """
    started: list[Run] = []
    for n, turn in enumerate(_turns([(event, contact) for event, contact in heard if registry.listeners().get(event.type)])):
        # The second event of somebody new may join what the first one started.
        started += _Deciding(heard=turn, now=now, new=new if n == 0 else ()).write()
    return started


def _turns(heard: Sequence[tuple[Event, Contact | None]]) -> list[list[tuple[Event, Contact | None]]]:
    """The events in sets, each with at most one of any person, in their order."""
    turns: list[list[tuple[Event, Contact | None]]] = []
    came: dict[uuid.UUID, int] = defaultdict(int)
    for event, contact in heard:
        turn = came[contact.pk] if contact is not None else 0
        if contact is not None:
            came[contact.pk] += 1
        if turn == len(turns):
            turns.append([])
        turns[turn].append((event, contact))
    return turns


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One workflow that is asked about one event."""

    workflow: Workflow
    event: Event
    contact: Contact | None
    automation: Automation | None
    earlier: Run | None
    run_id: uuid.UUID


class _Deciding:
    """The receipts of a set of events with at most one of any person."""

    def __init__(self, *, heard: Sequence[tuple[Event, Contact | None]], now: datetime, new: Collection[uuid.UUID]) -> None:
        self.now = now
        self.new = new
        pairs = [(workflow, *one) for one in heard for workflow in registry.listeners()[one[0].type]]
        chosen = automations_of(clients=(event.client for event, _ in heard))
        earlier = self._earlier(pairs)
        self.asked = [
            _Asked(
                workflow=workflow,
                event=event,
                contact=contact,
                automation=chosen[event.client_id].get(workflow.key),
                earlier=next(
                    (run for run in earlier.get((workflow.key, contact.pk), ()) if not _somebody_else(event=event, earlier=run.event)), None
                )
                if contact is not None
                else None,
                run_id=new_id(),
            )
            for workflow, event, contact in pairs
        ]

    def _earlier(self, pairs: Sequence[tuple[Workflow, Event, Contact | None]]) -> dict[tuple[str, uuid.UUID], list[Run]]:
        """Runs that a second cause of the same person joins, by workflow and person, the oldest first."""
        joining = [
            (workflow, contact)
            for workflow, _, contact in pairs
            if contact is not None and workflow.joins_within and contact.pk not in self.new
        ]
        if not joining:
            return {}
        since = {workflow.key: self.now - workflow.joins_within for workflow, _ in joining}
        runs = Run.objects.filter(
            contact_id__in={contact.pk for _, contact in joining}, workflow__in=list(since), created_at__gt=min(since.values())
        )
        found: dict[tuple[str, uuid.UUID], list[Run]] = defaultdict(list)
        for run in runs.select_related("event").order_by("created_at"):
            key = (run.workflow, run.contact_id or uuid.UUID(int=0))
            if run.created_at > since[run.workflow] and len(found[key]) < MOST_EARLIER:
                found[key].append(run)
        return found

    def write(self) -> list[Run]:
        """Decide and write; the runs that start."""
        refusals = self._refusals()
        receipts = [self._receipt(one, refusals.get(n)) for n, one in enumerate(self.asked)]
        versions = registry.live_versions()
        runs = [
            self._run(one, version=versions[one.workflow.key])
            for one, receipt in zip(self.asked, receipts, strict=True)
            if receipt.verdict == Receipt.Verdict.STARTED
        ]
        rows.insert(rows=runs)
        rows.insert(rows=receipts)
        return runs

    def _refusals(self) -> dict[int, Refusal | None]:
        """What the workflows themselves have against starting, by place in the set. Settings that no longer fit a card start nothing, and
        lose nothing."""
        contexts: dict[int, Context] = {}
        refusals: dict[int, Refusal | None] = {}
        for n, one in enumerate(self.asked):
            if one.workflow.refuses is not None and one.automation is not None and one.automation.enabled and one.earlier is None:
                try:
                    contexts[n] = self._context(one, one.automation)
                except ValidationError as error:
                    names = ", ".join(sorted({str(row["loc"][0]) for row in error.errors() if row["loc"]})) or "one of them"
                    says = f"{one.workflow.name} did not start: its settings for this client do not fit ({names})."
                    refusals[n] = Refusal(reason="settings", says=says, expected="settings that fit", actual=names)
        for workflow in {self.asked[n].workflow.key: self.asked[n].workflow for n in contexts}.values():
            places = [n for n in contexts if self.asked[n].workflow is workflow]
            assert workflow.refuses is not None
            kinds = registry.needs(workflow.refuses)
            columns: list[Sequence[Fact]] = [kind.load(contexts=[contexts[n] for n in places]) for kind in kinds]
            for place, n in enumerate(places):
                facts: list[Any] = [column[place] for column in columns]
                refusals[n] = workflow.refuses(contexts[n], *facts)
        return refusals

    def _context(self, one: _Asked, automation: Automation) -> Context:
        return Context(
            run_id=one.run_id,
            workflow=one.workflow.key,
            client=one.event.client,
            event=one.event,
            contact=one.contact,
            lead=one.event.lead,
            settings=one.workflow.settings.model_validate(automation.settings or {}),
            since=self.now,
            now=self.now,
            drafts=automation.send == Automation.Send.DRAFT,
        )

    def _receipt(self, one: _Asked, refusal: Refusal | None) -> Receipt:
        workflow = one.workflow
        receipt = Receipt(id=new_id(), client_id=one.event.client_id, event=one.event, workflow=workflow.key, at=self.now)
        if one.automation is None or not one.automation.enabled:
            receipt.verdict, receipt.reason = Receipt.Verdict.REFUSED, "switched-off"
            receipt.says = f"{workflow.name} did not start: it is switched off for this client."
            receipt.expected, receipt.actual = "switched on", "off" if one.automation else "never switched on"
        elif one.earlier is not None:
            minutes = int((self.now - one.earlier.created_at).total_seconds() // 60)
            receipt.verdict, receipt.reason, receipt.run = Receipt.Verdict.JOINED, "same-person-in-window", one.earlier
            ago = "less than a minute" if minutes < 1 else "a minute" if minutes == 1 else f"{minutes} minutes"
            receipt.says = f"{workflow.name} did not start again: the same person started it {ago} before."
            span = time_span(minutes=workflow.joins_within // timedelta(minutes=1))
            receipt.expected, receipt.actual = f"no run within {span}", f"{ago} before"
        elif refusal is not None:
            receipt.verdict = Receipt.Verdict.REFUSED if refusal.joins is None else Receipt.Verdict.JOINED
            receipt.reason, receipt.run_id, receipt.says = refusal.reason, refusal.joins, refusal.says[:400]
            receipt.expected, receipt.actual = refusal.expected[:200], refusal.actual[:200]
        else:
            receipt.verdict, receipt.reason, receipt.run_id = Receipt.Verdict.STARTED, "trigger", one.run_id
            receipt.says = f"{workflow.name} started because of {one.event.type}."
        return receipt

    def _run(self, one: _Asked, *, version: WorkflowVersion) -> Run:
        return Run(
            id=one.run_id,
            client=one.event.client,
            workflow=one.workflow.key,
            version=version,
            cause=f"event:{one.event.pk}",
            event=one.event,
            contact=one.contact,
            lead=one.event.lead,
            cursor=one.workflow.steps[0].key,
            created_at=self.now,
            wake_at=self.now,
        )


def _somebody_else(*, event: Event, earlier: Event) -> bool:
    """Whether a form names another person than the one that started the run: a family shares a phone, and each of them is answered.

    Names are compared as people write them; a call says nothing about who speaks.
    """
    if not {event.type, earlier.type} <= {*ASKED_IN_WRITING}:
        return False
    names = [people.read_person(personal=one.personal or {}).name.casefold().split() for one in (event, earlier)]
    if not all(names):
        return False
    mine, theirs = names[0][0], names[1][0]
    return not (mine.startswith(theirs) or theirs.startswith(mine) or fuzz.ratio(mine, theirs) >= SAME_NAME)
