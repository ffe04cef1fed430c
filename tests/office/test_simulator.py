"""Every button of the simulator, from the page through the real door to the rows and back to the page."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection as database
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.models import Client, Event, Lead, Task
from messaging import due as messaging_due
from messaging.models import Message, Suppression
from providers.connections import connect
from providers.models import Connection, Delivery
from tests.factories import NOON, ClientFactory, StaffFactory
from workflows import due as workflows_due
from workflows.models import Receipt, Run, Step
from zartsalgo.lib import clock
from zartsalgo.lib.phone import is_fictional
from zartsalgo.office import simulator as playing
from zartsalgo.office.views import simulator as page

pytestmark = pytest.mark.django_db(transaction=True)

CARLA = "+13035550123"


def work_off():
    """What worker and ticker do, in this thread."""
    for _ in range(3):
        workflows_due.work_off(now=clock.read())
        messaging_due.work_off(now=clock.read())


@pytest.fixture
def summit(noon):
    return playing.make_try_out_client()


@pytest.fixture
def browser(db):
    browser = Browser()
    browser.force_login(StaffFactory())
    return browser


def press(browser, do, *, caller=CARLA, client="summit-roofing", **more):
    """Press a button and follow to the page."""
    answer = browser.post(reverse("office:simulator"), {"client": client, "caller": caller, "do": do, **more})
    assert answer.status_code == 302, answer.content
    return answer["Location"]


def see(browser, *, caller=CARLA, client="summit-roofing"):
    answer = browser.get(reverse("office:simulator"), {"client": client, "caller": caller})
    assert answer.status_code == 200
    return answer


def sentence(answer):
    """The one sentence of the latest action."""
    found = re.search(r"<p data-answer>(.*?)</p>", answer.content.decode(), re.DOTALL)
    return found.group(1) if found else ""


def text_backs():
    """The runs that answer missed calls; other workflows may act on the same call."""
    return Run.objects.filter(workflow="missed-call-text-back")


# The try-out client


def test_the_try_out_client_is_made_once_with_people_and_connections(noon):
    client = playing.make_try_out_client()
    again = playing.make_try_out_client()

    assert client == again
    assert (client.name, client.timezone, client.phone, client.demo) == ("Summit Roofing", "America/Denver", "+13035550100", True)
    assert {("missed-call-text-back", "auto"), ("lead-intake", "auto")} <= set(client.automations.values_list("workflow", "send"))
    assert [responder.name for responder in client.responders.all()] == ["Rita Alvarez", "Ben Okafor"]
    assert all(is_fictional(phone) for phone in [client.phone, *client.responders.values_list("phone", flat=True)])
    assert sorted(client.connections.values_list("provider", "live")) == [
        ("callrail", False),
        ("form", False),
        ("generic", False),
        ("twilio", False),
    ]
    assert Connection.objects.count() == 4


def test_only_fiction_numbers_can_play(summit):
    assert all(is_fictional(number) for number, _ in playing.PEOPLE)
    with pytest.raises(playing.Refused, match="fiction numbers only"):
        playing.read_caller(key="+13034440123", client=summit)


def test_somebody_new_is_unknown_to_the_client_and_lives_in_its_zone(summit):
    seen = {playing.newcomer(client=summit).number for _ in range(20)}
    assert all(is_fictional(number) for number in seen)
    assert {number[2:5] for number in seen} <= {"303", "719", "720", "748", "970", "983"}
    assert not seen & {summit.phone, *playing.NAMES}


# Buttons


def test_a_missed_call_brings_exactly_one_text_to_the_phone(browser, summit):
    press(browser, "missed-call")
    before = see(browser)
    assert "webhook answered 200" in before.content.decode()
    assert sentence(before) == "Stored. A worker reads it now."
    assert '<noscript><meta http-equiv="refresh" content="1;url=/try/?client=summit-roofing&amp;caller=' in before.content.decode()

    work_off()
    after = see(browser)
    text = Message.objects.get()
    assert (text.status, text.to, text.connection) == ("delivered", CARLA, None)
    assert after.content.decode().count('data-direction="in"') == 1
    assert text.body in after.content.decode()
    assert sentence(after) == "One text is on the phone; it went at 12:00 MST."
    assert "http-equiv" not in after.content.decode()
    assert [line.name for line in after.context["outcome"].steps][:2] == [
        "Can this caller be texted?",
        "Match the caller, label the source",
    ]
    assert after.context["outcome"].steps[-1].status == "waiting"
    assert "Told Rita Alvarez" in after.content.decode()
    assert Lead.objects.get().source == "Google Ads"
    assert text_backs().count() == 1


def test_a_pre_call_brings_none_and_says_why(browser, summit):
    press(browser, "pre-call")
    work_off()
    assert sentence(see(browser)).startswith("No text: the call is not proven missed")
    assert not Message.objects.exists()
    assert not Run.objects.exists()
    assert Delivery.objects.get().state == "ignored"


def test_a_form_becomes_a_lead_and_people_are_told(browser, summit):
    press(browser, "form")
    work_off()
    answer = see(browser)
    lead = Lead.objects.get()
    assert (lead.kind, str(lead.contact), lead.service) == ("form", "Carla Gomez", "leak repair")
    assert answer.context["workflow"] == "Lead intake"
    assert sentence(answer) == "The lead is with a person."
    assert Task.objects.filter(lead=lead, kind="call-back", status="open").count() == 1
    assert not Message.objects.exists()


def test_the_same_webhook_three_times_is_one_text(browser, summit):
    press(browser, "duplicate")
    work_off()
    assert "webhook answered 200, 200, 200" in see(browser).content.decode()
    assert Delivery.objects.get().copies == 2
    assert Event.objects.filter(type="call.missed").count() == 1
    assert text_backs().count() == 1
    assert Message.objects.filter(status="delivered").count() == 1


def test_a_bad_signature_is_401_and_stores_nothing(browser, summit):
    press(browser, "bad-signature")
    work_off()
    answer = see(browser)
    assert "webhook answered 401" in answer.content.decode()
    assert sentence(answer).startswith("Answered 401: the signature does not match, so nothing was stored")
    assert not Delivery.objects.exists()
    assert not Event.objects.exists()
    assert summit.connections.get(provider="callrail").refused_signatures == 1


def test_a_late_report_brings_no_text(browser, summit):
    press(browser, "late")
    work_off()
    text = Message.objects.get()
    assert (text.status, text.reason) == ("skipped", "too-late")
    assert sentence(see(browser)) == f"No text went out. {text.says}"
    assert text.says.startswith("Too late: the text was of use until Fri 20 Nov 11:4")


def test_a_withheld_number_goes_to_a_person(browser, summit):
    press(browser, "missed-call", caller="withheld")
    work_off()
    answer = see(browser, caller="withheld")
    assert not Message.objects.exists()
    assert Task.objects.get().kind == "call-back"
    assert sentence(answer).startswith("No text: the caller withheld the number.")
    assert "A withheld number has no phone to text." in answer.content.decode()
    press(browser, "text", caller="withheld", words="hello")
    assert "A withheld number has no phone to text from." in see(browser, caller="withheld").content.decode()
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize("words", ["STOP", "no mas mensajes"])
def test_after_stop_the_missed_call_is_skipped_with_its_reason(browser, summit, words):
    press(browser, "text", words=words)
    work_off()
    assert sentence(see(browser)).startswith("Read as a wish to stop.")
    assert Suppression.objects.get().value == CARLA

    press(browser, "missed-call")
    work_off()
    text = Message.objects.get()
    assert (text.status, text.reason) == ("skipped", "opted-out")
    assert sentence(see(browser)).startswith("No text went out. This person opted out on Fri 20 Nov")
    assert see(browser).content.decode().count('data-direction="in"') == 0


@pytest.mark.parametrize("words", ["How much?", "Yes, 2 pm"])
def test_a_reply_is_put_before_a_person(browser, summit, words):
    press(browser, "missed-call")
    work_off()
    press(browser, "text", words=words)
    work_off()
    answer = see(browser)
    assert sentence(answer) == "A reply for a person: somebody is asked to answer it."
    assert answer.content.decode().count('data-direction="out"') == 1
    assert Task.objects.filter(kind="answer-reply", status="open").count() == 1
    assert text_backs().get().status == "done"
    assert Step.objects.get(key="reply").says.startswith("They replied")
    assert Lead.objects.get().stage == "engaged"


def test_an_empty_or_endless_text_is_refused(browser, summit):
    press(browser, "text", words="   ")
    assert "The text is empty; nothing was sent." in see(browser).content.decode()
    press(browser, "text", words="x" * 481)
    assert "480 are the most here" in see(browser).content.decode()
    assert not Delivery.objects.exists()


def test_a_second_call_of_the_same_person_joins_and_says_so(browser, summit):
    for _ in range(2):
        press(browser, "missed-call")
        work_off()
    assert "did not start again: the same person started it less than a minute before." in sentence(see(browser))
    assert Message.objects.count() == 1
    verdicts = Receipt.objects.filter(workflow="missed-call-text-back").values_list("verdict", flat=True)
    assert sorted(verdicts) == ["joined", "started"]


# The clock


def local(summit):
    return clock.read().astimezone(ZoneInfo(summit.timezone))


def test_at_half_past_nine_the_text_is_held_with_its_release_time(browser, summit):
    press(browser, "clock:night")
    assert f"{local(summit):%a %d %H:%M}" == "Fri 20 21:30"
    press(browser, "missed-call")
    work_off()
    text = Message.objects.get()
    assert (text.status, text.reason) == ("held", "quiet-hours")
    assert text.hold_until.astimezone(ZoneInfo(summit.timezone)).strftime("%a %H:%M") == "Sat 08:00"
    answer = see(browser)
    assert sentence(answer) == f"{text.says} Held until Sat 08:00 MST."
    assert "Its use ends before that, at 22:00 MST: then a person calls instead." in answer.content.decode()
    assert answer.context["outcome"].handovers[0].to_name == "Ben Okafor"
    assert answer.content.decode().count('data-direction="in"') == 0


def test_the_clock_goes_on_and_back_to_real_time(browser, summit):
    press(browser, "clock:sunday")
    assert f"{local(summit):%a %d %H:%M}" == "Sun 22 10:00"
    press(browser, "clock:+5m")
    assert f"{local(summit):%a %d %H:%M}" == "Sun 22 10:05"
    press(browser, "clock:+1d")
    assert f"{local(summit):%a %d %H:%M}" == "Mon 23 10:05"
    press(browser, "clock:real")
    assert clock.offset() == timedelta(0)
    assert "real time" in see(browser).content.decode()


def test_the_clock_is_never_moved_beside_a_live_connection(browser, summit):
    other = ClientFactory(slug="granite-supply", name="Granite Supply", phone="+12125550100")
    Client.objects.filter(pk=summit.pk).update(demo=False)
    connect(client=other, provider="twilio", secret="s", account="AC1", now=NOON, live=True)
    offset = clock.offset()
    press(browser, "clock:+1d")
    assert clock.offset() == offset
    assert playing.CLOCK_STAYS in see(browser).content.decode()


# What it refuses, and what it shows


def test_a_client_with_a_live_connection_is_not_touched(browser, summit):
    other = ClientFactory(slug="granite-supply", name="Granite Supply", phone="+12125550100")
    Client.objects.filter(pk=summit.pk).update(demo=False)
    connect(client=other, provider="callrail", secret="s", now=NOON, live=True)
    answer = see(browser, client="granite-supply")
    assert "This client has a live connection; the simulator does not touch it." in answer.content.decode()
    assert 'value="missed-call"' not in answer.content.decode()
    for do in [*playing.CALLS, "text"]:
        press(browser, do, client="granite-supply", words="hello")
    assert not Delivery.objects.exists()
    assert other.connections.count() == 1


def test_a_client_without_connections_gets_some_that_are_not_live(browser, noon):
    other = ClientFactory(slug="harbor-movers", name="Harbor Movers", phone="+12065550100", timezone="America/Los_Angeles")
    press(browser, "missed-call", client="harbor-movers", caller="+12065550123")
    work_off()
    assert list(other.connections.values_list("provider", "live")) == [("callrail", False)]
    assert Message.objects.get().status == "delivered"


def test_looking_at_it_changes_nothing_and_strangers_see_nothing(browser, summit):
    see(browser)
    assert not Delivery.objects.exists()
    assert Browser().get(reverse("office:simulator")).status_code == 302
    assert Browser(enforce_csrf_checks=True).post(reverse("office:simulator"), {"do": "missed-call"}).status_code == 403
    assert browser.put(reverse("office:simulator")).status_code == 405
    press(browser, "fire-everything")
    assert "no such button" in see(browser).content.decode()
    assert not Delivery.objects.exists()


def test_without_any_client_the_page_says_what_to_do(browser):
    assert "There is no client to try things out on." in browser.get(reverse("office:simulator")).content.decode()


def test_somebody_new_gets_a_number_of_their_own(browser, summit):
    answer = browser.get(reverse("office:simulator"), {"client": "summit-roofing", "caller": "new"})
    assert re.search(r"caller=%2B1\d{3}55501\d\d$", answer["Location"])


def test_what_nobody_works_off_is_said_after_a_while(browser, summit, monkeypatch):
    press(browser, "missed-call")
    monkeypatch.setattr(page, "PATIENCE_SECONDS", 0)
    answer = see(browser)
    assert "Is a worker or the ticker running?" in answer.content.decode()
    assert "http-equiv" not in answer.content.decode()


def proofs(answer):
    return {proof["promise"]: proof["word"] for proof in answer.context["proofs"]}


def test_the_list_of_proofs_fills_from_the_rows(browser, summit):
    assert set(proofs(see(browser)).values()) == {"Not yet"}
    for do, caller in [
        ("missed-call", "+13035550123"),
        ("pre-call", "+13035550124"),
        ("duplicate", "+13035550125"),
        ("bad-signature", "+13035550126"),
        ("late", "+13035550127"),
        ("missed-call", "withheld"),
    ]:
        press(browser, do, caller=caller)
    press(browser, "text", words="STOP", caller="+13035550128")
    work_off()
    press(browser, "missed-call", caller="+13035550128")
    work_off()
    press(browser, "clock:night")
    press(browser, "missed-call", caller="+13035550129")
    work_off()
    assert proofs(see(browser)) == dict.fromkeys(proofs(see(browser)), "Seen")


def test_a_second_text_for_one_purpose_would_show_as_not_met(browser, summit):
    press(browser, "missed-call")
    work_off()
    first = Message.objects.get()
    Message.objects.create(
        client=summit,
        contact=first.contact,
        purpose=first.purpose,
        to=first.to,
        sender=first.sender,
        body="again",
        status="delivered",
        created_at=clock.read(),
        due_at=clock.read(),
        sent_at=clock.read(),
    )
    assert proofs(see(browser))["A missed call gets one text, and only one"] == "Not met"


def test_the_page_asks_the_same_number_of_questions_however_much_is_on_it(browser, summit):
    def asked():
        see(browser)  # the strip's look at the processes is kept for seconds; it is not this page's own
        with CaptureQueriesContext(database) as queries:
            bubbles = len(see(browser).context["bubbles"])
        return bubbles, len(queries)

    for number in range(5):
        press(browser, "text", words=f"text {number}")
    press(browser, "missed-call")
    work_off()
    assert asked()[0] == 6
    few = asked()[1]
    for number in range(20, 25):
        press(browser, "duplicate", caller=f"+130355501{number}")
    for number in range(45):
        press(browser, "text", words=f"text {number}")
    work_off()
    press(browser, "missed-call", caller="+13035550131")
    work_off()
    assert asked() == (30, few)
    assert few < 40
