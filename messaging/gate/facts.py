"""What the gate knows of one message when it judges it: values that were read before, so that judging itself reads nothing.

Every field has the value of "nothing is known against it", so that a fact which is made by hand names only what it is about. Times are
aware. Who loads them from the rows: messaging.gate.loading.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from leads.calendar import Calendar
from leads.models import Client, Lead
from messaging.models import Pause, Template
from zartsalgo.lib.places import Place


@dataclass(frozen=True, kw_only=True)
class Stop:
    """The suppression that speaks first: a person's own wish before a bounce, then the oldest. A bounce binds one address alone."""

    at: datetime
    rule: str
    bounced: bool = False


@dataclass(frozen=True, kw_only=True)
class Held:
    """A person talks with them: since when, and who."""

    since: datetime
    by: str


@dataclass(frozen=True, kw_only=True)
class Refused:
    """When a carrier or mail server last said that this number or address takes nothing, and its sentence."""

    at: datetime
    says: str


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What stands before it: `until` when another message has its purpose; `listed_at` when only the provider's list knows of one."""

    until: datetime | None = None
    listed_at: datetime | None = None
    provider_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """Automatic messages that this person got from the client, or may have got, besides this one.

    `answers` is what does not market. `today` and `week` count all others, in 24 hours and in 7 days; `first_*` and `last_answer` say when the
    oldest and newest of those counted went. `waits`: an answer is still to go.
    """

    answers: int = 0
    first_answer: datetime | None = None
    last_answer: datetime | None = None
    today: int = 0
    first_today: datetime | None = None
    week: int = 0
    first_week: datetime | None = None
    waits: bool = False


@dataclass(frozen=True, kw_only=True)
class Written:
    """The newest written consent to marketing that still counts."""

    at: datetime
    source: str
    wording: str


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The newest act of theirs that asks for an answer; `kind` is how the ledger calls it."""

    kind: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Listed:
    """What the do-not-call lists say of the number; `as_of` is the day of the oldest one asked, None when none speaks for it."""

    listed: bool = False
    as_of: date | None = None
    fresh: bool = False


@dataclass(frozen=True, kw_only=True)
class Consents:
    """What they agreed to and refused, as far as it counts for this message's purpose, channel and address.

    `proof` is read for what answers or serves; the rest for marketing: what they said before a stop counts no more. `capped` counts marketing
    messages within the cap's window, `first_capped` is when the oldest of them went.
    """

    refused_at: datetime | None = None
    proof: Proof | None = None
    written: Written | None = None
    inquiry: datetime | None = None
    purchase: datetime | None = None
    capped: int = 0
    first_capped: datetime | None = None
    do_not_call: Listed = field(default_factory=Listed)


@dataclass(frozen=True, kw_only=True)
class Since:
    """An event since a text's cause, as far as it may overtake the text."""

    type: str
    at: datetime
    facts: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Closed:
    """The newest change of the lead to a closed stage since the text was planned or approved."""

    stage: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Overtaken:
    """What happened since its cause, oldest first; and of a review reminder whether its request was followed or answered."""

    since: tuple[Since, ...] = ()
    closed: Closed | None = None
    clicked: bool = False
    answered: bool = False


@dataclass(frozen=True, kw_only=True)
class Way:
    """The connection it goes over. `shadow`: going live has to be signed and is not. `loopback`: nothing leaves this machine."""

    id: str
    provider: str
    label: str
    disabled: bool = False
    loopback: bool = False
    shadow: bool = False
    live_since: datetime | None = None
    inbound: str = ""


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """The mail server of this installation, for emails without a connection."""

    loopback: bool = False


@dataclass(frozen=True, kw_only=True)
class Automation:
    """What the client lets the message's workflow do; None of a workflow that was never set up."""

    enabled: bool = True
    sends: bool = False


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that judging one message needs besides its own row. `responders` holds their numbers and, in capitals, their addresses."""

    client: Client
    place: Place
    calendar: Calendar
    lead: Lead | None = None
    template: Template | None = None
    automation: Automation | None = None
    responders: frozenset[str] = frozenset()
    stop: Stop | None = None
    unread_reply: bool = False
    held: Held | None = None
    refused: Refused | None = None
    taken: Taken = field(default_factory=Taken)
    sent: Sent = field(default_factory=Sent)
    consents: Consents = field(default_factory=Consents)
    overtaken: Overtaken = field(default_factory=Overtaken)
    pause: Pause | None = None
    way: Way | None = None
    mail_server: MailServer | None = None
    sender_trouble: str = ""
    clock_moved: bool = False
