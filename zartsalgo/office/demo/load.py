"""Loading the demo agency: the plan of each client happens, deed by deed, through the same doors as real traffic.

Everything is one transaction, so a worker that runs beside sees nothing half-loaded and a failure leaves nothing. The business clock of
this thread is put to each deed: to the rest of the code it happens now. Webhooks go through the accept view; what rings is answered here;
between two deeds whatever fell due meanwhile is worked off at its own time.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import current_app
from django.contrib.auth import get_user_model
from django.db import connection as database
from django.db import transaction
from django.utils.module_loading import autodiscover_modules

from leads.models import Client
from messaging import due as messaging_due
from providers.connections import hook_url, open_secrets, over_loopback
from providers.models import Connection
from workflows import due as workflows_due
from workflows import engine
from zartsalgo.lib import clock, doorbell
from zartsalgo.office import checklist
from zartsalgo.office.demo.clients import CLIENTS, DemoClient, make_client
from zartsalgo.office.demo.deeds import (
    Answered,
    CameOf,
    Careless,
    Decided,
    Deed,
    Forged,
    Garbled,
    Invited,
    NewWords,
    Noted,
    Rejected,
    Reported,
    Switched,
    Tidied,
    Troubled,
)
from zartsalgo.office.demo.doing import Doer, Door
from zartsalgo.office.demo.life import WHOLE_LIFE, plan
from zartsalgo.office.demo.reset import rows_of_demo

SEED = 7
PERCENT_BETWEEN_LINES = 34
# Names that stand in the records where the installation has no such member of staff.
NAMES = {"owner": "Olivia Reyes", "staff": "Sam Doyle"}
# The next moment at which a run or a text falls due; what lies before the last look was worked off then.
_NEXT_DUE = """
select least((select min(wake_at) from workflows_run where status in ('ready', 'waiting') and wake_at > %(after)s),
             (select min(due_at) from messaging_message where status in ('queued', 'held', 'unknown') and due_at > %(after)s))"""
NEVER = datetime.max.replace(tzinfo=UTC)
# Deeds after which nothing falls due earlier than before them.
QUIET = (Answered, CameOf, Careless, Decided, Forged, Garbled, Invited, NewWords, Noted, Rejected, Reported, Switched, Tidied, Troubled)

Progress = Callable[[str, int], None]


class CannotLoad(Exception):
    """The demo agency was not loaded; the text says why."""


@dataclass(frozen=True)
class Loaded:
    """What was loaded: rows per kind over all demo clients."""

    counts: dict[str, int]
    now: datetime


def refuse() -> None:
    """Raises CannotLoad where the demo may not be loaded: beside a live connection, or twice, or over a client of that name."""
    for connection in Connection.objects.select_related("client").filter(live=True, disabled_at__isnull=True):
        if not over_loopback(base_url=connection.base_url):
            raise CannotLoad(f"{connection.client} has a live connection; the demo agency does not go together with one.")
    taken = list(Client.objects.filter(slug__in=[spec.slug for spec in CLIENTS]).order_by("slug"))
    if taken:
        names = ", ".join(client.name for client in taken)
        if all(client.demo for client in taken):
            raise CannotLoad(f"The demo agency is here already ({names}). `demo reset` removes it.")
        raise CannotLoad(f"A client of your own has a demo client's short name ({names}); nothing was loaded.")


def load(*, seed: int = SEED, days: int = WHOLE_LIFE, progress: Progress | None = None) -> Loaded:
    """Load the four clients with so many days of life up to now. Raises CannotLoad. `progress` gets a client's name and per cent."""
    autodiscover_modules("tasks")
    with transaction.atomic(), _without_savepoints(), _without_collecting():
        refuse()
        now, staff = clock.read(), _staff()
        names = NAMES | {role: user.get_full_name() or user.get_username() for role, user in staff.items()}
        with clock.told() as put, doorbell.answered_here() as rings:
            for spec in CLIENTS:
                telling = _Telling(put=put, rings=rings, began=now - timedelta(days=days + 1))
                telling.live(spec=spec, deeds=plan(spec=spec, seed=seed, days=days, now=now), users=staff, names=names, progress=progress)
                telling.work_until(now)
        checklist.begin(now=clock.read())
        return Loaded(counts=rows_of_demo(), now=now)


def progress_lines(*, say: Callable[[str], None], days: int) -> Progress:
    """Progress for `load` that says a line now and then: "Loading the demo agency: Summit Roofing, 60 days ... 43 %"."""
    said: dict[str, int] = {}

    def _progress(name: str, percent: int) -> None:
        before = said.get(name)
        if before is None or percent - before >= PERCENT_BETWEEN_LINES or percent == 100:
            said[name] = percent
            say(f"Loading the demo agency: {name}, {days} days ... {percent} %")

    return _progress


@contextmanager
def _without_savepoints() -> Iterator[None]:
    """Thousands of subtransactions in one transaction cost the server five times the work itself (24 s of its time instead of 8 s for 60
    days). Without them an error that a caller would have survived ends the whole load, and nothing is left of it."""
    features = database.features
    before = features.uses_savepoints
    features.uses_savepoints = False
    try:
        yield
    finally:
        features.uses_savepoints = before


@contextmanager
def _without_collecting() -> Iterator[None]:
    """A load makes millions of objects that end by themselves; looking for cycles among them is a tenth of its time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _staff() -> dict[str, Any]:
    """The members of staff who play a part: the first owner, and the first other one."""
    members = get_user_model().objects.filter(is_active=True, is_staff=True).order_by("pk")
    owner = members.filter(is_superuser=True).first()
    other = members.filter(is_superuser=False).first()
    return {role: user for role, user in (("owner", owner), ("staff", other)) if user is not None}


class _Telling:
    """One client's life as it happens: the clock is put to each deed, what rings is answered, what falls due on the way is worked off."""

    def __init__(self, *, put: Callable[[datetime], None], rings: list[tuple[str, str]], began: datetime) -> None:
        self.put, self.rings, self.at = put, rings, began
        # When something falls due next, at the earliest; None after a deed that may have brought something nearer.
        self.next_due: datetime | None = None

    def live(
        self, *, spec: DemoClient, deeds: Sequence[Deed], users: dict[str, Any], names: dict[str, str], progress: Progress | None
    ) -> None:
        """Make the client and let everything happen to it, in order."""
        self.put(self.at)
        holders = tuple(users[role] for role in ("staff", "owner") if role in users)
        client = make_client(spec=spec, now=self.at, staff=holders)
        doer = Doer(client=client, doors=_doors(client), names=names, users=users)
        for number, deed in enumerate(deeds):
            self.work_until(deed.at)
            self.put(deed.at)
            doer.do(deed)
            self.answer()
            self.at = deed.at
            if not isinstance(deed, QUIET):
                self.next_due = None
            if progress is not None:
                progress(spec.name, 100 * (number + 1) // len(deeds))

    def work_until(self, moment: datetime) -> None:
        """Work off what falls due on the way to `moment`, each at its own time, as worker and ticker would."""
        while self.next_due is None or self.next_due < moment:
            if self.next_due is not None:
                self.at = self.next_due
                self.put(self.at)
                engine.advance_all(run_ids=workflows_due.due_runs(now=self.at), now=self.at)
                messaging_due.work_off(now=self.at)
                self.answer()
            with database.cursor() as cursor:
                cursor.execute(_NEXT_DUE, {"after": self.at})
                (found,) = cursor.fetchone()
            self.next_due = found or NEVER

    def answer(self) -> None:
        """Do what was rung for, here and now, until nothing rings any more."""
        while self.rings:
            task, id = self.rings.pop(0)
            current_app.tasks[task](*([id] if id else []))


def _doors(client: Client) -> dict[str, Door]:
    return {
        way.provider: Door(
            connection=way,
            url=hook_url(connection=way),
            secret="".join(open_secrets(client_id=client.pk, sealed=way.sealed).secrets[:1]),
        )
        for way in client.connections.all()
    }
