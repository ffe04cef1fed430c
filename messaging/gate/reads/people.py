"""What a person told us, and who talks with them: stops, unread replies, held conversations."""

import uuid
from dataclasses import dataclass
from typing import Final

from django.db import connection

from messaging.gate.facts import Held, Stop
from messaging.gate.reads.asked import TABLE
from messaging.models import Suppression

# A stop hangs on the person or on any number and address of theirs, stated ones too. What came back says something about that address
# alone, and a person's own wish is told before it. Their values are an array, because a join would look at every stop there is.
_SQL: Final = f"""
select a.id, s.at, s.rule, s.origin,
  exists (select 1 from leads_task t where t.contact_id = a.contact and t.kind = 'unclear-reply' and t.status = 'open'),
  h.held_at, h.name
from {TABLE}
left join lateral (select x.at, x.rule, x.origin from (
    select * from messaging_suppression where contact_id = a.contact
    union all
    select * from messaging_suppression where value = any (array(
      select value from leads_identity where contact_id = a.contact
      union all select value from leads_statedidentity where contact_id = a.contact
      union all select a."to"))) x
  where x.lifted_by_id is null and (x.client_id = a.client or x.client_id is null)
    and (x.origin <> 'bounce' or x.kind = 'email' and x.value = a."to")
  order by x.origin = 'bounce', x.at, x.id limit 1) s on true
left join lateral (select c.held_at, coalesce(nullif(u.first_name, ''), u.username) as name
  from messaging_conversation c left join zartsalgo_user u on u.id = c.held_by_id
  where c.contact_id = a.contact and c.client_id = a.client and c.held_at is not null limit 1) h on true"""


@dataclass(frozen=True, kw_only=True)
class Person:
    stop: Stop | None
    unread_reply: bool
    held: Held | None


def read(*, asked: str) -> dict[uuid.UUID, Person]:
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"asked": asked})
        return {
            id: Person(
                stop=Stop(at=at, rule=rule, bounced=origin == Suppression.Origin.BOUNCED) if at is not None else None,
                unread_reply=unread,
                held=Held(since=held_at, by=str(name)) if held_at is not None else None,
            )
            for id, at, rule, origin, unread, held_at, name in cursor.fetchall()
        }
