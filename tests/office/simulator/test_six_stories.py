"""The six stories: played through the real door with worker and ticker at work between two looks, and what they proved, from the rows."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from leads.models import Event, Lead, Task
from messaging.models import Attempt, Message, Pause, Suppression
from providers.connections import mood_of
from providers.models import Delivery
from tests.factories import NOON, StaffFactory
from tests.office.simulator.trying import met, play, titles, work_off
from tests.stack.running import wait_until
from workflows.models import Incident, Run
from zartsalgo.lib import clock
from zartsalgo.lib.phone import is_fictional
from zartsalgo.office import simulator
from zartsalgo.office.stories import calls, playing, rows
from zartsalgo.office.stories.script import Beat

pytestmark = pytest.mark.django_db(transaction=True)

DENVER = ZoneInfo("America/Denver")


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
