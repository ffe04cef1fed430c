"""One table of purposes: what staff may choose is what the law check knows, and a purpose of its own is one line on a card."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import checks

from leads.models import Event
from messaging import gate, purposes
from messaging.models import Message
from messaging.purposes import Kind, Purpose
from messaging.words.checks import Words, check
from portal import texts
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory
from workflows import registry
from workflows.vocabulary import Workflow
from zartsalgo.lib import clock
from zartsalgo.office.template_page import WordsForm

CALLER = "+13035550123"


@pytest.fixture
def carla(noon):
    return ContactFactory(client=ClientFactory(), phone=CALLER)


def judged(contact, purpose, cause="call.missed"):
    """What the consent check says of a text of this purpose after an act of theirs."""
    event = Event.objects.create(
        client=contact.client, type=cause, source="t", key=f"{cause}{purpose}", occurred_at=NOON, recorded_at=NOON, contact=contact
    )
    message = Message(
        client=contact.client, contact=contact, lead=LeadFactory(client=contact.client, contact=contact), to=CALLER,
        sender=contact.client.phone, body="Hello", purpose=purpose, workflow="lead-intake", created_at=clock.read(), due_at=NOON,
        cause_event=event,
    )  # fmt: skip
    slip = gate.look(message=message, now=clock.read())
    return next(one for one in slip.checks if one.name == "consent")


@pytest.mark.django_db
def test_what_staff_may_choose_is_what_the_law_check_knows(carla):
    form = WordsForm()
    offered = [key for key, _ in form.fields["purpose"].choices]
    assert offered == [one.key for one in purposes.every() if one.chosen] and len(offered) == 8
    for key in offered:
        assert judged(carla, key).passed == (not purposes.of(key=key).markets), key


@pytest.mark.django_db
def test_nobody_registered_it_so_it_is_marketing(carla):
    assert not purposes.is_known(key="storm-check") and purposes.of(key="storm-check").markets
    assert not judged(carla, "storm-check").passed


@pytest.mark.django_db
def test_an_appointment_is_written_about_because_they_made_it(noon):
    """Their booking is all that is known of them: it asks for texts about it, and for no others."""
    dana = ContactFactory(client=ClientFactory())
    dana.identities.create(client=dana.client, kind="phone", value=CALLER)
    found = judged(dana, "appointment", cause="booking.created")
    assert (found.passed, found.says) == (True, "It answers the appointment they made.")
    assert not judged(dana, "lead-reply", cause="booking.created").passed


def test_staff_and_business_read_the_same_heading():
    for one in purposes.every():
        assert texts.heading_of(purpose=one.key) == one.heading


@pytest.mark.parametrize("kind", [Kind.ANSWERS, Kind.SERVES, Kind.MARKETS])
def test_how_long_an_act_asks_for_it_belongs_to_what_does_not_market(kind):
    wrong = None if kind is not Kind.MARKETS else timedelta(hours=1)
    with pytest.raises(ValueError, match="belongs to whatever does not market"):
        Purpose(key="x", heading="X", when="X.", kind=kind, answers_within=wrong)


def test_a_card_brings_its_own_purpose_and_one_key_has_one_meaning(monkeypatch):
    monkeypatch.setattr(purposes, "_table", dict(purposes._table))
    own = Purpose(
        key="quote-confirmation", heading="Quote asked for", when="Sent at once.", kind=Kind.ANSWERS, answers_within=timedelta(days=1)
    )
    known = registry.workflows()["lead-intake"]
    card = replace(known, key="quote-request", purposes=(own,))
    assert isinstance(card, Workflow) and purposes.of(key="quote-confirmation") is own
    assert ("quote-confirmation", "Quote asked for") in purposes.choices()
    assert [
        one.code for one in check(words=Words(body="This is {{ business }}. Reply STOP to opt out.", purpose=own.key)) if one.refuses
    ] == []
    with pytest.raises(ValueError, match="two purposes are called quote-confirmation"):
        replace(card, purposes=(replace(own, heading="Another"),))


def test_a_purpose_that_no_card_names_stops_the_start(monkeypatch):
    known = registry.workflows()["missed-call-text-back"]
    monkeypatch.setattr(registry, "workflows", lambda: {"broken": replace(known, key="broken", purposes=())})
    found = [one.msg for one in checks.run_checks() if one.id == "zarts.E005"]
    assert found == ["Step text of Missed-call text-back sends for the purpose missed-call-text-back, which its card does not name."]


def test_a_template_of_a_purpose_nobody_registered_stops_the_start(monkeypatch):
    from messaging import templates

    monkeypatch.setattr(templates, "AGENCY_TEMPLATES", [{"key": "odd", "purpose": "storm-check", "version": 1, "body": "x"}])
    assert [one.msg for one in checks.run_checks() if one.id == "zarts.E005"] == [
        "The agency's template odd is for the purpose storm-check, which nobody registered."
    ]


def test_no_room_keeps_a_list_of_purposes_of_its_own():
    """A key written out elsewhere is where the next disagreement begins; a workflow's or template's own name may be the same word."""
    from pathlib import Path

    root = Path(__file__).resolve().parents[2]
    keys = ("lead-reply", "quote-follow-up", "review-reminder", "form-answer")
    rooms = ("leads", "messaging", "summaries", "workflows", "portal", "providers", "zartsalgo")
    files = [path for room in rooms for path in (root / room).rglob("*.py") if "migrations" not in path.parts]
    found = {
        str(path.relative_to(root)): [key for key in keys if f'"{key}"' in path.read_text()] for path in files if path.name != "purposes.py"
    }
    # The agency's template is called as what it is for.
    assert {name: named for name, named in found.items() if named} == {"messaging/templates.py": ["review-reminder"]}
