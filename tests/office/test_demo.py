"""The demo agency: loaded once for the module, with a short life; whatever a test changes is taken back after it."""

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, InternalError, connection, transaction
from django.db.models import F
from django.test import Client as Browser
from django.urls import reverse

from leads.models import Client, Contact, Event, Identity, Lead, Responder, Task
from messaging.models import Message, Suppression, Template
from messaging.quiet_hours import window_verdict
from portal.models import Member
from providers.models import Connection, Delivery
from summaries import actions as summarizing
from summaries.models import Proof, Report, Summary
from tests.factories import NOON, ClientFactory, StaffFactory
from tests.office.rows import make_event, make_task, make_text
from workflows import registry
from workflows.models import Incident, Receipt, Run
from zartsalgo.lib import clock, doorbell
from zartsalgo.lib.phone import is_fictional
from zartsalgo.lib.places import locate
from zartsalgo.office import queue
from zartsalgo.office.demo import load, reset
from zartsalgo.office.invariants import check_invariants

pytestmark = pytest.mark.django_db

DAYS = 6

SLUGS = ["bluebird-plumbing", "granite-supply", "harbor-movers", "summit-roofing"]


def rows_of_every_table():
    """How many rows each table of ours has."""
    with connection.cursor() as cursor:
        cursor.execute("select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'")
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f'select count(*) from "{table}"')
            found[table] = cursor.fetchone()[0]
    return found


@pytest.fixture(scope="module")
def agency(django_db_setup, django_db_blocker):
    """A client of the agency's own that has rows, and the demo beside it; both gone after the module."""
    heard = []
    bell, doorbell._bell.ring = doorbell._bell.ring, lambda *, task, id="": heard.append(task)
    with django_db_blocker.unblock():
        outer = transaction.atomic()
        outer.__enter__()
        try:
            clock.shift(by=NOON - clock.real_now())
            StaffFactory(username="olivia", first_name="Olivia", last_name="Reyes", is_superuser=True)
            StaffFactory(username="sam", first_name="Sam", last_name="Doyle", group="staff")
            own = ClientFactory(slug="own-client", name="Own Client", phone="+13035550111")
            contact = Contact.objects.create(client=own, name="Nora Vance", created_at=NOON)
            Identity.objects.create(client=own, contact=contact, kind="phone", value="+13035550112")
            make_text(contact=contact, cause_event=make_event(contact=contact))
            make_task(client=own, contact=contact)
            before = rows_of_every_table()
            began = datetime.now(UTC)
            loaded = load.load(days=DAYS)
            yield {"loaded": loaded, "own": own, "before": before, "heard": heard, "seconds": (datetime.now(UTC) - began).total_seconds()}
        finally:
            transaction.set_rollback(True)
            outer.__exit__(None, None, None)
            doorbell._bell.ring = bell


@pytest.fixture
def demo(agency):
    """The demo's clients by short name."""
    return {client.slug: client for client in Client.objects.filter(demo=True)}


# Who and what


def test_four_clients_of_four_trades_in_four_zones(agency, demo):
    assert sorted(demo) == SLUGS
    assert len({client.timezone for client in demo.values()}) == 4
    assert all(
        client.responders.count() == 2 and client.opening_hours.exists() and client.desk_holders.count() == 7 for client in demo.values()
    )
    assert not Connection.objects.filter(client__demo=True, live=True).exists()
    assert sorted(demo["harbor-movers"].connections.values_list("provider", flat=True)) == ["callrail", "form", "generic", "twilio"]
    assert Member.objects.filter(client__demo=True).count() == 4
    sends = dict(Client.objects.filter(demo=True, automations__workflow="missed-call-text-back").values_list("slug", "automations__send"))
    assert sends == {"summit-roofing": "auto", "bluebird-plumbing": "auto", "harbor-movers": "draft", "granite-supply": "draft"}


def test_none_of_its_numbers_can_be_dialled_and_no_address_is_anybodys(agency):
    """Every column of every row that is a demo client's, and what people wrote."""
    numbers, addresses = set(), set()
    with connection.cursor() as cursor:
        for table, count in rows_of_every_table().items():
            if count and table not in ("django_migrations", "auth_permission", "django_content_type"):
                cursor.execute(f'select t::text from "{table}" t')
                for (text,) in cursor.fetchall():
                    numbers |= set(re.findall(r"\+1\d{10}\b", text))
                    numbers |= {"+1" + "".join(found) for found in re.findall(r"\((\d{3})\) (\d{3})-(\d{4})", text)}
                    addresses |= set(re.findall(r"[\w.+-]+@([\w.-]+\w)", text))
    assert len(numbers) > 60
    assert [number for number in numbers if not is_fictional(number)] == []
    assert all(number[5:10] == "55501" for number in numbers)
    assert [host for host in addresses if host != "example.com" and not host.endswith(".example.com")] == []
    assert all(
        is_fictional(one) for one in [*Responder.objects.values_list("phone", flat=True), *Client.objects.values_list("phone", flat=True)]
    )


# What happened


def test_what_every_demo_has_to_show(agency, demo):
    summit, bluebird = demo["summit-roofing"], demo["bluebird-plumbing"]
    assert Delivery.objects.filter(connection__client=summit, copies=2).count() == 1
    assert Delivery.objects.filter(state="poison").count() == 1
    assert not Delivery.objects.filter(state="received").exists()
    assert Connection.objects.get(client=summit, provider="callrail").refused_signatures == 1
    assert "about an hour late" in Connection.objects.get(client=bluebird, provider="callrail").trouble
    assert Message.objects.filter(client=bluebird, reason="too-late").count() >= 3
    assert Message.objects.filter(reason="opted-out", status="skipped").count() == 3
    assert Message.objects.filter(status="failed", reason="not-delivered").exists()
    assert [text.client.slug for text in Message.objects.filter(status="unknown")] == ["granite-supply"]
    assert Suppression.objects.count() == 7
    assert Receipt.objects.filter(verdict="joined").exists()
    assert list(Template.objects.filter(client=summit).order_by("version").values_list("version", "status")) == [
        (1, "retired"),
        (2, "retired"),
        (3, "approved"),
    ]
    assert sorted(Report.objects.values_list("status", flat=True)) == ["draft", "published", "published"]
    assert Proof.objects.exists() and not Proof.objects.filter(text_sha256="").exists()
    assert {"message.received", "call.missed", "call.answered", "lead.created", "quote.requested", "outcome.reported"} <= set(
        Event.objects.values_list("type", flat=True)
    )
    assert {"booked", "done", "engaged", "wrong"} <= set(Lead.objects.values_list("stage", flat=True))


def test_the_incident_held_seven_and_let_five_go(agency):
    incident = Incident.objects.select_related("pause").get()
    assert incident.client.slug == "summit-roofing" and incident.status == "closed" and incident.opened_by == "Safety check"
    assert 37 * 60 <= (incident.pause.lifted_at - incident.pause.at).total_seconds() <= 39 * 60
    assert Counter(incident.items.values_list("judgement", flat=True)) == {"right": 5, "stale": 2}


def test_two_of_the_waiting_summaries_cannot_be_approved_as_they_stand(agency):
    waiting = list(Summary.objects.filter(status="draft").select_related("client", "lead__client", "lead__contact"))
    assert 4 <= len(waiting) <= 6
    blocked = {
        summary.client.slug: [one.code for one in summarizing.problems(summary=summary, text=summary.client_text) if one.blocks]
        for summary in waiting
        if "careless" in summary.model
    }
    assert sorted(blocked) == ["bluebird-plumbing", "summit-roofing"]
    assert all(blocked.values())


def test_the_inbox_opens_with_decisions_of_every_kind_and_one_is_late(agency):
    found = queue.read_queue(now=agency["loaded"].now, user=StaffFactory())
    late = [item for group in found.groups if group.late for item in group.items]
    assert [(item.word, item.client.slug) for item in late] == [("Call", "bluebird-plumbing")]
    assert 8 <= len(found.items) <= 13
    assert {item.kind for item in found.items} == {"task", "draft", "unknown", "summary", "delivery"}
    assert Task.objects.filter(status="open", created_at__lt=agency["loaded"].now - timedelta(hours=1), client__demo=True).count() == 0


# What holds


def test_every_invariant_holds(agency):
    assert [one for one in check_invariants(now=agency["loaded"].now) if one.broken] == []


def test_nobody_is_texted_after_they_said_stop_nor_in_the_night_nor_twice(agency):
    sent = list(Message.objects.filter(client__demo=True, sent_at__isnull=False).select_related("contact"))
    assert len(sent) > 15
    stops = dict(Suppression.objects.values_list("contact_id", "at"))
    assert [text for text in sent if text.contact_id in stops and text.sent_at > stops[text.contact_id]] == []
    places = [(text, locate(e164=text.to, state=text.contact.state, postal_code=text.contact.postal_code)) for text in sent]
    assert [text for text, place in places if not window_verdict(place=place, now=text.sent_at, purpose=text.purpose).allowed] == []
    last = {}
    for text in sorted(sent, key=lambda text: text.sent_at):
        key = (text.contact_id, text.purpose)
        assert key not in last or text.sent_at - last[key] >= timedelta(hours=12)
        last[key] = text.sent_at


def test_every_event_has_a_receipt_of_every_workflow_that_listens(agency):
    listening = {kind: {workflow.key for workflow in found} for kind, found in registry.listeners().items()}
    given = {}
    for event_id, workflow in Receipt.objects.values_list("event_id", "workflow"):
        given.setdefault(event_id, set()).add(workflow)
    events = Event.objects.filter(client__demo=True).values_list("pk", "type")
    assert [kind for pk, kind in events if given.get(pk, set()) != listening.get(kind, set())] == []


def test_nothing_carries_the_time_of_the_loading(agency):
    """Times that pages show are the story's own: what was received was read and sent then, not when the demo was loaded."""
    now = agency["loaded"].now
    assert not Delivery.objects.filter(finished_at__gt=F("received_at") + timedelta(minutes=1)).exists()
    assert not Run.objects.filter(client__demo=True, status="done", finished_at__gt=now).exists()
    assert Event.objects.filter(client__demo=True, recorded_at__gt=now).count() == 0
    assert Event.objects.filter(client__demo=True, occurred_at__lt=now - timedelta(days=DAYS - 2)).exists()
    assert abs(clock.read() - now) < timedelta(minutes=10)  # and the clock stands where it stood


def test_no_worker_was_told_and_nothing_was_sent_anywhere(agency):
    assert agency["heard"] == []
    assert not Message.objects.filter(client__demo=True, connection__isnull=False).exists()
    assert not Run.objects.filter(status__in=("parked", "failed", "ready")).exists()


# Loading and removing


def test_it_is_not_loaded_twice_nor_beside_a_live_connection(agency):
    with pytest.raises(load.CannotLoad, match="is here already"):
        load.load(days=DAYS)
    reset.remove()
    live = Connection.objects.create(client=agency["own"], provider="callrail", token_digest="x", sealed=b"", live=True, created_at=NOON)
    with pytest.raises(load.CannotLoad, match="Own Client has a live connection"):
        load.load(days=DAYS)
    live.delete()
    ClientFactory(slug="granite-supply", name="Granite of ours")
    with pytest.raises(load.CannotLoad, match="A client of your own"):
        load.load(days=DAYS)


def test_what_breaks_off_leaves_nothing(agency, monkeypatch):
    reset.remove()
    before, offset = rows_of_every_table(), clock.offset()
    monkeypatch.setattr(load, "plan", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        load.load(days=DAYS)
    assert rows_of_every_table() == before
    assert clock.offset() == offset
    assert not doorbell.is_answered_here()
    assert connection.features.uses_savepoints


def test_removing_takes_every_row_that_was_counted_and_no_other(agency):
    counted = reset.rows_of_demo()
    assert counted == agency["loaded"].counts and counted["events"] > 60
    removed = reset.remove()
    assert removed == counted
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")  # what still hung on a removed row would show here
    after = rows_of_every_table()
    left = {table: (agency["before"][table], rows) for table, rows in after.items() if rows != agency["before"][table]}
    assert set(left) <= {"workflows_breakerreading", "zartsalgo_clock"}
    assert list(Client.objects.values_list("slug", flat=True)) == ["own-client"]
    assert Message.objects.get().contact.name == "Nora Vance"
    assert reset.rows_of_demo() == {}


def test_the_web_role_may_remove_a_demo_client_only_by_that_function(agency, demo):
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("set local role zarts_app")
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute("delete from leads_event where client_id = %s", [demo["harbor-movers"].pk])
        with pytest.raises((InternalError, DatabaseError), match="no demo client"), transaction.atomic():
            cursor.execute("select * from zarts_remove_demo_client(%s, false)", [agency["own"].pk])
        cursor.execute("select place, amount from zarts_remove_demo_client(%s, false)", [demo["harbor-movers"].pk])
        removed = dict(cursor.fetchall())
    assert removed["leads_client"] == 1 and removed["leads_event"] > 5
    assert Event.objects.filter(client=agency["own"]).count() == 1
    # The triggers stand again afterwards.
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        Event.objects.filter(client=agency["own"]).delete()


def test_the_portals_role_cannot_call_it(agency, demo):
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        cursor.execute("set local role zarts_portal")
        cursor.execute("select * from public.zarts_remove_demo_client(%s, true)", [demo["harbor-movers"].pk])


def test_reset_asks_first_and_says_what_it_removed(agency, capsys):
    call_command("demo", "reset", "--json")
    asked = json.loads(capsys.readouterr().out)
    assert asked["would_remove"] == agency["loaded"].counts
    assert Client.objects.filter(demo=True).count() == 4

    call_command("demo", "reset", "--yes", "--json")
    assert json.loads(capsys.readouterr().out)["removed"] == asked["would_remove"]
    assert not Client.objects.filter(demo=True).exists()
    call_command("demo", "reset", "--yes", "--json")
    assert json.loads(capsys.readouterr().out) == {"removed": {}, "total": 0}


def test_load_refuses_a_life_that_is_none(agency):
    with pytest.raises(CommandError, match="--days"):
        call_command("demo", "load", "--days", "2")
    with pytest.raises(CommandError, match="is here already"):
        call_command("demo", "load", "--days", "6")


# The page


def signed_in(username, **more):
    browser = Browser()
    browser.force_login(StaffFactory(username=username, **more))
    return browser


def test_the_page_counts_and_only_an_owner_removes(agency):
    total = sum(agency["loaded"].counts.values())
    sid, olga = signed_in("sid", group="staff"), signed_in("olga", group="owner")
    assert b"Only an owner may reset the demo" in sid.get(reverse("office:demo")).content
    assert sid.post(reverse("office:demo"), {"act": "remove"}).status_code == 403
    page = olga.get(reverse("office:demo")).content.decode()
    assert f'data-count="{total}"' in page and "1 client of your own is not touched." in page

    answer = olga.post(reverse("office:demo"), {"act": "remove"}, follow=True).content.decode()
    assert f"The demo agency is removed: {total:,} rows." in answer
    assert "Load the demo agency" in answer
    assert not Client.objects.filter(demo=True).exists()


def test_the_page_loads_it_and_says_why_it_cannot(agency, monkeypatch):
    reset.remove()
    olga = signed_in("olga", group="owner")
    shown = []
    monkeypatch.setattr(load, "load", lambda **_: shown.append(1) or load.Loaded(counts={"events": 5}, now=NOON))
    page = olga.post(reverse("office:demo"), {"act": "load"}, follow=True)
    assert shown and page.redirect_chain[-1][0] == reverse("office:inbox")
    assert "The demo agency is loaded: 4 clients, 5 rows." in page.content.decode()
    live = Connection.objects.create(client=agency["own"], provider="callrail", token_digest="x", sealed=b"", live=True, created_at=NOON)
    assert "Own Client has a live connection" in olga.get(reverse("office:demo")).content.decode()
    live.delete()
