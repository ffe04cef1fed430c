"""A story that cannot go on ends in words and leaves nothing set; who may start one, and when it is refused."""

from datetime import timedelta

import pytest

from leads.models import Automation, Client
from messaging import pauses
from messaging.models import Message
from providers.connections import connect, set_mood
from providers.models import Delivery
from tests.factories import NOON, ClientFactory
from tests.office.simulator.trying import dead, met, play
from zartsalgo.lib import clock
from zartsalgo.office import simulator
from zartsalgo.office.models import StoryRun
from zartsalgo.office.stories import calls, playing, props, replies
from zartsalgo.office.stories.script import Beat

pytestmark = pytest.mark.django_db(transaction=True)


# What goes wrong


@pytest.fixture
def idle(monkeypatch):
    """Nobody works anything off, and nobody is patient."""
    for story in playing.STORIES:
        beats = tuple(Beat(title=b.title, look=b.look, do=b.do, patience=0.2) for b in story.beats)
        monkeypatch.setitem(playing.BY_KEY, story.key, type(story)(**{**vars(story), "beats": beats}))


@pytest.mark.parametrize("key", ["missed-call-to-booked", "night-call-held"])
def test_without_a_worker_it_breaks_off_in_words_and_the_clock_is_back(summit, idle, key):
    offset = clock.offset()
    row = play(key, summit)
    assert row.state == "broken_off"
    assert "did not come true within 0 s. The worker is not running" in row.says
    assert clock.offset() == offset
    assert not all(met(row).values())
    assert not Message.objects.exists()


def test_what_breaks_in_the_middle_is_told_and_put_back(summit, worker, monkeypatch):
    def fall(stage):
        raise ZeroDivisionError

    beats = calls.NIGHT_HELD.beats
    broken = type(calls.NIGHT_HELD)(**{**vars(calls.NIGHT_HELD), "beats": (beats[0], Beat(title="It falls", do=fall, look=beats[1].look))})
    monkeypatch.setitem(playing.BY_KEY, broken.key, broken)
    offset = clock.offset()
    row = play(broken.key, summit)
    assert (row.state, row.says.split(" (")[0]) == ("broken_off", "Something broke while it was played")
    assert clock.offset() == offset


def test_a_story_whose_player_died_is_ended_and_the_clock_is_put_back(summit):
    offset = clock.offset()
    row = playing.start(story=calls.NIGHT_HELD, client=summit, by=None)
    stage = playing.Stage(row)
    props.lend_clock(stage=stage, moment=clock.read() + timedelta(hours=9))
    assert playing.mend() == 0 and clock.offset() != offset
    dead(row)
    assert playing.mend() == 1
    row.refresh_from_db()
    assert (row.state, row.says, row.clock_set) == ("broken_off", playing.DIED, None)
    assert clock.offset() == offset
    # The one that was thought dead writes nothing and moves nothing any more.
    with pytest.raises(playing.Ended):
        stage.write(beat=3)
    with pytest.raises(playing.Ended):
        props.lend_clock(stage=stage, moment=clock.read() + timedelta(hours=9))
    assert clock.offset() == offset


def test_a_clock_that_somebody_else_moved_meanwhile_stays_where_they_put_it(summit):
    row = playing.start(story=calls.NIGHT_HELD, client=summit, by=None)
    props.lend_clock(stage=playing.Stage(row), moment=clock.read() + timedelta(hours=9))
    theirs = timedelta(days=3)
    clock.shift(by=theirs)
    dead(row)
    playing.mend()
    assert clock.offset() == theirs


# Who may start one


def test_one_story_at_a_time(summit):
    row = playing.start(story=calls.BOOKED, client=summit, by=None)
    other = ClientFactory(slug="bluebird-plumbing", name="Bluebird Plumbing", phone="+17185550100")
    for client in (summit, other):
        with pytest.raises(playing.AnotherPlays, match="“Missed call to booked” is being played for Summit Roofing") as caught:
            playing.start(story=replies.STOP_WINS, client=client, by=None)
        assert caught.value.row == row
    assert StoryRun.objects.count() == 1


def test_of_two_who_press_at_once_the_second_finds_the_first(summit, monkeypatch):
    first = playing.start(story=calls.BOOKED, client=summit, by=None)

    class Blind:
        """The look before found nothing yet."""

        def select_related(self, *names):
            return self

        def filter(self, **fields):
            return self

        def first(self):
            return None

        def get(self, **fields):
            return first

    monkeypatch.setattr(playing, "mend", lambda: 0)
    monkeypatch.setattr(playing.StoryRun, "objects", Blind())
    with pytest.raises(playing.AnotherPlays) as caught:
        playing.start(story=calls.BOOKED, client=summit, by=None)
    assert caught.value.row == first


def test_a_live_client_and_one_whose_texts_people_approve_are_refused(summit):
    Automation.objects.filter(client=summit).update(send="draft")
    with pytest.raises(playing.Refused, match="A person approves each text of Summit Roofing"):
        playing.start(story=calls.BOOKED, client=summit, by=None)
    Automation.objects.filter(client=summit).update(enabled=False)
    with pytest.raises(playing.Refused, match="not switched on for Summit Roofing"):
        playing.start(story=calls.BOOKED, client=summit, by=None)
    Automation.objects.filter(client=summit).update(enabled=True, send="auto")
    set_mood(client=summit, mood="slow")
    with pytest.raises(playing.Refused, match="The provider of Summit Roofing does not work as it should"):
        playing.start(story=calls.BOOKED, client=summit, by=None)
    set_mood(client=summit, mood="ok")
    pause, _ = pauses.pause(scope=pauses.Scope(), reason="A test", by=None, now=NOON)
    with pytest.raises(playing.Refused, match="Sending is paused .all sending."):
        playing.start(story=calls.BOOKED, client=summit, by=None)
    pauses.lift(pause=pause, by=None, now=NOON)
    Client.objects.update(demo=False)
    connect(client=summit, provider="callrail", secret="s", now=NOON, live=True)
    with pytest.raises(playing.Refused, match="does not touch it"):
        playing.start(story=calls.BOOKED, client=summit, by=None)
    assert not StoryRun.objects.exists() and not Delivery.objects.exists()


def test_beside_a_live_connection_elsewhere_the_clock_is_not_lent(summit, worker):
    other = ClientFactory(slug="granite-supply", name="Granite Supply", phone="+12125550100")
    Client.objects.filter(pk=summit.pk).update(demo=False)
    connect(client=other, provider="twilio", secret="s", account="AC1", now=NOON, live=True)
    offset = clock.offset()
    row = play("night-call-held", summit)
    assert (row.state, row.says) == ("broken_off", simulator.CLOCK_STAYS)
    assert clock.offset() == offset and not Delivery.objects.exists()
