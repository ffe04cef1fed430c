"""Each queue proves that it is worked off; with the workers away nothing piles up, and two ringers ring once."""

import threading

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from zartsalgo import canaries, health
from zartsalgo.celery import QUEUES
from zartsalgo.embedded import fleet
from zartsalgo.lib import heartbeat, presence
from zartsalgo.office import strip
from zartsalgo.tasks import canary

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rung(monkeypatch):
    """What was put into the queues, as (queue, seconds until it expires)."""
    heard: list[tuple[str, float]] = []
    monkeypatch.setattr(canaries, "_publish", lambda *, queue, expires: heard.append((queue, expires)))
    return heard


def earlier(seconds: float) -> None:
    """Time passes."""
    with connection.cursor() as cursor:
        cursor.execute(
            """update zartsalgo_canary set asked_at = asked_at - %(by)s * interval '1 second', sent_at = sent_at - %(by)s * interval '1 second',
                      next_at = next_at - %(by)s * interval '1 second', seen_at = seen_at - %(by)s * interval '1 second'""",
            {"by": seconds},
        )


def ring_all() -> list[str]:
    return [queue for _ in range(len(QUEUES) + 2) if (queue := canaries.ring_due())]


def test_every_queue_is_rung_once_in_half_a_minute_however_many_ring(rung):
    assert ring_all() == list(QUEUES)
    assert ring_all() == [], "the ticker rang; beat finds nothing due"
    assert rung == [(queue, 30.0) for queue in QUEUES]
    for queue in QUEUES:
        canary(queue)
    assert {state.queue for state in canaries.states() if state.seen_seconds is not None and state.seen_seconds < 5} == set(QUEUES)
    assert heartbeat.ages()["worker"] < 5, "whoever sings is a worker that lives"
    earlier(29)
    assert ring_all() == []
    earlier(2)
    assert len(ring_all()) == len(QUEUES)


def test_a_restored_house_waits_for_no_canary_of_the_old_one():
    ring_all()
    earlier(80)
    ring_all()
    earlier(15)
    assert canaries.silent_queues() == list(QUEUES) and ring_all() == []
    presence.sign(name="worker", house={})
    call_command("close_after_restore", "--made-at", "2026-11-20T08:00:00+00:00")
    assert presence.read() == []
    assert canaries.silent_queues() == [] and ring_all() == list(QUEUES)


def test_two_hours_without_workers_leave_few_canaries_of_which_one_lives(rung):
    ring_all()
    rung.clear()
    rung_at: list[int] = []
    for minute in range(0, 120):
        for half in (0, 30):
            earlier(30)
            before = len(rung)
            while canaries.ring_due():
                pass
            rung_at += [minute * 60 + half for queue, _ in rung[before:] if queue == "sms"]
    lives = [seconds for queue, seconds in rung if queue == "sms"]
    assert 20 < len(lives) < 32, "240 half minutes, but the wait grows to five minutes"
    assert max(lives) == canaries.MOST_WAIT
    for (first, second), expires in zip(zip(rung_at, rung_at[1:], strict=False), lives, strict=False):
        assert second - first >= expires - 1, "the one before has expired when the next goes"


def test_a_queue_is_not_being_worked_after_two_minutes_and_heals_by_itself():
    ring_all()
    for queue in QUEUES:
        canary(queue)
    for _ in range(3):
        earlier(30.5)
        ring_all()
        for queue in QUEUES:
            if queue != "ai":
                canary(queue)
    earlier(28)  # 119.5 s since its canary was last seen, 89 s since the ring that nobody answered
    assert canaries.silent_queues() == []
    earlier(1.5)
    assert canaries.silent_queues() == ["ai"]
    assert (health.look()["queues"], health.look()["silent_queues"]) == ("down", ["ai"])
    canary("ai")
    assert canaries.silent_queues() == []


def test_a_machine_that_was_off_is_no_queue_that_stands_still():
    ring_all()
    earlier(3600)
    assert canaries.silent_queues() == [], "nobody rang, so nobody can have failed to answer"
    ring_all()
    assert canaries.silent_queues() == []


def test_a_broker_that_is_away_costs_a_ring_and_nothing_else(monkeypatch):
    def away(**_):
        raise OSError("refused")

    monkeypatch.setattr(canaries, "_publish", away)
    assert canaries.ring_due() == QUEUES[0]


def test_the_strip_names_a_queue_that_nobody_works(monkeypatch):
    for name in ("worker", "beat", "ticker"):
        heartbeat.beat(name=name)
    monkeypatch.setattr(strip, "_broker_answers", lambda: True)
    strip.forget()
    ring_all()
    earlier(85)
    ring_all()  # rung again, still unanswered
    earlier(10)
    canary("engine")
    lines = strip.build_strip()
    assert len(lines) == 1 and "sms, email, ai, crm and default" in lines[0]["text"]
    strip.forget()


def test_the_workers_are_told_every_queue(monkeypatch, tmp_path):
    commands = []
    monkeypatch.setattr(fleet, "Service", lambda **given: commands.append(given["command"]))
    supervisor = type(
        "S", (), {"folder": type("F", (), {"path": fleet.ROOT, "logs": fleet.ROOT, "alive": tmp_path}), "add": lambda self, service: None}
    )()
    fleet.add_apps(supervisor, {}, "127.0.0.1", 1)
    (worker,) = [command for command in commands if "worker" in command]
    assert worker[worker.index("-Q") + 1].split(",") == list(QUEUES)
    assert f"-Q {','.join(QUEUES)} " in (fleet.ROOT / "docker-compose.yml").read_text()


def test_two_that_ring_at_the_same_moment_ring_once(db):
    given = connection.get_connection_params()
    where = {key: given[key] for key in ("host", "port", "user", "password", "dbname") if key in given}
    answers = []
    with (
        psycopg.connect(**where) as first,
        psycopg.connect(**where, autocommit=True) as second,
        psycopg.connect(**where, autocommit=True) as eye,
    ):
        try:
            assert first.execute(canaries._RING, [["sms"]]).fetchone() == ("sms", 30.0)
            other = threading.Thread(target=lambda: answers.append(second.execute(canaries._RING, [["sms"]]).fetchone()))
            other.start()
            waits = "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s"
            while other.is_alive() and not eye.execute(waits, [second.info.backend_pid]).fetchone()[0]:
                pass
            first.commit()
            other.join(10)
        finally:
            eye.execute("delete from zartsalgo_canary")
    assert answers == [None]
