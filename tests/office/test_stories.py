"""The six stories: played through the real door with worker and ticker at work between two looks, and what they proved, from the rows."""

import html
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection as database
from django.test import Client as Browser

from leads.models import Automation, Client, Event, Lead, Task
from messaging import pauses
from messaging.models import Attempt, Message, Pause, Suppression
from providers.connections import MOODS, connect, mood_of, set_mood
from providers.models import Delivery
from tests.factories import NOON, ClientFactory, StaffFactory
from tests.office.test_simulator import work_off
from tests.stack.running import wait_until
from workflows import watching
from workflows.models import Incident, Run
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id
from zartsalgo.lib.phone import is_fictional
from zartsalgo.office import simulator, strip
from zartsalgo.office.models import StoryRun
from zartsalgo.office.stories import calls, playing, props, replies, rows
from zartsalgo.office.stories.script import Beat
from zartsalgo.office.views import simulator as simulator_page

pytestmark = pytest.mark.django_db(transaction=True)
DENVER = ZoneInfo("America/Denver")


@pytest.fixture
def summit(noon):
    return simulator.make_try_out_client()


@pytest.fixture
def worker(monkeypatch):
    """Worker and ticker, at work between two looks."""

    def nap():
        work_off()
        watching.watch(now=clock.read())

    monkeypatch.setattr(playing, "nap", nap)


def play(key, client):
    row = playing.start(story=playing.BY_KEY[key], client=client, by=None)
    playing.play(row=row)
    return row


def met(row):
    return {proof.promise: proof.met for proof in playing.prove(row=row)}


def titles(row):
    return [line["title"] for line in row.lines]


@pytest.mark.parametrize("key", [story.key for story in playing.STORIES])
def test_each_story_is_told_to_its_end_and_keeps_every_promise(summit, worker, key):
    offset = clock.offset()
    row = play(key, summit)
    assert (row.state, row.says) == ("told", "It was told to its end.")
    assert titles(row) == [beat.title for beat in playing.BY_KEY[key].beats]
    found = met(row)
    assert found == dict.fromkeys(found, True) and len(found) >= 4
    assert (row.promised, row.met) == (len(found), len(found))
    assert clock.offset() == offset
    assert is_fictional(row.number) and row.number not in simulator.NAMES
    assert all(line["pk"] for line in row.lines if line["page"] != "simulator")


def test_booked_leaves_a_booked_lead_and_nothing_else_to_come(summit, worker):
    play("missed-call-to-booked", summit)
    lead = Lead.objects.get()
    assert (lead.stage, lead.outcome_reported_by) == ("booked", "Rita Alvarez (reported by client)")
    assert [(text.status, text.purpose) for text in Message.objects.all()] == [("delivered", "missed-call-text-back")]
    assert Run.objects.get(workflow=rows.TEXT_BACK).status == "done"
    assert not Task.objects.filter(status="open", kind__in=("call-back", "answer-reply")).exists()
    assert Event.objects.filter(type="outcome.reported").count() == 1


def test_held_at_night_until_eight_and_the_one_on_call_is_told(summit, worker):
    row = play("night-call-held", summit)
    text = Message.objects.get()
    assert (text.status, text.reason) == ("held", "quiet-hours")
    assert text.hold_until.astimezone(DENVER).strftime("%a %H:%M") == "Sat 08:00"
    assert not Attempt.objects.exists()
    assert "Told Ben Okafor" in row.lines[2]["says"]
    assert row.kept["release"] == "Sat 08:00 MST"
    # What was held stays held once the clock is back: its time has not come.
    work_off()
    assert Message.objects.get().status == "held"


def test_stop_wins_without_a_try(summit, worker):
    play("stop-wins", summit)
    assert Suppression.objects.count() == 1
    text = Message.objects.get()
    assert (text.status, text.reason) == ("skipped", "opted-out")
    assert not Attempt.objects.exists()
    assert Task.objects.get(kind="call-back").status == "open"


def test_a_price_question_gets_no_answer_from_a_machine(summit, worker):
    row = play("price-question", summit)
    assert Message.objects.count() == 1
    asked = Event.objects.get(type="message.received")
    assert asked.personal["text"] == "How much for a new roof?"
    task = Task.objects.get(kind="answer-reply")
    assert task.status == "open"
    assert (row.lines[-1]["page"], row.lines[-1]["pk"]) == ("task", str(task.pk))


def test_three_webhooks_are_one_delivery_one_run_one_text(summit, worker):
    play("duplicate-webhook", summit)
    assert Delivery.objects.get().copies == 2
    assert Event.objects.filter(type="call.missed").count() == Message.objects.count() == 1
    assert Run.objects.filter(workflow=rows.TEXT_BACK).count() == 1


def test_while_the_provider_is_down_nothing_is_lost_and_nothing_goes_twice(summit, worker):
    owner = StaffFactory(username="dana", first_name="Dana", last_name="Reyes")
    row = playing.start(story=playing.BY_KEY["provider-down"], client=summit, by=owner)
    playing.play(row=row)
    assert (row.state, [met(row)[promise] for promise in met(row)]) == ("told", [True] * 5)
    assert [text.status for text in Message.objects.all()] == ["delivered"] * 3
    assert Attempt.objects.filter(outcome="accepted").count() == 3
    incident = Incident.objects.get()
    assert (incident.status, incident.released_by, incident.person) == ("closed", "Dana Reyes", owner)
    assert mood_of(client_id=summit.pk) == "ok" and not Pause.objects.filter(lifted_at__isnull=True).exists()


def test_a_provider_story_that_breaks_off_leaves_neither_mood_nor_pause(summit, worker, monkeypatch):
    story = playing.BY_KEY["provider-down"]
    never = Beat(title="Never", look=lambda stage: None, patience=0.2)
    monkeypatch.setitem(playing.BY_KEY, story.key, type(story)(**{**vars(story), "beats": (*story.beats[:4], never)}))
    row = play(story.key, summit)
    assert row.state == "broken_off"
    assert mood_of(client_id=summit.pk) == "ok" and not Pause.objects.filter(lifted_at__isnull=True).exists()
    assert Incident.objects.get().released_by == "The simulator"
    # They have their turns one after the other, a tenth of a second apart.
    wait_until(lambda: work_off() or set(Message.objects.values_list("status", flat=True)) == {"delivered"}, seconds=5)


# A promise the rows break is a cross


def test_a_second_text_would_be_a_cross(summit, worker):
    row = play("duplicate-webhook", summit)
    first = Message.objects.get()
    common = {"created_at": clock.read(), "due_at": clock.read(), "sent_at": clock.read()}
    Message.objects.create(
        client=summit, contact=first.contact, purpose="x", to=first.to, sender=first.sender, body="again", status="delivered", **common
    )
    assert met(row)["One missed call, one text"] is False
    assert met(row)["One cause, one run"] is True


def test_an_answer_by_a_machine_would_be_a_cross(summit, worker):
    row = play("price-question", summit)
    first, now = Message.objects.get(), clock.read()
    Message.objects.create(
        client=summit, contact=first.contact, purpose="x", to=first.to, sender=first.sender, body="$9", created_at=now, due_at=now
    )
    assert met(row)["A machine does not answer a question about money"] is False


def test_a_run_about_nobody_is_never_taken_for_the_newcomers(summit):
    simulator.missed_call(client=summit, caller=simulator.read_caller(key="withheld", client=summit))
    work_off()
    assert Run.objects.filter(contact=None).exists()
    stage = playing.Stage(playing.start(story=calls.BOOKED, client=summit, by=None))
    assert (rows.runs(stage).count(), rows.lead(stage), rows.task(stage, "call-back")) == (0, None, None)
    assert not any(met(stage.row).values())


# By night


def test_at_night_a_day_story_borrows_the_last_afternoon(summit, worker, set_clock):
    set_clock(datetime(2026, 11, 21, 8, 30, tzinfo=NOON.tzinfo))  # 01:30 on Saturday in Denver
    offset = clock.offset()
    row = play("duplicate-webhook", summit)
    assert titles(row)[0] == "The clock is lent to the day"
    assert "It is 01:30 there" in row.lines[0]["says"] and "Friday 20 November 2026, 16:00" in row.lines[0]["says"]
    assert row.state == "told" and all(met(row).values())
    assert clock.offset() == offset


def test_at_night_the_night_story_goes_back_to_half_past_nine_and_lets_nothing_fall_due(summit, worker, set_clock):
    set_clock(datetime(2026, 11, 21, 6, 30, tzinfo=NOON.tzinfo))  # 23:30 on Friday in Denver
    offset = clock.offset()
    row = play("night-call-held", summit)
    assert "Friday 20 November 2026, 21:30" in row.lines[0]["says"]
    assert row.state == "told" and all(met(row).values())
    assert clock.offset() == offset


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


def dead(row):
    with database.cursor() as cursor:
        cursor.execute("update office_storyrun set lease_until = clock_timestamp() - interval '1 second' where id = %s", [row.pk])


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


# The pages


@pytest.fixture
def browser(summit, monkeypatch):
    """Somebody of staff; a story that is started is played in this thread, to its end."""
    monkeypatch.setattr(playing, "play_in_background", lambda *, row: playing.play(row=row))
    strip.forget()
    browser = Browser()
    browser.force_login(StaffFactory())
    return browser


def press(browser, key, client="summit-roofing"):
    return browser.post("/try/stories/play/", {"story": key, "client": client})


def read_page(browser, address):
    answer = browser.get(address)
    assert answer.status_code == 200
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


def test_one_press_tells_the_story_and_the_page_says_what_was_proven(browser, worker):
    where = press(browser, "price-question")["Location"]
    row = StoryRun.objects.get()
    assert where == f"/try/stories/{row.pk}/" and row.by.username == "sam"
    page = read_page(browser, where)
    for beat in replies.PRICE_ASKED.beats:
        assert beat.title in page
    assert "All 4 promises are kept, counted from the rows." in page
    assert "“How much for a new roof?”" not in page and page.count("How much for a new roof?") == 1
    source = browser.get(where).content.decode()
    assert source.count('data-proof="pass"') == 4 and 'data-proof="fail"' not in source
    links = re.findall(r'<a href="([^"]+)">Open[^<]*<span class="sr">: ', source)
    assert len(links) == 4 and all(browser.get(link, follow=True).status_code == 200 for link in links)
    assert "http-equiv" not in source
    assert "4 of 4 proven" in read_page(browser, "/try/")


def test_while_it_plays_the_page_shows_what_is_waited_for(browser, monkeypatch):
    monkeypatch.setattr(playing, "play_in_background", lambda *, row: None)
    where = press(browser, "stop-wins")["Location"]
    source = browser.get(where).content.decode()
    assert '<noscript><meta http-equiv="refresh" content="1"></noscript>' in source
    assert re.findall(r'data-step-status="([^"]+)"', source) == ["running", "to-come", "to-come", "to-come"]
    # Pressed again it is the same one; another story says which one is in the way.
    assert press(browser, "stop-wins")["Location"] == where
    assert press(browser, "duplicate-webhook")["Location"] == where
    assert "“STOP wins” is being played for Summit Roofing." in read_page(browser, where)
    assert StoryRun.objects.count() == 1
    # Its player dies: the next look ends it, and says so.
    dead(StoryRun.objects.get())
    assert playing.DIED in read_page(browser, where)
    assert "Broken off" in read_page(browser, "/try/")


def test_what_cannot_be_played_says_why_and_nothing_happens(browser, summit):
    assert press(browser, "no-such-story")["Location"] == "/try/"
    assert "no such story or no such business; nothing was done" in read_page(browser, "/try/")
    Automation.objects.filter(client=summit).update(send="draft")
    press(browser, "stop-wins")
    page = read_page(browser, "/try/")
    assert page.count("A person approves each text of Summit Roofing") == 2 and "Play : STOP wins" not in page
    assert not StoryRun.objects.exists()
    assert browser.get("/try/stories/play/").status_code == 405
    assert Browser(enforce_csrf_checks=True).post("/try/stories/play/", {"story": "stop-wins"}).status_code == 403
    assert Browser().post("/try/stories/play/", {"story": "stop-wins"})["Location"].startswith("/admin/login/")
    assert browser.get(f"/try/stories/{new_id()}/").status_code == 404


def test_the_provider_is_put_in_a_mood_in_words(browser, summit):
    for mood, words in (("down", "It refuses the connection: no text leaves."), ("ok", "The provider takes every text.")):
        browser.post("/try/", {"client": "summit-roofing", "caller": "", "do": f"mood:{mood}"})
        assert mood_of(client_id=summit.pk) == mood
        assert words in read_page(browser, "/try/")
    browser.post("/try/", {"client": "summit-roofing", "caller": "", "do": "mood:grumpy"})
    assert "no such button" in read_page(browser, "/try/") and mood_of(client_id=summit.pk) == "ok"
    assert {mood[0] for mood in simulator_page.MOODS} == set(MOODS)
