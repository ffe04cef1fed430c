"""Review request: a job is done, so its customer is asked once, in the words everybody gets, and reminded once.

Who is asked and when rests on facts alone: a job done, a number, nobody asked lately, an open case. No step reads what a person wrote or
said, how many stars they gave or what a model makes of them (16 CFR 465, 255.2(d); Google: no selective soliciting). An open case holds
the request for a while, never for good: when it is closed, or at the latest after `hold_days`, the same words go.
"""

from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field, field_validator

from leads.facts import Addresses, OpenCase, Responders
from leads.models import Desk, Lead
from messaging import reviews
from messaging.effects import KeepReviewLink, PlanMessage
from messaging.facts import LastAskedForReview, LinkFollowed, Replied, TextsOfRun, Words
from messaging.models import Message
from messaging.planning import compose
from messaging.purposes import REVIEW_REMINDER, REVIEW_REQUEST
from messaging.templates import CannotRender, values_of
from providers.facts import Connections
from workflows import steps
from workflows.facts import RunAtWork
from workflows.vocabulary import Context, Done, Finish, Refusal, Result, Wait, Workflow, leaves, step
from zartsalgo.lib.phone import read_number

KEY = "review-request"
NAME = "Review request"
# A job that became known so late is no fresh memory; whoever imports old jobs asks nobody.
MOST_DAYS_OLD = 30
# A request that could not go for so long (drafts, a pause) is dropped.
USEFUL = timedelta(days=30)
# An open case is looked at again at least so often; closing a task rings for nobody.
LOOK_AT_CASE = timedelta(hours=1)
WRITTEN = "Text written; the gate decides whether and when it goes."


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


def refuses(context: Context, addresses: Addresses, responders: Responders, at_work: RunAtWork, last: LastAskedForReview) -> Refusal | None:
    """Facts that speak against asking, each with its own reason; the report counts them."""
    event, settings = context.event, context.settings
    if event.type == "outcome.reported" and event.facts.get("outcome") != "done":
        return Refusal(reason="not-done", says=f"{NAME} did not start: no job is done yet.", expected="job done", actual="another outcome")
    if not settings.review_link:
        says = f"{NAME} did not start: no review link is set for this client."
        return Refusal(reason="no-review-link", says=says, expected="a review link", actual="none")
    if context.contact is None or read_number(raw=addresses.phone).kind != "ok":
        says = f"{NAME} did not start: we know no number of this person that can be texted."
        return Refusal(reason="nobody-to-write", says=says, expected="a number that can be texted", actual="none")
    if addresses.phone in {context.client.phone, *(one.phone for one in responders.everybody)}:
        says = f"{NAME} did not start: it is one of the business's own numbers."
        return Refusal(reason="own-number", says=says, expected="a customer", actual="own number")
    if context.now - event.occurred_at > timedelta(days=MOST_DAYS_OLD):
        says = f"{NAME} did not start: the job was done more than {MOST_DAYS_OLD} days ago."
        return Refusal(reason="job-too-old", says=says, expected=f"done within {MOST_DAYS_OLD} days", actual="longer ago")
    if at_work.run_id is not None:
        says = f"{NAME} did not start again: another job of the same person is being asked about."
        return Refusal(reason="asking-already", says=says, expected="no run for this person", actual="one at work", joins=at_work.run_id)
    asked, since = last.message, context.now - timedelta(days=settings.ask_again_days)
    if asked is not None and asked.created_at > since:
        when = (asked.sent_at or asked.created_at).date().isoformat()
        says = f"{NAME} did not start: this person was asked on {when}, less than {settings.ask_again_days} days ago."
        return Refusal(
            reason="asked-lately", says=says, expected=f"not asked within {settings.ask_again_days} days", actual=f"asked on {when}"
        )
    return None


def _ends_at(context: Context, span: timedelta) -> tuple[datetime, dict[str, Any]]:
    """When a wait of this step ends, counted from the step's first look and moved on by every pause since; and what to remember of it."""
    began = context.state.get(context.step) or {"at": context.now.isoformat(), "frozen": context.frozen.total_seconds()}
    ends = datetime.fromisoformat(began["at"]) + span + context.frozen - timedelta(seconds=began["frozen"])
    return ends, {context.step: began}


def settle(context: Context) -> Result:
    """The job rests a while, for everybody as long."""
    until = context.event.occurred_at + timedelta(hours=context.settings.wait_hours) + context.frozen
    when = steps.local_time(when=until, zone=context.client.timezone)
    if context.now < until:
        return Wait(says=f"The job is done; the request is due at {when}.", until=until)
    return Done(says=f"{context.settings.wait_hours} hours have passed since the job was done.")


def hold(context: Context, open_case: OpenCase) -> Result:
    """An open case holds the request until it is closed, or the longest hold is over; nothing else does."""
    until, began = _ends_at(context, timedelta(days=context.settings.hold_days))
    case = open_case.case
    if case is None:
        return Done(says="No case of this person is open.", expected="no open case", actual="none", remember=began)
    if context.now >= until:
        days = context.settings.hold_days
        return Done(
            says=f"Open still: {case.words}. A case holds a request for {days} days at most; it goes as to everybody.",
            actual=case.kind,
            remember=began,
        )
    latest = steps.local_time(when=until, zone=context.client.timezone)
    return Wait(
        says=f"Open: {case.words}. The same request goes once it is closed, at the latest at {latest}.",
        until=min(until, context.now + LOOK_AT_CASE),
        key=steps.contact_key(contact=context.contact) if context.contact else "",
        remember={**began, "case": case.kind},
    )


def still_right(context: Context) -> Result:
    """What may have changed since: the job's end was taken back, the link is gone."""
    if context.event.type == "outcome.reported" and context.lead is not None and context.lead.stage != Lead.Stage.DONE:
        return Finish(says="Nobody is asked: it was taken back that the job is done.", remember={"why": "taken-back"})
    if not context.settings.review_link:
        return Finish(says="Nobody is asked: the client's review link was taken away.", remember={"why": "no-review-link"})
    return Done(says="The job is done and the client has a review link.", expected="a job that is done", actual="done")


@leaves(PlanMessage, KeepReviewLink)
def write(context: Context, addresses: Addresses, words: Words, connections: Connections, texts: TextsOfRun) -> Result:
    """Plan the text with a link of its own; the gate judges it when it is tried."""
    if context.contact is None or not addresses.phone:
        return Done(says="No text: we know no number of this person any more.", expected="a number", actual="none", skipped=True)
    planned = texts.of(context)
    if planned is not None:
        return Done(says=WRITTEN, output={"message": str(planned.pk)})
    token = reviews.make_token()
    email = words.template is not None and words.template.channel == Message.EMAIL
    try:
        message = compose(
            client=context.client,
            contact=context.contact,
            to=addresses.phone,
            purpose=str(context.params["purpose"]),
            template=words.template,
            values={**values_of(client=context.client, contact=context.contact), "review_link": reviews.address_of(token=token)},
            connection=connections.emails if email else connections.texts,
            drafts=context.drafts,
            now=context.now,
            useful_until=context.now + USEFUL,
            workflow=context.workflow,
            lead=context.lead,
            cause_event=context.event,
            run_id=context.run_id,
            step_key=context.step,
        )
    except CannotRender as error:
        return Done(says=f"No text: {error}."[:500], expected="a template that fits", actual="it does not", skipped=True)
    link = KeepReviewLink.of(token=token, message=message, target=context.settings.review_link, now=context.now)
    return Done(says=WRITTEN, output={"message": str(message.pk)}, do=(PlanMessage(message=message), link))


def wait_for_text(context: Context, texts: TextsOfRun) -> Result:
    """Wait until the text went, or never will. However long a draft waits for a person, nothing goes on without it."""
    otherwise = str(context.params["otherwise"])
    message = texts.of(context)
    if message is None:
        return Done(says="No text was planned.", skipped=True, goto=otherwise)
    if message.status in (Message.Status.SENT, Message.Status.DELIVERED):
        sent = steps.local_time(when=message.sent_at or context.now, zone=context.client.timezone)
        return Done(says=f"The text went out at {sent}.", expected="sent", actual=message.status)
    if message.status in (Message.Status.SKIPPED, Message.Status.FAILED):
        return Done(says=f"No text went out. {message.says}"[:500], expected="sent", actual=message.reason, skipped=True, goto=otherwise)
    patience, began = _ends_at(context, USEFUL + timedelta(days=1))
    if context.now >= patience:
        says = "Nobody knows whether the text went out."
        return Done(says=says, expected="sent", actual=message.status, skipped=True, goto=otherwise, remember=began)
    says = message.says or "The text is on its way to the gate."
    return Wait(says=says, until=patience, key=f"message:{message.pk}", remember=began)


def follow(context: Context, link: LinkFollowed, replied: Replied) -> Result:
    """Wait for a click or a reply, any reply; after that nothing more is sent."""
    otherwise = str(context.params["otherwise"])
    until, began = _ends_at(context, timedelta(days=context.settings.reminder_days))
    if link.at is not None:
        return Done(says="They followed the link.", expected="a click or a reply", actual="a click", goto=otherwise, remember=began)
    if replied.at is not None:
        says = "They wrote; no more texts go for this."
        return Done(says=says, expected="a click or a reply", actual="a reply", goto=otherwise, remember=began)
    if context.now >= until:
        when = steps.local_time(when=until, zone=context.client.timezone)
        return Done(says=f"Neither a click nor a reply by {when}.", expected="a click or a reply", actual="none", remember=began)
    return Wait(
        says="Asked; waiting for a click or a reply.",
        until=until,
        key=steps.contact_key(contact=context.contact) if context.contact else "",
        remember=began,
    )


def tell_outcome(context: Context, texts: TextsOfRun, link: LinkFollowed) -> Result:
    """What came of it. A later click still counts in the report."""
    went = (Message.Status.SENT, Message.Status.DELIVERED)
    sent = {step_key for step_key, message in texts.planned.items() if message.status in went}
    if "request" not in sent:
        return Finish(says="They were not asked; the step before says why.")
    if link.at is not None:
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
