"""Hung is dead: found by what a process's files say, ended however it hangs, started again, and told to whoever writes alerts."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.embedded.test_service import FOREVER
from zartsalgo.embedded import hangs, watch
from zartsalgo.embedded.alive import run_alive
from zartsalgo.embedded.hangs import Reporter
from zartsalgo.embedded.process import kill_group, spawn, wait_until
from zartsalgo.embedded.service import Service
from zartsalgo.embedded.state import ROOT
from zartsalgo.embedded.watch import START_SECONDS, Hung, Watch

PARENT = [
    sys.executable, "-S", "-c",
    "import os, signal\nchild = os.fork()\nif child:\n    print(child, flush=True)\nsignal.pause()",
]  # fmt: skip


class Group:
    """A leader in a group of its own, and the files in which its processes give signs."""

    def __init__(self, folder, command):
        self.folder = folder
        with (folder / "said").open("wb") as output:
            self.child = spawn(command, env={}, cwd=folder, output=output)
        self.root = self.child.pid
        self.watch = Watch(folder, "thing", seconds=60)
        self.now = 1000.0
        self.watch.begin(self.now)

    def sign(self, pid=0, *, at=None, silent=0.0):
        file = self.folder / f"thing.{pid or self.root}"
        file.touch()
        looked = time.time_ns() if at is None else at
        os.utime(file, ns=(looked, looked - int(silent * 1e9)))

    def look(self, *, after=1.0):
        self.now += after
        return self.watch.find_hung(root=self.root, now=self.now)

    def looks(self, *, seconds):
        """What each of the looks of so many seconds finds, without the empty ones."""
        return [found for _ in range(int(seconds / 5)) if (found := self.look(after=5.0))]

    def one_child(self):
        """Of a PARENT, which says its child's pid."""
        said = self.folder / "said"
        assert wait_until(lambda: said.read_text().endswith("\n"), seconds=20)
        return int(said.read_text())


@pytest.fixture
def group(tmp_path):
    made = []

    def _make(command=FOREVER):
        made.append(Group(tmp_path, command))
        return made[-1]

    yield _make
    for one in made:
        kill_group(one.root)
        one.child.wait()


def test_what_changes_gets_on_and_what_does_not_hangs_after_its_minute(group):
    one = group()
    for n in range(40):
        one.sign(at=10**18 + n)
        assert one.look(after=5.0) is None
    assert one.looks(seconds=60) == []
    (found,) = one.looks(seconds=60)
    assert found.pid == one.root and 60 < found.silent < 70, "named once, not at every look"


def test_the_slow_part_of_a_process_that_gives_signs_counts(group):
    one = group()
    one.sign(at=10**18, silent=50)
    assert one.look() is None
    one.sign(at=10**18 + 1, silent=61)
    assert one.look() == Hung(one.root, 61.0)


@pytest.mark.parametrize("jump", [400 * 86_400, -400 * 86_400])
def test_a_date_that_jumps_ends_nobody(group, jump):
    one = group()
    for n in range(30):
        one.sign(at=10**18 + n * 10**9 + (jump * 10**9 if n > 5 else 0), silent=1)
        assert one.look(after=5.0) is None


def test_while_we_could_not_look_nobody_is_held_to_it(group):
    one = group()
    one.sign(at=10**18)
    one.look()
    assert one.look(after=4_000) is None, "the machine slept"
    assert one.looks(seconds=60) == []
    assert len(one.looks(seconds=10)) == 1


def test_one_child_that_hangs_is_found_beside_one_that_does_not(group):
    one = group(PARENT)
    child = one.one_child()
    found = []
    for n in range(20):
        one.sign(at=10**18 + n)
        if n == 0:
            one.sign(child, at=10**18)
        found.append(one.look(after=5.0))
    assert [hung.pid for hung in found if hung] == [child]


def test_files_of_processes_that_are_gone_or_not_ours_are_removed(group, tmp_path):
    one = group()
    (tmp_path / f"thing.{os.getpid()}").touch()
    (tmp_path / "thing.999999999").touch()
    (tmp_path / "thing.what").touch()
    (tmp_path / "other.1").touch()
    one.sign()
    one.look()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["other.1", "said", f"thing.{one.root}"]


def test_a_leader_without_signs_may_not_be_stopped(group):
    one = group(PARENT)
    child = one.one_child()
    os.kill(one.root, signal.SIGSTOP)
    assert wait_until(lambda: watch._is_stopped(one.root), seconds=20)
    found = []
    for n in range(20):
        one.sign(child, at=10**18 + n)
        found.append(one.look(after=5.0))
    assert {hung.pid for hung in found if hung} == {one.root}
    assert found.index(next(hung for hung in found if hung)) == 13


def test_one_that_never_gives_a_sign_hangs_too(group):
    one = group()
    assert one.looks(seconds=START_SECONDS) == []
    assert one.looks(seconds=10)[0].pid == one.root


# The service, with real processes that hang

HANGS = [
    sys.executable, "-S", "-c",
    "import os, signal, sys, time\nfile = f'{sys.argv[1]}/thing.{os.getpid()}'\n"
    "for _ in range(10):\n    open(file, 'w'); os.utime(file); time.sleep(.1)\n"
    "signal.signal(15, signal.SIG_IGN)\nwhile True: pass",
]  # fmt: skip


def test_a_hung_one_is_ended_started_again_and_told(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "LOOK_EVERY", 0.1)
    said, told = [], []
    one = Service(
        name="thing", command=[*HANGS, str(tmp_path)], env={}, cwd=tmp_path, log=tmp_path / "log", note=said.append, answers=lambda: True,
        watch=Watch(tmp_path, "thing", seconds=1.0), on_hung=lambda service, hung: told.append((service.name, hung.pid)),
    )  # fmt: skip
    one.start()
    first = one.pid
    try:

        def _replaced():
            one.tick()
            return one.state == "running" and one.pid not in (None, first)

        assert wait_until(_replaced, seconds=30)
        assert (told, one.restarts) == ([("thing", first)], 1)
        assert f"thing (pid {first}) has not moved for" in said[0] and said[1] == "thing was killed by signal 9; it is started again."
        one.stop()  # one that was asked to stop and does not is ended by its grace, not by the watch
        assert one.watch is not None and one.state == "stopping"
    finally:
        kill_group(one.pid)
        one.child.wait()


def test_the_reporter_tries_until_it_is_written_down(tmp_path, monkeypatch):
    monkeypatch.setattr(hangs, "AGAIN_AFTER", 0.0)
    script = tmp_path / "manage.py"
    script.write_text(
        f"import pathlib, sys\ntried = pathlib.Path({str(tmp_path / 'tried')!r})\n"
        "before = tried.read_text() if tried.exists() else ''\ntried.write_text(before + ' '.join(sys.argv[1:-1]) + chr(10))\n"
        "raise SystemExit(0 if before.count(chr(10)) == 2 else 1)"
    )
    monkeypatch.setattr(hangs, "ROOT", tmp_path)
    reporter = Reporter(tmp_path / "log")
    reporter.add(name="worker", pid=7, silent=61.2, env={})

    def _done():
        reporter.turn()
        return not reporter._waiting

    assert wait_until(_done, seconds=30)
    assert (tmp_path / "tried").read_text().splitlines() == ["report_hang worker --pid 7 --silent 61 --ago"] * 3


# Where no supervisor runs


@pytest.fixture
def alive(tmp_path, monkeypatch):
    monkeypatch.setenv("ZARTS_ALIVE", str(tmp_path))
    return tmp_path


def test_alive_is_an_exit_code(alive, capsys):
    assert run_alive(["worker"]) == 1 and "no sign of life" in capsys.readouterr().err
    mine = alive / f"worker.{os.getpid()}"
    mine.touch()
    (alive / "worker.999999999").touch()
    os.utime(alive / "worker.999999999", (1, 1))
    assert run_alive(["worker"]) == 0, "a file of one that is gone says nothing"
    os.utime(mine, (time.time(), time.time() - 61))
    assert run_alive(["worker"]) == 1 and "has not moved for 61 s" in capsys.readouterr().err
    assert run_alive(["beat"]) == 1


def test_watched_starts_what_hung_again_and_ends_when_it_is_asked_to(alive, tmp_path):
    program = (
        "import os, sys, time\nfile = f'{os.environ[\"ZARTS_ALIVE\"]}/ticker.{os.getpid()}'\nopen(file, 'w')\nprint('here', os.getpid(), flush=True)\n"
        "time.sleep(600)"
    )
    log = tmp_path / "out"
    with log.open("wb") as output:
        watched = subprocess.Popen(
            [sys.executable, "manage.py", "watched", "ticker", "--", sys.executable, "-S", "-c", program],
            cwd=ROOT, env={**os.environ, "ZARTS_HUNG_SECONDS": "2", "DATABASE_URL": "postgres://x@127.0.0.1:9/x"}, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        assert wait_until(lambda: log.read_text().count("here") >= 2, seconds=40), log.read_text()
        pids = [int(line.split()[1]) for line in log.read_text().splitlines() if line.startswith("here")]
        assert not os.path.exists(f"/proc/{pids[0]}")
        watched.send_signal(signal.SIGTERM)
        assert watched.wait(timeout=30) == 0
        last = [int(line.split()[1]) for line in log.read_text().splitlines() if line.startswith("here")][-1]
        assert wait_until(lambda: not os.path.exists(f"/proc/{last}"), seconds=5)
    finally:
        watched.kill()
        watched.wait()
