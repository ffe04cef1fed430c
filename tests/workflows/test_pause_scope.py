"""What a pause may cover, how it is said, and that its incident's history and states hold together."""

import pytest
from django.db import IntegrityError, connection, transaction

from leads.models import StageChange
from messaging import gate, pauses
from messaging.models import Pause
from messaging.pauses import Scope
from tests.factories import NOON, ContactFactory, LeadFactory, StaffFactory
from tests.workflows.test_breakers import provider  # noqa: F401  a fixture
from tests.workflows.test_pause import blue, one, pause, summit  # noqa: F401  fixtures
from workflows import incidents, resuming
from workflows.models import Incident

pytestmark = pytest.mark.django_db


def test_a_scope_must_make_sense_and_is_open_once(summit, blue):  # noqa: F811
    lead = LeadFactory(client=summit, contact=ContactFactory(client=summit))
    with pytest.raises(pauses.NoScope):
        Scope(client=blue, lead=lead)
    with pytest.raises(pauses.NoScope):
        Scope(client=summit, lead=lead, workflow="lead-intake")
    with pytest.raises(pauses.NoReason):
        pauses.pause(scope=Scope(), reason="  ", by=None, now=NOON)
    with pytest.raises(pauses.NoScope):
        pauses.pause(scope=Scope(), reason="x", by=None, now=NOON, until=NOON)
    for wrong in ({"lead": lead}, {"client": summit, "lead": lead, "channel": "sms"}, {"reason": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Pause.objects.create(**{"reason": "x", "at": NOON, **wrong})
    first, made = pauses.pause(scope=Scope(client=summit, workflow="lead-intake"), reason="x", by=None, now=NOON)
    again, made_again = pauses.pause(scope=Scope(client=summit, workflow="lead-intake"), reason="y", by=None, now=NOON)
    assert (made, made_again, again.pk, again.reason) == (True, False, first.pk, "x")
    assert pauses.pause(scope=Scope(client=summit), reason="x", by=None, now=NOON)[1]


def test_the_slip_names_the_scope_in_words(one, summit):  # noqa: F811
    cases = {
        "A safety check stopped all sending on Fri 20 Nov 12:00: A test": {},
        "A safety check stopped Missed call text back for Summit Roofing on": {"client": summit, "workflow": one.workflow},
        "A safety check stopped texts for Summit Roofing on": {"client": summit, "channel": "sms"},
        "A safety check stopped sending over Twilio for Summit Roofing on": {"client": summit, "connection": one.connection},
        "A safety check stopped sending to Carla Gomez for Summit Roofing on": {"client": summit, "lead": one.lead},
    }
    for said, scope in cases.items():
        row = pause(**scope)
        check = next(check for check in gate.look(message=one, now=NOON).checks if check.name == pauses.STOPPED)
        assert not check.passed and check.says.startswith(said), check.says
        pauses.lift(pause=row, by=None, now=NOON)


def test_the_history_cannot_be_rewritten_and_the_states_hold_together(summit):  # noqa: F811
    incident, opened = incidents.open_incident(
        scope=Scope(client=summit), cause="x", title="t", reason="r", opened_by="Sam", by=StaffFactory(), now=NOON
    )
    assert opened
    for statement in ("update workflows_incidentnote set says = 'x'", "delete from workflows_incidentnote"):
        with pytest.raises(Exception, match=r"(?i)cannot"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    for wrong in ({"status": "closed"}, {"closed_at": NOON}, {"status": "verifying"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Incident.objects.filter(pk=incident.pk).update(**wrong)
    with pytest.raises(incidents.StillHolding):
        incidents.close(incident=incident, by="Sam", outcome="x", now=NOON)
    resuming.release(pause=incident.pause, by=None, name="Sam", now=NOON)
    with pytest.raises(incidents.StillHolding):
        incidents.close(incident=incident, by="Sam", outcome=" ", now=NOON)
    assert incidents.close(incident=incident, by="Sam", outcome="It was the carrier.", now=NOON)
    assert not incidents.close(incident=incident, by="Lee", outcome="Late.", now=NOON)
    assert StageChange.objects.count() == 0
