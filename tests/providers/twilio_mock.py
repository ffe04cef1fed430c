"""A Twilio of our own on loopback, made from its API description: it judges every request, keeps what it created, and can fail.

`problems` collects what the description does not allow, in words; a request with a problem creates nothing and is answered with 422. What
comes next can be scripted: a refusal, an answer that is lost after the text was created, silence, rubbish.
"""

import base64
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.providers.twilio_description import BODY_MOST, CREATE, FORM, IN_PATH, LIST, MESSAGE, PAGE, PAGE_SIZE, PATH, VALIDITY, Field

ACCOUNT = "AC00000000000000000000000000000001"
TOKEN = "token-of-the-mock"
SERVICE = "MG00000000000000000000000000000001"
POOL_NUMBER = "+13035550177"

_PATH = re.compile(re.escape(PATH).replace(re.escape("{AccountSid}"), "([^/]+)") + r"\Z")
_E164 = re.compile(r"\+[1-9][0-9]{7,14}\Z")
# A sender may also be a short code or a name (the description's sentences).
_SENDER = re.compile(r"(\+[1-9][0-9]{7,14}|[0-9]{5,6}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11})\Z")
_HOST = re.compile(r"[A-Za-z0-9.-]+\Z")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request as it came."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What the next create does. `create` whether the text comes into being; `answer` None: the connection is cut, or hangs for `hang`."""

    create: bool = False
    answer: tuple[int, bytes] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    hang: bool = False


def refusal(code: int, status: int = 400, *, retry_after: str = "") -> Turn:
    """Twilio's own shape of an error: nothing was created."""
    body = {
        "code": code,
        "message": "The number +13035550123 ...",
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return Turn(answer=(status, json.dumps(body).encode()), headers=(("Retry-After", retry_after),) if retry_after else ())


def answered(status: int, body: str = "", *, create: bool, **headers: str) -> Turn:
    return Turn(create=create, answer=(status, body.encode()), headers=tuple((n.replace("_", "-"), v) for n, v in headers.items()))


def lost(*, create: bool = True) -> Turn:
    """The text exists, and the connection is cut before the answer."""
    return Turn(create=create)


def silent(*, create: bool = True) -> Turn:
    """The text exists, and no answer ever comes."""
    return Turn(create=create, hang=True)


@dataclass
class Mock:
    """The account: its texts, oldest first, the calls it got, and what was wrong with them."""

    texts: list[dict[str, Any]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    script: list[Turn] = field(default_factory=list)
    url: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    def posts(self) -> int:
        return sum(call.method == "POST" for call in self.calls)

    def lists(self) -> int:
        return sum(call.method == "GET" for call in self.calls)

    def reset(self) -> "Mock":
        self.over.set()
        self.over = threading.Event()
        for kept in (self.texts, self.calls, self.problems, self.script):
            kept.clear()
        return self

    def add(self, **given: Any) -> dict[str, Any]:
        """A text in the account's list, as the description says it looks."""
        sid = given.pop("sid", f"SM{len(self.texts) + 1:032x}")
        at = format_datetime(given.pop("at", datetime.now(UTC)))
        text = {
            "sid": sid,
            "account_sid": ACCOUNT,
            "messaging_service_sid": None,
            "api_version": "2010-04-01",
            "from": None,
            "to": None,
            "body": "",
            "status": "queued",
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "num_segments": "1",
            "num_media": "0",
            "price": None,
            "price_unit": None,
            "date_created": at,
            "date_sent": at,
            "date_updated": at,
            "uri": f"{PATH.format(AccountSid=ACCOUNT).removesuffix('.json')}/{sid}.json",
            "subresource_uris": {},
            **given,
        }
        self.texts.append(text)
        return text


# Judging


def problems_of(call: Call) -> list[str]:
    """Everything in a request that the description does not allow; empty when it is valid."""
    found = _PATH.match(call.path)
    if not found:
        return [f"no such path: {call.path}"]
    wrong = _field_problems("AccountSid", [found[1]], IN_PATH["AccountSid"], in_path=True)
    scheme, _, code = call.headers.get("authorization", "").partition(" ")
    if scheme != "Basic" or base64.b64decode(code).decode() != f"{found[1]}:{TOKEN}":
        wrong.append("no basic authentication with the account and its token")
    if call.method == "POST":
        if call.query:
            wrong.append("a create takes no query")
        if call.headers.get("content-type", "") != FORM:
            wrong.append(f"content type {call.headers.get('content-type', '')!r}")
        return wrong + _create_problems(call.body)
    if call.method == "GET":
        return wrong + _all_problems(list(call.query), LIST) + (["a list takes no body"] if call.body else [])
    return [*wrong, f"no such method: {call.method}"]


def _create_problems(body: bytes) -> list[str]:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), errors="strict")
    except ValueError:
        return ["the body is no form"]
    given = dict(pairs)
    wrong = _all_problems(pairs, CREATE)
    if not {"From", "MessagingServiceSid"} & given.keys():
        wrong.append("neither From nor MessagingServiceSid")
    if not {"Body", "MediaUrl", "ContentSid"} & given.keys() or given.get("Body") == "":
        wrong.append("neither Body nor MediaUrl nor ContentSid")
    if len(given.get("Body", "")) > BODY_MOST:
        wrong.append(f"Body is longer than {BODY_MOST} characters")
    period = given.get("ValidityPeriod", "")
    if period.isdecimal() and not VALIDITY[0] <= int(period) <= VALIDITY[1]:
        wrong.append(f"ValidityPeriod {period} is out of range")
    if not _HOST.match(urlsplit(given.get("StatusCallback", "https://none")).hostname or ""):
        wrong.append("StatusCallback has no valid host name")
    return wrong


def _all_problems(pairs: list[tuple[str, str]], known: dict[str, Field]) -> list[str]:
    wrong = [f"unknown parameter: {name}" for name in dict(pairs) if name not in known]
    for name, one in known.items():
        values = [value for given, value in pairs if given == name]
        if not values:
            wrong += [f"missing: {name}"] if one.required else []
        elif one.kind == "array" and one.each:
            wrong += [problem for value in values for problem in _field_problems(name, [value], one.each)]
        else:
            wrong += _field_problems(name, values, one)
    return wrong


def _field_problems(name: str, values: list[str], one: Field, *, in_path: bool = False) -> list[str]:
    if len(values) > 1:
        return [f"{name} is given {len(values)} times"]
    (value,) = values
    least, most = one.range
    whole = re.fullmatch(r"-?[0-9]+", value) is not None
    fits = {"string": True, "integer": whole, "boolean": value in ("true", "false"), "number": whole or re.fullmatch(r"-?\d+\.\d+", value)}
    if not fits[one.kind]:
        return [f"{name} is no {one.kind}"]
    if one.kind == "integer" and not (least if least is not None else int(value)) <= int(value) <= (
        most if most is not None else int(value)
    ):
        return [f"{name} is out of range"]
    if (
        (one.one_of and value not in one.one_of)
        or (one.pattern and not re.search(one.pattern, value))
        or not _long_enough(value, one.length)
    ):
        return [f"{name} has a value that is not allowed"]
    return [] if _FORMATS.get(one.format, lambda name, value: True)(name, value) else [f"{name} is no {one.format}"]


def _long_enough(value: str, length: tuple[int | None, int | None]) -> bool:
    shortest, longest = length
    return (shortest or 0) <= len(value) <= (longest if longest is not None else len(value))


def _is_uri(name: str, value: str) -> bool:
    parts = urlsplit(value)
    return parts.scheme in ("http", "https") and bool(parts.netloc) and re.fullmatch(r"[!-~]+", value) is not None


def _is_moment(name: str, value: str) -> bool:
    """A date and time; the filters of a list also take a plain day (the description's sentences)."""
    try:
        if name.startswith("DateSent") and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return bool(date.fromisoformat(value))
        return "T" in value and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


_FORMATS: dict[str, Callable[[str, str], bool]] = {
    "phone-number": lambda name, value: (_SENDER if name in ("From", "FallbackFrom") else _E164).match(value) is not None,
    "uri": _is_uri,
    "date-time": _is_moment,
}


def shape_problems(answer: dict[str, Any], known: dict[str, Field]) -> list[str]:
    """The same for what the mock itself answers, so that it does not teach us another Twilio."""
    kinds = {"string": str, "integer": int, "array": list, "object": dict}
    wrong = [f"unknown: {name}" for name in answer if name not in known] + [f"missing: {name}" for name in known if name not in answer]
    for name, one in known.items():
        value = answer.get(name)
        if value is None:
            wrong += [] if one.nullable else [f"{name} is null"]
        elif (
            not isinstance(value, kinds[one.kind])
            or (one.one_of and value not in one.one_of)
            or one.pattern
            and not re.search(one.pattern, value)
        ):
            wrong.append(f"{name} is {value!r}")
        elif one.format == "date-time-rfc-2822":
            parsedate_to_datetime(value)
    return wrong


# Serving


def _create(mock: Mock, form: dict[str, str]) -> dict[str, Any]:
    service = form.get("MessagingServiceSid")
    # The answer to a create names no number of the service's pool yet; its list does.
    status = "accepted" if service else "queued"
    return mock.add(
        **{"from": form.get("From") or POOL_NUMBER}, to=form["To"], body=form["Body"], messaging_service_sid=service, status=status
    )


def _page(mock: Mock, call: Call) -> dict[str, Any]:
    asked = dict(call.query)
    since = asked.get("DateSent>", "0001-01-01")
    found = [
        text
        for text in reversed(mock.texts)
        if asked.get("To") in (None, text["to"])
        and asked.get("From") in (None, text["from"])
        and parsedate_to_datetime(text["date_sent"]).astimezone(UTC).date().isoformat() >= since
    ]
    size, page = int(asked.get("PageSize", PAGE_SIZE)), int(asked.get("Page", 0))
    start = page * size
    rows = found[start : start + size]

    def at(number: int, token: str) -> str:
        return f"{call.path}?{urlencode({**asked, 'PageSize': size, 'Page': number, 'PageToken': token})}"

    return {
        "messages": rows,
        "uri": at(page, ""),
        "first_page_uri": at(0, ""),
        "next_page_uri": at(page + 1, f"PA{rows[-1]['sid']}") if found[start + size :] else None,
        "previous_page_uri": at(page - 1, "PB") if page else None,
        "page": page,
        "page_size": size,
        "start": start,
        "end": start + max(len(rows) - 1, 0),
    }


@contextmanager
def serving() -> Iterator[Mock]:
    """The mock behind a port of its own, with kept connections as Twilio has them."""
    mock = Mock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet per answer, else the kernel waits 40 ms for an acknowledgement

        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            call = Call(
                method=self.command,
                path=parts.path,
                query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(int(self.headers.get("Content-Length", 0))),
            )
            mock.calls.append(call)
            wrong = problems_of(call)
            mock.problems += wrong
            if wrong:
                self.answer(422, json.dumps({"problems": wrong}).encode())
            elif call.method == "GET":
                self.answer(200, json.dumps(_page(mock, call)).encode())
            else:
                self.take(call, mock.script.pop(0) if mock.script else Turn(create=True, answer=(201, b"")))

        do_POST = do_GET = do_PUT = do_DELETE = handle_any

        def take(self, call: Call, turn: Turn) -> None:
            over = mock.over
            text = _create(mock, call.form) if turn.create else None
            if turn.answer is None:
                if turn.hang:
                    over.wait(5)
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, body = turn.answer
            if text is not None and status == 201 and not body:
                body = json.dumps({**text, "from": None if text["messaging_service_sid"] else text["from"]}).encode()
            self.answer(status, body, turn.headers)

        def answer(self, status: int, body: bytes, headers: tuple[tuple[str, str], ...] = ()) -> None:
            self.send_response(status)
            for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    mock.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield mock
    finally:
        mock.over.set()
        server.shutdown()
        server.server_close()


__all__ = ["ACCOUNT", "MESSAGE", "PAGE", "SERVICE", "TOKEN", "Mock", "Turn", "answered", "lost", "refusal", "serving", "silent"]
