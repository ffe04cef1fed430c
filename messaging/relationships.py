"""How long an inquiry or a purchase lets a business text without written consent, and how often in a day, by the recipient's state.

Federal: three months after an inquiry, eighteen after a purchase (47 CFR 64.1200(f)(5), 16 CFR 310.2(q)); a state only narrows it. The
states' months are from one published comparison (bubecklaw.com/privacyspeak, "The Established Business Relationship") and a chart of
exemptions (website-buddy.com, Alaska), both secondary: counsel confirms them. Where a state's automated-selection law asks for written
consent whatever the relationship (Fla. Stat. 501.059(8), 15 O.S. 775C.3) or leaves it in doubt (Md. Com. Law 14-4503, RCW 80.36.390), no
relationship counts. Caps: three contacts in 24 hours, Fla. Stat. 501.616(6), 15 O.S. 775C.4, Md. Com. Law 14-4503. The statutes count by
subject; here every marketing text counts, which is narrower.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

# ruff: noqa: SIM905 (a table of words reads better as text)


@dataclass(frozen=True, kw_only=True)
class Months:
    """Months after an inquiry and after a purchase; 0 is none. California counts 30 business days, Colorado 30 days."""

    inquiry: int
    purchase: int


FEDERAL: Final = Months(inquiry=3, purchase=18)
NONE: Final = Months(inquiry=0, purchase=0)
STATE_MONTHS: Final[dict[str, Months]] = {
    **dict.fromkeys("CA CO".split(), Months(inquiry=1, purchase=18)),
    **dict.fromkeys("CT NM PA TN TX".split(), Months(inquiry=3, purchase=12)),
    "MI": Months(inquiry=0, purchase=12),
    **dict.fromkeys("LA MS MO MT".split(), Months(inquiry=3, purchase=6)),
    **dict.fromkeys("AK IN NJ WI FL OK MD WA".split(), NONE),
}
CAPPED_STATES: Final = frozenset("FL OK MD".split())
CAP: Final = 3
CAP_WINDOW: Final = timedelta(hours=24)


def months_for(*, states: tuple[str, ...]) -> Months:
    """The narrowest of all candidate states; nothing where no state is known."""
    if not states:
        return NONE
    rows = [FEDERAL, *(STATE_MONTHS[state] for state in states if state in STATE_MONTHS)]
    return Months(inquiry=min(row.inquiry for row in rows), purchase=min(row.purchase for row in rows))


def ends_at(*, began: datetime, months: int) -> datetime:
    """When a relationship that began then is over: a day before that many calendar months, so one month is never more than 30 days."""
    began = began.astimezone(UTC)
    years, month = divmod(began.month - 1 + months, 12)
    return began.replace(year=began.year + years, month=month + 1, day=min(began.day, 28)) - timedelta(days=1)


def is_capped(*, states: tuple[str, ...]) -> bool:
    """Whether a cap binds: in one of the candidate states, or where no state is known."""
    return not states or bool(CAPPED_STATES.intersection(states))
