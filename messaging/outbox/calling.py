"""Calling: `reserved -> calling` is the last durable act before bytes leave, for as many tries as can leave at once.

A death before it is proven unsent, after it unknown. The calls themselves are made by messaging.outbox.flights, many at once, and by
messaging.outbox.sending, one after the other. No lock and no transaction is held during a call.
"""

from collections.abc import Iterator, Sequence

from django.db import connection as database

from messaging.outbox import dispatch
from messaging.outbox.reserve import Try
from messaging.pauses import UNPAUSED
from messaging.planning import SEND_TASK
from messaging.suppressions import UNSTOPPED
from zartsalgo.lib.doorbell import ring_after_commit

START_WITHIN_SECONDS = 5
# Calls wait for the network, not for us, so many are marked together.
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
