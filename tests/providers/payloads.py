"""Requests as providers send them, written by us with the field names and types that the providers document.

Every builder takes the fields to change; a field set to `ABSENT` is left out. Signing is spelled out here once more, by hand and
without the code under test.
"""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from providers.contract import Incoming

NOW = datetime(2026, 5, 4, 17, 30, tzinfo=UTC)
URL = "https://hooks.example.com/hooks/{provider}/t0k3n/"
SECRET = "a-signing-secret-of-the-tests"
CALLER, TRACKING = "+13035550123", "+13035550100"
ABSENT: Any = object()


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**base, **changes}.items() if value is not ABSENT}


def request(
    provider: str,
    body: bytes,
    *,
    content_type: str = "application/json",
    headers: dict[str, str] | None = None,
    query: str = "",
    url: str = "",
    options: dict[str, str] | None = None,
) -> Incoming:
    return Incoming(
        method="POST",
        url=url or URL.format(provider=provider) + (f"?{query}" if query else ""),
        headers={"content-type": content_type, **(headers or {})},
        body=body,
        received_at=NOW,
        options=options or {},
    )


def as_json(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()


def b64(key: bytes, data: bytes, algorithm: str) -> str:
    return base64.b64encode(hmac.new(key, data, algorithm).digest()).decode()


# CallRail


def callrail_call(**changes: Any) -> dict[str, Any]:
    """A post-call of a caller who heard it ring and hung up."""
    base = {
        "id": 715000001,
        "resource_id": "CAL0190f0c0ffee4a5b9e8d7c6b5a493827",
        "answered": False,
        "business_phone_number": "+13035550199",
        "call_type": "missed",
        "company_id": 155000001,
        "company_resource_id": "COM0190f0c0ffee0001",
        "company_time_zone": "America/Denver",
        "customer_city": "Denver",
        "customer_country": "US",
        "customer_name": "Dana Whitfield",
        "customer_phone_number": CALLER,
        "customer_state": "CO",
        "direction": "inbound",
        "duration": "13",
        "first_call": True,
        "prior_calls": 0,
        "total_calls": 1,
        "lead_status": None,
        "recording": "",
        "source_name": "Google Ads",
        "start_time": "2026-05-04T11:20:00.236-06:00",
        "tags": [],
        "tracker_id": 354000001,
        "tracking_phone_number": TRACKING,
        "transcription": "",
        "value": "--",
        "voicemail": False,
        "utm_source": "google",
        "utm_campaign": "",
        "timestamp": "2026-05-04T11:20:00.236-06:00",
    }
    return merged(base, changes)


def callrail_precall(**changes: Any) -> dict[str, Any]:
    """The body while the phone rings: already "not answered", duration 0."""
    return callrail_call(**{"duration": 0, "call_type": "missed", "recording": ABSENT, "transcription": ABSENT, **changes})


def callrail_text(**changes: Any) -> dict[str, Any]:
    base = {
        "id": 4100001,
        "resource_id": "MSG0190f0c0ffee0007",
        "source_number": "303-555-0123",
        "destination_number": "303-555-0100",
        "content": "Can somebody come Tuesday?",
        "message_type": "sms",
        "media_urls": [],
        "timestamp": "2026-05-04T11:25:00.000-06:00",
        "lead_status": None,
        "conversation_id": "k8mc9",
        "person_resource_id": "PER0190f0c0ffee0002",
        "company_resource_id": "COM0190f0c0ffee0001",
    }
    return merged(base, changes)


def callrail_form(**changes: Any) -> dict[str, Any]:
    base = {
        "id": 5200001,
        "company_id": 155000001,
        "form_data": {
            "Your Name": "Dana Whitfield",
            "Phone": "(303) 555-0123",
            "Email": "dana@example.com",
            "Message": "Roof leaks",
            "Pets": "2",
        },
        "form_url": "https://roofs.example.com/contact",
        "landing_page_url": "https://roofs.example.com/?gclid=x",
        "submitted_at": "2026-05-04T11:28:00.000-06:00",
        "first_form": True,
        "source": "Google Organic",
        "utm_source": None,
        "customer_name": "Dana Whitfield",
        "customer_phone_number": CALLER,
    }
    return merged(base, changes)


def callrail_request(data: dict[str, Any], *, event: str = "", secret: str = SECRET) -> Incoming:
    body = as_json(data)
    headers = {"signature": b64(secret.encode(), body, "sha1")}
    return request("callrail", body, headers=headers, query=urlencode({"event": event}) if event else "")


# Twilio


def twilio_text(**changes: Any) -> dict[str, Any]:
    base = {
        "ToCountry": "US",
        "ToState": "CO",
        "SmsMessageSid": "SM00000000000000000000000000000001",
        "NumMedia": "0",
        "ToCity": "",
        "FromZip": "80202",
        "SmsSid": "SM00000000000000000000000000000001",
        "FromState": "CO",
        "SmsStatus": "received",
        "FromCity": "DENVER",
        "Body": "Can somebody come Tuesday?",
        "FromCountry": "US",
        "To": TRACKING,
        "ToZip": "",
        "NumSegments": "1",
        "ReferralNumMedia": "0",
        "MessageSid": "SM00000000000000000000000000000001",
        "AccountSid": "AC00000000000000000000000000000001",
        "From": CALLER,
        "ApiVersion": "2010-04-01",
    }
    return merged(base, changes)


def twilio_status(**changes: Any) -> dict[str, Any]:
    base = {
        "MessageSid": "SM00000000000000000000000000000002",
        "SmsSid": "SM00000000000000000000000000000002",
        "MessageStatus": "delivered",
        "SmsStatus": "delivered",
        "To": CALLER,
        "From": TRACKING,
        "AccountSid": "AC00000000000000000000000000000001",
        "ApiVersion": "2010-04-01",
        "RawDlrDoneDate": "2605041730",
    }
    return merged(base, changes)


def twilio_call(**changes: Any) -> dict[str, Any]:
    """What the `action` of a Dial gets: the parent call's parameters and the dial's result."""
    base = {
        "CallSid": "CA00000000000000000000000000000001",
        "AccountSid": "AC00000000000000000000000000000001",
        "From": CALLER,
        "To": TRACKING,
        "Caller": CALLER,
        "Called": TRACKING,
        "CallStatus": "in-progress",
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
        "CallerName": "DANA WHITFIELD",
        "FromCity": "DENVER",
        "FromState": "CO",
        "FromZip": "80202",
        "FromCountry": "US",
        "DialCallSid": "CA00000000000000000000000000000002",
        "DialCallStatus": "no-answer",
        "DialBridged": "false",
    }
    return merged(base, changes)


def twilio_callback(**changes: Any) -> dict[str, Any]:
    """The number's own status callback: no dial in it."""
    gone = {"DialCallSid": ABSENT, "DialCallStatus": ABSENT, "DialBridged": ABSENT}
    later = {"CallStatus": "no-answer", "Timestamp": "Mon, 04 May 2026 17:29:30 +0000", "CallbackSource": "call-progress-events"}
    return twilio_call(**{**gone, **later, "SequenceNumber": "0", "CallDuration": "0", **changes})


def twilio_request(
    data: dict[str, Any], *, query: str = "", secret: str = SECRET, options: dict[str, str] | None = None, **headers: str
) -> Incoming:
    url = URL.format(provider="twilio") + (f"?{query}" if query else "")
    signed = url + "".join(name + data[name] for name in sorted(data))
    made = {"x-twilio-signature": b64(secret.encode(), signed.encode(), "sha1"), **headers}
    body = urlencode(data).encode()
    return request("twilio", body, content_type="application/x-www-form-urlencoded", headers=made, url=url, options=options)


# Standard Webhooks


def generic_body(kind: str = "lead.created", **data: Any) -> dict[str, Any]:
    base = {"name": "Dana Whitfield", "phone": CALLER, "email": "dana@example.com", "service": "roof repair", "source": "Angi"}
    return {"type": kind, "timestamp": "2026-05-04T17:29:00Z", "data": merged(base, data)}


def generic_request(
    data: Any, *, secret: str = SECRET, key: bytes | None = None, identity: str = "msg_0001", at: datetime = NOW, family: str = "webhook"
) -> Incoming:
    body = data if isinstance(data, bytes) else as_json(data)
    stamp = str(int(at.timestamp()))
    signature = "v1," + b64(key or secret.encode(), f"{identity}.{stamp}.".encode() + body, "sha256")
    headers = {f"{family}-id": identity, f"{family}-timestamp": stamp, f"{family}-signature": signature}
    return request("generic", body, headers=headers)


# Forms


def web_form(**changes: Any) -> dict[str, Any]:
    base = {
        "your-name": "Dana Whitfield",
        "Phone Number": "(303) 555-0123",
        "E-mail": "dana@example.com",
        "comments": "Roof leaks",
        "zip": "80202",
    }
    return merged(base, changes)


def form_request(data: dict[str, Any]) -> Incoming:
    return request("form", urlencode(data).encode(), content_type="application/x-www-form-urlencoded")


def multipart(parts: list[tuple[str, str | None, bytes]], *, boundary: str = "----zartsboundary") -> Incoming:
    """Parts are (name, file name or None, content)."""
    body = b""
    for name, filename, content in parts:
        file = f'; filename="{filename}"\r\nContent-Type: application/octet-stream' if filename is not None else ""
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + content + b"\r\n"
    return request("form", body + f"--{boundary}--\r\n".encode(), content_type=f"multipart/form-data; boundary={boundary}")


def sha256_hex(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
