"""A run goes on as it was started: pinned to its version, by the handlers of that version, on a build that has them, or not at all."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from tests.factories import NOON
from tests.workflows.test_engine import PLAY, advance, done, end, run, wait, work  # noqa: F401  run is a fixture
from workflows import due, registry
from workflows.models import Run
from workflows.vocabulary import Done, step
from zartsalgo import checks
from zartsalgo.lib import clock
from zartsalgo.office.invariants import check_invariants

pytestmark = pytest.mark.django_db

REAL_HANDLERS = registry.handlers.__wrapped__
OLD_REST = "tests.workflows.test_engine.wait@1"


def rest_of_version_two(context):
    return Done(says="version two does not rest")


PLAY_TWO = replace(
    PLAY,
    steps=(
        step("do", "one", "One", work),
        step("wait", "rest", "Rest", rest_of_version_two, version=2),
        step("do", "extra", "Extra", work),
        step("stop", "end", "End", end),
    ),
)


def build(monkeypatch, *workflows):
    """Another build takes over: this catalog, its own handlers, and it publishes what is new."""
    monkeypatch.setattr(registry, "workflows", lambda: {workflow.key: workflow for workflow in workflows})
    monkeypatch.setattr(registry, "handlers", REAL_HANDLERS)
    registry.publish()


@pytest.fixture(autouse=True)
def nothing_is_remembered(monkeypatch):
    """The registry keeps what it found once; none of it may be kept from the catalogs of these tests."""
    monkeypatch.setattr(registry, "handlers", REAL_HANDLERS)
    monkeypatch.setattr(registry, "listeners", registry.listeners.__wrapped__)


def broken(key):
    return next(finding.broken for finding in check_invariants(now=clock.read()) if finding.key == key)


def test_a_run_stays_on_its_version_when_a_new_one_is_published(run, monkeypatch, set_clock):  # noqa: F811
    assert advance(run) == "waiting"
    build(monkeypatch, replace(PLAY_TWO, keeps={"tests.workflows.test_engine.work@1": work, OLD_REST: wait}))
    assert registry.live_version(workflow=PLAY_TWO).version == 2 and run.version.version == 1
    set_clock(NOON + timedelta(days=91))
    assert advance(run) == "done"
    assert list(run.steps.order_by("id").values_list("key", flat=True)) == ["one", "two", "rest", "end"]
    assert run.steps.get(key="rest").says == "waited"


@pytest.mark.parametrize("gone", ["a handler", "the workflow"])
def test_what_this_build_cannot_run_is_neither_due_nor_claimed_and_is_told(run, monkeypatch, set_clock, gone):  # noqa: F811
    advance(run)
    done.clear()
    set_clock(NOON + timedelta(days=91))
    assert broken("runs-have-their-code") == 0 and checks.pinned_runs_can_go_on(databases=["default"]) == []
    build(monkeypatch, *([PLAY_TWO] if gone == "a handler" else [replace(PLAY, key="other")]))
    for _ in range(7):  # more than park it, had it been claimed
        assert advance(run) == ""
    assert due.due_runs(now=clock.read()) == []
    assert due.anything_due(now=clock.read(), grace=timedelta(0))[1] is False
    assert (run.status, run.claims, run.cursor, done) == ("waiting", 0, "rest", [])
    assert broken("runs-have-their-code") == 1
    if gone == "a handler":
        (found,) = checks.pinned_runs_can_go_on(databases=["default"])
        assert found.id == "zarts.E005" and OLD_REST in found.msg and "rest" in found.msg
    # The build that has it goes on as if nothing had been.
    build(monkeypatch, PLAY)
    assert due.due_runs(now=clock.read()) == [run.pk] and advance(run) == "done"


def test_one_that_cannot_go_on_does_not_crowd_out_the_others(run, monkeypatch):  # noqa: F811
    build(monkeypatch, PLAY_TWO)
    version = registry.live_version(workflow=PLAY_TWO)
    other = Run.objects.create(
        client=run.client,
        workflow="play",
        version=version,
        cause="event:2",
        event=run.event,
        cursor="one",
        created_at=NOON,
        wake_at=NOON + timedelta(seconds=-1),
    )
    Run.objects.filter(pk=run.pk).update(wake_at=NOON - timedelta(days=1))
    assert due.due_runs(now=clock.read(), limit=1) == [other.pk]
    assert advance(other) == "done"


def test_a_kept_name_must_not_be_one_in_use(monkeypatch):
    twisted = replace(PLAY, keeps={OLD_REST: rest_of_version_two})
    monkeypatch.setattr(registry, "workflows", lambda: {"play": twisted})
    with pytest.raises(ValueError, match="still in use"):
        REAL_HANDLERS()


def test_an_ended_run_needs_no_code(run, monkeypatch):  # noqa: F811
    Run.objects.filter(pk=run.pk).update(status="cancelled", finished_at=NOON)
    build(monkeypatch, PLAY_TWO)
    assert broken("runs-have-their-code") == 0
    with connection.cursor() as cursor:
        cursor.execute(checks._PINNED)
        assert cursor.fetchall() == []
