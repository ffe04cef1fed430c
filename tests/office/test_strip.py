"""The strip: it says what is unwell, it is cheap, and it never breaks or slows a page."""

import socket
import threading
import time
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.urls import reverse

from messaging.models import Pause
from providers.connections import connect
from providers.models import Connection
from tests.factories import NOON, ClientFactory, StaffFactory
from zartsalgo.lib import clock, heartbeat
from zartsalgo.office import strip

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh():
    strip.forget()
    yield
    strip.forget()


@pytest.fixture
def well(monkeypatch):
    """Everything works."""
    for name in ("worker", "beat", "ticker"):
        heartbeat.beat(name=name)
    monkeypatch.setattr(strip, "_broker_answers", lambda: True)


def texts():
    return [line["text"] for line in strip.build_strip()]


def test_nothing_is_said_when_all_is_well(well):
    assert strip.build_strip() == []


@pytest.mark.parametrize(("name", "level"), [("worker", "bad"), ("ticker", "bad"), ("beat", "warn")])
def test_a_silent_process_is_named_with_what_still_works(well, name, level):
    from zartsalgo.models import Heartbeat

    Heartbeat.objects.filter(name=name).update(at=clock.real_now() - timedelta(minutes=2))
    (line,) = strip.build_strip()
    assert line["level"] == level
    assert line["text"].startswith(strip.AWAY[name]) and line["text"].endswith("Last sign of life 2 min ago.")
    Heartbeat.objects.filter(name=name).delete()
    strip.forget()
    assert texts() == [f"{strip.AWAY[name]} It has not been seen yet."]


def test_a_broker_that_is_away_is_a_warning(well, monkeypatch):
    monkeypatch.setattr(strip, "_broker_answers", lambda: False)
    assert strip.build_strip() == [{"level": "warn", "text": strip.AWAY["broker"]}]


def test_without_broker_and_ticker_nothing_is_promised(well, monkeypatch):
    from zartsalgo.models import Heartbeat

    Heartbeat.objects.filter(name="ticker").delete()
    monkeypatch.setattr(strip, "_broker_answers", lambda: False)
    assert strip.build_strip() == [{"level": "bad", "text": strip.NEITHER}]


def test_a_broker_that_hangs_holds_no_page(well, monkeypatch, settings):
    monkeypatch.undo()
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        settings.REDIS_URL = f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"
        started = time.monotonic()
        lines = strip.build_strip()
        took = time.monotonic() - started
    assert [line["text"] for line in lines][-1] == strip.AWAY["broker"]
    assert took < 10


def test_connections_in_trouble_and_refused_signatures_of_the_last_hour(well, noon):
    client = ClientFactory()
    way, _ = connect(client=client, provider="callrail", secret="s3cret-of-the-test", now=NOON)
    quiet, _ = connect(client=client, provider="generic", secret="s3cret-of-the-test", now=NOON)
    clock.shift(by=timedelta(0))
    rows = Connection.objects
    rows.filter(pk=way.pk).update(trouble="Its list of calls could not be read.", last_refused_at=clock.real_now() - timedelta(minutes=5))
    rows.filter(pk=quiet.pk).update(last_refused_at=clock.real_now() - timedelta(minutes=61))
    lines = strip.build_strip()
    assert [line["level"] for line in lines] == ["bad", "warn"]
    assert lines[0]["text"] == "CallRail for Summit Roofing: Its list of calls could not be read."
    assert lines[1]["text"].startswith(
        "CallRail for Summit Roofing: a request with a wrong signature was refused 5 min ago and not stored."
    )
    assert {line["url"] for line in lines} == {reverse("office:connections")}
    rows.filter(pk=way.pk).update(disabled_at=NOON)
    strip.forget()
    assert strip.build_strip() == []


def test_many_troubles_are_counted_not_listed(well, noon):
    clock.shift(by=timedelta(0))
    client = ClientFactory()
    for n in range(8):
        way, _ = connect(client=client, provider="generic", secret=f"secret-{n}", now=NOON)
        Connection.objects.filter(pk=way.pk).update(trouble="x")
    assert len(strip.build_strip()) == 6
    assert texts()[-1] == "3 more connections need a look."


def test_a_stop_is_told_with_who_when_and_why_at_once(well, noon):
    clock.shift(by=NOON - clock.real_now())
    sam = StaffFactory(first_name="Sam", last_name="Reed")
    client = ClientFactory()
    assert [line["level"] for line in strip.build_strip()] == ["info"]
    stop = Pause.objects.create(client=client, reason="Wrong price.", by=sam, at=NOON)
    assert texts()[0] == "Sending for Summit Roofing is stopped since 12:00 MST by Sam Reed: Wrong price. Texts are held, nothing is lost."
    Pause.objects.create(client=None, reason="Storm", by=None, at=NOON)
    assert "All sending is stopped since 19:00 UTC: Storm. Texts are held, nothing is lost." in texts()
    Pause.objects.update(lifted_at=NOON)
    assert stop and len(texts()) == 1


def test_a_moved_clock_is_told(well):
    clock.shift(by=timedelta(hours=3))
    assert texts() == ["The clock is moved by 3 h: live connections do not send until it is set right."]
    clock.shift(by=timedelta(hours=-3))
    assert texts() == ["The clock is moved back by 3 h: live connections do not send until it is set right."]


def test_a_second_page_within_five_seconds_asks_only_for_what_somebody_set(well, django_assert_num_queries):
    strip.build_strip()
    with django_assert_num_queries(2):
        strip.build_strip()


def test_a_database_that_is_away_is_a_line_not_an_error(monkeypatch):
    def away(**kwargs):
        raise OperationalError("the connection is closed")

    assert strip.build_strip(read_moment=away) == [{"level": "bad", "text": strip.AWAY["database"]}]
    monkeypatch.setattr(strip.heartbeat, "ages", away)
    monkeypatch.setattr(strip, "_broker_answers", lambda: True)
    assert strip.build_strip() == [{"level": "bad", "text": strip.AWAY["database"]}]


def test_while_one_thread_looks_the_others_do_not_wait(monkeypatch):
    asked, go_on = threading.Event(), threading.Event()

    def slow():
        asked.set()
        go_on.wait(10)
        return [{"level": "warn", "text": "seen"}]

    monkeypatch.setattr(strip, "_look", slow)
    first = threading.Thread(target=strip._unwell)
    first.start()
    assert asked.wait(10)
    assert strip._unwell() == []
    go_on.set()
    first.join(10)
    assert strip._unwell() == [{"level": "warn", "text": "seen"}]


def test_the_strip_stands_on_a_page(client, monkeypatch):
    monkeypatch.setattr(strip, "_broker_answers", lambda: True)
    client.force_login(StaffFactory())
    html = client.get(reverse("office:runs")).content.decode()
    assert "The worker is not running: the ticker does its work" in html
