"""How many signed webhooks a second are stored, beside the rate at which the same Postgres takes the bare row, in turn."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.bench.calls import Calls, percentile
from tests.bench.counters import Counters
from tests.bench.load import Request, send
from tests.stack.running import System
from zartsalgo.embedded.binaries import find_postgres

CONNECTIONS = 16
WEBHOOKS_PER_ROUND = 3000
# The same row as the accept path writes, from nothing: no verification, no HTTP, no Python.
_BARE = """insert into bench_bare (id, connection_id, key, received_at, method, url, headers, body, body_sha256, copies, state, note,
 claims, next_at, replays) values (gen_random_uuid(), '{connection}', gen_random_uuid()::text, clock_timestamp(), 'POST', '/hooks/callrail/',
 '{{"content-type": "application/json"}}', convert_to(repeat('x', 1400), 'UTF8'), repeat('a', 64), 0, 'received', '', 0, clock_timestamp(), 0)
 on conflict (connection_id, key) do update set copies = bench_bare.copies + 1;"""


class BareInsert:
    """pgbench against the system's own Postgres, on a table like providers_delivery (its indexes, without its triggers)."""

    def __init__(self, counters: Counters, *, folder: Path) -> None:
        self._counters = counters
        counters.rows("drop table if exists bench_bare")
        counters.rows("create table bench_bare (like providers_delivery including all)")
        connection = counters.rows("select id from providers_connection limit 1")[0][0]
        self._script = folder / "bare.sql"
        self._script.write_text(_BARE.format(connection=connection).replace("\n", " ") + "\n", encoding="utf-8")

    def rate(self, *, seconds: int) -> float:
        """Inserts a second over CONNECTIONS connections, prepared."""
        at = self._counters.address
        programs = find_postgres(copy_to=self._script.parent)
        command = [programs["pgbench"], "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "2", "-T", str(seconds)]
        command += ["-f", str(self._script), "-h", str(at["host"]), "-p", str(at["port"]), "-U", str(at["user"]), str(at["dbname"])]
        env = {**os.environ, "PGPASSWORD": str(at["password"])}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        return float(next(line for line in done.stdout.splitlines() if line.startswith("tps")).split()[2])

    def close(self) -> None:
        self._counters.rows("drop table bench_bare")


def accept(system: System, calls: Calls, counters: Counters, *, rounds: int) -> dict[str, Any]:
    """Worker, ticker and beat are stopped meanwhile, so that the accept path alone is measured; sender, web and Postgres share the machine."""
    for name in ("worker", "ticker", "beat"):
        system.service("stop", name)
    bare = BareInsert(counters, folder=system.data.parent)
    business, accepts, bares, answers = calls.businesses[0], [], [], []
    try:
        for number in range(rounds):
            bares.append(bare.rate(seconds=3))
            requests = []
            for n in range(WEBHOOKS_PER_ROUND):
                changes: dict[str, Any] = {"answered": True, "call_type": "answered", "filler": "x" * 600}
                body, headers = business.call(caller="+17205550199", id=f"accept-{number}-{n}", **changes)
                requests.append(Request.post(key=str(n), url=business.callrail, body=body, headers=headers))
            began = time.perf_counter()
            found = send(requests, connections=CONNECTIONS)
            taken = time.perf_counter() - began - 0.3  # the sender waits so long before it begins
            stored = sum(answer.status == 200 for answer in found.values())
            if stored != WEBHOOKS_PER_ROUND:
                raise RuntimeError(f"{WEBHOOKS_PER_ROUND - stored} of {WEBHOOKS_PER_ROUND} webhooks were not stored")
            accepts.append(stored / taken)
            answers += [answer.milliseconds for answer in found.values()]
    finally:
        bare.close()
        counters.rows("set session_replication_role = replica; delete from providers_delivery where state = 'received'")
        for name in ("worker", "ticker", "beat"):
            system.service("start", name)
    rate, insert = statistics.median(accepts), statistics.median(bares)
    return {
        "webhooks_per_second": round(rate),
        "bare_inserts_per_second": round(insert),
        "share_of_bare_insert": round(rate / insert, 3),
        "answer_ms": {"p50": percentile(answers, 0.5), "p99": percentile(answers, 0.99)},
        "connections": CONNECTIONS,
        "rounds": rounds,
    }
