"""Twilio's place under faults. What it accepted stands in `accepted`, whatever it answered: the only true record of who got a text.

Kinds of trouble with one call, drawn by the seed, with their share among faulty calls:
lost   accepted, the connection closed without an answer                      45 %
late   accepted only after the caller has given up                            25 %
busy   429 with a code: nothing created, and it says so                       27 %
never  taken and dropped: nothing created, and nobody says so                  3 %
"""

import contextlib
import random
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from tests.stack.fake_twilio import Accepted, FakeTwilio
from tests.stack.running import TWILIO_TOKEN, http

KINDS = {"lost": 45, "late": 25, "busy": 27, "never": 3}
LATE_SECONDS = 5.0  # longer than a caller of the harness waits (crew: CALL_SECONDS)


class ChaosTwilio(FakeTwilio):
    """`trouble` is the share of calls that go wrong; `reports` the share of texts whose status comes back. `forced` rules over both."""

    def __init__(self, *, seed: int) -> None:
        super().__init__()
        self.trouble, self.reports = 0.0, 1.0
        self.forced: str | None = None
        self.faulty: dict[str, str] = {}  # message id -> the kind of the first trouble with it
        self.forged = 0
        self._random = random.Random(seed)
        self._callbacks = ThreadPoolExecutor(4, thread_name_prefix="callbacks")
        self._port = self._server.server_port
        self._handler = self._server.RequestHandlerClass

    def take(self, handler: Any, at: float, fields: dict[str, str]) -> None:
        kind = self._draw(fields)
        if kind in ("busy", "never"):
            with self._changed:
                self.calls += 1
            if kind == "busy":
                handler.answer(429, {"code": 20429, "message": "Too Many Requests", "more_info": "", "status": 429})
            else:
                _hang_up(handler)
            return
        if kind == "late":
            time.sleep(LATE_SECONDS + self._random.random())
        with self._changed:
            self.calls += 1
            accepted = Accepted(time.time(), handler.path, fields, f"SM{len(self.accepted):032x}")
            self.accepted.append(accepted)
            self._changed.notify_all()
        if self._random.random() < self.reports:
            self._callbacks.submit(self._report, accepted)
        if kind in ("lost", "late"):
            _hang_up(handler)
            return
        handler.answer(201, self.as_resource(accepted))

    def _draw(self, fields: dict[str, str]) -> str:
        kind = self.forced
        if kind is None:
            kind = self._random.choices(list(KINDS), list(KINDS.values()))[0] if self._random.random() < self.trouble else ""
        if kind:
            self.faulty.setdefault(message_id(fields), kind)
        return kind

    def _report(self, accepted: Accepted) -> None:
        """Its states, as the network brings them: at once, doubled, in any order; now and then somebody forges one."""
        states = ["queued", "sent", "delivered"]
        if self._random.random() < 0.3:
            self._random.shuffle(states)
        if self._random.random() < 0.2:
            states += states[:1]
        for state in states:
            if self._random.random() < 0.03:
                self.forged += 1
                self.report(accepted, status="failed", forged=True)
            self.report(accepted, status=state)

    def report(self, accepted: Accepted, *, status: str, forged: bool = False, url: str = "") -> int:
        """Post one status callback; its answer, 0 where nobody answered. Twilio does not repeat these. `url` is another door to the same."""
        address = accepted.fields["StatusCallback"]
        fields = {"MessageSid": accepted.sid, "SmsSid": accepted.sid, "MessageStatus": status, "AccountSid": "AC" + "1" * 32}
        fields |= {"To": accepted.fields["To"], "From": accepted.fields["From"]}
        signature = RequestValidator("forged" if forged else TWILIO_TOKEN).compute_signature(address, fields)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
        with contextlib.suppress(OSError):
            return http("POST", url or address, body=urlencode(fields).encode(), headers=headers, seconds=10)[0]
        return 0

    def stop(self) -> None:
        """Refuse connections, as a provider that is down."""
        self._server.shutdown()
        self._server.server_close()

    def start(self) -> None:
        """Listen again at the same address."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def heal(self) -> None:
        self.trouble, self.reports, self.forced = 0.0, 1.0, None

    def sent_to(self, number: str, *, client: str = "") -> list[Accepted]:
        """What was accepted for a number (E.164), of one client (its hook address) where named."""
        return [a for a in tuple(self.accepted) if a.fields["To"] == number and a.fields["StatusCallback"].startswith(client)]

    def close(self) -> None:
        self._callbacks.shutdown(wait=False, cancel_futures=True)
        super().close()


def message_id(fields: dict[str, str]) -> str:
    """Our own id of the text, from the address that its status goes to."""
    return fields.get("StatusCallback", "").partition("?m=")[2]


def _hang_up(handler: Any) -> None:
    handler.close_connection = True
    with contextlib.suppress(OSError):
        handler.connection.close()


def shares(kinds: Iterable[str]) -> dict[str, int]:
    """How often each kind of trouble was."""
    counted: dict[str, int] = {}
    for kind in kinds:
        counted[kind] = counted.get(kind, 0) + 1
    return counted
