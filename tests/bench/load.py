"""Sending webhooks fast and to the moment: a process of its own with kept connections, so that the sender costs the machine little."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
LONGEST = 180.0  # seconds that a load may take as a whole


@dataclass(frozen=True)
class Request:
    """One POST, as the bytes that go out. `key` names it in the answers."""

    key: str
    host: str
    port: int
    raw: bytes

    @classmethod
    def post(cls, *, key: str, url: str, body: bytes, headers: dict[str, str]) -> Request:
        parts = urlsplit(url)
        lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return cls(key, parts.hostname or "", parts.port or 80, "\r\n".join(lines).encode() + b"\r\n\r\n" + body)


@dataclass(frozen=True)
class Answer:
    """When a request left and when its answer came (seconds since the epoch), and its status; 0 is none."""

    sent: float
    answered: float
    status: int

    @property
    def milliseconds(self) -> float:
        return (self.answered - self.sent) * 1000


def send(
    requests: Sequence[Request], *, rate: float | None = None, connections: int = 16, processes: int = 1, strangers: bool = False
) -> dict[str, Answer]:
    """Post them all and return what was answered, by key. `rate` a second, each at its moment; None: as fast as the connections go.
    `strangers`: each connection comes from an address of its own (127.0.0.2 and on)."""
    context = get_context("fork")
    out = context.Queue()
    begins = time.time() + 0.3
    senders = [
        context.Process(
            target=_sender,
            args=(requests[half::processes], rate and rate / processes, max(1, connections // processes), begins, strangers, out),
        )
        for half in range(processes)
    ]
    for sender in senders:
        sender.start()
    found: dict[str, Answer] = {}
    for _ in senders:
        found |= out.get(timeout=LONGEST + 10)
    for sender in senders:
        sender.join()
    return found


def _sender(requests: Sequence[Request], rate: float | None, connections: int, begins: float, strangers: bool, out: Any) -> None:
    out.put(asyncio.run(_send(requests, rate, connections, begins, strangers)))


async def _send(requests: Sequence[Request], rate: float | None, connections: int, begins: float, strangers: bool) -> dict[str, Answer]:
    waiting: asyncio.Queue[Request | None] = asyncio.Queue()
    found: dict[str, Answer] = {}
    addresses = [f"127.0.{n // 250}.{n % 250 + 2}" if strangers else "" for n in range(connections)]
    workers = [asyncio.create_task(_keep_posting(waiting, found, address)) for address in addresses]
    await asyncio.sleep(max(0.0, begins - time.time()))
    for number, request in enumerate(requests):
        if rate and (ahead := begins + number / rate - time.time()) > 0:
            await asyncio.sleep(ahead)
        waiting.put_nowait(request)
    for _ in workers:
        waiting.put_nowait(None)
    await asyncio.wait(workers, timeout=LONGEST)
    return found


async def _keep_posting(waiting: asyncio.Queue[Request | None], found: dict[str, Answer], address: str) -> None:
    stream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    while (request := await waiting.get()) is not None:
        sent, status = time.time(), 0
        try:
            if stream is None:
                stream = await asyncio.open_connection(request.host, request.port, local_addr=(address, 0) if address else None)
            status = await _post(*stream, request.raw)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            stream = None
        found[request.key] = Answer(sent, time.time(), status)
    if stream is not None:
        stream[1].close()


async def _post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, raw: bytes) -> int:
    writer.write(raw)
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    if length is not None:
        await reader.readexactly(int(length.group(1)))
    return int(head.split(b" ", 2)[1])
