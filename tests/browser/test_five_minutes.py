"""The first five minutes by the stop-watch, minutes 0:00 to 3:45 of the script: a system just started with the demo agency, a newcomer with a
browser and no key of any provider. What is seen is asserted; the seconds of each leg are printed; only the whole has a limit.
"""

import json
import re
import time
from contextlib import contextmanager

import psycopg
import pytest

from tests.browser.pages import submit

LIMIT_SECONDS = 225
pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chrome"), pytest.mark.timeout(LIMIT_SECONDS + 120)]

# One command, because each costs more than a second. The demo's life is as long as it has to be for everything that is looked at here.
MAKE_READY = """
import io, os
from django.core.management import call_command
call_command("clock", "set", "2026-11-20T12:00", zone="America/Denver", stdout=io.StringIO())
call_command("demo", "load", days=5, stdout=io.StringIO(), stderr=io.StringIO())
print(os.environ["DATABASE_URL"])
"""
MAKE_EMPTY = """
import io
from django.core.management import call_command
call_command("demo", "reset", yes=True, stdout=io.StringIO(), stderr=io.StringIO())
call_command("clock", "reset", stdout=io.StringIO())
"""
# What nobody said, in a summary of the demo that waits for approval.
CARELESS = "The repair costs 1,850 dollars including the flashing."


class StopWatch:
    def __init__(self):
        self.legs = []

    @contextmanager
    def leg(self, words):
        began = time.monotonic()
        yield
        self.legs.append((words, time.monotonic() - began))

    @property
    def seconds(self):
        return sum(seconds for _, seconds in self.legs)

    def lines(self):
        at = 0.0
        for words, seconds in self.legs:
            yield f"  {int(at) // 60}:{at % 60:04.1f}  {seconds:5.1f} s  {words}"
            at += seconds
        yield f"  {int(at) // 60}:{at % 60:04.1f}  in all, of {LIMIT_SECONDS} s"


@pytest.fixture(scope="module")
def agency(system):
    """The system just started, with the demo agency, at a Friday noon of its first client; so no hour of the day decides what is seen.
    Afterwards it is empty again, as the demo's removal leaves it."""
    system.database = system.manage("shell", "-v0", "-c", MAKE_READY).strip().splitlines()[-1]
    yield system
    system.manage("shell", "-v0", "-c", MAKE_EMPTY)


@pytest.fixture
def rows(agency):
    with psycopg.connect(agency.database, autocommit=True) as connection:
        yield lambda query, *values: connection.execute(query, values).fetchall()


@pytest.fixture
def browser(chrome, agency):
    context = chrome.new_context(base_url=agency.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    yield context
    context.close()


def press(tab, words):
    submit(tab, tab.get_by_role("button", name=words, exact=True).click)


def somebody_new(tab):
    """Somebody nobody knows on the phone of the simulator; their number."""
    tab.goto("/try/?client=summit-roofing&caller=new")
    return "+" + re.search(r"caller=%2B(\d+)", tab.url).group(1)


def test_the_first_five_minutes(agency, browser, rows, capsys):
    watch, tab = StopWatch(), browser.new_page()
    login = json.loads((agency.data / "login.json").read_text(encoding="utf-8"))
    texts = 'select status, reason from messaging_message where "to" = %s'

    with watch.leg("sign in: the inbox is alive"):
        tab.goto("/")
        tab.fill("#id_username", login["username"])
        tab.fill("#id_password", login["password"])
        submit(tab, lambda: tab.press("#id_password", "Enter"))
        assert tab.get_by_role("heading", level=1).inner_text() == "Inbox"
        kinds = [words.inner_text().splitlines() for words in tab.locator(".queue [data-item] .row-meta").all()]
        assert len(kinds) >= 8 and tab.locator(".queue-head.late").count() == 1
        assert "First steps, 0 of 10 done. Next: fire a missed call and watch" in tab.locator(".first-steps-line").inner_text()

    with watch.leg("simulator: a missed call, a text, a reply, and the run stops"):
        submit(tab, tab.get_by_role("link", name="fire a missed call and watch").click)
        caller = somebody_new(tab)
        press(tab, "Missed call")
        tab.locator("#sim-phone .bubble").wait_for()
        tab.fill("#sim-words", "my roof leaks")
        press(tab, "Send")
        tab.locator("#sim-phone .bubble").nth(1).wait_for()
        tab.locator("#sim-run .steps").get_by_text("They replied").wait_for()
        submit(tab, tab.locator("#sim-phone").get_by_role("link", name="Why?").click)
        answer = tab.locator("[data-answer]").inner_text()
        assert answer.startswith("We sent the text") or "sent the text" in answer, answer
        run = tab.url.rstrip("/").split("/")[-1]
    assert rows(texts, caller) == [("delivered", "")]
    assert rows("select status from workflows_run where id = %s", run) == [("done",)]
    assert rows("select says like 'They replied at %%' from workflows_step where run_id = %s and key = 'reply'", run) == [(True,)]

    with watch.leg("STOP: the next text is refused, and its slip says why"):
        caller = somebody_new(tab)
        press(tab, "STOP")
        tab.locator("#sim-run").get_by_text("Read as a wish to stop.").first.wait_for()
        press(tab, "Missed call")
        tab.locator("#sim-run [data-answer]").get_by_text("This person opted out on").wait_for()
        submit(tab, tab.locator("#sim-run").get_by_role("link", name="Open the run").click)
        assert "Has not opted out" in tab.locator("[data-check-ok=no]").inner_text()
    assert rows(texts, caller) == [("skipped", "opted-out")]

    with watch.leg("the clock: held at 21:30, a day later a person calls instead"):
        caller = somebody_new(tab)
        press(tab, "21:30 tonight")
        press(tab, "Missed call")
        tab.locator("#sim-run [data-answer]").get_by_text("Held until Sat 08:00 MST").wait_for()
        assert rows(texts, caller) == [("held", "quiet-hours")]
        press(tab, "1 day on")
        tab.locator("#sim-run [data-answer]").get_by_text("No text went out. Too late").wait_for()
        press(tab, "Back to real time")
        assert "real time" in tab.locator("#clock").inner_text()
    assert rows(texts, caller) == [("skipped", "too-late")]
    assert rows("select shifted_by = '0' from zartsalgo_clock") == [(True,)]

    with watch.leg("a summary: its price has no source; mended, approved, and only then in the portal"):
        beside = browser.new_page()
        beside.goto("/clients/summit-roofing/")
        submit(beside, beside.get_by_role("button", name="See what the client sees").click)
        beside.goto("/portal/stories/")
        before = beside.locator("ul.stories > li").count()
        tab.goto("/approvals/?show=summaries&client=summit-roofing")
        submit(tab, tab.locator("[data-item]").filter(has_text=CARELESS).get_by_role("link").click)
        assert tab.locator("mark.bad").filter(has_text="1,850 dollars").count() == 1
        assert "As it stands it cannot be approved" in tab.locator("main").inner_text()
        words = tab.input_value("#words")
        assert CARELESS in words
        mended = words.replace(CARELESS, "").strip()
        tab.fill("#words", mended)
        press(tab, "Approve the changed words")
        tab.locator(".messages .success").wait_for()
        beside.reload()
        assert beside.locator("ul.stories > li").count() == before + 1
        assert mended.split(". ")[0] in beside.locator("main").inner_text() and "1,850" not in beside.content()
    approved = "select p.text, p.approved_by from summaries_proof p order by p.approved_at desc limit 1"
    assert rows(approved) == [(mended, "owner")]

    with watch.leg("webhooks: three times the same is one; a bad signature stores nothing"):
        caller = somebody_new(tab)
        press(tab, "Same webhook 3 times")
        tab.locator("#sim-run .steps").wait_for()
        submit(tab, tab.locator("#sim-run").get_by_role("link", name="Open the webhook").click)
        assert "2 copies" in tab.locator("aside").inner_text()
        delivery = tab.url.rstrip("/").split("/")[-1]
        stranger = somebody_new(tab)
        press(tab, "Bad signature")
        assert "Answered 401" in tab.locator("#sim-run [data-answer]").inner_text()
    assert rows("select copies from providers_delivery where id = %s", delivery) == [(2,)]
    assert rows("select count(*) from leads_event where delivery_id = %s", delivery) == [(1,)]
    assert rows('select count(*) from messaging_message where "to" = %s', caller) == [(1,)]
    assert rows("select count(*) from leads_identity where value = %s", stranger) == [(0,)]

    with watch.leg("the inbox again: what was done is ticked off"):
        tab.goto("/")
        line = tab.locator(".first-steps-line").inner_text()
        assert re.search(r"First steps, (\d+) of 10 done", line).group(1) == "4", line  # fired, read why, summary, portal

    with capsys.disabled():
        print("\nThe first five minutes, by the stop-watch:", *watch.lines(), sep="\n")
    assert watch.seconds < LIMIT_SECONDS
