"""Planning a text: the row comes first, rendered and with its template's version, long before anything is called."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from leads.models import Automation, Client, Contact, Event, Lead
from messaging import purposes, templates
from messaging.email import addresses
from messaging.models import Message, Template
from providers.connections import email_connection, email_sender_of, sender_of, sending_connection
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.lib.ids import new_id

SEND_TASK = "messaging.send_sms"
SETTLED_TASK = "workflows.message_settled"


def plan_text(
    *,
    client: Client,
    contact: Contact,
    to: str,
    purpose: str,
    template_key: str,
    values: dict[str, Any],
    now: datetime,
    useful_until: datetime | None,
    workflow: str,
    lead: Lead | None = None,
    cause_event: Event | None = None,
    run_id: uuid.UUID | None = None,
    step_key: str = "",
) -> Message:
    """Plan one text to one number (E.164), or one email to one address: the template's channel says which. The same run and step give
    the same message. Raises templates.CannotRender.

    Sends nothing: `messaging.outbox.sending` judges and tries it once the transaction has committed.
    """
    if run_id is not None and (known := Message.objects.filter(run_id=run_id, step_key=step_key).first()):
        return known
    template: Template | None = templates.live_template(client=client, key=template_key)
    body = templates.render(template=template, values=values) if template else ""
    email = template is not None and template.channel == Message.EMAIL
    connection = email_connection(client=client) if email else sending_connection(client=client)
    automation = Automation.objects.filter(client=client, workflow=workflow).first()
    identity = new_id()
    message = Message.objects.create(
        id=identity,
        client=client,
        contact=contact,
        lead=lead,
        cause_event=cause_event,
        run_id=run_id,
        step_key=step_key,
        workflow=workflow,
        channel=template.channel if template else Template.Channel.SMS,
        purpose=purpose,
        template=template,
        to=to,
        sender=email_sender_of(connection=connection) if email else sender_of(connection=connection, client=client),
        subject=templates.render_subject(template=template, values=values) if template and email else "",
        reply_tag=addresses.tag_of(message_id=identity) if email else "",
        body=body,
        approval_needed=automation is None or automation.send == Automation.Send.DRAFT,
        created_at=now,
        due_at=now,
        useful_until=useful_until,
        connection=connection,
    )
    ring_after_commit(task=SEND_TASK, id=str(message.pk))
    return message


def reply_by_hand(
    *, client: Client, contact: Contact, to: str, body: str, by: str, now: datetime, lead: Lead | None = None, id: uuid.UUID | None = None
) -> Message:
    """The text a person wrote, not stored: what the gate would say of it can be shown before `plan_reply` stores the very same.

    `by` is whoever may approve what goes out; "" for one whose text somebody else approves.
    """
    connection = sending_connection(client=client)
    return Message(
        id=id or new_id(),
        client=client,
        contact=contact,
        lead=lead,
        purpose=purposes.REPLY.key,
        to=to,
        sender=sender_of(connection=connection, client=client),
        body=body,
        approval_needed=not by,
        approved_by=by[:150],
        approved_at=now if by else None,
        created_at=now,
        due_at=now,
        connection=connection,
    )


def plan_reply(*, message: Message) -> bool:
    """Store it and have it judged and tried; False when this very text was stored before (a second press of the button)."""
    try:
        with transaction.atomic():
            message.save(force_insert=True)
    except IntegrityError:
        return False
    ring_after_commit(task=SEND_TASK, id=str(message.pk))
    return True


def approve(*, message: Message, by: str, now: datetime) -> bool:
    """A person approved this exact text; it is judged again at once. False when it is no longer waiting or was approved before."""
    changed = Message.objects.filter(pk=message.pk, status__in=Message.PENDING, approved_at__isnull=True).update(
        approved_by=by[:150], approved_at=now, due_at=now
    )
    if changed:
        ring_after_commit(task=SEND_TASK, id=str(message.pk))
    return changed == 1


def reject(*, message: Message, by: str, reason: str, now: datetime) -> bool:
    """A person decided that this text does not go. Final. False when it was no longer waiting."""
    changed = (
        Message.objects.filter(pk=message.pk, status__in=Message.PENDING)
        .exclude(attempts__outcome__in=("reserved", "calling", "accepted", "unknown"))
        .update(status=Message.Status.SKIPPED, reason="rejected", says=f"{by} decided not to send it: {reason}"[:500])
    )
    if changed:
        ring_after_commit(task=SETTLED_TASK, id=str(message.pk))
    return changed == 1


def wake_held(*, client: Client | None, reason: str, now: datetime, contact_id: uuid.UUID | None = None) -> int:
    """Judge held messages anew now (a stop was lifted, a reply was read); returns how many. They still pass every check."""
    held = Message.objects.filter(status=Message.Status.HELD, reason=reason)
    if client is not None:
        held = held.filter(client=client)
    if contact_id is not None:
        held = held.filter(contact_id=contact_id)
    return held.filter(due_at__gt=now).update(due_at=now - timedelta(milliseconds=1))
