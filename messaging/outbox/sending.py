"""Sending texts and emails at most once.

Short transactions with the calls between the last two and no lock held during them:
1.  reserve: lock, judge, take the purposes, insert the tries (messaging.outbox.reserve);
2.  `reserved -> calling`, the last durable act before bytes leave (messaging.outbox.calling);
3.  write what the providers said, on the attempts and on the messages (messaging.outbox.outcomes).
An unknown outcome is never repeated: the callback or the provider's list adopts it, or a person decides.

Here they come in one line, one call after the other: for whoever does the work itself (the demo, a test). A worker's engine makes many calls
at once (workflows.engine_thread), from the same three parts.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from messaging.models import Message
from messaging.outbox import dispatch
from messaging.outbox.calling import chunks, give_back, start_calling
from messaging.outbox.outcomes import settle_all
from messaging.outbox.reserve import Try, reserve

# Above this nothing is gained: the work is linear in rows then.
AT_ONCE = 50


def send(*, message_id: uuid.UUID, now: datetime) -> str:
    """Judge one due message and try it if it may go; returns its status afterwards, "" for one that is not there."""
    return send_all(message_ids=[message_id], now=now)[message_id]


def send_all(*, message_ids: Sequence[uuid.UUID], now: datetime) -> dict[uuid.UUID, str]:
    """Judge the due ones of these messages and try those that may go; the status of each afterwards. One that is not due is left alone.

    Two for one person or address go one after the other, in the order given.
    """
    statuses: dict[uuid.UUID, str] = {}
    waiting = list(dict.fromkeys(message_ids))
    while waiting:
        these, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
        batch = reserve(message_ids=these, now=now)
        statuses |= batch.statuses
        statuses |= _carry_out(tries=batch.tries, now=now)
        waiting = batch.later + waiting
    unseen = [id for id in message_ids if id not in statuses]
    if unseen:
        statuses |= dict(Message.objects.filter(pk__in=unseen).values_list("pk", "status"))
    return {id: str(statuses.get(id, "")) for id in message_ids}


def _carry_out(*, tries: Sequence[Try], now: datetime) -> dict[uuid.UUID, str]:
    statuses: dict[uuid.UUID, str] = {}
    for chunk in chunks(tries=tries):
        started = start_calling(tries=chunk)
        give_back(tries=[one for one in chunk if one.attempt_id not in started])
        answers = {one.attempt_id: dispatch.call(row=one.message, slip=one.slip) for one in chunk if one.attempt_id in started}
        statuses |= settle_all(results=answers, now=now)
    return statuses
