"""Conversations: one has it at a time, the promise runs in open hours while the ball is ours, being late is told once, automation waits."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, connections, transaction

from leads.calendar import read_calendar
from leads.models import Closure, OpeningHours, Task
from messaging import due, pauses, talks
from messaging.models import AnswerPromise, Conversation, ConversationChange, Handover, Message, Template
from messaging.outbox import sending
from messaging.pauses import Scope
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory, ResponderFactory, StaffFactory
from tests.office.rows import make_event, make_text
from workflows import due as workflows_due
from workflows import resuming
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db

DENVER = "America/Denver"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def at(day, hour, minute=0):
    """November 2026 in Denver, MST (UTC-7); the 20th is a Friday, the 26th Thanksgiving."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) + 7 * HOUR


@pytest.fixture
def summit(noon):
    client = ClientFactory()
    for weekday in range(5):
        for opens, closes in (("08:00", "12:00"), ("13:00", "17:00")):
            OpeningHours.objects.create(client=client, weekday=weekday, opens=opens, closes=closes)
    return client


@pytest.fixture
def carla(summit):
    return ContactFactory(client=summit, phone="+13035550123")


@pytest.fixture
def sid(db):
    return StaffFactory(username="sid", first_name="Sid")


@pytest.fixture
def ann(db):
    return StaffFactory(username="ann", first_name="Ann")


def wrote(contact, *, now, reading="other"):
    event = make_event(contact=contact, at=now)
    return talks.note_inbound(event=event, client=contact.client, contact=contact, reading=reading, now=now)


def talk_of(contact):
    return Conversation.objects.get(contact=contact)


def take(talk, user, **more):
    return talks.take(talk=talk, by=user, name=user.first_name, now=NOON, **more)


def lapse(talk):
    with connection.cursor() as cursor:
        cursor.execute(
            "update messaging_conversation set assigned_until = clock_timestamp() - interval '1 second' where id = %s", [talk.pk]
        )


# -- who has it ----------------------------------------------------------------------------------------------------------------------


def test_a_second_person_sees_who_has_it_and_takes_it_over_only_by_name(carla, sid, ann):
    talk = wrote(carla, now=NOON)
    assert take(talk, sid).done
    refused = take(talk, ann)
    assert (refused.done, refused.holder_id) == (False, sid.pk) and talk_of(carla).assigned_to == sid
    # Somebody else than the one she saw has it by now: nothing is taken.
    assert not take(talk, ann, over=ann.pk).done
    took = take(talk, ann, over=sid.pk)
    assert (took.done, took.was_taken_from, talk_of(carla).assigned_to) == (True, sid.pk, ann)
    assert not talks.give_back(talk=talk, by=sid, name="Sid", now=NOON), "it is not his any more"
    assert talks.give_back(talk=talk, by=ann, name="Ann", now=NOON) and talk_of(carla).assigned_to is None
    told = list(ConversationChange.objects.order_by("pk").values_list("kind", "by_name"))
    assert told == [("taken", "Sid"), ("held", "Sid"), ("taken-over", "Ann"), ("given-back", "Ann")]


def test_a_lease_ends_by_itself_and_acting_renews_it(carla, sid, ann):
    talk = wrote(carla, now=NOON)
    take(talk, sid)
    before = talk_of(carla).assigned_until
    assert talks.renew(contact_id=carla.pk, by=sid) and talk_of(carla).assigned_until > before
    assert not talks.renew(contact_id=carla.pk, by=ann)
    lapse(talk)
    assert not talks.renew(contact_id=carla.pk, by=sid), "what has ended is taken anew, not kept on"
    assert take(talk, ann).done
    assert ConversationChange.objects.order_by("pk").last().kind == "taken", "from nobody: there was nothing to take over"


def test_the_lease_runs_by_the_databases_clock(carla, sid, ann, set_clock):
    take(wrote(carla, now=NOON), sid)
    set_clock(NOON + timedelta(days=3))
    assert not take(talk_of(carla), ann).done


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_it_at_once_one_has_it(carla, sid, ann):
    talk, both, found = wrote(carla, now=NOON), threading.Barrier(2), []

    def go(user):
        both.wait(timeout=5)
        found.append((user.pk, take(talk, user)))
        connections.close_all()

    threads = [threading.Thread(target=go, args=(user,)) for user in (sid, ann)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    (winner,) = [pk for pk, took in found if took.done]
    assert [took.holder_id for _, took in found] == [winner, winner] and talk_of(carla).assigned_to_id == winner
    assert ConversationChange.objects.filter(kind="taken").count() == 1


def test_the_database_refuses_half_a_lease_and_a_promise_on_their_ball(carla, sid):
    talk = wrote(carla, now=NOON)
    for wrong in ({"assigned_to": sid}, {"ball": "theirs"}, {"held_by": sid}, {"answer_by": None, "escalated_at": NOON}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Conversation.objects.filter(pk=talk.pk).update(**wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        Conversation.objects.create(client=carla.client, contact=carla, ball_since=NOON, started_at=NOON)


# -- the promise ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "minutes", "by"),
    [
        (at(20, 9), 30, at(20, 9, 30)),
        (at(20, 11, 50), 30, at(20, 13, 20)),  # lunch
        (at(20, 16, 50), 30, at(23, 8, 20)),  # over the weekend
        (at(19, 3), 10, at(19, 8, 10)),  # at night
        (at(25, 16, 45), 30, at(27, 8, 15)),  # over Thanksgiving
    ],
)
def test_the_promise_counts_open_hours(summit, carla, asked, minutes, by):
    Closure.objects.create(client=summit, date=date(2026, 11, 26), name="Thanksgiving")
    AnswerPromise.objects.create(client=summit, minutes=minutes)
    assert wrote(carla, now=asked).answer_by == by
    hours = read_calendar(client=summit)
    assert hours.between(start=asked, end=by) == minutes * MINUTE, "the two ways of counting agree"


def test_the_night_the_clocks_change_is_an_hour_longer(noon):
    open_always = read_calendar(client=ClientFactory())
    # 1 November 2026, 2:00 becomes 1:00 in Denver: midnight to midnight is 25 hours.
    start = datetime(2026, 11, 1, 6, tzinfo=UTC)
    assert open_always.between(start=start, end=start + 25 * HOUR) == 25 * HOUR
    assert open_always.after(start=start, span=25 * HOUR) == datetime(2026, 11, 2, 7, tzinfo=UTC)


def test_who_never_opens_promises_nothing(summit, carla):
    OpeningHours.objects.all().delete()
    OpeningHours.objects.create(client=summit, weekday=0, opens="08:00", closes="09:00")
    for week in range(60):
        Closure.objects.create(client=summit, date=date(2026, 11, 16) + timedelta(weeks=week), name="Closed")
    talk = wrote(carla, now=NOON)
    assert (talk.ball, talk.answer_by) == ("ours", None)


def test_our_answer_ends_the_promise_and_a_second_message_of_theirs_does_not_start_it_anew(carla):
    first = wrote(carla, now=at(20, 9))
    assert wrote(carla, now=at(20, 9, 5)).answer_by == first.answer_by == at(20, 9, 10)
    make_event(contact=carla, at=at(20, 9, 6))
    talks.note_answered(client_id=carla.client_id, contact_id=carla.pk, by="Sid", now=at(20, 9, 8))
    talk = talk_of(carla)
    assert (talk.ball, talk.answer_by, talk.ball_since) == ("theirs", None, at(20, 9, 8))
    assert talks.escalate_overdue(now=at(20, 12)) == 0
    assert wrote(carla, now=at(20, 10)).answer_by == at(20, 10, 10)


def test_a_stop_ends_the_promise_and_help_starts_none(carla):
    assert wrote(carla, now=at(20, 9), reading="help").answer_by is None
    assert wrote(carla, now=at(20, 9)).answer_by
    assert wrote(carla, now=at(20, 9, 1), reading="opt_out").answer_by is None


def test_the_window_is_that_of_the_last_automatic_text_they_answer(summit, carla):
    words = Template.objects.create(client=summit, key="nudge", version=1, purpose="p", body="x", response_minutes=45, escalate_to="owner")
    make_text(contact=carla, template=words, status="sent", sent_at=at(20, 8))
    make_text(contact=carla, status="skipped")
    talk = wrote(carla, now=at(20, 9))
    assert (talk.answer_by, talk.escalate_to) == (at(20, 9, 45), "owner")


def test_a_text_of_a_workflow_is_no_answer_and_one_written_before_their_last_words_is_none_either(carla, summit):
    wrote(carla, now=at(20, 9))
    task = Task.objects.create(
        client=summit, contact=carla, desk="lead-ops", kind="answer-reply", title="x", reason="x", cause="reply:1", created_at=at(20, 9),
        due_at=at(20, 9, 10),
    )  # fmt: skip
    talks.note_outbound(message=make_text(contact=carla, now=at(20, 9, 1)), now=at(20, 9, 1))
    talks.note_outbound(message=make_text(contact=carla, now=at(20, 8, 59), workflow=""), now=at(20, 9, 1))
    assert talk_of(carla).answer_by == at(20, 9, 10)
    by_hand = make_text(contact=carla, now=at(20, 9, 2), workflow="", approved_by="Sid")
    talks.note_outbound(message=by_hand, now=at(20, 9, 2))
    task.refresh_from_db()
    assert (talk_of(carla).answer_by, task.status, task.closed_by) == (None, "done", "Sid")


def test_a_stop_of_all_sending_puts_the_promise_off_by_the_open_time_it_took(summit, carla):
    other = ContactFactory(client=summit, name="Nora", phone="+13035550124")
    wrote(carla, now=at(20, 9))
    first, _ = pauses.pause(scope=Scope(), reason="A wrong price", by=None, now=at(20, 9, 4))
    wrote(other, now=at(20, 11, 55))
    second, _ = pauses.pause(scope=Scope(client=summit), reason="Again", by=None, now=at(20, 11, 58))
    assert talks.escalate_overdue(now=at(20, 11, 59)) == 0, "nobody can be answered while all is stopped"
    assert workflows_due.anything_due(now=at(20, 11, 59), grace=timedelta(0))[2] is False
    resuming.release(pause=first, by=None, name="Sid", now=at(20, 12, 30))
    assert talk_of(carla).answer_by == at(20, 13, 4) and talks.escalate_overdue(now=at(20, 14)) == 0
    resuming.release(pause=second, by=None, name="Sid", now=at(20, 14))
    # Six minutes were left to Carla at 9:04; Nora wrote while all was stopped, so none of her ten had run.
    assert (talk_of(carla).answer_by, talk_of(other).answer_by) == (at(20, 14, 6), at(20, 14, 10))
    assert talks.escalate_overdue(now=at(20, 14, 6)) == 1


# -- late ----------------------------------------------------------------------------------------------------------------------------


def test_a_late_answer_is_told_once_to_who_is_on_call(summit, carla):
    ResponderFactory(client=summit)
    LeadFactory(client=summit, contact=carla)
    talk = wrote(carla, now=at(20, 9))
    assert talks.escalate_overdue(now=at(20, 9, 9)) == 0
    assert workflows_due.anything_due(now=at(20, 9, 10), grace=timedelta(0))[2] is True
    assert due.work_off(now=at(20, 9, 10)) >= 1 and talks.escalate_overdue(now=at(20, 9, 30)) == 0
    task, told = Task.objects.get(kind="answer-late"), Handover.objects.get()
    assert (task.title, task.due_at) == ("Nobody has answered Carla Gomez; Rita was told", at(20, 9, 10))
    assert told.to_name == "Rita" and told.body.startswith(
        "Carla Gomez, (303) 555-0123. Unanswered message at 09:00 on Fri 20 Nov. What came of it?"
    )
    assert "Can you come" not in told.body, "never what was said"
    (change,) = talk.changes.filter(kind="escalated")
    assert (change.by_name, change.at) == ("The clock", at(20, 9, 10))
    talks.note_answered(client_id=summit.pk, contact_id=carla.pk, by="Sid", now=at(20, 9, 40))
    assert Task.objects.get(kind="answer-late").closed_by == "Sid"
    wrote(carla, now=at(20, 10))
    assert talks.escalate_overdue(now=at(20, 11)) == 1, "a new question is a new promise"


@pytest.mark.parametrize(("whom", "desk"), [("owner", "client-success"), ("agency", "lead-ops"), ("responder", "lead-ops")])
def test_where_nobody_of_the_business_can_be_told_a_task_asks_for_it(summit, carla, whom, desk):
    AnswerPromise.objects.create(client=summit, minutes=5, escalate_to=whom)
    LeadFactory(client=summit, contact=carla)
    wrote(carla, now=at(20, 9))
    assert talks.escalate_overdue(now=at(20, 10)) == 1
    task = Task.objects.get()
    assert task.desk == desk and task.title.startswith("Tell ") and not Handover.objects.exists()


def test_nobody_is_told_once_what_came_of_it_is_known(summit, carla):
    lead = LeadFactory(client=summit, contact=carla)
    wrote(carla, now=at(20, 9))
    lead.stage_changes.create(old="new", new="booked", by="Rita", at=at(20, 9, 5))
    assert talks.escalate_overdue(now=at(20, 10)) == 0 and talk_of(carla).ball == "theirs" and not Task.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_tickers_tell_it_once(summit, carla):
    talk, both, found = wrote(carla, now=at(20, 9)), threading.Barrier(2), []

    def go():
        both.wait(timeout=5)
        # Both have read it as overdue.
        found.append(talks._escalate(talk_id=talk.pk, contact_id=carla.pk, now=at(20, 10)))
        connections.close_all()

    threads = [threading.Thread(target=go) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(found) == [0, 1] and Task.objects.filter(kind="answer-late").count() == 1


# -- automation waits ----------------------------------------------------------------------------------------------------------------


def test_automation_waits_while_a_person_talks_and_goes_on_after(carla, sid, ann):
    take(wrote(carla, now=NOON), sid)
    other = ContactFactory(client=carla.client, name="Nora", phone="+13035550124")
    text, hers = (
        make_text(contact=who, to=to, status="queued", reason="", due_at=NOON)
        for who, to in ((carla, "+13035550123"), (other, "+13035550124"))
    )
    assert sending.send(message_id=hers.pk, now=clock.read()) == "delivered", "it holds one person"
    assert sending.send(message_id=text.pk, now=clock.read()) == "held"
    text.refresh_from_db()
    assert text.reason == "person-talking" and text.says.startswith("Sid has been talking with this person since Fri 20 Nov 12:00")
    lapse(talk_of(carla))
    due.work_off(now=clock.read() + HOUR)
    assert Message.objects.get(pk=text.pk).status == "held", "the lease ends by itself, the hold does not"
    take(talk_of(carla), sid)
    assert not talks.release_to_automation(talk=talk_of(carla), by=ann, name="Ann", now=NOON), "Sid has it"
    assert talks.release_to_automation(talk=talk_of(carla), by=sid, name="Sid", now=clock.read())
    due.work_off(now=clock.read())
    assert Message.objects.get(pk=text.pk).status == "delivered"
    assert talk_of(carla).assigned_to is None and not talks.release_to_automation(talk=talk_of(carla), by=sid, name="Sid", now=NOON)
