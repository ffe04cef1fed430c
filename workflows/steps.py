"""The handlers that more than one workflow uses: open the lead, hand over to a person, time the answer, send, summarize, wait, stop."""

import uuid
from collections.abc import Collection
from datetime import timedelta

from leads import actions, people
from leads.effects import ChangeStage, CreateTask, NoteFirstResponse, OpenLead, SetNextAction, StartTimer
from leads.events import DECIDED, EVENT_TYPES, is_talk
from leads.facts import Addresses, Answers, Heard, RequestOfPerson, Responders, TasksOfEvent
from leads.models import Contact, Desk, Event, Lead
from messaging.effects import PlanMessage, TellResponder
from messaging.facts import TextsOfRun, Told, Words
from messaging.models import Message
from messaging.notices import handing_over
from messaging.notices.choosing import Lines
from messaging.notices.words import local_time as local_time  # said by catalog files as steps.local_time
from messaging.outbox.answers import NOT_PROVEN
from messaging.planning import compose
from messaging.templates import CannotRender, values_of
from providers.facts import Connections
from summaries.effects import AskSummary
from summaries.facts import SummaryOfRun
from summaries.models import Summary
from workflows import outcomes
from workflows.vocabulary import Again, Context, Done, Finish, Result, Wait, leaves
from zartsalgo.lib.mail_server import has_mail_server
from zartsalgo.lib.names import clean_name
from zartsalgo.lib.phone import read_number

# What kind of request an event is, for the lead that it opens: kind, source where none is stated, urgency.
OPENS: dict[str, tuple[str, str, str]] = {
    "call.missed": ("missed call", "Phone call", "high"),
    "call.answered": ("call", "Phone call", ""),
    "lead.created": ("form", "Website form", ""),
    "quote.requested": ("quote", "Website form", ""),
}
NOBODY_WITHIN = timedelta(minutes=15)


def contact_key(*, contact: Contact) -> str:
    """What a run waits for when it waits for something of a person."""
    return f"contact:{contact.pk}"


def message_key(*, id: uuid.UUID) -> str:
    """What a run waits for when its text is on its way."""
    return f"message:{id}"


def number_as_given(*, event: Event) -> str:
    """A sentence with the number as it came, where none can be read in it, for whoever has to call back; "" where there is nothing to show.

    It belongs on a task, never on a step: what a step says can never be erased.
    """
    raw = clean_name((event.personal or {}).get("phone") or "", limit=60)
    if not raw or read_number(raw=raw).kind == "withheld" or (event.contact_id is not None and read_number(raw=raw).e164):
        return ""
    return f" The number came as “{raw}”."


def summary_key(*, run_id: uuid.UUID) -> str:
    """What a run waits for when its summary is being written or decided."""
    return f"summary:{run_id}"


def open_lead(context: Context, request: RequestOfPerson) -> tuple[Lead | None, tuple[OpenLead, ...]]:
    """The contact's open lead, or a new one as the event describes it with the effect that makes it; None without a contact.

    Several workflows start from one event in any order: whichever runs first opens the lead, and the others find it.
    """
    if context.contact is None:
        return None, ()
    if request.current is not None:
        return request.current, ()
    facts, (kind, source, urgency) = context.event.facts, OPENS[context.event.type]
    made = OpenLead.of(
        context,
        contact=context.contact,
        source=str(facts.get("source") or facts.get("form") or source),
        kind=kind,
        service=str(facts.get("service") or ""),
        urgency=str(facts.get("urgency") or urgency),
    )
    return made.lead, (made,)


@leaves(TellResponder, CreateTask, NoteFirstResponse)
def hand_over(
    context: Context, responders: Responders, told: Told, connections: Connections, addresses: Addresses, answers: Answers
) -> Result:
    """Tell the responder on duty, and the desk in any case, before anything is sent: a held text never delays people."""
    lead, zone = context.lead, context.client.timezone
    if lead is None:
        return Done(says="Nobody to hand over: there is no lead.", skipped=True)
    responder, due_at = actions.first_on_duty(responders=responders.active, zone=zone, now=context.now), context.now
    if responder is None and (coming := actions.next_on_duty(responders=responders.active, zone=zone, now=context.now)) is not None:
        responder, due_at = coming
    if responder is None:
        return Done(
            says="No responder of the business is on duty; the desk has it.",
            expected="a responder on duty",
            actual="none now",
            skipped=True,
        )
    do: tuple[TellResponder | CreateTask | NoteFirstResponse, ...] = ()
    handover = told.handovers.get(responder.pk)
    joined = handover is not None and handover.run_id != context.run_id
    if handover is None:
        handover, notice = handing_over.prepare(
            lead=lead,
            number=addresses.phone,
            who=people.asker_name(event=context.event, contact=lead.contact),
            responder=responder,
            lines=Lines(sms=connections.texts, slack=connections.alerts, email=has_mail_server()),
            used=told.used,
            asked=str(context.params.get("asked", "")),
            at=context.event.occurred_at,
            cause=Told.cause(context),
            run_id=context.run_id,
            step_key=context.step,
            now=context.now,
            due_at=due_at,
        )
        do = (TellResponder(handover=handover, notice=notice),)
    output = {"handover": str(handover.pk)}
    if due_at > context.now:
        begins = local_time(when=due_at, zone=zone)
        answered, stops = _answered_already(context, answers)
        if not answered:
            do += (
                CreateTask.of(
                    client=context.client,
                    lead=lead,
                    desk=Desk.LEAD_OPS,
                    kind="call-back",
                    title=f"Nobody of {context.client} is on duty for {lead.contact}",
                    reason=f"{responder.name} is told at {begins}, when their hours begin. Until then it is with us.",
                    cause=f"nobody-on-duty:{context.event.pk}",
                    due_at=context.now + NOBODY_WITHIN,
                    now=context.now,
                ),
            )
        return Done(
            says=f"Nobody is on duty: {responder.name} is told at {begins}; {'they are answered already' if answered else 'the desk has it now'}.",
            expected="a responder on duty",
            actual="none now",
            output=output,
            do=do + stops,
        )
    if joined:
        return Done(says=f"{responder.name} was told of it already, by another workflow; this one joins that handover.", output=output)
    return Done(says=f"Told {responder.name}: name, number and a link to say what came of it.", output=output, do=do)


@leaves(StartTimer, CreateTask, NoteFirstResponse)
def response_timer(context: Context, answers: Answers, tasks: TasksOfEvent, addresses: Addresses) -> Result:
    """Start the response timer and put the call-back on the desk; none of it where somebody was faster than we."""
    lead = context.lead
    if context.contact is not None:
        says, stops = _answered_already(context, answers)
        if says:
            return Done(says=says, expected="somebody who waits for an answer", actual="answered already", skipped=True, do=stops)
    due_at = context.now + timedelta(minutes=int(context.settings.response_minutes))
    do: tuple[StartTimer | CreateTask, ...] = ()
    if lead is not None:
        do = (StartTimer(lead_id=lead.pk, due_at=due_at, next_action=str(context.params["next_action"])),)
    asked = tasks.by_kind.get("call-back")
    cause = f"{context.workflow}:{context.run_id}:{context.step}"
    if asked is not None and asked.cause != cause:
        return Done(
            says=f"Another workflow asked a person for the same already (“{asked.title}”); this one joins that task.",
            output={"task": str(asked.pk)},
            do=do,
        )
    who = people.asker_of(event=context.event, contact=lead.contact, number=addresses.phone) if lead else "the caller"
    made = CreateTask.of(
        client=context.client,
        lead=lead,
        contact=context.contact,
        desk=str(context.params["desk"]),
        kind="call-back",
        title=f"{context.params['verb']} {who}",
        reason=str(context.params["reason"]) + number_as_given(event=context.event),
        cause=cause,
        event=context.event,
        due_at=due_at,
        now=context.now,
    )
    return Done(
        says=f"A person should answer by {local_time(when=due_at, zone=context.client.timezone)}.",
        output={"task": str(made.task.pk)},
        do=(*do, made),
    )


def _answered_already(context: Context, answers: Answers) -> tuple[str, tuple[NoteFirstResponse, ...]]:
    """Why nobody has to answer what started this run, in a sentence, and what stops the timer; "" where they have to.

    A call or a booking may be recorded before the run that it answers takes its first step: both came with one delivery, or late.
    """
    lead = context.lead
    closed = lead is not None and lead.stage in Lead.CLOSED
    for kind, at, facts in answers.since_event:
        when = local_time(when=at, zone=context.client.timezone)
        if is_talk(type=kind, facts=facts):
            stops = (NoteFirstResponse(lead_id=lead.pk, at=at),) if lead is not None else ()
            return f"Nobody has to answer: they were reached by phone at {when}.", stops
        if kind in DECIDED and closed:
            return f"Nobody has to answer: “{EVENT_TYPES[kind].label}” was reported for {when}.", ()
    return "", ()


@leaves(PlanMessage)
def plan_message(context: Context, words: Words, addresses: Addresses, connections: Connections, texts: TextsOfRun) -> Result:
    """Plan the text or email, as the approved template's channel says; the gate judges it when it is tried. Without a number, or for an
    email an address, there is nothing to plan."""
    if context.contact is None:
        return Done(says="No text: there is nobody to send it to.", skipped=True)
    email = words.template is not None and words.template.channel == Message.EMAIL
    if email:
        to = addresses.email
        if not to:
            return Done(says="No email: we know no address of this person.", expected="an address", actual="none", skipped=True)
    else:
        to = str(context.state.get("number") or addresses.phone)
        if not to:
            return Done(says="No text: we know no number of this person.", expected="a number", actual="none", skipped=True)
    message = texts.of(context)
    do: tuple[PlanMessage, ...] = ()
    if message is None:
        try:
            message = compose(
                client=context.client,
                contact=context.contact,
                to=to,
                purpose=str(context.params["purpose"]),
                template=words.template,
                values=values_of(client=context.client, contact=context.contact),
                connection=connections.emails if email else connections.texts,
                drafts=context.drafts,
                now=context.now,
                useful_until=context.event.occurred_at + timedelta(minutes=int(context.params["useful_minutes"])),
                workflow=context.workflow,
                lead=context.lead,
                cause_event=context.event,
                run_id=context.run_id,
                step_key=context.step,
            )
        except CannotRender as error:
            return Done(says=f"No text: {error}."[:500], expected="a template that fits", actual="it does not", skipped=True)
        do = (PlanMessage(message=message),)
    return Done(says="Text written; the gate decides whether and when it goes.", output={"message": str(message.pk)}, do=do)


def wait_for_message(context: Context, texts: TextsOfRun) -> Result:
    """Wait until the text was sent, dropped or failed. A hold stays a wait: its sentence says until when and why.

    Where no text went there is no reply to wait for: the run goes on at `otherwise`.
    """
    otherwise = str(context.params["otherwise"])
    message = texts.of(context)
    if message is None:
        return Done(says="No text was planned.", skipped=True, goto=otherwise)
    if message.status in (Message.Status.SENT, Message.Status.DELIVERED):
        sent = message.sent_at or context.now
        return Done(says=f"The text went out at {local_time(when=sent, zone=context.client.timezone)}.", actual=message.status)
    if message.status == Message.Status.SKIPPED:
        return Done(
            says=f"No text went out. {message.says}", expected="every check passed", actual=message.reason, skipped=True, goto=otherwise
        )
    if message.status == Message.Status.FAILED:
        says = message.says if message.reason in NOT_PROVEN else f"The text was refused. {message.says}"
        return Done(says=says, expected="accepted", actual=message.reason, skipped=True, goto=otherwise)
    patience = message.created_at + timedelta(hours=24) + context.frozen
    if context.now >= patience:
        return Done(says=f"No word of the text after a day. {message.says}", expected="accepted", actual=message.status, skipped=True)
    return Wait(says=message.says or "The text is on its way to the gate.", until=patience, key=message_key(id=message.pk))


@leaves(ChangeStage, SetNextAction)
def wait_for_person(context: Context, heard: Heard) -> Result:
    """Wait until the person writes, or somebody or another system reports an outcome, or the time is over.

    The engine holds the contact's row and whoever records an event takes the same lock, so no wake-up can fall between look and wait.
    """
    if context.contact is None:
        return Done(says="Nobody to wait for.", skipped=True)
    event, lead, zone = heard.event, context.lead, context.client.timezone
    if event is not None and event.type == "outcome.reported":
        label = actions.OUTCOMES.get(str(event.facts.get("outcome")), ("something",))[0]
        return Done(says=f"{event.facts.get('reported_by', 'Somebody')} reported: {label}.", actual="outcome reported")
    if event is not None and event.type in DECIDED:
        # About this request, whose lead is closed by it, and not for a time before its cause.
        when = local_time(when=event.occurred_at, zone=zone)
        return Finish(says=f"{outcomes.DECISIONS[event.type].says}; {outcomes.reporter(event=event)} reported it for {when}.")
    if event is not None:
        reading = str((event.facts.get("reading") or {}).get("kind", "other"))
        when = local_time(when=event.recorded_at, zone=zone)
        said = {"opt_out": "They asked us to stop", "unclear": "They wrote; it may mean stop", "help": "They asked who we are"}
        do: tuple[ChangeStage | SetNextAction, ...] = ()
        if reading in ("other", "opt_in") and lead is not None:
            do = (
                ChangeStage(lead_id=lead.pk, old=lead.stage, new=Lead.Stage.ENGAGED, by=context.workflow),
                SetNextAction(lead_id=lead.pk, words="Answer the reply"),
            )
        return Done(says=f"{said.get(reading, 'They replied')} at {when}.", expected="a reply", actual=reading, do=do)
    until = context.since + timedelta(hours=int(context.settings.reply_hours)) + context.frozen
    if context.now >= until:
        return Done(says=f"No reply by {local_time(when=until, zone=zone)}.", expected="a reply", actual="none", skipped=True)
    return Wait(says="Waiting for a reply, or for somebody to say what came of it.", until=until, key=contact_key(contact=context.contact))


@leaves(AskSummary)
def summarize(context: Context, known: SummaryOfRun) -> Result:
    """Have the lead summarized, and wait until that is written: at once by the local summarizer, in a moment by a model."""
    if context.lead is None:
        return Finish(says="No summary: there is no lead.")
    summary = known.summary
    if summary is None:
        return Again(do=(AskSummary(lead=context.lead, event=context.event, run_id=context.run_id),))
    if summary.status == Summary.Status.ASKED:
        return Wait(says=summary.says, until=context.now + timedelta(minutes=10), key=summary_key(run_id=context.run_id))
    done = summary.status != Summary.Status.TO_WRITE
    return Done(
        says=summary.says,
        expected="a draft",
        actual="a draft" if done else "to be written by hand",
        output={"summary": str(summary.pk), "writer": summary.writer},
    )


def approve(context: Context, known: SummaryOfRun) -> Result:
    """Wait for a person's decision on the run's summary. Only what they approve reaches the client."""
    summary = known.summary
    if summary is None:
        return Finish(says="A newer summary of this person took its place.")
    if summary.status == Summary.Status.APPROVED:
        return Done(says=f"{summary.decided_by} approved it; the client sees this text.", expected="a decision", actual="approved")
    if summary.status == Summary.Status.PRIVATE:
        return Finish(says=f"{summary.says.rstrip('.')}. The client sees nothing of it.")
    if summary.status == Summary.Status.REPLACED:
        return Finish(says="They called or wrote again; a newer summary took its place.")
    until = context.since + timedelta(days=int(context.params["days"]))
    if context.now >= until:
        return Finish(says="Nobody decided on it in time. The client sees nothing of it; it still waits under Approvals.")
    says = "It has to be written by hand." if summary.status == Summary.Status.TO_WRITE else "It waits for a person to approve it."
    return Wait(says=says, until=until, key=summary_key(run_id=context.run_id))


def stop(context: Context) -> Result:
    """The end, in one sentence."""
    return Finish(says=str(context.params["says"]))


def own_numbers(context: Context, responders: Responders) -> Collection[str]:
    """Numbers of the business itself: its line, the number called, its responders. A call from one is not a customer."""
    own = {context.client.phone, str(context.event.facts.get("tracking_number") or ""), *(one.phone for one in responders.everybody)}
    return own - {""}
