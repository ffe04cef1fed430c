"""The one thread of a process that works on rows: rings come in, calls wait beside it, and nothing it is told is done twice."""

import threading
from types import SimpleNamespace

import pytest
from django.db import DataError, InterfaceError, OperationalError, connections, transaction

from leads.models import Client, Contact, Task
from messaging import gate
from messaging.models import Attempt, Handover, Message
from messaging.outbox import flights, outcomes, reserve
from providers import adapters
from providers.connections import connect
from providers.contract import SendResult
from tests.factories import NOON, ClientFactory, ResponderFactory
from tests.messaging.test_sending import CountingAdapter
from tests.providers import payloads
from tests.stack.running import wait_until
from tests.workflows.test_missed_call import post_call
from workflows import due, engine_thread, intake, playing, tasks
from workflows import engine as engine_module
from workflows.engine_thread import of_this_process
from workflows.models import Run
from zartsalgo.lib import clock, doorbell
from zartsalgo.office.management.commands.ticker import Command

pytestmark = pytest.mark.django_db(transaction=True)


class Holding(CountingAdapter):
    """A provider that answers when it is let go, and remembers how many calls it held at once."""

    def __init__(self):
        super().__init__()
        self.held, self.most, self.numbers = 0, 0, []
        self.slow_for: str | None = None
        self.go_on = threading.Event()
        self._lock = threading.Lock()

    def send(self, *, to, **more):
        with self._lock:
            self.held += 1
            self.most = max(self.most, self.held)
            self.numbers.append(to)
        if self.slow_for in (to, "everybody"):
            assert self.go_on.wait(20)
        with self._lock:
            self.held -= 1
        return super().send(to=to, **more)


@pytest.fixture
def provider(monkeypatch):
    adapter = Holding()
    real = adapters.load
    monkeypatch.setattr(adapters, "load", lambda name: adapter if name == "twilio" else real(name))
    yield adapter
    adapter.go_on.set()


@pytest.fixture
def hook(noon, provider, settings):
    settings.ALLOW_LOOPBACK = True
    client = ClientFactory()
    ResponderFactory(client=client, alerts_by=[])
    connect(
        client=client, provider="twilio", account="AC" + "1" * 32, secret="t" * 32, base_url="http://127.0.0.1:9", live=True, now=NOON,
        options={"from": "+13035550150"},
    )  # fmt: skip
    return connect(client=client, provider="callrail", secret=payloads.SECRET, now=NOON)[1]


@pytest.fixture
def start():
    """Engines of this test; each closes what it opened."""
    made = []

    def _start(**flying):
        engine = engine_thread.EngineThread()
        if flying:
            engine.flights = flights.Flights(on_landing=engine._note_landing, **flying)
        made.append(engine)
        engine.start()
        return engine

    yield _start
    for engine in made:
        engine.stop()


def calls(hook, count, first=0):
    numbers = [f"+130355501{number:02d}" for number in range(20 + first, 20 + first + count)]
    for place, number in enumerate(numbers):
        assert post_call(hook, id=first + place, resource_id=f"CAL{first + place}", customer_phone_number=number) == 200
    return numbers


def sent():
    return Message.objects.filter(status="sent").count()


def test_from_the_ring_to_the_text_without_another_ring(hook, start, provider, rings):
    (number,) = calls(hook, 1)
    rings.clear()
    engine = start()
    assert engine.add(task="workflows.drain", id="")
    wait_until(lambda: Run.objects.filter(workflow="missed-call-text-back", cursor="reply").exists(), what="the wait for a reply")
    assert provider.numbers == [number] and sent() == 1
    # What the engine's own commits rang for has not left the process.
    assert not [ring for ring in rings if ring[0] in engine_thread.TASKS]


def test_a_slow_call_holds_up_nobody(hook, start, provider):
    (slow,) = calls(hook, 1)
    provider.slow_for = slow
    engine = start()
    engine.add(task="workflows.drain", id="")
    wait_until(lambda: provider.numbers == [slow], what="the slow call")
    (quick,) = calls(hook, 1, first=1)
    engine.add(task="workflows.drain", id="")
    wait_until(lambda: sent() == 1, what="the quick text")
    assert Message.objects.get(status="sent").to == quick
    assert Attempt.objects.get(message__to=slow).outcome == "calling"
    provider.go_on.set()
    wait_until(lambda: sent() == 2, what="the slow text")
    assert sorted(provider.numbers) == sorted([slow, quick])


def test_no_more_tries_are_marked_as_calling_than_can_leave_at_once(hook, start, provider):
    numbers = calls(hook, 7)
    provider.slow_for = "everybody"
    engine = start(most=3)
    engine.add(task="workflows.drain", id="")
    wait_until(lambda: provider.held == 3, what="three calls")
    wait_until(lambda: Message.objects.count() == 7, what="all texts")
    assert Attempt.objects.filter(outcome="calling").count() == 3
    provider.go_on.set()
    wait_until(lambda: sent() == 7, what="all of them")
    assert (provider.most, sorted(provider.numbers)) == (3, sorted(numbers))


def test_two_engines_on_the_same_calls_text_everybody_once(hook, start, provider):
    numbers = calls(hook, 12)
    engines = [start(), start()]
    for engine in engines * 3:
        engine.add(task="workflows.drain", id="")
    wait_until(lambda: sent() == 12, what="all texts")
    for engine in engines:  # rung again for all of it
        for run_id in Run.objects.values_list("pk", flat=True):
            engine.add(task="workflows.advance", id=str(run_id))
        for message_id in Message.objects.values_list("pk", flat=True):
            engine.add(task="messaging.send_sms", id=str(message_id))
    wait_until(lambda: not any(any(engine._waiting.values()) for engine in engines), what="an empty table")
    assert sorted(provider.numbers) == sorted(numbers) and Contact.objects.count() == 12
    assert Attempt.objects.count() == 12


def test_a_turn_that_breaks_does_not_end_the_engine(hook, start, provider, monkeypatch):
    engine = start()
    engine.add(task="workflows.advance", id="no id at all")
    calls(hook, 1)
    wait_until(lambda: not any(engine._waiting.values()), what="the broken turn")
    engine.add(task="workflows.drain", id="")
    wait_until(lambda: sent() == 1, what="the text")
    assert len(provider.numbers) == 1


def test_what_a_call_breaks_with_is_unknown_and_frees_its_place(hook, start, provider, monkeypatch):
    calls(hook, 2)
    monkeypatch.setattr(Holding, "send", lambda self, **_: 1 / 0)
    engine = start(most=1)
    engine.add(task="workflows.drain", id="")
    wait_until(lambda: Message.objects.filter(status="unknown").count() == 2, what="two unknown outcomes")
    assert engine.flights.room == 1


def test_an_answer_that_could_not_be_written_down_is_kept_and_written_later(hook, start, provider, monkeypatch):
    calls(hook, 1)
    real, tries = due.settle, []

    def _settle(**given):
        tries.append(given["results"])
        if len(tries) == 1:
            raise OperationalError("the database is starting up")
        return real(**given)

    monkeypatch.setattr(due, "settle", _settle)
    monkeypatch.setattr(engine_thread, "REST_SECONDS", 0.01)
    engine = start()
    engine.add(task="workflows.drain", id="")
    wait_until(lambda: sent() == 1, what="the text")
    assert len(provider.numbers) == 1 and tries[0] == tries[1]


def test_texts_that_met_the_databases_trouble_go_at_the_next_turn(hook, start, provider, monkeypatch):
    calls(hook, 3)
    real, tries = reserve.reserve, []

    def _reserve(**given):
        tries.append(given["message_ids"])
        if len(tries) == 1:
            raise OperationalError("deadlock detected")
        return real(**given)

    monkeypatch.setattr(reserve, "reserve", _reserve)
    # As where no call can leave just now: the texts are rung for.
    monkeypatch.setattr(engine_thread.EngineThread, "_departures", lambda self: reserve.Departures(room=0))
    monkeypatch.setattr(engine_thread, "REST_SECONDS", 0.01)
    engine = start()
    engine.add(task="workflows.drain", id="")
    wait_until(lambda: sent() == 3, what="the texts")
    assert len(provider.numbers) == 3 and tries[0] == tries[1]


@pytest.mark.parametrize("trouble", [OperationalError("away"), InterfaceError("connection already closed")])
def test_no_answer_is_given_up_because_of_the_databases_trouble(trouble, monkeypatch):
    """Halving would end with one answer that nobody keeps."""
    asked = []

    def _write(*, results, now):
        asked.append(len(results))
        raise trouble

    monkeypatch.setattr(outcomes, "write_answers", _write)
    answers = {n: SendResult(outcome="accepted", provider_id=f"SM{n}") for n in range(4)}
    with pytest.raises(type(trouble)):
        outcomes.settle_all(results=answers, now=NOON)
    assert set(asked) == {4}


def test_an_answer_is_written_whatever_breaks_behind_it_and_the_run_follows(hook, start, provider, monkeypatch):
    calls(hook, 1)
    tries = []

    def _play_woken(**given):
        tries.append(given["wait_keys"])
        raise DataError("numeric value out of range")

    monkeypatch.setattr(engine_module, "play_woken", _play_woken)
    engine = start()
    engine.add(task="workflows.drain", id="")
    wait_until(lambda: Run.objects.filter(workflow="missed-call-text-back", cursor="reply").exists(), what="the wait for a reply")
    assert sent() == 1 and tries == [[f"message:{Message.objects.get().pk}"]] and len(provider.numbers) == 1


def test_planned_judged_and_reserved_in_the_transaction_of_the_call(hook, provider, rings, monkeypatch):
    """Nothing is rung for in between, and where no call can leave the text is rung for and waits."""
    calls(hook, 3)
    departures = reserve.Departures(room=2)
    assert intake.drain_once(now=clock.read(), departures=departures).count == 3
    assert [one.message.to for one in departures.tries] == ["+13035550120", "+13035550121"] and departures.room == 0
    assert set(Attempt.objects.values_list("outcome", "message__to")) == {("reserved", "+13035550120"), ("reserved", "+13035550121")}
    waits = Message.objects.get(to="+13035550122")
    assert waits.status == "queued"
    assert [ring for ring in rings if ring[0] == "messaging.send_sms"] == [("messaging.send_sms", str(waits.pk))]
    assert provider.numbers == []


def test_a_text_that_cannot_be_judged_keeps_nobody_from_being_told(hook, start, provider, monkeypatch):
    calls(hook, 2)
    real, poison = gate.load, "+13035550120"

    def _load(*, messages, now):
        if any(message.to == poison for message in messages):
            raise LookupError("a provider that is gone")
        return real(messages=messages, now=now)

    monkeypatch.setattr(gate, "load", _load)
    engine = start()
    engine.add(task="workflows.drain", id="")
    wait_until(lambda: Message.objects.filter(to=poison, due_at__gt=clock.read()).exists(), what="the text that is put off")
    wait_until(lambda: sent() == 1, what="the neighbour's text")
    runs = Run.objects.filter(workflow="missed-call-text-back", event__personal__phone=poison)
    assert runs.get().cursor == "sent" and Task.objects.filter(contact=runs.get().contact, kind="call-back").count() == 1
    assert Handover.objects.filter(run_id=runs.get().pk).count() == 1 and provider.numbers == ["+13035550121"]


def test_what_was_set_up_anew_meanwhile_is_judged_anew(hook, rings, monkeypatch):
    """The set-up that a text was planned by was read before the transaction."""
    calls(hook, 1)
    real = playing.Batch.play

    def _play(self):
        Client.objects.update(name="Another name")  # raises the revision
        return real(self)

    monkeypatch.setattr(playing.Batch, "play", _play)
    departures = reserve.Departures(room=5)
    intake.drain_once(now=clock.read(), departures=departures)
    message = Message.objects.get()
    assert departures.tries == [] and not Attempt.objects.exists()
    assert ("messaging.send_sms", str(message.pk)) in rings


def test_there_is_room_for_what_is_judged_at_once_and_for_nothing_later(monkeypatch):
    left = []
    departures = reserve.Departures(room=2, leave=left.extend)
    departures.take(tries=["one"])
    assert (departures.room, left) == (1, ["one"])
    departures.take(tries=["two", "three"])
    assert (departures.room, left, departures.tries) == (0, ["one", "two", "three"], ["one", "two", "three"])
    monkeypatch.setattr(reserve, "FRESH_SECONDS", -1.0)
    assert reserve.Departures(room=5).room == 0


def test_a_crowd_calls_the_ticker_without_making_it_think_that_nobody_works(hook, rings, monkeypatch):
    monkeypatch.setattr(due, "CROWD", 2)
    handed = []
    monkeypatch.setattr(engine_thread, "hand", lambda *, task, id="": handed.append(task))
    ticker = Command()
    monkeypatch.setattr(ticker, "_broker_answers", lambda: True)
    calls(hook, 2)
    assert (ticker.tick(rung=0), handed) == (0, [])
    calls(hook, 1, first=2)
    assert (ticker.tick(rung=0), handed) == (0, ["workflows.drain"])


def test_a_process_that_ends_waits_for_its_calls_and_settles_them(hook, start, provider):
    (number,) = calls(hook, 1)
    provider.slow_for = number
    engine = start()
    engine.add(task="workflows.drain", id="")
    wait_until(lambda: provider.held == 1, what="the call")
    ends = threading.Thread(target=engine.stop, kwargs={"patience": 20})
    ends.start()
    engine.add(task="messaging.send_sms", id="later")
    provider.go_on.set()
    ends.join(20)
    assert not ends.is_alive() and sent() == 1
    assert list(engine._waiting["messaging.send_sms"]) == ["later"]


def test_an_engine_without_work_gives_back_what_a_crowd_took_and_goes_on(hook, start, provider, monkeypatch):
    rested = threading.Event()
    monkeypatch.setattr(engine_thread, "IDLE_SECONDS", 0.3)
    monkeypatch.setattr(engine_thread.memory, "give_back", rested.set)
    calls(hook, 3)
    engine = start()
    crowd = engine.flights._pool
    engine.add(task="workflows.drain", id="")
    wait_until(lambda: sent() == 3, what="the texts")
    assert rested.wait(20)
    wait_until(lambda: not any(thread.is_alive() for thread in crowd._threads), what="the end of the crowd's threads")
    calls(hook, 1, first=3)
    engine.add(task="workflows.drain", id="")
    wait_until(lambda: sent() == 4, what="the text after the rest")


def test_celerys_tasks_hand_over_to_one_thread_a_process(hook, provider, monkeypatch):
    (number,) = calls(hook, 1)
    monkeypatch.setattr(engine_thread, "_mine", None)
    monkeypatch.setattr(engine_thread, "of_this_process", of_this_process)
    monkeypatch.setattr(
        engine_thread, "gc", SimpleNamespace(freeze=lambda: None, set_threshold=lambda *_: None)
    )  # of this process, for good
    tasks.drain()
    tasks.drain()
    engine = engine_thread._mine[1]
    try:
        wait_until(lambda: sent() == 1, what="the text")
        assert provider.numbers == [number]
        assert sum(thread.name == "engine" for thread in threading.enumerate()) == 1
    finally:
        engine.stop()


def test_where_a_thread_answers_its_own_rings_the_work_is_done_in_its_transaction(hook, provider, monkeypatch):
    calls(hook, 1)
    monkeypatch.setattr(engine_thread, "_mine", None)
    with transaction.atomic(), doorbell.answered_here() as heard:
        tasks.drain()
        assert [task for task, _ in heard] == ["messaging.send_sms"]
        assert Message.objects.count() == 1
        transaction.set_rollback(True)
    assert not Message.objects.exists() and engine_thread._mine is None


def test_a_ring_that_is_no_business_of_the_engine_reaches_the_broker(rings):
    engine = engine_thread.EngineThread()
    with doorbell.taken_by(engine.add):
        doorbell.ring(task="summaries.write", id="1")
        doorbell.ring(task="workflows.advance", id="2")
    assert rings == [("summaries.write", "1")]
    assert list(engine._waiting["workflows.advance"]) == ["2"]


def test_a_flight_touches_no_database(monkeypatch):
    landed = threading.Event()
    opened = []

    def _call(*, row, slip):
        opened.append([alias for alias in connections if connections[alias].connection is not None])
        return SendResult(outcome="accepted", provider_id="SM1")

    monkeypatch.setattr(flights.dispatch, "call", _call)
    monkeypatch.setattr(flights.dispatch, "stays_here", lambda *, message: False)
    flying = flights.Flights(on_landing=landed.set, most=2)
    flying.take_off(tries=[type("Try", (), {"attempt_id": 5, "message": None, "slip": None})()])
    assert landed.wait(5) and opened == [[]]
    assert flying.landed(most=10) == {5: SendResult(outcome="accepted", provider_id="SM1")} and flying.room == 2
