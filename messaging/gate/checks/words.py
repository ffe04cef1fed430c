"""Are its words approved, of a length that can go, and with what an email must show?"""

from datetime import datetime

from messaging import purposes
from messaging.gate.facts import Facts
from messaging.gate.result import Result
from messaging.models import Message, Template
from zartsalgo.lib.slip import HOLD

MOST_CHARACTERS = 1200
MOST_IN_EMAIL = 20_000


def template(message: Message, facts: Facts, now: datetime) -> Result:
    found = facts.template
    if found is None and not message.workflow and message.purpose == purposes.REPLY.key:
        return Result(passed=True, says="Written by a person in this conversation.")
    if found is None:
        return Result(passed=False, verdict=HOLD, says="No approved template stands behind this text; a person must approve one.")
    if found.channel != message.channel:
        return Result(passed=False, verdict=HOLD, says="The approved words are for another channel; a person must look.")
    approved = found.status == Template.Status.APPROVED
    named = f"{found.key} version {found.version}"
    says = f"Template {named} is approved." if approved else f"Template {named} is not approved any more; a person must look."
    return Result(passed=approved, verdict=HOLD, says=says, values=(("template", named), ("status", found.status)))


def content(message: Message, facts: Facts, now: datetime) -> Result:
    if facts.template is None and not message.body:
        return Result(passed=True, says="Nothing is written yet: the template is missing.")
    long = len(message.body)
    if message.channel == Message.EMAIL:
        fits = 0 < long <= MOST_IN_EMAIL and bool(message.subject.strip())
        says = f"{long} characters and a subject." if fits else f"An email needs a subject and between 1 and {MOST_IN_EMAIL} characters."
        return Result(passed=fits, says=says, values=(("characters", str(long)),))
    fits = 0 < long <= MOST_CHARACTERS
    says = f"{long} characters." if fits else f"The text has {long} characters; between 1 and {MOST_CHARACTERS} can be sent."
    return Result(passed=fits, says=says, values=(("characters", str(long)),))


def postal_address(message: Message, facts: Facts, now: datetime) -> Result:
    if message.channel != Message.EMAIL:
        return Result(passed=True, says="Not for texts: only an email needs the business's postal address.")
    lines = facts.client.postal_address.split()
    if not lines:
        says = (
            f"An email must show where {facts.client.name} can be reached by post (CAN-SPAM), and no postal address is known. "
            "Write it in the client's record; the email goes at its next look."
        )
        return Result(passed=False, verdict=HOLD, says=says)
    return Result(passed=True, says="The business's postal address stands under it.", values=(("postal_address", " ".join(lines)),))
