"""Whether this process gets on, for a watchdog outside it (zartsalgo.embedded.watch): one empty file, touched each second.

A thread that runs proves nothing about the threads that work. So each piece of work is announced (`working`) and has to move: a statement, a
call, a round of its loop. The file's access time says when we last looked, its modification time until when everything in here moved; a
process that is stopped, or whose threads cannot run, touches it no more. Waiting for the database is not counted, however long: a
database that is away or frozen must not make the watchdog end processes that are well. Nothing here needs the database, the broker or
room on the disk. Without ZARTS_ALIVE (nobody watches) nothing happens.
"""

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

FOLDER = "ZARTS_ALIVE"  # in the environment
PULSE_SECONDS = 1.0


class _Work:
    """One thing that has to end or to move. `waits`: inside a statement."""

    __slots__ = ("moved", "waits")

    def __init__(self) -> None:
        self.moved = time.monotonic()
        self.waits = 0


# By thread. Written without a lock, for every change is one step of the interpreter, and a lock might be held where a process forks.
_works: dict[int, _Work] = {}
_loops: dict[asyncio.AbstractEventLoop, _Work] = {}
_started_in = 0  # the pid


def start(*, name: str) -> None:
    """From now on the file `<name>.<pid>` says how this process gets on. Once a process; a forked child starts anew."""
    global _started_in
    folder = os.environ.get(FOLDER)
    if not folder or _started_in == os.getpid():
        return
    _started_in = os.getpid()
    _works.clear()
    _loops.clear()
    # Imported here: this module is loaded with Celery's app, before any settings, and by processes that need no database.
    from django.db import connections
    from django.db.backends.signals import connection_created

    connection_created.connect(_on_connection)
    for known in connections.all(initialized_only=True):
        _on_connection(connection=known)
    path = Path(folder) / f"{name}.{os.getpid()}"
    threading.Thread(target=_pulse, args=(path,), name="progress", daemon=True).start()


@contextlib.contextmanager
def working() -> Iterator[None]:
    """What the calling thread does inside has to move at least once a minute until it is over."""
    key = threading.get_ident()
    outer = _works.get(key)
    _works[key] = _Work()
    try:
        yield
    finally:
        if outer is None:
            _works.pop(key, None)
        else:
            outer.moved = time.monotonic()
            _works[key] = outer


def begin() -> None:
    """`working` for a loop that cannot be put into a block; ends with `end` of the same thread."""
    _works[threading.get_ident()] = _Work()


def end() -> None:
    _works.pop(threading.get_ident(), None)


def move() -> None:
    """The work of the calling thread has got on."""
    work = _works.get(threading.get_ident())
    if work is not None:
        work.moved = time.monotonic()


def follow(loop: asyncio.AbstractEventLoop) -> None:
    """An event loop that has to come round as well; the calling thread is its own."""
    if _started_in == os.getpid() and loop not in _loops:
        _loops[loop] = _Work()


def silent_seconds() -> float:
    """How long the slowest work of this process has not moved."""
    for loop, work in list(_loops.items()):
        try:
            loop.call_soon_threadsafe(setattr, work, "moved", time.monotonic())
        except RuntimeError:  # it is closed
            _loops.pop(loop, None)
    now = time.monotonic()
    silent = [now - work.moved for work in [*_works.values(), *_loops.values()] if not work.waits]
    return max(0.0, *silent) if silent else 0.0


def _pulse(path: Path) -> None:
    while True:
        looked = time.time_ns()
        times = (looked, looked - int(silent_seconds() * 1e9))
        with contextlib.suppress(OSError):
            try:
                os.utime(path, ns=times)
            except FileNotFoundError:
                path.touch(mode=0o600)
                os.utime(path, ns=times)
        time.sleep(PULSE_SECONDS)


def _on_connection(*, connection: Any, **_: object) -> None:
    if _statement not in connection.execute_wrappers:
        connection.execute_wrappers.append(_statement)


def _statement(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    """Around every statement: the thread waits for somebody else, and has moved when it is through."""
    work = _works.get(threading.get_ident())
    if work is None:
        return execute(sql, params, many, context)
    work.waits += 1
    try:
        return execute(sql, params, many, context)
    finally:
        work.waits -= 1
        work.moved = time.monotonic()
