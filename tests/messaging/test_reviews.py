"""Review links: which pages one may lead to, the short link of ours, what counts as a click; and words that ask everybody alike."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client as Browser

from leads.models import Automation
from messaging import reviews, templates
from messaging.models import ReviewClick, ReviewLink, Template
from messaging.words import checks
from messaging.words.checks import Words, check
from tests.factories import NOON, ClientFactory, ContactFactory
from tests.office.rows import make_text
from tests.planning import keep_link

LINK = "https://search.google.com/local/writereview?placeid=ChIJN1t_tDeuEmsRUsoyG83frY4"
GOOD = [
    LINK,
    "https://g.page/r/CdEfGhIjKlMnEBM/review",
    "https://maps.app.goo.gl/AbCdEf123456",
    "https://www.google.com/maps/place/Summit+Roofing/@39.7,-104.9,17z",
]
BAD = [
    "http://g.page/r/CdEfGhIjKlMnEBM/review",
    "https://evil.example.com/local/writereview?placeid=ChIJN1t_tDeuEmsRUsoyG83frY4",
    "https://search.google.com.evil.example.com/local/writereview?placeid=ChIJN1t_tDeuEmsR",
    "https://search.google.com@evil.example.com/local/writereview?placeid=ChIJN1t_tDeuEmsR",
    "https://evil.example.com#@search.google.com/local/writereview?placeid=ChIJN1t_tDeuEmsR",
    "https://evil.example.com\\@search.google.com/local/writereview?placeid=ChIJN1t_tDeuEmsR",
    "https://search.google.com:8443/local/writereview?placeid=ChIJN1t_tDeuEmsR",
    "https://search.google.com/local/writereview",
    "https://www.google.com/url?q=https://evil.example.com",
    "https://www.google.com/maps/place/x/../../../url?q=https://evil.example.com",
    "https://www.google.com//evil.example.com",
    "https://maps.google.com/url?q=https://evil.example.com",
    "https://google.com/amp/s/evil.example.com",
    "https://g.page/r/a/b/c/d",
    "//search.google.com/local/writereview?placeid=ChIJN1t_tDeuEmsR",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://search.google.com/local/writereview?placeid=ChIJN1t_tDeuEmsR\r\nSet-Cookie: a=b",
    "https://sеarch.google.com/local/writereview?placeid=ChIJN1t_tDeuEmsR",  # a Cyrillic letter
    "https://www.yelp.com/writeareview/biz/summit",
    "https://[::1/",
    "",
]


@pytest.mark.parametrize("url", GOOD)
def test_googles_review_pages_may_be_led_to(url):
    assert reviews.fault_of(url=url) == ""


@pytest.mark.parametrize("url", BAD)
def test_nothing_else_may(url):
    assert reviews.fault_of(url=url).endswith(".")


# The link


@pytest.fixture
def link(noon):
    client = ClientFactory()
    Automation.objects.create(client=client, workflow="review-request", settings={"review_link": LINK})
    text = make_text(contact=ContactFactory(client=client), workflow="review-request", purpose="review-request")
    return keep_link(message=text, target=LINK)


def get(link, query="", method="get", **headers):
    return getattr(Browser(), method)(f"/go/{link.token}/{query}", headers=headers)


def press(link, query=""):
    return get(link, query, method="post")


@pytest.mark.django_db
def test_nothing_in_the_address_changes_where_it_leads(link):
    for query in ("", "?next=https://evil.example.com", "?url=//evil.example.com&target=https://evil.example.com"):
        answer = press(link, query)
        assert (answer.status_code, answer["Refresh"]) == (200, f"0; url={LINK}")
        assert LINK.replace("&", "&amp;") in answer.content.decode() and "evil" not in answer.content.decode()
    for path in ("https://evil.example.com/", "%2F%2Fevil.example.com/", "nonsense/", link.token[:-1] + "/"):
        answer = Browser().get(f"/go/{path}")
        assert answer.status_code == 404 and "Location" not in answer and "Refresh" not in answer


@pytest.mark.django_db
@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko; Google-PageRenderer) Chrome/126.0 Safari/537.36",
        "Outlook-iOS/2.0", "Mozilla/5.0 (compatible; Proofpoint URL Defense)", "", "Mimecast", "Twitterbot/1.0", "facebookexternalhit/1.1",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1",
    ],
)  # fmt: skip
def test_whoever_only_opens_the_link_is_shown_a_button_and_counted_nowhere(link, agent):
    """A scanner calls itself what it likes; what it does not do is press a button."""
    answer = get(link, **{"User-Agent": agent})
    assert answer.status_code == 200 and "Location" not in answer and "Refresh" not in answer
    assert "Write a review on Google" in answer.content.decode() and LINK not in answer.content.decode()
    assert get(link, method="head").status_code == 200
    assert get(link, method="put").status_code == 405
    assert ReviewClick.objects.count() == 0


@pytest.mark.django_db
def test_a_press_is_one_row_that_says_when_and_nothing_else(link, django_assert_num_queries, caplog):
    press(link)
    with django_assert_num_queries(4):  # the clock; the link with its text and client; the settings; the row
        press(link)
    assert [field.name for field in ReviewClick._meta.fields] == ["id", "link", "at"]
    assert ReviewClick.objects.count() == 2 and link.token not in caplog.text
    for _ in range(reviews.MOST_CLICKS):
        reviews.note_click(link=link, now=NOON)
    assert ReviewClick.objects.count() == reviews.MOST_CLICKS


@pytest.mark.django_db
def test_a_press_needs_no_cookie_and_no_token_of_a_form(link):
    assert Browser(enforce_csrf_checks=True).post(f"/go/{link.token}/").status_code == 200
    assert ReviewClick.objects.count() == 1


@pytest.mark.django_db
def test_a_click_and_a_link_are_evidence(link):
    press(link)
    for sql in ("update messaging_reviewclick set at = now()", "delete from messaging_reviewclick", "delete from messaging_reviewlink",
                "update messaging_reviewlink set target = 'https://evil.example.com/'"):  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


@pytest.mark.django_db
def test_an_old_link_still_shows_where_the_page_is_and_counts_nothing(link, set_clock):
    set_clock(NOON + reviews.LINK_LIFE + timedelta(minutes=1))
    answer = press(link)
    assert (
        answer.status_code == 410 and LINK.replace("&", "&amp;") in answer.content.decode() and "Summit Roofing" in answer.content.decode()
    )
    assert ReviewClick.objects.count() == 0


@pytest.mark.django_db
def test_a_corrected_link_counts_and_a_bad_one_does_not(link):
    Automation.objects.update(settings={"review_link": GOOD[1]})
    assert press(link)["Refresh"] == f"0; url={GOOD[1]}"
    Automation.objects.update(settings={"review_link": "https://evil.example.com/"})
    assert press(link)["Refresh"] == f"0; url={LINK}"


@pytest.mark.django_db
def test_a_bad_target_is_never_stored(link):
    text = make_text(contact=link.message.contact)
    with pytest.raises(ValueError, match="Only a Google review page"):
        reviews.make_link(token=reviews.make_token(), message=text, target="https://evil.example.com/", now=NOON)
    assert ReviewLink.objects.count() == 1


# The words


def refusals(body, purpose="review-request"):
    return [one.code for one in check(words=Words(body=body, purpose=purpose)) if one.refuses]


PLAIN = "This is {{ business }}. Would you write an honest review? {{ review_link }} Reply STOP to opt out."


def test_the_agencys_requests_are_neutral_and_complete():
    for row in templates.AGENCY_TEMPLATES:
        assert templates.findings(template=Template(**row)) == [], row["key"]
    assert refusals(PLAIN) == []


@pytest.mark.parametrize(
    "words, code",
    [
        ("If you had a great experience, write a review.", "choosing"),
        ("If you were happy with us, tell others.", "choosing"),
        ("Please leave us a 5-star review.", "choosing"),
        ("A positive review would help.", "choosing"),
        ("Déjenos cinco estrellas.", "choosing"),
        ("You get a gift card for it.", "reward"),
        ("Enter our raffle.", "reward"),
        ("Or here: https://bit.ly/abc", "shortener"),
        ("Or here: https://reviews.example.org/x", "foreign-link"),
        ("Or yelp.com/biz/summit", "foreign-link"),
        ("Or https://10.0.0.1/x", "foreign-link"),
    ],
)
def test_words_that_choose_reward_or_lead_elsewhere_are_refused(words, code):
    assert code in refusals(PLAIN.replace("Would you", f"{words} Would you"))


def test_the_link_must_always_be_there_and_only_there_where_it_is_filled_in():
    assert refusals(PLAIN.replace("{{ review_link }}", "")) == ["review-link"]
    assert refusals(PLAIN.replace("{{ review_link }}", "{% if name %}{{ review_link }}{% endif %}")) == ["review-link"]
    assert refusals(PLAIN, purpose="lead-reply") == ["liquid"]


def test_only_our_own_domain_may_be_written_out(monkeypatch):
    body = PLAIN.replace("Reply STOP", "More: https://texts.example.com/about Reply STOP")
    assert refusals(body) == ["foreign-link"]
    monkeypatch.setattr(checks, "OWN_HOST", "texts.example.com")
    assert refusals(body) == []
    monkeypatch.setattr(checks, "OWN_HOST", "t.ly")
    assert refusals(PLAIN.replace("Reply STOP", "More: https://t.ly/about Reply STOP")) == []
