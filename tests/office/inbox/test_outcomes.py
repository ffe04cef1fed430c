"""An item's outcomes: each happens once, opens the next item, and can be taken back where that makes sense."""

from datetime import timedelta

import pytest
from django.test import Client as Browser

from leads.models import Event, StageChange, Task
from messaging.models import Suppression
from providers.connections import connect
from tests.factories import NOON
from tests.office.inbox.acting import act
from tests.office.reading import text_of
from tests.office.rows import make_event, make_run, make_task, make_text, sign_in
from tests.planning import make_try
from workflows.models import Run
from zartsalgo.office.decisions import text_digest

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize(("outcome", "status", "calls"), [("went", "sent", 0), ("not-gone", "failed", 1), ("send-again", "queued", 0)])
def test_a_person_ends_the_question_whether_a_text_went(carla, lead, sam, outcome, status, calls):
    way, _ = connect(client=carla.client, provider="generic", secret="whsec_" + "c2VjcmV0" * 4, now=NOON)
    message = make_text(contact=carla, lead=lead, status="unknown", reason="no-answer", says="No answer.", connection=way)
    make_try(message=message, outcome="unknown", started_at=NOON, deadline_at=NOON)
    if outcome != "went":
        assert "Say where you looked" in text_of(act(sam, f"unknown:{message.pk}", outcome))
        message.refresh_from_db()
        assert message.status == "unknown"
    act(sam, f"unknown:{message.pk}", outcome, note="Not in its console")
    act(sam, f"unknown:{message.pk}", "went")
    message.refresh_from_db()
    assert message.status == status
    assert Task.objects.filter(kind="call-back", cause=f"did-not-go:{message.pk}").count() == calls
    told = ("accepted", "", "") if outcome == "went" else ("not_sent", "sam", "Not in its console")
    assert message.attempts.values_list("outcome", "declared_by", "declared_reason").get() == told


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


def test_reading_changes_nothing_and_acting_needs_a_post_with_a_token(carla, lead, sam):
    make_task(client=carla.client, lead=lead)
    assert sam.get("/inbox/act/").status_code == 405
    assert sam.get("/inbox/undo/").status_code == 405
    strict = Browser(enforce_csrf_checks=True)
    strict.force_login(sam.staff)
    assert strict.post("/inbox/act/", {"item": "x"}).status_code == 403


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
