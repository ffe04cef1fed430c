"""Lead intake: a form or another sign of interest becomes a lead with a source label, and people are told."""

from datetime import timedelta

from pydantic import BaseModel, Field

from leads.effects import NoteAgreement, OpenLead
from leads.facts import AgreementNoted, RequestOfPerson
from leads.models import Desk
from workflows import steps
from workflows.vocabulary import Context, Done, Result, Workflow, leaves, step


class Settings(BaseModel):
    """What a client may tune."""

    response_minutes: int = Field(15, ge=1, le=24 * 60, description="Minutes until a person should have answered")


@leaves(OpenLead)
def open_lead(context: Context, request: RequestOfPerson) -> Result:
    """The person's open lead, or a new one. Without a number or an address there is nobody to answer: a person looks."""
    lead, do = steps.open_lead(context, request)
    if lead is None:
        return Done(says="No lead: neither a number nor an address was given.", expected="a way to answer", actual="none", goto="timer")
    return Done(says=f"Lead of {lead.contact}, source {lead.source}.", output={"lead": str(lead.pk)}, lead=lead, do=do)


@leaves(NoteAgreement)
def note_consent(context: Context, noted: AgreementNoted) -> Result:
    """Write down what the person agreed to, in the form's exact words."""
    given = context.event.facts.get("consent") or {}
    if context.contact is not None and given.get("refused"):
        what = " and ".join({"sms": "texts", "email": "emails"}.get(channel, channel) for channel in given["refused"])
        return Done(
            says=f"They asked for no {what}; none will go on its own.", expected="a ticked consent", actual="a refusal", skipped=True
        )
    if context.contact is None or not given.get("granted"):
        return Done(says="The form carries no consent to texts; none will go.", expected="a ticked consent", actual="none", skipped=True)
    do = () if noted.marketing else (NoteAgreement(event=context.event, contact=context.contact),)
    return Done(says="Consent to texts noted with its wording.", expected="a ticked consent", actual="ticked", do=do)


WORKFLOW = Workflow(
    key="lead-intake",
    name="Lead intake",
    library="lead intake",
    owner=Desk.LEAD_OPS,
    triggers=("lead.created", "quote.requested"),
    boundary="Raw is internal; the portal sees an approved summary only",
    output="New lead, source label, priority, next action, owner alert",
    settings=Settings,
    joins_within=timedelta(minutes=10),
    steps=(
        step("do", "lead", "Match the person, label the source", open_lead),
        step("do", "consent", "Note what they agreed to", note_consent),
        step("alert", "hand-over", "Tell the responder on duty", steps.hand_over, asked="Wrote through a form"),
        step(
            "task",
            "timer",
            "Start the response timer",
            steps.response_timer,
            desk=Desk.LEAD_OPS,
            verb="Answer",
            reason="They asked through a form.",
            next_action="Answer the form",
        ),
        step("stop", "end", "Done", steps.stop, says="The lead is with a person."),
    ),
)
