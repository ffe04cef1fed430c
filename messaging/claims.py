"""Purpose claims: a rolling window as one row, taken by one conditional upsert, so no two workers can both hold it.

Beside them stands what a provider's list told after a restore (messaging.reconciling): a text that went out without a row of ours has no
claim, and counts as one for every purpose.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from messaging import purposes

_TAKE = """
insert into messaging_purposeclaim (client_id, contact_id, purpose, until, holder) values (%(client)s, %(contact)s, %(purpose)s, %(until)s, %(holder)s)
on conflict (client_id, contact_id, purpose) do update set until = excluded.until, holder = excluded.holder
  where messaging_purposeclaim.until <= %(now)s or messaging_purposeclaim.holder = excluded.holder
returning holder"""
# Both in one statement: without a restore the second half looks into an empty table and costs nothing of its own.
_TAKEN = """
select c.until, l.sent_at, l.provider_id from (select 1) one
  left join messaging_purposeclaim c on c.client_id = %(client)s and c.contact_id = %(contact)s and c.purpose = %(purpose)s
       and c.until > %(now)s and c.holder <> %(holder)s
  left join lateral (select sent_at, provider_id from messaging_listedsend
       where client_id = %(client)s and direction = 'outbound' and sent_at > %(since)s and adopted_id is distinct from %(holder)s
         and (number = %(to)s or number in (select value from leads_identity where contact_id = %(contact)s))
       order by sent_at desc limit 1) l on true"""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What stands before a text: `until` when another message has its purpose; `listed_at` when only the provider's list knows of one."""

    until: datetime | None
    listed_at: datetime | None
    provider_id: str


def take(*, client_id: int, contact_id: uuid.UUID, purpose: str, holder: uuid.UUID, now: datetime, until: datetime) -> bool:
    """True when `holder` has the purpose for this person until then; False when another message has it still."""
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE, {"client": client_id, "contact": contact_id, "purpose": purpose, "holder": holder, "now": now, "until": until}
        )
        return cursor.fetchone() is not None


def release(*, holder: uuid.UUID, now: datetime) -> None:
    """Give the window back: the message that held it was proven unsent and will not be tried again."""
    with connection.cursor() as cursor:
        cursor.execute("update messaging_purposeclaim set until = %s where holder = %s and until > %s", [now, holder, now])


def taken_by_other(*, client_id: int, contact_id: uuid.UUID, purpose: str, to: str, holder: uuid.UUID, now: datetime) -> Taken:
    """Whether another text stands for the purpose, or one that left before a restore: to any number of this person, within the window."""
    wanted: dict[str, Any] = {"client": client_id, "contact": contact_id, "purpose": purpose, "to": to, "holder": holder, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, {**wanted, "since": now - purposes.of(key=purpose).window})
        until, listed_at, provider_id = cursor.fetchone()
    return Taken(until=until, listed_at=listed_at, provider_id=provider_id or "")
