"""The kinds of events: what each is called, and which belong together. One table; who needs a set of them names a group.

`from_outside` says whether another system may report it (`generic` takes those and nothing else).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class EventType:
    """One kind of fact. `label` is how staff read it; `group` is "" where it stands alone."""

    key: str
    label: str
    group: str = ""
    from_outside: bool = True


_ROWS: Final = (
    EventType(key="lead.created", label="Form sent", group="form"),
    EventType(key="quote.requested", label="Quote asked for", group="form"),
    EventType(key="lead.qualified", label="Lead qualified"),
    EventType(key="call.missed", label="Missed call", group="call"),
    EventType(key="call.answered", label="Answered call", group="call"),
    # The business dialled and the person picked up. No act of theirs, so it agrees to nothing and makes nobody a lead.
    EventType(key="call.returned", label="Called back, answered"),
    EventType(key="message.received", label="Text received"),
    EventType(key="message.queued", label="Text planned"),
    EventType(key="message.status", label="Report about a text", from_outside=False),
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
    EventType(key="email.bounced", label="Email came back", from_outside=False),
    EventType(key="email.complained", label="Email marked as spam", from_outside=False),
    EventType(key="email.unsubscribed", label="Unsubscribed", from_outside=False),
    EventType(key="email.blocked", label="Address switched off at the provider", from_outside=False),
)
EVENT_TYPES: Final[dict[str, EventType]] = {row.key: row for row in _ROWS}
FROM_OUTSIDE: Final = frozenset(row.key for row in _ROWS if row.from_outside)
# What became of a request, as another system says it.
DECIDED: Final = tuple(row.key for row in _ROWS if row.group == "decided")
# Their own words came with the name they gave themselves.
ASKED_IN_WRITING: Final = (*(row.key for row in _ROWS if row.group == "form"), "message.received")
# Person and business talked by phone, whoever dialled.
TALKED: Final = ("call.answered", "call.returned")
# A carrier's voicemail picks up like a person and plays a greeting; a call that was over before one ends reached nobody. Where a talk is
# taken for none, a person calls once more; where none is taken for a talk, somebody waits for ever: so the longer span.
SHORTEST_TALK_SECONDS: Final = {
    "call.answered": 15,
    # Whoever calls back and meets a voicemail listens to its greeting and leaves a message, and the provider counts that as answered.
    "call.returned": 60,
}


def is_talk(*, type: str, facts: Mapping[str, object]) -> bool:
    """Whether a call means that a person of the business was reached: answered, no voicemail, and not over within seconds.

    A provider that does not say how long it took is taken at its word.
    """
    if type not in TALKED or facts.get("voicemail") is True:
        return False
    seconds = facts.get("duration_seconds")
    return not isinstance(seconds, int) or isinstance(seconds, bool) or seconds >= SHORTEST_TALK_SECONDS[type]
