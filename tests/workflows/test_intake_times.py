"""When a stated time is meant, with and without a moved clock."""

from datetime import timedelta

import pytest

from tests.factories import NOON
from workflows.intake import occurred_at
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("moved", "stated", "meant"),
    [
        (0 * HOUR, NOON - HOUR, NOON - HOUR),
        (0 * HOUR, NOON + 9 * HOUR, NOON),
        # The provider states real time and our clock is ahead, or behind.
        (5 * HOUR, NOON - 5 * HOUR, NOON),
        (-5 * HOUR, NOON + 4 * HOUR, NOON - HOUR),
        # A sender that follows the moved clock.
        (5 * HOUR, NOON, NOON),
    ],
)
def test_a_stated_time_never_lies_after_it_came_in(moved, stated, meant):
    clock.shift(by=moved)
    assert occurred_at(stated=stated, received_at=NOON, moved=clock.offset()) == meant
