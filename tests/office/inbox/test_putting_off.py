"""Putting an item off: it is gone until its time or until the person is heard again, and can be taken back."""

from datetime import timedelta

import pytest

from tests.factories import NOON, ContactFactory
from tests.office.reading import text_of
from tests.office.rows import make_event, make_run, make_task
from zartsalgo.models import InboxMark

pytestmark = pytest.mark.django_db


def test_what_is_put_off_is_gone_until_its_time(carla, lead, sam, set_clock):
    task = make_task(client=carla.client, lead=lead)
    following = make_task(client=carla.client, title="Call Marcus", due_at=NOON + timedelta(minutes=20))
    response = sam.post("/inbox/snooze/", {"item": f"task:{task.pk}", "until": "hour"}, follow=True)
    assert response.context["item"].key == f"task:{following.pk}"
    assert "Put off until 13:00 MST on Fri 20 Nov, or as soon as the person is heard again" in text_of(response)
    assert [item.key for item in response.context["queue"].items] == [f"task:{following.pk}"]
    away = sam.get("/?view=put-off")
    assert [item.key for item in away.context["queue"].items] == [f"task:{task.pk}"]
    assert "sam put it off until 13:00 MST on Fri 20 Nov." in text_of(away)
    set_clock(NOON + timedelta(minutes=61))
    back = sam.get(f"/?item=task:{task.pk}")
    assert task.title in [item.title for item in back.context["queue"].items]
    assert "sam put it off until 13:00 MST on Fri 20 Nov; it is back." in text_of(back)


def test_what_was_put_off_comes_back_when_the_person_is_heard(carla, lead, sam):
    task = make_task(client=carla.client, lead=lead)
    sam.post("/inbox/snooze/", {"item": f"task:{task.pk}", "until": "morning"})
    assert sam.get("/").context["queue"].items == []
    make_event(contact=ContactFactory(client=carla.client, name="Somebody else", phone="+13035550129"), at=NOON + timedelta(minutes=1))
    assert sam.get("/").context["queue"].items == []
    make_event(contact=carla, lead=lead, at=NOON + timedelta(minutes=1))
    (item,) = sam.get("/").context["queue"].items
    assert item.key == f"task:{task.pk}"
    assert item.note == "sam put it off until 08:00 MST on Sat 21 Nov; it is back because the person was heard again."


def test_putting_off_is_taken_back(carla, lead, sam):
    task = make_task(client=carla.client, lead=lead)
    response = sam.post("/inbox/snooze/", {"item": f"task:{task.pk}", "until": "hour"}, follow=True)
    sam.post("/inbox/undo/", {"undo": response.context["undo"]})
    assert [item.key for item in sam.get("/").context["queue"].items] == [f"task:{task.pk}"]
    sam.post("/inbox/snooze/", {"item": f"task:{task.pk}", "until": "time", "at": "2026-11-20T15:30"})
    assert InboxMark.objects.get().snoozed_until == NOON + timedelta(hours=3, minutes=30)
    sam.post("/inbox/snooze/", {"item": f"task:{task.pk}", "until": "now"})
    assert [item.key for item in sam.get("/").context["queue"].items] == [f"task:{task.pk}"]


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({}, "Choose until when"),
        ({"until": "time"}, "Give a day and a time"),
        ({"until": "time", "at": "2026-11-20T11:00"}, "passed already"),
        ({"until": "time", "at": "2027-11-20T11:00"}, "more than 30 days"),
    ],
)
def test_putting_off_needs_a_time_that_makes_sense(carla, lead, sam, form, says):
    task = make_task(client=carla.client, lead=lead)
    response = sam.post("/inbox/snooze/", {"item": f"task:{task.pk}", **form}, follow=True)
    assert says in text_of(response)
    assert not InboxMark.objects.exists()


def test_a_stuck_run_that_is_put_off_takes_its_task_along(carla, sam):
    parked = make_run(contact=carla)
    make_task(client=carla.client, contact=carla, kind="look-into", cause=f"parked:{parked.pk}")
    sam.post("/inbox/snooze/", {"item": f"run:{parked.pk}", "until": "hour"})
    assert sam.get("/").context["queue"].items == []
