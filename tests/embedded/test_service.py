"""Supervised processes, with real children: restarted, kept down, ended, and never left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from zartsalgo.embedded import service as service_module
from zartsalgo.embedded.process import Identity, end_leftover, kill_group, spawn, started_at, wait_until
from zartsalgo.embedded.service import Service, rotate

FOREVER = [sys.executable, "-S", "-c", "import signal; print('here', flush=True); signal.pause()"]
DEAF = [sys.executable, "-S", "-c", "import signal; signal.signal(15, signal.SIG_IGN); print('here', flush=True); signal.pause()"]
FAILS = [sys.executable, "-S", "-c", "raise SystemExit(3)"]


@pytest.fixture
def make(tmp_path):
    """Make services; whatever still runs at the end is killed."""
    made = []

    def _make(command, **options):
        said = []
        one = Service(name="thing", command=command, env={}, cwd=tmp_path, log=tmp_path / "thing.log", note=said.append, **options)
        one.said = said
        made.append(one)
        return one

    yield _make
    for one in made:
        one.wanted = False
        if one.child is not None:
            kill_group(one.child.pid)
            one.child.wait()


def until(one, state, *, seconds=20):
    def reached():
        one.tick()
        return one.state == state

    assert wait_until(reached, seconds=seconds, step=0.01), f"{one.state} instead of {state}: {one.said}"


def spoke(one):
    assert wait_until(lambda: one.log.exists() and b"here" in one.log.read_bytes(), seconds=20, step=0.01)


def test_it_runs_once_it_answers(make):
    one = make(FOREVER, answers=lambda: b"here" in one.log.read_bytes())
    one.start()
    assert one.state == "starting"
    until(one, "running")
    assert started_at(one.pid)


def test_a_killed_one_is_started_again_and_counted(make):
    one = make(FOREVER, answers=lambda: True)
    one.start()
    until(one, "running")
    before = one.pid
    one.kill()
    until(one, "waiting")
    until(one, "running")
    assert one.restarts == 1
    assert one.pid != before
    assert one.said == ["thing was killed by signal 9; it is started again."]


def test_after_five_restarts_in_a_minute_it_is_reported_and_tried_later(make, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(service_module.time, "monotonic", lambda: now[0])
    one = make(FAILS, answers=lambda: False)
    one.start()
    for restarts in range(1, 7):
        one.child.wait()
        one.tick()
        assert one.restarts == restarts
        if restarts <= 5:
            assert one.state == "waiting"
            now[0] += 1.1
            one.tick()
    assert one.state == "failed"
    assert "after 5 restarts within a minute; next try in 30 s" in one.said[-1]
    now[0] += 29
    one.tick()
    assert one.child is None
    now[0] += 2
    one.tick()
    assert one.state == "starting"


def test_a_stopped_one_stays_down_until_it_is_started(make):
    one = make(FOREVER, answers=lambda: True)
    one.start()
    until(one, "running")
    one.stop()
    assert one.state == "stopping"
    until(one, "stopped")
    one.tick()
    assert (one.state, one.pid, one.restarts) == ("stopped", None, 0)
    one.start()
    until(one, "running")


def test_one_that_does_not_listen_is_killed_after_its_grace(make):
    one = make(DEAF, grace=0.1)
    one.start()
    spoke(one)
    one.stop()
    until(one, "stopped")


def test_a_program_that_is_not_there_is_reported_and_tried_again(make):
    one = make(["/nowhere/at/all"])
    one.start()
    assert one.state == "waiting"
    assert "cannot be started" in one.said[0]


def test_children_die_with_a_supervisor_that_is_killed(tmp_path):
    if sys.platform != "linux":
        pytest.skip("only Linux tells children of their parent's death; elsewhere the next start ends them")
    program = (
        "import signal, sys\nfrom pathlib import Path\nfrom zartsalgo.embedded.process import spawn\n"
        f"child = spawn({FOREVER!r}, env={{}}, cwd=Path({str(tmp_path)!r}), output=open({str(tmp_path / 'log')!r}, 'wb'))\n"
        "print(child.pid, flush=True)\nsignal.pause()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert started_at(child)
        parent.kill()
    assert wait_until(lambda: not started_at(child), seconds=10)


def test_a_leftover_is_ended_only_if_it_is_still_the_same_process(tmp_path):
    with (tmp_path / "log").open("wb") as log:
        child = spawn(FOREVER, env={}, cwd=tmp_path, output=log)
    ours = Identity.of(child.pid)
    assert ours is not None and ours.alive()
    assert not end_leftover(Identity(child.pid, "another start"), signum=signal.SIGTERM, patience=1)
    assert ours.alive()
    assert end_leftover(ours, signum=signal.SIGTERM, patience=5) or child.poll() is not None
    child.wait()
    assert not ours.alive()
    assert Identity.of(child.pid) is None


def test_a_long_log_is_rotated_under_its_writer(tmp_path):
    log = tmp_path / "thing.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"a" * 60 + b"b" * 50)
        assert rotate(log, limit=50)
        assert (tmp_path / "thing.log.1").read_bytes() == b"b" * 50
        writer.write(b"c" * 51)
        assert log.read_bytes() == b"c" * 51
        assert rotate(log, limit=50)
    assert (tmp_path / "thing.log.2").read_bytes() == b"b" * 50
    assert not rotate(log, limit=50)
    assert sorted(os.listdir(tmp_path)) == ["thing.log", "thing.log.1", "thing.log.2"]
