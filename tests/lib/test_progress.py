"""Whether this process gets on: each piece of work has to end or to move, and waiting for the database is nobody's fault."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest
from django.db import connection

from zartsalgo.embedded.process import wait_until
from zartsalgo.embedded.state import ROOT
from zartsalgo.lib import progress


@pytest.fixture(autouse=True)
def seconds(monkeypatch):
    """The monotonic clock, in a list; nothing is under way."""
    now = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(progress, "_works", {})
    monkeypatch.setattr(progress, "_loops", {})
    return now


def test_idle_is_well_and_work_has_to_move(seconds):
    assert progress.silent_seconds() == 0
    with progress.working():
        seconds[0] += 30
        assert progress.silent_seconds() == 30
        progress.move()
        seconds[0] += 5
        assert progress.silent_seconds() == 5
    assert progress.silent_seconds() == 0


def test_the_slowest_of_the_threads_counts(seconds):
    inside, over = threading.Event(), threading.Event()

    def _stuck():
        with progress.working():
            inside.set()
            over.wait(20)

    thread = threading.Thread(target=_stuck)
    thread.start()
    assert inside.wait(20)
    seconds[0] += 40
    with progress.working():
        progress.move()
        assert progress.silent_seconds() == 40, "that others move does not help the one that is stuck"
    over.set()
    thread.join()
    assert progress.silent_seconds() == 0


def test_work_inside_of_work_moves_both(seconds):
    with progress.working():
        seconds[0] += 20
        with progress.working():
            seconds[0] += 10
            assert progress.silent_seconds() == 10
        assert progress.silent_seconds() == 0


@pytest.mark.django_db
def test_waiting_for_the_database_does_not_count_and_a_statement_is_a_move(seconds):
    progress._on_connection(connection=connection)
    progress._on_connection(connection=connection)
    assert connection.execute_wrappers.count(progress._statement) == 1
    seen = []

    def _slow(execute, *args):
        seconds[0] += 500
        seen.append(progress.silent_seconds())
        return execute(*args)

    try:
        with progress.working(), connection.execute_wrapper(_slow), connection.cursor() as cursor:
            cursor.execute("select 1")
            # Whichever of the two wrappers is inside, the wait is excused while the statement runs, and is over after it.
            assert progress.silent_seconds() == 0
            seconds[0] += 7
            assert progress.silent_seconds() == 7
    finally:
        connection.execute_wrappers.remove(progress._statement)
    assert len(seen) == 1


def test_an_event_loop_has_to_come_round(seconds, monkeypatch):
    monkeypatch.setattr(progress, "_started_in", os.getpid())

    async def _look():
        progress.follow(asyncio.get_running_loop())
        seconds[0] += 3
        progress.silent_seconds()
        await asyncio.sleep(0)
        assert progress.silent_seconds() == 0
        seconds[0] += 50
        assert progress.silent_seconds() == 50, "it was asked and has not answered"

    asyncio.run(_look())
    progress.silent_seconds()
    assert progress.silent_seconds() == 0 and not progress._loops, "a loop that is closed is nobody's any more"


def test_every_task_of_celery_is_work():
    from zartsalgo.celery import app

    seen = []

    @app.task(name="tests.look", shared=False)
    def look():
        seen.append(len(progress._works))
        raise ValueError

    look.apply()
    assert seen == [1] and not progress._works


def test_the_workers_consumer_has_to_come_round_while_it_is_connected(seconds):
    from zartsalgo.celery import ConsumerMoves

    repeated = []
    consumer = SimpleNamespace(hub=SimpleNamespace(call_repeatedly=lambda every, do: repeated.append(do)))
    step = ConsumerMoves(consumer)
    step.start(consumer)
    seconds[0] += 20
    assert progress.silent_seconds() == 20
    repeated[0]()
    assert progress.silent_seconds() == 0
    step.stop(consumer)
    seconds[0] += 900
    assert progress.silent_seconds() == 0, "a broker that is away is nobody's hang"


WELL = "import time; time.sleep(600)"
SPINS = "progress.begin()\nwhile True: pass"
HOLDS = "import re, time; time.sleep(2); re.fullmatch('(a*)*b', 'a' * 60)"


@pytest.mark.parametrize(("deed", "gets_on"), [(WELL, True), (SPINS, False), (HOLDS, False)])
def test_the_file_says_it_from_outside(tmp_path, monkeypatch, deed, gets_on):
    monkeypatch.undo()
    program = f"from zartsalgo.lib import progress\nprogress.PULSE_SECONDS = .05\nprogress.start(name='thing')\n{deed}\n"
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env={**os.environ, "ZARTS_ALIVE": str(tmp_path)}) as child:
        file = tmp_path / f"thing.{child.pid}"
        try:
            assert wait_until(file.exists, seconds=30)
            made = file.stat().st_atime_ns
            assert wait_until(lambda: file.stat().st_atime_ns != made, seconds=30), "its times are the machine's until they are set once"
            moved = file.stat().st_mtime_ns
            later = wait_until(lambda: file.stat().st_mtime_ns > moved + 2 * 10**9, seconds=30 if gets_on else 4)
        finally:
            child.kill()
    assert later is gets_on
    assert file.stat().st_size == 0, "a full disk must not make it look dead"


def test_without_a_watchdog_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.delenv("ZARTS_ALIVE", raising=False)
    before = threading.active_count()
    progress.start(name="thing")
    assert threading.active_count() == before
    time.sleep(0)
    assert list(tmp_path.iterdir()) == []
