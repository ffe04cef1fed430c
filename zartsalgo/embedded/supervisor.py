"""The supervisor: one thread that looks after the processes, answers the control socket and ends everything in order.

One thread on purpose: the kernel's "tell my children when I die" follows the thread that forked.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from zartsalgo.embedded import control
from zartsalgo.embedded.hangs import Reporter
from zartsalgo.embedded.service import Service, rotate
from zartsalgo.embedded.state import DataFolder, State

LOOK_AT_LOGS_EVERY = 5.0  # seconds
APPS = ("web", "worker", "beat", "ticker")


class Stopped(Exception):
    """Somebody asked us to end (a signal) while we waited for something else."""


class Supervisor:
    """Holds the services of one data folder. The caller has the folder's lock."""

    def __init__(self, folder: DataFolder, state: State) -> None:
        self.folder = folder
        self.state = state
        self.services: dict[str, Service] = {}
        self.signals = 0
        self.elsewhere: tuple[str, ...] = ()  # services that another machine runs
        self.reporter = Reporter(folder.logs / "report-hang.log")
        self._wake, wake = socket.socketpair()
        self._wake.setblocking(False)
        wake.setblocking(False)
        self._waker = wake
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._listener: socket.socket | None = None
        self._logs_looked_at = 0.0
        self._complained = False

    def catch_signals(self) -> None:
        """End on Ctrl-C, TERM and a closed terminal (unless started to ignore that, as by nohup)."""
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake the loop
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            if signum != signal.SIGHUP or signal.getsignal(signum) is not signal.SIG_IGN:
                signal.signal(signum, self._on_signal)

    def _on_signal(self, signum: int, frame: object) -> None:
        self.signals += 1

    def add(self, service: Service) -> Service:
        service.note = self.note
        service.on_hung = lambda one, hung: self.reporter.add(name=one.name, pid=hung.pid, silent=hung.silent, env=one.env)
        self.services[service.name] = service
        return service

    def listen(self) -> None:
        self._listener = control.listen(self.folder.socket)
        self._selector.register(self._listener, selectors.EVENT_READ)

    def note(self, sentence: str) -> None:
        """Say it to whoever reads our output, and to the supervisor's log."""
        say(sentence)
        log = self.folder.logs / "supervisor.log"
        with contextlib.suppress(OSError), log.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {sentence}\n")

    def remember(self) -> None:
        """Write down which processes are ours, so that a later start can end them if we are killed."""
        self.state.children = {service.name: service.identity for service in self.services.values() if service.identity is not None}
        try:
            self.folder.write_state(self.state)
            self._complained = False
        except OSError as error:
            if not self._complained:
                self.note(f"{self.folder.path} cannot be written ({error.strerror}): free some space.")
            self._complained = True

    def turn(self, seconds: float) -> None:
        """One round: wait up to `seconds` for a signal, a child or a request, then look after everything."""
        for key, _ in self._selector.select(seconds):
            if key.fileobj is self._wake:
                with contextlib.suppress(BlockingIOError):
                    while self._wake.recv(4096):
                        pass
            elif self._listener is not None:
                control.serve_one(self._listener, self._answer)
        changed = [service.tick() for service in self.services.values()]
        if any(changed):
            self.remember()
        self.reporter.turn()
        now = time.monotonic()
        if now - self._logs_looked_at > LOOK_AT_LOGS_EVERY:
            self._logs_looked_at = now
            for log in self.folder.logs.glob("*.log"):
                rotate(log)

    def wait(self, done: Callable[[], bool], *, seconds: float) -> bool:
        """Look after everything until `done()`; False when the time is over. Raises Stopped when a signal came."""
        deadline = time.monotonic() + seconds
        while not done():
            if self.signals:
                raise Stopped
            if time.monotonic() >= deadline:
                return False
            self.turn(0.05)
        return True

    def run(self) -> None:
        """Until a signal."""
        while not self.signals:
            self.turn(0.5)

    def stop_all(self) -> None:
        """The app first, then the servers that it writes to. A second signal does not wait for the app any longer."""
        asked = self.signals
        self.reporter.end()
        for group in (APPS, ("postgres",), ("broker",)):
            members = [self.services[name] for name in group if name in self.services]
            for service in members:
                service.stop()
            while any(service.child is not None for service in members):
                if self.signals > asked and group is APPS:
                    for service in members:
                        service.kill()
                self.turn(0.05)
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None
        with contextlib.suppress(OSError):
            self.folder.socket.unlink(missing_ok=True)
        self.state.supervisor = None
        self.remember()

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        action, name = request.get("do"), request.get("name")
        if action == "list":
            return {"services": [self._describe(known) for known in control.NAMES], "url": self.state.url, "data": str(self.folder.path)}
        service = self.services.get(str(name))
        if action not in control.ACTIONS or name not in control.NAMES:
            return {"error": f"unknown request: {action} {name}"}
        if service is None and name in self.elsewhere:
            return {"error": f"{name} is not run from here: this machine has a worker and a ticker, the rest is on the first one."}
        if service is None:
            return {"error": f"{name} is not run from here: it is a server of your own, or it is not started yet."}
        if action == "kill" and service.child is None:
            return {"error": f"{name} does not run ({service.state})."}
        if self.signals:
            return {"error": "Everything is being stopped."}
        getattr(service, str(action))()
        if action != "kill":
            self.note(f"{name}: {action} was asked for.")
        self.remember()
        return {"ok": True}

    def _describe(self, name: str) -> dict[str, Any]:
        service = self.services.get(name)
        if service is None:
            external = name == "postgres" and os.environ.get("DATABASE_URL") or name == "broker" and os.environ.get("REDIS_URL")
            state = "elsewhere" if name in self.elsewhere else "external" if external else "stopped"
            return {"name": name, "state": state, "pid": None, "port": None, "restarts": 0}
        return {"name": name, "state": service.state, "pid": service.pid, "port": service.port, "restarts": service.restarts}


def say(sentence: str) -> None:
    """Print; once nobody reads any more (`script/up | head`, a closed terminal), go on in silence."""
    try:
        print(sentence, flush=True)
    except OSError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
