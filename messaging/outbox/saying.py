"""How what became of a message is said: what it is called, whom it is for, what the provider meant."""

from messaging.models import Message
from providers import adapters
from zartsalgo.lib.phone import sayable


def noun(*, message: Message) -> str:
    """What a message is called: email or text."""
    return "email" if message.channel == Message.EMAIL else "text"


def who(*, message: Message) -> str:
    """Whom it is for, as a title says it."""
    return message.contact.name or sayable(message.to)


def meaning(*, message: Message, code: str) -> str:
    """What the provider's error code means, in its adapter's words; "" where it has none."""
    if message.connection is None or not code:
        return ""
    return adapters.load(message.connection.provider).explain_error(code=code)
