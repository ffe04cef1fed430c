"""When an automatic text may go: the hours of every zone and state that a person may be in, taken together.

Federal floor: 8:00 to 21:00 in the recipient's local time, 47 CFR 64.1200(c)(1). States are narrower; where two published tables
differ the narrower one stands here (both are secondary sources, to be confirmed by counsel). The window is the intersection over
all candidate zones and states: whoever may be in two zones is texted only when both allow it. Hours are half open: "8 to 21"
allows 08:00 and no longer allows 21:00.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from messaging import purposes
from zartsalgo.lib.places import ALL_ZONES, STATE_NAMES, Place

SEARCH_DAYS: Final = 10

Hours = tuple[int, int] | None
"""First and last hour, half open, or None for a day without texts."""


class Rule(NamedTuple):
    """One row of the table; `name` is stable and goes to the slip. `no_holidays`: nothing on federal and state holidays."""

    name: str
    weekdays: Hours
    saturday: Hours
    sunday: Hours
    no_holidays: bool = False
    state: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """May an automatic text go now? `opens_at` (UTC) is `now` when it may, else the next instant when every candidate allows it.

    None means: not within ten days. `reason` is a sentence for staff, `rule` the name of the row that decided.
    """

    allowed: bool
    opens_at: datetime | None
    reason: str
    rule: str


def _every_day(name: str, first: int, last: int) -> Rule:
    return Rule(name, (first, last), (first, last), (first, last))


FEDERAL: Final = _every_day("federal-8-21", 8, 21)
# Our own default for anything that is not an answer; states only narrow it.
GENERAL: Final = Rule("general-9-20", (9, 20), (9, 20), (12, 20))
# Nothing known about the state: the strictest of the general windows, whatever the purpose.
UNKNOWN_STATE: Final = GENERAL._replace(name="state-unknown-9-20")

STATE_RULES: Final[dict[str, Rule]] = {
    **{state: _every_day("8-20", 8, 20) for state in ("FL", "OK", "MD", "MA", "NJ", "WA")},
    **{state: Rule("8-20-no-sunday-no-holiday", (8, 20), (8, 20), None, True) for state in ("AL", "LA", "MS")},
    **{state: _every_day("9-20", 9, 20) for state in ("CT", "NV")},
    **{state: _every_day("9-21", 9, 21) for state in ("MI", "MN", "NM")},
    "KY": _every_day("10-21", 10, 21),
    "TX": Rule("9-21-sunday-12", (9, 21), (9, 21), (12, 21)),
    "RI": Rule("9-18-saturday-10-17-no-sunday-no-holiday", (9, 18), (10, 17), None, True),
    # One table says that Pennsylvania's weekends are narrower but not how much: Rhode Island's Saturday, the narrowest known, stands in.
    "PA": Rule("8-21-weekend-10-17-no-holiday", (8, 21), (10, 17), (10, 17), True),
}


def window_verdict(*, place: Place, now: datetime, purpose: str) -> Verdict:
    """Judge `now` (aware) for a person at `place`. Raises ValueError for a naive `now`; never says "allowed" on a doubt."""
    if now.tzinfo is None:
        raise ValueError("now must be timezone-aware")
    now = now.astimezone(UTC)
    zones = place.zones or ALL_ZONES
    rules = rules_for(states=place.states, purpose=purpose, doubt=place.doubt)
    closed = [_Closed(zone, rule) for zone in zones for rule in rules if not _is_open(zone=zone, rule=rule, at=now)]
    if not closed:
        return Verdict(True, now, _open_sentence(place=place, zones=zones, rules=rules, now=now), _narrowest(rules).name)
    opens_at = next((at for at in _openings(zones=zones, rules=rules, now=now) if _all_open(zones=zones, rules=rules, at=at)), None)
    # The one that keeps us waiting longest explains the wait best.
    decider = max(closed, key=lambda one: next(_openings(zones=(one.zone,), rules=(one.rule,), now=now), now))
    return Verdict(False, opens_at, _closed_sentence(decider=decider, zones=zones, now=now), decider.rule.name)


def rules_for(*, states: tuple[str, ...], purpose: str, doubt: bool = False) -> tuple[Rule, ...]:
    """Every row that must allow a text: the general one of the purpose and one per candidate state that has its own; with `doubt`, which
    says that it may be yet another state, the row for an unknown one as well."""
    if not states:
        return (UNKNOWN_STATE,)
    general = FEDERAL if purposes.of(key=purpose).hours is purposes.Hours.CALLER else GENERAL
    own = (STATE_RULES[state]._replace(name=f"{state}-{STATE_RULES[state].name}", state=state) for state in states if state in STATE_RULES)
    # The general row wears the state's name too, so that the sentence can say where the hours apply.
    return (general._replace(state=states[0] if len(states) == 1 else ""), *own, *((UNKNOWN_STATE,) if doubt else ()))


class _Closed(NamedTuple):
    zone: str
    rule: Rule


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _hours(*, rule: Rule, day: date) -> Hours:
    if rule.no_holidays and holiday_name(state=rule.state, day=day):
        return None
    return rule.sunday if day.weekday() == 6 else rule.saturday if day.weekday() == 5 else rule.weekdays


def _is_open(*, zone: str, rule: Rule, at: datetime) -> bool:
    # Wall-clock comparison on purpose: a rule speaks of the clock on the recipient's wall, also in the night the clock changes.
    local = at.astimezone(_zone(zone))
    hours = _hours(rule=rule, day=local.date())
    return hours is not None and hours[0] <= local.hour < hours[1]


def _all_open(*, zones: tuple[str, ...], rules: tuple[Rule, ...], at: datetime) -> bool:
    return all(_is_open(zone=zone, rule=rule, at=at) for zone in zones for rule in rules)


def _openings(*, zones: tuple[str, ...], rules: tuple[Rule, ...], now: datetime) -> Iterator[datetime]:
    """Instants after `now` at which one of the windows opens, in order: an intersection of windows can begin at no other instant."""
    edges: set[datetime] = set()
    for zone in zones:
        info = _zone(zone)
        today = now.astimezone(info).date()
        for offset in range(SEARCH_DAYS + 1):
            day = today + timedelta(days=offset)
            for rule in rules:
                hours = _hours(rule=rule, day=day)
                if hours is not None:
                    edges.add(datetime.combine(day, time(hours[0]), tzinfo=info).astimezone(UTC))
    return (edge for edge in sorted(edges) if now < edge <= now + timedelta(days=SEARCH_DAYS))


@lru_cache(maxsize=256)
def _holidays(state: str, year: int) -> dict[date, str]:
    # Imported on first need: the library costs a quarter of a second, and only five states ask for it.
    import holidays

    found = {day: str(name) for day, name in holidays.country_holidays("US", subdiv=state or None, years=[year]).items()}
    # A state may not keep a federal holiday, the tables do not say whose holidays they mean: both count.
    return {day: str(name) for day, name in holidays.country_holidays("US", years=[year]).items()} | found


def holiday_name(*, state: str, day: date) -> str:
    """Name of the federal or state holiday on `day`, observed days included; "" on a working day."""
    return _holidays(state, day.year).get(day, "")


def _narrowest(rules: tuple[Rule, ...]) -> Rule:
    def width(rule: Rule) -> int:
        days = [rule.weekdays] * 5 + [rule.saturday, rule.sunday]
        return sum(last - first for first, last in (day for day in days if day))

    return min(rules, key=width)


def _city(zone: str) -> str:
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def _recipients(rule: Rule) -> str:
    if rule.state:
        return f"texts to {STATE_NAMES.get(rule.state, rule.state)}"
    return "texts to a person whose state we do not know" if rule.name == UNKNOWN_STATE.name else "texts"


def _closed_sentence(*, decider: _Closed, zones: tuple[str, ...], now: datetime) -> str:
    zone, rule = decider
    local = now.astimezone(_zone(zone))
    holiday = holiday_name(state=rule.state, day=local.date()) if rule.no_holidays else ""
    hours = _hours(rule=rule, day=local.date())
    who = _recipients(rule)
    if holiday:
        said = f"It is {holiday}; {who} are not sent on holidays"
    elif hours is None:
        said = f"It is {local:%A}; {who} are not sent on {local:%A}s"
    else:
        on_day = f" on {local:%A}s" if hours != rule.weekdays else ""
        edge = f"start at {hours[0]:02d}:00" if local.hour < hours[0] else f"stop at {hours[1]:02d}:00"
        said = f"It is {local:%H:%M} in {_city(zone)}; {who} {edge}{on_day}"
    return f"{said}.{_doubt(zones)}"


def _open_sentence(*, place: Place, zones: tuple[str, ...], rules: tuple[Rule, ...], now: datetime) -> str:
    local = now.astimezone(_zone(zones[0]))
    where = " or ".join(STATE_NAMES.get(state, state) for state in place.states) or "a person whose state we do not know"
    return f"It is {local:%H:%M} in {_city(zones[0])}, within the hours for texts to {where}.{_doubt(zones)}"


def _doubt(zones: tuple[str, ...]) -> str:
    return "" if len(zones) == 1 else f" The person may be in any of {len(zones)} time zones, and all of them must allow it."
