"""Draining: waiting deliveries are claimed, read outside any transaction, and taken in together; what breaks concerns itself alone."""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from leads.events import CALLS, kind_of
from leads.models import Client
from messaging.outbox.reserve import Departures
from providers import adapters, deliveries
from providers.contract import Unreadable
from providers.models import Connection, Delivery
from workflows import alone, claiming, engine
from workflows.intake import batch as batches
from workflows.intake.batch import Parsed, Understood
from workflows.intake.blame import Blame
from zartsalgo.lib import rows
from zartsalgo.lib.database import drop_broken_connection, is_trouble
from zartsalgo.lib.sealed import CannotOpen

log = logging.getLogger(__name__)

LEASE_SECONDS = 20
# From this claim on a delivery is read in a process of its own: two readers did not come back from it.
ALONE_FROM = 3
BATCH = 50
_PARTS = (rows.Of(Delivery, "d"), rows.Of(Connection, "c"), rows.Of(Client, "k"))
_DELIVERIES = f"""select {", ".join(map(str, _PARTS))} from providers_delivery d
  join providers_connection c on c.id = d.connection_id join leads_client k on k.id = c.client_id
 where d.id = any(%s) order by d.received_at, d.id"""


def drain(*, now: datetime, limit: int = BATCH) -> int:
    """Work off waiting deliveries until none is due; returns how many. Runs that start are advanced here, without another ring."""
    worked, more = 0, True
    while more:
        done = drain_once(now=now, limit=limit)
        worked, more = worked + done.count, done.count > 0
    return worked


@dataclass(frozen=True, kw_only=True)
class Drained:
    """How many deliveries a set had, and whether more may be waiting."""

    count: int
    more: bool


def drain_once(*, now: datetime, moved: timedelta | None = None, limit: int = BATCH, departures: Departures | None = None) -> Drained:
    """Work off one set of waiting deliveries, and the runs that they start. `departures` gets the texts that leave now; without it a worker is
    rung for each. `moved` as for `batch.take_in`."""
    claimed = claiming.claim(now=now, limit=limit, lease_seconds=LEASE_SECONDS)
    if not claimed:
        return Drained(count=0, more=False)
    first = claimed[0]
    if first.parked:
        log.error("delivery %s is parked: claimed %d times and never done", first.id, first.claims)
    elif first.claims >= ALONE_FROM:
        alone.take_in(delivery_id=first.id, now=now)
    else:
        # What a suspect starts, and what broke with its delivery, is played by a claim of its own, which is counted for the run and no more for
        # the delivery. Its texts are judged by themselves, so that one that cannot be judged keeps nobody from being told.
        work = _Work(now=now, moved=moved, left=[row.id for row in claimed], departures=departures or Departures(room=0))
        _take_in_claimed(work=work, plays=first.claims == 1)
        engine.advance_all(run_ids=work.started, now=now)
    # A suspect came alone; nobody has looked who waits beside it.
    return Drained(count=len(claimed), more=len(claimed) == limit or first.claims > 1 or first.parked)


def take_in_one(*, delivery_id: uuid.UUID, now: datetime) -> None:
    """Read and take in one claimed delivery, for a process of its own; what it starts is found by the ticker."""
    if Delivery.objects.filter(pk=delivery_id, state=Delivery.State.RECEIVED).exists():
        _take_in_claimed(work=_Work(now=now, left=[delivery_id]), plays=False)


@dataclass(kw_only=True)
class _Work:
    """What has become of a claimed batch so far: what is left to do, and the runs that started and were not played with it."""

    now: datetime
    left: list[uuid.UUID]
    moved: timedelta | None = None
    departures: Departures = field(default_factory=lambda: Departures(room=0))
    started: list[uuid.UUID] = field(default_factory=list)

    def end(self, batch: Sequence[Understood]) -> None:
        for delivery, _ in batch:
            self.left.remove(delivery.pk)


def _take_in_claimed(*, work: _Work, plays: bool) -> None:
    """Read them all, then take them in, inbound messages first, and where it `plays` their runs with them. What the database's trouble left is
    given back."""
    try:
        batch = [(delivery, read(delivery=delivery)) for delivery in _look_up(ids=work.left)]
        _take_in_safely(batch=_in_order(batch), work=work, plays=plays)
    except Exception as error:
        if not is_trouble(error):
            raise
        log.warning("%d deliveries wait: the database is in trouble (%s)", len(work.left), type(error).__name__)
        claiming.give_back(ids=work.left)


def _look_up(*, ids: Sequence[uuid.UUID]) -> list[Delivery]:
    """These deliveries, the oldest first, with connection and client."""
    found = []
    for delivery, line, client in rows.read(_DELIVERIES, [list(ids)], *_PARTS):
        rows.related(line, client=client)
        rows.related(delivery, connection=line)
        found.append(delivery)
    return found


def _in_order(batch: Sequence[Understood]) -> list[Understood]:
    """As they came, but a message overtakes the calls before it, so that an opt-out is never behind the call that came with it. It overtakes
    nothing else: a form ties a number and an address to one person, and a stop that came after it counts for both."""
    ordered: list[Understood] = []
    behind = 0  # whatever is no call
    for one in batch:
        types = [event.type for event in one[1]] if isinstance(one[1], list) else []
        if any(kind_of(type=type).first for type in types):
            ordered.insert(behind, one)
            behind += 1
        else:
            ordered.append(one)
            behind = behind if types and {*types} <= {*CALLS} else len(ordered)
    return ordered


def read(*, delivery: Delivery) -> Parsed:
    """What the delivery says; a string is the sentence of why it cannot be read."""
    try:
        adapter = adapters.load(delivery.connection.provider)
        request = deliveries.as_incoming(delivery=delivery, connection=delivery.connection, public_url=settings.PUBLIC_URL)
        return adapter.parse(request=request)
    except Unreadable as error:
        return str(error)
    except (CannotOpen, ValueError, LookupError) as error:
        return f"Cannot be read: {error}."
    except Exception as error:  # an adapter must never raise anything else; if it does, the payload is kept for a person
        log.exception("adapter of delivery %s broke", delivery.pk)
        return f"The reader for {delivery.connection.provider} broke ({type(error).__name__}); the payload is kept."


def _take_in_safely(*, batch: Sequence[Understood], work: _Work, plays: bool) -> None:
    """One transaction for all. What breaks it concerns the culprit alone, which stays for its next claim; the others are taken in.

    The culprit is known where reading or deciding its item raised; where a statement or the commit failed, the batch is halved until it
    stands alone, and then it is taken in without playing what it starts. After trouble of the database one goes after the other, and the first that meets it again ends this: raises only that.
    """
    if not batch:
        return
    blame = Blame()
    try:
        with transaction.atomic():
            started = batches.take_in(batch=batch, now=work.now, moved=work.moved, blame=blame)
            played = engine.play_new(runs=started, now=work.now, room=work.departures.room) if plays else None
    except Exception as error:  # the neighbours must not suffer; the fifth claim parks it and a person looks
        trouble = is_trouble(error)
        if len(batch) == 1 and trouble:
            raise
        if len(batch) == 1 and plays and blame.delivery_id is None:
            _take_in_safely(batch=batch, work=work, plays=False)
            return
        if trouble:
            drop_broken_connection()
            parts = [[one] for one in batch]
        else:
            guilty = blame.delivery_id if len(batch) > 1 else batch[0][0].pk
            if guilty is not None:
                _note_failure(delivery_id=guilty, error=error)
                work.left.remove(guilty)
                parts = [[one for one in batch if one[0].pk != guilty]]
            else:
                half = len(batch) // 2
                parts = [list(batch[:half]), list(batch[half:])]
        for part in parts:
            _take_in_safely(batch=part, work=work, plays=plays)
        return
    work.end(batch)
    if played is not None:
        work.departures.take(tries=played.tries)
        engine.note_ends(playing=played.playing, now=work.now)
    else:
        work.started += [run.pk for run in started]


def _note_failure(*, delivery_id: uuid.UUID, error: Exception) -> None:
    log.error("delivery %s could not be taken in", delivery_id, exc_info=error)
    note = f"Could not be processed ({type(error).__name__})."
    Delivery.objects.filter(pk=delivery_id, state=Delivery.State.RECEIVED).update(note=note)
