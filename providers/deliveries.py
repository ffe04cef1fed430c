"""Storing what came in: one statement, nothing parsed, no broker. What is read later is exactly the bytes that were verified."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection as database

from providers import asides
from providers.contract import Incoming
from providers.models import Aside, Connection, Delivery
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id
from zartsalgo.lib.sealed import seal, unseal

MAX_BODY_BYTES = 1024 * 1024
DRAIN_TASK = "workflows.drain"

# An address that was given up stays valid until its time; so does a secret.
_FIND = """select id, client_id, account, sealed, options, disabled_at is not null, coalesce(old_secret_until > clock_timestamp(), false)
             from providers_connection
            where provider = %(provider)s
              and (token_digest = %(digest)s or old_token_digest = %(digest)s and old_token_until > clock_timestamp())"""
# A repeat only counts: the first delivery's bytes stay what they were.
_STORE = """insert into providers_delivery
              (id, connection_id, key, received_at, method, url, headers, body, body_sha256, copies, state, note, claims, next_at, replays)
            values (%(id)s, %(hook)s, %(key)s,
                    coalesce(%(at)s::timestamptz,
                             clock_timestamp() + coalesce((select shifted_by from zartsalgo_clock where id = 1), interval '0')),
                    %(method)s, %(url)s, %(headers)s, %(body)s, %(sha256)s, 0, %(state)s, %(note)s, 0,
                    clock_timestamp() + %(wait)s * interval '1 second', 0)
            on conflict (connection_id, key) do update set copies = providers_delivery.copies + 1
            returning id, copies"""
_STORE_ASIDE = f"""with stored as ({_STORE}),
                   put as (insert into providers_aside (delivery_id, reason, decision, decided_by)
                           select id, %(reason)s, '', '' from stored where copies = 0)
              select id, copies from stored"""  # noqa: S608  # two constants of this file


@dataclass(frozen=True)
class Hook:
    """A connection as the accept path needs it: no model, one short query."""

    id: uuid.UUID
    client_id: int
    account: str
    sealed: bytes
    options: dict[str, Any]
    disabled: bool
    old_secret_counts: bool


def find_hook(*, provider: str, token_digest: str) -> Hook | None:
    """The connection behind a hook address, or None."""
    with database.cursor() as cursor:
        cursor.execute(_FIND, {"provider": provider, "digest": token_digest})
        row = cursor.fetchone()
    if row is None:
        return None
    options = json.loads(row[4]) if isinstance(row[4], str) else row[4]
    return Hook(row[0], row[1], row[2], bytes(row[3]), options, row[5], row[6])


def store(
    *,
    hook_id: uuid.UUID,
    client_id: int,
    key: str,
    request: Incoming,
    path_and_query: str,
    aside: str = "",
    wait_seconds: float = 0.0,
) -> tuple[uuid.UUID, int]:
    """Store a verified request; returns its delivery's id and how many copies came before this one. `aside`: the reason (Aside.Reason)
    why nothing reads it before a person has looked; `wait_seconds`: nothing reads it before."""
    sha256 = hashlib.sha256(request.body).hexdigest()
    values: dict[str, Any] = {
        "id": new_id(),
        "hook": hook_id,
        "key": key or sha256,
        "at": clock.told_now(),
        "method": request.method,
        "url": path_and_query[:4000],
        "headers": json.dumps(dict(request.headers)).replace("\\u0000", ""),
        "body": seal(plaintext=request.body, owner=f"client:{client_id}"),
        "sha256": sha256,
        "state": Delivery.State.ASIDE if aside else Delivery.State.RECEIVED,
        "note": asides.SAYS[Aside.Reason(aside)] if aside else "",
        "reason": aside,
        "wait": wait_seconds,
    }
    with database.cursor() as cursor:
        cursor.execute(_STORE_ASIDE if aside else _STORE, values)
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


def take_back(*, delivery: Delivery, now: datetime, claims: int = 0) -> None:
    """Put a delivery back into the queue (replay): what was already understood is recognised by its key and not done twice. `claims`: how
    many readers count against it already."""
    Delivery.objects.filter(pk=delivery.pk).update(
        state=Delivery.State.RECEIVED, claims=claims, note="", finished_at=None, next_at=now, replays=delivery.replays + 1
    )
