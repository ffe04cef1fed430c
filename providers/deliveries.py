"""Storing what came in: one statement, nothing parsed, no broker. What is read later is exactly the bytes that were verified."""

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
# A repeat only counts: the first delivery's bytes stay what they were. A post that came twice in one set is one row that says so, and a set
# that is sent again, because nobody saw whether it was stored, counts nothing. They came in the order in which they stand in the set.
_STORE = """
with given as (
  select * from rows from (json_to_recordset(%(rows)s::json) as (
      id uuid, hook uuid, key text, at timestamptz, method text, url text, headers text, body text, sha256 text, copies int,
      reason text, note text, wait float))
    with ordinality as g (id, hook, key, at, method, url, headers, body, sha256, copies, reason, note, wait, n)),
moment as materialized (
  select clock_timestamp() as now, coalesce((select shifted_by from zartsalgo_clock where id = 1), interval '0') as moved),
stored as (
  insert into providers_delivery as d
    (id, connection_id, key, received_at, method, url, headers, body, body_sha256, copies, state, note, claims, next_at, replays)
  select g.id, hook, key, coalesce(at, now + moved + n * interval '1 microsecond'), method, url, headers::jsonb, convert_to(body, 'UTF8'), sha256, copies,
         case when reason = '' then 'received' else 'aside' end, note, 0, now + wait * interval '1 second', 0
    from given g, moment order by hook, key
  on conflict (connection_id, key) do update
     set copies = case when d.id = excluded.id then d.copies else d.copies + excluded.copies + 1 end
  returning id, connection_id, key, copies),
put as (
  insert into providers_aside (delivery_id, reason, decision, decided_by)
  select g.id, g.reason, '', '' from given g join stored s on s.id = g.id where g.reason <> ''
  on conflict (delivery_id) do nothing)
select connection_id, key, id, copies from stored"""


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


@dataclass(frozen=True, kw_only=True)
class Row:
    """A verified request as it is stored. `aside`: the reason (Aside.Reason) why nothing reads it before a person has looked, or "";
    `wait_seconds`: nothing reads it before. `at`: when it came by the business's clock, None for the database's own now."""

    hook_id: uuid.UUID
    key: str
    method: str
    url: str
    headers: str
    body: bytes  # encrypted, which is plain ASCII
    sha256: str
    at: datetime | None
    aside: str
    wait_seconds: float
    id: uuid.UUID = field(default_factory=new_id)


def make_row(
    *,
    hook_id: uuid.UUID,
    client_id: int,
    key: str,
    request: Incoming,
    path_and_query: str,
    aside: str = "",
    wait_seconds: float = 0.0,
) -> Row:
    """The row of a verified request, its body encrypted; without a key its bytes are the key."""
    sha256 = hashlib.sha256(request.body).hexdigest()
    return Row(
        hook_id=hook_id,
        key=key or sha256,
        method=request.method,
        url=path_and_query[:4000],
        headers=json.dumps(dict(request.headers)).replace("\\u0000", ""),
        body=seal(plaintext=request.body, owner=f"client:{client_id}"),
        sha256=sha256,
        at=clock.told_now(),
        aside=aside,
        wait_seconds=wait_seconds,
    )


def store(*, rows: Sequence[Row]) -> list[tuple[uuid.UUID, int]]:
    """Store them in one statement, or none of them; for each the id of its delivery and how many copies came before it."""
    firsts: dict[tuple[uuid.UUID, str], Row] = {}
    before: list[int] = []
    times: Counter[tuple[uuid.UUID, str]] = Counter()
    for row in rows:
        same = (row.hook_id, row.key)
        firsts.setdefault(same, row)
        before.append(times[same])
        times[same] += 1
    given = [
        {
            "id": str(row.id),
            "hook": str(row.hook_id),
            "key": row.key,
            "at": row.at.isoformat() if row.at else None,
            "method": row.method,
            "url": row.url,
            "headers": row.headers,
            "body": row.body.decode("ascii"),
            "sha256": row.sha256,
            "copies": times[same] - 1,
            "reason": row.aside,
            "note": asides.SAYS[Aside.Reason(row.aside)] if row.aside else "",
            "wait": row.wait_seconds,
        }
        for same, row in firsts.items()
    ]
    with database.cursor() as cursor:
        cursor.execute(_STORE, {"rows": json.dumps(given)})
        found = {(hook, key): (id, copies) for hook, key, id, copies in cursor.fetchall()}
    answers = []
    for row, earlier in zip(rows, before, strict=True):
        id, copies = found[row.hook_id, row.key]
        answers.append((id, copies - times[row.hook_id, row.key] + 1 + earlier))
    return answers


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
