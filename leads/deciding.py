"""What a decision is made of: a context, the facts it asks for, and the effects it leaves.

A decision is a plain function of its context and its facts. It reads no row, calls nothing and writes nothing: what it wants done it gives
back as effects. Facts are loaded for many contexts at once and effects are written for many at once, so a decision costs the same alone and
among two hundred. Both are defined in the room that owns the tables (`<room>/facts.py`, `<room>/effects.py`), each with the tables it
touches, from which a workflow's card is computed.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from leads.models import Client, Contact, Event, Lead


@dataclass(frozen=True, kw_only=True)
class Context:
    """Which step of which run is decided, for whom and when. `now` is the business clock. Nothing here may be changed.

    `since` is when the run began. `frozen` is how long pauses have kept its timers still: whoever waits until `since + span` waits until
    `since + span + frozen`. `drafts` says that a person approves each text of this workflow before it goes.
    """

    run_id: uuid.UUID
    workflow: str
    client: Client
    event: Event
    contact: Contact | None
    lead: Lead | None
    settings: Any
    since: datetime
    now: datetime
    step: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)
    # What the run said last.
    says: str = ""
    frozen: timedelta = timedelta(0)
    drafts: bool = True


class Fact:
    """Something a decision may rest on, as it stands in the transaction that decides."""

    tables: ClassVar[tuple[str, ...]]
    # Whether it differs from step to step of one run, because it rests on the step's parameters.
    by_step: ClassVar[bool] = False

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        """The fact of each context, in their order, with one statement for all of them (two where it says why)."""
        raise NotImplementedError

    @classmethod
    def at_first(cls) -> Self | None:
        """What it is for a run whose event is the first that was ever heard of its person, recorded in this very
        transaction, while nothing has been written to its tables since: there can be no row. None where a row may stand
        all the same, so that it is loaded."""
        return None

    def after(self, effect: "Effect") -> Self | None:
        """What it is for a run that has just left this effect on its tables; None where only a look can say."""
        return None


class Effect:
    """Something a decision wants done. Its row carries its id from the start, so nothing is read back."""

    tables: ClassVar[tuple[str, ...]]
    # Whether it makes a row that others of the same set may change.
    makes: ClassVar[bool] = False
    # Whether all it does to a lead is what `apply` does, so that nothing is left to do for a lead that the same set writes.
    folds: ClassVar[bool] = False

    @classmethod
    def write(cls, *, effects: Sequence[Any], now: datetime) -> None:
        """Write them all, in the caller's transaction and in their order, with one statement a kind of row."""
        raise NotImplementedError

    def apply(self, *, lead: Lead) -> None:
        """What it makes of the lead that the run has in hand, so that the run's next decision sees it."""
