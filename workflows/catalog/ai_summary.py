"""AI summary: what a customer said becomes a draft for the client, and a person approves the exact text before anybody outside sees it.

A form says at once what is wanted; a call is waited on until the caller writes. One conversation gives one summary, whichever of its
events came first, and the lead is found whether this workflow or another runs first.
"""

from datetime import timedelta

from pydantic import BaseModel, Field

from leads.effects import NoteFirstResponse, OpenLead
from leads.events import is_talk
from leads.facts import RequestOfPerson, Responders
from leads.models import Desk
from messaging.facts import AskedToStop
from summaries import sources
from summaries.actions import why_nothing_is_shown
from summaries.facts import FirstWords, SummaryThatHasIt, WordsOfLead
from workflows import steps
from workflows.vocabulary import Again, Context, Done, Finish, Result, Wait, Workflow, leaves, step


class Settings(BaseModel):
    """What a client may tune."""

    reply_hours: int = Field(72, ge=1, le=14 * 24, description="Hours to wait for words after a call without any")


def who_was_it(context: Context, responders: Responders) -> Result:
    """Is there a customer whose words could be summarized?"""
    if context.contact is None:
        return Finish(says="No summary: nobody knows who it was.")
    if (context.event.personal or {}).get("phone") in steps.own_numbers(context, responders):
        return Finish(says="No summary: it was one of the business's own numbers.")
    return Done(says="A customer of the business.", expected="a customer", actual="a customer")


def wait_for_words(context: Context, words: FirstWords) -> Result:
    """Go on as soon as the customer has said something: in the form, in a voicemail or call note, or in a reply."""
    if context.contact is None:
        return Finish(says="No summary: nobody knows who it was.")
    zone = context.client.timezone
    found = words.event
    if found is not None:
        where = "the form" if found.type in sources.FORMS else "the call" if found.type in sources.CALLS else "a text"
        when = steps.local_time(when=found.occurred_at, zone=zone)
        return Done(says=f"Their words came in {where} at {when}.", expected="words of theirs", actual=where)
    until = context.since + timedelta(hours=int(context.settings.reply_hours))
    if context.now >= until:
        return Finish(says=f"No summary: nobody wrote down what was said, and no words came by {steps.local_time(when=until, zone=zone)}.")
    return Wait(
        says="Nobody wrote down what was said; waiting for their words.", until=until, key=steps.contact_key(contact=context.contact)
    )


@leaves(OpenLead, NoteFirstResponse)
def find_lead(context: Context, request: RequestOfPerson, stop: AskedToStop, covering: SummaryThatHasIt, said: WordsOfLead) -> Result:
    """The lead that the event is about, found or opened; then whether anything of it may be shown, and is not in a summary yet."""
    event, lead = context.event, context.lead
    if lead is None:
        lead, do = (request.first_since, ()) if request.first_since is not None else steps.open_lead(context, request)
        # What was said about it is known once the run has it.
        return Again(lead=lead, do=do) if lead is not None else Finish(says="No summary: there is no lead.")
    talked = (NoteFirstResponse(lead_id=lead.pk, at=event.occurred_at),) if is_talk(type=event.type, facts=event.facts) else ()
    if why := why_nothing_is_shown(lead=lead, stopped=stop.stands):
        return Finish(says=f"No summary: {why[:1].lower()}{why[1:]}", do=talked)
    if covering.summary is not None:
        when = steps.local_time(when=covering.summary.created_at, zone=context.client.timezone)
        return Finish(says=f"No summary of its own: the one of {when} has it.", do=talked)
    if not said.any:
        return Finish(says="No summary: their words belong to another request of theirs.", do=talked)
    return Done(says=f"Lead of {lead.contact}, source {lead.source}.", output={"lead": str(lead.pk)}, do=talked)


WORKFLOW = Workflow(
    key="ai-summary",
    name="AI summary",
    library="AI summaries",
    owner=Desk.DATA_OPS,
    triggers=("call.missed", "call.answered", "lead.created", "quote.requested"),
    boundary="Approved summary only",
    output="Internal summary, risk flags, next action, candidate for a client-safe note",
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
