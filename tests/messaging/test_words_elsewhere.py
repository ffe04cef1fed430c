"""A refusal counts wherever it stands, and a stop that says more is read by a person, at once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Consent, Lead, Note, Task
from messaging import gate, inbound
from messaging.models import Suppression
from tests.factories import ClientFactory
from tests.messaging.test_consent import CARLA, happened, write
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def summit(noon):
    return ClientFactory()


def tasks(kind):
    return list(Task.objects.filter(kind=kind, status=Task.Status.OPEN))


def verdict(contact):
    slip = gate.look(message=write(contact), now=clock.read())
    return {check.name: check.passed for check in slip.checks}


@pytest.mark.parametrize(
    "words",
    [
        {"type": "call.missed", "transcript": "Hi, please stop texting me and take me off your list."},
        {"type": "call.answered", "transcript": "Agent: hello.\nCaller: yes do not send me any more texts please.\nAgent: sure."},
        {"type": "call.answered", "note": "Customer asked us to stop texting her"},
        {"type": "lead.created", "message": "Please do not text me. Call only, my number is below."},
        {"type": "quote.requested", "answers": {"Anything else?": "No texts please"}},
        {"type": "lead.created", "message": "Por favor no me manden mensajes de texto"},
        {"type": "call.missed", "transcript": [{"speaker": "Caller", "text": "Quit texting me"}]},
    ],
)
def test_a_refusal_in_any_words_holds_what_would_go(summit, words):
    event = happened(summit, words.pop("type"), at=clock.read(), **words)
    (task,) = tasks("unclear-reply")
    assert (task.contact, task.cause, task.due_at - event.recorded_at) == (event.contact, f"unclear:{event.pk}", timedelta(minutes=10))
    happened(summit, "call.missed", at=clock.read())
    assert len(tasks("unclear-reply")) == 1
    assert not verdict(event.contact)["unclear-reply"]
    assert not Suppression.objects.exists(), "a person says whether it was one"


@pytest.mark.parametrize(
    "words",
    [
        {"type": "call.answered", "transcript": "Agent: I can take you off the list if you like. Caller: no, see you Monday."},
        {"type": "call.missed", "transcript": "Hi, can you stop by tomorrow? Text me the address."},
        {"type": "lead.created", "message": "We need a new roof. Please do not call before nine."},
        {"type": "lead.created", "answers": {"sms_consent_wording": "I agree to texts. Reply STOP to unsubscribe."}},
        {"type": "call.answered", "note": "Left a voicemail, will text her tomorrow"},
    ],
)
def test_ordinary_words_and_the_agents_own_hold_nothing(summit, words):
    event = happened(summit, words.pop("type"), at=clock.read(), **words)
    assert not tasks("unclear-reply") and verdict(event.contact)["unclear-reply"]


def test_an_event_without_words_asks_the_database_nothing_about_them(summit):
    with CaptureQueriesContext(connection) as asked:
        happened(summit, "call.missed", at=clock.read())
        without = [one for one in asked if "leads_task" in one["sql"]]
        happened(summit, "call.missed", at=clock.read(), transcript="Quit texting me")
    assert not without and [one for one in asked if "leads_task" in one["sql"]]


def test_a_note_of_staff_holds_too(summit, django_user_model):
    contact = happened(summit, "call.missed", at=clock.read()).contact
    lead = Lead.objects.filter(contact=contact).first() or Lead.objects.create(
        id=new_id(), client=summit, contact=contact, source="x", kind="call", created_at=clock.read()
    )
    author = django_user_model.objects.create(username="olga")
    for text, held in (("Spoke to her, wants the blue one", 0), ("She says do not text her, ever", 1)):
        note = Note.objects.create(lead=lead, author=author, text=text, created_at=clock.read())
        inbound.read_note(note=note, now=clock.read())
        assert len(tasks("unclear-reply")) == held


def test_a_stop_that_says_more_is_read_at_once_and_a_bare_one_is_not(summit):
    happened(summit, "message.received", text="STOP", at=clock.read())
    assert not Task.objects.exists()
    event = happened(summit, "message.received", text="Stop texting me. When does my refund come?", at=clock.read())
    (task,) = Task.objects.all()
    assert (task.kind, task.contact, task.due_at - event.recorded_at) == ("read-stop", event.contact, timedelta(minutes=10))
    assert Suppression.objects.filter(value=CARLA).exists() and not verdict(event.contact)["opted-out"]


def test_the_carriers_word_decides_and_the_rest_is_read_still(summit):
    happened(summit, "message.received", text="STOP but is Friday still on", facts={"opt_out_type": "STOP"}, at=clock.read())
    assert [task.kind for task in Task.objects.all()] == ["read-stop"]


@pytest.mark.parametrize(
    "text", ['Liked "Bugs Plumbing" on Facebook. Please stop texting me.', "Liked “Sorry we missed your call”\nStop texting me please"]
)
def test_words_after_a_reaction_opt_out_and_agree_to_nothing(summit, text):
    happened(summit, "message.received", text=text, at=clock.read())
    assert Suppression.objects.filter(value=CARLA).exists() and not Consent.objects.exists()
