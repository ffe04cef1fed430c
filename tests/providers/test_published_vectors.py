"""Signature vectors and sample payloads that the providers publish, read from a folder beside the checkout when it is there.

They are not ours to keep here. Without the folder the tests say so and are skipped; our own vectors below always run, made with
another implementation (OpenSSL's command line) than the one under test.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest

from providers.adapters import load
from providers.contract import Incoming
from tests.providers.payloads import NOW

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "samples"
PROVIDER = {"twilio": "twilio", "callrail": "callrail", "standard-webhooks": "generic"}
ABSENT = f"published samples are not beside this checkout ({SAMPLES.parent.name}/{SAMPLES.name}); our own vectors ran instead"


def read_vectors() -> list[dict]:
    file = SAMPLES / "signatures.json"
    return [vector for vector in json.loads(file.read_text())["vectors"] if vector["provider"] in PROVIDER] if file.exists() else []


def incoming(vector: dict) -> Incoming:
    headers = {name.lower(): value for name, value in vector["header"].items()}
    if "params" in vector:
        body, kind = urlencode([tuple(pair) for pair in vector["params"]]).encode(), "application/x-www-form-urlencoded"
    elif "body_file" in vector:
        body, kind = (SAMPLES / vector["body_file"]).read_bytes(), "application/json"
    else:
        body, kind = vector["body"].encode(), "application/json"
    url = vector.get("url", "https://hooks.example.com/")
    return Incoming(method="POST", url=url, headers={"content-type": kind, **headers}, body=body, received_at=NOW)


def check(vector: dict) -> None:
    adapter, request = load(PROVIDER[vector["provider"]]), incoming(vector)
    now = datetime.fromtimestamp(vector["now"], UTC) if "now" in vector else NOW
    assert adapter.verify(request=request, secrets=["another", vector["secret"]], now=now) is vector["valid"]
    assert not adapter.verify(request=request, secrets=["another"], now=now)
    assert not adapter.verify(request=replace(request, body=request.body + b"0"), secrets=[vector["secret"]], now=now)


PUBLISHED = read_vectors()


@pytest.mark.skipif(not PUBLISHED, reason=ABSENT)
@pytest.mark.parametrize("vector", PUBLISHED, ids=lambda vector: vector["id"])
def test_published_vector(vector) -> None:
    check(vector)


@pytest.mark.skipif(not PUBLISHED, reason=ABSENT)
def test_every_scheme_of_ours_has_a_published_vector() -> None:
    assert {vector["provider"] for vector in PUBLISHED} == set(PROVIDER)


@pytest.mark.skipif(not PUBLISHED, reason=ABSENT)
def test_published_payloads_become_the_right_events() -> None:
    voicemail = (SAMPLES / "callrail" / "post_call_voicemail.docs-vector.json").read_bytes()
    request = Incoming(
        method="POST", url="https://h.example.com/", headers={"content-type": "application/json"}, body=voicemail, received_at=NOW
    )
    (event,) = load("callrail").parse(request=request)
    call = json.loads(voicemail)
    assert (event.type, event.key, event.facts["kind"], event.facts["voicemail"]) == ("call.missed", str(call["id"]), "voicemail", True)
    assert (event.facts["duration_seconds"], event.facts["source"]) == (int(call["duration"]), call["source_name"])
    assert (event.personal["phone"], event.personal["name"]) == (call["customer_phone_number"], call["customer_name"])
    for file in sorted((SAMPLES / "twilio").glob("inbound_sms_form.*.json")):
        form = json.loads(file.read_text())
        headers = {"content-type": "application/x-www-form-urlencoded"}
        (event,) = load("twilio").parse(request=replace(request, body=urlencode(form).encode(), headers=headers))
        assert (event.type, event.key, event.facts["to_number"]) == ("message.received", form["MessageSid"], form["To"])
        assert (event.personal["phone"], event.personal["text"]) == (form["From"], form["Body"])


# printf '<signed text>' | openssl dgst -<algorithm> -hmac 'our-own-secret' -binary | base64
OURS = [
    {
        "id": "ours-callrail",
        "provider": "callrail",
        "secret": "our-own-secret",
        "body": '{"id":1,"answered":false}',
        "header": {"Signature": "H7lIKFz/WIj9XtQLrwqeD/fUsJk="},
        "valid": True,
    },
    {
        "id": "ours-twilio",
        "provider": "twilio",
        "secret": "our-own-secret",
        "url": "https://hooks.example.com/hooks/twilio/t/?m=1",
        "params": [["To", "+13035550100"], ["From", "+13035550123"], ["Body", ""]],
        "header": {"X-Twilio-Signature": "xC3u3wW46JcM6Zpr7B8mIci5j9g="},
        "valid": True,
    },
    {
        "id": "ours-standard-webhooks",
        "provider": "standard-webhooks",
        "secret": "our-own-secret",
        "body": '{"type":"lead.created"}',
        "header": {
            "webhook-id": "msg_1",
            "webhook-timestamp": "1777915800",
            "webhook-signature": "v1,Sdui7jOx0ldflNa62NyG+3s/20DCCB1SKrrDEWqDcww=",
        },
        "now": 1777915800,
        "valid": True,
    },
]


@pytest.mark.parametrize("vector", OURS, ids=lambda vector: vector["id"])
def test_our_own_vector(vector) -> None:
    check(vector)
