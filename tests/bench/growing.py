"""What grows with the tables: the due sweep, recognising a repeat, the inbox and the search, with 10 thousand events and with many.

Rows are made by SQL, as the superuser, with triggers and foreign keys off: they are here for their number.
"""

from __future__ import annotations

import http.cookiejar
import statistics
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from tests.bench.calls import Calls
from tests.bench.counters import Counters
from tests.stack.running import System
from tests.stack.running import http as request

SMALL = 10_000
LOOKS = 9
# One contact, identity and lead for ten events; one delivery for each.
_FILL = """
set session_replication_role = replica;
create temp table numbers as select n, gen_random_uuid() as contact, gen_random_uuid() as lead from generate_series(%(first)s, %(last)s) n where n %% 10 = 0;
insert into leads_contact (id, client_id, name, state, postal_code, created_at)
  select contact, %(client)s, 'Grown Person ' || n, 'CO', '', now() - interval '90 days' from numbers;
insert into leads_identity (client_id, contact_id, kind, value) select %(client)s, contact, 'phone', '+1' || (3000000000 + n) from numbers;
insert into leads_lead (id, client_id, contact_id, source, kind, service, urgency, stage, next_action, created_at, outcome_reported_by)
  select lead, %(client)s, contact, 'Google Ads', 'missed call', '', '', 'lost', '', now() - interval '90 days', '' from numbers;
insert into leads_event (id, client_id, type, source, key, occurred_at, recorded_at, contact_id, lead_id, facts, personal)
  select gen_random_uuid(), %(client)s, 'call.missed', 'callrail', 'grown-' || n, now() - interval '90 days', now() - interval '90 days',
         (select contact from numbers where numbers.n = g.n - g.n %% 10), null, '{"kind": "no-answer"}', '{}'
    from generate_series(%(first)s, %(last)s) g(n) where g.n >= 10;
insert into providers_delivery (id, connection_id, key, received_at, method, url, headers, body, body_sha256, copies, state, note, claims, next_at,
    replays, finished_at)
  select gen_random_uuid(), %(connection)s, 'grown-' || n, now() - interval '90 days', 'POST', '/hooks/callrail/', '{}', '\\x00', '', 0, 'done', '', 1,
         now() - interval '90 days', 0, now() - interval '90 days' from generate_series(%(first)s, %(last)s) n;
drop table numbers;
analyze leads_contact; analyze leads_identity; analyze leads_lead; analyze leads_event; analyze providers_delivery;
"""
_SWEEP = """
from datetime import timedelta
import time, json
from workflows import due
from zartsalgo.lib import clock
took = []
for _ in range(9):
    began = time.perf_counter()
    due.anything_due(now=clock.read(), grace=timedelta(0))
    took.append((time.perf_counter() - began) * 1000)
print(json.dumps(sorted(took)[4]))
"""


def growth(system: System, calls: Calls, counters: Counters, *, events: int) -> dict[str, Any]:
    """Medians in milliseconds with SMALL events and with so many."""
    staff = _Staff(system)
    client, connection = counters.rows(
        "select c.id, p.id from leads_client c join providers_connection p on p.client_id = c.id where provider = 'callrail' order by c.id limit 1"
    )[0]
    found: dict[str, Any] = {}
    filled = 0
    for size in (SMALL, events):
        began = time.monotonic()
        while filled < size:
            step = min(100_000, size - filled)
            values = {"first": filled, "last": filled + step - 1, "client": client, "connection": connection}
            counters.script(_FILL, values)
            filled += step
        found[f"{size:,}"] = {
            "filled_in_s": round(time.monotonic() - began, 1),
            "due_sweep_ms": _sweep(system),
            "repeat_ms": _median(lambda: _repeat(calls)),
            "inbox_ms": _median(lambda: staff.get("/")),
            "search_number_ms": _median(lambda: staff.get("/leads/?q=%2B13000005550")),
            "search_name_ms": _median(lambda: staff.get("/leads/?q=Grown+Person+5550")),
            "leads_ms": _median(lambda: staff.get("/leads/")),
        }
    return found


def _median(look: Callable[[], None]) -> float:
    look()
    took = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        look()
        took.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(took), 1)


def _sweep(system: System) -> float:
    return round(float(system.manage("shell", "-v0", "-c", _SWEEP).strip().splitlines()[-1]), 2)


def _repeat(calls: Calls) -> None:
    """A webhook that came before: recognised by its key, answered 200, stored once."""
    business = calls.businesses[0]
    body, headers = business.call(caller="+17205550199", id="bench-repeat", answered=True, start_time="2026-01-01T00:00:00Z")
    if request("POST", business.callrail, body=body, headers=headers)[0] != 200:
        raise RuntimeError("the repeat was not taken")


class _Staff:
    """The owner's browser."""

    def __init__(self, system: System) -> None:
        self._url = system.url
        jar = http.cookiejar.CookieJar()
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar)).open
        system.manage("shell", "-v0", "-c", _OWNER)
        page = self._open(f"{self._url}/admin/login/?next=/", timeout=30)
        token = next(cookie.value for cookie in jar if cookie.name.endswith("csrftoken"))
        fields = urllib.parse.urlencode({"username": "bench", "password": "bench it for once", "csrfmiddlewaretoken": token})
        self._open(urllib.request.Request(page.url, data=fields.encode(), headers={"Referer": page.url}), timeout=30)

    def get(self, path: str) -> None:
        with self._open(f"{self._url}{path}", timeout=60) as answer:
            if "login" in answer.url:
                raise RuntimeError("the bench could not sign in")
            answer.read()


_OWNER = """
from django.contrib.auth import get_user_model
one, _ = get_user_model().objects.get_or_create(username="bench", defaults={"is_staff": True, "is_superuser": True})
one.set_password("bench it for once")
one.save()
"""
