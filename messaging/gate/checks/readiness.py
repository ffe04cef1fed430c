"""Is the channel ready: is the way it goes out on, in order and live? The gate's checks "connection" and "not-live"."""

from datetime import datetime

from messaging.email.addresses import is_fictional as is_fictional_address
from messaging.gate.facts import Facts
from messaging.gate.result import Result, local
from messaging.models import Message
from zartsalgo.lib.phone import is_fictional
from zartsalgo.lib.slip import HOLD

# In shadow: nothing else stood against it, or something that passes by itself (providers.going_live).
NOT_LIVE, NOT_LIVE_WAITS = "not-live", "not-live-waits"
UNREGISTERED = "sender-unregistered"
_MOVED = "The clock has been moved for a test; a live connection does not send until it is reset."


def connection(message: Message, facts: Facts, now: datetime) -> Result:
    """Can the provider, or the mail server, be used for it?"""
    way = facts.way
    if message.channel == Message.EMAIL:
        return _by_email(message, facts)
    if way is None:
        return Result(passed=True, says="Goes to the simulator's phone; nothing leaves this machine.")
    if way.disabled:
        return Result(passed=False, verdict=HOLD, says=f"The {way.provider} connection was switched off.")
    if not way.loopback and is_fictional(message.to):
        return Result(passed=False, says="A 555-01 number is fiction and is never texted over a live connection.")
    if facts.clock_moved and not way.loopback:
        return Result(passed=False, verdict=HOLD, says=_MOVED)
    if facts.sender_trouble:
        return Result(passed=False, verdict=HOLD, says=facts.sender_trouble, name=UNREGISTERED)
    return Result(passed=True, says=f"The {way.provider} connection is on.", values=(("connection", way.id),))


def _by_email(message: Message, facts: Facts) -> Result:
    way, server = facts.way, facts.mail_server
    if way is None and (facts.client.demo or server is None):
        return Result(passed=True, says="Shown on our own pages; no mail server is set and nothing leaves this machine.")
    if way is not None and way.disabled:
        return Result(passed=False, verdict=HOLD, says=f"The {way.label} connection was switched off.")
    loopback = way.loopback if way else server is not None and server.loopback
    if not message.sender:
        do = "connect again with --option from=" if way else "set ZARTS_MAIL_FROM"
        says = f"No address is set that this business's emails come from: {do}."
        return Result(passed=False, verdict=HOLD, says=says)
    if not loopback and is_fictional_address(address=message.to):
        return Result(passed=False, says="An address at example.com is made up and is never written to over a live connection.")
    if not loopback and facts.clock_moved:
        return Result(passed=False, verdict=HOLD, says=_MOVED)
    if facts.sender_trouble:
        return Result(passed=False, verdict=HOLD, says=facts.sender_trouble, name=UNREGISTERED)
    if way is None:
        return Result(passed=True, says="Goes over the mail server of this installation.")
    return Result(passed=True, says=f"The {way.label} connection is on.", values=(("connection", way.id),))


def not_live(message: Message, facts: Facts, now: datetime) -> Result:
    """Was going live signed where it is asked (providers.going_live)?"""
    way, zone = facts.way, facts.client.timezone
    if way is None:
        return Result(passed=True, says="No signature is asked where no provider is connected.")
    if way.shadow:
        says = "Not live yet: the list for going live is not signed, so nothing leaves. It would have been sent."
        return Result(passed=False, says=says)
    if way.live_since is None:
        return Result(passed=True, says="No signature is asked: nothing leaves this machine.")
    return Result(passed=True, says=f"Live since {local(way.live_since, zone)} ({zone}).")
