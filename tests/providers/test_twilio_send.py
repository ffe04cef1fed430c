"""Sending through the SDK against servers of our own: exact bytes, exactly one request, and an honest outcome."""

import json
import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug import Request, Response

from providers.adapters import load
from providers.contract import Credentials, SendResult
from tests.providers.payloads import CALLER, TRACKING
from zartsalgo.lib import http

ADAPTER = load("twilio")
ACCOUNT = "AC00000000000000000000000000000001"
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
SID = "SM00000000000000000000000000000009"
CALLBACK = "https://hooks.example.com/hooks/twilio/t/?m=0190f0c0"


def send(base_url: str, **changes) -> SendResult:
    given = {"to": CALLER, "sender": TRACKING, "body": "Sorry we missed you – reply here.", "callback_url": CALLBACK, **changes}
    return ADAPTER.send(credentials=Credentials(account=ACCOUNT, secret="token", base_url=base_url), **given)


def created(**changes) -> str:
    return json.dumps({"sid": SID, "status": "queued", "error_code": None, "num_segments": "1", "to": CALLER, **changes})


def error(code: int, status: int) -> str:
    return json.dumps({"code": code, "message": f"The number {CALLER} ...", "more_info": "https://www.twilio.com", "status": status})


def test_one_post_with_exactly_these_fields(httpserver) -> None:
    httpserver.expect_request(MESSAGES, method="POST").respond_with_data(created(), status=201, content_type="application/json")
    assert send(httpserver.url_for("")) == SendResult(outcome="accepted", provider_id=SID, http_status=201)
    ((asked, _),) = httpserver.log
    assert parse_qs(asked.get_data(as_text=True), strict_parsing=True) == {
        "To": [CALLER],
        "From": [TRACKING],
        "Body": ["Sorry we missed you – reply here."],
        "StatusCallback": [CALLBACK],
        "ValidityPeriod": ["600"],
    }
    assert (asked.authorization.username, asked.authorization.password) == (ACCOUNT, "token")
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert asked.query_string == b""


def test_a_messaging_service_as_sender(httpserver) -> None:
    httpserver.expect_request(MESSAGES).respond_with_data(created(status="accepted"), status=201)
    service = "MG00000000000000000000000000000001"
    assert send(httpserver.url_for("/"), sender=service, callback_url="").outcome == "accepted"
    fields = parse_qs(httpserver.log[0][0].get_data(as_text=True))
    assert fields["MessagingServiceSid"] == [service]
    assert "From" not in fields
    assert "StatusCallback" not in fields


@pytest.mark.parametrize(
    ("status", "code"), [(400, 21610), (400, 21211), (401, 20003), (403, 20005), (404, 20404), (422, 21604), (429, 20429), (400, 99999)]
)
def test_documented_refusals_are_rejected(httpserver, status, code) -> None:
    httpserver.expect_request(MESSAGES).respond_with_data(error(code, status), status=status, headers={"Retry-After": "7"})
    result = send(httpserver.url_for(""))
    assert (result.outcome, result.http_status, result.error_code, result.retry_after_seconds) == ("rejected", status, str(code), 7.0)
    assert result.note
    assert "303" not in result.note, "the note must not carry the number"
    assert len(httpserver.log) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, error(20500, 500)),
        (502, "<html>"),
        (503, "{}"),
        (504, ""),
        (400, "<html>Bad gateway of a proxy</html>"),
        (403, "{}"),
        (404, '{"code": null}'),
        (429, ""),
        (408, error(1, 408)),
        (409, error(1, 409)),
        (200, ""),
        (201, "{"),
        (201, "[]"),
        (201, '{"sid": ""}'),
        (201, '{"sid": 5}'),
        (202, "[" * 10_000),
        (204, ""),
    ],
)
def test_everything_else_is_unknown_and_asked_once(httpserver, status, body) -> None:
    httpserver.expect_request(MESSAGES).respond_with_data(body, status=status)
    result = send(httpserver.url_for(""))
    assert (result.outcome, result.provider_id, result.http_status) == ("unknown", "", status)
    assert len(httpserver.log) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(httpserver, status) -> None:
    httpserver.expect_request(MESSAGES).respond_with_data("", status=status, headers={"Location": httpserver.url_for("/other")})
    httpserver.expect_request("/other").respond_with_data(created(), status=201)
    assert send(httpserver.url_for("")).outcome == "unknown"
    assert [asked.path for asked, _ in httpserver.log] == [MESSAGES]


def test_retry_after_as_a_date(httpserver) -> None:
    headers = {"Retry-After": "Mon, 04 May 2026 17:30:30 GMT", "Date": "Mon, 04 May 2026 17:30:00 GMT"}
    httpserver.expect_request(MESSAGES).respond_with_data(error(20429, 429), status=429, headers=headers)
    assert send(httpserver.url_for("")).retry_after_seconds == 30.0


# A server that misbehaves below HTTP


@contextmanager
def raw_server(behave):
    """Calls `behave(connection, number)` for each connection after reading a whole request; yields its address and the list of requests."""
    requests: list[bytes] = []
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(5)
            asked = b""
            try:
                while b"ValidityPeriod=600" not in asked:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    asked += piece
                requests.append(asked)
                behave(connection, stop)
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", requests
    finally:
        stop.set()
        thread.join()
        listener.close()


def drip(connection: socket.socket, stop: threading.Event, *, head: bytes) -> None:
    connection.sendall(head)
    while not stop.wait(0.05):
        connection.sendall(b"1")


HEADS = {
    "silent": None,
    "status line": b"HTTP/1.1 20",
    "headers": b"HTTP/1.1 201 Created\r\nX-Slow: ",
    "body": b"HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n",
    "chunk size": b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n",
    "until close": b"HTTP/1.1 201 Created\r\n\r\n",
}


@pytest.mark.parametrize("where", HEADS)
def test_a_server_that_dribbles_or_says_nothing_ends_at_the_deadline(where) -> None:
    def behave(connection, stop) -> None:
        head = HEADS[where]
        if head is None:
            stop.wait(30)
        else:
            drip(connection, stop, head=head)

    with raw_server(behave) as (url, requests):
        started = time.monotonic()
        result = send(url, timeout_seconds=1)
        took = time.monotonic() - started
    assert (result.outcome, result.error_code) == ("unknown", "timeout")
    assert 0.9 < took < 10
    assert len(requests) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", "reset"),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{", "garbled"),
        (b"\x00\x01\x02\r\n\r\n", "garbled"),
        (b"HTTP/1.1 201 Created\r\n" + b"X: y\r\n" * 500, "garbled"),
        (b"HTTP/1.1 201 Created\r\n\r\n" + b" " * 2_000_000, "too-large"),
    ],
)
def test_a_broken_answer_is_unknown(answer, kind) -> None:
    with raw_server(lambda connection, stop: connection.sendall(answer)) as (url, requests):
        result = send(url)
    assert (result.outcome, result.error_code) == ("unknown", kind)
    assert len(requests) == 1


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def not_tls():
    """A listener that answers a TLS greeting with plain text."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        except OSError:
            return

    threading.Thread(target=serve, daemon=True).start()
    return listener


def test_what_never_left_is_rejected() -> None:
    with not_tls() as listener:
        addresses = {
            f"http://127.0.0.1:{closed_port()}": "not sent: The server refused the connection.",
            "http://no-such-host.invalid": "not sent: The name of the server could not be resolved.",
            f"https://127.0.0.1:{listener.getsockname()[1]}": "not sent: No trusted TLS connection could be made.",
        }
        for address, note in addresses.items():
            assert send(address, timeout_seconds=5) == SendResult(outcome="rejected", error_code="unreachable", note=note)


@pytest.mark.parametrize(("account", "secret"), [("", "token"), (ACCOUNT, ""), ("../AC1", "token")])
def test_credentials_that_cannot_be(httpserver, account, secret, monkeypatch) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC-of-the-environment")
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "token-of-the-environment")
    credentials = Credentials(account=account, secret=secret, base_url=httpserver.url_for(""))
    result = ADAPTER.send(credentials=credentials, to=CALLER, sender=TRACKING, body="x", callback_url="")
    assert (result.outcome, result.error_code) == ("rejected", "config")
    assert httpserver.log == []


def test_text_that_cannot_be_written_is_rejected(httpserver) -> None:
    result = send(httpserver.url_for(""), body="\ud800")
    assert (result.outcome, result.error_code, httpserver.log) == ("rejected", "config", [])


def test_without_a_base_url_it_is_twilios_own_host(monkeypatch) -> None:
    asked: list[str] = []
    monkeypatch.setenv("TWILIO_EDGE", "sydney")

    def call(**kwargs):
        asked.append(kwargs["url"])
        return http.Reply(status=201, headers={}, body=created().encode())

    monkeypatch.setattr(http, "call", call)
    assert send("").outcome == "accepted"
    assert asked == ["https://api.twilio.com" + MESSAGES]


def test_one_connection_serves_many_texts() -> None:
    with raw_keepalive() as (url, ports):
        assert [send(url).outcome for _ in range(5)] == ["accepted"] * 5
    assert len(set(ports)) == 1


@contextmanager
def raw_keepalive():
    """A server that keeps its connections, which the other one does not; notes the port of each request's sender."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    ports: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet per answer, else the kernel waits 40 ms for an acknowledgement

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            ports.append(self.client_address[1])
            body = created().encode()
            self.send_response(201)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", ports
    finally:
        server.shutdown()
        server.server_close()


def test_nothing_personal_or_secret_is_logged(httpserver, caplog) -> None:
    caplog.set_level("DEBUG")
    httpserver.expect_request(MESSAGES).respond_with_data(error(21211, 400), status=400)
    send(httpserver.url_for(""))
    send(f"http://127.0.0.1:{closed_port()}")
    ours = " ".join(record.getMessage() for record in caplog.records if record.name != "werkzeug")
    for secret in ("5550123", "5550100", "token", "missed you"):
        assert secret not in ours


# Looking for what was sent


def listing(httpserver, messages, **more) -> None:
    def handler(asked: Request) -> Response:
        return Response(json.dumps({"messages": messages, "next_page_uri": None, **more}), content_type="application/json")

    httpserver.expect_request(MESSAGES, method="GET").respond_with_handler(handler)


def message(number: int, **changes) -> dict:
    base = {"sid": f"SM{number}", "body": "Hello", "status": "sent", "direction": "outbound-api", "to": CALLER, "from": TRACKING}
    return {**base, "date_created": "Mon, 04 May 2026 17:30:00 +0000", "messaging_service_sid": None, **changes}


def find(httpserver, sender=TRACKING):
    credentials = Credentials(account=ACCOUNT, secret="token", base_url=httpserver.url_for(""))
    return ADAPTER.find_sent(credentials=credentials, to=CALLER, sender=sender, since=datetime(2026, 5, 4, 23, 59, tzinfo=UTC))


def test_find_sent(httpserver) -> None:
    listing(httpserver, [message(1), message(2, direction="inbound"), message(3, body=None, status="queued")])
    at = datetime(2026, 5, 4, 17, 30, tzinfo=UTC)
    assert find(httpserver) == [
        {"provider_id": "SM1", "body": "Hello", "created_at": at, "status": "sent"},
        {"provider_id": "SM3", "body": "", "created_at": at, "status": "queued"},
    ]
    query = parse_qs(urlsplit(httpserver.log[0][0].url).query)
    assert query == {"To": [CALLER], "From": [TRACKING], "DateSent>": ["2026-05-04"], "PageSize": ["100"]}
    assert httpserver.log[0][0].query_string.decode().count("DateSent%3E=2026-05-04") == 1


def test_find_sent_of_a_messaging_service(httpserver) -> None:
    listing(httpserver, [message(1), message(2, messaging_service_sid="MG1"), message(3, messaging_service_sid="MG2")])
    assert [item["provider_id"] for item in find(httpserver, sender="MG1")] == ["SM2"]
    assert "From" not in parse_qs(urlsplit(httpserver.log[0][0].url).query)


def test_find_sent_follows_pages_on_the_same_host(httpserver) -> None:
    def handler(asked: Request) -> Response:
        first = "Page" not in asked.args
        page = {"messages": [message(1 if first else 2)], "next_page_uri": f"{MESSAGES}?Page=1&PageToken=x" if first else None}
        return Response(json.dumps(page), content_type="application/json")

    httpserver.expect_request(MESSAGES).respond_with_handler(handler)
    assert [item["provider_id"] for item in find(httpserver)] == ["SM1", "SM2"]


@pytest.mark.parametrize(("status", "body"), [(500, ""), (401, error(20003, 401)), (200, "<html>"), (200, "{}"), (200, "[]"), (302, "")])
def test_a_search_that_failed_is_not_an_empty_one(httpserver, status, body) -> None:
    httpserver.expect_request(MESSAGES).respond_with_data(body, status=status)
    with pytest.raises(http.CallFailed):
        find(httpserver)


def test_error_codes_are_explained_in_sentences() -> None:
    assert load("twilio").explain_error(code="30006").endswith(".")
    assert load("twilio").explain_error(code="99999") == ""
