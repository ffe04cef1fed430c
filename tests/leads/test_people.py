"""A form does not prove who sent it: what it adds to somebody we know counts for stops at once, for sending once it is proven."""

import pytest
from django.db import transaction
from django.urls import reverse

from leads import people
from leads.models import Contact, Event, Identity, Lead, StatedIdentity
from messaging import gate, inbound
from messaging.models import Suppression
from providers.contract import ParsedEvent
from tests.factories import ClientFactory
from tests.messaging.test_consent import write
from tests.office.rows import sign_in
from workflows import intake
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id

pytestmark = pytest.mark.django_db

CARLA, OTHER = "+13035550123", "+13035550124"
MAIL, STRANGER = "carla@example.com", "stranger@example.net"


@pytest.fixture
def summit(noon):
    return ClientFactory()


def happened(client, type, *, facts=None, **personal):
    """One fact through intake; the contact that it is about."""
    at = clock.read()
    item = ParsedEvent(type=type, key=str(new_id()), occurred_at=at, facts=facts or {}, personal=personal)
    with transaction.atomic():
        intake.record(client=client, source="generic", item=item, received_at=at, delivery_id=None, now=at)
    return Event.objects.get(key=item.key).contact


def form(client, **personal):
    return happened(client, "lead.created", **personal)


def values(contact):
    return sorted(contact.identities.values_list("value", flat=True)), sorted(contact.stated_identities.values_list("value", flat=True))


def opted_out(contact, *, to):
    slip = gate.look(message=write(contact, to=to), now=clock.read())
    return not next(row.passed for row in slip.checks if row.name == "opted-out")


def test_a_new_person_has_all_that_their_form_says(summit):
    assert values(form(summit, phone=CARLA, email=MAIL)) == ([CARLA, MAIL], [])


def test_what_a_form_adds_to_a_known_person_is_kept_apart_and_never_written_to(summit):
    carla = happened(summit, "call.missed", phone=CARLA)
    assert form(summit, phone=CARLA, email=STRANGER) == carla
    assert values(carla) == ([CARLA], [STRANGER])
    assert people.email_of(contact=carla) == ""
    form(summit, phone=CARLA, email=STRANGER, message="Once more")
    assert StatedIdentity.objects.count() == 1


@pytest.mark.parametrize("type", ["message.received", "call.missed", "call.answered"])
def test_a_call_or_a_text_from_a_stated_number_proves_it(summit, type):
    carla = form(summit, email=MAIL)
    form(summit, email=MAIL, phone=CARLA)
    assert people.phone_of(contact=carla) == ""
    assert happened(summit, type, phone=CARLA, text="hello") == carla
    assert people.phone_of(contact=carla) == CARLA
    assert StatedIdentity.objects.get().proven_by == "a call or a message"
    assert Contact.objects.count() == 1


def test_a_mail_from_a_stated_address_proves_it(summit):
    carla = happened(summit, "call.missed", phone=CARLA)
    form(summit, phone=CARLA, email=MAIL)
    assert happened(summit, "message.received", email=MAIL, text="Hello", facts={"channel": "email"}) == carla
    assert people.email_of(contact=carla) == MAIL


def test_another_form_proves_nothing(summit):
    carla = happened(summit, "call.missed", phone=CARLA)
    form(summit, phone=CARLA, email=MAIL)
    other = form(summit, email=MAIL)
    assert other != carla
    assert values(carla) == ([CARLA], [MAIL])


@pytest.mark.parametrize("type", ["booking.created", "payment.received", "deal.won", "provider.enriched", "lead.qualified"])
def test_what_another_system_says_proves_nothing_either(summit, type):
    """Whoever books on a public page types in what they like, as in a form."""
    carla = happened(summit, "call.missed", phone=CARLA)
    form(summit, phone=CARLA, email=MAIL)
    assert happened(summit, type, phone=CARLA, email=MAIL) == happened(summit, type, phone=CARLA, email=STRANGER) == carla
    assert values(carla) == ([CARLA], [MAIL, STRANGER])


def test_a_report_about_a_stated_address_is_about_its_person(summit):
    carla = happened(summit, "call.missed", phone=CARLA)
    form(summit, phone=CARLA, email=MAIL)
    assert happened(summit, "booking.created", email=MAIL) == carla
    assert values(carla) == ([CARLA], [MAIL]) and people.email_of(contact=carla) == ""


def test_what_forms_state_of_two_people_proves_neither(summit):
    carla, dana = happened(summit, "call.missed", phone=CARLA), happened(summit, "call.missed", phone=OTHER)
    form(summit, phone=CARLA, email=MAIL)
    form(summit, phone=OTHER, email=MAIL)
    third = happened(summit, "message.received", email=MAIL, text="Hello", facts={"channel": "email"})
    assert third not in (carla, dana)
    assert (values(carla)[0], values(dana)[0]) == ([CARLA], [OTHER])


def test_an_opt_out_of_a_person_binds_what_a_form_stated_of_them(summit):
    carla = happened(summit, "call.missed", phone=CARLA)
    form(summit, phone=CARLA, email=MAIL)
    happened(summit, "message.received", phone=CARLA, text="STOP")
    assert sorted(Suppression.objects.values_list("value", flat=True)) == [CARLA, MAIL]
    assert carla.stated_identities.count() == 1


def test_who_names_an_address_whose_owner_opted_out_gets_nothing(summit):
    """A form joins p and e, a call comes from q, STOP comes from p, a form says that q and e are one: no text goes to q."""
    form(summit, phone=CARLA, email=MAIL)
    other = happened(summit, "call.missed", phone=OTHER)
    happened(summit, "message.received", phone=CARLA, text="STOP")
    assert not opted_out(other, to=OTHER)
    assert form(summit, phone=OTHER, email=MAIL) == other
    assert opted_out(other, to=OTHER)


def test_an_unsubscribe_of_a_stated_address_holds_for_the_person(summit):
    carla = happened(summit, "call.missed", phone=CARLA)
    form(summit, phone=CARLA, email=MAIL)
    inbound.suppress(contact=None, client=summit, value=MAIL, rule="test", event=None, now=clock.read(), kind="email")
    assert opted_out(carla, to=CARLA)


def test_other_clients_statements_say_nothing(summit):
    harbor = ClientFactory(slug="harbor-movers", name="Harbor Movers")
    theirs = happened(harbor, "call.missed", phone=CARLA)
    form(harbor, phone=CARLA, email=MAIL)
    mine = happened(summit, "message.received", email=MAIL, text="Hello", facts={"channel": "email"})
    assert mine.client == summit
    assert values(theirs) == ([CARLA], [MAIL])


class TestAPersonsYes:
    @pytest.fixture
    def lead(self, summit):
        happened(summit, "call.missed", phone=CARLA)
        carla = form(summit, phone=CARLA, email=MAIL)
        return Lead.objects.create(client=summit, contact=carla, source="Website form", kind="form", created_at=clock.read())

    def test_the_lead_page_tells_it_apart_and_a_press_confirms_it(self, lead):
        sam = sign_in("sam")
        page = sam.get(reverse("office:lead", args=[lead.pk])).content.decode()
        assert "It is theirs" in page
        sam.post(reverse("office:lead_confirm", args=[lead.pk]), {"stated": MAIL})
        assert people.email_of(contact=lead.contact) == MAIL
        assert StatedIdentity.objects.get().proven_by == "sam"
        assert "It is theirs" not in sam.get(reverse("office:lead", args=[lead.pk])).content.decode()

    def test_what_belongs_to_somebody_else_stays_theirs(self, lead, summit):
        owner = form(summit, email=MAIL)
        sign_in("sam").post(reverse("office:lead_confirm", args=[lead.pk]), {"stated": MAIL})
        assert Identity.objects.get(value=MAIL).contact == owner
        assert StatedIdentity.objects.get().proven_at is None

    def test_what_no_form_stated_cannot_be_confirmed(self, lead):
        sign_in("sam").post(reverse("office:lead_confirm", args=[lead.pk]), {"stated": STRANGER})
        assert not Identity.objects.filter(value=STRANGER).exists()
