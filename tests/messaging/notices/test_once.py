"""Alerts to the business's own people: at once, and once per cause and person, whoever asks and however many workers."""

import contextlib
import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connections, transaction

from leads.models import Responder
from messaging import pauses
from messaging.models import Handover, Message, Notice
from messaging.notices import choosing, judging, telling, words
from messaging.notices.handing_over import tell_responder
from providers.connections import connect
from providers.contract import SendResult
from tests.factories import NOON, ContactFactory, LeadFactory
from tests.messaging.notices.conftest import BEN, CARLA, LOST, NO, RITA, go, hand_over, later, states
from tests.providers import payloads
from tests.workflows.test_missed_call import post_call, work_off
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id

pytestmark = pytest.mark.django_db


def test_people_are_told_at_once_while_the_customers_text_waits_for_the_morning(summit, rita, line, told, set_clock):
    set_clock(NOON.replace(hour=5))  # 22:00 in Denver
    hook = connect(client=summit, provider="callrail", secret=payloads.SECRET, now=NOON)[1]
    post_call(hook, start_time=(clock.read() - timedelta(seconds=40)).isoformat())
    work_off()
    text = Message.objects.get()
    assert (text.status, text.reason) == ("held", "quiet-hours")
    assert told() == [("sms", RITA)]
    notice = Notice.objects.get()
    assert (notice.status, notice.says, notice.sent_at is not None) == ("sent", "Told by text message.", True)
    assert [check["name"] for check in notice.slip["checks"]] == [name for name, _ in judging.CHECKS]
    post_call(hook, id=2, resource_id="CAL2")
    post_call(hook)
    work_off()
    assert told() == [("sms", RITA)]


def test_one_cause_is_told_once_whoever_asks_and_however_often(rita, line, told):
    first = hand_over(rita)
    again = hand_over(rita, lead=first.lead)
    go()
    go()
    assert told() == [("sms", RITA)], "by one way, not by mail as well"
    assert states() == [("sms", "sent", "")]
    assert choosing.plan_notice(handover=first, cause="event:1", now=clock.read()) is None
    assert choosing.plan_notice(handover=again, cause="event:1", now=clock.read()) is None


def test_a_second_workflow_joins_what_the_person_is_told_already(rita, ben, line, told, set_clock):
    lead = LeadFactory(client=rita.client, contact=ContactFactory(client=rita.client, phone=CARLA))
    asks = {"lead": lead, "asked": "Missed call", "at": NOON, "cause": "event:1"}
    told.answers.append(NO)
    first = tell_responder(**asks, responder=rita, now=clock.read())
    assert tell_responder(**asks, responder=rita, now=clock.read()) == first
    go()
    assert told() == [("sms", RITA), ("email", "rita@example.com")]
    # Even after the first way failed: whoever asks gets the handover whose link they have.
    assert tell_responder(**asks, responder=rita, now=clock.read()) == first
    assert words.opens(link=words.link_in(first.body), handover_id=first.pk)
    assert Handover.objects.count() == 1
    other = tell_responder(**asks, responder=ben, now=clock.read())
    next_event = tell_responder(**{**asks, "cause": "event:2"}, responder=rita, now=clock.read())
    assert len({first.pk, other.pk, next_event.pk}) == 3
    go()
    assert sorted(told()) == [("email", "rita@example.com"), ("sms", RITA), ("sms", RITA), ("sms", BEN)]


@pytest.mark.parametrize("status", ["waiting", "held", "calling", "sent"])
def test_the_database_itself_keeps_one_way_at_a_time(rita, line, status):
    hand_over(rita)
    Notice.objects.update(status=status, deadline_at=NOON, slip={})

    def _by_mail(**changes):
        row = Notice.objects.get(channel="sms")
        row.pk, row.channel, row.address, row.status = new_id(), "email", "rita@example.com", "waiting"
        for name, value in changes.items():
            setattr(row, name, value)
        with transaction.atomic():
            row.save(force_insert=True)

    with pytest.raises(IntegrityError, match="notice_one_way_at_a_time"):
        _by_mail()
    _by_mail(cause="event:2")
    _by_mail(status="aside", channel="slack")


@pytest.mark.parametrize("status", ["refused", "unknown", "skipped", "aside"])
def test_what_failed_or_was_put_aside_leaves_room_for_the_next_way(rita, line, status):
    made = hand_over(rita)
    Notice.objects.update(status=status)
    assert choosing.plan_notice(handover=made, cause="event:1", now=clock.read()).channel == "email"
    assert choosing.plan_notice(handover=made, cause="event:1", now=clock.read()) is None


def test_the_way_put_aside_comes_back_when_the_other_fails(rita, line, slack, told, set_clock):
    told.answers.append(SendResult(outcome="rejected", http_status=429, error_code="20429", retry_after_seconds=120))
    told.slack_says.append(SendResult(outcome="rejected", http_status=404, error_code="no_service"))
    Responder.objects.filter(pk=rita.pk).update(alerts_by=["sms", "slack"])
    rita.refresh_from_db()
    hand_over(rita)
    go()
    assert told() == [("sms", RITA), ("slack", "")]
    assert states() == [("sms", "held", "retry"), ("slack", "refused", "refused")]
    later(set_clock, seconds=121)
    assert told() == [("sms", RITA), ("sms", RITA), ("slack", "")]
    assert states()[0] == ("sms", "sent", "")


def test_of_two_ways_that_are_held_each_gets_its_turn(rita, line, slack, told, set_clock):
    """Neither blocks the other: whichever is free first is taken, and the other stays aside."""
    Responder.objects.filter(pk=rita.pk).update(alerts_by=["sms", "slack"])
    rita.refresh_from_db()
    narrow = [pauses.Scope(client=rita.client, connection=way) for way in (line, slack)]
    stops = [pauses.pause(scope=scope, reason="Trouble", by=None, now=clock.read())[0] for scope in narrow]
    hand_over(rita)
    go()
    for _ in range(3):
        later(set_clock, seconds=61)
    assert told() == []
    assert sorted(status for _, status, _ in states()) == ["aside", "held"]
    pauses.lift(pause=stops[1], by=None, now=clock.read())
    later(set_clock, seconds=61)
    later(set_clock, seconds=61)
    assert told() == [("slack", "")]
    pauses.lift(pause=stops[0], by=None, now=clock.read())
    later(set_clock, minutes=5)
    assert told() == [("slack", "")]


def at_once(*work):
    """Each in a thread and over a connection of its own, none before all are there."""
    barrier = threading.Barrier(len(work))

    def _run(one):
        barrier.wait()
        try:
            one()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=_run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_many_workers_tell_one_person_once_and_one_of_them_dies(rita, ben, line, slack, told, monkeypatch, set_clock):
    hand_over(rita)
    id = Notice.objects.get().pk

    class Killed(BaseException):
        pass

    def _dies(**_):
        raise Killed

    def _work():
        with contextlib.suppress(Killed):
            telling.tell(notice_id=id, now=clock.read())

    with monkeypatch.context() as patch:
        patch.setattr(telling, "settle", _dies)
        at_once(*[_work] * 6)
    assert (told(), states()) == ([("sms", RITA)], [("sms", "calling", "")])
    Notice.objects.update(deadline_at=clock.real_now() - timedelta(seconds=1))
    # All others find the call that nobody ended, and one next way is taken.
    at_once(*[go] * 4)
    for _ in range(2):
        set_clock(clock.read() + timedelta(seconds=31))
        at_once(*[go] * 4)
    go()
    assert told() == [("sms", RITA), ("slack", "")]
    assert states() == [("sms", "unknown", "no-answer"), ("slack", "sent", "")]


@pytest.mark.django_db(transaction=True)
def test_two_workflows_at_once_hand_over_once(rita, line, slack, told):
    lead = LeadFactory(client=rita.client, contact=ContactFactory(client=rita.client, phone=CARLA))

    def _tell():
        with transaction.atomic():
            tell_responder(lead=lead, responder=rita, asked="Missed call", at=NOON, cause="event:1", now=clock.read())

    at_once(*[_tell] * 4)
    assert (Handover.objects.count(), states()) == (1, [("sms", "waiting", "")])
    Notice.objects.update(status="refused")
    made = Handover.objects.get()
    # Without the turn at the cause it is the database alone that keeps it to one.
    at_once(*[lambda: choosing.plan_notice(handover=made, cause="event:1", now=clock.read())] * 4)
    assert states() == [("sms", "refused", ""), ("slack", "waiting", "")]


def test_the_database_itself_lets_nothing_told_or_unknown_go_again(rita, line, told):
    told.answers.append(LOST)
    hand_over(rita)
    go()
    for status in ("waiting", "held", "calling"):
        with pytest.raises(ProgrammingError), transaction.atomic():
            Notice.objects.filter(status="unknown").update(status=status)
