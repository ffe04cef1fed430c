"""Missed calls through the real door: signed CallRail post-calls of several clients, each followed until its text reaches the provider."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from tests.bench.counters import Cost, Counters
from tests.bench.load import Answer, Request, send
from tests.bench.provider import Provider
from tests.stack.running import Business, System

# A burst is spread over them: a single business does not get two thousand calls at once, and its hourly limit would stop it.
CLIENTS = 8
# Fiction numbers (555-01xx) of states whose hours are open at noon in Denver; a hundred callers each.
AREA_CODES = (719, 720, 970, 505, 575, 801, 435, 406, 307, 480, 602, 623, 520, 928)
MOST_CALLS = CLIENTS * len(AREA_CODES) * 100


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1) if ordered else 0.0


@dataclass(frozen=True)
class Seen:
    """What became of calls: answers by key; for each text that arrived, the seconds since its webhook was posted; texts that came twice."""

    answers: dict[str, Answer]
    waits: dict[str, float]
    twice: int
    last: float

    @property
    def stored(self) -> int:
        return sum(answer.status == 200 for answer in self.answers.values())


class Calls:
    """Callers that have not called before, one after the other."""

    def __init__(self, system: System, provider: Provider) -> None:
        self.provider = provider
        slugs = [f"bench-{n}" for n in range(CLIENTS)]
        self._phones = [f"+1303555015{n}" for n in range(CLIENTS)]
        self.businesses = Business.make(system, dict.fromkeys(slugs, provider.url), phones=dict(zip(slugs, self._phones, strict=True)))
        self._next = 0

    def new(self, count: int) -> dict[str, Request]:
        """Requests of so many new callers, by the number that the text will go to and the client. Raises ValueError when none are left."""
        if self._next + count > MOST_CALLS:
            raise ValueError(f"only {MOST_CALLS} fiction callers")
        made: dict[str, Request] = {}
        for number in range(self._next, self._next + count):
            at, place = number % CLIENTS, number // CLIENTS
            caller = f"+1{AREA_CODES[place // 100]}55501{place % 100:02d}"
            business = self.businesses[at]
            body, headers = business.call(caller=caller, id=f"bench-{number}")
            key = f"{self._phones[at]}>{caller}"
            made[key] = Request.post(key=key, url=business.callrail, body=body, headers=headers)
        self._next += count
        return made

    def run(self, count: int, *, rate: float | None, patience: float, connections: int = 16) -> Seen:
        """Post so many and wait until their texts arrived, at most `patience` seconds after the last post."""
        self.provider.forget()
        requests = list(self.new(count).values())
        answers = send(requests, rate=rate, connections=connections)
        self.provider.wait_for(count, seconds=patience)
        arrived = {f"{sender}>{to}": times for (sender, to), times in self.provider.seen().items()}
        waits = {key: min(arrived[key]) - answer.sent for key, answer in answers.items() if key in arrived}
        return Seen(
            answers=answers,
            waits=waits,
            twice=sum(len(times) > 1 for times in arrived.values()),
            last=max((max(times) for times in arrived.values()), default=0.0),
        )


def at_rest(calls: Calls, counters: Counters, *, count: int = 20, idle: Cost) -> dict[str, Any]:
    """Calls that come singly, the next once the last is done and a breath later: what one call costs."""
    waits = []
    with counters.measured() as cost:
        for _ in range(count):
            seen = calls.run(1, rate=None, patience=20)
            waits += [wait * 1000 for wait in seen.waits.values()]
            time.sleep(0.3)
    return {"calls": count, "texts": len(waits), "webhook_to_request_ms": {"p50": percentile(waits, 0.5)}, **cost.each(count, idle=idle)}


def latency(calls: Calls, counters: Counters, *, rate: float, seconds: float, idle: Cost) -> dict[str, Any]:
    """From the post of the webhook to the arrival of the text's request, at so many calls a second."""
    count = int(rate * seconds)
    with counters.measured() as cost:
        seen = calls.run(count, rate=rate, patience=60, connections=min(64, max(4, int(rate * 2))))
    waits = [wait * 1000 for wait in seen.waits.values()]
    answers = [answer.milliseconds for answer in seen.answers.values()]
    return {
        "rate_per_second": rate,
        "calls": count,
        "stored": seen.stored,
        "texts": len(waits),
        "twice": seen.twice,
        "webhook_to_request_ms": {"p50": percentile(waits, 0.5), "p99": percentile(waits, 0.99), "max": percentile(waits, 1.0)},
        "answer_ms": {"p50": percentile(answers, 0.5), "p99": percentile(answers, 0.99)},
        "left_at_the_end": count - len(waits),
        **cost.each(max(1, len(waits)), idle=idle),
    }


def burst(calls: Calls, counters: Counters, *, count: int, patience: float, idle: Cost) -> dict[str, Any]:
    """So many calls at once, through the hooks: from the first post to the arrival of the last text."""
    with counters.measured() as cost:
        seen = calls.run(count, rate=None, patience=patience)
    begun = min(answer.sent for answer in seen.answers.values())
    accepted = max(answer.answered for answer in seen.answers.values())
    done = len(seen.waits)
    return {
        "calls": count,
        "stored": seen.stored,
        "texts": done,
        "twice": seen.twice,
        "lost": seen.stored - done,
        "accepted_per_second": round(seen.stored / (accepted - begun), 1),
        "whole_calls_per_second": round(done / (seen.last - begun), 1) if done else 0.0,
        "seconds": round(seen.last - begun, 2),
        **cost.each(max(1, done), idle=idle),
    }


def slow_provider(calls: Calls, counters: Counters, *, count: int, delay: float, patience: float) -> dict[str, Any]:
    """A burst while each answer of the provider takes `delay` seconds: how many texts are sent a second, between the first and the last."""
    calls.provider.slow(seconds=delay)
    try:
        seen = calls.run(count, rate=None, patience=patience)
    finally:
        calls.provider.slow(seconds=0)
    times = sorted(min(found) for found in calls.provider.seen().values())
    took = times[-1] - times[0] if len(times) > 1 else 0.0
    return {
        "delay_ms": round(delay * 1000),
        "calls": count,
        "texts": len(seen.waits),
        "twice": seen.twice,
        "sends_per_second": round(len(times) / took, 1) if took else 0.0,
    }
