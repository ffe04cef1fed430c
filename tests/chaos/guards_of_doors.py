"""Arms about strangers at the door: a flood through one public form, and forged posts on one hook."""

from __future__ import annotations

import os
from typing import Any
from unittest import mock
from urllib.parse import urlencode, urlsplit

from tests.chaos.arms import SETTLE, arm, watch, without
from tests.chaos.running import Rig, read_rows
from tests.stack.running import Business, http, wait_until

NEIGHBOUR = "+13035550139"
FLOOD, FORGED = 150, 30
# As in production: more than a fifth of so many leads within ten minutes is a surge, which pauses. Loopback allows more.
FEW = {"ZARTS_TEXTS_PER_HOUR": "300"}
SECONDS = 30.0  # in which a neighbour's missed call is answered as usual


@arm("F44 flood and forgers")
def flood_and_forgers(rig: Rig, business: Business, guarded: bool) -> int:
    """150 forms on one hook and 30 forged posts on another: put aside and counted, the neighbour answered as usual, nothing paused."""
    from leads.models import Client
    from messaging.models import Pause
    from providers.connections import connect
    from providers.models import Connection, Delivery, Refusal
    from zartsalgo.lib import clock

    neighbour = rig.add_businesses(1)[0]
    client = Client.objects.get(slug=business.slug)
    way, hook = connect(client=client, provider="form", secret="", now=clock.read())
    door = rig.run_web(**without(guarded, "limits"))
    with mock.patch.dict(os.environ, FEW):
        rig.run("worker", role="worker")
        rig.run("ticker", role="ticker")
    path, forged_path = urlsplit(hook).path, urlsplit(business.callrail).path
    broken = sum(_fill(f"{door}{path}", number) != 200 for number in range(FLOOD))
    answers = [_forge(f"{door}{forged_path}") for _ in range(FORGED)]
    neighbour.miss_call(caller=NEIGHBOUR, id="beside-a-flood")
    try:
        wait_until(lambda: rig.fake.sent_to(NEIGHBOUR, client=neighbour.twilio), seconds=SECONDS, what="the neighbour's text")
    except TimeoutError:
        broken += 1

    def _pauses() -> int:
        return Pause.objects.filter(client=client, lifted_at__isnull=True).count()

    def _settled() -> bool:
        return not Delivery.objects.filter(connection=way, state=Delivery.State.RECEIVED).exists()

    if guarded:
        wait_until(lambda: read_rows(_settled), seconds=SETTLE, what="the forms that were taken in")
        watch(guarded, _pauses)  # the ticker looks for a surge every few seconds here

    def _found() -> dict[str, Any]:
        forger = Connection.objects.get(client=client, provider="callrail")
        return {
            "aside": Delivery.objects.filter(connection=way, state=Delivery.State.ASIDE).count(),
            "kept": Delivery.objects.filter(connection=way).count(),
            "counted": sum(Refusal.objects.filter(connection=forger).values_list("times", flat=True)),
            "pauses": _pauses(),
        }

    found = read_rows(_found)
    broken += found["kept"] != FLOOD or found["counted"] != FORGED or set(answers) - {401, 429} != set()
    broken += found["aside"] < FLOOD - 60 or answers.count(429) == 0
    return int(broken + found["pauses"])


def _fill(url: str, number: int) -> int:
    fields = {"name": f"Visitor {number}", "phone": f"(303) 555-01{number % 100:02}", "message": f"Gutter {number}"}
    return http("POST", url, body=urlencode(fields).encode(), headers={"Content-Type": "application/x-www-form-urlencoded"})[0]


def _forge(url: str) -> int:
    return http("POST", url, body=b"{}", headers={"Content-Type": "application/json", "Signature": "AAAA"})[0]
