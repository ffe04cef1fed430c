"""A business's open hours as time that can be counted: how much of it lies between two moments, and when so much of it has passed.

Hours are wall-clock times in the business's zone: several stretches a day are split hours, a closure (a holiday, a one-off) closes its whole
day, and a business without any hours counts as always open. What is counted is real time, so a stretch over the night in which the clocks
change is an hour longer or shorter.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from leads.models import Client, Closure, OpeningHours

SEARCH_DAYS = 400
# A day that closes at 23:59 closes at midnight: a time field cannot say 24:00.
_TO_MIDNIGHT = time(23, 59)
_NOTHING = timedelta(0)


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """The open stretches of each weekday (0 is Monday; none at all means always open) and the closed days by local date."""

    zone: str
    hours: Mapping[int, tuple[tuple[time, time], ...]]
    closed: Mapping[date, str]

    def stretches(self, *, after: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Open stretches (UTC, half open) that end after a moment, in order, the first cut to begin there; for 400 days at most."""
        info = ZoneInfo(self.zone)
        today = after.astimezone(info).date()
        for offset in range(SEARCH_DAYS):
            day = today + timedelta(days=offset)
            for opens, closes in self._of_day(day):
                start = datetime.combine(day, opens, tzinfo=info).astimezone(UTC)
                last = day + timedelta(days=1) if closes >= _TO_MIDNIGHT else day
                end = datetime.combine(last, time(0) if closes >= _TO_MIDNIGHT else closes, tzinfo=info).astimezone(UTC)
                if end > after and end > start:
                    yield max(start, after.astimezone(UTC)), end

    def _of_day(self, day: date) -> tuple[tuple[time, time], ...]:
        if day in self.closed:
            return ()
        return self.hours.get(day.weekday(), ()) if self.hours else ((time(0), _TO_MIDNIGHT),)

    def after(self, *, start: datetime, span: timedelta) -> datetime | None:
        """When `span` of open time has passed since `start` (UTC); None when the business does not open so long within 400 days."""
        left = span
        for opens, closes in self.stretches(after=start):
            if left <= closes - opens:
                return opens + left
            left -= closes - opens
        return None

    def between(self, *, start: datetime, end: datetime) -> timedelta:
        """How much open time lies between two moments; nothing when `end` is not later."""
        total = _NOTHING
        if end <= start:
            return total
        for opens, closes in self.stretches(after=start):
            if opens >= end:
                break
            total += min(closes, end) - opens
        return total

    def is_open(self, *, at: datetime) -> bool:
        """Whether somebody is there at that moment."""
        first = next(self.stretches(after=at), None)
        return first is not None and first[0] <= at


def read_calendar(*, client: Client) -> Calendar:
    """The calendar of a client: two statements."""
    hours = OpeningHours.objects.filter(client=client).order_by("weekday", "opens").values_list("weekday", "opens", "closes")
    closed = dict(Closure.objects.filter(client=client).values_list("date", "name"))
    return of_rows(zone=client.timezone, hours=hours, closed=closed)


def of_rows(*, zone: str, hours: Iterable[tuple[int, time, time]], closed: Mapping[date, str]) -> Calendar:
    """The calendar of stretches (weekday, opens, closes), ordered so, and of closed days."""
    found: dict[int, list[tuple[time, time]]] = {}
    for weekday, opens, closes in hours:
        stretches = found.setdefault(weekday, [])
        # Stretches that overlap are one, or their common time would count twice.
        if stretches and opens <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], max(stretches[-1][1], closes))
        else:
            stretches.append((opens, closes))
    return Calendar(zone=zone, hours={day: tuple(stretches) for day, stretches in found.items()}, closed=closed)
