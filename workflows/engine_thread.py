"""The engine of one process: one thread that does all work on rows, in sets, as long as there is any.

Work on rows is processor time, so more threads of it only wait for each other; more processes or machines make more of it. Rings come in from
the broker (`hand`) and from the engine's own commits, which reach no broker: they name a run or a text, or say that deliveries wait. Nothing
here is remembered: what a dead process knew is due in the rows, and the ticker finds it.

Calls are waiting, not work: they are made beside it (messaging.outbox.flights), and what came of them is settled here in sets.
"""

import gc
import logging
import os
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from messaging.outbox import calling, outcomes, reserve
from messaging.outbox.dispatch import CALL_SECONDS
from messaging.outbox.flights import Flights
from messaging.planning import SEND_TASK, SETTLED_TASK
from providers.contract import SendResult
from providers.deliveries import DRAIN_TASK
from workflows import due, engine, intake
from workflows.intake import ADVANCE_TASK
from zartsalgo.lib import clock, doorbell, memory, progress
from zartsalgo.lib.database import drop_broken_connection, plan_by_index

log = logging.getLogger(__name__)

# Above this nothing is gained: the work is linear in rows then. Below the other a set is not worth its statements while there is other work.
AT_ONCE, WORTHWHILE = 50, 25
GATHER_SECONDS = 0.02
# After so long without work memory is given back, and the connection is tried before it is used.
IDLE_SECONDS = 10.0
# After the database was away: the ticker rings again for whatever is due.
REST_SECONDS = 1.0
TASKS = (DRAIN_TASK, ADVANCE_TASK, SEND_TASK, SETTLED_TASK)


class EngineThread:
    """Use `hand`, which keeps one of these a process."""

    def __init__(self) -> None:
        self._something = threading.Condition()
        self._waiting: dict[str, OrderedDict[str, None]] = {task: OrderedDict() for task in TASKS}
        self._over = False
        self._patience = 0.0
        self._turns = 0
        self.flights = Flights(on_landing=self._note_landing)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work_for_ever, name="engine", daemon=True)
        self._thread.start()

    def stop(self, *, patience: float = 0.0) -> None:
        """Finish the set at hand and end; what waits is due in the rows. Calls that are under way get `patience` seconds to come back, and
        those that did are settled: what is left then is unknown, as after a death."""
        with self._something:
            self._over, self._patience = True, patience
            self._something.notify()
        self._thread.join()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def add(self, *, task: str, id: str) -> bool:
        """Take up a ring; False for one that is no business of the engine."""
        if task not in self._waiting:
            return False
        with self._something:
            self._waiting[task][id] = None
            self._something.notify()
        return True

    def _note_landing(self) -> None:
        with self._something:
            self._something.notify()

    def _take(self, task: str, most: int) -> list[str]:
        with self._something:
            waiting = self._waiting[task]
            return [waiting.popitem(last=False)[0] for _ in range(min(most, len(waiting)))]

    def _put_back(self, task: str, ids: Sequence[str]) -> None:
        with self._something:
            for id in reversed(ids):
                self._waiting[task][id] = None
                self._waiting[task].move_to_end(id, last=False)

    def _work_for_ever(self) -> None:
        plan_by_index()
        worked, idle_since = False, time.monotonic()
        while not self._over:
            if not self._wait_for_work(seconds=IDLE_SECONDS if worked else None):
                self._rest()
                worked = False
                continue
            try:
                with progress.working(), doorbell.taken_by(self.add):
                    if time.monotonic() - idle_since > IDLE_SECONDS:
                        close_old_connections()
                    while not self._over and self.turn():
                        progress.move()
            except (DatabaseError, InterfaceError) as error:
                log.warning("the engine rests: the database is in trouble (%s)", type(error).__name__)
                drop_broken_connection()
                threading.Event().wait(REST_SECONDS)
            except Exception:
                log.exception("a turn of the engine broke")
            worked, idle_since = True, time.monotonic()
        try:
            self._bring_home()
        finally:
            connection.close()

    def _wait_for_work(self, *, seconds: float | None) -> bool:
        """Until there is some, or the engine is to end; False after so long without."""
        with self._something:
            return self._something.wait_for(lambda: self._over or not self._is_idle(), timeout=seconds)

    def _rest(self) -> None:
        """Give back what a crowd took; rings come in meanwhile."""
        if not self.flights.under_way:
            self.flights.rest()
        memory.give_back()

    def _bring_home(self) -> None:
        with self._something:
            self._something.wait_for(lambda: self.flights.under_way == 0, timeout=self._patience)
        while landed := self.flights.landed(most=AT_ONCE):
            outcomes.settle_all(results=landed, now=clock.read())

    def _is_idle(self) -> bool:
        """Nothing to do now: texts that have no room wait for a call to land, which tells."""
        return not (self.flights.waiting or any(ids for task, ids in self._waiting.items() if task != SEND_TASK or self.flights.room))

    def turn(self) -> bool:
        """Do one set of each kind of work, what somebody waits for first; False when there was none.

        Under load calls land one by one all the time, so their ends gather to sets for a moment; alone each is seen to at once.
        """
        with self._something:
            if len(self._waiting[SEND_TASK]) >= WORTHWHILE and not self._waiting[DRAIN_TASK]:
                self._something.wait_for(lambda: min(self.flights.waiting, self.flights.room) >= WORTHWHILE, timeout=GATHER_SECONDS)
            if self._is_idle():
                return False
        self._turns += 1
        if self._take(DRAIN_TASK, 1):
            departures, moment = self._departures(), clock.read_moment()
            if intake.drain_once(now=moment.now, moved=moment.moved, limit=AT_ONCE, departures=departures).more:
                self.add(task=DRAIN_TASK, id="")
        # While deliveries wait sets are filled first, but not for long: an answer that nobody writes down becomes an unknown one.
        least = WORTHWHILE if self._waiting[DRAIN_TASK] and self._turns % 3 else 1
        room = min(self.flights.room, AT_ONCE)
        # The clock is read behind each taking: what came in during this turn is due by then.
        if texts := self._take(SEND_TASK, room) if room >= least else []:
            self._send(ids=texts, now=clock.read())
        if landed := self.flights.landed(most=AT_ONCE) if self.flights.waiting >= least else {}:
            self._settle(results=landed, now=clock.read())
        if settled := self._take(SETTLED_TASK, AT_ONCE) if len(self._waiting[SETTLED_TASK]) >= least else []:
            due.messages_settled(message_ids=[uuid.UUID(id) for id in settled], now=clock.read())
        if runs := self._take(ADVANCE_TASK, AT_ONCE):
            departures = self._departures()
            engine.advance_all(run_ids=[uuid.UUID(id) for id in runs], now=clock.read(), departures=departures)
        return True

    def _departures(self) -> reserve.Departures:
        """So many texts can leave now: none inside somebody's transaction, and those that wait for a place already are first."""
        if doorbell.is_answered_here():
            return reserve.Departures(room=0)
        return reserve.Departures(room=self.flights.room - len(self._waiting[SEND_TASK]), leave=self._leave)

    def _settle(self, *, results: Mapping[int, SendResult], now: datetime) -> None:
        departures = self._departures()
        try:
            due.settle(results=results, now=now, departures=departures)
        except (DatabaseError, InterfaceError):
            self.flights.put_back(results=results)
            raise

    def _send(self, *, ids: Sequence[str], now: datetime) -> None:
        try:
            batch = reserve.reserve(message_ids=[uuid.UUID(id) for id in ids], now=now)
        except (DatabaseError, InterfaceError):
            self._put_back(SEND_TASK, ids)
            raise
        self._put_back(SEND_TASK, [str(id) for id in batch.later])
        self._leave(batch.tries)

    def _leave(self, tries: Sequence[reserve.Try]) -> None:
        """Make the calls of tries whose reservation has committed."""
        for chunk in calling.chunks(tries=tries) if tries else ():
            started = calling.start_calling(tries=chunk)
            calling.give_back(tries=[one for one in chunk if one.attempt_id not in started])
            self.flights.take_off(tries=[one for one in chunk if one.attempt_id in started])


def do_here(*, task: str, id: str = "") -> None:
    """Answer a ring in the calling thread, and in its transaction where it has one; what that rings for is the caller's to answer."""
    here = EngineThread()
    here.add(task=task, id=id)
    while here.turn():
        pass


_lock = threading.Lock()
_mine: tuple[int, EngineThread] | None = None


def finish() -> None:
    """Before this process ends: no new work, and the calls that are under way come back."""
    if _mine is not None and _mine[0] == os.getpid():
        _mine[1].stop(patience=CALL_SECONDS + 1)


def hand(*, task: str, id: str = "") -> None:
    """Give a ring that came in to this process's engine. Where the calling thread answers its own rings, for nobody else can see yet what
    they are about (a demo that is being loaded), it is done here."""
    if doorbell.is_answered_here():
        do_here(task=task, id=id)
    else:
        of_this_process().add(task=task, id=id)


def of_this_process() -> EngineThread:
    """The engine of this process, started when it is first asked for. A forked child has one of its own."""
    global _mine
    with _lock:
        if _mine is None or _mine[0] != os.getpid() or not _mine[1].is_alive():
            # What was imported and warmed up stays for good, and a set of fifty makes many objects that end by themselves.
            gc.freeze()
            gc.set_threshold(50_000, 20, 50)
            thread = EngineThread()
            thread.start()
            _mine = (os.getpid(), thread)
        return _mine[1]
