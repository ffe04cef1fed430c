"""Reserving: due messages are judged, and those that may go get a try. One transaction for any number of messages.

Lock the messages and their addresses (opt-outs take the same lock), load the facts, judge, take the purposes, insert the tries with the
slips that allow them, and the slips of what was refused. The partial unique index on live attempts is the guard; everything else only
spares it work. Of one person or one address only the first is taken, so no fact is stale: the others stay due and come in the next round.
"""

import json
import logging
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database
from django.db import transaction

from leads.models import Client, Contact, Lead
from messaging import dedupe, gate, purposes
from messaging.locks import lock_addresses
from messaging.models import Attempt, Message, Template
from messaging.outbox.refusals import follow_up, held_as_before, refused
from messaging.slips import INSERT as INSERT_SLIPS
from providers.models import Connection
from zartsalgo.lib import rows
from zartsalgo.lib.database import is_trouble
from zartsalgo.lib.ids import new_id
from zartsalgo.lib.presence import owner_name
from zartsalgo.lib.slip import SEND, Slip

log = logging.getLogger(__name__)

# Reservation to the end of the call; the call itself gets dispatch.CALL_SECONDS, so a live owner is always done before its deadline.
ATTEMPT_SECONDS = 25
FRESH_SECONDS = 2.0
# What could not be judged or written is looked at again then; meanwhile it stands in nobody's way.
AGAIN_AFTER_ERROR = timedelta(minutes=5)

_WRITTEN = ("newest_slip_id", "status", "reason", "says", "hold_until", "due_at")
_PARTS = (
    rows.Of(Message, "m"), rows.Of(Client, "c"), rows.Of(Contact, "p"), rows.Of(Template, "w"), rows.Of(Connection, "o"), rows.Of(Lead, "l"),
)  # fmt: skip
# With the newest try of each.
_DUE = f"""select {", ".join(map(str, _PARTS))},
  (select json_build_object('id', t.id, 'n', t.n, 'outcome', t.outcome)::text from messaging_attempt t where t.message_id = m.id
    order by t.n desc limit 1)
  from messaging_message m join leads_client c on c.id = m.client_id join leads_contact p on p.id = m.contact_id
  left join messaging_template w on w.id = m.template_id left join providers_connection o on o.id = m.connection_id
  left join leads_lead l on l.id = m.lead_id
 where m.id = any(%(ids)s) and m.status in ('queued', 'held') and m.due_at <= %(now)s for update of m skip locked"""
# What was refused has no `n`: a slip and no try. Where another worker has the try, nothing is written of ours.
_INSERT = f"""
with judged as (select * from json_to_recordset(%(judged)s::json) as r (message uuid, n smallint, slip uuid, found jsonb)),
tried as (
  insert into messaging_attempt
    (message_id, n, outcome, allowed_by_id, owner, started_at, deadline_at, provider_id, error_code, note, declared_by, declared_reason)
  select message, n, 'reserved', slip, %(owner)s, clock_timestamp(), clock_timestamp() + %(seconds)s * interval '1 second', '', '', '', '', ''
    from judged where n is not null
  on conflict do nothing
  returning message_id, id, allowed_by_id),
kept as ({INSERT_SLIPS} from judged where n is null or slip in (select allowed_by_id from tried))
select message_id, id from tried"""


@dataclass(frozen=True, kw_only=True)
class Try:
    """A reserved attempt: no byte has left yet."""

    attempt_id: int
    message: Message
    slip: Slip


class Departures:
    """Texts that leave once the transaction that planned them has committed, at most `room` of them: so many calls can be made at once. For
    every other text a worker is rung, and judges it in a transaction of its own.

    `leave` makes the calls, behind each commit. After FRESH_SECONDS there is no room any more: what is judged then was read too long ago, and
    an hour may have become a quiet one.
    """

    def __init__(self, *, room: int, leave: Callable[[Sequence[Try]], None] | None = None) -> None:
        self.tries: list[Try] = []
        self._room, self._leave, self._ends = room, leave, time.monotonic() + FRESH_SECONDS

    @property
    def room(self) -> int:
        return max(0, self._room) if time.monotonic() < self._ends else 0

    def take(self, *, tries: Sequence[Try]) -> None:
        """Their reservation has committed."""
        self.tries += tries
        self._room -= len(tries)
        if self._leave is not None and tries:
            self._leave(tries)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What reserving came to: tries to make, messages to take in the next round, and the status of each that was judged."""

    tries: list[Try] = field(default_factory=list)
    later: list[uuid.UUID] = field(default_factory=list)
    statuses: dict[uuid.UUID, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.tries)

    def __add__(self, other: "Batch") -> "Batch":
        return Batch(tries=self.tries + other.tries, later=self.later + other.later, statuses=self.statuses | other.statuses)


def reserve(*, message_ids: Sequence[uuid.UUID], now: datetime) -> Batch:
    """Judge the due ones of these messages; in the order given where two are for one person. What is not due, or in another worker's
    hands, is left alone. What fails halves the batch until the culprit stands alone, and it is put off."""
    try:
        with transaction.atomic():
            return _reserve(found=_lock(message_ids=message_ids, now=now), now=now)
    except Exception as error:  # what breaks for one message must not cost the others their turn
        if is_trouble(error):
            raise  # it says nothing about the messages
        if len(message_ids) > 1:
            half = len(message_ids) // 2
            return reserve(message_ids=message_ids[:half], now=now) + reserve(message_ids=message_ids[half:], now=now)
        _put_off(id=message_ids[0], error=error, now=now)
        return Batch()


def reserve_planned(*, messages: Sequence[Message], unwritten: Collection[uuid.UUID], now: datetime) -> Batch:
    """The same for messages that this very transaction has planned, so that nobody else sees them yet. Raises what a statement raises.

    Those that are still `unwritten` get what came of it into their object, and whoever planned them writes them.
    """
    for message in messages:
        message.last_try = None  # type: ignore[attr-defined]
    return _reserve(found=messages, unwritten=unwritten, now=now)


def _reserve(*, found: Sequence[Message], unwritten: Collection[uuid.UUID] = (), now: datetime) -> Batch:
    chosen, later = _one_of_each_person(messages=found)
    if not chosen:
        return Batch()
    lock_addresses(addresses=[(message.channel, message.to) for message in chosen])
    over = _over(messages=chosen)
    chosen = [message for message in chosen if message.pk in over]
    slips = _judge(messages=chosen, now=now)
    mine = _take_purposes(messages=chosen, slips=slips, now=now)
    no = [message for message in chosen if message.pk in slips and slips[message.pk].verdict != SEND]
    kept = held_as_before(messages=no, slips=slips)
    ids = {message.pk: kept.get(message.pk) or new_id() for message in chosen if message.pk in slips}
    new = [message for message in no if message.pk not in kept]
    tries = _insert(going=[message for message in chosen if message.pk in mine], no=new, slips=slips, ids=ids)
    ends = [_going(one=one, slip_id=ids[one.message.pk]) for one in tries]
    ends += [refused(message=message, slip=slips[message.pk], slip_id=ids[message.pk], now=now) for message in no]
    rows.update(model=Message, names=_WRITTEN, rows=[end for end in ends if end["pk"] not in unwritten])
    planned = {message.pk: message for message in chosen if message.pk in unwritten}
    for end in ends:
        if end["pk"] in planned:
            vars(planned[end["pk"]]).update({name: end[name] for name in _WRITTEN})
    follow_up(messages=no, slips=slips, now=now)
    return Batch(tries=tries, later=later, statuses={end["pk"]: str(end["status"]) for end in ends})


def _lock(*, message_ids: Sequence[uuid.UUID], now: datetime) -> list[Message]:
    """Those that are due and in nobody else's hands, in the order given, each with its last try."""
    found = {}
    for message, client, contact, template, connection, lead, last in rows.read(_DUE, {"ids": list(message_ids), "now": now}, *_PARTS):
        rows.related(message, client=client, contact=contact, template=template, connection=connection, lead=lead)
        message.last_try = json.loads(last) if last else None
        found[message.pk] = message
    return [found[id] for id in dict.fromkeys(message_ids) if id in found]


def _one_of_each_person(*, messages: Sequence[Message]) -> tuple[list[Message], list[uuid.UUID]]:
    """The first of each person and address, and the others."""
    taken: set[Any] = set()
    chosen, later = [], []
    for message in messages:
        keys = {message.contact_id, (message.channel, message.to)}
        if taken.isdisjoint(keys):
            taken |= keys
            chosen.append(message)
        else:
            later.append(message.pk)
    return chosen, later


def _over(*, messages: Sequence[Message]) -> set[uuid.UUID]:
    """The messages that have no open try. One that was reserved by an owner past its deadline never called: it is proven unsent."""
    lasts: dict[uuid.UUID, dict[str, Any] | None] = {message.pk: message.last_try for message in messages}  # type: ignore[attr-defined]
    over = {id for id, last in lasts.items() if last is None or last["outcome"] in (Attempt.Outcome.REJECTED, Attempt.Outcome.NOT_SENT)}
    reserved = {last["id"]: id for id, last in lasts.items() if last is not None and last["outcome"] == Attempt.Outcome.RESERVED}
    return over | {reserved[attempt] for attempt in end_stale(attempt_ids=list(reserved))}


def end_stale(*, attempt_ids: list[int]) -> list[int]:
    """Reserved tries past their deadline are proven unsent; returns which of these were."""
    if not attempt_ids:
        return []
    with database.cursor() as cursor:
        cursor.execute(
            """update messaging_attempt set outcome = 'not_sent', finished_at = clock_timestamp(), note = 'its worker ended before the call'
               where id = any(%s) and outcome = 'reserved' and deadline_at < clock_timestamp() returning id""",
            [attempt_ids],
        )
        return [row[0] for row in cursor.fetchall()]


def _judge(*, messages: Sequence[Message], now: datetime) -> dict[uuid.UUID, Slip]:
    """The slips, by message. One whose judging fails has none, and is put off."""
    facts, slips = gate.load(messages=messages, now=now), {}
    for message in messages:
        try:
            slips[message.pk] = gate.judge(message=message, facts=facts[message.pk], now=now)
        except Exception as error:
            _put_off(id=message.pk, error=error, now=now)
    return slips


def _take_purposes(*, messages: Sequence[Message], slips: dict[uuid.UUID, Slip], now: datetime) -> set[uuid.UUID]:
    """The messages that may go and hold their purpose. Who loses it to another is judged anew, and `slips` says so."""
    mine: set[uuid.UUID] = set()
    for again in (True, False):
        may = [message for message in messages if message.pk in slips and slips[message.pk].verdict == SEND and message.pk not in mine]
        mine |= dedupe.take_all(claims=[_claim(message=message, now=now) for message in may], now=now)
        lost = [message for message in may if message.pk not in mine]
        if not lost:
            break
        # Whoever had the purpose may have given it back between the two looks; without holding it nothing goes.
        if again:
            slips.update(_judge(messages=lost, now=now))
    return mine


def _claim(*, message: Message, now: datetime) -> dedupe.Claim:
    return dedupe.Claim(
        client_id=message.client_id,
        contact_id=message.contact_id,
        purpose=message.purpose,
        holder=message.pk,
        until=now + purposes.of(key=message.purpose).window,
    )


def _insert(
    *, going: Sequence[Message], no: Sequence[Message], slips: Mapping[uuid.UUID, Slip], ids: Mapping[uuid.UUID, uuid.UUID]
) -> list[Try]:
    """One try each of those that go, and the slips of these and of those that do not, by `ids`. Where the guard says that another worker has
    a try, there is none."""
    if not going and not no:
        return []
    numbers = {message.pk: message.last_try["n"] + 1 if message.last_try else 1 for message in going}  # type: ignore[attr-defined]
    given = [
        {
            "message": str(message.pk),
            "n": numbers.get(message.pk),
            "slip": str(ids[message.pk]),
            "found": slips[message.pk].as_json(),
        }
        for message in (*going, *no)
    ]
    with database.cursor() as cursor:
        cursor.execute(_INSERT, {"judged": json.dumps(given), "owner": owner_name(), "seconds": ATTEMPT_SECONDS})
        made = dict(cursor.fetchall())
    return [Try(attempt_id=made[message.pk], message=message, slip=slips[message.pk]) for message in going if message.pk in made]


def _going(*, one: Try, slip_id: uuid.UUID) -> dict[str, Any]:
    return {
        "pk": one.message.pk,
        "newest_slip_id": slip_id,
        "status": Message.Status.QUEUED,
        "reason": "",
        "says": "Sending.",
        "hold_until": None,
        "due_at": one.message.due_at,
    }


def _put_off(*, id: uuid.UUID, error: Exception, now: datetime) -> None:
    log.error("message %s could not be judged and is put off: %s", id, type(error).__name__)
    Message.objects.filter(pk=id, status__in=Message.PENDING).update(due_at=now + AGAIN_AFTER_ERROR)
