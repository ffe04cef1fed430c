"""Every button of the simulator, from the page through the real door to the rows and back to the page."""

import pytest

from leads.models import Event, Lead, Task
from messaging.models import Message, Suppression
from providers.models import Connection, Delivery
from tests.office.simulator.trying import CARLA, press, see, sentence, text_backs, work_off
from workflows.models import Receipt, Run, Step
from zartsalgo.lib.phone import is_fictional
from zartsalgo.office import simulator as playing

pytestmark = pytest.mark.django_db(transaction=True)


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
