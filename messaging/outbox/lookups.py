"""Messages of unknown outcome: calls whose worker died, and what the provider's own list says of them."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database
from django.db import transaction

from leads.actions import close_task, create_task
from leads.models import Desk, Task
from messaging import simulated
from messaging.email import composing
from messaging.models import Attempt, Message
from messaging.outbox import outcomes, saying
from messaging.outbox.outcomes import adopt
from messaging.outbox.reports import aware
from messaging.planning import SETTLED_TASK
from messaging.provider_ids import of_account, spoken_for
from providers import adapters
from providers.connections import credentials
from providers.contract import SendResult
from zartsalgo.lib.doorbell import ring_after_commit

log = logging.getLogger(__name__)

NEVER = timedelta(days=3650)
CALL_WITHIN = timedelta(minutes=15)


def expire_calling(*, now: datetime) -> int:
    """Attempts whose worker died during the call: their outcome is unknown. Returns how many."""
    with database.cursor() as cursor:
        cursor.execute("select id from messaging_attempt where outcome = 'calling' and deadline_at < clock_timestamp() limit 100")
        ids = [row[0] for row in cursor.fetchall()]
    lost = SendResult(outcome="unknown", note="its worker ended during the call")
    outcomes.settle_all(results=dict.fromkeys(ids, lost), now=now)
    return len(ids)


def look_up(*, message: Message, now: datetime) -> None:
    """Ask the provider's list for a message of unknown outcome: exactly one that fits is adopted; after the last look a person decides."""
    if message.status != Message.Status.UNKNOWN:
        return
    last = message.attempts.order_by("-n").first()
    if last is None:
        return
    try:
        found = _listed(message=message, since=last.started_at)
    except Exception as error:  # a list that cannot be read proves nothing; the next look follows
        log.warning("look-up of message %s failed: %s", message.pk, type(error).__name__)
        found = []
    early, late = last.started_at - timedelta(seconds=120), last.deadline_at + timedelta(seconds=600)
    fits = [row for row in found if row["body"] == message.body and early <= aware(row["created_at"]) <= late]
    taken = spoken_for(connection=message.connection, ids=[row["provider_id"] for row in fits])
    fits = [row for row in fits if row["provider_id"] not in taken]
    rivals = _rivals(message=message, early=early, late=late) if fits else 0
    # As many as there are open questions: each is somebody's, and which of equal ones it is makes no difference.
    if len(fits) == 1 + rivals and any(adopt(message=message, provider_id=row["provider_id"], now=now) for row in fits):
        return
    checks = message.checks_made + 1
    if checks < len(outcomes.LOOK_UP_AFTER) and len(fits) <= 1 + rivals:
        Message.objects.filter(pk=message.pk, status=Message.Status.UNKNOWN).update(
            checks_made=checks, due_at=now + outcomes.LOOK_UP_AFTER[checks]
        )
        return
    if message.useful_until is not None and now > message.useful_until:
        _close_unconfirmed(message=message, checks=checks, now=now)
        return
    parked = Message.objects.filter(pk=message.pk, status=Message.Status.UNKNOWN).update(
        checks_made=checks,
        # Looked up once more when its purpose has passed, and closed then.
        due_at=message.useful_until + timedelta(seconds=1) if message.useful_until else now + NEVER,
        says="The provider's list does not tell whether it went. A person decides; it is not repeated.",
    )
    if not parked:
        return
    create_task(
        client=message.client,
        lead=message.lead,
        contact=message.contact,
        desk=Desk.AUTOMATION_OPS,
        kind="look-into",
        title=f"Did the {saying.noun(message=message)} to {saying.who(message=message)} go out?",
        reason="The provider neither answered nor lists it. Look in its console; call the person if it did not go.",
        cause=f"unknown:{message.pk}",
        due_at=now + timedelta(minutes=30),
        now=now,
    )


def _rivals(*, message: Message, early: datetime, late: datetime) -> int:
    """How many other texts of the account, the same words from the same sender to the same number, are open questions of that time."""
    if message.connection is None:
        return 0
    others = Attempt.objects.filter(
        of_account(connection=message.connection, at="message__connection"),
        message__to=message.to,
        message__sender=message.sender,
        message__body=message.body,
        outcome__in=(Attempt.Outcome.CALLING, Attempt.Outcome.UNKNOWN),
        started_at__range=(early, late),
    )
    return others.exclude(message=message).count()


def _close_unconfirmed(*, message: Message, checks: int, now: datetime) -> None:
    """Nobody can tell whether it went and it is of no use any more: one call task takes its place, and the question is closed.

    The try stays unknown: no second one can exist, and a late report still finds it.
    """
    with transaction.atomic():
        closed = Message.objects.filter(pk=message.pk, status=Message.Status.UNKNOWN).update(
            status=Message.Status.FAILED,
            reason="never-confirmed",
            checks_made=checks,
            says="The provider never confirmed it and its time has passed. It is not repeated; a person calls instead.",
        )
        if not closed:
            return
        for question in Task.objects.filter(client_id=message.client_id, cause=f"unknown:{message.pk}", status=Task.Status.OPEN):
            close_task(task=question, by="The clock", outcome="Its time has passed; a call took its place", now=now)
        create_task(
            client=message.client,
            lead=message.lead,
            contact=message.contact,
            desk=Desk.AUTOMATION_OPS,
            kind="call-back",
            title=f"Call {saying.who(message=message)}: their text was never confirmed",
            reason="The provider neither answered nor lists the text, and its time has passed. They may have got it. Call instead.",
            cause=f"never-confirmed:{message.pk}",
            due_at=now + CALL_WITHIN,
            now=now,
        )
        ring_after_commit(task=SETTLED_TASK, id=str(message.pk))


def _listed(*, message: Message, since: datetime) -> list[Mapping[str, Any]]:
    """The provider's own record of what it sent to that number. Raises whatever the adapter raises: no answer is not "none"."""
    if message.connection is None:
        if message.channel == Message.EMAIL and composing.sends_by_smtp() and not message.client.demo:
            raise ConnectionError("a mail server keeps no list that can be asked")
        return simulated.find_sent(message=message, since=since)
    if message.channel == Message.EMAIL:
        found = adapters.load(message.connection.provider).find_emails(
            credentials=credentials(connection=message.connection), reference=str(message.pk), since=since
        )
        # The provider holds it under our own id, which says more than equal words.
        return [{**row, "body": message.body} for row in found]
    return adapters.load(message.connection.provider).find_sent(
        credentials=credentials(connection=message.connection), to=message.to, sender=message.sender, since=since
    )
