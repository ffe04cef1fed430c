"""What a story is made of: beats that are seen to come true, and promises that the rows keep or break."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from zartsalgo.lib import clock
from zartsalgo.office.models import StoryRun
from zartsalgo.office.simulator import Caller

# Worker and ticker need a second or two for what a beat waits for; after this something is wrong, and the story says what.
PATIENCE_SECONDS = 12.0


class BreaksOff(Exception):
    """The story cannot go on; the text says why."""


class Ended(Exception):
    """Somebody else ended this story: its player was thought dead."""


class Stage:
    """A story while it is played, or looked at afterwards: who plays in it and what it found."""

    def __init__(self, row: StoryRun) -> None:
        self.row = row
        self.client = row.client
        self.caller = Caller(number=row.number, name=row.name)
        self.number = row.number

    @property
    def now(self) -> datetime:
        return clock.read()

    def kept(self, name: str) -> str | None:
        """The id that was kept under that name; None when it was not found."""
        found = self.row.kept.get(name)
        return str(found) if found else None

    def keep(self, **ids: object) -> None:
        """Keep ids by which rows are found again. Raises Ended."""
        self.write(kept={**self.row.kept, **{name: str(value) for name, value in ids.items()}})

    def write(self, **fields: object) -> None:
        """Write down how far it is. Raises Ended when it is not played any more."""
        if StoryRun.objects.filter(pk=self.row.pk, state=StoryRun.State.PLAYING).update(**fields) != 1:
            raise Ended
        for name, value in fields.items():
            setattr(self.row, name, value)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was seen, in a sentence; `page` and `pk` lead to the row that shows it (an office page's name)."""

    says: str
    page: str = ""
    pk: object = ""


@dataclass(frozen=True, kw_only=True)
class Beat:
    """`do` is done once (it may be nothing: then the system itself moves), then `look` is asked until it sees something."""

    title: str
    look: Callable[[Stage], Seen | None]
    do: Callable[[Stage], None] | None = None
    patience: float = PATIENCE_SECONDS


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One promise, whether the rows keep it, and what was counted. `page` and `pk` lead to the row."""

    promise: str
    met: bool
    says: str
    page: str = ""
    pk: object = ""


@dataclass(frozen=True, kw_only=True)
class Story:
    """`what` is the card's one sentence. `by_day`: where it is night for the customer, the clock is lent to the day for it. `tidy`: what
    to clear away, beside clock and mood, when it broke off."""

    key: str
    title: str
    what: str
    beats: tuple[Beat, ...]
    prove: Callable[[Stage], list[Proof]]
    by_day: bool = True
    tidy: Callable[[Stage], None] | None = None
