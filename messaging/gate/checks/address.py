"""Can the number be texted, the address be written to? The gate's check "number"."""

from datetime import datetime

from messaging.gate.facts import Facts
from messaging.gate.result import Result, local
from messaging.models import Message
from zartsalgo.lib.names import clean_email
from zartsalgo.lib.phone import read_number, sayable


def number(message: Message, facts: Facts, now: datetime) -> Result:
    if message.channel == Message.EMAIL:
        return _address(message, facts)
    number = read_number(raw=message.to)
    if number.kind != "ok" or number.e164 != message.to:
        return Result(passed=False, says=f"The number cannot be texted ({number.kind}).", values=(("kind", number.kind),))
    if message.to in (facts.client.phone, message.sender) or message.to in facts.responders:
        return Result(passed=False, says="That is one of the business's own numbers.")
    if refused := facts.refused:
        when = local(refused.at, facts.client.timezone)
        says = f"A carrier said on {when} ({facts.client.timezone}): {refused.says} A person should call."
        return Result(passed=False, says=says, values=(("refused_at", refused.at.isoformat()),))
    return Result(passed=True, says=f"{sayable(message.to)} can be texted.", values=(("country", number.country),))


def _address(message: Message, facts: Facts) -> Result:
    if not message.to or clean_email(message.to) != message.to:
        return Result(passed=False, says="That is no email address that can be written to.")
    own = {message.sender, facts.way.inbound if facts.way else ""}
    if message.to in own or message.to.upper() in facts.responders:
        return Result(passed=False, says="That is one of the business's own addresses.")
    if refused := facts.refused:
        when = local(refused.at, facts.client.timezone)
        says = f"On {when} ({facts.client.timezone}) we were told: {refused.says} A person should call."
        return Result(passed=False, says=says, values=(("refused_at", refused.at.isoformat()),))
    return Result(passed=True, says="The address can be written to.")
