"""Going live: a connection that reaches real people sends nothing before its list is green and signed, and says what it would have sent."""

from datetime import timedelta

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client as Browser
from django.urls import reverse

from leads.models import Automation, Responder
from messaging.inbound import suppress
from messaging.models import Attempt, Message, Suppression
from messaging.outbox import sending
from providers import going_live, registration
from providers.connections import connect
from providers.models import Connection, GoLive
from tests.factories import NOON, ClientFactory, ContactFactory, ResponderFactory, StaffFactory
from tests.messaging.test_sending import provider, text  # noqa: F401  a fake adapter that counts
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db

CARLA = "+13035550123"
REAL = "+13032345678"  # what is off this machine takes no fiction number; nothing is ever sent to it here


@pytest.fixture
def summit(noon):
    return ClientFactory()


@pytest.fixture
def line(summit):
    """Twilio's own host: its texts would leave this machine."""
    made = connect(client=summit, provider="twilio", secret="s", account="AC1", live=True, now=NOON - timedelta(hours=1))[0]
    registration.register(connection=made, sender=summit.phone, by="Olga", now=NOON)
    return made


@pytest.fixture
def olga(summit):
    browser = Browser()
    browser.force_login(StaffFactory(username="olga", first_name="Olga", group="owner"))
    return browser


@pytest.fixture
def unmoved(monkeypatch):
    """A live connection refuses to send under a moved clock, which is what tests have."""
    monkeypatch.setattr(clock, "offset", lambda: timedelta(0))


def write(client, *, to=REAL):
    message = text(client, to=to)
    sending.send(message_id=message.pk, now=clock.read())
    message.refresh_from_db()
    return message


def post(browser, name, connection, **fields):
    return browser.post(reverse(f"office:{name}", args=[connection.pk]), fields, follow=True).content.decode()


def page(browser, name, connection, **query):
    return browser.get(reverse(f"office:{name}", args=[connection.pk]), query).content.decode()


def settle_all(browser, summit, line):
    ResponderFactory(client=summit)
    Responder.objects.update(tested_at=NOON)
    post(browser, "going_live_settle", line, act="owner", owner="Rita", rollback="Stop sending, call Olga.")
    post(browser, "going_live_settle", line, act="opt-outs", opt_outs="none")
    post(browser, "shadow_read", line, seen=Message.objects.count())


def test_in_shadow_texts_are_judged_and_dropped_and_the_provider_is_never_called(summit, line, provider, unmoved):  # noqa: F811
    goes = write(summit)
    assert (goes.status, goes.reason) == ("skipped", "not-live")
    assert goes.says == "Not live yet: the list for going live is not signed, so nothing leaves. It would have been sent."
    stopped = ContactFactory(client=summit, phone="+13032345679")
    suppress(contact=stopped, client=summit, value="+13032345679", rule="keyword", event=None, now=NOON)
    refused = write(summit, to="+13032345679")
    assert (refused.status, refused.reason) == ("skipped", "opted-out")
    Automation.objects.update(send="draft")
    waits = write(summit, to="+13032345670")
    assert (waits.status, waits.reason) == ("skipped", "not-live-waits") and "a person approves each one" in waits.says
    assert provider.calls == [] and Attempt.objects.count() == 0


def test_the_report_counts_and_shows_each_group_and_reading_it_is_kept_by_name(summit, line, provider, unmoved, olga):  # noqa: F811
    assert "No text has been written yet." in page(olga, "shadow", line)
    assert "The report is empty" in post(olga, "shadow_read", line, seen="0")
    body = write(summit).body
    shown = page(olga, "shadow", line, would="sent")
    assert body in shown and "Would have been sent (1)" in shown and "I have read this text" in shown
    assert body not in page(olga, "shadow", line, would="refused")
    write(summit, to="+13032345679")
    assert "More texts have come in" in post(olga, "shadow_read", line, seen="1") and not GoLive.objects.exists()
    post(olga, "shadow_read", line, seen="2")
    found = GoLive.objects.get()
    assert (found.read_by, found.read_counts) == ("Olga", {"sent": 2, "held": 0, "refused": 0})


def test_every_step_is_needed_and_the_signature_lets_the_next_text_go_and_no_dropped_one(summit, line, provider, unmoved, olga):  # noqa: F811
    early = write(summit)
    said = post(olga, "going_live_settle", line, act="sign")
    assert "Not signed. Still missing" in said and Connection.objects.get(pk=line.pk).live_since is None
    settle_all(olga, summit, line)
    for field, value in (("owner", ""), ("opt_outs_at", None), ("read_at", None)):
        kept = GoLive.objects.values(field).get()[field]
        GoLive.objects.update(**{field: value})
        assert "Not signed." in post(olga, "going_live_settle", line, act="sign")
        GoLive.objects.update(**{field: kept})
    Responder.objects.update(tested_at=None)
    assert "Not signed. Still missing: The people who call back" in post(olga, "going_live_settle", line, act="sign")
    Responder.objects.update(tested_at=NOON)
    asked = page(olga, "going_live", line, sign=1)
    assert "These workflows then text on their own: Missed-call text-back." in asked and 'data-count="5"' in asked
    assert Connection.objects.get(pk=line.pk).live_since is None
    assert "is live. Texts go to real people from now on." in post(olga, "going_live_settle", line, act="sign")
    found = GoLive.objects.get()
    assert (found.signed_by, [step["done"] for step in found.signed_list]) == ("Olga", [True] * 5)

    sending.send(message_id=early.pk, now=clock.read())
    assert provider.calls == []
    late = write(summit, to="+13032345679")
    assert late.status == "sent" and [to for to, _ in provider.calls] == ["+13032345679"]


def test_taken_back_it_is_in_shadow_at_once_and_a_new_list_begins(summit, line, provider, unmoved, olga):  # noqa: F811
    write(summit)
    settle_all(olga, summit, line)
    post(olga, "going_live_settle", line, act="sign")
    assert "Say why" in post(olga, "going_live_settle", line, act="back", reason=" ")
    assert "back in shadow" in post(olga, "going_live_settle", line, act="back", reason="Wrong name in the text")
    assert write(summit, to="+13032345679").reason == "not-live" and provider.calls == []
    shown = page(olga, "going_live", line)
    assert "2 of 5 steps are done" in shown and "taken back by Olga" in shown and "Wrong name in the text" in shown
    assert page(olga, "shadow", line).count("data-item") == 1


def test_only_who_connects_settles_and_looking_writes_nothing(summit, line, olga):
    pat = Browser()
    pat.force_login(StaffFactory(username="pat", group="staff"))
    for act in ("owner", "sender", "opt-outs", "sign", "back"):
        assert pat.post(reverse("office:going_live_settle", args=[line.pk]), {"act": act}).status_code == 403
    assert pat.post(reverse("office:shadow_read", args=[line.pk]), {"seen": "0"}).status_code == 403
    for browser in (pat, olga):
        assert browser.get(reverse("office:going_live", args=[line.pk])).status_code == 200
        assert browser.get(reverse("office:shadow", args=[line.pk])).status_code == 200
    assert olga.get(reverse("office:going_live_settle", args=[line.pk])).status_code == 405
    assert not GoLive.objects.exists()


def test_imported_needs_an_import_and_an_unknown_step_changes_nothing(summit, line, olga):
    assert "No imported opt-out is here yet." in post(olga, "going_live_settle", line, act="opt-outs", opt_outs="imported")
    assert "Say whether the old opt-outs" in post(olga, "going_live_settle", line, act="opt-outs", opt_outs="maybe")
    assert "There is no such step." in post(olga, "going_live_settle", line, act="nonsense")
    assert not GoLive.objects.exclude(opt_outs="").exists()
    Suppression.objects.create(client=summit, kind="phone", value=REAL, origin="import", rule="import", at=NOON)
    assert "1 were imported" in post(olga, "going_live_settle", line, act="opt-outs", opt_outs="imported")


def test_nothing_is_asked_over_loopback_or_of_a_simulated_line(summit, olga):
    near = connect(client=summit, provider="twilio", secret="s", account="AC1", base_url="http://127.0.0.1:9", live=True, now=NOON)[0]
    simulated = connect(client=summit, provider="twilio", secret="s", now=NOON)[0]
    for connection in (near, simulated):
        assert not going_live.in_shadow(connection=connection)
        assert olga.get(reverse("office:going_live", args=[connection.pk])).status_code == 404


def test_texts_on_their_own_wait_for_the_signature(summit, line, olga):
    Automation.objects.update(send="draft")
    row = Automation.objects.get(client=summit, workflow="missed-call-text-back")
    act = {"action": "send_alone", ACTION_CHECKBOX_NAME: [row.pk], "confirmed": "yes"}
    said = olga.post(reverse("admin:leads_automation_changelist"), act, follow=True).content.decode()
    row.refresh_from_db()
    assert row.send == "draft" and "Summit Roofing first has to go live" in said
    Connection.objects.update(live_since=NOON)
    olga.post(reverse("admin:leads_automation_changelist"), act)
    row.refresh_from_db()
    assert row.send == "auto"


def test_the_database_keeps_the_signature(summit, line):
    GoLive.objects.create(connection=line, began_at=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        GoLive.objects.update(signed_at=NOON, signed_by="Olga")
    whole = {
        "owner": "Rita",
        "rollback": "Stop",
        "opt_outs": "none",
        "opt_outs_by": "Olga",
        "opt_outs_at": NOON,
        "read_by": "Olga",
        "read_at": NOON,
    }
    GoLive.objects.update(**whole, signed_at=NOON, signed_by="Olga")
    for change in ({"signed_by": "Sam"}, {"owner": "Sam"}, {"signed_at": None, "signed_by": ""}):
        with pytest.raises(DatabaseError), transaction.atomic():
            GoLive.objects.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        GoLive.objects.update(taken_back_at=NOON)
    GoLive.objects.update(taken_back_at=NOON, taken_back_by="Olga", taken_back_reason="Wrong words")
    with pytest.raises(DatabaseError), transaction.atomic():
        GoLive.objects.update(taken_back_at=None)
    with pytest.raises(DatabaseError), transaction.atomic():
        GoLive.objects.all().delete()


def test_the_list_costs_the_same_with_five_and_fifty_texts(summit, line, olga, django_assert_max_num_queries):
    for amount in (5, 45):
        for n in range(amount):
            contact = ContactFactory(client=summit, phone=f"+1303234{amount}{n:02d}")
            text(summit, to=contact.identities.get(kind="phone").value, status="skipped", reason="not-live")
        with django_assert_max_num_queries(15):
            page(olga, "shadow", line)
