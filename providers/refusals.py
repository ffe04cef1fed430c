"""Wrong signatures: counted by hook and sender, so that people can tell a stranger from a provider whose secret has changed.

They pause nothing. Whoever learns the address of a hook could otherwise silence a client.
"""

import uuid

from django.db import connection as database

_COUNT = """
with hook as (update providers_connection set refused_signatures = refused_signatures + %(times)s, last_refused_at = clock_timestamp()
               where id = %(hook)s returning id)
insert into providers_refusal as r (connection_id, sender, times, last_at)
select id, %(sender)s, %(times)s, clock_timestamp() from hook
on conflict (connection_id, sender) do update
   set times = case when r.last_at < clock_timestamp() - interval '1 hour' then excluded.times else r.times + excluded.times end,
       last_at = excluded.last_at"""
_FORGET = """
delete from providers_refusal where id in (
    select id from providers_refusal where last_at < clock_timestamp() - interval '1 day' limit 1000 for update skip locked)"""


def count(*, hook_id: uuid.UUID, sender: str, times: int = 1) -> None:
    """Write down so many wrong signatures of one sender (providers.limits.sender_of)."""
    with database.cursor() as cursor:
        cursor.execute(_COUNT, {"hook": hook_id, "sender": sender, "times": times})


def forget_old() -> None:
    """Drop what nobody has added to for a day."""
    with database.cursor() as cursor:
        cursor.execute(_FORGET)
