"""CallRail: what proves a missed call, what does not, texts, forms and the poll."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from providers.adapters import load
from providers.contract import Credentials, NotForUs, ParsedEvent, Unreadable
from tests.providers.payloads import (
    ABSENT,
    CALLER,
    NOW,
    TRACKING,
    callrail_call,
    callrail_form,
    callrail_precall,
    callrail_request,
    callrail_text,
    request,
)
from zartsalgo.lib import http

ADAPTER = load("callrail")


def only(data, *, event: str = "") -> ParsedEvent:
    parsed = ADAPTER.parse(request=callrail_request(data, event=event))
    assert isinstance(parsed, list), parsed
    (one,) = parsed
    return one


def reason(data, *, event: str = "") -> str:
    parsed = ADAPTER.parse(request=callrail_request(data, event=event))
    assert isinstance(parsed, NotForUs), parsed
    return parsed.reason


def test_a_missed_call_in_full() -> None:
    assert only(callrail_call()) == ParsedEvent(
        type="call.missed",
        key="CAL0190f0c0ffee4a5b9e8d7c6b5a493827",
        occurred_at=datetime(2026, 5, 4, 17, 20, 13, 236000, tzinfo=UTC),
        facts={
            "call_id": "CAL0190f0c0ffee4a5b9e8d7c6b5a493827",
            "kind": "no-answer",
            "voicemail": False,
            "duration_seconds": 13,
            "tracking_number": TRACKING,
            "source": "Google Ads",
            "ended_at": "2026-05-04T17:20:13.236000+00:00",
            "utm_source": "google",
        },
        personal={"phone": CALLER, "name": "Dana Whitfield", "line_city": "Denver", "line_state": "CO", "line_country": "US"},
    )


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"voicemail": True, "call_type": "voicemail"}, "voicemail"),
        ({"voicemail": True, "duration": ABSENT}, "voicemail"),
        ({"duration": 13}, "no-answer"),
        ({"call_type": "abandoned"}, "abandoned"),
        ({"duration": 0, "recording": "https://app.callrail.com/calls/1/recording"}, "abandoned"),
        ({"answered": "false"}, "no-answer"),
    ],
)
def test_without_a_stated_event_the_body_must_prove_it(changes, kind) -> None:
    event = only(callrail_call(**changes))
    assert (event.type, event.facts["kind"], event.facts["voicemail"]) == ("call.missed", kind, kind == "voicemail")


@pytest.mark.parametrize(
    "changes", [{}, {"duration": "0"}, {"duration": None}, {"duration": ABSENT}, {"voicemail": ABSENT}, {"recording": ""}]
)
@pytest.mark.parametrize("event", ["", "pre_call", "call_routing_complete", "no-such-event"])
def test_a_precall_never_counts(changes, event) -> None:
    assert reason(callrail_precall(**changes), event=event)


@pytest.mark.parametrize("spelling", ["pre_call", "pre-call", "Pre Call", "PreCall", "pre_call_webhook"])
def test_a_stated_precall_never_counts_whatever_the_body_says(spelling) -> None:
    assert "begun to ring" in reason(callrail_call(voicemail=True), event=spelling)


@pytest.mark.parametrize("spelling", ["post_call", "post-call", "Post Call", "POST_CALL"])
def test_a_stated_post_call_of_no_seconds_is_abandoned(spelling) -> None:
    event = only(callrail_precall(), event=spelling)
    assert (event.type, event.facts["kind"], event.facts["duration_seconds"]) == ("call.missed", "abandoned", 0)


@pytest.mark.parametrize("answered", [None, ABSENT, ""])
@pytest.mark.parametrize("event", ["", "post_call"])
def test_unknown_answered_is_not_proven(answered, event) -> None:
    assert reason(callrail_call(answered=answered), event=event).startswith("The call is not proven missed")


def test_answered() -> None:
    event = only(callrail_call(answered=True, duration="95", call_type="answered"))
    assert (event.type, event.facts["duration_seconds"], "kind" in event.facts) == ("call.answered", 95, False)


@pytest.mark.parametrize("event", ["", "post_call", "call_modified"])
def test_a_change_is_not_a_new_call(event) -> None:
    assert "change to a call" in reason(callrail_call(changes=["tags"]), event=event)


@pytest.mark.parametrize(
    ("changes", "event"), [({"direction": "outbound"}, ""), ({"direction": "Outbound"}, "post_call"), ({}, "outbound_post_call")]
)
def test_outbound(changes, event) -> None:
    assert reason(callrail_call(**changes), event=event) == "An outbound call of the business."


@pytest.mark.parametrize("changes", [{"resource_id": ABSENT}, {"resource_id": ""}, {"resource_id": None, "id": "715000001"}])
def test_the_legacy_id_serves_where_there_is_no_other(changes) -> None:
    assert only(callrail_call(**changes)).key == "715000001"


def test_all_webhooks_of_one_call_share_a_key() -> None:
    keys = {only(callrail_call(**changes)).key for changes in ({}, {"duration": 20}, {"voicemail": True}, {"answered": True})}
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"answered": "maybe"}, "answered"),
        ({"resource_id": {}}, "resource_id"),
        ({"resource_id": ABSENT, "id": ABSENT}, "resource_id"),
    ],
)
def test_wrong_types_where_it_matters_are_named(changes, field) -> None:
    with pytest.raises(Unreadable, match=f"`{field}`"):
        ADAPTER.parse(request=callrail_request(callrail_call(**changes)))


def test_wrong_types_where_it_does_not_matter_are_left_out() -> None:
    event = only(callrail_call(customer_city=[5], customer_name=True, source_name={}, start_time="yesterday"))
    assert "line_city" not in event.personal
    assert "name" not in event.personal
    assert "source" not in event.facts
    assert event.occurred_at == NOW


@pytest.mark.parametrize(
    ("changes", "kind", "seconds"),
    [
        ({"duration": "18.0", "answered": 0}, "call.missed", 18),
        ({"duration": 18.0, "answered": "0"}, "call.missed", 18),
        ({"duration": "18.0", "answered": "Yes"}, "call.answered", 18),
        ({"duration": "1:20", "voicemail": "true"}, "call.missed", None),
        ({"duration": -1, "voicemail": 1}, "call.missed", None),
        # Whatever cannot be read is not the 0 of a call that still rings.
        ({"duration": "13 s"}, "call.missed", None),
        ({"duration": "0:13"}, "call.missed", None),
        ({"duration": -1}, "call.missed", None),
    ],
)
def test_a_call_is_understood_whatever_the_type_of_what_describes_it(changes, kind, seconds) -> None:
    event = only(callrail_call(**changes))
    assert (event.type, event.facts.get("duration_seconds")) == (kind, seconds)


@pytest.mark.parametrize(("given", "phone"), [(True, None), (["+13035550123"], "+13035550123"), ({}, None)])
def test_a_number_out_of_type_does_not_lose_the_call(given, phone) -> None:
    event = only(callrail_call(customer_phone_number=given))
    assert (event.type, event.personal.get("phone")) == ("call.missed", phone)


def test_a_number_is_a_phone_number_too() -> None:
    assert only(callrail_call(customer_phone_number=13035550123)).personal["phone"] == "13035550123"


def test_withheld_number() -> None:
    assert "phone" not in only(callrail_call(customer_phone_number="")).personal
    assert only(callrail_call(customer_phone_number="Anonymous")).personal["phone"] == "Anonymous"


def test_a_time_in_the_future_is_passed_on_as_stated():
    """Intake caps it: only there the business clock is known."""
    assert only(callrail_call(start_time="2031-01-01T00:00:00Z")).occurred_at == datetime(2031, 1, 1, 0, 0, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    "start", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2026-05-04T11:20:00", "2026-02-30T00:00:00Z", 5, "9" * 99]
)
def test_a_time_that_cannot_be_is_the_time_of_arrival(start) -> None:
    assert only(callrail_call(start_time=start, duration=999_999_999)).occurred_at == NOW


def test_nul_goes_and_surrogates_are_replaced() -> None:
    body = json.dumps(callrail_call(customer_name="Da\x00na \ud800")).encode()
    (event,) = ADAPTER.parse(request=request("callrail", body, content_type="text/plain"))
    assert event.personal["name"] == "Dana \ufffd"


@pytest.mark.parametrize("event", ["", "text_message_received", "Text Message Received"])
def test_text_received(event) -> None:
    assert only(callrail_text(), event=event) == ParsedEvent(
        type="message.received",
        key="MSG0190f0c0ffee0007",
        occurred_at=datetime(2026, 5, 4, 17, 25, tzinfo=UTC),
        facts={"message_id": "MSG0190f0c0ffee0007", "to_number": "303-555-0100", "media_count": 0},
        personal={"phone": "303-555-0123", "text": "Can somebody come Tuesday?"},
    )


@pytest.mark.parametrize(("changes", "event"), [({"agent": "Sam"}, ""), ({"agent": None}, ""), ({}, "text_message_sent")])
def test_text_sent(changes, event) -> None:
    assert reason(callrail_text(**changes), event=event) == "A text that the business sent."


@pytest.mark.parametrize("event", ["", "form_submission"])
def test_form(event) -> None:
    parsed = only(callrail_form(), event=event)
    assert (parsed.type, parsed.key) == ("lead.created", "5200001")
    assert parsed.facts == {
        "form_id": "5200001",
        "page_url": "https://roofs.example.com/contact",
        "source": "Google Organic",
        "landing_page_url": "https://roofs.example.com/?gclid=x",
    }
    assert parsed.personal == {
        "name": "Dana Whitfield",
        "phone": "(303) 555-0123",
        "email": "dana@example.com",
        "message": "Roof leaks",
        "answers": {"Pets": "2"},
    }


# The poll, against a server of our own


class Calls:
    """CallRail's list, newest first, two calls a page."""

    def __init__(self, httpserver, calls) -> None:
        self.calls, self.seen, self.server = calls, [], httpserver
        httpserver.expect_request("/v3/a/ACC1/calls.json").respond_with_handler(self.answer)

    def answer(self, asked):
        from werkzeug import Response

        self.seen.append((asked.headers["Authorization"], parse_qs(urlsplit(asked.url).query)))
        offset = int(asked.args.get("offset", 0))
        page = {"calls": self.calls[offset : offset + 2], "has_next_page": offset + 2 < len(self.calls), "next_page": None}
        if page["has_next_page"]:
            page["next_page"] = f"https://elsewhere.example.com/v3/a/ACC1/calls.json?offset={offset + 2}"
        return Response(json.dumps(page), content_type="application/json")


def listed(number: int, *, minutes_ago: float, **changes) -> dict:
    call = callrail_call(start_time=(NOW - timedelta(minutes=minutes_ago)).isoformat(), **{"duration": 13, **changes})
    return {**{name: value for name, value in call.items() if name not in ("resource_id", "changes")}, "id": f"CAL{number}"}


def credentials(httpserver, **options) -> Credentials:
    return Credentials(account="ACC1", secret="signing", base_url=httpserver.url_for("/"), options=options)


def test_poll_gives_finished_calls_in_the_shape_of_the_webhook(httpserver) -> None:
    server = Calls(
        httpserver,
        [
            listed(1, minutes_ago=1, duration=None, answered=None),  # talking
            listed(2, minutes_ago=1, duration=0),  # ringing
            listed(3, minutes_ago=3),
            listed(4, minutes_ago=4, duration=0),
            listed(5, minutes_ago=5, answered=True, duration="x"),  # odd
            listed(6, minutes_ago=6, answered=True),
            listed(7, minutes_ago=600),
            listed(8, minutes_ago=700),
            listed(9, minutes_ago=800),
        ],
    )
    found = ADAPTER.poll(credentials=credentials(httpserver, api_key="key-1"), since=NOW - timedelta(minutes=10), now=NOW)
    assert [key for key, _ in found] == ["poll:CAL3", "poll:CAL4", "poll:CAL6"]
    parsed = [ADAPTER.parse(request=request("callrail", body))[0] for _, body in found]
    assert [(event.type, event.key, event.facts.get("kind")) for event in parsed] == [
        ("call.missed", "CAL3", "no-answer"),
        ("call.missed", "CAL4", "abandoned"),
        ("call.answered", "CAL6", None),
    ]
    webhook = only(callrail_call(resource_id="CAL3"))
    assert (webhook.type, webhook.key) == (parsed[0].type, parsed[0].key), "a poll and a webhook of one call make one event"
    assert len(server.seen) == 4, "it stops at the first page that is old enough"
    assert {authorization for authorization, _ in server.seen} == {'Token token="key-1"'}
    assert server.seen[0][1]["start_date"] == ["2026-05-03"]
    assert server.seen[0][1]["per_page"] == ["250"]
    assert server.seen[0][1]["relative_pagination"] == ["true"]


def test_poll_without_a_key_asks_nobody(httpserver) -> None:
    assert ADAPTER.poll(credentials=credentials(httpserver), since=NOW, now=NOW) == []
    assert httpserver.log == []


@pytest.mark.parametrize(("status", "text"), [(429, "{}"), (500, ""), (401, "{}"), (200, "<html>"), (302, "")])
def test_a_poll_that_fails_says_so(httpserver, status, text) -> None:
    httpserver.expect_request("/v3/a/ACC1/calls.json").respond_with_data(text, status=status)
    with pytest.raises(http.CallFailed):
        ADAPTER.poll(credentials=credentials(httpserver, api_key="k"), since=NOW, now=NOW)
    assert len(httpserver.log) == 1
