"""What can happen in the demo's life, as values: who did what when. `load` knows how each is done."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from zartsalgo.office.demo.people import Person

OWNER, STAFF = "owner", "staff"


@dataclass(frozen=True, kw_only=True)
class Deed:
    """Something that happens to one client at a moment (aware, UTC)."""

    at: datetime


@dataclass(frozen=True, kw_only=True)
class Called(Deed):
    """A call, reported at `at`. Without a person the number was withheld; `copies` more webhooks of the same follow."""

    person: Person | None
    ended: datetime
    lasted: timedelta
    answered: bool = False
    voicemail: bool = False
    source: str = "Google Ads"
    note: str = ""
    copies: int = 0


@dataclass(frozen=True, kw_only=True)
class Asked(Deed):
    """A form, or a quote request. `more` are further fields."""

    person: Person
    service: str
    message: str
    source: str
    quote: bool = False
    consents: bool = False
    more: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Wrote(Deed):
    """A text of a customer."""

    person: Person
    words: str
    media: int = 0


@dataclass(frozen=True, kw_only=True)
class Told(Deed):
    """Another system of the client reports a fact: a job done, a payment."""

    person: Person
    type: str


@dataclass(frozen=True, kw_only=True)
class Forged(Deed):
    """A webhook whose signature does not match."""

    person: Person


@dataclass(frozen=True, kw_only=True)
class Garbled(Deed):
    """A signed webhook that nobody can read."""


@dataclass(frozen=True, kw_only=True)
class Undelivered(Deed):
    """The carrier reports that the last text to this person did not arrive."""

    person: Person
    error_code: str


@dataclass(frozen=True, kw_only=True)
class Approved(Deed):
    """The owner approves the text that waits for this person."""

    person: Person


@dataclass(frozen=True, kw_only=True)
class Rejected(Deed):
    """The owner decides that the text to this person does not go."""

    person: Person
    reason: str


@dataclass(frozen=True, kw_only=True)
class Answered(Deed):
    """Somebody of the business or the agency talked to them; what waited for that is done."""

    person: Person


@dataclass(frozen=True, kw_only=True)
class CameOf(Deed):
    """What came of it, one of leads.actions.OUTCOMES; `by_client`: said by the business's responder through the link."""

    person: Person
    outcome: str
    by_client: bool


@dataclass(frozen=True, kw_only=True)
class ReadUnclear(Deed):
    """A person reads a reply that may mean stop."""

    person: Person
    stop: bool


@dataclass(frozen=True, kw_only=True)
class Noted(Deed):
    """Staff write a note on the lead."""

    person: Person
    words: str


@dataclass(frozen=True, kw_only=True)
class Tidied(Deed):
    """Staff close what is left open from before."""


@dataclass(frozen=True, kw_only=True)
class NewWords(Deed):
    """The owner approves the next version of the client's own text-back."""

    version: int
    body: str


@dataclass(frozen=True, kw_only=True)
class Switched(Deed):
    """A workflow is switched on or off for the client."""

    workflow: str
    on: bool


@dataclass(frozen=True, kw_only=True)
class Decided(Deed):
    """The owner reads the summary that waits for this person: the client may see it, or it stays private."""

    person: Person
    approve: bool


@dataclass(frozen=True, kw_only=True)
class Careless(Deed):
    """The summary that waits for this person reads as if a careless model had written it: `sentence` has no source or names somebody."""

    person: Person
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Mood(Deed):
    """The client's (simulated) provider changes its mood, one of providers.connections.MOODS."""

    mood: str


@dataclass(frozen=True, kw_only=True)
class Took(Deed):
    """Staff take the client's open incident on themselves."""


@dataclass(frozen=True, kw_only=True)
class Resumed(Deed):
    """The owner resumes after the client's open incident: every held text is judged anew."""


@dataclass(frozen=True, kw_only=True)
class Verified(Deed):
    """The check after an incident: released ones that are proven well are closed."""


@dataclass(frozen=True, kw_only=True)
class Troubled(Deed):
    """Staff note what is wrong with a source; it stands on the strip until it is mended."""

    provider: str
    says: str


@dataclass(frozen=True, kw_only=True)
class Reported(Deed):
    """A report of these days is counted, and published where the owner does so."""

    starts_on: date
    ends_on: date
    publish: bool


@dataclass(frozen=True, kw_only=True)
class Invited(Deed):
    """Somebody of the business may see its results in the portal."""

    name: str
    email: str
