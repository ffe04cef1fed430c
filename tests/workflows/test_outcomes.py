"""What the world reports has an effect: through the generic hook, over the real tables, by when it happened and whatever comes first."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from leads import actions
from leads.events import DECIDED, FROM_OUTSIDE
from leads.models import Automation, Contact, Event, Lead, StageChange, Task
from messaging import due as messaging_due
from messaging import gate
from messaging.models import Attempt, Handover, Message, Pause
from messaging.outbox import sending
from providers.connections import connect
from providers.models import Delivery
from summaries import reports
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory, ResponderFactory, StaffFactory
from tests.planning import make_try
from tests.providers import payloads
from workflows import due, incidents, outcomes, resuming
from workflows.models import Incident, IncidentItem, Receipt, Run
from workflows.outcomes import RECEIPT
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db

CALLER = "+13035550123"
# Saturday in Denver, 07:45: before the hours for texts.
EARLY = datetime(2026, 11, 21, 14, 45, tzinfo=UTC)
GENERIC = "Signed JSON (Standard Webhooks)"


@pytest.fixture
def summit(noon):
    client = ClientFactory()
    ResponderFactory(client=client)
    return client


@pytest.fixture
def hook(summit):
    return connect(client=summit, provider="generic", secret=payloads.SECRET, now=NOON)[1]


def post(hook, kind, *, at=None, phone=CALLER, **data):
    """A signed event; `at` is when it happened, by the business clock."""
    body = {"type": kind, "data": {**({"phone": phone} if phone else {}), **data}}
    if at is not None:
        body["timestamp"] = at.isoformat()
    request = payloads.generic_request(body, at=clock.real_now(), identity=f"id-{Delivery.objects.count()}")
    headers = {name: value for name, value in request.headers.items() if name.startswith("webhook-")}
    path = hook.removeprefix("http://127.0.0.1:8000")
    assert Browser().post(path, request.body, content_type="application/json", headers=headers).status_code == 200


def work_off():
    for _ in range(4):
        due.work_off(now=clock.read())
        messaging_due.work_off(now=clock.read())


def happens(hook, kind, **data):
    post(hook, kind, **data)
    work_off()


def said() -> str:
    """What the newest event changed."""
    return Receipt.objects.filter(workflow=RECEIPT).latest("at", "id").says


def tasks() -> list[tuple[str, str]]:
    return list(Task.objects.order_by("created_at", "pk").values_list("title", "status"))


# -- an answered call -------------------------------------------------------------------------------------------------------------------


def test_an_answered_call_overtakes_the_held_text_and_stops_the_timer(hook, set_clock):
    set_clock(EARLY)
    happens(hook, "call.missed", name="Carla Gomez")
    message = Message.objects.get()
    assert (message.status, message.reason) == ("held", "quiet-hours")
    now = set_clock(EARLY + timedelta(seconds=50))
    happens(hook, "call.answered", duration_seconds=240)

    message.refresh_from_db()
    assert (message.status, message.reason) == ("skipped", "overtaken")
    assert message.says == "They were reached by phone on Sat 21 Nov 07:45, so this text has lost its point."
    assert [(check["name"], check["passed"]) for check in message.slip["checks"]] == [("overtaken", False)]
    lead = Lead.objects.get()
    assert now <= lead.first_response_at <= now + timedelta(seconds=30) and lead.stage == "new"
    task = Task.objects.get()
    assert (task.status, task.closed_by, task.outcome) == ("done", "The business", "Reached by phone at 07:45 on Sat 21 Nov")
    assert said() == (
        "They were reached by phone at 07:45 on Sat 21 Nov: the response timer stopped, 1 task is closed, 1 planned text is dropped."
    )
    assert Run.objects.get(workflow="missed-call-text-back").status == "done"

    set_clock(EARLY + timedelta(minutes=15, seconds=5))
    work_off()
    assert Attempt.objects.count() == 0 and Message.objects.count() == 1


def test_both_calls_in_one_batch_leave_no_task_and_send_nothing(hook, set_clock):
    """The answered call is on record before the missed one's run has taken a step: take the gate's look away and a text goes."""
    set_clock(NOON + timedelta(hours=1))
    now = clock.read()
    post(hook, "call.missed", at=now - timedelta(seconds=90))
    post(hook, "call.answered", at=now - timedelta(seconds=40), duration_seconds=31)
    work_off()
    message = Message.objects.get()
    assert (message.status, message.reason) == ("skipped", "overtaken") and Attempt.objects.count() == 0
    assert not Task.objects.exists() and Lead.objects.get().first_response_at == now - timedelta(seconds=40)
    step = Run.objects.get(workflow="missed-call-text-back").steps.get(key="timer")
    assert step.says == "Nobody has to answer: they were reached by phone at 12:59 on Fri 20 Nov."


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("call.answered", {"duration_seconds": 3}),
        ("call.answered", {"duration_seconds": 90, "voicemail": True}),
        # A message left on their voicemail.
        ("call.answered", {"duration_seconds": 40, "direction": "outbound"}),
    ],
)
def test_a_voicemail_is_no_answer(hook, set_clock, kind, facts):
    set_clock(EARLY)
    happens(hook, "call.missed")
    set_clock(EARLY + timedelta(seconds=50))
    happens(hook, kind, **facts)
    assert Message.objects.get().status == "held" and Lead.objects.get().first_response_at is None
    assert [status for _, status in tasks()] == ["open"]
    assert "nobody counts as reached" in said()


def test_a_call_that_says_no_length_is_taken_at_its_word(hook, set_clock):
    set_clock(EARLY)
    happens(hook, "call.missed")
    set_clock(EARLY + timedelta(minutes=1))
    happens(hook, "call.answered")
    assert Message.objects.get().reason == "overtaken" and [status for _, status in tasks()] == ["done"]


def test_calling_back_counts_and_makes_nobody_known(hook, set_clock):
    set_clock(EARLY)
    happens(hook, "call.missed")
    set_clock(EARLY + timedelta(minutes=5))
    happens(hook, "call.answered", direction="outbound", duration_seconds=120)
    assert Event.objects.get(type="call.returned").contact == Contact.objects.get()
    assert Message.objects.get().reason == "overtaken" and [status for _, status in tasks()] == ["done"]
    assert Lead.objects.count() == 1 and Contact.objects.get().consents.filter(purpose="answer").count() == 1

    happens(hook, "call.answered", direction="outbound", phone="+13035550177", duration_seconds=120)
    assert Contact.objects.count() == 1 and Lead.objects.count() == 1


def test_an_outbound_call_by_its_ends_is_about_whom_was_dialled(hook):
    happens(hook, "call.missed")
    data = {"from": "+13035550100", "to": CALLER, "direction": "outbound", "duration_seconds": 120}
    happens(hook, "call.answered", phone="", **data)
    assert Event.objects.get(type="call.returned").contact == Contact.objects.get() and [s for _, s in tasks()] == ["done"]


def test_a_form_then_an_answered_call(hook, summit, set_clock):
    happens(hook, "lead.created", name="Carla Gomez", message="A leak")
    assert tasks() == [("Answer Carla Gomez", "open")]
    set_clock(NOON + timedelta(minutes=6))
    happens(hook, "call.answered", duration_seconds=240)
    lead = Lead.objects.get()
    assert tasks() == [("Answer Carla Gomez", "done")] and lead.next_action == ""
    asked = Event.objects.get(type="lead.created").occurred_at
    assert timedelta(minutes=5) < lead.first_response_at - asked < timedelta(minutes=7)
    day = NOON.date()
    [row] = reports._asked(client=summit, first=day, last=day)
    assert 300 < row.answered_after < 420


def test_a_call_from_before_answers_nothing_that_came_later(hook, set_clock):
    set_clock(EARLY)
    happens(hook, "call.missed")
    happens(hook, "call.answered", at=EARLY - timedelta(minutes=20), duration_seconds=240)
    assert Message.objects.get().status == "held" and Lead.objects.get().first_response_at is None
    assert [status for _, status in tasks()] == ["open"] and not Receipt.objects.filter(workflow=RECEIPT).exists()


def test_an_earlier_answer_that_is_told_late_counts(hook, set_clock):
    happens(hook, "lead.created", name="Carla Gomez")
    lead = Lead.objects.get()
    actions.note_first_response(lead_id=lead.pk, now=NOON + timedelta(minutes=30))
    set_clock(NOON + timedelta(hours=1))
    happens(hook, "call.answered", at=NOON + timedelta(minutes=10), duration_seconds=60)
    lead.refresh_from_db()
    assert lead.first_response_at == NOON + timedelta(minutes=10)


def test_a_question_about_stop_is_never_closed_by_a_report(hook, set_clock):
    set_clock(EARLY)
    happens(hook, "call.missed")
    Task.objects.create(
        client=Contact.objects.get().client, contact=Contact.objects.get(), desk="client-success", kind="unclear-reply", title="Stop?",
        reason="r", cause="unclear:1", created_at=EARLY, due_at=EARLY,
    )  # fmt: skip
    set_clock(EARLY + timedelta(minutes=2))
    happens(hook, "call.answered", duration_seconds=240)
    happens(hook, "booking.created")
    assert Task.objects.get(kind="unclear-reply").status == "open"


# -- what was decided -------------------------------------------------------------------------------------------------------------------


def test_a_booking_does_all_of_it(hook, set_clock):
    set_clock(EARLY)
    happens(hook, "call.missed", name="Carla Gomez")
    set_clock(EARLY + timedelta(minutes=5))
    happens(hook, "booking.created")
    lead, message = Lead.objects.get(), Message.objects.get()
    assert (lead.stage, lead.outcome_reported_by, lead.next_action) == ("booked", GENERIC, "")
    assert lead.first_response_at is not None
    assert list(StageChange.objects.values_list("old", "new", "by")) == [("new", "booked", GENERIC)]
    assert (message.status, message.reason) == ("skipped", "overtaken")
    assert message.says == "“Booked” was reported for Sat 21 Nov 07:50, so this text has lost its point."
    assert tasks() == [("Call back Carla Gomez", "done")] and Attempt.objects.count() == 0
    assert said() == (
        f"They booked, as {GENERIC} reported: the request goes from “New” to “Booked”, the response timer stopped, 1 task is closed, "
        "1 planned text is dropped."
    )
    assert Delivery.objects.latest("received_at").note == f"Recorded: booking.created. {said()}"
    assert Run.objects.get(workflow="missed-call-text-back").status == "done"


def test_a_run_that_waits_for_a_reply_ends_with_the_booking(hook, set_clock):
    happens(hook, "call.missed")
    run = Run.objects.get(workflow="missed-call-text-back")
    assert (run.status, run.cursor) == ("waiting", "reply")
    set_clock(NOON + timedelta(minutes=20))
    happens(hook, "booking.created")
    run.refresh_from_db()
    assert (run.status, run.says) == ("done", f"They booked; {GENERIC} reported it for 12:20 on Fri 20 Nov.")
    assert Message.objects.get().status == "delivered" and "text" not in said()


STAGES = {
    "booking.created": "booked",
    "booking.rescheduled": "booked",
    "contract.signed": "booked",
    "deal.won": "booked",
    "deal.lost": "lost",
    "payment.received": "booked",
    "job.completed": "done",
    "proposal.sent": "engaged",
}


def test_every_report_has_its_stage():
    assert set(STAGES) == set(outcomes.DECISIONS) and set(DECIDED) < set(STAGES)
    assert set(outcomes.ABOUT_PERSON) | set(outcomes.ABOUT_CLIENT) <= FROM_OUTSIDE


@pytest.mark.parametrize("kind", STAGES)
def test_each_report_moves_the_stage_closes_the_task_and_drops_the_text(hook, set_clock, kind):
    set_clock(EARLY)
    happens(hook, "call.missed")
    set_clock(EARLY + timedelta(minutes=3))
    happens(hook, kind)
    lead = Lead.objects.get()
    assert lead.stage == STAGES[kind] and Message.objects.get().reason == "overtaken"
    assert [status for _, status in tasks()] == ["done"]
    # A deal that is lost proves no answer.
    assert (lead.first_response_at is None) == (kind == "deal.lost")
    happens(hook, kind)
    assert StageChange.objects.count() == 1 and Lead.objects.count() == 1


@pytest.mark.parametrize("kind", ["payment.received", "job.completed", "deal.lost"])
def test_what_somebody_wrote_waits_on_where_a_machine_decided(hook, set_clock, kind):
    happens(hook, "call.missed")
    happens(hook, "message.received", text="Can you also look at the gutter?")
    set_clock(NOON + timedelta(minutes=10))
    happens(hook, kind)
    assert Task.objects.get(kind="answer-reply").status == "open" and Task.objects.get(kind="call-back").status == "done"


def test_never_backwards(hook, set_clock):
    happens(hook, "call.missed")
    for minute, kind in enumerate(("job.completed", "booking.rescheduled", "payment.received", "proposal.sent", "deal.lost"), start=1):
        set_clock(NOON + timedelta(minutes=minute))
        happens(hook, kind)
    assert Lead.objects.get().stage == "done" and StageChange.objects.count() == 1


@pytest.mark.parametrize("first", ["booking.created", "deal.lost"])
def test_of_a_booking_and_a_loss_the_later_one_counts_whichever_came_first(hook, set_clock, first):
    happens(hook, "call.missed")
    set_clock(NOON + timedelta(hours=3))
    at = {"deal.lost": NOON + timedelta(hours=1), "booking.created": NOON + timedelta(hours=2)}
    for kind in (first, *(at.keys() - {first})):
        happens(hook, kind, at=at[kind])
    assert Lead.objects.get().stage == "booked"


def test_a_booking_from_before_does_not_close_a_newer_request(hook, set_clock):
    set_clock(EARLY)
    happens(hook, "call.missed")
    happens(hook, "booking.created", at=EARLY - timedelta(hours=2))
    assert Lead.objects.get().stage == "new" and Message.objects.get().status == "held"
    assert [status for _, status in tasks()] == ["open"]
    assert said().endswith("but none of their requests from before then is one it can be about, so nothing changed.")


def test_a_late_booking_does_not_close_what_was_asked_again_on_the_same_request(hook, set_clock):
    happens(hook, "lead.created", name="Carla Gomez", message="Roof")
    set_clock(NOON + timedelta(hours=1))
    happens(hook, "lead.created", name="Carla Gomez", message="And the gutter")
    set_clock(NOON + timedelta(hours=2))
    happens(hook, "booking.created", at=NOON + timedelta(minutes=30))
    assert Lead.objects.get().stage == "new"
    assert [status for _, status in tasks()] == ["done", "open"]
    assert said().startswith("They booked at 12:30 on Fri 20 Nov, but they asked again at 13:0") and said().endswith("1 task is closed.")


def test_a_job_done_belongs_to_what_was_booked_not_to_todays_call(hook, set_clock):
    happens(hook, "call.missed")
    set_clock(NOON + timedelta(minutes=10))
    happens(hook, "booking.created")
    set_clock(EARLY + timedelta(days=3))
    happens(hook, "call.missed")
    booked, today = Lead.objects.order_by("created_at")
    set_clock(EARLY + timedelta(days=3, minutes=5))
    happens(hook, "job.completed")
    booked.refresh_from_db()
    today.refresh_from_db()
    assert (booked.stage, today.stage) == ("done", "new")
    assert Message.objects.get(lead=today).status == "held" and Task.objects.get(lead=today).status == "open"
    set_clock(EARLY + timedelta(days=3, minutes=16))
    work_off()
    # The gate looks for itself, and sees that it was another request.
    assert Message.objects.get(lead=today).status == "delivered"
    # Nor does its run take what was said of another for its own end.
    happens(hook, "payment.received")
    run = Run.objects.get(workflow="missed-call-text-back", lead=today)
    assert (run.status, run.cursor) == ("waiting", "reply")


def test_a_booking_of_nobody_we_know_opens_the_lead_booked(hook):
    happens(hook, "booking.created", name="Dana Fox", service="Gutter", source="Calendly")
    lead = Lead.objects.get()
    assert (lead.stage, lead.kind, lead.source, lead.service, lead.contact.name) == ("booked", "booking", "Calendly", "Gutter", "Dana Fox")
    assert not Task.objects.exists() and not Message.objects.exists() and not Handover.objects.exists()
    assert (
        said()
        == f"They booked, as {GENERIC} reported, and no request of theirs was open: a lead was made, the request goes from “New” to “Booked”."
    )
    happens(hook, "booking.created", name="Dana Fox")
    assert Lead.objects.count() == 1 and said().endswith("the request was “Booked” already, nothing changed.")


@pytest.mark.parametrize("kind", sorted(set(STAGES) - {"booking.created"}))
def test_other_reports_about_nobody_make_no_lead(hook, kind):
    happens(hook, kind)
    assert not Lead.objects.exists() and said().endswith(
        "none of their requests from before then is one it can be about, so nothing changed."
    )


def test_a_report_without_a_number_says_so(hook):
    happens(hook, "deal.won", phone="")
    assert said() == "“Deal won” changed nothing: it names nobody we know." and not Lead.objects.exists()


def test_a_lead_that_a_person_called_wrong_stays_wrong(hook):
    happens(hook, "call.missed")
    actions.change_stage(lead=Lead.objects.get(), stage="wrong", by="sam", now=clock.read())
    happens(hook, "deal.won")
    assert Lead.objects.get().stage == "wrong"


def test_a_booking_recorded_before_the_calls_run_began_is_found_by_it(hook, set_clock):
    set_clock(EARLY)
    post(hook, "call.missed")
    set_clock(EARLY + timedelta(seconds=30))
    post(hook, "booking.created")
    work_off()
    lead = Lead.objects.get()
    assert lead.stage == "booked" and not Task.objects.exists()
    assert (Message.objects.get().status, Message.objects.get().reason) == ("skipped", "overtaken")
    assert Run.objects.get(workflow="missed-call-text-back").lead == lead


# -- an appointment that is canceled, a lead that is qualified ----------------------------------------------------------------------------


def test_a_cancellation_opens_the_request_again_and_asks_for_a_call(hook, set_clock):
    happens(hook, "booking.created", name="Carla Gomez")
    set_clock(NOON + timedelta(hours=1))
    happens(hook, "booking.canceled")
    lead = Lead.objects.get()
    assert (lead.stage, lead.outcome_reported_by) == ("engaged", "")
    assert tasks() == [("Call Carla Gomez: the appointment was canceled", "open")]
    set_clock(NOON + timedelta(hours=2))
    happens(hook, "booking.created")
    assert Lead.objects.get().stage == "booked" and [status for _, status in tasks()] == ["done"]


@pytest.mark.parametrize("first", ["booking.created", "booking.canceled"])
def test_a_cancellation_holds_whichever_came_first(hook, set_clock, first):
    happens(hook, "call.missed")
    set_clock(NOON + timedelta(hours=3))
    at = {"booking.created": NOON + timedelta(hours=1), "booking.canceled": NOON + timedelta(hours=2)}
    for kind in (first, *(at.keys() - {first})):
        happens(hook, kind, at=at[kind])
    assert Lead.objects.get().stage in ("new", "engaged")


def test_a_cancellation_of_what_was_booked_anew_changes_nothing(hook, set_clock):
    happens(hook, "booking.created")
    set_clock(NOON + timedelta(hours=2))
    happens(hook, "booking.rescheduled")
    happens(hook, "booking.canceled", at=NOON + timedelta(hours=1))
    assert Lead.objects.get().stage == "booked" and not Task.objects.exists()


def test_a_qualified_lead_gets_its_owner_and_next_action(hook):
    ann = StaffFactory(username="ann", first_name="Ann", last_name="Lee", email="ann@example.com")
    happens(hook, "lead.created", name="Carla Gomez")
    happens(hook, "lead.qualified", score=87, owner="Ann Lee", next_action="Send the gutter quote")
    lead = Lead.objects.get()
    assert (lead.owner, lead.next_action, lead.stage) == (ann, "Send the gutter quote", "new")
    assert said() == (
        f"The lead was qualified, as {GENERIC} reported: the next action is “Send the gutter quote”; Ann Lee owns it; "
        "the score 87 is kept with the event."
    )
    StaffFactory(username="ben", first_name="Ben")
    happens(hook, "lead.qualified", owner="ben")
    happens(hook, "lead.qualified", owner="Nobody Here")
    lead.refresh_from_db()
    assert lead.owner == ann and "nobody here is called “Nobody Here”" in said()


# -- pauses ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["missed-call-text-back", "Missed-call text-back", " MISSED-CALL TEXT-BACK "])
def test_a_pause_from_outside_pauses_until_a_person_resumes(hook, summit, named):
    happens(hook, "automation.paused", phone="", workflow=named, reason="Phones are down", owner="Olga", rollback="Call all of today")
    pause, incident = Pause.objects.get(), Incident.objects.get()
    assert (pause.client, pause.workflow, pause.lifted_at) == (summit, "missed-call-text-back", None)
    assert incident.rollback == "Call all of today" and incident.pause == pause and incident.opened_by == GENERIC
    assert incident.reason == f"Reported from outside ({GENERIC}, owner Olga): Phones are down."
    assert said() == f"Paused, as {GENERIC} asked: Missed-call text-back for Summit Roofing; a person lets it go on."
    assert Event.objects.filter(type="automation.paused").count() == 1

    happens(hook, "call.missed")
    message = Message.objects.get()
    assert (message.status, message.reason) == ("held", "sending-stopped")
    assert message.says.startswith("A report from outside stopped Missed call text back for Summit Roofing on Fri 20 Nov 12:0")

    happens(hook, "automation.resumed", phone="", workflow=named)
    happens(hook, "automation.paused", phone="", workflow=named, reason="Still", verification="passed")
    pause.refresh_from_db()
    assert pause.lifted_at is None and Incident.objects.get().signs == 2 and Attempt.objects.count() == 0
    assert incident.notes.filter(says__contains="it may run again. A person looks and resumes.").count() == 1

    assert resuming.release(pause=pause, by=None, name="Olga", now=clock.read()).right == 1
    work_off()
    message.refresh_from_db()
    assert message.status == "delivered"


@pytest.mark.parametrize("named", [None, "", "all", 7, ["a"], {"x": 1}, "no-such-workflow"])
def test_a_scope_that_is_not_clear_pauses_the_client(hook, summit, named):
    other = ClientFactory(slug="blue", name="Blue", phone="+13035550101")
    happens(hook, "automation.paused", phone="", **({} if named is None else {"workflow": named}))
    pause = Pause.objects.get()
    assert (pause.client, pause.workflow) == (summit, "") and pause.client != other
    assert ("which is no workflow here" in said()) == (named not in (None, "", "all"))
    assert "no reason was given" in pause.reason


def test_while_a_pause_holds_nothing_is_dropped_and_resuming_finds_what_happened(hook, summit, set_clock):
    set_clock(NOON)
    happens(hook, "automation.paused", phone="")
    happens(hook, "call.missed")
    set_clock(NOON + timedelta(minutes=1))
    happens(hook, "call.answered", duration_seconds=240)
    message = Message.objects.get()
    assert (message.status, message.reason) == ("held", "sending-stopped") and "text" not in said()
    done = resuming.release(pause=Pause.objects.get(), by=None, name="Olga", now=clock.read())
    message.refresh_from_db()
    assert (done.stale, done.right, message.status, message.reason) == (1, 0, "skipped", "overtaken")
    assert IncidentItem.objects.get().says == "They were reached by phone on Fri 20 Nov 12:01, so this text has lost its point."


# -- one person is asked once ------------------------------------------------------------------------------------------------------------


def test_two_people_with_one_phone_are_each_named(hook):
    happens(hook, "lead.created", name="John Roe")
    happens(hook, "lead.created", name="Mary Roe")
    assert tasks() == [("Answer John Roe", "open"), ("Answer Mary Roe", "open")]
    assert Contact.objects.get().name == "John Roe"
    assert [body.split(",")[0] for body in Handover.objects.order_by("created_at").values_list("body", flat=True)] == [
        "John Roe",
        "Mary Roe",
    ]
    happens(hook, "lead.created", name="mary", message="Me again")
    assert len(tasks()) == 2


def test_one_person_who_spells_their_name_twice_is_asked_about_once(hook):
    happens(hook, "lead.created", name="John Roe")
    happens(hook, "lead.created", name="Jon Roe", message="once more")
    happens(hook, "lead.created", message="no name")
    assert tasks() == [("Answer John Roe", "open")]


def test_a_call_back_is_for_the_name_we_know_not_for_the_lines(hook, set_clock):
    happens(hook, "lead.created", name="Carla Gomez")
    happens(hook, "call.missed", name="WIRELESS CALLER")
    assert ("Call back Carla Gomez", "open") in tasks()


def test_two_workflows_on_one_event_ask_one_person_once(hook, summit, monkeypatch):
    from dataclasses import replace

    from workflows import registry
    from workflows.models import WorkflowVersion

    twin = replace(registry.workflows()["lead-intake"], key="quote-twin", name="Quote twin")
    known = {**registry.workflows(), "quote-twin": twin}
    monkeypatch.setattr(registry, "workflows", lambda: known)
    monkeypatch.setattr(registry, "listeners", lambda: {"quote.requested": (known["lead-intake"], twin)})
    WorkflowVersion.objects.create(key=twin.key, version=1, definition=twin.definition(), sha256=twin.sha256(), published_at=NOON)
    Automation.objects.create(client=summit, workflow="quote-twin", send="auto")
    happens(hook, "quote.requested", name="Carla Gomez")
    assert tasks() == [("Answer Carla Gomez", "open")] and Handover.objects.count() == 1
    second = Run.objects.get(workflow="quote-twin")
    assert second.steps.get(key="timer").says == (
        "Another workflow asked a person for the same already (“Answer Carla Gomez”); this one joins that task."
    )
    assert second.steps.get(key="hand-over").says == "Rita was told of it already, by another workflow; this one joins that handover."


# -- the gate, and what it costs ----------------------------------------------------------------------------------------------------------


def test_the_gate_finds_a_call_that_was_recorded_while_the_text_waited(summit, noon):
    """Nothing but the gate stands between: the event was stored by another hand, and nobody dropped the text."""
    contact = ContactFactory(client=summit, phone=CALLER)
    lead = LeadFactory(client=summit, contact=contact)

    def event(kind, at, **facts):
        return Event.objects.create(
            client=summit, type=kind, source="t", key=f"{kind}{at}", occurred_at=at, recorded_at=at, contact=contact, facts=facts
        )

    message = Message(
        client=summit, contact=contact, lead=lead, to=CALLER, sender=summit.phone, body="Sorry", purpose="missed-call-text-back",
        workflow="missed-call-text-back", created_at=clock.read(), due_at=NOON, cause_event=event("call.missed", NOON),
    )  # fmt: skip
    message.save(force_insert=True)

    def passed():
        slip = gate.look(message=message, now=clock.read())
        return next(check.passed for check in slip.checks if check.name == "overtaken")

    event("call.answered", NOON - timedelta(minutes=1), duration_seconds=300)
    event("call.answered", NOON + timedelta(seconds=1), duration_seconds=2)
    event("booking.created", NOON + timedelta(seconds=2))  # of another request: this one's lead is open
    assert passed()
    event("call.answered", NOON + timedelta(seconds=9), duration_seconds=300)
    assert not passed()
    assert sending.send(message_id=message.pk, now=clock.read()) == "skipped" and not Attempt.objects.exists()


def test_a_text_that_is_at_the_provider_already_is_left_alone(hook, set_clock):
    set_clock(EARLY)
    happens(hook, "call.missed")
    message = Message.objects.get()
    make_try(message=message, outcome="calling", started_at=clock.real_now(), deadline_at=clock.real_now())
    set_clock(EARLY + timedelta(minutes=1))
    post(hook, "call.answered", duration_seconds=240)
    due.work_off(now=clock.read())
    message.refresh_from_db()
    assert message.status != "skipped"


@pytest.mark.parametrize(("known", "looked"), [(True, 2), (False, 1)])
def test_a_missed_call_pays_two_looks_for_all_this(hook, set_clock, known, looked):
    set_clock(EARLY)
    if known:
        happens(hook, "call.answered", duration_seconds=60)
    post(hook, "call.missed")
    with CaptureQueriesContext(connection) as asked:
        work_off()
    looks = [one["sql"] for one in asked if "'call.returned'" in one["sql"] or "any(a.overtaken_by)" in one["sql"]]
    looks += [one["sql"] for one in asked if "select a.n, e.type, e.occurred_at" in one["sql"]]
    # Where the task would be made, which of somebody new needs none, and where the text would go.
    assert len(looks) == looked


def test_an_answered_call_of_somebody_new_costs_few_statements(hook):
    post(hook, "call.answered", duration_seconds=60)
    with CaptureQueriesContext(connection) as asked:
        due.work_off(now=clock.read())
    assert len([one for one in asked if "messaging_message" in one["sql"] and "FOR NO KEY UPDATE" in one["sql"]]) == 0
    assert not Receipt.objects.filter(workflow=RECEIPT).exists()


def test_every_incident_from_outside_can_be_found_again(summit):
    assert incidents.standing_of(scope=incidents.Scope(client=summit)) == []
