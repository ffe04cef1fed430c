"""Does a pause hold it? The gate's check "sending-stopped"."""

from datetime import datetime

from messaging import pauses
from messaging.gate.facts import Facts
from messaging.gate.result import Result, local
from messaging.models import Message
from zartsalgo.lib.slip import HOLD


def sending_stopped(message: Message, facts: Facts, now: datetime) -> Result:
    found = facts.pause
    if found is None:
        return Result(passed=True, says="Sending is not stopped.")
    scope = pauses.words(scope=pauses.scope_of(pause=found))
    says = f"{pauses.who_stopped(pause=found)} stopped {scope} on {local(found.at, facts.client.timezone)}: {found.reason}"
    # One whose end has come is lifted within seconds, and what it held is judged then.
    until = found.until if found.until and found.until > now else None
    return Result(passed=False, verdict=HOLD, says=says, until=until, values=(("stop", str(found.pk)),))
