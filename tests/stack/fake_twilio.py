"""A local server in Twilio's place: takes messages as its API documents, remembers what it really accepted, and can misbehave."""

import json
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit


@dataclass(frozen=True)
class Accepted:
    """One message the provider really created."""

    at: float
    path: str
    fields: dict[str, str]
    sid: str


class _Server(ThreadingHTTPServer):
    request_queue_size = 512  # a crowd that calls at once is taken, not reset: a reset is an answer that nobody knows
    daemon_threads = True


class FakeTwilio:
    """`accepted` is the ground truth. `mood`: ok, drop (accept, then close without an answer), hold (accept, and
    answer once it is `released`), 500 (create nothing), 400."""

    def __init__(self) -> None:
        self.accepted: list[Accepted] = []
        self.calls = 0
        self.mood = "ok"
        self.released = threading.Event()
        self._changed = threading.Condition()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *args: Any) -> None:
                """Silence."""

            def do_POST(self) -> None:
                at = time.time()
                length = int(self.headers["Content-Length"])
                fake.take(self, at, dict(parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True)))

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                self.answer(200, fake.page_of(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}))

            def answer(self, status: int, document: dict[str, Any]) -> None:
                body = json.dumps(document).encode()
                head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                self.wfile.write(head + body)

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, handler: Any, at: float, fields: dict[str, str]) -> None:
        with self._changed:
            self.calls += 1
            if self.mood == "500":
                handler.answer(500, {"message": "broken"})
                return
            if self.mood == "400":
                handler.answer(400, {"code": 21211, "message": "Invalid 'To' Phone Number", "more_info": "", "status": 400})
                return
            accepted = Accepted(at, handler.path, fields, f"SM{len(self.accepted):032x}")
            self.accepted.append(accepted)
            self._changed.notify_all()
        if self.mood == "hold":
            self.released.wait(20)
        if self.mood == "drop":
            handler.close_connection = True
            handler.connection.close()
            return
        handler.answer(201, self.as_resource(accepted))

    def page_of(self, path: str, asked: dict[str, str]) -> dict[str, Any]:
        """One page of what the account accepted, the newest first, as Twilio's API lists it."""
        found = [a for a in tuple(self.accepted) if a.path.split("?")[0] == path]
        found = [a for a in found if asked.get("To") in (None, a.fields["To"]) and asked.get("From") in (None, a.fields["From"])]
        size, page = min(int(asked.get("PageSize", 50)), 1000), int(asked.get("Page", 0))
        shown = found[::-1][page * size : (page + 1) * size]
        more = f"{path}?{urlencode(asked | {'PageSize': size, 'Page': page + 1})}" if len(found) > (page + 1) * size else None
        return {"messages": [self.as_resource(a) for a in shown], "next_page_uri": more, "page": page, "page_size": size}

    def as_resource(self, accepted: Accepted) -> dict[str, Any]:
        """A message as Twilio's API shows it."""
        when = format_datetime(datetime.fromtimestamp(accepted.at, UTC))
        return {
            "sid": accepted.sid,
            "status": "queued",
            "to": accepted.fields["To"],
            "from": accepted.fields["From"],
            "body": accepted.fields["Body"],
            "num_segments": "1",
            "num_media": "0",
            "error_code": None,
            "error_message": None,
            "direction": "outbound-api",
            "date_created": when,
            "date_updated": when,
            "date_sent": when,
        }

    def wait_for(self, *, count: int, seconds: float = 20.0) -> list[Accepted]:
        """The accepted messages once there are at least `count`, or what there is after `seconds`."""
        ends = time.monotonic() + seconds
        with self._changed:
            while len(self.accepted) < count and (left := ends - time.monotonic()) > 0:
                self._changed.wait(left)
            return list(self.accepted)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
