"""A slip stands in a row of its own: pages and the API show it as ever, and read those of a whole page with the texts."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging.models import Message
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory
from tests.office.reading import text_of
from tests.office.rows import make_run, make_text, sign_in
from tests.planning import make_try

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("well")]
SLIP = {
    "verdict": "drop",
    "reason": "content",
    "says": "Too long.",
    "until": None,
    "made_at": NOON.isoformat(),
    "checks": [
        {"name": "content", "passed": False, "says": "1,700 characters.", "values": {"characters": "1700"}},
        {"name": "number", "passed": True, "says": "A mobile number.", "values": {}},
    ],
}


@pytest.fixture
def lead(noon):
    client = ClientFactory()
    return LeadFactory(client=client, contact=ContactFactory(client=client, phone="+13035550123"))


@pytest.fixture
def browser():
    return sign_in("ann")


def judged(lead):
    """A text of a run, dropped, with one try; its slip is that try's."""
    run = make_run(contact=lead.contact, lead=lead, status="done", finished_at=NOON)
    values = {"status": "skipped", "reason": "content", "says": "Too long."}
    message = make_text(contact=lead.contact, lead=lead, run_id=run.pk, step_key="text", **values)
    tried = make_try(message=message, slip=SLIP, outcome="not_sent", started_at=NOON, deadline_at=NOON)
    Message.objects.filter(pk=message.pk).update(newest_slip=tried.allowed_by)
    return message


PLACES = {
    "runs": ("/runs/", "No text went out: its words cannot be sent, too long (judged at 12:00 MST on Fri 20 Nov)."),
    "lead": ("/leads/{lead}/", "1 of 2 checks not met"),
    "run": ("/runs/{run}/", "1 of 2 checks not met"),
    "text": ("/messages/{message}/", "1 of 2 checks not met"),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_page_shows_it_and_asks_no_more_for_a_dozen(lead, browser, place):
    path, said = PLACES[place]
    message = judged(lead)
    path = path.format(lead=lead.pk, run=message.run_id, message=message.pk)
    judged(lead)  # a neighbour, whose text the run's page tells too
    assert said in text_of(browser.get(path))
    with CaptureQueriesContext(connection) as few:
        browser.get(path)
    for _ in range(12):
        judged(lead)
    for n in range(2, 8):
        make_try(message=message, n=n, slip=SLIP, outcome="not_sent", started_at=NOON, deadline_at=NOON)
    with CaptureQueriesContext(connection) as many:
        browser.get(path)
    assert len(many) == len(few), sorted(one["sql"] for one in many)


def test_the_api_gives_it_whole_and_reads_it_with_the_texts(lead, reader):
    message = judged(lead)
    assert reader.get(f"/v1/messages/{message.pk}/").json()["slip"] == SLIP
    for _ in range(2):
        with CaptureQueriesContext(connection) as few:
            reader.get("/v1/messages/")
    for _ in range(12):
        judged(lead)
    with CaptureQueriesContext(connection) as many:
        found = reader.get("/v1/messages/").json()["results"]
    assert [row["slip"] for row in found].count(SLIP) == 13 and len(many) == len(few)
