"""What a text is for. One table: consent, dedupe, throttle, hours, templates, the checks of words, the portal and resuming read it.

A purpose is what a person agreed to, so it decides which proof a text needs. A workflow with a purpose of its own names it on its card
(`purposes=`), which registers it here. A key that nobody registered is judged by the strictest rules, and stops the start where a workflow
or a template of ours names it (zartsalgo.checks).
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from leads.events import DECIDED, TALKED


class Kind(StrEnum):
    """What it does for the person: the proof it needs follows from that."""

    ANSWERS = "answers"  # what they did themselves; their own act asks for it (47 CFR 64.1200(a)(1))
    SERVES = "serves"  # something they have with the business, such as an appointment; their own act asks for it too
    MARKETS = "markets"  # anything else: written words, or a relationship and a do-not-call list (64.1200(a)(2), (f)(5))


class Hours(StrEnum):
    """Which hours bind it; states only narrow them (messaging.quiet_hours)."""

    CALLER = "caller"  # the federal 8 to 21: it answers the person's own call
    GENERAL = "general"


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """One purpose. `heading` names it for staff and the business; `when` tells the business when a customer gets it.

    `answers_within` is how long the person's own act asks for it, for whatever does not market. `window` is how long one text stands for
    the purpose: no second goes to the same person within it. `overtaken_by` names the types of events after which it has lost its point.
    """

    key: str
    heading: str
    when: str
    kind: Kind
    answers_within: timedelta | None = None
    window: timedelta = timedelta(hours=24)
    hours: Hours = Hours.GENERAL
    overtaken_by: frozenset[str] = frozenset()
    # Whether anything they write ends it: an answer that waited is then given by a person.
    overtaken_by_reply: bool = True
    # It asks for a review, so every word of 16 CFR 465 binds it.
    asks_for_review: bool = False
    # One reply to the person's own act: no price and no offer, whatever its source.
    no_offers: bool = False
    # Goes only where the person wrote before, so name and way out were given.
    continues: bool = False
    # Whether staff may choose it for words of theirs.
    chosen: bool = True

    def __post_init__(self) -> None:
        if (self.answers_within is None) != (self.kind is Kind.MARKETS):
            raise ValueError(f"purpose {self.key}: how long an act asks for it belongs to whatever does not market, and to nothing else")

    @property
    def markets(self) -> bool:
        """Whether it needs written words or a relationship; what answers or serves needs the person's own act."""
        return self.kind is Kind.MARKETS


_ANSWERED: Final = frozenset({*TALKED, *DECIDED, "proposal.sent"})

TEXT_BACK: Final = Purpose(
    key="missed-call-text-back",
    heading="Answer to a missed call",
    when="Sent once to somebody who called you when nobody could pick up.",
    kind=Kind.ANSWERS,
    answers_within=timedelta(hours=12),
    window=timedelta(hours=12),
    hours=Hours.CALLER,
    overtaken_by=_ANSWERED,
    no_offers=True,
)
LEAD_REPLY: Final = Purpose(
    key="lead-reply",
    heading="Answer to a form or a message",
    when="Sent once to somebody who filled in a form or wrote to you.",
    kind=Kind.ANSWERS,
    answers_within=timedelta(hours=72),
    overtaken_by=_ANSWERED,
)
CONVERSATION: Final = Purpose(
    key="conversation",
    heading="Answer within a conversation",
    when="Sent to somebody who is already writing with you.",
    kind=Kind.ANSWERS,
    answers_within=timedelta(hours=72),
    overtaken_by=frozenset(TALKED),
    continues=True,
)
REPLY: Final = Purpose(
    key="reply",
    heading="Written by a person",
    when="Written by a person to somebody who turned to you.",
    kind=Kind.ANSWERS,
    # As long as an inquiry counts as a relationship. What a person writes by hand is theirs to repeat.
    answers_within=timedelta(days=84),
    window=timedelta(0),
    chosen=False,
)
APPOINTMENT: Final = Purpose(
    key="appointment",
    heading="Appointment",
    when="Sent to somebody who has an appointment with you, to confirm it or to remind them.",
    kind=Kind.SERVES,
    answers_within=timedelta(days=84),
    overtaken_by=frozenset({"booking.canceled", "booking.rescheduled", "job.completed"}),
    overtaken_by_reply=False,
)
QUOTE_FOLLOW_UP: Final = Purpose(
    key="quote-follow-up",
    heading="Follow-up of a quote",
    when="Sent to somebody who has a quote of yours and has not answered it yet.",
    kind=Kind.MARKETS,
    overtaken_by=frozenset({*TALKED, *DECIDED}),
)
REVIEW_REQUEST: Final = Purpose(
    key="review-request",
    heading="Review request",
    when="Sent to a customer whose job is done, the same to everybody.",
    kind=Kind.MARKETS,
    # Nobody is asked for a review twice within a month, whatever a client sets; its own, longer span is kept by the workflow.
    window=timedelta(days=30),
    overtaken_by_reply=False,
    asks_for_review=True,
)
REVIEW_REMINDER: Final = Purpose(
    key="review-reminder",
    heading="Reminder of a review request",
    when="Sent once to a customer who was asked for a review and did nothing about it.",
    kind=Kind.MARKETS,
    window=timedelta(days=30),
    overtaken_by_reply=False,
    asks_for_review=True,
)
MARKETING: Final = Purpose(
    key="marketing",
    heading="Offers and news",
    when="Sent only to people who agreed in writing to get such texts from you.",
    kind=Kind.MARKETS,
)

_table: dict[str, Purpose] = {}


def register(*, purpose: Purpose) -> None:
    """Add a purpose to the table; the same one again changes nothing. Raises ValueError for a key that has another meaning already."""
    if _table.setdefault(purpose.key, purpose) != purpose:
        raise ValueError(f"two purposes are called {purpose.key}")


def every() -> tuple[Purpose, ...]:
    """All that are registered, in the order in which they were."""
    return tuple(_table.values())


def is_known(*, key: str) -> bool:
    """Whether somebody registered it."""
    return key in _table


def of(*, key: str) -> Purpose:
    """The purpose of this key. One that nobody registered is judged as marketing, and says its key in words."""
    return _table.get(key) or Purpose(
        key=key, heading=key.replace("-", " ").strip().capitalize() or "A text of yours", when="Ask us when exactly it is sent.",
        kind=Kind.MARKETS,
    )  # fmt: skip


def named(key: str) -> tuple[str, str]:
    """Heading, and when a customer gets it, for whoever only says it (the portal)."""
    return of(key=key).heading, of(key=key).when


def keys_that_do_not_market() -> list[str]:
    """The keys of all purposes that a person's own act asks for."""
    return [purpose.key for purpose in _table.values() if not purpose.markets]


def keys_that_ask_for_reviews() -> list[str]:
    """The keys of all purposes under which a review is asked for."""
    return [purpose.key for purpose in _table.values() if purpose.asks_for_review]


def choices() -> list[tuple[str, str]]:
    """What staff may choose for words of theirs: key and heading."""
    return [(purpose.key, purpose.heading) for purpose in _table.values() if purpose.chosen]


for _purpose in (
    TEXT_BACK, LEAD_REPLY, CONVERSATION, REPLY, APPOINTMENT, QUOTE_FOLLOW_UP, REVIEW_REQUEST, REVIEW_REMINDER, MARKETING,
):  # fmt: skip
    register(purpose=_purpose)
