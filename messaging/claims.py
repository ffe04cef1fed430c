"""Purpose claims: a rolling window as one row, taken by one conditional upsert, so no two workers can both hold it."""

import uuid
from datetime import datetime

from django.db import connection

_TAKE = """
insert into messaging_purposeclaim (client_id, contact_id, purpose, until, holder) values (%(client)s, %(contact)s, %(purpose)s, %(until)s, %(holder)s)
on conflict (client_id, contact_id, purpose) do update set until = excluded.until, holder = excluded.holder
  where messaging_purposeclaim.until <= %(now)s or messaging_purposeclaim.holder = excluded.holder
returning holder"""


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


def held_by_other(*, client_id: int, contact_id: uuid.UUID, purpose: str, holder: uuid.UUID, now: datetime) -> datetime | None:
    """Until when another message has the purpose, or None."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select until from messaging_purposeclaim where client_id = %s and contact_id = %s and purpose = %s and until > %s and holder <> %s",
            [client_id, contact_id, purpose, now, holder],
        )
        row = cursor.fetchone()
    return row[0] if row else None
