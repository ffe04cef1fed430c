"""The Twilio SDK over our own HTTP: one request, one deadline, no retry, and an honest answer to "did it send?"."""

import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from providers.adapters._twilio_errors import ERROR_MEANING
from providers.contract import Credentials, ListedText, SendResult
from zartsalgo.lib import http

# Statuses with which Twilio documents that it created nothing. Any other status proves nothing about the text.
REFUSALS = frozenset({400, 401, 403, 404, 422, 429})
_ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


class OneCallClient(HttpClient):
    """The SDK's transport: keeps the last reply or failure, because the SDK's exceptions do not tell what Twilio's body said."""

    def __init__(self, *, base_url: str, timeout_seconds: float) -> None:
        # The base class takes a logger for its own request log, which would hold numbers and texts; ours never calls it.
        super().__init__(None, False, timeout_seconds)
        self._base_url = base_url.rstrip("/")
        self.reply: http.Reply | None = None
        self.failure: http.CallFailed | None = None

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        self.reply = self.failure = None
        parts = urlsplit(uri)
        address = (self._base_url or f"https://{parts.netloc}") + parts.path
        query = "&".join(part for part in (parts.query, urlencode(params or {}, doseq=True)) if part)
        try:
            self.reply = http.call(
                method=method,
                url=f"{address}?{query}" if query else address,
                headers={**(headers or {}), **http.basic_auth(*(auth or ("", "")))},
                body=urlencode(data, doseq=True).encode() if data is not None else None,
                timeout_seconds=timeout or self.timeout,
            )
        except http.CallFailed as failure:
            self.failure = failure
            raise
        return Response(self.reply.status, self.reply.body.decode("utf-8", "replace"), dict(self.reply.headers))


def connect(*, credentials: Credentials, timeout_seconds: float) -> tuple[Client, OneCallClient]:
    """The SDK's client and its transport. Raises `http.NotSent` when the account or token cannot be one."""
    if not _ACCOUNT.match(credentials.account) or not credentials.secret:
        raise http.NotSent("config", "The connection has no usable account SID or token.")
    transport = OneCallClient(base_url=credentials.base_url, timeout_seconds=timeout_seconds)
    # An environment of our own: a stray TWILIO_EDGE or TWILIO_REGION on the machine must not change where texts go.
    client = Client(credentials.account, credentials.secret, http_client=transport, environment={"TWILIO_EDGE": ""})
    return client, transport


def list_messages(*, credentials: Credentials, sender: str, since: datetime, limit: int | None, **by: str) -> list[Any]:
    """The messages since the start of that UTC day that match, all pages; a messaging service's own only. Raises `http.CallFailed`."""
    client, transport = connect(credentials=credentials, timeout_seconds=http.TOTAL_SECONDS)
    try:
        day: Any = since.astimezone(UTC).date().isoformat()
        listed = client.messages.list(date_sent_after=day, limit=limit, page_size=100, **by)
        return [item for item in listed if item.sid and (not sender.startswith("MG") or item.messaging_service_sid == sender)]
    except http.CallFailed:
        raise
    except Exception:
        status = f"HTTP {transport.reply.status}" if transport.reply else "nothing readable"
        raise http.Unclear("refused", f"Twilio answered the list of messages with {status}.") from None


def list_both_ways(*, credentials: Credentials, sender: str, since: datetime) -> list[ListedText]:
    """What the sender sent and got since then, each text once, the oldest first. Raises `http.CallFailed`."""
    ways: tuple[dict[str, str], ...] = ({},) if sender.startswith("MG") else ({"from_": sender}, {"to": sender})
    found = {}
    for by in ways:
        for item in list_messages(credentials=credentials, sender=sender, since=since, limit=None, **by):
            created = item.date_created if item.date_created.tzinfo else item.date_created.replace(tzinfo=UTC)
            inbound = item.direction == "inbound"
            if created >= since:
                found[item.sid] = ListedText(
                    provider_id=item.sid,
                    inbound=inbound,
                    number=(item.from_ if inbound else item.to) or "",
                    body=item.body or "",
                    status=item.status or "",
                    created_at=created,
                )
    return sorted(found.values(), key=lambda text: (text.created_at, text.provider_id))


def warm_up() -> None:
    """The SDK imports its resources on first use, which costs half a second; nothing is called here."""
    client, _ = connect(credentials=Credentials(account="AC" + "0" * 32, secret="none"), timeout_seconds=http.TOTAL_SECONDS)
    _ = client.messages


def judge(*, reply: http.Reply | None, failure: http.CallFailed | None) -> SendResult:
    """How a send ended, from what came over the wire: when in doubt, `unknown`."""
    if reply is None:
        if isinstance(failure, http.Unclear):
            return SendResult(outcome="unknown", error_code=failure.kind, note=str(failure))
        mine = failure is None or failure.kind in ("config", "address")
        note = f"not sent: {failure or 'The request could not be built.'}"
        return SendResult(outcome="rejected", error_code="config" if mine else "unreachable", note=note)
    body = _json(reply.body)
    code = str(body.get("code", "")) if isinstance(body.get("code"), (int, str)) else ""
    if 200 <= reply.status < 300:
        sid = body.get("sid")
        if isinstance(sid, str) and 0 < len(sid) <= 64:
            return SendResult(outcome="accepted", provider_id=sid, http_status=reply.status, error_code=str(body.get("error_code") or ""))
        return SendResult(outcome="unknown", http_status=reply.status, note="Twilio accepted something, but its answer could not be read.")
    if reply.status in REFUSALS and code.isascii() and code.isdigit():
        meaning = ERROR_MEANING.get(code)
        note = meaning.sentence if meaning else f"Twilio refused the text with error {code[:10]}."
        return SendResult(
            outcome="rejected", http_status=reply.status, error_code=code[:10], note=note, retry_after_seconds=_retry_after(reply)
        )
    note = f"Twilio answered with HTTP {reply.status}, which does not say whether the text was sent."
    return SendResult(outcome="unknown", http_status=reply.status, note=note, retry_after_seconds=_retry_after(reply))


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _retry_after(reply: http.Reply) -> float | None:
    """Seconds from a Retry-After header, as number or as date against the server's own Date; at most a day."""
    given = reply.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,6}", given):
        return float(min(int(given), 86_400))
    try:
        seconds = (parsedate_to_datetime(given) - parsedate_to_datetime(reply.headers.get("date", ""))).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(seconds, 0.0), 86_400.0)
