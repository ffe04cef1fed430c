"""What the operator's page shows: every part, every queue, what waits, the last verdict, the heartbeat, backups and the disk."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from zartsalgo import canaries, health
from zartsalgo.lib import heartbeat, presence
from zartsalgo.lib.presence import Process
from zartsalgo.office.operations import life_sign, verdict
from zartsalgo.office.operations.life_sign import Sign
from zartsalgo.office.operations.verdict import Known
from zartsalgo.office.templatetags.office_tags import duration

# What a part is for, and what goes on without it.
PARTS = {
    "database": ("Database (Postgres)", "Keeps everything. Without it nothing is accepted; providers try again."),
    "broker": ("Broker (Redis)", "Tells workers at once that there is work. Without it the ticker finds the work, a second or two later."),
    "worker": ("Worker", "Does the work: texts, workflows, summaries. Without it the ticker does it, slowly, one thing after another."),
    "beat": ("Scheduler", "Rings for regular work, such as asking providers for missed calls."),
    "ticker": (
        "Ticker",
        "Finds what is due, and keeps watch. Without it waits do not come due; the scheduler keeps watch and alerts people.",
    ),
    "web": ("Web", "Answers pages, calls and forms. What does not move for a minute is ended and started again, as in every part."),
}
QUEUES = {
    "engine": "Workflows and incoming webhooks",
    "sms": "Texts",
    "email": "Sign-in mails",
    "ai": "Summaries",
    "crm": "Records to other systems",
    "default": "Everything else",
}
LATE_SECONDS = 120
# Less than this share of the disk free, and it is time to do something.
DISK_FREE = 0.1
BACKUP_LATE = timedelta(days=1, hours=6)
_OLDEST = """
select (select extract(epoch from clock_timestamp() - min(next_at))::float8 from providers_delivery where state = 'received'),
       (select extract(epoch from %(now)s - min(wake_at))::float8 from workflows_run where status in ('ready', 'waiting')),
       (select extract(epoch from %(now)s - min(due_at))::float8 from messaging_message where status in ('queued', 'unknown')),
       pg_database_size(current_database())"""


def gather(*, now: datetime, real_now: datetime) -> dict[str, Any]:
    """The context of the page. `now` is business time, by which runs and texts are due; `real_now` dates files."""
    found, known, sign = health.look(), verdict.read(), life_sign.read()
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST, {"now": now})
        *oldest, size = cursor.fetchone()
    ages = heartbeat.ages()
    return {
        "parts": [_part(name, found[name], ages.get(name)) for name in PARTS],
        "machines": _machines(presence.read()),
        "queues": [_queue(state) for state in canaries.states()],
        "waiting": [
            _late(words, seconds)
            for words, seconds in zip(("Oldest webhook not read yet", "Oldest workflow step due", "Oldest text due"), oldest, strict=True)
        ],
        "verdict": _verdict(known),
        "findings": known.findings,
        "heartbeat": _heartbeat(sign),
        "backup": _backup(folder=settings.DATA_DIR / "backups", real_now=real_now),
        "disk": _disk(size=size),
    }


def _part(name: str, state: str, age: float | None) -> dict[str, Any]:
    word, says = PARTS[name]
    note = f"Last sign of life {duration(round(age))} ago." if age is not None else ""
    return {
        "word": word,
        "says": says,
        "note": note,
        "code": "on" if state == "ok" else "broken",
        "state": "Works" if state == "ok" else "Down",
    }


def _machines(processes: list[Process]) -> list[dict[str, str]]:
    """Who works where; empty while all is on one machine."""
    # What serves pages takes no row away at its end: a container that was replaced is not told from one that died.
    processes = [one for one in processes if one.name != "web" or not one.is_silent]
    hosts = {host: [one for one in processes if one.host == host] for host in sorted({one.host for one in processes})}
    if len(hosts) < 2:
        return []
    web = min((one for one in processes if one.name == "web"), key=lambda one: one.silent_seconds, default=None)
    return [_machine(host, found, web.code if web else "") for host, found in hosts.items()]


def _machine(host: str, found: list[Process], code: str) -> dict[str, str]:
    names = [(PARTS[name][0], sum(one.name == name for one in found)) for name in ("web", "worker", "ticker")]
    says = ", ".join(f"{word} ({count})" if count > 1 else word for word, count in names if count)
    silent = min(one.silent_seconds for one in found)
    state, word = ("on", "Works")
    if all(one.is_silent for one in found):
        state, word = "late", "Silent"
    elif code and any(one.code != code for one in found if not one.is_silent):
        state, word = "late", "Another version"
    return {"host": host, "says": says, "note": f"Last sign of life {duration(round(silent))} ago.", "code": state, "state": word}


def _queue(state: canaries.QueueState) -> dict[str, Any]:
    seen = f"Last worked {duration(round(state.seen_seconds))} ago." if state.seen_seconds is not None else ""
    if state.silent:
        code, word = "broken", "Not worked"
    elif state.seen_seconds is None or state.seen_seconds > 2 * canaries.EVERY:
        code, word = "waiting", "No answer yet"
    else:
        code, word = "on", "Worked"
    return {"queue": state.queue, "for": QUEUES[state.queue], "says": seen, "code": code, "state": word}


def _late(words: str, seconds: float | None) -> dict[str, Any]:
    late = max(0, round(seconds or 0))
    if late < 2:
        return {"label": words, "value": "Nothing is late", "status": ""}
    return {"label": words, "value": f"{duration(late)} late", "status": "late" if late > LATE_SECONDS else ""}


def _verdict(known: Known) -> dict[str, str]:
    if known.age_seconds is None:
        return {"code": "quiet", "word": "Not checked yet", "says": "Ticker or scheduler check within a minute of their start."}
    when = f"Checked {duration(round(known.age_seconds))} ago in {duration(known.took_seconds) if known.took_seconds >= 1 else 'under a second'}."
    if known.findings:
        return {"code": "broken", "word": "Something does not hold", "says": f"{known.says} {when}".strip()}
    if known.says:
        return {"code": "late", "word": "Could not be checked", "says": f"{known.says} {when}"}
    if not known.trusted:
        return {"code": "late", "word": "Too old", "says": f"{when} Nobody has checked since: are ticker and scheduler running?"}
    return {"code": "on", "word": "Everything holds", "says": when}


def _heartbeat(sign: Sign) -> dict[str, str]:
    if not settings.HEARTBEAT_URL:
        says = "Nobody outside watches this machine: the README says how to set a heartbeat’s address. Until then nothing leaves."
        return {"code": "off", "word": "Off", "says": says}
    last = (
        f"Last one taken {duration(round(sign.sent_seconds))} ago by {life_sign.host()}."
        if sign.sent_seconds is not None
        else "No test was sent yet."
    )
    if sign.says:
        return {"code": "late", "word": "Withheld" if sign.says.startswith("Withheld") else "Not taken", "says": f"{sign.says} {last}"}
    if sign.sent_seconds is None or sign.sent_seconds > 3 * life_sign.EVERY_SECONDS:
        return {"code": "late", "word": "Silent", "says": f"{last} Are ticker and scheduler running?"}
    return {"code": "on", "word": "Goes out", "says": last}


def _backup(*, folder: Path, real_now: datetime) -> dict[str, str]:
    try:
        newest = max((file.stat().st_mtime for file in folder.glob("zarts-*.zip")), default=None)
    except OSError:
        newest = None
    if newest is None:
        return {
            "code": "late",
            "word": "No backup known",
            "says": "No backup in the data folder. Type script/backup, and keep the file on another machine.",
        }
    age = real_now - datetime.fromtimestamp(newest, UTC)
    late = age > BACKUP_LATE
    says = f"The newest in the data folder is {duration(max(timedelta(0), age))} old."
    return {
        "code": "late" if late else "on",
        "word": "Old" if late else "Fresh",
        "says": f"{says} Keep a copy on another machine, apart from the key.",
    }


def _disk(*, size: int) -> dict[str, str]:
    base = f"The database has {size / 1e9:.1f} GB." if size >= 1e9 else f"The database has {size / 1e6:.0f} MB."
    try:
        usage = shutil.disk_usage(settings.DATA_DIR)
    except OSError:
        return {"code": "quiet", "word": "Not known", "says": base}
    low = usage.free < usage.total * DISK_FREE
    says = f"{base} {usage.free / 1e9:.0f} of {usage.total / 1e9:.0f} GB are free where the data folder is."
    return {"code": "late" if low else "on", "word": "Nearly full" if low else "Enough room", "says": says}
