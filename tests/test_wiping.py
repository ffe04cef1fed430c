"""What a test committed is gone for the next one, evidence too, and what the migrations seeded is back, whatever became of it."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from leads.models import Client, Event
from messaging.models import Template
from tests.factories import NOON, ClientFactory, ContactFactory
from tests.wiping import Baseline, baseline
from zartsalgo.lib.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)


def dump():
    found = Baseline()
    found.read()
    return {table: sorted(rows.splitlines()) for table, rows in found.seeds.items()}, sorted(found.others)


def test_everything_is_as_the_migrations_left_it():
    before = dump()
    assert before[0] and not Client.objects.exists()
    contact = ContactFactory(client=ClientFactory())
    event = Event.objects.create(
        id=new_id(),
        client=contact.client,
        type="call.missed",
        source="callrail",
        key="k",
        occurred_at=NOON,
        recorded_at=NOON,
        contact=contact,
    )
    with pytest.raises(ProgrammingError):
        event.delete()  # evidence: nobody may, and the wiping does
    Template.objects.filter(client=None).update(status="retired")
    Group.objects.get(name="staff").permissions.clear()
    Group.objects.create(name="stray")
    assert dump() != before
    baseline.restore()
    assert dump() == before
    ClientFactory()
    with pytest.raises(ProgrammingError), transaction.atomic():
        Event.objects.create(
            id=event.pk, client=Client.objects.get(), type="x", source="x", key="k", occurred_at=NOON, recorded_at=NOON
        ).delete()  # the triggers are on again
    with connection.cursor() as cursor:
        cursor.execute("show session_replication_role")
        assert cursor.fetchone() == ("origin",)


def test_the_next_test_finds_nothing_of_it():
    assert not Client.objects.exists() and not Group.objects.filter(name="stray").exists()
