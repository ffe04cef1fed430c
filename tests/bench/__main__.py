"""`script/bench [--json] [--seconds N] [--rounds N] [--burst N] [--parts NAME,...] [--events N]`.

Everything happens in one run on one Postgres. Nothing is judged here; the figures are printed with their sizes, as a table or one JSON
document. Parts:

rest      one call after the other: statements, commits and processor time of one
latency   10, 50 and 200 calls a second: from the post of the webhook to the arrival of the text's request at the provider
burst     2,000 calls at once through the hooks: whole calls a second, none lost, none twice
slow      a burst while the provider takes 100 ms for each answer: sends a second
accept    signed webhooks stored a second, beside the bare insert of the same row, in turn
dribble   400 connections that send a byte a second: what whole webhooks beside them notice
flood     500 forms in ten seconds on one client's hook: what the callers of the others notice
hosts     bursts with one host of workers and with two, in turn, on this machine's cores: whole calls a second
peer      a plain Django view, ORM rows and a Celery task a step, making the same rows
growth    due sweep, repeats, inbox and search with 10 thousand and --events events; only when it is asked for, for it fills tables for minutes
memory    of all processes, at rest after the burst
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from typing import Any

from tests.bench import accepting, calls, comparing, counters, dribbling, flooding, growing, hosts
from tests.bench.provider import Provider
from tests.stack.running import System

PARTS = ("rest", "latency", "burst", "slow", "accept", "dribble", "flood", "hosts", "peer", "growth")
RATES = (10, 50, 200)
IDLE_SECONDS = 5.0


def run(*, parts: tuple[str, ...], seconds: int, rounds: int, count: int, events: int) -> dict[str, Any]:
    """All figures of the parts asked for, from one running system."""
    found: dict[str, Any] = {"machine": {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()[0]}}
    with Provider() as provider, System() as system:
        looks = counters.Counters(system)
        system.manage("clock", "set", "12:00", "--zone", "America/Denver", "--json")
        made = calls.Calls(system, provider)
        made.run(30, rate=10, patience=30)  # everything is loaded; not counted
        time.sleep(2)
        with looks.measured() as idle:
            time.sleep(IDLE_SECONDS)
        found["idle"] = {
            "statements_per_second": round(idle.statements / idle.seconds, 1),
            "cpu_percent": {name: round(spent / idle.seconds * 100, 1) for name, spent in idle.cpu.items()},
        }
        found["memory_mb"] = {"at_start": looks.memory()}

        def _part(name: str, measure: Any) -> None:
            if name not in parts:
                return
            print(f"{name} ...", file=sys.stderr, flush=True)
            found[name] = measure()

        _part("rest", lambda: calls.at_rest(made, looks, idle=idle))
        _part("latency", lambda: [_steady(made, looks, rate=rate, seconds=seconds, idle=idle) for rate in RATES])
        _part("burst", lambda: calls.burst(made, looks, count=count, patience=150, idle=idle))
        if "burst" in parts:
            time.sleep(5)
            found["memory_mb"]["after_burst"] = looks.memory()
        _part("slow", lambda: calls.slow_provider(made, looks, count=count // 2, delay=0.1, patience=60))
        _part("accept", lambda: accepting.accept(system, made, looks, rounds=rounds))
        _part("dribble", lambda: dribbling.dribble(made))
        _part("flood", lambda: flooding.flood(system, made))
        _part("hosts", lambda: hosts.hosts(system, made, looks, count=count // 5, patience=30))
        _part("peer", lambda: comparing.peer_burst(system, looks, provider, made.businesses[0], count=count // 2, patience=60))
        _part("growth", lambda: growing.growth(system, made, looks, events=events))
    return found


def _steady(made: calls.Calls, looks: counters.Counters, *, rate: int, seconds: int, idle: counters.Cost) -> dict[str, Any]:
    """A high rate for a shorter time, so that there are callers enough for all of them."""
    return calls.latency(made, looks, rate=rate, seconds=min(seconds, 3000 / rate), idle=idle)


def show(found: dict[str, Any]) -> None:
    """The figures as lines."""
    if rest := found.get("rest"):
        print(f"one call: {rest['statements']} statements, {rest['commits']} commits, {rest['machine_cpu_ms']} ms of processor time")
    for steady in found.get("latency", ()):
        wait, answer = steady["webhook_to_request_ms"], steady["answer_ms"]
        print(f"{steady['rate_per_second']} a second: webhook to the provider's request p50 {wait['p50']} ms, p99 {wait['p99']} ms", end="")
        print(
            f" ({steady['texts']} texts of {steady['calls']} calls); answer p99 {answer['p99']} ms; {steady['machine_cpu_ms']} ms CPU a call"
        )
    if burst := found.get("burst"):
        print(f"burst of {burst['calls']}: {burst['whole_calls_per_second']} whole calls a second in {burst['seconds']} s", end="")
        print(f", {burst['lost']} not there, {burst['twice']} twice; {burst['statements']} statements, {burst['commits']} commits", end="")
        print(f" and {burst['machine_cpu_ms']} ms of processor time a call")
    if slow := found.get("slow"):
        print(f"provider that takes {slow['delay_ms']} ms: {slow['sends_per_second']} sends a second ({slow['texts']} of {slow['calls']})")
    if accept := found.get("accept"):
        print(f"accepted: {accept['webhooks_per_second']} webhooks/s, p99 {accept['answer_ms']['p99']} ms", end="")
        print(f"; bare insert: {accept['bare_inserts_per_second']}/s; share {accept['share_of_bare_insert']:.1%}")
    if dribble := found.get("dribble"):
        alone, beside = dribble["answer_ms"]["alone"], dribble["answer_ms"]["beside"]
        print(f"beside {dribble['connections']} connections that dribble: answer p50 {beside['p50']} ms, p99 {beside['p99']} ms", end="")
        print(f" (alone {alone['p50']} and {alone['p99']} ms)")
    if flood := found.get("flood"):
        alone, beside = flood["alone_ms"], flood["beside_ms"]
        print(f"flood of {flood['forms']} forms: other clients' callers p50 {beside['p50']} ms, at most {beside['max']} ms", end="")
        print(f" (alone {alone['p50']} and {alone['max']} ms)")
    if two := found.get("hosts"):
        rates = {way: " and ".join(map(str, two[way]["whole_calls_per_second"])) for way in ("one", "two")}
        print(f"bursts of {two['calls_in_each_burst']}: with one host {rates['one']}, with two {rates['two']} whole calls a second", end="")
        print(f" (all share {two['cores_shared_by_all']} cores); {two['lost']} lost, {two['twice']} twice; connections to Postgres", end="")
        print(f" {two['connections_to_postgres']['one']} and {two['connections_to_postgres']['two']}")
    if peer := found.get("peer"):
        print(f"peer: {peer['burst']['whole_calls_per_second']} whole calls a second in a burst of {peer['burst']['calls']}", end="")
        print(f"; at 10 a second p50 {peer['ten_a_second']['webhook_to_request_ms']['p50']} ms")
    for size, looked in found.get("growth", {}).items():
        print(
            f"{size} events: " + ", ".join(f"{name.removesuffix('_ms')} {took} ms" for name, took in looked.items() if name.endswith("_ms"))
        )
    for when, sizes in found["memory_mb"].items():
        print(f"memory {when.replace('_', ' ')}: {sizes['all']} MB (" + ", ".join(f"{k} {v}" for k, v in sizes.items() if k != "all") + ")")


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--seconds", type=int, default=20, help="length of each rate of the latency part (default 20, at most 60)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the accept part (default 3, at most 9)")
    parser.add_argument("--burst", type=int, default=2000, help="calls in the burst (default and at most 2000)")
    parser.add_argument("--parts", default=",".join(PARTS[:-1]), help=f"some of {', '.join(PARTS)} (default all but the last)")
    parser.add_argument("--events", type=int, default=1_000_000, help="events in the growth part (default a million, at most 10 million)")
    options = parser.parse_args()
    parts = tuple(part for part in PARTS if part in options.parts.split(","))
    print("Starting a system of its own ...", file=sys.stderr, flush=True)
    found = run(
        parts=parts,
        seconds=min(options.seconds, 60),
        rounds=min(options.rounds, 9),
        count=min(options.burst, 2000),
        events=min(options.events, 10_000_000),
    )
    if options.json:
        print(json.dumps(found))
    else:
        show(found)


if __name__ == "__main__":
    main()
