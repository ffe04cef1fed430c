"""What a business sees: its own approved content in plain words, nothing of anybody else's, and empty pages that say what comes."""

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from portal import members
from portal.charts import weekly_columns
from portal.content import Week
from portal.models import Session
from portal.templatetags.portal_tags import moment, number, span
from tests.factories import NOON
from tests.office.rows import sign_in as staff
from tests.portal.rows import CONTENT, hold, make_report, make_story, signed_in
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id

PAGES = ("/portal/", "/portal/stories/", "/portal/reports/", "/portal/texts/", "/portal/help/")


def words(answer):
    """The text of a page, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_results_show_the_latest_report(rita, ours):
    make_report(client=ours, month=9, content={**CONTENT, "headline": "An older one"})
    make_report(client=ours)
    make_story(client=ours, text="The newest of all.")
    make_story(client=ours, text="A story of October.", at=NOON - timedelta(days=25))
    text = words(rita.get("/portal/"))
    for said in (
        "Summit Roofing",
        "October 2026 · Checked by Dana, 20 Nov 2026",
        "31 booked jobs came from 118 calls and forms",
        "31 booked jobs 26 in September",
        "41 s typical first reply 55 seconds in September target 60 seconds",
        "1,118 new requests 97 in September",
        "96% missed calls answered nothing to compare with yet",
        "118 requests and 31 booked jobs in 4 weeks; most requests, 35, in the week from 26 Oct.",
        "5 Oct to 11 Oct 24 6",
        "Phone calls 64 18 Complete",
        "Google Ads 16 3 2 days missing: 14 and 15 Oct",
        "We now answer forms on Sundays too.",
        "A story of October.",
    ):
        assert said in text, said
    assert "An older one" not in text and "The newest of all" not in text


def test_nothing_yet_is_said_in_a_friendly_way(rita):
    assert "first results are being prepared" in words(rita.get("/portal/"))
    assert "No stories yet" in words(rita.get("/portal/stories/"))
    assert "No reports yet" in words(rita.get("/portal/reports/"))
    help_page = words(rita.get("/portal/help/"))
    assert "Rita rita@example.com (you)" in help_page and "Sign out" in help_page and "Ask your agency" in help_page


def test_how_to_reach_the_agency_stands_on_every_page(rita, settings):
    settings.AGENCY_NAME, settings.AGENCY_EMAIL, settings.AGENCY_PHONE = "North Agency", "team@example.com", "(303) 555-0101"
    for path in (*PAGES, "/portal/nowhere/"):
        assert "Questions? Call (303) 555-0101 or write to team@example.com (North Agency)." in words(rita.get(path))


def test_stories_go_on_page_by_page(rita, ours):
    stories = [make_story(client=ours, text=f"Story {n:02}.", at=NOON - timedelta(hours=n)) for n in range(23)]
    stories.append(make_story(client=ours, text="Story 23.", at=stories[-1].happened_at))  # equal times: the later id first
    seen, where = [], "/portal/stories/"
    for size in (10, 10, 4):
        page = rita.get(where).content.decode()
        found = re.findall(r"Story (\d\d)\.", page)
        assert len(found) == size
        seen += found
        older = re.search(r'href="(\?after=[^"]+)">Older', page)
        where = f"/portal/stories/{older.group(1)}" if older else ""
    assert where == "" and seen == [f"{n:02}" for n in range(22)] + ["23", "22"]
    assert "Story" not in words(rita.get(f"/portal/stories/?after={new_id()}")).replace("Stories", "")
    assert rita.get("/portal/stories/?after=nonsense").status_code == 404


@pytest.mark.parametrize("path", PAGES)
def test_the_number_of_statements_does_not_grow_with_the_rows(rita, ours, path, django_assert_max_num_queries):
    def count():
        with CaptureQueriesContext(connection) as caught:
            assert rita.get(path).status_code == 200
        return len(caught)

    for n in range(3):
        make_story(client=ours, at=NOON - timedelta(hours=n))
        make_report(client=ours, month=n + 1)
    few = count()
    for n in range(7):
        make_story(client=ours, at=NOON - timedelta(days=n + 1))
        make_report(client=ours, month=n + 4)
        members.invite(client_id=ours.pk, email=f"p{n}@example.com", now=clock.real_now())
    assert count() == few <= 12


def test_a_report_says_how_it_was_counted_and_prints(rita, ours):
    report = make_report(client=ours)
    listed = rita.get("/portal/reports/").content.decode()
    assert f"/portal/reports/{report.pk}/" in listed and "October 2026" in listed
    assert "How it was counted" in words(rita.get(f"/portal/reports/{report.pk}/"))


def test_every_guessed_or_foreign_id_is_the_same_404(rita, ours, theirs):
    withdrawn = make_story(client=ours, withdrawn_at=NOON, withdrawn_by="Dana")
    gone = [
        f"/portal/stories/{new_id()}/",
        f"/portal/stories/{withdrawn.pk}/",
        f"/portal/stories/{make_story(client=theirs).pk}/",
        f"/portal/reports/{new_id()}/",
        f"/portal/reports/{make_report(client=theirs).pk}/",
        f"/portal/reports/{make_report(client=ours, month=3, status='draft').pk}/",
        f"/portal/reports/{make_report(client=ours, month=4, status='withdrawn', withdrawn_at=NOON).pk}/",
        "/portal/reports/1/",
        "/portal/nowhere/at/all",
    ]
    answers = [rita.get(path) for path in gone]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1
    for path in gone[:3]:
        for verb in ("outcome/", "not-right/", "take-back/"):
            answer = rita.post(path + verb, {"said": "booked", "words": "x", "kind": "outcome"})
            assert answer.status_code == 404


def test_without_a_session_everything_leads_to_the_sign_in_page(ours):
    story, report = make_story(client=ours), make_report(client=ours)
    for path in (*PAGES, f"/portal/stories/{story.pk}/", f"/portal/reports/{report.pk}/", f"/portal/reports/{new_id()}/", "/portal/x/"):
        answer = Browser().get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/portal/sign-in/")
    assert staff().get("/portal/").headers["Location"] == "/portal/sign-in/"


@pytest.mark.parametrize("path", [*PAGES, "/portal/sign-in/", "/portal/nowhere/", "/portal/in/nonsense/"])
def test_headers_are_strict(rita, path):
    browser = Browser() if path in ("/portal/sign-in/",) else rita
    headers = browser.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp" and headers["X-Frame-Options"] == "DENY"
    assert "default-src 'self'" in headers["Content-Security-Policy"] and "camera=()" in headers["Permissions-Policy"]
    page = browser.get(path).content.decode()
    # Under "no-referrer" browsers send "Origin: null" with a form, which the check against forged forms refuses.
    assert headers["Referrer-Policy"] == ("same-origin" if "<form" in page else "no-referrer")
    assert "<script" not in page and " style=" not in page and "http://" not in page.replace("http://www.w3.org", "")


def test_staff_look_for_an_hour_and_change_nothing(ours):
    story = make_story(client=ours)
    make_report(client=ours)
    office = staff(first_name="Sam", last_name="Ito")
    assert office.get(f"/clients/{ours.slug}/portal/").status_code == 405
    assert Browser().post(f"/clients/{ours.slug}/portal/").status_code == 302 and not Session.objects.exists()
    assert office.post(f"/clients/{ours.slug}/portal/").headers["Location"] == "/portal/"
    for path in (*PAGES, f"/portal/stories/{story.pk}/"):
        answer = office.get(path)
        assert answer.status_code == 200 and "You see what Summit Roofing sees. Read-only, logged." in words(answer)
    assert "<form" not in office.get(f"/portal/stories/{story.pk}/").content.decode()
    refused = office.post(f"/portal/stories/{story.pk}/outcome/", {"said": "booked"})
    assert refused.status_code == 403 and "Nothing was changed" in words(refused)
    look = Session.objects.get()
    assert (look.viewer, look.client_id, look.expires_at - look.created_at) == ("Sam Ito", ours.pk, timedelta(hours=1))
    assert office.post("/portal/sign-out/").status_code == 302 and office.get("/portal/").status_code == 302
    assert Session.objects.get().ended_at is not None
    hold(office, members.open_preview(client_id=ours.pk, viewer="Sam", now=clock.real_now() - timedelta(hours=1)))
    assert office.get("/portal/").headers["Location"] == "/portal/sign-in/"


def test_a_closed_portal_says_so(rita, monkeypatch):
    from portal import content

    monkeypatch.setattr(content, "settings", type("Settings", (), {"TESTING": False, "DATABASES": {}}))
    answer = rita.get("/portal/")
    assert answer.status_code == 503 and "Not open just now" in words(answer)


def test_content_that_lacks_parts_is_shown_without_them(rita, ours):
    make_report(client=ours, content={"headline": "Few numbers", "figures": [{"label": "calls", "value": None}], "weeks": None, "more": {}})
    answer = rita.get("/portal/")
    assert answer.status_code == 200 and "not known calls" in words(answer) and "None" not in words(answer)


def test_text_from_outside_is_shown_as_text(rita, ours):
    evil = '"><script>alert(1)</script>{{ 7777|add:70000007 }}'
    make_story(client=ours, text=evil, service=evil[:200], source=evil[:120])
    make_report(client=ours, content={**CONTENT, "headline": evil, "note": evil})
    for path in (*PAGES,):
        page = rita.get(path).content.decode()
        assert "<script" not in page and "70007784" not in page
    assert "&lt;script&gt;" in rita.get("/portal/stories/").content.decode()


def test_times_and_numbers_in_words():
    assert moment(NOON, "America/Denver") == "Fri 20 Nov, 12:00 pm MST"
    assert moment(NOON - timedelta(hours=12), "America/New_York") == "Fri 20 Nov, 2:00 am EST"
    assert [span(n) for n in (None, 0, 1, 41, 89, 90, 3600, 7800, 86400 * 3)] == [
        "", "0 seconds", "1 second", "41 seconds", "89 seconds", "2 minutes", "60 minutes", "2 hours 10 minutes", "3 days",
    ]  # fmt: skip
    assert [number(n, u) for n, u in ((0, ""), (12000, ""), (4.8, ""), (4.0, "stars"), (None, ""), ("1 of 3", ""))] == [
        "0", "12,000", "4.8", "4 stars", "not known", "1 of 3",
    ]  # fmt: skip


def test_a_chart_starts_at_zero_and_fits():
    assert weekly_columns(weeks=[], ends_on=date(2026, 1, 5)) is None
    first = date(2026, 1, 5)

    def weeks_of(count):
        return [Week(start=first + timedelta(weeks=n), asked=n * 3, booked=n) for n in range(count)]

    assert weekly_columns(weeks=weeks_of(5), ends_on=date(2026, 2, 4)).weeks[-1] == ("2 Feb to 4 Feb", 12, 4)
    for count in (1, 5, 26):
        chart = weekly_columns(weeks=weeks_of(count), ends_on=first + timedelta(weeks=count, days=-3))
        assert len(chart.bars) == 2 * count and len(chart.labels) <= 6
        assert all(bar.x >= 0 and bar.x + bar.width <= chart.width and bar.above >= 10 for bar in chart.bars)
        assert all(abs(bar.y + bar.height - chart.base) < 0.2 for bar in chart.bars)
    assert [bar.height for bar in weekly_columns(weeks=[Week(start=first, asked=0, booked=0)], ends_on=first).bars] == [0, 0]


def test_two_people_of_one_business_and_one_of_another(rita, ours, theirs):
    make_story(client=ours, text="Ours.")
    make_story(client=theirs, text="Theirs.")
    other = signed_in(client=theirs, email="tom@example.com", name="Tom")
    assert "Ours." in words(rita.get("/portal/stories/")) and "Theirs." not in words(rita.get("/portal/stories/"))
    assert "Theirs." in words(other.get("/portal/stories/")) and "Ours." not in words(other.get("/portal/stories/"))
    assert "EST" in words(other.get("/portal/stories/")) and "rita@example.com" not in words(other.get("/portal/help/"))
