"""Not too often, over all channels; what answers a person goes before everything else."""

from datetime import UTC, date, datetime, timedelta

import pytest

from leads.models import Closure, Consent, OpeningHours
from messaging import gate
from messaging.gate.checks import throttle
from messaging.gate.checks.hours import business_closed
from messaging.gate.reads import asked, sends
from messaging.models import Message
from tests.factories import NOON, ClientFactory, ContactFactory
from tests.planning import make_try
from zartsalgo.lib.ids import new_id

pytestmark = pytest.mark.django_db
CARLA = "+13035550123"


@pytest.fixture
def carla(noon):
    return ContactFactory(client=ClientFactory(), phone=CARLA)


def message(contact, *, purpose, ago=timedelta(0), channel="sms", status="sent", workflow="w", **changes):
    at = NOON - ago
    values = {"sent_at": at if status in ("sent", "delivered") else None, "created_at": at, "due_at": at, **changes}
    return Message.objects.create(
        id=new_id(), client=contact.client, contact=contact, workflow=workflow, purpose=purpose, channel=channel, to=CARLA,
        sender=contact.client.phone, body="Hi", status=status, **values,
    )  # fmt: skip


def judge(contact, purpose, **changes):
    one = message(contact, purpose=purpose, status="queued", **changes)
    until = throttle.too_many(one, gate.load(messages=[one], now=NOON)[one.pk], NOON).until
    Message.objects.filter(pk=one.pk).update(status="skipped")
    return until


def test_one_a_day_and_three_a_week_over_all_channels_and_workflows(carla):
    hour = timedelta(hours=1)
    assert judge(carla, "review-request") is None
    mailed = message(carla, purpose="old-lead-follow-up", channel="email", workflow="x", ago=20 * hour)
    assert judge(carla, "review-request") == NOON + 4 * hour
    Message.objects.filter(pk=mailed.pk).update(sent_at=NOON - 25 * hour)
    assert judge(carla, "review-request") is None
    message(carla, purpose="review-reminder", ago=50 * hour)
    message(carla, purpose="tips", ago=100 * hour)
    assert judge(carla, "review-request") == NOON - 100 * hour + timedelta(days=7)


def test_a_text_of_unknown_fate_counts_and_one_that_never_went_does_not(carla):
    skipped = message(carla, purpose="tips", status="skipped", ago=timedelta(hours=2))
    assert judge(carla, "review-request") is None
    make_try(message=skipped, outcome="unknown", started_at=NOON, deadline_at=NOON)
    assert judge(carla, "review-request") == skipped.due_at + timedelta(days=1)


def test_an_answer_goes_first_and_the_rest_a_day_after_it(carla):
    waits = message(carla, purpose="missed-call-text-back", status="held")
    assert judge(carla, "review-request") == NOON + timedelta(hours=1)
    assert judge(carla, "lead-reply") is None
    Message.objects.filter(pk=waits.pk).update(status="sent", sent_at=NOON - timedelta(hours=3))
    assert judge(carla, "review-request") == NOON + timedelta(hours=21)
    assert judge(carla, "lead-reply") is None


def test_four_answers_a_day_are_the_most(carla):
    for hours in (2, 4, 6, 8):
        message(carla, purpose="lead-reply", ago=timedelta(hours=hours))
    assert judge(carla, "missed-call-text-back") == NOON + timedelta(hours=16)


def test_what_a_person_writes_and_what_others_get_does_not_count(carla):
    message(carla, purpose="reply", workflow="", ago=timedelta(hours=1))
    message(ContactFactory(client=carla.client, phone="+13035550124"), purpose="tips", ago=timedelta(hours=1))
    message(ContactFactory(client=ClientFactory(slug="other"), phone=CARLA), purpose="tips", ago=timedelta(hours=1))
    assert judge(carla, "review-request") is None
    assert judge(carla, "tips", workflow="", created_at=NOON) is None


def test_the_gate_holds_it_until_then_and_says_why(carla):
    message(carla, purpose="tips", ago=timedelta(hours=20))
    Consent.objects.create(
        client=carla.client, contact=carla, purpose="marketing", channel="sms", address=CARLA, wording="Yes, text me", wording_version="1",
        source_kind="form", source="/contact", granted_at=NOON - timedelta(days=1),
    )  # fmt: skip
    slip = gate.look(message=message(carla, purpose="review-request", status="queued"), now=NOON)
    (check,) = [check for check in slip.checks if check.name == "too-many"]
    assert (check.passed, check.says) == (False, "They got 1 automatic message within 24 hours, and 1 is the most.")


def test_it_is_one_statement(carla, django_assert_num_queries):
    one = message(carla, purpose="tips", status="queued")
    with django_assert_num_queries(1):
        sends.read(asked=asked.as_json(messages=[one], now=NOON), now=NOON)


def test_the_business_s_hours_and_holidays_bind_what_is_no_answer(carla):
    business = carla.client
    for weekday in range(5):
        OpeningHours.objects.create(client=business, weekday=weekday, opens="08:00", closes="11:00")
    Closure.objects.create(client=business, date=date(2026, 11, 23), name="Staff day")

    def check(purpose, now, **changes):
        slip = gate.look(message=message(carla, purpose=purpose, status="queued", **changes), now=now)
        (one,) = [one for one in slip.checks if one.name == "business-closed"]
        return one.passed, one.says

    monday = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # 10:00 in Denver
    assert check("tips", NOON) == (False, "Summit Roofing is closed; this waits until it opens.")
    assert check("tips", monday) == (False, "Summit Roofing is closed (Staff day); this waits until it opens.")
    assert check("tips", monday + timedelta(days=1)) == (True, "The business is open.")
    assert check("missed-call-text-back", NOON)[0] and check("tips", NOON, workflow="")[0]
    tips = message(carla, purpose="tips", status="queued")
    closed = business_closed(tips, gate.load(messages=[tips], now=NOON)[tips.pk], NOON)
    assert closed.until == datetime(2026, 11, 24, 15, 0, tzinfo=UTC), "Tuesday at 8, because Monday is closed"
