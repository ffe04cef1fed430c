"""Twilio: inbound texts, delivery reports, results of dials and calls, and sending texts.

Facts from twilio.com/docs (messaging webhooks, TwiML Dial, webhook security): a form post signed with base64 HMAC-SHA1 over the exact
address plus every parameter by name; a JSON post signed over an address that carries the sha256 of the body. Nothing in it ages, so
uniqueness is the defence against replay. Parameters may be added at any time and are ignored.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from providers.adapters import _twilio_media
from providers.adapters._twilio_errors import codes, explain
from providers.contract import Adapter, Answer, Credentials, Incoming, ListedText, NotForUs, ParsedEvent, SendResult, Unreadable
from zartsalgo.lib import fields, form_body, http, signatures
from zartsalgo.lib.strict_json import Malformed, clean

VALIDITY_SECONDS = 600
SHORT_CALL_SECONDS = 8
MISSED = {"no-answer": "no-answer", "busy": "busy", "failed": "failed", "canceled": "abandoned"}


class TwilioAdapter(Adapter):
    provider = "twilio"
    label = "Twilio"
    secret_name = "auth token"  # noqa: S105
    hosts, media_hosts = ("api.twilio.com",), _twilio_media.HOSTS
    can_send = True
    bad_number_codes, bad_sender_codes = codes("bad-number"), codes("sender")

    def verify(self, *, request: Incoming, secrets: Sequence[str], now: datetime) -> bool:
        try:
            signed = _signed_bytes(request)
        except (ValueError, Malformed):
            return False
        given = request.headers.get("x-twilio-signature", "")
        # Accounts with a shared webhook key name their algorithm in a second header; without it it is SHA-1.
        modern = "algorithm=hmac_sha256" in request.headers.get("x-twilio-webhooks-signature-settings", "").lower().replace(" ", "")
        algorithm = "sha256" if modern else "sha1"
        keys = signatures.any_secret(secrets)
        return signatures.any_same(
            [signatures.hmac_base64(key=key, data=data, algorithm=algorithm) for key in keys for data in signed], given
        )

    def dedupe_key(self, *, request: Incoming) -> str:
        return fields.key(request.headers.get("i-twilio-idempotency-token", ""))

    def parse(self, *, request: Incoming) -> list[ParsedEvent] | NotForUs:
        if request.content_type.endswith("json"):
            raise Unreadable("This is a JSON webhook; we read Twilio's form webhooks of texts and calls only.")
        try:
            data = _unambiguous(form_body.urlencoded(request.body))
            if fields.text(data, "MessageSid", "SmsSid", "SmsMessageSid"):
                return _message(data=data, request=request)
            if fields.text(data, "CallSid"):
                return _call(data=data, request=request)
        except Malformed as error:
            raise Unreadable(str(error)) from None
        raise Unreadable("The post has neither `MessageSid` nor `CallSid`; it is no Twilio webhook that we know.")

    def answer(self) -> Answer:
        """Empty TwiML: a text webhook takes any other body as error 12300."""
        return Answer(content_type="text/xml", body="<Response/>")

    def warm_up(self) -> None:
        from providers.adapters import _twilio_client

        _twilio_client.warm_up()

    def send(
        self, *, credentials: Credentials, to: str, sender: str, body: str, callback_url: str, timeout_seconds: float = http.TOTAL_SECONDS
    ) -> SendResult:
        from providers.adapters import _twilio_client  # the SDK takes half a second to import and receiving does not need it

        service = {"messaging_service_sid": sender} if sender.startswith("MG") else {"from_": sender}
        callback = {"status_callback": callback_url} if callback_url else {}
        transport = None
        try:
            client, transport = _twilio_client.connect(credentials=credentials, timeout_seconds=timeout_seconds)
            client.messages.create(to=to, body=body, validity_period=VALIDITY_SECONDS, **service, **callback)
        except http.CallFailed as failure:
            return _twilio_client.judge(reply=None, failure=failure)
        except Exception:  # noqa: S110 the wire decides below; the SDK's exceptions quote the recipient's number
            pass
        return _twilio_client.judge(reply=transport.reply if transport else None, failure=None)

    def explain_error(self, *, code: str) -> str:
        return explain(code)

    def find_sent(self, *, credentials: Credentials, to: str, sender: str, since: datetime) -> list[Mapping[str, Any]]:
        """Outbound texts of the pair since the start of that UTC day, at most 200. Raises `http.CallFailed`: no answer is not "none"."""
        from providers.adapters import _twilio_client

        # Texts of a messaging service are listed under the number it chose.
        by = {} if sender.startswith("MG") else {"from_": sender}
        return [
            {"provider_id": item.sid, "body": item.body or "", "created_at": item.date_created, "status": item.status or ""}
            for item in _twilio_client.list_messages(credentials=credentials, sender=sender, since=since, limit=200, to=to, **by)
            if item.direction != "inbound"
        ]

    def list_texts(self, *, credentials: Credentials, sender: str, since: datetime) -> list[ListedText]:
        """Everything the sender sent and got, to the second. Twilio lists a text by the day it left; one still queued may be missing."""
        from providers.adapters import _twilio_client

        return _twilio_client.list_both_ways(credentials=credentials, sender=sender, since=since)


def _signed_bytes(request: Incoming) -> list[bytes]:
    """What Twilio may have signed: the address as it is, without and with its port, each followed by the sorted parameters."""
    parts = urlsplit(request.url)
    bare = parts.netloc.removesuffix(f":{parts.port}") if parts.port else parts.netloc
    ported = f"{bare}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    stated = fields.from_query(request.url, "bodySHA256")
    params = ""
    if stated and request.content_type != "application/x-www-form-urlencoded":
        if not signatures.same(hashlib.sha256(request.body).hexdigest(), stated):
            raise Malformed("The body is not the one that was signed.")
    else:
        pairs = form_body.urlencoded(request.body, errors="surrogateescape")
        params = "".join(name + value for name, value in sorted(set(pairs)))
    urls = {request.url, parts._replace(netloc=bare).geturl(), parts._replace(netloc=ported).geturl()}
    return [(url + params).encode("utf-8", "surrogateescape") for url in sorted(urls)]


def _unambiguous(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    data = {clean(name): clean(value) for name, value in pairs}
    if len(data) != len({(clean(name), clean(value)) for name, value in pairs}):
        raise Malformed("A field is given twice with different values.")
    return data


def _message(*, data: Mapping[str, Any], request: Incoming) -> list[ParsedEvent] | NotForUs:
    sid = fields.key(fields.text(data, "MessageSid", "SmsSid", "SmsMessageSid"))
    status = fields.text(data, "MessageStatus", "SmsStatus").lower()
    phone = fields.text(data, "From")
    if status == "received" or ("Body" in data and phone and "MessageStatus" not in data):
        facts = fields.filled(
            message_id=sid,
            to_number=fields.text(data, "To"),
            media_count=fields.whole(data, "NumMedia") or 0,
            opt_out_type=fields.text(data, "OptOutType").upper(),
        )
        person = fields.filled(phone=phone, text=fields.text(data, "Body"), media=_twilio_media.addresses(data), **_person(data))
        return [ParsedEvent(type="message.received", key=sid, occurred_at=request.received_at, facts=facts, personal=person)]
    if not status or len(status) > 40:
        raise Malformed("The post names a text but neither its status nor its content.")
    if status == "receiving":
        return NotForUs("An inbound text that is still arriving.")
    ours = fields.key(fields.from_query(request.url, "m"))
    facts = fields.filled(message_id=ours, provider_id=sid, status=status, error_code=fields.text(data, "ErrorCode")[:20])
    return [ParsedEvent(type="message.status", key=f"{sid}:{status}", occurred_at=request.received_at, facts=facts)]


def _call(*, data: Mapping[str, Any], request: Incoming) -> list[ParsedEvent] | NotForUs:
    if fields.text(data, "Direction").lower().startswith("outbound"):
        return NotForUs("A leg that the account dialled itself; the result of the caller's own leg counts.")
    dial, status = fields.text(data, "DialCallStatus").lower(), fields.text(data, "CallStatus").lower()
    machine = fields.text(data, "AnsweredBy").lower().startswith("machine")
    duration = fields.whole(data, "DialCallDuration")
    result = dial or status
    if result in MISSED:
        kind = MISSED[result]
    elif machine and result in ("completed", "answered"):
        kind = "voicemail"
    elif dial in ("completed", "answered"):
        limit = request.options.get("short_call_seconds", "")
        short = duration is not None and duration < (int(limit) if limit.isascii() and limit.isdigit() else SHORT_CALL_SECONDS)
        # A carrier's voicemail answers like a person; only the client can say whether such short calls count as missed.
        kind = "probably-missed" if short and request.options.get("short_calls") == "missed" else ""
    elif dial:
        raise Malformed("`DialCallStatus` has a value that Twilio does not document.")
    elif status == "completed":
        return NotForUs("The call has ended; without the result of a dial this does not say whether anybody answered.")
    else:
        return NotForUs("The call is not over, or the post does not give its result.")
    sid = fields.key(fields.text(data, "ParentCallSid", "CallSid"))
    facts = fields.filled(
        call_id=sid,
        kind=kind,
        voicemail=kind == "voicemail",
        duration_seconds=duration,
        tracking_number=fields.text(data, "To", "Called"),
        source=request.options.get("source", ""),
    )
    happened = min(fields.moment(data.get("Timestamp")) or request.received_at, request.received_at)
    person = fields.filled(phone=fields.text(data, "From", "Caller"), name=fields.text(data, "CallerName"), **_person(data))
    return [ParsedEvent(type="call.missed" if kind else "call.answered", key=sid, occurred_at=happened, facts=facts, personal=person)]


def _person(data: Mapping[str, Any]) -> dict[str, str]:
    """Where the number is registered: a caller's own address may be anywhere, so it must not decide about hours."""
    names = {"line_city": "City", "line_state": "State", "line_postal_code": "Zip", "line_country": "Country"}
    return {ours: fields.text(data, f"From{theirs}", f"Caller{theirs}") for ours, theirs in names.items()}


ADAPTER = TwilioAdapter()
