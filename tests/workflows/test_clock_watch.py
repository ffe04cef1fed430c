"""A clock that jumps pauses everything, as of before the jump; a clock that was moved on purpose, or a slow machine, does not."""

from datetime import timedelta

import pytest

from messaging.models import Pause
from tests.factories import NOON, ClientFactory
from workflows.clock_watch import ClockWatch
from workflows.models import Incident
from zartsalgo.lib import clock
from zartsalgo.lib.clock import Moment
from zartsalgo.office.management.commands.ticker import Command as Ticker

pytestmark = pytest.mark.django_db
NONE = timedelta(0)


@pytest.mark.parametrize(("by", "says"), [(timedelta(days=400), "ahead by 400 days"), (-timedelta(hours=2), "back by 2 hours")])
def test_a_jump_pauses_everything_as_of_the_last_good_reading(by, says):
    ClientFactory()
    watch = ClockWatch()
    assert watch.look(moment=Moment(NOON, NONE), seconds=100.0) is None
    incident = watch.look(moment=Moment(NOON + by + timedelta(seconds=1), NONE), seconds=101.0)
    assert says in incident.title
    pause = Pause.objects.get(lifted_at__isnull=True)
    assert (pause.at, pause.client, pause.connection, pause.workflow) == (NOON, None, None, "")
    # It goes on counting from there: the same clock a second later is no second jump.
    assert watch.look(moment=Moment(NOON + by + timedelta(seconds=2), NONE), seconds=102.0) is None
    assert Incident.objects.count() == 1


@pytest.mark.parametrize(
    ("later", "moved", "seconds"),
    [
        (timedelta(seconds=1), NONE, 1.0),
        (timedelta(minutes=40), NONE, 2400.0),  # the machine slept, or the ticker was stopped
        (timedelta(days=400), timedelta(days=400) - timedelta(seconds=1), 1.0),  # moved on purpose
        (timedelta(seconds=119), NONE, 1.0),
    ],
)
def test_no_jump(later, moved, seconds):
    watch = ClockWatch()
    watch.look(moment=Moment(NOON, NONE), seconds=0.0)
    assert watch.look(moment=Moment(NOON + later, moved), seconds=seconds) is None
    assert not Incident.objects.exists()


def test_the_ticker_looks_before_it_looks_for_what_is_due(monkeypatch):
    ClientFactory()
    ticker = Ticker()
    real = clock.read_moment()
    ticker.tick(rung=0)
    monkeypatch.setattr(clock, "read_moment", lambda: Moment(real.now + timedelta(days=400), real.moved))
    monkeypatch.setattr(
        "workflows.due.anything_due", lambda **_: pytest.fail("asked what is due") if not Pause.objects.exists() else (False,) * 3
    )
    ticker.tick(rung=0)
    assert Incident.objects.get().breaker == "clock"
