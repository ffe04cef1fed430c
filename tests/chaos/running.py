"""The system under faults, and the hands on it: its services, processes of the harness's own beside them, wires, and its rows.

`script/up` runs Postgres, the broker, web and beat; its worker and ticker are stopped and ours run instead (tests.chaos.crew), so that
time can be pressed together, deaths planted and guards taken out. The rows are read through Django in this process.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.chaos.provider import ChaosTwilio
from tests.stack.running import ACCOUNT, CALLRAIL_KEY, PHONE, ROOT, TWILIO_TOKEN, Business, System, free_port, http, wait_until
from zartsalgo.embedded.control import ask
from zartsalgo.embedded.state import DataFolder, read_json

# A Tuesday at noon in Denver: between 11 and 14 o'clock in all zones of the callers, no holiday, no Sunday.
NOON = "2026-12-01 12:00"
THREADS = ("--pool=threads", "-c", "6")
FORKS = ("--pool=prefork", "-c", "2")


class Child:
    """One process of ours; started again as it was by `start`."""

    def __init__(self, command: Sequence[str], *, env: dict[str, str], log: Path, stdin: bool = False) -> None:
        self.command, self.env, self.log = list(command), env, log
        self.stdin = subprocess.PIPE if stdin else subprocess.DEVNULL
        self.process: subprocess.Popen[bytes] | None = None
        self.deaths = 0

    def start(self) -> Child:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=self.env, cwd=ROOT, stdin=self.stdin, stdout=log, stderr=log, start_new_session=True
            )
        return self

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL to its whole group."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.deaths += 1

    def end(self) -> None:
        """Ask it to end; after ten seconds it is killed."""
        if not self.alive():
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()

    def say(self, word: str) -> None:
        assert self.process is not None and self.process.stdin is not None
        self.process.stdin.write(f"{word}\n".encode())
        self.process.stdin.flush()


class Rig:
    """Use as a context manager. `fake` is the provider of every client, `businesses` the clients of the workload."""

    def __init__(self, *, seed: int, clients: int, tell: Callable[[str], None] = lambda _: None) -> None:
        self.system = System()
        self.system.ready = "/healthz"
        self.fake = ChaosTwilio(seed=seed)
        self.tell = tell
        self.clients = clients
        self.children: dict[str, Child] = {}
        self.businesses: list[Business] = []
        self._made = 0

    def __enter__(self) -> Rig:
        self.system.start()
        self.folder = DataFolder(self.system.data)
        for name in ("worker", "ticker"):
            self.service("stop", name)
        self._open_rows()
        self.businesses = self.add_businesses(self.clients)
        return self

    def __exit__(self, *exc: object) -> None:
        for child in self.children.values():
            child.end()
        self.fake.close()
        from django.db import connections

        connections.close_all()
        self.system.__exit__()

    def _open_rows(self) -> None:
        """Django in this process, on the system's database; its own log goes nowhere."""
        self.env = {name: str(value) for name, value in read_json(self.folder.environment).items()}
        os.environ.update(self.env | {"DJANGO_SETTINGS_MODULE": "zartsalgo.settings", "ZARTS_LOG_LEVEL": "CRITICAL"})
        import django
        from django.core.management import call_command

        django.setup()
        call_command("clock", "set", NOON, "--zone", "America/Denver", stdout=io.StringIO())

    def add_businesses(self, count: int, *, account: str = ACCOUNT) -> list[Business]:
        """Clients of one scenario; those of one account share its list of texts, as those of one agency may."""
        from leads.clients import add_client
        from providers.connections import connect
        from workflows.registry import workflows
        from zartsalgo.lib import clock

        made = []
        for _ in range(count):
            self._made += 1
            slug, now = f"chaos-{self._made}", clock.read()
            client = add_client(
                slug=slug, name="Acme Plumbing", timezone="America/Denver", phone=PHONE, workflows=list(workflows()), now=now, send="auto"
            )
            twilio = {"secret": TWILIO_TOKEN, "account": account, "base_url": self.fake.url, "live": True}
            hooks = (
                connect(client=client, provider="callrail", secret=CALLRAIL_KEY, now=now)[1],
                connect(client=client, provider="twilio", now=now, **twilio)[1],  # type: ignore[arg-type]
            )
            made.append(Business(self.system, slug=slug, callrail=hooks[0], twilio=hooks[1]))
        return made

    # Services of `script/up`.

    def service(self, verb: str, name: str, *, wait: bool = True) -> None:
        """stop, start or kill; a service that was killed is started at once, not only when the supervisor's patience allows."""
        ask(self.folder, {"do": verb, "name": name})
        if verb == "kill":
            wait_until(lambda: self.state_of(name)["state"] != "running", seconds=10, what=f"the end of {name}")
            ask(self.folder, {"do": "start", "name": name})
        if wait:
            wanted = "stopped" if verb == "stop" else "running"
            wait_until(lambda: self.state_of(name)["state"] == wanted, seconds=60, what=f"{name} {wanted}")

    def state_of(self, name: str) -> dict[str, Any]:
        return next(one for one in ask(self.folder, {"do": "list"})["services"] if one["name"] == name)

    @contextlib.contextmanager
    def stopped(self, pid: int) -> Iterator[None]:
        """A process that hangs (SIGSTOP) for as long as the block takes."""
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    # Processes of ours.

    def run(self, name: str, *, role: str, wires: dict[str, Child] | None = None, pool: Sequence[str] = THREADS, **chaos: Any) -> Child:
        """Start a worker, ticker or beat of ours under that name, in place of one that has it already; `chaos` as in tests.chaos.crew."""
        if name in self.children:
            self.children[name].end()
        arguments = {
            "worker": [*pool, "-n", f"{name.replace(' ', '-')}@chaos"],
            "beat": ["-s", str(self.system.data / f"beat-{name}")],
        }.get(role, [])
        command = [sys.executable, "-P", "-m", "tests.chaos.crew", role, *arguments]
        self.children[name] = Child(command, env=self.environment(wires=wires, **chaos), log=self.log(name)).start()
        return self.children[name]

    def run_web(self, *, wires: dict[str, Child] | None = None, env: dict[str, str] | None = None, **chaos: Any) -> str:
        """A second web process of ours; its address. Signatures are over the first one's address, as behind a proxy."""
        port = free_port()
        command = [sys.executable, "-P", "-m", "granian", "--interface", "asginl", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
        command += ["--workers", "1", "--no-access-log", "--log-level", "warning", "tests.chaos.web:application"]
        if "second web" in self.children:
            self.children["second web"].end()
        made = Child(command, env=self.environment(wires=wires, **chaos) | (env or {}), log=self.log("second web"))
        self.children["second web"] = made.start()
        wait_until(lambda: _answers(f"http://127.0.0.1:{port}/healthz"), seconds=40, what="the second web process")
        return f"http://127.0.0.1:{port}"

    def wire(self, name: str) -> Child:
        """A wire to `postgres` or `broker`; say its mood with `.say`."""
        port = free_port()
        command = [sys.executable, "-P", "-m", "tests.chaos.wire", str(port), str(self.state_of(name)["port"])]
        made = Child(
            command, env={**os.environ, "PYTHONPATH": str(ROOT), "ZARTS_WIRE": str(port)}, log=self.log(f"wire-{name}"), stdin=True
        )
        self.children[f"wire {name} {port}"] = made.start()
        wait_until(lambda: _listens(port), seconds=10, what=f"the wire to {name}")
        return made

    def environment(self, *, wires: dict[str, Child] | None = None, **chaos: Any) -> dict[str, str]:
        env = {**os.environ, **self.env, "CHAOS": json.dumps(chaos), "TZ": "UTC", "PYTHONPATH": str(ROOT), "ZARTS_LOG_LEVEL": "WARNING"}
        for service, names in (("postgres", ("DATABASE_URL",)), ("broker", ("REDIS_URL",))):
            if wires and service in wires:
                for name in names:
                    parts = urlsplit(env[name])
                    env[name] = env[name].replace(f":{parts.port}/", f":{wires[service].env['ZARTS_WIRE']}/")
        return env

    def log(self, name: str) -> Path:
        return self.folder.logs / f"chaos-{name.replace(' ', '-')}.log"

    def note(self, name: str) -> Path:
        """A file that a process says something in; not there before it did."""
        path = self.system.data / f"note-{name.replace(' ', '-')}"
        path.unlink(missing_ok=True)
        return path

    # Rows.

    def owner_sql(self, *statements: str) -> None:
        """Change the schema as its owner: how an arm takes out a guard that is a constraint, and puts it back."""
        import psycopg

        with psycopg.connect(self.env["DATABASE_OWNER_URL"], autocommit=True, connect_timeout=5) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]

    def broker(self) -> Any:
        import redis

        return redis.Redis.from_url(self.env["REDIS_URL"], socket_timeout=5)


def read_rows(look: Callable[[], Any], *, tries: int = 60) -> Any:
    """What `look` gives, though the database may be away for a while; asks twice a second."""
    from django.db import DatabaseError, InterfaceError, connection

    for left in range(tries, 0, -1):
        try:
            return look()
        except (DatabaseError, InterfaceError):
            connection.close()
            if left == 1:
                raise
            time.sleep(0.5)
    return None


def _answers(url: str) -> bool:
    try:
        return http("GET", url, seconds=2)[0] == 200
    except OSError:
        return False


def _listens(port: int) -> bool:
    import socket

    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
