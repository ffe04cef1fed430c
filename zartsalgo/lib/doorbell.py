"""The doorbell: after a commit, tell a worker that there is something to do.

A ring is published from a background thread, so no request and no transaction ever waits for the broker. Equal rings that wait
together become one; after a failure the bell is silent for a few seconds. A lost ring costs a ticker period, nothing else.
"""

import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from celery import current_app
from django.db import transaction

log = logging.getLogger(__name__)
SILENT_SECONDS = 3.0
# Rings for "whatever is due" that come closer than this are one: under load a ring would cost more than the insert it tells of. The first
# goes at once, and while they keep coming the span grows to the longer one, which is what the work of a set takes anyway.
GATHER_SECONDS, GATHER_MOST_SECONDS = 0.005, 0.04
MOST_WAITING = 5_000


class _Bell:
    def __init__(self) -> None:
        self._pid = 0
        self._waiting: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._something = threading.Condition()
        self._silent_until = 0.0

    def ring(self, *, task: str, id: str) -> None:
        with self._something:
            # A prefork child inherits the object but not the thread.
            if self._pid != os.getpid():
                self._pid = os.getpid()
                threading.Thread(target=self._publish_for_ever, name="doorbell", daemon=True).start()
            if time.monotonic() < self._silent_until or len(self._waiting) >= MOST_WAITING:
                return
            self._waiting[(task, id)] = None
            self._something.notify()

    def _publish_for_ever(self) -> None:
        span = GATHER_SECONDS
        while True:
            with self._something:
                if not self._waiting:
                    span = GATHER_SECONDS
                while not self._waiting:
                    self._something.wait()
                (task, id), _ = self._waiting.popitem(last=False)
            try:
                current_app.send_task(task, args=[id] if id else [], ignore_result=True)
                if not id:
                    time.sleep(span)
                    span = min(span * 2, GATHER_MOST_SECONDS)
            except Exception as error:  # the broker may fail in any way; the ticker finds what this ring would have told
                log.warning("doorbell silent for %s s: %s", SILENT_SECONDS, type(error).__name__)
                with self._something:
                    self._silent_until = time.monotonic() + SILENT_SECONDS
                    self._waiting.clear()


_bell = _Bell()
_here = threading.local()


@contextmanager
def answered_here() -> Iterator[list[tuple[str, str]]]:
    """Inside, this thread's rings reach no worker: they are gathered as (task, id), at once, and whoever opened it does the work itself.

    For work in one transaction that nobody else can see yet.
    """
    outer: list[tuple[str, str]] | None = getattr(_here, "heard", None)
    heard: list[tuple[str, str]] = []
    _here.heard = heard
    try:
        yield heard
    finally:
        _here.heard = outer


@contextmanager
def taken_by(take: Callable[..., bool]) -> Iterator[None]:
    """Inside, this thread offers its rings to `take(task=, id=)` when they are due, after the commit; what that does not take reaches the
    broker as ever. For the thread that would be rung."""
    outer = getattr(_here, "take", None)
    _here.take = take
    try:
        yield
    finally:
        _here.take = outer


def is_answered_here() -> bool:
    """Whether this thread answers its own rings just now: it holds a transaction, so nobody may be called over the network."""
    return getattr(_here, "heard", None) is not None


def _heard_here(task: str, id: str) -> bool:
    heard: list[tuple[str, str]] | None = getattr(_here, "heard", None)
    if heard is None:
        return False
    if (task, id) not in heard:
        heard.append((task, id))
    return True


def ring(*, task: str, id: str = "") -> None:
    """Ring now. `id` is the only thing a task carries; "" rings for "whatever is due"."""
    if not _heard_here(task, id):
        _ring(task, id)


def _ring(task: str, id: str) -> None:
    take = getattr(_here, "take", None)
    if take is None or not take(task=task, id=id):
        _bell.ring(task=task, id=id)


def ring_after_commit(*, task: str, id: str = "") -> None:
    """Ring when the surrounding transaction has committed (at once where there is none)."""
    if _heard_here(task, id):
        return

    transaction.on_commit(lambda: _ring(task, id))
