"""Every request our adapter makes is valid by Twilio's own API description, and the mock that says so can be wrong-footed."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from messaging.gate import MOST_CHARACTERS
from providers.adapters import load
from providers.contract import Credentials
from tests.providers.payloads import CALLER, TRACKING
from tests.providers.twilio_description import (
    BODY_MOST,
    BODY_WORDS,
    CALLBACK_WORDS,
    DAY_WORDS,
    EXTRACT,
    FORM,
    MESSAGE,
    PAGE,
    PAGE_SIZE_WORDS,
    PATH,
    STATUSES,
    VALIDITY_WORDS,
    from_openapi,
)
from tests.providers.twilio_mock import ACCOUNT, POOL_NUMBER, SERVICE, TOKEN, lost, serving, shape_problems
from zartsalgo.lib import http

FULL = Path(__file__).resolve().parents[2].parent / "shared" / "samples" / "twilio" / "twilio_api_v2010.openapi.json"
ABSENT = f"the full API description is not beside this checkout ({FULL.name}); our own extract of it ran alone"
ADAPTER = load("twilio")
MESSAGES = PATH.format(AccountSid=ACCOUNT)
CALLBACK = "https://hooks.example.com/hooks/twilio/to-ken/?m=0190f0c0-ffee-7000-8000-000000000001"


@pytest.fixture(scope="module")
def server():
    with serving() as mock:
        yield mock


@pytest.fixture
def twilio(server):
    """The mock, empty; at the end nothing it got may have been invalid."""
    yield server.reset()
    assert server.problems == []


@pytest.fixture
def strict(server):
    """The mock for tests in which it must find something wrong."""
    return server.reset()


def credentials(mock) -> Credentials:
    return Credentials(account=ACCOUNT, secret=TOKEN, base_url=mock.url)


def send(mock, **changes):
    given = {"to": CALLER, "sender": TRACKING, "body": "Sorry we missed you.", "callback_url": CALLBACK, **changes}
    return ADAPTER.send(credentials=credentials(mock), **given)


# The extract


@pytest.mark.skipif(not FULL.exists(), reason=ABSENT)
def test_the_extract_says_what_the_full_description_says() -> None:
    document = json.loads(FULL.read_text())
    assert from_openapi(document) == EXTRACT
    calls = document["paths"][PATH]
    form = calls["post"]["requestBody"]["content"][FORM]["schema"]["properties"]
    query = {one["name"]: one for one in calls["get"]["parameters"]}
    assert BODY_WORDS in form["Body"]["description"]
    assert VALIDITY_WORDS in form["ValidityPeriod"]["description"]
    assert CALLBACK_WORDS in form["StatusCallback"]["description"]
    assert DAY_WORDS in query["DateSent>"]["description"]
    assert PAGE_SIZE_WORDS in query["PageSize"]["description"]


@pytest.mark.skipif(not FULL.exists(), reason=ABSENT)
def test_the_comparison_sees_a_difference() -> None:
    document = json.loads(FULL.read_text())
    document["paths"][PATH]["post"]["requestBody"]["content"][FORM]["schema"]["required"].append("Body")
    assert from_openapi(document) != EXTRACT


def test_every_status_of_the_description_is_one_we_rank() -> None:
    from messaging.outbox.reports import RANK

    assert set(STATUSES.split("|")) - set(RANK) == {"receiving", "received"}, "those two are of inbound texts"


# Our requests are valid

TEXTS = {
    "plain": "Sorry we missed you.",
    "form characters": "a&b=c+d%20e;f#g?h /\\ \"quoted\" 'single' <b>",
    "two lines": "One.\nTwo.\r\nThree.",
    "GSM-7 extension": "Price? {maybe} [soon] ~ | ^ \\ €",
    "UCS-2": "¿Todavía lo necesita? Contáctenos – “hoy” 👍🏽",
    "the longest of ours": "x" * MOST_CHARACTERS,
    "the longest of theirs": "é" * BODY_MOST,
}


@pytest.mark.parametrize("sender", [TRACKING, SERVICE])
@pytest.mark.parametrize("body", TEXTS.values(), ids=TEXTS.keys())
def test_a_send_is_valid_and_arrives_as_it_was(twilio, sender, body) -> None:
    result = send(twilio, sender=sender, body=body)
    ((text,), call) = twilio.texts, twilio.calls[0]
    assert (result.outcome, result.provider_id, result.http_status) == ("accepted", text["sid"], 201)
    assert (text["to"], text["body"]) == (CALLER, body)
    names = {"To", "Body", "StatusCallback", "ValidityPeriod", "MessagingServiceSid" if sender == SERVICE else "From"}
    assert call.form.keys() == names
    assert (call.form["StatusCallback"], len(twilio.calls)) == (CALLBACK, 1)


def test_a_send_without_a_callback_is_valid(twilio) -> None:
    assert send(twilio, callback_url="").outcome == "accepted"
    assert "StatusCallback" not in twilio.calls[0].form


def test_our_longest_text_is_one_that_twilio_takes() -> None:
    assert MOST_CHARACTERS <= BODY_MOST


@pytest.mark.parametrize("sender", [TRACKING, SERVICE])
def test_a_look_up_is_valid_and_finds_only_what_it_asks_for(twilio, sender) -> None:
    now = datetime.now(UTC)
    ours = {"from": TRACKING} if sender == TRACKING else {"from": POOL_NUMBER, "messaging_service_sid": SERVICE}
    twilio.add(to=CALLER, body="ours", **ours)
    twilio.add(to="+13035550124", body="to another", **ours)
    twilio.add(to=CALLER, body="from another", **{"from": "+13035550166"})
    twilio.add(to=CALLER, body="of the day before yesterday", at=now - timedelta(days=2), **ours)
    found = ADAPTER.find_sent(credentials=credentials(twilio), to=CALLER, sender=sender, since=now)
    assert [(row["body"], row["status"]) for row in found] == [("ours", "queued")]
    (call,) = twilio.calls
    assert dict(call.query).keys() == {"To", "DateSent>", "PageSize"} | ({"From"} if sender == TRACKING else set())


def test_a_look_up_reads_all_pages_and_stops_at_two_hundred(twilio) -> None:
    for n in range(230):
        twilio.add(to=CALLER, body=f"text {n}", **{"from": TRACKING})
    found = ADAPTER.find_sent(credentials=credentials(twilio), to=CALLER, sender=TRACKING, since=datetime.now(UTC))
    assert [row["body"] for row in found] == [f"text {n}" for n in range(229, 29, -1)]
    assert [dict(call.query).get("Page") for call in twilio.calls] == [None, "1"]


@pytest.mark.parametrize("sender", [TRACKING, SERVICE])
def test_a_whole_list_is_valid_on_every_page_and_both_ways(twilio, sender) -> None:
    number, service = (TRACKING, None) if sender == TRACKING else (POOL_NUMBER, SERVICE)
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=400)
    for n in range(210):
        at = start + timedelta(seconds=n)
        twilio.add(to=CALLER, body=f"out {n}", at=at, messaging_service_sid=service, **{"from": number})
    twilio.add(to=number, body="in", direction="inbound", status="received", at=start, messaging_service_sid=service, **{"from": CALLER})
    twilio.add(to=CALLER, body="early", at=start - timedelta(seconds=1), messaging_service_sid=service, **{"from": number})
    listed = ADAPTER.list_texts(credentials=credentials(twilio), sender=sender, since=start)
    assert len(listed) == 211 and {text.number for text in listed} == {CALLER}
    assert [text.body for text in listed if not text.inbound] == [f"out {n}" for n in range(210)]
    assert [text.body for text in listed if text.inbound] == ["in"]
    assert len(twilio.calls) == (4 if sender == TRACKING else 3)


def test_what_the_mock_answers_is_what_the_description_says(twilio) -> None:
    send(twilio)
    send(twilio, sender=SERVICE)
    assert [problem for text in twilio.texts for problem in shape_problems(text, MESSAGE)] == []
    auth = {"Authorization": "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()}
    for query in ("PageSize=1", "PageSize=1&Page=1&PageToken=PA1", ""):
        reply = http.call(method="GET", url=f"{twilio.url}{MESSAGES}?{query}", headers=auth, body=None, timeout_seconds=5)
        assert (reply.status, shape_problems(json.loads(reply.body), PAGE)) == (200, [])
    assert shape_problems({**twilio.texts[0], "status": "gone", "sid": "SM1"}, MESSAGE) == ["sid is 'SM1'", "status is 'gone'"]


# The mock can be wrong-footed

GOOD = {"To": CALLER, "From": TRACKING, "Body": "Hello"}
WRONG_FORMS = [
    ({"To": None}, "missing: To"),
    ({"From": None}, "neither From nor MessagingServiceSid"),
    ({"Body": None}, "neither Body nor MediaUrl nor ContentSid"),
    ({"Body": "x" * 1601}, "Body is longer than 1600 characters"),
    ({"to": CALLER}, "unknown parameter: to"),
    ({"Validity": "600"}, "unknown parameter: Validity"),
    ({"To": "303-555-0123"}, "To is no phone-number"),
    ({"To": "13035550123"}, "To is no phone-number"),
    ({"From": "(303) 555-0100"}, "From is no phone-number"),
    ({"MessagingServiceSid": "MG1"}, "MessagingServiceSid has a value that is not allowed"),
    ({"MessagingServiceSid": SERVICE.replace("MG", "SM")}, "MessagingServiceSid has a value that is not allowed"),
    ({"StatusCallback": "/hooks/twilio/"}, "StatusCallback is no uri"),
    ({"StatusCallback": "https://my_host.example.com/"}, "StatusCallback has no valid host name"),
    ({"ValidityPeriod": "0"}, "ValidityPeriod 0 is out of range"),
    ({"ValidityPeriod": "36001"}, "ValidityPeriod 36001 is out of range"),
    ({"ValidityPeriod": "10m"}, "ValidityPeriod is no integer"),
    ({"SmartEncoded": "True"}, "SmartEncoded is no boolean"),
    ({"ScheduleType": "later"}, "ScheduleType has a value that is not allowed"),
    ({"SendAt": "tomorrow"}, "SendAt is no date-time"),
    ({"MediaUrl": "photo.jpg"}, "MediaUrl is no uri"),
]


def ask(mock, *, method="POST", path=MESSAGES, query="", body: bytes | None = None, kind=FORM, user=f"{ACCOUNT}:{TOKEN}") -> int:
    headers = {"Authorization": "Basic " + base64.b64encode(user.encode()).decode()} | ({"Content-Type": kind} if body is not None else {})
    url = f"{mock.url}{path}{'?' + query if query else ''}"
    return http.call(method=method, url=url, headers=headers, body=body, timeout_seconds=5).status


@pytest.mark.parametrize(("changes", "problem"), WRONG_FORMS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_wrong_create_is_found_invalid(strict, changes, problem) -> None:
    form = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    assert ask(strict, body=urlencode(form).encode()) == 422
    assert problem in strict.problems and strict.texts == []


def test_a_good_one_by_hand_is_valid(twilio) -> None:
    assert ask(twilio, body=urlencode(GOOD).encode()) == 201


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"path": MESSAGES.removesuffix(".json")}, f"no such path: {MESSAGES.removesuffix('.json')}"),
        ({"path": MESSAGES.replace("2010-04-01", "v1")}, f"no such path: {MESSAGES.replace('2010-04-01', 'v1')}"),
        ({"path": PATH.format(AccountSid="AC1"), "user": f"AC1:{TOKEN}"}, "AccountSid has a value that is not allowed"),
        ({"method": "PUT"}, "no such method: PUT"),
        ({"kind": "application/json"}, "content type 'application/json'"),
        ({"user": f"{ACCOUNT}:other"}, "no basic authentication with the account and its token"),
        ({"query": "To=1"}, "a create takes no query"),
        ({"body": urlencode([*GOOD.items(), ("To", CALLER)]).encode()}, "To is given 2 times"),
        ({"body": b"To"}, "the body is no form"),
        ({"body": "To=ñ".encode()}, "the body is no form"),
        ({"method": "GET", "body": None, "query": "PageSize=1001"}, "PageSize is out of range"),
        ({"method": "GET", "body": None, "query": "PageSize=0"}, "PageSize is out of range"),
        ({"method": "GET", "body": None, "query": "DateSent%3E=04.05.2026"}, "DateSent> is no date-time"),
        ({"method": "GET", "body": None, "query": "DateSentAfter=2026-05-04"}, "unknown parameter: DateSentAfter"),
        ({"method": "GET", "body": None, "query": "To=3035550123"}, "To is no phone-number"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_request_is_found_invalid(strict, changes, problem) -> None:
    assert ask(strict, **{"body": urlencode(GOOD).encode(), **changes}) == 422
    assert problem in strict.problems and strict.texts == []


def test_an_adapter_that_asks_wrongly_would_be_caught(strict, monkeypatch) -> None:
    monkeypatch.setattr("providers.adapters.twilio.VALIDITY_SECONDS", 90_000)
    assert send(strict, to="303-555-0123").outcome == "unknown"
    assert strict.problems == ["To is no phone-number", "ValidityPeriod 90000 is out of range"]


def test_a_scripted_turn_is_used_up_once(twilio) -> None:
    twilio.script.append(lost())
    assert [send(twilio).outcome, send(twilio).outcome] == ["unknown", "accepted"]
    assert (twilio.posts(), len(twilio.texts)) == (2, 2)
