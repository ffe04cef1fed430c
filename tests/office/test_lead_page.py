"""The lead page tells everything about one person, oldest to newest, with holds and skips as loud as sends; the list finds people."""

from datetime import timedelta

import pytest
from django.utils.html import escape

from leads.models import Consent, Event, Note
from messaging.models import Handover, Suppression
from messaging.outbox import sending
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory
from tests.office.reading import text_of
from tests.office.rows import make_event, make_run, make_task, make_text, sign_in
from workflows.models import Receipt, Run, Step
from zartsalgo.lib.ids import new_id
from zartsalgo.office import timeline

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("well")]


@pytest.fixture
def summit(noon):
    return ClientFactory()


@pytest.fixture
def lead(summit):
    contact = ContactFactory(client=summit, phone="+13035550123")
    return LeadFactory(client=summit, contact=contact, response_due_at=NOON + timedelta(minutes=15), next_action="Call back")


@pytest.fixture
def sam():
    return sign_in("sam")


def minutes(n):
    return NOON + timedelta(minutes=n)


def everything(lead, user):
    """One of each kind, a minute apart."""
    contact = lead.contact
    call = make_event(contact=contact, lead=lead, type="call.missed", at=minutes(0), facts={"kind": "no-answer", "source": "Google Ads"})
    run = make_run(contact=contact, lead=lead, event=call, now=minutes(1), status=Run.Status.WAITING, says="Waiting for a reply.")
    Step.objects.create(
        run=run, key="caller", kind="check", outcome="done", says="The caller's number can be texted.", epoch=1, at=minutes(1)
    )
    Handover.objects.create(
        id=new_id(),
        client=lead.client,
        lead=lead,
        run_id=run.pk,
        step_key="hand-over",
        to_name="Rita",
        body="x",
        created_at=minutes(2),
        link_expires_at=minutes(99),
    )
    make_task(client=lead.client, lead=lead, now=minutes(3), cause=f"missed-call-text-back:{run.pk}:timer")
    make_text(
        contact=contact,
        lead=lead,
        now=minutes(4),
        run_id=run.pk,
        step_key="text",
        reason="quiet-hours",
        says="It is 21:14 there; texts stop at 21:00.",
    )
    again = make_event(contact=contact, lead=lead, type="call.missed", at=minutes(5))
    Receipt.objects.create(
        id=new_id(),
        client=lead.client,
        event=again,
        workflow="missed-call-text-back",
        verdict="joined",
        reason="same-person-in-window",
        says="Missed-call text-back did not start again: the same person started it 5 minutes before.",
        run=run,
        at=minutes(6),
    )
    make_event(contact=contact, lead=lead, at=minutes(7), facts={"reading": {"kind": "other"}})
    Note.objects.create(lead=lead, author=user, text="Prefers mornings.", created_at=minutes(8))
    return run


def test_the_story_runs_from_oldest_to_newest_and_leaves_nothing_out(lead, sam):
    run = everything(lead, sam.staff)
    story = timeline.read_story(lead=lead)
    assert [entry.title for entry in story.entries] == [
        "Missed call",
        "Missed-call text-back",
        "Handed over to Rita",
        "Call back Carla Gomez",
        "Text by a workflow",
        "Missed call",
        "Missed-call text-back",
        "Text from the customer",
        "Note by sam",
    ]
    page = sam.get(f"/leads/{lead.pk}/")
    said = text_of(page)
    assert "It is 21:14 there; texts stop at 21:00." in said
    assert "did not start again" in said
    assert "1 step taken" in said
    assert "The caller&#x27;s number can be texted." in page.content.decode()
    assert page.content.decode().count(f'href="/runs/{run.pk}/"') >= 4


def test_every_text_and_every_text_that_did_not_go_links_to_its_run(lead, sam):
    everything(lead, sam.staff)
    for entry in timeline.read_story(lead=lead).entries:
        if entry.icon in ("message", "receipts", "runs") and entry.title != "Text from the customer":
            assert entry.run_url.startswith("/runs/")


def test_the_facts_stand_beside_the_story(lead, sam):
    event = make_event(contact=lead.contact, lead=lead)
    Consent.objects.create(
        client=lead.client,
        contact=lead.contact,
        purpose="marketing",
        channel="sms",
        wording="Yes, text me offers.",
        source="summit.example/form",
        event=event,
        granted_at=NOON,
    )
    Suppression.objects.create(client=lead.client, contact=lead.contact, kind="phone", value="+13035550123", rule="stop", at=NOON)
    said = text_of(sam.get(f"/leads/{lead.pk}/"))
    for fact in (
        "(303) 555-0123",
        "Google Ads",
        "Call back",
        "Yes, text me offers.",
        "Asked us to stop (",
        "America/Denver",
        "A person answers by",
    ):
        assert fact in said
    assert "None" not in said.replace("None on record", "").replace("None noted", "")


def test_an_opt_out_by_the_same_number_under_another_name_shows_too(lead, sam):
    Suppression.objects.create(client=None, contact=None, kind="phone", value="+13035550123", rule="agency list", at=NOON)
    assert "Asked us to stop (" in text_of(sam.get(f"/leads/{lead.pk}/"))


def test_first_a_hundred_then_earlier_without_gap_or_repeat_even_at_one_moment(lead, sam, django_assert_max_num_queries):
    Event.objects.bulk_create(
        Event(
            id=new_id(),
            client=lead.client,
            type="call.answered",
            source="callrail",
            key=str(n),
            occurred_at=NOON,
            recorded_at=NOON,
            contact=lead.contact,
            lead=lead,
            facts={},
            personal={},
        )
        for n in range(250)
    )
    for _ in range(5):
        make_text(contact=lead.contact, lead=lead)
    pages, before = [], ""
    while True:
        story = timeline.read_story(lead=lead, before=before)
        pages.append([entry.pk for entry in story.entries])
        before = story.earlier
        if not before:
            break
    assert [len(page) for page in pages] == [100, 100, 55]
    assert len({pk for page in pages for pk in page}) == 255
    sam.get(f"/leads/{lead.pk}/")
    with django_assert_max_num_queries(15):
        page = sam.get(f"/leads/{lead.pk}/")
    assert "Show earlier" in text_of(page)
    href = page.context["earlier_url"]
    assert text_of(sam.get(f"/leads/{lead.pk}/{href}")).count("Call, answered") == 100


def test_the_page_costs_the_same_with_twenty_runs(lead, sam, django_assert_max_num_queries):
    for n in range(20):
        run = make_run(contact=lead.contact, lead=lead, now=minutes(n), status=Run.Status.WAITING)
        for key in ("caller", "lead", "text"):
            Step.objects.create(run=run, key=key, kind="do", outcome="done", says=f"{key} done.", epoch=1, at=minutes(n))
        make_task(client=lead.client, lead=lead, now=minutes(n))
    sam.get(f"/leads/{lead.pk}/")
    with django_assert_max_num_queries(15):
        page = sam.get(f"/leads/{lead.pk}/")
    assert text_of(page).count("3 steps taken") == 20


@pytest.mark.parametrize(
    "mark", ["x", "2026-11-20T19:00:00+00:00~0~nothing", "2026-11-20~0~1", "2026-11-20T19:00:00+00:00~99~1", "\x00~0~1"]
)
def test_a_forged_place_in_the_story_leads_to_the_newest(lead, sam, mark):
    response = sam.get(f"/leads/{lead.pk}/", {"before": mark})
    assert (response.status_code, response["Location"]) == (302, f"/leads/{lead.pk}/")


def test_only_one_kind_can_be_shown(lead, sam):
    everything(lead, sam.staff)
    story = timeline.read_story(lead=lead, group="conversation")
    assert {entry.title for entry in story.entries} == {"Missed call", "Text by a workflow", "Text from the customer"}


def test_a_note_is_kept_with_its_author_and_escaped(lead, sam):
    page = sam.post(f"/leads/{lead.pk}/note/", {"text": "<b>Gate code</b> is known"}, follow=True)
    note = Note.objects.get()
    assert (note.author, note.text) == (sam.staff, "<b>Gate code</b> is known")
    assert "&lt;b&gt;Gate code&lt;/b&gt;" in page.content.decode()
    assert "The note is empty" in text_of(sam.post(f"/leads/{lead.pk}/note/", {"text": " \x00 "}, follow=True))
    assert Note.objects.count() == 1


def test_an_outcome_is_an_event_closes_the_calls_and_wakes_the_run(lead, sam, rings, django_capture_on_commit_callbacks):
    task = make_task(client=lead.client, lead=lead)
    run = make_run(contact=lead.contact, lead=lead, status=Run.Status.WAITING, wait_key=f"contact:{lead.contact_id}")
    with django_capture_on_commit_callbacks(execute=True):
        page = sam.post(f"/leads/{lead.pk}/outcome/", {"outcome": "booked"}, follow=True)
    lead.refresh_from_db()
    task.refresh_from_db()
    assert (lead.stage, lead.outcome_reported_by, task.status) == ("booked", "sam", "done")
    assert ("workflows.advance", str(run.pk)) in rings
    assert "Reported: Booked, at 12:00 MST on Fri 20 Nov." in text_of(page)
    second = sign_in("dana").post(f"/leads/{lead.pk}/outcome/", {"outcome": "booked"}, follow=True)
    assert "sam was first: Booked. Nothing was done twice." in text_of(second)
    assert Event.objects.filter(type="outcome.reported").count() == 1


def test_an_unknown_outcome_changes_nothing(lead, sam):
    sam.post(f"/leads/{lead.pk}/outcome/", {"outcome": "won the lottery"})
    lead.refresh_from_db()
    assert lead.stage == "new"
    assert sam.get(f"/leads/{lead.pk}/outcome/").status_code == 405


# -- the list ----------------------------------------------------------------------------------------------------------------------------


def found(browser, **query):
    return [row["who"] for row in browser.get("/leads/", query).context["rows"]]


@pytest.fixture
def people(summit):
    blue = ClientFactory(slug="bluebird-plumbing", name="Bluebird Plumbing", phone="+13035550101")
    for n, (client, name, number, stage) in enumerate(
        [
            (summit, "Carla Gomez", "+13035550123", "new"),
            (summit, "", "+13035550124", "booked"),
            (blue, "Carlos Vega", "+17205550123", "new"),
        ]
    ):
        contact = ContactFactory(client=client, name=name, phone=number)
        LeadFactory(client=client, contact=contact, stage=stage, created_at=minutes(n))


@pytest.mark.parametrize(
    ("query", "who"),
    [
        ({}, ["Carlos Vega", "(303) 555-0124", "Carla Gomez"]),
        ({"q": "carl"}, ["Carlos Vega", "Carla Gomez"]),
        ({"q": "Carla"}, ["Carla Gomez"]),
        ({"q": "303-555"}, ["(303) 555-0124", "Carla Gomez"]),
        ({"q": "(303) 555-0123"}, ["Carla Gomez"]),
        ({"q": "+1 303 555 0123"}, ["Carla Gomez"]),
        ({"q": "1 720"}, ["Carlos Vega"]),
        ({"client": "bluebird-plumbing"}, ["Carlos Vega"]),
        ({"stage": "booked"}, ["(303) 555-0124"]),
        ({"q": "gomez"}, []),
        ({"q": "%"}, []),
        ({"q": "()"}, []),
        ({"q": "30"}, []),
        ({"q": "a\x00b"}, []),
        ({"client": "nobody"}, []),
        ({"stage": "nonsense"}, []),
        ({"after": "nonsense"}, []),
    ],
)
def test_the_list_finds_people_and_no_match_is_empty(people, sam, query, who):
    assert found(sam, **query) == who


@pytest.mark.parametrize("count", [5, 50])
def test_the_list_costs_the_same_for_five_and_fifty_and_never_counts(summit, sam, count, django_assert_max_num_queries):
    for n in range(count + 3):
        contact = ContactFactory(client=summit, name=f"Person {n}")
        LeadFactory(client=summit, contact=contact, created_at=minutes(n))
    sam.get("/leads/")
    with django_assert_max_num_queries(8) as seen:
        page = sam.get("/leads/")
    assert not any("COUNT(" in row["sql"].upper() for row in seen.captured_queries)
    assert len(page.context["rows"]) == min(count + 3, 50)
    if count == 50:
        assert len(sam.get(page.context["older_url"].replace("?", "/leads/?")).context["rows"]) == 3


def test_the_slip_of_a_text_stands_in_the_story_in_words(noon):
    """What the gate checked, each with its word and its reason, and when: without leaving the story."""
    client = ClientFactory(send="draft")
    lead = LeadFactory(client=client, contact=ContactFactory(client=client, phone="+13035550123"))
    message = make_text(contact=lead.contact, lead=lead, status="queued", reason="", due_at=NOON)
    assert sending.send(message_id=message.pk, now=noon) == "held"
    message.refresh_from_db()
    page = sign_in("sam").get(f"/leads/{lead.pk}/").content.decode()
    failed = [check["says"] for check in message.slip["checks"] if not check["passed"]]
    assert page.count('data-check-ok="no"') == len(failed) >= 1
    assert page.count('data-check-ok="yes"') == len(message.slip["checks"]) - len(failed)
    assert f"{len(failed)} of {len(message.slip['checks'])} checks not met" in page
    assert "Judged" in page and "12:00 MST" in page
    assert all(escape(says) in page for says in failed)
