"""The client portal without a pointer: Tab reaches all there is, in the order in which it is read, seen each time; Enter and Space press it."""

import pytest

from tests.browser.keyboard import CONTROLS, go_to, tab_on
from tests.browser.pages import PORTAL, submit

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chrome")]


@pytest.fixture
def phone(world):
    """A tab on a phone of somebody who is not signed in anywhere."""
    context = world.context(signed_in=False, viewport={"width": 360, "height": 640})
    yield context.new_page()
    context.close()


def test_tab_reaches_all_there_is_in_its_order(world, phone):
    """On every page, as a visitor and as a member; the skip link comes first."""
    for public in (False, True):
        if public:
            world.enter_portal(phone.context)
        for page in (page for page in PORTAL if page.act is None and page.public == public):
            phone.goto(world.where(page.where))
            there = phone.evaluate(CONTROLS)
            walked = list(tab_on(phone, most=len(there)))
            assert [found["what"] for found in walked] == there, page.name
            assert there[0] == "a Skip to the page", page.name
            assert [found for found in walked if not found["differs"] or found["covered"]] == [], page.name


def test_in_with_the_code_one_says_what_came_of_it_and_goes_out_again(world, phone, tab, rows):
    phone.goto("/portal/")
    assert phone.url == f"{world.url}/portal/sign-in/"
    go_to(phone, name="email", most=4)
    phone.keyboard.type("ned@example.com")
    submit(phone, lambda: phone.keyboard.press("Enter"))
    unsent = tab.locator("[data-mail]", has_text="ned@example.com")
    for _ in range(100):
        tab.goto("/outbox/")
        if unsent.count():
            break
        tab.wait_for_timeout(100)
    go_to(phone, name="code", most=4)
    phone.keyboard.type(unsent.locator("[data-code]").inner_text())
    submit(phone, lambda: phone.keyboard.press("Enter"))
    assert phone.url == f"{world.url}/portal/"

    phone.keyboard.press("Tab")
    phone.keyboard.press("Enter")
    assert phone.evaluate("document.activeElement.id") == "content-start"
    story = world.told["story3"]
    said = "select kind, said from portal_word where proof_id = %s order by kind"
    phone.goto(f"/portal/stories/{story}/")
    go_to(phone, name="Booked", most=12)
    submit(phone, lambda: phone.keyboard.press("Space"))
    assert "You said: Booked" in phone.locator("main").inner_text()
    assert rows(said, story) == [("outcome", "booked")]
    go_to(phone, name="Take it back", most=16)
    submit(phone, lambda: phone.keyboard.press("Enter"))
    assert phone.get_by_role("heading", name="What came of it?").is_visible()
    go_to(phone, name="words", most=16)
    phone.keyboard.type("We never spoke of gutters")
    go_to(phone, name="Send", most=1)
    submit(phone, lambda: phone.keyboard.press("Space"))
    assert "We never spoke of gutters" in phone.locator(".card.told").inner_text()
    go_to(phone, name="Take it back", most=20)
    submit(phone, lambda: phone.keyboard.press("Enter"))
    assert phone.locator(".card.told").count() == 0
    assert rows(said, story) == [("dispute", ""), ("outcome", "")]

    phone.goto("/portal/help/")
    go_to(phone, name="Sign out", most=12)
    submit(phone, lambda: phone.keyboard.press("Enter"))
    phone.goto("/portal/")
    assert phone.url == f"{world.url}/portal/sign-in/"
