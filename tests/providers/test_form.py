"""Web forms: the names that builders use, the three encodings, consent, quotes and honeypots."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from providers.adapters import load
from providers.contract import ParsedEvent, Unreadable
from providers.forms import meaning_of
from tests.providers.payloads import NOW, form_request, multipart, request, web_form

ADAPTER = load("form")


def only(asked) -> ParsedEvent:
    (one,) = ADAPTER.parse(request=asked)
    return one


def test_in_full() -> None:
    event = only(form_request(web_form(utm_source="google", service="Roof repair", Dogs="2")))
    assert (event.type, event.occurred_at) == ("lead.created", NOW)
    assert event.facts == {"service": "Roof repair", "utm_source": "google"}
    assert event.personal == {
        "name": "Dana Whitfield",
        "phone": "(303) 555-0123",
        "email": "dana@example.com",
        "message": "Roof leaks",
        "postal_code": "80202",
        "answers": {"Dogs": "2"},
    }


def test_no_secret_is_needed_and_every_post_is_new() -> None:
    asked = form_request(web_form())
    assert (ADAPTER.needs_secret, ADAPTER.each_post_is_new) == (False, True)
    assert ADAPTER.verify(request=asked, secrets=[], now=NOW)
    later = replace(asked, received_at=NOW + timedelta(seconds=1))
    assert only(asked).key != only(later).key
    assert only(asked).key == only(asked).key
    assert ADAPTER.answer().body == "{}"


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("full_name", "name"),
        ("Your Name", "name"),
        ("fname", "first_name"),
        ("Last-Name", "last_name"),
        ("tel", "phone"),
        ("Mobile Phone", "phone"),
        ("fields[phone][value]", "phone"),
        ("form_fields[email]", "email"),
        ("data.attributes.email", "email"),
        ("E-MAIL", "email"),
        ("Email Address (required)", "email"),
        ("contact[phone]", "phone"),
        ("name[first]", "first_name"),
        ("address[city]", "city"),
        ("zip", "postal_code"),
        ("sms_consent", "consent"),
        ("form[name]", "form"),
        ("form[id]", "form_id"),
        ("meta[page_url][value]", "page_url"),
        ("fields[name][title]", "ignored"),
        ("fields[name][raw_value]", "ignored"),
        ("_gotcha", "honeypot"),
        ("1.3", ""),
        ("Favourite colour", ""),
        ("", ""),
        ("[[[", ""),
    ],
)
def test_names(name, meaning) -> None:
    assert meaning_of(name) == meaning


def test_elementor_advanced_data() -> None:
    event = only(
        form_request(
            {
                "form[id]": "3c1",
                "form[name]": "Free estimate",
                "fields[name][id]": "name",
                "fields[name][title]": "Name",
                "fields[name][value]": "Dana Whitfield",
                "fields[name][raw_value]": "Dana Whitfield",
                "fields[field_7][value]": "Gutter",
                "fields[phone][value]": "303-555-0123",
                "meta[page_url][value]": "https://roofs.example.com/contact",
            }
        )
    )
    assert event.type == "quote.requested"
    assert event.facts == {"form": "Free estimate", "form_id": "3c1", "page_url": "https://roofs.example.com/contact"}
    assert event.personal == {"name": "Dana Whitfield", "phone": "303-555-0123", "answers": {"field_7": "Gutter"}}


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"budget": "5000"}, "quote.requested"),
        ({"Estimate needed by": "June"}, "quote.requested"),
        ({"form_name": "Quote form"}, "quote.requested"),
        ({"subject": "Request a quote"}, "quote.requested"),
        ({"page_url": "https://x.example.com/get-a-quote/"}, "quote.requested"),
        ({"budget": ""}, "lead.created"),
        ({"page_url": "https://x.example.com/contact"}, "lead.created"),
    ],
)
def test_quote_or_lead(fields, kind) -> None:
    assert only(form_request(web_form(**fields))).type == kind


@pytest.mark.parametrize(
    "body",
    [
        {"name": "Dana", "phone": "303-555-0123", "details": None, "opts": ["a", 1, True]},
        {"fields": {"name": {"value": "Dana"}, "phone": {"value": "303-555-0123"}}, "opts": "a, 1, true"},
        {"answers": [{"label": "Name", "value": "Dana"}, {"label": "Phone", "answer": "303-555-0123"}], "opts": "a, 1, true"},
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "text/plain", ""])
def test_json_in_the_usual_shapes(body, content_type) -> None:
    event = only(request("form", json.dumps(body).encode(), content_type=content_type))
    assert event.personal == {"name": "Dana", "phone": "303-555-0123", "answers": {"opts": "a, 1, true"}}


def test_multipart_takes_text_and_counts_files() -> None:
    event = only(
        multipart(
            [
                ("name", None, "Dana Ünal".encode()),
                ("phone", None, b"303-555-0123"),
                ("message", None, b"two\r\nlines --not-a-boundary"),
                ("photo", "roof.jpg", b"\xff\xd8\x00\r\n\r\nname=evil"),
                ("empty", "", b""),
            ]
        )
    )
    assert event.personal == {"name": "Dana Ünal", "phone": "303-555-0123", "message": "two\r\nlines --not-a-boundary"}
    assert event.facts == {"files_left_out": 1}


def test_encodings_nul_and_surrogates_are_repaired() -> None:
    event = only(request("form", b"name=Jos%C3%A9%00&phone=303-555-0123&x=%ED%A0%80", content_type="application/x-www-form-urlencoded"))
    assert event.personal["name"] == "José"
    event = only(request("form", b'{"name": "a\\u0000b\\ud800"}'))
    assert event.personal["name"] == "ab\ufffd"


def test_repeated_fields() -> None:
    event = only(
        request("form", b"name=Dana&service=Roof&service=Gutter&a=1&a=2&phone=1&phone=2", content_type="application/x-www-form-urlencoded")
    )
    assert event.facts == {"service": "Roof, Gutter"}
    assert event.personal == {"name": "Dana", "phone": "1", "answers": {"a": "1, 2", "phone": "2"}}


@pytest.mark.parametrize(
    ("field", "channels"),
    [("sms_consent", ["sms"]), ("sms_opt_in", ["sms"]), ("text-consent", ["sms"]), ("consent", None), ("marketing_consent", None)],
)
@pytest.mark.parametrize("said", ["yes", "on", "1", "Sí, acepto"])
def test_a_bare_yes_is_to_what_its_field_asks_about(field, channels, said):
    event = only(form_request(web_form(**{field: said, "email": "rosa@example.com"})))
    assert event.facts["consent"]["granted"] is True and event.facts["consent"].get("channels") == channels


def test_consent_is_a_fact_only_where_the_form_asked() -> None:
    event = only(form_request(web_form(sms_consent="on", sms_consent_text="Text me about my request.")))
    assert event.facts["consent"] == {"granted": True, "wording": "Text me about my request.", "channels": ["sms"]}
    assert "consent" not in only(form_request(web_form())).facts


def test_a_filled_honeypot_is_a_hint() -> None:
    assert only(form_request(web_form(_gotcha="http://spam.example.com"))).facts["spam_hint"] is True
    assert "spam_hint" not in only(form_request(web_form(_gotcha=""))).facts


@pytest.mark.parametrize("body", [b"", b"hello", b"a=1&b=2", b"name=&phone=", b"GET /?name=x HTTP/1.1", b"{}"])
def test_nothing_we_know_is_unreadable(body) -> None:
    with pytest.raises(Unreadable, match="form fields is a name"):
        ADAPTER.parse(request=request("form", body, content_type=""))


def test_too_many_fields() -> None:
    for asked in (
        request("form", b"&".join(b"f%d=1" % n for n in range(1001)), content_type="application/x-www-form-urlencoded"),
        request("form", json.dumps({"name": "x", "list": [{"a": n, "b": n} for n in range(600)]}).encode()),
        multipart([(f"f{n}", None, b"1") for n in range(1001)]),
    ):
        with pytest.raises(Unreadable, match="more than 1000"):
            ADAPTER.parse(request=asked)
