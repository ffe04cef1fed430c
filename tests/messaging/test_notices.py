"""Telling the business's own people: at once, once per cause, the next way where one does not work, the next person where nobody takes it.

Fake adapters stand in for Twilio and Slack and count; the mail server is Django's own outbox.
"""

import contextlib
import threading
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connection, connections, transaction

from leads.actions import close_task, next_on_duty, report_outcome
from leads.models import Responder, Task
from messaging import due, pauses
from messaging.inbound import suppress
from messaging.models import Handover, Message, Notice
from messaging.notices import choosing, judging, telling, words
from messaging.notices.handing_over import tell_responder
from providers import adapters
from providers.connections import connect, disable
from providers.contract import SendResult
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory, ResponderFactory
from tests.messaging.test_sending import CountingAdapter
from tests.office.rows import make_task
from tests.providers import payloads
from tests.workflows.test_missed_call import post_call, work_off
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id

pytestmark = pytest.mark.django_db

RITA, BEN, CARLA = "+13035550190", "+13035550191", "+13035550123"
HOOK = "https://hooks.slack.com/services/T0TEST/B0TEST/not-a-real-hook"
LOST = SendResult(outcome="unknown", note="no answer")
NO = SendResult(outcome="rejected", http_status=400, error_code="30006", note="no texts there")


@pytest.fixture
def told(monkeypatch, mailoutbox):
    """Who was told, as (channel, address): what left over the fakes and the mail server."""
    real, texts = adapters.load, CountingAdapter()
    monkeypatch.setattr(texts, "verify", real("twilio").verify, raising=False)
    monkeypatch.setattr(texts, "parse", real("twilio").parse, raising=False)
    slack = real("slack")
    posts: list[str] = []
    slack_answers: list[SendResult] = []

    def _post(*, credentials, text, timeout_seconds):
        posts.append(text)
        return slack_answers.pop(0) if slack_answers else SendResult(outcome="accepted", http_status=200)

    monkeypatch.setattr(slack, "post_alert", _post, raising=False)
    monkeypatch.setattr(adapters, "load", lambda name: texts if name == "twilio" else real(name))

    class Told:
        answers, slack_says, adapter = texts.answers, slack_answers, texts

        def __call__(self):
            mails = [("email", mail.to[0]) for mail in mailoutbox]
            return [*[("sms", to) for to, _ in texts.calls], *[("slack", "") for _ in posts], *mails]

        @property
        def posts(self):
            return posts

    return Told()


@pytest.fixture
def summit(noon):
    return ClientFactory()


@pytest.fixture
def rita(summit):
    return ResponderFactory(client=summit, email="rita@example.com")


@pytest.fixture
def ben(summit, rita):
    return ResponderFactory(client=summit, name="Ben", phone=BEN, order=2)


@pytest.fixture
def line(summit):
    return connect(client=summit, provider="twilio", secret="s", account="AC1", base_url="http://127.0.0.1:9", live=True, now=NOON)[0]


@pytest.fixture
def slack(summit):
    return connect(client=summit, provider="slack", secret=HOOK, base_url="http://127.0.0.1:9", live=True, now=NOON)[0]


def hand_over(responder, *, cause="event:1", asked="Missed call", **changes):
    client = responder.client
    lead = changes.pop("lead", None) or LeadFactory(client=client, contact=ContactFactory(client=client, phone=CARLA))
    now = clock.read()
    made = Handover(
        id=new_id(), client=client, lead=lead, run_id=new_id(), step_key="hand-over", responder=responder, to_name=responder.name,
        to_address=responder.phone, created_at=now, link_expires_at=now + timedelta(hours=72),
    )  # fmt: skip
    made.body = words.handover_words(lead=lead, asked=asked, at=now, handover_id=made.pk)
    for name, value in changes.items():
        setattr(made, name, value)
    made.save(force_insert=True)
    choosing.plan_notice(handover=made, cause=cause, now=now)
    return made


def go():
    """What is due, and what follows from it."""
    for _ in range(3):
        due.work_off(now=clock.read())


def later(set_clock, **amount):
    set_clock(clock.read() + timedelta(**amount))
    go()


def states():
    return [(n.channel, n.status, n.reason) for n in Notice.objects.order_by("created_at", "pk")]


# -- at once, and once --------------------------------------------------------------------------------------------------------------------


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
    first = tell_responder(**asks, responder=rita, run_id=new_id(), step_key="a", now=clock.read())
    assert tell_responder(**asks, responder=rita, run_id=new_id(), step_key="b", now=clock.read()) == first
    go()
    assert told() == [("sms", RITA), ("email", "rita@example.com")]
    # Even after the first way failed: whoever asks gets the handover whose link they have.
    assert tell_responder(**asks, responder=rita, run_id=new_id(), step_key="c", now=clock.read()) == first
    assert words.opens(link=words.link_in(first.body), handover_id=first.pk)
    assert Handover.objects.count() == 1
    other = tell_responder(**asks, responder=ben, run_id=new_id(), step_key="a", now=clock.read())
    next_event = tell_responder(**{**asks, "cause": "event:2"}, responder=rita, run_id=new_id(), step_key="a", now=clock.read())
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
            tell_responder(lead=lead, responder=rita, asked="Missed call", at=NOON, cause="event:1", run_id=new_id(), now=clock.read())

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


# -- the next way ---------------------------------------------------------------------------------------------------------------------------


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


# -- nobody takes it ------------------------------------------------------------------------------------------------------------------------


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
    assert next_on_duty(client=summit, now=NOON) == (ben, datetime(2026, 11, 20, 20, 0, tzinfo=UTC))
    post_call(connect(client=summit, provider="callrail", secret=payloads.SECRET, now=NOON)[1])
    work_off()
    assert ("sms", BEN) not in told()
    assert ("sms", RITA) not in told()
    waits = Task.objects.get(cause__startswith="nobody-on-duty")
    assert waits.reason == "Ben is told at 13:00 on Fri 20 Nov, when their hours begin. Until then it is with us."
    later(set_clock, minutes=61)
    assert told().count(("sms", BEN)) == 1


# -- the checks -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["forged", "of another", "expired", "off our pages", "none", "two"])
def test_a_link_that_is_not_ours_or_not_good_is_never_sent(rita, line, told, case):
    other = hand_over(rita, cause="event:0", created_at=NOON - timedelta(hours=1))
    Notice.objects.all().update(status="skipped")
    lead = other.lead
    now, id = clock.read(), new_id()
    good = words.handover_words(lead=lead, asked="Missed call", at=now, handover_id=id)
    body = {
        "forged": good[:-4] + "AAA/",
        "of another": other.body,
        "expired": good,
        "off our pages": good.replace("http://127.0.0.1:8000", "http://example.com"),
        "none": good.split("http")[0],
        "two": good + " http://example.com/",
    }[case]
    ends = now - timedelta(seconds=1) if case == "expired" else now + timedelta(hours=72)
    hand_over(rita, lead=lead, id=id, body=body, link_expires_at=ends)
    go()
    assert told() == []
    assert list(Notice.objects.filter(handover_id=id).values_list("status", "reason")) == [("skipped", "link")]
    assert Task.objects.filter(lead=lead, cause="untaken:event:1").count() == 1


def test_a_sensitive_business_gets_no_name_number_or_question(rita, line, told):
    rita.client.sensitive = True
    rita.client.save()
    made = hand_over(rita)
    said = made.body
    assert "Carla" not in said and "0123" not in said and "Missed call" not in said
    go()
    assert told() == [("sms", RITA)]
    # Words from before it was marked do not leave either.
    id = new_id()
    body = words.for_another(body=f"Carla Gomez, (303) 555-0123. {said}", handover_id=id)
    hand_over(rita, cause="event:2", lead=made.lead, id=id, body=body)
    go()
    assert list(Notice.objects.filter(handover_id=id).values_list("status", "reason")) == [("skipped", "content")]
    assert told() == [("sms", RITA)]


def test_who_said_stop_to_alerts_is_told_another_way(rita, line, told):
    suppress(contact=None, client=rita.client, value=RITA, rule="stop", event=None, now=clock.read())
    hand_over(rita)
    go()
    assert told() == [("email", "rita@example.com")]
    assert states()[0] == ("sms", "skipped", "said-stop")


def test_the_carriers_word_that_they_stopped_counts_from_then_on(rita, line, told):
    told.answers.append(SendResult(outcome="rejected", http_status=400, error_code="21610"))
    lead = hand_over(rita).lead
    go()
    hand_over(rita, cause="event:2", lead=lead)
    go()
    assert [way for way, _ in told()] == ["sms", "email", "email"]


def test_who_left_or_changed_their_number_is_not_told(rita, ben, line, told):
    hand_over(rita)
    Responder.objects.filter(pk=rita.pk).update(active=False)
    go()
    assert told() == [("sms", BEN)]
    assert states()[0] == ("sms", "skipped", "own-people")


def test_a_pause_of_the_agency_holds_all_alerts_until_it_is_lifted(rita, ben, line, slack, told, set_clock):
    stop, _ = pauses.pause(scope=pauses.Scope(), reason="Drill", by=None, now=clock.read())
    hand_over(rita)
    go()
    later(set_clock, minutes=30)
    assert told() == []
    assert states() == [("sms", "held", "sending-stopped")]
    pauses.lift(pause=stop, by=None, now=clock.read())
    later(set_clock, minutes=2)
    assert told() == [("sms", RITA)]


@pytest.mark.parametrize("scope", ["channel", "connection"])
def test_a_pause_of_texts_holds_no_other_channel(rita, line, slack, told, set_clock, scope):
    narrow = {"channel": {"channel": "sms"}, "connection": {"client": rita.client, "connection": line}}[scope]
    stop, _ = pauses.pause(scope=pauses.Scope(**narrow), reason="Carrier trouble", by=None, now=clock.read())
    hand_over(rita)
    go()
    go()
    assert told() == [("slack", "")]
    assert states() == [("sms", "aside", "sending-stopped"), ("slack", "sent", "")]
    pauses.lift(pause=stop, by=None, now=clock.read())
    later(set_clock, minutes=2)
    assert told() == [("slack", "")]


@pytest.mark.parametrize("scope", ["workflow", "lead"])
def test_a_pause_of_a_workflow_or_a_lead_is_about_customers(rita, line, told, scope):
    made = hand_over(rita)
    narrow = {"workflow": {"workflow": "missed-call-text-back"}, "lead": {"client": rita.client, "lead": made.lead}}[scope]
    pauses.pause(scope=pauses.Scope(**narrow), reason="x", by=None, now=clock.read())
    go()
    assert told() == [("sms", RITA)]


def test_a_pause_stored_after_the_look_still_stops_the_call(rita, line, told, monkeypatch):
    hand_over(rita)
    judge = judging.judge

    def _then_pause(*, notice, now):
        slip = judge(notice=notice, now=now)
        pauses.pause(scope=pauses.Scope(), reason="Drill", by=None, now=now)
        return slip

    monkeypatch.setattr(judging, "judge", _then_pause)
    go()
    # The look after it holds it.
    assert (told(), states()) == ([], [("sms", "held", "sending-stopped")])


def test_a_flood_is_kept_back(rita, line, told, set_clock, monkeypatch):
    monkeypatch.setattr(judging, "MOST_AN_HOUR", 2)
    Responder.objects.filter(pk=rita.pk).update(alerts_by=["sms"])
    rita.refresh_from_db()
    lead = hand_over(rita, cause="event:0").lead
    for n in (1, 2):
        hand_over(rita, cause=f"event:{n}", lead=lead)
    go()
    assert len(told()) == 2
    assert Notice.objects.filter(status="held", reason="too-many").count() == 1


def test_a_connection_switched_off_makes_room_for_the_next_way(rita, line, slack, told):
    hand_over(rita)
    disable(connection=line, now=clock.read())
    go()
    go()
    assert told() == [("slack", "")]


def test_without_any_way_the_handover_stays_on_the_outbox(rita, told, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    hand_over(rita)
    go()
    assert (Handover.objects.count(), Notice.objects.count(), told()) == (1, 0, [])


def test_who_wants_no_texts_gets_none(rita, line, slack, told):
    Responder.objects.filter(pk=rita.pk).update(alerts_by=["email"])
    rita.refresh_from_db()
    hand_over(rita)
    go()
    assert told() == [("email", "rita@example.com")]


# -- words ----------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Carla Gomez", "Carla Gomez"),
        ("Bob https://evil.example/x", "Bob https evil. example/x"),
        ("www.evil.example", "www. evil. example"),
        ("A\nB\u202eC", "A BC"),
        ("x" * 200, "x" * 60),
    ],
)
def test_a_strangers_name_is_one_short_line_without_a_link(rita, name, shown):
    lead = LeadFactory(client=rita.client, contact=ContactFactory(client=rita.client, name=name, phone=CARLA))
    made = hand_over(rita, lead=lead)
    assert made.body.startswith(f"{shown}, (303) 555-0123. Missed call at 12:00 on Fri 20 Nov. What came of it? http://127.0.0.1:8000/o/")
    assert words.link_in(made.body)


def test_a_mail_names_nobody_in_its_subject(rita, told, mailoutbox):
    hand_over(rita)
    go()
    assert mailoutbox[0].subject == "Summit Roofing: somebody waits for an answer"
    assert mailoutbox[0].body.startswith("Carla Gomez, (303) 555-0123.")


# -- test alerts ----------------------------------------------------------------------------------------------------------------------------


def test_a_test_alert_takes_every_way_and_is_remembered(rita, line, slack, told, staff_user):
    for _ in range(2):
        telling.ask_for_test(responder=rita, by=staff_user, now=clock.read())
    go()
    assert told() == [("sms", RITA), ("slack", ""), ("email", "rita@example.com")]
    rita.refresh_from_db()
    assert rita.tested_at is not None and rita.tested_at - NOON < timedelta(minutes=1)
    rita.phone = "+13035550199"
    rita.save()
    rita.refresh_from_db()
    assert rita.tested_at is None


def test_a_test_alert_that_does_not_arrive_proves_nothing(rita, line, told, staff_user):
    Responder.objects.filter(pk=rita.pk).update(alerts_by=["sms"])
    rita.refresh_from_db()
    told.answers.append(NO)
    telling.ask_for_test(responder=rita, by=staff_user, now=clock.read())
    go()
    rita.refresh_from_db()
    assert (rita.tested_at, states()) == (None, [("sms", "refused", "refused")])
