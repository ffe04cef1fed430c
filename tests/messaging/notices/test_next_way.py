"""Alerts to the business's own people: what fails goes the next way, what nobody takes to the next person."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection

from leads.actions import close_task, next_on_duty, report_outcome
from leads.models import Responder, Task
from messaging.models import Handover, Notice
from messaging.notices import telling, words
from providers.connections import connect
from providers.contract import SendResult
from tests.factories import NOON, ContactFactory, LeadFactory
from tests.messaging.notices.conftest import BEN, CARLA, LOST, NO, RITA, go, hand_over, later, states
from tests.office.rows import make_task
from tests.providers import payloads
from tests.workflows.test_missed_call import post_call, work_off
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db


# -- the next way --------------------------------------------------------------------------------------------------------------------------


def test_a_lost_answer_is_never_repeated_and_the_next_way_is_taken(rita, line, slack, told, set_clock):
    told.answers.append(LOST)
    hand_over(rita)
    go()
    later(set_clock, seconds=11)
    assert told() == [("sms", RITA)], "the list is asked first, twice"
    later(set_clock, seconds=21)
    assert told() == [("sms", RITA), ("slack", "")]
    assert states() == [("sms", "unknown", "no-answer"), ("slack", "sent", "")]
    later(set_clock, hours=30)
    assert told().count(("sms", RITA)) == 1


def test_a_worker_killed_between_call_and_settling_leaves_it_unknown(rita, line, told, monkeypatch, set_clock):
    hand_over(rita)

    class Killed(BaseException):
        pass

    def _dies(**_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(telling, "settle", _dies)
        with pytest.raises(Killed):
            go()
    assert (told(), states()) == ([("sms", RITA)], [("sms", "calling", "")])
    go()
    assert told() == [("sms", RITA)]
    with connection.cursor() as cursor:
        cursor.execute("update messaging_notice set deadline_at = clock_timestamp() - interval '1 second'")
    go()
    later(set_clock, seconds=31)
    later(set_clock, seconds=31)
    assert told() == [("sms", RITA), ("email", "rita@example.com")]
    assert states() == [("sms", "unknown", "no-answer"), ("email", "sent", "")]


def test_a_late_answer_is_still_the_truth(rita, line, told, set_clock):
    told.answers.append(LOST)
    hand_over(rita)
    go()
    for _ in range(2):
        later(set_clock, seconds=31)
    first = Notice.objects.get(channel="sms")
    telling.settle(notice_id=first.pk, result=SendResult(outcome="accepted", provider_id="SM1"), now=clock.read())
    first.refresh_from_db()
    assert (first.status, first.provider_id, first.late) == ("sent", "SM1", True)
    assert told() == [("sms", RITA), ("email", "rita@example.com")]


def test_a_refusal_goes_on_to_the_next_way_and_then_to_the_next_person(rita, ben, line, told):
    told.answers.append(NO)
    told.answers.append(SendResult(outcome="accepted", provider_id="SM2"))
    Responder.objects.filter(pk=rita.pk).update(email="")
    rita.refresh_from_db()
    hand_over(rita)
    go()
    assert told() == [("sms", RITA), ("sms", BEN)]
    one, other = Handover.objects.order_by("created_at", "pk")
    assert (one.to_name, other.to_name, other.step_key) == ("Rita", "Ben", "hand-over/2")
    assert words.opens(link=words.link_in(other.body), handover_id=other.pk)
    assert not words.opens(link=words.link_in(other.body), handover_id=one.pk)
    assert one.body.split("http")[0] == other.body.split("http")[0]


def test_a_busy_provider_is_tried_again_and_a_long_wait_takes_another_way(rita, line, told, set_clock):
    busy = {"outcome": "rejected", "http_status": 429, "error_code": "20429"}
    told.answers.append(SendResult(**busy, retry_after_seconds=5))
    hand_over(rita)
    go()
    assert states() == [("sms", "waiting", "retry")]
    told.answers.append(SendResult(**busy, retry_after_seconds=300))
    later(set_clock, seconds=6)
    go()
    assert told() == [("sms", RITA), ("sms", RITA), ("email", "rita@example.com")]
    later(set_clock, minutes=6)
    assert told() == [("sms", RITA), ("sms", RITA), ("email", "rita@example.com")]
    assert states() == [("sms", "aside", "retry"), ("email", "sent", "")]


# -- nobody takes it -----------------------------------------------------------------------------------------------------------------------


def test_what_nobody_takes_goes_to_the_next_by_order_and_then_to_us(rita, ben, line, told, set_clock):
    hand_over(rita)
    go()
    later(set_clock, minutes=9)
    assert told() == [("sms", RITA)]
    later(set_clock, minutes=2)
    assert told() == [("sms", RITA), ("sms", BEN)]
    assert Task.objects.count() == 0
    later(set_clock, minutes=11)
    later(set_clock, minutes=11)
    assert told() == [("sms", RITA), ("sms", BEN)]
    assert [(task.kind, task.title) for task in Task.objects.all()] == [("call-back", "Nobody of Summit Roofing has taken Carla Gomez")]


@pytest.mark.parametrize("how", ["take", "outcome", "task"])
def test_what_somebody_took_goes_no_further(rita, ben, line, told, set_clock, how):
    made = hand_over(rita)
    go()
    if how == "take":
        Handover.objects.filter(pk=made.pk).update(taken_at=clock.read())
    elif how == "outcome":
        report_outcome(lead=made.lead, outcome="booked", by="Rita (reported by client)", cause="x", now=clock.read())
    else:
        close_task(task=make_task(client=rita.client, lead=made.lead), by="Sam", outcome="Called", now=clock.read())
    later(set_clock, minutes=11)
    later(set_clock, minutes=11)
    assert told() == [("sms", RITA)]
    assert not Task.objects.filter(cause__startswith="untaken").exists()


def test_an_old_outcome_does_not_count_as_taken(rita, ben, line, told, set_clock):
    lead = LeadFactory(client=rita.client, contact=ContactFactory(client=rita.client, phone=CARLA))
    report_outcome(lead=lead, outcome="booked", by="Rita (reported by client)", cause="x", now=clock.read() - timedelta(days=9))
    hand_over(rita, lead=lead)
    go()
    assert told() == [("sms", RITA)]


def test_the_one_off_duty_is_passed_over(rita, ben, line, told, set_clock):
    Responder.objects.filter(pk=ben.pk).update(on_from=time(1), on_until=time(2))
    hand_over(rita)
    go()
    later(set_clock, minutes=11)
    assert told() == [("sms", RITA)]
    assert Task.objects.filter(cause="untaken:event:1").count() == 1


def test_with_nobody_on_duty_the_first_to_come_is_told_then_and_a_task_is_made_now(summit, rita, ben, line, told, set_clock):
    Responder.objects.filter(pk=rita.pk).update(on_from=time(14), on_until=time(16))
    Responder.objects.filter(pk=ben.pk).update(on_from=time(13), on_until=time(16))
    assert next_on_duty(responders=summit.responders.all(), zone=summit.timezone, now=NOON) == (
        ben,
        datetime(2026, 11, 20, 20, 0, tzinfo=UTC),
    )
    post_call(connect(client=summit, provider="callrail", secret=payloads.SECRET, now=NOON)[1])
    work_off()
    assert ("sms", BEN) not in told()
    assert ("sms", RITA) not in told()
    waits = Task.objects.get(cause__startswith="nobody-on-duty")
    assert waits.reason == "Ben is told at 13:00 on Fri 20 Nov, when their hours begin. Until then it is with us."
    later(set_clock, minutes=61)
    assert told().count(("sms", BEN)) == 1
