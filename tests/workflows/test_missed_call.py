"""Missed-call text-back from the webhook to the text, over the real tables, with the simulator's phone at the end."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client as Browser
from twilio.request_validator import RequestValidator

from leads.models import Event, Lead, Task
from messaging import due as messaging_due
from messaging import gate
from messaging.models import Attempt, Handover, Message, PurposeClaim, Suppression
from providers.connections import connect
from providers.models import Connection, Delivery
from tests.factories import NOON, ClientFactory, ResponderFactory
from tests.providers import payloads
from workflows import due as workflows_due
from workflows.models import Receipt, Run
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db

CALLER = "+13035550123"


@pytest.fixture
def summit(noon):
    client = ClientFactory()
    ResponderFactory(client=client)
    return client


@pytest.fixture
def callrail(summit):
    return connect(client=summit, provider="callrail", secret=payloads.SECRET, now=NOON)[1]


@pytest.fixture
def twilio(summit):
    return connect(client=summit, provider="twilio", secret=payloads.SECRET, account="AC0", now=NOON)[1]


def post_call(hook: str, **changes) -> int:
    """A CallRail post-call of a call that ended just now, signed."""
    fresh = {"start_time": (datetime.now(UTC) - timedelta(seconds=40)).isoformat(), "customer_phone_number": CALLER}
    body = payloads.as_json(payloads.callrail_call(**{**fresh, **changes}))
    signature = payloads.b64(payloads.SECRET.encode(), body, "sha1")
    return Browser().post(path(hook), body, content_type="application/json", headers={"Signature": signature}).status_code


def text_in(hook: str, text: str, sender: str = CALLER) -> int:
    """An inbound text through Twilio, signed."""
    fields = payloads.twilio_text(From=sender, Body=text, MessageSid=f"SM{abs(hash((text, sender))):032x}"[:34])
    signature = RequestValidator(payloads.SECRET).compute_signature(hook, fields)
    form = "application/x-www-form-urlencoded"
    return Browser().post(path(hook), urlencode(fields), content_type=form, headers={"X-Twilio-Signature": signature}).status_code


def path(hook: str) -> str:
    return hook.removeprefix("http://127.0.0.1:8000")


def work_off():
    """What worker and ticker do, in this thread, until nothing is due."""
    for _ in range(4):
        workflows_due.work_off(now=clock.read())
        messaging_due.work_off(now=clock.read())


def test_a_missed_call_becomes_one_text_and_every_step_is_told(callrail):
    assert post_call(callrail) == 200
    assert Delivery.objects.get().state == Delivery.State.RECEIVED
    work_off()

    message = Message.objects.get()
    assert (message.to, message.status, message.purpose) == (CALLER, "delivered", "missed-call-text-back")
    assert message.body.startswith("Hi") and "this is Summit Roofing" in message.body and message.body.endswith("Reply STOP to opt out.")
    assert [check["passed"] for check in message.slip["checks"]] == [True] * len(gate.CHECKS)
    run = Run.objects.get()
    assert (run.status, run.cursor) == ("waiting", "reply")
    assert [step.key for step in run.steps.order_by("id")] == ["caller", "lead", "hand-over", "timer", "text", "sent"]
    lead = Lead.objects.get()
    assert lead.first_response_at is not None and lead.response_due_at == run.steps.get(key="timer").at + timedelta(minutes=15)
    assert Handover.objects.get().to_name == "Rita"
    assert [(t.kind, t.status) for t in Task.objects.all()] == [("call-back", "open")]
    assert [(r.workflow, r.verdict) for r in Receipt.objects.filter(run__isnull=False)] == [("missed-call-text-back", "started")]


def test_a_second_call_in_the_window_joins_and_sends_nothing(callrail):
    post_call(callrail)
    work_off()
    post_call(callrail, id=2, resource_id="CAL2")
    work_off()
    assert Message.objects.count() == 1
    assert sorted(Receipt.objects.filter(workflow="missed-call-text-back").values_list("verdict", flat=True)) == ["joined", "started"]


@pytest.mark.parametrize("words", ["STOP", "stop.", "Please stop texting me", "no mas mensajes"])
def test_a_stop_from_a_number_that_never_called_wins_over_its_later_call(callrail, twilio, words):
    assert text_in(twilio, words) == 200
    assert post_call(callrail) == 200
    work_off()
    message = Message.objects.get()
    assert (message.status, message.reason) == ("skipped", "opted-out")
    assert "opted out" in message.says
    assert Attempt.objects.count() == 0 and Suppression.objects.get().value == CALLER
    assert Run.objects.get().steps.get(key="sent").says.startswith("No text went out.")


def test_at_night_the_text_is_held_and_people_know_at_once(callrail, set_clock):
    set_clock(datetime(2026, 11, 21, 4, 30, tzinfo=UTC))  # 21:30 on Friday in Denver
    post_call(callrail)
    work_off()
    message = Message.objects.get()
    assert (message.status, message.reason) == ("held", "quiet-hours")
    assert message.hold_until == datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
    assert Handover.objects.count() == 1 and Task.objects.count() == 1
    set_clock(datetime(2026, 11, 21, 15, 1, tzinfo=UTC))
    work_off()
    message.refresh_from_db()
    assert (message.status, message.reason) == ("skipped", "too-late")
    assert Attempt.objects.count() == 0


def test_where_a_number_is_said_to_be_registered_never_makes_the_hours_wider(callrail, set_clock):
    set_clock(datetime(2026, 11, 21, 3, 30, tzinfo=UTC))  # 22:30 in New York, 19:30 in Los Angeles
    post_call(callrail, customer_phone_number="+12125550123", customer_city="Los Angeles", customer_state="CA")
    work_off()
    message = Message.objects.get()
    assert (message.status, message.reason) == ("held", "quiet-hours") and Attempt.objects.count() == 0
    assert message.contact.state == "" and message.cause_event.personal["line_state"] == "CA"


def test_a_reply_moves_the_lead_and_asks_for_a_person(callrail, twilio):
    post_call(callrail)
    work_off()
    text_in(twilio, "My roof leaks, can you come today?")
    work_off()
    lead = Lead.objects.get()
    assert lead.stage == "engaged" and lead.replied_at is not None
    assert Task.objects.filter(kind="answer-reply", status="open").count() == 1
    assert Run.objects.get().status == "done"


def test_a_text_from_a_short_code_is_put_before_a_person(twilio):
    text_in(twilio, "Your code is 1234", sender="24365")
    work_off()
    task = Task.objects.get()
    assert (task.kind, task.contact) == ("look-into", None) and Event.objects.get().contact is None


def test_drafts_wait_for_a_person(callrail):
    from leads.models import Automation
    from messaging.planning import approve

    Automation.objects.update(send="draft")
    post_call(callrail)
    work_off()
    message = Message.objects.get()
    assert (message.status, message.reason) == ("held", "needs-approval")
    assert approve(message=message, by="sam", now=clock.read()) and not approve(message=message, by="olga", now=clock.read())
    work_off()
    message.refresh_from_db()
    assert message.status == "delivered" and message.approved_by == "sam"


@pytest.mark.parametrize(
    ("raw", "actual"), [("anonymous", "withheld"), ("+18005550199", "toll-free"), ("24365", "short-code"), ("+13035550100", "own number")]
)
def test_callers_who_cannot_be_texted_get_a_task(callrail, raw, actual):
    assert post_call(callrail, customer_phone_number=raw) == 200
    work_off()
    run = Run.objects.get()
    assert run.status == "done" and run.steps.get(key="caller").actual == actual
    assert Message.objects.count() == 0 and Task.objects.get().kind == "call-back"


def test_a_stale_post_call_sends_nothing(callrail):
    post_call(callrail, start_time=(datetime.now(UTC) - timedelta(hours=2)).isoformat())
    work_off()
    message = Message.objects.get()
    assert (message.status, message.reason) == ("skipped", "too-late")


def test_two_texts_for_one_purpose_cannot_both_go_even_when_the_run_check_is_passed_by(callrail):
    post_call(callrail)
    work_off()
    first = Message.objects.get()
    assert PurposeClaim.objects.get().holder == first.pk
    second = Message.objects.get()
    second.pk = None
    from zartsalgo.lib.ids import new_id

    second.pk, second.run_id, second.status, second.provider_id = new_id(), None, "queued", ""
    second.save(force_insert=True)
    work_off()
    second.refresh_from_db()
    assert (second.status, second.reason) == ("skipped", "already-texted")


def test_refused_signatures_are_counted_and_not_stored(callrail):
    response = Browser().post(path(callrail), b"{}", content_type="application/json", headers={"Signature": "nonsense"})
    assert response.status_code == 401
    assert Connection.objects.get().refused_signatures == 1 and Delivery.objects.count() == 0 and Event.objects.count() == 0
