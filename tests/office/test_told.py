"""What a person told staff: kept word for word, withdrawn by a second entry, and a spoken yes opens no marketing."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import DatabaseError

from leads import consent
from leads.models import Consent, Contact, Identity
from messaging import gate
from messaging.gate.checks.consent import consent as check_consent
from messaging.models import Message
from tests.factories import NOON, ClientFactory, LeadFactory
from tests.office.rows import make_text, sign_in
from zartsalgo.lib.ids import new_id
from zartsalgo.lib.places import Place

pytestmark = pytest.mark.django_db
CARLA = "+13035550123"
WORDS = "Yes, Summit Roofing may text me offers. Reply STOP to end."
GIVEN = {
    "purpose": "marketing",
    "to": f"phone:{CARLA}",
    "how": "writing",
    "words": WORDS,
    "kept": "Signed estimate of 12 Nov, folder Estimates",
    "agreed_on": "2026-11-12",
}


@pytest.fixture
def lead(noon):
    return known(ClientFactory(), CARLA)


def known(client, number):
    """A lead of somebody of whom nothing is on record."""
    contact = Contact.objects.create(id=new_id(), client=client, name="Carla Gomez", state="CO", created_at=NOON)
    Identity.objects.create(client=client, contact=contact, kind="phone", value=number)
    return LeadFactory(client=client, contact=contact)


@pytest.fixture
def sam():
    return sign_in("sam", group="staff", first_name="Sam", last_name="Ito")


def words(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def tell(browser, lead, *, act="keep", **changes):
    return browser.post(f"/leads/{lead.pk}/told/", {**GIVEN, "act": act, **changes})


def ruling(lead, purpose="quote-follow-up"):
    message = make_text(contact=lead.contact, lead=lead, to=CARLA)
    Message.objects.filter(pk=message.pk).update(purpose=purpose)
    message.refresh_from_db()
    denver = Place(zones=("America/Denver",), states=("CO",), source="state")
    facts = replace(gate.load(messages=[message], now=NOON)[message.pk], place=denver)
    return check_consent(message, facts, NOON)


def test_in_writing_it_opens_marketing_after_a_page_that_says_so(sam, lead):
    assert not ruling(lead).passed
    page = words(sam.get(f"/leads/{lead.pk}/"))
    assert "What they told staff: write it down or withdraw it" in page
    asked = words(tell(sam, lead, act="look"))
    assert "offers, follow-ups and review requests may go there" in asked and f"Their words: “{WORDS}”" in asked
    assert "It lifts no opt-out" in asked and not Consent.objects.exists()
    assert tell(sam, lead).status_code == 302
    row = Consent.objects.get()
    assert (row.purpose, row.channel, row.address, row.wording, row.how) == ("marketing", "sms", CARLA, WORDS, "writing")
    assert (row.source_kind, row.source, row.evidence) == ("staff", "Sam Ito", {"kept": GIVEN["kept"]})
    assert row.wording_version == consent.wording_version(wording=WORDS) and row.granted_at.isoformat() == "2026-11-12T07:00:00+00:00"
    found = ruling(lead)
    assert found.passed and ("source", "Sam Ito") in found.values and ("proof", "written") in found.values
    tell(sam, lead)
    assert Consent.objects.count() == 1  # a double click
    assert f"Agreed in writing: “{WORDS}”" in words(sam.get(f"/leads/{lead.pk}/"))


@pytest.mark.parametrize("how", ["phone", "in-person"])
def test_a_spoken_yes_does_not_open_marketing(sam, lead, how):
    asked = words(tell(sam, lead, act="look", how=how, kept=""))
    assert "Offers and follow-ups stay closed: spoken words are no written consent" in asked
    assert tell(sam, lead, how=how, kept="").status_code == 302
    row = Consent.objects.get()
    assert (row.wording, row.wording_version, row.evidence) == ("", "", {"said": WORDS})
    assert not ruling(lead).passed
    assert "Only said; spoken words are no written consent" in words(sam.get(f"/leads/{lead.pk}/"))
    # Nor by any other hand: the database keeps spoken words out of the column that the gate reads.
    for wrong in ({"how": how}, {"how": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Consent.objects.create(
                client=lead.client, contact=lead.contact, purpose="marketing", channel="sms", address=CARLA, wording=WORDS,
                wording_version="x", source_kind="staff", source="Sam", granted_at=NOON, **wrong,
            )  # fmt: skip


def test_a_spoken_yes_to_an_answer_is_enough_for_one(sam, lead):
    assert not ruling(lead, "reply").passed
    tell(sam, lead, purpose="answer", how="phone", kept="", words="Sure, text me the time", agreed_on="2026-11-20")
    found = ruling(lead, "reply")
    assert found.passed and found.says == "It answers what they told us."
    assert not ruling(lead).passed


def test_a_wrong_entry_is_answered_by_a_second_one(sam, lead):
    tell(sam, lead)
    row = Consent.objects.get()
    page = f"/leads/{lead.pk}/told/{row.pk}/withdraw/"
    assert "entry counts no more" in words(sam.get(page))
    refused = sam.post(page, {"reason": " "})
    assert refused.status_code == 400 and "Say what was wrong with it." in words(refused) and Consent.objects.count() == 1
    assert sam.post(page, {"reason": "It was her sister"}).status_code == 302
    answer = Consent.objects.get(purpose="withdrawn")
    assert (answer.withdraws, answer.source, answer.evidence) == (row, "Sam Ito", {"why": "It was her sister"})
    assert abs(answer.granted_at - NOON) < timedelta(minutes=1)
    assert not ruling(lead).passed and Consent.objects.get(pk=row.pk).wording == WORDS
    assert "Somebody withdrew it before" in words(sam.post(page, {"reason": "again"}, follow=True)) and Consent.objects.count() == 2
    shown = words(sam.get(f"/leads/{lead.pk}/told/"))
    assert "withdrawn by Sam Ito" in shown and ": It was her sister" in shown and "Withdraw…" not in shown
    assert "Agreed in writing" not in words(sam.get(f"/leads/{lead.pk}/"))
    tell(sam, lead)  # this time it is right: a new entry
    assert Consent.objects.filter(purpose="marketing").count() == 2 and ruling(lead).passed
    for change in (lambda: Consent.objects.filter(pk=row.pk).update(how="phone"), answer.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_withdrawn_answer_proves_nothing(sam, lead):
    tell(sam, lead, purpose="answer", agreed_on="2026-11-20")
    assert ruling(lead, "reply").passed
    consent.withdraw(entry=Consent.objects.get(), why="Wrong person", by="Sam Ito", now=NOON + timedelta(minutes=1))
    assert not ruling(lead, "reply").passed


def test_only_what_staff_wrote_down_is_withdrawn(sam, lead):
    form = Consent.objects.create(
        client=lead.client, contact=lead.contact, purpose="marketing", channel="sms", address=CARLA, wording=WORDS,
        wording_version="x", source_kind="form", source="form", granted_at=NOON,
    )  # fmt: skip
    assert sam.post(f"/leads/{lead.pk}/told/{form.pk}/withdraw/", {"reason": "x"}).status_code == 404
    with pytest.raises(consent.CannotNote):
        consent.withdraw(entry=form, why="x", by="Sam", now=NOON)
    tell(sam, lead)
    other = known(lead.client, "+13035550124")
    mine = Consent.objects.get(source_kind="staff")
    assert sam.post(f"/leads/{other.pk}/told/{mine.pk}/withdraw/", {"reason": "x"}).status_code == 404
    assert Consent.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kept": " "}, "Say where the writing lies"),
        ({"words": "  "}, "This field is required"),
        ({"agreed_on": "2026-11-21"}, "That is in the future"),
        ({"to": "phone:+13035550199"}, "Select a valid choice"),
        ({"how": "telepathy"}, "Select a valid choice"),
        ({"purpose": "withdrawn"}, "Select a valid choice"),
    ],
)
def test_what_proves_nothing_is_not_kept(sam, lead, change, says):
    answer = tell(sam, lead, **change)
    assert answer.status_code == 400 and says in words(answer) and not Consent.objects.exists()


def test_for_an_address_it_speaks_for_email_alone(sam, lead):
    Identity.objects.create(client=lead.client, contact=lead.contact, kind="email", value="carla@example.com")
    tell(sam, lead, to="email:carla@example.com")
    row = Consent.objects.get()
    assert (row.channel, row.address) == ("email", "carla@example.com") and not ruling(lead).passed


def test_it_is_for_staff(client, lead):
    assert tell(client, lead).status_code in (302, 403) and not Consent.objects.exists()
