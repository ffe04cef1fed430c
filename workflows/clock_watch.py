"""Did the database's clock jump? A clock that is set a month ahead would make a month of waits due at once.

The ticker reads both clocks every second: the database's, which decides what is due, and this machine's count of seconds since it was
started, which nobody can set (it goes on while the machine sleeps). Where they part by more than MOST, everything is paused as of the last
good reading: no text leaves, and timers stand still since then, so nothing comes due by the jump. A person looks and resumes.
A clock moved on purpose (`script/manage clock`) is no jump: the offset is known and taken off. Nothing is known across a restart of the
ticker.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from messaging.pauses import Scope
from workflows import breakers
from workflows.models import Incident
from zartsalgo.lib.clock import Moment

MOST = timedelta(seconds=120)


def seconds_since_start() -> float:
    """Counted by the kernel, sleep included where it can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass
class ClockWatch:
    """Of one ticker; keeps its last good reading."""

    seen: Moment | None = None
    at: float = 0.0

    def look(self, *, moment: Moment, seconds: float) -> Incident | None:
        """Compare with the last reading; a jump opens an incident that pauses everything, or adds a sign to the one that stands.

        `seconds` is `seconds_since_start()` at the moment. Call it before anything that is due is looked for.
        """
        before, then = self.seen, self.at
        self.seen, self.at = moment, seconds
        if before is None:
            return None
        jump = (moment.now - moment.moved) - (before.now - before.moved) - timedelta(seconds=seconds - then)
        if abs(jump) <= MOST:
            return None
        return self._stop(jump=jump, since=before.now)

    @staticmethod
    def _stop(*, jump: timedelta, since: datetime) -> Incident:
        way = "ahead" if jump > timedelta(0) else "back"
        return breakers.trip(
            breaker="clock",
            subject="database",
            scope=Scope(),
            title=f"The database's clock jumped {way} by {_span(abs(jump))}",
            reason=f"It moved {_span(abs(jump))} {way} within a moment. Nothing is sent and timers stand still until somebody has looked.",
            rollback="Set the clock right first, then resume. Timers go on where they stood; what is too late by then is dropped.",
            now=since,
        )


def _span(span: timedelta) -> str:
    if span >= timedelta(days=2):
        return f"{span.days} days"
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    return f"{hours} hours" if hours >= 2 else f"{hours * 60 + minutes} minutes"
