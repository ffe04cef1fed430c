"""The web entry: a request is taken in whole before a thread is spent on it.

Handed to the server as a plain WSGI application, eight senders that dribble one byte a second hold all eight threads and nobody else is
served (measured: no answer within 5 s). Here the event loop reads the body, up to a limit and a deadline, and a thread sees only complete
requests. Everything behind stays ordinary synchronous Django.
"""

from __future__ import annotations

import asyncio
import io
import os
import sys
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote_to_bytes

from zartsalgo.wsgi import application as wsgi_application

BODY_LIMIT = 2 * 1024 * 1024  # bytes; views have limits of their own below this (hooks: 1 MB)
BODY_SECONDS = 15.0  # from the end of the headers to the last byte of the body
THREADS = int(os.environ.get("ZARTS_WEB_THREADS", "4"))  # per process; each keeps one database connection

Message = dict[str, Any]
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


class Refused(Exception):
    """The request is answered here, before any thread saw it."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Gone(Exception):
    """The client left before it had sent everything."""


class WholeRequests:
    """An ASGI application around a WSGI one."""

    def __init__(self, wsgi: Callable[..., Iterable[bytes]], *, threads: int, seconds: float = BODY_SECONDS) -> None:
        self._wsgi = wsgi
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="web")

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]) -> None:
        if scope["type"] != "http":
            return
        try:
            async with asyncio.timeout(self._seconds):
                body = await _read(scope, receive)
        except TimeoutError:
            answer = _refusal(408, f"The body did not arrive within {self._seconds:.0f} seconds.")
        except Refused as refused:
            answer = _refusal(refused.status, str(refused))
        except Gone:  # or its chunks made no sense; then it is still there and is told so
            answer = _refusal(400, "The body broke off.")
        else:
            answer = await asyncio.get_running_loop().run_in_executor(self._pool, self._answer, scope, body)
        status, headers, content = answer
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, scope: Message, body: bytes) -> Answer:
        """In a thread: call the application and take its whole answer; closing it lets Django give back what the request held."""
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            started[:] = [
                int(status.split(" ", 1)[0]),
                [(name.encode("latin-1").lower(), value.encode("latin-1")) for name, value in headers],
            ]

        result = self._wsgi(environ_of(scope, body), start_response)
        try:
            content = b"".join(result)
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()
        return started[0], started[1], content


async def _read(scope: Message, receive: Callable[[], Awaitable[Message]]) -> bytes:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > BODY_LIMIT:
            raise Refused(413, "The body is too large.")
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        part = message.get("body", b"")
        size += len(part)
        if size > BODY_LIMIT:
            raise Refused(413, "The body is too large.")
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def environ_of(scope: Message, body: bytes) -> dict[str, Any]:
    """The WSGI environment (PEP 3333) of a whole request. Header names with an underscore are dropped: they would pass for a dash."""
    server = scope.get("server") or ("127.0.0.1", 0)
    client = scope.get("client") or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope.get("raw_path") or scope["path"].encode()).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": str(client[0]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        if b"_" in raw_name:
            continue
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        value = raw_value.decode("latin-1")
        key = name if name == "CONTENT_TYPE" else f"HTTP_{name}"
        if key in environ:
            value = environ[key] + ("; " if name == "COOKIE" else ",") + value
        environ[key] = value
    environ.pop("HTTP_CONTENT_LENGTH", None)
    environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def _refusal(status: int, sentence: str) -> Answer:
    content = f"{sentence}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(content)).encode()), (b"connection", b"close")]
    return status, headers, content


application = WholeRequests(wsgi_application, threads=THREADS)
