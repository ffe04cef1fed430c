"""Forms through the live door: what builders post, what people write into the fields, and what a text may say and do because of it."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client as Browser

from leads.models import Consent, Contact, Event, Identity, Lead, Task
from messaging import gate
from messaging.models import Message
from providers.connections import connect
from providers.models import Delivery
from tests.factories import NOON, ClientFactory, ResponderFactory, StaffFactory
from tests.office.reading import text_of
from tests.providers import payloads
from tests.workflows.test_missed_call import CALLER, post_call, text_in
from tests.workflows.test_missed_call import work_off as work
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def summit(noon):
    client = ClientFactory()
    ResponderFactory(client=client)
    return client


@pytest.fixture
def form(summit):
    return connect(client=summit, provider="form", secret="", now=NOON)[1]


@pytest.fixture
def callrail(summit):
    return connect(client=summit, provider="callrail", secret=payloads.SECRET, now=NOON)[1]


@pytest.fixture
def twilio(summit):
    return connect(client=summit, provider="twilio", secret=payloads.SECRET, account="AC0", now=NOON)[1]


def post(hook, body, content_type="application/json"):
    """Post a form as its builder would and let the worker read it; the delivery."""
    if isinstance(body, dict | list):
        body = urlencode(body, doseq=True).encode() if content_type.endswith("urlencoded") else json.dumps(body).encode()
    path = hook[hook.index("/hooks/") :]
    assert Browser().generic("POST", path, body, content_type=content_type).status_code == 200
    work()
    return Delivery.objects.order_by("received_at").last()


def identities(contact):
    return sorted(Identity.objects.filter(contact=contact).values_list("value", flat=True))


URLENCODED = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ({"leadFields": [{"name": "full_name", "values": ["Rosa Vega"]}, {"name": "phone_number", "values": ["+13035550131"]},
                         {"name": "email", "values": ["rosa@example.com"]}]}, "application/json"),
        ({"kind": "form", "payload": {"name": "Roof check", "data": {"Name": "Rosa Vega", "Mobile": "303-555-0131", "E-mail": "rosa@example.com"}}},
         "application/json"),
        ([{"name": "Rosa Vega", "tel": "3035550131", "mail": "rosa@example.com"}], "application/json"),
        ({"id": "9", "form_id": "4", "2.3": "Rosa", "2.6": "Vega", "5": "rosa@example.com", "6": "303.555.0131"}, "application/json"),
        ({"user_column_data": [{"column_id": "FULL_NAME", "string_value": "Rosa Vega"}, {"column_id": "PHONE_NUMBER", "string_value": "+13035550131"},
                               {"column_id": "EMAIL", "string_value": "rosa@example.com"}]}, "application/json"),
        ({"No Label name": "Rosa Vega", "No Label tel_2": "(303) 555-0131", "No Label field_9": "rosa@example.com"}, URLENCODED),
        ({"fields[a1][title]": "Name", "fields[a1][value]": "Rosa Vega", "fields[b2][title]": "Phone", "fields[b2][value]": "303 555 0131",
          "fields[c3][type]": "email", "fields[c3][value]": "rosa@example.com"}, URLENCODED),
        ({"Nombre": "Rosa", "Apellidos": "Vega", "Número de celular": "303-555-0131", "Correo": "rosa@example.com"}, URLENCODED),
        ({"rawRequest": json.dumps({"q3_name": {"first": "Rosa", "last": "Vega"}, "q4_phone": {"area": "303", "phone": "555-0131"},
                                    "q5_email": "rosa@example.com"}), "formID": "77"}, URLENCODED),
        ({"form_response": {"definition": {"fields": [{"id": "a", "title": "What's your name?", "type": "short_text"}]},
                            "answers": [{"type": "text", "text": "Rosa Vega", "field": {"id": "a"}},
                                        {"type": "phone_number", "phone_number": "+13035550131", "field": {"id": "b"}},
                                        {"type": "email", "email": "rosa@example.com", "field": {"id": "c"}}]}}, "application/json"),
        ({"rows": [{"field": "first_name", "data": "Rosa"}, {"field": "last_name", "data": "Vega"}, {"field": "phone", "data": "3035550131"},
                   {"field": "email", "data": "rosa@example.com"}]}, "application/json"),
        ([["Full name", "Rosa Vega"], ["Cell", "303-555-0131"], ["Email", "rosa@example.com"]], "application/json"),
    ],
)  # fmt: skip
def test_a_person_is_found_in_every_kind_of_shape(form, body, content_type):
    delivery = post(form, body, content_type)
    assert delivery.state == Delivery.State.DONE, delivery.note
    lead = Lead.objects.get()
    assert lead.contact.name == "Rosa Vega"
    assert identities(lead.contact) == ["+13035550131", "rosa@example.com"]


def test_the_forms_own_name_is_the_source_and_a_click_id_is_kept(form):
    post(form, {"payload": {"name": "Roof check", "data": {"Name": "Rosa Vega", "Phone": "303-555-0131"}}, "gcl_id": "abc-1"})
    event = Event.objects.get()
    assert (Lead.objects.get().source, event.facts["gclid"], event.personal["name"]) == ("Roof check", "abc-1", "Rosa Vega")


def test_labels_in_spanish_say_that_the_form_is(form):
    post(form, {"Nombre completo": "Rosa Vega", "Teléfono": "303-555-0131", "¿Cómo podemos ayudarle?": "una gotera"}, URLENCODED)
    event = Event.objects.get()
    assert (event.facts["language"], event.personal["message"]) == ("es", "una gotera")
    post(form, {"Name": "Bea Cole", "Phone": "303-555-0132", "Message": "una gotera"}, URLENCODED)
    assert "language" not in Event.objects.get(personal__name="Bea Cole").facts


def test_what_belongs_to_others_is_nobodys_identity(form):
    post(
        form,
        {
            "name": "Rosa Vega", "phone": "303-555-0131", "user_email": "rep@agency.example.com", "Emergency phone": "303-555-0139",
            "company name": "Vega LLC", "submission_id": "3035550188", "user": {"email": "rep2@agency.example.com"},
        },
    )  # fmt: skip
    assert identities(Contact.objects.get()) == ["+13035550131"]


# Numbers


@pytest.mark.parametrize(
    ("written", "numbers", "kept"),
    [
        ("303-555-0131 (mobile)", ["+13035550131"], True),
        ("303.555.0131 ext 12", ["+13035550131"], True),
        ("text 303.555.0131 before noon", ["+13035550131"], True),
        ("Tel: 303.555.0131 (Bo picks up)", ["+13035550131"], True),
        ("sms: 303-555-0131 or landline", ["+13035550131"], True),
        ("cell303-555-0131", ["+13035550131"], True),
        ("303-555-0131 or 720-555-0132", ["+13035550131", "+17205550132"], False),
        ("303-555-0131 ||| 720-555-0132", ["+13035550131", "+17205550132"], False),
        ("303 555 0131 7205550132", ["+13035550131", "+17205550132"], False),
        ("303-555-0131/0132", ["+13035550131", "+13035550132"], False),
        (["303-555-0131", "720-555-0132"], ["+13035550131", "+17205550132"], False),
        ("(303) 555-0131", ["+13035550131"], False),
    ],
)
def test_numbers_are_read_among_words_and_none_is_lost(form, written, numbers, kept):
    post(form, {"name": "Rosa Vega", "phone": written})
    event = Event.objects.get()
    assert event.personal["phone"] == numbers[0]
    assert identities(Lead.objects.get().contact) == numbers
    assert (event.personal.get("answers", {}).get("Phone, as written") == written) is kept


def test_further_numbers_and_addresses_of_a_new_person_are_theirs(form):
    post(form, {"name": "Rosa Vega", "phone": "303-555-0131", "Alt Phone": "720-555-0132", "email": "rosa@example.com; r.vega@example.com"})
    assert identities(Contact.objects.get()) == ["+13035550131", "+17205550132", "r.vega@example.com", "rosa@example.com"]
    assert set(Consent.objects.values_list("address", flat=True)) == {"+13035550131", "rosa@example.com"}, (
        "they asked for an answer by the first"
    )


@pytest.mark.parametrize("raw", ["+5215555550123", "55501", "303-555-01"])
def test_a_task_shows_the_number_that_nobody_could_read(callrail, raw):
    post_call(callrail, customer_phone_number=raw)
    work()
    task = Task.objects.get()
    assert f"The number came as “{raw}”." in task.reason
    assert Message.objects.count() == 0


def test_a_form_whose_number_cannot_be_read_shows_it(form):
    post(form, {"name": "Rosa Vega", "phone": "55512", "message": "call me"})
    assert "“55512”" in Task.objects.get(kind="call-back").reason


# Names


@pytest.mark.parametrize(
    ("name", "opens"),
    [
        ("Vega, Rosa", "Hi Rosa, this is"), ("Mrs. Rosa Vega", "Hi Rosa, this is"), ("ROSA VEGA", "Hi Rosa, this is"), ("VEGA ROSA", "Hi Rosa, this is"),
        ("SCAM LIKELY", "Hi, this is"), ("CELL PHONE CO", "Hi, this is"), ("DENVER CO", "Hi, this is"), ("The Vega Family", "Hi, this is"),
        ("https://evil.example.com/refund now", "Hi, this is"), ("evil.example.com", "Hi, this is"), ("Summit Plumbing LLC", "Hi, this is"),
        ("+13035550123", "Hi, this is"), ("undefined", "Hi, this is"), (None, "Hi, this is"), ("Rosa 🌹", "Hi, this is"),
    ],
)  # fmt: skip
def test_only_what_reads_as_a_first_name_greets(callrail, name, opens):
    post_call(callrail, customer_name=name)
    work()
    assert Message.objects.get().body.startswith(opens)


def test_nothing_is_nobodys_name_and_mrs_null_keeps_hers(form):
    post(form, {"first_name": "undefined", "last_name": "undefined", "phone": "303-555-0131"})
    post(form, {"first_name": "Grace", "last_name": "Null", "phone": "303-555-0132"})
    post(form, {"first_name": "Rosa", "last_name": "null", "phone": "303-555-0133", "message": "undefined"})
    assert list(Contact.objects.order_by("created_at").values_list("name", flat=True)) == ["", "Grace Null", "Rosa"]
    assert not Event.objects.filter(personal__message="undefined").exists()


# Charsets


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"name=Ren%E9e+N%FA%F1ez&phone=3035550131", URLENCODED),
        ("name=Renée Núñez&phone=3035550131".encode("cp1252"), URLENCODED),
        ("name=Renée Núñez&phone=3035550131".encode(), f"{URLENCODED}; charset=ISO-8859-1"),
        ('{"name": "Renée Núñez", "phone": "3035550131"}'.encode("utf-8-sig"), "application/json"),
        ('{"name": "Renée Núñez", "phone": "3035550131"}'.encode("cp1252"), "application/json"),
        ('{"name": "Renée Núñez", "phone": "3035550131"}'.encode("utf-16"), "application/json"),
        ('[{"name": "Renée Núñez", "phone": "3035550131"}]'.encode("utf-16-le"), ""),
        (b'--b\r\nContent-Disposition: form-data; name="name"\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n\r\nRen\xe9e N\xfa\xf1ez\r\n--b\r\n'
         b'Content-Disposition: form-data; name="phone"\r\n\r\n3035550131\r\n--b--\r\n', "multipart/form-data; boundary=b"),
    ],
)  # fmt: skip
def test_letters_arrive_in_whatever_charset_they_were_sent(form, body, content_type):
    post(form, body, content_type)
    assert Contact.objects.get().name == "Renée Núñez"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"_charset_=windows-1250&name=%A3ucja+%8Carna&phone=3035550131", URLENCODED),
        (b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n\xa3ucja \x8carna\r\n--b\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\n'
         b'windows-1250\r\n--b\r\nContent-Disposition: form-data; name="phone"\r\n\r\n3035550131\r\n--b--\r\n', "multipart/form-data; boundary=b"),
    ],
)  # fmt: skip
def test_a_form_may_say_its_charset_in_a_field(form, body, content_type):
    post(form, body, content_type)
    assert Contact.objects.get().name == "Łucja Śarna" and "answers" not in Event.objects.get().personal


def test_a_nul_parts_no_word(twilio):
    text_in(twilio, "st\0op")
    work()
    assert Event.objects.get().personal["text"] == "stop" and Event.objects.get().facts["reading"]["kind"] == "opt_out"


def test_each_of_a_list_of_numbers_and_addresses_counts(form):
    body = {"name": "Rosa Vega", "phones": [{"kind": "home", "number": "303-555-0131"}, {"kind": "cell", "number": "720-555-0132"}]}
    post(form, body | {"emails": [{"email": "rosa@example.com"}, {"email": "vega@example.com"}]})
    assert identities(Contact.objects.get()) == ["+13035550131", "+17205550132", "rosa@example.com", "vega@example.com"]


# Consent and refusals


@pytest.mark.parametrize("label", ["consentimiento_texto", "¿Nos autoriza a enviarle SMS?", "Permiso: mensajes"])
def test_a_question_about_texts_in_spanish_is_one(form, label):
    post(form, {"name": "Rosa Vega", "phone": CALLER, label: "No quiero"})
    assert [(row.purpose, row.channel) for row in Consent.objects.all()] == [("refused", "sms")]


@pytest.mark.parametrize(
    "words",
    [
        "Please do not text me",
        "Phone calls only",
        "No, thanks",
        "I'd rather not get SMS",
        "No quiero mensajes de texto",
        "Solo por correo electrónico",
    ],
)
def test_a_refusal_in_a_form_holds_even_after_their_own_call_until_they_text(summit, form, callrail, twilio, words):
    post(form, {"name": "Rosa Vega", "phone": CALLER, "sms_consent": words})
    row = Consent.objects.get(purpose=Consent.Purpose.REFUSED, channel="sms")
    assert (row.wording, row.address) == (words, CALLER)
    assert not Consent.objects.filter(channel="sms").exclude(purpose=Consent.Purpose.REFUSED).exists()
    post_call(callrail)
    work()
    text = Message.objects.get()
    assert (text.status, text.reason) == (Message.Status.SKIPPED, "consent")
    assert "asked for no texts in a form" in text.says
    assert Task.objects.filter(kind="call-back", status=Task.Status.OPEN).exists(), "a person calls"
    text_in(twilio, "What time can you come?", CALLER)
    work()
    slip = gate.look(message=text, now=clock.read())
    assert next(check for check in slip.checks if check.name == "consent").passed, "they wrote to us by text"


def test_a_clear_yes_after_a_refusal_takes_it_back_and_an_unticked_box_does_not(summit, form, callrail):
    post(form, {"name": "Rosa Vega", "phone": CALLER, "sms_consent": "Do not text"})
    post(form, {"name": "Rosa Vega", "phone": CALLER, "sms_consent": "0", "message": "hello again"})
    post_call(callrail)
    work()
    text = Message.objects.get()
    assert text.status == Message.Status.SKIPPED
    post(form, {"name": "Rosa Vega", "phone": CALLER, "sms_consent": "I agree to receive texts", "message": "and again"})
    assert next(check for check in gate.look(message=text, now=clock.read()).checks if check.name == "consent").passed


@pytest.mark.parametrize(
    ("given", "wording"),
    [
        ([("sms_consent", "0"), ("sms_consent", "1")], ""),
        ([("sms_consent", "no"), ("sms_consent", "on"), ("sms_consent_text", "Text me about my job")], "Text me about my job"),
        ([("sms_consent", "Sí, acepto")], "Sí, acepto"),
        ([("sms_consent", "I agree to receive texts. Consent is not a condition of purchase. Reply STOP to opt out.")],
         "I agree to receive texts. Consent is not a condition of purchase. Reply STOP to opt out."),
    ],
)  # fmt: skip
def test_a_clear_yes_is_kept_with_its_words(form, given, wording):
    post(form, urlencode([("name", "Rosa Vega"), ("phone", CALLER), *given]).encode(), URLENCODED)
    row = Consent.objects.get(purpose=Consent.Purpose.MARKETING)
    assert (row.channel, row.wording) == ("sms", wording)
    assert not Consent.objects.filter(purpose=Consent.Purpose.REFUSED).exists()


@pytest.mark.parametrize("words", ["maybe", "ask me first", "off", "I have read the privacy policy", "I don't mind texts", "n/a"])
def test_doubt_is_neither_consent_nor_refusal(form, words):
    post(form, {"name": "Rosa Vega", "phone": CALLER, "sms_consent": words})
    assert set(Consent.objects.values_list("purpose", flat=True)) == {"answer"}


def test_the_lead_page_says_what_they_refused(form, client):
    post(form, {"name": "Rosa Vega", "phone": CALLER, "sms_consent": "Never text me"})
    client.force_login(StaffFactory())
    page = text_of(client.get(f"/leads/{Lead.objects.get().pk}/"))
    assert "They wrote “Never text me” in a form" in page and "Texts: no" in page


# Places


@pytest.mark.parametrize(
    "given", [{"postal_code": "2134"}, {"state": "Boston, MA"}, {"state": "Mass."}, {"zip": "K1A 0B1"}, {"state": "Ontario"}]
)
def test_an_address_that_is_hard_to_read_narrows_the_hours(form, callrail, set_clock, given):
    set_clock(datetime(2026, 11, 21, 3, 30, tzinfo=UTC))  # 22:30 in Boston, 17:30 in Honolulu
    post(form, {"name": "Rosa Vega", "phone": "808-555-0173", **given})
    started = (datetime.now(UTC) - timedelta(seconds=40)).isoformat()
    post_call(callrail, customer_phone_number="+18085550173", start_time=started)
    work()
    text = Message.objects.get()
    assert (text.status, text.reason) == (Message.Status.HELD, "quiet-hours"), text.says
