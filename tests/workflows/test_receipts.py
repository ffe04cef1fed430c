"""Receipts: whatever comes in, in any order, each listening workflow answers for each event once, and no text is silent about itself."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.models import Automation, Event
from messaging import due as messaging_due
from messaging.models import Message
from tests.factories import NOON, ClientFactory, ContactFactory
from tests.office.rows import make_event
from workflows import due, receipts, registry
from workflows.models import Receipt, Run
from zartsalgo.lib import clock
from zartsalgo.office.invariants import check_invariants

pytestmark = pytest.mark.django_db

KINDS = ("call.missed", "call.answered", "lead.created", "quote.requested", "message.received", "call.started")
EVENTS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 2), st.sampled_from((0, 3, 11, 45, 800))), min_size=1, max_size=5)
SWITCHES = st.fixed_dictionaries(
    {key: st.sampled_from(("on", "off", "never", "draft")) for key in ("ai-summary", "lead-intake", "missed-call-text-back")}
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(coming=EVENTS, switches=SWITCHES)
def test_no_event_without_its_receipts_and_no_silent_text(set_clock, coming, switches):
    with transaction.atomic():
        _story(set_clock, coming, switches)
        transaction.set_rollback(True)


def _story(set_clock, coming, switches):
    client = ClientFactory()
    Automation.objects.filter(client=client).delete()
    for key, state in switches.items():
        if state != "never":
            Automation.objects.create(client=client, workflow=key, enabled=state != "off", send="draft" if state == "draft" else "auto")
    people = [ContactFactory(client=client, phone=f"+130355501{n}") for n in (21, 22)] + [None]
    at = set_clock(NOON)
    for kind, who, minutes in coming:
        at = max(at + timedelta(minutes=minutes), clock.read())  # never back, not by the moments that the last one took
        set_clock(at)
        contact = people[who]
        event = make_event(contact=contact or people[0], type=kind, at=at, personal={"phone": f"+130355501{21 + who}"})
        receipts.decide(event=event, contact=contact, now=at)
        due.work_off(now=clock.read())
        messaging_due.work_off(now=clock.read())
    for event in Event.objects.filter(type__in=KINDS):
        listening = [workflow.key for workflow in registry.listeners().get(event.type, ())]
        found = list(Receipt.objects.filter(event=event).order_by("workflow"))
        assert [receipt.workflow for receipt in found] == sorted(listening)
        for receipt in found:
            assert receipt.says and receipt.reason
            assert (receipt.run is None) == (receipt.verdict == "refused")
            # The first condition that failed, with what was expected and what was found.
            assert receipt.verdict == "started" or (receipt.expected and receipt.actual)
            assert receipt.verdict != "started" or receipt.run.event_id == event.pk
    assert Run.objects.count() == Receipt.objects.filter(verdict="started").count()
    for message in Message.objects.exclude(status__in=("sent", "delivered")):
        assert message.reason and message.says and message.slip["reason"] == message.reason
    assert [finding for finding in check_invariants(now=clock.read()) if finding.broken] == []
