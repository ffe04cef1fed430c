"""How often one person is written to by one client, over all channels and workflows, and who goes first. The gate's check "too-many".

What does not market (messaging.purposes) goes before everything else: whatever is not one waits while an answer is still
to go, and for a day after it. What people write by hand is theirs to repeat and counts nowhere here; each purpose has its own window
besides (messaging.claims), and states may be stricter (messaging.consent).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from messaging import purposes
from messaging.models import Message

CHECK: Final = "too-many"
DAY, WEEK = timedelta(days=1), timedelta(days=7)
# More answers than that in a day are no conversation but a loop; of all else nobody wants more.
ANSWERS_A_DAY: Final = 4
OTHERS_A_DAY: Final = 1
OTHERS_A_WEEK: Final = 3
# While an answer waits for its hour, others look again then.
LOOK_AGAIN: Final = timedelta(hours=1)

_GONE = """(m.sent_at is not null or exists (select 1 from messaging_attempt a
             where a.message_id = m.id and a.outcome in ('reserved', 'calling', 'accepted', 'unknown')))"""
_ASK = f"""
with theirs as (
  select m.purpose = any (%(answers)s) as answers, coalesce(m.sent_at, m.due_at) as at, m.status, {_GONE} as gone
    from messaging_message m
   where m.contact_id = %(contact)s and m.client_id = %(client)s and m.id <> %(message)s and m.workflow <> '' and m.created_at > %(month)s)
select count(*) filter (where gone and answers and at > %(day)s), min(at) filter (where gone and answers and at > %(day)s),
       count(*) filter (where gone and not answers and at > %(day)s), min(at) filter (where gone and not answers and at > %(day)s),
       count(*) filter (where gone and not answers and at > %(week)s), min(at) filter (where gone and not answers and at > %(week)s),
       max(at) filter (where gone and answers and at > %(day)s), bool_or(answers and not gone and status in ('queued', 'held'))
  from theirs"""
# A message goes at most so long after it was written; older ones need no look.
_MONTH = timedelta(days=31)


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """`until` is when the next may go; None where it may go now."""

    says: str
    until: datetime | None = None
    values: tuple[tuple[str, str], ...] = ()


def rule(*, message: Message, now: datetime) -> Ruling:
    """Judge as of `now`. Reads rows, one statement; none for what a person wrote."""
    if not message.workflow:
        return Ruling(says="Written by a person, who sees what went before.")
    wanted: dict[str, Any] = {
        "answers": purposes.keys_that_do_not_market(),
        "contact": message.contact_id,
        "client": message.client_id,
        "message": message.pk,
        "day": now - DAY,
        "week": now - WEEK,
        "month": now - _MONTH,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ASK, wanted)
        answers, first_answer, today, first_today, week, first_week, last_answer, waits = cursor.fetchone()
    values = (("answers_today", str(answers)), ("others_today", str(today)), ("others_this_week", str(week)))
    if not purposes.of(key=message.purpose).markets:
        if answers < ANSWERS_A_DAY:
            return Ruling(says=f"{answers} automatic answers in the last 24 hours.", values=values)
        says = f"They got {answers} automatic answers within 24 hours, and {ANSWERS_A_DAY} are the most."
        return Ruling(says=says, until=first_answer + DAY, values=values)
    if waits:
        return Ruling(says="An answer to this person goes first; it still waits for its own time.", until=now + LOOK_AGAIN, values=values)
    if last_answer is not None:
        return Ruling(
            says="They got an answer within the last 24 hours; this waits until a day after it.", until=last_answer + DAY, values=values
        )
    if today >= OTHERS_A_DAY:
        says = f"They got {today} automatic message{'' if today == 1 else 's'} within 24 hours, and {OTHERS_A_DAY} is the most."
        return Ruling(says=says, until=first_today + DAY, values=values)
    if week >= OTHERS_A_WEEK:
        says = f"They got {week} automatic messages within 7 days, and {OTHERS_A_WEEK} are the most."
        return Ruling(says=says, until=first_week + WEEK, values=values)
    return Ruling(says=f"{week} automatic messages in the last 7 days.", values=values)
