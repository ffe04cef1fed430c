"""The lock that an opt-out and a send both take, so neither can pass the other unseen."""

import hashlib

from django.db import connection


def lock_address(*, channel: str, address: str) -> None:
    """Hold the address for the rest of this transaction. Both sides must take it: see messaging.sending and messaging.inbound."""
    number = int.from_bytes(hashlib.sha256(f"{channel}:{address}".encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [number])
