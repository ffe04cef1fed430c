"""Move the business clock, for the demo and for tests. Signatures and leases keep real time."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import CommandError, CommandParser

from zartsalgo.lib import clock
from zartsalgo.office.management.commands._say import SayingCommand

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def read_span(*, text: str) -> timedelta:
    """90, 90s, 5m, 3h, 2d, 1w, 1d12h; a leading minus goes back. Raises ValueError."""
    sign = -1 if text.startswith("-") else 1
    parts = re.findall(r"(\d+)\s*([smhdw]?)", text.lstrip("+-"))
    if not parts or re.sub(r"\d+\s*[smhdw]?\s*", "", text.lstrip("+-")):
        raise ValueError(f"{text!r} is no span of time: write 5m, 3h, 2d or 1d12h.")
    return sign * sum((timedelta(**{_UNITS[unit or "s"]: int(number)}) for number, unit in parts), timedelta(0))


def read_moment(*, text: str, now: datetime, zone: str) -> datetime:
    """An ISO time (without zone: in `zone`), or HH:MM for the next such time in `zone`. Raises ValueError."""
    here = ZoneInfo(zone)
    if re.fullmatch(r"\d{1,2}:\d{2}", text):
        hour, minute = (int(part) for part in text.split(":"))
        local = now.astimezone(here)
        moment = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return moment if moment >= local else moment + timedelta(days=1)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no time: write 21:30 or '2026-11-20 21:30'.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=here)


class Command(SayingCommand):
    help = "clock | clock advance 3h | clock set '2026-11-20 21:30' [--zone America/Denver] | clock reset"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", nargs="?", choices=["advance", "set", "reset"])
        parser.add_argument("value", nargs="?", default="")
        parser.add_argument("--zone", default="UTC", help="the zone a time without one is meant in")
        self.add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._move(verb=options["verb"], value=options["value"], zone=options["zone"])
        except (ValueError, KeyError, OverflowError) as error:
            raise CommandError(f"The clock was not moved: {error}") from error
        now, offset = clock.read(), clock.offset()
        document = {"now": now.isoformat(), "offset_seconds": offset.total_seconds()}
        moved = "real time" if not offset else f"moved by {offset}"
        self.say(document, as_json=options["json"], words=f"{now:%Y-%m-%d %H:%M:%S} UTC ({moved})")

    def _move(self, *, verb: str | None, value: str, zone: str) -> None:
        if verb == "reset":
            clock.shift(by=timedelta(0))
        elif verb == "advance":
            clock.shift(by=clock.offset() + read_span(text=value))
        elif verb == "set":
            now = clock.read()
            moment = read_moment(text=value, now=now, zone=zone).astimezone(UTC)
            clock.shift(by=clock.offset() + (moment - now))
