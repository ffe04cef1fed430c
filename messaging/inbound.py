"""What people wrote to us: read deterministically, acted on in the transaction of the event.

An opt-out is stored when its event commits and takes the address lock that a send takes, so no attempt can be reserved after it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from leads import people
from leads.actions import create_task, open_lead
from leads.models import Client, Contact, Desk, Event, Lead, Note
from messaging import talks
from messaging.locks import lock_address
from messaging.models import Suppression
from messaging.optout.bare import says_more
from messaging.optout.event_words import refusal_in_note
from messaging.replies import Reading
from messaging.suppressions import lift_by_words
from zartsalgo.lib.phone import sayable

ANSWER_WITHIN = timedelta(minutes=10)
READ_STOP = "read-stop"
# Where words stand, as a sentence goes on.
_WHERE = {
    "call.missed": "the voicemail or call note",
    "call.answered": "the call’s transcript or note",
    "lead.created": "the form",
    "quote.requested": "the form",
    "message.received": "what came with the message",
}
_CHANNELS = {"phone": "sms", "email": "email"}


def suppress(
    *,
    contact: Contact | None,
    client: Client | None,
    value: str,
    rule: str,
    event: Event | None,
    now: datetime,
    came_from: str = "",
    kind: str = "phone",
    origin: str = Suppression.Origin.WORDS,
) -> None:
    """Store an opt-out of a person (all their numbers) with the number it came from. Only ever adds; a repeat changes nothing.

    `came_from` is the number that said so where it is another than `value`. Without a client it binds the whole agency.
    """
    lock_address(channel=_CHANNELS[kind], address=value)
    Suppression.objects.bulk_create(
        [
            Suppression(
                client=client,
                contact=contact,
                kind=kind,
                value=value,
                origin=origin,
                came_from="" if came_from == value else came_from,
                event=event,
                rule=rule[:80],
                at=now,
            )
        ],
        ignore_conflicts=True,
    )


def suppress_person(
    *,
    contact: Contact | None,
    client: Client,
    address: str,
    rule: str,
    event: Event | None,
    now: datetime,
    kind: str = "phone",
    origin: str = Suppression.Origin.WORDS,
) -> None:
    """Store an opt-out that came from one number or address (`kind` says which) for everything known of the person. Only ever adds."""
    values = sorted(_stopped(contact=contact, kind=kind, address=address))
    # All locks before the first row, in one order: from the first row on nothing is tried for any number or address of theirs.
    for one, value in values:
        lock_address(channel=_CHANNELS[one], address=value)
    for one, value in values:
        suppress(contact=contact, client=client, value=value, rule=rule, event=event, now=now, came_from=address, kind=one, origin=origin)


def lock_stops(*, stops: Sequence[tuple[Contact | None, str, str]]) -> None:
    """Take the locks of many opt-outs of one transaction (person, kind, value) in one order, before the first of them is stored.

    Of one alone `suppress_person` takes them in that order itself.
    """
    if len(stops) < 2:
        return
    for of, value in sorted({key for contact, kind, address in stops for key in _stopped(contact=contact, kind=kind, address=address)}):
        lock_address(channel=_CHANNELS[of], address=value)


def _stopped(*, contact: Contact | None, kind: str, address: str) -> set[people.Key]:
    return {(str(kind), address), *(people.keys_of(contact=contact) if contact else ())}


def act_on_reply(
    *, event: Event, reading: Reading, client: Client, contact: Contact, number: str, now: datetime, kind: str = "phone"
) -> Lead | None:
    """Do what an inbound text or email asks for: suppress, hold and ask a person, or put it before a person. Returns the lead it belongs to.

    `number` is the number (E.164) it came from, or with `kind` email the address. An opt-in lifts by a text only: anybody can write
    any address over an email.
    """
    talks.note_inbound(event=event, client=client, contact=contact, reading=reading.kind, now=now)
    if reading.kind == "opt_out":
        suppress_person(contact=contact, client=client, address=number, rule=reading.rule, event=event, now=now, kind=kind)
        words = [str((event.personal or {}).get(name) or "") for name in ("subject", "text")]
        ask_to_read(words=words, client=client, contact=contact, number=number, cause=f"read-stop:{event.pk}", now=now)
        return None
    if reading.kind == "opt_in" and kind == "phone":
        lift_by_words(event=event, client=client, number=number)
    lead = _open_lead_of(contact)
    who = contact.name or sayable(number)
    if reading.kind == "unclear":
        create_task(
            client=client,
            lead=lead,
            contact=contact,
            desk=Desk.CLIENT_SUCCESS,
            kind="unclear-reply",
            title=f"Did {who} ask us to stop?",
            reason="The reply may mean stop. Texts to this person wait until somebody has read it.",
            cause=f"unclear:{event.pk}",
            due_at=now + ANSWER_WITHIN,
            now=now,
        )
        return lead
    if reading.kind == "help":
        return lead
    source, what = ("Email", "email") if kind == "email" else ("Text message", "text")
    return lead or open_lead(client=client, contact=contact, source=source, kind=what, now=now)


def ask_to_read(*, words: Iterable[str], client: Client, contact: Contact | None, number: str, cause: str, now: datetime) -> None:
    """Whoever asks us to stop may ask for something else in the same breath: nothing goes to them, and a person reads it at once."""
    if any(word and says_more(word) for word in words):
        create_task(
            client=client,
            lead=_open_lead_of(contact) if contact else None,
            contact=contact,
            desk=Desk.CLIENT_SUCCESS,
            kind=READ_STOP,
            title=f"{(contact.name if contact else '') or sayable(number)} asked us to stop, and said more",
            reason="No text or email goes to them any more. Read the rest: a question, a reason or a problem may need a call.",
            cause=cause,
            due_at=now + ANSWER_WITHIN,
            now=now,
        )


def hold_for_words(*, event: Event, reading: Reading, contact: Contact, now: datetime) -> None:
    """A refusal in the words of any event but a text or mail (form, transcript, voicemail, note, chat) holds what would go to them.

    `reading` is what `refusal_in` found. In the transaction of the event. A person reads it and says whether it was one; until then texts wait.
    """
    hold_for_reading(
        client=event.client,
        contact=contact,
        cause=f"unclear:{event.pk}",
        where=_WHERE.get(event.type, "what was recorded"),
        rule=reading.rule,
        now=now,
    )


def read_note(*, note: Note, now: datetime) -> None:
    """The same for a note that staff wrote on a lead."""
    reading = refusal_in_note(text=note.text)
    if reading is not None:
        lead = note.lead
        hold_for_reading(
            client=lead.client, contact=lead.contact, cause=f"unclear-note:{note.pk}", where="a note", rule=reading.rule, now=now
        )


def hold_for_reading(*, client: Client, contact: Contact, cause: str, where: str, rule: str, now: datetime) -> None:
    create_task(
        client=client,
        lead=_open_lead_of(contact),
        contact=contact,
        desk=Desk.CLIENT_SUCCESS,
        kind="unclear-reply",
        title=f"Did {contact.name or 'this person'} ask us not to text?",
        reason=f"Words in {where} may mean that (rule {rule}). Texts to this person wait until somebody has read them.",
        cause=cause,
        due_at=now + ANSWER_WITHIN,
        now=now,
    )


def _open_lead_of(contact: Contact) -> Lead | None:
    return Lead.objects.filter(contact=contact).exclude(stage__in=Lead.CLOSED).order_by("-created_at").first()


def ask_for_answer(*, event: Event, lead: Lead, now: datetime) -> None:
    """A human reply waits for a human answer, by the time the conversation promises."""
    talk = talks.open_talk(client_id=lead.client_id, contact_id=lead.contact_id, now=now)
    Lead.objects.filter(pk=lead.pk, replied_at__isnull=True).update(replied_at=now)
    create_task(
        client=lead.client,
        lead=lead,
        desk=Desk.LEAD_OPS,
        kind="answer-reply",
        title=f"Answer {people.asker_name(event=event, contact=lead.contact) or lead.contact}",
        reason="They wrote back and wait for an answer.",
        cause=f"reply:{event.pk}",
        event=event,
        due_at=talk.answer_by or now + ANSWER_WITHIN,
        now=now,
    )


def ask_who_wrote(*, event: Event, client: Client, now: datetime) -> None:
    """A text from a short code or a sender that is no number: nobody to answer, but a person should have read it."""
    create_task(
        client=client,
        desk=Desk.LEAD_OPS,
        kind="look-into",
        title="A text came from a sender without a number",
        reason="It is a short code or unreadable, so nothing can answer it. Read it on its delivery.",
        cause=f"unknown-sender:{event.pk}",
        due_at=now + timedelta(hours=4),
        now=now,
    )
