"""The machine's date jumps while everything runs: Postgres, the broker and every process read a date that the arm moves (libfaketime)."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.chaos.arms import CALLER, OTHER, SETTLE, arm, count_texts, watch, without
from tests.chaos.running import NOON, Rig
from tests.stack.running import Business, wait_until
from zartsalgo.embedded.days_ahead import date_of_a_file, missing
from zartsalgo.embedded.state import DataFolder, read_json
from zartsalgo.embedded.testing import TEMPLATE, temporary_servers

DAYS = 400
_STOP = """
from leads.models import Client
from messaging.pauses import Scope
from workflows import incidents
from zartsalgo.lib import clock
scope = Scope(client=Client.objects.get(slug="held"))
incidents.open_incident(scope=scope, cause="arm", title="Stop", reason="Stop.", opened_by="Chaos", now=clock.read())
"""
_RESUME = """
from messaging.models import Pause
from workflows import resuming
from zartsalgo.lib import clock
for pause in Pause.objects.filter(lifted_at__isnull=True):
    resuming.release(pause=pause, by=None, name="Chaos", now=clock.read(), per_minute=600)
"""


class Jumping(Rig):
    """A system of its own whose servers, unlike those of `script/up`, read the date of a file."""

    def __enter__(self) -> Jumping:
        self._open = contextlib.ExitStack()
        folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="zarts-jump-")))
        folder.chmod(0o711)  # the uid of Postgres passes through
        self._date = folder / "date"
        self.jump(days=0)
        date = date_of_a_file(file=self._date, folder=folder)
        prepared = os.environ.get("ZARTS_PREPARED")
        given = self._open.enter_context(temporary_servers(folder, Path(prepared) if prepared else None, date=date))
        addresses = {name: given[name] for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "PORTAL_DATABASE_URL", "REDIS_URL")}
        if prepared:  # there the tables are in the template
            addresses = {name: f"{url.rpartition('/')[0]}/{TEMPLATE}" if "postgres" in url else url for name, url in addresses.items()}
        self.system._env |= addresses | date
        self._open.push(lambda *exc: self.system.__exit__(*exc))
        self.system.start()
        self.folder = DataFolder(self.system.data)
        for name in ("worker", "ticker"):
            self.service("stop", name)
        self.env = {name: str(value) for name, value in read_json(self.folder.environment).items()} | date
        self.system.manage("clock", "set", NOON, "--zone", "America/Denver")
        slugs = ("waits", "held", "leased")
        self.businesses = Business.make(self.system, dict.fromkeys(slugs, self.fake.url))
        return self

    def __exit__(self, *exc: object) -> None:
        for child in self.children.values():
            child.kill()
        self.fake.close()
        self._open.close()

    def jump(self, *, days: int) -> None:
        """From now on everybody's date is so far ahead; swapped in whole, for it is read at each look at a clock."""
        fresh = self._date.with_suffix(".new")
        fresh.write_text(f"+{days}d\n")
        fresh.chmod(0o644)
        fresh.replace(self._date)

    def ask(self, statement: str) -> Any:
        """The one value that a statement gives, read as the owner."""
        import psycopg

        with psycopg.connect(self.env["DATABASE_OWNER_URL"], connect_timeout=5) as connection:
            row = connection.execute(statement).fetchone()  # type: ignore[call-overload]
            return row and row[0]


_WAITS = "select count(*) from workflows_run where workflow = 'missed-call-text-back' and cursor = 'reply' and status = 'waiting'"
_BEAT = "select at from zartsalgo_heartbeat where name = 'ticker' and pid = {}"
_STATUS = "select m.status from messaging_message m join leads_client c on c.id = m.client_id where c.slug = '{}'"


def the_date_jumps(rig: Rig, business: Business, guarded: bool) -> int:
    """A wait of days, a text that a person has stopped and a try in the hands of a worker that sleeps, and the date jumps by 400 days: the
    wait does not end by it, neither text goes when a person resumes, and the next caller is answered as ever."""
    guards = {"start_within": 600, **without(guarded, "clock watch")}
    with Jumping(seed=1) as own:
        waits, held, leased = own.businesses
        note = own.note("zombie")
        sleeper = own.run("sleeper", role="worker", halt={"point": "reserved", "note": str(note)}, **guards)
        leased.miss_call(caller=CALLER, id="leased")
        wait_until(note.exists, seconds=SETTLE, what="the sleeper's stop")
        own.system.manage("shell", "-v0", "-c", _STOP)
        own.run("worker", role="worker", **guards)
        ticker = own.run("ticker", role="ticker", **guards)
        waits.miss_call(caller=OTHER, id="waits")
        held.miss_call(caller=CALLER, id="held")
        wait_until(lambda: own.ask(_WAITS) == 1, seconds=SETTLE, what="the wait")
        wait_until(lambda: own.ask(_STATUS.format("held")) == "held", seconds=SETTLE, what="the hold")
        # It compares with the date that it has seen itself: its second round comes after a whole first one.
        beat = _BEAT.format(ticker.pid)
        first = wait_until(lambda: own.ask(beat), seconds=SETTLE, what="the ticker's first round")
        wait_until(lambda: own.ask(beat) != first, seconds=SETTLE, what="the ticker's second round")

        own.jump(days=DAYS)
        if guarded:
            seen = "select exists(select from workflows_incident where title like '%clock jumped ahead by 400 days')"
            wait_until(lambda: own.ask(seen), seconds=SETTLE, what="the incident of the jump")
        os.killpg(sleeper.pid, signal.SIGCONT)
        ended = watch(guarded, lambda: 1 - own.ask(_WAITS), seconds=6)
        if not guarded:
            return ended

        own.system.manage("shell", "-v0", "-c", _RESUME)
        for slug in ("held", "leased"):
            wait_until(lambda slug=slug: own.ask(_STATUS.format(slug)) == "skipped", seconds=SETTLE, what=f"the drop of what was {slug}")
        today = datetime.now(UTC) + timedelta(days=DAYS)
        waits.miss_call(caller=CALLER, id="after", start_time=today.isoformat())
        wait_until(lambda: count_texts(own, waits, CALLER) == 1, seconds=SETTLE, what="the text of the next day's caller")
        ended += 1 - own.ask(_WAITS + " and event_id in (select id from leads_event where key = 'CALwaits')")
        return ended + count_texts(own, held) + count_texts(own, leased) + count_texts(own, waits, OTHER) - 1


if not missing():
    arm("F45 the date jumps")(the_date_jumps)
