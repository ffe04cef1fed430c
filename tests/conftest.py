"""What every test shares: the business clock can be set, and the doorbell is silent unless a test listens."""

from datetime import UTC, datetime

import pytest

from tests.factories import NOON
from zartsalgo.lib import clock, doorbell


@pytest.fixture(autouse=True)
def rings(monkeypatch):
    """The rings a test caused, as (task, id); nothing reaches a broker."""
    heard: list[tuple[str, str]] = []
    monkeypatch.setattr(doorbell._bell, "ring", lambda *, task, id="": heard.append((task, id)))
    return heard


@pytest.fixture
def set_clock(db):
    """Set the business clock to a moment: `set_clock(NOON)`; returns the moment it then reads."""

    def _set(moment: datetime = NOON) -> datetime:
        clock.shift(by=clock.offset() + (moment - clock.read()))
        return clock.read()

    return _set


@pytest.fixture
def noon(set_clock):
    """Business time is Friday noon in Denver."""
    return set_clock(NOON).astimezone(UTC)
