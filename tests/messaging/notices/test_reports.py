"""What is heard of an alert by text after its call: the carrier's report through the signed hook, and the provider's own list."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client as Browser
from twilio.request_validator import RequestValidator

from leads.models import Responder, Task
from messaging.models import Handover, Message, Notice
from messaging.notices import telling, words
from providers.connections import connect
from tests.factories import NOON, ClientFactory
from tests.messaging.notices.conftest import BEN, LOST, RITA, go, hand_over, later, states
from tests.messaging.test_sending import text
from tests.providers import payloads
from tests.workflows.test_missed_call import path, work_off
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db


def report(told, status, *, nth=0, sid="SM1", code="", address=""):
    """The carrier's report of the nth text, posted to the address that went with it and signed."""
    address = address or told.adapter.calls[nth][1]
    fields = payloads.twilio_status(
        MessageSid=sid, SmsSid=sid, MessageStatus=status, SmsStatus=status, **({"ErrorCode": code} if code else {})
    )
    signed = RequestValidator("s").compute_signature(address, fields)
    form = "application/x-www-form-urlencoded"
    answer = Browser().post(path(address), urlencode(fields), content_type=form, headers={"X-Twilio-Signature": signed})
    work_off()
    return answer.status_code


def test_what_the_carrier_did_not_deliver_goes_the_next_way(rita, line, slack, told):
    hand_over(rita)
    go()
    assert told.adapter.calls[0][1].endswith(f"?m={Notice.objects.get().pk}")
    assert report(told, "sent") == 200
    assert told() == [("sms", RITA)]
    report(told, "undelivered", code="30003")
    go()
    assert told() == [("sms", RITA), ("slack", "")]
    first = Notice.objects.get(channel="sms")
    assert (first.status, first.error_code, first.provider_status, first.pass_on_at) == ("undelivered", "30003", "undelivered", None)
    assert first.says == "The carrier did not deliver it."
    # Repeats and stragglers change nothing.
    for status in ("undelivered", "sent", "delivered"):
        report(told, status)
    go()
    assert told() == [("sms", RITA), ("slack", "")]
    first.refresh_from_db()
    assert first.status == "undelivered"


def test_what_reached_nobody_goes_to_the_next_person_and_then_to_us(rita, ben, line, told):
    Responder.objects.update(alerts_by=["sms"])
    for one in (rita, ben):
        one.refresh_from_db()
    hand_over(rita)
    go()
    report(told, "failed", code="30006")
    go()
    assert told() == [("sms", RITA), ("sms", BEN)]
    report(told, "undelivered", nth=1, sid="SM2")
    go()
    assert Task.objects.get().cause == "untaken:event:1"


def test_what_arrived_is_said_and_what_somebody_took_goes_no_further(rita, ben, line, told, set_clock):
    made = hand_over(rita)
    go()
    report(told, "delivered")
    assert Notice.objects.get().says == "Delivered to the phone."
    report(told, "undelivered")
    assert states() == [("sms", "sent", "")]
    second = hand_over(rita, cause="event:2", lead=made.lead)
    go()
    Handover.objects.filter(pk=second.pk).update(taken_at=clock.read())
    report(told, "undelivered", nth=1, sid="SM2")
    later(set_clock, minutes=11)
    assert told() == [("sms", RITA), ("sms", RITA), ("sms", BEN)], "the second went no further; the first was taken by nobody"


def test_a_report_that_is_faster_than_the_answer_is_the_answer(rita, line, told, monkeypatch):
    hand_over(rita)
    settle = telling.settle

    def _late(**answer):
        report(told, "delivered")
        settle(**answer)

    monkeypatch.setattr(telling, "settle", _late)
    go()
    notice = Notice.objects.get()
    assert (notice.status, notice.provider_id, notice.says) == ("sent", "SM1", "Delivered to the phone.")


def test_a_report_answers_for_a_lost_answer(rita, line, slack, told, set_clock):
    told.answers.append(LOST)
    hand_over(rita)
    go()
    report(told, "delivered", sid="SM77")
    for _ in range(3):
        later(set_clock, seconds=31)
    assert told() == [("sms", RITA)]
    notice = Notice.objects.get()
    assert (notice.status, notice.provider_id, notice.late) == ("sent", "SM77", False)


def test_a_report_of_another_client_or_another_text_is_about_nothing_here(rita, line, told):
    hand_over(rita)
    go()
    notice = Notice.objects.get()
    other = connect(client=ClientFactory(slug="other", phone="+13035550101"), provider="twilio", secret="s", now=NOON)[1]
    report(told, "undelivered", address=f"{other}?m={notice.pk}")
    report(told, "undelivered", sid="SM99")
    go()
    assert states() == [("sms", "sent", "")]


def test_a_text_to_a_customer_and_an_alert_of_one_account_do_not_mix(summit, rita, line, told):
    hand_over(rita)
    message = text(summit)
    go()
    customer = next(address for to, address in told.adapter.calls if to == message.to)
    report(told, "undelivered", address=customer, sid=Message.objects.get().provider_id)
    go()
    assert Message.objects.get().status == "failed"
    assert states() == [("sms", "sent", "")]


def test_a_test_alert_that_did_not_arrive_proves_nothing(rita, line, told, staff_user):
    Responder.objects.filter(pk=rita.pk).update(alerts_by=["sms"])
    rita.refresh_from_db()
    telling.ask_for_test(responder=rita, by=staff_user, now=clock.read())
    go()
    rita.refresh_from_db()
    assert rita.tested_at is not None
    report(told, "undelivered")
    rita.refresh_from_db()
    assert (rita.tested_at, states()) == (None, [("sms", "undelivered", "not-delivered")])


# -- the provider's list --------------------------------------------------------------------------------------------------------------------


def listed(told, body, *, sid="SM77", status="delivered", **moved):
    at = clock.real_now() + timedelta(**moved)
    told.adapter.listed.append({"provider_id": sid, "body": body, "created_at": at, "status": status})


def test_a_lost_answer_is_found_in_the_list(rita, line, slack, told, set_clock):
    told.answers.append(LOST)
    made = hand_over(rita)
    go()
    listed(told, words.for_another(body=made.body, handover_id=rita.client_id), sid="SM70")
    listed(told, made.body, sid="SM71", hours=-3)
    listed(told, made.body)
    for _ in range(3):
        later(set_clock, seconds=31)
    assert told() == [("sms", RITA)]
    notice = Notice.objects.get()
    assert (notice.status, notice.provider_id, notice.provider_status) == ("sent", "SM77", "delivered")
    assert notice.pass_on_at is not None


def test_what_the_list_says_was_not_delivered_goes_the_next_way(rita, line, slack, told, set_clock):
    told.answers.append(LOST)
    made = hand_over(rita)
    go()
    listed(told, made.body, status="failed")
    later(set_clock, seconds=11)
    assert told() == [("sms", RITA), ("slack", "")]
    assert states() == [("sms", "undelivered", "not-delivered"), ("slack", "sent", "")]


@pytest.mark.parametrize("case", ["a customer's", "two", "broken"])
def test_a_list_that_does_not_tell_leads_to_the_next_way(summit, rita, line, slack, told, set_clock, case, monkeypatch):
    told.answers.append(LOST)
    made = hand_over(rita)
    go()
    listed(told, made.body)
    if case == "a customer's":
        text(summit, status="sent", provider_id="SM77", connection=line)
    elif case == "two":
        listed(told, made.body, sid="SM78")
    else:
        monkeypatch.setattr(told.adapter, "find_sent", lambda **_: 1 / 0, raising=False)
    later(set_clock, seconds=11)
    assert told() == [("sms", RITA)]
    later(set_clock, seconds=21)
    assert told() == [("sms", RITA), ("slack", "")]
    assert states() == [("sms", "unknown", "no-answer"), ("slack", "sent", "")]
