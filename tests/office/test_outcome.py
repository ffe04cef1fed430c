"""The link a responder gets: one lead, four answers, nothing changed by looking, nothing told to strangers."""

import re
import threading
from datetime import timedelta

import pytest
from django.apps import apps
from django.core import signing
from django.db import connection as database
from django.test import Client as Browser

from leads.models import Client, Event, Lead, StageChange, Task
from messaging import due as messaging_due
from messaging.models import Handover
from messaging.notices.words import OUTCOME_SALT
from tests.office.simulator.trying import CARLA, work_off
from workflows.models import Run
from zartsalgo.lib import clock
from zartsalgo.office import simulator as playing
from zartsalgo.office.views.outcomes import record_outcome

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told(noon):
    """Carla called Summit Roofing, Rita was told and Carla got her text."""
    client = playing.make_try_out_client()
    playing.missed_call(client=client, caller=playing.read_caller(key=CARLA, client=client))
    work_off()
    return Handover.objects.get()


def link(handover):
    """The address as the responder got it, without the host."""
    return re.search(r"https?://[^/]+(/o/\S+/)", handover.body).group(1)


def counts():
    return {model._meta.label: model._default_manager.count() for model in apps.get_models() if model._meta.managed}


def test_looking_shows_one_lead_and_changes_nothing(told):
    before = (counts(), Lead.objects.values().get(), Run.objects.filter(workflow="missed-call-text-back").values().get())
    for _ in range(3):
        answer = Browser().get(link(told))
    assert Browser().head(link(told)).status_code == 200
    assert (counts(), Lead.objects.values().get(), Run.objects.filter(workflow="missed-call-text-back").values().get()) == before

    page = answer.content.decode()
    assert answer.status_code == 200
    for words in ("Summit Roofing", "Carla Gomez", 'href="tel:+13035550123"', "(303) 555-0123", "Called and nobody picked up, 12:00 MST"):
        assert words in page
    assert re.findall(r'name="outcome" value="([a-z-]+)"', page) == ["booked", "not-booked", "wrong", "done"]
    assert "Sorry we missed your call" not in page
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "script-src" not in answer["Content-Security-Policy"]
    assert "<script" not in page


@pytest.mark.parametrize(
    ("outcome", "stage", "label"),
    [
        ("booked", "booked", "Booked"),
        ("not-booked", "lost", "Not booked"),
        ("wrong", "wrong", "Wrong or spam"),
        ("done", "done", "Job done"),
    ],
)
def test_an_answer_is_an_event_moves_the_lead_and_ends_the_waiting(told, outcome, stage, label):
    assert Run.objects.filter(workflow="missed-call-text-back").get().status == "waiting"
    browser = Browser()
    answer = browser.post(link(told), {"outcome": outcome}, follow=True)
    page = answer.content.decode()
    assert "Thank you, Rita Alvarez" in page
    assert f'<strong data-said="{outcome}">{label}</strong>' in page

    event = Event.objects.get(type="outcome.reported")
    assert event.facts == {"outcome": outcome, "reported_by": "Rita Alvarez (reported by client)"}
    assert event.key == f"handover:{told.pk}:{outcome}"
    lead = Lead.objects.get()
    assert (lead.stage, lead.outcome_reported_by) == (stage, "Rita Alvarez (reported by client)")
    assert [(row.old, row.new, row.by) for row in StageChange.objects.all()] == [("new", stage, "Rita Alvarez (reported by client)")]
    assert not Task.objects.filter(status="open").exists()

    work_off()
    run = Run.objects.filter(workflow="missed-call-text-back").get()
    assert (run.status, run.steps.get(key="reply").says) == ("done", f"Rita Alvarez (reported by client) reported: {label}.")


def test_the_waiting_run_is_woken_with_the_answer(told, rings):
    rings.clear()
    record_outcome(handover=told, outcome="booked", now=clock.read())
    assert ("workflows.advance", str(Run.objects.filter(workflow="missed-call-text-back").get().pk)) in rings
    assert Run.objects.filter(workflow="missed-call-text-back").get().wake_at <= clock.read()


def test_the_same_answer_twice_is_one_event_and_a_change_of_mind_is_a_new_one(told):
    for said in ("booked", "booked", "not-booked", "booked"):
        assert Browser().post(link(told), {"outcome": said}).status_code == 302
    events = Event.objects.filter(type="outcome.reported").order_by("recorded_at")
    assert [event.facts["outcome"] for event in events] == ["booked", "not-booked", "booked"]
    assert Lead.objects.get().stage == "booked"
    assert [row.new for row in StageChange.objects.order_by("id")] == ["booked", "lost", "booked"]


def test_two_presses_at_once_are_one_event(told):
    ready = threading.Barrier(4)

    def press():
        ready.wait()
        record_outcome(handover=told, outcome="booked", now=clock.read())
        database.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Event.objects.filter(type="outcome.reported").count() == 1
    assert StageChange.objects.count() == 1


def test_no_answer_is_told_and_changes_nothing(told):
    answer = Browser().post(link(told), {"outcome": "maybe"})
    assert answer.status_code == 400
    assert "Choose one of the four answers; nothing was changed." in answer.content.decode()
    assert not Event.objects.filter(type="outcome.reported").exists()
    assert Browser().put(link(told)).status_code == 405


def test_the_form_works_with_csrf_checks_on_and_a_bare_post_does_not(told):
    browser = Browser(enforce_csrf_checks=True)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(link(told)).content.decode()).group(1)
    assert Browser(enforce_csrf_checks=True).post(link(told), {"outcome": "booked"}).status_code == 403
    assert not Event.objects.filter(type="outcome.reported").exists()
    assert browser.post(link(told), {"outcome": "booked", "csrfmiddlewaretoken": token}).status_code == 302
    assert Event.objects.filter(type="outcome.reported").count() == 1


@pytest.mark.parametrize("salt", ["", "another-page"])
def test_a_forged_link_is_404_and_tells_nothing(told, salt):
    genuine = link(told).split("/")[2]
    forged = [
        genuine[:-1] + ("A" if genuine[-1] != "A" else "B"),
        str(told.pk),
        "x" * 3000,
        signing.dumps(str(told.pk), salt=salt or "outcome-linkx"),
        signing.dumps("00000000-0000-4000-8000-000000000000", salt=OUTCOME_SALT),
        signing.dumps(["not", "an", "id"], salt=OUTCOME_SALT),
    ]
    for token in forged:
        for answer in (Browser().get(f"/o/{token}/"), Browser().post(f"/o/{token}/", {"outcome": "booked"})):
            page = answer.content.decode()
            assert answer.status_code == 404
            assert "This link is not valid" in page
            assert "Summit" not in page and "Carla" not in page and "0123" not in page
            assert answer["Cache-Control"] == "no-store"
            assert answer["Referrer-Policy"] == "no-referrer"
    assert not Event.objects.filter(type="outcome.reported").exists()


def test_an_old_link_is_410_and_tells_nothing(told, set_clock):
    set_clock(told.link_expires_at - timedelta(minutes=1))
    assert Browser().get(link(told)).status_code == 200
    set_clock(told.link_expires_at + timedelta(seconds=1))
    for answer in (Browser().get(link(told)), Browser().post(link(told), {"outcome": "booked"})):
        page = answer.content.decode()
        assert answer.status_code == 410
        assert "It worked for 72 hours." in page
        assert "Summit" not in page and "Carla" not in page and "0123" not in page
    assert not Event.objects.filter(type="outcome.reported").exists()


def test_the_page_stays_whole_when_words_and_people_were_erased(told):
    path = link(told)
    Handover.objects.filter(pk=told.pk).update(body=None)
    Lead.objects.get().contact.identities.all().delete()
    Client.objects.update(name="Summit & Sons")
    page = Browser().get(path).content.decode()
    assert "No number is known." in page
    assert "Summit &amp; Sons" in page
    assert "None" not in page
    assert Browser().post(path, {"outcome": "done"}).status_code == 302
    assert Lead.objects.get().stage == "done"
    assert messaging_due.work_off(now=clock.read()) == 0
