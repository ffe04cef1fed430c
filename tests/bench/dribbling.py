"""What senders that dribble, a byte a second, cost those who send a whole webhook at once."""

from __future__ import annotations

import asyncio
import contextlib
from multiprocessing import get_context
from typing import Any
from urllib.parse import urlsplit

from tests.bench.calls import Calls, percentile

DRIBBLERS, SECONDS, RATE = 400, 15, 20


def dribble(calls: Calls) -> dict[str, Any]:
    """Calls at a steady rate, alone and beside many connections of which half never end their headers and half never end their body."""
    quiet = calls.run(SECONDS * RATE, rate=RATE, patience=30)
    context = get_context("fork")
    ready = context.Event()
    beside = context.Process(target=_dribble, args=(calls.businesses[0].callrail, ready), daemon=True)
    beside.start()
    try:
        if not ready.wait(30):
            raise RuntimeError("the connections that dribble were not opened")
        seen = calls.run(SECONDS * RATE, rate=RATE, patience=30)
    finally:
        beside.terminate()
        beside.join()
    return {
        "connections": DRIBBLERS,
        "calls": SECONDS * RATE,
        "stored": {"alone": quiet.stored, "beside": seen.stored},
        "answer_ms": {
            name: {"p50": percentile(times, 0.5), "p99": percentile(times, 0.99)}
            for name, times in (
                ("alone", [answer.milliseconds for answer in quiet.answers.values()]),
                ("beside", [answer.milliseconds for answer in seen.answers.values()]),
            )
        },
    }


def _dribble(url: str, ready: Any) -> None:
    asyncio.run(_all(url, ready))


async def _all(url: str, ready: Any) -> None:
    opened = asyncio.Semaphore(0)
    senders = [asyncio.create_task(_one(url, number, opened)) for number in range(DRIBBLERS)]
    for _ in senders:
        await opened.acquire()
    ready.set()
    await asyncio.gather(*senders)


async def _one(url: str, number: int, opened: asyncio.Semaphore) -> None:
    """A sender of an address of its own; where it is cut off it comes again, as a broken or an unkind one would."""
    parts = urlsplit(url)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\nContent-Length: 2000\r\n"
    whole = number % 2 == 0
    address = f"127.0.{number // 250}.{number % 250 + 2}"
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port, local_addr=(address, 0))
            opened.release()
            try:
                writer.write((head + ("Signature: x\r\n\r\n" if whole else "X-Slow: ")).encode())
                while not reader.at_eof():
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(1)
            finally:
                writer.close()
        await asyncio.sleep(0.2)
