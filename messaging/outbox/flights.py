"""Calls in flight: hundreds of them wait in one process, each ends on its own, and what came of them is settled in sets.

A call is waiting, so it has a thread of its own here, and that thread touches no database. Whoever reserves marks no more tries as calling
than can leave at once (`room`): what waited in a line behind that mark would be unknown for nothing if this process died.
"""

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from messaging.outbox import dispatch
from messaging.outbox.reserve import Try
from providers.contract import SendResult

MOST = 256


class Flights:
    """The calls of this process that are under way. Used by one thread; `on_landing` is called from others."""

    def __init__(self, *, on_landing: Callable[[], None], most: int = MOST) -> None:
        self._on_landing = on_landing
        self._most = most
        self._pool = self._new_pool()
        self._landed: queue.SimpleQueue[tuple[int, SendResult]] = queue.SimpleQueue()
        self._under_way = 0
        self._lock = threading.Lock()

    def rest(self) -> None:
        """Nothing is under way: the threads of a crowd end, and the next call gets a new one."""
        self._pool.shutdown(wait=False)
        self._pool = self._new_pool()

    def _new_pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max_workers=self._most, thread_name_prefix="call")

    @property
    def under_way(self) -> int:
        """How many calls have not come back."""
        with self._lock:
            return self._under_way

    @property
    def room(self) -> int:
        """How many more calls can leave now."""
        return self._most - self.under_way

    def take_off(self, *, tries: Sequence[Try]) -> None:
        """Make these calls, each once. What is only shown on our own pages is done at once: it needs the database and no network."""
        for one in tries:
            with self._lock:
                self._under_way += 1
            if dispatch.stays_here(message=one.message):
                self._fly(one)
            else:
                self._pool.submit(self._fly, one)

    def _fly(self, one: Try) -> None:
        try:
            self._landed.put((one.attempt_id, dispatch.call(row=one.message, slip=one.slip)))
        finally:
            with self._lock:
                self._under_way -= 1
            self._on_landing()

    @property
    def waiting(self) -> int:
        """How many calls have landed and were not asked for yet."""
        return self._landed.qsize()

    def landed(self, *, most: int) -> dict[int, SendResult]:
        """What providers have said since the last look, by attempt."""
        found: dict[int, SendResult] = {}
        while len(found) < most and not self._landed.empty():
            attempt_id, result = self._landed.get()
            found[attempt_id] = result
        return found

    def put_back(self, *, results: Mapping[int, SendResult]) -> None:
        """They could not be written down: a late answer is still the truth, so it is kept for the next look."""
        for attempt_id, result in results.items():
            self._landed.put((attempt_id, result))
