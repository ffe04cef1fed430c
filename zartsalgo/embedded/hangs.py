"""What hung is written into the database, where people's alerts come from: by a process of its own, again and again until it is there."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from zartsalgo.embedded.process import kill_group, spawn

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 45.0  # for one try
AGAIN_AFTER = 15.0
MOST = 50


@dataclass
class _Hang:
    name: str
    pid: int
    silent: float
    at: float
    env: dict[str, str]


class Reporter:
    """Never waits: whoever looks after processes calls `turn` now and then."""

    def __init__(self, log: Path | None) -> None:
        self._log = log
        self._waiting: deque[_Hang] = deque(maxlen=MOST)
        self._child: subprocess.Popen[bytes] | None = None
        self._until = 0.0
        self._next = 0.0

    def add(self, *, name: str, pid: int, silent: float, env: dict[str, str]) -> None:
        self._waiting.append(_Hang(name, pid, silent, time.monotonic(), env))

    def turn(self) -> None:
        now = time.monotonic()
        if self._child is not None:
            code = self._child.poll()
            if code is None and now >= self._until:
                kill_group(self._child.pid)
            elif code is not None:
                self._child = None
                self._next = now + (0.0 if code == 0 else AGAIN_AFTER)
                if code == 0:
                    self._waiting.popleft()
        elif self._waiting and now >= self._next:
            self._start(self._waiting[0], now)

    def _start(self, hang: _Hang, now: float) -> None:
        numbers = ["--pid", str(hang.pid), "--silent", f"{hang.silent:.0f}", "--ago", f"{now - hang.at:.0f}"]
        command = [sys.executable, str(ROOT / "manage.py"), "report_hang", hang.name, *numbers]
        try:
            if self._log is None:
                self._child = spawn(command, env=hang.env, cwd=ROOT, output=None)
            else:
                with self._log.open("ab") as output:
                    self._child = spawn(command, env=hang.env, cwd=ROOT, output=output)
        except (OSError, subprocess.SubprocessError):
            self._next = now + AGAIN_AFTER
        self._until = now + SECONDS

    def end(self) -> None:
        if self._child is not None:
            kill_group(self._child.pid)
            self._child.wait()
            self._child = None
