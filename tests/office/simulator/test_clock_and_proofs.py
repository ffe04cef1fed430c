"""The simulator's clock, what it refuses to touch, and what its page proves from the rows."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection as database
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.models import Client
from messaging.models import Message
from providers.connections import connect
from providers.models import Delivery
from tests.factories import NOON, ClientFactory
from tests.office.simulator.trying import local, press, proofs, see, sentence, work_off
from zartsalgo.lib import clock
from zartsalgo.office import simulator as playing
from zartsalgo.office.views import simulator as page

pytestmark = pytest.mark.django_db(transaction=True)


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
