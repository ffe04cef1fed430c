"""What came of something the simulator posted, read from the rows: one sentence, the run, its steps, the text.

Nothing is worked off here: worker and ticker do that, as for live traffic. `wait_for` looks again and again until it is done or the time
is over.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from leads.models import Client, Event
from messaging.models import Handover, Message
from providers.models import Delivery
from workflows import registry
from workflows.models import Receipt, Run
from zartsalgo.office.simulator import Posted
from zartsalgo.office.templatetags.office_tags import absolute, zone_of

ON_THE_PHONE = (Message.Status.SENT, Message.Status.DELIVERED)
LOOK_EVERY_SECONDS = 0.1
# A workflow that writes one of these turns to people: the customer, or somebody of the business.
TELLING = frozenset({"messaging_message", "messaging_handover"})

READINGS = {
    "opt_out": "Read as a wish to stop. No automatic text goes to any number of this person any more.",
    "unclear": "It may mean stop. Texts to this person wait until somebody has read it.",
    "help": "Read as the question who we are. A person sees it.",
    "opt_in": "Read as a wish to hear from us again. A person decides.",
    "other": "A reply for a person: somebody is asked to answer it.",
}


@dataclass(frozen=True, kw_only=True)
class StepLine:
    """One line of a run's story; `status` is a code of the vocabulary of states."""

    status: str
    name: str
    say: str
    at: datetime | None = None


@dataclass(kw_only=True)
class Outcome:
    """What is known by now. `under_way`: somebody is still at it. `status` is a code of the vocabulary of states, `word` its own word."""

    status: str
    says: str
    under_way: bool = False
    word: str = ""
    next: str = ""
    run: Run | None = None
    message: Message | None = None
    delivery: Delivery | None = None
    steps: list[StepLine] = field(default_factory=list)
    handovers: list[Handover] = field(default_factory=list)


def read(*, posted: Posted, client: Client, now: datetime) -> Outcome:
    """The outcome of one post as of `now` (business clock)."""
    if not any(200 <= answer < 300 for answer in posted.answers):
        return _turned_away(posted)
    delivery = Delivery.objects.filter(connection_id=posted.connection_id, body_sha256=posted.sha256).order_by("-received_at").first()
    if delivery is None:
        return Outcome(status="unknown", says="It was answered as stored, but its delivery is not there any more.")
    if delivery.state == Delivery.State.RECEIVED:
        return Outcome(status="ready", says="Stored. A worker reads it now.", under_way=True, delivery=delivery)
    if delivery.state != Delivery.State.DONE:
        return Outcome(status=delivery.state, says=f"No text: {_lower(delivery.note)}", delivery=delivery)
    events = list(Event.objects.filter(delivery_id=delivery.pk).order_by("recorded_at", "id"))
    if not events:
        return Outcome(status="joined", word="Known already", says=delivery.note, delivery=delivery)
    run, receipt = _run_of(events=events)
    if receipt is not None and receipt.verdict == Receipt.Verdict.REFUSED:
        return Outcome(status="refused", says=receipt.says, delivery=delivery)
    outcome = Outcome(status="done", says=delivery.note, delivery=delivery, run=run)
    if run is not None:
        _tell_run(outcome=outcome, run=run, client=client, now=now)
    reply = next((event for event in events if event.type == "message.received"), None)
    if reply is not None:
        reading = str((reply.facts.get("reading") or {}).get("kind", "other"))
        outcome.next, outcome.says, outcome.word = (run.says if run else ""), READINGS.get(reading, READINGS["other"]), "Read"
        outcome.status = "done"
    elif receipt is not None and receipt.verdict == Receipt.Verdict.JOINED:
        outcome.next, outcome.says, outcome.status, outcome.word = outcome.says, receipt.says, "joined", ""
    return outcome


def _turned_away(posted: Posted) -> Outcome:
    sentences = {
        401: "Answered 401: the signature does not match, so nothing was stored and nobody was texted. The attempt was counted.",
        503: "Answered 503: it could not be stored just now. A provider would send it again.",
    }
    first = posted.answers[0] if posted.answers else 0
    return Outcome(status="refused", word="Turned away", says=sentences.get(first, f"Answered {first}: nothing was stored."))


def _run_of(*, events: list[Event]) -> tuple[Run | None, Receipt | None]:
    """The run the events started or joined, with its receipt; for a text the newest run of the person it may have woken.

    Of several workflows the one that turns to people speaks, not one that only thinks about what was said.
    """
    order = [Receipt.Verdict.STARTED, Receipt.Verdict.JOINED, Receipt.Verdict.REFUSED]
    receipts = list(Receipt.objects.filter(event__in=events, verdict__in=order).select_related("run__version", "run__lead__contact"))
    if receipts:
        receipt = min(receipts, key=lambda row: (order.index(Receipt.Verdict(row.verdict)), not _turns_to_people(row.workflow)))
        return receipt.run, receipt
    contact_id = next((event.contact_id for event in events if event.contact_id), None)
    if contact_id is None:
        return None, None
    runs = list(Run.objects.filter(contact_id=contact_id).select_related("version", "lead__contact").order_by("-created_at")[:10])
    return next((run for run in runs if _turns_to_people(run.workflow)), runs[0] if runs else None), None


def _turns_to_people(key: str) -> bool:
    workflow = registry.workflows().get(key)
    return workflow is not None and not TELLING.isdisjoint(workflow.writes)


def _tell_run(*, outcome: Outcome, run: Run, client: Client, now: datetime) -> None:
    zone = zone_of(client)
    message = Message.objects.filter(run_id=run.pk).order_by("created_at").first()
    outcome.message = message
    outcome.handovers = list(Handover.objects.filter(run_id=run.pk).order_by("created_at"))
    outcome.steps = list(_steps(run=run))
    outcome.status, outcome.says = run.status, run.says or "Started."
    outcome.under_way = run.status == Run.Status.READY or (run.status == Run.Status.WAITING and run.wake_at <= now)
    if message is None:
        return
    outcome.next = run.says if run.says != message.says else ""
    if message.status in ON_THE_PHONE and message.sent_at:
        outcome.status = message.status
        outcome.says = f"One text is on the phone; it went at {absolute(message.sent_at, zone=zone, now=now)}."
    elif message.status == Message.Status.HELD:
        outcome.status = message.status
        outcome.says, outcome.next = _held(message=message, client=client, now=now)
    elif message.status == Message.Status.QUEUED:
        outcome.under_way = True
        outcome.status, outcome.says = message.status, "The text is written and on its way through the gate."
    else:
        outcome.status, outcome.says = message.status, f"No text went out. {message.says}"
    if message.status != Message.Status.QUEUED and message.status != Message.Status.HELD and run.wait_key == f"message:{message.pk}":
        outcome.under_way = run.status == Run.Status.WAITING


def _held(*, message: Message, client: Client, now: datetime) -> tuple[str, str]:
    """Why and until when; and what follows when its use ends before that."""
    zone = zone_of(client)
    if message.hold_until is None:
        return message.says, "It waits for a person."
    says = f"{message.says} Held until {absolute(message.hold_until, zone=zone, now=now)}."
    if message.useful_until and message.useful_until < message.hold_until:
        return says, f"Its use ends before that, at {absolute(message.useful_until, zone=zone, now=now)}: then a person calls instead."
    return says, ""


def _steps(*, run: Run) -> list[StepLine]:
    titles = {spec["key"]: spec["title"] for spec in run.version.definition["steps"]}
    lines = [
        StepLine(status=step.outcome, name=titles.get(step.key, step.key), say=step.says, at=step.at) for step in run.steps.order_by("id")
    ]
    if run.status in (*Run.ACTIVE, Run.Status.PARKED):
        lines.append(
            StepLine(status=run.status, name=titles.get(run.cursor, run.cursor), say=run.says if run.status != Run.Status.READY else "")
        )
    return lines


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def workflow_name(*, run: Run) -> str:
    """The workflow's name as the catalog calls it."""
    workflow = registry.workflows().get(run.workflow)
    return workflow.name if workflow else run.workflow


def as_json(*, outcome: Outcome) -> dict[str, Any]:
    """Run, message and sentence for a script."""
    message = outcome.message
    return {
        "run": str(outcome.run.pk) if outcome.run else None,
        "message": {"status": message.status, "reason": message.reason, "says": message.says} if message else None,
        "says": outcome.says,
    }


def nap() -> None:
    """Between two looks; a test puts its own worker here."""
    time.sleep(LOOK_EVERY_SECONDS)


def wait_for(*, look: Callable[[], Outcome], seconds: float) -> Outcome:
    """Look until nothing is under way any more, at most that long (real time); the last outcome says whether it was over."""
    ends = time.monotonic() + seconds
    outcome = look()
    while outcome.under_way and time.monotonic() < ends:
        nap()
        outcome = look()
    return outcome
