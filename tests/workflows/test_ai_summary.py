"""AI summary from the webhook to the proof: over the real tables, with the local summarizer, and with a model's own server."""

from datetime import timedelta

import pytest
from django.test import Client as Browser

from leads.models import Automation, Event, Lead
from messaging import due as messaging_due
from messaging.models import Message
from providers.connections import connect
from providers.models import Delivery
from summaries import actions, writing
from summaries import due as summaries_due
from summaries.models import Proof, Summary
from tests.factories import NOON, ClientFactory, ResponderFactory
from tests.providers import payloads
from tests.summaries import model_server
from workflows import due, receipts, registry
from workflows.models import Receipt, Run, Step
from workflows.vocabulary import Workflow
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db

CALLER = "+13035550123"
SAFE = "A homeowner asked for a repair of a leak above the kitchen."
LEAK = "My roof is leaking above the kitchen since the storm. Can somebody come this week?"


@pytest.fixture
def summit(noon):
    client = ClientFactory()
    ResponderFactory(client=client)
    Automation.objects.create(client=client, workflow="ai-summary")
    return client


@pytest.fixture
def hook(summit):
    return connect(client=summit, provider="generic", secret=payloads.SECRET, now=NOON)[1]


def post(hook, kind, **data):
    """A signed event of a provider."""
    body = {"type": kind, "data": {"phone": CALLER, **data}}
    request = payloads.generic_request(body, at=clock.real_now(), identity=f"id-{Delivery.objects.count()}")
    headers = {name: value for name, value in request.headers.items() if name.startswith("webhook-")}
    path = hook.removeprefix("http://127.0.0.1:8000")
    response = Browser().post(path, request.body, content_type="application/json", headers=headers)
    assert response.status_code == 200


def work_off():
    """What worker and ticker do, in this thread, until nothing is due."""
    for _ in range(4):
        due.work_off(now=clock.read())
        messaging_due.work_off(now=clock.read())
        summaries_due.work_off(now=clock.read())


def run_of(**more) -> Run:
    return Run.objects.get(workflow="ai-summary", **more)


def told(run) -> list[tuple[str, str, str]]:
    return [(step.key, step.outcome, step.says) for step in run.steps.order_by("id")]


def approve(summary, text=SAFE):
    return actions.approve(summary=summary, text=text, text_sha256=actions.hash_of(text=text), by="sam", now=clock.read())


def test_a_form_becomes_a_draft_at_once_and_proof_when_a_person_says_so(hook):
    post(hook, "quote.requested", name="Carla Gomez", message=LEAK, service="Roof repair", source="Website form")
    work_off()
    run, summary, lead = run_of(), Summary.objects.get(), Lead.objects.get()
    assert (run.status, run.cursor, run.lead) == ("waiting", "approval", lead)
    assert told(run) == [
        ("who", "done", "A customer of the business."),
        ("words", "done", "Their words came in the form at 12:00 on Fri 20 Nov."),
        ("lead", "done", "Lead of Carla Gomez, source Website form."),
        ("summary", "done", "Written by the local summarizer."),
    ]
    assert run.says == "It waits for a person to approve it."
    assert (summary.status, summary.kind, summary.run_id, summary.lead) == ("draft", "form", run.pk, lead)
    assert (lead.kind, lead.source, lead.service) == ("quote", "Website form", "Roof repair")
    assert not Proof.objects.exists()

    approve(summary)
    work_off()  # the ring was lost: the ticker finds that the run's summary was decided
    run.refresh_from_db()
    assert (run.status, run.says) == ("done", "Approved: the client sees this text as proof.")
    assert told(run)[-2] == ("approval", "done", "sam approved it; the client sees this text.")
    assert Proof.objects.get().happened_at == Event.objects.get(type="quote.requested").occurred_at


def test_a_missed_call_waits_for_words_and_its_reply_makes_the_summary(hook):
    post(hook, "call.missed", name="Carla Gomez")
    work_off()
    run = run_of()
    assert (run.status, run.cursor, run.says) == ("waiting", "words", "Nobody wrote down what was said; waiting for their words.")
    assert run.wake_at == run.created_at + timedelta(hours=72) and not Summary.objects.exists()
    post(hook, "message.received", text=LEAK)
    work_off()
    run.refresh_from_db()
    summary = Summary.objects.get()
    assert (run.cursor, summary.kind, summary.status) == ("approval", "conversation", "draft")
    assert told(run)[1][2].startswith("Their words came in a text at ")
    assert Lead.objects.count() == 1 and Message.objects.count() == 1


def test_a_stop_is_no_word_and_the_wait_ends(hook, set_clock):
    post(hook, "call.missed")
    work_off()
    post(hook, "message.received", text="STOP")
    work_off()
    assert (run_of().status, run_of().cursor) == ("waiting", "words")
    set_clock(NOON + timedelta(hours=73))
    work_off()
    assert run_of().status == "done" and run_of().says.startswith("No summary: nobody wrote down what was said, and no words came by 12:0")
    assert not Summary.objects.exists()


def test_who_stopped_before_gets_no_summary(hook):
    post(hook, "message.received", text="Please stop texting me")
    post(hook, "lead.created", name="Carla Gomez", message=LEAK)
    work_off()
    assert run_of().says == "No summary: this person asked us to stop, so nothing more is made of their words."
    assert not Summary.objects.exists() and Lead.objects.count() == 1


def test_what_is_no_lead_gets_no_summary(hook):
    post(hook, "call.missed")
    work_off()
    Lead.objects.update(stage="wrong")
    # Its reply would take the lead up again.
    Run.objects.filter(workflow="missed-call-text-back").update(status="cancelled", finished_at=clock.read())
    post(hook, "message.received", text=LEAK)
    work_off()
    assert run_of().says.startswith("No summary: this is not a lead")


def test_an_answered_call_with_a_note_is_a_lead_that_was_answered_at_once(hook):
    post(hook, "call.answered", name="Carla Gomez", transcript=LEAK, source="Google Ads")
    work_off()
    lead, summary = Lead.objects.get(), Summary.objects.get()
    assert (lead.kind, lead.source, summary.kind, summary.status) == ("call", "Google Ads", "call", "draft")
    assert approve(summary).answered_after_seconds == 0


def test_calls_of_the_business_itself_and_of_nobody(hook, summit):
    post(hook, "call.missed", phone="+13035550190")  # Rita, who calls back for the business
    post(hook, "call.missed", phone="anonymous")
    work_off()
    says = sorted(Run.objects.filter(workflow="ai-summary").values_list("status", "says"))
    assert says == [("done", "No summary: it was one of the business's own numbers."), ("done", "No summary: nobody knows who it was.")]


@pytest.mark.parametrize("order", ["first", "last"])
@pytest.mark.parametrize("kind", ["call.missed", "lead.created"])
def test_the_lead_is_found_whoever_runs_first(hook, monkeypatch, order, kind):
    listeners = {
        key: tuple(sorted(rows, key=lambda row: (row.key == "ai-summary") is (order == "last")))
        for key, rows in registry.listeners().items()
    }
    monkeypatch.setattr(receipts.registry, "listeners", lambda: listeners)
    post(hook, kind, name="Carla Gomez", message=LEAK, transcript=LEAK, service="Roof repair")
    work_off()
    started = list(dict.fromkeys(Step.objects.order_by("id").values_list("run__workflow", flat=True)))
    assert (started[0] if order == "first" else started[-1]) == "ai-summary"
    lead = Lead.objects.get()
    assert {run.lead for run in Run.objects.all()} == {lead} and Summary.objects.get().lead == lead
    assert (lead.kind, lead.source, lead.urgency) == (
        ("missed call", "Phone call", "high") if kind == "call.missed" else ("form", "Website form", "")
    )  # fmt: skip


def test_one_conversation_one_summary(hook, set_clock):
    post(hook, "call.missed")
    work_off()
    set_clock(NOON + timedelta(hours=2))
    post(hook, "lead.created", message=LEAK)  # joins, and is the words that the run waits for
    work_off()
    assert sorted(Receipt.objects.filter(workflow="ai-summary").values_list("verdict", flat=True)) == ["joined", "started"]
    assert (run_of().cursor, Summary.objects.count()) == ("approval", 1)


def test_a_later_cause_is_already_in_the_summary_or_replaces_it(hook, set_clock):
    post(hook, "call.missed")
    work_off()
    set_clock(NOON + timedelta(hours=20))
    post(hook, "lead.created", message=LEAK)  # past the window: a run of its own, and the first one is woken by it too
    work_off()
    first, second = Run.objects.filter(workflow="ai-summary").order_by("created_at")
    assert Summary.objects.count() == 1
    assert sorted((first.status, second.status)) == ["done", "waiting"]
    assert [run.says for run in (first, second) if run.status == "done"][0].startswith("No summary of its own: the one of 08:")

    set_clock(NOON + timedelta(hours=40))
    post(hook, "quote.requested", message="And a new gutter please.")
    work_off()
    assert sorted(Summary.objects.values_list("status", flat=True)) == ["draft", "replaced"]
    ended = [run.says for run in Run.objects.filter(workflow="ai-summary", status="done")]
    assert "They called or wrote again; a newer summary took its place." in ended


def test_kept_private_ends_the_run_with_the_reason(hook):
    post(hook, "lead.created", name="Carla Gomez", message=LEAK)
    work_off()
    actions.keep_private(summary=Summary.objects.get(), reason="Names a neighbour", by="sam", now=clock.read())
    work_off()
    assert (run_of().status, run_of().says) == ("done", "Kept private by sam: Names a neighbour. The client sees nothing of it.")


def test_written_anew_the_run_goes_on_with_the_new_one(hook):
    post(hook, "lead.created", name="Carla Gomez", message=LEAK)
    work_off()
    post(hook, "message.received", text="The gutter too please.")
    work_off()
    old = Summary.objects.get()
    with pytest.raises(actions.CannotApprove, match="write it anew"):
        approve(old)
    approve(actions.write_anew(summary=old, now=clock.read()))
    work_off()
    assert run_of().says == "Approved: the client sees this text as proof."


def test_after_thirty_days_without_a_decision_nothing_was_shown(hook, set_clock):
    post(hook, "lead.created", name="Carla Gomez", message=LEAK)
    work_off()
    set_clock(NOON + timedelta(days=30, minutes=1))
    work_off()
    assert run_of().says == "Nobody decided on it in time. The client sees nothing of it; it still waits under Approvals."
    assert Summary.objects.get().status == "draft" and not Proof.objects.exists()


def test_through_a_model_the_run_waits_for_the_answer_and_goes_on(hook, summit, today, httpserver, settings):
    settings.ALLOW_LOOPBACK = True
    httpserver.expect_request("/v1/responses").respond_with_json(model_server.response({**model_server.GOOD, "client_text": SAFE}))
    connect(client=summit, provider="openai", secret=model_server.KEY, base_url=httpserver.url_for(""), live=True, now=today)
    post(hook, "lead.created", name="Carla Gomez", message=LEAK)
    due.work_off(now=clock.read())
    run = run_of()
    assert (run.status, run.cursor, run.says) == ("waiting", "summary", "The model is being asked.")
    assert httpserver.log == []
    writing.write(summary_id=Summary.objects.get().pk, now=clock.read())
    due.summary_settled(run_id=run.pk, now=clock.read())
    run.refresh_from_db()
    assert (run.cursor, told(run)[-1][2]) == ("approval", "Written by the model. 1 of 2 statements have no source.")
    assert approve(Summary.objects.get()).text == SAFE


def test_a_refusal_reads_well_in_the_run_and_leaves_a_draft_to_write(hook, summit, today, httpserver, settings):
    settings.ALLOW_LOOPBACK = True
    httpserver.expect_request("/v1/responses").respond_with_json(model_server.refusal())
    connect(client=summit, provider="openai", secret=model_server.KEY, base_url=httpserver.url_for(""), live=True, now=today)
    post(hook, "lead.created", name="Carla Gomez", message=LEAK)
    work_off()
    run, summary = run_of(), Summary.objects.get()
    assert (run.cursor, run.says, summary.status) == ("approval", "It has to be written by hand.", "to-write")
    assert told(run)[-1][2].startswith("The model declined to write about what the customer said. Write it by hand")
    assert approve(summary).text == SAFE
    summary.refresh_from_db()
    assert (summary.writer, summary.says) == ("person", "Approved by sam in words of their own.")


def test_the_card(summit):
    card: Workflow = registry.workflows()["ai-summary"]
    assert (card.owner, card.boundary, card.on_for_new_clients) == ("data-ops", "Approved summary only", True)
    assert [step.kind for step in card.steps] == ["check", "wait for", "check", "summarize", "approve", "stop"]


def test_switched_off_it_says_so(hook, summit):
    Automation.objects.filter(workflow="ai-summary").update(enabled=False)
    post(hook, "lead.created", message=LEAK)
    work_off()
    receipt = Receipt.objects.get(workflow="ai-summary")
    assert (receipt.verdict, receipt.reason) == ("refused", "switched-off") and not Summary.objects.exists()
