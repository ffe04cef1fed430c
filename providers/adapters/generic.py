"""Anything that can sign JSON: one of our event types in the Standard Webhooks envelope (github.com/standard-webhooks, the spec).

`webhook-signature` is a list of `v1,<base64 HMAC-SHA256 of "id.timestamp.body">`; one match with one of our secrets is enough. The
timestamp may be 300 seconds off, and `webhook-id` stays the same when the sender tries again. Svix sends the same as `svix-*`.
"""

# ruff: noqa: SIM905 (tables of words read better as text)

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from leads.events import FROM_OUTSIDE
from providers import forms
from providers.contract import Adapter, Incoming, NotForUs, ParsedEvent, Unreadable
from providers.forms import wishes
from zartsalgo.lib import fields, signatures, strict_json
from zartsalgo.lib.names import means_nothing
from zartsalgo.lib.strict_json import Malformed

TOLERANCE_SECONDS = 300
MAX_SIGNATURES = 20
TYPES = FROM_OUTSIDE
# Who a fact is about may be given flat or under one of these names.
PEOPLE = ("contact", "customer", "person", "caller", "lead")
NUMBERS = {"from": "phone", "from_number": "phone", "caller_number": "phone"}


# Types of the fields we know; other fields pass as they are. What describes and is out of type is left out, and the fact stands.
TEXTS = frozenset(
    "name first_name last_name phone email address city state postal_code country message text service source form page_url call_id message_id "
    "tracking_number to_number".split()
)
WHOLES = ("duration_seconds", "media_count")
ONE_OF = {
    "kind": frozenset({"no-answer", "busy", "failed", "abandoned", "voicemail", "probably-missed"}),
    "case": frozenset({"complaint", "dispute", "refund", "redo"}),
}


class GenericAdapter(Adapter):
    provider = "generic"
    label = "Signed JSON (Standard Webhooks)"

    def verify(self, *, request: Incoming, secrets: Sequence[str], now: datetime) -> bool:
        identity, stamp, given = _headers(request)
        if not (identity and given and stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
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
    """Facts and personal values of `data`. What is nested and holds anything personal is personal as a whole."""
    flat = dict(data)
    for group in PEOPLE:
        if isinstance(flat.get(group), dict):
            for name, value in flat.pop(group).items():
                flat.setdefault(name, value)
    inbound = {"body": "text", "message": "text"} if kind == "message.received" else {}
    target = "tracking_number" if kind.startswith("call.") else "to_number"
    for name, ours in {**NUMBERS, **inbound, "to": target}.items():
        if name in flat and ours not in flat:
            flat[ours] = flat.pop(name)
    for name in list(flat):
        ours = forms.meaning_of(name)
        if ours in forms.PERSONAL_NAMES and ours not in flat and (ours != "message" or kind in ("lead.created", "quote.requested")):
            flat[ours] = flat.pop(name)
    flat = _in_type(flat, kind=kind)
    if kind == "call.missed":
        flat["kind"] = flat.get("kind") or ("voicemail" if flat.get("voicemail") else "no-answer")
    kept = fields.filled(**flat)
    personal = {name: value for name, value in kept.items() if _is_personal(name, value)}
    return {name: value for name, value in kept.items() if name not in personal}, personal


def _in_type(flat: Mapping[str, Any], *, kind: str) -> dict[str, Any]:
    """The fields we know in their types: a number as text where text is meant, 1 as true; the odd ones are left out."""
    kept = {name: value for name, value in flat.items() if not (isinstance(value, str) and name != "text" and means_nothing(value))}
    for name in TEXTS & kept.keys():
        kept[name] = kept[name] if isinstance(kept[name], str) and kept[name].strip() else fields.loose_text(kept, name)
    for name in WHOLES:
        kept[name] = fields.describing(fields.whole, kept, name)
    kept["voicemail"] = fields.describing(fields.flag, kept, "voicemail")
    for name, known in ONE_OF.items():
        if name in kept and (name != "kind" or kind == "call.missed") and (not isinstance(kept[name], str) or kept[name] not in known):
            del kept[name]
    if "answers" in kept and not isinstance(kept["answers"], dict):
        del kept["answers"]
    if "consent" in kept and (consent := _consent(kept.pop("consent"))):
        kept["consent"] = consent
    return kept


def _consent(given: Any) -> dict[str, Any]:
    """Consent as given: true or false, words, or an object of `granted` and `wording`. Words are read for a clear yes or no."""
    granted, wording = (given.get("granted"), given.get("wording")) if isinstance(given, dict) else (given, "")
    wording = wording if isinstance(wording, str) else ""
    if isinstance(granted, bool):
        return {"granted": granted, "wording": wording}
    return wishes.as_fact(wishes.read_wish(value=granted, wording=wording)) if isinstance(granted, str) else {}


def _is_personal(name: str, value: Any) -> bool:
    if name.lower() in forms.PERSONAL_NAMES or forms.meaning_of(name) in forms.PERSONAL_NAMES:
        return True
    if isinstance(value, dict):
        return any(_is_personal(inner, item) for inner, item in value.items())
    return isinstance(value, list) and any(_is_personal("", item) for item in value)


ADAPTER = GenericAdapter()
