"""Evidence is append-only by trigger, for everybody; personal fields may only be erased; the app's role owns nothing."""

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError, InternalError, ProgrammingError

from leads.models import Event
from providers.models import Delivery
from tests.factories import NOON, ClientFactory
from zartsalgo.lib.ids import new_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return Event.objects.create(
        client=ClientFactory(),
        type="call.missed",
        source="test",
        key="1",
        occurred_at=NOON,
        recorded_at=NOON,
        personal={"phone": "+13035550123"},
    )


def refused(sql, parameters):
    with pytest.raises((InternalError, DatabaseError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def test_an_event_cannot_be_changed_or_deleted(event):
    refused("update leads_event set type = 'x' where id = %s", [event.pk])
    refused("delete from leads_event where id = %s", [event.pk])
    refused('update leads_event set personal = \'{"phone": "other"}\' where id = %s', [event.pk])


def test_its_personal_fields_can_be_erased(event):
    Event.objects.filter(pk=event.pk).update(personal=None)
    event.refresh_from_db()
    assert event.personal is None and event.type == "call.missed"


def test_a_delivery_keeps_its_bytes_while_its_state_moves(event):
    from providers.connections import connect

    made, _ = connect(client=event.client, provider="form", secret="", now=NOON)
    delivery = Delivery.objects.create(
        id=new_id(),
        connection=made,
        key="k",
        received_at=NOON,
        method="POST",
        url="/",
        headers={},
        body=b"x",
        body_sha256="a",
        next_at=NOON,
    )
    Delivery.objects.filter(pk=delivery.pk).update(state="done", copies=3)
    refused("update providers_delivery set body = 'y' where id = %s", [delivery.pk])
    refused("update providers_delivery set key = 'other' where id = %s", [delivery.pk])


def test_the_role_of_web_and_worker_cannot_delete_evidence_or_change_tables(event):
    with connection.cursor() as cursor:
        cursor.execute("set local role zarts_app")
        cursor.execute("select count(*) from leads_event")
        assert cursor.fetchone() == (1,)
        for sql in (
            "delete from leads_event",
            "truncate leads_event",
            "alter table leads_event disable trigger all",
            "drop trigger pgtrigger_no_delete on leads_event",
            "create table mine (id int)",
            "update django_migrations set name = 'x'",
        ):
            with pytest.raises(ProgrammingError), transaction.atomic():
                cursor.execute(sql)
        cursor.execute("reset role")


def test_a_responder_may_leave_and_the_disclosure_stays(event):
    from leads.models import Lead
    from messaging.models import Handover
    from tests.factories import LeadFactory, ResponderFactory

    rita = ResponderFactory(client=event.client)
    lead: Lead = LeadFactory(client=event.client)
    made = Handover.objects.create(
        client=event.client, lead=lead, step_key="x", responder=rita, to_name="Rita", body="b", created_at=NOON, link_expires_at=NOON
    )
    other = ResponderFactory(client=event.client, name="Omar")
    refused("update messaging_handover set responder_id = %s where id = %s", [other.pk, made.pk])
    rita.delete()
    made.refresh_from_db()
    assert (made.responder, made.to_name, made.body) == (None, "Rita", "b")
