"""Twilio, inbound: texts, delivery reports, dials and calls, and the corners of its signature."""

from dataclasses import replace

import pytest

from providers.adapters import load
from providers.adapters._twilio_errors import ERROR_MEANING
from providers.contract import Answer, NotForUs, ParsedEvent, Unreadable
from tests.providers.payloads import (
    ABSENT,
    CALLER,
    NOW,
    SECRET,
    TRACKING,
    URL,
    b64,
    request,
    sha256_hex,
    twilio_call,
    twilio_callback,
    twilio_request,
    twilio_status,
    twilio_text,
)

ADAPTER = load("twilio")
SID = "SM00000000000000000000000000000001"
CALL = "CA00000000000000000000000000000001"


def only(data, **kwargs) -> ParsedEvent:
    parsed = ADAPTER.parse(request=twilio_request(data, **kwargs))
    assert isinstance(parsed, list), parsed
    (one,) = parsed
    return one


def reason(data, **kwargs) -> str:
    parsed = ADAPTER.parse(request=twilio_request(data, **kwargs))
    assert isinstance(parsed, NotForUs), parsed
    return parsed.reason


def test_inbound_text_in_full() -> None:
    assert only(twilio_text()) == ParsedEvent(
        type="message.received",
        key=SID,
        occurred_at=NOW,
        facts={"message_id": SID, "to_number": TRACKING, "media_count": 0},
        personal={
            "phone": CALLER,
            "text": "Can somebody come Tuesday?",
            "line_city": "DENVER",
            "line_state": "CO",
            "line_postal_code": "80202",
            "line_country": "US",
        },
    )


@pytest.mark.parametrize("changes", [{"SmsStatus": ABSENT}, {"MessageSid": ABSENT}, {"MessageSid": ABSENT, "SmsSid": ABSENT}])
def test_inbound_text_by_any_of_its_marks(changes) -> None:
    assert only(twilio_text(**changes)).type == "message.received"
    assert only(twilio_text(**changes)).key == SID


def test_inbound_stop_with_advanced_opt_out_and_picture() -> None:
    event = only(twilio_text(Body="Stop", OptOutType="STOP", NumMedia="2", MediaUrl0="https://x.example.com/1", NewParameter="?"))
    assert event.facts == {"message_id": SID, "to_number": TRACKING, "media_count": 2, "opt_out_type": "STOP"}
    assert event.personal["text"] == "Stop"


def test_text_without_words() -> None:
    assert "text" not in only(twilio_text(Body="", NumMedia="1")).personal


@pytest.mark.parametrize("status", ["queued", "sending", "sent", "delivered", "undelivered", "failed", "read", "canceled"])
def test_status_callback(status) -> None:
    sid = "SM00000000000000000000000000000002"
    event = only(twilio_status(MessageStatus=status, SmsStatus=status), query="m=0190f0c0-ffee")
    assert event == ParsedEvent(
        type="message.status",
        key=f"{sid}:{status}",
        occurred_at=NOW,
        facts={"message_id": "0190f0c0-ffee", "provider_id": sid, "status": status},
    )


def test_failed_status_has_its_code_and_may_lack_our_id() -> None:
    event = only(twilio_status(MessageStatus="undelivered", ErrorCode="30005"))
    assert event.facts == {"provider_id": "SM00000000000000000000000000000002", "status": "undelivered", "error_code": "30005"}
    assert ERROR_MEANING["30005"].outcome == "bad-number"


@pytest.mark.parametrize(
    ("status", "kind"),
    [("no-answer", "no-answer"), ("busy", "busy"), ("failed", "failed"), ("canceled", "abandoned"), ("No-Answer", "no-answer")],
)
def test_dial_result_missed(status, kind) -> None:
    assert only(twilio_call(DialCallStatus=status)) == ParsedEvent(
        type="call.missed",
        key=CALL,
        occurred_at=NOW,
        facts={"call_id": CALL, "kind": kind, "voicemail": False, "tracking_number": TRACKING},
        personal={
            "phone": CALLER,
            "name": "DANA WHITFIELD",
            "line_city": "DENVER",
            "line_state": "CO",
            "line_postal_code": "80202",
            "line_country": "US",
        },
    )


@pytest.mark.parametrize(
    ("duration", "options", "expected"),
    [
        ("95", {}, "answered"),
        ("5", {}, "answered"),
        (ABSENT, {"short_calls": "missed"}, "answered"),
        ("5", {"short_calls": "missed"}, "missed"),
        ("8", {"short_calls": "missed"}, "answered"),
        ("9", {"short_calls": "missed", "short_call_seconds": "10"}, "missed"),
        ("5", {"short_calls": "missed", "short_call_seconds": "ten"}, "missed"),
    ],
)
def test_dial_completed(duration, options, expected) -> None:
    event = only(twilio_call(DialCallStatus="completed", DialCallDuration=duration), options=options)
    assert (event.type, event.facts.get("kind")) == (f"call.{expected}", "probably-missed" if expected == "missed" else None)


def test_a_machine_that_answered_is_voicemail() -> None:
    for data in (
        twilio_call(DialCallStatus="completed", AnsweredBy="machine_end_beep"),
        twilio_callback(CallStatus="completed", AnsweredBy="machine_start"),
    ):
        event = only(data)
        assert (event.type, event.facts["kind"], event.facts["voicemail"]) == ("call.missed", "voicemail", True)
    assert only(twilio_call(DialCallStatus="completed", AnsweredBy="human")).type == "call.answered"


@pytest.mark.parametrize(
    ("status", "kind"), [("no-answer", "no-answer"), ("busy", "busy"), ("failed", "failed"), ("canceled", "abandoned")]
)
def test_call_status_missed(status, kind) -> None:
    event = only(twilio_callback(CallStatus=status))
    assert (event.type, event.key, event.facts["kind"]) == ("call.missed", CALL, kind)
    assert event.occurred_at.isoformat() == "2026-05-04T17:29:30+00:00"


@pytest.mark.parametrize("status", ["queued", "initiated", "ringing", "in-progress", "completed", "something-new", ""])
def test_call_status_that_proves_nothing(status) -> None:
    assert reason(twilio_callback(CallStatus=status))


@pytest.mark.parametrize("direction", ["outbound-api", "outbound-dial", "Outbound-Dial"])
def test_outbound_legs(direction) -> None:
    assert "dialled itself" in reason(twilio_callback(Direction=direction))
    assert "dialled itself" in reason(twilio_call(Direction=direction))


def test_a_child_leg_counts_for_its_parent() -> None:
    assert only(twilio_callback(CallSid="CA9", ParentCallSid=CALL)).key == CALL


@pytest.mark.parametrize("number", ["anonymous", "Anonymous", "+266696687", "Restricted", "Unavailable", "unknown"])
def test_withheld_numbers_stay_as_they_came(number) -> None:
    assert only(twilio_call(From=number, Caller=number)).personal["phone"] == number


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"AccountSid": "AC1"}, "neither `MessageSid` nor `CallSid`"),
        (twilio_call(DialCallStatus="vanished"), "`DialCallStatus`"),
        (twilio_call(DialCallDuration="long"), "`DialCallDuration`"),
        (twilio_text(NumMedia="many"), "`NumMedia`"),
        (twilio_status(MessageStatus="", SmsStatus=""), "neither its status"),
    ],
)
def test_unreadable(data, words) -> None:
    with pytest.raises(Unreadable, match=words):
        ADAPTER.parse(request=twilio_request(data))


def test_a_field_given_twice_is_refused_unless_equal() -> None:
    good = twilio_request(twilio_text())
    with pytest.raises(Unreadable, match="twice"):
        ADAPTER.parse(request=replace(good, body=good.body + b"&From=%2B13035550199"))
    assert ADAPTER.parse(request=replace(good, body=good.body + b"&From=%2B13035550123"))


def test_the_answer_is_empty_twiml() -> None:
    assert ADAPTER.answer() == Answer(status=200, content_type="text/xml", body="<Response/>")


def test_deliveries_are_told_apart_by_the_idempotency_token() -> None:
    assert ADAPTER.dedupe_key(request=twilio_request(twilio_text())) == ""
    assert ADAPTER.dedupe_key(request=twilio_request(twilio_text(), **{"i-twilio-idempotency-token": "tok-1"})) == "tok-1"


# Signatures


def signed(url: str, pairs: list[tuple[str, str]], body: bytes, *, at: str = "", algorithm: str = "sha1", **headers: str):
    text = (at or url) + "".join(name + value for name, value in sorted(set(pairs)))
    headers["x-twilio-signature"] = b64(SECRET.encode(), text.encode(), algorithm)
    return request("twilio", body, content_type="application/x-www-form-urlencoded", url=url, headers=headers)


def verified(asked) -> bool:
    return ADAPTER.verify(request=asked, secrets=[SECRET], now=NOW)


def test_duplicates_blanks_and_order_are_signed_as_twilio_does() -> None:
    body = b"b=2&a=&b=1&b=2&A=%C3%A9+x&c"
    assert verified(signed("https://h.example.com/x?y=1", [("b", "2"), ("a", ""), ("b", "1"), ("A", "é x"), ("c", "")], body))


@pytest.mark.parametrize("port", ["", ":443", ":8443"])
def test_with_and_without_the_port(port) -> None:
    called = f"https://h.example.com{port}/x?m=1"
    for other in ("https://h.example.com/x?m=1", f"https://h.example.com{port or ':443'}/x?m=1"):
        assert verified(signed(called, [("a", "1")], b"a=1", at=other))
    assert not verified(signed(called, [("a", "1")], b"a=1", at="https://h.example.com:9/x?m=1"))


def test_our_id_in_the_address_is_signed_too() -> None:
    good = twilio_request(twilio_status(), query="m=1")
    assert verified(good)
    assert not verified(replace(good, url=good.url.replace("m=1", "m=2")))


def test_bytes_that_are_not_utf8_still_verify() -> None:
    raw = b"Body=caf\xe9"
    asked = request("twilio", b"Body=caf%E9", content_type="application/x-www-form-urlencoded")
    header = b64(SECRET.encode(), asked.url.encode() + raw.replace(b"=", b""), "sha1")
    assert verified(replace(asked, headers={**asked.headers, "x-twilio-signature": header}))


def test_json_is_signed_by_its_hash() -> None:
    body = b'{"property": "value"}'
    url = URL.format(provider="twilio") + "?bodySHA256=" + sha256_hex(body)
    good = request("twilio", body, url=url, headers={"x-twilio-signature": b64(SECRET.encode(), url.encode(), "sha1")})
    assert verified(good)
    assert not verified(replace(good, body=body + b" "))
    assert not verified(replace(good, url=url[:-1] + ("0" if url[-1] != "0" else "1")))


def test_shared_key_signatures_are_sha256() -> None:
    name = "x-twilio-webhooks-signature-settings"
    settings = {name: "key=webhooks_sharedkey_1, algorithm=HMAC_SHA256"}
    good = signed("https://h.example.com/x", [("a", "1")], b"a=1", algorithm="sha256", **settings)
    assert verified(good)
    assert not verified(replace(good, headers={**good.headers, name: ""}))


@pytest.mark.parametrize("url", ["https://h.example.com:port/x", "https://[/x", ""])
def test_an_address_that_is_none_is_not_verified(url) -> None:
    assert not verified(replace(twilio_request(twilio_text()), url=url))


def test_every_error_meaning_is_one_we_act_on() -> None:
    assert {meaning.outcome for meaning in ERROR_MEANING.values()} == {
        "suppress",
        "bad-number",
        "retry",
        "filtered",
        "account",
        "sender",
        "config",
    }
    assert all(meaning.sentence.endswith(".") for meaning in ERROR_MEANING.values())
    expected = {"21610": "suppress", "21211": "bad-number", "21614": "bad-number", "30003": "retry", "30007": "filtered", "30034": "sender"}
    assert {code: ERROR_MEANING[code].outcome for code in expected} == expected
