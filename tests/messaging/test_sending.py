"""Sending at most once: guards, holds, refusals, lost answers. A fake adapter stands in for the provider and counts."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connections, transaction

from leads.models import Automation, Task
from messaging import dedupe, due, gate
from messaging.inbound import suppress
from messaging.models import Attempt, Message, Pause, PurposeClaim, Suppression, Template
from messaging.outbox import dispatch, reports, reserve, sending
from providers import adapters
from providers.connections import connect
from providers.contract import Adapter, SendResult
from tests.factories import NOON, ClientFactory, ContactFactory, StaffFactory
from tests.planning import make_try, plan_text
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id
from zartsalgo.lib.slip import SEND, Slip

pytestmark = pytest.mark.django_db

CARLA = "+13035550123"


class CountingAdapter(Adapter):
    """Sends nothing; answers what the test wants and remembers who was called."""

    provider, label, hosts, can_send = "twilio", "Twilio", ("api.twilio.com",), True

    def __init__(self):
        self.calls, self.answers, self.listed = [], [], []

    def send(self, *, to, callback_url, **rest):
        self.calls.append((to, callback_url))
        answer = (
            self.answers.pop(0) if self.answers else SendResult(outcome="accepted", provider_id=f"SM{len(self.calls)}", http_status=201)
        )
        if isinstance(answer, Exception):
            raise answer
        return answer

    def find_sent(self, **asked):
        return self.listed


@pytest.fixture
def provider(monkeypatch):
    fake = CountingAdapter()
    real = adapters.load
    monkeypatch.setattr(adapters, "load", lambda name: fake if name == "twilio" else real(name))
    return fake


@pytest.fixture
def summit(noon):
    return ClientFactory()


@pytest.fixture
def line(summit, settings):
    return connect(client=summit, provider="twilio", secret="s", account="AC1", base_url="http://127.0.0.1:9", live=True, now=NOON)[0]


def text(client, *, to=CARLA, now=None, **changes):
    from leads.models import Identity

    known = Identity.objects.filter(client=client, value=to).first()
    contact = known.contact if known else ContactFactory(client=client, phone=to)
    now = now or clock.read()
    message = plan_text(
        client=client,
        contact=contact,
        to=to,
        purpose="missed-call-text-back",
        template_key="missed-call-text-back",
        values={"name": "Carla", "business": client.name},
        now=now,
        useful_until=now + timedelta(minutes=30),
        workflow="missed-call-text-back",
    )
    if changes:
        Message.objects.filter(pk=message.pk).update(**changes)
        message.refresh_from_db()
    return message


def send(message):
    sending.send(message_id=message.pk, now=clock.read())
    message.refresh_from_db()
    return message


def test_a_text_goes_once_with_our_id_in_the_callback(line, summit, provider):
    message = send(text(summit))
    assert (message.status, message.provider_id) == ("sent", "SM1")
    ((to, callback),) = provider.calls
    assert to == CARLA and callback.endswith(f"?m={message.pk}")
    send(message)
    assert len(provider.calls) == 1


@pytest.mark.django_db(transaction=True)
def test_many_workers_one_call(line, summit, provider):
    message = text(summit)
    barrier = threading.Barrier(8)

    def _work():
        barrier.wait()
        sending.send(message_id=message.pk, now=clock.read())
        connections.close_all()

    threads = [threading.Thread(target=_work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(provider.calls) == 1 and Attempt.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_messages_of_one_purpose_at_once_one_call(line, summit, provider):
    first, second = text(summit), text(summit)
    barrier = threading.Barrier(2)

    def _work(message):
        barrier.wait()
        sending.send(message_id=message.pk, now=clock.read())
        connections.close_all()

    threads = [threading.Thread(target=_work, args=(message,)) for message in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(provider.calls) == 1
    assert sorted(Message.objects.values_list("status", "reason")) == [("sent", ""), ("skipped", "already-texted")]


def test_the_index_refuses_a_second_live_attempt(summit, line, provider):
    message = send(text(summit))
    attempt = message.attempts.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_try(message=message, n=2, started_at=attempt.started_at, deadline_at=attempt.deadline_at)


def test_where_another_worker_has_the_try_no_slip_of_ours_is_left(summit, line, provider):
    message = send(text(summit))
    slip, message.last_try = gate.look(message=message, now=clock.read()), None
    ids = {message.pk: new_id()}
    assert reserve._insert(going=[message], no=[], slips={message.pk: slip}, ids=ids) == []
    assert message.slips.get() == message.newest_slip and Attempt.objects.count() == 1


@pytest.mark.parametrize("outcome", ["unknown", RuntimeError("cable cut")])
def test_an_unknown_outcome_is_looked_up_and_never_called_again(line, summit, provider, outcome, set_clock):
    provider.answers = [SendResult(outcome="unknown", note="time-out") if outcome == "unknown" else outcome]
    message = send(text(summit))
    assert (message.status, message.reason) == ("unknown", "no-answer")
    for _ in range(8):
        set_clock(clock.read() + timedelta(hours=7))
        due.work_off(now=clock.read())
    message.refresh_from_db()
    assert len(provider.calls) == 1 and message.attempts.get().outcome == "unknown"
    # Its half hour has passed by then: see test_unconfirmed.
    assert (message.status, Task.objects.get().kind) == ("failed", "call-back")


def test_a_lost_answer_is_adopted_from_the_list(line, summit, provider, set_clock):
    provider.answers = [SendResult(outcome="unknown", note="reset")]
    message = send(text(summit))
    provider.listed = [{"provider_id": "SM77", "body": message.body, "created_at": message.attempts.get().started_at, "status": "queued"}]
    set_clock(clock.read() + timedelta(seconds=11))
    due.work_off(now=clock.read())
    message.refresh_from_db()
    assert (message.status, message.provider_id, len(provider.calls)) == ("sent", "SM77", 1)


def test_another_persons_message_in_the_list_is_not_taken(line, summit, provider, set_clock):
    provider.answers = [SendResult(outcome="unknown")]
    message = send(text(summit))
    provider.listed = [
        {"provider_id": "SM78", "body": "something else", "created_at": message.attempts.get().started_at, "status": "queued"}
    ]
    set_clock(clock.read() + timedelta(seconds=11))
    due.work_off(now=clock.read())
    message.refresh_from_db()
    assert message.status == "unknown"


@pytest.fixture
def neighbour(line, summit):
    """Another client of the same agency: the same account and sender, and the same words."""
    other = ClientFactory(slug="neighbour", name=summit.name)
    connect(client=other, provider="twilio", secret="s", account="AC1", base_url="http://127.0.0.1:9", live=True, now=NOON)
    return other


def look_again(message, set_clock):
    set_clock(clock.read() + timedelta(seconds=11))
    due.work_off(now=clock.read())
    message.refresh_from_db()


def listed(message, id):
    return {"provider_id": id, "body": message.body, "created_at": message.attempts.get().started_at, "status": "queued"}


def test_a_text_of_another_client_of_the_account_answers_nobody_elses_question(neighbour, summit, provider, set_clock):
    provider.answers = [SendResult(outcome="accepted", provider_id="SM80", http_status=201), SendResult(outcome="unknown")]
    theirs, mine = (send(text(client, sender="+13035550150")) for client in (neighbour, summit))
    assert theirs.body == mine.body
    assert theirs.body == mine.body
    provider.listed = [listed(theirs, "SM80")]
    look_again(mine, set_clock)
    assert (mine.status, mine.provider_id, theirs.provider_id) == ("unknown", "", "SM80")
    provider.listed += [listed(mine, "SM81")]
    set_clock(mine.due_at)
    look_again(mine, set_clock)
    assert (mine.status, mine.provider_id, len(provider.calls)) == ("sent", "SM81", 2)


def test_one_text_in_the_list_and_two_open_questions_settles_neither_and_two_settle_both(neighbour, summit, provider, set_clock):
    provider.answers = [SendResult(outcome="unknown"), SendResult(outcome="unknown")]
    both = [send(text(client, sender="+13035550150")) for client in (neighbour, summit)]
    provider.listed = [listed(both[0], "SM82")]
    for message in both:
        look_again(message, set_clock)
    assert [message.status for message in both] == ["unknown", "unknown"]
    provider.listed += [listed(both[1], "SM83")]
    set_clock(max(message.due_at for message in both))
    for message in both:
        look_again(message, set_clock)
    assert sorted(message.provider_id for message in both) == ["SM82", "SM83"] and len(provider.calls) == 2


def test_a_callback_before_our_own_answer_counts_and_moves_only_forward(line, summit, provider):
    provider.answers = [SendResult(outcome="unknown")]
    message = send(text(summit))
    now = clock.read()
    assert reports.record_status(message=message, provider_id="SM9", status="delivered", error_code="", now=now)
    assert not reports.record_status(message=message, provider_id="SM9", status="sent", error_code="", now=now)
    assert not reports.record_status(message=message, provider_id="SM10", status="failed", error_code="30003", now=now)
    message.refresh_from_db()
    assert (message.status, message.provider_id) == ("delivered", "SM9")
    assert message.attempts.get().outcome == "accepted"


def test_a_carrier_that_cannot_deliver_is_told_in_words_and_becomes_a_call(line, summit, provider, monkeypatch):
    monkeypatch.setattr(provider, "explain_error", lambda *, code: {"30006": "That is a landline."}[code], raising=False)
    message = send(text(summit))
    reports.record_status(message=message, provider_id="SM1", status="undelivered", error_code="30006", now=clock.read())
    message.refresh_from_db()
    assert (message.status, message.reason, message.says, message.error_code) == ("failed", "not-delivered", "That is a landline.", "30006")
    assert Task.objects.get().reason == "That is a landline. Call instead."


def test_a_refusal_that_may_pass_is_tried_again_as_a_new_attempt(line, summit, provider, set_clock):
    provider.answers = [SendResult(outcome="rejected", error_code="20429", http_status=429)]
    message = send(text(summit))
    assert (message.status, message.reason) == ("queued", "retry")
    set_clock(clock.read() + timedelta(seconds=16))
    due.work_off(now=clock.read())
    message.refresh_from_db()
    assert message.status == "sent" and list(message.attempts.order_by("n").values_list("outcome", flat=True)) == ["rejected", "accepted"]


def test_opted_out_at_the_carrier_becomes_a_suppression_and_a_task(line, summit, provider):
    provider.answers = [SendResult(outcome="rejected", error_code="21610", http_status=400)]
    message = send(text(summit))
    assert (message.status, message.reason) == ("failed", "refused-by-provider")
    assert Suppression.objects.get().value == CARLA
    assert Task.objects.get().kind == "call-back"


def test_a_worker_that_died_before_the_call_is_proven_unsent_after_its_deadline(line, summit, provider, monkeypatch):
    message = text(summit)
    reserved = reserve.reserve(message_ids=[message.pk], now=clock.read())
    assert len(reserved) == 1
    send(message)
    assert provider.calls == []  # its deadline has not passed
    other = text(summit, to="+13035550124")
    with monkeypatch.context() as earlier:
        earlier.setattr(reserve, "ATTEMPT_SECONDS", -1)
        dead = reserve.reserve(message_ids=[other.pk], now=clock.read())
    send(other)
    assert len(provider.calls) == 1
    assert list(other.attempts.order_by("n").values_list("outcome", flat=True)) == ["not_sent", "accepted"]
    # The first worker wakes up after all: it may not call.
    assert sending.start_calling(tries=dead.tries) == set()


def test_a_worker_that_died_during_the_call_leaves_an_unknown(line, summit, provider, monkeypatch):
    message = text(summit)
    monkeypatch.setattr(reserve, "ATTEMPT_SECONDS", -1)
    (one,) = reserve.reserve(message_ids=[message.pk], now=clock.read()).tries
    assert sending.start_calling(tries=[one]) == {one.attempt_id}
    due.work_off(now=clock.read())
    message.refresh_from_db()
    assert message.status == "unknown" and provider.calls == []


def test_nothing_is_called_after_an_opt_out_was_committed(line, summit, provider):
    message = text(summit)
    suppress(contact=message.contact, client=summit, value=CARLA, rule="test", event=None, now=clock.read())
    send(message)
    assert (message.status, message.reason, provider.calls) == ("skipped", "opted-out", [])
    failed = [check["name"] for check in message.slip["checks"] if not check["passed"]]
    assert failed == ["opted-out"] and len(message.slip["checks"]) == len(gate.CHECKS)


def stop_in_between(message, monkeypatch, **stop):
    """Stored while the text is in the worker's hands, judged and reserved. Take UNSTOPPED out of sending.start_calling and it goes out."""
    start = sending.start_calling

    def _stop_then_start(*, tries):
        given = {"client": message.client, "kind": "phone", "value": message.to, "rule": "a test", "at": NOON}
        Suppression.objects.create(**given | stop)
        return start(tries=tries)

    monkeypatch.setattr(sending, "start_calling", _stop_then_start)
    send(message)


@pytest.mark.parametrize("whose", ["the number's", "the person's, by another number", "the agency's list"])
def test_a_stop_that_is_stored_after_the_judgement_stops_the_call(line, summit, provider, monkeypatch, whose):
    message = text(summit)
    stops = {
        "the number's": {},
        "the person's, by another number": {"contact": message.contact, "value": "+13035550188"},
        "the agency's list": {"client": None, "origin": Suppression.Origin.IMPORTED},
    }
    with monkeypatch.context() as patch:
        stop_in_between(message, patch, **stops[whose])
        assert provider.calls == [] and message.attempts.get().outcome == "not_sent"
    assert (send(message).status, message.reason) == ("skipped", "opted-out") and provider.calls == []


def test_a_stop_of_somebody_else_in_between_stops_nothing(line, summit, provider, monkeypatch):
    other = ContactFactory(client=summit, phone="+13035550177")
    for stop in ({"contact": other, "value": "+13035550177"}, {"client": ClientFactory(slug="harbor", phone="+13035550110")}):
        with monkeypatch.context() as patch:
            stop_in_between(text(summit, to=f"+1303555013{len(provider.calls)}"), patch, **stop)
    assert len(provider.calls) == 2


def test_an_opt_out_binds_all_numbers_of_the_person_and_no_other_client(line, summit, provider):
    first = text(summit)
    second_number = "+13035550124"
    first.contact.identities.create(client=summit, kind="phone", value=second_number)
    suppress(contact=first.contact, client=summit, value=CARLA, rule="test", event=None, now=clock.read())
    assert send(text(summit, to=second_number)).reason == "opted-out"
    other = ClientFactory(slug="bluebird-plumbing", name="Bluebird Plumbing", phone="+12065550100", timezone="America/Los_Angeles")
    assert send(text(other)).status == "delivered"  # the simulator's phone: it has no connection


def test_stop_all_sending_holds_and_lifting_judges_anew(line, summit, provider):
    stop = Pause.objects.create(client=None, reason="carrier trouble", by=StaffFactory(), at=clock.read())
    message = send(text(summit))
    assert (message.status, message.reason) == ("held", "sending-stopped") and "carrier trouble" in message.says
    Pause.objects.filter(pk=stop.pk).update(lifted_at=clock.read())
    Message.objects.filter(pk=message.pk).update(due_at=clock.read())
    assert send(message).status == "sent"


def test_a_draft_waits_and_the_mode_counts_at_send_time(line, summit, provider):
    message = text(summit)
    Automation.objects.update(send="draft")
    assert (send(message).status, message.reason) == ("held", "needs-approval")


def test_what_is_held_again_for_the_same_keeps_its_slip_and_gets_another_for_another_reason(line, summit, provider):
    def _again():
        Message.objects.filter(pk=message.pk).update(due_at=clock.read())
        return send(message)

    message = text(summit)
    Template.objects.filter(pk=message.template_id).update(status="retired")
    first = _again().newest_slip
    assert [(_again().reason, message.newest_slip) for _ in range(3)] == [("template", first)] * 3
    assert message.due_at > clock.read() and message.slips.count() == 1
    Automation.objects.update(send="draft")  # the same reason comes first, and one check more is not met
    assert (_again().reason, message.slips.count()) == ("template", 2) and message.newest_slip != first
    Pause.objects.create(client=None, reason="carrier trouble", by=StaffFactory(), at=clock.read())
    assert (_again().reason, message.slips.count()) == ("sending-stopped", 3)


def test_a_retired_template_holds(line, summit, provider):
    message = text(summit)
    message.template.status = "retired"
    message.template.save()
    assert (send(message).status, message.reason) == ("held", "template")


def test_fiction_numbers_never_go_over_a_live_line_off_this_machine(summit, line, provider):
    from providers.models import Connection

    Connection.objects.update(base_url="")
    assert (send(text(summit)).reason, provider.calls) == ("connection", [])


def test_no_adapter_is_reached_without_a_slip(summit, line, provider):
    message = text(summit)
    held = Slip(verdict="hold", reason="x", says="x", until=None, checks=(), made_at=NOON)
    for slip in (held, None, {"verdict": SEND}):
        with pytest.raises(dispatch.NoSlip):
            dispatch.call(row=message, slip=slip)
    assert provider.calls == []


def test_a_provider_that_gives_one_id_twice_does_not_cost_us_the_acceptance(line, summit, provider):
    provider.answers = [SendResult(outcome="accepted", provider_id="SMsame")] * 2
    first, second = send(text(summit)), send(text(summit, to="+13035550124"))
    assert (first.status, second.status) == ("sent", "sent") and (first.provider_id, second.provider_id) == ("SMsame", "")


def test_a_claim_is_taken_by_one_and_ends_with_its_window(summit):
    carla, now = ContactFactory(client=summit, phone=CARLA), clock.read()
    from zartsalgo.lib.ids import new_id

    a, b = new_id(), new_id()
    window = {"client_id": summit.pk, "contact_id": carla.pk, "purpose": "p"}
    assert dedupe.take(**window, holder=a, now=now, until=now + timedelta(hours=12))
    assert not dedupe.take(**window, holder=b, now=now, until=now + timedelta(hours=12))
    assert dedupe.take(**window, holder=a, now=now, until=now + timedelta(hours=12))
    assert dedupe.take(**window, holder=b, now=now + timedelta(hours=12), until=now + timedelta(hours=24))
    assert PurposeClaim.objects.get().holder == b
