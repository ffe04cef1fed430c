"""Child processes: how one is started, recognised again after a crash of the supervisor, and ended."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _die_with_parent(parent: int, signum: int) -> None:
    """Runs in the child between fork and exec: ask the kernel for `signum` when the supervisor dies, however it dies.

    After setuid, because a change of uid clears it. The parent may be gone already; then nobody would ever send the signal.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def death_watch(signum: int) -> Callable[[], None] | None:
    """A `preexec_fn` for Popen. The parent must be single-threaded: the kernel watches the thread that forked, not the process."""
    if _libc is None:
        return None
    parent = os.getpid()
    return lambda: _die_with_parent(parent, signum)


def spawn(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    output: IO[bytes] | int | None,
    uid: int | None = None,
    death_signal: int = signal.SIGTERM,
    errors: IO[bytes] | int = subprocess.STDOUT,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own (Ctrl-C reaches the supervisor alone; the group can be ended as a whole).

    Its output goes straight to a file and never through a pipe of ours, so that it can neither block on us nor hold our stdout. (None: it inherits ours.)
    """
    return subprocess.Popen(
        list(command),
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        start_new_session=True,
        preexec_fn=death_watch(death_signal),
        user=uid,
        group=uid,
        extra_groups=None if uid is None else [],
    )


@dataclass(frozen=True)
class Identity:
    """A process that we started: its pid and when the kernel says it began, because pids are used again."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        started = started_at(pid)
        return cls(pid, started) if started else None

    def alive(self) -> bool:
        return started_at(self.pid) == self.started


def started_at(pid: int) -> str:
    """When the process began, as an opaque text; empty where there is none (a zombie counts as none)."""
    if pid <= 0:
        return ""
    if sys.platform == "linux":
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        fields = text.rpartition(")")[2].split()
        return "" if fields[0] in {"Z", "X"} else fields[19]  # proc(5): field 22, counted after the command name
    done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def command_of(pid: int) -> list[str]:
    """The process's command line, empty where it cannot be read."""
    if sys.platform == "linux":
        try:
            raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return []
        return [part.decode("utf-8", "replace") for part in raw.split(b"\0") if part]
    done = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.split()


def signal_process(pid: int, signum: int) -> None:
    """Signal one process; one that is gone, or never was ours to signal, is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signum)


def kill_group(pid: int) -> None:
    """SIGKILL to every process of the group that `pid` leads, or led: a group outlives its leader."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def end_leftover(identity: Identity, *, signum: int, patience: float) -> bool:
    """End a process that an earlier supervisor left behind; True if there was one. `patience` is in seconds, then SIGKILL to its group."""
    now = started_at(identity.pid)
    if now and now != identity.started:
        return False  # the pid belongs to somebody else by now
    found = bool(now)
    if found:
        signal_process(identity.pid, signum)
        wait_until(lambda: not identity.alive(), seconds=patience)
    kill_group(identity.pid)
    if found:
        wait_until(lambda: not identity.alive(), seconds=5)
    return found


def wait_until(done: Callable[[], bool], *, seconds: float, step: float = 0.05) -> bool:
    """Look until `done()` is true or the time is over; says which. For facts of other processes that nobody announces."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() >= deadline:
            return False
        time.sleep(step)
    return True
