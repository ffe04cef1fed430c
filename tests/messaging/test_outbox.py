"""Many messages at once: the same statements as for one, one person after the other, and nobody pays for another's trouble."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, connections
from django.test.utils import CaptureQueriesContext

from leads.models import Lead, Task
from messaging import due, gate, pauses
from messaging.locks import lock_addresses
from messaging.models import Attempt, Message, Slip, Suppression
from messaging.outbox import calling, outcomes, reserve, sending
from messaging.pauses import Scope
from providers.connections import connect
from providers.contract import SendResult
from tests.factories import NOON, ClientFactory, LeadFactory
from tests.messaging.test_sending import CARLA, line, provider, summit, text  # noqa: F401  fixtures
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id

pytestmark = pytest.mark.django_db


def texts(client, count, **changes):
    """So many texts to as many people, each of a lead."""
    made = []
    for number in range(count):
        message = text(client, to=f"+1303555{2000 + number}", **changes)
        lead = LeadFactory(client=client, contact=message.contact)
        Message.objects.filter(pk=message.pk).update(lead=lead)
        made.append(message)
    return made


def send_all(messages):
    return sending.send_all(message_ids=[message.pk for message in messages], now=clock.read())


def is_ours(statement):
    return statement.split()[0] not in ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")


def test_fifty_cost_the_statements_of_one(line, summit, provider):  # noqa: F811
    counted = []
    for many in (1, 50):
        messages, now = texts(summit, many + len(counted))[-many:], clock.read()
        with CaptureQueriesContext(connection) as asked:
            found = sending.send_all(message_ids=[message.pk for message in messages], now=now)
        assert set(found.values()) == {"sent"}
        counted.append(len([query for query in asked.captured_queries if is_ours(query["sql"])]))
    # The first keeps what is set up for the client.
    assert counted == [16, 15]
    assert len(provider.calls) == 51 and len({to for to, _ in provider.calls}) == 51
    assert Lead.objects.filter(first_response_at__isnull=False).count() == 51


def test_what_was_said_of_each_is_its_own(line, summit, provider, monkeypatch):  # noqa: F811
    messages = texts(summit, 7)
    stopped, draft = messages[3], messages[4]
    Suppression.objects.create(client=summit, contact=stopped.contact, kind="phone", value=stopped.to, rule="r", at=NOON)
    Message.objects.filter(pk=draft.pk).update(workflow="lead-intake-2")
    later = messages[5]
    Message.objects.filter(pk=later.pk).update(due_at=clock.read() + timedelta(hours=1))
    answers = {
        messages[0].to: SendResult(outcome="accepted", provider_id="SM1", http_status=201),
        messages[1].to: SendResult(outcome="rejected", http_status=400, error_code="21614"),
        messages[2].to: SendResult(outcome="unknown", note="time-out"),
        messages[6].to: SendResult(outcome="rejected", http_status=429, error_code="20429"),
    }
    monkeypatch.setattr(provider, "send", lambda *, to, **rest: answers.pop(to))
    nobody = new_id()
    found = sending.send_all(message_ids=[*(message.pk for message in messages), nobody], now=clock.read())
    assert [found[message.pk] for message in messages] == ["sent", "failed", "unknown", "skipped", "held", "queued", "queued"]
    assert found[nobody] == "" and answers == {}
    rows = [Message.objects.get(pk=message.pk) for message in messages]
    assert [row.status for row in rows] == [found[row.pk] for row in rows]
    assert [row.reason for row in rows] == ["", "refused-by-provider", "no-answer", "opted-out", "needs-approval", "", "retry"]
    tries = dict(Attempt.objects.values_list("message", "outcome"))
    assert tries == {rows[0].pk: "accepted", rows[1].pk: "rejected", rows[2].pk: "unknown", rows[6].pk: "rejected"}
    assert list(Task.objects.values_list("cause", flat=True)) == [f"refused:{rows[1].pk}"]
    assert [len(row.slip["checks"]) if row.slip else 0 for row in rows] == [len(gate.CHECKS)] * 5 + [0, len(gate.CHECKS)]


def test_each_judgement_leaves_one_slip_and_whoever_moves_points_at_it(line, summit, provider):  # noqa: F811
    sent, held = texts(summit, 2)
    Message.objects.filter(pk=held.pk).update(workflow="lead-intake-2")
    assert send_all([sent, held]) == {sent.pk: "sent", held.pk: "held"}
    for message in (sent, held):
        message.refresh_from_db()
    (allowed,), (first,) = sent.slips.all(), held.slips.all()
    (attempt,) = Attempt.objects.all()
    assert (attempt.message, attempt.allowed_by, sent.newest_slip) == (sent, allowed, allowed)
    assert (allowed.verdict, allowed.made_at.isoformat(), allowed.found) == ("send", sent.slip["made_at"], attempt.slip)
    assert (held.newest_slip, first.verdict, held.slip["reason"]) == (first, "hold", "needs-approval")
    Message.objects.filter(pk=held.pk).update(due_at=NOON, says="Held for something else.")
    assert send_all([held]) == {held.pk: "held"}
    held.refresh_from_db()
    assert {first, held.newest_slip} == set(held.slips.all()) and held.newest_slip != first, "what was found before stays as it was"
    assert Slip.objects.count() == 3


def test_of_one_person_the_first_goes_and_the_next_is_judged_by_it(line, summit, provider):  # noqa: F811
    first, other, second = text(summit), text(summit, to="+13035550124"), text(summit)
    found = send_all([first, other, second])
    assert [found[one.pk] for one in (first, other, second)] == ["sent", "sent", "skipped"]
    assert Message.objects.get(pk=second.pk).reason == "already-texted"
    assert sorted(to for to, _ in provider.calls) == [CARLA, "+13035550124"]


def test_of_one_number_the_first_goes_before_the_next_is_judged(line, summit, provider, monkeypatch):  # noqa: F811
    """Two clients know the number; whoever gets the carrier's stop first says it for the agency's list."""
    other = ClientFactory(slug="harbor", name="Harbor Movers", phone="+13035550110")
    connect(client=other, provider="twilio", secret="s", account="AC1", base_url="http://127.0.0.1:9", live=True, now=NOON)
    first, second = text(summit), text(other)

    def stop_everywhere(**rest):
        Suppression.objects.create(client=None, kind="phone", value=CARLA, origin="import", rule="the agency's list", at=NOON)
        return SendResult(outcome="accepted", provider_id="SM1")

    monkeypatch.setattr(provider, "send", stop_everywhere)
    found = send_all([first, second])
    assert (found[first.pk], found[second.pk], Message.objects.get(pk=second.pk).reason) == ("sent", "skipped", "opted-out")


def test_who_cannot_be_judged_is_put_off_alone(line, summit, provider, monkeypatch, caplog):  # noqa: F811
    messages = texts(summit, 5)
    real = gate.judge

    def judge(*, message, facts, now):
        if message.pk == messages[2].pk:
            raise ValueError(f"cannot read {message.to}")
        return real(message=message, facts=facts, now=now)

    monkeypatch.setattr(gate, "judge", judge)
    now = clock.read()
    found = sending.send_all(message_ids=[message.pk for message in messages], now=now)
    assert [found[message.pk] for message in messages] == ["sent", "sent", "queued", "sent", "sent"]
    row = Message.objects.get(pk=messages[2].pk)
    assert row.due_at == now + reserve.AGAIN_AFTER_ERROR and not row.attempts.exists()
    assert f"message {row.pk} could not be judged and is put off: ValueError" in caplog.text and row.to not in caplog.text


@pytest.mark.parametrize("culprit", [0, 3, 6])
def test_what_cannot_be_written_halves_the_batch_until_it_stands_alone(line, summit, provider, monkeypatch, culprit):  # noqa: F811
    messages = texts(summit, 7)
    real, tried = reserve._insert, []

    def insert(*, going, **rest):
        tried.append(len(going))
        if bad in {message.pk for message in going}:
            raise DatabaseError("no")
        return real(going=going, **rest)

    bad = messages[culprit].pk
    monkeypatch.setattr(reserve, "_insert", insert)
    found = send_all(messages)
    assert [pk for pk, status in found.items() if status != "sent"] == [bad] and found[bad] == "queued"
    assert len(provider.calls) == 6 and tried[0] == 7 and 1 in tried
    assert not Attempt.objects.filter(message=bad).exists()


def test_an_answer_that_cannot_be_written_costs_nobody_else_theirs(line, summit, provider, monkeypatch):  # noqa: F811
    messages = texts(summit, 5)
    real = outcomes._write_accepted

    def write(*, accepted, now):
        if messages[1].pk in {message.pk for message, _ in accepted}:
            raise DatabaseError("no")
        real(accepted=accepted, now=now)

    with monkeypatch.context() as patch:
        patch.setattr(outcomes, "_write_accepted", write)
        patch.setattr(reserve, "ATTEMPT_SECONDS", -1)
        send_all(messages)
    assert [Message.objects.get(pk=message.pk).status for message in messages] == ["sent", "queued", "sent", "sent", "sent"]
    # Bytes may have left: it is looked up and never repeated.
    assert Attempt.objects.get(message=messages[1].pk).outcome == "calling"
    due.work_off(now=clock.read())
    assert Message.objects.get(pk=messages[1].pk).status == "unknown" and len(provider.calls) == 5


def test_a_stop_in_between_stops_its_own_and_no_other(line, summit, provider, monkeypatch):  # noqa: F811
    messages, start = texts(summit, 6), sending.start_calling
    paused = Message.objects.get(pk=messages[4].pk).lead

    def stop_then_start(*, tries):
        Suppression.objects.create(client=summit, contact=messages[1].contact, kind="phone", value=messages[1].to, rule="r", at=NOON)
        pauses.pause(scope=Scope(client=summit, lead=paused), reason="Theirs", by=None, now=NOON)
        return start(tries=tries)

    with monkeypatch.context() as patch:
        patch.setattr(sending, "start_calling", stop_then_start)
        found = send_all(messages)
    assert [found[message.pk] for message in messages] == ["sent", "queued", "sent", "sent", "queued", "sent"]
    back = Attempt.objects.filter(outcome="not_sent").values_list("message", flat=True)
    assert set(back) == {messages[1].pk, messages[4].pk} and len(provider.calls) == 4
    assert list(send_all([messages[1], messages[4]]).values()) == ["skipped", "held"] and len(provider.calls) == 4


def test_a_death_after_the_reservation_leaves_all_unsent_and_after_calling_all_unknown(line, summit, provider, monkeypatch):  # noqa: F811
    messages = texts(summit, 4)
    with monkeypatch.context() as patch:
        patch.setattr(reserve, "ATTEMPT_SECONDS", -1)
        assert len(reserve.reserve(message_ids=[message.pk for message in messages[:2]], now=clock.read())) == 2
        called = reserve.reserve(message_ids=[message.pk for message in messages[2:]], now=clock.read()).tries
    assert calling.start_calling(tries=called) == {one.attempt_id for one in called}
    due.work_off(now=clock.read())
    tries = [list(message.attempts.order_by("n").values_list("outcome", flat=True)) for message in messages]
    assert tries == [["not_sent", "accepted"], ["not_sent", "accepted"], ["unknown"], ["unknown"]]
    assert sorted(to for to, _ in provider.calls) == sorted(message.to for message in messages[:2])


def test_addresses_are_locked_in_one_order_by_everybody(django_assert_num_queries):
    mail, low, high = ("email", "zoe@gomez-homes.com"), ("sms", "+13035550101"), ("sms", "+13035550199")
    with django_assert_num_queries(3) as asked:
        lock_addresses(addresses=[low, high, mail, low])
        lock_addresses(addresses=[high, mail, low])
        lock_addresses(addresses=[low, high])
    first, second, other = (query["sql"] for query in asked.captured_queries)
    assert first == second != other


@pytest.mark.django_db(transaction=True)
def test_workers_that_take_the_same_send_each_once(line, summit, provider):  # noqa: F811
    messages = texts(summit, 30)
    ids, barrier, raised = [message.pk for message in messages], threading.Barrier(4), []

    def work(order):
        barrier.wait()
        try:
            sending.send_all(message_ids=order, now=clock.read())
        except Exception as error:
            raised.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work, args=(ids[turn:] + ids[:turn],)) for turn in (0, 7, 15, 22)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert raised == [] and sorted(to for to, _ in provider.calls) == sorted(message.to for message in messages)
    due.work_off(now=clock.read())
    assert len(provider.calls) == 30 and set(Message.objects.values_list("status", flat=True)) == {"sent"}


@pytest.mark.django_db(transaction=True)
def test_two_batches_with_the_same_people_do_not_wait_for_each_other(line, summit, provider):  # noqa: F811
    """Two texts of one purpose to each of twenty people, in two workers' hands in opposite order: one of each goes."""
    firsts = texts(summit, 20)
    seconds = [text(summit, to=message.to) for message in firsts]
    barrier, raised = threading.Barrier(2), []

    def work(those):
        barrier.wait()
        try:
            send_all(those)
        except Exception as error:
            raised.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work, args=(those,)) for those in (firsts, seconds[::-1])]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert raised == [] and len({to for to, _ in provider.calls}) == len(provider.calls) == 20
    assert sorted(Message.objects.values_list("status", flat=True)) == ["sent"] * 20 + ["skipped"] * 20
