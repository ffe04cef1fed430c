"""The small vocabulary a catalog file is written in, and what a step gets and gives.

A definition is data: keys, kinds, handler names with their version, parameters and where to go next. A handler is a pure function
`(Context, fact, fact ...) -> Done | Wait | Finish | Again`. The facts it wants are its typed parameters; what it wants done it gives back
as effects, whose kinds it names once (`leaves`). Its workflow's card says what is read and written from nothing but these two.
"""

import hashlib
import inspect
import json
import typing
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel

from leads.deciding import Context as Context
from leads.deciding import Effect, Fact
from leads.models import Lead
from messaging.purposes import Purpose, register


@dataclass(frozen=True, kw_only=True)
class _Leaving:
    """What every result may leave: effects, values that the run remembers, and the lead that the run is about from now on."""

    do: tuple[Effect, ...] = ()
    remember: Mapping[str, Any] = field(default_factory=dict)
    lead: Lead | None = None


@dataclass(frozen=True, kw_only=True)
class Done(_Leaving):
    """The step is over. `goto` names another step than the next; `skipped` says there was nothing to do and `says` why."""

    says: str
    expected: str = ""
    actual: str = ""
    output: Mapping[str, Any] = field(default_factory=dict)
    goto: str = ""
    skipped: bool = False


@dataclass(frozen=True, kw_only=True)
class Wait(_Leaving):
    """Not yet: come back at `until` (business clock), or as soon as `key` is woken. The step runs again then."""

    says: str
    until: datetime
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class Finish(_Leaving):
    """The run is over, with this sentence."""

    says: str


@dataclass(frozen=True, kw_only=True)
class Again(_Leaving):
    """Write what it leaves and enter this very step once more, in the same transaction: its facts depend on it."""


Result = Done | Wait | Finish | Again
Handler = Callable[..., Result]


def leaves(*kinds: type[Effect]) -> Callable[[Handler], Handler]:
    """Names the kinds of effects that a handler may leave. Any other is refused when it comes."""

    def _name(handler: Handler) -> Handler:
        handler.__dict__["leaves"] = kinds
        return handler

    return _name


def left_by(handler: Callable[..., Any]) -> tuple[type[Effect], ...]:
    """The kinds of effects that a handler may leave."""
    found: tuple[type[Effect], ...] = getattr(handler, "leaves", ())
    return found


def facts_of(handler: Callable[..., Any]) -> tuple[type[Fact], ...]:
    """The facts that a handler asks for, in their order. Raises TypeError for a parameter of any other type."""
    hints = typing.get_type_hints(handler)
    wanted = []
    for name in list(inspect.signature(handler).parameters)[1:]:
        kind = hints.get(name)
        if not (isinstance(kind, type) and issubclass(kind, Fact)):
            raise TypeError(f"{handler.__module__}.{handler.__name__} asks for {name!r}, which is no kind of fact")
        wanted.append(kind)
    return tuple(wanted)


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
    """Why an event starts no run, as its receipt says it. With `joins`, the id of a run, it belongs to that run instead."""

    reason: str
    says: str
    expected: str = ""
    actual: str = ""
    joins: uuid.UUID | None = None


# What a context holds.
ALWAYS_READ: Final = ("leads_automation", "leads_client", "leads_contact", "leads_event", "leads_lead")


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
    steps: tuple[StepSpec, ...]
    settings: type[BaseModel] = NoSettings
    # What its messages are for. Named here they are in the table of purposes, so one of its own is this file and nothing else.
    purposes: tuple[Purpose, ...] = ()
    # A second cause of the same person inside this window joins the run instead of starting another.
    joins_within: timedelta = timedelta(0)
    # Asked before a run starts, once it is switched on: why this event does not start one, or None. Pure, its facts as those of a step.
    refuses: Callable[..., Refusal | None] | None = None
    # Handlers of earlier versions by name, such as "workflows.steps.hand_over@1": kept until no unfinished run needs them.
    keeps: Mapping[str, Handler] = field(default_factory=dict)
    on_for_new_clients: bool = True

    def __post_init__(self) -> None:
        for purpose in self.purposes:
            register(purpose=purpose)

    @property
    def reads(self) -> tuple[str, ...]:
        """The tables that its decisions rest on."""
        asking = [*(spec.handler for spec in self.steps), *([self.refuses] if self.refuses else [])]
        return tuple(sorted({*ALWAYS_READ, *(table for one in asking for fact in facts_of(one) for table in fact.tables)}))

    @property
    def writes(self) -> tuple[str, ...]:
        """The tables that it changes, but for its own steps."""
        return tuple(sorted({table for spec in self.steps for kind in left_by(spec.handler) for table in kind.tables}))

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
