"""Telling a responder of the business about a lead: a logged disclosure, with a link to say what came of it."""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from leads import people
from leads.models import Lead, Responder
from messaging.models import Handover, Notice
from messaging.notices import words
from messaging.notices.choosing import Lines, lines_of, lock_cause, next_notice, plan_notice, told_already
from zartsalgo.lib.ids import new_id


def prepare(
    *,
    lead: Lead,
    number: str,
    responder: Responder,
    lines: Lines,
    used: Collection[tuple[str, str]],
    asked: str,
    at: datetime,
    cause: str,
    now: datetime,
    due_at: datetime | None = None,
    run_id: uuid.UUID | None = None,
    step_key: str = "",
    who: str = "",
) -> tuple[Handover, Notice | None]:
    """What the responder is told, now or at `due_at` when their hours begin, and the first way to tell them; not stored.

    `asked` is ours, `at` when it was, `who` the name they gave now where it is another than the one we know, `number` theirs, `used` the
    ways (channel, address) that were tried for the cause. No way is left where nothing reaches the responder. Touches no row.
    """
    handover = Handover(
        id=new_id(),
        client=lead.client,
        lead=lead,
        run_id=run_id,
        step_key=step_key,
        cause=cause[:200],
        responder=responder,
        to_name=responder.name,
        to_address=responder.phone or responder.email,
        created_at=now,
        link_expires_at=(due_at or now) + timedelta(hours=words.OUTCOME_LINK_HOURS),
    )
    handover.body = words.handover_words(lead=lead, number=number, asked=asked, at=at, handover_id=handover.pk, who=who)
    return handover, next_notice(handover=handover, lines=lines, used=used, cause=cause, now=now, due_at=due_at)


def tell_responder(*, lead: Lead, responder: Responder, asked: str, at: datetime, cause: str, now: datetime) -> Handover:
    """Tell the responder of the lead at once. In the caller's transaction.

    One cause is told once (messaging.notices.choosing): where the responder is told of it already that handover is given back.
    """
    lock_cause(client_id=lead.client_id, cause=cause)
    joined = told_already(responder=responder, cause=cause)
    if joined is not None:
        return joined
    number, lines = people.phone_of(contact=lead.contact), lines_of(client=lead.client)
    handover, _ = prepare(lead=lead, number=number, responder=responder, lines=lines, used=(), asked=asked, at=at, cause=cause, now=now)
    handover.save(force_insert=True)
    plan_notice(handover=handover, cause=cause, now=now)
    return handover
