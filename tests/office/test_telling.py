"""How and when the business's own people were told, as staff see it; the test alert; and "I see to it" behind the link."""

import re
from datetime import timedelta

import pytest
from django.test import Client as Browser

from leads.models import Responder
from messaging.models import Handover, Notice
from messaging.notices import words
from providers.contract import SendResult
from tests.factories import LeadFactory, ResponderFactory
from tests.messaging.notices.conftest import NO, ben, go, hand_over, later, line, rita, slack, summit, told  # noqa: F401  fixtures
from tests.office.reading import text_of
from tests.office.rows import sign_in
from zartsalgo.lib import clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("well")]


@pytest.fixture
def sam(noon):
    return sign_in("sam", group="staff")


def test_the_outbox_says_which_way_when_and_why_not(rita, line, slack, told, sam):  # noqa: F811
    told.answers.append(NO)
    hand_over(rita)
    go()
    page = text_of(sam.get("/outbox/"))
    assert "Refused Text message:" in page
    assert re.search(r"Told Slack, .{0,20}(just now|12:00)", page), page


def test_without_a_way_the_outbox_says_that_it_is_shown_here_only(rita, sam, settings):  # noqa: F811
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    hand_over(rita)
    assert "Shown here only: nothing was set up that reaches them" in text_of(sam.get("/outbox/"))


def test_the_leads_story_tells_it_too(rita, line, told, sam):  # noqa: F811
    made = hand_over(rita)
    go()
    page = text_of(sam.get(f"/leads/{made.lead_id}/"))
    assert "Handed over to Rita" in page
    assert "Text message: told at 12:00 MST on Fri 20 Nov." in page


@pytest.mark.parametrize("count", [5, 50])
def test_the_outbox_costs_the_same_for_five_and_fifty(summit, rita, sam, count, django_assert_max_num_queries):  # noqa: F811
    lead = LeadFactory(client=summit)
    for n in range(count):
        hand_over(rita, cause=f"event:{n}", lead=lead)
    sam.get("/outbox/")
    with django_assert_max_num_queries(9):
        assert sam.get("/outbox/").content.decode().count("data-item") == count


@pytest.mark.parametrize("count", [5, 50])
def test_a_clients_page_costs_the_same_however_many_call_back(summit, line, slack, sam, count, django_assert_max_num_queries):  # noqa: F811
    for n in range(count):
        ResponderFactory(client=summit, name=f"R{n}", order=n)
    sam.get("/clients/summit-roofing/")
    with django_assert_max_num_queries(36):
        page = text_of(sam.get("/clients/summit-roofing/"))
    assert page.count("Told by Text message, then Slack") == count


def test_a_test_alert_is_counted_then_sent_by_post_alone_and_its_result_kept(rita, line, slack, told, sam):  # noqa: F811
    where = f"/clients/summit-roofing/responders/{rita.pk}/test/"
    page = sam.get(where)
    assert 'data-count="3"' in page.content.decode()
    assert "By text message to (303) 555-0190." in text_of(page)
    assert "never tested" in text_of(sam.get("/clients/summit-roofing/"))
    assert (Notice.objects.count(), told()) == (0, [])
    assert Browser(enforce_csrf_checks=True).post(where).status_code in (302, 403)
    assert sam.post(where).status_code == 302
    go()
    assert sorted(way for way, _ in told()) == ["email", "slack", "sms"]
    assert "Summit Roofing" in told.posts[0] and "Rita" in told.posts[0]
    after = text_of(sam.get(where))
    assert after.count("Accepted. Ask Rita whether it arrived.") == 3
    assert "tested" in text_of(sam.get("/clients/summit-roofing/")) and "never tested" not in text_of(sam.get("/clients/summit-roofing/"))
    assert Notice.objects.filter(asked_by=sam.staff).count() == 3


def test_a_test_alert_is_refused_where_nothing_reaches_them_or_they_are_another_clients(rita, told, sam, settings):  # noqa: F811
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    where = f"/clients/summit-roofing/responders/{rita.pk}/test/"
    assert "Nothing reaches them yet" in text_of(sam.get(where))
    sam.post(where)
    assert Notice.objects.count() == 0
    assert sam.get(f"/clients/other/responders/{rita.pk}/test/").status_code == 404
    Responder.objects.filter(pk=rita.pk).update(active=False)
    assert "Rita is switched off" in text_of(sam.get(where))


def test_i_see_to_it_stops_the_round_and_looking_does_not(rita, ben, line, told, set_clock):  # noqa: F811
    made = hand_over(rita)
    go()
    link = words.link_in(made.body).removeprefix("http://127.0.0.1:8000")
    for _ in range(2):
        assert "Are you calling them?" in Browser().get(link).content.decode()
    assert Handover.objects.get().taken_at is None
    assert Browser().post(link, {"take": "yes"}).status_code == 302
    first = Handover.objects.get().taken_at
    assert first is not None
    assert "You see to it, so nobody else is asked." in Browser().get(link).content.decode()
    later(set_clock, minutes=11)
    Browser().post(link, {"take": "yes"})
    assert Handover.objects.get().taken_at == first
    assert len(told()) == 1


def test_looking_alone_takes_nothing(rita, ben, line, told, set_clock):  # noqa: F811
    made = hand_over(rita)
    go()
    Browser().get(words.link_in(made.body).removeprefix("http://127.0.0.1:8000"))
    later(set_clock, minutes=11)
    assert [to for _, to in told()] == [rita.phone, ben.phone]


def test_a_forged_link_takes_nothing(rita, line, told):  # noqa: F811
    made = hand_over(rita)
    link = words.link_in(made.body).removeprefix("http://127.0.0.1:8000")
    assert Browser().post(link[:-5] + "AAAA/", {"take": "yes"}).status_code == 404
    Handover.objects.filter(pk=made.pk)
    assert Handover.objects.get().taken_at is None


def test_an_uncertain_alert_is_said_to_be_uncertain(rita, line, told, sam):  # noqa: F811
    told.answers.append(SendResult(outcome="unknown"))
    hand_over(rita)
    go()
    page = text_of(sam.get("/outbox/"))
    assert "Not certain" in page and "It is not repeated." in page
    assert clock.read() - Notice.objects.earliest("created_at").created_at < timedelta(minutes=5)
