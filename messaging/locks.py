"""The lock that an opt-out and a send both take, so neither can pass the other unseen."""

import hashlib
from collections.abc import Iterable

from django.db import connection


def lock_address(*, channel: str, address: str) -> None:
    """Hold the address for the rest of this transaction. Both sides must take it: see messaging.sending and messaging.inbound."""
    lock_addresses(named=[(channel, address)])


def lock_addresses(*, named: Iterable[tuple[str, str]]) -> None:
    """Hold these (channel, address) in one order for everybody, so that two who hold many never wait for each other in a circle."""
    numbers = {_number(f"{channel}:{address}") for channel, address in named}
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(n) from unnest(%s::bigint[]) with ordinality as g (n, i) order by i", [sorted(numbers)]
        )


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
