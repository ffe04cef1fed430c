"""What an email's own addresses must be like: the recipient's, and the one replies come to."""

import hashlib
import hmac
import uuid
from base64 import b32encode
from typing import Final

from django.conf import settings

from messaging.models import Message

# Reserved for fiction and examples (RFC 2606, RFC 6761): nobody there is ever written to over a live connection.
_FICTION: Final = ("example.com", "example.net", "example.org", "example", "test", "invalid", "localhost")


def is_fictional(*, address: str) -> bool:
    """Whether the address is made up for examples."""
    domain = address.rpartition("@")[2].lower()
    return any(domain == name or domain.endswith(f".{name}") for name in _FICTION)


def tag_of(*, message_id: uuid.UUID) -> str:
    """The signed tag that leads a reply back to its message: 80 bits under our key, short enough for a local part of 64 characters.

    It names nobody and cannot be made up; it is looked up, never decoded.
    """
    made = hmac.new(settings.SECRET_KEY.encode(), b"reply-tag:" + message_id.bytes, hashlib.sha256).digest()
    return b32encode(made[:10]).decode().lower()


def reply_to(*, message: Message) -> str:
    """Where a reply is to go: the connection's inbound address with the message's tag (`local+tag@domain`), or "" where none is set."""
    inbound = str(message.connection.options.get("inbound", "")) if message.connection else ""
    local, at, domain = inbound.rpartition("@")
    if not at or not message.reply_tag:
        return ""
    return f"{local}+{message.reply_tag}@{domain}"


def message_of_tag(*, client_id: int, tag: str) -> Message | None:
    """The message of this client that a reply answers; None for a tag that nobody made, or another client's."""
    if not tag:
        return None
    return Message.objects.select_related("contact", "lead").filter(client_id=client_id, reply_tag=tag).first()
