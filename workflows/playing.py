"""Playing a set of runs inside one transaction: facts in, decisions pure, effects out.

In rounds: every run that goes on is asked for its next step. The facts that those steps ask for are loaded with one statement a kind of
fact, whoever asks; a fact that a run has is not loaded again until something that the run left touches its tables, and where it can say for
itself what that made of it (`Fact.after`) not then either. Of somebody who was never heard of before nothing is looked up that cannot be
(`Fact.at_first`). Effects are gathered and written with one statement a kind of row, before any fact is loaded that rests on their tables,
and at the end. Steps and runs are written once, in their last state.

Runs of one person take turns: the next begins when the one before it waits, ends or breaks, and loads its facts anew, so it sees what
everyone before it left, as it would alone.
"""

from __future__ import annotations

import uuid
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from leads.deciding import Context, Effect, Fact
from leads.effects import OpenLead
from leads.models import Automation, Lead
from messaging import purposes
from messaging.effects import PlanMessage
from messaging.models import Message
from messaging.outbox import reserve
from messaging.planning import SEND_TASK
from workflows import registry
from workflows.models import Run, Step, WorkflowVersion
from workflows.vocabulary import Again, Done, Finish, Handler, Result, Wait, left_by
from zartsalgo.lib import rows
from zartsalgo.lib.doorbell import ring_after_commit

# While a pause keeps its timer still a run only looks now and then; an event wakes it as ever.
LOOK_WHILE_PAUSED = timedelta(minutes=1)
# A step that asks to be entered again more often than that goes in a circle.
MOST_ENTRIES = 5
_MOVED = ("status", "cursor", "says", "wake_at", "wait_key", "finished_at", "claims", "lease_until", "lead_id", "state")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A run that is ours until its lease ends. `frozen`: how long its timers have stood still, by pauses that are over and, while
    `paused`, by the one that holds now."""

    run_id: uuid.UUID
    contact_id: uuid.UUID | None
    epoch: int
    claims: int
    frozen: timedelta
    paused: bool


class Playing:
    """One run while it is played: where it stands, the facts it has, and what it has left."""

    def __init__(self, *, run: Run, version: WorkflowVersion, automation: Automation | None, claim: Claim) -> None:
        self.run = run
        self.version = version
        self.claim = claim
        self.automation = automation
        self.settings: Any = None
        self.steps: list[Step] = []
        self.facts: dict[type[Fact], Fact] = {}
        self.broke: Exception | None = None
        self.entries = 0
        self.first_heard = run.first_heard
        if run.lead is not None and run.contact is not None and run.lead.contact_id == run.contact.pk:
            run.lead.client, run.lead.contact = run.client, run.contact

    @property
    def turn(self) -> tuple[str, object]:
        """Whose turn it takes: the person's, or the event's where nobody is known."""
        return ("person", self.run.contact_id) if self.run.contact_id is not None else ("event", self.run.event_id)

    def spec(self) -> dict[str, Any]:
        """The step it stands at. Raises LookupError where its version has none of that name."""
        for spec in self.version.definition["steps"]:
            if spec["key"] == self.run.cursor:
                found: dict[str, Any] = spec
                return found
        raise LookupError(f"version {self.version.version} of {self.run.workflow} has no step {self.run.cursor!r}")

    def context(self, *, spec: dict[str, Any], now: datetime) -> Context:
        """What its step is decided by. Raises ValidationError where the client's settings no longer fit the card."""
        run = self.run
        if self.settings is None:
            chosen = self.automation.settings if self.automation is not None else None
            self.settings = registry.workflows()[run.workflow].settings.model_validate(chosen or {})
        return Context(
            run_id=run.pk,
            workflow=run.workflow,
            client=run.client,
            event=run.event,
            contact=run.contact,
            lead=run.lead,
            settings=self.settings,
            since=run.created_at,
            now=now,
            step=spec["key"],
            params=spec["params"],
            state=run.state,
            says=run.says,
            frozen=self.claim.frozen,
            drafts=self.automation is None or self.automation.send == Automation.Send.DRAFT,
        )


def decide(*, handler: Handler, context: Context, facts: Mapping[type[Fact], Fact]) -> Result:
    """What one step decides. Raises TypeError where it leaves an effect that it does not name, and whatever the step raises."""
    result = handler(context, *(facts[kind] for kind in registry.needs(handler)))
    strange = [type(effect).__name__ for effect in result.do if type(effect) not in left_by(handler)]
    if strange:
        raise TypeError(f"step {context.step!r} leaves {', '.join(strange)}, which its handler does not name")
    return result


def _after(fact: Fact, *, effects: Sequence[Effect], touched: set[str]) -> Fact | None:
    """What a run's fact is after these effects of its own; None where it has to be loaded again."""
    if touched.isdisjoint(fact.tables):
        return fact
    if not touched & set(fact.tables) <= {table for effect in effects for table in effect.tables}:
        return None
    known: Fact | None = fact
    for effect in effects:
        if known is not None and not set(effect.tables).isdisjoint(fact.tables):
            known = known.after(effect)
    return known


class Batch:
    """A set of runs, played together. Every run of it is locked, and so is every person.

    `room`: so many of the texts that are planned here are judged and reserved here too, and leave after the commit; `tries` are those.
    """

    def __init__(self, *, playing: Sequence[Playing], now: datetime, room: int = 0) -> None:
        self.playing = playing
        self.now = now
        self.room = room
        self.left: dict[type[Effect], list[Effect]] = {}
        # Tables that anything here has been left for.
        self.touched: set[str] = set()
        # Texts that were planned here and are written already, for a fact that rests on their table.
        self.planned: list[Message] = []
        self.tries: list[reserve.Try] = []

    def play(self) -> None:
        """Play every run until it waits, ends or breaks, and write what came of it. Raises what a statement raises, and nothing is kept then."""
        turns: dict[tuple[str, object], deque[Playing]] = defaultdict(deque)
        for one in self.playing:
            turns[one.turn].append(one)
        at_work = [turn.popleft() for turn in turns.values()]
        while at_work:
            self._round(at_work)
            going_on = [one for one in at_work if one.run.status == Run.Status.READY and one.broke is None]
            over = [one for one in at_work if one not in going_on]
            at_work = going_on + [turns[one.turn].popleft() for one in over if turns[one.turn]]
        # Texts are written last and once, with what the gate has said of them.
        texts = [effect for effect in self.left.pop(PlanMessage, []) if isinstance(effect, PlanMessage)]
        self._write_effects()
        rows.insert(rows=[step for one in self.playing for step in one.steps])
        self._write_runs()
        self._reserve_planned(unwritten=[effect.message for effect in texts])
        PlanMessage.write(effects=texts, now=self.now)

    def _round(self, at_work: Sequence[Playing]) -> None:
        """One step of each."""
        asked: list[tuple[Playing, dict[str, Any], Context]] = []
        for one in at_work:
            one.run.status = Run.Status.READY
            try:
                spec = one.spec()
                asked.append((one, spec, one.context(spec=spec, now=self.now)))
            except Exception as error:  # this run's fault alone
                one.broke = error
        self._load(asked)
        for one, spec, context in asked:
            try:
                self._take(one, spec, decide(handler=registry.handlers()[spec["handler"]], context=context, facts=one.facts))
            except Exception as error:  # as above: what it did before stays
                one.broke = error

    def _load(self, asked: Sequence[tuple[Playing, dict[str, Any], Context]]) -> None:
        """Every fact that these steps ask for and their runs do not have."""
        wanted: dict[type[Fact], list[tuple[Playing, Context]]] = {}
        for one, spec, context in asked:
            for kind in registry.needs(registry.handlers()[spec["handler"]]):
                if kind in one.facts:
                    continue
                if one.first_heard and self.touched.isdisjoint(kind.tables) and (fact := kind.at_first()) is not None:
                    one.facts[kind] = fact
                else:
                    wanted.setdefault(kind, []).append((one, context))
        if self._is_stale(kind.tables for kind in wanted):
            self._write_effects()
        for kind, asking in wanted.items():
            found = kind.load(contexts=[context for _, context in asking])
            for (one, _), fact in zip(asking, found, strict=True):
                one.facts[kind] = fact

    def _is_stale(self, wanted: Iterable[tuple[str, ...]]) -> bool:
        touched = {table for kind in self.left for table in kind.tables}
        return any(table in touched for tables in wanted for table in tables)

    def _take(self, one: Playing, spec: dict[str, Any], result: Result) -> None:
        """What the decision gave: its effects, and the run's next place."""
        run = one.run
        touched = {table for effect in result.do for table in effect.tables}
        if result.lead is not None and result.lead.pk != run.lead_id:
            run.lead = result.lead
            touched.add(Lead._meta.db_table)
        for effect in result.do:
            self.left.setdefault(type(effect), []).append(effect)
            if run.lead is not None:
                effect.apply(lead=run.lead)
        self.touched |= touched
        one.facts = {kind: fact for kind, old in one.facts.items() if (fact := _after(old, effects=result.do, touched=touched)) is not None}
        if result.remember:
            run.state = {**run.state, **result.remember}
        if isinstance(result, Again):
            one.entries += 1
            if one.entries > MOST_ENTRIES:
                raise RuntimeError(f"step {run.cursor!r} of {run.workflow} asks again and again for itself")
            one.facts = {}
            return
        one.entries = 0
        if isinstance(result, Wait):
            run.status, run.says, run.wait_key = Run.Status.WAITING, result.says[:500], result.key
            run.wake_at = max(result.until, self.now + LOOK_WHILE_PAUSED) if one.claim.paused else result.until
            return
        self._note_step(one, spec, result)
        steps = [other["key"] for other in one.version.definition["steps"]]
        behind = steps[steps.index(run.cursor) + 1 :]
        following = (result.goto if isinstance(result, Done) else "") or (behind[0] if behind else "")
        run.says, run.wake_at, run.wait_key = result.says[:500], self.now, ""
        if isinstance(result, Finish) or not following:
            run.status, run.finished_at = Run.Status.DONE, self.now
        else:
            run.cursor = following
            # Facts of a step that names a parameter may be another's at the next step.
            one.facts = {kind: fact for kind, fact in one.facts.items() if not kind.by_step}

    def _note_step(self, one: Playing, spec: dict[str, Any], result: Done | Finish) -> None:
        done = result if isinstance(result, Done) else Done(says=result.says)
        one.steps.append(
            Step(
                run=one.run,
                key=spec["key"],
                kind=spec["kind"],
                outcome=Step.Outcome.SKIPPED if done.skipped else Step.Outcome.DONE,
                says=result.says[:500],
                expected=done.expected[:200],
                actual=done.actual[:200],
                output=dict(done.output),
                epoch=one.claim.epoch,
                at=self.now,
            )
        )

    def _write_effects(self) -> None:
        left, self.left = self.left, {}
        # What is made comes before what changes it, whoever left which first.
        made = {effect.lead.pk for effect in left.get(OpenLead, ()) if isinstance(effect, OpenLead)}
        for kind, effects in sorted(left.items(), key=lambda item: not item[0].makes):
            # What was done to a lead that is written here stands in it already.
            due = [effect for effect in effects if getattr(effect, "lead_id", None) not in made] if kind.folds and made else effects
            kind.write(effects=due, now=self.now)
        self.planned += [effect.message for effect in left.get(PlanMessage, ()) if isinstance(effect, PlanMessage)]

    def _write_runs(self) -> None:
        """Where each stands now. One that broke keeps its lease, and its place where it did no step: what becomes of it is decided after
        the commit."""
        moved = []
        for one in self.playing:
            if one.broke is None or one.steps:
                run, broke = one.run, one.broke is not None
                values = {name: getattr(run, name) for name in _MOVED}
                moved.append({"pk": run.pk, **values, "claims": 0, "lease_until": run.lease_until if broke else None})
        rows.update(model=Run, names=_MOVED, rows=moved)

    def _reserve_planned(self, *, unwritten: Sequence[Message]) -> None:
        """Have the gate judge what was planned; for whatever has no room now, or is second of its person, a worker is rung."""
        due = [message for message in (*self.planned, *unwritten) if message.due_at <= self.now]
        # Of one person the answer goes before what markets, which waits for it.
        due.sort(key=lambda message: purposes.of(key=message.purpose).markets)
        fresh = self._is_fresh(due) if self.room else set()
        here = [message for message in due if message.client_id in fresh][: self.room]
        elsewhere = [message for message in due if message not in here]
        reserved = reserve.reserve_planned(messages=here, unwritten={message.pk for message in unwritten}, now=self.now)
        self.tries = reserved.tries
        for id in (*reserved.later, *(message.pk for message in elsewhere)):
            ring_after_commit(task=SEND_TASK, id=str(id))

    def _is_fresh(self, messages: Sequence[Message]) -> set[int]:
        """The clients whose set-up is still the one these texts were planned by. It was read before this transaction, or changed in it."""
        known = {message.client_id: message.client.revision for message in messages}
        if not known:
            return set()
        with connection.cursor() as cursor:
            cursor.execute("select id, revision from leads_client where id = any(%s)", [list(known)])
            return {id for id, revision in cursor.fetchall() if known[id] == revision}
