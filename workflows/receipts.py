"""Receipts: for every event and every workflow that listens to its type one row that says why it did or did not start."""

import uuid
from datetime import datetime, timedelta

from pydantic import ValidationError
from rapidfuzz import fuzz

from leads import people
from leads.events import ASKED_IN_WRITING
from leads.models import Automation, Contact, Event
from messaging.words.variables import time_span
from workflows import registry
from workflows.models import Receipt, Run
from workflows.vocabulary import Entry, Refusal, Workflow
from zartsalgo.lib.ids import new_id

# Out of a hundred: first names that are nearer to each other are one name with a slip in it (Jon, John), Mary and Mark are two.
SAME_NAME = 80


def decide(*, event: Event, contact: Contact | None, now: datetime) -> list[uuid.UUID]:
    """Write the receipts of one event and start what starts; returns the ids of new runs.

    Runs in the event's transaction, with the contact's row locked: two calls of one person cannot both start a run.
    """
    started = []
    for workflow in registry.listeners().get(event.type, ()):
        receipt = _judge(workflow=workflow, event=event, contact=contact, now=now)
        if receipt.verdict == Receipt.Verdict.STARTED:
            receipt.run = _start(workflow=workflow, event=event, contact=contact, now=now)
            started.append(receipt.run.pk)
        receipt.save(force_insert=True)
    return started


def _judge(*, workflow: Workflow, event: Event, contact: Contact | None, now: datetime) -> Receipt:
    receipt = Receipt(id=new_id(), client_id=event.client_id, event=event, workflow=workflow.key, at=now)
    automation = Automation.objects.filter(client_id=event.client_id, workflow=workflow.key).first()
    if automation is None or not automation.enabled:
        receipt.verdict, receipt.reason = Receipt.Verdict.REFUSED, "switched-off"
        receipt.says = f"{workflow.name} did not start: it is switched off for this client."
        receipt.expected, receipt.actual = "switched on", "off" if automation else "never switched on"
        return receipt
    if contact is not None and workflow.joins_within:
        runs = Run.objects.filter(client_id=event.client_id, workflow=workflow.key, contact=contact)
        runs = runs.filter(created_at__gt=now - workflow.joins_within).select_related("event").order_by("created_at")[:20]
        earlier = next((run for run in runs if not _somebody_else(event=event, earlier=run.event)), None)
        if earlier is not None:
            minutes = int((now - earlier.created_at).total_seconds() // 60)
            receipt.verdict, receipt.reason, receipt.run = Receipt.Verdict.JOINED, "same-person-in-window", earlier
            ago = "less than a minute" if minutes < 1 else "a minute" if minutes == 1 else f"{minutes} minutes"
            receipt.says = f"{workflow.name} did not start again: the same person started it {ago} before."
            span = time_span(minutes=workflow.joins_within // timedelta(minutes=1))
            receipt.expected, receipt.actual = f"no run within {span}", f"{ago} before"
            return receipt
    refusal = _refusal(workflow=workflow, automation=automation, event=event, contact=contact, now=now)
    if refusal is not None:
        receipt.verdict = Receipt.Verdict.REFUSED if refusal.joins is None else Receipt.Verdict.JOINED
        receipt.reason, receipt.run, receipt.says = refusal.reason, refusal.joins, refusal.says[:400]
        receipt.expected, receipt.actual = refusal.expected[:200], refusal.actual[:200]
        return receipt
    receipt.verdict, receipt.reason = Receipt.Verdict.STARTED, "trigger"
    receipt.says = f"{workflow.name} started because of {event.type}."
    return receipt


def _somebody_else(*, event: Event, earlier: Event) -> bool:
    """Whether a form names another person than the one that started the run: a family shares a phone, and each of them is answered.

    Names are compared as people write them; a call says nothing about who speaks.
    """
    if not {event.type, earlier.type} <= {*ASKED_IN_WRITING}:
        return False
    names = [people.read_person(personal=one.personal or {}).name.casefold().split() for one in (event, earlier)]
    if not all(names):
        return False
    mine, theirs = names[0][0], names[1][0]
    return not (mine.startswith(theirs) or theirs.startswith(mine) or fuzz.ratio(mine, theirs) >= SAME_NAME)


def _refusal(*, workflow: Workflow, automation: Automation, event: Event, contact: Contact | None, now: datetime) -> Refusal | None:
    """What the workflow itself has against starting. Settings that no longer fit its card start nothing, and lose nothing."""
    if workflow.refuses is None:
        return None
    try:
        settings = workflow.settings.model_validate(automation.settings or {})
    except ValidationError as error:
        names = ", ".join(sorted({str(row["loc"][0]) for row in error.errors() if row["loc"]})) or "one of them"
        says = f"{workflow.name} did not start: its settings for this client do not fit ({names})."
        return Refusal(reason="settings", says=says, expected="settings that fit", actual=names)
    return workflow.refuses(Entry(client_id=event.client_id, event=event, contact=contact, settings=settings, now=now))


def _start(*, workflow: Workflow, event: Event, contact: Contact | None, now: datetime) -> Run:
    return Run.objects.create(
        id=new_id(),
        client_id=event.client_id,
        workflow=workflow.key,
        version=registry.live_version(workflow=workflow),
        cause=f"event:{event.pk}",
        event=event,
        contact=contact,
        lead=event.lead,
        cursor=workflow.steps[0].key,
        created_at=now,
        wake_at=now,
    )
