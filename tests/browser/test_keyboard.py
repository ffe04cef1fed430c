"""No pointer: everything is reached with Tab, what has the focus is seen and not covered, and letters are only letters in a field."""

import pytest

from tests.browser.keyboard import FOCUS, go_to, tab_on

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chrome")]


def test_a_task_is_done_and_a_run_is_read_with_the_keyboard(tab, rows):
    tab.goto("/")
    tab.keyboard.press("Tab")
    skip = tab.evaluate("document.activeElement.getBoundingClientRect().top")
    assert tab.evaluate("document.activeElement.className") == "skip" and skip >= 0
    tab.keyboard.press("Enter")
    reached = next((n for n, found in enumerate(tab_on(tab, most=3), start=1) if found["link"]), None)
    assert reached is not None, "the first item of the inbox is more than 3 Tabs behind the skip link"
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/?item=task:*")
    task = tab.url.split("task:")[1]
    go_to(tab, name="The whole story", most=80)
    go_to(tab, name="Called, booked")
    go_to(tab, name="Called, not booked", most=2)
    tab.keyboard.press("Enter")
    tab.locator(".messages .success").wait_for()
    assert rows("select status, closed_by from leads_task where id = %s", task) == [("done", "owner")]
    # The next item stands open; its reason is one link away, and back again.
    queue = tab.url
    go_to(tab, name="Why?", most=80)
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/runs/*/")
    assert tab.locator("[data-answer]").inner_text()
    tab.go_back()
    assert tab.url == queue and tab.get_by_role("heading", level=1).inner_text() == "Inbox"


def test_one_is_approved_one_refused_one_put_off_and_a_run_read_with_keys_alone(world, tab, rows):
    """Check C9: no pointer from the inbox on; the focus is always seen; it is where it was when one comes back."""
    first, second = (world.told["to_send"][name] for name in ("keys-approve", "keys-reject"))
    tab.goto("/?view=approvals")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    # The queue goes on from whatever stands first; the two texts are found with j.
    for wanted in (first, second):
        for _ in range(60):
            tab.keyboard.press("j")
            found = tab.evaluate(FOCUS)
            assert found["differs"] and not found["covered"], found
            if wanted in found["link"]:
                break
        tab.keyboard.press("Enter")
        tab.wait_for_url(f"**/?item=draft:{wanted}*")
        if wanted == first:
            tab.keyboard.press("a")
            tab.locator(".messages .success").wait_for()
    assert rows("select approved_by from messaging_message where id = %s", first) == [("owner",)]
    # Refused: x opens the reasons, Escape closes them and gives the focus back, the fourth reason is chosen by its number.
    tab.keyboard.press("x")
    assert tab.evaluate("document.activeElement.name") == "reason"
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement.tagName") == "SUMMARY" and not tab.locator("#refuse").evaluate("el => el.open")
    tab.keyboard.press("x")
    for _ in range(3):
        tab.keyboard.press("ArrowDown")
    assert tab.evaluate("document.activeElement.value") == "Wrong moment"
    tab.keyboard.press("Enter")
    tab.locator(".messages .success").wait_for()
    assert rows("select status, says from messaging_message where id = %s", second)[0][0] == "skipped"
    # Put off: s, then the first way.
    held = world.told["contacts"]["draft4"]
    ((task,),) = rows("select id::text from leads_task where contact_id = %s and status = 'open' limit 1", held)
    tab.goto(f"/?item=task:{task}")
    run = tab.locator(".reach a[data-key=w]")
    where = run.get_attribute("href")
    tab.keyboard.press("w")
    tab.wait_for_url(f"**{where}")
    assert tab.locator("[data-answer]").inner_text()
    tab.go_back()
    tab.wait_for_url("**/?item=task:*")
    assert run.evaluate("el => el === document.activeElement")
    tab.keyboard.press("s")
    assert tab.evaluate("document.activeElement.value") == "hour"
    assert tab.evaluate(FOCUS)["differs"]
    tab.keyboard.press("Enter")
    tab.locator(".messages .success").wait_for()
    assert rows("select snoozed_by from zartsalgo_inboxmark where key = %s", f"task:{task}") == [("owner",)]
    tab.keyboard.press("u")
    tab.locator(".messages .success").get_by_text("Taken back").wait_for()
    assert rows("select snoozed_until from zartsalgo_inboxmark where key = %s", f"task:{task}") == [(None,)]


def test_a_summary_is_approved_with_keys_alone(world, tab, rows):
    summary = world.told["summaries"]["keys"]
    tab.goto(f"/?item=summary:{summary}")
    tab.keyboard.press("a")
    tab.wait_for_url(f"**/approvals/{summary}/?back=inbox")
    tab.keyboard.press("e")
    tab.keyboard.press("End")
    tab.keyboard.type(" aex")
    assert tab.locator("#words").input_value().endswith(" aex") and tab.url.endswith("?back=inbox")
    for _ in range(4):
        tab.keyboard.press("Backspace")
    go_to(tab, name="Approve for the portal", most=3)
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"{world.url}/")
    assert rows("select status, decided_by from summaries_summary where id = %s", summary) == [("approved", "owner")]


@pytest.mark.parametrize(
    "where",
    [
        "/?item=task:{task1}",
        "/?item=draft:{message_draft4}",
        "/runs/{run_night}/",
        "/leads/{lead_stop}/",
        "/approvals/{summary_unsafe}/",
        "/clients/summit-roofing/",
        "/deliveries/",
        "/stop/",
        "/try/",
    ],
)
def test_what_has_the_focus_is_seen_and_never_covered_on_a_phone(world, tab, where):
    tab.set_viewport_size({"width": 360, "height": 640})
    tab.goto(world.where(where))
    seen = list(tab_on(tab, most=45))
    assert len(seen) > 5
    assert [found for found in seen if not found["differs"] or found["covered"]] == []


def test_the_list_of_keys_gives_the_focus_back_and_can_be_switched_off(tab):
    tab.goto("/leads/")
    opener = tab.locator(".side [data-keys-open]")
    opener.focus()
    tab.keyboard.press("Enter")
    assert tab.locator("#keys").evaluate("el => el.open && el.contains(document.activeElement)")
    tab.keyboard.press("Escape")
    assert opener.evaluate("el => el === document.activeElement")
    tab.keyboard.press("g")
    tab.keyboard.press("r")
    tab.wait_for_url("**/runs/")
    tab.locator(".side [data-keys-open]").click()
    # The choice is the person's: it is kept with the account, for every page and device.
    try:
        with tab.expect_response("**/me/shortcuts/"):
            tab.locator("[data-keys-switch]").uncheck()
        tab.keyboard.press("Escape")
        for _ in range(2):
            tab.keyboard.press("g")
            tab.keyboard.press("i")
            tab.keyboard.press("?")
            assert tab.url.endswith("/runs/") and not tab.locator("#keys").evaluate("el => el.open")
            tab.reload()
    finally:
        tab.locator(".side [data-keys-open]").click()
        with tab.expect_response("**/me/shortcuts/"):
            tab.locator("[data-keys-switch]").check()


def test_letters_in_a_field_are_letters(world, tab):
    tab.goto(world.where("/leads/{lead_stop}/"))
    note = tab.get_by_label("Only staff see it")
    note.focus()
    tab.keyboard.type("gi njka/?")
    assert note.input_value() == "gi njka/?"
    assert tab.url == f"{world.url}{world.where('/leads/{lead_stop}/')}"
