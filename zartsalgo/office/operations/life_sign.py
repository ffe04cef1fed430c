"""The heartbeat to the outside: a call a minute to ZARTS_HEARTBEAT_URL, only while everything is as it must be.

A watcher outside (a dead man's switch) tells people when the calls cease; that is the one alarm that works when this machine does not.
So a call is a promise: every part works, every queue is worked off, and the invariants held less than five minutes ago. Without the
variable nothing leaves. The address is a secret (whoever knows it can pretend that we live): it reaches no log and no page.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from zartsalgo.lib import http
from zartsalgo.lib.http import CallFailed
from zartsalgo.office.operations.verdict import Known

EVERY_SECONDS = 60
CALL_SECONDS = 10.0
# Whoever moves the minute on makes the call; a second process finds it moved.
_CLAIM = f"""
insert into office_lifesign as l (id, tried_at, says) values (1, clock_timestamp(), '')
on conflict (id) do update set tried_at = clock_timestamp()
 where l.tried_at is null or l.tried_at <= clock_timestamp() - interval '{EVERY_SECONDS} seconds' returning id"""  # noqa: S608
_SENT = "update office_lifesign set sent_at = clock_timestamp(), failing_since = null, says = '' where id = 1"
_NOT_TAKEN = "update office_lifesign set failing_since = coalesce(failing_since, clock_timestamp()), says = %s where id = 1"
_WITHHELD = """
insert into office_lifesign as l (id, says) values (1, %s) on conflict (id) do update set says = excluded.says, failing_since = null
 where l.says <> excluded.says or l.failing_since is not null"""
PARTS = {
    "database": "the database",
    "broker": "the broker",
    "worker": "the worker",
    "beat": "the scheduler",
    "ticker": "the ticker",
    "web": "the web process",
}


@dataclass(frozen=True, kw_only=True)
class Sign:
    """What is known of the heartbeat: ages in seconds, None for never. `says` is why the last one did not go or was not taken."""

    sent_seconds: float | None
    failing_seconds: float | None
    says: str


def read() -> Sign:
    """One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """select extract(epoch from clock_timestamp() - sent_at)::float8, extract(epoch from clock_timestamp() - failing_since)::float8,
                      says from office_lifesign"""
        )
        row = cursor.fetchone() or (None, None, "")
    return Sign(sent_seconds=row[0], failing_seconds=row[1], says=row[2])


def host() -> str:
    """Who is called, without the secret part; "" when nobody is."""
    return urlsplit(settings.HEARTBEAT_URL).hostname or "" if settings.HEARTBEAT_URL else ""


def why_not(*, found: dict[str, Any], known: Known) -> str:
    """The first thing that forbids a heartbeat, as a sentence; "" when it may go. `found` is health.look()."""
    down = [words for part, words in PARTS.items() if found[part] == "down"]
    if down:
        return f"Withheld: {' and '.join(down)} {'does' if len(down) == 1 else 'do'} not work."
    if found["queues"] == "down":
        return f"Withheld: nobody works off the queue {' or '.join(found['silent_queues'])}."
    if known.findings:
        return f"Withheld: {known.findings[0]['says'].rstrip('.')}: this does not hold ({known.findings[0]['broken']} found)."
    if not known.trusted:
        return f"Withheld: {known.says or 'the last check of the invariants is too old.'}"
    return ""


def send_when_due(*, found: dict[str, Any], known: Known) -> bool:
    """Call, if it may and the minute has come; returns whether a call was made. Never raises for what the other side does."""
    if not settings.HEARTBEAT_URL:
        return False
    withheld = why_not(found=found, known=known)
    with connection.cursor() as cursor:
        if withheld:
            cursor.execute(_WITHHELD, [withheld[:300]])
            return False
        cursor.execute(_CLAIM)
        if cursor.fetchone() is None:
            return False
    trouble = _call()
    with connection.cursor() as cursor:
        if trouble:
            cursor.execute(_NOT_TAKEN, [trouble[:300]])
        else:
            cursor.execute(_SENT)
    return True


def _call() -> str:
    """Nothing ("") when it was taken, else a sentence."""
    try:
        reply = http.call(
            method="GET", url=settings.HEARTBEAT_URL, headers={"User-Agent": "ZartsAlgo"}, timeout_seconds=CALL_SECONDS, max_bytes=10_000
        )
    except CallFailed as error:
        return str(error)
    return "" if 200 <= reply.status < 300 else f"The watcher answered {reply.status}."
