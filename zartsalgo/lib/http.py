"""Outbound HTTP for adapters: one pooled client, one deadline over the whole call, no redirects, no retries, a cap on the answer.

The question that decides whether a text may be sent again is "did any byte of the request leave this process?". Libraries do not
answer it, so the connection notes the moment just before its first write: before it a failure is `NotSent`, after it `Unclear`.

The deadline covers name resolution, connecting, TLS, writing and every single read, so a server that sends one byte a second cannot
hold a worker. Proxies from the environment are not used. Nothing here logs; error texts name no address, header or body.
"""

import base64
import io
import ipaddress
import os
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.connection import allowed_gai_family

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 15.0
MAX_ANSWER_BYTES = 1_000_000
# A connection that was idle for longer may have been dropped silently on the way; writing into it would end as `Unclear`.
IDLE_SECONDS = 20.0
# To one host, as many as calls may be under way at once (messaging.outbox.flights): what is not kept costs a connection a call.
KEPT_CONNECTIONS = 256


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the server answered, whatever its status; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class CallFailed(Exception):
    """There is no complete answer. `kind` is one word for programs, the text a sentence for staff."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


class NotSent(CallFailed):
    """No byte of the request left this process: trying again cannot make it happen twice."""


class Unclear(CallFailed):
    """The request, or a part of it, left; what became of it is unknown."""


@dataclass
class _Call:
    deadline: float
    connect_deadline: float
    wrote: bool = False


_CALL: ContextVar[_Call] = ContextVar("outbound_http_call")


def _left(deadline: float) -> float:
    """Seconds until a monotonic deadline; raises TimeoutError when it has passed."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("deadline passed")
    return left


def _resolve(host: str, port: int, *, seconds: float) -> list[Any]:
    """getaddrinfo within a time limit: the C call has none, so it runs in a thread that may outlive us. An address needs neither."""
    if _is_address(host):
        return socket.getaddrinfo(host, port, socket.AF_UNSPEC, socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    answer: Future[list[Any]] = Future()

    def look_up() -> None:
        try:
            answer.set_result(socket.getaddrinfo(host, port, allowed_gai_family(), socket.SOCK_STREAM))
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=look_up, name="resolve", daemon=True).start()
    return answer.result(timeout=seconds)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class _TimedReader(io.RawIOBase):
    """Reads a socket with the time that is left of the whole call, not with a fresh allowance for every read."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_left(self._deadline))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_TimedReader(sock, _CALL.get().deadline))


class _Timed:
    """Mixed into urllib3's connections: opens, writes and ages under the deadline of the current call."""

    response_class = _TimedResponse
    used_at = 0.0

    def _new_conn(self: Any) -> socket.socket:
        call = _CALL.get()
        host = self._dns_host.strip("[]")
        addresses = _resolve(host, self.port, seconds=_left(call.connect_deadline))
        failure: OSError = OSError("no address")
        for tried, (family, kind, protocol, _, address) in enumerate(addresses):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                # A dead first address (often IPv6) must leave time for the next one.
                sock.settimeout(_left(call.connect_deadline) / (len(addresses) - tried))
                sock.connect(address)
                sock.settimeout(_left(call.connect_deadline))  # for the TLS handshake
                self.used_at = time.monotonic()
                return sock
            except OSError as error:
                sock.close()
                failure = error
        raise failure

    def send(self: Any, data: Any) -> None:
        call = _CALL.get()
        if self.sock is None:
            self.connect()
        self.sock.settimeout(_left(call.deadline))
        call.wrote = True
        super().send(data)  # type: ignore[misc]
        self.used_at = time.monotonic()

    @property
    def is_connected(self: Any) -> bool:
        return bool(super().is_connected) and time.monotonic() - self.used_at < IDLE_SECONDS  # type: ignore[misc]


class _Connection(_Timed, HTTPConnection):  # type: ignore[misc]
    pass


class _SecureConnection(_Timed, HTTPSConnection):  # type: ignore[misc]
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_lock = threading.Lock()
_manager: urllib3.PoolManager | None = None


def _pools() -> urllib3.PoolManager:
    global _manager
    with _lock:
        if _manager is None:
            context = ssl.create_default_context()
            context.load_verify_locations(certifi.where())
            _manager = urllib3.PoolManager(num_pools=20, maxsize=KEPT_CONNECTIONS, ssl_context=context)
            _manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return _manager


def _forget_pools() -> None:
    """Sockets must not be shared with the parent of a fork."""
    global _manager, _lock
    _manager, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_pools)


def call(
    *,
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout_seconds: float = TOTAL_SECONDS,
    connect_seconds: float = CONNECT_SECONDS,
    max_bytes: int = MAX_ANSWER_BYTES,
) -> Reply:
    """One request, once. A 3xx, 4xx or 5xx is a Reply too. Raises `NotSent` or `Unclear`, nothing else, for whatever goes wrong."""
    if not url.startswith(("http://", "https://")):
        raise NotSent("address", "The address of the server cannot be used.")
    start = time.monotonic()
    state = _Call(deadline=start + timeout_seconds, connect_deadline=start + min(connect_seconds, timeout_seconds))
    token = _CALL.set(state)
    try:
        return _exchange(method=method, url=url, headers=dict(headers or {}), body=body, max_bytes=max_bytes)
    except CallFailed:
        raise
    except Exception as error:
        kind, sentence = _explain(error)
        raise (Unclear if state.wrote else NotSent)(kind, sentence) from None
    finally:
        _CALL.reset(token)


def basic_auth(user: str, password: str) -> dict[str, str]:
    """The Authorization header of HTTP Basic, as RFC 7617 writes it in UTF-8."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")}


def _exchange(*, method: str, url: str, headers: dict[str, str], body: bytes | None, max_bytes: int) -> Reply:
    response = _pools().urlopen(
        method, url, body=body, headers=headers, redirect=False, retries=False, preload_content=False, timeout=TOTAL_SECONDS
    )
    try:
        chunks, size = [], 0
        for chunk in response.stream(65536, decode_content=False):
            chunks.append(chunk)
            size += len(chunk)
            if size > max_bytes:
                raise Unclear("too-large", f"The answer was longer than {max_bytes} bytes.")
    except BaseException:
        response.close()
        raise
    response.release_conn()
    return Reply(status=response.status, headers={name.lower(): value for name, value in response.headers.items()}, body=b"".join(chunks))


_KINDS: tuple[tuple[type[BaseException], str, str], ...] = (
    (socket.gaierror, "dns", "The name of the server could not be resolved."),
    (ConnectionRefusedError, "refused", "The server refused the connection."),
    (ssl.SSLError, "tls", "No trusted TLS connection could be made."),
    (TimeoutError, "timeout", "The server did not answer in time."),
    (ConnectionError, "reset", "The connection was closed before the answer was complete."),
    (urllib3.exceptions.NameResolutionError, "dns", "The name of the server could not be resolved."),
    (urllib3.exceptions.SSLError, "tls", "No trusted TLS connection could be made."),
    (urllib3.exceptions.TimeoutError, "timeout", "The server did not answer in time."),
    (urllib3.exceptions.LocationValueError, "address", "The address of the server cannot be used."),
    (urllib3.exceptions.HTTPError, "garbled", "The answer broke off or was not HTTP."),
    (HTTPException, "garbled", "The answer broke off or was not HTTP."),
    (ValueError, "address", "The request could not be built."),
    (OSError, "network", "The server could not be reached."),
)


def _explain(error: BaseException) -> tuple[str, str]:
    """The innermost cause we know decides: urllib3 wraps what the socket said, and we want what the socket said."""
    chain: list[BaseException] = []
    pending: list[BaseException | None] = [error]
    while pending and len(chain) < 20:
        link = pending.pop()
        if link is None or link in chain:
            continue
        chain.append(link)
        pending += [link.__context__, link.__cause__, *(item for item in link.args if isinstance(item, BaseException))]
    for kind_of_error, kind, sentence in _KINDS:
        if any(isinstance(link, kind_of_error) for link in chain):
            return kind, sentence
    return "unexpected", f"The call failed ({type(error).__name__})."
