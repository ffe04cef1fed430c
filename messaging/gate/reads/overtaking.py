"""What happened with a person since the cause of a text that is planned for them."""

import uuid
from datetime import datetime
from typing import Final

from django.db import connection

from leads.models import Lead
from messaging import purposes
from messaging.gate.facts import Closed, Overtaken, Since
from messaging.gate.reads.asked import TABLE

# So many events of one person since one cause say everything that the next could.
MOST_EVENTS: Final = 20

# A reminder of a review is overtaken by a click on the request's link and by any reply since the request.
_SQL: Final = f"""
select a.id, events.rows, closed.new, closed.at,
  a.reminds and exists (select 1 from messaging_reviewclick k join messaging_reviewlink l on l.token = k.link_id
    join messaging_message m on m.id = l.message_id where m.run_id = a.run),
  a.reminds and exists (select 1 from leads_event e where e.contact_id = a.contact and e.type = 'message.received'
    and e.recorded_at >= asked_for.at)
from {TABLE}
left join lateral (select json_agg(json_build_array(e.type, e.occurred_at, e.facts) order by e.occurred_at, e.id) as rows from (
    select type, occurred_at, facts, id from leads_event
    where contact_id = a.contact and type = any(a.overtaken_by) and id <> a.cause
      and occurred_at >= (select occurred_at from leads_event where id = a.cause)
    order by occurred_at, id limit {MOST_EVENTS}) e where a.overtaken_by <> '{{}}') events on true
left join lateral (select new, at from leads_stagechange where lead_id = a.lead and at > a.known and new = any(%(closed)s)
  order by at desc limit 1) closed on true
left join lateral (select coalesce(m.sent_at, m.created_at) as at from messaging_message m
  where a.reminds and m.run_id = a.run and m.purpose = %(request)s order by m.created_at limit 1) asked_for on true"""


def read(*, asked: str) -> dict[uuid.UUID, Overtaken]:
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"asked": asked, "closed": [str(stage) for stage in Lead.CLOSED], "request": purposes.REVIEW_REQUEST.key})
        return {
            id: Overtaken(
                since=tuple(Since(type=kind, at=datetime.fromisoformat(at), facts=facts or {}) for kind, at, facts in events or ()),
                closed=Closed(stage=stage, at=at) if stage is not None else None,
                clicked=clicked,
                answered=answered,
            )
            for id, events, stage, at, clicked, answered in cursor.fetchall()
        }
