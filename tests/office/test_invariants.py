"""Each invariant is silent in a healthy house and finds the one row that breaks it."""

import json
from datetime import timedelta
from io import StringIO

import pgtrigger
import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from leads.models import Contact, Event
from messaging.models import Attempt, Message, Slip, Suppression
from providers.models import Delivery
from tests.factories import NOON, ClientFactory, ContactFactory
from tests.office.rows import make_event, make_poison, make_run, make_text
from tests.planning import make_try
from workflows.models import Step
from zartsalgo.lib import clock
from zartsalgo.lib.evidence import never_deleted
from zartsalgo.lib.ids import new_id
from zartsalgo.office.invariants import INVARIANTS, check_invariants
from zartsalgo.office.tampering import find_what_gives_way

pytestmark = pytest.mark.django_db
SENT = {"status": Message.Status.SENT, "reason": "", "says": "Sent."}


@pytest.fixture
def carla(noon) -> Contact:
    return ContactFactory(phone="+13035550123")


def broken() -> dict[str, int]:
    return {finding.key: finding.broken for finding in check_invariants(now=clock.read()) if finding.broken}


def run_sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values) or None)


def try_text(message: Message, *, outcome: str = "accepted", passed: bool = True, at=NOON, n: int = 1) -> Attempt:
    slip = {"verdict": "send", "made_at": at.isoformat(), "checks": [{"name": "content", "passed": passed, "says": "12 characters."}]}
    return make_try(message=message, n=n, outcome=outcome, slip=slip, started_at=at, deadline_at=at)


def test_an_empty_house_breaks_none(db):
    assert broken() == {}
    assert len({invariant.key for invariant in INVARIANTS}) == len(INVARIANTS)


def test_a_healthy_story_breaks_none(carla):
    message = make_text(contact=carla, sent_at=NOON, **SENT)
    try_text(message)
    Suppression.objects.create(
        client=carla.client, contact=carla, kind="phone", value="+13035550123", rule="word", at=NOON + timedelta(hours=1)
    )
    later = make_text(contact=carla, sent_at=NOON + timedelta(hours=12), **SENT, workflow="", template=None)
    try_text(later, at=NOON + timedelta(hours=12))
    assert broken() == {}, "a text before the opt-out and one by a person are no harm"


def test_a_forgotten_delivery(carla):
    poison = make_poison(client=carla.client, now=NOON)
    assert broken() == {}
    Delivery.objects.filter(pk=poison.pk).update(state="received", next_at=clock.real_now() - timedelta(minutes=6))
    assert broken() == {"deliveries-worked-off": 1}


def test_an_event_without_its_receipt(carla):
    make_event(contact=carla, type="call.missed", at=clock.real_now() + timedelta(minutes=1))
    assert "every-event-answered" in broken()


def test_runs_late_parked_and_working_after_their_end(carla):
    run = make_run(contact=carla, now=NOON, event=make_event(contact=carla, type="message.received"))
    assert broken() == {"parked-has-a-task": 1}
    type(run).objects.filter(pk=run.pk).update(status="ready", wake_at=NOON - timedelta(minutes=11))
    assert broken() == {"runs-on-time": 1}
    type(run).objects.filter(pk=run.pk).update(status="done", finished_at=NOON)
    Step.objects.create(run=run, key="late", kind="do", outcome="done", says="Late.", epoch=1, at=NOON + timedelta(seconds=1))
    assert broken() == {"steps-end-with-the-run": 1}


def test_the_same_cause_twice(carla):
    run_sql("alter table workflows_run drop constraint run_once_per_cause")
    event = make_event(contact=carla, type="message.received")
    for _ in range(2):
        make_run(contact=carla, event=event, status="done", finished_at=NOON)
    assert broken() == {"one-run-per-cause": 1}


def test_texts_tried_twice_left_calling_or_sent_without_a_slip(carla):
    message = make_text(contact=carla, sent_at=NOON, **SENT)
    assert broken() == {"sent-means-accepted": 1}
    try_text(message, passed=False)
    assert broken() == {"sent-means-accepted": 1}, "a slip with a check that failed allows nothing"
    run_sql("drop index attempt_one_live")
    try_text(message, n=2, outcome="calling", at=clock.real_now() - timedelta(minutes=6))
    found = broken()
    assert (found["one-live-attempt"], found["calls-end"]) == (1, 1)


def test_a_slip_that_is_another_texts_or_not_there(carla):
    one, other = make_text(contact=carla), make_text(contact=carla)
    tried = try_text(one, outcome="not_sent")
    Message.objects.filter(pk=one.pk).update(newest_slip=tried.allowed_by)
    assert broken() == {}
    Message.objects.filter(pk=other.pk).update(newest_slip=tried.allowed_by)
    assert broken() == {"slips-of-its-own": 1}
    Message.objects.filter(pk=other.pk).update(newest_slip=new_id())
    assert broken() == {"slips-of-its-own": 1}
    Message.objects.filter(pk=other.pk).update(newest_slip=None)
    foreign = Slip.objects.create(message=one, made_at=NOON, verdict="send", found={})
    Attempt.objects.create(message=other, n=1, outcome="not_sent", allowed_by=foreign, owner="w", started_at=NOON, deadline_at=NOON)
    assert broken() == {"slips-of-its-own": 1}


def test_a_silent_refusal(carla):
    make_text(contact=carla, status="skipped", reason="opted-out", says="")
    assert broken() == {"silence-has-a-reason": 1}


def test_a_text_after_an_opt_out(carla):
    Suppression.objects.create(client=carla.client, contact=carla, kind="phone", value="+13035550123", rule="word", at=NOON)
    message = make_text(contact=carla, sent_at=NOON + timedelta(minutes=1), **SENT)
    tried = try_text(message, outcome="not_sent", at=clock.real_now() - timedelta(minutes=1))
    assert "nobody-after-opt-out" not in broken()
    try_text(message, n=tried.n + 1, at=clock.real_now() + timedelta(minutes=1))
    assert broken() == {"nobody-after-opt-out": 1}


def test_two_texts_for_one_purpose(carla):
    for hours in (0, 11):
        try_text(make_text(contact=carla, sent_at=NOON + timedelta(hours=hours), **SENT), at=NOON + timedelta(hours=hours))
    assert broken() == {"nobody-twice": 1}
    run_sql("update messaging_message set sent_at = %s where sent_at > %s", NOON + timedelta(hours=12), NOON)
    assert broken() == {}


def test_rows_of_two_clients_mixed(carla):
    other = ClientFactory(slug="bluebird-plumbing", phone="+12125550100")
    make_text(contact=carla)
    run_sql("update messaging_message set client_id = %s", other.pk)
    assert broken() == {"clients-apart": 1}


def test_evidence_without_its_guard(db):
    run_sql("alter table leads_event disable trigger user")
    assert broken()["evidence-is-guarded"] >= 2


GUARDED = sorted({model._meta.db_table for model in apps.get_models() if never_deleted(model)})


def test_evidence_that_gives_way_is_named_whatever_its_table(db):
    assert find_what_gives_way() == []
    assert {"leads_event", "leads_consent", "messaging_attempt", "messaging_slip", "summaries_approval", "django_admin_log"} <= set(GUARDED)
    for table in GUARDED:
        with transaction.atomic():
            run_sql(f"alter table {table} disable trigger user")
            run_sql(f"grant delete, truncate on {table} to zarts_app")
            assert find_what_gives_way() == [f"{table}: delete", f"{table}: truncate"]
            transaction.set_rollback(True)


def test_a_trigger_that_asks_the_session_gives_way(carla):
    event = make_event(contact=carla, type="message.received")
    Event.objects.filter(pk=event.pk).update(personal=None)
    run_sql("grant update on leads_event to zarts_app")
    assert broken() == {}, "the triggers stand behind the rights"
    run_sql(pgtrigger.ReadOnly(name="no_update", exclude=["personal"]).compile(Event).install_sql)
    found = {finding.key: finding for finding in check_invariants(now=clock.read()) if finding.broken}
    assert set(found) == {"evidence-cannot-be-changed", "evidence-is-guarded"}
    assert "leads_event: update type" in find_what_gives_way()
    event.refresh_from_db()
    assert (event.type, event.personal) == ("message.received", None), "what went through was taken back"


def test_trying_costs_few_statements_and_leaves_nothing(carla, django_assert_max_num_queries):
    make_event(contact=carla, type="message.received")
    with django_assert_max_num_queries(len(GUARDED) + 10):
        find_what_gives_way()
    with connection.cursor() as cursor:
        cursor.execute(
            "select current_user, current_setting('pgtrigger.ignore', true), current_setting('zarts.removing_demo_client', true)"
        )
        user, *settings = cursor.fetchone()
    assert user == "zarts_owner" and not any(settings)


def test_the_command_names_rows_and_ends_with_1(carla):
    out = StringIO()
    call_command("invariants", json=True, stdout=out)
    assert {row["broken"] for row in json.loads(out.getvalue())} == {0}
    message = make_text(contact=carla, status="failed", reason="", says="")
    out = StringIO()
    with pytest.raises(CommandError, match="1 of"):
        call_command("invariants", stdout=out)
    assert str(message.pk) in out.getvalue()
