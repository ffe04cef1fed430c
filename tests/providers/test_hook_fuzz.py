"""Hook addresses under nonsense that is correctly signed: stored or refused, never a 500; then understood, ignored or poison with a
sentence; and a neighbour's good delivery of the same batch is processed all the same.

Over the real WSGI entry and the real tables. The same cases in every run, so that a red run can be repeated.
"""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client as Wsgi

from leads.models import Event
from providers import adapters, limits
from providers.connections import connect
from providers.models import Connection, Delivery
from tests.factories import NOON, ClientFactory, ResponderFactory
from tests.providers import payloads, postmark
from workflows import intake
from zartsalgo.lib import clock
from zartsalgo.wsgi import application

BOUNDED = settings(max_examples=15, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
PROVIDERS = sorted(adapter.provider for adapter in adapters.all_adapters() if not (adapter.can_understand or adapter.can_alert))
FORM, JSON = "application/x-www-form-urlencoded", "application/json"

pytestmark = pytest.mark.django_db


@dataclass
class Post:
    """One request to a hook before it is signed. `identity` is what the scheme's id header says, where there is one."""

    body: bytes
    content_type: str = JSON
    query: str = ""
    identity: str = "msg_1"
    headers: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def hooks(noon):
    """One connection of each provider for one business, and a neighbour with a good one. The test's own transaction stays open."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    business, neighbour = ClientFactory(), ClientFactory(slug="harbor-movers", name="Harbor Movers", phone="+13035550110")
    ResponderFactory(client=business)
    made = {}
    for provider in PROVIDERS:
        secret = payloads.SECRET if adapters.load(provider).needs_secret else ""
        made[provider] = connect(client=business, provider=provider, secret=secret, now=NOON)[1]
    made["neighbour"] = connect(client=neighbour, provider="generic", secret=payloads.SECRET, now=NOON)[1]
    yield made
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


# Signing, by hand


def _b64(data, algorithm="sha1"):
    return base64.b64encode(hmac.new(payloads.SECRET.encode(), data, algorithm).digest()).decode()


def signed(provider, hook, post):
    """The headers of the request, and its query. A scheme that signs nothing gets none."""
    if provider == "callrail":
        return {"Signature": _b64(post.body)}, post.query
    if provider == "generic":
        stamp = str(int(time.time()))
        data = f"{post.identity}.{stamp}.".encode() + post.body
        return {"Webhook-Id": post.identity, "Webhook-Timestamp": stamp, "Webhook-Signature": f"v1,{_b64(data, 'sha256')}"}, post.query
    if provider == "twilio":
        query, params = post.query, ""
        if post.content_type == FORM:
            text = post.body.decode("utf-8", "surrogateescape")
            pairs = parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="surrogateescape")
            params = "".join(name + value for name, value in sorted(set(pairs)))
        else:
            query = "&".join(filter(None, [query, f"bodySHA256={hashlib.sha256(post.body).hexdigest()}"]))
        url = hook + (f"?{query}" if query else "")
        return {"X-Twilio-Signature": _b64((url + params).encode("utf-8", "surrogateescape"))}, query
    if provider == "postmark":
        # It signs nothing: a password in the address is all there is.
        return {"Authorization": postmark.login()["authorization"]}, post.query
    assert provider == "form", f"say here how {provider} signs, so that its hook is tried too"
    return {}, post.query


def send(provider, hook, post):
    """Post it; the status. An answer that refuses is one object with one sentence."""
    limits.LIMITS.forget()  # each is tried as if it were the first
    headers, query = signed(provider, hook, post)
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    environ |= {"HTTP_HOST": "127.0.0.1", "CONTENT_TYPE": post.content_type, "QUERY_STRING": query, "PATH_INFO": urlsplit(hook).path}
    response = Wsgi(application).open("/", method="POST", data=post.body, environ_overrides=environ)
    if response.status_code >= 400:
        assert list(response.get_json()) == ["error"]
    return response.status_code


# Nonsense

ODD_TEXT = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=20),
    st.sampled_from(
        [
            "",
            " ",
            "\x00",
            "a\x00b",
            "\ud800",
            "x\udfff",
            "\u202etxet",
            "x" * 5000,
            "STOP\x00",
            "+",
            "anonymous",
            "1e400",
            "9" * 400,
            "-1",
            "NaN",
        ]
        + [
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59",
            "2026-05-04",
            "[object Object]",
            "{{7*7}}",
            "true",
            "\N{PILE OF POO}" * 300,
        ]
    ),
)
ODD = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**60), 10**60), st.floats(), ODD_TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(ODD_TEXT, inner, max_size=3)),
    max_leaves=6,
)
RAW = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(
        [
            b"",
            b"null",
            b"{}",
            b"[]",
            b"0",
            b'"text"',
            b"[" * 100_000,
            b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
            b'{"type": "lead.created", "data": ' + b"[" * 40 + b"]" * 40 + b"}",
            b'{"id": 1, "id": 2}',
            b'{"id": NaN}',
            b'{"id": 1e999}',
            b'{"id": ' + b"9" * 5_000 + b"}",
            b'{"id": "\\ud800", "\\u0000": "\\u0000"}',
            b"\xff\xfe{\x00}\x00",
            b"\xef\xbb\xbf{}",
            b"%00=%00&%ED%A0%80=%ff&&==&a=1&a=2",
            b"MessageSid=%00&From=%2B13035550123&Body=%00&SmsStatus=received",
            b"&" * 5_000,
            b"a=1&" * 1_200,
            b'--x\r\nContent-Disposition: form-data; name="phone"\r\n\r\n\xff\x00\r\n--x--\r\n',
            b"--x\r\nContent-Disposition: form-data; name*=nope'e'%41\r\n\r\nz",
        ]
    ),
)
CODINGS = st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "utf-7"])

SHAPES = {
    "callrail": [payloads.callrail_call, payloads.callrail_precall, payloads.callrail_text, payloads.callrail_form],
    "twilio": [payloads.twilio_text, payloads.twilio_status, payloads.twilio_call, payloads.twilio_callback],
    "form": [payloads.web_form],
    "postmark": [postmark.delivery, postmark.inbound, postmark.bounce, postmark.subscription],
    "generic": [lambda kind=kind: payloads.generic_body(kind)["data"] for kind in ("lead.created", "call.missed", "message.received", "x")],
}


def _spoilt(draw, provider):
    """A payload as the provider sends it, with one to three of its fields (or new ones) made nonsense."""
    index = draw(st.integers(0, len(SHAPES[provider]) - 1))
    data = dict(SHAPES[provider][index]())
    for name in draw(st.lists(st.one_of(st.sampled_from(sorted(data)), ODD_TEXT), min_size=1, max_size=3)):
        data[name] = draw(ODD)
    if provider == "generic":
        kind = ("lead.created", "call.missed", "message.received", "x")[index]
        return {"type": kind, "timestamp": draw(st.one_of(st.just("2026-05-04T17:29:00Z"), ODD)), "data": data}
    return data


@st.composite
def posts(draw, provider):
    """Nonsense for one provider: raw bytes, odd JSON in odd encodings, or its own payload spoilt; with odd types, queries and ids."""
    as_form = provider in ("twilio", "form") and draw(st.booleans())
    kind = draw(st.sampled_from(["raw", "odd", "spoilt", "spoilt"]))
    if kind == "raw":
        body = draw(RAW)
    else:
        value = _spoilt(draw, provider) if kind == "spoilt" else draw(ODD)
        if as_form and isinstance(value, dict):
            body = urlencode([(str(name), str(item)) for name, item in value.items()], errors="surrogatepass").encode()
        else:
            body = json.dumps(value, ensure_ascii=draw(st.booleans())).encode(draw(CODINGS), "replace")
    types = [FORM if as_form else JSON]
    if provider != "twilio":  # what Twilio signs depends on the type
        types += [
            types[0],
            "",
            "text/plain",
            "multipart/form-data; boundary=x",
            "multipart/form-data",
            f"{JSON}; charset=hex",
            f"{JSON}; x*=no''y",
        ]
    queries = [
        "",
        "",
        "event=post_call",
        "event=text_message_received",
        "event=%00",
        "m=%00&m=1",
        "m=" + "0" * 32,
        quote(draw(st.binary(max_size=20))),
    ]
    identity = draw(st.one_of(st.uuids().map(str), st.sampled_from(["", "x" * 400, "a b", "..", "\xe9" * 10, "msg_\x01"])))
    return Post(body=body, content_type=draw(st.sampled_from(types)), query=draw(st.sampled_from(queries)), identity=identity)


# What must hold


@pytest.mark.parametrize("provider", PROVIDERS)
@BOUNDED
@given(data=st.data())
def test_nonsense_is_settled_and_harms_no_neighbour(hooks, provider, data):
    batch = data.draw(st.lists(posts(provider), min_size=3, max_size=3))
    with transaction.atomic():
        statuses = [send(provider, hooks[provider], post) for post in batch]
        good = Post(body=payloads.as_json(payloads.generic_body(name="Neil Bohr", phone="+13035550111")), identity="good_1")
        assert send("generic", hooks["neighbour"], good) == 200
        assert all(200 <= status < 500 for status in statuses), statuses

        stored = Delivery.objects.filter(connection__client__slug="summit-roofing")
        accepted = sum(200 <= status < 300 for status in statuses)
        assert sum(1 + delivery.copies for delivery in stored) == accepted
        intake.drain(now=clock.read())

        for delivery in stored.all():
            assert delivery.state in ("poison", "ignored", "done"), delivery.note
            assert delivery.state == "done" or delivery.note.strip()
        fine = Delivery.objects.get(connection__client__slug="harbor-movers")
        assert fine.state == "done", fine.note
        assert Event.objects.filter(delivery_id=fine.pk, type="lead.created").count() == 1
        transaction.set_rollback(True)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_was_signed_by_hand_is_accepted_at_all(hooks, provider):
    """Else the property above would only ever see refusals."""
    for number, shape in enumerate(SHAPES[provider][:3]):
        value = payloads.generic_body("lead.created") if provider == "generic" else shape()
        as_form = provider in ("twilio", "form")
        body = urlencode(value).encode() if as_form else payloads.as_json(value)
        post = Post(body=body, content_type=FORM if as_form else JSON, identity=f"msg_{number}")
        assert send(provider, hooks[provider], post) == 200
    intake.drain(now=clock.read())
    assert "done" in set(Delivery.objects.values_list("state", flat=True))


@pytest.mark.parametrize("provider", [provider for provider in PROVIDERS if provider != "form" and adapters.load(provider).signs_body])
@settings(BOUNDED, max_examples=20)
@given(data=st.data())
def test_one_changed_byte_is_a_401_and_nothing_is_stored(hooks, provider, data):
    limits.LIMITS.forget()
    body = payloads.as_json(payloads.callrail_call()) if provider != "twilio" else urlencode(payloads.twilio_text()).encode()
    post = Post(body=body, content_type=FORM if provider == "twilio" else JSON)
    headers, query = signed(provider, hooks[provider], post)
    at = data.draw(st.integers(0, len(body) - 1))
    # A letter more is another body under every scheme; a changed byte of an escape might mean the same.
    changed = Post(body=body[:at] + b"Q" + body[at:], content_type=post.content_type)
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    environ |= {
        "HTTP_HOST": "127.0.0.1",
        "CONTENT_TYPE": post.content_type,
        "QUERY_STRING": query,
        "PATH_INFO": urlsplit(hooks[provider]).path,
    }
    assert Wsgi(application).open("/", method="POST", data=changed.body, environ_overrides=environ).status_code == 401
    assert Delivery.objects.count() == 0
    assert Connection.objects.get(client__slug="summit-roofing", provider=provider).refused_signatures > 0


@settings(BOUNDED, max_examples=40)
@given(path=st.binary(max_size=30), post=st.booleans())
def test_any_other_address_is_a_404(hooks, path, post):
    for start in ("/hooks/", "/hooks/generic/", "/hooks/form/x"):
        info = start + path.decode("latin-1") + "/"
        response = Wsgi(application).open(
            "/", method="POST" if post else "GET", environ_overrides={"PATH_INFO": info, "HTTP_HOST": "127.0.0.1"}
        )
        assert response.status_code == 404, info
