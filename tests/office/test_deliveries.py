"""What came in, and the connections it came through: masked, searchable, and read again only after a look at what that would do."""

import json
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.models import Client, Contact, Event, Lead, Task
from messaging.models import Message
from providers import deliveries
from providers.connections import connect, hook_url
from providers.contract import Incoming
from providers.models import Connection, Delivery
from tests.factories import NOON, ClientFactory, ResponderFactory, StaffFactory
from workflows import due as workflows_due
from workflows.models import Run
from zartsalgo.lib import clock
from zartsalgo.office import strip
from zartsalgo.office.views.connections import state_of

pytestmark = pytest.mark.django_db(transaction=True)
FORM = {"name": "Carla Gomez", "phone": "(303) 555-0123", "email": "carla@example.com", "message": "My roof <b>leaks</b>"}


@pytest.fixture
def summit(noon):
    strip.forget()
    client = ClientFactory()
    ResponderFactory(client=client)
    return client


@pytest.fixture
def form(summit):
    return connect(client=summit, provider="form", secret="", now=NOON)[0]


@pytest.fixture
def sam(client):
    client.force_login(StaffFactory(is_superuser=True))
    return client


def arrive(way, body=None, *, key="", content_type="application/json", headers=None):
    """Store a request as the accept path does."""
    raw = body if isinstance(body, bytes) else json.dumps(FORM if body is None else body).encode()
    request = Incoming(
        method="POST", url="", headers={"content-type": content_type, **(headers or {})}, body=raw, received_at=clock.read(), account=""
    )
    row = deliveries.make_row(
        hook_id=way.pk,
        client_id=way.client_id,
        key=key or f"key-{Delivery.objects.count()}",
        request=request,
        path_and_query="/hooks/form/",
    )
    [(id, _)] = deliveries.store(rows=[row])
    return Delivery.objects.get(pk=id)


def page(browser, name, *args, **query):
    answer = browser.get(reverse(f"office:{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def everything():
    """How many rows of each kind there are: what a look must not change."""
    return {model: model.objects.count() for model in (Event, Contact, Lead, Run, Task, Message, Delivery)}


def test_a_delivery_shows_what_came_masked_and_what_it_changed(sam, form):
    delivery = arrive(form, headers={"x-some-signature": "c2VjcmV0LXNpZ25hdHVyZQ=="})
    workflows_due.work_off(now=clock.read())
    html = page(sam, "delivery", delivery.pk)
    body = html.split("data-body")[1].split("</pre>")[0]
    assert "•••0123" in body and "c•••@example.com" in body and "Carla" not in body and "leaks" not in body
    assert "c2VjcmV0" not in html and "(24 characters)" in html
    assert "Form sent" in html and "Lead intake started" in html
    assert "Recorded: form sent." in html and "lead.created." not in html and "Processed" in html
    run = Run.objects.get()
    assert reverse("office:run", args=[run.pk]) in html
    assert ">None<" not in html


def test_a_body_that_is_neither_json_nor_form_is_shown_escaped_and_bounded(sam, form):
    body = b"<script>alert(1)</script> call +13035550123 " + b"x" * 30_000
    delivery = arrive(form, body, content_type="text/plain")
    html = page(sam, "delivery", delivery.pk)
    assert "<script>alert" not in html and "&lt;script&gt;alert" in html and "call •••0123" in html
    assert f"The first 20 KB of {len(body)} bytes" in html and "x" * 20_481 not in html


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe\x00", b"[" * 30_000, b'{"a": NaN}', b"name=%zz&phone=1"], ids=["empty", "bytes", "deep", "nan", "odd"]
)
def test_no_body_breaks_the_page(sam, form, body):
    kind = "application/x-www-form-urlencoded" if body.startswith(b"name") else "application/json"
    delivery = arrive(form, body, content_type=kind)
    assert "What came in" in page(sam, "delivery", delivery.pk)


def test_the_plan_counts_and_changes_nothing(sam, form):
    delivery = arrive(form)
    Delivery.objects.filter(pk=delivery.pk).update(state="poison", note="Could not be read.")
    before = everything()
    html = page(sam, "replay", delivery.pk)
    assert 'data-count="1">1</strong> <span>event would be recorded' in html
    assert "1 person would be added." in html and "1 run would start." in html and "No text is sent by reading again" in html
    assert everything() == before
    delivery.refresh_from_db()
    assert (delivery.state, delivery.note, delivery.replays) == ("poison", "Could not be read.", 0)


def test_reading_again_is_a_post_that_counts_and_repeats_nothing(sam, form, rings):
    delivery = arrive(form)
    workflows_due.work_off(now=clock.read())
    before = everything()
    rings.clear()
    answer = sam.post(reverse("office:replay", args=[delivery.pk]), follow=True)
    assert "It is read again now." in answer.content.decode()
    assert rings == [("workflows.drain", "")]
    workflows_due.work_off(now=clock.read())
    delivery.refresh_from_db()
    assert (delivery.state, delivery.replays) == ("done", 1)
    assert "already known" in delivery.note
    assert everything() == before
    assert "Reading it again would change nothing." in page(sam, "replay", delivery.pk)


def test_an_expired_body_is_explained_and_not_read_again(sam, form):
    delivery = arrive(form)
    workflows_due.work_off(now=clock.read())
    Delivery.objects.filter(pk=delivery.pk).update(body=None)
    assert "Its body has expired" in page(sam, "delivery", delivery.pk)
    replay = page(sam, "replay", delivery.pk)
    assert "Its body has expired" in replay and '<button type="submit" class="button main-act">' not in replay
    answer = sam.post(reverse("office:replay", args=[delivery.pk]), follow=True)
    assert "Nothing was done: Its body has expired" in answer.content.decode()
    assert Delivery.objects.get(pk=delivery.pk).state == "done"


def test_a_reader_that_still_breaks_does_not_break_the_plan(sam, form, monkeypatch):
    delivery = arrive(form)
    Delivery.objects.filter(pk=delivery.pk).update(state="poison")

    def broken(**kwargs):
        raise RuntimeError("again")

    monkeypatch.setattr("workflows.intake.take_in", broken)
    assert "Reading it again still breaks (RuntimeError); nothing was changed. A developer has to look first" in page(
        sam, "replay", delivery.pk
    )


def test_views_provider_and_key_find_their_deliveries(sam, form, summit):
    states = {"poison": "poison", "waiting": "received", "ignored": "ignored", "done": "done"}
    rows = {}
    for state in states.values():
        rows[state] = arrive(form, key=f"their-{state}")
        Delivery.objects.filter(pk=rows[state].pk).update(state=state)
    for view, state in states.items():
        html = page(sam, "deliveries", view=view)
        assert [str(row.pk) in html for row in rows.values()] == [name == state for name in rows]
    assert page(sam, "deliveries").count("data-item") == 4
    assert page(sam, "deliveries", q="their-done").count("data-item") == 1
    assert page(sam, "deliveries", q=str(rows["done"].pk)).count("data-item") == 1
    assert page(sam, "deliveries", q="nobody's key").count("data-item") == 0
    assert page(sam, "deliveries", provider="twilio").count("data-item") == 0
    assert page(sam, "deliveries", provider="form").count("data-item") == 4


def test_copies_are_told(sam, form):
    arrive(form, key="same")
    arrive(form, key="same")
    assert "1 copy after it" in page(sam, "deliveries")


@pytest.mark.parametrize("name", ["deliveries", "connections"])
def test_five_or_fifty_rows_cost_the_same(sam, form, summit, name, django_assert_num_queries):
    def grow(first, last):
        for n in range(first, last):
            arrive(form, key=f"k{n}")
            connect(client=summit, provider="generic", secret=f"s{n}", now=NOON)

    grow(0, 5)
    page(sam, name)
    with CaptureQueriesContext(database) as few:
        page(sam, name)
    grow(5, 50)
    with django_assert_num_queries(len(few)):
        page(sam, name)
    assert len(few) <= 9


# Connections


@pytest.mark.parametrize(
    ("changes", "last", "word"),
    [
        ({"disabled_at": NOON, "trouble": "x"}, NOON, "Switched off"),
        ({"trouble": "The provider refuses our credentials."}, NOON, "Trouble"),
        ({"last_refused_at": NOON - timedelta(minutes=59)}, NOON, "Trouble"),
        ({"last_refused_at": NOON - timedelta(minutes=61)}, NOON, "Fresh"),
        ({}, NOON - timedelta(hours=24), "Fresh"),
        ({}, NOON - timedelta(hours=25), "Quiet"),
        ({}, None, "Not heard yet"),
    ],
)
def test_a_connection_is_fresh_quiet_or_trouble(changes, last, word):
    connection = Connection(client=Client(name="Summit Roofing"), provider="callrail", **changes)
    assert state_of(connection=connection, last=last, now=NOON, real_now=NOON).word == word


def test_the_address_is_shown_to_owners_on_request_only_and_that_is_noted(sam, form, client):
    address = hook_url(connection=form)
    token = address.rstrip("/").rsplit("/", 1)[1]
    html = page(sam, "connections")
    assert token not in html and "/hooks/form/•••/" in html and "script/manage connect callrail --client summit-roofing" in html
    way = reverse("office:connection_address", args=[form.pk])
    assert sam.get(way).status_code == 405
    shown = sam.post(way)
    assert address in shown.content.decode() and shown["Cache-Control"] == "no-store"
    assert LogEntry.objects.get().change_message == "Saw the hook's address."
    assert token not in LogEntry.objects.get().object_repr
    client.force_login(StaffFactory(username="pat"))
    assert client.post(way).status_code == 403
    assert "Show address" not in page(client, "connections")


def test_refused_signatures_are_counted_with_their_time(sam, form):
    Connection.objects.filter(pk=form.pk).update(refused_signatures=3, last_refused_at=clock.real_now())
    html = page(sam, "connections")
    assert "3 wrong signatures refused, last" in html and 'data-state="late"' in html
