"""What a person can decide about an item of the inbox, and doing it: once, with the name of who was first.

Every verb locks the person before the task, as intake does, compares the state it found, and answers with a sentence for the page.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from leads import people
from leads.actions import change_stage, close_task, create_task, note_first_response, open_lead, report_outcome
from leads.models import Contact, Desk, Event, Lead, StageChange, Task
from messaging import by_hand, inbound, planning, talks
from messaging.models import Message
from summaries.models import Summary
from workflows import engine
from workflows.intake import ADVANCE_TASK, take_up, wake_runs_of
from workflows.models import Incident, Run
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.lib.ids import new_id
from zartsalgo.lib.phone import sayable
from zartsalgo.office import snoozing
from zartsalgo.office.items import Item, of_text
from zartsalgo.office.links import page_url
from zartsalgo.office.naming import clock_time
from zartsalgo.office.queue import find, is_open

TRY_AGAIN_AFTER = timedelta(hours=1)
UNDO_WITHIN = timedelta(minutes=10)
REJECT_REASONS = ("Already talked to them", "Wrong person", "Wrong words", "Wrong moment", "Other")


@dataclass(frozen=True)
class Choice:
    """One outcome as a button: code, words, its look and its key; the right (zartsalgo.rights) it needs, "" for any staff."""

    code: str
    label: str
    look: str = ""
    key: str = ""
    right: str = ""


# Keys that mean the same everywhere: a the likeliest, x not, s put off, w why, u undo.
_CALL = (
    Choice("booked", "Called, booked", "main-act", "b"),
    Choice("not-booked", "Called, not booked", key="n"),
    Choice("no-answer", "No answer, try again in 1 h", key="t"),
    Choice("wrong", "Not a lead", key="x"),
)
_REPLY = (
    Choice("answered", "Answered", "main-act", "a"),
    Choice("booked", "Answered, booked", key="b"),
    Choice("not-booked", "Answered, not booked", key="n"),
    Choice("wrong", "Not a lead", key="x"),
)
_UNCLEAR = (Choice("stop", "They asked us to stop", "main-act", "y"), Choice("not-stop", "No, they did not", key="n"))
_PLAIN = (Choice("done", "Done", "main-act", "a"), Choice("not-needed", "Not needed", key="x"))
_UNKNOWN = (
    Choice("went", "It went out", key="a", right="declare"),
    Choice("not-gone", "It did not go: call instead", key="x", right="declare"),
    Choice("send-again", "It did not go: send it again", right="declare"),
)
_HELD = (
    Choice("judge", "Check it again now", "main-act", "a"),
    Choice("call", "Do not send: call instead", key="x"),
)
_AGAIN = Choice("again", "Let it try again", "main-act", "a")
_DRAFT = (Choice("approve", "Approve and send", "main-act", "a", right="approve"), Choice("reject", "Do not send", key="x"))


def choices(item: Item) -> tuple[Choice, ...]:
    """The outcomes of an item, the likeliest first; none where the decision is made on another page."""
    if item.kind == "task":
        return {"call-back": _CALL, "answer-reply": _REPLY, talks.LATE: _REPLY, "unclear-reply": _UNCLEAR}.get(item.row.kind, _PLAIN)
    return {"draft": _DRAFT, "held": _HELD, "unknown": _UNKNOWN, "run": (_AGAIN,)}.get(item.kind, ())


@dataclass(frozen=True)
class OtherPage:
    """Where an item is decided that needs a page of its own: its address and the words of the button."""

    url: str
    label: str


def other_page(item: Item) -> OtherPage | None:
    """The page on which the item is decided, or None where the inbox has its outcomes."""
    if item.kind == "summary":
        return OtherPage(f"{page_url('approval', item.row.pk)}?back=inbox", "Read and decide")
    if item.kind == "delivery":
        return OtherPage(page_url("delivery", item.row.pk), "Open the delivery")
    if item.kind == "incident":
        return OtherPage(page_url("incident", item.row.pk), "Open the incident")
    return None


@dataclass(frozen=True)
class Decided:
    """What came of it, for the page. `undo` is the key to take it back with, or ""."""

    done: bool
    says: str
    undo: str = ""


class NotAnOutcome(Exception):
    """The outcome does not belong to the item; the text says what was not done."""


def text_digest(body: str) -> str:
    """Stands for the exact text a person saw when they approved it."""
    return hashlib.sha256(body.encode()).hexdigest()[:32]


def decide(*, item: Item, outcome: str, by: str, now: datetime, seen: str = "", reason: str = "") -> Decided:
    """Carry out an outcome of `choices(item)`. Raises NotAnOutcome for another code or a missing reason.

    `seen` is `text_digest` of the text on the page, for an approval; `reason` why a draft is not sent, or how somebody knows that a text
    did not go. Whoever comes second gets a sentence with the first one's name, and nothing is done.
    """
    if not is_open(item):
        return _second(item)
    choice = next((choice for choice in choices(item) if choice.code == outcome), None)
    if choice is None:
        raise NotAnOutcome("That is no outcome of this item; nothing was done.")
    if item.kind == "task":
        return _decide_task(task=item.row, choice=choice, by=by, now=now)
    if item.kind == "draft":
        return decide_text(message=item.row, outcome=outcome, seen=seen, reason=reason, by=by, now=now)
    if item.kind == "held":
        return _decide_held(message=item.row, call=outcome == "call", by=by, now=now)
    if item.kind == "unknown":
        try:
            done = by_hand.decide_unknown(
                message=item.row, went=outcome == "went", again=outcome == "send-again", by=by, reason=reason, now=now
            )
        except (by_hand.NoReason, by_hand.NotAgain) as error:
            raise NotAnOutcome(str(error)) from None
        says = {
            "went": "Noted: it went out.",
            "send-again": "Noted: it did not go. It is checked and tried once more.",
        }.get(outcome, "Noted: it did not go. A call task stands in the queue.")
        return Decided(True, says) if done else _second(item)
    with transaction.atomic():
        if not engine.unpark(run=item.row, by=by, now=now):
            return _second(item)
        ring_after_commit(task=ADVANCE_TASK, id=str(item.row.pk))
    return Decided(True, f"It tries again from the step it stood at: {item.title}.")


def _second(item: Item) -> Decided:
    fresh = find(key=item.key)
    return Decided(False, f"{who_was_first(fresh or item)} Nothing was done twice.")


def who_was_first(item: Item) -> str:
    """One sentence about an item that no longer waits: who, what, when."""
    row, zone = item.row, item.client.timezone
    if isinstance(row, Task) and row.closed_at is not None:
        who = row.closed_by or "Somebody"
        return f"{who} was first, at {clock_time(when=row.closed_at, zone=zone)}: {row.outcome or row.get_status_display()}."
    if isinstance(row, Message):
        if row.approved_at is not None:
            return f"{row.approved_by} approved it at {clock_time(when=row.approved_at, zone=zone)}."
        return row.says or f"It does not wait any more: {row.get_status_display().lower()}."
    if isinstance(row, Summary):
        if row.decided_at is not None:
            return f"{row.decided_by or 'Somebody'} decided at {clock_time(when=row.decided_at, zone=zone)}: {row.get_status_display().lower()}."
        return "A newer summary took its place." if row.status == Summary.Status.REPLACED else "It is being written."
    if isinstance(row, Incident):
        return f"It is {row.get_status_display().lower()}."
    if isinstance(row, Run):
        return "It is at work again." if row.status in Run.ACTIVE else f"It has ended. {row.says}"
    return "It was read in the meantime."


def _decide_task(*, task: Task, choice: Choice, by: str, now: datetime) -> Decided:
    with transaction.atomic():
        contact = people.lock(contact_id=task.contact_id) if task.contact_id else None
        task = Task.objects.select_for_update(of=("self",)).select_related("client", "lead").get(pk=task.pk)
        if task.status != Task.Status.OPEN:
            item = find(key=f"task:{task.pk}")
            return Decided(False, f"{who_was_first(item) if item else ''} Nothing was done twice.")
        if choice.code == "no-answer":
            return _try_again(task=task, contact=contact, by=by, now=now)
        status = Task.Status.DROPPED if choice.code == "not-needed" else Task.Status.DONE
        close_task(task=task, by=by, outcome=choice.label, now=now, status=status)
        if contact is not None and choice.code == "stop":
            talks.note_answered(client_id=task.client_id, contact_id=contact.pk, by=by, now=now)
        if choice.code in ("stop", "not-stop"):
            return _read_unclear(task=task, contact=contact, stop=choice.code == "stop", by=by, now=now)
        event = None
        if task.lead is not None and choice.code in ("booked", "not-booked", "wrong"):
            event = report_outcome(lead=task.lead, outcome=choice.code, by=by, cause=f"task:{task.pk}:{int(now.timestamp())}", now=now)
        elif task.lead is not None and choice.code == "answered":
            note_first_response(lead_id=task.lead.pk, now=now)
            if task.lead.stage == Lead.Stage.NEW:
                change_stage(lead=task.lead, stage=Lead.Stage.ENGAGED, by=by, now=now)
        if contact is not None and choice.code in ("answered", "booked", "not-booked", "wrong"):
            talks.note_answered(client_id=task.client_id, contact_id=contact.pk, by=by, now=now)
        if contact is not None and event is not None:
            take_up(event=event, contact=contact, now=now)
        elif contact is not None and choice.code not in ("done", "not-needed"):
            wake_runs_of(contact=contact, now=now)
    return Decided(True, f"{choice.label}: {task.title}.", f"task:{task.pk}")


def _office_event(*, task: Task, contact: Contact | None, type: str, facts: dict[str, object], now: datetime) -> Event:
    """What staff report through a task, as a fact of its own."""
    return Event.objects.create(
        id=new_id(),
        client=task.client,
        type=type,
        source="office",
        key=f"task:{task.pk}:{now.isoformat()}",
        occurred_at=now,
        recorded_at=now,
        contact=contact,
        lead=task.lead,
        facts={"task": str(task.pk), **facts},
    )


def _try_again(*, task: Task, contact: Contact | None, by: str, now: datetime) -> Decided:
    due_at = now + TRY_AGAIN_AFTER
    facts: dict[str, object] = {"by": by, "due_before": task.due_at.isoformat(), "due_after": due_at.isoformat()}
    event = _office_event(task=task, contact=contact, type="call.attempted", facts=facts, now=now)
    Task.objects.filter(pk=task.pk).update(due_at=due_at)
    when = clock_time(when=due_at, zone=task.client.timezone)
    return Decided(True, f"No answer; try again at {when}: {task.title}.", f"tried:{event.pk}")


def _read_unclear(*, task: Task, contact: Contact | None, stop: bool, by: str, now: datetime) -> Decided:
    """A person read a reply that may mean stop. Their word is the evidence of the opt-out; held texts are judged again either way."""
    facts: dict[str, object] = {"by": by, "reading": "opt_out" if stop else "other"}
    event = _office_event(task=task, contact=contact, type="reply.read", facts=facts, now=now)
    if contact is None:
        return Decided(True, "Noted. There is no number to stop.")
    who = contact.name or "This person"
    if stop:
        for kind, value in people.keys_of(contact=contact):
            inbound.suppress(contact=contact, client=task.client, value=value, rule=f"read by {by}", event=event, now=now, kind=kind)
        planning.wake_held(client=task.client, reason="unclear-reply", now=now)
        return Decided(True, f"{who} gets nothing more from {task.client}. Texts that waited are dropped.")
    woken = planning.wake_held(client=task.client, reason="unclear-reply", now=now)
    lead = task.lead or open_lead(client=task.client, contact=contact, source="Text message", kind="text", now=now)
    reply = _event_of(cause=task.cause)
    # A reply that is no stop is a reply: somebody has to answer it.
    inbound.ask_for_answer(event=reply or event, lead=lead, now=now)
    texts = (
        "No text was waiting."
        if not woken
        else f"{woken} text{' that' if woken == 1 else 's that'} waited pass{'es' if woken == 1 else ''} the gate again."
    )
    return Decided(True, f"Noted: {who} did not ask us to stop. {texts} The reply is in the queue to answer.")


def _event_of(*, cause: str) -> Event | None:
    try:
        return Event.objects.filter(pk=uuid.UUID(cause.partition(":")[2])).first()
    except ValueError:
        return None


def decide_text(*, message: Message, outcome: str, seen: str, reason: str, by: str, now: datetime) -> Decided:
    """`approve` or `reject` a waiting text; `seen` and `reason` as in `decide`. Raises NotAnOutcome."""
    who = message.contact.name or sayable(message.to)
    if outcome == "approve":
        if seen != text_digest(message.body):
            raise NotAnOutcome("The text is not the one you read; nothing was sent. Read it again and then approve it.")
        if planning.approve(message=message, by=by, now=now):
            return Decided(True, f"Approved; the gate checks it now and sends it if it may go: text to {who}.")
    elif outcome == "reject":
        words = " ".join(reason.split())[:300]
        if not words:
            raise NotAnOutcome("Say why it should not be sent; nothing was done.")
        if planning.reject(message=message, by=by, reason=words, now=now):
            return Decided(True, f"Not sent: text to {who}. {words}.")
    else:
        raise NotAnOutcome("A text is approved or rejected; nothing was done.")
    return _second(of_text(message))


def _decide_held(*, message: Message, call: bool, by: str, now: datetime) -> Decided:
    """A text that something else holds: judged anew once it is mended, with all others that wait for the same; or a call in its place."""
    who = message.contact.name or sayable(message.to)
    if not call:
        woken = planning.wake_held(client=message.client, reason=message.reason, now=now)
        texts = "One text passes" if woken == 1 else f"{woken} texts pass"
        if not woken:
            return _second(of_text(message))
        return Decided(True, f"{texts} the gate again now; what still cannot go comes back with its reason.")
    with transaction.atomic():
        if not planning.reject(message=message, by=by, reason="it could not go; a person calls", now=now):
            return _second(of_text(message))
        create_task(
            client=message.client,
            lead=message.lead,
            contact=message.contact,
            desk=Desk.LEAD_OPS,
            kind="call-back",
            title=f"Call {who}: the text could not go",
            reason=f"{message.says} Call instead."[:400],
            cause=f"not-sent:{message.pk}",
            due_at=now + by_hand.CALL_WITHIN,
            now=now,
        )
    return Decided(True, f"Not sent: text to {who}. A call task stands in the queue.")


def undo(*, key: str, by: str, now: datetime) -> Decided:
    """Take back one's own outcome within ten minutes: the task waits again, the lead's stage stands where it stood.

    What cannot be taken back has no key: an opt-out, an approval, a run that went on.
    """
    kind, _, raw = key.partition(":")
    if kind == "off":
        done = snoozing.bring_back(key=raw)
        return Decided(done, "Taken back; it is in the queue again." if done else "It is in the queue already.")
    try:
        pk = uuid.UUID(raw)
    except ValueError:
        return Decided(False, "There is nothing to take back.")
    if kind == "tried":
        return _undo_attempt(event_id=pk, now=now)
    with transaction.atomic():
        found = Task.objects.filter(pk=pk).first() if kind == "task" else None
        if found is None:
            return Decided(False, "There is nothing to take back.")
        contact = people.lock(contact_id=found.contact_id) if found.contact_id else None
        task = Task.objects.select_for_update(of=("self",)).select_related("client", "lead").get(pk=pk)
        closed_at = task.closed_at
        if closed_at is None or task.closed_by != by or closed_at <= now - UNDO_WITHIN or task.kind == "unclear-reply":
            return Decided(False, "It cannot be taken back any more: it waits again already, or it is too long ago.")
        together = Task.objects.filter(closed_by=by, closed_at=closed_at).exclude(kind="unclear-reply")
        together = together.filter(lead=task.lead) if task.lead_id else together.filter(pk=task.pk)
        back = {"status": Task.Status.OPEN, "closed_at": None, "closed_by": "", "outcome": ""}
        together.update(**back)
        if task.kind in talks.WAITING:
            talks.note_answer_undone(task=task)
        if task.lead is not None:
            moved = StageChange.objects.filter(lead=task.lead, by=by, at=closed_at).order_by("-pk").first()
            if moved is not None and task.lead.stage == moved.new:
                change_stage(lead=task.lead, stage=moved.old, by=f"{by}, undo", now=now)
            Lead.objects.filter(pk=task.lead.pk, outcome_reported_by=by[:120]).update(outcome_reported_by="")
        _office_event(task=task, contact=contact, type="outcome.withdrawn", facts={"by": by, "outcome": task.outcome}, now=now)
    return Decided(True, f"Taken back; it waits again: {task.title}.")


def _undo_attempt(*, event_id: uuid.UUID, now: datetime) -> Decided:
    event = Event.objects.filter(pk=event_id, type="call.attempted", recorded_at__gt=now - UNDO_WITHIN).first()
    if event is None:
        return Decided(False, "It cannot be taken back any more: it is too long ago.")
    was, became = (datetime.fromisoformat(str(event.facts[name])) for name in ("due_before", "due_after"))
    changed = Task.objects.filter(pk=uuid.UUID(str(event.facts["task"])), status=Task.Status.OPEN, due_at=became).update(due_at=was)
    return (
        Decided(True, "Taken back; the old time holds again.")
        if changed
        else Decided(False, "Somebody went on with it; nothing was changed.")
    )
