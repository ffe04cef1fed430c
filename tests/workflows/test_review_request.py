"""Review requests over the real tables: asked once, reminded once, held by facts for a while, never by what anybody wrote."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client as Browser
from django.urls import reverse

from leads.actions import close_task, create_task, report_outcome
from leads.models import Automation, Consent, Contact, Event, Lead, Task
from leads.people import lock
from messaging import due as messaging_due
from messaging import pauses
from messaging.models import Message, ReviewClick, ReviewLink, Suppression
from providers.connections import connect
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory, ResponderFactory
from tests.providers import payloads
from tests.workflows.test_ai_summary import CALLER, post
from workflows import due as workflows_due
from workflows import intake, registry, resuming
from workflows.models import Receipt, Run
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db

LINK = "https://search.google.com/local/writereview?placeid=ChIJN1t_tDeuEmsRUsoyG83frY4"
OTHER = "+13035550124"


@pytest.fixture
def summit(noon):
    client = ClientFactory()
    ResponderFactory(client=client)
    Automation.objects.update(enabled=False)
    Automation.objects.create(client=client, workflow="review-request", send="auto", settings={"review_link": LINK})
    return client


@pytest.fixture
def hook(summit):
    return connect(client=summit, provider="generic", secret=payloads.SECRET, now=NOON)[1]


@pytest.fixture
def at(set_clock):
    """`at(hours)` moves the clock to so many hours after Friday noon and works everything off."""

    def _at(hours):
        now = set_clock(NOON + timedelta(hours=hours))
        for _ in range(3):
            workflows_due.work_off(now=clock.read())
            messaging_due.work_off(now=clock.read())
        return now

    return _at


def tune(**values):
    row = Automation.objects.get(workflow="review-request")
    row.settings = {**row.settings, **values}
    row.save()


def person(client, phone=CALLER, name="Carla Gomez"):
    """Somebody who agreed to such texts in writing."""
    contact = ContactFactory(client=client, phone=phone, name=name)
    Consent.objects.create(
        client=client, contact=contact, purpose="marketing", channel="sms", address=phone, wording="Yes, text me.", wording_version="1",
        source_kind="form", source="form", granted_at=NOON,
    )  # fmt: skip
    return contact


def sent(step="request"):
    return Message.objects.filter(step_key=step, status__in=("sent", "delivered"))


def follow_link(message, **headers):
    return Browser().post(re.search(r"/go/\S+?/", message.body).group(), headers=headers)


def receipt(**more):
    return Receipt.objects.filter(workflow="review-request", **more).latest("at")


def test_a_done_job_is_asked_about_a_day_later_and_reminded_once(summit, hook, at):
    person(summit)
    post(hook, "job.completed", name="Carla Gomez")
    at(23.9)
    assert Message.objects.count() == 0 and Run.objects.get().cursor == "settle"
    at(24.1)
    request = Message.objects.get()
    link = ReviewLink.objects.get()
    assert (request.status, request.purpose, request.to) == ("delivered", "review-request", CALLER)
    assert request.body == (
        "Hi Carla, this is Summit Roofing. Your job with us is done. Would you write an honest review? "
        f"http://127.0.0.1:8000/go/{link.token}/ You can also reply here to reach a person. Reply STOP to opt out."
    )
    assert (link.message, link.target, len(link.token)) == (request, LINK, 12)
    assert "3035550123" not in link.token and LINK not in request.body
    at(24 + 71)
    assert Message.objects.count() == 1
    at(24 + 73)
    reminder = Message.objects.get(step_key="reminder")
    assert reminder.status == "delivered" and reminder.purpose == "review-reminder" and ReviewLink.objects.count() == 2
    for days in (8, 14, 40, 100):
        at(days * 24)
    assert Message.objects.count() == 2
    assert Run.objects.get().says == "Asked and reminded once; nobody has followed the link yet."


def test_a_click_stops_the_reminder_and_is_one_row(summit, hook, at):
    person(summit)
    post(hook, "job.completed")
    at(25)
    request = Message.objects.get()
    answer = follow_link(request)
    assert (answer.status_code, answer["Refresh"], answer["Cache-Control"], answer["Referrer-Policy"]) == (
        200,
        f"0; url={LINK}",
        "no-store",
        "no-referrer",
    )
    follow_link(request)
    assert ReviewClick.objects.count() == 2
    at(24 * 10)
    assert Message.objects.count() == 1 and Run.objects.get().says == "Asked, and they followed the link."


def test_a_click_while_the_reminder_is_held_by_the_night_still_stops_it(summit, hook, at):
    person(summit)
    tune(wait_hours=10)  # asked at 22:00, so it goes on Saturday at 9:00; the reminder is due on Tuesday at 9:00
    post(hook, "job.completed")
    at(10.1)
    assert Message.objects.get().reason == "quiet-hours"
    at(21.1)
    assert Message.objects.get().status == "delivered"
    Automation.objects.update(send="draft")
    at(21.1 + 72.1)
    reminder = Message.objects.get(step_key="reminder")
    assert (reminder.status, reminder.reason) == ("held", "needs-approval")
    follow_link(Message.objects.get(step_key="request"))
    Automation.objects.update(send="auto")
    at(21.1 + 74)
    reminder.refresh_from_db()
    assert (reminder.status, reminder.reason) == ("skipped", "overtaken") and reminder.says.startswith("They followed the link")


@pytest.mark.parametrize("words", ["Thank you, great work!", "The roof still leaks, I am furious.", "STOP"])
def test_any_reply_ends_it_without_a_reminder(summit, hook, at, words):
    person(summit)
    post(hook, "job.completed")
    at(25)
    post(hook, "message.received", text=words)
    at(24 * 10)
    assert Message.objects.filter(workflow="review-request").count() == 1
    assert [run.status for run in Run.objects.filter(workflow="review-request")] == ["done"]


def test_an_opt_out_before_the_request_stops_all(summit, hook, at):
    person(summit)
    post(hook, "job.completed")
    at(1)
    post(hook, "message.received", text="STOP")
    at(24 * 10)
    message = Message.objects.get(workflow="review-request")
    assert (message.status, message.reason) == ("skipped", "opted-out") and Suppression.objects.count() == 1
    assert Run.objects.get(workflow="review-request").says == "They were not asked; the step before says why."


def test_two_jobs_of_one_person_are_one_request(summit, hook, at):
    person(summit)
    post(hook, "job.completed")
    post(hook, "job.completed", service="Gutters")
    at(25)
    second = receipt(verdict="joined")
    assert (second.reason, second.run) == ("asking-already", Run.objects.get())
    for days in (5, 9, 20):
        at(24 * days)
    post(hook, "job.completed", service="Siding")
    at(24 * 22)
    third = receipt()
    assert (third.verdict, third.reason) == ("refused", "asked-lately") and "asked on 2026-11-21" in third.says
    assert Message.objects.filter(step_key="request").count() == 1
    at(24 * 182)
    post(hook, "job.completed", service="Chimney")
    at(24 * 182)
    assert receipt().verdict == "started"


def test_the_window_holds_even_when_the_receipt_is_passed_by(summit, hook, at, monkeypatch):
    """The claim row: a second request within a month cannot go whatever started it."""
    from messaging.facts import LastAskedForReview

    person(summit)
    post(hook, "job.completed")
    for days in (1.1, 5, 9):
        at(24 * days)
    nobody = classmethod(lambda cls, *, contexts: [cls(message=None) for _ in contexts])
    monkeypatch.setattr(LastAskedForReview, "load", nobody)
    post(hook, "job.completed", service="Gutters")
    at(24 * 11.2)
    second = Message.objects.filter(step_key="request").latest("created_at")
    assert (second.status, second.reason) == ("skipped", "already-texted") and sent().count() == 1


@pytest.mark.parametrize("settings", [{}, {"review_link": ""}])
def test_without_a_link_the_receipt_says_so_and_nothing_is_sent(summit, hook, at, settings):
    person(summit)
    Automation.objects.filter(workflow="review-request").update(settings=settings)
    post(hook, "job.completed")
    at(24 * 5)
    found = receipt()
    assert (found.verdict, found.reason, found.run) == ("refused", "no-review-link", None)
    assert found.says == "Review request did not start: no review link is set for this client."
    assert Run.objects.count() == 0 and Message.objects.count() == 0


def test_settings_that_do_not_fit_start_nothing_and_lose_nothing(summit, hook, at):
    person(summit)
    tune(review_link="https://evil.example.com/")
    post(hook, "job.completed")
    at(1)
    assert (receipt().verdict, receipt().reason) == ("refused", "settings") and Event.objects.filter(type="job.completed").count() == 1


def test_a_person_without_a_number_an_old_job_and_our_own_number_are_refused_by_name(summit, hook, at):
    post(hook, "job.completed", phone="", email="carla@example.com")
    at(0)
    assert receipt().reason == "nobody-to-write"
    post(hook, "job.completed", phone="+13035550190")
    at(0.1)
    assert receipt().reason == "own-number"
    person(summit)
    with transaction.atomic():
        contact = lock(contact_id=Contact.objects.get(name="Carla Gomez").pk)
        old = Event.objects.create(
            client=summit,
            type="job.completed",
            source="x",
            key="1",
            occurred_at=NOON - timedelta(days=31),
            recorded_at=NOON,
            contact=contact,
        )
        intake.take_up(event=old, contact=contact, now=clock.read())
    assert receipt(event=old).reason == "job-too-old" and Run.objects.count() == 0


def test_a_responders_job_done_asks_and_other_outcomes_do_not(summit, at):
    lead = LeadFactory(client=summit, contact=person(summit))
    for outcome in ("booked", "done"):
        with transaction.atomic():
            event = report_outcome(lead=Lead.objects.get(), outcome=outcome, by="Rita", cause="test", now=clock.read())
            intake.take_up(event=event, contact=lead.contact, now=clock.read())
            intake.take_up(event=event, contact=lead.contact, now=clock.read())
    found = {row.event.facts["outcome"]: (row.verdict, row.reason) for row in Receipt.objects.select_related("event")}
    assert found == {"booked": ("refused", "not-done"), "done": ("started", "trigger")}
    at(25)
    assert sent().get().lead == lead


def test_a_done_that_was_taken_back_asks_nobody(summit, at):
    lead = LeadFactory(client=summit, contact=person(summit))
    with transaction.atomic():
        event = report_outcome(lead=lead, outcome="done", by="Rita", cause="test", now=clock.read())
        intake.take_up(event=event, contact=lead.contact, now=clock.read())
    Lead.objects.update(stage="new")
    at(25)
    assert Message.objects.count() == 0 and Run.objects.get().says == "Nobody is asked: it was taken back that the job is done."


# The hold


def open_task(contact, kind="complaint"):
    return create_task(
        client=contact.client, contact=contact, desk="client-success", kind=kind, title="A case", reason="They called the office.",
        cause=f"case:{kind}", due_at=NOON, now=clock.read(),
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["complaint", "dispute", "refund", "redo"])
def test_an_open_case_holds_the_same_request_until_it_is_closed(summit, hook, at, kind):
    task = open_task(person(summit), kind)
    post(hook, "job.completed")
    at(24 * 5)
    run = Run.objects.get()
    assert Message.objects.count() == 0 and run.cursor == "hold" and run.state["case"] == kind and run.says.startswith("Open: ")
    close_task(task=task, by="sam", outcome="Mended", now=clock.read())
    at(24 * 5 + 1.5)
    assert sent().count() == 1


def test_a_hold_has_a_maximum(summit, hook, at):
    task = open_task(person(summit))
    tune(hold_days=7)
    post(hook, "job.completed")
    at(24 + 1)
    at(24 * 8)
    assert Message.objects.count() == 0
    at(24 * 8 + 1.5)
    assert sent().count() == 1 and Task.objects.get(pk=task.pk).status == "open"
    assert Run.objects.get().steps.get(key="hold").says == (
        "Open still: a complaint. A case holds a request for 7 days at most; it goes as to everybody."
    )


def test_a_case_of_a_system_holds_until_that_case_is_closed(summit, hook, at):
    person(summit)
    post(hook, "case.opened", case="refund", case_id="R1")
    post(hook, "case.opened", case="dispute", case_id="D1")
    post(hook, "job.completed")
    at(25)
    post(hook, "case.closed", case="refund", case_id="R1")
    at(26)
    assert Message.objects.count() == 0 and Run.objects.get().state["case"] == "dispute"
    post(hook, "case.closed", case="dispute", case_id="D1")
    at(26.1)
    assert sent().count() == 1


def test_a_pause_keeps_wait_and_hold_still(summit, hook, at, set_clock):
    open_task(person(summit))
    tune(hold_days=2)
    post(hook, "job.completed")
    at(25)  # the hold began
    pause, _ = pauses.pause(scope=pauses.Scope(client=summit), reason="Test", by=None, now=set_clock(NOON + timedelta(hours=26)))
    at(26 + 24 * 5)
    assert Message.objects.count() == 0 and Run.objects.get().cursor == "hold"
    resuming.release(pause=pause, by=None, name="sam", now=clock.read())
    at(26 + 24 * 5 + 46)
    assert Message.objects.count() == 0
    at(26 + 24 * 5 + 48)
    assert sent().count() == 1


def test_two_people_who_differ_only_in_mood_get_the_same_words_at_the_same_time(summit, hook, at):
    """Byte for byte but the random token, and due after exactly as long; their words came before, between and on the same day."""
    moods = {
        CALLER: ("Wonderful work, five stars, thank you so much!", "We love it, best roofers ever."),
        OTHER: ("This is a complaint. Terrible work, one star.", "I am angry, you ruined my roof. I want my money back."),
    }
    for phone in moods:
        person(summit, phone=phone)
    for phone, (first, _) in moods.items():
        post(hook, "message.received", phone=phone, text=first)
    for phone in moods:
        post(hook, "job.completed", phone=phone, rating=5 if phone == CALLER else 1, message=moods[phone][0])
    at(5)
    for run in Run.objects.select_related("event"):
        assert run.wake_at - run.event.occurred_at == timedelta(hours=24)
    for phone, (_, second) in moods.items():
        post(hook, "message.received", phone=phone, text=second)
    at(24.5)
    told = {}
    for phone in moods:
        run = Run.objects.get(contact__identities__value=phone)
        message = Message.objects.get(run_id=run.pk)
        body = re.sub(r"/go/[\w-]{12}/", "/go/<token>/", message.body)
        steps = [(step.key, step.outcome, step.says, step.expected, step.actual) for step in run.steps.order_by("id")]
        checks = [(check["name"], check["passed"]) for check in message.slip["checks"]]
        told[phone] = (
            body,
            message.status,
            message.template_id,
            steps,
            checks,
            run.cursor,
        )
    # What a worker needs between two rows is all that lies between them.
    first, second = Message.objects.filter(step_key="request").order_by("created_at").values_list("created_at", flat=True)
    assert second - first < timedelta(seconds=5)
    assert told[CALLER][1] == "delivered"
    assert told[CALLER] == told[OTHER]


def test_what_they_write_while_the_request_waits_for_the_morning_does_not_drop_it(summit, hook, at):
    LeadFactory(client=summit, contact=person(summit))
    tune(wait_hours=10)
    post(hook, "job.completed")
    at(10.1)
    assert Message.objects.get().status == "held"
    post(hook, "message.received", text="The gutter is bent, I am not happy.")
    at(21.1)
    assert sent().get().lead is not None


def test_a_draft_that_waits_for_days_is_not_passed_by(summit, hook, at):
    person(summit)
    Automation.objects.update(send="draft")
    post(hook, "job.completed")
    at(25)
    at(24 * 9)
    assert [(m.step_key, m.status) for m in Message.objects.all()] == [("request", "held")]
    assert Run.objects.get().cursor == "asked"


def test_without_proof_of_consent_the_gate_refuses_and_a_person_calls(summit, hook, at):
    ContactFactory(client=summit, phone=CALLER)
    post(hook, "job.completed")
    at(25)
    message = Message.objects.get()
    assert (message.status, message.reason) == ("skipped", "consent")
    assert Task.objects.get().kind == "call-back"


def test_it_is_off_for_new_clients_and_owned_by_client_success():
    card = registry.workflows()["review-request"]
    assert (card.on_for_new_clients, card.owner, card.library) == (False, "client-success", "reviews")
    assert reverse("office:review_link", args=["x"]) == "/go/x/"
