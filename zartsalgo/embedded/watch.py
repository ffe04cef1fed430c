"""Hung is dead: which processes of a service have not moved for a minute (zartsalgo.lib.progress writes what is read here).

Ages are measured by our own monotonic clock from the moment a sign of life was seen to change, never by the difference of two wall clocks:
a date that jumps ends nobody. While we ourselves could not look (a machine that slept), nobody is held to it.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from zartsalgo.embedded.alive import hung_seconds

START_SECONDS = 120.0  # for the first sign of life: imports on a machine that is busy
LOOK_EVERY = 1.0


@dataclass(frozen=True)
class Hung:
    pid: int
    silent: float  # seconds


@dataclass
class _Seen:
    looked: int  # the access time that the process wrote, in nanoseconds
    at: float  # when we saw it change


class Watch:
    """One service's signs of life: files `<name>.<pid>` in `folder`, one for each of its processes that gives them."""

    def __init__(self, folder: Path, name: str, *, seconds: float | None = None) -> None:
        self.folder, self.name = folder, name
        self.seconds = hung_seconds() if seconds is None else seconds
        self._seen: dict[int, _Seen] = {}
        self._named: set[int] = set()  # processes that were called hung; until they are gone
        self._anybody = 0.0
        self._stopped_since: float | None = None
        self._looked_at: float | None = None

    def begin(self, now: float) -> None:
        """The service was started."""
        self._seen.clear()
        self._named.clear()
        self._anybody, self._stopped_since, self._looked_at = now, None, None
        for file in self.folder.glob(f"{self.name}.*"):
            file.unlink(missing_ok=True)

    def find_hung(self, *, root: int, now: float) -> Hung | None:
        """One process of the group that `root` leads and that hangs, the leader first, each once; None when all get on. Looks once a second."""
        if self._looked_at is not None and now - self._looked_at < LOOK_EVERY:
            return None
        slept = self._looked_at is not None and now - self._looked_at > 10 * LOOK_EVERY
        self._looked_at = now
        silent = self._read(root=root, now=now, slept=slept)
        if silent or slept:
            self._anybody = now
        found = [Hung(pid, seconds) for pid, seconds in silent.items() if seconds > self.seconds and pid not in self._named]
        if root not in silent:
            # A leader that only looks after its children (granian) gives no sign; it must not be stopped, and one of them must give one.
            if not _is_stopped(root) or slept:
                self._stopped_since = None
            elif self._stopped_since is None:
                self._stopped_since = now
            elif now - self._stopped_since > self.seconds:
                return Hung(root, now - self._stopped_since)
            if now - self._anybody > max(START_SECONDS, self.seconds):
                return Hung(root, now - self._anybody)
        hung = min(found, key=lambda hung: hung.pid != root, default=None)
        if hung is not None:
            self._named.add(hung.pid)
        return hung

    def _read(self, *, root: int, now: float, slept: bool) -> dict[int, float]:
        """Seconds of silence of each process of the group that has given a sign; files of others are removed."""
        silent = {}
        for file in self.folder.glob(f"{self.name}.*"):
            pid = int(file.suffix[1:]) if file.suffix[1:].isdigit() else 0
            try:
                ours = pid > 0 and os.getpgid(pid) == root
                times = file.stat()
            except OSError:
                ours = False
            if not ours:
                file.unlink(missing_ok=True)
                self._seen.pop(pid, None)
                self._named.discard(pid)
                continue
            seen = self._seen.get(pid)
            if seen is None or seen.looked != times.st_atime_ns:
                self._seen[pid] = seen = _Seen(times.st_atime_ns, now)
            elif slept:
                seen.at = now
            silent[pid] = now - seen.at + max(0, times.st_atime_ns - times.st_mtime_ns) / 1e9
        return silent


def _is_stopped(pid: int) -> bool:
    """Whether a signal holds it (SIGSTOP); where the system cannot say, no."""
    if sys.platform != "linux":
        return False
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] in {"T", "t"}
