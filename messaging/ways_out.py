"""The way a message goes out: is it on, in order and live? Two checks of the gate."""

from datetime import datetime

from messaging import carriers
from messaging.email import addresses, by_smtp, composing
from messaging.finding import Finding, local
from messaging.models import Message
from providers import adapters
from providers.connections import over_loopback
from providers.going_live import in_shadow
from zartsalgo.lib import clock
from zartsalgo.lib.phone import is_fictional
from zartsalgo.lib.slip import HOLD


def check(message: Message, now: datetime) -> Finding:
    """Can the provider, or the mail server, be used for it? The gate's check "connection"; reads no row but the clock's."""
    way = message.connection
    if message.channel == Message.EMAIL:
        return _by_email(message)
    if way is None:
        return Finding(passed=True, says="Goes to the simulator's phone; nothing leaves this machine.")
    if way.disabled_at is not None:
        return Finding(passed=False, verdict=HOLD, says=f"The {way.provider} connection was switched off.")
    loopback = over_loopback(base_url=way.base_url)
    if not loopback and is_fictional(message.to):
        return Finding(passed=False, says="A 555-01 number is fiction and is never texted over a live connection.")
    moved = clock.offset()
    if moved and not loopback:
        return Finding(
            passed=False, verdict=HOLD, says="The clock has been moved for a test; a live connection does not send until it is reset."
        )
    if trouble := carriers.sender_trouble(message=message):
        return Finding(passed=False, verdict=HOLD, says=trouble, name="sender-unregistered")
    return Finding(passed=True, says=f"The {way.provider} connection is on.", values=(("connection", str(way.pk)),))


def _by_email(message: Message) -> Finding:
    way = message.connection
    if way is None and (message.client.demo or not composing.sends_by_smtp()):
        return Finding(passed=True, says="Shown on our own pages; no mail server is set and nothing leaves this machine.")
    if way is not None and way.disabled_at is not None:
        return Finding(passed=False, verdict=HOLD, says=f"The {adapters.load(way.provider).label} connection was switched off.")
    local = over_loopback(base_url=way.base_url) if way else by_smtp.over_loopback()
    if not message.sender:
        do = "connect again with --option from=" if way else "set ZARTS_MAIL_FROM"
        says = f"No address is set that this business's emails come from: {do}."
        return Finding(passed=False, verdict=HOLD, says=says)
    if not local and addresses.is_fictional(address=message.to):
        return Finding(passed=False, says="An address at example.com is made up and is never written to over a live connection.")
    if not local and clock.offset():
        says = "The clock has been moved for a test; a live connection does not send until it is reset."
        return Finding(passed=False, verdict=HOLD, says=says)
    if trouble := carriers.sender_trouble(message=message):
        return Finding(passed=False, verdict=HOLD, says=trouble, name="sender-unregistered")
    if way is None:
        return Finding(passed=True, says="Goes over the mail server of this installation.")
    return Finding(passed=True, says=f"The {adapters.load(way.provider).label} connection is on.", values=(("connection", str(way.pk)),))


def check_live(message: Message, now: datetime) -> Finding:
    """Was going live signed where it is asked (providers.going_live)? The gate's check "not-live"; reads no row."""
    if message.connection is None:
        return Finding(passed=True, says="No signature is asked where no provider is connected.")
    if in_shadow(connection=message.connection):
        return Finding(
            passed=False, says="Not live yet: the list for going live is not signed, so nothing leaves. It would have been sent."
        )
    since = message.connection.live_since
    if since is None:
        return Finding(passed=True, says="No signature is asked: nothing leaves this machine.")
    return Finding(passed=True, says=f"Live since {local(since, message.client.timezone)} ({message.client.timezone}).")
