"""What came of a try: the provider's answer, a status callback, a look-up in its list, or a person's word.

Evidence is written first and unconditionally: a late answer is still the truth. Statuses only move forward: callbacks repeat and come
out of order.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db import connection as database
from django.db.models import Q

from leads.actions import close_task, create_task, note_first_response
from leads.models import Desk, Task
from messaging import carriers, claims, pauses, simulated, talks
from messaging.email import by_smtp, composing
from messaging.models import Attempt, Message
from messaging.planning import SEND_TASK, SETTLED_TASK
from messaging.provider_ids import of_account, spoken_for
from providers import adapters
from providers.connections import credentials
from providers.contract import SendResult
from providers.models import Connection
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.lib.phone import sayable

log = logging.getLogger(__name__)

# How a provider's status is ranked; a callback never moves a message back.
RANK = {"queued": 0, "accepted": 0, "scheduled": 0, "sending": 1, "sent": 2, "delivered": 3, "read": 3, "undelivered": 3, "failed": 3}
# An email that the provider still tries.
RANK |= {"deferred": 1}
RANK |= {"canceled": 3, "partially_delivered": 3}
# Look-ups while an outcome is unknown; after the last a person decides. Never a resend.
LOOK_UP_AFTER = tuple(timedelta(seconds=s) for s in (10, 60, 300, 900, 3600, 6 * 3600))
# A refusal that may pass: tried again as a new attempt, because the provider says it created nothing.
RETRY_AFTER = tuple(timedelta(seconds=s) for s in (15, 60, 180, 300))
RETRY_CODES = ("unreachable", "20429", "429", "30001", "30022", "14107", "21611")
# The provider does not take us, whoever the text is for: waiting for better credentials costs nobody a text (twilio.com/docs/api/errors).
CREDENTIAL_CODES = ("20003", "20404", "30002", "10001", "20005", "21608", "config")
CREDENTIALS_AGAIN = tuple(timedelta(minutes=m) for m in (1, 5, 15))
# Closed without the provider's word: its own record, however late, outweighs that.
NOT_PROVEN = ("did-not-go", "never-confirmed")
NEVER = timedelta(days=3650)
CALL_WITHIN = timedelta(minutes=15)
FAILURE_TASK = "workflows.sending_failed"


def settle(*, attempt_id: int, result: SendResult, now: datetime) -> None:
    """T2: record the provider's answer to one attempt and what follows for the message."""
    with transaction.atomic():
        with database.cursor() as cursor:
            cursor.execute(
                """update messaging_attempt set outcome = %s, finished_at = clock_timestamp(), http_status = %s, provider_id = %s,
                          error_code = %s, note = %s where id = %s and outcome in ('calling', 'unknown')""",
                [result.outcome, result.http_status, result.provider_id[:64], result.error_code[:20], result.note[:300], attempt_id],
            )
            if cursor.rowcount != 1:
                return
        attempt = Attempt.objects.get(pk=attempt_id)
        message = Message.objects.select_for_update().get(pk=attempt.message_id)
        if result.outcome == "accepted":
            _accepted(message=message, provider_id=result.provider_id, now=now)
        elif result.outcome == "rejected":
            _rejected(message=message, result=result, tries=attempt.n, now=now)
        else:
            _unknown(message=message, note=result.note, now=now)
        ring_after_commit(task=SETTLED_TASK, id=str(message.pk))


def _accepted(*, message: Message, provider_id: str, now: datetime) -> None:
    simulated = message.connection_id is None and not provider_id.startswith(by_smtp.TAKEN)
    if message.status in (Message.Status.DELIVERED, Message.Status.FAILED) and message.reason not in NOT_PROVEN:
        return  # a callback was faster
    message.status = Message.Status.DELIVERED if simulated else Message.Status.SENT
    message.reason = ""
    message.says = _went(message=message, simulated=simulated)
    # A provider that gives one id twice must not cost us the fact that this one was accepted; the attempt keeps the id.
    taken = Message.objects.filter(connection=message.connection, provider_id=provider_id).exclude(pk=message.pk).exists()
    message.provider_id = "" if taken else provider_id
    message.sent_at = message.sent_at or now
    message.save(update_fields=["status", "reason", "says", "provider_id", "sent_at"])
    if message.lead_id:
        note_first_response(lead_id=message.lead_id, now=now)
    talks.note_outbound(message=message, now=now)


def _went(*, message: Message, simulated: bool) -> str:
    if simulated:
        return "Shown on our own pages." if message.channel == Message.EMAIL else "Shown on the simulator's phone."
    if message.connection_id is None:
        return "Taken by the mail server, which does not report whether it arrived."
    return "Accepted by the provider; the delivery report is awaited."


def _noun(*, message: Message) -> str:
    return "email" if message.channel == Message.EMAIL else "text"


def _rejected(*, message: Message, result: SendResult, tries: int, now: datetime) -> None:
    message.error_code = result.error_code[:20]
    meaning = _meaning(message=message, code=result.error_code) or result.note.removeprefix("not sent: ") or "The provider refused it."
    refuses_us, may_pass = is_credential_failure(result=result), is_transient(result=result)
    if refuses_us or may_pass:
        # A breaker looks at once; the ticker's own look comes anyway.
        ring_after_commit(task=FAILURE_TASK, id=str(message.pk))
    if refuses_us:
        _wait_for_credentials(message=message, meaning=meaning, tries=tries, now=now)
        return
    # While a pause stands the text is not used up by tries: the gate holds it until somebody has looked.
    if may_pass and (tries <= len(RETRY_AFTER) or pauses.covering(message=message).exists()):
        wait = (
            timedelta(seconds=result.retry_after_seconds) if result.retry_after_seconds else RETRY_AFTER[min(tries, len(RETRY_AFTER)) - 1]
        )
        message.due_at = now + min(wait, timedelta(minutes=10))
        message.status, message.reason = Message.Status.QUEUED, "retry"
        message.says = f"Not sent yet: {meaning} Try {tries + 1} follows."[:500]
        message.save(update_fields=["status", "reason", "says", "error_code", "due_at"])
        ring_after_commit(task=SEND_TASK, id=str(message.pk))
        return
    message.status, message.reason, message.says = Message.Status.FAILED, "refused-by-provider", meaning[:500]
    message.save(update_fields=["status", "reason", "says", "error_code"])
    claims.release(holder=message.pk, now=now)
    carriers.note_failure(message=message, code=result.error_code, now=now)
    create_task(
        client=message.client,
        lead=message.lead,
        contact=message.contact,
        desk=Desk.AUTOMATION_OPS,
        kind="call-back",
        title=f"{_noun(message=message).capitalize()} to {_who(message=message)} was refused",
        reason=f"{meaning} Call instead.",
        cause=f"refused:{message.pk}",
        due_at=now + timedelta(minutes=15),
        now=now,
    )


def is_transient(*, result: SendResult) -> bool:
    """A definite failure that may pass: the provider was not reached, is too busy, or broke and says that it created nothing."""
    status = result.http_status or 0
    return result.outcome == "rejected" and (result.error_code in RETRY_CODES or status == 429 or status >= 500)


def is_credential_failure(*, result: SendResult) -> bool:
    """The provider does not accept our account, so no text of this connection goes until somebody has renewed it."""
    return result.outcome == "rejected" and (result.error_code in CREDENTIAL_CODES or result.http_status == 401)


def _wait_for_credentials(*, message: Message, meaning: str, tries: int, now: datetime) -> None:
    message.status, message.reason = Message.Status.HELD, "credentials"
    message.due_at = now + CREDENTIALS_AGAIN[min(tries, len(CREDENTIALS_AGAIN)) - 1]
    message.says = f"Not sent, and kept: {meaning} It is tried again then."[:500]
    message.save(update_fields=["status", "reason", "says", "error_code", "due_at"])
    if message.connection_id:
        Connection.objects.filter(pk=message.connection_id).update(
            trouble=f"The provider does not accept the account; texts wait. {meaning}"[:300]
        )


def _who(*, message: Message) -> str:
    return message.contact.name or sayable(message.to)


def _meaning(*, message: Message, code: str) -> str:
    if message.connection is None or not code:
        return ""
    return adapters.load(message.connection.provider).explain_error(code=code)


def _unknown(*, message: Message, note: str, now: datetime) -> None:
    message.status, message.reason = Message.Status.UNKNOWN, "no-answer"
    what = _noun(message=message)
    message.says = f"The provider did not answer; the {what} may have gone. It is looked up and will not be repeated."
    message.due_at = now + LOOK_UP_AFTER[0]
    message.checks_made = 0
    message.save(update_fields=["status", "reason", "says", "due_at", "checks_made"])


def expire_calling(*, now: datetime) -> int:
    """Attempts whose worker died during the call: their outcome is unknown. Returns how many."""
    with database.cursor() as cursor:
        cursor.execute("select id from messaging_attempt where outcome = 'calling' and deadline_at < clock_timestamp() limit 100")
        ids = [row[0] for row in cursor.fetchall()]
    for id in ids:
        settle(attempt_id=id, result=SendResult(outcome="unknown", note="its worker ended during the call"), now=now)
    return len(ids)


# What the provider's own record may settle: a try without an answer, and one that a person declared unsent.
_OPEN_QUESTION = Q(outcome__in=(Attempt.Outcome.CALLING, Attempt.Outcome.UNKNOWN)) | Q(outcome=Attempt.Outcome.NOT_SENT) & ~Q(
    declared_by=""
)


def adopt(*, message: Message, provider_id: str, now: datetime) -> bool:
    """The provider has this message after all: the open attempt is accepted. False when another message has that provider id."""
    try:
        with transaction.atomic():
            locked = Message.objects.select_for_update().get(pk=message.pk)
            if spoken_for(connection=locked.connection, ids=[provider_id[:64]], but=locked):
                return False
            Attempt.objects.filter(message=locked).filter(_OPEN_QUESTION).update(
                outcome=Attempt.Outcome.ACCEPTED, provider_id=provider_id[:64], note="adopted from the provider's own record"
            )
            _accepted(message=locked, provider_id=provider_id[:64], now=now)
            ring_after_commit(task=SETTLED_TASK, id=str(locked.pk))
        return True
    except IntegrityError:
        return False


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
    if checks < len(LOOK_UP_AFTER) and len(fits) <= 1 + rivals:
        Message.objects.filter(pk=message.pk, status=Message.Status.UNKNOWN).update(checks_made=checks, due_at=now + LOOK_UP_AFTER[checks])
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
        title=f"Did the {_noun(message=message)} to {_who(message=message)} go out?",
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
            title=f"Call {_who(message=message)}: their text was never confirmed",
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


def aware(when: datetime) -> datetime:
    """A provider's time; one without a zone is UTC."""
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def record_status(*, message: Message, provider_id: str, status: str, error_code: str, now: datetime) -> bool:
    """A status callback. Adopts an open or unknown attempt; moves only forward. Returns whether anything changed."""
    if provider_id and not message.provider_id and not adopt(message=message, provider_id=provider_id, now=now):
        return False
    with transaction.atomic():
        message = (
            Message.objects.select_for_update(of=("self",)).select_related("connection", "client", "contact", "lead").get(pk=message.pk)
        )
        if provider_id and message.provider_id != provider_id:
            return False
        if RANK.get(status, -1) <= RANK.get(message.provider_status, -1):
            return False
        message.provider_status, message.error_code = status[:30], (error_code or message.error_code)[:20]
        if status in ("delivered", "read"):
            message.status, message.reason, message.says = (
                Message.Status.DELIVERED,
                "",
                ("Delivered to their mail server." if message.channel == Message.EMAIL else "Delivered to the phone."),
            )
        elif status in ("failed", "undelivered", "canceled"):
            meaning = _meaning(message=message, code=error_code)
            message.status, message.reason = Message.Status.FAILED, "not-delivered"
            message.says = (meaning or f"The {'mail server' if message.channel == Message.EMAIL else 'carrier'} did not deliver it.")[:500]
        message.save(update_fields=["provider_status", "error_code", "status", "reason", "says"])
        if message.status == Message.Status.FAILED:
            carriers.note_failure(message=message, code=error_code, now=now)
            create_task(
                client=message.client,
                lead=message.lead,
                contact=message.contact,
                desk=Desk.AUTOMATION_OPS,
                kind="call-back",
                title=f"{_noun(message=message).capitalize()} to {_who(message=message)} was not delivered",
                reason=f"{message.says} Call instead.",
                cause=f"undelivered:{message.pk}",
                due_at=now + timedelta(minutes=15),
                now=now,
            )
        ring_after_commit(task=SETTLED_TASK, id=str(message.pk))
    return True
