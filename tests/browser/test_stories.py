"""The six stories, each by one press, as a newcomer sees them; and what single acts leave on the screens: one text, a hold with its time, a
skip with its reason. The database is asked whether it agrees.
"""

import time
from zoneinfo import ZoneInfo

import pytest

from tests.browser.pages import STORIES, submit

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chrome")]

DENVER = ZoneInfo("America/Denver")


@pytest.fixture(autouse=True)
def no_line_out(rows, world):
    """A story may move the clock, which stays where a line leads off this machine: the one in shadow stays on it meanwhile."""
    move = "update providers_connection set base_url = %s where id = %s returning id"
    rows(move, "http://127.0.0.1:9", world.told["shadow"])
    yield
    rows(move, "", world.told["shadow"])


@pytest.fixture
def tell(tab):
    """Press a story's card, once, and wait on its page until it has ended; returns its customer's number and id."""

    def _tell(key, promises):
        tab.goto("/try/?client=summit-roofing")
        submit(tab, tab.locator(f'button[name=story][value="{key}"]').click)
        tab.locator("#story-verdict [data-answer]").wait_for(timeout=60_000)
        assert tab.locator("#story-verdict").inner_text().split("\n")[-1] == f"All {promises} promises are kept, counted from the rows."
        assert tab.locator('#story-proofs [data-proof="pass"]').count() == promises
        assert tab.locator("[data-step-status]").count() == tab.locator('[data-step-status="done"]').count()
        links = [link.get_attribute("href") for link in tab.locator("#story-proofs .proofs a").all()]
        assert len(links) == promises
        assert {tab.request.get(link).status for link in links} == {200}
        return tab.url.rstrip("/").split("/")[-1]

    return _tell


@pytest.fixture
def played(rows):
    """What the row of a played story says: its customer's number, and the clock now."""

    def _played(pk):
        ((state, number, still_set),) = rows("select state, number, clock_set is not null from office_storyrun where id = %s", pk)
        assert (state, still_set) == ("told", False)
        return number

    return _played


TEXTS = 'select status, reason from messaging_message where "to" = %s'


def test_story_missed_call_to_booked(tell, played, rows):
    number = played(tell("missed-call-to-booked", 5))
    assert rows(TEXTS, number) == [("delivered", "")]
    contact = "(select contact_id from leads_identity where value = %s)"
    assert rows(f"select stage from leads_lead where contact_id = {contact}", number) == [("booked",)]
    assert rows(f"select count(*) from leads_task where contact_id = {contact} and status = 'open'", number) == [(0,)]


def test_story_night_call_is_held(tab, tell, played, rows):
    before = rows("select shifted_by from zartsalgo_clock")
    number = played(tell("night-call-held", 4))
    ((status, reason, until),) = rows('select status, reason, hold_until from messaging_message where "to" = %s', number)
    assert (status, reason) == ("held", "quiet-hours")
    assert f"{until.astimezone(DENVER):%H:%M}" == "08:00"
    assert f"Held until {until.astimezone(DENVER):%a} 08:00 MST" in tab.locator("#story-steps").inner_text()
    assert "Told Ben Okafor" in tab.locator("#story-steps").inner_text()
    assert rows("select shifted_by from zartsalgo_clock") == before


def test_story_stop_wins(tell, played, rows):
    number = played(tell("stop-wins", 4))
    assert rows(TEXTS, number) == [("skipped", "opted-out")]
    attempts = "select count(*) from messaging_attempt a join messaging_message m on m.id = a.message_id where m.to = %s"
    assert rows(attempts, number) == [(0,)]
    assert rows("select count(*) from messaging_suppression where value = %s", number) == [(1,)]


def test_story_price_question_goes_to_a_person(tab, tell, played, rows):
    number = played(tell("price-question", 4))
    assert rows(TEXTS, number) == [("delivered", "")]
    submit(tab, tab.locator("#story-proofs").get_by_role("link", name="Open it in the inbox").first.click)
    detail = tab.locator(".detail").inner_text()
    assert "They wrote back and wait for an answer." in detail and "How much for a new roof?" in detail


def test_story_provider_down_incident_release(tab, tell, rows):
    pk = tell("provider-down", 5)
    ((first, others, incident),) = rows("select number, kept ->> 'others', kept ->> 'incident' from office_storyrun where id = %s", pk)
    for number in (first, *others.split()):
        assert rows(TEXTS, number) == [("delivered", "")]
        tries = (
            "select a.outcome, count(*) from messaging_attempt a join messaging_message m on m.id = a.message_id where m.to = %s group by 1"
        )
        assert dict(rows(tries, number))["accepted"] == 1 and dict(rows(tries, number))["rejected"] >= 1
    assert rows("select status, breaker, released_by from workflows_incident where id = %s", incident) == [("closed", "failing", "owner")]
    assert rows("select count(*) from workflows_incidentitem where incident_id = %s", incident) == [(3,)]
    tab.goto("/try/?client=summit-roofing")
    assert "The provider takes every text." in tab.locator("#mood").inner_text()


def test_story_duplicate_webhook_one_text(tell, played, rows):
    number = played(tell("duplicate-webhook", 5))
    assert rows(TEXTS, number) == [("delivered", "")]
    copies = "select d.copies from providers_delivery d join leads_event e on e.delivery_id = d.id join leads_identity i using (contact_id) where i.value = %s"
    assert rows(copies, number) == [(2,)]


def test_a_story_is_told_without_scripts_too(bare, rows):
    bare.goto("/try/?client=summit-roofing")
    submit(bare, bare.locator('button[name=story][value="stop-wins"]').click)
    # The page asks again by itself until the story has ended.
    bare.locator("#story-verdict [data-answer]").wait_for(timeout=30_000)
    assert "All 4 promises are kept" in bare.locator("#story-verdict").inner_text()


def test_a_missed_call_shows_its_text_within_five_seconds(tab, rows):
    tab.goto("/try/?caller=%2B13035550195")
    began = time.monotonic()
    tab.get_by_role("button", name="Missed call", exact=True).click()
    tab.locator("#sim-phone .bubble").wait_for(timeout=5_000)
    assert time.monotonic() - began < 5
    assert rows("select status from messaging_message where \"to\" = '+13035550195'") == [("delivered",)]


def test_at_night_the_text_is_held_and_says_until_when(world, tab, rows):
    tab.goto(world.where("/runs/{run_night}/"))
    ((status, reason, until),) = rows(
        "select status, reason, hold_until from messaging_message where id = %s", world.told["messages"]["night"]
    )
    assert (status, reason) == ("held", "quiet-hours")
    local = until.astimezone(DENVER)
    assert (local.hour, local.minute) == (8, 0)
    answer = tab.locator("section.answer")
    assert answer.get_by_text("Held", exact=True).is_visible()
    assert f"held until {local:%H:%M %Z} on {local:%a %-d %b}" in answer.inner_text()
    tab.goto(world.where("/messages/{message_night}/"))
    assert f"held until {local:%a %H:%M %Z}" in tab.locator("main").inner_text()


@pytest.mark.parametrize("story", ["stop", "stop-es"])
def test_after_stop_the_text_is_skipped_and_the_run_says_why(world, tab, rows, story):
    found = rows("select status, reason from messaging_message where contact_id = %s", world.told["contacts"][story])
    assert found == [("skipped", "opted-out")]
    tab.goto(world.where(f"/runs/{{run_{story}}}/"))
    answer = tab.locator("section.answer")
    assert answer.get_by_text("Skipped", exact=True).is_visible()
    assert "opted out" in answer.inner_text()
    assert "Has not opted out" in tab.locator("[data-check-ok=no]").inner_text()


def test_the_same_webhook_three_times_is_one_text(world, tab, rows):
    contact = world.told["contacts"]["duplicate"]
    assert rows("select status from messaging_message where contact_id = %s", contact) == [("delivered",)]
    assert rows("select copies from providers_delivery where id = %s", world.told["deliveries"]["duplicate"]) == [(2,)]
    tab.goto(world.where("/leads/{lead_duplicate}/"))
    assert tab.locator(".timeline .letter.out").count() == 1
    tab.goto(world.where("/deliveries/{delivery_duplicate}/"))
    assert "2 copies" in tab.locator("aside").inner_text()


def test_a_bad_signature_is_refused_and_counted_and_stores_nothing(world, rows):
    assert world.told["told"]["bad-signature"]["answers"] == [401]
    ((refused,),) = rows("select refused_signatures from providers_connection where id = %s", world.told["connection"])
    assert refused >= 1
    assert rows("select count(*) from leads_identity where value = '+13035550198'") == [(0,)]


def test_every_text_and_every_silence_of_a_lead_is_one_click_from_its_reason(world, tab):
    for story in STORIES:
        if story == "withheld":  # nobody is known, so there is no lead; its run is looked at with the others
            continue
        tab.goto(world.where(f"/leads/{{lead_{story}}}/"))
        told = tab.locator(".timeline > li").filter(has_text="Text by a workflow")
        told = told.all() or tab.locator(".timeline > li").filter(has_text="Lead intake").all()
        assert told, story
        for entry in told:
            assert entry.locator(f'a[href="{world.where(f"/runs/{{run_{story}}}/")}"]').count() == 1, story
