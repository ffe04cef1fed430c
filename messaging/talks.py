"""Conversations as verbs: who has one, who is promised an answer by when, and telling somebody else once it is late.

The lease says whose it is, by the database's clock, and ends by itself; acting renews it. The hold says that a person talks: the gate then
keeps what workflows want to send to this person until somebody lets them go on. The promise is counted in open hours of the business and
runs only while the ball is ours: our answer ends it, a second message of theirs does not start it anew.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db import connection as database
from django.db import transaction
from django.db.models import Q

from leads import calendar, people
from leads.actions import close_task, create_task, first_on_duty
from leads.models import Client, Contact, Desk, Event, Lead, Task
from messaging import planning
from messaging.models import AnswerPromise, Conversation, ConversationChange, Message, Pause, Template
from messaging.notices.handing_over import tell_responder
from messaging.notices.words import local_time
from zartsalgo.lib.phone import sayable

if TYPE_CHECKING:
    from zartsalgo.models import User

# The gate's name for its check, and the reason of what it holds.
TALKING: Final = "person-talking"
LEASE: Final = timedelta(minutes=15)
USUAL_MINUTES: Final = 10
LATE: Final = "answer-late"
THE_CLOCK: Final = "The clock"
# Tasks that an answer closes.
WAITING: Final = ("answer-reply", LATE)
_PHRASES: Final = {
    Template.Escalation.RESPONDER: "who is on call",
    Template.Escalation.OWNER: "the business’s owner",
    Template.Escalation.AGENCY: "the agency",
}

# For a statement that has the conversation as `c`: nobody can be answered by text while all of it is stopped, so no promise runs.
_STOPPED = """exists (
  select 1 from messaging_pause p where p.lifted_at is null and p.workflow = '' and p.channel in ('', 'sms')
     and (p.client_id is null or p.client_id = c.client_id)
     and (p.lead_id is null or p.lead_id in (select id from leads_lead where contact_id = c.contact_id)))"""
OVERDUE = f"messaging_conversation c where c.answer_by <= %(now)s and c.escalated_at is null and not {_STOPPED}"

_LOCK = """select assigned_to_id, coalesce(assigned_until > clock_timestamp(), false), held_at
             from messaging_conversation where id = %s for update"""
_LEASE = """update messaging_conversation set assigned_to_id = %s, assigned_until = clock_timestamp() + %s * interval '1 second'
             where id = %s"""


@dataclass(frozen=True, kw_only=True)
class Took:
    """Whether the conversation is theirs now; where not, `holder_id` has it. `was_taken_from` names who lost it."""

    done: bool
    holder_id: int
    was_taken_from: int | None = None


def open_talk(*, client_id: int, contact_id: uuid.UUID, now: datetime) -> Conversation:
    """The conversation of a person with a client; made where there was none."""
    made = Conversation(client_id=client_id, contact_id=contact_id, ball_since=now, started_at=now)
    Conversation.objects.bulk_create([made], ignore_conflicts=True)
    return Conversation.objects.get(client_id=client_id, contact_id=contact_id)


def take(*, talk: Conversation, by: "User", name: str, now: datetime, over: int | None = None) -> Took:
    """Take it for 15 minutes, and hold automation meanwhile. Somebody else's is taken only with `over`, the id of the one who has it:
    if by now a third has it, nothing is done."""
    with transaction.atomic():
        holder, leased, held_at = _lock(talk)
        other = holder if leased and holder != by.pk else None
        if other is not None and other != over:
            return Took(done=False, holder_id=other)
        with database.cursor() as cursor:
            cursor.execute(_LEASE, [by.pk, LEASE.total_seconds(), talk.pk])
        if other is not None:
            _note(talk, ConversationChange.Kind.TAKEN_OVER, by=by, name=name, says="Took it over from who had it.", now=now)
        elif not leased:
            _note(talk, ConversationChange.Kind.TAKEN, by=by, name=name, says="Has it now.", now=now)
        if held_at is None:
            _hold(talk, by=by, name=name, now=now)
    return Took(done=True, holder_id=by.pk, was_taken_from=other)


def renew(*, contact_id: uuid.UUID, by: "User") -> bool:
    """Whoever acts on what they have keeps it for another 15 minutes; False when they do not have it."""
    with database.cursor() as cursor:
        cursor.execute(
            """update messaging_conversation set assigned_until = clock_timestamp() + %s * interval '1 second'
                where contact_id = %s and assigned_to_id = %s and assigned_until > clock_timestamp()""",
            [LEASE.total_seconds(), contact_id, by.pk],
        )
        return bool(cursor.rowcount)


def give_back(*, talk: Conversation, by: "User", name: str, now: datetime) -> bool:
    """Whoever has it has it no more; what they hold stays held. False when it was not theirs."""
    with transaction.atomic():
        holder, leased, _ = _lock(talk)
        if not leased or holder != by.pk:
            return False
        Conversation.objects.filter(pk=talk.pk).update(assigned_to=None, assigned_until=None)
        _note(talk, ConversationChange.Kind.GIVEN_BACK, by=by, name=name, says="Anybody may take it.", now=now)
    return True


def release_to_automation(*, talk: Conversation, by: "User", name: str, now: datetime) -> bool:
    """The talk is over for a person: what waited for it is judged anew, and nobody has it. False when somebody else has it, or
    nothing was held."""
    with transaction.atomic():
        holder, leased, held_at = _lock(talk)
        if held_at is None or (leased and holder != by.pk):
            return False
        Conversation.objects.filter(pk=talk.pk).update(assigned_to=None, assigned_until=None, held_by=None, held_at=None)
        _note(talk, ConversationChange.Kind.RELEASED, by=by, name=name, says="Workflows may text this person again.", now=now)
        planning.wake_held(client=None, contact_id=talk.contact_id, reason=TALKING, now=now)
    return True


def _lock(talk: Conversation) -> tuple[int | None, bool, datetime | None]:
    with database.cursor() as cursor:
        cursor.execute(_LOCK, [talk.pk])
        holder, leased, held_at = cursor.fetchone()
    return holder, leased, held_at


def _hold(talk: Conversation, *, by: "User", name: str, now: datetime) -> None:
    Conversation.objects.filter(pk=talk.pk).update(held_by=by, held_at=now)
    _note(talk, ConversationChange.Kind.HELD, by=by, name=name, says="Workflows wait while a person talks.", now=now)


def _note(talk: Conversation, kind: str, *, by: "User | None", name: str, says: str, now: datetime) -> None:
    ConversationChange.objects.create(conversation=talk, kind=kind, by=by, by_name=name[:150], says=says[:300], at=now)


# -- whose turn it is ------------------------------------------------------------------------------------------------------------------


def note_inbound(*, event: Event, client: Client, contact: Contact, reading: str, now: datetime) -> Conversation:
    """They wrote. Call it in the transaction of the event, the person locked. `reading` is the kind of messaging.replies.

    Who said stop waits for nothing; who asked for help gets the carrier's word. Anything else makes it our turn, once.
    """
    talk = open_talk(client_id=client.pk, contact_id=contact.pk, now=now)
    if reading == "opt_out":
        _their_turn(talk, now=now)
    elif reading != "help" and talk.answer_by is None:
        minutes, escalate_to = _promise(client=client, contact=contact)
        talk.ball, talk.ball_since, talk.escalate_to = Conversation.Ball.OURS, now, escalate_to
        talk.answer_by = calendar.read_calendar(client=client).after(start=now, span=timedelta(minutes=minutes))
        talk.save(update_fields=["ball", "ball_since", "answer_by", "escalate_to"])
    return talk


def _promise(*, client: Client, contact: Contact) -> tuple[int, str]:
    """The window of the last automated text that reached them, else the client's, else ours; and who is told when it has passed."""
    last = (
        Message.objects.filter(contact=contact, sent_at__isnull=False)
        .exclude(workflow="")
        .order_by("-sent_at", "-pk")
        .values_list("template__response_minutes", "template__escalate_to")
        .first()
    )
    minutes, escalate_to = last or (None, "")
    if minutes and escalate_to:
        return minutes, escalate_to
    most, told = usual_promise(client=client)
    return minutes or most, escalate_to or told


def usual_promise(*, client: Client) -> tuple[int, str]:
    """Minutes of open hours within which a person answers, and who is told then, where the text they answer says neither."""
    usual = AnswerPromise.objects.filter(client=client).values_list("minutes", "escalate_to").first()
    return usual or (USUAL_MINUTES, Template.Escalation.RESPONDER)


def told_in_words(*, escalate_to: str) -> str:
    """Whom a promise that passed is told to, as a sentence goes on."""
    return _PHRASES[Template.Escalation(escalate_to)]


def note_outbound(*, message: Message, now: datetime) -> None:
    """The provider took a text. One that a person wrote is our answer, unless they wrote again since; one of a workflow is none."""
    if message.workflow:
        return
    wrote_since = Event.objects.filter(contact_id=message.contact_id, type="message.received", recorded_at__gt=message.created_at)
    if not wrote_since.exists():
        note_answered(client_id=message.client_id, contact_id=message.contact_id, by=message.approved_by, seen=message.created_at, now=now)


def note_answered(*, client_id: int, contact_id: uuid.UUID, by: str, now: datetime, seen: datetime | None = None) -> None:
    """A person answered: it is their turn, the promise ends, and what asked for this answer is done (tasks made until `seen`)."""
    talk = open_talk(client_id=client_id, contact_id=contact_id, now=now)
    _their_turn(talk, now=now)
    for task in Task.objects.filter(contact_id=contact_id, status=Task.Status.OPEN, kind__in=WAITING, created_at__lte=seen or now):
        close_task(task=task, by=by, outcome="Answered", now=now)


def note_answer_undone(*, task: Task) -> None:
    """Somebody took their "answered" back: the promise of that task holds again."""
    if task.contact_id is None:
        return
    Conversation.objects.filter(client_id=task.client_id, contact_id=task.contact_id, answer_by__isnull=True).update(
        ball=Conversation.Ball.OURS, ball_since=task.created_at, answer_by=task.due_at, escalate_to=Template.Escalation.RESPONDER
    )


def _their_turn(talk: Conversation, *, now: datetime) -> None:
    if talk.ball == Conversation.Ball.OURS:
        talk.ball_since = now
    talk.ball, talk.answer_by, talk.escalate_to, talk.escalated_at = Conversation.Ball.THEIRS, None, "", None
    talk.save(update_fields=["ball", "ball_since", "answer_by", "escalate_to", "escalated_at"])


def thaw(*, pause: Pause, now: datetime) -> int:
    """A stop was lifted: promises that ran when it began are put off by the open time it took. Returns how many.

    Where another stop still stands, the time from its beginning on is put off when that one is lifted. Call it in the transaction of the lift.
    """
    if pause.workflow or pause.channel not in ("", "sms"):
        return 0
    scope = Q(answer_by__gt=pause.at, escalated_at__isnull=True, ball_since__lt=now)
    if pause.client_id is not None:
        scope &= Q(client_id=pause.client_id)
    if pause.lead_id is not None:
        scope &= Q(contact__leads=pause.lead_id)
    calendars: dict[int, calendar.Calendar] = {}
    put_off = 0
    for talk in Conversation.objects.select_for_update(of=("self",)).select_related("client").filter(scope).order_by("pk"):
        others = Pause.objects.filter(Q(client_id__isnull=True) | Q(client_id=talk.client_id), lifted_at__isnull=True, workflow="")
        others = others.filter(Q(lead__isnull=True) | Q(lead__contact=talk.contact_id), channel__in=("", "sms"))
        end = min([now, *others.values_list("at", flat=True)])
        hours = calendars.setdefault(talk.client_id, calendar.read_calendar(client=talk.client))
        lost = hours.between(start=max(pause.at, talk.ball_since), end=end)
        if talk.answer_by is None or not lost:
            continue
        later = hours.after(start=talk.answer_by, span=lost)
        Task.objects.filter(contact_id=talk.contact_id, kind="answer-reply", status=Task.Status.OPEN, due_at=talk.answer_by).update(
            due_at=later or talk.answer_by
        )
        Conversation.objects.filter(pk=talk.pk).update(answer_by=later)
        put_off += 1
    return put_off


# -- late ----------------------------------------------------------------------------------------------------------------------------


def escalate_overdue(*, now: datetime, limit: int = 50) -> int:
    """Tell whom the promise names, once for each that has passed; returns how many. Two tickers at once share the work."""
    with database.cursor() as cursor:
        cursor.execute(f"select c.id, c.contact_id from {OVERDUE} order by c.answer_by limit %(limit)s", {"now": now, "limit": limit})
        found = cursor.fetchall()
    return sum(_escalate(talk_id=talk_id, contact_id=contact_id, now=now) for talk_id, contact_id in found)


def _escalate(*, talk_id: uuid.UUID, contact_id: uuid.UUID, now: datetime) -> int:
    with transaction.atomic():
        people.hold_all(contact_ids=[contact_id])
        # Judged again under the lock: an answer or another ticker may have been faster.
        if not Conversation.objects.filter(pk=talk_id, answer_by__lte=now, escalated_at__isnull=True).update(escalated_at=now):
            return 0
        talk = Conversation.objects.select_related("client", "contact").get(pk=talk_id)
        lead = Lead.objects.filter(contact_id=contact_id, client=talk.client).order_by("-created_at").first()
        if lead is not None and lead.stage_changes.filter(at__gte=talk.ball_since, new__in=Lead.CLOSED).exists():
            # What came of it was said since, by whatever door: nobody waits for an answer any more.
            _their_turn(talk, now=now)
            return 0
        told = _tell(talk=talk, lead=lead, now=now)
        _note(talk, ConversationChange.Kind.ESCALATED, by=None, name=THE_CLOCK, says=told, now=now)
    return 1


def _tell(*, talk: Conversation, lead: Lead | None, now: datetime) -> str:
    """The task, and for the business's own people the handover; returns who was told, as a sentence."""
    client, who = talk.client, talk.contact.name or sayable(people.phone_of(contact=talk.contact))
    since, cause = local_time(when=talk.ball_since, zone=client.timezone), f"late:{talk.pk}:{talk.ball_since.isoformat()}"
    responder = (
        first_on_duty(responders=client.responders.all(), zone=client.timezone, now=now)
        if talk.escalate_to == Template.Escalation.RESPONDER
        else None
    )
    if responder is not None and lead is not None:
        tell_responder(lead=lead, responder=responder, asked="Unanswered message", at=talk.ball_since, cause=cause, now=now)
        told = f"{responder.name} was told that {who} waits since {since}."
        title = f"Nobody has answered {who}; {responder.name} was told"
    else:
        phrase = _PHRASES[Template.Escalation(talk.escalate_to)]
        nobody = "; nobody is on call" if talk.escalate_to == Template.Escalation.RESPONDER else ""
        told = f"A task asks to tell {phrase} that {who} waits since {since}{nobody}."
        title = f"Tell {phrase}: nobody has answered {who}"
    create_task(
        client=client,
        lead=lead,
        contact=talk.contact,
        # The owner hears of it from who looks after the client; the agency's own people are on the desk for leads.
        desk=Desk.CLIENT_SUCCESS if talk.escalate_to == Template.Escalation.OWNER else Desk.LEAD_OPS,
        kind=LATE,
        title=title,
        reason=f"They wrote at {since}; an answer was promised within open hours and that time has passed.",
        cause=cause,
        due_at=now,
        now=now,
    )
    return told
