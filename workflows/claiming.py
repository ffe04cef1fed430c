"""How deliveries are claimed: counted and capped in the claiming statement itself, suspects alone, and given back where nobody is to blame.

A claim pushes `next_at` forward: the lease stands in the row, and whoever dies leaves it to the next one when that time has come.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import connection as database

from providers.models import Delivery
from zartsalgo.lib.database import drop_broken_connection

MOST_CLAIMS = 5
# The fifth claim parks the row instead of handing it out, here, for a reader that dies can do nothing afterwards. A suspect (it was claimed
# before) is taken alone, so that it takes no neighbour with it; the others are taken by the next claim, at once.
_CLAIM = """
with due as materialized (
    select id, claims, next_at from providers_delivery where state = 'received' and next_at <= clock_timestamp()
     order by next_at for update skip locked limit %(limit)s),
first as (select id, claims from due order by next_at, id limit 1),
taken as (select id from first where claims > 0
          union all select id from due where claims = 0 and exists (select 1 from first where claims = 0))
update providers_delivery as d
   set claims = d.claims + 1, next_at = clock_timestamp() + %(lease)s * interval '1 second',
       state = case when d.claims + 1 < %(most)s then d.state else 'poison' end,
       note = case when d.claims + 1 < %(most)s then d.note
                   else left(case when d.note = '' or d.note = %(waits)s then %(died)s else d.note end || ' ' || %(parked)s, 400) end,
       finished_at = case when d.claims + 1 < %(most)s then d.finished_at else %(now)s end
  from taken where d.id = taken.id
returning d.id, d.claims, d.state"""
_DIED = f"Each of {MOST_CLAIMS - 1} readers died or hung over it."
_PARKED = "Set aside, so that it stops nobody else. The payload is kept: have its reader mended, then replay it."
WAITS = "Waits: the database was in trouble. It is tried again by itself."
_GIVE_BACK = """
update providers_delivery
   set claims = greatest(claims - 1, 0), note = %s,
       next_at = clock_timestamp() + least(60, greatest(1, extract(epoch from clock_timestamp() - received_at) / 4)) * interval '1 second'
 where id = any(%s) and state = 'received'"""
# Claims that could not be given back because the database was away still: given back before this process takes the next.
_owed: set[uuid.UUID] = set()


@dataclass(frozen=True)
class Claimed:
    """`claims` with this one; a parked row is nobody's to read."""

    id: uuid.UUID
    claims: int
    parked: bool


def claim(*, now: datetime, limit: int, lease_seconds: float) -> list[Claimed]:
    """Up to `limit` new deliveries, or one suspect, for `lease_seconds`; one that was claimed too often comes alone, and parked."""
    if _owed:
        give_back(ids=list(_owed))
    words = {"waits": WAITS, "died": _DIED, "parked": _PARKED}
    with database.cursor() as cursor:
        cursor.execute(_CLAIM, {"limit": limit, "lease": lease_seconds, "most": MOST_CLAIMS, "now": now, **words})
        return [Claimed(row[0], row[1], row[2] == Delivery.State.POISON) for row in cursor.fetchall()]


def give_back(*, ids: list[uuid.UUID]) -> None:
    """Claims that the database's trouble has cost are not held against the rows; they are due again a little later, old ones later still.

    Raises DatabaseError where the database is away still; then this process gives them back before it claims again.
    """
    _owed.update(ids)
    drop_broken_connection()
    with database.cursor() as cursor:
        cursor.execute(_GIVE_BACK, [WAITS, ids])
    _owed.difference_update(ids)
