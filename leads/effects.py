"""What the workflows do to requests and tasks: each written for many at once, in the transaction that decided it."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from leads import consent
from leads.actions import make_task
from leads.deciding import Context, Effect
from leads.models import Contact, Event, Lead, StageChange, Task
from zartsalgo.lib import rows
from zartsalgo.lib.ids import new_id


@dataclass(frozen=True, kw_only=True)
class OpenLead(Effect):
    """A request of the person, as the event describes it. Made under the person's lock, so two events cannot both open one."""

    tables: ClassVar = ("leads_lead",)
    makes: ClassVar = True
    lead: Lead

    @classmethod
    def of(cls, context: Context, *, contact: Contact, source: str, kind: str, urgency: str = "", service: str = "") -> Self:
        return cls(
            lead=Lead(
                id=new_id(),
                client=context.client,
                contact=contact,
                source=source[:120],
                kind=kind,
                service=service[:200],
                urgency=urgency[:20],
                created_at=context.now,
            )
        )

    @classmethod
    def write(cls, *, effects: Sequence[Self], now: datetime) -> None:
        rows.insert(rows=[effect.lead for effect in effects])


@dataclass(frozen=True, kw_only=True)
class ChangeStage(Effect):
    """Move a request from the stage it was seen in, with its line of history; where somebody moved it meanwhile, nothing changes."""

    tables: ClassVar = ("leads_lead", "leads_stagechange")
    lead_id: uuid.UUID
    old: str
    new: str
    by: str

    def apply(self, *, lead: Lead) -> None:
        if lead.pk == self.lead_id and lead.stage == self.old:
            lead.stage = self.new

    @classmethod
    def write(cls, *, effects: Sequence[Self], now: datetime) -> None:
        changes: dict[uuid.UUID, list[Self]] = defaultdict(list)
        for effect in effects:
            if effect.old != effect.new:
                changes[effect.lead_id].append(effect)
        moved = rows.update(
            model=Lead,
            # What the row must still hold is handed over in a field that is not set.
            names=("stage", "kind?"),
            rows=[{"pk": lead_id, "stage": several[-1].new, "kind": several[0].old} for lead_id, several in changes.items()],
            where='t."stage" = r."kind"',
        )
        rows.insert(
            rows=[
                StageChange(lead_id=lead_id, old=one.old, new=one.new, by=one.by[:120], at=now)
                for lead_id, several in changes.items()
                if lead_id in moved
                for one in several
            ]
        )


@dataclass(frozen=True, kw_only=True)
class SetNextAction(Effect):
    """What a person does next about a request."""

    tables: ClassVar = ("leads_lead",)
    folds: ClassVar = True
    lead_id: uuid.UUID
    words: str

    def apply(self, *, lead: Lead) -> None:
        if lead.pk == self.lead_id:
            lead.next_action = self.words[:200]

    @classmethod
    def write(cls, *, effects: Sequence[Self], now: datetime) -> None:
        words = {effect.lead_id: effect.words for effect in effects}
        rows.update(
            model=Lead, names=("next_action",), rows=[{"pk": lead_id, "next_action": said[:200]} for lead_id, said in words.items()]
        )


@dataclass(frozen=True, kw_only=True)
class StartTimer(Effect):
    """A person answers by then, and does this next. A timer that runs already goes on."""

    tables: ClassVar = ("leads_lead",)
    folds: ClassVar = True
    lead_id: uuid.UUID
    due_at: datetime
    next_action: str

    def apply(self, *, lead: Lead) -> None:
        if lead.pk == self.lead_id and lead.response_due_at is None:
            lead.response_due_at, lead.next_action = self.due_at, self.next_action[:200]

    @classmethod
    def write(cls, *, effects: Sequence[Self], now: datetime) -> None:
        timers = {effect.lead_id: effect for effect in reversed(effects)}
        rows.update(
            model=Lead,
            names=("response_due_at", "next_action"),
            rows=[{"pk": lead_id, "response_due_at": one.due_at, "next_action": one.next_action[:200]} for lead_id, one in timers.items()],
            where='t."response_due_at" is null',
        )


@dataclass(frozen=True, kw_only=True)
class NoteFirstResponse(Effect):
    """The response timer stops at the first answer a person got; an earlier one that is heard of late moves it back."""

    tables: ClassVar = ("leads_lead",)
    folds: ClassVar = True
    lead_id: uuid.UUID
    at: datetime

    def apply(self, *, lead: Lead) -> None:
        if lead.pk == self.lead_id and (lead.first_response_at is None or lead.first_response_at > self.at):
            lead.first_response_at = self.at

    @classmethod
    def write(cls, *, effects: Sequence[Self], now: datetime) -> None:
        first: dict[uuid.UUID, datetime] = {}
        for effect in effects:
            first[effect.lead_id] = min(first.get(effect.lead_id, effect.at), effect.at)
        rows.update(
            model=Lead,
            names=("first_response_at",),
            rows=[{"pk": lead_id, "first_response_at": at} for lead_id, at in first.items()],
            where='t."first_response_at" is null or t."first_response_at" > r."first_response_at"',
        )


@dataclass(frozen=True, kw_only=True)
class CreateTask(Effect):
    """Ask a person for something. The same cause is the same task, and so has its id; one event asks once for one kind of thing."""

    tables: ClassVar = ("leads_task",)
    task: Task

    @classmethod
    def of(cls, **asked: Any) -> Self:
        """From what `leads.actions.make_task` wants."""
        return cls(task=make_task(**asked))

    @classmethod
    def write(cls, *, effects: Sequence[Self], now: datetime) -> None:
        rows.insert(rows=[effect.task for effect in effects], or_nothing=True)


@dataclass(frozen=True, kw_only=True)
class NoteAgreement(Effect):
    """What a form's sender agreed to, where the event was recorded before there was a ledger; row by row, for there are hardly any."""

    tables: ClassVar = ("leads_consent",)
    event: Event
    contact: Contact

    @classmethod
    def write(cls, *, effects: Sequence[Self], now: datetime) -> None:
        for effect in effects:
            consent.note_agreement(event=effect.event, contact=effect.contact)
