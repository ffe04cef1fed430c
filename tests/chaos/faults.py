"""The faults that come at random while people call. Each is one function that breaks something for a few seconds and mends it again.

Names F1 ... are those of the fault matrix. What a fault needs to be sure of the damage (a zombie, a race) is in tests.chaos.arms; here
they come in any order, on top of each other's aftermath, at a rate that people would call brutal.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.crew import POINTS
from tests.chaos.running import FORKS, Child, Rig
from tests.chaos.workload import HANGS_UP, PASSER_BY, Workload
from tests.stack.running import http


@dataclass
class Storm:
    """What the faults work with, and what they counted."""

    rig: Rig
    load: Workload
    chance: random.Random
    wires: dict[str, Child]
    done: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    hung_accept: list[float] = field(default_factory=list)  # seconds of an accepted webhook while the broker hung

    def pick(self, *names: str) -> Child:
        return self.rig.children[self.chance.choice(names)]


Fault = Callable[[Storm], None]
FAULTS: dict[str, Fault] = {}


def fault(number: str) -> Callable[[Fault], Fault]:
    def _keep(function: Fault) -> Fault:
        FAULTS[number] = function
        return function

    return _keep


@fault("F1")
def kill_a_child(storm: Storm) -> None:
    """SIGKILL to a child of the forking worker, several times."""
    for _ in range(4):
        children = _children_of(storm.rig.children["forks"].pid)
        if children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(storm.chance.choice(children), signal.SIGKILL)
        time.sleep(0.1 + storm.chance.random() * 0.4)


@fault("F2")
def kill_a_worker(storm: Storm) -> None:
    """SIGKILL to a whole worker or ticker; another runs meanwhile."""
    child = storm.pick("threads", "forks", "ticker")
    child.kill()
    child.start()


@fault("F3")
def die_at_a_point(storm: Storm) -> None:
    """A worker that ends at a named point of the work, again and again for a while."""
    point = storm.chance.choice(list(POINTS))
    child = storm.rig.run("threads", role="worker", die={"point": point, "nth": storm.chance.randint(1, 6)})
    ends = time.monotonic() + 8
    while child.alive() and time.monotonic() < ends:
        time.sleep(0.2)
    if not child.alive():
        child.deaths += 1
    storm.rig.run("threads", role="worker")


@fault("F4")
def stop_a_worker(storm: Storm) -> None:
    """SIGSTOP for longer than a lease, then it goes on with what it had in hand."""
    with storm.rig.stopped(storm.rig.children["threads"].pid):
        time.sleep(7.5)


@fault("F5")
def empty_the_broker(storm: Storm) -> None:
    for _ in range(3):
        with contextlib.suppress(Exception):
            storm.rig.broker().flushall()
        time.sleep(0.5)


@fault("F6")
def lose_the_broker(storm: Storm) -> None:
    """It ends as by kill -9 and comes back empty."""
    storm.rig.service("stop", "broker")
    shutil.rmtree(storm.rig.folder.broker / "appendonlydir", ignore_errors=True)
    time.sleep(2)
    storm.rig.service("start", "broker")


@fault("F7")
def hang_the_broker(storm: Storm) -> None:
    """It takes connections and answers nothing; webhooks must be accepted as fast as ever."""
    business = storm.rig.businesses[0]
    with storm.rig.stopped(storm.rig.state_of("broker")["pid"]):
        for number in range(10):
            body, headers = business.call(caller=PASSER_BY, id=f"hung{time.time()}{number}", answered=True, call_type="answered")
            began = time.monotonic()
            if http("POST", business.callrail, body=body, headers=headers)[0] == 200:
                storm.hung_accept.append(time.monotonic() - began)
            time.sleep(0.3)


@fault("F8")
def lose_the_brokers_answers(storm: Storm) -> None:
    """What is published works, and the publisher does not hear so."""
    storm.wires["broker"].say("deaf")
    time.sleep(3)
    storm.wires["broker"].say("fine")


@fault("F9")
def fill_the_broker(storm: Storm) -> None:
    broker = storm.rig.broker()
    broker.config_set("maxmemory", "1mb")
    time.sleep(3)
    broker.config_set("maxmemory", "256mb")


@fault("F10")
def crash_postgres(storm: Storm) -> None:
    storm.rig.service("kill", "postgres")


@fault("F11")
def lose_a_commit(storm: Storm) -> None:
    """The answer to COMMIT is lost, for the forking worker and the second web process; whether it was done nobody says."""
    for _ in range(4):
        storm.wires["postgres"].say("commit")
        time.sleep(0.7)
    storm.wires["postgres"].say("fine")


@fault("F12")
def lock_storm(storm: Storm) -> None:
    """Somebody holds the table of runs; and one session of the database hangs."""
    import psycopg

    with psycopg.connect(storm.rig.env["DATABASE_OWNER_URL"], connect_timeout=5) as holder:
        with contextlib.suppress(psycopg.Error):
            holder.execute("set lock_timeout = '3s'")
            holder.execute("lock table workflows_run in access exclusive mode")
            time.sleep(5)
        holder.rollback()
    sessions = _children_of(storm.rig.state_of("postgres")["pid"])
    if sessions:
        with storm.rig.stopped(storm.chance.choice(sessions)):
            time.sleep(2)


@fault("F17")
def strange_clients(storm: Storm) -> None:
    """Senders that break off, and senders that dribble."""
    host, port = "127.0.0.1", storm.rig.system.port
    body, headers = storm.rig.businesses[0].call(caller=HANGS_UP, id=f"broken{time.time()}")
    path = storm.rig.businesses[0].callrail.removeprefix(storm.rig.system.url)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {len(body)}\r\nSignature: {headers['Signature']}\r\n\r\n".encode()
    )

    def _dribble() -> None:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=5) as one:
            for byte in head[:30]:
                one.send(bytes([byte]))
                time.sleep(0.1)

    threads = [threading.Thread(target=_dribble) for _ in range(12)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=5) as one:
            one.sendall(head + body[: len(body) // 2])
    for thread in threads:
        thread.join()


@fault("F20-F22")
def the_provider_is_in_trouble(storm: Storm) -> None:
    """Half of its calls go wrong: answers lost, accepted late, refused for now, dropped."""
    storm.rig.fake.trouble, storm.rig.fake.reports = 0.5, 0.7
    time.sleep(5)
    storm.rig.fake.trouble, storm.rig.fake.reports = 0.05, 0.95


@fault("F23")
def the_provider_is_down(storm: Storm) -> None:
    storm.rig.fake.stop()
    time.sleep(3)
    storm.rig.fake.start()


@fault("F28")
def two_of_each(storm: Storm) -> None:
    """A second ticker and a second beat."""
    for name in ("ticker", "beat"):
        storm.rig.run(f"second {name}", role=name)
    time.sleep(6)
    for name in ("ticker", "beat"):
        storm.rig.children.pop(f"second {name}").end()


@fault("F30")
def pause_everything(storm: Storm) -> None:
    """A pause of one client while its texts are on their way; a moment later a person resumes it."""
    from leads.models import Client
    from messaging.pauses import Scope
    from workflows import incidents
    from zartsalgo.lib import clock

    client = Client.objects.get(slug=storm.chance.choice(storm.rig.businesses).slug)
    incidents.open_incident(
        scope=Scope(client=client),
        cause=f"chaos:{time.time()}",
        title="A person wants to look",
        reason="A person wants to look at the texts first.",
        opened_by="Chaos",
        now=clock.read(),
    )
    time.sleep(2)


@fault("F31")
def migrate_under_load(storm: Storm) -> None:
    """A column is added and dropped, as a migration does it, and the migrations run once more."""
    import psycopg

    for statement in ("alter table workflows_run add column chaos integer", "alter table workflows_run drop column chaos"):
        for _ in range(40):
            try:
                storm.rig.owner_sql("set lock_timeout = '1s'; " + statement)
                break
            except psycopg.errors.LockNotAvailable:
                time.sleep(0.3)
    storm.rig.system.manage("migrate", "--no-input", "-v", "0")


def _children_of(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(child) for child in open(f"/proc/{pid}/task/{pid}/children").read().split()]
    return []


class Weather(threading.Thread):
    """One fault after the other, drawn by the seed, until `stop`. What goes wrong in a fault itself is noted, not hidden."""

    def __init__(self, storm: Storm, *, tell: Callable[[str], None], names: tuple[str, ...] = (), gap: float = 2.0) -> None:
        super().__init__(daemon=True)
        self.storm, self.tell, self.gap = storm, tell, gap
        self.names = names or tuple(FAULTS)
        self.over = threading.Event()

    def run(self) -> None:
        from django.db import connections

        bag: list[str] = []
        while not self.over.wait(self.storm.chance.random() * self.gap):
            if not bag:
                bag = self.storm.chance.sample(self.names, len(self.names))
            name = bag.pop()
            self.tell(f"{name} {FAULTS[name].__name__.replace('_', ' ')}")
            try:
                FAULTS[name](self.storm)
                self.storm.done[name] = self.storm.done.get(name, 0) + 1
            except Exception as error:  # the database may be just down that this fault wanted to ask
                self.storm.notes.append(f"{name}: {type(error).__name__}: {error}")
            connections.close_all()
            self.see_to_workers()

    def see_to_workers(self) -> None:
        """What a supervisor does: who died is started again, and what was left hanging is mended."""
        for name, child in list(self.storm.rig.children.items()):
            if not child.alive() and not name.startswith("wire"):
                child.start()

    def stop(self) -> None:
        self.over.set()
        self.join()


def raise_storm(rig: Rig, load: Workload, *, seed: int) -> Storm:
    """Start the workers, ticker, wires and second web process that the faults act upon."""
    wires: dict[str, Any] = {"postgres": rig.wire("postgres"), "broker": rig.wire("broker")}
    rig.run("threads", role="worker")
    rig.run("forks", role="worker", pool=FORKS, wires=wires)
    rig.run("ticker", role="ticker")
    load.also_through(rig.run_web(wires=wires))
    return Storm(rig=rig, load=load, chance=random.Random(seed + 1), wires=wires)
