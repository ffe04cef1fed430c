"""What a story borrows from the whole installation, the clock and the provider's mood, and how it gives them back.

What has to be put back is written in the same transaction that takes it, so a player that dies between leaves a row that says what to mend.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from messaging import purposes
from messaging.quiet_hours import window_verdict
from providers.connections import CannotConnect, mood_of, set_mood
from zartsalgo.lib import clock
from zartsalgo.lib.places import locate
from zartsalgo.office import simulator
from zartsalgo.office.models import StoryRun
from zartsalgo.office.stories.script import Ended, Stage

# The hour of day stories are played at when it is night for the customer.
BY_DAY = (16, 0)
MOST_DAYS_BACK = 10


@contextmanager
def _locked(stage: Stage) -> Iterator[StoryRun]:
    with transaction.atomic():
        row = StoryRun.objects.select_for_update().filter(pk=stage.row.pk, state=StoryRun.State.PLAYING).first()
        if row is None:
            raise Ended
        yield row


def lend_clock(*, stage: Stage, moment: datetime) -> None:
    """Move the business clock to `moment` until the story ends. Raises simulator.Refused beside a live connection, Ended."""
    simulator.refuse_moving_clock()
    with _locked(stage) as row:
        before, now = clock.offset(), clock.read()
        clock.shift(by=before + (moment - now))
        row.clock_before = row.clock_before if row.clock_set is not None else before
        row.clock_set = clock.offset()
        row.save(update_fields=["clock_before", "clock_set"])
    stage.row.clock_before, stage.row.clock_set = row.clock_before, row.clock_set


def put_back(*, row: StoryRun) -> None:
    """Give back what this story still has. The row must be locked. A clock that somebody else moved meanwhile stays where they put it."""
    if row.clock_set is not None:
        if clock.offset() == row.clock_set and row.clock_before is not None:
            clock.shift(by=row.clock_before)
        row.clock_set = None
    _return_mood(row=row)
    row.save(update_fields=["clock_set", "mood_before"])


def _return_mood(*, row: StoryRun) -> None:
    if row.mood_before:
        # A connection that was removed meanwhile took its mood with it.
        with suppress(CannotConnect):
            set_mood(client=row.client, mood=row.mood_before)
        row.mood_before = ""


def return_mood(stage: Stage) -> None:
    """The provider is as it was, in the middle of a story."""
    with _locked(stage) as row:
        _return_mood(row=row)
        row.save(update_fields=["mood_before"])
    stage.row.mood_before = row.mood_before


def put_back_now(stage: Stage) -> None:
    """The same in the middle of a story, as one of its beats."""
    with _locked(stage) as row:
        put_back(row=row)
    stage.row.clock_set, stage.row.mood_before = row.clock_set, row.mood_before


def lend_mood(*, stage: Stage, mood: str) -> None:
    """Put the provider of the client into a mood until the story ends."""
    with _locked(stage) as row:
        row.mood_before = row.mood_before or mood_of(client_id=row.client_id)
        row.save(update_fields=["mood_before"])
        simulator.change_mood(client=row.client, mood=mood)
    stage.row.mood_before = row.mood_before


def is_night(*, stage: Stage, now: datetime) -> bool:
    """Whether a text to this customer would be held now."""
    return not window_verdict(place=locate(e164=stage.number), now=now, purpose=purposes.TEXT_BACK.key).allowed


def last_day(*, stage: Stage, now: datetime) -> datetime:
    """The last afternoon on which a text could go. Back and not on: nothing of anybody else falls due."""
    for days in range(MOST_DAYS_BACK):
        moment = nearest(now=now, zone=stage.client.timezone, hour=BY_DAY[0], minute=BY_DAY[1], before=True) - timedelta(days=days)
        if not is_night(stage=stage, now=moment):
            return moment
    return now


def nearest(*, now: datetime, zone: str, hour: int, minute: int, before: bool) -> datetime:
    """The last (`before`) or next moment at which clocks in `zone` show that time."""
    local = now.astimezone(ZoneInfo(zone))
    moment = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if before and moment > local:
        moment -= timedelta(days=1)
    if not before and moment < local:
        moment += timedelta(days=1)
    return moment
