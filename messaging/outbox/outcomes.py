"""What came of tries: the providers' answers, and what follows for the messages.

Evidence is written first and unconditionally: a late answer is still the truth. Statuses only move forward. What was accepted, the usual
ending, is written in sets; what was refused or not answered goes row by row in the same transaction.
"""

import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import DatabaseError, IntegrityError, transaction
from django.db import connection as database
from django.db.models import Q

from leads.actions import create_task, note_first_responses
from leads.models import Desk
from messaging import carriers, dedupe, pauses, talks
from messaging.email import by_smtp
from messaging.models import Attempt, Message
from messaging.outbox import saying
from messaging.outbox.answers import NOT_PROVEN, is_credential_failure, is_transient
from messaging.planning import SEND_TASK, SETTLED_TASK
from messaging.provider_ids import spoken_for
from providers.contract import SendResult
from providers.models import Connection
from zartsalgo.lib import rows
from zartsalgo.lib.database import is_trouble
from zartsalgo.lib.doorbell import ring_after_commit

log = logging.getLogger(__name__)

# Look-ups while an outcome is unknown; after the last a person decides. Never a resend.
LOOK_UP_AFTER = tuple(timedelta(seconds=s) for s in (10, 60, 300, 900, 3600, 6 * 3600))
# A refusal that may pass: tried again as a new attempt, because the provider says it created nothing.
RETRY_AFTER = tuple(timedelta(seconds=s) for s in (15, 60, 180, 300))
CREDENTIALS_AGAIN = tuple(timedelta(minutes=m) for m in (1, 5, 15))
FAILURE_TASK = "workflows.sending_failed"
# Two workers that wait for each other: the database ends one of them, which has written nothing then.
_TRIES = 3
_REPORTED = (Message.Status.DELIVERED, Message.Status.FAILED)

_HOLD = """
select id from leads_contact
 where id = any (array(select m.contact_id from messaging_attempt t join messaging_message m on m.id = t.message_id where t.id = any (%s)))
 order by id for no key update"""
_MESSAGE = rows.Of(Message, "m")
_TRIED = f"""select {_MESSAGE}, t.id, t.n from messaging_message m join messaging_attempt t on t.message_id = m.id
 where t.id = any(%s) order by m.id for update of m"""
_ANSWERED = """
update messaging_attempt t set outcome = r.outcome, finished_at = clock_timestamp(), http_status = r.http_status,
       provider_id = r.provider_id, error_code = r.error_code, note = r.note
  from json_to_recordset(%s::json) as r (id bigint, outcome text, http_status smallint, provider_id text, error_code text, note text)
 where t.id = r.id and t.outcome in ('calling', 'unknown')
returning t.id"""
# A provider that gives one id twice must not cost us the fact that this one was accepted; the attempt keeps the id.
_ACCEPTED = """
update messaging_message t set status = r.status, reason = '', says = r.says, sent_at = r.sent_at,
       provider_id = case when exists (select 1 from messaging_message o where o.connection_id = t.connection_id
         and o.provider_id = r.provider_id and o.provider_id <> '' and o.id <> t.id) then '' else r.provider_id end
  from json_to_recordset(%s::json) as r (id uuid, status text, says text, sent_at timestamptz, provider_id text)
 where t.id = r.id
returning t.id, t.provider_id"""


def settle_all(*, results: Mapping[int, SendResult], now: datetime) -> dict[uuid.UUID, str]:
    """Record the answers to attempts and what follows for their messages; the status of each afterwards.

    What cannot be written halves the batch until the culprit stands alone: that one's outcome is then unknown once its deadline has passed.
    """
    if not results:
        return {}
    try:
        return _settle_safely(results=results, now=now)
    except Exception as error:
        if is_trouble(error):
            raise  # the database is away; whoever called has the answers still
        if len(results) > 1:
            items = list(results.items())
            half = len(items) // 2
            return settle_all(results=dict(items[:half]), now=now) | settle_all(results=dict(items[half:]), now=now)
        log.error("the answer to attempt %s could not be written: %s", next(iter(results)), type(error).__name__)
        return {}


def _settle_safely(*, results: Mapping[int, SendResult], now: datetime) -> dict[uuid.UUID, str]:
    for left in reversed(range(_TRIES)):
        try:
            with transaction.atomic():
                statuses = write_answers(results=results, now=now)
                for id in statuses:
                    ring_after_commit(task=SETTLED_TASK, id=str(id))
                return statuses
        except DatabaseError as error:
            if not left or not is_trouble(error):
                raise
    raise AssertionError("unreachable")


def hold_people(*, attempt_ids: Sequence[int]) -> set[uuid.UUID]:
    """Lock the people these attempts are for, as `leads.people.hold_all` does, and say who they are: for whoever acts on the answers in the
    transaction that writes them. Before `write_answers`, for everybody locks people before messages."""
    with database.cursor() as cursor:
        cursor.execute(_HOLD, [list(attempt_ids)])
        return {row[0] for row in cursor.fetchall()}


def write_answers(*, results: Mapping[int, SendResult], now: datetime) -> dict[uuid.UUID, str]:
    """The same in the caller's transaction, which tells whoever waits for the messages. Raises what a statement raises."""
    # The messages are locked before their attempts, as by whoever adopts one.
    found = {attempt: (message, tries) for message, attempt, tries in rows.read(_TRIED, [list(results)], _MESSAGE)}
    given = [
        {
            "id": id,
            "outcome": result.outcome,
            "http_status": result.http_status,
            "provider_id": result.provider_id[:64],
            "error_code": result.error_code[:20],
            "note": result.note[:300],
        }
        for id, result in results.items()
    ]
    with database.cursor() as cursor:
        cursor.execute(_ANSWERED, [json.dumps(given)])
        written = {row[0] for row in cursor.fetchall()}
    settled = [(message, results[attempt], tries) for attempt, (message, tries) in found.items() if attempt in written]
    taken = [(message, result.provider_id[:64]) for message, result, _ in settled if result.outcome == "accepted"]
    statuses = _accept(accepted=taken, now=now)
    for message, result, tries in settled:
        if result.outcome == "rejected":
            _rejected(message=message, result=result, tries=tries, now=now)
        elif result.outcome != "accepted":
            _unknown(message=message, now=now)
        statuses[message.pk] = str(message.status)
    return statuses


def _accept(*, accepted: Sequence[tuple[Message, str]], now: datetime) -> dict[uuid.UUID, str]:
    """The providers took them, each with its provider's id. Locked messages; the status of each afterwards."""
    # Of the others a callback was faster.
    open_ones = [(message, id) for message, id in accepted if message.status not in _REPORTED or message.reason in NOT_PROVEN]
    if open_ones:
        _write_accepted(accepted=open_ones, now=now)
        note_first_responses(lead_ids={message.lead_id for message, _ in open_ones if message.lead_id}, now=now)
    for message, _ in open_ones:
        talks.note_outbound(message=message, now=now)
    return {message.pk: str(message.status) for message, _ in accepted}


def _write_accepted(*, accepted: Sequence[tuple[Message, str]], now: datetime) -> None:
    given, seen = [], set()
    for message, provider_id in accepted:
        shown = message.connection_id is None and not provider_id.startswith(by_smtp.TAKEN)
        message.status, message.reason = Message.Status.DELIVERED if shown else Message.Status.SENT, ""
        message.says, message.sent_at = _went(message=message, simulated=shown), message.sent_at or now
        key, id = (message.connection_id, provider_id), "" if (message.connection_id, provider_id) in seen else provider_id
        seen.add(key)
        row = {"id": str(message.pk), "status": message.status, "says": message.says, "sent_at": message.sent_at.isoformat()}
        given.append({**row, "provider_id": id})
    with database.cursor() as cursor:
        cursor.execute(_ACCEPTED, [json.dumps(given)])
        kept = dict(cursor.fetchall())
    for message, _ in accepted:
        message.provider_id = kept[message.pk]


def _went(*, message: Message, simulated: bool) -> str:
    if simulated:
        return "Shown on our own pages." if message.channel == Message.EMAIL else "Shown on the simulator's phone."
    if message.connection_id is None:
        return "Taken by the mail server, which does not report whether it arrived."
    return "Accepted by the provider; the delivery report is awaited."


def _rejected(*, message: Message, result: SendResult, tries: int, now: datetime) -> None:
    message.error_code = result.error_code[:20]
    meaning = (
        saying.meaning(message=message, code=result.error_code) or result.note.removeprefix("not sent: ") or "The provider refused it."
    )
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
    dedupe.release(holders=[message.pk], now=now)
    carriers.note_failure(message=message, code=result.error_code, now=now)
    create_task(
        client=message.client,
        lead=message.lead,
        contact=message.contact,
        desk=Desk.AUTOMATION_OPS,
        kind="call-back",
        title=f"{saying.noun(message=message).capitalize()} to {saying.who(message=message)} was refused",
        reason=f"{meaning} Call instead.",
        cause=f"refused:{message.pk}",
        due_at=now + timedelta(minutes=15),
        now=now,
    )


def _wait_for_credentials(*, message: Message, meaning: str, tries: int, now: datetime) -> None:
    message.status, message.reason = Message.Status.HELD, "credentials"
    message.due_at = now + CREDENTIALS_AGAIN[min(tries, len(CREDENTIALS_AGAIN)) - 1]
    message.says = f"Not sent, and kept: {meaning} It is tried again then."[:500]
    message.save(update_fields=["status", "reason", "says", "error_code", "due_at"])
    if message.connection_id:
        Connection.objects.filter(pk=message.connection_id).update(
            trouble=f"The provider does not accept the account; texts wait. {meaning}"[:300]
        )


def _unknown(*, message: Message, now: datetime) -> None:
    message.status, message.reason = Message.Status.UNKNOWN, "no-answer"
    what = saying.noun(message=message)
    message.says = f"The provider did not answer; the {what} may have gone. It is looked up and will not be repeated."
    message.due_at = now + LOOK_UP_AFTER[0]
    message.checks_made = 0
    message.save(update_fields=["status", "reason", "says", "due_at", "checks_made"])


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
            _accept(accepted=[(locked, provider_id[:64])], now=now)
            ring_after_commit(task=SETTLED_TASK, id=str(locked.pk))
        return True
    except IntegrityError:
        return False
