"""What the client lets the workflow do: is it on, and may it send without a person's approval?"""

from datetime import datetime

from messaging.gate.facts import Facts
from messaging.gate.result import Result
from messaging.models import Message
from zartsalgo.lib.slip import HOLD


def switched_off(message: Message, facts: Facts, now: datetime) -> Result:
    if not message.workflow:
        return Result(passed=True, says="Written by a person, not by a workflow.")
    off = facts.automation is not None and not facts.automation.enabled
    says = "The workflow was switched off for this client." if off else "The workflow is on for this client."
    return Result(passed=not off, says=says)


def needs_approval(message: Message, facts: Facts, now: datetime) -> Result:
    if message.approved_at is not None:
        return Result(passed=True, says=f"Approved by {message.approved_by}.", values=(("approved_by", message.approved_by),))
    if facts.automation is not None and facts.automation.sends:
        return Result(passed=True, says="This workflow may send on its own for this client.", values=(("send", "auto"),))
    says = "This client's texts are drafts until go-live is signed: a person approves each one."
    return Result(passed=False, verdict=HOLD, says=says, values=(("send", "draft"),))
