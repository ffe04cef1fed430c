"""Signed JSON: the Standard Webhooks envelope, our event types, and what is personal."""

import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from providers.adapters import load
from providers.adapters.generic import TYPES
from providers.contract import ParsedEvent, Unreadable
from tests.providers.payloads import ABSENT, CALLER, NOW, SECRET, TRACKING, generic_body, generic_request

ADAPTER = load("generic")
KEY = bytes(range(32))


def only(data, **kwargs) -> ParsedEvent:
    (one,) = ADAPTER.parse(request=generic_request(data, **kwargs))
    return one


def test_lead_in_full() -> None:
    assert only(generic_body()) == ParsedEvent(
        type="lead.created",
        key="msg_0001",
        occurred_at=datetime(2026, 5, 4, 17, 29, tzinfo=UTC),
        facts={"service": "roof repair", "source": "Angi"},
        personal={"name": "Dana Whitfield", "phone": CALLER, "email": "dana@example.com"},
    )


def test_every_type_of_ours_is_taken() -> None:
    calls, leads, rest = (
        ("call.missed", "call.answered"),
        ("lead.created", "lead.qualified", "quote.requested"),
        ("booking.created", "deal.lost"),
    )
    done = (
        "summary.created",
        "message.queued",
        "provider.enriched",
        "automation.paused",
        "message.received",
        "job.completed",
        "payment.received",
        "case.opened",
        "case.closed",
        "booking.rescheduled",
        "booking.canceled",
        "deal.won",
        "contract.signed",
        "proposal.sent",
        "automation.resumed",
        "call.returned",
    )
    kinds = [*calls, *leads, *rest, *done]
    assert set(kinds) == TYPES
    assert [only(generic_body(kind)).type for kind in kinds] == kinds


def test_missed_call_with_other_names() -> None:
    event = only(
        {
            "type": "call.missed",
            "data": {"from": CALLER, "to": TRACKING, "duration_seconds": 9, "caller": {"full_name": "Dana", "zip": "80202"}},
        }
    )
    assert event.facts == {"tracking_number": TRACKING, "duration_seconds": 9, "kind": "no-answer"}
    assert event.personal == {"phone": CALLER, "name": "Dana", "postal_code": "80202"}
    assert event.occurred_at == NOW


def test_message_received() -> None:
    event = only({"type": "message.received", "data": {"from": CALLER, "to": TRACKING, "body": "STOP"}})
    assert (event.facts, event.personal) == ({"to_number": TRACKING}, {"phone": CALLER, "text": "STOP"})


def test_consent_and_nested_personal_values() -> None:
    event = only(generic_body(consent=True, job={"size": 3}, spouse={"details": [{"phone": CALLER}]}, ip="192.0.2.1", notes="call late"))
    assert event.facts == {"service": "roof repair", "source": "Angi", "consent": {"granted": True, "wording": ""}, "job": {"size": 3}}
    assert event.personal["spouse"] == {"details": [{"phone": CALLER}]}
    assert event.personal["ip"] == "192.0.2.1"
    assert event.personal["message"] == "call late"


@pytest.mark.parametrize(
    ("changes", "left_out"),
    [
        ({"name": True}, "name"),
        ({"name": "undefined"}, "name"),
        ({"contact": {"first_name": {}}}, "first_name"),
        ({"consent": {"granted": 3}}, "consent"),
        ({"consent": []}, "consent"),
        ({"duration_seconds": "long"}, "duration_seconds"),
        ({"media_count": -1}, "media_count"),
        ({"voicemail": "perhaps"}, "voicemail"),
        ({"answers": "none"}, "answers"),
        ({"source": None}, "source"),
    ],
)
def test_a_describing_field_out_of_type_is_left_out_and_the_fact_stands(changes, left_out) -> None:
    event = only(generic_body(**changes))
    assert left_out not in {**event.facts, **event.personal}
    assert event.personal["phone"] == CALLER


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"phone": 13035550123}, "phone", "13035550123"),
        ({"phone": [CALLER, "+13035550124"]}, "phone", f"{CALLER}, +13035550124"),
        ({"duration_seconds": "18.0"}, "duration_seconds", 18),
        ({"voicemail": 0}, "voicemail", False),
        ({"consent": "yes"}, "consent", {"granted": True, "wording": ""}),
        ({"consent": "no texts please"}, "consent", {"granted": False, "wording": "no texts please", "refused": ["sms"]}),
    ],
)
def test_a_field_in_another_type_is_read_for_what_it_means(changes, name, value) -> None:
    event = only(generic_body(**changes))
    assert {**event.facts, **event.personal}[name] == value


@pytest.mark.parametrize("changes", [{"name": ABSENT, "phone": "", "email": None}, {"name": None, "phone": {}, "email": "null"}])
def test_a_lead_of_nobody_is_named(changes) -> None:
    with pytest.raises(Unreadable, match="names nobody"):
        ADAPTER.parse(request=generic_request(generic_body(**changes)))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"data": {}}, "`type` should be"),
        ({"type": "lead.deleted", "data": {}}, "`type` should be"),
        ({"type": ["lead.created"], "data": {}}, "`type` should be"),
        ({"type": "lead.created"}, "`data` should be an object"),
        ({"type": "lead.created", "data": []}, "`data` should be an object, not a list"),
        ({"type": "lead.created", "timestamp": 1777915740, "data": {}}, "`timestamp`"),
        ({"type": "lead.created", "timestamp": "2026-05-04T17:29:00", "data": {}}, "`timestamp`"),
        ({"type": "message.received", "data": {"text": "STOP"}}, "data.phone"),
        ([], "JSON object, not a list"),
    ],
)
def test_wrong_envelopes(body, words) -> None:
    with pytest.raises(Unreadable, match=words):
        ADAPTER.parse(request=generic_request(body))


def test_the_id_is_required_and_is_the_key() -> None:
    good = generic_request(generic_body(), identity="msg_7")
    assert ADAPTER.dedupe_key(request=good) == "msg_7"
    empty = generic_request(generic_body(), identity="")
    assert not ADAPTER.verify(request=empty, secrets=[SECRET], now=NOW)
    with pytest.raises(Unreadable, match="webhook-id"):
        ADAPTER.parse(request=empty)
    long = ADAPTER.dedupe_key(request=generic_request(generic_body(), identity="m" * 5000))
    assert long.startswith("sha256:")
    assert len(long) == 71


@pytest.mark.parametrize(
    "secret",
    ["whsec_" + base64.b64encode(KEY).decode(), "whsec_" + base64.b64encode(KEY).decode().rstrip("="), base64.b64encode(KEY).decode()],
)
def test_coded_secrets(secret) -> None:
    assert ADAPTER.verify(request=generic_request(generic_body(), key=KEY), secrets=[secret], now=NOW)


def test_svix_names_and_lists_of_signatures() -> None:
    svix = generic_request(generic_body(), family="svix")
    assert ADAPTER.verify(request=svix, secrets=[SECRET], now=NOW)
    assert only(generic_body(), family="svix").key == "msg_0001"
    good = generic_request(generic_body())
    given = good.headers["webhook-signature"]
    for listed in (f"v1,AAAA v1a,BBBB {given}", f"{given} v1,AAAA", f"v2,{given[3:]} {given}"):
        assert ADAPTER.verify(request=replace(good, headers={**good.headers, "webhook-signature": listed}), secrets=[SECRET], now=NOW)
    for listed in (given[3:], f"v1a,{given[3:]}", f"v1,AAAA{given[3:]}"):
        assert not ADAPTER.verify(request=replace(good, headers={**good.headers, "webhook-signature": listed}), secrets=[SECRET], now=NOW)


@pytest.mark.parametrize("stamp", ["", "now", "-1", "1e9", "٣", "9" * 400, " "])
def test_timestamps_that_are_none(stamp) -> None:
    good = generic_request(generic_body())
    assert not ADAPTER.verify(request=replace(good, headers={**good.headers, "webhook-timestamp": stamp}), secrets=[SECRET], now=NOW)
