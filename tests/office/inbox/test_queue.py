"""The inbox's queue: one list of decisions, oldest promise first, whoever looks; it costs the same for five and fifty."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client as Browser

from messaging import pauses
from tests.factories import NOON, ClientFactory, StaffFactory
from tests.office.inbox.acting import act, fill
from tests.office.reading import text_of
from tests.office.rows import make_poison, make_run, make_summary, make_task, make_text, sign_in
from workflows.models import Incident, Run
from zartsalgo.models import InboxMark
from zartsalgo.office import checklist, queue

pytestmark = pytest.mark.django_db


def test_the_queue_is_one_list_in_the_order_of_promises(carla, lead, noon):
    later = make_task(client=carla.client, lead=lead, title="Look at the form", kind="look-into", due_at=NOON + timedelta(hours=6))
    draft = make_text(contact=carla, useful_until=NOON + timedelta(minutes=10))
    unknown = make_text(
        contact=carla, status="unknown", reason="no-answer", says="The provider did not answer.", now=NOON - timedelta(hours=2)
    )
    parked = make_run(contact=carla, now=NOON - timedelta(hours=1))
    poison = make_poison(client=carla.client, now=NOON - timedelta(hours=5))
    make_text(contact=carla, reason="quiet-hours")
    make_task(client=carla.client, lead=lead, title="Closed").__class__.objects.filter(title="Closed").update(status="done", closed_at=NOON)
    found = queue.read_queue(now=noon, user=StaffFactory())
    assert [item.key for item in found.items] == [
        f"unknown:{unknown.pk}",
        f"delivery:{poison.pk}",
        f"run:{parked.pk}",
        f"draft:{draft.pk}",
        f"task:{later.pk}",
    ]
    assert [(group.word, len(group.items)) for group in found.groups] == [("Late", 3), ("Due soon", 1), ("New", 1)]


def test_a_parked_run_and_its_task_are_one_row(carla, noon):
    parked = make_run(contact=carla)
    make_task(client=carla.client, contact=carla, kind="look-into", cause=f"parked:{parked.pk}", due_at=NOON + timedelta(minutes=3))
    (item,) = queue.read_queue(now=noon, user=StaffFactory()).items
    assert (item.key, item.due_at) == (f"run:{parked.pk}", NOON + timedelta(minutes=3))


def test_poison_links_to_its_delivery(summit, sam):
    poison = make_poison(client=summit)
    page = sam.get(f"/?item=delivery:{poison.pk}")
    assert "sent something we cannot read" in text_of(page)
    assert page.context["choices"] == ()


def test_an_empty_queue_says_what_goes_on_without_a_person(carla, sam):
    make_run(contact=carla, status=Run.Status.WAITING)
    make_text(contact=carla, reason="quiet-hours")
    words = text_of(sam.get("/"))
    assert "Nothing needs you." in words
    assert "1 workflow run goes on without a person." in words
    assert "1 text waits for its time." in words


def test_visitors_and_customers_stay_outside(summit):
    assert Browser().get("/").status_code == 302
    assert sign_in("guest", is_staff=False).get("/").status_code == 302


def test_others_see_who_looks_at_an_item_for_two_minutes(carla, lead, sam):
    task = make_task(client=carla.client, lead=lead)
    dana = sign_in("dana", first_name="Dana", last_name="Reyes")
    assert dana.post("/inbox/look/", {"item": f"task:{task.pk}"}, headers={"X-Live": "1"}).status_code == 204
    assert "Dana Reyes is looking at this" in text_of(sam.get(f"/?item=task:{task.pk}"))
    assert "is looking at this" not in text_of(dana.get(f"/?item=task:{task.pk}"))
    refused = sam.post("/inbox/look/", {"item": f"task:{task.pk}"}, follow=True)
    assert "Dana Reyes is looking at this already." in text_of(refused)
    InboxMark.objects.update(looked_until=Now() - timedelta(seconds=1))
    assert "is looking at this" not in text_of(sam.get(f"/?item=task:{task.pk}"))
    sam.post("/inbox/look/", {"item": f"task:{task.pk}"})
    assert InboxMark.objects.get().looked_by == sam.staff
    # Who decides first is the row's affair, whoever has the lease.
    act(dana, f"task:{task.pk}", "booked")
    task.refresh_from_db()
    assert (task.closed_by, InboxMark.objects.get().looked_by) == ("Dana Reyes", None)


def test_a_part_of_the_queue_by_kind_and_client(carla, lead, sam):
    other = ClientFactory(slug="harbor-movers", name="Harbor Movers", phone="+12125550150")
    theirs = make_task(client=other, title="Call them")
    ours = make_task(client=carla.client, lead=lead)
    reply = make_task(client=carla.client, lead=lead, kind="answer-reply", title="Answer Carla")
    draft = make_text(contact=carla)
    parked = make_run(contact=carla)
    summary = make_summary(lead=lead)

    def shown(query):
        return {item.key for item in sam.get(f"/?{query}").context["queue"].items}

    assert shown("view=approvals") == {f"draft:{draft.pk}", f"summary:{summary.pk}"}
    assert shown("view=replies") == {f"task:{reply.pk}"}
    assert shown("view=tasks") == {f"task:{ours.pk}", f"task:{theirs.pk}"}
    assert shown("view=trouble") == {f"run:{parked.pk}"}
    assert shown("client=harbor-movers") == {f"task:{theirs.pk}"}
    assert shown("client=nobody") == set()
    done = act(sam, f"task:{ours.pk}", "booked", keep="view=tasks")
    assert (done.context["item"].key, done.context["view"]) == (f"task:{theirs.pk}", "tasks")


def test_an_open_incident_leads_to_its_page(summit, sam):
    pause, _ = pauses.pause(scope=pauses.Scope(client=summit), reason="Twilio refuses", by=None, now=NOON)
    incident = Incident.objects.create(
        client=summit, cause="x", opened_by="breaker", title="Twilio refuses texts", reason="Ten refusals in a row.", scope="all",
        rollback="None", desk="automation-ops", pause=pause, opened_at=NOON, first_sign_at=NOON, last_sign_at=NOON,
    )  # fmt: skip
    page = sam.get("/?view=trouble")
    assert page.context["item"].key == f"incident:{incident.pk}"
    assert page.context["other"].label == "Open the incident"
    Incident.objects.update(status="closed", closed_at=NOON)
    assert sam.get("/").context["queue"].items == []


def test_shortcuts_are_a_choice_of_the_person(summit, sam):
    assert 'data-keys="on"' in sam.get("/").content.decode()
    response = sam.post("/me/shortcuts/", {}, follow=True)
    assert 'data-keys="off"' in response.content.decode()
    assert 'data-keys="on"' in sign_in("dana").get("/").content.decode()
    assert sam.post("/me/shortcuts/", {"shortcuts": "on"}, headers={"X-Live": "1"}).status_code == 204
    assert 'data-keys="on"' in sam.get("/").content.decode()
    assert sam.get("/me/shortcuts/").status_code == 405


@pytest.mark.parametrize("count", [5, 50])
def test_the_page_costs_the_same_for_five_and_fifty(summit, sam, count, django_assert_num_queries):
    fill(summit, count)
    checklist.forget()  # so that what is remembered of the demo does not grow old between the two
    sam.get("/")
    with django_assert_num_queries(11):
        page = sam.get("/")
    assert len(page.context["queue"].items) == count
    assert len(page.content) <= 60 * 1024


def test_with_the_demo_the_line_of_first_steps_is_the_twelfth_statement(summit, sam, django_assert_num_queries):
    ClientFactory(slug="demo-client", name="Demo", phone="+13125550150", demo=True)
    fill(summit, 5)
    sam.get("/")
    checklist.forget()
    with django_assert_num_queries(12):
        page = sam.get("/")
    assert page.context["first_steps"] is not None


def test_more_than_fifty_are_said_to_be_more(summit, sam):
    fill(summit, 60)
    page = sam.get("/")
    assert (len(page.context["queue"].items), page.context["queue"].more) == (50, True)
    assert "and more" in text_of(page)
