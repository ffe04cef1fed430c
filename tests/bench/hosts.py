"""What a second machine's worth of workers adds to a burst, here on the same cores: with one host, with two, two again, one again."""

from __future__ import annotations

import os
import time
from typing import Any

from tests.bench.calls import Calls
from tests.bench.counters import Counters
from tests.stack.running import SecondMachine, System

REST_SECONDS = 1.0
_CONNECTIONS = "select count(*) from pg_stat_activity where datname = current_database() and usename = 'zarts_app'"


def hosts(system: System, calls: Calls, counters: Counters, *, count: int, patience: float) -> dict[str, Any]:
    """Whole calls a second of a burst of `count`; the two ways stand in each other's place, so that a machine that grows busier tells."""
    _burst(calls, count=count, patience=patience)  # what the first crowd meets is cold; not counted
    one, two = [_burst(calls, count=count, patience=patience)], []
    connections = {"one": counters.rows(_CONNECTIONS)[0][0]}
    with SecondMachine(system):
        two += [_burst(calls, count=count, patience=patience) for _ in range(2)]
        connections["two"] = counters.rows(_CONNECTIONS)[0][0]
    one.append(_burst(calls, count=count, patience=patience))
    return {
        "cores_shared_by_all": os.cpu_count(),
        "calls_in_each_burst": count,
        "one": {"whole_calls_per_second": [burst["rate"] for burst in one]},
        "two": {"whole_calls_per_second": [burst["rate"] for burst in two]},
        "lost": sum(burst["lost"] for burst in one + two),
        "twice": sum(burst["twice"] for burst in one + two),
        "connections_to_postgres": connections,
    }


def _burst(calls: Calls, *, count: int, patience: float) -> dict[str, float]:
    time.sleep(REST_SECONDS)
    seen = calls.run(count, rate=None, patience=patience)
    begun = min(answer.sent for answer in seen.answers.values())
    done = len(seen.waits)
    return {"rate": round(done / (seen.last - begun), 1) if done else 0.0, "lost": seen.stored - done, "twice": seen.twice}
