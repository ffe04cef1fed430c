"""The engine: each step once, whoever dies, sleeps or doubles."""

import threading
from datetime import timedelta

import pytest
from django.db import connections

from leads.models import Event, Task
from tests.factories import NOON, ClientFactory
from workflows import due, engine, registry
from workflows.models import Run, Step
from workflows.vocabulary import Done, Finish, Wait, Workflow, step
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db

moods: dict[str, object] = {}
done: list[str] = []


def work(context):
    done.append(context.step)
    if moods.get(context.step) == "break":
        raise RuntimeError("a step that breaks")
    return Done(says=f"{context.step} done")


def wait(context):
    if context.now < context.since + timedelta(days=90):
        return Wait(says="waiting", until=context.since + timedelta(days=90), key="thing:1")
    return Done(says="waited")


def end(context):
    return Finish(says="over")


PLAY = Workflow(
    key="play",
    name="Play",
    library="tests",
    owner="operations",
    triggers=(),
    boundary="",
    output="",
    steps=(
        step("do", "one", "One", work),
        step("do", "two", "Two", work),
        step("wait", "rest", "Rest", wait),
        step("stop", "end", "End", end),
    ),
)


@pytest.fixture
def run(noon, monkeypatch):
    moods.clear()
    done.clear()
    monkeypatch.setattr(registry, "workflows", lambda: {"play": PLAY})
    monkeypatch.setattr(registry, "handlers", lambda: {spec.handler_name: spec.handler for spec in PLAY.steps})
    registry.publish()
    client = ClientFactory()
    event = Event.objects.create(client=client, type="test", source="office", key="1", occurred_at=NOON, recorded_at=NOON)
    return Run.objects.create(
        client=client,
        workflow="play",
        version=registry.live_version(workflow=PLAY),
        cause="event:1",
        event=event,
        cursor="one",
        created_at=NOON,
        wake_at=NOON,
    )


def advance(run):
    status = engine.advance(run_id=run.pk, now=clock.read())
    run.refresh_from_db()
    return status


def free_lease(run):
    Run.objects.filter(pk=run.pk).update(lease_until=None)


def test_a_wait_of_ninety_days_fires_once(run, set_clock):
    assert advance(run) == "waiting" and run.cursor == "rest"
    assert advance(run) == ""
    set_clock(NOON + timedelta(days=89, hours=23))
    assert due.due_runs(now=clock.read()) == []
    set_clock(NOON + timedelta(days=90, seconds=1))
    assert due.due_runs(now=clock.read()) == [run.pk]
    assert advance(run) == "done" and run.says == "over"
    assert advance(run) == ""
    assert list(run.steps.order_by("id").values_list("key", flat=True)) == ["one", "two", "rest", "end"]


@pytest.mark.django_db(transaction=True)
def test_eight_workers_do_each_step_once(run):
    barrier = threading.Barrier(8)

    def _work():
        barrier.wait()
        engine.advance(run_id=run.pk, now=clock.read())
        connections.close_all()

    threads = [threading.Thread(target=_work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == ["one", "two"] and Step.objects.count() == 2


def test_a_worker_that_slept_past_its_lease_writes_nothing(run, monkeypatch):
    claims = engine._claim(run_ids=[run.pk], now=clock.read())
    free_lease(run)
    assert advance(run) == "waiting"
    assert engine._play(claims=claims, now=clock.read(), departures=None) == {}
    assert Step.objects.count() == 2


def test_a_leased_run_is_left_alone_until_the_lease_ends(run):
    assert engine._claim(run_ids=[run.pk], now=clock.read())
    assert advance(run) == "" and due.due_runs(now=clock.read()) == []
    Run.objects.filter(pk=run.pk).update(lease_until=NOON - timedelta(days=999))
    assert due.due_runs(now=clock.read()) == [run.pk]
    assert advance(run) == "waiting" and done == ["one", "two"]


def test_a_step_that_breaks_five_times_parks_the_run_and_tells_a_person(run, set_clock, caplog):
    moods["two"] = "break"
    for _ in range(5):  # the first of them got step one done, so it does not count
        assert advance(run) == "ready"
        set_clock(clock.read() + timedelta(minutes=2))
    assert advance(run) == "parked"
    assert "A step broke" in run.says and run.cursor == "two"
    task = Task.objects.get()
    assert (task.kind, task.desk, task.title) == ("look-into", "operations", "Play stands still")
    assert done.count("one") == 1
    moods.clear()
    assert engine.unpark(run=run, by="sam", now=clock.read()) and not engine.unpark(run=run, by="olga", now=clock.read())
    task.refresh_from_db()
    assert (task.status, task.closed_by) == ("done", "sam")
    assert advance(run) == "waiting"


def test_a_worker_killed_again_and_again_parks_the_run(run):
    for n in range(5):
        assert engine._claim(run_ids=[run.pk], now=clock.read(), suspects=n > 0)
        free_lease(run)
    assert advance(run) == "parked" and done == []


def test_what_it_waits_for_wakes_it(run):
    advance(run)
    assert engine.wake(wait_keys=["thing:2"], now=clock.read()) == []
    assert engine.wake(wait_keys=["thing:1"], now=clock.read()) == [run.pk]
    assert due.due_runs(now=clock.read()) == [run.pk]


def test_a_published_definition_is_published_once(run):
    from workflows.models import WorkflowVersion

    registry.publish()
    assert list(WorkflowVersion.objects.filter(key="play").values_list("version", flat=True)) == [1]
