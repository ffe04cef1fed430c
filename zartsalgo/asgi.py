"""The web entry: a request is taken in whole before a thread is spent on it.

Handed to the server as a plain WSGI application, eight senders that dribble one byte a second hold all eight threads and nobody else is
served (measured: no answer within 5 s). Here the event loop reads the body, up to a limit and a deadline, and a thread sees only complete
requests; posts to hooks are taken in without any (providers.hook_app). A hook's body is read beyond 64 kB only once the hook is known, and zartsalgo.crowd says how much is held at a time. Everything
behind stays ordinary synchronous Django.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote_to_bytes

from zartsalgo.wsgi import application as wsgi_application  # first: it brings Django up

# isort: split

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from providers.connections import digest
from providers.deliveries import find_hook
from providers.hook_app import HookApp
from zartsalgo import house
from zartsalgo.crowd import Body, Crowd, Crowded
from zartsalgo.lib import heartbeat, presence, progress
from zartsalgo.lib.client_address import address_of

HOOKS = "/hooks/"
BODY_LIMIT = 2 * 1024 * 1024  # bytes; views may have limits of their own below this
UNKNOWN_LIMIT, HOOK_LIMIT = 64 * 1024, 1024 * 1024  # of a hook's body before it was looked for, and once it is known
# The rest of a body that is too long is read and thrown away, up to here: who is cut off in the middle of sending never sees the answer.
LINGER_BYTES, LINGER_SECONDS = 2 * 1024 * 1024, 2.0
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
    """An ASGI application around a WSGI one. `knows_hook`: whether a path is the address of a hook; asked in a thread."""

    def __init__(
        self,
        wsgi: Callable[..., Iterable[bytes]],
        *,
        threads: int,
        knows_hook: Callable[[str], bool],
        hooks: HookApp | None = None,
        seconds: float = BODY_SECONDS,
    ) -> None:
        self._wsgi = wsgi
        self._hooks = hooks
        self._knows_hook = knows_hook
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="web")
        self._crowd = Crowd()

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]) -> None:
        if scope["type"] != "http":
            return
        loop = asyncio.get_running_loop()
        progress.follow(loop)
        address = _address(scope)
        deadline = asyncio.timeout(self._seconds)
        body = self._crowd.enter(address=address, cut=lambda: deadline.reschedule(loop.time()))
        try:
            try:
                async with deadline:
                    content = await self._read(scope, receive, body)
                    self._crowd.finish(body=body)
            except Refused as refused:
                answer = _refusal(scope, refused.status, str(refused))
            except (TimeoutError, Crowded) as error:
                if body.was_cut or isinstance(error, Crowded):
                    answer = _refusal(scope, 503, "Too much comes in at once. Nothing was done; send it again in a few seconds.")
                else:
                    answer = _refusal(scope, 408, f"The body did not arrive within {self._seconds:.0f} seconds.")
            except Gone:  # or its chunks made no sense; then it is still there and is told so
                answer = _refusal(scope, 400, "The body broke off.")
            else:
                answer = await self._take_in(scope, address, content)
            status, headers, page = answer
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": page})
        finally:
            self._crowd.leave(address=address, body=body)

    async def _read(self, scope: Message, receive: Callable[[], Awaitable[Message]], body: Body) -> bytes:
        path = _path(scope)
        limit = UNKNOWN_LIMIT if path.startswith(HOOKS) else BODY_LIMIT
        announced = max((int(value) for name, value in scope["headers"] if name == b"content-length" and value.isdigit()), default=0)
        parts: list[bytes] = []
        more, size = True, 0
        while True:
            if max(size, announced) > limit == UNKNOWN_LIMIT:
                if not await asyncio.get_running_loop().run_in_executor(self._pool, self._knows_hook, path):
                    await _let_finish(receive, more=more, left=announced - size)
                    raise Refused(404, "No such hook.")
                limit = HOOK_LIMIT
            if max(size, announced) > limit:
                await _let_finish(receive, more=more, left=announced - size)
                raise Refused(413, "The body is too large.")
            if not more:
                return b"".join(parts)
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            part, more = message.get("body", b""), message.get("more_body", False)
            size += len(part)
            self._crowd.grow(body=body, by=len(part))
            parts.append(part)

    async def _take_in(self, scope: Message, address: str, body: bytes) -> Answer:
        environ = environ_of(scope, body)
        if self._hooks is not None and environ["PATH_INFO"].startswith(HOOKS):
            answer = await self._hooks.answer(environ=environ, address=address, body=body)
            if answer is not None:
                return answer
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._answer, environ)

    def _answer(self, environ: dict[str, Any]) -> Answer:
        """In a thread: call the application and take its whole answer; closing it lets Django give back what the request held."""
        with progress.working():
            return self._call(environ)

    def _call(self, environ: dict[str, Any]) -> Answer:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            started[:] = [
                int(status.split(" ", 1)[0]),
                [(name.encode("latin-1").lower(), value.encode("latin-1")) for name, value in headers],
            ]

        result = self._wsgi(environ, start_response)
        try:
            content = b"".join(result)
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()
        return started[0], started[1], content


async def _let_finish(receive: Callable[[], Awaitable[Message]], *, more: bool, left: int) -> None:
    """Until the sender is done or has sent enough; `left` bytes were announced beyond what came."""
    size = 0
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while more and max(size, left) <= LINGER_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                more = message.get("more_body", False)
    except TimeoutError:
        return


def _path(scope: Message) -> str:
    return unquote_to_bytes(scope.get("raw_path") or scope["path"].encode()).decode("latin-1")


def _address(scope: Message) -> str:
    forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").decode("latin-1")
    return address_of(peer=str((scope.get("client") or ("",))[0]), forwarded=forwarded)


def environ_of(scope: Message, body: bytes) -> dict[str, Any]:
    """The WSGI environment (PEP 3333) of a whole request. Header names with an underscore are dropped: they would pass for a dash."""
    server = scope.get("server") or ("127.0.0.1", 0)
    client = scope.get("client") or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": _path(scope),
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


def _refusal(scope: Message, status: int, sentence: str) -> Answer:
    """Programs get an object, people a line; the connection ends, for what is left of the body is not read."""
    for_programs = _path(scope).startswith((HOOKS, "/api/"))
    content = json.dumps({"error": sentence}).encode() if for_programs else f"{sentence}\n".encode()
    headers = [
        (b"content-type", b"application/json" if for_programs else b"text/plain; charset=utf-8"),
        (b"content-length", str(len(content)).encode()),
        (b"connection", b"close"),
    ]
    return status, headers + ([(b"retry-after", b"5")] if status == 503 else []), content


def knows_hook(path: str) -> bool:
    """Whether the path is the address of a hook; in a thread, outside a request of Django's."""
    parts = path.split("/")  # "", "hooks", provider, token, ""
    if len(parts) != 5:
        return False
    close_old_connections()
    try:
        hook = find_hook(provider=parts[2], token_digest=digest(token=parts[3]))
    except (DatabaseError, InterfaceError, ValueError):
        connection.close()
        raise Refused(503, "Could not be stored just now. Send it again.") from None
    return hook is not None and not hook.disabled


application = WholeRequests(wsgi_application, threads=THREADS, knows_hook=knows_hook, hooks=HookApp())
if os.environ.get("ZARTS_TEST") != "1":  # the tests import this and serve nobody
    progress.start(name="web")
    presence.start(name="web", house=house.describe, beside=lambda: heartbeat.beat_quietly(name="web"))
