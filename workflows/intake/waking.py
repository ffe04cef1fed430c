"""Waking: something happened with a person, and the runs that wait for that look again."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection as database

from leads.models import Contact, Event
from workflows import engine, receipts
from workflows.models import Receipt
from workflows.steps import contact_key
from zartsalgo.lib.doorbell import ring_after_commit

ADVANCE_TASK = "workflows.advance"


def take_up(*, event: Event, contact: Contact, now: datetime) -> None:
    """An event that we recorded ourselves (an outcome) gets its receipts, and wakes whoever waits for the person. Twice changes nothing.

    In the transaction of the event, with the contact locked.
    """
    if not Receipt.objects.filter(event=event).exists():
        for run_id in receipts.decide(event=event, contact=contact, now=now):
            ring_after_commit(task=ADVANCE_TASK, id=str(run_id))
    wake_runs_of(contact=contact, now=now)


def wake_runs_of(*, contact: Contact, now: datetime) -> None:
    """Something happened with this person: runs that wait for that look again after the commit."""
    for run_id in engine.wake(wait_key=contact_key(contact=contact), now=now):
        ring_after_commit(task=ADVANCE_TASK, id=str(run_id))


def wake_runs_of_all(*, contacts: Iterable[Contact], now: datetime) -> None:
    """The same for many, in one statement."""
    keys = sorted({contact_key(contact=contact) for contact in contacts})
    if not keys:
        return
    with database.cursor() as cursor:
        cursor.execute(
            "update workflows_run set wake_at = least(wake_at, %s) where status = 'waiting' and wait_key = any(%s) returning id",
            [now, keys],
        )
        woken = [row[0] for row in cursor.fetchall()]
    for run_id in woken:
        ring_after_commit(task=ADVANCE_TASK, id=str(run_id))
