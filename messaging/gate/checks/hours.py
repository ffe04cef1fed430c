"""Is this the time for it? Of use still, in the person's hours, in the business's."""

from datetime import datetime
from zoneinfo import ZoneInfo

from messaging import purposes
from messaging.gate.facts import Facts
from messaging.gate.result import Result, local
from messaging.models import Message
from messaging.quiet_hours import window_verdict
from zartsalgo.lib.slip import HOLD


def too_late(message: Message, facts: Facts, now: datetime) -> Result:
    if message.useful_until is None or now <= message.useful_until:
        return Result(passed=True, says=f"The {'email' if message.channel == Message.EMAIL else 'text'} is still of use.")
    ended, zone = local(message.useful_until, facts.client.timezone), facts.client.timezone
    says = f"Too late: the text was of use until {ended} ({zone}); a person should call instead."
    return Result(passed=False, says=says, values=(("useful_until", message.useful_until.isoformat()),))


def quiet_hours(message: Message, facts: Facts, now: datetime) -> Result:
    if message.channel == Message.EMAIL:
        return Result(passed=True, says="Not for email: it rings nobody's phone.")
    place = facts.place
    verdict = window_verdict(place=place, now=now, purpose=message.purpose)
    values = (("zones", ", ".join(place.zones)), ("states", ", ".join(place.states)), ("source", place.source), ("rule", verdict.rule))
    says = f"{verdict.reason} The address they gave cannot be read." if place.doubt else verdict.reason
    if verdict.allowed:
        return Result(passed=True, says=says, values=values)
    return Result(passed=False, verdict=HOLD, says=says, until=verdict.opens_at, values=values)


def business_closed(message: Message, facts: Facts, now: datetime) -> Result:
    """The business's own hours, holidays and one-off closures. They bind nothing that answers or serves a person."""
    if not message.workflow or not purposes.of(key=message.purpose).markets:
        return Result(passed=True, says="It answers a person, so the business's hours do not bind it.")
    calendar = facts.calendar
    if calendar.is_open(at=now):
        return Result(passed=True, says="The business is open.")
    opens = next((begins for begins, _ in calendar.stretches(after=now)), None)
    why = calendar.closed.get(now.astimezone(ZoneInfo(calendar.zone)).date(), "")
    says = f"{facts.client.name} is closed{f' ({why})' if why else ''}; this waits until it opens."
    return Result(passed=False, verdict=HOLD, says=says, until=opens)
