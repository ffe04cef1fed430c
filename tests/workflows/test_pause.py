"""Pauses of any scope: nothing leaves after the commit, nothing is lost, timers stand still, and resuming judges every text anew."""

import threading
from datetime import timedelta

import pytest
from django.db import connections, transaction

from leads.actions import change_stage, create_task
from leads.models import Automation, Lead, Task
from messaging import due, gate, pauses, planning, talks
from messaging.inbound import suppress
from messaging.models import Attempt, Message, Pause, Template
from messaging.outbox import sending
from messaging.pauses import Scope
from providers.connections import connect
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory, StaffFactory
from tests.workflows.test_breakers import line, provider, text  # noqa: F401  provider is a fixture
from workflows import incidents, resuming, watching
from workflows.models import IncidentItem
from zartsalgo.lib import clock
from zartsalgo.lib.slip import DROP, SEND

pytestmark = pytest.mark.django_db


@pytest.fixture
def summit(noon):
    return ClientFactory()


@pytest.fixture
def blue(noon):
    return ClientFactory(slug="bluebird-plumbing", name="Bluebird Plumbing", phone="+13035550101")


def pause(**scope):
    return pauses.pause(scope=Scope(**scope), reason="A test", by=None, now=clock.read())[0]


def send(message):
    sending.send(message_id=message.pk, now=clock.read())
    message.refresh_from_db()
    return message.status


def resume(row, **more):
    return resuming.release(pause=row, by=None, name="Olga", now=clock.read(), **more)


SCOPES = {
    "agency": lambda client, message: {},
    "client": lambda client, message: {"client": client},
    "workflow": lambda client, message: {"workflow": message.workflow},
    "workflow of a client": lambda client, message: {"client": client, "workflow": message.workflow},
    "channel": lambda client, message: {"channel": "sms"},
    "connection": lambda client, message: {"client": client, "connection": message.connection},
    "lead": lambda client, message: {"client": client, "lead": message.lead},
}
OTHERS = {
    "another client": lambda client, message: {"client": ClientFactory(slug="blue", name="Blue", phone="+13035550101")},
    "another workflow": lambda client, message: {"workflow": "lead-intake"},
    "another channel": lambda client, message: {"client": client, "channel": "email"},
    "another connection": lambda client, message: {
        "client": client,
        "connection": connect(client=client, provider="form", secret="", now=NOON)[0],
    },
    "another lead": lambda client, message: {"client": client, "lead": LeadFactory(client=client, contact=ContactFactory(client=client))},
}


@pytest.fixture
def one(summit, provider):  # noqa: F811
    line(summit)
    return text(summit, 121, lead=LeadFactory(client=summit, contact=ContactFactory(client=summit, phone="+13035550121")))


@pytest.mark.parametrize("name", SCOPES)
def test_a_pause_holds_its_scope_at_the_gate_and_lifting_lets_it_go(one, summit, provider, name):  # noqa: F811
    row = pause(**SCOPES[name](summit, one))
    assert send(one) == "held"
    assert one.reason == pauses.STOPPED and provider.calls == [] and not Attempt.objects.exists()
    assert pauses.held_by(pause=row).get() == one
    assert resume(row).right == 1
    assert send(one) == "sent" and len(provider.calls) == 1


@pytest.mark.parametrize("name", SCOPES)
def test_a_pause_that_is_stored_after_the_judgement_stops_the_call(one, summit, provider, monkeypatch, name):  # noqa: F811
    """The text is in the worker's hands: judged, reserved. Take UNPAUSED out of sending.start_calling and this fails."""
    start = sending.start_calling

    def pause_then_start(*, tries):
        pause(**SCOPES[name](summit, one))
        return start(tries=tries)

    monkeypatch.setattr(sending, "start_calling", pause_then_start)
    send(one)
    assert provider.calls == []
    assert Attempt.objects.get().outcome == "not_sent"
    monkeypatch.undo()
    assert send(one) == "held" and Attempt.objects.count() == 1


@pytest.mark.parametrize("name", OTHERS)
def test_a_pause_of_something_else_holds_nothing_of_it(one, summit, provider, name):  # noqa: F811
    pause(**OTHERS[name](summit, one))
    assert send(one) == "sent"


@pytest.mark.django_db(transaction=True)
def test_a_committed_pause_stops_a_text_in_another_workers_hands(summit, provider, monkeypatch):  # noqa: F811
    line(summit)
    message = text(summit, 121)
    reserved, go = threading.Event(), threading.Event()
    start = sending.start_calling

    def wait_then_start(*, tries):
        reserved.set()
        assert go.wait(10)
        return start(tries=tries)

    monkeypatch.setattr(sending, "start_calling", wait_then_start)

    def work():
        sending.send(message_id=message.pk, now=clock.read())
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    assert reserved.wait(10)
    pause(client=summit)
    go.set()
    worker.join(10)
    assert provider.calls == []
    assert list(Attempt.objects.values_list("outcome", flat=True)) == ["not_sent"]


# Every way a held text may have become wrong, or need a person: what is done to it while it waits, and what is said about it.
def _replied(message, now):
    Lead.objects.filter(pk=message.lead_id).update(replied_at=now)


def _booked(message, now):
    change_stage(lead=message.lead, stage=Lead.Stage.BOOKED, by="Rita", now=now)


def _opted_out(message, now):
    suppress(contact=message.contact, client=message.client, value=message.to, rule="test", event=None, now=now)


def _other_text(message, now):
    from messaging import dedupe
    from zartsalgo.lib.ids import new_id

    dedupe.take(
        client_id=message.client_id,
        contact_id=message.contact_id,
        purpose=message.purpose,
        holder=new_id(),
        now=now,
        until=now + timedelta(hours=9),
    )


def _too_old(message, now):
    Message.objects.filter(pk=message.pk).update(useful_until=now - timedelta(seconds=1))


def _switched_off(message, now):
    Automation.objects.filter(client=message.client, workflow=message.workflow).update(enabled=False)


def _unclear(message, now):
    create_task(
        client=message.client, contact=message.contact, desk="client-success", kind="unclear-reply", title="?", reason="?", cause="unclear:1",
        due_at=now, now=now,
    )  # fmt: skip


def _talking(message, now):
    sam = StaffFactory()
    talks.take(talk=talks.open_talk(client_id=message.client_id, contact_id=message.contact_id, now=now), by=sam, name="sam", now=now)


def _no_template(message, now):
    Message.objects.filter(pk=message.pk).update(template=None)


def _retired_template(message, now):
    Template.objects.filter(pk=message.template_id).update(status="retired")


def _draft(message, now):
    Automation.objects.filter(client=message.client, workflow=message.workflow).update(send="draft")


def _approved_after_the_reply(message, now):
    _replied(message, now - timedelta(minutes=10))
    planning.approve(message=message, by="Olga", now=now - timedelta(minutes=5))


def _other_pause(message, now):
    pause(client=message.client)


FATES = {
    _replied: ("stale", "overtaken"),
    _booked: ("stale", "overtaken"),
    _opted_out: ("stale", "opted-out"),
    _other_text: ("stale", "already-texted"),
    _too_old: ("stale", "too-late"),
    _switched_off: ("stale", "switched-off"),
    _unclear: ("ask", "unclear-reply"),
    _talking: ("ask", "person-talking"),
    _no_template: ("ask", "template"),
    _retired_template: ("ask", "template"),
    _draft: ("ask", "needs-approval"),
    _approved_after_the_reply: ("right", ""),
    _other_pause: ("held", pauses.STOPPED),
    None: ("right", ""),
}


@pytest.fixture
def held(summit, set_clock):
    """A text that a pause holds since noon; it is an hour later. It is of use for five days."""
    lead = LeadFactory(client=summit, contact=ContactFactory(client=summit, phone="+13035550121"))
    message = text(summit, 121, lead=lead, useful=timedelta(days=5))
    row = pause()
    assert send(message) == "held"
    set_clock(NOON + timedelta(hours=1))
    return row, message


@pytest.mark.parametrize("change", FATES, ids=lambda change: change.__name__ if change else "nothing")
def test_the_plan_says_what_the_gate_would_say_with_the_pause_away(held, change):
    row, message = held
    if change:
        change(message, clock.read())
    plan = resuming.judge(pause=row, now=clock.read())
    assert [(item.judgement, item.reason) for item in plan.items] == [FATES[change]]
    # The gate itself, the pause away, comes to the same.
    with transaction.atomic():
        pauses.lift(pause=row, by=None, now=clock.read())
        slip = gate.look(message=Message.objects.get(pk=message.pk), now=clock.read())
        transaction.set_rollback(True)
    assert {SEND: "right", DROP: "stale"}.get(slip.verdict, "ask" if FATES[change][0] == "ask" else "held") == FATES[change][0]
    assert slip.reason == FATES[change][1]
    done = resume(row)
    counted = {"right": done.right, "stale": done.stale, "ask": done.ask, "held": done.held}
    assert counted == {name: int(name == FATES[change][0]) for name in counted}
    due.work_off(now=clock.read())
    message.refresh_from_db()
    assert (message.status == "delivered") is (FATES[change][0] == "right")
    if FATES[change][0] == "ask":
        assert (message.status, message.reason) == ("held", FATES[change][1])


def test_resuming_after_three_days_sends_none_that_became_wrong(summit, set_clock):
    fresh = {}
    row = pause(client=summit)
    for n, change in enumerate((_replied, _booked, _opted_out, None), start=121):
        lead = LeadFactory(client=summit, contact=ContactFactory(client=summit, phone=f"+13035550{n}"))
        fresh[change] = text(summit, n, lead=lead, useful=timedelta(days=9))
        assert send(fresh[change]) == "held"
    missed = text(summit, 130, useful=timedelta(minutes=30))
    assert send(missed) == "held"
    set_clock(NOON + timedelta(days=2))
    for change, message in fresh.items():
        if change:
            change(message, clock.read())
    set_clock(NOON + timedelta(days=3))
    done = resume(row)
    assert (done.right, done.stale, done.calls) == (1, 4, 1)
    set_clock(NOON + timedelta(days=3, minutes=1))
    due.work_off(now=clock.read())
    went = set(Message.objects.filter(attempts__isnull=False).values_list("pk", flat=True))
    assert went == {fresh[None].pk}
    assert Task.objects.get(kind="call-back").contact == missed.contact


@pytest.mark.parametrize("change", [_replied, _opted_out, _too_old, _switched_off])
def test_nothing_is_dropped_while_paused(held, change):
    row, message = held
    change(message, clock.read())
    Message.objects.filter(pk=message.pk).update(due_at=clock.read())
    assert send(message) == "held"
    assert message.reason == pauses.STOPPED and message.due_at > clock.read() + timedelta(minutes=50)
    assert resuming.judge(pause=row, now=clock.read()).stale == 1


def test_what_becomes_wrong_between_release_and_its_turn_is_still_caught(held):
    row, message = held
    other = text(message.client, 122, useful=timedelta(days=5))
    Message.objects.filter(pk=other.pk).update(status="held", reason=pauses.STOPPED, created_at=NOON - timedelta(minutes=5))
    assert resume(row, per_minute=1).right == 2
    message.refresh_from_db()
    assert message.due_at == clock.read().replace(microsecond=message.due_at.microsecond) or message.due_at > clock.read()
    _replied(message, clock.read())
    sending.send(message_id=message.pk, now=message.due_at)
    message.refresh_from_db()
    assert (message.status, message.reason) == ("skipped", "overtaken") and not message.attempts.exists()


def test_a_release_is_spread_and_what_is_older_than_wanted_becomes_a_call(summit, set_clock):
    row = pause(client=summit)
    for n in range(121, 127):
        message = text(summit, n, useful=timedelta(days=5))
        send(message)
        if n < 123:
            Message.objects.filter(pk=message.pk).update(created_at=NOON - timedelta(hours=5))
    set_clock(NOON + timedelta(minutes=5))
    now = clock.read()
    done = resuming.release(pause=row, by=None, name="Olga", now=now, per_minute=4, older_than=timedelta(hours=4))
    assert (done.right, done.stale, done.calls) == (4, 2, 2)
    dues = sorted(Message.objects.filter(reason="released").values_list("due_at", flat=True))
    assert [when - now for when in dues] == [timedelta(seconds=15 * n) for n in range(4)]
    assert done.until == dues[-1]


def test_nobody_is_called_who_stands_on_a_desk_already(held):
    row, message = held
    create_task(
        client=message.client,
        lead=message.lead,
        desk="lead-ops",
        kind="call-back",
        title="Call",
        reason="x",
        cause="x",
        due_at=NOON,
        now=NOON,
    )
    _too_old(message, clock.read())
    done = resume(row)
    assert (done.stale, done.calls) == (1, 0)
    assert Task.objects.filter(kind="call-back").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_resume_at_once_release_every_text_once(summit, provider):  # noqa: F811
    line(summit)
    incident, _ = incidents.open_incident(scope=Scope(client=summit), cause="x", title="x", reason="x", opened_by="Sam", now=clock.read())
    for n in range(121, 125):
        send(text(summit, n))
    barrier, told = threading.Barrier(2), []

    def work(name):
        barrier.wait()
        told.append(resuming.release(pause=incident.pause, by=None, name=name, now=clock.read(), per_minute=600))
        connections.close_all()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("Olga", "Sam")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done.right if done else -1 for done in told) == [-1, 4]
    assert IncidentItem.objects.count() == 4
    assert incident.notes.filter(says__startswith="Resumed").count() == 1


def test_a_pause_with_an_end_resumes_by_itself_and_judges_all_the_same(summit, set_clock):
    incident, _ = incidents.open_incident(
        scope=Scope(client=summit), cause="x", title="x", reason="x", opened_by="Sam", now=clock.read(), until=NOON + timedelta(hours=1)
    )
    right, stale = text(summit, 121), text(summit, 122, useful=timedelta(minutes=10))
    for message in (right, stale):
        assert send(message) == "held"
    assert right.hold_until == NOON + timedelta(hours=1)
    watching.watch(now=NOON + timedelta(minutes=59))
    assert Pause.objects.filter(lifted_at=None).exists()
    now = set_clock(NOON + timedelta(hours=1, seconds=5))
    watching.watch(now=now)
    assert not Pause.objects.filter(lifted_at=None).exists()
    assert (send(right), stale.refresh_from_db(), stale.status) == ("delivered", None, "skipped")
    incident.refresh_from_db()
    assert incident.released_by == "The end that was set"


def test_a_hold_that_nothing_holds_any_more_is_found(held):
    row, message = held
    pauses.lift(pause=row, by=None, now=clock.read())  # as if a worker had judged before, and written after
    assert message.due_at > clock.read()
    watching.watch(now=clock.read())
    assert send(message) == "delivered"
