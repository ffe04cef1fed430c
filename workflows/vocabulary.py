"""The small vocabulary a catalog file is written in, and what a step gets and gives.

A definition is data: keys, kinds, handler names with their version, parameters and where to go next. A handler is a plain function
`(Context) -> Done | Wait | Finish` that reads and writes rows in the engine's transaction and never calls the network.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from leads.models import Client, Contact, Event, Lead
from messaging.purposes import Purpose, register
from workflows.models import Run


@dataclass(frozen=True, kw_only=True)
class Done:
    """The step is over. `goto` names another step than the next; `skipped` says there was nothing to do and `says` why."""

    says: str
    expected: str = ""
    actual: str = ""
    output: Mapping[str, Any] = field(default_factory=dict)
    goto: str = ""
    skipped: bool = False


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Not yet: come back at `until` (business clock), or as soon as `key` is woken. The step runs again then."""

    says: str
    until: datetime
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class Finish:
    """The run is over, with this sentence."""

    says: str


Result = Done | Wait | Finish


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a handler may look at. `now` is the business clock; rows may be written, nothing may be called.

    `frozen` is how long pauses have kept the run's timers still: whoever waits until `since + span` waits until `since + span + frozen`.
    """

    run: Run
    client: Client
    event: Event
    contact: Contact | None
    lead: Lead | None
    step: str
    params: Mapping[str, Any]
    settings: Any
    now: datetime
    frozen: timedelta = timedelta(0)


Handler = Callable[[Context], Result]


@dataclass(frozen=True, kw_only=True)
class StepSpec:
    """One step of a definition. `version` goes up when the handler's meaning changes; a run keeps the one it started on."""

    key: str
    kind: str
    title: str
    handler: Handler
    version: int = 1
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def handler_name(self) -> str:
        return f"{self.handler.__module__}.{self.handler.__name__}@{self.version}"

    def as_data(self) -> dict[str, Any]:
        return {"key": self.key, "kind": self.kind, "title": self.title, "handler": self.handler_name, "params": dict(self.params)}


KINDS = ("do", "check", "branch", "message", "alert", "task", "summarize", "approve", "hand off", "wait", "wait for", "stop")


def step(kind: str, key: str, title: str, handler: Handler, *, version: int = 1, **params: Any) -> StepSpec:
    """A step of a catalog file. `kind` is one of KINDS; raises ValueError otherwise, so a misspelt word stops the start."""
    if kind not in KINDS:
        raise ValueError(f"{key}: {kind!r} is no kind of step; known: {', '.join(KINDS)}")
    return StepSpec(key=key, kind=kind, title=title, handler=handler, version=version, params=params)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why an event starts no run, as its receipt says it. With `joins` it belongs to that run instead."""

    reason: str
    says: str
    expected: str = ""
    actual: str = ""
    joins: Run | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a workflow may look at before it starts. Called in the event's transaction, with the contact's row locked."""

    client_id: int
    event: Event
    contact: Contact | None
    settings: Any
    now: datetime


class NoSettings(BaseModel):
    """For a workflow that a client cannot tune."""


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """A catalog card and its definition: one file in workflows/catalog/ defines one as WORKFLOW."""

    key: str
    name: str
    library: str
    owner: str
    triggers: tuple[str, ...]
    boundary: str
    output: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    steps: tuple[StepSpec, ...]
    settings: type[BaseModel] = NoSettings
    # What its messages are for. Named here they are in the table of purposes, so one of its own is this file and nothing else.
    purposes: tuple[Purpose, ...] = ()
    # A second cause of the same person inside this window joins the run instead of starting another.
    joins_within: timedelta = timedelta(0)
    # Asked before a run starts, once it is switched on: why this event does not start one, or None.
    refuses: Callable[[Entry], Refusal | None] | None = None
    # Handlers of earlier versions by name, such as "workflows.steps.hand_over@1": kept until no unfinished run needs them.
    keeps: Mapping[str, Handler] = field(default_factory=dict)
    on_for_new_clients: bool = True

    def __post_init__(self) -> None:
        for purpose in self.purposes:
            register(purpose=purpose)

    def definition(self) -> dict[str, Any]:
        return {"steps": [spec.as_data() for spec in self.steps]}

    def sha256(self) -> str:
        return hashlib.sha256(json.dumps(self.definition(), sort_keys=True).encode()).hexdigest()

    def card(self, *, version: int | None) -> dict[str, Any]:
        return {
            "key": self.key,
            "name": self.name,
            "library": self.library,
            "owner": self.owner,
            "trigger": ", ".join(self.triggers),
            "boundary": self.boundary,
            "output": self.output,
            "reads": list(self.reads),
            "writes": list(self.writes),
            "steps": [{"key": s.key, "kind": s.kind, "title": s.title} for s in self.steps],
            "version": version,
        }
