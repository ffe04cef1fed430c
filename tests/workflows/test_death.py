"""A worker that dies at any point: whoever comes after goes on where it stood, and nothing is done twice.

Death is a BaseException that no handler of ours catches, so what remains is exactly what was committed; the leases and deadlines it
left behind are then let run out.
"""

import threading

import pytest
from django.db import connections

from leads.models import Contact, Event, Task
from messaging.models import Attempt, Handover, Message
from messaging.outbox import dispatch, reserve, sending
from providers.connections import connect
from providers.models import Delivery
from tests.factories import NOON, ClientFactory, ResponderFactory
from tests.providers import payloads
from tests.workflows.test_missed_call import post_call, work_off
from workflows import engine, intake, playing
from workflows.intake import batch, draining
from workflows.models import Receipt, Run, Step
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """kill -9."""


@pytest.fixture
def callrail(noon):
    client = ClientFactory()
    ResponderFactory(client=client)
    return connect(client=client, provider="callrail", secret=payloads.SECRET, now=NOON)[1]


def dies_after(monkeypatch, module, name, *, calls):
    """The worker dies right after the call number `calls` of a function; returns how to bring the function back to life."""
    real, seen = getattr(module, name), []

    def _then_dies(*args, **kwargs):
        result = real(*args, **kwargs)
        seen.append(1)
        if len(seen) == calls:
            raise Killed
        return result

    monkeypatch.setattr(module, name, _then_dies)


def let_leases_run_out():
    Run.objects.update(lease_until=None)
    Delivery.objects.update(next_at=NOON)


def everything_once():
    assert [(m.status, m.attempts.filter(outcome="accepted").count()) for m in Message.objects.all()] == [("delivered", 1)]
    assert Run.objects.get().cursor == "reply"
    assert [step.key for step in Step.objects.order_by("id")] == ["caller", "lead", "hand-over", "timer", "text", "sent"]
    assert (
        Handover.objects.count(),
        Task.objects.count(),
        Receipt.objects.filter(workflow="missed-call-text-back").count(),
        Event.objects.count(),
    ) == (1, 1, 1, 1)


@pytest.mark.parametrize("steps", range(1, 7))
def test_between_any_two_steps(callrail, monkeypatch, steps):
    post_call(callrail)
    with monkeypatch.context() as until_death:
        dies_after(until_death, playing, "decide", calls=steps)
        with pytest.raises(Killed):
            for _ in range(3):
                work_off()
    let_leases_run_out()
    work_off()
    everything_once()


@pytest.mark.parametrize(
    ("module", "name"),
    [(draining, "read"), (batch, "take_in"), (draining, "_take_in_safely"), (engine, "_take_up"), (engine, "_play")],
)
def test_around_intake_and_claim(callrail, monkeypatch, module, name):
    post_call(callrail)
    with monkeypatch.context() as until_death:
        dies_after(until_death, module, name, calls=1)
        with pytest.raises(Killed):
            work_off()
    let_leases_run_out()
    work_off()
    everything_once()


def test_after_the_reservation_no_byte_has_left_and_it_is_tried_again(callrail, monkeypatch):
    post_call(callrail)
    with monkeypatch.context() as until_death:
        until_death.setattr(reserve, "ATTEMPT_SECONDS", -1)
        dies_after(until_death, sending, "reserve", calls=1)
        with pytest.raises(Killed):
            work_off()
    work_off()
    assert list(Attempt.objects.order_by("n").values_list("outcome", flat=True)) == ["not_sent", "accepted"]
    everything_once()


@pytest.mark.parametrize(("module", "name"), [(sending, "start_calling"), (dispatch, "call")], ids=["start_calling", "call"])
def test_once_calling_the_outcome_is_unknown_and_never_tried_again(callrail, monkeypatch, module, name):
    post_call(callrail)
    with monkeypatch.context() as until_death:
        until_death.setattr(reserve, "ATTEMPT_SECONDS", -1)
        dies_after(until_death, module, name, calls=1)
        with pytest.raises(Killed):
            work_off()
    work_off()
    assert Attempt.objects.get().outcome == "unknown"
    assert Message.objects.get().status == "unknown"


@pytest.mark.django_db(transaction=True)
def test_two_calls_of_a_new_caller_at_once_are_one_person_one_run(callrail):
    for number in range(8):
        post_call(callrail, id=number, resource_id=f"CAL{number}")
    barrier = threading.Barrier(4)

    def _drain():
        barrier.wait()
        intake.drain(now=clock.read(), limit=1)
        connections.close_all()

    threads = [threading.Thread(target=_drain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work_off()
    assert (Contact.objects.count(), Run.objects.count(), Message.objects.count(), Event.objects.count()) == (1, 1, 1, 8)
    assert sorted(Receipt.objects.filter(workflow="missed-call-text-back").values_list("verdict", flat=True)) == ["joined"] * 7 + [
        "started"
    ]
