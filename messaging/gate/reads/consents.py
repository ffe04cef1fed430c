"""What a person agreed to and refused, what they did themselves, and what the do-not-call lists say of their number."""

import uuid
from datetime import datetime
from typing import Any, Final

from django.db import connection

from messaging import do_not_call, purposes
from messaging.gate.facts import Consents, Listed, Proof, Written
from messaging.gate.reads.asked import TABLE
from messaging.relationships import CAP_WINDOW

PURCHASES: Final = ("job.completed", "payment.received")
# A reply that says, or may say, no is no inquiry.
_NO: Final = ("opt_out", "unclear")
_NOT_NO: Final = "not (coalesce(facts -> 'reading' ->> 'kind', '') = any(%(no)s))"
_STANDS: Final = "not exists (select 1 from leads_consent w where w.withdraws_id = leads_consent.id)"
_THEIRS: Final = "contact_id = a.contact and client_id = a.client"

# A refusal stands until the person writes by that channel themselves, or agrees in words later than it.
_REFUSED: Final = """
left join lateral (select max(r.granted_at) as at from leads_consent r
  where r.contact_id = a.contact and r.client_id = a.client and r.purpose = 'refused' and r.channel = a.channel and r.granted_at <= %(now)s
    and not exists (select 1 from leads_consent y where y.contact_id = r.contact_id and y.client_id = r.client_id
      and y.purpose = 'marketing' and y.channel = r.channel and y.granted_at > r.granted_at
      and not exists (select 1 from leads_consent w where w.withdraws_id = y.id))
    and not exists (select 1 from leads_event e where e.contact_id = r.contact_id and e.client_id = r.client_id
      and e.type = 'message.received' and e.occurred_at > r.granted_at and coalesce(e.facts ->> 'channel', 'sms') = r.channel
      and not (coalesce(e.facts -> 'reading' ->> 'kind', '') = any(%(no)s)))) refusal on true"""

# The cause is the person's own act too: a call that was recorded before there was a ledger proves itself.
_PROOF: Final = f"""
left join lateral (select kind, at from (
    (select source_kind as kind, granted_at as at from leads_consent
      where not a.markets and {_THEIRS} and purpose in ('answer', 'marketing') and channel = a.channel
        and address = a."to" and granted_at > a.answers_from and {_STANDS} order by granted_at desc limit 1)
    union all
    (select split_part(type, '.', 1), occurred_at from leads_event
      where not a.markets and id = a.cause and {_THEIRS} and type = any(a.inquiries) and occurred_at > a.answers_from and {_NOT_NO})) found
  order by at desc limit 1) proof on true"""

# Only for what markets. What they said or did before a stop counts no more, also one that was lifted.
_MARKETING: Final = f"""
left join lateral (select max(at) as at from (
    select at, client_id from messaging_suppression where a.markets and contact_id = a.contact
    union all
    select at, client_id from messaging_suppression where a.markets and value = any (array(
      select value from leads_statedidentity where contact_id = a.contact union all select a."to"))) x
  where x.client_id = a.client or x.client_id is null) stop on true
left join lateral (select granted_at as at, source, wording_version from leads_consent
  where a.markets and {_THEIRS} and purpose = 'marketing' and channel = a.channel and address = a."to"
    and wording <> '' and wording_version <> '' and granted_at <= %(now)s and {_STANDS} and (stop.at is null or granted_at > stop.at)
  order by granted_at desc limit 1) written on true
left join lateral (select max(occurred_at) as at from leads_event
  where a.markets and {_THEIRS} and type = any(a.inquiries) and occurred_at <= %(now)s and {_NOT_NO}
    and (stop.at is null or occurred_at > stop.at)) inquiry on true
left join lateral (select max(occurred_at) as at from leads_event
  where a.markets and {_THEIRS} and type = any(%(purchases)s) and occurred_at <= %(now)s
    and (stop.at is null or occurred_at > stop.at)) purchase on true
left join lateral (select count(*) as n, min(coalesce(m.sent_at, m.due_at)) as oldest from messaging_message m
  where a.markets and m.contact_id = a.contact and m.client_id = a.client and m.id <> a.id and not (m.purpose = any(%(answers)s))
    and coalesce(m.sent_at, m.due_at) > %(day)s
    and (m.sent_at is not null or exists (select 1 from messaging_attempt p
      where p.message_id = m.id and p.outcome in ('reserved', 'calling', 'accepted', 'unknown')))) cap on true
left join lateral ({do_not_call.NEWEST.format(number='a."to"', where="a.markets and a.channel = 'sms'")}) listed on true"""

_SQL: Final = f"""
select a.id, refusal.at, proof.kind, proof.at, written.at, written.source, written.wording_version, inquiry.at, purchase.at,
  cap.n, cap.oldest, listed.listed, listed.as_of
from {TABLE} {_REFUSED} {_PROOF} {_MARKETING}"""


def read(*, asked: str, now: datetime) -> dict[uuid.UUID, Consents]:
    given: dict[str, Any] = {
        "asked": asked,
        "now": now,
        "day": now - CAP_WINDOW,
        "no": list(_NO),
        "purchases": list(PURCHASES),
        "answers": purposes.keys_that_do_not_market(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SQL, given)
        rows = cursor.fetchall()
    found = {}
    for id, refused_at, kind, at, written_at, source, wording, inquiry, purchase, capped, oldest, listed, as_of in rows:
        found[id] = Consents(
            refused_at=refused_at,
            proof=Proof(kind=kind, at=at) if at is not None else None,
            written=Written(at=written_at, source=source, wording=wording) if written_at is not None else None,
            inquiry=inquiry,
            purchase=purchase,
            capped=capped,
            first_capped=oldest,
            do_not_call=Listed(listed=bool(listed), as_of=as_of, fresh=do_not_call.is_fresh(as_of=as_of, now=now)),
        )
    return found
