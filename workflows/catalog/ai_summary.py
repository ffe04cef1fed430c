"""AI summary: what a customer said becomes a draft for the client, and a person approves the exact text before anybody outside sees it.

A form says at once what is wanted; a call is waited on until the caller writes. One conversation gives one summary, whichever of its
events came first, and the lead is found whether this workflow or another runs first.
"""

from datetime import timedelta

from pydantic import BaseModel, Field

from leads import actions
from leads.events import is_talk
from leads.models import Desk, Lead
from summaries import sources
from summaries.actions import why_not_for_client
from summaries.models import Summary
from workflows import steps
from workflows.vocabulary import Context, Done, Finish, Result, Wait, Workflow, step


class Settings(BaseModel):
    """What a client may tune."""

    reply_hours: int = Field(72, ge=1, le=14 * 24, description="Hours to wait for words after a call without any")


def who_was_it(context: Context) -> Result:
    """Is there a customer whose words could be summarized?"""
    if context.contact is None:
        return Finish(says="No summary: nobody knows who it was.")
    if (context.event.personal or {}).get("phone") in steps.responders_numbers(context=context):
        return Finish(says="No summary: it was one of the business's own numbers.")
    return Done(says="A customer of the business.", expected="a customer", actual="a customer")


def wait_for_words(context: Context) -> Result:
    """Go on as soon as the customer has said something: in the form, in a voicemail or call note, or in a reply."""
    if context.contact is None:
        return Finish(says="No summary: nobody knows who it was.")
    zone = context.client.timezone
    found = sources.first_words(contact=context.contact, since=context.event.recorded_at)
    if found is not None:
        where = "the form" if found.type in sources.FORMS else "the call" if found.type in sources.CALLS else "a text"
        when = steps.local_time(when=found.occurred_at, zone=zone)
        return Done(says=f"Their words came in {where} at {when}.", expected="words of theirs", actual=where)
    until = context.run.created_at + timedelta(hours=int(context.settings.reply_hours))
    if context.now >= until:
        return Finish(says=f"No summary: nobody wrote down what was said, and no words came by {steps.local_time(when=until, zone=zone)}.")
    return Wait(
        says="Nobody wrote down what was said; waiting for their words.", until=until, key=steps.contact_key(contact=context.contact)
    )


def find_lead(context: Context) -> Result:
    """The lead that the event is about, found or opened; then whether anything of it may be shown, and is not in a summary yet."""
    event = context.event
    lead = context.lead or Lead.objects.filter(contact=context.contact, created_at__gte=event.recorded_at).order_by("created_at").first()
    lead = lead or steps.open_lead(context)
    if lead is None:
        return Finish(says="No summary: there is no lead.")
    context.run.lead = lead
    if is_talk(type=event.type, facts=event.facts):
        actions.note_first_response(lead_id=lead.pk, now=event.occurred_at)
    if why := why_not_for_client(lead=lead):
        return Finish(says=f"No summary: {why[:1].lower()}{why[1:]}")
    covering = Summary.objects.filter(lead=lead, sources_until__gte=event.recorded_at).exclude(status=Summary.Status.REPLACED).first()
    if covering is not None:
        when = steps.local_time(when=covering.created_at, zone=context.client.timezone)
        return Finish(says=f"No summary of its own: the one of {when} has it.")
    if not sources.gather(lead=lead, until=context.now):
        return Finish(says="No summary: their words belong to another request of theirs.")
    return Done(says=f"Lead of {lead.contact}, source {lead.source}.", output={"lead": str(lead.pk)})


WORKFLOW = Workflow(
    key="ai-summary",
    name="AI summary",
    library="AI summaries",
    owner=Desk.DATA_OPS,
    triggers=("call.missed", "call.answered", "lead.created", "quote.requested"),
    boundary="Approved summary only",
    output="Internal summary, risk flags, next action, candidate for a client-safe note",
    reads=(
        "leads_event",
        "leads_contact",
        "leads_identity",
        "leads_responder",
        "leads_automation",
        "messaging_message",
        "messaging_suppression",
        "providers_connection",
        "summaries_summary",
    ),
    writes=("leads_lead", "summaries_summary"),
    settings=Settings,
    joins_within=timedelta(hours=12),
    steps=(
        step("check", "who", "Is it a customer?", who_was_it),
        step("wait for", "words", "Wait for words to summarize", wait_for_words),
        step("check", "lead", "Match the lead; may it be summarized?", find_lead),
        step("summarize", "summary", "Write the summary", steps.summarize),
        step("approve", "approval", "Wait for a person's approval", steps.approve, days=30),
        step("stop", "end", "Done", steps.stop, says="Approved: the client sees this text as proof."),
    ),
)
