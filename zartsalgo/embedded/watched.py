"""`manage.py watched <name> -- <command>`: what the supervisor does, for one process, where no supervisor runs.

For containers, as the command of each, because Docker starts again what ends and never what hangs. Nothing here imports Django, and the
watching is the supervisor's own (zartsalgo.embedded.service, .watch).
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from zartsalgo.embedded.alive import FOLDER, NAMES, alive_folder
from zartsalgo.embedded.hangs import Reporter
from zartsalgo.embedded.service import Service
from zartsalgo.embedded.watch import Watch


def run_watched(arguments: Sequence[str]) -> int:
    """Run the command until a signal; what ends or hangs is started again. Exit code 0 after an orderly end."""
    ours, _, command = _split(arguments)
    parser = argparse.ArgumentParser(prog="manage.py watched", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--grace", type=float, default=10.0, help="seconds between asking it to stop and SIGKILL (default 10)")
    options = parser.parse_args(ours)
    if not command:
        parser.error("name the command after --")
    folder = alive_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    reporter = Reporter(log=None)
    service = Service(
        name=options.name,
        command=command,
        env={**os.environ, FOLDER: str(folder)},
        cwd=Path.cwd(),
        log=None,
        grace=options.grace,
        note=lambda sentence: print(sentence, file=sys.stderr, flush=True),
        watch=Watch(folder, options.name),
        on_hung=lambda one, hung: reporter.add(name=one.name, pid=hung.pid, silent=hung.silent, env=one.env),
    )
    asked = threading.Event()
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: asked.set())
    service.start()
    while not asked.is_set():
        service.tick()
        reporter.turn()
        asked.wait(0.2)
    reporter.end()
    service.stop()
    while service.child is not None:
        service.tick()
        time.sleep(0.05)
    return 0


def _split(arguments: Sequence[str]) -> tuple[list[str], str, list[str]]:
    given = list(arguments)
    if "--" not in given:
        return given, "", []
    at = given.index("--")
    return given[:at], "--", given[at + 1 :]
