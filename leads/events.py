"""The kinds of events: what each is called, and which belong together. One table; who needs a set of them names a group.

`from_outside` says whether another system may report it (`generic` takes those and nothing else).
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


class Whose(enum.Enum):
    """How the person of an event is found, and what the event proves about the numbers and addresses that it names."""

    # They called or wrote from there: it is theirs, and so is what a form stated of them before.
    THEIRS = "theirs"
    # Typed into a form. Proves nothing, and finds nobody by what another form stated.
    FORM = "form"
    # A booking page or another system says it of them. Proves nothing either.
    SAID = "said"
    # The business turned to them, not they to it: only somebody we know already, nobody is made.
    KNOWN = "known"
    # A report about a mail of ours: whom it went to, or who is known by the address. Nobody is made.
    ADDRESSEE = "addressee"
    # The message that it is about tells whose it is; the event itself names nobody.
    NOBODY = "nobody"


@dataclass(frozen=True, kw_only=True)
class EventType:
    """One kind of fact. `label` is how staff read it; `group` is "" where it stands alone.

    `first`: taken in before everything else that came with it, because it may forbid what that would set going. `reply`: they wrote, and
    what they wrote is read.
    """

    key: str
    label: str
    group: str = ""
    from_outside: bool = True
    whose: Whose = Whose.SAID
    first: bool = False
    reply: bool = False

    @property
    def reports(self) -> bool:
        """Whether it is a report about a message of ours."""
        return self.whose in (Whose.ADDRESSEE, Whose.NOBODY)


_ROWS: Final = (
    EventType(key="lead.created", label="Form sent", group="form", whose=Whose.FORM),
    EventType(key="quote.requested", label="Quote asked for", group="form", whose=Whose.FORM),
    EventType(key="lead.qualified", label="Lead qualified"),
    EventType(key="call.missed", label="Missed call", group="call", whose=Whose.THEIRS),
    EventType(key="call.answered", label="Answered call", group="call", whose=Whose.THEIRS),
    # The business dialled and the person picked up. No act of theirs, so it agrees to nothing and makes nobody a lead.
    EventType(key="call.returned", label="Called back, answered", whose=Whose.KNOWN),
    EventType(key="message.received", label="Text received", whose=Whose.THEIRS, first=True, reply=True),
    EventType(key="message.queued", label="Text planned"),
    EventType(key="message.status", label="Report about a text", from_outside=False, whose=Whose.NOBODY),
    EventType(key="summary.created", label="Summary written"),
    EventType(key="provider.enriched", label="Facts added by a provider"),
    EventType(key="proposal.sent", label="Proposal sent"),
    EventType(key="booking.created", label="Booked", group="decided"),
    EventType(key="booking.rescheduled", label="Appointment moved", group="decided"),
    EventType(key="booking.canceled", label="Appointment canceled"),
    EventType(key="contract.signed", label="Contract signed", group="decided"),
    EventType(key="deal.won", label="Deal won", group="decided"),
    EventType(key="deal.lost", label="Deal lost", group="decided"),
    EventType(key="payment.received", label="Payment received", group="decided"),
    EventType(key="job.completed", label="Job done", group="decided"),
    EventType(key="case.opened", label="Case opened"),
    EventType(key="case.closed", label="Case closed"),
    EventType(key="automation.paused", label="Automation paused"),
    EventType(key="automation.resumed", label="Automation said to run again"),
    EventType(key="outcome.reported", label="Outcome reported", from_outside=False),
    EventType(key="outcome.withdrawn", label="Outcome taken back", from_outside=False),
    EventType(key="email.bounced", label="Email came back", from_outside=False, whose=Whose.ADDRESSEE, first=True),
    EventType(key="email.complained", label="Email marked as spam", from_outside=False, whose=Whose.ADDRESSEE, first=True),
    EventType(key="email.unsubscribed", label="Unsubscribed", from_outside=False, whose=Whose.ADDRESSEE, first=True),
    EventType(key="email.blocked", label="Address switched off at the provider", from_outside=False, whose=Whose.ADDRESSEE, first=True),
)
EVENT_TYPES: Final[dict[str, EventType]] = {row.key: row for row in _ROWS}
FROM_OUTSIDE: Final = frozenset(row.key for row in _ROWS if row.from_outside)
# What became of a request, as another system says it.
DECIDED: Final = tuple(row.key for row in _ROWS if row.group == "decided")
FORMS: Final = tuple(row.key for row in _ROWS if row.group == "form")
CALLS: Final = tuple(row.key for row in _ROWS if row.group == "call")
# Their own words came with the name they gave themselves.
ASKED_IN_WRITING: Final = (*FORMS, "message.received")
# Person and business talked by phone, whoever dialled.
TALKED: Final = ("call.answered", "call.returned")
# A carrier's voicemail picks up like a person and plays a greeting; a call that was over before one ends reached nobody. Where a talk is
# taken for none, a person calls once more; where none is taken for a talk, somebody waits for ever: so the longer span.
SHORTEST_TALK_SECONDS: Final = {
    "call.answered": 15,
    # Whoever calls back and meets a voicemail listens to its greeting and leaves a message, and the provider counts that as answered.
    "call.returned": 60,
}


def kind_of(*, type: str) -> EventType:
    """The kind of such an event; of a type that is in no table, one of which nothing special is known."""
    return EVENT_TYPES.get(type) or EventType(key=type, label=type)


def is_talk(*, type: str, facts: Mapping[str, object]) -> bool:
    """Whether a call means that a person of the business was reached: answered, no voicemail, and not over within seconds.

    A provider that does not say how long it took is taken at its word.
    """
    if type not in TALKED or facts.get("voicemail") is True:
        return False
    seconds = facts.get("duration_seconds")
    return not isinstance(seconds, int) or isinstance(seconds, bool) or seconds >= SHORTEST_TALK_SECONDS[type]
