"""What this person got before: for the same purpose, lately, and what a carrier said of the number."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from messaging import purposes
from messaging.gate.checks.throttle import DAY, WEEK
from messaging.gate.facts import Refused, Sent, Taken
from messaging.gate.reads.asked import TABLE
from providers import adapters

# Numbers change hands; a landline of last year may be a mobile now.
REMEMBERED: Final = timedelta(days=365)
# A message goes at most so long after it was written; older ones need no look.
_MONTH: Final = timedelta(days=31)

# The provider's list rides on the look at the purpose: without a restore it is an empty table and costs nothing of its own.
_SQL: Final = f"""
select a.id, c.until, l.sent_at, l.provider_id, r.created_at, r.error_code, r.provider,
  t.answers, t.first_answer, t.last_answer, t.today, t.first_today, t.week, t.first_week, t.waits
from {TABLE}
left join messaging_purposeclaim c on c.client_id = a.client and c.contact_id = a.contact and c.purpose = a.purpose
  and c.until > %(now)s and c.holder <> a.id
left join lateral (select sent_at, provider_id from messaging_listedsend
  where client_id = a.client and direction = 'outbound' and sent_at > a.window_from and adopted_id is distinct from a.id
    and number = any (array(select value from leads_identity where contact_id = a.contact union all select a."to"))
  order by sent_at desc limit 1) l on true
left join lateral (select m.created_at, m.error_code, w.provider
  from messaging_message m left join providers_connection w on w.id = m.connection_id
  where m.contact_id = a.contact and m."to" = a."to" and m.status = 'failed' and m.error_code = any(%(codes)s)
    and m.created_at > %(year)s and m.id <> a.id
  order by m.created_at desc limit 1) r on true
left join lateral (select
    count(*) filter (where gone and answers and at > %(day)s) as answers,
    min(at) filter (where gone and answers and at > %(day)s) as first_answer,
    max(at) filter (where gone and answers and at > %(day)s) as last_answer,
    count(*) filter (where gone and not answers and at > %(day)s) as today,
    min(at) filter (where gone and not answers and at > %(day)s) as first_today,
    count(*) filter (where gone and not answers and at > %(week)s) as week,
    min(at) filter (where gone and not answers and at > %(week)s) as first_week,
    coalesce(bool_or(answers and not gone and status in ('queued', 'held')), false) as waits
  from (select m.purpose = any(%(answers)s) as answers, coalesce(m.sent_at, m.due_at) as at, m.status,
      (m.sent_at is not null or exists (select 1 from messaging_attempt p
        where p.message_id = m.id and p.outcome in ('reserved', 'calling', 'accepted', 'unknown'))) as gone
    from messaging_message m
    where a.workflow <> '' and m.contact_id = a.contact and m.client_id = a.client and m.id <> a.id and m.workflow <> ''
      and m.created_at > %(month)s) theirs) t on true"""


@dataclass(frozen=True, kw_only=True)
class Before:
    taken: Taken
    refused: Refused | None
    sent: Sent


def read(*, asked: str, now: datetime) -> dict[uuid.UUID, Before]:
    codes = frozenset[str]().union(*(adapter.bad_number_codes for adapter in adapters.all_adapters()))
    given: dict[str, Any] = {
        "asked": asked,
        "now": now,
        "day": now - DAY,
        "week": now - WEEK,
        "month": now - _MONTH,
        "year": now - REMEMBERED,
        "codes": sorted(codes),
        "answers": purposes.keys_that_do_not_market(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SQL, given)
        rows = cursor.fetchall()
    return {
        row[0]: Before(
            taken=Taken(until=row[1], listed_at=row[2], provider_id=row[3] or ""),
            refused=Refused(at=row[4], says=_refusal(code=row[5], provider=row[6])) if row[4] is not None else None,
            sent=Sent(
                answers=row[7],
                first_answer=row[8],
                last_answer=row[9],
                today=row[10],
                first_today=row[11],
                week=row[12],
                first_week=row[13],
                waits=row[14],
            ),
        )
        for row in rows
    }


def _refusal(*, code: str, provider: str | None) -> str:
    says = adapters.load(provider).explain_error(code=code) if provider else ""
    return says or "A carrier said that this number takes no texts."
