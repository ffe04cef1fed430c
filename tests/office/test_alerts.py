"""Alerts fold by cause and mail few; the heartbeat goes only while everything holds, once a minute however many keep watch."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from django.urls import reverse

from leads.models import DeskHolder
from messaging.pauses import Scope
from providers.connections import connect
from providers.models import Delivery
from tests.factories import NOON, ClientFactory, ContactFactory, StaffFactory
from tests.office.rows import make_event, make_run, make_text, sign_in
from workflows import claiming, incidents, resuming
from workflows.models import Run
from zartsalgo import health
from zartsalgo.lib import clock
from zartsalgo.models import Hang
from zartsalgo.office import strip
from zartsalgo.office.models import Alert, AlertMail, LifeSign, Verdict
from zartsalgo.office.operations import alerts, causes, life_sign, mails, verdict, vigil
from zartsalgo.office.operations.causes import Look, Trouble

pytestmark = pytest.mark.django_db
WELL = {
    "database": "ok", "broker": "ok", "worker": "ok", "beat": "ok", "ticker": "ok", "web": "ok", "queues": "ok", "silent_queues": [], "oldest_due_seconds": 0.0
}  # fmt: skip
HOLDS = verdict.Known(holds=True, findings=[], says="", age_seconds=1.0)


@pytest.fixture(autouse=True)
def no_strip(monkeypatch):
    monkeypatch.setattr(strip, "_look", lambda: [])
    strip.forget()
    yield
    strip.forget()


@pytest.fixture
def olga():
    """The owner, who hears of the house while nobody holds the Operations desk."""
    return StaffFactory(username="olga", group="owner", email="olga@example.com")


@pytest.fixture
def watcher(settings) -> Iterator[list[str]]:
    """A watcher outside; what it was called with."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(204 if self.path != "/gone" else 404)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    settings.HEARTBEAT_URL = f"http://127.0.0.1:{server.server_port}/ping"
    yield heard
    server.shutdown()
    server.server_close()


@pytest.fixture
def well(monkeypatch):
    """Every part works; the dictionary may be changed."""
    found = dict(WELL)
    monkeypatch.setattr(health, "look", lambda: found)
    return found


def trouble(cause="x", **more):
    words = {"kind": "service", "severity": "bad", "title": f"Trouble {cause}", "says": "It does not work.", "to_do": "Mend it."}
    return Trouble(cause=cause, **{**words, **more})


def minutes_later() -> None:
    with connection.cursor() as cursor:
        cursor.execute("update office_lifesign set tried_at = tried_at - interval '61 seconds'")
        cursor.execute("update office_verdict set checked_at = checked_at - interval '5 minutes'")


# The heartbeat


def test_a_heartbeat_a_minute_while_the_invariants_hold(watcher, well, noon):
    watch = vigil.Vigil()
    watch.round()
    vigil.Vigil().round()  # a second ticker
    assert watcher == ["/ping"]
    assert LifeSign.objects.get().says == "" and Verdict.objects.get().holds
    minutes_later()
    watch.round()
    assert watcher == ["/ping", "/ping"]


def test_no_heartbeat_while_an_invariant_is_broken_and_an_alert_until_it_heals(watcher, well, noon, olga):
    message = make_text(contact=ContactFactory(), status="failed", reason="", says="")
    watch = vigil.Vigil()
    watch.round()
    minutes_later()
    watch.round()
    assert watcher == []
    (alert,) = Alert.objects.all()
    assert (alert.cause, alert.count, alert.resolved_at) == ("invariant:silence-has-a-reason", 1, None)
    assert str(message.pk) in alert.says and LifeSign.objects.get().says.startswith("Withheld: A text that was held")
    type(message).objects.filter(pk=message.pk).update(reason="carrier", says="Refused.")
    minutes_later()
    watch.round()
    assert watcher == ["/ping"]
    assert Alert.objects.get().resolved_at is not None
    assert [one.state for one in AlertMail.objects.all()] == ["sent", "sent"]
    assert [letter.subject.split(":")[0] for letter in mail.outbox] == ["New", "Over"]


@pytest.mark.parametrize("part", ["database", "broker", "worker", "beat", "ticker", "web", "queues"])
def test_no_heartbeat_while_a_part_is_down(watcher, part):
    assert not life_sign.send_when_due(found={**WELL, part: "down"}, known=HOLDS)
    assert watcher == []


def test_no_heartbeat_on_an_old_verdict_or_a_failed_check(watcher):
    old = verdict.Known(holds=True, findings=[], says="", age_seconds=301.0)
    failed = verdict.Known(holds=False, findings=[], says="The invariants could not be checked.", age_seconds=1.0)
    for known in (old, failed):
        assert not life_sign.send_when_due(found=WELL, known=known)
    assert watcher == []


def test_without_an_address_nothing_leaves_and_a_refusal_is_kept(watcher, settings):
    address, settings.HEARTBEAT_URL = settings.HEARTBEAT_URL, ""
    assert not life_sign.send_when_due(found=WELL, known=HOLDS)
    assert (watcher, LifeSign.objects.count()) == ([], 0)
    settings.HEARTBEAT_URL = address.replace("/ping", "/gone")
    assert life_sign.send_when_due(found=WELL, known=HOLDS)
    sign = life_sign.read()
    assert sign.says == "The watcher answered 404." and sign.sent_seconds is None and sign.failing_seconds is not None
    settings.HEARTBEAT_URL = "http://127.0.0.1:1/ping"
    minutes_later()
    assert life_sign.send_when_due(found=WELL, known=HOLDS), "an unreachable watcher is no exception"


def kept_by_another(*, seconds_ago: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into zartsalgo_heartbeat (name, at, host, pid) values ('vigil', clock_timestamp() - %s * interval '1 second', 'elsewhere', 1)
               on conflict (name) do update set at = excluded.at, host = excluded.host, pid = excluded.pid""",
            [seconds_ago],
        )


def test_one_process_keeps_watch_until_it_says_so_no_more(watcher, well, noon):
    kept_by_another(seconds_ago=vigil.WATCH_SECONDS - 5)
    assert vigil.Vigil().round() is None
    assert watcher == []
    kept_by_another(seconds_ago=vigil.WATCH_SECONDS + 1)
    assert vigil.Vigil().round() is not None, "the other one hangs, stopped in the middle of a round as it may be"
    assert vigil.Vigil().round() is not None
    assert watcher == ["/ping"]


@pytest.mark.parametrize("name", ["worker", "beat", "ticker", "web", "broker"])
def test_whatever_is_down_is_an_alert_of_whoever_lives(noon, olga, well, name, monkeypatch):
    seconds = [1000.0]
    monkeypatch.setattr(vigil.time, "monotonic", lambda: seconds[0])
    monkeypatch.setattr(verdict, "check_when_due", lambda **_: False)
    well[name] = "down"
    watch = vigil.Vigil()
    watch.round()
    assert not Alert.objects.exists(), "a restart is no alert"
    seconds[0] += causes.PATIENCE
    watch.round()
    assert [alert.cause for alert in Alert.objects.all()] == [f"service:{name}"]
    assert [letter.to for letter in mail.outbox] == [["olga@example.com"]]


def test_both_the_ticker_and_beat_keep_watch(monkeypatch):
    from zartsalgo import beat
    from zartsalgo.office.management.commands import ticker

    begun = []
    monkeypatch.setattr(vigil, "keep_watch", lambda *, over: begun.append("beat"))
    monkeypatch.setattr(ticker, "keep_watch", lambda *, over: begun.append("ticker"))
    monkeypatch.setattr(beat.PersistentScheduler, "tick", lambda self: 5.0)
    scheduler = object.__new__(beat.Scheduler)
    monkeypatch.setattr(beat.heartbeat, "beat_quietly", lambda **_: None)
    monkeypatch.setattr(beat.canaries, "ring_quietly", lambda: None)
    monkeypatch.setattr(ticker.signal, "signal", lambda *_: None)
    monkeypatch.setattr(ticker.presence, "start", lambda **_: None)  # its thread commits a row that stays for other tests
    monkeypatch.setattr(ticker.Command, "_go_round", lambda self, over: None)
    scheduler.tick()
    scheduler.tick()
    beat.progress.end()
    ticker.Command().handle()
    assert begun == ["beat", "ticker"]


def test_what_hung_is_written_down_and_an_alert_for_half_an_hour(noon, olga):
    for ago in (0, 600):
        call_command("report_hang", "worker", "--pid", "7", "--silent", "61", "--ago", str(ago))
    call_command("report_hang", "beat", "--pid", "8", "--silent", "61", "--ago", "1900")
    look = Look(found=WELL, known=HOLDS)
    troubles, _ = causes.find_troubles(look=look)
    assert alerts.fold(troubles=troubles, now=noon).mails == 1
    (alert,) = Alert.objects.all()
    assert (alert.cause, alert.title, alert.count) == ("hung:worker", "The worker hung and was started again", 2)
    Hang.objects.filter(name="worker").update(ended_at=Hang.objects.get(name="beat").ended_at)
    troubles, _ = causes.find_troubles(look=look)
    assert alerts.fold(troubles=troubles, now=noon).resolved == 1


def test_webhooks_that_were_set_aside_are_an_alert_until_they_are_read_again(noon, olga, monkeypatch):
    client = ClientFactory(name="Acme Plumbing")
    ways = connect(client=client, provider="form", secret="", now=NOON)[0]
    aside = [
        Delivery.objects.create(
            connection=ways, key=f"k{n}", received_at=noon, method="POST", url="/", headers={}, body=b"x", body_sha256="x", next_at=noon,
            state="poison", claims=claims,
        )
        for n, claims in enumerate((5, 5, 1))
    ]  # fmt: skip
    look = Look(found=WELL, known=HOLDS)
    troubles, _ = causes.find_troubles(look=look)
    alerts.fold(troubles=troubles, now=noon)
    (alert,) = Alert.objects.all()
    assert (alert.kind, alert.count) == ("set-aside", 2) and alert.title == "Web form for Acme Plumbing: 2 webhooks set aside"
    Delivery.objects.filter(pk=aside[0].pk).update(state="received", claims=2)
    (found,) = causes._set_aside(look)
    assert found.url == reverse("office:delivery", args=[aside[1].pk])
    monkeypatch.setattr(causes, "SET_ASIDE_FOR", timedelta(0))
    assert causes._set_aside(look) == []


def test_a_delivery_that_the_database_puts_off_for_long_is_late_too(noon):
    ways = connect(client=ClientFactory(), provider="form", secret="", now=NOON)[0]
    delivery = Delivery.objects.create(
        connection=ways, key="k", received_at=noon - timedelta(days=800), method="POST", url="/", headers={}, body=b"x", body_sha256="x",
        next_at=clock.real_now() + timedelta(minutes=1),
    )  # fmt: skip
    look = Look(found=WELL, known=HOLDS)
    assert causes._deliveries(look) == []
    Delivery.objects.filter(pk=delivery.pk).update(note=claiming.WAITS)
    assert [trouble.cause for trouble in causes._deliveries(look)] == ["deliveries"]


def test_a_check_that_takes_too_long_is_no_verdict(monkeypatch, noon):
    def slow(*, now, statement_seconds):
        with connection.cursor() as cursor:
            cursor.execute("set local statement_timeout = '10ms'")
            cursor.execute("select pg_sleep(1)")

    monkeypatch.setattr(verdict, "check_invariants", slow)
    assert verdict.check_when_due(now=noon)
    known = verdict.read()
    assert not known.trusted and "could not be checked" in known.says
    (found,) = causes._invariants(Look(found=WELL, known=known))
    assert found.cause == "invariants:unchecked"


# Alerts


def test_a_hundred_parked_runs_are_one_alert_and_one_mail(noon, olga, well):
    contact = ContactFactory()
    event = make_event(contact=contact)
    run = make_run(contact=contact, event=event)
    Run.objects.bulk_create(
        Run(client=run.client, contact=contact, event=event, cause=f"c{n}", workflow=run.workflow, version=run.version, status="parked",
            cursor="text", says="x", created_at=NOON, wake_at=NOON) for n in range(99)
    )  # fmt: skip
    look = Look(found=WELL, known=HOLDS)
    for _ in range(3):
        troubles, unread = causes.find_troubles(look=look)
        alerts.fold(troubles=troubles, unread=unread, now=noon)
        mails.send_due()
    (alert,) = Alert.objects.all()
    assert (alert.count, alert.kind) == (100, "parked") and "100 runs stand still" in alert.title
    assert [letter.to for letter in mail.outbox] == [["olga@example.com"]]
    assert f"/alerts/{alert.pk}/" in mail.outbox[0].body and "555" not in mail.outbox[0].body
    Run.objects.update(status="done", finished_at=NOON)
    troubles, unread = causes.find_troubles(look=look)
    assert alerts.fold(troubles=troubles, unread=unread, now=noon).resolved == 1


def test_reminders_go_each_hour_until_somebody_sees_to_it(noon, olga):
    def at(minutes, *troubles):
        done = alerts.fold(troubles=troubles, now=noon + timedelta(minutes=minutes))
        return done.mails

    assert [at(minute, trouble()) for minute in (0, 30, 59, 60, 61, 119)] == [1, 0, 0, 1, 0, 0]
    alert = Alert.objects.get()
    assert alerts.take(alert_id=alert.pk, by=olga, now=noon) and not alerts.take(alert_id=alert.pk, by=olga, now=noon)
    assert at(300, trouble()) == 0
    assert alerts.give_back(alert_id=alert.pk)
    assert at(301, trouble()) == 1
    assert (at(302), at(303)) == (1, 0), "one when it is over"
    # It flaps: the same alert again, and nobody is mailed before the hour has passed.
    assert [at(304, trouble()), at(305), at(306, trouble()), at(307)] == [0, 0, 0, 0]
    assert (Alert.objects.get().times, Alert.objects.get().pk) == (3, alert.pk)
    assert at(400, trouble()) == 1 and Alert.objects.count() == 2, "after half an hour of peace it is a new one"


def test_what_opens_together_is_one_mail_and_a_rule_that_broke_heals_nothing(noon, olga):
    assert alerts.fold(troubles=[trouble("a"), trouble("b", kind="queue")], now=noon).mails == 1
    assert AlertMail.objects.get().subject == "New: Trouble a and 1 more"
    assert alerts.fold(troubles=[], unread={"queue"}, now=noon).resolved == 1
    assert Alert.objects.get(resolved_at=None).cause == "b"


def test_mails_wait_for_no_server_and_are_tried_again(noon, olga, monkeypatch):
    alerts.fold(troubles=[trouble()], now=noon)
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.console.EmailBackend"):
        mails.send_due()
    assert AlertMail.objects.get().state == "kept" and mail.outbox == []
    AlertMail.objects.update(state="waiting", lease_until=None)

    def refused(self):
        assert len(connection.savepoint_ids) == 0, "no network inside a transaction"
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", refused)
        mails.send_due()
    assert AlertMail.objects.get().state == "waiting"
    assert mails.send_due() == 0, "not before its time"
    AlertMail.objects.update(next_at=NOON - timedelta(days=400))
    mails.send_due()
    assert (AlertMail.objects.get().state, len(mail.outbox)) == ("sent", 1)


def test_an_incident_of_a_breaker_goes_to_its_desk_and_one_by_hand_to_nobody(noon, olga):
    client = ClientFactory()
    dan, opal = (StaffFactory(username=name, email=f"{name}@example.com") for name in ("dan", "opal"))
    DeskHolder.objects.create(client=client, desk="data-ops", person=dan)
    DeskHolder.objects.create(client=client, desk="operations", person=opal)
    incidents.open_incident(scope=Scope(client=client), cause="h", title="By hand", reason="r", opened_by="Sam", now=noon)
    incident, _ = incidents.open_incident(
        scope=Scope(client=client, channel="sms"), cause="b", title="Forms are not understood", reason="r", opened_by="breaker",
        breaker="drift", desk="data-ops", now=noon,
    )  # fmt: skip
    look = Look(found=WELL, known=HOLDS)
    troubles, _ = causes.find_troubles(look=look)
    alerts.fold(troubles=[*troubles, trouble()], now=noon)
    assert {one.person.username: one.subject for one in AlertMail.objects.all()} == {
        "dan": "New: Forms are not understood", "opal": "New: Trouble x"
    }  # fmt: skip
    resuming.release(pause=incident.pause, by=None, name="Sam", now=noon)
    assert causes.find_troubles(look=look)[0] == []


def test_a_restart_of_a_part_alerts_nobody_and_all_queues_are_one_worker(noon, olga, well, monkeypatch):
    monkeypatch.setattr(verdict, "check_when_due", lambda *, now: False)
    well |= {"worker": "down", "queues": "down", "silent_queues": ["engine", "sms"]}
    watch, seconds = vigil.Vigil(), [1000.0]
    monkeypatch.setattr(vigil.time, "monotonic", lambda: seconds[0])
    assert watch.round().opened == 0
    seconds[0] += 31
    assert watch.round().opened == 1 and Alert.objects.get().cause == "service:worker"
    assert vigil.Vigil().round().resolved == 0, "a new ticker does not take it for over"
    well |= {"worker": "ok"}
    assert watch.round().opened == 2, "now the queues stand still on their own"
    well |= {"queues": "ok", "silent_queues": []}
    assert watch.round().resolved == 2


# Pages


def test_seeing_to_an_alert_and_giving_it_back(noon):
    sam = sign_in("sam", group="staff")
    alerts.fold(troubles=[trouble("service:worker", url="/operations/")], now=noon)
    alert = Alert.objects.get()
    page = sam.get(reverse("office:alert", args=[alert.pk])).content.decode()
    assert "I see to it" in page and "Mend it." in page
    assert sam.get(reverse("office:alert_take", args=[alert.pk])).status_code == 405
    sam.post(reverse("office:alert_take", args=[alert.pk]))
    alert.refresh_from_db()
    assert alert.taken_by == sam.staff and alert.resolved_at is None
    again = sam.post(reverse("office:alert_take", args=[alert.pk]), follow=True).content.decode()
    assert "Nothing was changed" in again and "Give it back" in again
    sam.post(reverse("office:alert_give_back", args=[alert.pk]))
    alert.refresh_from_db()
    assert alert.taken_at is None and alert.taken_by is None


def test_the_list_and_the_system_page_cost_the_same_for_five_and_fifty(noon, django_assert_max_num_queries):
    sam = sign_in("sam", group="staff")
    assert "Nothing is wrong." in sam.get(reverse("office:alerts")).content.decode()
    for first, last in ((0, 5), (5, 51)):
        Alert.objects.bulk_create(
            Alert(cause=f"c{n}", kind="service", severity="bad", title=f"T{n}", says="s", to_do="d", first_at=NOON - timedelta(minutes=n),
                  last_at=NOON, taken_at=NOON, taken_by=sam.staff) for n in range(first, last)
        )  # fmt: skip
        with django_assert_max_num_queries(8):
            page = sam.get(reverse("office:alerts")).content.decode()
        with django_assert_max_num_queries(16):
            assert sam.get(reverse("office:operations")).status_code == 200
    assert page.count("data-item") == 50 and "after=" in page
    assert "Nothing" not in sam.get(reverse("office:alerts") + "?view=all").content.decode().split("<main")[1]
