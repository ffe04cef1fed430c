"""The invariants' last verdict, kept as a row: the heartbeat and the alerts act on it, the operator's page shows it.

A check reads much; so it is made at most every few minutes, on the connection of the thread that keeps watch, with a limit on every
statement and without parallel workers, and nobody else ever waits for it.
"""

import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection, transaction

from zartsalgo.office.invariants import Finding, check_invariants
from zartsalgo.office.models import Verdict

TRUSTED_SECONDS = 300
CHECK_SECONDS = 240
# What is broken is looked at more often, so that its end is seen soon.
CHECK_BROKEN_SECONDS = 60
STATEMENT_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Known:
    """The last verdict and its age in seconds. `holds` is False too when the check could not be made, or was not made yet."""

    holds: bool
    findings: list[dict[str, Any]]
    says: str
    age_seconds: float | None
    took_seconds: float = 0.0

    @property
    def trusted(self) -> bool:
        """It holds, and was found less than five minutes ago."""
        return self.holds and self.age_seconds is not None and self.age_seconds < TRUSTED_SECONDS


def read() -> Known:
    """What is known now; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select holds, findings::text, says, extract(epoch from clock_timestamp() - checked_at)::float8, took_seconds from office_verdict"
        )
        row = cursor.fetchone()
    if row is None:
        return Known(holds=False, findings=[], says="The invariants have not been checked yet.", age_seconds=None)
    return Known(holds=row[0], findings=json.loads(row[1]), says=row[2], age_seconds=row[3], took_seconds=row[4])


def check_when_due(*, now: datetime) -> bool:
    """Check and keep the verdict if the last one is old; returns whether it was checked. A check that fails is kept as a failure."""
    known = read()
    if known.age_seconds is not None and known.age_seconds < (CHECK_SECONDS if known.holds else CHECK_BROKEN_SECONDS):
        return False
    began = time.monotonic()
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("set local max_parallel_workers_per_gather = 0; set local lock_timeout = '3s'")
            broken = [finding for finding in check_invariants(now=now, statement_seconds=STATEMENT_SECONDS) if finding.broken]
    except DatabaseError as error:
        says = f"The invariants could not be checked ({type(error).__name__}): {STATEMENT_SECONDS} s for one statement were not enough."
        _keep(holds=False, findings=known.findings, says=says, began=began)
    else:
        _keep(holds=not broken, findings=[_plain(finding) for finding in broken], says="", began=began)
    return True


def _plain(finding: Finding) -> dict[str, Any]:
    return {"key": finding.key, "says": finding.says, "broken": finding.broken, "examples": list(finding.examples)}


def _keep(*, holds: bool, findings: list[dict[str, Any]], says: str, began: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        values = {"checked_at": cursor.fetchone()[0], "holds": holds, "findings": findings, "says": says}
    Verdict.objects.update_or_create(pk=1, defaults={**values, "took_seconds": round(time.monotonic() - began, 3)})
