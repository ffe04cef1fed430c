"""The stories' pages: one press tells it, the page says what is waited for and what was proven."""

import html
import re

import pytest
from django.test import Client as Browser

from leads.models import Automation
from providers.connections import MOODS, mood_of
from tests.factories import StaffFactory
from tests.office.simulator.trying import dead
from zartsalgo.lib.ids import new_id
from zartsalgo.office import strip
from zartsalgo.office.models import StoryRun
from zartsalgo.office.stories import playing, replies
from zartsalgo.office.views import simulator as simulator_page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(summit, monkeypatch):
    """Somebody of staff; a story that is started is played in this thread, to its end."""
    monkeypatch.setattr(playing, "play_in_background", lambda *, row: playing.play(row=row))
    strip.forget()
    browser = Browser()
    browser.force_login(StaffFactory())
    return browser


def press(browser, key, client="summit-roofing"):
    return browser.post("/try/stories/play/", {"story": key, "client": client})


def read_page(browser, address):
    answer = browser.get(address)
    assert answer.status_code == 200
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


def test_one_press_tells_the_story_and_the_page_says_what_was_proven(browser, worker):
    where = press(browser, "price-question")["Location"]
    row = StoryRun.objects.get()
    assert where == f"/try/stories/{row.pk}/" and row.by.username == "sam"
    page = read_page(browser, where)
    for beat in replies.PRICE_ASKED.beats:
        assert beat.title in page
    assert "All 4 promises are kept, counted from the rows." in page
    assert "“How much for a new roof?”" not in page and page.count("How much for a new roof?") == 1
    source = browser.get(where).content.decode()
    assert source.count('data-proof="pass"') == 4 and 'data-proof="fail"' not in source
    links = re.findall(r'<a href="([^"]+)">Open[^<]*<span class="sr">: ', source)
    assert len(links) == 4 and all(browser.get(link, follow=True).status_code == 200 for link in links)
    assert "http-equiv" not in source
    assert "4 of 4 proven" in read_page(browser, "/try/")


def test_while_it_plays_the_page_shows_what_is_waited_for(browser, monkeypatch):
    monkeypatch.setattr(playing, "play_in_background", lambda *, row: None)
    where = press(browser, "stop-wins")["Location"]
    source = browser.get(where).content.decode()
    assert '<noscript><meta http-equiv="refresh" content="1"></noscript>' in source
    assert re.findall(r'data-step-status="([^"]+)"', source) == ["running", "to-come", "to-come", "to-come"]
    # Pressed again it is the same one; another story says which one is in the way.
    assert press(browser, "stop-wins")["Location"] == where
    assert press(browser, "duplicate-webhook")["Location"] == where
    assert "“STOP wins” is being played for Summit Roofing." in read_page(browser, where)
    assert StoryRun.objects.count() == 1
    # Its player dies: the next look ends it, and says so.
    dead(StoryRun.objects.get())
    assert playing.DIED in read_page(browser, where)
    assert "Broken off" in read_page(browser, "/try/")


def test_what_cannot_be_played_says_why_and_nothing_happens(browser, summit):
    assert press(browser, "no-such-story")["Location"] == "/try/"
    assert "no such story or no such business; nothing was done" in read_page(browser, "/try/")
    Automation.objects.filter(client=summit).update(send="draft")
    press(browser, "stop-wins")
    page = read_page(browser, "/try/")
    assert page.count("A person approves each text of Summit Roofing") == 2 and "Play : STOP wins" not in page
    assert not StoryRun.objects.exists()
    assert browser.get("/try/stories/play/").status_code == 405
    assert Browser(enforce_csrf_checks=True).post("/try/stories/play/", {"story": "stop-wins"}).status_code == 403
    assert Browser().post("/try/stories/play/", {"story": "stop-wins"})["Location"].startswith("/admin/login/")
    assert browser.get(f"/try/stories/{new_id()}/").status_code == 404


def test_the_provider_is_put_in_a_mood_in_words(browser, summit):
    for mood, words in (("down", "It refuses the connection: no text leaves."), ("ok", "The provider takes every text.")):
        browser.post("/try/", {"client": "summit-roofing", "caller": "", "do": f"mood:{mood}"})
        assert mood_of(client_id=summit.pk) == mood
        assert words in read_page(browser, "/try/")
    browser.post("/try/", {"client": "summit-roofing", "caller": "", "do": "mood:grumpy"})
    assert "no such button" in read_page(browser, "/try/") and mood_of(client_id=summit.pk) == "ok"
    assert {mood[0] for mood in simulator_page.MOODS} == set(MOODS)
