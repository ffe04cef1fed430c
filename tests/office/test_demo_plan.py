"""What the demo agency is told to live through, and what the first start prints of it; nothing is loaded here."""

import json
from collections import Counter
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client as Browser

from tests.factories import NOON
from zartsalgo.office.demo import clients, load, reset
from zartsalgo.office.demo.deeds import Asked, Called, Wrote
from zartsalgo.office.demo.life import plan

DAYS = 6


pytestmark = pytest.mark.django_db


def causes(*, seed, now, days=DAYS):
    """Who turned to whom and with which words, whatever the time."""
    return Counter(
        (
            spec.slug,
            type(deed).__name__,
            deed.person.name if deed.person else "",
            getattr(deed, "words", "") or getattr(deed, "message", ""),
        )
        for spec in clients.CLIENTS
        for deed in plan(spec=spec, seed=seed, days=days, now=now)
        if isinstance(deed, Called | Asked | Wrote)
    )


def test_the_same_seed_tells_the_same_whatever_the_day_and_the_hour(db):
    friday, sunday_night = causes(seed=7, now=NOON), causes(seed=7, now=NOON + timedelta(days=9, hours=14))
    assert friday == sunday_night
    assert causes(seed=8, now=NOON) != friday


def test_a_whole_life_holds_a_few_hundred_causes(db):
    whole = causes(seed=7, now=NOON, days=60)
    assert 150 <= sum(count for (_, kind, _, _), count in whole.items() if kind in ("Called", "Asked")) <= 350
    days = Counter()
    for deed in plan(spec=clients.SUMMIT, seed=7, days=60, now=NOON):
        if isinstance(deed, Called | Asked):
            days[(NOON.date() - deed.at.date()).days] += 1
    assert days.most_common(1)[0][1] >= 15  # the storm


# The first start


def first_start(capsys, monkeypatch, *, loads):
    """What a first start prints on an empty installation; `loads` stands in for the loading."""
    reset.remove()
    get_user_model().objects.all().delete()
    monkeypatch.setattr(load, "load", loads)
    call_command("first_start")
    return json.loads(capsys.readouterr().out)


def test_a_first_start_prints_three_logins(db, capsys, monkeypatch):
    shown = first_start(capsys, monkeypatch, loads=lambda *, progress: progress("Summit Roofing", 100))
    assert shown["username"] == "owner" and shown["staff"]["username"] == "sam"
    assert shown["portal"] == {
        "client": "Summit Roofing",
        "name": "Rita Alvarez",
        "email": "rita@summit-roofing.example.com",
        "url": "http://127.0.0.1:8000/portal/sign-in/",
        "outbox": "http://127.0.0.1:8000/outbox/",
    }
    for login in (shown, shown["staff"]):
        assert Browser().login(username=login["username"], password=login["password"])
    sam = get_user_model().objects.get(username="sam")
    assert (sam.is_superuser, list(sam.groups.values_list("name", flat=True))) == (False, ["staff"])


def test_a_first_start_goes_on_when_the_demo_does_not_load(db, capsys, monkeypatch):
    shown = first_start(capsys, monkeypatch, loads=lambda **_: 1 / 0)
    assert Browser().login(username=shown["username"], password=shown["password"])
    assert "could not be loaded (ZeroDivisionError)" in shown["trouble"] and "portal" not in shown
