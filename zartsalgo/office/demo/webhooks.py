"""What the providers post about the demo's life, in their documented shapes; ids are random, times are the life's own.

CallRail's post-call (apidocs.callrail.com, "Webhooks"), Twilio's inbound text and status callback (twilio.com/docs, "Webhook request",
"Track outbound message status"), Standard Webhooks, and plain forms. Signed here by hand: Twilio's SDK takes half a second to import, and
its own signing is tried where the simulator plays.
"""

import base64
import hmac
import json
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from zartsalgo.lib import clock, signatures
from zartsalgo.lib.phone import sayable
from zartsalgo.office.demo.people import Person
from zartsalgo.office.simulator_payloads import FORM_TYPE, WITHHELD, Webhook


def call(
    *,
    caller: Person | None,
    line: str,
    zone: str,
    ended: datetime,
    lasted: timedelta,
    answered: bool,
    source: str,
    secret: str,
    voicemail: bool = False,
    note: str = "",
) -> Webhook:
    """CallRail's post-call. Without a caller the number was withheld."""
    started = (ended - lasted).astimezone(ZoneInfo(zone)).isoformat(timespec="milliseconds")
    data: dict[str, Any] = {
        "id": secrets.randbelow(900_000_000) + 100_000_000,
        "resource_id": f"CAL{uuid.uuid4().hex}",
        "answered": answered,
        "business_phone_number": line,
        "call_type": "inbound" if answered else "voicemail" if voicemail else "abandoned",
        "company_time_zone": zone,
        "customer_country": "US",
        "customer_name": caller.name if caller else WITHHELD,
        "customer_phone_number": caller.number if caller else WITHHELD,
        "direction": "inbound",
        "duration": str(int(lasted.total_seconds())),
        "first_call": True,
        "lead_status": None,
        "note": note,
        "recording": "",
        "source_name": source,
        "start_time": started,
        "tags": [],
        "tracking_phone_number": line,
        "transcription": "",
        "value": "--",
        "voicemail": voicemail,
        "timestamp": started,
    }
    return _callrail(json.dumps(data, separators=(",", ":")).encode(), secret=secret)


def broken_call(*, secret: str) -> Webhook:
    """A signed CallRail body that names no call: something a person has to look at."""
    data: dict[str, Any] = {"event": "post_call", "resource_id": None, "answered": "maybe", "duration": "?", "tags": []}
    return _callrail(json.dumps(data, separators=(",", ":")).encode(), secret=secret)


def _callrail(body: bytes, *, secret: str) -> Webhook:
    signature = signatures.hmac_base64(key=secret.encode(), data=body, algorithm="sha1")
    return Webhook(provider="callrail", body=body, content_type="application/json", headers={"Signature": signature})


def text(*, sender: Person, line: str, words: str, media: int, url: str, secret: str) -> Webhook:
    """Twilio's inbound text, for `url`, the public address of the hook."""
    identity = f"SM{uuid.uuid4().hex}"
    return _twilio(
        {
            "ApiVersion": "2010-04-01",
            "Body": words,
            "From": sender.number,
            "FromCountry": "US",
            "MessageSid": identity,
            "NumMedia": str(media),
            "NumSegments": "1",
            "SmsMessageSid": identity,
            "SmsSid": identity,
            "SmsStatus": "received",
            "To": line,
            "ToCountry": "US",
        },
        url=url,
        secret=secret,
    )


def delivery_report(*, provider_id: str, to: str, sender: str, status: str, error_code: str, url: str, secret: str) -> Webhook:
    """Twilio's status callback for a text of ours; `url` is the hook's address with the message's id."""
    params = {"ApiVersion": "2010-04-01", "From": sender, "MessageSid": provider_id, "MessageStatus": status, "SmsSid": provider_id}
    params |= {"SmsStatus": status, "To": to, **({"ErrorCode": error_code} if error_code else {})}
    return _twilio(params, url=url, secret=secret)


def _twilio(params: dict[str, str], *, url: str, secret: str) -> Webhook:
    params = {"AccountSid": f"AC{'0' * 32}", **params}
    signed = url + "".join(name + value for name, value in sorted(params.items()))
    signature = signatures.hmac_base64(key=secret.encode(), data=signed.encode(), algorithm="sha1")
    headers = {"X-Twilio-Signature": signature, "I-Twilio-Idempotency-Token": str(uuid.uuid4())}
    return Webhook(provider="twilio", body=urlencode(params).encode(), content_type=FORM_TYPE, headers=headers)


def form(*, sender: Person | None, given: dict[str, str], business: str, source: str, quote: bool, consents: bool) -> Webhook:
    """A contact or quote form as a website builder posts it; forms carry no signature."""
    page = "quote" if quote else "contact"
    fields = {
        **({"name": sender.name, "phone": sayable(sender.number), "email": sender.email} if sender else {}),
        **({"company": sender.firm} if sender and sender.firm else {}),
        **given,
        "form_name": f"{'Quote request' if quote else 'Contact'} {business}",
        "page_url": f"https://www.example.com/{page}",
        "lead_source": source,
    }
    if consents:
        fields["sms_consent"] = "yes"
        fields["sms_consent_wording"] = f"I agree to receive texts from {business} about my request. Reply STOP to end them."
    return Webhook(provider="form", body=urlencode(fields).encode(), content_type=FORM_TYPE, headers={})


def told(*, type: str, data: dict[str, Any], secret: str) -> Webhook:
    """One of our event types as signed JSON (Standard Webhooks); signed in real time, as its rule wants."""
    body = json.dumps({"type": type, "data": data}, separators=(",", ":")).encode()
    identity, stamp = f"msg_{uuid.uuid4().hex}", str(int(clock.real_now().timestamp()))
    digest = hmac.new(secret.encode(), f"{identity}.{stamp}.".encode() + body, "sha256").digest()
    headers = {"webhook-id": identity, "webhook-timestamp": stamp, "webhook-signature": "v1," + base64.b64encode(digest).decode()}
    return Webhook(provider="generic", body=body, content_type="application/json", headers=headers)
