"""Postmark: sending email, reports of what became of it, and the mails that people send back.

Facts from postmarkapp.com/developer (email API, webhooks): Postmark signs nothing. What stands between a stranger and us is the random
token in the address and a password (HTTP basic auth) in it, compared in constant time; the password is made from the server token, so
that one secret is kept and nothing new has to be typed. The body is not covered by it. 403 would stop Postmark's own retries: we answer
401. One address takes all webhooks; the records differ by `RecordType`, and an inbound mail has none.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from providers.adapters._postmark_errors import BAD_ADDRESS, BAD_SENDER, HARD, NO_BOUNCE, PASSING, explain
from providers.contract import Adapter, Credentials, Incoming, ListedText, NotForUs, OutgoingEmail, ParsedEvent, SendResult, Unreadable
from zartsalgo.lib import fields, http, mail_text, signatures, strict_json
from zartsalgo.lib.machine_mail import says_machine
from zartsalgo.lib.names import clean_email
from zartsalgo.lib.strict_json import Malformed

USER = "postmark"
LONGEST_TEXT = 10_000


class PostmarkAdapter(Adapter):
    provider = "postmark"
    label = "Postmark"
    secret_name = "server API token"  # noqa: S105
    hosts = ("api.postmarkapp.com",)
    signs_body = False
    can_email = True
    bad_number_codes, bad_sender_codes = BAD_ADDRESS, BAD_SENDER

    def hook_login(self, *, secret: str) -> tuple[str, str] | None:
        """The password is an HMAC under the server token: it opens the hook and nothing at Postmark."""
        made = hmac.new(secret.encode(), b"zartsalgo postmark webhook", hashlib.sha256).digest()
        return USER, base64.urlsafe_b64encode(made[:24]).decode()

    def verify(self, *, request: Incoming, secrets: Sequence[str], now: datetime) -> bool:
        scheme, _, given = request.headers.get("authorization", "").strip().partition(" ")
        try:
            login = base64.b64decode(given.strip().encode("ascii"), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeError, ValueError):
            login = ""
        pairs = [self.hook_login(secret=secret) for secret in secrets if secret]
        fits = signatures.any_same([f"{pair[0]}:{pair[1]}" for pair in pairs if pair], login)
        return fits and scheme.lower() == "basic"

    def parse(self, *, request: Incoming) -> list[ParsedEvent] | NotForUs:
        try:
            data = strict_json.load_object(request.body)
            record = fields.text(data, "RecordType")
            if not record or record == "Inbound":
                return _inbound(data=data, request=request)
            read = {"Delivery": _delivery, "Bounce": _bounce, "SpamComplaint": _bounce, "SubscriptionChange": _subscription}.get(record)
            if read is None:
                known = record in ("Open", "Click")
                return NotForUs("We count neither opens nor clicks." if known else "A kind of Postmark record that we have no use for.")
            return read(data=data, request=request)
        except Malformed as error:
            raise Unreadable(str(error)) from None

    def warm_up(self) -> None:
        from providers.adapters import _postmark_client  # noqa: F401

    def send_email(self, *, credentials: Credentials, email: OutgoingEmail, timeout_seconds: float = http.TOTAL_SECONDS) -> SendResult:
        from providers.adapters import _postmark_client  # anymail and requests take time to import, and receiving does not need them

        return _postmark_client.send(credentials=credentials, email=email, timeout_seconds=timeout_seconds)

    def explain_error(self, *, code: str) -> str:
        return explain(code)

    def find_emails(self, *, credentials: Credentials, reference: str, since: datetime) -> list[Mapping[str, Any]]:
        from providers.adapters import _postmark_client

        return _postmark_client.find(credentials=credentials, reference=reference, since=since)

    def list_emails(self, *, credentials: Credentials, sender: str, since: datetime) -> list[ListedText]:
        from providers.adapters import _postmark_client

        return _postmark_client.list_emails(credentials=credentials, sender=sender, since=since)


def _told(*, data: Mapping[str, Any], request: Incoming, at: str) -> tuple[str, dict[str, Any], dict[str, Any], datetime]:
    """What every record about an email of ours has: Postmark's id, our facts, the person, when. Postmark's times have seven decimals."""
    identity = fields.key(fields.text(data, "MessageID"))
    if not identity:
        raise Malformed("The record names no `MessageID`.")
    metadata = data.get("Metadata")
    ours = fields.key(fields.loose_text(metadata, "message")) if isinstance(metadata, dict) else ""
    stated = fields.loose_text(data, at)
    head, dot, rest = stated.partition(".")
    digits = len(rest) - len(rest.lstrip("0123456789"))
    when = fields.moment(f"{head}.{rest[: min(digits, 6)]}{rest[digits:]}" if dot and digits else stated) or request.received_at
    person = fields.filled(email=clean_email(fields.loose_text(data, "Recipient", "Email")))
    return identity, fields.filled(message_id=ours, provider_id=identity, channel="email"), person, min(when, request.received_at)


def _delivery(*, data: Mapping[str, Any], request: Incoming) -> list[ParsedEvent] | NotForUs:
    identity, facts, _, when = _told(data=data, request=request, at="DeliveredAt")
    return [
        ParsedEvent(
            type="message.status", key=fields.key(f"{identity}:delivered"), occurred_at=when, facts={**facts, "status": "delivered"}
        )
    ]


def _bounce(*, data: Mapping[str, Any], request: Incoming) -> list[ParsedEvent] | NotForUs:
    identity, facts, person, when = _told(data=data, request=request, at="BouncedAt")
    kind = fields.text(data, "Type")[:40] or "Unknown"
    if kind in NO_BOUNCE:
        return NotForUs("A notice of the receiving side that is neither a bounce nor a reply of a person.")
    key = fields.key(f"{identity}:{kind}:{fields.loose_text(data, 'ID')}")
    if kind in ("SpamComplaint", "Unsubscribe") or fields.text(data, "RecordType") == "SpamComplaint":
        stop = "unsubscribed" if kind == "Unsubscribe" else "complained"
        return [ParsedEvent(type=f"email.{stop}", key=key, occurred_at=when, facts=facts, personal=person)]
    status = "deferred" if kind in PASSING else "undelivered"
    facts |= {"status": status, "error_code": kind[:20]}
    if kind not in HARD:
        return [ParsedEvent(type="message.status", key=key, occurred_at=when, facts=facts, personal=person)]
    return [ParsedEvent(type="email.bounced", key=key, occurred_at=when, facts=facts, personal=person)]


def _subscription(*, data: Mapping[str, Any], request: Incoming) -> list[ParsedEvent] | NotForUs:
    identity, facts, person, when = _told(data=data, request=request, at="ChangedAt")
    if fields.flag(data, "SuppressSending") is not True:
        return NotForUs("Postmark would send to this address again; only the person's own words lift an opt-out here.")
    reason, origin = fields.loose_text(data, "SuppressionReason"), fields.loose_text(data, "Origin")
    stop = {"HardBounce": "bounced", "SpamComplaint": "complained"}.get(reason) or ("unsubscribed" if origin == "Recipient" else "blocked")
    if stop == "bounced":
        facts |= {"status": "undelivered", "error_code": "HardBounce"}
    key = fields.key(f"{identity}:{stop}:{fields.loose_text(data, 'ChangedAt')}")
    return [ParsedEvent(type=f"email.{stop}", key=key, occurred_at=when, facts=facts, personal=person)]


def _inbound(*, data: Mapping[str, Any], request: Incoming) -> list[ParsedEvent] | NotForUs:
    sender = data.get("FromFull")
    if not isinstance(sender, dict):
        raise Malformed("The record has neither `RecordType` nor `FromFull`; it is no Postmark webhook that we know.")
    listed = data.get("Headers")
    headers = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    says = says_machine(
        headers=[(fields.loose_text(item, "Name"), fields.loose_text(item, "Value")) for item in headers],
        sender=fields.loose_text(sender, "Email"),
        name=fields.loose_text(sender, "Name"),
        subject=fields.loose_text(data, "Subject"),
    )
    if says:
        return NotForUs(says)
    identity = fields.key(fields.text(data, "MessageID"))
    if not identity:
        raise Malformed("The mail has no `MessageID`.")
    written = mail_text.own_words(text=fields.loose_text(data, "StrippedTextReply") or fields.loose_text(data, "TextBody"))
    html = fields.loose_text(data, "HtmlBody")
    attachments = data.get("Attachments")
    facts = fields.filled(
        channel="email",
        message_id=identity,
        thread=fields.key(fields.loose_text(data, "MailboxHash"))[:64].lower(),
        media_count=len(attachments) if isinstance(attachments, list) and attachments else None,
    )
    person = fields.filled(
        email=clean_email(fields.loose_text(sender, "Email")),
        name=fields.loose_text(sender, "Name")[:200],
        subject=fields.loose_text(data, "Subject")[:300],
        text=(written or mail_text.own_words(text=mail_text.text_of_html(html=html)))[:LONGEST_TEXT],
    )
    return [ParsedEvent(type="message.received", key=identity, occurred_at=request.received_at, facts=facts, personal=person)]


ADAPTER = PostmarkAdapter()
