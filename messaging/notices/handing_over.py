"""Telling a responder of the business about a lead: a logged disclosure, with a link to say what came of it."""

import uuid
from datetime import datetime, timedelta

from leads.models import Lead, Responder
from messaging.models import Handover
from messaging.notices import words
from messaging.notices.choosing import lock_cause, plan_notice, told_already
from zartsalgo.lib.ids import new_id


def tell_responder(
    *,
    lead: Lead,
    responder: Responder,
    asked: str,
    at: datetime,
    cause: str,
    now: datetime,
    due_at: datetime | None = None,
    run_id: uuid.UUID | None = None,
    step_key: str = "",
    who: str = "",
) -> Handover:
    """Write down what the responder is told and plan how: now, or at `due_at` when their hours begin. `asked` is ours, `at` when it was,
    `who` the name they gave now where it is another than the one we know.

    In the caller's transaction. One cause is told once (messaging.notices.choosing): where the responder is told of it already, by another
    workflow or another try, that handover is given back, and the link in it counts for both.
    """
    lock_cause(client_id=lead.client_id, cause=cause)
    joined = told_already(responder=responder, cause=cause)
    if joined is not None:
        return joined
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
    handover.body = words.handover_words(lead=lead, asked=asked, at=at, handover_id=handover.pk, who=who)
    handover.save(force_insert=True)
    plan_notice(handover=handover, cause=cause, now=now, due_at=due_at)
    return handover
