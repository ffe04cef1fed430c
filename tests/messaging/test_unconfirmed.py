"""A text that nobody can confirm: never repeated, declared unsent only by name and with a reason, closed when its time has passed."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from leads.models import Task
from messaging import by_hand, due
from messaging.inbound import suppress
from messaging.models import Attempt, Message, Suppression
from messaging.outbox import outcomes, reports
from providers.contract import SendResult
from tests.factories import NOON
from tests.messaging.test_sending import line, provider, send, summit, text  # noqa: F401  fixtures
from tests.planning import make_try
from zartsalgo.lib import clock
from zartsalgo.office.invariants import check_invariants

pytestmark = pytest.mark.django_db


@pytest.fixture
def unknown(line, summit, provider):  # noqa: F811
    provider.answers = [SendResult(outcome="unknown", note="reset")]
    message = send(text(summit))
    assert message.status == "unknown" and len(provider.calls) == 1
    return message


def look_until_the_end(message, set_clock):
    for _ in outcomes.LOOK_UP_AFTER:
        message.refresh_from_db()
        set_clock(message.due_at + timedelta(seconds=1))
        due.work_off(now=clock.read())
    message.refresh_from_db()


def attempt_of(message):
    return message.attempts.get()


@pytest.mark.parametrize("declared", [("", ""), ("Olga", ""), ("", "looked")])
def test_the_database_refuses_unsent_without_a_name_and_a_reason(unknown, declared):
    by, reason = declared
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("update messaging_attempt set outcome = 'not_sent', declared_by = %s, declared_reason = %s", [by, reason])
    with pytest.raises(by_hand.NoReason):
        by_hand.decide_unknown(message=unknown, went=False, by=by, reason=reason, now=clock.read())
    assert attempt_of(unknown).outcome == "unknown"


def test_a_try_in_the_middle_of_its_call_is_not_unsent_either_and_an_accepted_one_stays(unknown):
    for outcome in ("calling", "accepted"):
        Attempt.objects.update(outcome=outcome)
        with pytest.raises(DatabaseError), transaction.atomic():
            Attempt.objects.update(outcome="not_sent" if outcome == "calling" else "unknown")


def test_declared_unsent_is_a_call_and_no_second_text_and_the_declaration_stays(unknown, provider, set_clock):  # noqa: F811
    assert by_hand.decide_unknown(message=unknown, went=False, by="Olga", reason="Not in the console", now=clock.read())
    assert not by_hand.decide_unknown(message=unknown, went=False, by="Sam", reason="Same", now=clock.read())
    unknown.refresh_from_db()
    attempt = attempt_of(unknown)
    assert (unknown.status, attempt.outcome, attempt.declared_by, attempt.declared_reason) == (
        "failed", "not_sent", "Olga", "Not in the console",
    )  # fmt: skip
    assert Task.objects.get().cause == f"did-not-go:{unknown.pk}"
    set_clock(NOON + timedelta(days=1))
    due.work_off(now=clock.read())
    assert len(provider.calls) == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        Attempt.objects.update(declared_by="Somebody else")


def test_declared_unsent_it_goes_once_more_only_when_the_provider_cannot_send_the_first_any_more(unknown, provider, monkeypatch):  # noqa: F811
    seen = {"went": False, "by": "Olga", "reason": "Not in the console", "again": True}
    with pytest.raises(by_hand.NotAgain, match="may still send the first one for 11 minutes"):
        by_hand.decide_unknown(message=unknown, now=clock.read(), **seen)
    assert attempt_of(unknown).outcome == "unknown"
    monkeypatch.setattr(by_hand, "MAY_STILL_SEND", -timedelta(minutes=1))
    assert by_hand.decide_unknown(message=unknown, now=clock.read(), **seen)
    assert not by_hand.decide_unknown(message=unknown, now=clock.read(), **seen)
    provider.answers = [SendResult(outcome="accepted", provider_id="SM2")]
    due.work_off(now=clock.read())
    unknown.refresh_from_db()
    assert (unknown.status, unknown.provider_id, len(provider.calls)) == ("sent", "SM2", 2)
    assert list(unknown.attempts.order_by("n").values_list("outcome", "declared_by")) == [("not_sent", "Olga"), ("accepted", "")]
    assert not Task.objects.exists()


def test_too_late_for_the_text_it_is_not_tried_again(unknown, provider, set_clock):  # noqa: F811
    Message.objects.filter(pk=unknown.pk).update(useful_until=NOON)
    with pytest.raises(by_hand.NotAgain, match="too late"):
        by_hand.decide_unknown(message=unknown, went=False, by="Olga", reason="Not there", again=True, now=clock.read())
    assert attempt_of(unknown).outcome == "unknown" and len(provider.calls) == 1


@pytest.mark.parametrize("closed", ["a person", "the clock"])
def test_a_late_report_outweighs_what_was_assumed(unknown, closed, set_clock):
    if closed == "a person":
        by_hand.decide_unknown(message=unknown, went=False, by="Olga", reason="Not in the console", now=clock.read())
    else:
        look_until_the_end(unknown, set_clock)
    assert reports.record_status(message=unknown, provider_id="SM9", status="delivered", error_code="", now=clock.read())
    unknown.refresh_from_db()
    assert (unknown.status, attempt_of(unknown).outcome, unknown.provider_id) == ("delivered", "accepted", "SM9")


def test_past_its_usefulness_it_closes_and_becomes_one_call(unknown, provider, set_clock):  # noqa: F811
    look_until_the_end(unknown, set_clock)
    assert (unknown.status, unknown.reason, attempt_of(unknown).outcome) == ("failed", "never-confirmed", "unknown")
    set_clock(clock.read() + timedelta(days=4000))
    due.work_off(now=clock.read())
    assert [(task.kind, task.cause, task.status) for task in Task.objects.all()] == [
        ("call-back", f"never-confirmed:{unknown.pk}", "open")
    ]  # fmt: skip
    assert len(provider.calls) == 1


def test_while_it_is_of_use_a_person_is_asked_and_then_it_closes_all_the_same(unknown, provider, set_clock):  # noqa: F811
    useful = NOON + timedelta(days=2)
    Message.objects.filter(pk=unknown.pk).update(useful_until=useful)
    look_until_the_end(unknown, set_clock)
    assert (unknown.status, Task.objects.get().kind, Task.objects.get().status) == ("unknown", "look-into", "open")
    set_clock(useful + timedelta(seconds=2))
    due.work_off(now=clock.read())
    unknown.refresh_from_db()
    assert unknown.status == "failed"
    assert sorted((task.kind, task.status) for task in Task.objects.all()) == [("call-back", "open"), ("look-into", "done")]
    assert len(provider.calls) == 1


def broken(key):
    return next(finding.broken for finding in check_invariants(now=clock.read()) if finding.key == key)


@pytest.mark.parametrize(("first", "wrong"), [("the try", 0), ("the opt-out", 1)])
def test_a_try_after_a_stored_opt_out_is_found_to_the_microsecond(line, summit, provider, first, wrong):  # noqa: F811
    """No slack: both stamps are the database's, taken under the lock of the address."""
    message = text(summit)

    def opt_out():
        suppress(contact=message.contact, client=summit, value=message.to, rule="test", event=None, now=NOON)

    if first == "the try":
        assert send(message).status == "sent"
        opt_out()
    else:
        opt_out()
        assert send(message).status == "skipped" and not provider.calls
        with connection.cursor() as cursor:  # as if the gate had not looked
            cursor.execute("select clock_timestamp()")
            (started,) = cursor.fetchone()
        make_try(message=message, outcome="accepted", started_at=started, deadline_at=started)
    assert broken("nobody-after-opt-out") == wrong
    assert abs(Suppression.objects.get().stored_at - clock.real_now()) < timedelta(minutes=1)
