"""Review request: a job is done, so its customer is asked once, in the words everybody gets, and reminded once.

Who is asked and when rests on facts alone: a job done, a number, nobody asked lately, an open case. No step reads what a person wrote or
said, how many stars they gave or what a model makes of them (16 CFR 465, 255.2(d); Google: no selective soliciting). An open case holds
the request for a while, never for good: when it is closed, or at the latest after `hold_days`, the same words go.
"""

from datetime import datetime, timedelta

from pydantic import BaseModel, Field, field_validator

from leads import people
from leads.cases import open_case
from leads.models import Desk, Lead
from messaging import reviews
from messaging.models import Message
from messaging.planning import plan_text
from messaging.purposes import REVIEW_REMINDER, REVIEW_REQUEST
from messaging.templates import CannotRender, values_of
from workflows import steps
from workflows.models import Run
from workflows.vocabulary import Context, Done, Entry, Finish, Refusal, Result, Wait, Workflow, step
from zartsalgo.lib.phone import read_number

KEY = "review-request"
NAME = "Review request"
# A job that became known so late is no fresh memory; whoever imports old jobs asks nobody.
MOST_DAYS_OLD = 30
# A request that could not go for so long (drafts, a pause) is dropped.
USEFUL = timedelta(days=30)
# An open case is looked at again at least so often; closing a task rings for nobody.
LOOK_AT_CASE = timedelta(hours=1)


class Settings(BaseModel):
    """What a client may tune."""

    review_link: str = Field("", max_length=reviews.LONGEST, description="The business's Google review page; nobody is asked without it")
    wait_hours: int = Field(24, ge=1, le=14 * 24, description="Hours after the job before the request")
    reminder_days: int = Field(3, ge=2, le=14, description="Days after the request before the one reminder")
    hold_days: int = Field(14, ge=0, le=30, description="Days at most that an open case holds the request")
    ask_again_days: int = Field(180, ge=30, le=730, description="Days before the same person may be asked again")

    @field_validator("review_link")
    @classmethod
    def _a_review_page(cls, value: str) -> str:
        if value and (fault := reviews.fault_of(url=value)):
            raise ValueError(fault)
        return value


def refuses(entry: Entry) -> Refusal | None:
    """Facts that speak against asking, each with its own reason; the report counts them."""
    event, settings = entry.event, entry.settings
    if event.type == "outcome.reported" and event.facts.get("outcome") != "done":
        return Refusal(reason="not-done", says=f"{NAME} did not start: no job is done yet.", expected="job done", actual="another outcome")
    if not settings.review_link:
        says = f"{NAME} did not start: no review link is set for this client."
        return Refusal(reason="no-review-link", says=says, expected="a review link", actual="none")
    if entry.contact is None or read_number(raw=(number := people.phone_of(contact=entry.contact))).kind != "ok":
        says = f"{NAME} did not start: we know no number of this person that can be texted."
        return Refusal(reason="nobody-to-write", says=says, expected="a number that can be texted", actual="none")
    if number in {entry.contact.client.phone, *entry.contact.client.responders.values_list("phone", flat=True)}:
        says = f"{NAME} did not start: it is one of the business's own numbers."
        return Refusal(reason="own-number", says=says, expected="a customer", actual="own number")
    if entry.now - event.occurred_at > timedelta(days=MOST_DAYS_OLD):
        says = f"{NAME} did not start: the job was done more than {MOST_DAYS_OLD} days ago."
        return Refusal(reason="job-too-old", says=says, expected=f"done within {MOST_DAYS_OLD} days", actual="longer ago")
    active = Run.objects.filter(client_id=entry.client_id, workflow=KEY, contact=entry.contact, finished_at__isnull=True)
    if run := active.order_by("created_at").first():
        says = f"{NAME} did not start again: another job of the same person is being asked about."
        return Refusal(reason="asking-already", says=says, expected="no run for this person", actual="one at work", joins=run)
    since = entry.now - timedelta(days=settings.ask_again_days)
    if asked := reviews.last_asked(contact=entry.contact, since=since):
        when = (asked.sent_at or asked.created_at).date().isoformat()
        says = f"{NAME} did not start: this person was asked on {when}, less than {settings.ask_again_days} days ago."
        return Refusal(
            reason="asked-lately", says=says, expected=f"not asked within {settings.ask_again_days} days", actual=f"asked on {when}"
        )
    return None


def _ends_at(context: Context, span: timedelta) -> datetime:
    """When a wait of this step ends: counted from the step's first look, and moved on by every pause since."""
    began = context.run.state.setdefault(context.step, {"at": context.now.isoformat(), "frozen": context.frozen.total_seconds()})
    return datetime.fromisoformat(began["at"]) + span + context.frozen - timedelta(seconds=began["frozen"])


def settle(context: Context) -> Result:
    """The job rests a while, for everybody as long."""
    until = context.event.occurred_at + timedelta(hours=context.settings.wait_hours) + context.frozen
    when = steps.local_time(when=until, zone=context.client.timezone)
    if context.now < until:
        return Wait(says=f"The job is done; the request is due at {when}.", until=until)
    return Done(says=f"{context.settings.wait_hours} hours have passed since the job was done.")


def hold(context: Context) -> Result:
    """An open case holds the request until it is closed, or the longest hold is over; nothing else does."""
    until = _ends_at(context, timedelta(days=context.settings.hold_days))
    case = open_case(contact=context.contact) if context.contact else None
    if case is None:
        return Done(says="No case of this person is open.", expected="no open case", actual="none")
    if context.now >= until:
        days = context.settings.hold_days
        return Done(
            says=f"Open still: {case.words}. A case holds a request for {days} days at most; it goes as to everybody.", actual=case.kind
        )
    context.run.state["case"] = case.kind
    latest = steps.local_time(when=until, zone=context.client.timezone)
    return Wait(
        says=f"Open: {case.words}. The same request goes once it is closed, at the latest at {latest}.",
        until=min(until, context.now + LOOK_AT_CASE),
        key=steps.contact_key(contact=context.contact) if context.contact else "",
    )


def still_right(context: Context) -> Result:
    """What may have changed since: the job's end was taken back, the link is gone."""
    if context.event.type == "outcome.reported" and context.lead is not None and context.lead.stage != Lead.Stage.DONE:
        context.run.state["why"] = "taken-back"
        return Finish(says="Nobody is asked: it was taken back that the job is done.")
    if not context.settings.review_link:
        context.run.state["why"] = "no-review-link"
        return Finish(says="Nobody is asked: the client's review link was taken away.")
    return Done(says="The job is done and the client has a review link.", expected="a job that is done", actual="done")


def write(context: Context) -> Result:
    """Plan the text with a link of its own; the gate judges it when it is tried."""
    number = people.phone_of(contact=context.contact) if context.contact else ""
    if context.contact is None or not number:
        return Done(says="No text: we know no number of this person any more.", expected="a number", actual="none", skipped=True)
    token = reviews.make_token()
    try:
        message = plan_text(
            client=context.client,
            contact=context.contact,
            to=number,
            purpose=str(context.params["purpose"]),
            template_key=str(context.params["purpose"]),
            values={**values_of(client=context.client, contact=context.contact), "review_link": reviews.address_of(token=token)},
            now=context.now,
            useful_until=context.now + USEFUL,
            workflow=context.run.workflow,
            lead=context.lead,
            cause_event=context.event,
            run_id=context.run.pk,
            step_key=context.step,
        )
        reviews.keep_link(token=token, message=message, target=context.settings.review_link, now=context.now)
    except CannotRender as error:
        return Done(says=f"No text: {error}."[:500], expected="a template that fits", actual="it does not", skipped=True)
    return Done(says="Text written; the gate decides whether and when it goes.", output={"message": str(message.pk)})


def wait_for_text(context: Context) -> Result:
    """Wait until the text went, or never will. However long a draft waits for a person, nothing goes on without it."""
    otherwise = str(context.params["otherwise"])
    message = Message.objects.filter(run_id=context.run.pk, step_key=context.params["of"]).first()
    if message is None:
        return Done(says="No text was planned.", skipped=True, goto=otherwise)
    if message.status in (Message.Status.SENT, Message.Status.DELIVERED):
        sent = steps.local_time(when=message.sent_at or context.now, zone=context.client.timezone)
        return Done(says=f"The text went out at {sent}.", expected="sent", actual=message.status)
    if message.status in (Message.Status.SKIPPED, Message.Status.FAILED):
        return Done(says=f"No text went out. {message.says}"[:500], expected="sent", actual=message.reason, skipped=True, goto=otherwise)
    patience = _ends_at(context, USEFUL + timedelta(days=1))
    if context.now >= patience:
        return Done(says="Nobody knows whether the text went out.", expected="sent", actual=message.status, skipped=True, goto=otherwise)
    return Wait(says=message.says or "The text is on its way to the gate.", until=patience, key=f"message:{message.pk}")


def follow(context: Context) -> Result:
    """Wait for a click or a reply, any reply; after that nothing more is sent."""
    otherwise = str(context.params["otherwise"])
    until = _ends_at(context, timedelta(days=context.settings.reminder_days))
    if reviews.first_click(run_id=context.run.pk) is not None:
        return Done(says="They followed the link.", expected="a click or a reply", actual="a click", goto=otherwise)
    sent = Message.objects.filter(run_id=context.run.pk, step_key=context.params["of"]).values_list("sent_at", flat=True).first()
    if context.contact is not None and reviews.replied(contact=context.contact, since=sent or context.run.created_at) is not None:
        return Done(says="They wrote; no more texts go for this.", expected="a click or a reply", actual="a reply", goto=otherwise)
    if context.now >= until:
        when = steps.local_time(when=until, zone=context.client.timezone)
        return Done(says=f"Neither a click nor a reply by {when}.", expected="a click or a reply", actual="none")
    return Wait(
        says="Asked; waiting for a click or a reply.",
        until=until,
        key=steps.contact_key(contact=context.contact) if context.contact else "",
    )


def tell_outcome(context: Context) -> Result:
    """What came of it. A later click still counts in the report."""
    went = (Message.Status.SENT, Message.Status.DELIVERED)
    sent = set(Message.objects.filter(run_id=context.run.pk, status__in=went).values_list("step_key", flat=True))
    if "request" not in sent:
        return Finish(says="They were not asked; the step before says why.")
    if reviews.first_click(run_id=context.run.pk) is not None:
        return Finish(says="Asked, and they followed the link.")
    if "reminder" in sent:
        return Finish(says="Asked and reminded once; nobody has followed the link yet.")
    return Finish(says="Asked; nobody has followed the link yet.")


WORKFLOW = Workflow(
    key=KEY,
    name=NAME,
    library="reviews",
    owner=Desk.CLIENT_SUCCESS,
    triggers=("job.completed", "outcome.reported"),
    boundary="Internal; no answer of a customer reaches the portal",
    output="One neutral request with the business's review link, one reminder, and whether the link was followed",
    reads=(
        "leads_event", "leads_contact", "leads_identity", "leads_responder", "leads_lead", "leads_task", "leads_automation",
        "messaging_template", "messaging_reviewclick",
    ),
    writes=("messaging_message", "messaging_reviewlink"),
    settings=Settings,
    purposes=(REVIEW_REQUEST, REVIEW_REMINDER),
    refuses=refuses,
    on_for_new_clients=False,
    steps=(
        step("wait", "settle", "Let the job rest", settle),
        step("wait for", "hold", "Wait while a case is open, not for ever", hold),
        step("check", "still", "Is the job still done, the link still set?", still_right),
        step("message", "request", "Write the request", write, purpose=REVIEW_REQUEST.key),
        step("wait for", "asked", "Send the request through the gate", wait_for_text, of="request", otherwise="outcome"),
        step("wait for", "patience", "Wait for a click or a reply", follow, of="request", otherwise="outcome"),
        step("message", "reminder", "Write the one reminder", write, purpose=REVIEW_REMINDER.key),
        step("wait for", "reminded", "Send the reminder through the gate", wait_for_text, of="reminder", otherwise="outcome"),
        step("wait for", "answer", "Wait once more", follow, of="request", otherwise="outcome"),
        step("stop", "outcome", "Say what came of it", tell_outcome),
    ),
)  # fmt: skip
