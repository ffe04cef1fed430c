"""Did the person ask us to stop, may they have, and does somebody of ours talk with them?"""

from datetime import datetime

from messaging.gate.facts import Facts
from messaging.gate.result import Result, local
from messaging.models import Message
from zartsalgo.lib.slip import HOLD

# The reason of an email to an address that takes no mail.
BOUNCED = "bounced"


def opted_out(message: Message, facts: Facts, now: datetime) -> Result:
    found, zone = facts.stop, facts.client.timezone
    if found is None:
        return Result(passed=True, says="Nobody asked us to stop.")
    when = local(found.at, zone)
    if found.bounced:
        says = f"An email to this address came back on {when} ({zone}): it takes no mail. A person should call."
        return Result(passed=False, says=says, values=(("bounced_at", found.at.isoformat()), ("rule", found.rule)), name=BOUNCED)
    what = "email goes to any of their addresses" if message.channel == Message.EMAIL else "text goes to any of their numbers"
    says = f"This person opted out on {when} ({zone}); no automatic {what}."
    return Result(passed=False, says=says, values=(("opted_out_at", found.at.isoformat()), ("rule", found.rule)))


def unclear_reply(message: Message, facts: Facts, now: datetime) -> Result:
    waits = facts.unread_reply
    says = "A reply that may mean stop has not been read by a person yet." if waits else "No unread reply that may mean stop."
    return Result(passed=not waits, verdict=HOLD, says=says)


def person_talking(message: Message, facts: Facts, now: datetime) -> Result:
    if not message.workflow:
        return Result(passed=True, says="Written by a person, who may talk.")
    if facts.held is None:
        return Result(passed=True, says="No person is talking with them.")
    since, name = local(facts.held.since, facts.client.timezone), facts.held.by
    says = f"{name} has been talking with this person since {since}; automatic texts wait until somebody lets them go on."
    return Result(passed=False, verdict=HOLD, says=says, values=(("since", since), ("by", name)))
