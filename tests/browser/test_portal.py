"""The client portal in a browser without scripts: in with a link or a code, read, say what came of it, print; light, and nothing from elsewhere."""

import re

import pytest

from tests.browser.pages import PORTAL, submit

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chrome")]
MOST_BYTES, MOST_REQUESTS = 60_000, 4


def press(tab, name):
    submit(tab, tab.get_by_role("button", name=name, exact=True).click)


@pytest.fixture
def member(world):
    """A tab of Rita, without scripts, on a phone."""
    context = world.context(signed_in=False, java_script_enabled=False, viewport={"width": 360, "height": 780})
    world.enter_portal(context)
    yield context.new_page()
    context.close()


def test_from_the_address_to_the_results_with_the_code_from_the_outbox(world, bare, rows):
    context = world.context(signed_in=False, java_script_enabled=False, viewport={"width": 360, "height": 780})
    tab = context.new_page()
    tab.goto("/portal/stories/")
    assert tab.url == f"{world.url}/portal/sign-in/"
    tab.get_by_label("Your e-mail address").fill("Rita@example.com")
    press(tab, "Email me a link")
    unsent = bare.locator("[data-mail]", has_text="rita@example.com")
    for _ in range(100):
        bare.goto("/outbox/")
        if unsent.count():
            break
        bare.wait_for_timeout(100)
    link = unsent.get_by_role("link", name="Open the sign-in link").get_attribute("href")
    elsewhere = world.context(signed_in=False, java_script_enabled=False)  # where the mail is read
    reader = elsewhere.new_page()
    for _ in range(2):  # a scanner looks twice
        reader.goto(link)
        assert reader.get_by_role("button", name="Continue").is_visible()
    tab.get_by_label("Code from the mail").fill(unsent.locator("[data-code]").inner_text())
    press(tab, "Sign in")
    assert tab.url == f"{world.url}/portal/" and "Summit Roofing" in tab.locator("header").inner_text()
    press(reader, "Continue")
    assert reader.get_by_role("heading", level=1).inner_text() == "This link was used or is too old"
    tab.get_by_role("link", name="Help").click()
    press(tab, "Sign out")
    tab.goto("/portal/")
    assert tab.url == f"{world.url}/portal/sign-in/"
    assert rows("select count(*) from portal_signinmail where sealed is not null and email = 'rita@example.com'") == [(0,)]
    elsewhere.close()
    context.close()


def test_what_came_of_it_reaches_the_lead_and_is_taken_back(world, member, rows):
    member.goto(f"/portal/stories/{world.told['story2']}/")
    press(member, "Booked")
    assert "You said: Booked" in member.locator(".notice").inner_text()
    stage = "select l.stage from leads_lead l join summaries_proof p on p.lead_id = l.id where p.id = %s"
    for hoped, undo in (("booked", True), ("new", False)):
        for _ in range(100):
            if rows(stage, world.told["story2"]) == [(hoped,)]:
                break
            member.wait_for_timeout(100)
        assert rows(stage, world.told["story2"]) == [(hoped,)]
        if undo:
            submit(member, member.get_by_role("button", name=re.compile("Take it back")).click)
    assert member.get_by_role("heading", name="What came of it?").is_visible()


def test_every_page_is_light_and_loads_nothing_from_elsewhere(world):
    for public in (False, True):
        context = world.context(signed_in=False, viewport={"width": 360, "height": 780})
        if public:
            world.enter_portal(context)
        for page in (page for page in PORTAL if page.act is None and page.public == public):
            tab = context.new_page()
            answers = []
            tab.on("response", lambda answer, answers=answers: answers.append(answer))
            tab.goto(world.where(page.where))
            weight = sum(len(answer.body()) for answer in answers)
            assert len(answers) <= MOST_REQUESTS and 0 < weight <= MOST_BYTES, (page.name, weight, [answer.url for answer in answers])
            assert all(answer.url.startswith(world.url) for answer in answers)
            tab.close()
        context.close()


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_a_report_prints_on_two_pages_without_the_menu(world, member, paper):
    member.goto(f"/portal/reports/{world.told['report']}/")
    printed = member.pdf(format=paper)
    assert 1 <= len(re.findall(rb"/Type\s*/Page[^s]", printed)) <= 2
    member.emulate_media(media="print")
    assert not member.locator("nav").is_visible() and not member.locator(".foot").is_visible()
    assert member.locator(".chart").is_visible() and "Checked by Dana" in member.locator("main").inner_text()


def test_staff_see_what_the_client_sees(world, bare):
    bare.goto("/clients/summit-roofing/")
    press(bare, "See what the client sees")
    assert bare.url == f"{world.url}/portal/"
    assert "You see what Summit Roofing sees. Read-only, logged." in bare.locator("header").inner_text()
