"""`simulate <story>`: the same door as the page, and what came of it in words and as JSON."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from leads.models import Automation, Client
from messaging.models import Message
from providers.connections import connect
from tests.factories import NOON
from tests.office.simulator.trying import work_off
from zartsalgo.lib import clock
from zartsalgo.office import simulator as playing
from zartsalgo.office import simulator_outcome as outcomes
from zartsalgo.office.management.commands import simulate
from zartsalgo.office.models import StoryRun
from zartsalgo.office.stories import playing as playing_stories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def summit(noon):
    return playing.make_try_out_client()


@pytest.fixture
def worker(monkeypatch):
    """Worker and ticker, at work between two looks."""
    monkeypatch.setattr(outcomes, "nap", work_off)


def play(capsys, *arguments):
    call_command("simulate", *arguments, "--json")
    return json.loads(capsys.readouterr().out)


def test_without_a_story_it_lists_them(db, capsys):
    call_command("simulate")
    listed = capsys.readouterr().out
    stories = [story.key for story in playing_stories.STORIES]
    stories += ["missed-call", "pre-call", "form", "stop", "stop-es", "duplicate", "bad-signature", "withheld", "night", "late"]
    assert [line.split()[0] for line in listed.splitlines()] == stories
    assert [row["story"] for row in play(capsys)] == stories


@pytest.mark.parametrize(
    ("story", "answers", "message", "says"),
    [
        ("missed-call", [200], ("delivered", ""), "One text is on the phone; it went at 12:00 MST."),
        ("pre-call", [200], None, "No text: the call is not proven missed"),
        ("form", [200], None, "The lead is with a person."),
        ("stop", [200, 200], ("skipped", "opted-out"), "No text went out. This person opted out on Fri 20 Nov"),
        ("stop-es", [200, 200], ("skipped", "opted-out"), "No text went out. This person opted out on Fri 20 Nov"),
        ("duplicate", [200, 200, 200], ("delivered", ""), "One text is on the phone"),
        ("bad-signature", [401], None, "Answered 401: the signature does not match"),
        ("withheld", [200], None, "No text: the caller withheld the number."),
        ("night", [200], ("held", "quiet-hours"), "It is 21:30 in Denver; texts"),
        ("late", [200], ("skipped", "too-late"), "No text went out. Too late"),
    ],
)
def test_every_story_ends_as_it_should(summit, worker, capsys, story, answers, message, says):
    offset = clock.offset()
    told = play(capsys, story)
    assert set(told) == {"story", "answers", "run", "message", "says"}
    assert (told["story"], told["answers"]) == (story, answers)
    assert told["says"].startswith(says)
    if message is None:
        assert told["message"] is None
    else:
        assert (told["message"]["status"], told["message"]["reason"]) == message
        assert told["message"]["says"]
        assert Message.objects.get().run_id.hex == told["run"].replace("-", "")
    assert (told["run"] is None) == (story in ("pre-call", "bad-signature"))
    assert clock.offset() == offset


def test_one_of_the_six_says_each_beat_and_what_it_proved(summit, worker, capsys, monkeypatch):
    monkeypatch.setattr(playing_stories, "nap", work_off)
    told = play(capsys, "stop-wins")
    assert set(told) == {"story", "id", "client", "state", "says", "steps", "proofs"}
    assert (told["story"], told["client"], told["state"]) == ("stop-wins", "summit-roofing", "told")
    assert [step["title"] for step in told["steps"]] == [beat.title for beat in playing_stories.BY_KEY["stop-wins"].beats]
    assert len(told["proofs"]) == 4 and all(proof["met"] for proof in told["proofs"])

    call_command("simulate", "duplicate-webhook")
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "The webhook of one missed call comes 3 times",
        "  The webhook was signed, stored and read once; a run has started.",
    ]
    assert "proven   It is stored once, and the repeats are counted: 1 delivery with 2 copies." in lines

    for wrong in (["--at", "14:00"], ["--caller", "+13035550123"]):
        with pytest.raises(CommandError, match="brings its own caller and its own time"):
            call_command("simulate", "stop-wins", *wrong)
    StoryRun.objects.filter(pk=told["id"]).update(state="playing", ended_at=None, lease_until=clock.real_now() + timedelta(hours=1))
    with pytest.raises(CommandError, match="“STOP wins” is being played for Summit Roofing"):
        call_command("simulate", "duplicate-webhook")


def test_one_of_the_six_that_breaks_off_fails_the_command(summit, worker, capsys):
    Automation.objects.filter(client=summit).update(send="draft")
    with pytest.raises(CommandError, match="A person approves each text"):
        call_command("simulate", "stop-wins", "--json")
    assert capsys.readouterr().out == ""


def test_words_for_a_person(summit, worker, capsys):
    call_command("simulate", "stop")
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "Webhook answered 200, 200.",
        "Read as a wish to stop. No automatic text goes to any number of this person any more.",
    ]
    assert lines[2].startswith("No text went out. This person opted out on")


def test_stories_do_not_get_in_each_others_way(summit, worker, capsys):
    statuses = [play(capsys, story)["message"]["status"] for story in ("missed-call", "stop", "missed-call", "duplicate")]
    assert statuses == ["delivered", "skipped", "delivered", "delivered"]


def test_a_story_at_another_hour_and_of_a_given_caller(summit, worker, capsys):
    told = play(capsys, "missed-call", "--at", "22:15", "--caller", "+13035550123")
    assert told["message"]["status"] == "held"
    assert Message.objects.get().to == "+13035550123"


def test_without_worker_and_ticker_it_says_so_and_fails(summit, capsys, monkeypatch):
    monkeypatch.setattr(simulate, "PATIENCE_SECONDS", 0.3)
    with pytest.raises(CommandError, match="is a worker or the ticker running"):
        call_command("simulate", "missed-call", "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["says"] == "Stored. A worker reads it now."


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missed-call", "--client", "nobody"], "There is no client 'nobody'. Known: summit-roofing."),
        (["missed-call", "--caller", "+13034440123"], "fiction numbers only"),
        (["missed-call", "--at", "noonish"], "write a time such as 14:30"),
        (["tea-party"], "invalid choice"),
    ],
)
def test_what_it_refuses(summit, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("simulate", *arguments)


def test_a_live_connection_is_not_touched(summit):
    Client.objects.filter(pk=summit.pk).update(demo=False)
    connect(client=summit, provider="callrail", secret="s", now=NOON, live=True)
    for story in (*simulate.ACTS, *playing_stories.BY_KEY):
        with pytest.raises(CommandError, match="the simulator does not touch it"):
            call_command("simulate", story)
    assert not Message.objects.exists()
