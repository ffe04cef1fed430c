"""The supervisor's control socket, and the command that speaks to it: `script/manage services [stop|start|kill <name>] [--json]`.

One JSON object per line in each direction. The socket lies in the data folder, so the folder's permissions decide who may use it.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zartsalgo.embedded.state import DataFolder, locate
from zartsalgo.embedded.trouble import Trouble

NAMES = ("postgres", "broker", "web", "worker", "beat", "ticker")
ACTIONS = ("stop", "start", "kill")
STATES = {
    "running": "it runs, and answers where it has a port",
    "starting": "it was started and does not answer yet",
    "stopping": "it was asked to stop",
    "stopped": "stopped on request; stays so until it is started",
    "waiting": "it ended by itself and is started again in a moment",
    "failed": "it ended five times within a minute; tried again later, less and less often",
    "external": "a server of your own, not run by us",
    "elsewhere": "another machine runs it (script/up --workers)",
    "down": "nothing runs for this data folder",
}


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """A unix socket's address may have about 107 bytes, a path more: so bind and connect by the bare name from inside the folder."""
    before = os.open(".", os.O_RDONLY)
    try:
        os.chdir(folder)
        yield
    finally:
        os.fchdir(before)
        os.close(before)


def listen(path: Path) -> socket.socket:
    """A listening socket at `path`, for its owner alone. The caller holds the folder's lock, so an old one there is nobody's."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        with _inside(path.parent):
            listener.bind(path.name)
    finally:
        os.umask(mask)
    listener.listen(8)
    listener.setblocking(False)
    return listener


def serve_one(listener: socket.socket, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Take one connection and answer its one line. A client that says nothing costs a second, no more."""
    try:
        connection, _ = listener.accept()
    except OSError:
        return
    with connection:
        try:
            connection.settimeout(1)
            line = connection.makefile("rb").readline(4096)
            request = json.loads(line)
            reply = answer(request) if isinstance(request, dict) else {"error": "not an object"}
            connection.sendall(json.dumps(reply).encode() + b"\n")
        except (OSError, ValueError):
            return


def ask(folder: DataFolder, request: dict[str, Any]) -> dict[str, Any]:
    """One request to the supervisor. Raises Trouble where it refuses, OSError where none listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(30)
        with _inside(folder.socket.parent):
            connection.connect(folder.socket.name)
        connection.sendall(json.dumps(request).encode() + b"\n")
        line = connection.makefile("rb").readline()
    reply = json.loads(line or b"{}")
    if "error" in reply:
        raise Trouble(str(reply["error"]))
    return dict(reply)


def run_services(arguments: Sequence[str], folder: DataFolder | None = None) -> int:
    """The command `services`. Exit code 0 when it did what was asked; 1 when nothing runs or it did not come about in time."""
    parser = argparse.ArgumentParser(prog="services", description="List the processes, or keep one down, bring it back, or kill it (-9).")
    parser.add_argument("action", nargs="?", choices=ACTIONS)
    parser.add_argument("name", nargs="?", choices=NAMES)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--data", help="data folder")
    options = parser.parse_intermixed_args(list(arguments))
    if options.action and not options.name:
        parser.error(f"{options.action} needs a name: {', '.join(NAMES)}")
    folder = locate(options.data) if options.data or folder is None else folder
    code = 0
    try:
        if options.action:
            code = _act(folder, options.action, options.name)
        report = ask(folder, {"do": "list"})
    except (OSError, ValueError) as error:
        if isinstance(error, PermissionError):
            raise Trouble(f"The data folder {folder.path} belongs to another user: ask as that user.") from error
        print(f"Nothing runs for {folder.path}: start it with script/up.", file=sys.stderr)
        report = {"services": [{"name": name, "state": "down", "pid": None, "port": None, "restarts": 0} for name in NAMES], "url": None}
        report["data"] = str(folder.path)
        code = 1
        if not options.json:
            return code
    print(json.dumps(report) if options.json else _table(report))
    return code


def _act(folder: DataFolder, action: str, name: str) -> int:
    """Do it, and come back when it has come about: stopped and gone, started and answering, killed and its process gone."""
    before = _find(ask(folder, {"do": "list"}), name)
    ask(folder, {"do": action, "name": name})
    wanted: Callable[[dict[str, Any]], bool] = {
        "stop": lambda now: now["state"] == "stopped",
        "start": lambda now: now["state"] == "running",
        "kill": lambda now: now["pid"] != before["pid"] or now["restarts"] > before["restarts"],
    }[action]
    deadline = time.monotonic() + 45
    while time.monotonic() < deadline:
        now = _find(ask(folder, {"do": "list"}), name)
        if wanted(now):
            return 0
        if action == "start" and now["state"] == "failed":
            break
        time.sleep(0.1)
    print(f"{name} is still {now['state']}; its log is {folder.logs / (name + '.log')}.", file=sys.stderr)
    return 1


def _find(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(entry for entry in report["services"] if entry["name"] == name)


def _table(report: dict[str, Any]) -> str:
    lines = [f"{'name':10}{'state':10}{'pid':>8}{'port':>8}{'restarts':>10}"]
    for entry in report["services"]:
        lines.append(f"{entry['name']:10}{entry['state']:10}{entry['pid'] or '-':>8}{entry['port'] or '-':>8}{entry['restarts']:>10}")
    return "\n".join([*lines, f"url   {report['url'] or '-'}", f"data  {report['data']}"])
