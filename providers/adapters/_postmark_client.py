"""Sending over Postmark: django-anymail writes the request, our own HTTP carries it once, and the wire decides how it ended."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import formataddr, parseaddr
from typing import Any
from urllib.parse import urlencode

from anymail.backends.postmark import EmailBackend
from django.core.mail import EmailMultiAlternatives

from providers.adapters._postmark_errors import explain
from providers.contract import Credentials, ListedText, OutgoingEmail, SendResult
from zartsalgo.lib import fields, http
from zartsalgo.lib.names import clean_email

HOST = "https://api.postmarkapp.com"
# Postmark documents that with these it created nothing; any other status proves nothing about the email.
REFUSALS = frozenset({401, 404, 405, 413, 415, 422, 429})
# Metadata is given back in every report and can be searched; the name has at most 20 characters.
REFERENCE = "message"
# Up to 500 may be asked for; so many stay well below the longest answer that is read.
PAGE = 100


def request_of(*, credentials: Credentials, email: OutgoingEmail) -> dict[str, Any]:
    """Method, url, headers and data of the call, as anymail's Postmark backend makes them. Nothing global is read, nothing is sent.

    Raises ValueError where a header would hold a line end: Django's message refuses it.
    """
    message: Any = EmailMultiAlternatives(
        subject=email.subject,
        body=email.text,
        from_email=formataddr((email.sender_name, email.sender)) if email.sender_name else email.sender,
        to=[formataddr((email.to_name, email.to)) if email.to_name else email.to],
        reply_to=[email.reply_to] if email.reply_to else None,
        headers=dict(email.headers),
    )
    if email.html:
        message.attach_alternative(email.html, "text/html")
    message.message()  # Django looks for line ends in headers only when it writes the mail itself
    message.metadata = {REFERENCE: email.reference}
    stream = credentials.options.get("stream", "")
    backend = EmailBackend(
        server_token=credentials.secret,
        api_url=f"{credentials.base_url or HOST}/",
        message_stream=stream or None,
        use_bulk_api=False,
        generate_message_id=False,
    )
    payload = backend.build_message_payload(message, {})
    # Opens and clicks are nobody's business: they are not asked for, whatever the server's own default is.
    payload.data.update({"TrackOpens": False, "TrackLinks": "None"})
    params: dict[str, Any] = payload.get_request_params(backend.api_url)
    return params


def send(*, credentials: Credentials, email: OutgoingEmail, timeout_seconds: float) -> SendResult:
    """One call, judged by what came over the wire."""
    try:
        params = request_of(credentials=credentials, email=email)
    except Exception as error:  # nothing was called; anymail's and Django's errors quote addresses, so only the kind is told
        return SendResult(outcome="rejected", error_code="300", note=f"not sent: the email could not be written ({type(error).__name__}).")
    data = params["data"]
    try:
        reply = http.call(
            method=params["method"],
            url=params["url"],
            headers=params["headers"],
            body=data.encode() if isinstance(data, str) else data,
            timeout_seconds=timeout_seconds,
        )
    except http.Unclear as failure:
        return SendResult(outcome="unknown", error_code=failure.kind, note=str(failure))
    except http.CallFailed as failure:
        return SendResult(
            outcome="rejected", error_code="config" if failure.kind == "address" else "unreachable", note=f"not sent: {failure}"
        )
    return judge(reply=reply)


def judge(*, reply: http.Reply) -> SendResult:
    """How it ended, from Postmark's answer: when in doubt, `unknown`."""
    body = _json(reply.body)
    code = body.get("ErrorCode", 0 if reply.status == 200 else None)
    number = str(code) if isinstance(code, int) and not isinstance(code, bool) else ""
    if reply.status == 200 and number == "0":
        identity = body.get("MessageID")
        if isinstance(identity, str) and 0 < len(identity) <= 64:
            return SendResult(outcome="accepted", provider_id=identity, http_status=200)
        return SendResult(outcome="unknown", http_status=200, note="Postmark accepted something, but its answer could not be read.")
    if reply.status in REFUSALS and (number or reply.status in (401, 429)):
        note = explain(number) or f"Postmark refused the email with error {number or reply.status}."
        wait = reply.headers.get("retry-after", "").strip()
        seconds = float(min(int(wait), 86_400)) if wait.isascii() and wait.isdigit() and len(wait) < 7 else None
        return SendResult(
            outcome="rejected", http_status=reply.status, error_code=number or str(reply.status), note=note, retry_after_seconds=seconds
        )
    note = f"Postmark answered with HTTP {reply.status}, which does not say whether the email was sent."
    return SendResult(outcome="unknown", http_status=reply.status, note=note)


def find(*, credentials: Credentials, reference: str, since: datetime) -> list[Mapping[str, Any]]:
    """What Postmark's own list holds under our id (outbound message search by metadata). Raises `http.CallFailed`."""
    listed, _ = _search(credentials=credentials, query={"count": 10, "offset": 0, f"metadata_{REFERENCE}": reference})
    found: list[Mapping[str, Any]] = []
    for item in listed:
        # A server that does not know the filter lists everything: only what carries our id is ours.
        if isinstance(item, dict) and (item.get("Metadata") or {}).get(REFERENCE) == reference and item.get("MessageID"):
            # Our id is on no other email; a time that cannot be read must not lose it.
            created = fields.moment(item.get("ReceivedAt")) or since
            found.append({"provider_id": str(item["MessageID"]), "created_at": created, "status": str(item.get("Status", "")).lower()})
    return found


def list_emails(*, credentials: Credentials, sender: str, since: datetime) -> list[ListedText]:
    """What the sender sent with our id on it since then, each email once, the oldest first. Raises `http.CallFailed`.

    The search lists the newest first, so what is sent meanwhile only shows an email twice. The day it starts from may be a day of another
    zone than ours: it is asked for a day earlier, and told apart here to the second.
    """
    query: dict[str, object] = {"count": PAGE, "fromdate": (since.astimezone(UTC) - timedelta(days=1)).date().isoformat()}
    if stream := credentials.options.get("stream", ""):
        query["messagestream"] = stream
    found: dict[str, ListedText] = {}
    seen, total = 0, 1
    while seen < total:
        listed, total = _search(credentials=credentials, query={**query, "offset": seen})
        if not listed and seen < total:
            raise http.Unclear("refused", "Postmark's list of emails ends before its own count does.")
        seen += len(listed)
        for email in filter(None, (_listed(item=item, sender=sender) for item in listed)):
            if email.created_at >= since:
                found[email.provider_id] = email
    return sorted(found.values(), key=lambda email: (email.created_at, email.provider_id))


def _listed(*, item: Any, sender: str) -> ListedText | None:
    """None for an email that is not ours. One of ours that cannot be read is no reason to call the list complete."""
    reference = (item.get("Metadata") or {}).get(REFERENCE) if isinstance(item, dict) else None
    if not reference or clean_email(parseaddr(str(item.get("From", "")))[1]) != sender:
        return None
    created, people = fields.moment(item.get("ReceivedAt")), item.get("Recipients")
    address = clean_email(str(people[0])) if isinstance(people, list) and people else ""
    if created is None or not address or not item.get("MessageID"):
        raise http.Unclear("refused", "Postmark lists an email of ours without its id, its time or whom it went to.")
    return ListedText(
        provider_id=str(item["MessageID"])[:64], inbound=False, number=address, body="", status=str(item.get("Status", "")).lower(),
        created_at=created, reference=str(reference),
    )  # fmt: skip


def _search(*, credentials: Credentials, query: Mapping[str, object]) -> tuple[list[Any], int]:
    """One page of the outbound message search, and how many there are in all. Raises `http.CallFailed`."""
    reply = http.call(
        method="GET",
        url=f"{credentials.base_url or HOST}/messages/outbound?{urlencode(query)}",
        headers={"Accept": "application/json", "X-Postmark-Server-Token": credentials.secret},
    )
    answer = _json(reply.body)
    listed, total = answer.get("Messages"), answer.get("TotalCount", 0)
    if reply.status != 200 or not isinstance(listed, list) or not isinstance(total, int):
        raise http.Unclear("refused", f"Postmark answered the search with HTTP {reply.status}.")
    return listed, total


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
