"""The slip: what the send gate checked and found, in a frozen form that an adapter call cannot be reached without."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

SEND, HOLD, DROP = "send", "hold", "drop"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check of the gate: what was asked, whether it passed, and the sentence staff read. `until` only where it holds."""

    name: str
    passed: bool
    says: str
    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Slip:
    """The gate's answer: `send`, `hold` (with `until` where the clock decides) or `drop`, and every check behind it."""

    verdict: str
    reason: str
    says: str
    until: datetime | None
    checks: tuple[Check, ...]
    made_at: datetime

    def as_json(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "says": self.says,
            "until": self.until.isoformat() if self.until else None,
            "made_at": self.made_at.isoformat(),
            "checks": [{"name": c.name, "passed": c.passed, "says": c.says, "values": dict(c.values)} for c in self.checks],
        }
