"""CallRail: calls, texts and forms of tracking numbers.

Facts from CallRail's webhook reference (apidocs.callrail.com, "Webhooks" and "Validating payloads"): `Signature` is base64 HMAC-SHA1
over the raw body with the company's signing key; nothing is ever redelivered, so a poll of the call list fills the gaps; a body does
not name its event. A Pre-Call says "not answered" before the phone has rung, so nothing counts as missed without proof that the call
is over. `?event=post_call` on the hook address, one address per kind of webhook, states the kind where the body cannot.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from providers import forms
from providers.adapters._callrail_list import list_calls
from providers.contract import Adapter, Credentials, Incoming, NotForUs, ParsedEvent, Unreadable
from zartsalgo.lib import fields, signatures, strict_json
from zartsalgo.lib.names import means_nothing
from zartsalgo.lib.strict_json import Malformed

KINDS = {
    "precall": "pre",
    "callroutingcomplete": "routing",
    "postcall": "post",
    "callmodified": "modified",
    "outboundpostcall": "outbound",
    "outboundcallmodified": "outbound",
    "textmessagereceived": "text",
    "smsreceived": "text",
    "textmessagesent": "sent",
    "smssent": "sent",
    "formsubmission": "form",
    "formcaptured": "form",
    "convertassistcomplete": "assist",
}
NO_USE = {
    "pre": "A call has begun to ring; a Pre-Call always says unanswered and proves nothing.",
    "modified": "A change to a call that was reported before; the call itself is not new.",
    "outbound": "An outbound call of the business.",
    "sent": "A text that the business sent.",
    "assist": "A Convert Assist note.",
}


class CallRailAdapter(Adapter):
    provider = "callrail"
    label = "CallRail"
    secret_name = "company signing key"  # noqa: S105
    hosts = ("api.callrail.com",)
    can_poll = True

    def verify(self, *, request: Incoming, secrets: Sequence[str], now: datetime) -> bool:
        given = request.headers.get("signature", "")
        made = [signatures.hmac_base64(key=key, data=request.body, algorithm="sha1") for key in signatures.any_secret(secrets)]
        return signatures.any_same(made, given)

    def parse(self, *, request: Incoming) -> list[ParsedEvent] | NotForUs:
        try:
            data = strict_json.load_object(request.body)
            kind = _kind(request=request, data=data)
            if kind in NO_USE:
                return NotForUs(NO_USE[kind])
            if kind == "text":
                return [_text(data=data, request=request)]
            if kind == "form":
                return [_form(data=data, request=request)]
            return _call(data=data, request=request, finished=kind == "post")
        except Malformed as error:
            raise Unreadable(str(error)) from None

    def poll(self, *, credentials: Credentials, since: datetime, now: datetime) -> list[tuple[str, bytes]]:
        """Finished inbound calls that ended since then, as webhook bodies; none without `options["api_key"]`. Raises `CallFailed`."""
        if not credentials.options.get("api_key"):
            return []
        found = []
        for item in list_calls(credentials=credentials, since=since):
            try:
                identity, duration = fields.text(item, "id"), fields.whole(item, "duration")
            except Malformed:
                continue  # one odd call must not hide the others
            started = fields.moment(item.get("start_time"))
            if not identity or started is None or duration is None:
                continue  # still ringing or talking
            # A call that rings is listed with duration 0 as well; two minutes later it has been answered or is over.
            if started + timedelta(seconds=duration) >= since and (duration or now - started > timedelta(minutes=2)):
                body = {**item, "resource_id": identity, "event": "post_call"}
                found.append((fields.key(f"poll:{identity}"), json.dumps(body, separators=(",", ":")).encode()))
        return found


def _kind(*, request: Incoming, data: Mapping[str, Any]) -> str:
    """pre, post, ... or "" where only the content can tell. A list of changes always means a modified call."""
    if data.get("changes") and "content" not in data:
        return "modified"
    for name in (fields.from_query(request.url, "event"), fields.loose_text(data, "event")):
        letters = "".join(char for char in name[:60].lower() if "a" <= char <= "z")
        if kind := KINDS.get(letters.removesuffix("webhook"), ""):
            return kind
    if "form_data" in data:
        return "form"
    if "source_number" in data or "content" in data:
        return "sent" if "agent" in data else "text"
    return ""


def _call(*, data: Mapping[str, Any], request: Incoming, finished: bool) -> list[ParsedEvent] | NotForUs:
    if fields.loose_text(data, "direction", "call_type").lower() == "outbound":
        return NotForUs(NO_USE["outbound"])
    identity = fields.text(data, "resource_id", "id")
    if not identity:
        raise Malformed("The call has neither `resource_id` nor `id`.")
    answered = fields.flag(data, "answered")
    voicemail, duration = fields.describing(fields.flag, data, "voicemail"), fields.describing(fields.whole, data, "duration")
    # While it rings the duration is 0 or missing: one that cannot be read was measured.
    odd = duration is None and not means_nothing(str(data.get("duration", "")))
    over = finished or bool(duration) or odd or bool(voicemail) or bool(fields.loose_text(data, "recording"))
    if answered is None or not (answered or over):
        return NotForUs("The call is not proven missed: nothing says that it is over and was not answered.")
    kind = None
    if not answered:
        abandoned = not (duration or odd) or fields.loose_text(data, "call_type").lower() == "abandoned"
        kind = "voicemail" if voicemail else "abandoned" if abandoned else "no-answer"
    started = fields.moment(data.get("start_time"))
    ended = started + timedelta(seconds=duration) if started and duration is not None else started
    return [
        ParsedEvent(
            type="call.answered" if answered else "call.missed",
            key=fields.key(identity),
            occurred_at=ended or request.received_at,
            facts=fields.filled(
                call_id=fields.key(identity),
                kind=kind,
                voicemail=bool(voicemail),
                duration_seconds=duration,
                tracking_number=fields.loose_text(data, "tracking_phone_number", "trackingnum"),
                source=fields.loose_text(data, "source_name", "formatted_tracking_source", "source"),
                ended_at=ended.isoformat() if ended else None,
                **_campaign(data),
            ),
            personal=fields.filled(
                phone=fields.loose_text(data, "customer_phone_number", "callernum"),
                note=fields.loose_text(data, "note"),
                transcript=fields.loose_text(data, "transcription"),
                **_person(data),
            ),
        )
    ]


def _text(*, data: Mapping[str, Any], request: Incoming) -> ParsedEvent:
    identity, phone = fields.text(data, "resource_id", "id"), fields.text(data, "source_number")
    if not identity or not phone:
        raise Malformed("The text has no `resource_id` or `id`, or no `source_number`.")
    media = data.get("media_urls")
    return ParsedEvent(
        type="message.received",
        key=fields.key(identity),
        occurred_at=fields.moment(data.get("timestamp")) or request.received_at,
        facts=fields.filled(
            message_id=fields.key(identity),
            to_number=fields.loose_text(data, "destination_number"),
            media_count=len(media) if isinstance(media, list) else 0,
        ),
        personal=fields.filled(phone=phone, text=fields.text(data, "content"), **_person(data)),
    )


def _form(*, data: Mapping[str, Any], request: Incoming) -> ParsedEvent:
    identity, answers = fields.text(data, "resource_id", "id"), data.get("form_data")
    if not identity or not isinstance(answers, dict):
        raise Malformed("The form submission has no `resource_id` or `id`, or `form_data` is not an object.")
    reading = forms.read_answers(answers)
    top = fields.filled(
        phone=fields.loose_text(data, "customer_phone_number"), email=fields.loose_text(data, "customer_email"), **_person(data)
    )
    facts = fields.filled(page_url=fields.loose_text(data, "form_url"), source=fields.loose_text(data, "source"), **_campaign(data))
    return ParsedEvent(
        type="lead.created",
        key=fields.key(identity),
        occurred_at=fields.moment(data.get("submitted_at")) or request.received_at,
        facts={**facts, **reading.facts, "form_id": fields.key(identity)},
        personal={**top, **reading.personal},
    )


def _person(data: Mapping[str, Any]) -> dict[str, str]:
    """The name, and where the number is registered: a caller's own address may be anywhere, so it must not decide about hours."""
    line = {f"line_{name}": fields.loose_text(data, f"customer_{name}") for name in ("city", "state", "postal_code", "country")}
    return {"name": fields.loose_text(data, "customer_name"), **line}


def _campaign(data: Mapping[str, Any]) -> dict[str, str]:
    names = ("utm_source", "utm_medium", "utm_campaign", "gclid", "landing_page_url")
    return {name: fields.loose_text(data, name) for name in names}


ADAPTER = CallRailAdapter()
