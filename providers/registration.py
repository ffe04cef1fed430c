"""Whether a sender may text at all: recorded by a named person, and taken back by the carriers' own word.

US carriers drop what an unregistered business sender sends (A2P 10DLC for local numbers, verification for toll-free ones), and the person
it was for never learns of it. So a live connection off this machine sends nothing before somebody has recorded the registration, and
nothing any more once a provider said that the sender is not in order, until somebody records anew. It stands in the connection's options,
always for one sender: another number is another registration.
"""

import re
from datetime import datetime

from django.db import transaction

from providers.connections import over_loopback
from providers.models import Connection

# An email domain that is not confirmed at its provider (DKIM, return path) lands in spam folders, or nowhere.
# Numbers of the North American plan and messaging services, which are pools of them. Short codes and names are leased ready to use.
_NEEDS_IT = re.compile(r"(\+1[2-9][0-9]{9}|MG[0-9a-fA-F]{32}|[^@\s]+@[^@\s]+)\Z")
_REGISTERED = ("sender_registered", "sender_registered_by", "sender_registered_at")
_REFUSED = ("sender_refused", "sender_refused_code", "sender_refused_at")


class NotRecorded(Exception):
    """The registration was not recorded; the text says why."""


def register(*, connection: Connection, sender: str, by: str, now: datetime) -> None:
    """Record that the sender is registered with the carriers, by whom it was looked up and when; an earlier refusal is settled by it.

    Raises NotRecorded without a person's name or a sender.
    """
    if not by.strip() or not sender.strip():
        raise NotRecorded("Say who looked up the registration, and of which sender.")
    _set(connection=connection, names=_REGISTERED, values=(sender.strip(), by.strip()[:150], now.isoformat()), drop=_REFUSED)


def note_refusal(*, connection: Connection, sender: str, code: str, now: datetime) -> None:
    """The provider said that this sender is not in order: what was recorded before does not count any more."""
    _set(connection=connection, names=_REFUSED, values=(sender, code[:20], now.isoformat()), drop=())


def refused_with(*, connection: Connection, sender: str) -> str:
    """The provider's error code for this sender, or "" while nothing is known against it."""
    return str(connection.options.get("sender_refused_code", "")) if connection.options.get("sender_refused") == sender else ""


def is_missing(*, connection: Connection, sender: str) -> bool:
    """The sender needs a registration and none is recorded. Over loopback nothing reaches a carrier, so none is needed."""
    if over_loopback(base_url=connection.base_url) or not _NEEDS_IT.match(sender):
        return False
    return bool(connection.options.get("sender_registered") != sender)


def _set(*, connection: Connection, names: tuple[str, ...], values: tuple[str, ...], drop: tuple[str, ...]) -> None:
    with transaction.atomic():
        locked = Connection.objects.select_for_update().get(pk=connection.pk)
        kept = {name: value for name, value in locked.options.items() if name not in drop}
        locked.options = {**kept, **dict(zip(names, values, strict=True))}
        locked.save(update_fields=["options"])
    connection.options = locked.options
