"""What one check of the gate finds."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from zartsalgo.lib.slip import DROP


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one check found. `verdict` counts only when it did not pass; `name` where another reason than the check's own decided."""

    passed: bool
    says: str
    verdict: str = DROP
    until: datetime | None = None
    values: tuple[tuple[str, str], ...] = ()
    name: str = ""


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local(when: datetime, zone: str) -> str:
    """A time as the slip says it: Fri 20 Nov 14:02."""
    return when.astimezone(_zone(zone)).strftime("%a %-d %b %H:%M")
