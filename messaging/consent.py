"""May we text this person for this purpose? The gate's check "consent", read from the ledger that leads.consent writes.

What answers or serves (messaging.purposes) needs an act of the person's own, from the number it goes to, within the purpose's span before
it was written (how long it may wait then is its `useful_until`). Everything else is marketing: written words for that number; else a relationship that has not run out in
any state the person may be in (messaging.relationships) together with a do-not-call check no older than 31 days; and never more texts a
day than the strictest candidate state allows. Who refused a channel in a form gets nothing by it on its own, an answer neither, until they
write to us there or clearly agree later. Whatever a person agreed to before they said stop counts no more, nor an entry of staff that
was withdrawn (47 CFR 64.1200(a)(10), (f)(5)(i)): after they came back, marketing needs new words.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import connection

from leads.actions import create_task
from leads.models import Desk, Task
from messaging import do_not_call, purposes, relationships
from messaging.finding import local
from messaging.models import Message
from messaging.relationships import CAP, CAP_WINDOW
from zartsalgo.lib.phone import sayable
from zartsalgo.lib.places import Place

CHECK: Final = "consent"
CALL_WITHIN: Final = timedelta(minutes=15)
INQUIRIES: Final = ("call.missed", "call.answered", "lead.created", "quote.requested", "message.received")
# Whoever has an appointment is written to about it.
APPOINTMENTS: Final = ("booking.created", "booking.rescheduled")
PURCHASES: Final = ("job.completed", "payment.received")
# A reply that says, or may say, no is no inquiry.
_NO: Final = ("opt_out", "unclear")

# A refusal stands until the person writes by that channel themselves, or agrees in words later than it.
_REFUSED: Final = """
  select max(r.granted_at) as at from leads_consent r
   where r.contact_id = %(contact)s and r.client_id = %(client)s and r.purpose = 'refused' and r.channel = %(channel)s and r.granted_at <= %(now)s
     and not exists (select 1 from leads_consent y where y.contact_id = r.contact_id and y.client_id = r.client_id and y.purpose = 'marketing'
       and y.channel = r.channel and y.granted_at > r.granted_at
       and not exists (select 1 from leads_consent w where w.withdraws_id = y.id))
     and not exists (select 1 from leads_event e where e.contact_id = r.contact_id and e.client_id = r.client_id and e.type = 'message.received'
       and e.occurred_at > r.granted_at and coalesce(e.facts ->> 'channel', 'sms') = r.channel
       and not (coalesce(e.facts -> 'reading' ->> 'kind', '') = any (%(no)s)))"""

# The cause is the person's own act too: a call that was recorded before there was a ledger proves itself.
_ANSWER = f"""
with refusal as ({_REFUSED})
select kind, proof.at, refusal.at from refusal left join lateral (select kind, at from (
  (select source_kind as kind, granted_at as at from leads_consent
    where contact_id = %(contact)s and client_id = %(client)s and purpose in ('answer', 'marketing') and channel = %(channel)s
      and address = %(to)s and granted_at > %(since)s
      and not exists (select 1 from leads_consent w where w.withdraws_id = leads_consent.id) order by granted_at desc limit 1)
  union all
  (select split_part(type, '.', 1), occurred_at from leads_event
    where id = %(cause)s and contact_id = %(contact)s and client_id = %(client)s and type = any (%(inquiries)s) and occurred_at > %(since)s
      and not (coalesce(facts -> 'reading' ->> 'kind', '') = any (%(no)s)))) found
 order by at desc limit 1) proof on true"""

_MARKETING = f"""
with refusal as ({_REFUSED}), stop as (
  select max(at) as at from messaging_suppression
   where (client_id = %(client)s or client_id is null) and (contact_id = %(contact)s or value = %(to)s
     or value in (select value from leads_statedidentity where contact_id = %(contact)s)))
select stop.at, w.granted_at, w.source, w.wording_version, i.at, p.at, cap.n, cap.oldest, refusal.at
  from stop cross join refusal
  left join lateral (select granted_at, source, wording_version from leads_consent
    where contact_id = %(contact)s and client_id = %(client)s and purpose = 'marketing' and channel = %(channel)s and address = %(to)s
      and wording <> '' and wording_version <> '' and granted_at <= %(now)s
      and not exists (select 1 from leads_consent w where w.withdraws_id = leads_consent.id) and (stop.at is null or granted_at > stop.at)
    order by granted_at desc limit 1) w on true
  left join lateral (select max(occurred_at) as at from leads_event
    where contact_id = %(contact)s and client_id = %(client)s and type = any (%(inquiries)s) and occurred_at <= %(now)s
      and not (coalesce(facts -> 'reading' ->> 'kind', '') = any (%(no)s)) and (stop.at is null or occurred_at > stop.at)) i on true
  left join lateral (select max(occurred_at) as at from leads_event
    where contact_id = %(contact)s and client_id = %(client)s and type = any (%(purchases)s) and occurred_at <= %(now)s
      and (stop.at is null or occurred_at > stop.at)) p on true
  left join lateral (select count(*) as n, min(coalesce(m.sent_at, m.due_at)) as oldest from messaging_message m
    where m.contact_id = %(contact)s and m.client_id = %(client)s and m.id <> %(message)s and not (m.purpose = any (%(answers)s))
      and coalesce(m.sent_at, m.due_at) > %(day)s
      and (m.sent_at is not null
        or exists (select 1 from messaging_attempt a where a.message_id = m.id and a.outcome in ('reserved', 'calling', 'accepted', 'unknown')))
    ) cap on true"""


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """`allowed`, or not: then `until` says when a cap allows it again, and None that there is no proof. `values` go to the slip."""

    allowed: bool
    says: str
    until: datetime | None = None
    values: tuple[tuple[str, str], ...] = ()


_ACTS: Final = {
    "call": "their own call",
    "form": "the form they sent",
    "angi": "the request they sent through Angi",
    "reply": "their own text",
    "staff": "what they told us",
    "lead": "the form they sent",
    "quote": "the form they sent",
    "message": "their own text",
    "booking": "the appointment they made",
}


def rule(*, message: Message, place: Place, now: datetime) -> Ruling:
    """Judge the purpose of a message as of `now`. Reads rows: one statement, for marketing without written words two."""
    window = purposes.of(key=message.purpose).answers_within
    return _answer(message=message, window=window, now=now) if window is not None else _marketing(message=message, place=place, now=now)


def _wanted(*, message: Message, now: datetime) -> dict[str, Any]:
    return {
        "client": message.client_id,
        "contact": message.contact_id,
        "channel": message.channel,
        "to": message.to,
        "cause": message.cause_event_id,
        "message": message.pk,
        "now": now,
        "inquiries": [*INQUIRIES, *(APPOINTMENTS if purposes.of(key=message.purpose).kind is purposes.Kind.SERVES else ())],
        "purchases": list(PURCHASES),
        "answers": purposes.keys_that_do_not_market(),
        "no": list(_NO),
    }


def _answer(*, message: Message, window: timedelta, now: datetime) -> Ruling:
    with connection.cursor() as cursor:
        cursor.execute(_ANSWER, {**_wanted(message=message, now=now), "since": message.created_at - window})
        kind, at, refused_at = cursor.fetchone()
    if refused_at is not None and message.workflow:
        return _refused(message=message, at=refused_at)
    if at is None:
        by = "email" if message.channel == "email" else "text"
        return Ruling(allowed=False, says=f"Nothing shows that this person asked for an answer by {by}; a person should call instead.")
    says = f"It answers {_ACTS.get(kind, 'what they agreed to')}."
    return Ruling(allowed=True, says=says, values=(("proof", kind or "ledger"), ("at", at.isoformat())))


def _refused(*, message: Message, at: datetime) -> Ruling:
    what, back = ("emails", "write to us by email") if message.channel == "email" else ("texts", "text us")
    when = local(at, message.client.timezone)
    says = f"On {when} they asked for no {what} in a form; until they {back} or agree, a person should call."
    return Ruling(allowed=False, says=says, values=(("refused_at", at.isoformat()),))


def _marketing(*, message: Message, place: Place, now: datetime) -> Ruling:
    with connection.cursor() as cursor:
        cursor.execute(_MARKETING, {**_wanted(message=message, now=now), "day": now - CAP_WINDOW})
        _, granted_at, source, version, inquiry, purchase, sent, oldest, refused_at = cursor.fetchone()
    if refused_at is not None:
        return _refused(message=message, at=refused_at)
    where: tuple[tuple[str, str], ...] = (("states", ", ".join(place.states)),)
    proof: tuple[tuple[str, str], ...]
    if granted_at is not None:
        proof = (("proof", "written"), ("at", granted_at.isoformat()), ("source", source), ("wording", version))
        says = f"They agreed to such {'emails' if message.channel == 'email' else 'texts'} in writing."
    else:
        related = _relationship(place=place, inquiry=inquiry, purchase=purchase, now=now)
        if not related:
            says = "They have not agreed in writing, and no inquiry or purchase is recent enough where they live; a person should call."
            return Ruling(allowed=False, says=says, values=where)
        if message.channel == "email":
            # Do-not-call lists speak of numbers; for email the relationship is our own rule, stricter than CAN-SPAM.
            says = f"They have not agreed in writing; their {related} counts."
            return Ruling(allowed=True, says=says, values=(*where, ("proof", related)))
        checked = do_not_call.check(number=message.to, now=now)
        proof = (("proof", related), ("do_not_call_list", str(checked.as_of or "")))
        if checked.listed:
            says = "They have not agreed in writing, and the number is on a do-not-call list; a person decides what to do."
            return Ruling(allowed=False, says=says, values=(*where, *proof))
        if not checked.fresh:
            says = (
                "They have not agreed in writing, and no do-not-call list of the last 31 days speaks for this number; a person should call."
            )
            return Ruling(allowed=False, says=says, values=(*where, *proof))
        says = f"They have not agreed in writing; their {related} counts, and the number is on no do-not-call list."
    if sent >= CAP and relationships.is_capped(states=place.known_states):
        until = oldest.astimezone(UTC) + CAP_WINDOW
        says = f"They got {sent} such texts within 24 hours, and {CAP} are the most where they live."
        return Ruling(allowed=False, says=says, until=until, values=(*where, *proof, ("sent", str(sent))))
    return Ruling(allowed=True, says=says, values=(*where, *proof))


def _relationship(*, place: Place, inquiry: datetime | None, purchase: datetime | None, now: datetime) -> str:
    """The relationship that still runs in every state the person may be in: purchase, inquiry or ""."""
    months = relationships.months_for(states=place.known_states)
    if purchase is not None and now < relationships.ends_at(began=purchase, months=months.purchase):
        return "purchase"
    return "inquiry" if inquiry is not None and now < relationships.ends_at(began=inquiry, months=months.inquiry) else ""


def ask_for_call(*, message: Message, says: str, now: datetime) -> None:
    """A text was refused for want of proof: a person calls instead. One task for the message, none where somebody has the person already.

    Call it in the transaction that drops the message, under the lock of its address.
    """
    if Task.objects.filter(contact_id=message.contact_id, kind="call-back", status=Task.Status.OPEN).exists():
        return
    create_task(
        client=message.client,
        lead=message.lead,
        contact=message.contact,
        desk=Desk.LEAD_OPS,
        kind="call-back",
        title=f"Call {message.contact.name or sayable(message.to)}: no text may go",
        reason=says,
        cause=f"no-consent:{message.pk}",
        due_at=now + CALL_WITHIN,
        now=now,
    )
