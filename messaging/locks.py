"""The lock that an opt-out and a send both take, so neither can pass the other unseen."""

import hashlib
from collections.abc import Iterable

from django.db import connection


def lock_address(*, channel: str, address: str) -> None:
    """Hold the address for the rest of this transaction. Both sides must take it: see messaging.outbox.reserve and messaging.inbound."""
    lock_addresses(addresses=[(channel, address)])


def lock_addresses(*, addresses: Iterable[tuple[str, str]]) -> None:
    """Hold addresses, each given with its channel. In one order for everybody, so that two that want the same cannot wait for each other."""
    numbers = [_number(channel=channel, address=address) for channel, address in sorted(set(addresses))]
    with connection.cursor() as cursor:
        # The rows of an array come in its order, one lock after the other.
        cursor.execute("select pg_advisory_xact_lock(number) from unnest(%s::bigint[]) as number", [numbers])


def _number(*, channel: str, address: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{channel}:{address}".encode()).digest()[:8], "big", signed=True)
