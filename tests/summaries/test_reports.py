"""Reports: what is counted, that every number opens its leads, and who may show it to whom."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, transaction

from leads.models import Lead
from providers.models import Connection
from summaries import reports
from summaries.models import Report
from tests.factories import ClientFactory, ContactFactory, LeadFactory
from tests.office.rows import make_event, sign_in

DENVER = ZoneInfo("America/Denver")
NOW = datetime(2026, 12, 2, 9, 0, tzinfo=DENVER)
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)

pytestmark = pytest.mark.django_db


@pytest.fixture
def client_():
    return ClientFactory()


def ask(client, *, on, after=None, stage="new", source="Google Ads", called=None, how="call.missed"):
    """A lead that came on a local day at noon (or at that moment), answered `after` minutes, if at all."""
    at = on if isinstance(on, datetime) else datetime(on.year, on.month, on.day, 12, 0, tzinfo=DENVER)
    contact = ContactFactory(client=client, created_at=at)
    make_event(contact=contact, type=how, at=called or at)
    answered = None if after is None else at + timedelta(minutes=after)
    return LeadFactory(client=client, contact=contact, created_at=at, stage=stage, source=source, first_response_at=answered)


def november(client, now=NOW):
    return reports.build(client=client, starts_on=FIRST, ends_on=LAST, now=now)


def figure(report, key):
    return next(one for one in report.content["figures"] if one["key"] == key)


def test_the_numbers_are_counted_and_each_names_its_leads(client_):
    quick = ask(client_, on=date(2026, 11, 3), after=2, stage="booked")
    slow = ask(client_, on=date(2026, 11, 10), after=30, stage="done", source="Website form")
    open_ = ask(client_, on=date(2026, 11, 30))
    ask(client_, on=date(2026, 11, 5), stage="wrong")
    before = ask(client_, on=date(2026, 10, 15), after=1)
    ask(client_, on=date(2026, 12, 1))
    ask(ClientFactory(slug="bluebird-plumbing", name="Bluebird Plumbing"), on=date(2026, 11, 3), stage="booked")

    report = november(client_)

    assert report.status == Report.Status.DRAFT
    assert report.content["headline"] == "2 booked jobs came from 3 calls and forms."
    assert [(one["key"], one["value"], one["previous"]) for one in report.content["figures"]] == [
        ("asked", 3, 1),
        ("quick", 33, 100),
        ("typical", None, None),
        ("booked", 2, 0),
    ]
    assert figure(report, "typical")["note"] == "too few to show a typical time"
    ids = {key: report.counted[key] for key in ("asked", "quick", "typical", "booked", "asked:previous", "booked:previous")}
    assert ids == {
        "asked": [str(quick.pk), str(slow.pk), str(open_.pk)],
        "quick": [str(quick.pk)],
        "typical": [str(quick.pk), str(slow.pk)],
        "booked": [str(quick.pk), str(slow.pk)],
        "asked:previous": [str(before.pk)],
        "booked:previous": [],
    }
    assert report.content["sources"] == [
        {"name": "Google Ads", "asked": 2, "booked": 1, "coverage": ""},
        {"name": "Website form", "asked": 1, "booked": 1, "coverage": ""},
    ]
    assert report.content["weeks"] == [
        {"start": "2026-11-01", "asked": 1, "booked": 1},
        {"start": "2026-11-08", "asked": 1, "booked": 1},
        {"start": "2026-11-15", "asked": 0, "booked": 0},
        {"start": "2026-11-22", "asked": 0, "booked": 0},
        {"start": "2026-11-29", "asked": 1, "booked": 0},
    ]
    assert report.counted["source:Google Ads:asked"] == [str(quick.pk), str(open_.pk)]
    assert report.counted["week:2026-11-08:booked"] == [str(slow.pk)]


def test_days_are_days_in_the_business_s_zone(client_):
    ask(client_, on=datetime(2026, 11, 1, 0, 5, tzinfo=DENVER))
    ask(client_, on=datetime(2026, 11, 30, 23, 55, tzinfo=DENVER))
    ask(client_, on=datetime(2026, 12, 1, 0, 5, tzinfo=DENVER))
    assert figure(november(client_), "asked")["value"] == 2


def test_a_typical_time_takes_ten_answers_and_is_counted_from_the_call(client_):
    for minutes in range(9):
        ask(client_, on=date(2026, 11, 3), after=minutes)
    assert figure(november(client_), "typical")["value"] is None
    noon = datetime(2026, 11, 4, 12, 0, tzinfo=DENVER)
    # Reported ten minutes after the call, answered at once: the customer waited ten minutes.
    ask(client_, on=noon, after=0, called=noon - timedelta(minutes=10))
    assert figure(november(client_), "typical") == {
        "key": "typical",
        "label": "Typical time to an answer",
        "value": 270,
        "previous": None,
        "unit": "s",
        "note": "half were answered faster",
    }


def test_an_answered_call_was_answered_at_once(client_):
    ask(client_, on=date(2026, 11, 3), how="call.answered")
    assert figure(november(client_), "quick")["value"] == 100


def test_nothing_counted_is_said_in_words(client_):
    report = november(client_)
    assert report.content["headline"] == "Nobody called or wrote in these days."
    assert [one["value"] for one in report.content["figures"]] == [0, None, None, 0]
    ask(client_, on=date(2026, 11, 3))
    assert november(client_).content["headline"] == "1 call or form came in; none is booked so far."


def test_a_source_with_a_person_s_number_in_its_name_is_other(client_):
    ask(client_, on=date(2026, 11, 3), source="Form of 303-555-0123")
    assert november(client_).content["sources"][0]["name"] == "Other"


def test_a_provider_in_trouble_is_named_beside_its_source(client_):
    Connection.objects.create(
        client=client_, provider="twilio", token_digest="x", sealed=b"", created_at=NOW, trouble="The token has expired."
    )
    ask(client_, on=date(2026, 11, 3))
    assert november(client_).content["sources"][0]["coverage"] == "May be incomplete: its connection has trouble"


def test_building_takes_the_same_statements_for_five_leads_and_for_fifty(client_, django_assert_max_num_queries):
    for day in range(5):
        ask(client_, on=date(2026, 11, 1 + day), after=3)
    with django_assert_max_num_queries(8):
        november(client_)
    for day in range(45):
        ask(client_, on=date(2026, 11, 1 + day % 30), after=3)
    with django_assert_max_num_queries(8):
        assert figure(november(client_), "asked")["value"] == 50


def test_the_same_days_are_one_draft_that_keeps_its_note(client_):
    first = november(client_)
    reports.edit(report=first, headline="Nobody called or wrote.", note="We changed the phone greeting.")
    ask(client_, on=date(2026, 11, 3), stage="booked")
    again = november(client_)
    assert again.pk == first.pk and Report.objects.count() == 1
    assert again.content["headline"] == "1 booked job came from 1 call or form."
    assert again.content["note"] == "We changed the phone greeting."


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "says"),
    [
        (LAST, FIRST, "The last day lies before the first day."),
        (date(2026, 12, 3), date(2026, 12, 4), "These days have not begun yet."),
        (date(2025, 1, 1), LAST, "A report covers at most 400 days."),
    ],
)
def test_days_that_are_none_are_refused(client_, starts_on, ends_on, says):
    with pytest.raises(reports.CannotBuild, match=says):
        reports.build(client=client_, starts_on=starts_on, ends_on=ends_on, now=NOW)
    assert not Report.objects.exists()


def test_publishing_keeps_who_and_when_and_cannot_happen_twice(client_):
    report = november(client_)
    reports.publish(report=report, by="Ann", now=NOW)
    report.refresh_from_db()
    assert (report.status, report.published_by, report.published_at) == (Report.Status.PUBLISHED, "Ann", NOW)
    with pytest.raises(reports.CannotPublish, match="Ann published it before"):
        reports.publish(report=report, by="Ben", now=NOW)
    with pytest.raises(reports.CannotBuild, match="Withdraw it first"):
        november(client_)
    with pytest.raises(reports.CannotPublish, match="was not changed"):
        reports.edit(report=report, headline="All is well.", note="")
    report.content = {**report.content, "headline": "9 jobs"}
    with pytest.raises(DatabaseError), transaction.atomic():
        report.save(update_fields=["content"])


def test_days_that_are_not_over_cannot_be_published(client_):
    early = datetime(2026, 11, 30, 22, 0, tzinfo=DENVER)
    report = november(client_, now=early)
    with pytest.raises(reports.CannotPublish, match="is not over yet"):
        reports.publish(report=report, by="Ann", now=early)
    with pytest.raises(reports.CannotPublish, match="Count it again first"):
        reports.publish(report=report, by="Ann", now=NOW)
    reports.publish(report=november(client_), by="Ann", now=NOW)


def test_withdrawing_happens_once_and_makes_room(client_):
    report = november(client_)
    with pytest.raises(reports.CannotPublish, match="It is a draft"):
        reports.withdraw(report=report, by="Ann", now=NOW)
    reports.publish(report=report, by="Ann", now=NOW)
    reports.withdraw(report=report, by="Ben", now=NOW)
    assert (report.status, report.withdrawn_by) == (Report.Status.WITHDRAWN, "Ben")
    with pytest.raises(reports.CannotPublish, match="Ben withdrew it before"):
        reports.withdraw(report=report, by="Ann", now=NOW)
    assert november(client_).pk != report.pk


@pytest.mark.parametrize(
    ("headline", "note", "says"),
    [
        ("50 booked jobs came in.", "", "The headline says 50"),
        ("Fifty jobs came in.", "", "The headline says 50"),
        ("", "", "The headline is empty."),
        ("A good month.", "Call us at 303-555-0123.", "phone number"),
        ("A good month.", "Maria Gonzalez was very happy.", "A person's name."),
        ("A good month.", "<b>Great</b>", "HTML"),
        ("x" * 161, "", "160 is the most"),
    ],
)
def test_words_that_do_not_belong_are_refused(client_, headline, note, says):
    report = november(client_)
    with pytest.raises(reports.CannotPublish, match=says):
        reports.edit(report=report, headline=headline, note=note)
    report.refresh_from_db()
    assert report.content["headline"] == "Nobody called or wrote in these days."


def test_words_with_this_report_s_numbers_are_kept(client_):
    ask(client_, on=date(2026, 11, 3), stage="booked")
    report = november(client_)
    reports.edit(report=report, headline="Summit Roofing booked 1 job in November 2026.", note="The hail season is over.")
    report.refresh_from_db()
    assert report.content["note"] == "The hail season is over."


# Pages.


@pytest.fixture
def at_now(set_clock):
    set_clock(NOW)


def test_a_report_is_made_read_published_and_withdrawn_on_its_pages(client_, at_now):
    lead = ask(client_, on=date(2026, 11, 3), after=2, stage="booked")
    ann = sign_in("ann", group="approver", first_name="Ann")
    made = ann.post("/reports/make/", {"client": client_.slug, "starts_on": "2026-11-01", "ends_on": "2026-11-30"})
    report = Report.objects.get()
    assert made.url == f"/reports/{report.pk}/"
    page = ann.get(made.url).content.decode()
    assert "1 booked job came from 1 call or form." in page and "Nobody at Summit Roofing has been invited" in page
    counted = ann.get(f"/reports/{report.pk}/counted/?of=booked").content.decode()
    assert f"/leads/{lead.pk}/" in counted and "Booked so far: 1" in counted
    assert ann.get(f"/reports/{report.pk}/counted/?of=nonsense").status_code == 404
    confirm = ann.get(f"/reports/{report.pk}/publish/").content.decode()
    assert 'data-count="1"' in confirm and Report.objects.get().status == "draft"
    ann.post(f"/reports/{report.pk}/publish/", {"seen": Report.objects.get().created_at.isoformat()})
    assert (Report.objects.get().status, Report.objects.get().published_by) == ("published", "Ann")
    ann.post(f"/reports/{report.pk}/withdraw/")
    assert Report.objects.get().status == "withdrawn"


def test_what_was_counted_again_since_is_not_published(client_, at_now):
    ann = sign_in("ann", group="approver")
    report = november(client_, now=NOW - timedelta(hours=1))
    seen = report.created_at.isoformat()
    ann.post(f"/reports/{report.pk}/again/")
    page = ann.post(f"/reports/{report.pk}/publish/", {"seen": seen}, follow=True).content.decode()
    assert "counted again since you looked" in page and Report.objects.get().status == "draft"


def test_staff_may_make_a_report_but_not_publish_or_withdraw_it(client_, at_now):
    sid = sign_in("sid", group="staff")
    sid.post("/reports/make/", {"client": client_.slug, "starts_on": "2026-11-01", "ends_on": "2026-11-30"})
    report = Report.objects.get()
    for verb in ("publish", "withdraw"):
        assert sid.get(f"/reports/{report.pk}/{verb}/").status_code == 403
        assert sid.post(f"/reports/{report.pk}/{verb}/", {"seen": report.created_at.isoformat()}).status_code == 403
    assert Report.objects.get().status == "draft"
    assert "Only an owner or an approver may publish" in sid.get(f"/reports/{report.pk}/").content.decode()


def test_mistakes_are_said_and_the_words_stay_on_the_page(client_, at_now):
    sid = sign_in("sid", group="staff")
    refused = sid.post("/reports/make/", {"client": client_.slug, "starts_on": "soon", "ends_on": "2026-11-30"})
    assert refused.status_code == 400 and b"as dates" in refused.content
    report = november(client_)
    refused = sid.post(f"/reports/{report.pk}/words/", {"headline": "77 jobs", "note": "Thanks"})
    assert refused.status_code == 400
    assert "77 jobs" in refused.content.decode() and "The headline says 77" in refused.content.decode()


def test_the_list_takes_the_same_statements_for_five_and_for_fifty(client_, at_now, django_assert_max_num_queries):
    sid = sign_in("sid", group="staff")

    def _make(count, year):
        Report.objects.bulk_create(
            Report(client=client_, starts_on=date(year, 1, n + 1), ends_on=date(year, 3, 1), content={}, created_at=NOW)
            for n in range(count)
        )

    _make(5, 2024)
    sid.get("/reports/")
    with django_assert_max_num_queries(12):
        assert sid.get("/reports/").content.count(b"row-link") == 5
    _make(31, 2025)
    _make(14, 2023)
    with django_assert_max_num_queries(12):
        assert sid.get("/reports/").content.count(b"row-link") == 50


def test_the_leads_of_a_number_take_the_same_statements_for_five_and_for_fifty(client_, at_now, django_assert_max_num_queries):
    sid = sign_in("sid", group="staff")
    for count in (5, 45):
        for n in range(count):
            ask(client_, on=date(2026, 11, 1 + n % 30))
        report = november(client_)
        with django_assert_max_num_queries(12):
            page = sid.get(f"/reports/{report.pk}/counted/?of=asked").content
        assert page.count(b"row-link") == Lead.objects.count()
