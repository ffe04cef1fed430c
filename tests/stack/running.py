"""A running system of its own: `script/up` on a free port with a data folder of its own, driven only through its fixed interfaces."""

import base64
import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from zartsalgo.embedded.process import signal_process
from zartsalgo.embedded.servers import DATABASE, SUPERUSER
from zartsalgo.embedded.state import copy_folder
from zartsalgo.embedded.workers import KEPT

ROOT = Path(__file__).resolve().parents[2]
CALLRAIL_KEY, TWILIO_TOKEN = "callrail-signing-key-of-the-tests", "twilio-token-of-the-tests"  # noqa: S105
ACCOUNT = "AC" + "1" * 32
# What script/test set for its own servers must not reach the system under test.
OWN = ("DATABASE_URL", "DATABASE_OWNER_URL", "PORTAL_DATABASE_URL", "REDIS_URL", "ZARTS_AS_OWNER", "ZARTS_TEST", "ZARTS_DATA", "SECRET_KEY")
OWN += (
    "ZARTS_TEST_TEMPLATE",
    "ZARTS_ENCRYPTION_KEYS",
    "ZARTS_PUBLIC_URL",
    "ZARTS_ALLOW_LOOPBACK",
    "DJANGO_SETTINGS_MODULE",
    "HOME",
    "PYTHONWARNINGS",
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(look: Callable[[], Any], *, seconds: float = 30.0, what: str = "it") -> Any:
    """The first true answer of `look`; asks ten times a second. Raises TimeoutError."""
    ends = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > ends:
            raise TimeoutError(f"{what} did not come within {seconds:.0f} s")
        time.sleep(0.1)


def http(
    method: str, url: str, *, body: bytes | None = None, headers: dict[str, str] | None = None, seconds: float = 30.0
) -> tuple[int, bytes]:
    """One request; the status and the body whatever the status is."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})  # noqa: S310  loopback only
    try:
        with urllib.request.urlopen(request, timeout=seconds) as response:  # noqa: S310
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


PHONE = "+13035550150"
_MAKE = """
import json
from leads.clients import add_client
from providers.connections import connect
from workflows.registry import workflows
from zartsalgo.lib import clock
hooks = {}
for slug, url in wanted["urls"].items():
    now = clock.read()
    client = add_client(
        slug=slug, name="Acme Plumbing", timezone="America/Denver", phone=wanted["phones"].get(slug, wanted["phone"]),
        workflows=list(workflows()), now=now, send="auto",
    )
    hooks[slug] = (
        connect(client=client, provider="callrail", secret=wanted["callrail"], now=now)[1],
        connect(client=client, provider="twilio", secret=wanted["twilio"], account=wanted["account"], base_url=url, live=True, now=now)[1],
    )
print(json.dumps(hooks))
"""


class System:
    """One `script/up`. Use as a context manager; it ends only what it started."""

    # What must answer before a start counts: /readyz waits for worker and ticker too.
    ready = "/readyz"
    _said: Any = ""  # its last answer

    def __init__(self, *, demo: bool = False) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="zarts-stack-")
        self.data = Path(self._folder.name) / "data"
        os.chmod(self._folder.name, 0o755)
        if prepared := os.environ.get("ZARTS_PREPARED"):  # tables made once for the whole run; the first start goes on from there
            copy_folder(Path(prepared), self.data)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._demo = demo
        self._env = {name: value for name, value in os.environ.items() if name not in OWN}
        self._up: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "System":
        self.start()
        return self

    def start(self) -> None:
        arguments = [str(ROOT / "script" / "up"), "--port", str(self.port), "--data", str(self.data)]
        with open(Path(self._folder.name) / "up.log", "ab") as log:
            self._up = subprocess.Popen(
                arguments + ([] if self._demo else ["--no-demo"]), env=self._env, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        try:
            wait_until(self._ready, seconds=180, what=self.ready)
        except TimeoutError as error:
            raise TimeoutError(f"{error}: {self._said}; {(Path(self._folder.name) / 'up.log').read_text()[-500:]}") from None

    def _ready(self) -> bool:
        if self._up is not None and self._up.poll() is not None:
            raise RuntimeError(f"script/up ended: {(Path(self._folder.name) / 'up.log').read_text()[-2000:]}")
        try:
            status, self._said = http("GET", f"{self.url}{self.ready}", seconds=5)[:2]
            return status == 200
        except OSError as error:
            self._said = type(error).__name__
            return False

    def __exit__(self, *exc: object) -> None:
        if self._up is not None and self._up.poll() is None:
            self._up.send_signal(signal.SIGTERM)
            self._up.wait(60)
        self._folder.cleanup()

    def manage(self, *arguments: str, secret: str = "") -> Any:
        """A management command with --json; its document."""
        env = {**self._env, **({"CONNECT_SECRET": secret} if secret else {})}
        command = [str(ROOT / "script" / "manage"), "--data", str(self.data), *arguments]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{arguments}: {done.stderr[-2000:]}")
        return json.loads(done.stdout) if "--json" in arguments else done.stdout

    def service(self, verb: str, name: str) -> None:
        self.manage("services", verb, name, "--json")

    def wait_for_service(self, name: str) -> None:
        """Until the supervisor has it running again."""

        def _runs() -> bool:
            return any(s["name"] == name and s["state"] == "running" for s in self.manage("services", "--json")["services"])

        wait_until(_runs, seconds=60, what=name)

    def rows(self, statement: str, parameters: Any = None) -> list[Any]:
        """What one statement returns, as the superuser; no trigger hinders it."""
        secrets = json.loads((self.data / "secrets.json").read_text(encoding="utf-8"))
        port = json.loads((self.data / "state.json").read_text(encoding="utf-8"))["ports"]["postgres"]
        address = {"host": "127.0.0.1", "port": port, "dbname": DATABASE, "user": SUPERUSER, "password": secrets["superuser"]}
        with psycopg.connect(**address, autocommit=True, options="-c session_replication_role=replica") as connection:
            cursor = connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def api_token(self) -> str:
        return str(self.manage("api_token", "owner", "--scope", "write")).strip().splitlines()[-1]


class SecondMachine:
    """`script/up --workers` with a data folder of its own, on the servers of a running System. Use as a context manager."""

    def __init__(self, system: System) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="zarts-second-")
        self.data = Path(self._folder.name) / "data"
        given = json.loads((system.data / "environment.json").read_text(encoding="utf-8"))
        self._env = system._env | {name: given[name] for name in KEPT if name in given}
        self._up: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "SecondMachine":
        log = Path(self._folder.name) / "up.log"
        with open(log, "ab") as output:
            command = [str(ROOT / "script" / "up"), "--workers", "--data", str(self.data)]
            self._up = subprocess.Popen(command, env=self._env, stdout=output, stderr=output, stdin=subprocess.DEVNULL)

        def _works() -> bool:
            if self._up is not None and self._up.poll() is not None:
                raise RuntimeError(f"script/up --workers ended: {log.read_text()[-2000:]}")
            return "Worker and ticker work for" in log.read_text()

        try:
            wait_until(_works, seconds=60, what="the second machine")
        except (RuntimeError, TimeoutError):
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        if self._up is not None and self._up.poll() is None:
            if (self.data / "state.json").exists():
                self.stand_still(on=False)  # what stands still cannot end
            self._up.send_signal(signal.SIGTERM)
            self._up.wait(60)
        self._folder.cleanup()

    def stand_still(self, *, on: bool = True) -> None:
        """All of it at one moment; what was sent already arrives."""
        assert self._up is not None
        for pid in (self._up.pid, *pids(self.data)):
            signal_process(pid, signal.SIGSTOP if on else signal.SIGCONT)

    def die(self) -> None:
        """As a machine whose power is cut: nothing of it does one thing more. It must stand still already."""
        assert self._up is not None
        for pid in pids(self.data):
            os.killpg(pid, signal.SIGKILL)
        self._up.kill()
        self._up.wait(20)


def pids(data: Path) -> set[int]:
    """The worker and the ticker that run for a data folder."""
    children = json.loads((data / "state.json").read_text(encoding="utf-8"))["children"]
    return {int(children[name]["pid"]) for name in ("worker", "ticker") if name in children}


class Business:
    """A client with CallRail and Twilio connected, texting on its own."""

    fake: Any = None

    def __init__(self, system: System, *, slug: str, callrail: str, twilio: str) -> None:
        self.system, self.slug, self.callrail, self.twilio = system, slug, callrail, twilio

    @classmethod
    def add(cls, system: System, *, slug: str, twilio_url: str) -> "Business":
        """Made as a person makes it, by the commands."""
        who = ["--name", "Acme Plumbing", "--timezone", "America/Denver", "--phone", PHONE]
        system.manage("client", "add", slug, *who, "--send", "auto", "--json")
        callrail = system.manage("connect", "callrail", "--client", slug, "--json", secret=CALLRAIL_KEY)["hook_url"]
        connect = ["connect", "twilio", "--client", slug, "--account", ACCOUNT, "--base-url", twilio_url, "--live", "--json"]
        return cls(system, slug=slug, callrail=callrail, twilio=system.manage(*connect, secret=TWILIO_TOKEN)["hook_url"])

    @classmethod
    def make(cls, system: System, twilio_urls: dict[str, str], *, phones: dict[str, str] | None = None) -> list["Business"]:
        """Many at once, by the same functions the commands call. `phones` are their own numbers, by slug; else they share one."""
        wanted = {
            "urls": twilio_urls,
            "phones": phones or {},
            "phone": PHONE,
            "account": ACCOUNT,
            "callrail": CALLRAIL_KEY,
            "twilio": TWILIO_TOKEN,
        }
        hooks = json.loads(system.manage("shell", "-v0", "-c", f"wanted = {wanted!r}\n{_MAKE}").strip().splitlines()[-1])
        return [cls(system, slug=slug, callrail=made[0], twilio=made[1]) for slug, made in hooks.items()]

    def call(self, *, caller: str, id: str, **changes: Any) -> tuple[bytes, dict[str, str]]:
        """The body and headers of a signed CallRail post-call of an unanswered call that ended now."""
        fields = {
            "id": 1,
            "resource_id": f"CAL{id}",
            "answered": False,
            "call_type": "missed",
            "direction": "inbound",
            "duration": "13",
            "voicemail": False,
            "customer_phone_number": caller,
            "tracking_phone_number": "+13035550150",
            "source_name": "Google Ads",
            "start_time": datetime.now(UTC).isoformat(),
        }
        body = json.dumps({**fields, **changes}).encode()
        return body, self.sign(body)

    @staticmethod
    def sign(body: bytes) -> dict[str, str]:
        """The headers with which CallRail sends these bytes."""
        signature = base64.b64encode(hmac.new(CALLRAIL_KEY.encode(), body, hashlib.sha1).digest()).decode()
        return {"Content-Type": "application/json", "Signature": signature}

    def miss_call(self, *, caller: str, id: str, **changes: Any) -> int:
        """Post it; the status."""
        body, headers = self.call(caller=caller, id=id, **changes)
        return http("POST", self.callrail, body=body, headers=headers)[0]

    def text(self, *, sender: str, text: str, sid: str) -> tuple[str, bytes, dict[str, str]]:
        """The address, body and headers of an inbound text as Twilio signs it."""
        from urllib.parse import urlencode

        from twilio.request_validator import RequestValidator

        fields = {
            "MessageSid": sid,
            "SmsSid": sid,
            "From": sender,
            "To": "+13035550150",
            "Body": text,
            "NumMedia": "0",
            "SmsStatus": "received",
        }
        signature = RequestValidator(TWILIO_TOKEN).compute_signature(self.twilio, fields)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
        return self.twilio, urlencode(fields).encode(), headers

    def text_in(self, *, sender: str, text: str, sid: str) -> int:
        """Post it; the status."""
        url, body, headers = self.text(sender=sender, text=text, sid=sid)
        return http("POST", url, body=body, headers=headers)[0]
