"""The first steps: ten things that somebody who tries this out should have done once, each found in the rows and not in a memory of clicks.

They are there while there is a demo client and until the person has put them away. An item whose page does not exist is left out, so "2 of 9"
counts what there is. Reading why a text was sent leaves no row of business; the run's page notes it in the person's session.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import NoReverseMatch, reverse

from leads.models import Client
from messaging.models import Message, Pause, Template
from portal.models import Session
from providers.models import Connection, Delivery
from summaries.models import Summary
from workflows.models import Step
from zartsalgo.lib import clock
from zartsalgo.models import User
from zartsalgo.office.models import FirstSteps, FirstStepsHidden
from zartsalgo.office.naming import person_name

# The run's page sets this in the session; it is what "read why" is found by.
READ_WHY = "read_why"
KEEP_SECONDS = 20.0
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Item:
    """One step: what to do, where, and whether it was done."""

    key: str
    words: str
    url: str
    done: bool = False


@dataclass(frozen=True, kw_only=True)
class Checklist:
    """The steps in order; `following` is the first that was not done."""

    items: tuple[Item, ...]
    hidden: bool

    @property
    def done(self) -> int:
        return sum(item.done for item in self.items)

    @property
    def following(self) -> Item | None:
        return next((item for item in self.items if not item.done), None)


# Key, words, the page it is done on, and what must be added to its address.
STEPS: tuple[tuple[str, str, str, str], ...] = (
    ("fire", "Fire a missed call and watch", "office:simulator", ""),
    ("why", "Read why a text was sent", "office:messages", ""),
    ("approve", "Approve a draft", "office:approvals", "?show=texts"),
    ("reject", "Say no to a draft, with a reason", "office:approvals", "?show=texts"),
    ("pause", "Pause a client and resume", "office:stop", ""),
    ("replay", "Read a webhook again", "office:deliveries", ""),
    ("template", "Change the words of a text and approve them", "admin:messaging_template_changelist", ""),
    ("summary", "Approve a summary", "office:approvals", "?show=summaries"),
    ("portal", "Open the portal as the client sees it", "office:clients", ""),
    ("connect", "Connect the first real source", "office:connections", ""),
)


@dataclass(frozen=True)
class Since:
    """From when on things count: by the business clock, and the same moment in real time."""

    at: datetime
    really: datetime


# When it was last seen that there is no demo, by this process's own clock.
_none_at: float | None = None


def begin(*, now: datetime) -> None:
    """The demo agency has just told its life: from here on the first steps count."""
    FirstSteps.objects.update_or_create(pk=1, defaults={"begun_at": now, "really_at": clock.real_now()})
    forget()


def hide(*, user: User, now: datetime) -> None:
    """Put the list away for this person."""
    FirstStepsHidden.objects.get_or_create(user=user, defaults={"hidden_at": now})


def show(*, user: User) -> None:
    """Bring it back."""
    FirstStepsHidden.objects.filter(user=user).delete()


def forget() -> None:
    """Look anew whether there is a demo; for tests, and where it was just loaded or removed."""
    global _none_at
    _none_at = None


def since() -> Since:
    """From when on counts what people did here; long ago where no demo was told."""
    row = FirstSteps.objects.filter(pk=1).first()
    return Since(row.begun_at, row.really_at) if row is not None else Since(_LONG_AGO, _LONG_AGO)


def read(*, user: User, session: Mapping[str, Any]) -> Checklist | None:
    """The person's first steps, in one statement; None where there is no demo, and then it is asked every KEEP_SECONDS only."""
    global _none_at
    if _none_at is not None and time.monotonic() - _none_at < KEEP_SECONDS:
        return None
    found = _look(user=user)
    if not found["demo"]:
        _none_at = time.monotonic()
        return None
    found["why"] = bool(session.get(READ_WHY))
    items = [
        Item(key=key, words=words, url=url + more, done=bool(found[key])) for key, words, page, more in STEPS if (url := _address(page))
    ]
    return Checklist(items=tuple(items), hidden=bool(found["hidden"]))


def _look(*, user: User) -> dict[str, Any]:
    """What the rows say of this person since the demo was told, by key; `demo` is whether there is one."""
    name = person_name(user)
    began = FirstSteps.objects.filter(pk=1)
    since = Coalesce(Subquery(began.values("begun_at")), Value(_LONG_AGO))
    said_no = Message.objects.filter(status=Message.Status.SKIPPED, reason="rejected", says__startswith=f"{name} decided")
    rows: dict[str, QuerySet[Any]] = {
        "fire": Delivery.objects.filter(connection__live=False, connection__provider="callrail", received_at__gt=since),
        "approve": Message.objects.filter(approved_by=name, approved_at__gt=since),
        "reject": said_no.filter(Exists(Step.objects.filter(run_id=OuterRef("run_id"), at__gt=since))),
        "pause": Pause.objects.filter(by=user, lifted_by=user, lifted_at__gt=since),
        "replay": Delivery.objects.filter(replays__gt=0, finished_at__gt=since),
        "template": Template.objects.filter(approved_by=name, approved_at__gt=since),
        "summary": Summary.objects.filter(status=Summary.Status.APPROVED, decided_by=name, decided_at__gt=since),
        "portal": Session.objects.filter(viewer=name),
        "connect": Connection.objects.filter(live=True, disabled_at__isnull=True),
        "hidden": FirstStepsHidden.objects.filter(user=user),
        "demo": Client.objects.filter(demo=True),
    }
    asked = User.objects.filter(pk=user.pk).annotate(**{f"did_{key}": Exists(found) for key, found in rows.items()})
    return dict(zip(rows, asked.values_list(*(f"did_{key}" for key in rows)).get(), strict=True))


def _address(page: str) -> str:
    """The page's address, or "" where there is no such page."""
    try:
        return reverse(page)
    except NoReverseMatch:
        return ""
