"""Evidence is append-only by trigger, for everybody and whatever a session sets; personal fields may only be erased; the app's role owns
nothing."""

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import connection, transaction
from django.db.utils import DatabaseError, InternalError, ProgrammingError

from leads.models import Event
from messaging.models import Message, Slip, Template
from providers.models import Delivery
from tests.factories import NOON, ClientFactory, ContactFactory
from zartsalgo.lib import evidence
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


@pytest.fixture
def as_app():
    """Acts as the role of web and worker, with every setting made that ever let a trigger pass."""
    with connection.cursor() as cursor:
        cursor.execute("select set_config('pgtrigger.ignore', array_agg(tgname::text)::text, true) from pg_trigger")
        cursor.execute("select set_config(%s, 'yes', true)", [evidence.REMOVING])
        cursor.execute("set local role zarts_app")
        yield cursor
        cursor.execute("reset role")


def test_no_setting_of_a_session_opens_evidence(event, owner_user, as_app):
    LogEntry.objects.log_actions(owner_user.pk, [event.client], CHANGE, change_message="Let texts go.", single_object=True)
    for sql in (
        "set local session_replication_role = replica",
        "update leads_event set type = 'x'",
        "update leads_event set personal = '{}'",
        "delete from leads_event",
        "update django_admin_log set change_message = ''",
        "delete from django_admin_log",
        "truncate django_admin_log",
    ):
        with pytest.raises((ProgrammingError, InternalError)), transaction.atomic():
            as_app.execute(sql)
    assert LogEntry.objects.get().get_change_message() == "Let texts go."


def test_a_slip_can_be_added_and_neither_changed_nor_removed(event, as_app):
    text = Message.objects.create(
        client=event.client, contact=ContactFactory(client=event.client), purpose="x", to="+13035550123", sender="+13035550100", body="Hi",
        created_at=NOON, due_at=NOON,
    )  # fmt: skip
    slip = Slip.objects.create(message=text, made_at=NOON, verdict="drop", found={"verdict": "drop", "checks": []})
    for sql in (
        "update messaging_slip set found = '{}'",
        "update messaging_slip set verdict = 'send'",
        "update messaging_slip set message_id = null",
        "delete from messaging_slip",
        "truncate messaging_slip",
    ):
        with pytest.raises((ProgrammingError, InternalError)), transaction.atomic():
            as_app.execute(sql)
    as_app.execute("reset role; grant update, delete on messaging_slip to zarts_app; set local role zarts_app")
    for sql in ("update messaging_slip set verdict = 'send'", "delete from messaging_slip"):
        with pytest.raises(ProgrammingError, match="pgtrigger: Cannot"), transaction.atomic():
            as_app.execute(sql)
    as_app.execute("select id, message_id, verdict, found ->> 'verdict' from messaging_slip")
    assert as_app.fetchall() == [(slip.pk, text.pk, "drop", "drop")]


def test_the_triggers_hold_where_a_right_was_given_by_mistake(event):
    with connection.cursor() as cursor:
        cursor.execute("grant update, delete on leads_event, django_admin_log, messaging_attempt, leads_consent to zarts_app")
        cursor.execute("select set_config('pgtrigger.ignore', array_agg(tgname::text)::text, true) from pg_trigger")
        cursor.execute("select set_config(%s, 'yes', true)", [evidence.REMOVING])
        cursor.execute("set local role zarts_app")
        refused("update leads_event set type = 'x'", [])
        refused("update leads_event set personal = '{}'", [])
        refused("delete from leads_event", [])
        cursor.execute("reset role")


def test_the_owner_too_removes_evidence_by_that_one_function_alone(event):
    with connection.cursor() as cursor:
        cursor.execute("select set_config('pgtrigger.ignore', array_agg(tgname::text)::text, true) from pg_trigger")
    refused("delete from leads_event where id = %s", [event.pk])
    refused("update leads_event set type = 'x' where id = %s", [event.pk])


def test_the_app_may_name_in_an_update_only_what_may_change():
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name, array_agg(column_name::text) from information_schema.column_privileges"
            " where grantee = 'zarts_app' and privilege_type = 'UPDATE' and table_schema = 'public' group by 1"
        )
        granted = dict(cursor.fetchall())
    append_only = {
        model._meta.db_table: evidence.columns_that_may_change(model)
        for model in apps.get_models()
        if evidence.columns_that_may_change(model) is not None
    }
    assert len(append_only) >= 20 and "django_admin_log" in append_only
    assert {table: sorted(granted.get(table, [])) for table in append_only} == {table: sorted(may) for table, may in append_only.items()}
    assert sorted(granted["leads_contact"]) == sorted(field.column for field in apps.get_model("leads", "contact")._meta.concrete_fields)


def test_every_trigger_of_the_house_is_without_an_escape():
    declared = [trigger for model in apps.get_models() for trigger in getattr(model._meta, "triggers", [])]
    ours = (evidence.Trigger, evidence.Protect, evidence.ReadOnly)
    assert [str(trigger) for trigger in declared if not isinstance(trigger, ours)] == [], "take it from zartsalgo.lib.evidence"
    with connection.cursor() as cursor:
        cursor.execute(
            "select t.tgname, c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid"
            " where not t.tgisinternal and p.prosrc ~ 'should_ignore|pgtrigger.ignore'"
        )
        assert cursor.fetchall() == []


def test_a_draft_of_a_text_may_be_thrown_away_by_the_app_and_a_published_one_not(as_app):
    draft = Template.objects.create(key="hello", version=1, body="Hello.", status="draft")
    published = Template.objects.create(key="bye", version=1, body="Bye.", status="retired", approved_by="Ann")
    draft.delete()
    refused("delete from messaging_template where id = %s", [published.pk])


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
