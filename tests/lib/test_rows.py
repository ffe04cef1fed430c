"""Rows in sets (zartsalgo.lib.rows)."""

from datetime import timedelta

import pytest
from django.db import DataError, IntegrityError, transaction

from leads.models import Contact, Event, Task
from tests.factories import ClientFactory, ContactFactory
from zartsalgo.lib import clock, rows
from zartsalgo.lib.ids import new_id

pytestmark = pytest.mark.django_db


def _event(*, client, **values):
    now = clock.read()
    stated = {"type": "call.missed", "source": "twilio", "key": str(new_id()), "occurred_at": now, "recorded_at": now}
    return Event(id=new_id(), client=client, **{**stated, **values})


def test_what_is_inserted_is_read_back_as_it_was():
    client = ClientFactory()
    given = [
        _event(client=client, contact=ContactFactory(client=client), facts={"a": [1, {"ü": None}], "b": "'; --"}, personal={"name": "Ana \\ \"x\""}),
        _event(client=client, personal=None),
    ]  # fmt: skip
    assert rows.insert(rows=given) == {event.pk for event in given}
    names = [field.attname for field in Event._meta.concrete_fields]
    for event in given:
        found = Event.objects.get(pk=event.pk)
        assert [getattr(found, name) for name in names] == [getattr(event, name) for name in names]
    assert rows.insert(rows=[]) == set()


def test_models_of_joined_tables_are_what_a_query_set_would_give(django_assert_num_queries):
    client = ClientFactory()
    known = ContactFactory(client=client, name="Ana")
    given = [_event(client=client, contact=known, facts={"a": [1, None]}, personal={"name": "Ana"}), _event(client=client, personal=None)]
    rows.insert(rows=given)
    event, person = rows.Of(Event, "e", but=("facts",)), rows.Of(Contact, "p")
    sql = f"select {event}, {person}, 7 from leads_event e left join leads_contact p on p.id = e.contact_id where e.id = any(%s) order by e.key"
    expected = list(Event.objects.filter(pk__in=[one.pk for one in given]).order_by("key"))
    with django_assert_num_queries(1):
        found = rows.read(sql, [[one.pk for one in given]], event, person)
    assert [(one, of, rest) for one, of, rest in found] == [(one, one.contact, 7) for one in expected]
    for (one, of, _), other in zip(found, expected, strict=True):
        assert one.get_deferred_fields() == {"facts"} and not one._state.adding
        assert [getattr(one, field.attname) for field in Event._meta.concrete_fields] == [
            getattr(other, field.attname) for field in Event._meta.concrete_fields
        ]
        rows.related(one, contact=of)
        with django_assert_num_queries(0):
            assert one.contact is of


def test_one_statement_for_many(django_assert_num_queries):
    client = ClientFactory()
    given = [_event(client=client) for _ in range(40)]
    with django_assert_num_queries(1):
        assert len(rows.insert(rows=given)) == 40


def test_a_row_that_stands_already_is_left_out_or_raises():
    client = ClientFactory()
    first = _event(client=client, key="k")
    rows.insert(rows=[first])
    again, other = _event(client=client, key="k"), _event(client=client, key="l")
    assert rows.insert(rows=[again, other], or_nothing=True) == {other.pk}
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.insert(rows=[_event(client=client, key="k")])
    with pytest.raises(DataError), transaction.atomic():
        rows.insert(rows=[_event(client=client, type="x" * 41)])


def test_an_update_touches_only_rows_that_still_stand_as_they_were_read():
    client, now = ClientFactory(), clock.read()
    tasks = [
        Task(id=new_id(), client=client, desk="lead-ops", kind="call-back", title="T", reason="R", cause=f"c{i}", created_at=now, due_at=now)
        for i in range(3)
    ]  # fmt: skip
    rows.insert(rows=tasks)
    later = now + timedelta(hours=1)
    changed = rows.update(
        model=Task,
        names=("title", "due_at", "cause?"),
        rows=[{"pk": task.pk, "title": "New", "due_at": later, "cause": "c0"} for task in tasks[:2]],
        where='t."cause" = r."cause"',
    )
    assert changed == {tasks[0].pk}
    assert list(Task.objects.order_by("cause").values_list("title", "cause")) == [("New", "c0"), ("T", "c1"), ("T", "c2")]
    assert Task.objects.get(pk=tasks[0].pk).due_at == later
