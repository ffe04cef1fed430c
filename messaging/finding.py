"""What one check of the gate finds, for the gate and the rooms beside it that check on its behalf."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from zartsalgo.lib.slip import DROP


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check found. `verdict` counts only when it did not pass; `name` where another reason than the check's own decided."""

    passed: bool
    says: str
    verdict: str = DROP
    until: datetime | None = None
    values: tuple[tuple[str, str], ...] = ()
    name: str = ""


def local(when: datetime, zone: str) -> str:
    """A time as the slip says it: Fri 20 Nov 14:02."""
    return when.astimezone(ZoneInfo(zone)).strftime("%a %-d %b %H:%M")
