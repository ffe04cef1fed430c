"""Arms about what would take a process with it: a delivery that kills its reader, a process that hangs, a database that is full."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.chaos.arms import CALLER, OTHER, SETTLE, arm, count_texts, when, without
from tests.chaos.running import THREADS, Child, Rig, read_rows
from tests.stack.running import Business, http, wait_until

HUNG_SECONDS = 8.0  # instead of a minute
REPLACED_WITHIN = 38.0  # 8 and the 30 that 90 leave beside 60
FULL_SECONDS = {True: 30.0, False: 8.0}


@arm("F37 parking")
def parking(rig: Rig, business: Business, guarded: bool) -> int:
    """A webhook that kills whoever reads it is parked by the fifth claim, somebody is alerted, and the neighbours are answered."""
    from providers.models import Delivery
    from zartsalgo.office.models import Alert

    chaos = {"reader": CALLER, "lease": 2, **without(guarded, "parking")}
    crew = [rig.run(name, role=name, **chaos) for name in ("worker", "ticker")]
    business.miss_call(caller=CALLER, id="deadly")
    deadly = Delivery.objects.get(connection__client__slug=business.slug)
    business.miss_call(caller=OTHER, id="beside it")
    ends = time.monotonic() + SETTLE
    while time.monotonic() < ends and deadly.state == "received" and deadly.claims < 8:
        _start_again(crew)
        time.sleep(0.5)
        read_rows(deadly.refresh_from_db)
    if deadly.state != "poison":
        return 1
    _start_again(crew)
    business.miss_call(caller="+13035550133", id="after it")
    for number in (OTHER, "+13035550133"):
        wait_until(lambda number=number: count_texts(rig, business, number) == 1, seconds=SETTLE, what=f"the text to {number}")
    mine = Alert.objects.filter(kind="set-aside", resolved_at=None, url__contains=str(deadly.pk))
    when(mine.exists, what="the alert", seconds=60)
    return int(deadly.claims != 5) + count_texts(rig, business, CALLER)


def _start_again(crew: list[Child]) -> None:
    """As the supervisor does."""
    for child in crew:
        if not child.alive():
            child.start()


@arm("F38 stopped")
def stopped(rig: Rig, business: Business, guarded: bool) -> int:
    """A worker that is stopped behind the provider's answer is ended and replaced, somebody is alerted, and nobody is texted twice."""
    return _hang(rig, business, guarded, how="stop", point="called")


@arm("F38 spinning")
def spinning(rig: Rig, business: Business, guarded: bool) -> int:
    """A worker that spins and lets no thread of its own in: the same."""
    return _hang(rig, business, guarded, how="spin", point="played, not committed")


def _hang(rig: Rig, business: Business, guarded: bool, *, how: str, point: str) -> int:
    from zartsalgo.models import Hang

    note, alive = rig.note("hang"), Path(tempfile.mkdtemp(prefix="alive-", dir=rig.system.data))
    child = _run_watched(rig, guarded=guarded, hang={"how": how, "point": point, "note": str(note)}, alive=str(alive))
    try:
        business.miss_call(caller=CALLER, id="hangs")
        wait_until(note.exists, seconds=SETTLE, what="the hang")
        hung, began = int(note.read_text()), time.monotonic()
        ended = Hang.objects.filter(pid=hung)
        if not guarded:
            time.sleep(HUNG_SECONDS + 10)
            return int(_exists(hung))
        wait_until(lambda: not _exists(hung) and any(alive.glob("worker.*")), seconds=SETTLE, what="the next worker")
        late = time.monotonic() - began > REPLACED_WITHIN
        rig.run("ticker", role="ticker")
        when(ended.exists, what="the note of it", seconds=60)
        when(lambda: _alerts("hung:worker"), what="the alert", seconds=60)
        wait_until(lambda: count_texts(rig, business) >= 1, seconds=SETTLE, what="the text")
        time.sleep(8)  # in which a second one could go
        return int(late) + count_texts(rig, business) - 1
    finally:
        child.end()


def _run_watched(rig: Rig, *, guarded: bool, hang: dict[str, str], alive: str) -> Child:
    """A worker of ours under the command that containers use; without the guard the worker alone."""
    worker = [sys.executable, "-P", "-m", "tests.chaos.crew", "worker", *THREADS, "-n", "watched@chaos"]
    command = [sys.executable, "manage.py", "watched", "worker", "--grace", "3", "--", *worker] if guarded else worker
    env = rig.environment(hang=hang) | {"ZARTS_HUNG_SECONDS": str(HUNG_SECONDS), "ZARTS_ALIVE": alive}
    rig.children["watched"] = Child(command, env=env, log=rig.log("watched")).start()
    return rig.children["watched"]


def _alerts(cause: str) -> bool:
    from zartsalgo.office.models import Alert

    return Alert.objects.filter(cause=cause, resolved_at=None).exists()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@arm("F39 no connection")
def no_connection(rig: Rig, business: Business, guarded: bool) -> int:
    """Somebody holds every connection of the database: what is not stored is not said to be, so it comes again, and nothing is lost."""
    calls = [business.call(caller=f"+1303555016{number}", id=f"full{number}") for number in range(5)]
    door = rig.run_web(**without(guarded, "honest refusal"))
    url = door + business.callrail.removeprefix(rig.system.url)
    waiting = dict(enumerate(calls))
    with _no_free_connection(rig):
        for name in ("worker", "ticker"):
            rig.run(name, role=name)
        ends = time.monotonic() + FULL_SECONDS[guarded]
        while time.monotonic() < ends:
            _post(url, waiting)
            time.sleep(1)
    ends = time.monotonic() + 30
    while waiting and time.monotonic() < ends:
        _post(url, waiting)
        time.sleep(0.5)

    def _missing() -> int:
        return sum(count_texts(rig, business, f"+1303555016{n}") != 1 for n in range(5))

    with contextlib.suppress(TimeoutError):
        wait_until(lambda: not _missing(), seconds=SETTLE if guarded else 20, what="five texts")
    return _missing() + len(waiting)


def _post(url: str, waiting: dict[int, tuple[bytes, dict[str, str]]]) -> None:
    """As providers do: what was answered with 200 is not sent again."""
    for number, (body, headers) in list(waiting.items()):
        with contextlib.suppress(OSError):
            if http("POST", url, body=body, headers=headers, seconds=10)[0] == 200:
                del waiting[number]


@contextlib.contextmanager
def _no_free_connection(rig: Rig) -> Iterator[None]:
    """Every connection that the app's role may have is taken, and taken again when one becomes free."""
    import threading

    import psycopg

    held: list[psycopg.Connection] = []
    over = threading.Event()

    def _take() -> None:
        while not over.is_set():
            try:
                held.append(psycopg.connect(rig.env["DATABASE_URL"], connect_timeout=3))
            except psycopg.OperationalError:
                over.wait(0.2)

    thread = threading.Thread(target=_take, daemon=True)
    thread.start()
    try:
        wait_until(lambda: len(held) > 20 and not _connects(rig), seconds=30, what="a full database")
        yield
    finally:
        over.set()
        thread.join()
        for connection in held:
            connection.close()


def _connects(rig: Rig) -> bool:
    import psycopg

    try:
        psycopg.connect(rig.env["DATABASE_URL"], connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True
