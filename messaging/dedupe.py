"""Dedupe: one text for one purpose and person in a rolling window. A window is one row, taken by one conditional upsert, so no two workers
can both hold it.

Beside them stands what a provider's list told after a restore (messaging.reconciling): a text that went out without a row of ours has no
claim, and counts as one for every purpose. The gate reads both (messaging.gate.reads.sends).
"""

import json
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

# In one order for everybody, so that two batches with the same people cannot wait for each other.
_TAKE = """
insert into messaging_purposeclaim (client_id, contact_id, purpose, until, holder)
select client, contact, purpose, until, holder
  from json_to_recordset(%(claims)s::json) as r (client bigint, contact uuid, purpose text, until timestamptz, holder uuid)
 order by client, contact, purpose
on conflict (client_id, contact_id, purpose) do update set until = excluded.until, holder = excluded.holder
  where messaging_purposeclaim.until <= %(now)s or messaging_purposeclaim.holder = excluded.holder
returning holder"""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The message `holder` wants the purpose for this person until then."""

    client_id: int
    contact_id: uuid.UUID
    purpose: str
    holder: uuid.UUID
    until: datetime


def take_all(*, claims: Sequence[Claim], now: datetime) -> set[uuid.UUID]:
    """The holders that have their purpose now; of the others another message has it still. At most one claim a person and purpose."""
    if not claims:
        return set()
    rows = [
        {
            "client": claim.client_id,
            "contact": str(claim.contact_id),
            "purpose": claim.purpose,
            "until": claim.until.isoformat(),
            "holder": str(claim.holder),
        }
        for claim in claims
    ]
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"claims": json.dumps(rows), "now": now})
        return {row[0] for row in cursor.fetchall()}


def take(*, client_id: int, contact_id: uuid.UUID, purpose: str, holder: uuid.UUID, now: datetime, until: datetime) -> bool:
    """True when `holder` has the purpose for this person until then; False when another message has it still."""
    claim = Claim(client_id=client_id, contact_id=contact_id, purpose=purpose, holder=holder, until=until)
    return holder in take_all(claims=[claim], now=now)


def release(*, holders: Collection[uuid.UUID], now: datetime) -> None:
    """Give the windows back: the messages that held them were proven unsent and will not be tried again."""
    if not holders:
        return
    with connection.cursor() as cursor:
        cursor.execute("update messaging_purposeclaim set until = %s where holder = any(%s) and until > %s", [now, list(holders), now])
