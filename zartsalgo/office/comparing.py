"""A restore's incident: opened when sending is closed after it, and told what comparing with the providers' lists found."""

from datetime import datetime

from django.db import transaction

from messaging import reconciling
from messaging.models import Pause
from messaging.pauses import Scope
from workflows import incidents
from workflows.models import Incident

OPENED_BY = "script/restore"
TITLE = "Restored from a backup: compare before anything is sent"
REASON = (
    "Restored from the backup of {made_at:%Y-%m-%d %H:%M} UTC. What went out after it is not known here, so texts could be repeated. "
    "Compare with the providers' lists of texts, then resume."
)
ROLLBACK = "Nothing has to be taken back: comparing finds what went out, and nobody is texted a second time."


def close_after_restore(*, made_at: datetime, now: datetime) -> Incident:
    """Stop all sending with an incident, until somebody has compared and resumes; a stop that stood in the backup is bound by it, too."""
    with transaction.atomic():
        incident, _ = incidents.open_incident(
            scope=Scope(),
            cause=f"restore:{made_at:%Y-%m-%dT%H:%M:%S}",
            title=TITLE,
            reason=REASON.format(made_at=made_at),
            rollback=ROLLBACK,
            opened_by=OPENED_BY,
            now=now,
        )
        reconciling.hold_until_compared(pause=incident.pause, made_at=made_at)
    return incident


def compare(*, pause: Pause, by: str, now: datetime) -> reconciling.Comparison:
    """Compare with every live connection's list and write what it found into the incident's history."""
    done = reconciling.reconcile(pause=pause, now=now)
    incident = incidents.of_pause(pause=pause)
    if incident is not None:
        incidents.note(incident=incident, by=by, says=reconciling.in_words(done=done), now=now)
    return done
