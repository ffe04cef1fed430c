"""Takes over what businesses said in the portal: what came of a request becomes an event, "not right" becomes a task.

The portal only writes rows and rings. Each revision of a row is taken over once, under the row's lock; a lost ring is found by the ticker.
"""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from leads import people
from leads.actions import change_stage, create_task, report_outcome
from leads.models import Client, Desk, Event, Lead, StageChange, Task
from portal.models import Word
from summaries.models import Proof
from workflows.intake import take_up
from zartsalgo.lib.ids import new_id

ANSWER_WITHIN = timedelta(hours=4)


def take(*, word_id: uuid.UUID, now: datetime) -> bool:
    """Take over the latest of what was said; False when it was taken already. What was said in between and changed is not told of."""
    with transaction.atomic():
        word = Word.objects.select_for_update().filter(pk=word_id, taken_revision__lt=F("revision")).first()
        if word is None:
            return False
        proof = Proof.objects.select_related("client", "lead__contact").filter(pk=word.proof_id, client_id=word.client_id).first()
        if proof is not None:
            _take(word=word, proof=proof, now=now)
        Word.objects.filter(pk=word.pk).update(taken_revision=word.revision, taken_at=now)
    return True


def untaken(*, now: datetime, grace: timedelta = timedelta(0), limit: int = 50) -> list[uuid.UUID]:
    """Rows with something new that nobody took over within `grace`, oldest first."""
    rows = Word.objects.filter(taken_revision__lt=F("revision"), said_at__lte=now - grace).order_by("said_at", "pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def work_off(*, now: datetime) -> int:
    """Take over everything that waits, in this process; returns how many."""
    return sum(take(word_id=word_id, now=now) for word_id in untaken(now=now))


def _take(*, word: Word, proof: Proof, now: datetime) -> None:
    by = f"{word.by}, {proof.client.name}"[:120]
    cause = f"portal:{word.pk}" if word.revision == 1 else f"portal:{word.pk}:{word.revision}"
    if word.kind == Word.Kind.DISPUTE:
        _take_dispute(word=word, proof=proof, by=by, cause=cause, now=now)
    elif word.said:
        event = report_outcome(lead=proof.lead, outcome=word.said, by=by, cause=cause, now=now)
        take_up(event=event, contact=proof.lead.contact, now=now)
    else:
        _withdraw(word=word, lead=proof.lead, client=proof.client, by=by, cause=cause, now=now)


def _take_dispute(*, word: Word, proof: Proof, by: str, cause: str, now: datetime) -> None:
    """A task for Client success; taken back, the open ones are dropped."""
    if not word.said:
        mine = Task.objects.filter(client=proof.client, cause__startswith=f"portal:{word.pk}", status=Task.Status.OPEN)
        mine.update(status=Task.Status.DROPPED, closed_at=now, closed_by=by, outcome="They took it back")
        return
    create_task(
        client=proof.client,
        lead=proof.lead,
        desk=Desk.CLIENT_SUCCESS,
        kind="look-into",
        title=f"{proof.client.name} says a story in the portal is not right",
        reason=f"{by} wrote: {word.words}",
        cause=cause,
        due_at=now + ANSWER_WITHIN,
        now=now,
    )


def _withdraw(*, word: Word, lead: Lead, client: Client, by: str, cause: str, now: datetime) -> None:
    """Undo what taking over did, as far as nobody went on from there: the stage, the tasks it closed, whose word it was."""
    contact = people.lock(contact_id=lead.contact_id)
    current = Lead.objects.get(pk=lead.pk)
    before = word.taken_at
    moved = StageChange.objects.filter(lead=current, at=before).order_by("-pk").first() if before else None
    if moved is not None and current.stage == moved.new:
        change_stage(lead=current, stage=moved.old, by=f"{by}, taken back"[:120], now=now)
    if before is not None:
        closed = Task.objects.filter(lead=current, status=Task.Status.DONE, closed_at=before, closed_by__endswith=f", {client.name}")
        closed.update(status=Task.Status.OPEN, closed_at=None, closed_by="", outcome="")
        Lead.objects.filter(pk=current.pk, outcome_reported_by__endswith=f", {client.name}").update(outcome_reported_by="")
    Event.objects.bulk_create(
        [
            Event(
                id=new_id(),
                client=client,
                type="outcome.withdrawn",
                source="office",
                key=cause,
                occurred_at=now,
                recorded_at=now,
                contact=contact,
                lead=current,
                facts={"by": by},
            )
        ],
        ignore_conflicts=True,
    )
