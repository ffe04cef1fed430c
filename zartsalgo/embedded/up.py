"""`script/up`: from a data folder that may be empty, old, or left in a mess, to a page that answers."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zartsalgo.embedded.environment import app_secrets, home_folders, own_variables, public_url, server_addresses
from zartsalgo.embedded.fleet import add_apps, add_broker, add_postgres
from zartsalgo.embedded.process import end_leftover, spawn
from zartsalgo.embedded.service import Service
from zartsalgo.embedded.state import ROOT, DataFolder, State, locate, port_is_free, remember, write_json
from zartsalgo.embedded.supervisor import Stopped, Supervisor, say
from zartsalgo.embedded.trouble import Trouble
from zartsalgo.embedded.version import fingerprint

DEFAULT_PORT = 8000
HOST = "127.0.0.1"
PATIENCE = 60.0  # seconds for a server or the first page to answer
TABLES_PATIENCE = 600.0  # seconds for migrations on an old, large database
PROGRESS = "Loading the demo agency: "  # lines of a command's stderr that people see while they wait
ADDRESSES = ("DATABASE_URL", "DATABASE_OWNER_URL", "PORTAL_DATABASE_URL", "REDIS_URL")


def run_up(arguments: Sequence[str]) -> int:
    """Start everything and look after it until a signal. Exit code 0 after an orderly end, 1 with a sentence where it could not start."""
    from zartsalgo.embedded import workers  # it builds on what stands here

    began = time.monotonic()
    parser = argparse.ArgumentParser(prog="script/up", description="Start everything; Ctrl-C stops everything.")
    parser.add_argument("--port", type=int, help=f"port of the pages (default {DEFAULT_PORT}, or the next free one)")
    parser.add_argument("--host", default=HOST, help="address to listen on (default: this machine only)")
    parser.add_argument("--data", help="data folder (default: .data in the clone)")
    parser.add_argument("--no-demo", action="store_true", help="start without the demo agency")
    parser.add_argument(
        "--tables-only", action="store_true", help="make the data folder with its database and tables, start nothing, and end"
    )
    parser.add_argument(
        "--workers", action="store_true", help="the workers of a second machine: a worker and a ticker, no pages, no servers, no scheduler"
    )
    options = parser.parse_args(list(arguments))
    if options.workers:
        workers.refuse_what_does_not_fit(options)
    own_postgres = os.environ.get("DATABASE_URL")
    if own_postgres and not options.workers and not os.environ.get("DATABASE_OWNER_URL"):
        raise Trouble(
            "DATABASE_URL is set without DATABASE_OWNER_URL: migrations need the owner's address too (script/roles.sql makes both roles)."
        )

    os.umask(0o077)
    folder = locate(options.data, needs_postgres=not own_postgres)
    if options.workers:
        workers.refuse_another_house(folder)
    folder.create(for_postgres=not own_postgres)
    if not folder.lock():
        state = folder.read_state()
        raise Trouble(
            f"ZartsAlgo already runs for {folder.path} (pid {state.supervisor}, {state.url or 'still starting'}): "
            "use that, or stop it first."
        )
    if not options.data and not os.environ.get("ZARTS_DATA"):
        remember(folder)
    say(f"Data folder: {folder.path}")
    state = folder.read_state()
    supervisor = Supervisor(folder, state)
    supervisor.catch_signals()
    _end_leftovers(supervisor)
    try:
        if options.workers:
            workers.start_workers(supervisor, began)
        else:
            _start(supervisor, options, began)
        if not options.tables_only:
            supervisor.run()
        say("Stopping ...")
    except Stopped:
        say("Stopping ...")
    finally:
        supervisor.stop_all()
    say("Stopped.")
    return 0


def _end_leftovers(supervisor: Supervisor) -> None:
    """End what a supervisor that was killed left behind: processes that it wrote down, and only if they are still the same ones."""
    for name in ("web", "worker", "beat", "ticker", "postgres", "broker"):
        identity = supervisor.state.children.get(name)
        if identity is not None:
            stop, patience = (signal.SIGINT, 20.0) if name == "postgres" else (signal.SIGTERM, 5.0)
            if end_leftover(identity, signum=stop, patience=patience):
                supervisor.note(f"Ended {name} (pid {identity.pid}), left over from a start that was killed.")
    supervisor.state.children = {}


def _start(supervisor: Supervisor, options: argparse.Namespace, began: float) -> None:
    folder, state = supervisor.folder, supervisor.state
    secrets = folder.secrets()
    state.supervisor, state.url = os.getpid(), None
    port = _web_port(options, state)
    postgres = add_postgres(supervisor, secrets) if not os.environ.get("DATABASE_URL") else None
    broker = add_broker(supervisor, secrets) if not os.environ.get("REDIS_URL") else None
    supervisor.remember()
    supervisor.listen()
    for name in ("broker", "postgres"):
        if name in supervisor.services:
            bring_up(supervisor, supervisor.services[name])
    if postgres is not None:
        postgres.make_roles()

    url = public_url(options.host, port)
    ours = {
        **server_addresses(postgres, broker),
        **app_secrets(secrets),
        "ZARTS_DATA": str(folder.path),
        "ZARTS_PUBLIC_URL": url,
        "ZARTS_ALLOW_LOOPBACK": "1",
        "ZARTS_EMBEDDED": "1",
    }
    ours |= {
        name: os.environ[name]
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "PORTAL_DATABASE_URL", "REDIS_URL")
        if os.environ.get(name)
    }
    if options.host in {"0.0.0.0", "::"} and not os.environ.get("ZARTS_ALLOWED_HOSTS"):  # noqa: S104  # asked for with --host
        ours["ZARTS_ALLOWED_HOSTS"] = ",".join(_own_names())
    write_json(folder.environment, ours)
    env = {**inherited(), **ours, **home_folders(folder), "TZ": "UTC", "PYTHONUNBUFFERED": "1"}

    made_by = fingerprint(os.environ.get("DATABASE_URL", ""))
    if state.migrated != made_by:
        say("Preparing the database ...")
        migrate(supervisor, env)
        state.migrated = made_by
        supervisor.remember()
    if postgres is not None:
        postgres.look_at_portal_role()
    if options.tables_only:
        return
    if not state.first_start:
        commands = own_variables("command", env)
        _keep_login(folder, run_django(supervisor, commands, "first_start", *(["--no-demo"] if options.no_demo else []), relay=PROGRESS))
        state.first_start = True
    add_apps(supervisor, env, options.host, port)
    web = supervisor.services["web"]
    for name in ("web", "worker", "beat", "ticker"):
        supervisor.services[name].start()
    supervisor.remember()
    supervisor.wait(lambda: web.state == "running" or web.restarts > 1, seconds=PATIENCE)
    if web.state != "running":
        raise Trouble(f"The web process does not answer: {last_words(web.log)} (more in {web.log})")
    state.url = url
    supervisor.remember()
    _welcome(folder, url, time.monotonic() - began, options)


def _web_port(options: argparse.Namespace, state: State) -> int:
    """The port that was asked for, else the last one, else the default or the next free one."""
    if options.port is not None:
        if not 0 < options.port < 65536:
            raise Trouble(f"--port {options.port}: ports go from 1 to 65535.", code=2)
        if not port_is_free(options.port, options.host):
            raise Trouble(f"Port {options.port} on {options.host} is taken or not allowed: name another with --port.")
        state.ports["web"] = options.port
        return int(options.port)
    wanted = state.ports.get("web", DEFAULT_PORT)
    found = next((port for port in range(wanted, min(wanted + 100, 65536)) if port_is_free(port, options.host)), None)
    if found is None:
        raise Trouble(f"No free port from {wanted} to {wanted + 99} on {options.host}: name one with --port, or another --host.")
    if found != wanted:
        say(f"Port {wanted} is taken; using {found}.")
    state.ports["web"] = found
    return found


def bring_up(supervisor: Supervisor, service: Service) -> None:
    """Start one server and wait until it answers. Raises Trouble with its last words, or Stopped."""
    service.start()
    supervisor.remember()
    supervisor.wait(lambda: service.state == "running" or service.restarts > 3, seconds=PATIENCE)
    if service.state != "running":
        raise Trouble(f"{service.name} does not start: {last_words(service.log)} (more in {service.log})")


def migrate(supervisor: Supervisor, env: Mapping[str, str]) -> None:
    """Bring the tables up to this version; the one process that is handed the owner's address."""
    run_django(supervisor, own_variables("migrate", env) | {"ZARTS_AS_OWNER": "1"}, "migrate", "--no-input", "-v", "0")


def run_django(supervisor: Supervisor, env: dict[str, str], *arguments: str, relay: str = "") -> str:
    """Run a management command while looking after the servers; gives its stdout. Raises Trouble with its last words, or Stopped.

    Lines of its stderr that start with `relay` are shown as they come.
    """
    errors = supervisor.folder.logs / "start.log"
    result = supervisor.folder.logs / ".start.out"
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    with errors.open("wb") as stderr, result.open("wb") as stdout:
        result.chmod(0o600)
        child = spawn(command, env=env, cwd=ROOT, output=stdout, errors=stderr)
    shown = 0

    def _is_over() -> bool:
        nonlocal shown
        over = child.poll() is not None
        shown = _relay(errors, shown, relay) if relay else 0
        return over

    try:
        if not supervisor.wait(_is_over, seconds=TABLES_PATIENCE):
            raise Trouble(f"`manage.py {arguments[0]}` did not end within {TABLES_PATIENCE:.0f} s; see {errors}")
        if child.returncode:
            raise Trouble(f"`manage.py {arguments[0]}` failed: {last_words(errors)} (more in {errors})")
        return result.read_text(encoding="utf-8")
    finally:
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        result.unlink(missing_ok=True)


def _relay(log: Path, shown: int, prefix: str) -> int:
    """Show the lines with that prefix that came since `shown` bytes; returns up to where was read, a half line is left for the next look."""
    with log.open("rb") as file:
        file.seek(shown)
        new = file.read()
    whole = new[: new.rfind(b"\n") + 1]
    for line in whole.decode("utf-8", "replace").splitlines():
        if line.startswith(prefix):
            say(line)
    return shown + len(whole)


def _keep_login(folder: DataFolder, printed: str) -> None:
    """The staff login that the first start made; the password is shown once more from here only."""
    lines = [line for line in printed.splitlines() if line.strip().startswith("{")]
    login = json.loads(lines[-1]) if lines else {}
    if login.get("password"):
        write_json(folder.login, login)


def _welcome(folder: DataFolder, url: str, seconds: float, options: argparse.Namespace) -> None:
    try:
        login = json.loads(folder.login.read_text(encoding="utf-8"))
        sign_in = f"{login['username']} / {login['password']}   (kept in {folder.login})"
    except (OSError, ValueError, KeyError):
        login, sign_in = {}, "the account you made (script/manage changepassword NAME sets a new password)"
    data = f" --data {folder.path}" if options.data else ""
    say(
        f"ZartsAlgo is up after {seconds:.1f} s.\n"
        f"  Address   {url}/\n"
        f"  Sign in   {sign_in}\n"
        f"{_more_logins(login)}"
        f"  Logs      {folder.logs}\n"
        f"  Commands  script/manage{data} services | help\n"
        f"  Ctrl-C stops everything."
    )


def _more_logins(login: dict[str, Any]) -> str:
    """Lines about the other logins that a first start with the demo made: a member of staff, and somebody of a client for the portal."""
    lines = ""
    if staff := login.get("staff"):
        lines += f"  Staff     {staff['username']} / {staff['password']}\n"
    if portal := login.get("portal"):
        lines += (
            f"  Portal    {portal['url']} as {portal['email']} ({portal['name']} of {portal['client']})\n"
            f"            Without a mail server the sign-in code stands on the Outbox page: {portal['outbox']}\n"
        )
    if trouble := login.get("trouble"):
        lines += f"  No demo   {trouble}\n"
    return lines


def last_words(log: Path | None) -> str:
    """The last line that says something; of a Python error the message without its class's address."""
    try:
        lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()] if log else []
    except OSError:
        lines = []
    errors = [line for line in lines if "Error" in line.split(":")[0] or "ImproperlyConfigured" in line.split(":")[0] or "FATAL" in line]
    words = (errors or lines or ["it left no reason"])[-1]
    kind, _, message = words.partition(": ")
    return message if message and "." in kind and " " not in kind else words


def _own_names() -> list[str]:
    """Names and addresses of this machine, for a start that listens on all of them."""
    name = socket.gethostname()
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(name, None)}
    except OSError:
        found = set()
    return sorted({name, *found})


def inherited() -> dict[str, str]:
    """Our own environment without what was set to run us."""
    kept = dict(os.environ)
    paths = [part for part in kept.pop("PYTHONPATH", "").split(os.pathsep) if part and Path(part) != ROOT]
    if paths:
        kept["PYTHONPATH"] = os.pathsep.join(paths)
    return kept
