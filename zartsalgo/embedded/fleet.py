"""The six processes of an embedded start: what each is started with, and how one sees that it is ready."""

from __future__ import annotations

import http.client
import os
import signal
import sys
from collections.abc import Collection

from zartsalgo.embedded.binaries import find_postgres, find_valkey
from zartsalgo.embedded.environment import own_variables
from zartsalgo.embedded.servers import Broker, Postgres
from zartsalgo.embedded.service import Service
from zartsalgo.embedded.state import ROOT, free_port
from zartsalgo.embedded.supervisor import APPS, Supervisor, say
from zartsalgo.embedded.watch import Watch


def add_postgres(supervisor: Supervisor, secrets: dict[str, str]) -> Postgres:
    folder, ports = supervisor.folder, supervisor.state.ports
    programs = find_postgres(copy_to=folder.programs)
    ports["postgres"] = free_port(ports.get("postgres"))
    server = Postgres(programs, folder.postgres, ports["postgres"], secrets)
    if not folder.postgres.exists():
        say("Making the database ...")
    supervisor.add(
        Service(
            name="postgres",
            command=server.command(),
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            cwd=folder.path,
            log=folder.logs / "postgres.log",
            port=server.port,
            uid=programs.uid,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint
            grace=30.0,
            answers=server.answers,
            before_start=lambda recent: server.prepare(),
        )
    )
    return server


def add_broker(supervisor: Supervisor, secrets: dict[str, str]) -> Broker:
    folder, ports = supervisor.folder, supervisor.state.ports
    ports["broker"] = free_port(ports.get("broker"))
    server = Broker(find_valkey(), folder.broker, ports["broker"], secrets["broker"])

    def before_start(recent: int) -> None:
        server.prepare()
        if recent >= 3 and server.set_aside():
            supervisor.note(
                "The broker does not start with the file it kept; it starts empty. Nothing is lost, the database knows what is due."
            )

    supervisor.add(
        Service(
            name="broker",
            command=server.command(),
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            cwd=folder.path,
            log=folder.logs / "broker.log",
            port=server.port,
            answers=server.answers,
            before_start=before_start,
        )
    )
    return server


def add_apps(supervisor: Supervisor, env: dict[str, str], host: str = "127.0.0.1", port: int = 0, *, names: Collection[str] = APPS) -> None:
    """The processes of the app, or those of `names`; `host` and `port` are the pages' own."""
    python = sys.executable
    manage = str(ROOT / "manage.py")
    celery = [python, "-m", "zartsalgo.lean_celery", "-A", "zartsalgo"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    commands = {
        "web": [python, "-m", "zartsalgo.serving", *_granian(host, port), "zartsalgo.asgi:application"],
        "worker": [*celery, "worker", "--pool=threads", "-c", "8", "-Q", "engine,sms,email,ai,crm,default", *quiet],
        "beat": [*celery, "beat", "-s", str(supervisor.folder.path / "beat-schedule")],
        "ticker": [python, manage, "ticker"],
    }
    alive = supervisor.folder.alive
    alive.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Threads that come and go leave a heap of their own each; two are enough, and 40 MB less (measured after a burst).
    env = {"MALLOC_ARENA_MAX": "2"} | env | {"ZARTS_ALIVE": str(alive)}
    for name, command in ((name, command) for name, command in commands.items() if name in names):
        supervisor.add(
            Service(
                name=name,
                command=command,
                env=own_variables(name, env),
                cwd=ROOT,
                log=supervisor.folder.logs / f"{name}.log",
                port=port if name == "web" else None,
                answers=(lambda: _page_answers(host, port)) if name == "web" else None,
                watch=Watch(alive, name),
            )
        )


def _granian(host: str, port: int) -> list[str]:
    """Two processes of four threads (ZARTS_WEB_THREADS), see zartsalgo/asgi.py. No access log: hook addresses carry tokens.

    500 connections each, more wait; one that has sent no whole header for five seconds goes, and none may fill more than 64 kB unasked.
    """
    return [
        *("--interface", "asginl", "--host", host, "--port", str(port), "--http", "1", "--no-ws"),
        *("--workers", "2", "--respawn-failed-workers", "--workers-kill-timeout", "5"),
        *("--backlog", "1024", "--backpressure", "500", "--http1-header-read-timeout", "5000", "--http1-buffer-size", "65536"),
        *("--no-access-log", "--log-level", "warning"),
    ]


def _page_answers(host: str, port: int) -> bool:
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # connected to, not bound
    connection = http.client.HTTPConnection(target, port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": f"127.0.0.1:{port}"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
