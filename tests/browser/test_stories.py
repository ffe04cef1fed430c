"""What the simulator's stories leave on the screens, and that the database agrees: one text, a hold with its time, a skip with its reason."""

import time
from zoneinfo import ZoneInfo

import pytest

from tests.browser.pages import STORIES

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chrome")]

DENVER = ZoneInfo("America/Denver")


def test_a_missed_call_shows_its_text_within_five_seconds(tab, rows):
    tab.goto("/try/?caller=%2B13035550179")
    began = time.monotonic()
    tab.get_by_role("button", name="Missed call", exact=True).click()
    tab.locator("#sim-phone .bubble").wait_for(timeout=5_000)
    assert time.monotonic() - began < 5
    assert rows("select status from messaging_message where \"to\" = '+13035550179'") == [("delivered",)]


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
    assert rows("select count(*) from leads_identity where value = '+13035550134'") == [(0,)]


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
