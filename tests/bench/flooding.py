"""What a flood of forms on one hook costs the callers of another client."""

from __future__ import annotations

import threading
import time
from typing import Any
from urllib.parse import urlencode

from tests.bench.calls import Calls, percentile
from tests.bench.load import Answer, Request, send
from tests.stack.running import Business, System

FORMS, SECONDS, SENDERS = 500, 10, 100


def flood(system: System, calls: Calls) -> dict[str, Any]:
    """One call a second of the other clients: alone, and beside 500 forms of a hundred strangers in ten seconds."""
    Business.make(system, {"flooded": calls.provider.url}, phones={"flooded": "+13035550190"})
    hook = system.manage("connect", "form", "--client", "flooded", "--json")["hook_url"]
    quiet = calls.run(SECONDS, rate=1, patience=30)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    forms = []
    for number in range(FORMS):
        fields = {"name": f"Rosa Vega {number}", "phone": f"+1303555{number % 100 + 100:04d}", "message": "The roof leaks."}
        forms.append(Request.post(key=str(number), url=hook, body=urlencode(fields).encode(), headers=kind))
    answers: dict[str, Answer] = {}
    flooding = threading.Thread(
        target=lambda: answers.update(send(forms, rate=FORMS / SECONDS, connections=SENDERS, strangers=True)), daemon=True
    )
    flooding.start()
    time.sleep(0.5)
    beside = calls.run(SECONDS, rate=1, patience=30)
    flooding.join()
    return {
        "forms": FORMS,
        "stored": sum(answer.status == 200 for answer in answers.values()),
        "calls": SECONDS,
        "texts": {"alone": len(quiet.waits), "beside": len(beside.waits)},
        "alone_ms": _spread(list(quiet.waits.values())),
        "beside_ms": _spread(list(beside.waits.values())),
    }


def _spread(waits: list[float]) -> dict[str, float]:
    values = [wait * 1000 for wait in waits]
    return {"p50": percentile(values, 0.5), "max": percentile(values, 1.0)}
