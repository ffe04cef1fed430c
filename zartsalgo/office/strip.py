"""The strip on top of every staff page: what is unwell right now, in words, with what still works. Nothing when all is well.

It is read on every page, so it is cheap: two small queries for what somebody set on purpose; what is broken is looked at once per five
seconds and process, where a broker that hangs costs BROKER_SECONDS. It never breaks a page: what cannot be read is said instead.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import NotRequired, TypedDict

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import OuterRef, Subquery
from django.urls import NoReverseMatch, reverse

from messaging import pauses
from providers.models import Connection
from workflows.answer import workflow_name
from workflows.models import Incident
from zartsalgo.canaries import silent_queues
from zartsalgo.health import STALE_SECONDS
from zartsalgo.lib import clock, heartbeat
from zartsalgo.office.labels import provider_word
from zartsalgo.office.models import Alert
from zartsalgo.office.templatetags.office_tags import absolute, duration, zone_of

KEEP_SECONDS = 5.0
BROKER_SECONDS = 0.3
REFUSED_WITHIN = timedelta(hours=1)
# The longest name a strip line carries; more of a kind are counted.
MOST_LINES = 5

AWAY = {
    "worker": "The worker is not running: the ticker does its work, slowly, one thing after another. Nothing is lost.",
    "ticker": "The ticker is not running: waits, held texts and retries do not come due. New calls and forms are still answered.",
    "beat": "The scheduler is not running: regular work such as asking providers for missed calls is late. Texts still go.",
    "broker": "The broker is not reachable: everything is stored, and work goes on at the ticker's pace, a second or two late.",
    "database": "The database is not reachable: what you see may be old, and nothing can be changed until it is back.",
}
NEITHER = "Neither the broker nor the ticker is running: calls and forms are stored, but nothing is answered until one of them is back."


class Line(TypedDict):
    """One trouble. Levels: bad (something does not work), warn (look at it), info (as somebody wanted it)."""

    level: str
    text: str
    url: NotRequired[str]
    url_label: NotRequired[str]


_looking = threading.Lock()
_kept: tuple[float, list[Line]] | None = None


def build_strip(*, read_moment: Callable[[], clock.Moment] = clock.read_moment) -> list[Line]:
    """The lines of now. Never raises, and waits for nothing that another thread already looks at."""
    try:
        lines = _wanted(moment=read_moment())
    except (DatabaseError, InterfaceError):
        _let_go()
        return [{"level": "bad", "text": AWAY["database"]}]
    return sorted(lines + _unwell(), key=lambda line: ("bad", "warn", "info").index(line["level"]))


def forget() -> None:
    """Look anew the next time; for tests, and for whoever has just mended something."""
    global _kept
    _kept = None


def _unwell() -> list[Line]:
    """What is broken, at most KEEP_SECONDS old; older while another thread looks."""
    global _kept
    kept = _kept
    if kept is not None and time.monotonic() - kept[0] < KEEP_SECONDS:
        return kept[1]
    if not _looking.acquire(blocking=False):
        return kept[1] if kept else []
    try:
        lines = _look()
        _kept = (time.monotonic(), lines)
        return lines
    finally:
        _looking.release()


def _look() -> list[Line]:
    queues: list[Line] = []
    try:
        # A page may be inside a transaction; a statement that fails in here must not spoil it.
        with transaction.atomic():
            lines = [*_processes(), *_connections(), *_asides(), *_broken_promises()]
            if not any(line["text"].startswith(AWAY["worker"]) for line in lines):
                queues = _queues()
    except (DatabaseError, InterfaceError):
        _let_go()
        lines = [{"level": "bad", "text": AWAY["database"]}]
    if _broker_answers():
        lines += queues
    else:
        ticker_down = [line for line in lines if line["text"].startswith(AWAY["ticker"])]
        if ticker_down:
            # Either can stand in for the other; without both nothing tells a worker that there is something to do.
            lines = [{"level": "bad", "text": NEITHER}, *(line for line in lines if line not in ticker_down)]
        else:
            lines.append({"level": "warn", "text": AWAY["broker"]})
    return lines


def _let_go() -> None:
    """A dead database connection is dropped, so that the next request makes a new one."""
    if not connection.in_atomic_block:
        connection.close()


def _broker_answers() -> bool:
    # Connecting and the first answer may each take half.
    half = BROKER_SECONDS / 2
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=half, socket_connect_timeout=half, retry=None) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError):
        return False


def _wanted(*, moment: clock.Moment) -> list[Line]:
    """What somebody has set on purpose: stops and a moved clock. Always fresh, so that the one who did it sees it at once."""
    now, moved = moment.now, moment.moved
    lines: list[Line] = []
    incident = Incident.objects.filter(pause=OuterRef("pk"), closed_at__isnull=True).values("pk")[:1]
    for stop in pauses.open_pauses().annotate(incident=Subquery(incident))[:MOST_LINES]:
        what = pauses.words(scope=pauses.scope_of(pause=stop), workflow_name=workflow_name(key=stop.workflow) if stop.workflow else "")
        by = f" by {stop.by.get_full_name() or stop.by.get_username()}" if stop.by else ""
        since = absolute(stop.at, zone=zone_of(stop.client), now=now)
        text = f"{what[0].upper()}{what[1:]} {_is(what)} stopped since {since}{by}: {stop.reason.rstrip('.')}. Texts are held, nothing is lost."
        line: Line = {"level": "bad", "text": text}
        if stop.incident:
            lines.append(_linked(line, name="office:incident", label="Look at the incident", args=(stop.incident,)))
        else:
            lines.append(_linked(line, name="office:stop", label="Look at the stop"))
    if moved:
        way = "" if moved > timedelta(0) else " back"
        text = f"The clock is moved{way} by {duration(abs(moved))}: live connections do not send until it is set right."
        lines.append(_linked({"level": "info", "text": text}, name="office:simulator", label="Look at the clock"))
    return lines


def _processes() -> list[Line]:
    ages = heartbeat.ages()
    lines: list[Line] = []
    for name, limit in STALE_SECONDS.items():
        age = ages.get(name)
        if age is not None and age <= limit:
            continue
        since = f" Last sign of life {duration(round(age))} ago." if age is not None else " It has not been seen yet."
        lines.append({"level": "warn" if name == "beat" else "bad", "text": AWAY[name] + since})
    return lines


def _queues() -> list[Line]:
    """Queues that no worker takes from, while a worker and the broker are there: else that is the line."""
    silent = silent_queues()
    if not silent:
        return []
    names = silent[0] if len(silent) == 1 else f"{', '.join(silent[:-1])} and {silent[-1]}"
    text = f"Nobody works off the queue{'' if len(silent) == 1 else 's'} {names}: what waits there is late."
    return [_linked({"level": "bad", "text": text}, name="office:operations", label="Look at the system")]


def _broken_promises() -> list[Line]:
    """What no other line tells: invariants that do not hold, webhooks set aside, what hung and runs again, and machines that are gone."""
    kinds = {"invariant": "bad", "set-aside": "bad", "hung": "warn", "machine": "warn"}
    found = Alert.objects.filter(resolved_at__isnull=True, kind__in=kinds).values_list("kind", "title")[:MOST_LINES]
    return [_linked({"level": kinds[kind], "text": f"{title}."}, name="office:alerts", label="Look at the alerts") for kind, title in found]


def _connections() -> list[Line]:
    """Connections that are in trouble, and hooks whose signature was refused in the last hour (by real time: signatures use no other)."""
    real_now = clock.real_now()
    found = list(
        Connection.objects.select_related("client")
        .filter(disabled_at__isnull=True)
        .exclude(trouble="", last_refused_at__isnull=True)
        .only("provider", "trouble", "last_refused_at", "client__name")
        .order_by("provider", "client__name")[:200]
    )
    lines: list[Line] = []
    for way in found:
        if way.trouble:
            lines.append(
                _to_connections({"level": "bad", "text": f"{provider_word(way.provider)} for {way.client}: {way.trouble.rstrip('.')}."})
            )
        if way.last_refused_at and real_now - way.last_refused_at <= REFUSED_WITHIN:
            ago = duration(round((real_now - way.last_refused_at).total_seconds()))
            text = (
                f"{provider_word(way.provider)} for {way.client}: a request with a wrong signature was refused {ago} ago and not stored. "
                "If it was the provider, its signing secret does not match ours."
            )
            lines.append(_to_connections({"level": "warn", "text": text}))
    if len(lines) > MOST_LINES:
        rest = len(lines) - MOST_LINES
        lines = [*lines[:MOST_LINES], _to_connections({"level": "warn", "text": f"{rest} more connections need a look."})]
    return lines


# Bounded: a flood may leave any number.
_ASIDE = """
select n.name, count(*), bool_or(a.reason = 'flood')
  from (select id, connection_id from providers_delivery where state = 'aside' order by received_at desc limit 1000) d
  join providers_aside a on a.delivery_id = d.id join providers_connection c on c.id = d.connection_id join leads_client n on n.id = c.client_id
 group by n.id, n.name order by 2 desc, 1"""


def _asides() -> list[Line]:
    """Forms that were put aside and wait for a person."""
    with connection.cursor() as cursor:
        cursor.execute(_ASIDE)
        rows = cursor.fetchall()
    lines: list[Line] = []
    for client, count, flood in rows[:MOST_LINES]:
        many = "1000 or more" if count == 1000 else count
        why = "too many came at once" if flood else "the field that people do not see was filled in"
        text = f"{many} form{'' if count == 1 else 's'} of {client} {'was' if count == 1 else 'were'} put aside: {why}. Nothing was done with {'it' if count == 1 else 'them'}."
        line: Line = {"level": "warn" if flood else "info", "text": text}
        lines.append(_linked(line, name="office:deliveries", label="Look at them", query="?view=aside"))
    return lines


def _to_connections(line: Line) -> Line:
    return _linked(line, name="office:connections", label="Look at connections")


def _is(what: str) -> str:
    return "are" if what.split(" ", 2)[0] in ("texts", "emails") or what.startswith(("all texts", "all emails")) else "is"


def _linked(line: Line, *, name: str, label: str, args: tuple[object, ...] = (), query: str = "") -> Line:
    # Where that page is not in this build the sentence stands on its own.
    with contextlib.suppress(NoReverseMatch):
        line["url"], line["url_label"] = f"{reverse(name, args=args)}{query}", label
    return line
