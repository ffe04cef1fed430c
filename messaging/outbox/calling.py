"""Calling: `reserved -> calling` is the last durable act before bytes leave, for as many tries as can leave at once; then the calls.

A death before it is proven unsent, after it unknown. No lock and no transaction is held during a call.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import connection as database
from django.db import connections

from messaging.outbox import dispatch
from messaging.outbox.reserve import Try
from messaging.pauses import UNPAUSED
from messaging.planning import SEND_TASK
from messaging.suppressions import UNSTOPPED
from providers.contract import SendResult
from zartsalgo.lib.doorbell import ring_after_commit

START_WITHIN_SECONDS = 5
# Calls wait for the network, not for us: each has a thread of its own.
AT_ONCE = 50
# What is only shown on our own pages is shown one after the other; so many of the slowest are done well before their deadline.
SHOWN_AT_ONCE = 10


def chunks(*, tries: Sequence[Try]) -> Iterator[list[Try]]:
    """The tries, as many together as can leave at once."""
    shown = {one.attempt_id for one in tries if dispatch.stays_here(message=one.message)}
    away, here = [one for one in tries if one.attempt_id not in shown], [one for one in tries if one.attempt_id in shown]
    for those, most in ((away, AT_ONCE), (here, SHOWN_AT_ONCE)):
        for start in range(0, len(those), most):
            yield those[start : start + most]


def start_calling(*, tries: Sequence[Try]) -> set[int]:
    """The attempts that may be called now, by id. This worker must not call the others: it was too slow, is no longer the one, or a pause or
    a stop of theirs was stored since."""
    with database.cursor() as cursor:
        cursor.execute(
            f"""update messaging_attempt set outcome = 'calling' from messaging_message m
               where messaging_attempt.id = any(%s) and outcome = 'reserved' and m.id = message_id
                 and clock_timestamp() < started_at + %s * interval '1 second' and {UNPAUSED} and {UNSTOPPED}
               returning messaging_attempt.id""",
            [[one.attempt_id for one in tries], START_WITHIN_SECONDS],
        )
        return {row[0] for row in cursor.fetchall()}


def give_back(*, tries: Sequence[Try]) -> None:
    """This worker will not call any more, so its tries are proven unsent at once and the gate may judge the texts anew."""
    if not tries:
        return
    with database.cursor() as cursor:
        cursor.execute(
            """update messaging_attempt
                  set outcome = 'not_sent', finished_at = clock_timestamp(), note = 'paused, stopped or too slow before the call'
                where id = any(%s) and outcome = 'reserved'""",
            [[one.attempt_id for one in tries]],
        )
    for one in tries:
        ring_after_commit(task=SEND_TASK, id=str(one.message.pk))


def call_all(*, tries: Sequence[Try]) -> dict[int, SendResult]:
    """Make the calls; what each provider said, by attempt."""
    if len(tries) > 1 and not dispatch.stays_here(message=tries[0].message):
        return _together(tries=tries)
    return {one.attempt_id: _call(one) for one in tries}


def _together(*, tries: Sequence[Try]) -> dict[int, SendResult]:
    with ThreadPoolExecutor(max_workers=len(tries)) as pool:
        made = {one.attempt_id: pool.submit(_call_apart, one) for one in tries}
    return {id: future.result() for id, future in made.items()}


def _call_apart(one: Try) -> SendResult:
    try:
        return _call(one)
    finally:
        connections.close_all()  # this thread's own; it ends here


def _call(one: Try) -> SendResult:
    return dispatch.call(row=one.message, slip=one.slip)
