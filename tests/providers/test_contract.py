"""What every adapter owes, run for each one that is found: discovery, signatures, and staying calm whatever arrives."""

import importlib
import json
import pkgutil
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import providers.adapters as adapters
from providers.contract import Adapter, Incoming, NotForUs, ParsedEvent, Unreadable
from tests.providers import payloads, postmark
from tests.providers.payloads import NOW, SECRET

GOOD: dict[str, list[Incoming]] = {
    "callrail": [
        payloads.callrail_request(payloads.callrail_call()),
        payloads.callrail_request(payloads.callrail_text()),
        payloads.callrail_request(payloads.callrail_form()),
    ],
    "twilio": [
        payloads.twilio_request(payloads.twilio_text()),
        payloads.twilio_request(payloads.twilio_status(), query="m=0190f0c0ffee"),
        payloads.twilio_request(payloads.twilio_call()),
        payloads.twilio_request(payloads.twilio_callback()),
    ],
    "generic": [
        payloads.generic_request(payloads.generic_body()),
        payloads.generic_request(payloads.generic_body("message.received", body="Hi")),
    ],
    "postmark": [
        postmark.request(postmark.delivery()),
        postmark.request(postmark.bounce()),
        postmark.request(postmark.complaint()),
        postmark.request(postmark.subscription()),
        postmark.request(postmark.inbound()),
    ],
    "form": [payloads.form_request(payloads.web_form()), payloads.multipart([("name", None, b"Dana"), ("photo", "a.jpg", b"\xff\xd8")])],
}
SIGNED = {"callrail": ("signature", SECRET), "twilio": ("x-twilio-signature", SECRET), "generic": ("webhook-signature", SECRET)}
ALL = adapters.all_adapters()
# A language model is only asked and Slack only told; nothing comes in from them.
RECEIVING = [adapter for adapter in ALL if not (adapter.can_understand or adapter.can_alert)]
ANY = pytest.mark.parametrize("adapter", ALL, ids=lambda adapter: adapter.provider)
EACH = pytest.mark.parametrize("adapter", RECEIVING, ids=lambda adapter: adapter.provider)
EACH_SIGNED = pytest.mark.parametrize(
    "adapter", [adapter for adapter in RECEIVING if adapter.needs_secret and adapter.signs_body], ids=lambda adapter: adapter.provider
)


def test_adapters_are_found_by_file_name() -> None:
    assert [adapter.provider for adapter in ALL] == ["callrail", "form", "generic", "openai", "postmark", "slack", "twilio"]
    assert all(adapters.load(adapter.provider) is adapter for adapter in ALL)


@pytest.mark.parametrize("name", ["nobody", "", "../contract", "_twilio_client", "Twilio", "callrail.parse"])
def test_an_unknown_provider_is_a_lookup_error(name: str) -> None:
    with pytest.raises(LookupError):
        adapters.load(name)


def test_a_new_file_is_a_new_provider(tmp_path, monkeypatch) -> None:
    (tmp_path / "brandnew.py").write_text(
        "from providers.contract import Adapter\n\nclass New(Adapter):\n    provider = 'brandnew'\n    label = 'New'\n\nADAPTER = New()\n"
    )
    monkeypatch.setattr(adapters, "__path__", [*adapters.__path__, str(tmp_path)])
    adapters.names.cache_clear()
    try:
        assert adapters.load("brandnew").label == "New"
    finally:
        adapters.load.cache_clear()
        adapters.names.cache_clear()


@ANY
def test_it_is_whole(adapter: Adapter) -> None:
    source = importlib.import_module(type(adapter).__module__)
    others = [module.name for module in pkgutil.iter_modules(adapters.__path__) if module.name.strip("_").split("_")[0] != adapter.provider]
    assert adapter.label
    assert (adapter.provider in GOOD) == (adapter in RECEIVING), "payloads for the shared tests are missing"
    assert not [name for name in others if name in vars(source)], "an adapter imports another one"
    with open(source.__file__) as file:
        assert len(file.readlines()) < 200
    for can, method in (
        ("can_send", "send"),
        ("can_send", "find_sent"),
        ("can_send", "list_texts"),
        ("can_email", "send_email"),
        ("can_email", "find_emails"),
        ("can_email", "list_emails"),
        ("can_poll", "poll"),
        ("can_understand", "understand"),
        ("can_alert", "post_alert"),
    ):
        assert getattr(adapter, can) == (getattr(type(adapter), method) is not getattr(Adapter, method))


@EACH
def test_good_payloads_become_events(adapter: Adapter) -> None:
    for request in GOOD[adapter.provider]:
        assert adapter.verify(request=request, secrets=[SECRET], now=NOW)
        events = adapter.parse(request=request)
        assert isinstance(events, list)
        assert len(events) == 1
        storable(events[0])
        assert adapter.parse(request=request) == events, "parsing twice gives the same event"


@EACH_SIGNED
def test_six_vectors(adapter: Adapter) -> None:
    header, secret = SIGNED[adapter.provider]
    for request in GOOD[adapter.provider]:
        verify = lambda request=request, secrets=(secret,), now=NOW: adapter.verify(request=request, secrets=secrets, now=now)  # noqa: E731
        assert verify()
        assert verify(secrets=("another", secret))
        assert verify(secrets=(secret, "another"))
        assert not verify(request=replace(request, body=request.body + b" "))
        assert not verify(request=replace(request, body=request.body.replace(b"3", b"4", 1)))
        assert not verify(secrets=("another",))
        assert not verify(secrets=())
        assert not verify(request=replace(request, headers={name: value for name, value in request.headers.items() if name != header}))
        assert not verify(request=replace(request, headers={**request.headers, header: ""}))
    if adapter.provider == "generic":
        old = payloads.generic_request(payloads.generic_body(), at=NOW - timedelta(seconds=301))
        early = payloads.generic_request(payloads.generic_body(), at=NOW + timedelta(seconds=301))
        edge = payloads.generic_request(payloads.generic_body(), at=NOW - timedelta(seconds=300))
        assert [adapter.verify(request=request, secrets=[secret], now=NOW) for request in (old, early, edge)] == [False, False, True]


@EACH_SIGNED
def test_a_signature_made_with_no_secret_is_worth_nothing(adapter: Adapter) -> None:
    unsigned = {
        "callrail": payloads.callrail_request(payloads.callrail_call(), secret=""),
        "twilio": payloads.twilio_request(payloads.twilio_text(), secret=""),
        "generic": payloads.generic_request(payloads.generic_body(), secret=""),
    }[adapter.provider]
    for secrets in ([""], ["", ""], ["whsec_"]):
        assert not adapter.verify(request=unsigned, secrets=secrets, now=NOW)


@EACH_SIGNED
@pytest.mark.parametrize("value", ["v1,", "v1", ",", "v1,v1,v1", "é", "\udcff", "=" * 1000, "v1,\x00", "v2," + "a" * 44, " ", "v1," * 5000])
def test_a_garbled_signature_is_just_wrong(adapter: Adapter, value: str) -> None:
    header = SIGNED[adapter.provider][0]
    request = GOOD[adapter.provider][0]
    assert adapter.verify(request=replace(request, headers={**request.headers, header: value}), secrets=[SECRET], now=NOW) is False


def storable(event: ParsedEvent) -> None:
    """Postgres can keep it: JSON without NaN, NUL or lone surrogates, keys that fit an index, a time with a zone."""
    assert event.occurred_at.utcoffset() is not None
    assert event.occurred_at <= NOW
    assert 0 < len(event.key) <= 250
    for value in (dict(event.facts), dict(event.personal)):
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode("utf-8")
        assert "\\u0000" not in text
        assert "" not in value.values()
        assert None not in value.values()
    assert "\x00" not in event.key + event.type
    (event.key + event.type).encode("utf-8")


def calm(adapter: Adapter, request: Incoming) -> None:
    """Whatever comes: an answer or `Unreadable` with a sentence; a verdict on the signature; a short key."""
    assert adapter.verify(request=request, secrets=[SECRET, "whsec_%%%", "ключ"], now=NOW) in (True, False)
    assert len(adapter.dedupe_key(request=request)) <= 250
    try:
        result = adapter.parse(request=request)
    except Unreadable as error:
        assert str(error).endswith(".")
        assert len(str(error)) < 500
        return
    if isinstance(result, NotForUs):
        assert result.reason.endswith(".")
        return
    for event in result:
        storable(event)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=8), inner, max_size=3),
    max_leaves=6,
)
TYPES = st.sampled_from(
    [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "text/plain",
        "",
        "\xff",
    ]
)
FEW = settings(max_examples=150, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@EACH
@FEW
@given(body=st.binary(max_size=200), content_type=TYPES, query=st.text(max_size=20))
def test_any_bytes(adapter: Adapter, body: bytes, content_type: str, query: str) -> None:
    good = GOOD[adapter.provider][0]
    calm(adapter, replace(good, body=body, url=good.url + "?" + query, headers={**good.headers, "content-type": content_type}))


@EACH
@FEW
@given(data=st.data())
def test_any_value_in_any_field(adapter: Adapter, data: st.DataObject) -> None:
    request = data.draw(st.sampled_from(GOOD[adapter.provider]))
    if request.content_type == "application/json":
        body = json.loads(request.body)
        inner = body["data"] if adapter.provider == "generic" and data.draw(st.booleans()) else body
        for name in data.draw(st.lists(st.sampled_from(sorted(inner)), max_size=3, unique=True)):
            inner[name] = data.draw(JSON)
        calm(adapter, replace(request, body=json.dumps(body).encode()))
        calm(adapter, replace(request, body=json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")))
    else:
        at = data.draw(st.integers(0, len(request.body)))
        junk = data.draw(st.binary(max_size=12) | st.sampled_from([b"%00", b"%FF", b"%ED%A0%80", b"&", b"=", b"[", b"\r\n--"]))
        calm(adapter, replace(request, body=request.body[:at] + junk + request.body[at + data.draw(st.integers(0, 20)) :]))


@EACH
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"data":{"phone":NaN}}',
        b'{"duration":Infinity}',
        b'{"id":1e999}',
        b'{"id":' + b"9" * 5000 + b"}",
        b'{"id":"1","id":"2"}',
        b'{"customer_name":"\xff\xfe"}',
        b"\xff\xfe\x00{",
        b"[]",
        b"null",
        b'"text"',
        b"",
        b"&&&==&;%%%",
        b"a=" * 5000,
        b"a&" * 2000,
        b'{"' + b"k" * 300_000 + b'":{' + b",".join(b'"%d":1' % n for n in range(50_000)) + b"}}",
    ],
    ids=lambda body: repr(body[:24]),
)
@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", ""])
def test_hostile_bodies(adapter: Adapter, body: bytes, content_type: str) -> None:
    good = GOOD[adapter.provider][0]
    request = replace(good, body=body, headers={**good.headers, "content-type": content_type})
    calm(adapter, request)
    # A form may come in any charset, so bytes that are no UTF-8 are letters of another.
    if adapter.provider == "form" and b"\xff\xfe" in body:
        return
    with pytest.raises(Unreadable):
        adapter.parse(request=request)
