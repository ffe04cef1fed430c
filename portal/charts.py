"""Charts as plain values for a template to draw as SVG: no script, prints, and every bar has its number on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from portal.content import Week

# The drawing is about as wide as the column on a phone, so its letters come out at their own size there.
WIDTH, HEIGHT, TOP, FOOT = 304, 172, 20, 22
MOST_LABELS = 6


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    value: int
    kind: str  # asked or booked

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)

    @property
    def above(self) -> float:
        return round(self.y - 4, 1)


@dataclass(frozen=True)
class Chart:
    """Two columns a week. `said` is the same in a sentence; `weeks` the same as a table."""

    bars: Sequence[Bar]
    labels: Sequence[tuple[float, str]]
    base: int
    said: str
    weeks: Sequence[tuple[str, int, int]]
    width: int = WIDTH
    height: int = HEIGHT


def weekly_columns(*, weeks: Sequence[Week], ends_on: date) -> Chart | None:
    """Requests and booked jobs by week, from zero; None where there is nothing to draw. The last week ends with the report, on `ends_on`."""
    if not weeks:
        return None
    base = HEIGHT - FOOT
    most = max(1, *(max(week.asked, week.booked) for week in weeks))
    room = WIDTH / len(weeks)
    width = round(min(34.0, room * 0.4), 1)
    step = -(-len(weeks) // MOST_LABELS)  # every how many weeks a label fits
    bars, labels = [], []
    for n, week in enumerate(weeks):
        left = n * room + (room - 2 * width) / 2
        for place, (kind, value) in enumerate((("asked", week.asked), ("booked", week.booked))):
            height = round((base - TOP) * value / most, 1)
            bars.append(Bar(round(left + place * width, 1), round(base - height, 1), round(width - 1, 1), height, value, kind))
        if n % step == 0:
            labels.append((round((n + 0.5) * room, 1), day(week.start)))
    asked, booked = sum(week.asked for week in weeks), sum(week.booked for week in weeks)
    best = max(weeks, key=lambda week: week.asked)
    said = (
        f"{asked} requests and {booked} booked jobs in {len(weeks)} weeks; most requests, {best.asked}, in the week from {day(best.start)}."
    )
    table = [(f"{day(week.start)} to {day(min(week.start + timedelta(days=6), ends_on))}", week.asked, week.booked) for week in weeks]
    return Chart(bars, labels, base, said, table)


def day(value: date) -> str:
    """2 Nov"""
    return f"{value.day} {value:%b}"
