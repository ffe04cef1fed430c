"""Waking: something happened with a person, and the runs that wait for that look again."""

from collections.abc import Iterable
from datetime import datetime

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
    wake_runs_of_all(contacts=[contact], now=now)


def wake_runs_of_all(*, contacts: Iterable[Contact], now: datetime) -> None:
    """The same for many, in one statement."""
    keys = sorted({contact_key(contact=contact) for contact in contacts})
    for run_id in engine.wake(wait_keys=keys, now=now) if keys else ():
        ring_after_commit(task=ADVANCE_TASK, id=str(run_id))
