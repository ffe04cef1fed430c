"""Breakers: each trips on its own trouble, holds the narrowest scope, opens one incident, and loses nobody a text."""

from datetime import timedelta

import pytest

from leads.models import Event, Task
from messaging import due
from messaging.models import Attempt, Message, Pause
from messaging.outbox import sending
from providers import adapters
from providers.connections import connect, set_mood
from providers.contract import SendResult
from providers.models import Connection
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory
from tests.messaging.test_sending import CountingAdapter
from tests.planning import plan_text
from workflows import breakers, resuming, watching
from workflows.breakers import Try, is_drifting, is_failing, is_silent
from workflows.models import Incident, Run
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def summit(noon):
    client = ClientFactory()
    connect(client=client, provider="twilio", secret="s", now=NOON)
    return client


@pytest.fixture
def blue(noon):
    return ClientFactory(slug="bluebird-plumbing", name="Bluebird Plumbing", phone="+13035550101")


@pytest.fixture
def provider(monkeypatch):
    fake = CountingAdapter()
    real = adapters.load
    monkeypatch.setattr(adapters, "load", lambda name: fake if name == "twilio" else real(name))
    return fake


def line(client):
    return connect(client=client, provider="twilio", secret="s", account="AC1", base_url="http://127.0.0.1:9", live=True, now=NOON)[0]


def text(client, n, *, lead=None, useful=timedelta(hours=2)):
    number = f"+1303555{n:04d}" if n >= 100 else f"+13035550{n:03d}"
    contact = lead.contact if lead else ContactFactory(client=client, name=f"Person {n}", phone=number)
    now = clock.read()
    return plan_text(
        client=client,
        contact=contact,
        to=number,
        purpose="missed-call-text-back",
        template_key="missed-call-text-back",
        values={"name": "Carla", "business": client.name},
        now=now,
        useful_until=now + useful,
        workflow="missed-call-text-back",
        lead=lead,
    )


def send(message):
    sending.send(message_id=message.pk, now=clock.read())
    message.refresh_from_db()
    return message


def fail(client, *numbers):
    """Try a text to each, and let the breaker look after each as the worker does."""
    sent = []
    for n in numbers:
        sent.append(send(text(client, n)))
        breakers.look_at_failure(message_id=sent[-1].pk, now=clock.read())
    return sent


def tries(*kinds):
    return [Try(id=n, kind=kind) for n, kind in enumerate(kinds)]


@pytest.mark.parametrize(
    ("kinds", "trips"),
    [
        (("failed", "failed"), False),
        (("failed", "failed", "failed"), True),
        (("failed", "failed", "accepted", "failed"), False),
        (("failed", "other", "failed", "failed"), True),
        (("failed", "accepted", "failed", "accepted", "failed"), False),
        (("failed", "accepted", "failed", "accepted", "failed", "accepted"), True),
        (("accepted", "accepted", "failed", "accepted", "failed", "accepted"), False),
        (("other",) * 10, False),
        ((), False),
    ],
)
def test_when_a_provider_is_failing(kinds, trips):
    assert is_failing(tries(*kinds)) is trips


def test_when_reports_are_missing_and_when_a_mapping_drifts():
    assert not is_silent(["sent"] * 4) and is_silent(["sent"] * 5) and not is_silent(["sent"] * 9 + ["delivered"])
    assert not is_drifting(["poison"] * 4) and is_drifting(["poison"] * 5 + ["done"] * 5) and not is_drifting(["poison"] * 5 + ["done"] * 6)
    assert not is_drifting([])


def test_a_provider_that_is_down_pauses_itself_and_loses_nobody_a_text(summit, blue):
    set_mood(client=summit, mood="down")
    first, second = fail(summit, 121, 122)
    assert not Incident.objects.exists()
    assert (first.status, first.reason) == ("queued", "retry")
    fail(summit, 123)
    incident = Incident.objects.select_related("pause", "verification").get()
    assert incident.cause == f"failing:simulator:{summit.pk}"
    assert incident.title == "The simulated provider does not take texts of Summit Roofing"
    assert incident.scope == "all texts for Summit Roofing" or incident.scope == "texts for Summit Roofing"
    assert (incident.status, incident.breaker, incident.signs) == ("open", "failing", 3)
    assert (incident.pause.client, incident.pause.channel, incident.pause.by) == (summit, "sms", None)
    assert incident.verification.kind == "verify" and incident.verification.status == "open"
    event = Event.objects.get(type="automation.paused")
    assert {"workflow", "reason", "owner", "rollback", "verification"} <= set(event.facts)
    # Everything between two tries is held at once by the gate, and nothing is tried any more.
    before = Attempt.objects.count()
    due.work_off(now=clock.read())
    assert list(Message.objects.values_list("status", "reason").distinct()) == [("held", "sending-stopped")]
    send(text(summit, 124))
    assert Attempt.objects.count() == before
    # Its neighbour goes on.
    assert send(text(blue, 125)).status == "delivered"
    assert Message.objects.filter(client=summit, status="held").count() == 4


def test_it_is_released_at_a_rate_and_closed_by_the_first_text(summit, set_clock):
    set_mood(client=summit, mood="down")
    texts = fail(summit, 121, 122, 123)
    due.work_off(now=clock.read())
    set_mood(client=summit, mood="ok")
    incident = Incident.objects.select_related("pause").get()
    done = resuming.release(pause=incident.pause, by=None, name="Olga", now=clock.read(), per_minute=2)
    assert (done.right, done.stale, done.ask) == (3, 0, 0)
    incident.refresh_from_db()
    assert (incident.status, incident.released_by) == ("verifying", "Olga")
    due.work_off(now=clock.read())
    assert sorted(Message.objects.values_list("status", flat=True)) == ["delivered", "queued", "queued"]
    watching.watch(now=clock.read())
    incident.refresh_from_db()
    assert (incident.status, incident.closed_by) == ("closed", "the first text")
    assert Task.objects.get(kind="verify").status == "done"
    set_clock(clock.read() + timedelta(minutes=2))
    due.work_off(now=clock.read())
    for message in texts:
        message.refresh_from_db()
        assert message.status == "delivered" and message.attempts.filter(outcome="accepted").count() == 1
    # The failures before the release are judged: they trip nothing again.
    watching.watch(now=clock.read())
    assert Incident.objects.count() == 1 and not Pause.objects.filter(lifted_at=None).exists()


def test_failing_again_after_the_release_opens_the_same_incident_again(summit):
    set_mood(client=summit, mood="down")
    fail(summit, 121, 122, 123)
    incident = Incident.objects.select_related("pause").get()
    resuming.release(pause=incident.pause, by=None, name="Olga", now=clock.read())
    fail(summit, 124, 125)
    assert not Pause.objects.filter(lifted_at=None).exists()
    fail(summit, 126)
    again = Incident.objects.select_related("pause").get()
    assert (again.pk, again.status, again.signs, again.released_at) == (incident.pk, "open", 6, None)
    assert again.pause_id != incident.pause_id and again.pause.lifted_at is None
    assert again.notes.filter(says__startswith="It broke again").count() == 1
    assert Event.objects.filter(type="automation.paused").count() == 1


def test_refused_credentials_hold_the_text_at_the_first_sign(summit, provider):
    way = line(summit)
    provider.answers = [
        SendResult(outcome="rejected", http_status=401, error_code="20003", note="The account and token were not accepted.")
    ]
    (message,) = fail(summit, 121)
    assert (message.status, message.reason) == ("held", "credentials")
    incident = Incident.objects.select_related("pause").get()
    assert (incident.breaker, incident.pause.connection) == ("credentials", way)
    assert not Task.objects.filter(kind="call-back").exists()
    due.work_off(now=clock.read())
    message.refresh_from_db()
    assert message.reason == "sending-stopped" and "Twilio" in message.says
    assert len(provider.calls) == 1
    resuming.release(pause=incident.pause, by=None, name="Olga", now=clock.read())
    due.work_off(now=clock.read())
    message.refresh_from_db()
    assert (message.status, len(provider.calls)) == ("sent", 2)
    watching.watch(now=clock.read())
    assert Incident.objects.get().status == "closed"
    assert Connection.objects.get(pk=way.pk).trouble == ""


def test_a_bad_number_is_no_failure_of_the_provider(summit, provider):
    line(summit)
    provider.answers = [SendResult(outcome="rejected", http_status=400, error_code="21211") for _ in range(4)]
    assert {message.status for message in fail(summit, 121, 122, 123, 124)} == {"failed"}
    watching.watch(now=clock.read())
    assert not Incident.objects.exists()


def test_a_lost_ring_is_made_good_by_the_watch(summit):
    set_mood(client=summit, mood="down")
    for n in (121, 122, 123):
        send(text(summit, n))
    assert not Incident.objects.exists()
    watching.watch(now=clock.read())
    assert Incident.objects.get().breaker == "failing"
    watching.watch(now=clock.read())
    assert Incident.objects.count() == 1


def test_a_person_who_gets_more_than_four_texts_a_day_is_held_alone(summit):
    lead = LeadFactory(client=summit, contact=ContactFactory(client=summit, phone="+13035550121"))
    for n in range(5):
        message = text(summit, 121, lead=lead)
        Message.objects.filter(pk=message.pk).update(status="delivered", sent_at=clock.read(), purpose=f"p{n}")
        breakers.look_after_texts(message_ids=[message.pk], now=clock.read())
        assert Incident.objects.exists() is (n == 4)
    assert Pause.objects.get().lead == lead
    assert send(text(summit, 121, lead=lead)).reason != "" and not Attempt.objects.exists()
    assert send(text(summit, 122)).status == "delivered"


def test_the_hourly_limit_of_a_client_pauses_that_client(summit, blue, settings):
    settings.TEXTS_PER_HOUR = 2
    for n in (121, 122, 123):
        message = send(text(summit, n))
        assert message.status == "delivered"
        breakers.look_after_texts(message_ids=[message.pk], now=clock.read())
    assert Incident.objects.get().breaker == "hourly-limit"
    assert send(text(summit, 124)).status == "held"
    assert send(text(blue, 125)).status == "delivered"


def test_missing_reports_pause_the_connection_only_where_reports_came_before(summit, provider):
    line(summit)
    for n in range(121, 126):
        send(text(summit, n))
    now = clock.read() + timedelta(minutes=45)
    watching.watch(now=now)
    assert not Incident.objects.exists()
    earlier = send(text(summit, 130))
    Message.objects.filter(pk=earlier.pk).update(status="delivered", created_at=NOON - timedelta(days=1))
    watching.watch(now=now)
    assert Incident.objects.get().breaker == "no-reports"


def test_deliveries_that_are_not_understood_any_more(summit):
    from tests.office.rows import make_poison

    first = make_poison(client=summit, now=clock.real_now())
    for _ in range(4):
        poison = make_poison(client=summit, now=clock.real_now())
        type(poison).objects.filter(pk=poison.pk).update(state="poison")
    watching.watch(now=clock.read())
    assert not Incident.objects.exists()  # five connections, one each
    for n in range(4):
        type(first).objects.create(
            connection=first.connection, key=f"k{n}", received_at=clock.real_now(), method="POST", url="/", headers={}, body=b"x",
            body_sha256="0" * 64, state="poison", next_at=NOON,
        )  # fmt: skip
    watching.watch(now=clock.read())
    assert Incident.objects.get().breaker == "drift"
    watching.watch(now=clock.read())
    assert Incident.objects.get().signs == 5


def test_a_loop_holds_one_person_and_a_flood_one_workflow_of_one_client(summit, monkeypatch):
    from tests.office.rows import make_event

    monkeypatch.setattr(breakers, "LIMITS", breakers.Limits(runs_per_person=3))
    lead = LeadFactory(client=summit, contact=ContactFactory(client=summit, phone="+13035550121"))
    from workflows.models import WorkflowVersion

    version = WorkflowVersion.objects.filter(key="missed-call-text-back").first()

    def run(contact):
        event = make_event(contact=contact, type="call.missed")
        Run.objects.create(
            client=summit, workflow="missed-call-text-back", version=version, cause=f"event:{event.pk}", event=event, contact=contact,
            cursor="text", created_at=clock.read(), wake_at=clock.read(),
        )  # fmt: skip

    for _ in range(3):
        run(lead.contact)
    watching.watch(now=clock.read())
    assert not Incident.objects.exists()
    run(lead.contact)
    watching.watch(now=clock.read())
    assert (Incident.objects.get().breaker, Pause.objects.get().lead) == ("loop", lead)
    monkeypatch.setattr(breakers.Limits, "leads_per_burst", 6)
    for n in range(122, 125):
        run(ContactFactory(client=summit, phone=f"+13035550{n}"))
    watching.watch(now=clock.read())
    flood = Incident.objects.select_related("pause").get(breaker="surge")
    assert (flood.pause.client, flood.pause.workflow, flood.pause.lead) == (summit, "missed-call-text-back", None)
    assert flood.reason.startswith("Missed-call text-back started 7 times within ten minutes.")
    watching.watch(now=clock.read())
    assert Incident.objects.count() == 2
