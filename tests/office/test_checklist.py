"""The first steps: each is found in the rows, counts only what the person did after the demo was told, and can be put away."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from leads.models import Client
from messaging.models import Message, Pause, Template
from portal.members import open_preview
from providers.connections import connect
from providers.models import Connection, Delivery
from summaries.models import Summary
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory, StaffFactory
from tests.office.test_runs import bare_run
from workflows.models import Step
from zartsalgo.lib.ids import new_id
from zartsalgo.office import checklist

pytestmark = pytest.mark.django_db
BEFORE, AFTER = NOON - timedelta(hours=1), NOON + timedelta(hours=1)


@pytest.fixture
def demo(noon):
    """A demo client, and the demo's life told until noon."""
    client = ClientFactory(demo=True)
    checklist.begin(now=NOON)
    yield client
    checklist.forget()


@pytest.fixture
def dana(demo):
    return StaffFactory(username="dana", first_name="Dana", last_name="Reyes")


def read(dana, **session):
    found = checklist.read(user=dana, session=session)
    return {item.key: item.done for item in found.items}


def done(dana, **session):
    return {key for key, was_done in read(dana, **session).items() if was_done}


def text(client, number, **fields):
    contact = ContactFactory(client=client, name="Carla Gomez")
    common = {"purpose": "x", "to": f"+130355501{number:02d}", "sender": client.phone, "body": "Hi", "created_at": BEFORE, "due_at": BEFORE}
    return Message.objects.create(client=client, contact=contact, **common, **fields)


def webhook(way, number, **fields):
    Delivery.objects.create(
        id=new_id(), connection=way, key=f"k{number}", method="POST", url="/", headers={}, body_sha256="0", next_at=NOON, **fields
    )


def do_everything(client, user, *, at):
    """What each step looks like in the rows."""
    name = f"{user.first_name} {user.last_name}"
    way, _ = connect(client=client, provider="callrail", secret="s", now=at)
    webhook(way, 1, received_at=at)
    webhook(way, 2, received_at=BEFORE, replays=1, finished_at=at)
    text(client, 1, status="delivered", approved_by=name, approved_at=at)
    run = bare_run(client, 2, status="done", finished_at=at)
    text(client, 2, status="skipped", reason="rejected", says=f"{name} decided not to send it: Wrong moment", run_id=run.pk)
    Step.objects.create(run=run, key="sent", kind="wait for", outcome="skipped", says="No text went out.", epoch=1, at=at)
    Pause.objects.create(client=client, reason="x", at=BEFORE, by=user, lifted_at=at, lifted_by=user)
    Template.objects.create(key="x", version=1, purpose="x", body="Hi", approved_by=name, approved_at=at, status="approved")
    lead = LeadFactory(client=client, contact=ContactFactory(client=client))
    cause = run.event
    Summary.objects.create(
        client=client,
        lead=lead,
        cause_event=cause,
        kind="call",
        status="approved",
        decided_by=name,
        decided_at=at,
        sources_until=BEFORE,
        created_at=BEFORE,
    )


def test_every_step_is_found_in_the_rows(demo, dana):
    everything = read(dana)
    assert list(everything) == ["fire", "why", "approve", "reject", "pause", "replay", "template", "summary", "portal", "connect"]
    assert done(dana) == set()
    assert done(dana, read_why=True) == {"why"}
    do_everything(demo, dana, at=AFTER)
    open_preview(client_id=demo.pk, viewer="Dana Reyes", now=AFTER)
    assert done(dana) == set(everything) - {"why", "connect"}
    Connection.objects.filter(client=demo).update(live=True)
    assert "connect" in done(dana)


def test_what_the_demo_tells_counts_for_nobody(demo, dana):
    do_everything(demo, dana, at=BEFORE)
    assert done(dana) == set()


def test_what_somebody_else_decided_does_not_count(demo, dana):
    do_everything(demo, StaffFactory(username="lee", first_name="Lee", last_name="Ortiz"), at=AFTER)
    assert done(dana) == {"fire", "replay"}


def test_a_step_whose_page_is_not_there_is_left_out(demo, dana, monkeypatch):
    monkeypatch.setattr(checklist, "STEPS", (*checklist.STEPS[:2], ("portal", "Not built", "office:nowhere", "")))
    assert list(read(dana)) == ["fire", "why"]


def test_one_statement_with_a_demo_and_none_without(demo, dana):
    read(dana)
    with CaptureQueriesContext(database) as queries:
        read(dana)
    assert len(queries) == 1
    Client.objects.update(demo=False)
    checklist.forget()
    assert checklist.read(user=dana, session={}) is None
    with CaptureQueriesContext(database) as queries:
        assert checklist.read(user=dana, session={}) is None
    assert len(queries) == 0


def test_the_inbox_names_the_next_step_until_the_person_puts_it_away(demo, dana):
    browser = Browser()
    browser.force_login(dana)
    line = browser.get("/").content.decode()
    assert 'First steps, 0 of 10 done. Next: <a href="/try/">fire a missed call and watch</a>' in line
    run = bare_run(demo, 1)
    browser.get(f"/runs/{run.pk}/")
    assert "First steps, 1 of 10 done." in browser.get("/").content.decode()

    assert browser.get("/try/first-steps/").status_code == 405
    assert browser.post("/try/first-steps/", {"do": "hide", "from": "inbox"})["Location"] == "/"
    assert "First steps," not in browser.get("/").content.decode()
    page = browser.get("/try/").content.decode()
    assert "First steps: 1 of 10 done." in page and "Put them away" not in page
    # Only their own: a colleague still sees the line.
    other = Browser()
    other.force_login(StaffFactory(username="lee"))
    assert "First steps, 0 of 10 done." in other.get("/").content.decode()

    assert browser.post("/try/first-steps/", {"do": "show"})["Location"] == "/try/"
    assert browser.get("/try/").content.decode().count("data-step=") == 10
