"""The nights the clock changes, in seven zones, against an oracle that knows no rule: it walks the minutes and looks at the wall."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from messaging import due, purposes
from messaging.gate import loading
from messaging.models import Attempt
from messaging.quiet_hours import window_verdict
from tests.factories import ClientFactory
from tests.messaging.test_sending import text
from zartsalgo.lib import clock
from zartsalgo.lib.places import Place

MINUTE = timedelta(minutes=1)
# Zone and the local day of the change: one hour, half an hour (Lord Howe), none at all (Phoenix, Kathmandu), and the southern summer.
NIGHTS = (
    ("America/New_York", "2026-11-01"),
    ("America/New_York", "2027-03-14"),
    ("America/Denver", "2026-11-01"),
    ("America/Denver", "2027-03-14"),
    ("America/Phoenix", "2026-11-01"),
    ("America/Phoenix", "2027-03-14"),
    ("Europe/Berlin", "2026-10-25"),
    ("Europe/Berlin", "2027-03-28"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Australia/Lord_Howe", "2027-04-04"),
    ("Asia/Kathmandu", "2026-11-01"),
    ("Pacific/Auckland", "2026-09-27"),
    ("Pacific/Auckland", "2027-04-04"),
)
CHANGES = {"America/Phoenix": 0, "Asia/Kathmandu": 0}


def place_of(zone):
    return Place(zones=(zone,), states=("CO",), source="test")


def walk(zone, day):
    """Every minute of three days around the night, with whether the clock on the wall shows 8 to 20 then."""
    start = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=UTC) - timedelta(days=1, hours=12)
    wall = ZoneInfo(zone)
    return [(start + n * MINUTE, (start + n * MINUTE).astimezone(wall).strftime("%H") in SHOWN) for n in range(3 * 24 * 60)]


SHOWN = frozenset(f"{hour:02d}" for hour in range(8, 21))


def test_the_nights_are_what_they_say():
    """The oracle really walks over a change, or over none."""
    for zone, day in NIGHTS:
        offsets = {moment.astimezone(ZoneInfo(zone)).utcoffset() for moment, _ in walk(zone, day)}
        assert len(offsets) == CHANGES.get(zone, 1) + 1, (zone, day)
    assert len({zone for zone, _ in NIGHTS}) == 7


@pytest.mark.parametrize(("zone", "day"), NIGHTS)
def test_hours_and_next_opening_agree_with_the_wall(zone, day):
    minutes = walk(zone, day)
    place = place_of(zone)
    edges = {n + near for n in range(1, len(minutes)) if minutes[n][1] != minutes[n - 1][1] for near in (-1, 0, 1)}
    assert len(edges) >= 3 * 5
    opening = None  # the next minute at which the wall allows, seen from the end
    for n in range(len(minutes) - 1, -1, -1):
        moment, allowed = minutes[n]
        opening = moment if allowed else opening
        if n % 20 and n not in edges:
            continue
        verdict = window_verdict(place=place, now=moment, purpose=purposes.TEXT_BACK.key)
        assert verdict.allowed is allowed, moment
        if opening is not None:
            assert verdict.opens_at == opening, moment


@pytest.mark.django_db
@pytest.mark.parametrize(("zone", "day"), [night for night in NIGHTS if CHANGES.get(night[0], 1)])
def test_a_text_of_that_night_goes_once_at_the_first_minute_of_the_morning(set_clock, monkeypatch, zone, day):
    """Ticked through the night and the repeated or skipped hour: one try, at the first minute the wall allows."""
    monkeypatch.setattr(loading, "locate", lambda **known: place_of(zone))
    wall = ZoneInfo(zone)
    midnight = datetime.fromisoformat(f"{day}T00:30").replace(tzinfo=wall).astimezone(UTC)
    opens = next(moment for moment, allowed in walk(zone, day) if allowed and moment > midnight)
    set_clock(midnight)
    message = text(ClientFactory(timezone=zone), now=midnight, useful_until=midnight + timedelta(hours=12))
    gone = []
    for moment in sorted(
        {*(midnight + n * timedelta(minutes=45) for n in (0, 1, 2, 3, 6)), opens - MINUTE, opens, opens + timedelta(hours=2)}
    ):
        set_clock(moment + timedelta(seconds=1))
        due.work_off(now=clock.read())
        gone += [moment] * (Attempt.objects.count() - len(gone))
    message.refresh_from_db()
    assert (message.status, gone) == ("delivered", [opens])
    assert opens.astimezone(wall).strftime("%H:%M") == "08:00"
