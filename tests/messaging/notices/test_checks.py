"""Alerts to the business's own people: what is checked before one leaves, what it says, and tests of the way."""

from datetime import timedelta

import pytest

from leads.models import Responder, Task
from leads.people import phone_of
from messaging import pauses
from messaging.inbound import suppress
from messaging.models import Handover, Notice
from messaging.notices import judging, telling, words
from providers.connections import disable
from providers.contract import SendResult
from tests.factories import NOON, ContactFactory, LeadFactory
from tests.messaging.notices.conftest import BEN, CARLA, NO, RITA, go, hand_over, later, states
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id

pytestmark = pytest.mark.django_db


# -- the checks ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["forged", "of another", "expired", "off our pages", "none", "two"])
def test_a_link_that_is_not_ours_or_not_good_is_never_sent(rita, line, told, case):
    other = hand_over(rita, cause="event:0", created_at=NOON - timedelta(hours=1))
    Notice.objects.all().update(status="skipped")
    lead = other.lead
    now, id = clock.read(), new_id()
    good = words.handover_words(lead=lead, number=phone_of(contact=lead.contact), asked="Missed call", at=now, handover_id=id)
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


# -- words ---------------------------------------------------------------------------------------------------------------------------------


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


# -- test alerts ---------------------------------------------------------------------------------------------------------------------------


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
