"""A server in Twilio's place that costs little: a process of its own that accepts every text, after `delay` seconds, and remembers when."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
import urllib.request
from multiprocessing import get_context
from typing import Any
from urllib.parse import unquote_plus

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_FIELD = re.compile(r"(?:^|&)(To|From)=([^&]*)")


class Provider:
    """Use as a context manager. `seen()` gives, for each text, the pair (from, to) and when its request arrived."""

    def __enter__(self) -> Provider:
        context = get_context("fork")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        self.url = f"http://127.0.0.1:{ours.recv()}"
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        self._process.join()

    def slow(self, *, seconds: float) -> None:
        """Answer each text after so long."""
        self._get(f"/delay/{seconds}")

    def forget(self) -> None:
        self._get("/forget")

    def count(self) -> int:
        return int(self._get("/count"))

    def seen(self) -> dict[tuple[str, str], list[float]]:
        found: dict[tuple[str, str], list[float]] = {}
        for sender, to, at in self._get("/seen"):
            found.setdefault((sender, to), []).append(at)
        return found

    def wait_for(self, count: int, *, seconds: float) -> int:
        """How many came, once there are `count` or the time is over."""
        ends = time.monotonic() + seconds
        while (came := self.count()) < count and time.monotonic() < ends:
            time.sleep(0.02)
        return came

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=30) as answer:
            return json.load(answer)


class _Texts(asyncio.Protocol):
    delay = 0.0
    taken: list[tuple[str, str, float]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._out: Any = transport
        self._in = b""

    def data_received(self, data: bytes) -> None:
        self._in += data
        while (end := self._in.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._in[:end])
            size = int(length.group(1)) if length else 0
            if len(self._in) < end + 4 + size:
                return
            head, body = self._in[:end], self._in[end + 4 : end + 4 + size]
            self._in = self._in[end + 4 + size :]
            self._answer(head.split(b" ", 2), body)

    def _answer(self, line: list[bytes], body: bytes) -> None:
        path = line[1].decode()
        if line[0] == b"POST":
            fields = {name: unquote_plus(value) for name, value in _FIELD.findall(body.decode())}
            _Texts.taken.append((fields.get("From", ""), fields.get("To", ""), time.time()))
            text = _resource(sid=f"SM{os.urandom(16).hex()}", to=fields.get("To", ""), sender=fields.get("From", ""))
            if _Texts.delay:
                asyncio.get_running_loop().call_later(_Texts.delay, self._write, 201, text)
            else:
                self._write(201, text)
            return
        if path.startswith("/delay/"):
            _Texts.delay = float(path.rpartition("/")[2])
        elif path == "/forget":
            _Texts.taken.clear()
        answers: dict[str, Any] = {"/seen": _Texts.taken, "/count": len(_Texts.taken)}
        self._write(200, answers.get(path, {"messages": [], "next_page_uri": None}))

    def _write(self, status: int, document: Any) -> None:
        body = json.dumps(document).encode()
        self._out.write(b"HTTP/1.1 %d -\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)


def _resource(*, sid: str, to: str, sender: str) -> dict[str, Any]:
    when = "Fri, 27 Nov 2026 22:00:00 +0000"
    empty = dict.fromkeys(("error_code", "error_message", "messaging_service_sid", "price"))
    return {
        "sid": sid, "status": "queued", "to": to, "from": sender, "body": "", "num_segments": "1", "num_media": "0", "direction": "outbound-api",
        "date_created": when, "date_updated": when, "date_sent": None, **empty,
    }  # fmt: skip


def _serve(pipe: Any) -> None:
    async def _run() -> None:
        server = await asyncio.get_running_loop().create_server(_Texts, "127.0.0.1", 0, backlog=4096)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(_run())
