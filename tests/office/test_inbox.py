"""The inbox: one queue of decisions, oldest promise first; each outcome happens once and opens the next."""

import re
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client as Browser

from leads.models import Event, Lead, StageChange, Task
from messaging import pauses
from messaging.models import Attempt, Message, Suppression
from providers.connections import connect
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory, StaffFactory
from tests.office.rows import make_event, make_poison, make_run, make_summary, make_task, make_text, sign_in
from workflows.models import Incident, Run
from zartsalgo.models import InboxMark
from zartsalgo.office import checklist, queue, strip
from zartsalgo.office.decisions import text_digest

pytestmark = pytest.mark.django_db


@pytest.fixture
def summit(noon):
    return ClientFactory()


@pytest.fixture
def carla(summit):
    return ContactFactory(client=summit, phone="+13035550123")


@pytest.fixture
def lead(carla):
    return LeadFactory(client=carla.client, contact=carla, response_due_at=NOON + timedelta(minutes=15))


@pytest.fixture
def sam():
    return sign_in("sam")


@pytest.fixture(autouse=True)
def well(monkeypatch):
    """The strip looks at processes that do not run in a test; here only what it reads for every page counts."""
    monkeypatch.setattr(strip, "_look", lambda: [])
    strip.forget()
    yield
    strip.forget()


def act(browser, item, outcome, **more):
    return browser.post("/inbox/act/", {"item": item, "outcome": outcome, **more}, follow=True)


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


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
    assert [(group.word, len(group.items)) for group in found.groups] == [("Late", 3), ("Due soon", 1), ("Later", 1)]


def test_a_parked_run_and_its_task_are_one_row(carla, noon):
    parked = make_run(contact=carla)
    make_task(client=carla.client, contact=carla, kind="look-into", cause=f"parked:{parked.pk}", due_at=NOON + timedelta(minutes=3))
    (item,) = queue.read_queue(now=noon, user=StaffFactory()).items
    assert (item.key, item.due_at) == (f"run:{parked.pk}", NOON + timedelta(minutes=3))


def test_called_and_booked_moves_the_lead_and_opens_the_next(carla, lead, sam, rings):
    first = make_task(client=carla.client, lead=lead)
    following = make_task(client=carla.client, title="Call Marcus", due_at=NOON + timedelta(minutes=20))
    response = act(sam, f"task:{first.pk}", "booked")
    first.refresh_from_db()
    lead.refresh_from_db()
    assert (first.status, first.closed_by, first.outcome) == ("done", "sam", "Called, booked")
    assert (lead.stage, lead.outcome_reported_by) == ("booked", "sam")
    assert lead.first_response_at is not None
    assert Event.objects.filter(type="outcome.reported", lead=lead).count() == 1
    assert response.context["item"].key == f"task:{following.pk}"
    assert "Called, booked: Call back Carla Gomez." in text_of(response)
    assert "Undo the last outcome" in text_of(response)


def test_the_second_person_sees_who_was_first_and_nothing_happens_twice(carla, lead, sam):
    dana = sign_in("dana")
    task = make_task(client=carla.client, lead=lead)
    act(sam, f"task:{task.pk}", "booked")
    response = act(dana, f"task:{task.pk}", "wrong")
    assert "sam was first, at 12:00 MST on Fri 20 Nov: Called, booked. Nothing was done twice." in text_of(response)
    lead.refresh_from_db()
    assert lead.stage == "booked"
    assert Event.objects.filter(type="outcome.reported").count() == 1
    looked = dana.get(f"/?item=task:{task.pk}")
    assert "sam was first" in text_of(looked)
    assert looked.context["choices"] == ()


def test_undo_puts_task_and_stage_back_for_the_one_who_did_it(carla, lead, sam):
    task = make_task(client=carla.client, lead=lead)
    act(sam, f"task:{task.pk}", "wrong")
    stranger = sign_in("dana").post("/inbox/undo/", {"undo": f"task:{task.pk}"}, follow=True)
    assert "cannot be taken back" in text_of(stranger)
    response = sam.post("/inbox/undo/", {"undo": f"task:{task.pk}"}, follow=True)
    task.refresh_from_db()
    lead.refresh_from_db()
    assert (task.status, task.closed_at, lead.stage, lead.outcome_reported_by) == ("open", None, "new", "")
    assert [(row.old, row.new) for row in StageChange.objects.order_by("pk")] == [("new", "wrong"), ("wrong", "new")]
    assert "it waits again" in text_of(response)


def test_undo_ends_after_ten_minutes(carla, lead, sam, set_clock):
    task = make_task(client=carla.client, lead=lead)
    act(sam, f"task:{task.pk}", "booked")
    set_clock(NOON + timedelta(minutes=11))
    sam.post("/inbox/undo/", {"undo": f"task:{task.pk}"})
    task.refresh_from_db()
    assert task.status == "done"


def test_no_answer_comes_back_in_an_hour_and_can_be_taken_back(carla, lead, sam):
    task = make_task(client=carla.client, lead=lead)
    due = task.due_at
    response = act(sam, f"task:{task.pk}", "no-answer")
    task.refresh_from_db()
    assert task.status == "open"
    assert timedelta(minutes=60) <= task.due_at - NOON < timedelta(minutes=61)
    event = Event.objects.get(type="call.attempted")
    assert response.context["undo"] == f"tried:{event.pk}"
    sam.post("/inbox/undo/", {"undo": f"tried:{event.pk}"})
    task.refresh_from_db()
    assert task.due_at == due


def test_they_asked_us_to_stop_stores_the_opt_out_with_the_reader_as_evidence(carla, lead, sam):
    reply = make_event(contact=carla, lead=lead, personal={"text": "ok enough now"})
    task = make_task(client=carla.client, lead=lead, kind="unclear-reply", title="Did Carla ask us to stop?", cause=f"unclear:{reply.pk}")
    held = make_text(contact=carla, reason="unclear-reply")
    response = act(sam, f"task:{task.pk}", "stop")
    stop = Suppression.objects.get()
    assert (stop.value, stop.contact_id, stop.rule, stop.event.type) == ("+13035550123", carla.pk, "read by sam", "reply.read")
    held.refresh_from_db()
    assert held.due_at <= NOON + timedelta(minutes=1)
    assert response.context["undo"] == ""


def test_it_did_not_mean_stop_wakes_what_was_held_and_asks_for_an_answer(carla, lead, sam):
    reply = make_event(contact=carla, lead=lead, personal={"text": "stop by tomorrow?"})
    task = make_task(client=carla.client, lead=lead, kind="unclear-reply", cause=f"unclear:{reply.pk}")
    held = make_text(contact=carla, reason="unclear-reply")
    response = act(sam, f"task:{task.pk}", "not-stop")
    held.refresh_from_db()
    assert held.due_at <= NOON + timedelta(minutes=1)
    assert not Suppression.objects.exists()
    assert Task.objects.get(cause=f"reply:{reply.pk}").kind == "answer-reply"
    assert "1 text that waited passes the gate again." in text_of(response)


def test_a_draft_is_shown_word_for_word_and_sent_once(carla, sam, rings, django_capture_on_commit_callbacks):
    draft = make_text(contact=carla)
    page = sam.get("/")
    assert draft.body in page.content.decode()
    seen = page.context["seen"]
    with django_capture_on_commit_callbacks(execute=True):
        act(sam, f"draft:{draft.pk}", "approve", seen=seen)
    response = act(sign_in("dana"), f"draft:{draft.pk}", "approve", seen=seen)
    draft.refresh_from_db()
    assert (draft.approved_by, draft.due_at <= NOON + timedelta(minutes=1)) == ("sam", True)
    assert rings == [("messaging.send_sms", str(draft.pk))]
    assert "sam approved it at 12:00 MST on Fri 20 Nov. Nothing was done twice." in text_of(response)


def test_an_approval_binds_to_the_text_that_was_read(carla, sam):
    draft = make_text(contact=carla)
    response = act(sam, f"draft:{draft.pk}", "approve", seen=text_digest("another text"))
    draft.refresh_from_db()
    assert draft.approved_at is None
    assert "not the one you read" in text_of(response)


@pytest.mark.parametrize(
    ("form", "says"),
    [({"reason": "Wrong person"}, "Wrong person"), ({"reason": "Other", "note": "He is on holiday"}, "Other: He is on holiday")],
)
def test_a_draft_that_does_not_go_keeps_the_reason(carla, sam, form, says):
    draft = make_text(contact=carla)
    act(sam, f"draft:{draft.pk}", "reject", **form)
    draft.refresh_from_db()
    assert (draft.status, draft.reason, draft.says) == ("skipped", "rejected", f"sam decided not to send it: {says}")


@pytest.mark.parametrize("form", [{}, {"reason": "Other"}])
def test_a_draft_is_not_rejected_without_a_reason(carla, sam, form):
    draft = make_text(contact=carla)
    response = act(sam, f"draft:{draft.pk}", "reject", **form)
    draft.refresh_from_db()
    assert draft.status == "held"
    assert "nothing was done" in text_of(response)


def test_a_stuck_run_is_let_go_on_once(carla, sam, rings, django_capture_on_commit_callbacks):
    parked = make_run(contact=carla)
    look = make_task(client=carla.client, contact=carla, kind="look-into", cause=f"parked:{parked.pk}")
    with django_capture_on_commit_callbacks(execute=True):
        act(sam, f"run:{parked.pk}", "again")
    response = act(sam, f"run:{parked.pk}", "again")
    parked.refresh_from_db()
    look.refresh_from_db()
    assert (parked.status, look.status) == (Run.Status.READY, "done")
    assert rings == [("workflows.advance", str(parked.pk))]
    assert "It is at work again. Nothing was done twice." in text_of(response)


@pytest.mark.parametrize(("outcome", "status", "calls"), [("went", "sent", 0), ("not-gone", "failed", 1)])
def test_a_person_ends_the_question_whether_a_text_went(carla, lead, sam, outcome, status, calls):
    way, _ = connect(client=carla.client, provider="generic", secret="whsec_" + "c2VjcmV0" * 4, now=NOON)
    message = make_text(contact=carla, lead=lead, status="unknown", reason="no-answer", says="No answer.", connection=way)
    Attempt.objects.create(message=message, n=1, outcome="unknown", slip={}, owner="w", started_at=NOON, deadline_at=NOON)
    act(sam, f"unknown:{message.pk}", outcome)
    act(sam, f"unknown:{message.pk}", "went")
    message.refresh_from_db()
    assert message.status == status
    assert Task.objects.filter(kind="call-back", cause=f"did-not-go:{message.pk}").count() == calls
    assert message.attempts.filter(outcome__in=("accepted", "unknown")).count() == 1


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


@pytest.mark.parametrize("item", ["task:nothing", "task:00000000-0000-0000-0000-000000000000", "x", "run:\x00", "message:1"])
def test_an_address_of_nothing_is_said_and_harmless(summit, sam, item):
    assert sam.get("/", {"item": item}).status_code == 200
    assert "nothing was done" in text_of(act(sam, item, "booked")).lower()


def test_an_outcome_of_another_kind_is_refused(carla, lead, sam):
    task = make_task(client=carla.client, lead=lead, kind="unclear-reply")
    response = act(sam, f"task:{task.pk}", "booked")
    task.refresh_from_db()
    assert task.status == "open"
    assert "no outcome of this item" in text_of(response)


def test_visitors_and_customers_stay_outside(summit):
    assert Browser().get("/").status_code == 302
    assert sign_in("guest", is_staff=False).get("/").status_code == 302


def test_reading_changes_nothing_and_acting_needs_a_post_with_a_token(carla, lead, sam):
    make_task(client=carla.client, lead=lead)
    assert sam.get("/inbox/act/").status_code == 405
    assert sam.get("/inbox/undo/").status_code == 405
    strict = Browser(enforce_csrf_checks=True)
    strict.force_login(sam.staff)
    assert strict.post("/inbox/act/", {"item": "x"}).status_code == 403


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


def test_a_text_that_something_else_holds_is_mended_or_becomes_a_call(carla, lead, sam):
    held = make_text(contact=carla, lead=lead, reason="template", says="Template is not approved any more; a person must look.")
    page = sam.get("/")
    assert page.context["item"].key == f"held:{held.pk}"
    act(sam, f"held:{held.pk}", "judge")
    held.refresh_from_db()
    assert held.due_at <= NOON + timedelta(minutes=1)
    act(sam, f"held:{held.pk}", "call")
    held.refresh_from_db()
    assert held.status == "skipped"
    assert Task.objects.get(cause=f"not-sent:{held.pk}").kind == "call-back"
    assert "Nothing was done twice." in text_of(act(sam, f"held:{held.pk}", "call"))


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


def fill(summit, count):
    """A mixed queue: tasks, drafts, unknown texts, stuck runs, poison."""
    make_poison(client=summit)
    for n in range(count - 1):
        contact = ContactFactory(client=summit, name=f"Carla Gomez the {n}th", phone=f"+1303555{100 + n % 100:04}" if n < 60 else None)
        lead = LeadFactory(client=summit, contact=contact)
        make_event(contact=contact, lead=lead)
        if n % 5 == 4:
            make_summary(lead=lead)
        elif n % 4 == 0:
            make_text(contact=contact, lead=lead)
        elif n % 4 == 1:
            make_run(contact=contact, lead=lead)
        elif n % 4 == 2:
            make_text(
                contact=contact,
                lead=lead,
                status="unknown",
                says="The provider did not answer; the text may have gone. It is looked up and will not be repeated.",
            )
        else:
            make_task(client=summit, lead=lead)
    assert Lead.objects.count() == count - 1
    assert Message.objects.exists()
