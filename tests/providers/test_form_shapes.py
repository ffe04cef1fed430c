"""Forms as many kinds of builders shape them, with our own words in them: name, number, address and message of each are read."""

import contextlib
import json
from collections.abc import Callable
from time import process_time
from typing import Any
from urllib.parse import urlencode

import pytest

from providers.adapters import load
from providers.contract import Unreadable
from providers.forms.wishes import read_wish
from tests.providers.payloads import request
from zartsalgo.lib.phone_in_words import read_numbers

ADAPTER = load("form")
U = "application/x-www-form-urlencoded"
N, P, E, M = "Ana Ruiz", "(212) 555-0121", "ana@example.com", "Need a new fence soon"

BUILDERS: dict[str, tuple[Any, ...]] = {
    "elementor flat": (urlencode({"Name": N, "Phone": P, "Email": E, "Message": M, "form_id": "1", "form_name": "Contact"}).encode(), U),
    "elementor nolabel": (urlencode({"No Label name": N, "No Label field_a12": P, "No Label email": E, "No Label message": M}).encode(), U),
    "wpforms": (
        urlencode({"wpforms[fields][0]": N, "wpforms[fields][1]": E, "wpforms[fields][2]": P, "wpforms[fields][3]": M}).encode(),
        U,
    ),
    "wpforms first/last": (
        urlencode(
            {
                "wpforms[fields][0][first]": "Ana",
                "wpforms[fields][0][last]": "Ruiz",
                "wpforms[fields][1]": E,
                "wpforms[fields][2]": P,
                "wpforms[fields][3]": M,
            }
        ).encode(),
        U,
    ),
    "cf7": (urlencode({"_wpcf7": "12", "your-name": N, "your-email": E, "your-tel": P, "your-message": M}).encode(), U),
    "cf7 numbered": (urlencode({"text-123": N, "email-45": E, "tel-77": P, "textarea-9": M}).encode(), U),
    "ninja": (
        {
            "fields": {
                "1": {"id": 1, "key": "name_1523", "label": "Name", "type": "textbox", "value": N},
                "2": {"id": 2, "key": "email_1", "label": "Email", "type": "email", "value": E},
                "3": {"id": 3, "key": "phone_2", "label": "Phone", "type": "phone", "value": P},
                "4": {"id": 4, "label": "Message", "type": "textarea", "value": M},
            }
        },
    ),
    "formidable": (urlencode({"item_meta[25]": N, "item_meta[26]": E, "item_meta[27]": P, "item_meta[28]": M}).encode(), U),
    "fluent": (
        {
            "names": {"first_name": "Ana", "last_name": "Ruiz"},
            "email": E,
            "phone": P,
            "message": M,
            "__submission": {"id": "3", "form_id": "2", "serial_number": "4"},
        },
    ),
    "forminator": (urlencode({"name-1": N, "email-1": E, "phone-1": P, "textarea-1": M}).encode(), U),
    "gravity labels": ({"Name (First)": "Ana", "Name (Last)": "Ruiz", "Phone": P, "Email": E, "How can we help?": M},),
    "gravity input_": (urlencode({"input_1_3": "Ana", "input_1_6": "Ruiz", "input_2": E, "input_3": P, "input_4": M}).encode(), U),
    "jotform": (
        urlencode(
            {
                "formID": "2",
                "submissionID": "5945194041717462825",
                "rawRequest": json.dumps(
                    {
                        "q3_name": {"first": "Ana", "last": "Ruiz"},
                        "q4_email": E,
                        "q5_phoneNumber": {"area": "212", "phone": "555-0121"},
                        "q6_typeA": M,
                    }
                ),
            }
        ).encode(),
        U,
    ),
    "typeform": (
        {
            "event_id": "1",
            "form_response": {
                "form_id": "x",
                "definition": {
                    "fields": [
                        {"id": "a", "title": "What's your name?", "type": "short_text", "ref": "r1"},
                        {"id": "b", "title": "Your phone", "type": "phone_number", "ref": "r2"},
                        {"id": "c", "title": "Email?", "type": "email", "ref": "r3"},
                        {"id": "d", "title": "Tell us about the job", "type": "long_text", "ref": "r4"},
                        {"id": "e", "title": "Which service?", "type": "multiple_choice"},
                    ]
                },
                "answers": [
                    {"type": "text", "text": N, "field": {"id": "a", "type": "short_text", "ref": "r1"}},
                    {"type": "phone_number", "phone_number": "+12125550121", "field": {"id": "b", "type": "phone_number"}},
                    {"type": "email", "email": E, "field": {"id": "c", "type": "email"}},
                    {"type": "text", "text": M, "field": {"id": "d", "type": "long_text"}},
                    {"type": "choice", "choice": {"label": "Roof"}, "field": {"id": "e", "type": "multiple_choice"}},
                ],
            },
        },
    ),
    "tally": (
        {
            "eventType": "FORM_RESPONSE",
            "data": {
                "formName": "Contact",
                "fields": [
                    {"key": "question_1", "label": "Full name", "type": "INPUT_TEXT", "value": N},
                    {"key": "q2", "label": "Best number", "type": "INPUT_PHONE_NUMBER", "value": "+12125550121"},
                    {"key": "q3", "label": None, "type": "INPUT_EMAIL", "value": E},
                    {"key": "q4", "label": "Details", "type": "TEXTAREA", "value": M},
                    {"key": "q5", "label": "Service", "type": "DROPDOWN", "value": ["o1"], "options": [{"id": "o1", "text": "Roof"}]},
                ],
            },
        },
    ),
    "webflow": (
        {
            "triggerType": "form_submission",
            "payload": {
                "name": "Quick Form",
                "siteId": "6",
                "data": {"Name": N, "Phone": 12125550121, "Email": E, "Field 4": M},
                "schema": [{"fieldName": "Name", "fieldType": "FormTextInput", "fieldElementId": "a1"}],
            },
        },
    ),
    "squarespace": ({"form_name": "Contact", "Name": N, "Email": E, "Phone": P, "Message": M},),
    "wix": (
        {
            "data": {
                "formName": "Contact",
                "contact": {"name": {"first": "Ana", "last": "Ruiz"}, "email": E, "phones": [{"tag": "MAIN", "phone": P}]},
                "submissions": [
                    {"label": "First name", "value": "Ana"},
                    {"label": "Last name", "value": "Ruiz"},
                    {"label": "Phone", "value": P},
                    {"label": "Email", "value": E},
                    {"label": "Your message", "value": M},
                ],
            }
        },
    ),
    "wix field:": (
        {
            "data": {
                "field:first_name_ab12": "Ana",
                "field:last_name_cd34": "Ruiz",
                "field:email_1f2e": E,
                "field:phone_33aa": P,
                "field:long_answer_77": M,
            }
        },
    ),
    "netlify": (
        {
            "number": 4,
            "title": None,
            "email": E,
            "name": N,
            "first_name": "Ana",
            "last_name": "Ruiz",
            "company": None,
            "summary": M,
            "body": M,
            "data": {"name": N, "email": E, "phone": P, "message": M, "ip": "203.0.113.5"},
            "form_name": "contact",
            "site_url": "https://x.example.com",
            "ordered_human_fields": [{"title": "Name", "name": "name", "value": N}, {"title": "Phone", "name": "phone", "value": P}],
        },
    ),
    "unbounce": (
        urlencode(
            {
                "page_id": "a-b",
                "page_name": "Landing",
                "data.json": json.dumps({"name": [N], "email": [E], "phone_number": [P], "comments": [M], "ip_address": ["203.0.113.4"]}),
            }
        ).encode(),
        U,
    ),
    "wufoo": (
        urlencode(
            {
                "Field1": "Ana",
                "Field2": "Ruiz",
                "Field3": E,
                "Field4": "2125550121",
                "Field5": M,
                "FieldStructure": json.dumps(
                    {
                        "Fields": [
                            {
                                "Title": "Name",
                                "Type": "shortname",
                                "ID": "Field1",
                                "SubFields": [{"DefaultVal": "", "ID": "Field1", "Label": "First"}, {"ID": "Field2", "Label": "Last"}],
                            },
                            {"Title": "Email", "Type": "email", "ID": "Field3"},
                            {"Title": "Phone", "Type": "phone", "ID": "Field4"},
                            {"Title": "Message", "Type": "textarea", "ID": "Field5"},
                        ]
                    }
                ),
            }
        ).encode(),
        U,
    ),
    "formstack": (
        {
            "FormID": "1",
            "UniqueID": "9988776655",
            "Name": {"value": {"first": "Ana", "last": "Ruiz"}, "field_type": "name"},
            "Phone": {"value": P, "field_type": "phone"},
            "Email": {"value": E, "field_type": "email"},
            "Message": {"value": M, "field_type": "textarea"},
        },
    ),
    "cognito": (
        {
            "Form": {"Id": "1", "InternalName": "Contact", "Name": "Contact"},
            "Name": {"First": "Ana", "Last": "Ruiz", "FirstAndLast": N},
            "Phone": P,
            "Email": E,
            "Comments": M,
            "Entry": {"Number": 3, "DateCreated": "2026-01-01"},
        },
    ),
    "google script": (
        {
            "namedValues": {"Name": [N], "Phone number": [P], "Email Address": [E], "What do you need?": [M], "Timestamp": ["1/1/2026"]},
            "values": ["1/1/2026", N, P, E, M],
        },
    ),
    "google responses": (
        {
            "responses": [
                {"title": "Name", "response": N},
                {"title": "Phone", "response": P},
                {"title": "Email", "response": E},
                {"title": "Message", "response": M},
            ]
        },
    ),
    "meta": (
        {
            "id": "1",
            "created_time": "2026-01-01T00:00:00+0000",
            "field_data": [
                {"name": "full_name", "values": [N]},
                {"name": "phone_number", "values": ["+12125550121"]},
                {"name": "email", "values": [E]},
                {"name": "what_do_you_need?", "values": [M]},
            ],
            "form_id": "9",
        },
    ),
    "gads": (
        {
            "lead_id": "x",
            "user_column_data": [
                {"column_id": "FULL_NAME", "column_name": "Full Name", "string_value": N},
                {"column_id": "PHONE_NUMBER", "column_name": "User Phone", "string_value": "+12125550121"},
                {"column_id": "EMAIL", "string_value": E, "column_name": "User Email"},
                {"column_name": "What do you need?", "string_value": M},
            ],
            "gcl_id": "g",
        },
    ),
    "linkedin": (
        {
            "formResponse": {
                "answers": [
                    {"questionId": 1, "answerDetails": {"textQuestionAnswer": {"answer": "Ana"}}},
                    {"questionId": 2, "answerDetails": {"textQuestionAnswer": {"answer": E}}},
                    {"questionId": 3, "answerDetails": {"textQuestionAnswer": {"answer": "+12125550121"}}},
                    {"questionId": 4, "answerDetails": {"textQuestionAnswer": {"answer": M}}},
                ]
            }
        },
    ),
    "tiktok": (
        {
            "object": "LEAD",
            "entry": {
                "id": "7",
                "changes": [
                    {"field": "name", "value": N},
                    {"field": "phone_number", "value": "+12125550121"},
                    {"field": "email", "value": E},
                    {"field": "message", "value": M},
                ],
            },
        },
    ),
    "ghl": (
        {
            "contact_id": "a",
            "first_name": "Ana",
            "last_name": "Ruiz",
            "full_name": N,
            "email": E,
            "phone": "+12125550121",
            "Tell us about your project": M,
            "location": {"id": "L", "name": "Bugs Plumbing", "address": "1 A", "state": "TX", "postalCode": "78701"},
            "user": {"firstName": "Rep", "email": "rep@agency.example.com", "phone": "+15125550101"},
            "customData": {},
        },
    ),
    "hubspot": (
        {
            "objectId": 5,
            "properties": {
                "firstname": {"value": "Ana"},
                "lastname": {"value": "Ruiz"},
                "phone": {"value": P},
                "email": {"value": E},
                "message": {"value": M},
            },
        },
    ),
    "hubspot forms": (
        {
            "submittedAt": "1717171717171",
            "fields": [
                {"objectTypeId": "0-1", "name": "firstname", "value": "Ana"},
                {"objectTypeId": "0-1", "name": "lastname", "value": "Ruiz"},
                {"objectTypeId": "0-1", "name": "phone", "value": P},
                {"objectTypeId": "0-1", "name": "email", "value": E},
                {"objectTypeId": "0-1", "name": "message", "value": M},
            ],
            "context": {"pageUri": "https://x.example.com", "pageName": "Contact page"},
        },
    ),
    "activecampaign": (
        urlencode(
            {
                "type": "subscribe",
                "contact[id]": "7",
                "contact[email]": E,
                "contact[first_name]": "Ana",
                "contact[last_name]": "Ruiz",
                "contact[phone]": P,
                "contact[fields][message]": M,
            }
        ).encode(),
        U,
    ),
    "mailchimp": (
        urlencode(
            {
                "type": "subscribe",
                "data[email]": E,
                "data[merges][EMAIL]": E,
                "data[merges][FNAME]": "Ana",
                "data[merges][LNAME]": "Ruiz",
                "data[merges][PHONE]": P,
                "data[merges][NOTES]": M,
            }
        ).encode(),
        U,
    ),
    "paperform": (
        {
            "data": [
                {"title": "Your name", "description": None, "type": "text", "key": "a1b2", "custom_key": None, "value": N},
                {"title": "Mobile", "type": "phone", "key": "c3", "value": P},
                {"title": "Email", "type": "email", "key": "d4", "value": E},
                {"title": "What's up?", "type": "text", "key": "e5", "value": M},
            ],
            "form_id": "x",
            "submission_id": "y",
        },
    ),
    "123form": (
        {
            "fields": {
                "field": [
                    {"fieldid": "1", "fieldname": "Name", "fieldvalue": N},
                    {"fieldid": "2", "fieldname": "Phone", "fieldvalue": P},
                    {"fieldid": "3", "fieldname": "E-mail", "fieldvalue": E},
                    {"fieldid": "4", "fieldname": "Message", "fieldvalue": M},
                ]
            }
        },
    ),
    "zoho": ({"Name_First": "Ana", "Name_Last": "Ruiz", "PhoneNumber_countrycode": "+12125550121", "Email": E, "MultiLine": M},),
    "duda": (
        {
            "data": {
                "fieldsData": [
                    {"field_label": "Name", "field_value": N, "field_type": "text"},
                    {"field_label": "Phone", "field_value": P},
                    {"field_label": "Email", "field_value": E},
                    {"field_label": "Message", "field_value": M},
                ]
            }
        },
    ),
    "calendly": (
        {
            "event": "invitee.created",
            "payload": {
                "name": N,
                "email": E,
                "text_reminder_number": "+12125550121",
                "questions_and_answers": [{"question": "Please share anything", "answer": M, "position": 0}],
            },
        },
    ),
    "formspree": ({"form": "abc", "submission": {"_date": "2026-01-01", "name": N, "email": E, "phone": P, "message": M}},),
    "airtable": ({"fields": {"Name": N, "Phone": P, "Email": E, "Notes": M}},),
    "data attributes": ({"data": {"type": "lead", "id": "5", "attributes": {"full-name": N, "phone": P, "email": E, "body": M}}},),
    "es": (
        urlencode(
            {"Nombre": "Ana", "Apellidos": "Ruiz", "Teléfono móvil": P, "Correo electrónico": E, "¿Cómo podemos ayudarle?": M}
        ).encode(),
        U,
    ),
    "questions": (
        {
            "What is your name?": N,
            "What's the best phone number to reach you?": P,
            "What is your email address?": E,
            "Please describe your project": M,
        },
    ),
    "shape only": ({"a1": N, "b2": P, "c3": E, "d4": M},),
    "numbered": ({"1": N, "2": P, "3": E, "4": M},),
    "duda2": ({"form": "Contact", "fields": [["Name", N], ["Phone", P]], "name": N, "phone": P, "email": E, "message": M},),
    "leadpages": ({"name": N, "email": E, "phone_number": P, "message": M, "page": {"title": "LP", "url": "https://x.example.com"}},),
    "instapage json in field": (urlencode({"payload": json.dumps({"Name": N, "Phone": P, "Email": E, "Comments": M})}).encode(), U),
}

# What no rule can know: a question that says nothing of what it asks, a key with letters of a builder's own behind.
NOT_READ = {("paperform", "message"), ("wix field:", "name")}


def parsed(body: Any, content_type: str = "application/json") -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ADAPTER.parse(request=request("form", raw, content_type=content_type))


@pytest.mark.parametrize("builder", BUILDERS)
def test_the_four_fields_of_every_builder_are_read(builder: str) -> None:
    (event,) = parsed(*BUILDERS[builder])
    personal = event.personal
    name = personal.get("name") or f"{personal.get('first_name', '')} {personal.get('last_name', '')}".strip()
    numbers = read_numbers(raw=personal.get("phone") or "")
    read = {
        "name": name in (N, "Ana"),
        "phone": numbers.first.e164 == "+12125550121" and not numbers.further,
        "email": personal.get("email") == E,
        "message": M in personal.get("message", ""),
    }
    assert {(builder, what) for what, right in read.items() if not right} == {miss for miss in NOT_READ if miss[0] == builder}
    assert not personal.get("phones") and not personal.get("emails"), "nobody else's number or address is taken for theirs"


HOSTILE: dict[str, Callable[[int], bytes]] = {
    "letters of one field": lambda size: urlencode({"name": "Ana", "message": "do not " * (size // 8)}).encode(),
    "numbers that are none": lambda size: urlencode([("phone", "(512) " * 33)] * (size // 330)).encode(),
    "one long number": lambda size: urlencode({"phone": "(512) " * (size // 10)}).encode(),
    "addresses that are none": lambda size: urlencode({"email": "a@" * (size // 4)}).encode(),
    "long labels": lambda size: urlencode([("Phone " * 30 + str(n), "x (212) 555-0121") for n in range(size // 210)]).encode(),
    "brackets": lambda size: urlencode([("a" + "[x]" * 30 + str(n), "v") for n in range(size // 220)]).encode(),
    "consents": lambda size: urlencode([(f"sms_consent[{n}]", "do not mind, " * 15) for n in range(size // 240)]).encode(),
    "json in json": lambda size: json.dumps({"a": json.dumps({"b": json.dumps({"c": "[" * size})})}).encode(),
    "fields of brackets": lambda size: json.dumps(
        {"fields": [{"name": f"{n}", "value": "[{" * 20 + "}]"} for n in range(size // 150)]}
    ).encode(),
}


def cost(body: bytes) -> float:
    """Seconds of the process's own time, the least of three."""
    spent = []
    for _ in range(3):
        begun = process_time()
        with contextlib.suppress(Unreadable):
            parsed(body, "application/json" if body[:1] == b"{" else U)
        spent.append(process_time() - begun)
    return min(spent)


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_cost_of_a_form_grows_no_faster_than_its_length(kind: str) -> None:
    """Four times the length; with room for a slow machine. 100 kB of the worst kind cost 45 ms where this was written."""
    assert cost(HOSTILE[kind](100_000)) < 8 * cost(HOSTILE[kind](25_000)) + 0.1


REFUSALS = [
    "Please don't text", "Email only, no messages", "Opt out", "I decline", "Never text me", "I would prefer not to be texted", "Phone only", "No", "no thanks",
    "Do not text, call or email me", "I do not consent", "Yes, call me, but don't text", "Call me instead", "Texts? No thanks", "I agree not to be texted",
    "No quiero mensajes", "Sin textos por favor", "Prefiero no recibir mensajes", "Solo llamadas", "No acepto", "No, gracias", "No me manden mensajes",
]  # fmt: skip
AGREEMENTS = [
    "on", "1", "true", "Yes", "YES!", "I agree", "I agree to receive text messages", "I consent to texts from Summit Roofing", "Yes, text me", "Please text me",
    "You can text me", "Sign me up for texts", "Sí", "Sí, acepto", "Acepto recibir mensajes de texto", "Estoy de acuerdo", "Autorizo mensajes",
    "By checking this box, you agree to receive SMS. Consent is not a condition of purchase. Reply STOP to opt out. Msg and data rates may apply.",
    "I consent to texts. We will never share or sell your number. You can opt out at any time.",
]  # fmt: skip
NEITHER = [
    "0", "false", "off", "unchecked", "maybe", "ask me first", "not sure", "I don't mind texts", "no problem", "n/a", "later", "May we text you?",
    "I agree to the privacy policy", "I have read the terms", "If you agree, tick the box", "quizás", "null",
]  # fmt: skip


@pytest.mark.parametrize("words", REFUSALS)
def test_a_clear_no_is_a_refusal(words: str) -> None:
    wish = read_wish(value=words)
    assert not wish.granted and "sms" in wish.refused


@pytest.mark.parametrize("words", AGREEMENTS)
def test_a_clear_yes_is_consent(words: str) -> None:
    wish = read_wish(value=words)
    assert wish.granted and not wish.refused


@pytest.mark.parametrize("words", NEITHER)
def test_doubt_is_neither(words: str) -> None:
    wish = read_wish(value=words)
    assert not wish.granted and not wish.refused


@pytest.mark.parametrize(
    ("words", "refused"),
    [("Email only, no texts", {"sms"}), ("Phone calls only", {"sms", "email"}), ("Do not contact me", {"sms", "email"}), ("no emails please", {"email"}),
     ("Do not call me", set())],
)  # fmt: skip
def test_a_refusal_is_of_the_channel_that_it_names(words: str, refused: set[str]) -> None:
    assert read_wish(value=words).refused == refused


def test_a_preference_beside_refuses_only_where_it_says_so() -> None:
    for said, refused in (("Phone", None), ("No texts, call me", ["sms"]), ("Text message", None)):
        (event,) = parsed({"name": N, "phone": P, "Preferred contact method": said})
        assert (event.facts.get("consent") or {}).get("refused") == refused
