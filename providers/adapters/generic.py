"""Anything that can sign JSON: one of our event types in the Standard Webhooks envelope (github.com/standard-webhooks, the spec).

`webhook-signature` is a list of `v1,<base64 HMAC-SHA256 of "id.timestamp.body">`; one match with one of our secrets is enough. The
timestamp may be 300 seconds off, and `webhook-id` stays the same when the sender tries again. Svix sends the same as `svix-*`.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from leads.events import FROM_OUTSIDE
from providers import forms
from providers.contract import Adapter, Incoming, NotForUs, ParsedEvent, Unreadable
from zartsalgo.lib import fields, signatures, strict_json
from zartsalgo.lib.strict_json import Malformed

TOLERANCE_SECONDS = 300
MAX_SIGNATURES = 20
TYPES = FROM_OUTSIDE
# Who a fact is about may be given flat or under one of these names.
PEOPLE = ("contact", "customer", "person", "caller", "lead")
NUMBERS = {"from": "phone", "from_number": "phone", "caller_number": "phone"}


class Consent(BaseModel):
    model_config = ConfigDict(strict=True)
    granted: bool
    wording: str = ""


class Data(BaseModel):
    """Types of the fields we know; other fields pass. Strict: a number is no phone number, "true" is no truth."""

    model_config = ConfigDict(strict=True, extra="ignore")
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    message: str | None = None
    text: str | None = None
    answers: dict[str, Any] | None = None
    service: str | None = None
    source: str | None = None
    form: str | None = None
    page_url: str | None = None
    call_id: str | None = None
    message_id: str | None = None
    tracking_number: str | None = None
    to_number: str | None = None
    voicemail: bool | None = None
    duration_seconds: int | None = Field(default=None, ge=0, le=999_999_999)
    media_count: int | None = Field(default=None, ge=0, le=999)
    case: Literal["complaint", "dispute", "refund", "redo"] | None = None
    consent: bool | Consent | None = None


class MissedCall(Data):
    kind: Literal["no-answer", "busy", "failed", "abandoned", "voicemail", "probably-missed"] | None = None


class GenericAdapter(Adapter):
    provider = "generic"
    label = "Signed JSON (Standard Webhooks)"

    def verify(self, *, request: Incoming, secrets: Sequence[str], now: datetime) -> bool:
        identity, stamp, given = _headers(request)
        if not (identity and given and re.fullmatch(r"[0-9]{1,12}", stamp)):
            return False
        if abs(now.timestamp() - int(stamp)) > TOLERANCE_SECONDS:
            return False
        data = f"{identity}.{stamp}.".encode("utf-8", "surrogatepass") + request.body
        made = [signatures.hmac_base64(key=key, data=data) for secret in secrets for key in _keys(secret)]
        offered = [item.removeprefix("v1,") for item in given.split()[:MAX_SIGNATURES] if item.startswith("v1,")]
        return True in [signatures.any_same(made, offer) for offer in offered]

    def dedupe_key(self, *, request: Incoming) -> str:
        return fields.key(_headers(request)[0])

    def parse(self, *, request: Incoming) -> list[ParsedEvent] | NotForUs:
        try:
            return [_event(request=request, body=strict_json.load_object(request.body))]
        except Malformed as error:
            raise Unreadable(str(error)) from None


def _dialled(data: Mapping[str, Any]) -> dict[str, Any]:
    """A call that the business made: the person is at its other end."""
    ours = next((name for name in NUMBERS if name in data), "")
    if "phone" in data or "to" not in data or not ours:
        return dict(data)
    return {**{name: value for name, value in data.items() if name not in (ours, "to")}, "phone": data["to"], "tracking_number": data[ours]}


def _headers(request: Incoming) -> tuple[str, str, str]:
    """id, timestamp and signatures, all from one family of headers."""
    family = "webhook" if "webhook-id" in request.headers else "svix"
    identity, stamp, given = (request.headers.get(f"{family}-{part}", "").strip() for part in ("id", "timestamp", "signature"))
    return identity, stamp, given


def _keys(secret: str) -> list[bytes]:
    """`whsec_` and base64 by the spec; a bare secret may be base64 too (as OpenAI's) or be meant as it is written."""
    coded = secret.removeprefix("whsec_")
    try:
        decoded = base64.b64decode(coded + "=" * (-len(coded) % 4), validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if coded != secret:
        return [decoded] if decoded else []
    # A short decoded key could be guessed although the secret as written could not.
    return [secret.encode(), *([decoded] if len(decoded) >= 24 else [])] if secret else []


def _event(*, request: Incoming, body: Mapping[str, Any]) -> ParsedEvent:
    kind, data, stamp = body.get("type"), body.get("data"), body.get("timestamp")
    if not isinstance(kind, str) or kind not in TYPES:
        raise Malformed("`type` should be one of " + ", ".join(sorted(TYPES)) + ".")
    if not isinstance(data, dict):
        raise Malformed(f"`data` should be an object, not {strict_json.kind_of(data)}.")
    occurred_at = request.received_at if stamp is None else fields.moment(stamp)
    if occurred_at is None:
        raise Malformed("`timestamp` should be an ISO 8601 time with its zone, like 2026-05-04T13:37:00Z.")
    identity = fields.key(_headers(request)[0])
    if not identity:
        raise Malformed("The header `webhook-id` is empty.")
    if kind == "call.answered" and str(data.get("direction") or "").strip().lower().startswith("outbound"):
        kind, data = "call.returned", _dialled(data)
    facts, personal = _sorted(data, kind=kind)
    if kind == "message.received" and not personal.get("phone"):
        raise Malformed("`data.phone` is missing: a text comes from a number.")
    if kind in ("lead.created", "quote.requested") and not any(personal.get(name) for name in ("phone", "email", "name", "first_name")):
        raise Malformed("`data` names nobody: give `phone`, `email` or `name`.")
    return ParsedEvent(type=kind, key=identity, occurred_at=occurred_at, facts=facts, personal=personal)


def _sorted(data: Mapping[str, Any], *, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Facts and personal values of `data`, checked. What is nested and holds anything personal is personal as a whole."""
    sent = {name: name for name in data}
    flat = dict(data)
    for group in PEOPLE:
        if isinstance(flat.get(group), dict):
            for name, value in flat.pop(group).items():
                flat.setdefault(name, value)
                sent.setdefault(name, f"{group}.{name}")
    inbound = {"body": "text", "message": "text"} if kind == "message.received" else {}
    target = "tracking_number" if kind.startswith("call.") else "to_number"
    for name, ours in {**NUMBERS, **inbound, "to": target}.items():
        if name in flat and ours not in flat:
            flat[ours], sent[ours] = flat.pop(name), sent[name]
    for name in list(flat):
        ours = forms.meaning_of(name)
        if ours in forms.PERSONAL_NAMES and ours not in flat and (ours != "message" or kind in ("lead.created", "quote.requested")):
            flat[ours], sent[ours] = flat.pop(name), sent[name]
    try:
        (MissedCall if kind == "call.missed" else Data).model_validate(flat)
    except ValidationError as error:
        place = error.errors(include_url=False, include_input=False, include_context=False)[0]
        name = str(place["loc"][0]) if place["loc"] else ""
        raise Malformed(f"`data.{sent.get(name, name)[:100]}` has the wrong type or value: {place['msg'].lower()}.") from None
    if isinstance(flat.get("consent"), bool):
        flat["consent"] = {"granted": flat["consent"], "wording": ""}
    if kind == "call.missed":
        flat["kind"] = flat.get("kind") or ("voicemail" if flat.get("voicemail") else "no-answer")
    kept = fields.filled(**flat)
    personal = {name: value for name, value in kept.items() if _is_personal(name, value)}
    return {name: value for name, value in kept.items() if name not in personal}, personal


def _is_personal(name: str, value: Any) -> bool:
    if name.lower() in forms.PERSONAL_NAMES or forms.meaning_of(name) in forms.PERSONAL_NAMES:
        return True
    if isinstance(value, dict):
        return any(_is_personal(inner, item) for inner, item in value.items())
    return isinstance(value, list) and any(_is_personal("", item) for item in value)


ADAPTER = GenericAdapter()
