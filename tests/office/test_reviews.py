"""The report on review requests: every done job once, by what came of it; each number opens exactly the rows it was counted from."""

import re

import pytest
from django.urls import reverse

from leads.models import Automation
from messaging import reviews
from messaging.models import Message
from tests.factories import NOON, ClientFactory, ContactFactory
from tests.office.rows import make_event, make_run, make_text, sign_in
from tests.planning import keep_link
from workflows.models import Receipt, WorkflowVersion
from zartsalgo.lib.ids import new_id

pytestmark = pytest.mark.django_db

LINK = "https://search.google.com/local/writereview?placeid=ChIJN1t_tDeuEmsRUsoyG83frY4"


def job(
    client, *, verdict="started", reason="trigger", text="", why="", cursor="outcome", status="done", state=None, run=None, at=NOON, **event
):
    """A done job, what its receipt says and what became of its request."""
    contact = ContactFactory(client=client)
    event = make_event(contact=contact, at=at, **{"type": "job.completed", **event})
    if verdict == "started":
        version = WorkflowVersion.objects.filter(key="review-request").latest("version")
        finished = None if status in ("waiting", "parked") else at
        run = make_run(
            contact=contact, event=event, workflow="review-request", version=version, status=status, cursor=cursor,
            state=state or {}, finished_at=finished, now=at,
        )  # fmt: skip
    if text:
        make_text(
            contact=contact, run_id=run.pk, step_key="request", workflow="review-request", purpose="review-request", status=text, reason=why
        )
    return Receipt.objects.create(
        id=new_id(), client=client, event=event, workflow="review-request", verdict=verdict, reason=reason, says="x", run=run, at=at
    )


def clicked(receipt):
    message = Message.objects.get(run_id=receipt.run_id, step_key="request")
    reviews.note_click(link=keep_link(message=message, target=LINK), now=NOON)


@pytest.fixture
def summit(noon):
    client = ClientFactory()
    Automation.objects.create(client=client, workflow="review-request")
    return client


def numbers_on(html):
    found = re.findall(r'<a href="(/reviews/rows/[^"]+)">([^<]+): (\d+)</a>', html)
    return {label: (url.replace("&amp;", "&"), int(count)) for url, label, count in found}


def test_every_job_is_counted_once_and_every_number_opens_its_rows(summit):
    first = job(summit, text="delivered")
    clicked(first)
    make_text(
        contact=first.run.contact,
        run_id=first.run_id,
        step_key="reminder",
        workflow="review-request",
        purpose="review-reminder",
        status="sent",
        reason="",
    )
    job(summit, text="sent")
    job(summit, verdict="joined", reason="asking-already", run=first.run)
    job(summit, verdict="refused", reason="no-review-link")
    job(summit, verdict="refused", reason="asked-lately", type="outcome.reported", facts={"outcome": "done"})
    job(summit, text="skipped", why="opted-out")
    job(summit, text="held", why="needs-approval", status="waiting", cursor="asked")
    job(summit, status="waiting", cursor="settle")
    job(summit, status="waiting", cursor="hold", state={"case": "refund"})
    job(summit, status="waiting", cursor="hold", state={"case": "refund"})
    job(summit, status="parked", cursor="request")
    job(summit, state={"why": "taken-back"})
    # Neither is a done job of this month and client.
    job(summit, verdict="refused", reason="not-done", type="outcome.reported", facts={"outcome": "booked"})
    job(summit, text="sent", at=NOON.replace(month=10))
    job(ClientFactory(slug="bluebird-plumbing", name="Bluebird Plumbing"), verdict="refused", reason="switched-off")
    browser = sign_in()
    html = browser.get(reverse("office:reviews"), {"client": "summit-roofing"}).content.decode()
    assert "Requests go to everyone eligible alike" in html and "November 2026" in html
    found = numbers_on(html)
    assert {label: count for label, (_, count) in found.items()} == {
        "Jobs done": 12,
        "Eligible": 9,
        "Asked": 2,
        "Reminded": 1,
        "Followed the link": 1,
        "Not yet: open case, refund": 2,
        "Another job of theirs is being asked about": 1,
        "No review link is set": 1,
        "Asked before, not so long ago": 1,
        "The gate refused it: “Has not opted out” is not met": 1,
        "Not yet: the gate holds it (“Allowed to go on its own, or approved” is not met)": 1,
        "Not yet: the job rests": 1,
        "Stands still, needs a person": 1,
        "Taken back that the job is done": 1,
    }
    for label, (url, count) in found.items():
        page = browser.get(url)
        assert page.status_code == 200 and page.content.decode().count("data-item") == count, label
    october = numbers_on(browser.get(reverse("office:reviews"), {"month": "2026-10"}).content.decode())
    assert october["Asked"][1] == 1


def test_months_are_those_of_the_clients_zone(summit):
    job(summit, verdict="refused", reason="no-review-link", at=NOON.replace(month=12, day=1, hour=3))  # still November in Denver
    html = sign_in().get(reverse("office:reviews"), {"month": "2026-11"}).content.decode()
    assert numbers_on(html)["Jobs done"][1] == 1


@pytest.mark.parametrize("amount", [5, 50])
def test_the_numbers_and_their_rows_ask_the_same_number_of_questions(summit, amount, django_assert_max_num_queries):
    for n in range(amount):
        job(ClientFactory(slug=f"c{n:02}", name=f"C {n:02}"), verdict="refused", reason="switched-off")
        job(summit, verdict="refused", reason="no-review-link")
    browser = sign_in()
    browser.get(reverse("office:reviews"))  # the strip is read once for several pages; it is not what is counted here
    with django_assert_max_num_queries(7):
        html = browser.get(reverse("office:reviews")).content.decode()
    assert html.count("data-item") == min(amount + 1, 50) and ("after=" in html) == (amount == 50)
    with django_assert_max_num_queries(6):
        rows = browser.get(reverse("office:review_rows"), {"client": "summit-roofing", "what": "jobs"}).content.decode()
    assert rows.count("data-item") == amount
    if amount == 50:
        more = browser.get(reverse("office:reviews"), {"after": "c49"}).content.decode()
        assert more.count("data-item") == 1 and "Summit Roofing" in more


def test_nonsense_and_strangers(summit, client):
    browser = sign_in()
    assert "No job was done in this month" in browser.get(reverse("office:reviews")).content.decode()
    for query in ({"month": "x"}, {"month": "0001-01"}, {"month": "9999-12"}, {"client": "x'"}, {"after": "nobody"}):
        assert browser.get(reverse("office:reviews"), query).status_code == 200, query
    assert browser.get(reverse("office:review_rows"), {"client": "nobody", "what": "jobs"}).status_code == 404
    assert browser.get(reverse("office:review_rows"), {"client": "summit-roofing"}).status_code == 404
    assert (
        "Nothing was counted here"
        in browser.get(reverse("office:review_rows"), {"client": "summit-roofing", "what": "zzz"}).content.decode()
    )
    assert client.get(reverse("office:reviews")).status_code == 302
