"""What providers would send: bodies in their documented shapes, signed with the connection's own secret.

CallRail's post-call and pre-call (apidocs.callrail.com, "Webhooks"; base64 HMAC-SHA1 of the raw body), Twilio's inbound text
(twilio.com/docs, "Webhook request"; signed by Twilio's own SDK for the public address), and a plain web form. Every payload is new: call
and text ids are random. Times are real time, as a provider would state it; intake maps them to a moved clock. Numbers are fiction only.
"""

import json
import secrets
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from zartsalgo.lib import signatures
from zartsalgo.lib.phone import sayable

FORM_TYPE = "application/x-www-form-urlencoded"
# What the caller heard ring before giving up.
RANG_FOR = timedelta(seconds=17)
WITHHELD = "Anonymous"


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """One request of a provider, ready to post to the connection's hook address."""

    provider: str
    body: bytes
    content_type: str
    headers: dict[str, str]

    def with_bad_signature(self) -> "Webhook":
        """The same request as somebody would send who does not know the secret."""
        wrong = signatures.hmac_base64(key=secrets.token_bytes(32), data=self.body, algorithm="sha1")
        return replace(self, headers={name: wrong if "signature" in name.lower() else value for name, value in self.headers.items()})


def _callrail(*, data: dict[str, object], secret: str) -> Webhook:
    body = json.dumps(data, separators=(",", ":")).encode()
    signature = signatures.hmac_base64(key=secret.encode(), data=body, algorithm="sha1")
    return Webhook(provider="callrail", body=body, content_type="application/json", headers={"Signature": signature})


def _call(*, caller: str, name: str, line: str, zone: str, started: datetime) -> dict[str, object]:
    """The fields that pre-call and post-call share. `caller` is E.164 or "" for a withheld number; `started` is real time."""
    local = started.astimezone(ZoneInfo(zone)).isoformat(timespec="milliseconds")
    return {
        "id": secrets.randbelow(900_000_000) + 100_000_000,
        "resource_id": f"CAL{uuid.uuid4().hex}",
        "answered": False,
        "business_phone_number": line,
        "company_time_zone": zone,
        "customer_country": "US",
        "customer_name": name if caller else WITHHELD,
        "customer_phone_number": caller or WITHHELD,
        "direction": "inbound",
        "first_call": True,
        "lead_status": None,
        "source_name": "Google Ads",
        "start_time": local,
        "tags": [],
        "tracking_phone_number": line,
        "value": "--",
        "voicemail": False,
        "utm_source": "google",
        "utm_medium": "cpc",
        "timestamp": local,
    }


def missed_call(*, caller: str, name: str, line: str, zone: str, ended: datetime, secret: str) -> Webhook:
    """CallRail's post-call of a call that nobody answered and that ended then (real time)."""
    data = _call(caller=caller, name=name, line=line, zone=zone, started=ended - RANG_FOR)
    over = {"call_type": "abandoned", "duration": str(int(RANG_FOR.total_seconds())), "recording": "", "transcription": ""}
    return _callrail(data={**data, **over}, secret=secret)


def pre_call(*, caller: str, name: str, line: str, zone: str, started: datetime, secret: str) -> Webhook:
    """CallRail's pre-call: the phone has only begun to ring, yet the body already says "not answered"."""
    data = _call(caller=caller, name=name, line=line, zone=zone, started=started)
    return _callrail(data={**data, "call_type": "missed", "duration": 0}, secret=secret)


def text(*, sender: str, line: str, words: str, url: str, secret: str) -> Webhook:
    """Twilio's webhook of an inbound text, signed for `url`, the public address of the hook."""
    # The SDK signs here, so our own check is tried against theirs; it is loaded only when somebody plays.
    from twilio.request_validator import RequestValidator

    identity = f"SM{uuid.uuid4().hex}"
    params = {
        "AccountSid": f"AC{'0' * 32}",
        "ApiVersion": "2010-04-01",
        "Body": words,
        "From": sender,
        "FromCountry": "US",
        "MessageSid": identity,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": identity,
        "SmsSid": identity,
        "SmsStatus": "received",
        "To": line,
        "ToCountry": "US",
    }
    signature = RequestValidator(secret).compute_signature(url, params)
    headers = {"X-Twilio-Signature": signature, "I-Twilio-Idempotency-Token": str(uuid.uuid4())}
    return Webhook(provider="twilio", body=urlencode(params).encode(), content_type=FORM_TYPE, headers=headers)


def web_form(*, name: str, phone: str, business: str) -> Webhook:
    """A contact form as a website builder posts it; it carries no signature. Without a number the visitor leaves an address."""
    first = name.split(" ")[0].lower()
    given = {
        "name": name,
        "phone": sayable(phone) if phone else "",
        "email": f"{first}@example.com",
        "message": "There is a leak above the kitchen. Can somebody have a look this week?",
        "service": "leak repair",
        "form_name": f"Contact {business}",
        "page_url": "https://www.example.com/contact",
    }
    return Webhook(provider="form", body=urlencode(given).encode(), content_type=FORM_TYPE, headers={})
