"""What a load cost: statements and commits of Postgres, processor time of each process and of the machine, memory."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.stack.running import System, wait_until
from zartsalgo.embedded.servers import DATABASE, SUPERUSER

_TICK = os.sysconf("SC_CLK_TCK")
# The bench's own looks carry this comment and are not counted, nor are the database's own checks of foreign keys: nobody sends them.
_OURS = "/* bench */"
_COUNTS = f"""select {_OURS} (select coalesce(sum(calls), 0) from pg_stat_statements s join pg_database d on d.oid = s.dbid
  where d.datname = current_database() and query not like '%%{_OURS}%%'
    and query not like 'SELECT % FROM ONLY % FOR KEY SHARE OF x'),
  pg_snapshot_xmax(pg_current_snapshot())::text::bigint"""


@dataclass
class Cost:
    """Sums over a stretch of time. `commits` are transactions that wrote (each is given one number, a savepoint that wrote one more);
    `cpu` is seconds by the name of the process; `machine` seconds of all cores that were busy."""

    seconds: float = 0.0
    statements: float = 0.0
    commits: float = 0.0
    machine: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)

    def each(self, count: int, *, idle: Cost | None = None) -> dict[str, Any]:
        """Per call, without what the same system costs in the same time while nothing comes."""
        share = self.seconds / idle.seconds if idle and idle.seconds else 0.0

        def _net(mine: float, theirs: float) -> float:
            return max(0.0, mine - theirs * share) / count

        rest = idle or Cost()
        cpu = {name: round(_net(spent, rest.cpu.get(name, 0.0)) * 1000, 2) for name, spent in sorted(self.cpu.items())}
        return {
            "statements": round(_net(self.statements, rest.statements), 2),
            "commits": round(_net(self.commits, rest.commits), 3),
            "machine_cpu_ms": round(_net(self.machine, rest.machine) * 1000, 2),
            "cpu_ms": {name: spent for name, spent in cpu.items() if spent >= 0.01},
        }


class Counters:
    """Looks at one running system from outside."""

    def __init__(self, system: System) -> None:
        self._system = system
        secrets = json.loads((system.data / "secrets.json").read_text(encoding="utf-8"))
        port = self._services()["postgres"]["port"]
        self.address = {"host": "127.0.0.1", "port": port, "dbname": DATABASE, "user": SUPERUSER, "password": secrets["superuser"]}
        with self._connect() as connection:
            loaded = connection.execute("show shared_preload_libraries").fetchone()
            connection.execute("alter system set shared_preload_libraries = 'pg_stat_statements'")
            connection.execute("alter system set pg_stat_statements.max = 10000")
        if loaded and "pg_stat_statements" not in loaded[0]:
            system.service("stop", "postgres")
            system.service("start", "postgres")
            wait_until(self._answers, seconds=60, what="postgres")
        with self._connect() as connection:
            connection.execute("create extension if not exists pg_stat_statements")

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(**self.address, autocommit=True)

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def rows(self, statement: str, parameters: Any = None) -> list[Any]:
        """What one statement of the bench returns, as the superuser; it is not counted."""
        with self._connect() as connection:
            cursor = connection.execute(f"{_OURS} {statement}", parameters)
            return cursor.fetchall() if cursor.description else []

    def script(self, statements: str, parameters: dict[str, Any]) -> None:
        """Several statements at once, as the superuser."""
        with self._connect() as connection:
            psycopg.ClientCursor(connection).execute(statements, parameters)

    def _services(self) -> dict[str, dict[str, Any]]:
        return {row["name"]: row for row in self._system.manage("services", "--json")["services"]}

    def processes(self) -> dict[str, list[int]]:
        """The pids of each service with all its children."""
        parents: dict[int, int] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(stat.parent.name)] = int(fields[1])
        roots = {row["pid"]: name for name, row in self._services().items() if row["pid"]}
        found: dict[str, list[int]] = {name: [] for name in roots.values()}
        for pid in parents:
            at: int | None = pid
            while at and at not in roots:
                at = parents.get(at)
            if at:
                found[roots[at]].append(pid)
        return found

    @contextmanager
    def measured(self) -> Iterator[Cost]:
        """Fills the cost in when the block is over."""
        pids = self.processes()
        cost, before = Cost(), self._look(pids)
        yield cost
        after = self._look(pids)
        cost.seconds = after["at"] - before["at"]
        cost.statements = after["statements"] - before["statements"]
        cost.commits = after["commits"] - before["commits"]
        cost.machine = after["machine"] - before["machine"]
        cost.cpu = {name: after["cpu"][name] - spent for name, spent in before["cpu"].items()}

    def _look(self, pids: dict[str, list[int]]) -> dict[str, Any]:
        with self._connect() as connection:
            connection.execute("select pg_stat_force_next_flush()")
            row = connection.execute(_COUNTS).fetchone() or (0, 0)
        # user, nice, system, irq and softirq: not what waited, nor what the host gave to others.
        times = [int(value) for value in Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()[1:8]]
        return {
            "at": os.times().elapsed,
            "statements": float(row[0]),
            "commits": float(row[1]),
            "machine": (sum(times) - times[3] - times[4]) / _TICK,
            "cpu": {name: sum(map(_cpu_seconds, found)) for name, found in pids.items()},
        }

    def memory(self) -> dict[str, float]:
        """Megabytes of each service (proportional set size: what is shared counts once), and all together."""
        found = {name: round(sum(map(_megabytes, pids)), 1) for name, pids in self.processes().items()}
        return {**found, "all": round(sum(found.values()), 1)}


def _cpu_seconds(pid: int) -> float:
    """With its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(value) for value in fields[11:15]) / _TICK


def _megabytes(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
