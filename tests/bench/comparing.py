"""Runs the peer (tests.bench.peer) beside the system, with the same sender, provider, Postgres and broker, one after the other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tests.bench.calls import AREA_CODES, percentile
from tests.bench.counters import Counters
from tests.bench.load import Request, send
from tests.bench.provider import Provider
from tests.stack.running import CALLRAIL_KEY, Business, System, free_port, http, wait_until
from zartsalgo.embedded.state import ROOT

_BROKER = "import json; from django.conf import settings; print(json.dumps(settings.REDIS_URL))"


@contextmanager
def running(system: System, counters: Counters, provider: Provider) -> Iterator[str]:
    """The address of the peer's hook."""
    at = counters.address
    counters.rows("drop database if exists bench_peer")
    counters.rows("create database bench_peer")
    database = {"NAME": "bench_peer", "HOST": at["host"], "PORT": at["port"], "USER": at["user"], "PASSWORD": at["password"]}
    broker = json.loads(system.manage("shell", "-v0", "-c", _BROKER).strip().splitlines()[-1])
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("ZARTS_", "DJANGO_"))},
        "PYTHONPATH": str(ROOT),
        "PEER_DATABASE": json.dumps(database),
        "PEER_BROKER": broker.rpartition("/")[0] + "/9",
        "PEER_PROVIDER": f"{provider.url}/Messages.json",
        "PEER_SECRET": CALLRAIL_KEY,
    }
    subprocess.run([sys.executable, "-m", "tests.bench.peer", "tables"], env=env, cwd=ROOT, check=True)
    port = free_port()
    granian = [
        "granian",
        "--interface",
        "wsgi",
        "--port",
        str(port),
        "--workers",
        "2",
        "--blocking-threads",
        "4",
        "--no-ws",
        "--log-level",
        "error",
    ]
    commands = (
        [*granian, "tests.bench.peer:application"],
        ["celery", "-A", "tests.bench.peer", "worker", "-c", "2", "--loglevel", "ERROR", "--without-gossip", "--without-mingle"],
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-m", *command],
            env=env,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for command in commands
    ]
    url = f"http://127.0.0.1:{port}/hook"
    try:
        wait_until(lambda: _answers(url), seconds=60, what="the peer")
        yield url
    finally:
        for process in started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in started:
            process.wait(20)


def _answers(url: str) -> bool:
    try:
        return http("POST", url, body=b"{}", seconds=2)[0] == 401
    except OSError:
        return False


def peer_burst(
    system: System, counters: Counters, provider: Provider, business: Business, *, count: int, patience: float
) -> dict[str, Any]:
    """So many calls at once, as calls.burst does it with us; and ten a second before."""
    with running(system, counters, provider) as url:
        _run(url, provider, business, first=0, count=20, rate=10, patience=30)  # the worker has begun; not counted
        steady = _run(url, provider, business, first=20, count=100, rate=10, patience=30)
        quick = _run(url, provider, business, first=120, count=count, rate=None, patience=patience)
    return {"ten_a_second": steady, "burst": quick}


def _run(
    url: str, provider: Provider, business: Business, *, first: int, count: int, rate: float | None, patience: float
) -> dict[str, Any]:
    provider.forget()
    requests = []
    for number in range(first, first + count):
        caller = f"+1{AREA_CODES[number // 1000 % len(AREA_CODES)]}5{number % 1000:03d}{number // 14000:03d}"
        body, headers = business.call(caller=caller, id=f"peer-{number}")
        requests.append(Request.post(key=caller, url=url, body=body, headers=headers))
    answers = send(requests, rate=rate)
    provider.wait_for(count, seconds=patience)
    arrived = {to: min(times) for (_, to), times in provider.seen().items()}
    waits = [(arrived[key] - answer.sent) * 1000 for key, answer in answers.items() if key in arrived]
    begun, last = min(answer.sent for answer in answers.values()), max(arrived.values(), default=0.0)
    return {
        "calls": count,
        "texts": len(waits),
        "webhook_to_request_ms": {"p50": percentile(waits, 0.5), "p99": percentile(waits, 0.99)},
        "whole_calls_per_second": round(len(waits) / (last - begun), 1) if waits else 0.0,
    }
