"""One supervised process: what it is, what it does now, and when it is started again after it ended by itself, or hung and was ended."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zartsalgo.embedded.process import Identity, kill_group, signal_process, spawn
from zartsalgo.embedded.watch import Hung, Watch

RESTARTS_PER_MINUTE = 5
LATER = (30.0, 60.0, 120.0, 300.0)  # seconds until the next try, once five in a minute did not help
LOOK_EVERY = 0.2  # seconds between two looks at whether it answers


@dataclass
class Service:
    """`answers` says whether it is ready (None: it is, a second after its start). `before_start` mends what the last end may have left;
    it is given the number of restarts within the last minute. `grace` is the seconds between asking it to stop and SIGKILL. `watch` finds
    what hangs (None: nobody looks); `on_hung` hears of it. `log` None: its output goes where ours goes."""

    name: str
    command: Sequence[str]
    env: dict[str, str]
    cwd: Path
    log: Path | None
    port: int | None = None
    uid: int | None = None
    stop_signal: int = signal.SIGTERM
    grace: float = 10.0
    answers: Callable[[], bool] | None = None
    before_start: Callable[[int], None] | None = None
    note: Callable[[str], None] = print
    watch: Watch | None = None
    on_hung: Callable[[Service, Hung], None] | None = None

    state: str = "stopped"
    wanted: bool = False
    restarts: int = 0
    child: subprocess.Popen[bytes] | None = None
    identity: Identity | None = None
    ended: deque[float] = field(default_factory=lambda: deque(maxlen=RESTARTS_PER_MINUTE))
    _started: float = 0.0
    _look: float = 0.0
    _retry: float = 0.0
    _kill: float = 0.0
    _later: int = 0

    @property
    def pid(self) -> int | None:
        return self.child.pid if self.child else None

    def start(self) -> None:
        """Want it to run, and start it now; what went wrong before is forgotten."""
        self.wanted = True
        self.ended.clear()
        self._later = 0
        if self.child is None:
            self._spawn()

    def stop(self) -> None:
        """Ask it to end and keep it down; `tick` sees that it does."""
        self.wanted = False
        if self.child is None:
            self.state = "stopped"
        elif self.state != "stopping":
            self.state = "stopping"
            self._kill = time.monotonic() + self.grace
            signal_process(self.child.pid, self.stop_signal)

    def kill(self) -> None:
        """SIGKILL to its whole group, as a crash would be; it is started again unless it was being stopped."""
        if self.child is not None:
            kill_group(self.child.pid)

    def tick(self) -> bool:
        """Look after it; True when something changed that is worth remembering. Never blocks for longer than one look at a socket."""
        now = time.monotonic()
        if self.child is not None:
            code = self.child.poll()
            if code is not None:
                self._ended(code, now)
                return True
            if self.state != "stopping" and self.watch is not None:
                hung = self.watch.find_hung(root=self.child.pid, now=now)
                if hung is not None:
                    self._end_hung(hung)
            if self.state == "stopping" and now >= self._kill:
                self.kill()
            elif self.state == "starting" and now >= self._look:
                self._look = now + LOOK_EVERY
                if self.answers() if self.answers is not None else now - self._started >= 1.0:
                    self.state = "running"
                    return True
        elif self.wanted and now >= self._retry:
            self._spawn()
            return True
        return False

    def _end_hung(self, hung: Hung) -> None:
        """SIGKILL, for a process that is stopped or spins hears nothing else. A child that hangs is ended alone; its parent starts another."""
        assert self.child is not None
        what = f"{self.name} (pid {hung.pid})" if hung.pid == self.child.pid else f"A process of {self.name} (pid {hung.pid})"
        self.note(f"{what} has not moved for {hung.silent:.0f} s; it is ended.")
        if hung.pid == self.child.pid:
            self.kill()
        else:
            signal_process(hung.pid, signal.SIGKILL)
        if self.on_hung is not None:
            self.on_hung(self, hung)

    def _spawn(self) -> None:
        self.state = "starting"
        self._started = time.monotonic()
        self._look = self._started
        try:
            if self.before_start is not None:
                self.before_start(len(self._recent(self._started)))
            if self.watch is not None:
                self.watch.begin(self._started)
            with contextlib.ExitStack() as stack:
                output = stack.enter_context(self.log.open("ab")) if self.log is not None else None
                self.child = spawn(self.command, env=self.env, cwd=self.cwd, output=output, uid=self.uid, death_signal=self.stop_signal)
            self.identity = Identity.of(self.child.pid)
        except (OSError, subprocess.SubprocessError) as error:
            self.child = None
            self.note(f"{self.name} cannot be started: {error}")
            self._plan_restart(time.monotonic())

    def _ended(self, code: int, now: float) -> None:
        assert self.child is not None
        kill_group(self.child.pid)  # what it left behind would hold its port
        self.child = None
        self.identity = None
        if not self.wanted:
            self.state = "stopped"
            return
        how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
        self._plan_restart(now)
        if self.state == "failed":
            self.note(
                f"{self.name} {how}, after {RESTARTS_PER_MINUTE} restarts within a minute; "
                f"next try in {self._retry - now:.0f} s." + (f" See {self.log}" if self.log else "")
            )
        else:
            self.note(f"{self.name} {how}; it is started again.")

    def _recent(self, now: float) -> list[float]:
        return [moment for moment in self.ended if now - moment < 60]

    def _plan_restart(self, now: float) -> None:
        """At most five starts in a minute; then later and later, until it has run for a minute."""
        recent = self._recent(now)
        if not recent and now - self._started > 60:
            self._later = 0
        self.restarts += 1
        if len(recent) >= RESTARTS_PER_MINUTE:
            self.state = "failed"
            self._retry = now + LATER[min(self._later, len(LATER) - 1)]
            self._later += 1
        else:
            self.state = "waiting"
            self._retry = now + (0.2 if not recent else 1.0)
        self.ended.append(now)


def rotate(log: Path, *, limit: int = 5_000_000, keep: int = 2) -> bool:
    """Once the log is longer than `limit` bytes, copy it to `.1` (and that to `.2`) and empty it. Its writer has it open for appending and
    goes on undisturbed; lines written in the instant between copying and emptying are lost."""
    try:
        if log.stat().st_size <= limit:
            return False
        for number in range(keep, 1, -1):
            older = log.with_name(f"{log.name}.{number - 1}")
            if older.exists():
                older.replace(log.with_name(f"{log.name}.{number}"))
        copy = log.with_name(f"{log.name}.1")
        with log.open("rb") as source, copy.open("wb") as target:
            copy.chmod(0o600)
            source.seek(-limit, 2)  # a flood may have made it far longer
            target.write(source.read(limit))
        with log.open("r+b") as file:
            file.truncate(0)
    except OSError:
        return False
    return True
