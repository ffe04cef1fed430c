"""The one-sentence answer for every fate of a text that was judged, and for receipts and runs."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import NOON, ClientFactory
from tests.workflows.test_answer import LATER, write
from workflows import registry
from workflows.answer import answer, answer_receipt, answer_text, clause, moment
from workflows.models import Receipt, Run, Step
from zartsalgo.lib.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def summit(noon):
    return ClientFactory()


FATES = {
    "simulated": (
        {"status": "delivered", "sent_at": NOON},
        "Missed-call text-back sent the text at 12:00 MST on Fri 20 Nov after its checks passed; it was shown on the simulator's phone.",
    ),
    "approved": (
        {"status": "delivered", "sent_at": NOON, "approved_by": "dana", "approved_at": NOON},
        "Missed-call text-back sent the text at 12:00 MST on Fri 20 Nov after dana approved it and its checks passed; "
        "it was shown on the simulator's phone.",
    ),
    "sent": (
        {"status": "sent", "sent_at": LATER - timedelta(minutes=1)},
        "Missed-call text-back sent the text at 11:59 MST on Sun 22 Nov after its checks passed; "
        "the provider accepted it and its delivery report is awaited.",
    ),
    "no report": (
        {"status": "sent", "sent_at": NOON},
        "Missed-call text-back sent the text at 12:00 MST on Fri 20 Nov after its checks passed; the provider accepted it but has sent no "
        "delivery report since, so whether it arrived is unknown and it is not repeated.",
    ),
    "by hand": (
        {"status": "delivered", "sent_at": NOON, "workflow": ""},
        "A person of the agency sent the text at 12:00 MST on Fri 20 Nov after its checks passed; it was shown on the simulator's phone.",
    ),
    "refused": (
        {"status": "failed", "reason": "refused-by-provider", "error_code": "21614", "says": "The number is a landline."},
        "No text went out: the provider refused it at 12:00 MST on Fri 20 Nov (its code 21614): the number is a landline; "
        "a person should call instead.",
    ),
    "undelivered": (
        {"status": "failed", "reason": "not-delivered", "error_code": "30003", "sent_at": NOON, "says": "The phone was off."},
        "The text sent at 12:00 MST on Fri 20 Nov was not delivered: the carrier says (its code 30003): the phone was off; "
        "a person should call instead.",
    ),
    "unknown": (
        {"status": "unknown", "reason": "no-answer", "says": "The provider did not answer; the text may have gone."},
        "The provider did not answer when the text was tried at 12:00 MST on Fri 20 Nov; the text may have gone: "
        "we look it up and do not repeat it.",
    ),
    "unknown for good": (
        {
            "status": "unknown",
            "reason": "no-answer",
            "says": "The provider's list does not tell whether it went. A person decides; it is not repeated.",
        },
        "The provider did not answer when the text was tried at 12:00 MST on Fri 20 Nov; the text may have gone: "
        "its list does not tell either, so a person decides, and it is not repeated.",
    ),
    "never confirmed": (
        {
            "status": "failed",
            "reason": "never-confirmed",
            "says": "The provider never confirmed it and its time has passed. It is not repeated; a person calls instead.",
        },
        "The text does not count as sent: the provider never confirmed it and its time has passed; it is not repeated; "
        "a person calls instead.",
    ),
    "declared unsent": (
        {"status": "failed", "reason": "did-not-go", "says": "Olga looked it up: it did not go. It is not sent again."},
        "The text does not count as sent: Olga looked it up: it did not go; it is not sent again.",
    ),
    "retry": (
        {"status": "queued", "reason": "retry", "says": "Not sent yet: Too many at once. Try 2 follows.", "due_at": LATER},
        "No text went out yet: not sent yet: Too many at once; try 2 follows at 12:00 MST on Sun 22 Nov.",
    ),
    "due": ({"status": "queued"}, "The text was written at 12:00 MST on Fri 20 Nov and is on its way through the gate."),
    "to come": (
        {"status": "queued", "due_at": LATER + timedelta(hours=1)},
        "The text waits until 13:00 MST on Sun 22 Nov for the gate to judge it.",
    ),
    "rejected": (
        {"status": "skipped", "reason": "rejected", "says": "dana decided not to send it: wrong tone"},
        "No text went out: dana decided not to send it: wrong tone (written at 12:00 MST on Fri 20 Nov).",
    ),
    "a reason of tomorrow": (
        {"status": "held", "reason": "moon-phase", "says": "The moon is full."},
        "The text is held: the moon is full (judged at 12:00 MST on Fri 20 Nov).",
    ),
}


@pytest.mark.parametrize("fate", FATES)
def test_every_fate_of_a_text_is_told(summit, fate):
    changes, sentence = FATES[fate]
    assert answer_text(message=write(summit, **changes), now=LATER) == sentence


def start(client, **changes):
    from leads.models import Event

    workflow = registry.workflows()["missed-call-text-back"]
    event = Event.objects.create(
        client=client, type="call.missed", source="callrail", key=str(new_id()), occurred_at=NOON, recorded_at=NOON, personal={}
    )
    values = {"cursor": "caller", "status": "ready", "created_at": NOON, "wake_at": NOON, **changes}
    version = registry.live_version(workflow=workflow)
    return Run.objects.create(client=client, workflow=workflow.key, version=version, cause=f"event:{event.pk}", event=event, **values)


RUNS = {
    "queued": ({}, "Missed-call text-back started at 12:00 MST on Fri 20 Nov and waits for a worker to take the first step."),
    "working": (
        {"cursor": "lead", "says": "The caller's number can be texted."},
        "Missed-call text-back is still working on “Match the caller, label the source” since 12:00 MST on Fri 20 Nov; "
        "last: the caller's number can be texted.",
    ),
    "waiting": (
        {"status": "waiting", "cursor": "reply", "wake_at": LATER, "says": "Waiting for a reply."},
        "Missed-call text-back waits until 12:00 MST on Sun 22 Nov at the latest: waiting for a reply.",
    ),
    "parked": (
        {"status": "parked", "cursor": "text", "says": "A step broke 5 times (KeyError); a person must look."},
        "Missed-call text-back stands still at “Write the text” since 12:00 MST on Fri 20 Nov and needs a person: "
        "a step broke 5 times (KeyError); a person must look.",
    ),
    "withheld": (
        {
            "status": "done",
            "cursor": "by-hand",
            "finished_at": NOON,
            "says": "No text: the caller withheld the number. A person takes it. Task: Missed call at 12:00, no text possible.",
        },
        "No text went out: the caller withheld the number; a person takes it; Task: Missed call at 12:00, no text possible "
        "(Missed-call text-back ended at 12:00 MST on Fri 20 Nov).",
    ),
    "cancelled": (
        {"status": "cancelled", "finished_at": NOON, "says": "Dana ended it."},
        "Missed-call text-back was cancelled at 12:00 MST on Fri 20 Nov: Dana ended it.",
    ),
    "failed": (
        {"status": "failed", "finished_at": NOON, "says": "The template is gone."},
        "Missed-call text-back failed at 12:00 MST on Fri 20 Nov: the template is gone.",
    ),
}


@pytest.mark.parametrize("state", RUNS)
def test_every_state_of_a_run_without_a_text_is_told(summit, state):
    changes, sentence = RUNS[state]
    assert answer(run=start(summit, **changes), message=None, now=LATER) == sentence


def test_a_sent_text_tells_what_is_awaited_and_then_what_came(summit):
    run = start(summit, status="waiting", cursor="reply", wake_at=LATER)
    message = write(summit, status="delivered", sent_at=NOON, run_id=run.pk, step_key="text")
    awaited = answer(run=run, message=message, now=NOON)
    assert awaited.endswith("it was shown on the simulator's phone; a reply is awaited until 12:00 MST on Sun 22 Nov.")
    Step.objects.create(run=run, key="sent", kind="wait for", outcome="done", says="The text went out.", epoch=1, at=NOON)
    Step.objects.create(
        run=run, key="reply", kind="wait for", outcome="done", says="They replied at 12:05 on Fri 20 Nov.", epoch=1, at=NOON
    )
    heard = answer(run=Run.objects.get(pk=run.pk), message=message, now=NOON)
    assert heard.endswith("it was shown on the simulator's phone; they replied at 12:05 on Fri 20 Nov.")


def test_a_run_that_skipped_its_text_says_why(summit):
    run = start(summit, status="done", cursor="end", finished_at=NOON, says="Everything is done.")
    Step.objects.create(
        run=run, key="text", kind="message", outcome="skipped", says="No text: we know no number of this person.", epoch=1, at=NOON
    )
    said = answer(run=run, message=None, now=NOON)
    assert said == "Missed-call text-back ended at 12:00 MST on Fri 20 Nov and sent nothing: we know no number of this person."


def test_a_receipt_says_when_it_was_decided(summit):
    run = start(summit)
    receipt = Receipt(
        client=summit, event=run.event, workflow=run.workflow, verdict="joined", reason="same-person-in-window", run=run, at=NOON,
        says="Missed-call text-back did not start again: the same person started it 4 minutes before.",
    )  # fmt: skip
    assert answer_receipt(receipt=receipt) == (
        "Missed-call text-back did not start again: the same person started it 4 minutes before (decided at 12:00 MST on Fri 20 Nov)."
    )


def test_times_name_the_zone_and_clauses_keep_names():
    assert moment(when=NOON, zone="America/Sao_Paulo") == "16:00 Sao Paulo time on Fri 20 Nov"
    assert moment(when=timezone.now().replace(2026, 7, 1, 19, 0), zone="America/Denver").startswith("13:00 MDT on Wed 1 Jul")
    assert clause("The phone was off. Dana called.") == "the phone was off; Dana called"
    assert clause("") == ""


def test_neither_run_nor_text_is_no_question(summit):
    with pytest.raises(ValueError, match="needs a run or a message"):
        answer(run=None, message=None, now=NOON)
