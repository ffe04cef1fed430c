"""Missed-call text-back: the business did not pick up, so people are told at once and the caller gets one text.

People come first: the responder on duty and the desk know before the text is judged, whatever holds it. One text per caller and
window, however many calls, webhooks or workers: the run joins, the purpose claim guards.
"""

from datetime import timedelta

from pydantic import BaseModel, Field

from leads.effects import CreateTask, OpenLead
from leads.facts import RequestOfPerson, Responders
from leads.models import Desk
from messaging.purposes import TEXT_BACK
from workflows import steps
from workflows.vocabulary import Context, Done, Finish, Result, Workflow, leaves, step
from zartsalgo.lib.phone import read_number

# A tracking provider reports up to 20 minutes after the call; 10 more and "sorry we missed you" is out of place.
USEFUL_MINUTES = 30


class Settings(BaseModel):
    """What a client may tune."""

    response_minutes: int = Field(15, ge=1, le=24 * 60, description="Minutes until a person should have called back")
    reply_hours: int = Field(72, ge=1, le=14 * 24, description="Hours to wait for a reply")


def read_caller(context: Context, responders: Responders) -> Result:
    """Who called, and can that number be texted at all? Withheld, toll-free, short, foreign and own numbers go to a person."""
    number = read_number(raw=(context.event.personal or {}).get("phone") or "")
    if number.e164 and number.e164 in steps.own_numbers(context, responders):
        return Done(
            says="The call came from one of the business's own numbers.", expected="a customer", actual="own number", goto="by-hand"
        )
    if number.kind != "ok":
        words = {
            "withheld": "The caller withheld the number.",
            "toll-free": "The caller's number is toll-free.",
            "short-code": "The caller's number is a short code.",
            "foreign": "The caller's number is from a country we have no texting rules for.",
        }
        says = words.get(number.kind, "The caller's number cannot be read.")
        return Done(says=f"{says} A person takes it.", expected="a number that can be texted", actual=number.kind, goto="by-hand")
    return Done(
        says="The caller's number can be texted.",
        expected="a number that can be texted",
        actual="yes",
        remember={"number": number.e164},
    )


@leaves(OpenLead)
def open_lead(context: Context, request: RequestOfPerson) -> Result:
    """The caller's open lead, or a new one with its source label."""
    lead, do = steps.open_lead(context, request)
    if lead is None:
        return Done(says="No lead: the caller is unknown.", skipped=True)
    says = f"Lead of {lead.contact}, source {lead.source}."
    return Done(says=says, output={"lead": str(lead.pk)}, goto="hand-over", lead=lead, do=do)


@leaves(CreateTask)
def ask_a_person(context: Context) -> Result:
    """No text can go: a task says what is known."""
    zone = context.client.timezone
    when = steps.local_time(when=context.event.occurred_at, zone=zone)
    line = str(context.event.facts.get("tracking_number") or context.client.phone)
    why = context.says or "The number cannot be texted."
    made = CreateTask.of(
        client=context.client,
        contact=context.contact,
        desk=Desk.LEAD_OPS,
        kind="call-back",
        title=f"Missed call at {when}, no text possible",
        reason=f"{why}{steps.number_as_given(event=context.event)} Called line: {line}.",
        cause=f"{context.workflow}:{context.run_id}:by-hand",
        event=context.event,
        due_at=context.now + timedelta(minutes=context.settings.response_minutes),
        now=context.now,
    )
    return Finish(says=f"No text: {why[:1].lower()}{why[1:]} Task: {made.task.title}.", do=(made,))


WORKFLOW = Workflow(
    key="missed-call-text-back",
    name="Missed-call text-back",
    library="missed calls",
    owner=Desk.AUTOMATION_OPS,
    triggers=("call.missed",),
    boundary="Internal; the portal sees an approved summary only",
    output="Text to the caller, alert to the owner, lead update, response timer",
    settings=Settings,
    purposes=(TEXT_BACK,),
    joins_within=timedelta(hours=12),
    steps=(
        step("check", "caller", "Can this caller be texted?", read_caller),
        step("do", "lead", "Match the caller, label the source", open_lead),
        step("task", "by-hand", "Give the call to a person", ask_a_person),
        step("alert", "hand-over", "Tell the responder on duty", steps.hand_over, asked="Missed call"),
        step(
            "task",
            "timer",
            "Start the response timer",
            steps.response_timer,
            desk=Desk.LEAD_OPS,
            verb="Call back",
            reason="They called and nobody picked up.",
            next_action="Call back",
        ),
        step(
            "message",
            "text",
            "Write the text",
            steps.plan_message,
            purpose=TEXT_BACK.key,
            template="missed-call-text-back",
            useful_minutes=USEFUL_MINUTES,
        ),
        step("wait for", "sent", "Send the text through the gate", steps.wait_for_message, of="text", otherwise="end"),
        step("wait for", "reply", "Wait for a reply", steps.wait_for_person),
        step("stop", "end", "Done", steps.stop, says="Everything this workflow does for the call is done."),
    ),
)
