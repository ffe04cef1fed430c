"""Storing what came in: one statement, nothing parsed, no broker. What is read later is exactly the bytes that were verified."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection as database

from providers.contract import Incoming
from providers.models import Connection, Delivery
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id
from zartsalgo.lib.sealed import seal, unseal

MAX_BODY_BYTES = 1024 * 1024
DRAIN_TASK = "workflows.drain"

_FIND = """select id, client_id, account, sealed, options, disabled_at is not null
             from providers_connection where token_digest = %s and provider = %s"""
# A repeat only counts: the first delivery's bytes stay what they were.
_STORE = """insert into providers_delivery
              (id, connection_id, key, received_at, method, url, headers, body, body_sha256, copies, state, note, claims, next_at, replays)
            values (%s, %s, %s,
                    coalesce(%s::timestamptz, clock_timestamp() + coalesce((select shifted_by from zartsalgo_clock where id = 1), interval '0')),
                    %s, %s, %s, %s, %s, 0, 'received', '', 0, clock_timestamp(), 0)
            on conflict (connection_id, key) do update set copies = providers_delivery.copies + 1
            returning id, copies"""
_REFUSED = """update providers_connection set refused_signatures = refused_signatures + 1, last_refused_at = clock_timestamp()
              where id = %s"""


@dataclass(frozen=True)
class Hook:
    """A connection as the accept path needs it: no model, one short query."""

    id: uuid.UUID
    client_id: int
    account: str
    sealed: bytes
    options: dict[str, Any]
    disabled: bool


def find_hook(*, provider: str, token_digest: str) -> Hook | None:
    """The connection behind a hook address, or None."""
    with database.cursor() as cursor:
        cursor.execute(_FIND, [token_digest, provider])
        row = cursor.fetchone()
    if row is None:
        return None
    options = json.loads(row[4]) if isinstance(row[4], str) else row[4]
    return Hook(row[0], row[1], row[2], bytes(row[3]), options, row[5])


def count_refused(*, hook: Hook) -> None:
    """A request with a bad signature is counted, never stored."""
    with database.cursor() as cursor:
        cursor.execute(_REFUSED, [hook.id])


def store(*, hook_id: uuid.UUID, client_id: int, key: str, request: Incoming, path_and_query: str) -> tuple[uuid.UUID, int]:
    """Store a verified request; returns its delivery's id and how many copies came before this one."""
    sha256 = hashlib.sha256(request.body).hexdigest()
    sealed = seal(plaintext=request.body, owner=f"client:{client_id}")
    headers = json.dumps(dict(request.headers)).replace("\\u0000", "")
    with database.cursor() as cursor:
        cursor.execute(
            _STORE, [new_id(), hook_id, key or sha256, clock.told_now(), request.method, path_and_query[:4000], headers, sealed, sha256]
        )
        id, copies = cursor.fetchone()
    return id, copies


def as_incoming(*, delivery: Delivery, connection: Connection, public_url: str) -> Incoming:
    """The stored request as an adapter reads it. Raises CannotOpen when the key is absent, ValueError when the body has expired."""
    if delivery.body is None:
        raise ValueError("the body has expired and is no longer kept")
    headers: Mapping[str, str] = delivery.headers
    return Incoming(
        method=delivery.method,
        url=f"{public_url}{delivery.url}",
        headers=headers,
        body=unseal(ciphertext=delivery.body, owner=f"client:{connection.client_id}"),
        received_at=delivery.received_at,
        account=connection.account,
        options={key: str(value) for key, value in connection.options.items()},
    )


def take_back(*, delivery: Delivery, now: datetime) -> None:
    """Put a delivery back into the queue (replay): what was already understood is recognised by its key and not done twice."""
    Delivery.objects.filter(pk=delivery.pk).update(
        state=Delivery.State.RECEIVED, claims=0, note="", finished_at=None, next_at=now, replays=delivery.replays + 1
    )
