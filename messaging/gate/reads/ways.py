"""The connection a message goes over, as the gate needs to know it. Reads no row but the clock's."""

from collections.abc import Sequence

from messaging.email import by_smtp, composing
from messaging.gate.facts import MailServer, Way
from messaging.models import Message
from providers import adapters
from providers.connections import over_loopback
from providers.going_live import in_shadow
from zartsalgo.lib import clock


def read(*, message: Message) -> Way | None:
    """The message's connection has to be at hand."""
    connection = message.connection
    if connection is None:
        return None
    return Way(
        id=str(connection.pk),
        provider=connection.provider,
        label=adapters.load(connection.provider).label,
        disabled=connection.disabled_at is not None,
        loopback=over_loopback(base_url=connection.base_url),
        shadow=in_shadow(connection=connection),
        live_since=connection.live_since,
        inbound=str(connection.options.get("inbound", "")),
    )


def mail_server() -> MailServer | None:
    """That of the environment; None where none is named."""
    return MailServer(loopback=by_smtp.over_loopback()) if composing.sends_by_smtp() else None


def clock_was_moved(*, ways: Sequence[Way | None], server: MailServer | None) -> bool:
    """Whether the business clock stands elsewhere than the real one. Asked only where one of the ways leaves this machine."""
    leaves = any(way is not None and not way.loopback for way in ways) or (server is not None and not server.loopback)
    return leaves and bool(clock.offset())
