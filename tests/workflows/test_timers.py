"""Waits are rows: they outlive every process, fire once, and whoever comes second finds nothing; with real connections and real threads."""

import os
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connections, transaction

from leads import people
from leads.models import Task
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory
from tests.office.rows import make_event, make_run
from tests.workflows.test_engine import done, run  # noqa: F401  run is a fixture
from workflows import due, engine
from workflows.models import Run, Step
from workflows.steps import contact_key
from zartsalgo.lib import clock

NINETY = timedelta(days=90)


def in_threads(*jobs):
    """Each job in a thread with its own connection; raises what a job raised."""
    broke = []

    def _run(job):
        try:
            job()
        except BaseException as error:  # noqa: BLE001  told below
            broke.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=_run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    if broke:
        raise broke[0]


@pytest.mark.django_db(transaction=True)
def test_a_wait_of_ninety_days_outlives_every_process_and_fires_once_whoever_ticks(run, set_clock):  # noqa: F811
    assert engine.advance(run_id=run.pk, now=clock.read()) == "waiting"
    connections.close_all()
    set_clock(NOON + NINETY - timedelta(minutes=1))
    in_threads(*[lambda: due.work_off(now=clock.read())] * 2)
    assert Step.objects.filter(key="rest").count() == 0
    connections.close_all()
    set_clock(NOON + NINETY + timedelta(seconds=1))
    barrier = threading.Barrier(4)

    def tick():
        barrier.wait(10)
        for run_id in due.due_runs(now=clock.read()):
            engine.advance(run_id=run_id, now=clock.read())

    # Two tickers and two beats.
    in_threads(*[tick] * 4)
    run.refresh_from_db()
    assert run.status == "done" and run.lease_epoch == 2
    assert list(run.steps.order_by("id").values_list("key", flat=True)) == ["one", "two", "rest", "end"]
    assert due.due_runs(now=clock.read()) == []


@pytest.mark.django_db(transaction=True)
def test_a_new_process_finds_the_wait_and_ends_it(summit, waiting, set_clock):
    """Nothing of a wait is in memory: a process that never saw the run ends it on its own database connection."""
    set_clock(NOON + timedelta(hours=72, seconds=1))
    database = connections["default"].settings_dict
    code = (
        "import django; django.setup()\n"
        "from django.db import connections\n"
        f"connections['default'].settings_dict['NAME'] = {database['NAME']!r}\n"
        "from workflows import due\nfrom zartsalgo.lib import clock\n"
        "print(len(due.due_runs(now=clock.read())), due.work_off(now=clock.read()), due.work_off(now=clock.read()))"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "zartsalgo.settings"}
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, env=environment, cwd=django_settings.BASE_DIR
    )
    assert told.stdout.split() == ["1", "1", "0"]
    waiting.refresh_from_db()
    assert (waiting.status, list(waiting.steps.values_list("key", flat=True).order_by("id"))) == ("done", ["reply", "end"])


@pytest.fixture
def summit(noon):
    return ClientFactory()


@pytest.fixture
def waiting(summit):
    """A run that waits for a reply since noon, for at most 72 hours."""
    contact = ContactFactory(client=summit, phone="+13035550121")
    lead = LeadFactory(client=summit, contact=contact)
    return make_run(contact=contact, lead=lead, status=Run.Status.WAITING, cursor="reply", wait_key=f"contact:{contact.pk}", says="Waits.")


def record_reply(waits, at):
    """What intake does when a text comes: the person's row first, then the event, then the wake-up, in one transaction."""
    with transaction.atomic():
        people.hold_all(contact_ids=[waits.contact_id])
        make_event(contact=waits.contact, at=at, facts={"reading": {"kind": "other"}})
        engine.wake(wait_keys=[contact_key(contact=waits.contact)], now=at)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["reply", "timer"])
def test_timer_and_reply_at_the_same_moment_whoever_holds_the_person_first_decides(waiting, set_clock, monkeypatch, first):
    moment = NOON + timedelta(hours=72)
    set_clock(moment)
    Run.objects.filter(pk=waiting.pk).update(wake_at=moment)
    first_has_it, second_tries = threading.Event(), threading.Event()
    hold = people.hold_all

    def hold_in_turn(*, contact_ids):
        mine = threading.current_thread().name == first
        if not mine:
            assert first_has_it.wait(10)
            second_tries.set()
        hold(contact_ids=contact_ids)
        if mine:
            first_has_it.set()
            assert second_tries.wait(10)

    monkeypatch.setattr(people, "hold_all", hold_in_turn)

    def reply():
        threading.current_thread().name = "reply"
        record_reply(waiting, moment)
        engine.advance(run_id=waiting.pk, now=moment)

    def timer():
        threading.current_thread().name = "timer"
        engine.advance(run_id=waiting.pk, now=moment)

    in_threads(reply, timer)
    waiting.refresh_from_db()
    assert waiting.status == "done" and list(waiting.steps.order_by("id").values_list("key", flat=True)) == ["reply", "end"]
    step = waiting.steps.get(key="reply")
    assert (step.outcome, step.actual) == (("done", "other") if first == "reply" else ("skipped", "none"))


@pytest.mark.django_db(transaction=True)
def test_two_tickers_over_many_due_runs_claim_each_once(run, noon):  # noqa: F811
    runs = [run.pk] + [
        Run.objects.create(
            client=run.client,
            workflow="play",
            version=run.version,
            cause=f"event:{n}",
            event=run.event,
            cursor="one",
            created_at=NOON,
            wake_at=NOON,
        ).pk
        for n in range(2, 26)
    ]
    barrier = threading.Barrier(2)

    def tick():
        barrier.wait(10)
        due.work_off(now=clock.read())

    in_threads(tick, tick)
    assert set(Run.objects.values_list("status", "lease_epoch", "claims")) == {("waiting", 1, 0)}
    assert len(done) == 2 * len(runs) == Step.objects.count()
    assert not Task.objects.exists()
