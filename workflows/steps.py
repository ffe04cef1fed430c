"""The handlers that more than one workflow uses: open the lead, hand over to a person, time the answer, send, summarize, wait, stop."""

import uuid
from datetime import timedelta

from django.db.models import Q

from leads import actions, people
from leads.events import DECIDED, EVENT_TYPES, TALKED, is_talk
from leads.models import Contact, Desk, Event, Lead, Responder
from messaging.models import Message
from messaging.notices.handing_over import tell_responder
from messaging.notices.words import local_time as local_time  # said by catalog files as steps.local_time
from messaging.outbox.answers import NOT_PROVEN
from messaging.planning import plan_text
from messaging.templates import CannotRender, live_channel, values_of
from summaries import writing
from summaries.models import Summary
from workflows import outcomes
from workflows.vocabulary import Context, Done, Finish, Result, Wait
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


def open_lead(context: Context) -> Lead | None:
    """The contact's open lead, or a new one as the event describes it; None without a contact. The run is about it from now on.

    Several workflows start from one event in any order: whichever runs first opens the lead, and the others find it.
    """
    if context.contact is None:
        return None
    facts, (kind, source, urgency) = context.event.facts, OPENS[context.event.type]
    lead = actions.open_lead(
        client=context.client,
        contact=context.contact,
        since=context.event.recorded_at,
        source=str(facts.get("source") or facts.get("form") or source),
        kind=kind,
        service=str(facts.get("service") or ""),
        urgency=str(facts.get("urgency") or urgency),
        now=context.now,
    )
    context.run.lead = lead
    return lead


def hand_over(context: Context) -> Result:
    """Tell the responder on duty, and the desk in any case, before anything is sent: a held text never delays people."""
    lead = context.lead
    if lead is None:
        return Done(says="Nobody to hand over: there is no lead.", skipped=True)
    responder, due_at = actions.responder_on_duty(client=context.client, now=context.now), context.now
    if responder is None and (coming := actions.next_on_duty(client=context.client, now=context.now)) is not None:
        responder, due_at = coming
    if responder is None:
        return Done(
            says="No responder of the business is on duty; the desk has it.",
            expected="a responder on duty",
            actual="none now",
            skipped=True,
        )
    handover = tell_responder(
        lead=lead,
        who=people.asker_name(event=context.event, contact=lead.contact),
        responder=responder,
        asked=str(context.params.get("asked", "")),
        at=context.event.occurred_at,
        cause=f"event:{context.event.pk}",
        run_id=context.run.pk,
        step_key=context.step,
        now=context.now,
        due_at=due_at,
    )
    joined = handover.run_id != context.run.pk
    if due_at > context.now:
        begins = local_time(when=due_at, zone=context.client.timezone)
        answered = _answered_already(context)
        if not answered:
            actions.create_task(
                client=context.client,
                lead=lead,
                desk=Desk.LEAD_OPS,
                kind="call-back",
                title=f"Nobody of {context.client} is on duty for {lead.contact}",
                reason=f"{responder.name} is told at {begins}, when their hours begin. Until then it is with us.",
                cause=f"nobody-on-duty:{context.event.pk}",
                due_at=context.now + NOBODY_WITHIN,
                now=context.now,
            )
        return Done(
            says=f"Nobody is on duty: {responder.name} is told at {begins}; {'they are answered already' if answered else 'the desk has it now'}.",
            expected="a responder on duty",
            actual="none now",
            output={"handover": str(handover.pk)},
        )
    if joined:
        return Done(
            says=f"{responder.name} was told of it already, by another workflow; this one joins that handover.",
            output={"handover": str(handover.pk)},
        )
    return Done(says=f"Told {responder.name}: name, number and a link to say what came of it.", output={"handover": str(handover.pk)})


def response_timer(context: Context) -> Result:
    """Start the response timer and put the call-back on the desk; none of it where somebody was faster than we."""
    lead = context.lead
    if context.contact is not None and (says := _answered_already(context)):
        return Done(says=says, expected="somebody who waits for an answer", actual="answered already", skipped=True)
    minutes = int(context.settings.response_minutes)
    due_at = context.now + timedelta(minutes=minutes)
    if lead is not None:
        Lead.objects.filter(pk=lead.pk, response_due_at__isnull=True).update(
            response_due_at=due_at, next_action=str(context.params["next_action"])
        )
    who = people.asker(event=context.event, contact=lead.contact) if lead else "the caller"
    cause = f"{context.run.workflow}:{context.run.pk}:{context.step}"
    task = actions.create_task(
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
    if task.cause != cause:
        return Done(
            says=f"Another workflow asked a person for the same already (“{task.title}”); this one joins that task.",
            output={"task": str(task.pk)},
        )
    return Done(says=f"A person should answer by {local_time(when=due_at, zone=context.client.timezone)}.", output={"task": str(task.pk)})


def _answered_already(context: Context) -> str:
    """Why nobody has to answer what started this run, in a sentence; "" where they have to. One statement.

    A call or a booking may be recorded before the run that it answers takes its first step: both came with one delivery, or late.
    """
    rows = Event.objects.filter(contact=context.contact, type__in=(*TALKED, *DECIDED), occurred_at__gte=context.event.occurred_at)
    rows = rows.exclude(pk=context.event.pk).order_by("occurred_at", "pk")
    closed = context.lead is not None and context.lead.stage in Lead.CLOSED
    for kind, at, facts in rows.values_list("type", "occurred_at", "facts")[:20]:
        when = local_time(when=at, zone=context.client.timezone)
        if is_talk(type=kind, facts=facts):
            if context.lead is not None:
                actions.note_first_response(lead_id=context.lead.pk, now=at)
            return f"Nobody has to answer: they were reached by phone at {when}."
        if kind in DECIDED and closed:
            return f"Nobody has to answer: “{EVENT_TYPES[kind].label}” was reported for {when}."
    return ""


def plan_message(context: Context) -> Result:
    """Plan the text or email, as the approved template's channel says; the gate judges it when it is tried. Without a number, or for an
    email an address, there is nothing to plan."""
    if context.contact is None:
        return Done(says="No text: there is nobody to send it to.", skipped=True)
    if live_channel(client=context.client, key=str(context.params["template"])) == Message.EMAIL:
        number = people.email_of(contact=context.contact)
        if not number:
            return Done(says="No email: we know no address of this person.", expected="an address", actual="none", skipped=True)
    else:
        number = str(context.run.state.get("number") or people.phone_of(contact=context.contact))
        if not number:
            return Done(says="No text: we know no number of this person.", expected="a number", actual="none", skipped=True)
    try:
        message = plan_text(
            client=context.client,
            contact=context.contact,
            to=number,
            purpose=str(context.params["purpose"]),
            template_key=str(context.params["template"]),
            values=values_of(client=context.client, contact=context.contact),
            now=context.now,
            useful_until=context.event.occurred_at + timedelta(minutes=int(context.params["useful_minutes"])),
            workflow=context.run.workflow,
            lead=context.lead,
            cause_event=context.event,
            run_id=context.run.pk,
            step_key=context.step,
        )
    except CannotRender as error:
        return Done(says=f"No text: {error}."[:500], expected="a template that fits", actual="it does not", skipped=True)
    return Done(says="Text written; the gate decides whether and when it goes.", output={"message": str(message.pk)})


def wait_for_message(context: Context) -> Result:
    """Wait until the text was sent, dropped or failed. A hold stays a wait: its sentence says until when and why.

    Where no text went there is no reply to wait for: the run goes on at `otherwise`.
    """
    otherwise = str(context.params["otherwise"])
    message = Message.objects.filter(run_id=context.run.pk, step_key=context.params["of"]).first()
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
    return Wait(says=message.says or "The text is on its way to the gate.", until=patience, key=f"message:{message.pk}")


def wait_for_person(context: Context) -> Result:
    """Wait until the person writes, or somebody or another system reports an outcome, or the time is over.

    The engine holds the contact's row and whoever records an event takes the same lock, so no wake-up can fall between look and wait.
    """
    if context.contact is None:
        return Done(says="Nobody to wait for.", skipped=True)
    since = context.run.created_at
    heard = Q(type__in=("message.received", "outcome.reported"))
    if context.lead is None or context.lead.stage in Lead.CLOSED:
        # What another system decided: about this request, whose lead is closed by it, and not for a time before its cause.
        heard |= Q(type__in=DECIDED, occurred_at__gte=context.event.occurred_at)
    rows = Event.objects.filter(heard, contact=context.contact, recorded_at__gte=since).exclude(pk=context.event.pk)
    event = rows.order_by("recorded_at").first()
    zone = context.client.timezone
    if event is not None and event.type == "outcome.reported":
        label = actions.OUTCOMES.get(str(event.facts.get("outcome")), ("something",))[0]
        return Done(says=f"{event.facts.get('reported_by', 'Somebody')} reported: {label}.", actual="outcome reported")
    if event is not None and event.type in DECIDED:
        when = local_time(when=event.occurred_at, zone=zone)
        return Finish(says=f"{outcomes.DECISIONS[event.type].says}; {outcomes.reporter(event=event)} reported it for {when}.")
    if event is not None:
        reading = str((event.facts.get("reading") or {}).get("kind", "other"))
        when = local_time(when=event.recorded_at, zone=zone)
        said = {"opt_out": "They asked us to stop", "unclear": "They wrote; it may mean stop", "help": "They asked who we are"}
        if reading in ("other", "opt_in") and context.lead is not None:
            actions.change_stage(lead=context.lead, stage=Lead.Stage.ENGAGED, by=context.run.workflow, now=context.now)
            Lead.objects.filter(pk=context.lead.pk).update(next_action="Answer the reply")
        return Done(says=f"{said.get(reading, 'They replied')} at {when}.", expected="a reply", actual=reading)
    until = since + timedelta(hours=int(context.settings.reply_hours)) + context.frozen
    if context.now >= until:
        return Done(says=f"No reply by {local_time(when=until, zone=zone)}.", expected="a reply", actual="none", skipped=True)
    return Wait(says="Waiting for a reply, or for somebody to say what came of it.", until=until, key=contact_key(contact=context.contact))


def summarize(context: Context) -> Result:
    """Have the lead summarized, and wait until that is written: at once by the local summarizer, in a moment by a model."""
    lead = context.lead
    if lead is None:
        return Finish(says="No summary: there is no lead.")
    summary = writing.ask(lead=lead, event=context.event, run_id=context.run.pk, now=context.now)
    if summary.status == Summary.Status.ASKED:
        return Wait(says=summary.says, until=context.now + timedelta(minutes=10), key=summary_key(run_id=context.run.pk))
    done = summary.status != Summary.Status.TO_WRITE
    return Done(
        says=summary.says,
        expected="a draft",
        actual="a draft" if done else "to be written by hand",
        output={"summary": str(summary.pk), "writer": summary.writer},
    )


def approve(context: Context) -> Result:
    """Wait for a person's decision on the run's summary. Only what they approve reaches the client."""
    summary = Summary.objects.filter(run_id=context.run.pk).first()
    if summary is None:
        return Finish(says="A newer summary of this person took its place.")
    if summary.status == Summary.Status.APPROVED:
        return Done(says=f"{summary.decided_by} approved it; the client sees this text.", expected="a decision", actual="approved")
    if summary.status == Summary.Status.PRIVATE:
        return Finish(says=f"{summary.says.rstrip('.')}. The client sees nothing of it.")
    if summary.status == Summary.Status.REPLACED:
        return Finish(says="They called or wrote again; a newer summary took its place.")
    until = context.run.created_at + timedelta(days=int(context.params["days"]))
    if context.now >= until:
        return Finish(says="Nobody decided on it in time. The client sees nothing of it; it still waits under Approvals.")
    says = "It has to be written by hand." if summary.status == Summary.Status.TO_WRITE else "It waits for a person to approve it."
    return Wait(says=says, until=until, key=summary_key(run_id=context.run.pk))


def stop(context: Context) -> Result:
    """The end, in one sentence."""
    return Finish(says=str(context.params["says"]))


def responders_numbers(*, context: Context) -> set[str]:
    """Numbers of the business itself: its line, the number called, its responders. A call from one is not a customer."""
    own = {context.client.phone, str(context.event.facts.get("tracking_number") or "")}
    own |= set(Responder.objects.filter(client=context.client).values_list("phone", flat=True))
    return own - {""}
