"""Is the process alive, and is everything it needs? `/healthz` asks nobody; `/readyz` asks all and takes at most about two seconds.

Anybody may ask, so a process looks at most once a second and answers from that.
"""

import threading
import time
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from zartsalgo import canaries
from zartsalgo.lib import heartbeat, presence

# Older than this and the process counts as down. A worker signs with every canary: one of six each 30 s, all of them at worst at once.
STALE_SECONDS = {"worker": 45.0, "beat": 25.0, "ticker": 15.0}
WEB_STALE_SECONDS = 45.0
# Across rooms on purpose: one number for "how long has the oldest thing that should have happened been waiting".
_OLDEST_DUE = """
select greatest(0, extract(epoch from max(late)))::float8 from (
  select clock_timestamp() - min(next_at) as late from providers_delivery where state = 'received'
  union all
  select clock_timestamp() + coalesce((select shifted_by from zartsalgo_clock where id = 1), interval '0') - min(wake_at)
    from workflows_run where status in ('ready', 'waiting')
  union all
  select clock_timestamp() + coalesce((select shifted_by from zartsalgo_clock where id = 1), interval '0') - min(due_at)
    from messaging_message where status in ('queued', 'unknown')
) as queues"""


def healthz(request: HttpRequest) -> HttpResponse:
    """200 while this process lives."""
    return HttpResponse("ok", content_type="text/plain")


def _broker_answers() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1, retry=None) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError):
        return False


def look() -> dict[str, Any]:
    """The state of everything: database, broker, worker, beat, ticker, web, queues ("ok" or "down"), the queues that nobody works off, how
    many workers sign, how many machines have gone silent while others go on, and the seconds the oldest due item waits."""
    found: dict[str, Any] = {"database": "down", "broker": "ok" if _broker_answers() else "down"}
    ages: dict[str, float] = {}
    silent: list[str] | None = None
    oldest: float | None = None
    processes: list[presence.Process] | None = None
    try:
        ages = heartbeat.ages()
        silent = canaries.silent_queues()
        processes = presence.read()
        with connection.cursor() as cursor:
            cursor.execute(_OLDEST_DUE)
            oldest = cursor.fetchone()[0] or 0.0
        found["database"] = "ok"
    except (DatabaseError, InterfaceError):
        connection.close()
    for name, limit in STALE_SECONDS.items():
        found[name] = "ok" if ages.get(name, limit + 1) <= limit else "down"
    # Where pages were served once they must be served still; several processes share this sign.
    found["web"] = "ok" if ages.get("web", 0.0) <= WEB_STALE_SECONDS else "down"
    found["queues"] = "ok" if silent == [] else "down"
    found["silent_queues"] = silent or []
    # One machine of several that is gone is no reason to send nobody here: the others do its work.
    found["workers"] = None if processes is None else sum(one.name == "worker" and not one.is_silent for one in processes)
    found["silent_machines"] = None if processes is None else len(presence.silent_machines(processes=processes))
    found["oldest_due_seconds"] = None if oldest is None else round(oldest, 1)
    return found


KEEP_SECONDS = 1.0
_looking = threading.Lock()
_kept: tuple[float, dict[str, Any]] | None = None


def forget() -> None:
    """Look anew the next time; for tests."""
    global _kept
    _kept = None


def _look_lately() -> dict[str, Any]:
    """look(), at most KEEP_SECONDS old; older while another thread looks, so that a part that hangs holds one thread and no more."""
    global _kept
    kept = _kept
    if kept is not None and time.monotonic() - kept[0] < KEEP_SECONDS:
        return kept[1]
    if not _looking.acquire(blocking=kept is None):
        return kept[1] if kept else look()
    try:
        found = look()
        _kept = (time.monotonic(), found)
        return found
    finally:
        _looking.release()


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when all is well, 503 when one is down; the body says which."""
    found = _look_lately()
    return JsonResponse(found, status=503 if "down" in found.values() else 200)


def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus, with the bearer token ZARTS_METRICS_TOKEN: what /readyz says as numbers, and the queues' lengths."""
    if not settings.METRICS_TOKEN:
        return HttpResponse("Closed: set ZARTS_METRICS_TOKEN, and send it as a bearer token.\n", status=404, content_type="text/plain")
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not constant_time_compare(token.strip(), settings.METRICS_TOKEN):
        answer = HttpResponse("Send the header Authorization: Bearer and ZARTS_METRICS_TOKEN.\n", status=401, content_type="text/plain")
        answer["WWW-Authenticate"] = "Bearer"
        return answer
    registry = CollectorRegistry()
    up = Gauge("zarts_up", "1 when the part works", ["part"], registry=registry)
    found = _look_lately()
    for part in ("database", "broker", "worker", "beat", "ticker", "web", "queues"):
        up.labels(part).set(found[part] == "ok")
    Gauge("zarts_workers", "Workers that sign, on all machines", registry=registry).set(found["workers"] or 0)
    Gauge("zarts_silent_machines", "Machines that have gone silent while others go on", registry=registry).set(
        found["silent_machines"] or 0
    )
    Gauge("zarts_oldest_due_seconds", "Age of the oldest due item", registry=registry).set(found["oldest_due_seconds"] or 0)
    if found["database"] == "ok":
        waiting = Gauge("zarts_waiting", "Rows waiting", ["queue"], registry=registry)
        with connection.cursor() as cursor:
            cursor.execute(
                """select 'deliveries', count(*) from providers_delivery where state = 'received' union all
                   select 'poison', count(*) from providers_delivery where state = 'poison' union all
                   select 'aside', count(*) from providers_delivery where state = 'aside' union all
                   select 'runs', count(*) from workflows_run where status in ('ready', 'waiting') union all
                   select 'messages', count(*) from messaging_message where status in ('queued', 'held', 'unknown')"""
            )
            for queue, count in cursor.fetchall():
                waiting.labels(queue).set(count)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
