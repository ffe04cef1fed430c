"""Does another message stand for the same purpose? The gate's check "already-texted"."""

from datetime import datetime

from messaging.gate.facts import Facts
from messaging.gate.result import Result, local
from messaging.models import Message

# The reason of a text that the provider's list knows and our rows did not: see messaging.reconciling.
BEFORE_RESTORE = "sent-before-restore"


def already_texted(message: Message, facts: Facts, now: datetime) -> Result:
    taken, zone, email = facts.taken, facts.client.timezone, message.channel == Message.EMAIL
    if taken.until is not None:
        says = f"This person already has a text for this purpose; the next may go after {local(taken.until, zone)}."
        return Result(passed=False, says=says, values=(("until", taken.until.isoformat()),))
    # A text that a person writes by hand is theirs to repeat; what a workflow sends never is.
    if taken.listed_at is not None and message.workflow:
        what = "an email or a text" if email else "a text or an email"
        says = f"The provider's list shows {what} to this person on {local(taken.listed_at, zone)} ({zone}), sent before the restore."
        evidence = (("listed_at", taken.listed_at.isoformat()), ("provider_id", taken.provider_id))
        return Result(passed=False, says=says, values=evidence, name=BEFORE_RESTORE)
    return Result(passed=True, says=f"No other {'email' if email else 'text'} for this purpose in its window.")
