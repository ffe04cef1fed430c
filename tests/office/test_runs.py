"""Runs and receipts: the sentence on top, the story below, and lists that find what staff have in hand."""

import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse

from leads.models import Event, Identity
from messaging import due as messaging_due
from messaging import gate
from messaging.models import Message, Suppression
from tests.factories import NOON, ClientFactory, ContactFactory, ResponderFactory, StaffFactory
from workflows import due as workflows_due
from workflows import intake, registry
from workflows.models import Receipt, Run, Step
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id
from zartsalgo.office import strip

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = "+13035550123"


@pytest.fixture
def summit(noon):
    strip.forget()
    client = ClientFactory()
    ResponderFactory(client=client)
    return client


@pytest.fixture
def sam(client):
    client.force_login(StaffFactory(is_superuser=True))
    return client


def missed_call(client, *, phone=PHONE, name="Carla Gomez", key=""):
    """A missed call, taken in and worked off as far as it goes."""
    from providers.contract import ParsedEvent

    now = clock.read()
    item = ParsedEvent(
        type="call.missed",
        key=key or str(new_id()),
        occurred_at=now,
        facts={"source": "Google Ads"},
        personal={"phone": phone, "name": name},
    )
    with transaction.atomic():
        intake.record(client=client, source="callrail", item=item, received_at=now, delivery_id=None, now=now)
    for _ in range(3):
        workflows_due.work_off(now=clock.read())
        messaging_due.work_off(now=clock.read())
    return Run.objects.order_by("-created_at", "-pk").first()


def bare_run(client, n=0, **changes):
    """A run without a worker behind it."""
    workflow = registry.workflows()["missed-call-text-back"]
    contact = ContactFactory(client=client, name=f"Person {n}", phone=f"+1720555{100 + n:04d}")
    event = Event.objects.create(
        client=client,
        type="call.missed",
        source="callrail",
        key=str(new_id()),
        occurred_at=NOON,
        recorded_at=NOON,
        contact=contact,
        personal={},
    )
    values = {"cursor": "caller", "created_at": NOON - timedelta(minutes=n), "wake_at": NOON, "contact": contact, **changes}
    version = registry.live_version(workflow=workflow)
    run = Run.objects.create(client=client, workflow=workflow.key, version=version, cause=f"event:{event.pk}", event=event, **values)
    Step.objects.create(run=run, key="caller", kind="check", outcome="done", says="The caller's number can be texted.", epoch=1, at=NOON)
    Receipt.objects.create(
        client=client, event=event, workflow=workflow.key, verdict="started", reason="trigger", says="It started.", run=run, at=NOON
    )
    return run


def page(browser, name, *args, **query):
    answer = browser.get(reverse(f"office:{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_run_page_opens_with_the_sentence_and_tells_every_step(summit, sam):
    run = missed_call(summit)
    html = page(sam, "run", run.pk)
    assert (
        f"at 12:00 MST on Fri 20 Nov after all {len(gate.CHECKS)} checks passed; it was shown" in html
        and "<p data-answer>Missed-call text-back sent" in html
    )
    assert html.index("data-answer") < html.index("What it did")
    assert 'data-step="reply" data-step-status="waiting" aria-current="step"' in html
    assert 'data-step="end" data-step-status="pending"' in html
    assert 'data-step="by-hand" data-step-status="skipped"' in html and "Not needed" in html
    assert html.count('data-check-ok="yes"') == len(gate.CHECKS)
    assert "Within the hours for texts" in html and "within the hours for texts to Colorado" in html
    assert "None" not in html and PHONE not in html


def test_a_text_that_did_not_go_says_why_and_when(summit, sam):
    contact = ContactFactory(client=summit, phone=PHONE)
    Suppression.objects.create(client=summit, contact=contact, kind="phone", value=PHONE, rule="keyword", at=NOON - timedelta(days=1))
    html = page(sam, "run", missed_call(summit).pk)
    assert "No text went out: this person opted out at 12:00 MST on Thu 19 Nov" in html
    assert html.count('data-check-ok="no"') == 1 and f"1 of {len(gate.CHECKS)} checks not met" in html


def test_a_withheld_caller_ends_with_a_task_that_is_linked(summit, sam):
    html = page(sam, "run", missed_call(summit, phone="anonymous").pk)
    assert "No text went out: the caller withheld the number; a person takes it" in html
    assert "Next: Missed call at 12:00 on Fri 20 Nov, no text possible (promised by 12:15 MST" in html


def test_other_runs_of_the_person_within_the_hour_are_a_warning(summit, sam):
    first = bare_run(summit, 1)
    second = bare_run(summit, 2, contact=first.contact)
    bare_run(summit, 3, contact=first.contact, created_at=NOON - timedelta(hours=2))
    html = page(sam, "run", first.pk)
    assert "1 other run for this person within an hour" in html and str(second.pk) in html


def test_raw_facts_are_masked(summit, sam):
    run = missed_call(summit)
    raw = page(sam, "run", run.pk).split("Raw facts")[1].split("</pre>")[0]
    assert "Carla" not in raw and "3035550123" not in raw and "•••0123" in raw


def test_a_parked_run_tries_again_by_post_only(summit, sam, rings):
    run = bare_run(summit, status="parked", says="A step broke 5 times (KeyError); a person must look.", claims=6)
    html = page(sam, "run", run.pk)
    assert "stands still at “Can this caller be texted?”" in html and "Steps that are done are not repeated." in html
    assert sam.get(reverse("office:run_again", args=[run.pk])).status_code == 405
    rings.clear()
    answer = sam.post(reverse("office:run_again", args=[run.pk]), follow=True)
    assert "It goes on at the step where it stood." in answer.content.decode()
    run.refresh_from_db()
    assert (run.status, run.claims) == ("ready", 0)
    assert rings == [("workflows.advance", str(run.pk))]
    again = sam.post(reverse("office:run_again", args=[run.pk]), follow=True).content.decode()
    assert "Nothing was changed: it does not stand still any more." in again


def test_a_post_without_the_token_of_the_form_is_refused(summit):
    from django.test import Client as Browser

    strict = Browser(enforce_csrf_checks=True)
    strict.force_login(StaffFactory())
    run = bare_run(summit, status="parked")
    assert strict.post(reverse("office:run_again", args=[run.pk])).status_code == 403
    run.refresh_from_db()
    assert run.status == "parked"


def test_saved_views_hold_what_they_say(summit, sam):
    ready, waiting = bare_run(summit, 1), bare_run(summit, 2, status="waiting")
    parked, failed = bare_run(summit, 3, status="parked"), bare_run(summit, 4, status="failed", finished_at=NOON)
    done, cancelled = bare_run(summit, 5, status="done", finished_at=NOON), bare_run(summit, 6, status="cancelled", finished_at=NOON)

    def listed(view):
        html = page(sam, "runs", view=view)
        return {run for run in (ready, waiting, parked, failed, done, cancelled) if str(run.pk) in html}

    assert listed("all") == {ready, waiting, parked, failed, done, cancelled}
    assert listed("needs") == {parked, failed}
    assert listed("waiting") == {ready, waiting}
    assert listed("done") == {done, cancelled}


@pytest.mark.parametrize("spelling", ["+1 720 555 0101", "(720) 555-0101", "720.555.0101", "7205550101"])
def test_a_number_in_any_spelling_finds_its_runs(summit, sam, spelling):
    wanted, other = bare_run(summit, 1), bare_run(summit, 2)
    html = page(sam, "runs", q=spelling)
    assert str(wanted.pk) in html and str(other.pk) not in html


def test_ids_find_their_run_and_nonsense_finds_nothing(summit, sam):
    run, other = missed_call(summit, key="CAL0001"), bare_run(summit, 2)
    message = Message.objects.get(run_id=run.pk)
    for query in (str(run.pk), str(run.event_id), str(message.pk), message.provider_id, "CAL0001", str(run.lead_id)):
        html = page(sam, "runs", q=query)
        assert str(run.pk) in html and str(other.pk) not in html, query
    for nonsense in ("zzz", "+13035550199", str(new_id()), "'; drop table", "0", "\x00"):
        if nonsense.strip("\x00"):
            assert "Nothing was found." in page(sam, "runs", q=nonsense), nonsense


def test_receipts_are_filtered_by_verdict_and_say_why(summit, sam):
    missed_call(summit)
    missed_call(summit)
    html = page(sam, "receipts", verdict="joined")
    assert "did not start again: the same person started it less than a minute before (decided at 12:00 MST on Fri 20 Nov)." in html
    assert html.count("data-item") == 1
    # AI summary is not switched on for this client, and says so for either call.
    assert page(sam, "receipts").count("data-item") == 4
    assert page(sam, "receipts", verdict="refused").count("data-item") == 2
    assert page(sam, "receipts", q="(303) 555-0123").count("data-item") == 4
    assert page(sam, "receipts", q="nobody").count("data-item") == 0


def test_the_lists_go_on_by_key_without_gap_or_repeat(summit, sam):
    runs = [bare_run(summit, n) for n in range(60)]
    first = page(sam, "runs")
    assert first.count("data-item") == 50
    older = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = sam.get(reverse("office:runs") + older).content.decode()
    assert second.count("data-item") == 10
    assert all((str(run.pk) in first) != (str(run.pk) in second) for run in runs)


@pytest.mark.parametrize("name", ["runs", "receipts"])
def test_five_or_fifty_rows_cost_the_same(summit, sam, name, django_assert_num_queries, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for n in range(5):
        bare_run(summit, n)
    page(sam, name)
    with CaptureQueriesContext(connection) as few:
        page(sam, name)
    for n in range(5, 50):
        bare_run(summit, n)
    with django_assert_num_queries(len(few)):
        page(sam, name)
    with django_assert_max_num_queries(12):
        page(sam, name)


def test_a_run_page_costs_at_most_fifteen_statements(summit, sam, django_assert_max_num_queries):
    run = missed_call(summit)
    page(sam, "run", run.pk)
    with django_assert_max_num_queries(16):
        page(sam, "run", run.pk)


def test_only_staff_see_it(client, summit):
    run = bare_run(summit)
    for name, args in (("runs", ()), ("run", (run.pk,)), ("receipts", ())):
        answer = client.get(reverse(f"office:{name}", args=args))
        assert answer.status_code == 302 and "login" in answer["Location"]
    assert client.post(reverse("office:run_again", args=[run.pk])).status_code == 302


def test_what_people_typed_is_shown_as_text(summit, sam):
    run = missed_call(summit, name="<script>alert(1)</script>")
    assert "<script>alert" not in page(sam, "run", run.pk)
    assert json.dumps(PHONE) not in page(sam, "runs")
    assert Identity.objects.filter(value=PHONE).exists()
