"""Who stands at the door of a hook: forgers are counted and turned away, floods are put aside, and an address or secret can be replaced."""

import itertools
import json
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace
from urllib.parse import urlencode, urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from leads.models import Event, Lead, Task
from messaging.models import Notice, Pause
from providers import asides, limits
from providers.connections import CannotConnect, connect, rotate, rotate_address
from providers.models import Aside, Connection, Delivery, Refusal
from tests.factories import NOON, ClientFactory, ResponderFactory
from tests.providers import payloads
from workflows import due, intake, watching
from workflows.models import Incident
from zartsalgo.lib import clock
from zartsalgo.office.operations import causes
from zartsalgo.office.operations.verdict import Known

pytestmark = pytest.mark.django_db
STRANGER, PROVIDER = "198.51.100.7", "203.0.113.9"
HOUR = timedelta(hours=1)
VISITORS = itertools.count()


@pytest.fixture(autouse=True)
def fresh_buckets(monkeypatch):
    """No bucket remembers another test, and none fills up because the machine is slow."""
    limits.LIMITS.forget()
    monkeypatch.setattr("providers.views.time", SimpleNamespace(monotonic=lambda: 1_000.0))


@pytest.fixture
def summit(noon):
    client = ClientFactory()
    ResponderFactory(client=client)
    return client


@pytest.fixture
def callrail(summit):
    return connect(client=summit, provider="callrail", secret=payloads.SECRET, now=NOON)


@pytest.fixture
def form(summit):
    return connect(client=summit, provider="form", secret="", now=NOON)


def call(browser, hook, *, right=True, address=PROVIDER, key=payloads.SECRET, **changes):
    body = payloads.as_json(payloads.callrail_call(**changes))
    headers = {"Signature": payloads.b64(key.encode(), body, "sha1") if right else "AAAA"}
    return browser.post(urlsplit(hook).path, body, content_type="application/json", headers=headers, REMOTE_ADDR=address)


def fill(browser, hook, *, address=STRANGER, **fields):
    visitor = next(VISITORS) % 100
    given = {"name": f"Visitor {visitor}", "phone": f"(303) 555-01{visitor:02}", "message": "The roof leaks.", **fields}
    kind = "application/x-www-form-urlencoded"
    return browser.post(urlsplit(hook).path, urlencode(given), content_type=kind, REMOTE_ADDR=address).status_code


def work_off_all():
    """What waits its turn as well."""
    Delivery.objects.filter(state="received").update(next_at=NOON - timedelta(days=400))
    due.work_off(now=clock.read())


def states():
    return sorted(Delivery.objects.values_list("state", flat=True))


# Wrong signatures


def test_thirty_forged_posts_pause_nothing_and_their_sender_is_turned_away(client, callrail, monkeypatch):
    way, hook = callrail
    answers = [call(client, hook, right=False, address=STRANGER).status_code for _ in range(30)]
    assert answers == [401] * 10 + [429] * 20
    refusal = Refusal.objects.get()
    assert (refusal.connection, refusal.times) == (way, 30) and STRANGER not in refusal.sender
    way.refresh_from_db()
    assert way.refused_signatures == 30 and not Delivery.objects.exists()
    watching.watch(now=clock.read())
    assert not Incident.objects.exists() and not Pause.objects.exists()
    assert call(client, hook, id=77).status_code == 200  # the provider is served as usual
    assert call(client, hook, right=False, address="198.51.100.8").status_code == 401


def test_behind_a_strangers_address_the_true_provider_is_served_although_it_never_sent_before(client, callrail):
    """As behind a proxy that we were not told of, and in a web process that has not seen the provider yet."""
    _, hook = callrail
    for _ in range(30):
        call(client, hook, right=False, address=STRANGER)
    assert call(client, hook, id=78, address=STRANGER).status_code == 200
    answer = call(client, hook, right=False, address=STRANGER)
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert Refusal.objects.get().times == 31 and Delivery.objects.count() == 1


def test_a_long_body_of_who_is_turned_away_costs_no_signature(client, callrail, monkeypatch):
    _, hook = callrail
    for _ in range(10):
        call(client, hook, right=False, address=STRANGER)
    monkeypatch.setattr("providers.adapters.callrail.CallRailAdapter.verify", lambda *a, **k: pytest.fail("a signature was computed"))
    answer = call(client, hook, right=False, address=STRANGER, note="x" * limits.SHORT_BODY)
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")


def test_a_storm_of_them_is_an_alert_that_ends_by_itself(client, callrail):
    way, hook = callrail
    look = causes.Look(found={}, known=Known(holds=True, findings=[], says="", age_seconds=1.0))
    for n in range(19):
        call(client, hook, right=False, address=f"198.51.100.{n % 2}")
    assert causes._forged(look) == []
    call(client, hook, right=False, address=STRANGER)
    (trouble,) = causes._forged(look)
    assert trouble.title == "Many requests with a wrong signature: CallRail for Summit Roofing"
    assert "20 came from 3 addresses and were refused. Nothing was stored and nothing is paused." in trouble.says
    real = clock.real_now()
    Refusal.objects.update(last_at=real - timedelta(minutes=61))
    assert causes._forged(look) == []
    call(client, hook, right=False, address=STRANGER)
    assert Refusal.objects.get(sender=limits.sender_of(address=STRANGER)).times == 1
    Refusal.objects.update(last_at=real - timedelta(hours=25))
    watching.watch(now=clock.read())
    assert not Refusal.objects.exists()


# Floods


def test_a_flood_of_forms_is_put_aside_and_pauses_nothing(client, form, summit, monkeypatch):
    way, hook = form
    began = clock.real_now()
    with CaptureQueriesContext(database) as one:
        assert fill(client, hook) == 200
    assert {fill(client, hook) for _ in range(58)} == {200}
    with CaptureQueriesContext(database) as aside:
        assert fill(client, hook) == 200
    assert len(aside) == len(one) == 2  # the hook, and the insert
    assert states() == ["aside"] * 40 + ["received"] * 20
    assert set(Aside.objects.values_list("reason", "decision")) == {("flood", "")}
    other = connect(client=ClientFactory(slug="harbor-movers", phone="+13035550110"), provider="form", secret="", now=NOON)[1]
    assert fill(client, other) == 200  # the stranger himself, elsewhere
    assert fill(client, hook, address=PROVIDER) == 200  # another visitor, here
    assert states().count("received") == 22
    turns = Delivery.objects.filter(connection=way, state="received").order_by("received_at").values_list("next_at", flat=True)
    assert turns[2] < began + timedelta(seconds=3) < turns[19]  # the first at once, the twentieth in its turn
    work_off_all()
    assert states() == ["aside"] * 40 + ["done"] * 22 and Lead.objects.count() == 22
    watching.watch(now=clock.read())
    assert not Incident.objects.exists()


def test_signed_hooks_are_not_put_aside(client, callrail):
    _, hook = callrail
    assert {call(client, hook, id=n).status_code for n in range(100, 190)} == {200}
    assert states() == ["received"] * 90


def test_a_surge_counts_no_hook_whose_flood_is_put_aside(client, form, summit, monkeypatch):
    from workflows import breakers

    _, hook = form
    monkeypatch.setattr(breakers.Limits, "leads_per_burst", 10)
    for _ in range(20):
        fill(client, hook)
    work_off_all()
    fill(client, hook)
    assert states().count("aside") == 1
    watching.watch(now=clock.read())
    assert not Incident.objects.exists()
    # Without that one it is a surge like any other.
    Aside.objects.all().delete()
    watching.watch(now=clock.read())
    assert Incident.objects.get().breaker == "surge"


def test_released_ones_are_read_one_after_the_other_and_discarded_ones_never(client, form):
    way, hook = form
    for _ in range(26):
        fill(client, hook)
    assert states().count("aside") == 6
    late = list(asides.waiting(connection_id=way.pk, reason="flood"))
    seen = asides.waiting(connection_id=way.pk, reason="flood", until=late[3].pk)
    assert [row.pk for row in seen] == [row.pk for row in late[:4]]
    ids = [row.pk for row in seen]
    assert asides.release(ids=ids[:3], by="sam", now=clock.read()) == 3
    assert asides.release(ids=ids[:3], by="pat", now=clock.read()) == 0
    assert asides.discard(ids=ids, by="pat", now=clock.read()) == 1
    whens = list(Delivery.objects.filter(pk__in=ids[:3]).order_by("pk").values_list("next_at", flat=True))
    assert [round((after - before).total_seconds(), 2) for before, after in zip(whens, whens[1:], strict=False)] == [
        limits.APART_SECONDS
    ] * 2
    work_off_all()
    assert Lead.objects.count() == 23 and states().count("aside") == 2
    gone = Delivery.objects.select_related("aside").get(pk=ids[3])
    assert (gone.state, gone.note) == ("ignored", "Not a lead, said pat. Nothing was done with it.")
    assert (gone.aside.decision, gone.aside.decided_by) == ("not-a-lead", "pat")


# The hidden field


def test_a_filled_honeypot_is_no_lead_before_a_person_says_so(client, form):
    _, hook = form
    assert fill(client, hook, _gotcha="http://spam.example.com") == 200
    due.work_off(now=clock.read())
    row = Delivery.objects.select_related("aside").get()
    assert (row.state, row.aside.reason) == ("aside", "trap")
    assert not any(model.objects.exists() for model in (Event, Lead, Task, Notice))
    asides.release(ids=[row.pk], by="sam", now=clock.read())
    Delivery.objects.update(next_at=NOON - timedelta(days=400))
    due.work_off(now=clock.read())
    row.refresh_from_db()
    assert row.state == "done" and Lead.objects.count() == 1


def test_what_was_released_from_a_flood_may_still_be_a_trap(client, form):
    way, hook = form
    for _ in range(20):
        fill(client, hook)
    fill(client, hook, _gotcha="x")
    (row,) = asides.waiting(connection_id=way.pk, reason="flood")
    asides.release(ids=[row.pk], by="sam", now=clock.read())
    Delivery.objects.filter(state="received").update(next_at=NOON - timedelta(days=400))
    intake.drain(now=clock.read())
    assert list(asides.waiting(connection_id=way.pk, reason="trap")) == [row]


# Addresses and secrets that were replaced


def test_an_old_address_ends_at_its_time(client, callrail):
    way, old = callrail
    new = rotate_address(connection=way, overlap=HOUR, now=clock.real_now())
    assert new != old
    assert [call(client, hook, id=n).status_code for n, hook in enumerate((old, new))] == [200, 200]
    Connection.objects.update(old_token_until=clock.real_now() - timedelta(seconds=1))
    assert [call(client, hook, id=n + 5).status_code for n, hook in enumerate((old, new))] == [404, 200]
    newest = rotate_address(connection=way, overlap=timedelta(0), now=clock.real_now())
    assert [call(client, hook, id=n + 9).status_code for n, hook in enumerate((old, new, newest))] == [404, 404, 200]


def test_an_old_secret_ends_at_its_time(client, callrail):
    way, hook = callrail
    rotate(connection=way, secret="the-next-secret", overlap=HOUR, now=clock.real_now())
    assert call(client, hook, id=1).status_code == 200
    assert call(client, hook, id=2, key="the-next-secret").status_code == 200
    Connection.objects.update(old_secret_until=clock.real_now() - timedelta(seconds=1))
    assert call(client, hook, id=3).status_code == 401
    assert call(client, hook, id=4, key="the-next-secret").status_code == 200
    rotate(connection=way, secret="the-last-secret", overlap=timedelta(0), now=clock.real_now())
    assert call(client, hook, id=5, key="the-next-secret").status_code == 401


def test_what_cannot_be_rotated_says_why(callrail, form):
    with pytest.raises(CannotConnect, match="between 0 and 168 hours"):
        rotate_address(connection=callrail[0], overlap=timedelta(hours=169), now=NOON)
    with pytest.raises(CannotConnect, match="has no secret"):
        rotate(connection=form[0], secret="x", overlap=HOUR, now=NOON)


def say(*arguments, **options):
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def test_the_command_gives_a_new_address_or_secret(client, callrail, monkeypatch):
    way, old = callrail
    made = json.loads(say("connection", "rotate", str(way.pk), "--address", "--overlap", "2", "--json"))
    assert call(client, made["hook_url"], id=1).status_code == call(client, old, id=2).status_code == 200
    way.refresh_from_db()
    assert timedelta(hours=1.9) < way.old_token_until - clock.real_now() <= 2 * HOUR
    assert made["old_until"] == way.old_token_until.isoformat(timespec="seconds")
    monkeypatch.setenv("CONNECT_SECRET", "the-next-secret")
    assert json.loads(say("connection", "rotate", str(way.pk), "--overlap", "0", "--json"))["old_until"] is None
    assert call(client, made["hook_url"], id=3).status_code == 401
    for wrong in ("-1", "nan", "1e9", "1000"):
        with pytest.raises(CommandError):
            say("connection", "rotate", str(way.pk), "--address", "--overlap", wrong)
