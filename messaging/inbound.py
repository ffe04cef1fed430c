"""What people wrote to us: read deterministically, acted on in the transaction of the event.

An opt-out is stored when its event commits and takes the address lock that a send takes, so no attempt can be reserved after it.
"""

from datetime import datetime, timedelta

from leads import people
from leads.actions import create_task, open_lead
from leads.models import Client, Contact, Desk, Event, Lead
from messaging import talks
from messaging.locks import lock_address
from messaging.models import Suppression
from messaging.replies import Reading
from messaging.suppressions import lift_by_words
from zartsalgo.lib.phone import sayable

ANSWER_WITHIN = timedelta(minutes=10)
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
    values = sorted({(kind, address), *(people.keys_of(contact=contact) if contact else ())})
    # All locks before the first row, in one order: from the first row on nothing is tried for any number or address of theirs.
    for one, value in values:
        lock_address(channel=_CHANNELS[one], address=value)
    for one, value in values:
        suppress(contact=contact, client=client, value=value, rule=rule, event=event, now=now, came_from=address, kind=one, origin=origin)


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
        return None
    if reading.kind == "opt_in" and kind == "phone":
        lift_by_words(event=event, client=client, number=number)
    lead = Lead.objects.filter(contact=contact).exclude(stage__in=Lead.CLOSED).order_by("-created_at").first()
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
