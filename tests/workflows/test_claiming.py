"""How deliveries are claimed: the fifth claim parks, suspects are taken alone, and the database's trouble is held against nobody."""

import sys
import uuid

import pytest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, ProgrammingError, connection, transaction

from leads.models import Event
from providers.connections import connect
from providers.models import Delivery
from tests.factories import NOON, ClientFactory, ResponderFactory
from tests.providers import payloads
from tests.workflows.test_missed_call import post_call
from workflows import alone, claiming, due, engine, intake, playing
from workflows.intake import batch as batches
from workflows.intake import draining
from workflows.models import Run
from workflows.replay import UNTRIED, plan_replay, replay
from zartsalgo.lib import clock
from zartsalgo.lib.database import is_trouble

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """kill -9."""


@pytest.fixture
def callrail(noon):
    client = ClientFactory()
    ResponderFactory(client=client)
    return connect(client=client, provider="callrail", secret=payloads.SECRET, now=NOON)[1]


@pytest.fixture(autouse=True)
def nothing_owed():
    claiming._owed.clear()
    yield
    claiming._owed.clear()


def leases_run_out():
    Delivery.objects.filter(state="received").update(next_at=NOON)


def drain():
    return intake.drain(now=clock.read())


def call(hook, caller="+13035550161"):
    assert post_call(hook, customer_phone_number=caller, resource_id=f"CAL{caller[-4:]}") == 200
    return Delivery.objects.order_by("-received_at", "-id").first()


def claim(limit=20):
    return claiming.claim(now=clock.read(), limit=limit, lease_seconds=20)


def kills(monkeypatch, victim, name="read"):
    """Whoever reads this delivery dies of it; a process of its own dies unseen. Returns who tried, with how many others at hand."""
    module = {"read": draining, "take_in": batches}[name]
    readers, real = [], getattr(module, name)

    def _read(**kwargs):
        read_now = [kwargs["delivery"]] if name == "read" else [delivery for delivery, _ in kwargs["batch"]]
        if victim in read_now:
            readers.append("worker")
            raise Killed
        return real(**kwargs)

    monkeypatch.setattr(module, name, _read)
    monkeypatch.setattr(alone, "take_in", lambda *, delivery_id, now: readers.append("alone"))
    return readers


@pytest.mark.parametrize("where", ["read", "take_in"])
def test_the_fifth_claim_parks_what_kills_its_readers_and_the_neighbours_are_served(callrail, monkeypatch, where):
    killer, neighbours = call(callrail), [call(callrail, f"+130355501{n}") for n in range(62, 65)]
    readers = kills(monkeypatch, killer, where)
    for _ in range(2):
        with pytest.raises(Killed):
            drain()
        leases_run_out()
    for _ in range(3):
        drain()
        leases_run_out()
    assert readers == ["worker", "worker", "alone", "alone"], "the fifth claim hands it to nobody"
    killer.refresh_from_db()
    assert (killer.state, killer.claims) == ("poison", 5)
    assert killer.note.startswith("Each of 4 readers died or hung over it. Set aside") and killer.finished_at is not None
    assert {one.state for one in Delivery.objects.filter(pk__in=[row.pk for row in neighbours])} == {"done"}
    assert Event.objects.filter(delivery_id__in=[row.pk for row in neighbours]).count() == 3
    assert drain() == 0


def test_what_raises_each_time_is_parked_with_what_it_raised(callrail, monkeypatch):
    delivery = call(callrail)
    monkeypatch.setattr(alone, "take_in", lambda *, delivery_id, now: intake.take_in_one(delivery_id=delivery_id, now=now))
    monkeypatch.setattr(batches, "record_all", lambda **_: 1 / 0)
    for _ in range(5):
        assert Delivery.objects.get().state == "received"
        drain()
        leases_run_out()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.claims) == ("poison", 5)
    assert delivery.note.startswith("Could not be processed (ZeroDivisionError). Set aside")


def test_a_suspect_is_claimed_alone_and_new_ones_together(callrail):
    first, *others = [call(callrail, f"+130355501{n}") for n in range(60, 65)]
    assert [row.id for row in claim(limit=1)] == [first.pk]
    leases_run_out()
    Delivery.objects.filter(pk=first.pk).update(next_at=NOON.replace(year=2000))
    assert [(row.id, row.claims) for row in claim()] == [(first.pk, 2)]
    assert {row.id for row in claim()} == {row.pk for row in others}
    assert claim() == []


def test_two_suspects_are_never_claimed_together(callrail):
    for n in range(60, 63):
        call(callrail, f"+130355501{n}")
    claim()
    leases_run_out()
    assert [len(claim()) for _ in range(4)] == [1, 1, 1, 0]


def raised_by(statement):
    """The error that Postgres itself gives."""
    with pytest.raises(Exception) as caught, connection.cursor() as cursor:  # noqa: PT011
        cursor.execute("savepoint here")
        try:
            cursor.execute(statement)
        finally:
            connection.connection.execute("rollback to savepoint here")
    return caught.value


@pytest.mark.parametrize(
    ("statement", "trouble"),
    [
        ("set local statement_timeout = '1ms'; select pg_sleep(1)", True),
        ("do $$ begin raise lock_not_available; end $$", True),
        ("do $$ begin raise deadlock_detected; end $$", True),
        ("do $$ begin raise serialization_failure; end $$", True),
        ("do $$ begin raise too_many_connections; end $$", True),
        ("do $$ begin raise disk_full; end $$", True),
        ("do $$ begin raise admin_shutdown; end $$", True),
        ("do $$ begin raise idle_in_transaction_session_timeout; end $$", True),
        ("select repeat('x', 2000000000)::bytea", False),
        ("select 1/0", False),
        ("select 'x'::jsonb", False),
        ("insert into zartsalgo_clock (id, shifted_by) values (2, '0')", False),
        ("do $$ begin raise program_limit_exceeded; end $$", False),
    ],
)
def test_what_passes_is_told_from_what_does_not(statement, trouble):
    assert is_trouble(raised_by(statement)) is trouble


def test_a_lost_connection_is_trouble_and_our_own_errors_are_not():
    assert is_trouble(OperationalError("the connection is closed")) and is_trouble(InterfaceError())
    assert not any(is_trouble(error) for error in (ValueError(), OSError(), DataError(), IntegrityError(), MemoryError()))


def test_the_databases_trouble_is_not_held_against_a_row(callrail, monkeypatch):
    rows = [call(callrail, f"+130355501{n}") for n in range(60, 63)]
    real = batches.take_in

    def _take_in(*, batch, **kwargs):
        if rows[1].pk in [delivery.pk for delivery, _ in batch]:
            raise OperationalError("the connection is closed")
        return real(batch=batch, **kwargs)

    with monkeypatch.context() as troubled:
        troubled.setattr(batches, "take_in", _take_in)
        for _ in range(8):
            drain()
            leases_run_out()
    assert [(row.state, row.claims) for row in Delivery.objects.order_by("received_at", "id")] == [
        ("done", 1), ("received", 0), ("received", 0)
    ]  # fmt: skip
    assert Delivery.objects.get(pk=rows[1].pk).note == claiming.WAITS
    drain()
    assert {row.state for row in Delivery.objects.all()} == {"done"}
    assert Event.objects.count() == 3


def test_what_could_not_be_given_back_is_given_back_before_the_next_claim(callrail, monkeypatch):
    delivery = call(callrail)
    (claimed,) = claim()
    with monkeypatch.context() as away:
        away.setattr(claiming, "_GIVE_BACK", "select 1 from nowhere where %s = '' and %s = '{}'")
        with pytest.raises(ProgrammingError, match="nowhere"), transaction.atomic():
            claiming.give_back(ids=[claimed.id])
    delivery.refresh_from_db()
    assert delivery.claims == 1
    claim()
    delivery.refresh_from_db()
    assert (delivery.claims, claiming._owed) == (0, set())


def test_a_run_does_not_pay_for_the_databases_trouble_either(callrail, monkeypatch):
    call(callrail)
    with monkeypatch.context() as troubled:

        def _trouble(**_):
            raise OperationalError("canceling statement due to lock timeout")

        troubled.setattr(engine, "_take_up", _trouble)
        troubled.setattr(engine, "play_new", lambda **_: playing.Batch(playing=[], now=NOON))
        drain()
        for _ in range(8):
            Run.objects.update(wake_at=NOON, lease_until=None)
            due.work_off(now=clock.read())
    assert {(run.status, run.claims) for run in Run.objects.all()} == {("ready", 0)}


def test_reading_a_parked_one_again_is_not_tried_out_here_and_starts_as_a_suspect(callrail, monkeypatch):
    delivery = call(callrail)
    readers = kills(monkeypatch, delivery)
    Delivery.objects.update(state="poison", claims=5, note="Set aside.")
    delivery = Delivery.objects.select_related("connection__client").get()
    plan = plan_replay(delivery=delivery, now=clock.read())
    assert (plan.says, plan.tried, readers) == (UNTRIED, False, [])
    replay(delivery=delivery, now=clock.read())
    leases_run_out()
    drain()
    assert readers == ["alone"]


# The process of its own


def test_what_it_does_is_bounded_and_its_end_is_nobodys_error(monkeypatch, settings, tmp_path):
    program = "import os, sys; from workflows import alone; alone.limit(); "
    deaths = {"os.kill(os.getpid(), 9)": None, "bytearray(3 << 30)": None, "open(sys.argv[1], 'w').write(sys.argv[2])": "said"}
    monkeypatch.setattr(alone, "MEMORY_BYTES", 2 << 30)
    for number, (deed, said) in enumerate(deaths.items()):
        path = tmp_path / str(number)
        monkeypatch.setattr(alone, "COMMAND", (sys.executable, "-P", "-c", program + deed.replace("sys.argv[1]", repr(str(path)))))
        alone.take_in(delivery_id=uuid.uuid4(), now=NOON)
        assert path.exists() is (said is not None)


def test_an_endless_reader_is_ended_in_time(monkeypatch):
    program = "from workflows import alone; alone.CPU_SECONDS = 1; alone.limit()\nwhile True: pass"
    monkeypatch.setattr(alone, "COMMAND", (sys.executable, "-P", "-c", program))
    said: list[object] = []
    monkeypatch.setattr(alone.log, "error", lambda *words: said.append(words))
    alone.take_in(delivery_id=uuid.uuid4(), now=NOON)
    assert "was killed by signal" in said[0][2]
