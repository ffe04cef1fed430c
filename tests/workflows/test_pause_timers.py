"""A pause keeps the timers of its runs still; what was left goes on after it, and events still arrive."""

from datetime import timedelta

import pytest

from messaging import pauses
from messaging.pauses import Scope
from tests.factories import NOON, ContactFactory, LeadFactory
from tests.office.rows import make_event, make_run
from tests.workflows.test_pause import pause, summit  # noqa: F401  summit is a fixture
from workflows import engine, resuming
from workflows.models import Run

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(summit):  # noqa: F811
    """A run that waits for a reply since noon, for at most 72 hours."""
    contact = ContactFactory(client=summit, phone="+13035550121")
    lead = LeadFactory(client=summit, contact=contact)
    return make_run(
        contact=contact, lead=lead, status=Run.Status.WAITING, cursor="reply", wait_key=f"contact:{contact.pk}", says="Waiting for a reply."
    )


def advance(run, at):
    Run.objects.filter(pk=run.pk).update(wake_at=at)
    engine.advance(run_id=run.pk, now=at)
    run.refresh_from_db()
    return run.status


@pytest.mark.parametrize("name", ["agency", "client", "workflow", "lead"])
def test_timers_stand_still_while_paused_and_go_on_with_what_was_left(waiting, summit, name):  # noqa: F811
    scope = {
        "agency": {},
        "client": {"client": summit},
        "workflow": {"workflow": waiting.workflow},
        "lead": {"client": summit, "lead": waiting.lead},
    }
    row, _ = pauses.pause(scope=Scope(**scope[name]), reason="x", by=None, now=NOON + timedelta(hours=70))
    assert advance(waiting, NOON + timedelta(hours=100)) == "waiting"
    resuming.release(pause=row, by=None, name="Olga", now=NOON + timedelta(hours=110))
    # Two hours were left at hour 70; they end at hour 112.
    assert advance(waiting, NOON + timedelta(hours=111, minutes=59)) == "waiting"
    assert advance(waiting, NOON + timedelta(hours=112, minutes=1)) == "done"


def test_two_pauses_that_overlap_freeze_their_time_once(waiting, summit):  # noqa: F811
    def at(hours):
        return NOON + timedelta(hours=hours)

    first, _ = pauses.pause(scope=Scope(), reason="x", by=None, now=at(10))
    second, _ = pauses.pause(scope=Scope(client=summit), reason="x", by=None, now=at(20))
    resuming.release(pause=first, by=None, name="O", now=at(30))
    waiting.refresh_from_db()
    assert waiting.frozen_for == timedelta(hours=10)
    resuming.release(pause=second, by=None, name="O", now=at(40))
    waiting.refresh_from_db()
    assert waiting.frozen_for == timedelta(hours=30)


def test_an_event_wakes_a_paused_run(waiting, summit):  # noqa: F811
    pause(client=summit)
    make_event(contact=waiting.contact, at=NOON + timedelta(minutes=5), facts={"reading": {"kind": "other"}})
    assert advance(waiting, NOON + timedelta(minutes=6)) == "done"
