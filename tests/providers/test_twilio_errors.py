"""Every documented error of Twilio, and every way an answer can be lost, led to what it is stated to lead to: over the wire, with the
mock made from the API description, from the planned text to what a member of staff reads."""

from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

import pytest
from twilio.request_validator import RequestValidator

from leads.models import Task
from messaging import carriers, due, gate
from messaging.gate.facts import Refused
from messaging.models import Attempt, Message, Suppression
from messaging.outbox import answers, dispatch, outcomes, sending
from providers import registration
from providers.adapters import load
from providers.adapters._twilio_errors import ERROR_MEANING
from providers.connections import connect
from providers.models import Delivery
from tests.factories import NOON, ClientFactory
from tests.messaging.test_sending import CARLA, text
from tests.providers.twilio_mock import ACCOUNT, TOKEN, answered, lost, refusal, serving, silent
from workflows import intake
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db

# What each code is stated to lead to; the documentation's meaning is one click away at twilio.com/docs/api/errors/<code>.
STATED = {
    "suppress": "21610",
    "bad-number": "21211 21217 21265 21268 21614 21635 30005 30006",
    "retry": "14107 20429 21611 30001 30003 30008 30017 30022 30023 30036 63038",
    "filtered": "30004 30007",
    "account": "10001 20003 20005 20404 21608 30002",
    "sender": "21212 21601 21603 21606 21659 21660 21661 21701 21703 21704 30018 30024 30032 30034 30035",
    "config": "21266 21408 21602 21604 21609 21612 21617 21619 21624 21654 21658 30010 30019 30045 90007",
}
OUTCOME = {code: outcome for outcome, codes in STATED.items() for code in codes.split()}
# Codes of 30000 and more come in reports; the others answer a create, and through a messaging service some of them are reported too.
REPORTED_TOO = ("21610", "21614", "21408", "21606", "21612")
ANSWERS = [code for code in OUTCOME if int(code) < 30_000 or code == "63038"]
REPORTS = [code for code in OUTCOME if int(code) >= 30_000 or code in REPORTED_TOO]
HTTP_STATUS = {"20003": 401, "20005": 403, "20404": 404, "20429": 429, "14107": 429, "63038": 429}
CALL_BACK, LOOK_INTO = "call-back", "look-into"


@pytest.fixture(scope="module")
def server():
    with serving() as mock:
        yield mock


@pytest.fixture
def twilio(server):
    yield server.reset()
    assert server.problems == [], "a request of ours was invalid"


@pytest.fixture
def line(noon, twilio):
    return connect(client=ClientFactory(), provider="twilio", secret=TOKEN, account=ACCOUNT, base_url=twilio.url, live=True, now=NOON)[0]


@pytest.fixture
def later(set_clock):
    """Let time pass, as the ticker sees it; returns the message as it stands then."""

    def _later(message: Message, **delta: float) -> Message:
        set_clock(clock.read() + timedelta(**delta))
        due.work_off(now=clock.read())
        message.refresh_from_db()
        return message

    return _later


def send(line, **given) -> Message:
    message = text(line.client, **given)
    sending.send(message_id=message.pk, now=clock.read())
    message.refresh_from_db()
    return message


def tasks() -> list[str]:
    return sorted(Task.objects.filter(status=Task.Status.OPEN).values_list("kind", flat=True))


def number(n: int) -> str:
    return f"+130355501{n + 10}"


def report(client, twilio, n: int = 0, *, status: str, code: str = "") -> None:
    """What Twilio calls back about the n-th text: at the address that its create named, signed over exactly that address."""
    address = [call.form["StatusCallback"] for call in twilio.calls if call.method == "POST"][n]
    sid = twilio.texts[n]["sid"]
    form = {
        "MessageSid": sid,
        "SmsSid": sid,
        "AccountSid": ACCOUNT,
        "MessageStatus": status,
        "SmsStatus": status,
        "ApiVersion": "2010-04-01",
    }
    form |= {"ErrorCode": code} if code else {}
    parts = urlsplit(address)
    answer = client.post(
        f"{parts.path}?{parts.query}",
        urlencode(form),
        content_type="application/x-www-form-urlencoded",
        headers={"x-twilio-signature": RequestValidator(TOKEN).compute_signature(address, form), "host": parts.netloc},
    )
    assert (answer.status_code, answer.content) == (200, b"<Response/>")
    intake.drain(now=clock.read())
    assert Delivery.objects.order_by("-received_at")[0].state == "done"


# The table


def test_the_table_states_these_outcomes_and_a_sentence_for_each() -> None:
    assert {code: meaning.outcome for code, meaning in ERROR_MEANING.items()} == OUTCOME
    for code, meaning in ERROR_MEANING.items():
        assert meaning.sentence.endswith(".") and meaning.sentence[0].isupper() and code not in meaning.sentence


def test_what_sending_repeats_or_keeps_is_what_the_table_states() -> None:
    """An answer with one of these codes is acted on in messaging; both lists must say the same."""
    assert {code for code in answers.RETRY_CODES if len(code) == 5} <= set(STATED["retry"].split())
    assert {code for code in ANSWERS if OUTCOME[code] == "retry" and HTTP_STATUS.get(code) != 429} <= set(answers.RETRY_CODES)
    assert set(answers.CREDENTIAL_CODES) - {"config"} == set(STATED["account"].split())


# Answers to a create


@pytest.mark.parametrize("outcome", STATED)
def test_an_error_in_the_answer(line, twilio, later, outcome) -> None:
    codes = [code for code in ANSWERS if OUTCOME[code] == outcome]
    messages = [_refused(line, twilio, code=code, to=number(n)) for n, code in enumerate(codes)]
    line.refresh_from_db()
    assert bool(line.trouble) is (outcome == "account" and bool(codes))
    assert twilio.posts() == len(codes) and twilio.texts == []
    if outcome in ("retry", "account"):
        kept, wait = (("queued", "retry"), 20) if outcome == "retry" else (("held", "credentials"), 70)
        assert {(message.status, message.reason) for message in messages} == {kept} and tasks() == []
        later(messages[0], seconds=5)
        assert twilio.posts() == len(codes), "not before its time"
        later(messages[0], seconds=wait)
        assert (twilio.posts(), sorted(text["to"] for text in twilio.texts)) == (2 * len(codes), sorted(m.to for m in messages))
        assert set(Message.objects.values_list("status", flat=True)) == {"sent"}
        return
    for message in messages:
        later(message, hours=1)
    assert {(message.status, message.reason) for message in messages} <= {("failed", "refused-by-provider")}
    assert tasks() == [CALL_BACK] * len(codes) + [LOOK_INTO] * (outcome == "sender"), "one task about a sender, however many texts failed"
    assert (twilio.posts(), Attempt.objects.count()) == (len(codes), len(codes))


def _refused(line, twilio, *, code: str, to: str) -> Message:
    """A text that was answered with this code, after a look at what must be so for each."""
    outcome, sentence = OUTCOME[code], ERROR_MEANING[code].sentence
    twilio.script = [refusal(int(code), HTTP_STATUS.get(code, 400))]
    message = send(line, to=to)
    attempt = message.attempts.get()
    assert (attempt.outcome, attempt.error_code, attempt.note, message.error_code) == ("rejected", code, sentence, code)
    assert sentence in message.says
    if outcome not in ("retry", "account"):
        assert message.says == sentence
        assert Task.objects.get(cause=f"refused:{message.pk}").reason == f"{sentence} Call instead."
    _look_at_what_follows(line, message, code=code)
    return message


def refusal_of(message: Message, *, now: datetime, to: str = "") -> Refused | None:
    """What the gate knows against the number when the next text is to go to it."""
    following = Message(client_id=message.client_id, contact_id=message.contact_id, to=to or message.to, created_at=now)
    return gate.load(messages=[following], now=now)[following.pk].refused


def _look_at_what_follows(line, message: Message, *, code: str) -> None:
    """For the person, the number and the sender."""
    outcome = OUTCOME[code]
    assert Suppression.objects.filter(value=message.to).count() == (outcome == "suppress")
    line.refresh_from_db()
    assert registration.refused_with(connection=line, sender=message.sender) == (code if outcome == "sender" else "")
    if outcome == "sender":
        registration.register(connection=line, sender=message.sender, by="Olga", now=clock.read())
    refused = refusal_of(message, now=clock.read())
    assert (refused and refused.says) == (ERROR_MEANING[code].sentence if outcome == "bad-number" else None)


def test_a_refusal_that_does_not_pass_is_tried_five_times_and_then_a_person_calls(line, twilio, later) -> None:
    twilio.script = [refusal(20429, 429) for _ in range(9)]
    message = send(line)
    for seconds in (16, 61, 181):
        assert later(message, seconds=seconds).status == "queued"
    assert (later(message, seconds=301).status, twilio.posts(), tasks()) == ("failed", 5, [CALL_BACK])
    assert (later(message, hours=7).status, twilio.posts(), twilio.texts) == ("failed", 5, [])


def test_twilio_says_when_to_come_back(line, twilio, later) -> None:
    twilio.script = [refusal(20429, 429, retry_after="120")]
    message = send(line)
    assert (later(message, seconds=119).status, twilio.posts()) == ("queued", 1)
    assert (later(message, seconds=2).status, twilio.posts()) == ("sent", 2)


def test_an_undocumented_error_fails_with_its_number_and_becomes_a_call(line, twilio, later) -> None:
    twilio.script = [refusal(29999)]
    message = send(line)
    assert (message.status, message.says) == ("failed", "Twilio refused the text with error 29999.")
    assert (later(message, hours=7).status, twilio.posts(), tasks()) == ("failed", 1, [CALL_BACK])


# Delivery reports


@pytest.mark.parametrize("outcome", STATED)
def test_an_error_in_a_report(line, twilio, later, client, outcome) -> None:
    codes = [code for code in REPORTS if OUTCOME[code] == outcome]
    status = "failed" if outcome in ("suppress", "account", "config") else "undelivered"
    message = None
    for n, code in enumerate(codes):
        sentence = ERROR_MEANING[code].sentence
        message = send(line, to=number(n))
        assert message.status == "sent"
        report(client, twilio, n, status=status, code=code)
        message.refresh_from_db()
        assert (message.status, message.reason, message.says, message.error_code) == ("failed", "not-delivered", sentence, code)
        assert Task.objects.get(cause=f"undelivered:{message.pk}").reason == f"{sentence} Call instead."
        _look_at_what_follows(line, message, code=code)
    assert message is not None and later(message, hours=1).status == "failed"
    assert tasks() == [CALL_BACK] * len(codes) + [LOOK_INTO] * (outcome == "sender")
    assert twilio.posts() == len(codes), "a text that existed is never sent again"


def test_a_report_of_success_asks_for_nothing(line, twilio, client) -> None:
    message = send(line)
    for status in ("sent", "delivered", "sending"):
        report(client, twilio, status=status)
    message.refresh_from_db()
    assert (message.status, message.provider_status, tasks(), twilio.posts()) == ("delivered", "delivered", [], 1)


def test_who_opted_out_at_the_carrier_gets_nothing_more_on_any_number(line, twilio, client) -> None:
    send(line)
    report(client, twilio, status="failed", code="21610")
    other = text(line.client, to="+13035550124")
    Message.objects.filter(pk=other.pk).update(contact=Message.objects.exclude(pk=other.pk).get().contact)
    sending.send(message_id=other.pk, now=clock.read())
    other.refresh_from_db()
    assert (other.status, other.reason, twilio.posts()) == ("skipped", "opted-out", 1)


def test_a_landline_is_remembered_for_its_number_only_and_for_a_year(line, twilio, client) -> None:
    message = send(line)
    report(client, twilio, status="undelivered", code="30006")
    message.refresh_from_db()
    sentence = "The number is a landline or its carrier takes no texts."
    assert refusal_of(message, now=clock.read()) == Refused(at=message.created_at, says=sentence)
    assert refusal_of(message, now=clock.read() + timedelta(days=366)) is None
    assert refusal_of(message, to="+13035550124", now=clock.read()) is None


# Lost answers: unknown, one POST, and the look-up tells

LOST = {
    "a time-out": silent(),
    "a cut connection": lost(),
    "500": answered(500, '{"code": 20500, "message": "Internal", "status": 500}', create=True),
    "502 with HTML": answered(502, "<html><h1>Bad Gateway</h1></html>", create=True),
    "503 that asks for patience": answered(503, "", create=True, Retry_After="1"),
    "504": answered(504, "", create=True),
    "200 with rubbish": answered(200, "ok", create=True),
    "201 without an id": answered(201, "{}", create=True),
    "201 cut off": answered(201, '{"sid": "SM', create=True),
    "a redirect": answered(307, "", create=True, Location="/2010-04-01/elsewhere.json"),
    "400 of a proxy": answered(400, "<html>Bad Request</html>", create=True),
    "408": answered(408, "", create=True),
}


@pytest.mark.parametrize("turn", LOST.values(), ids=LOST.keys())
def test_a_lost_answer_is_one_post_and_the_look_up_adopts(line, twilio, later, monkeypatch, turn) -> None:
    monkeypatch.setattr(dispatch, "CALL_SECONDS", 0.2)
    twilio.script = [turn]
    message = send(line)
    assert (message.status, message.reason, message.attempts.get().outcome) == ("unknown", "no-answer", "unknown")
    assert "will not be repeated" in message.says
    assert later(message, seconds=11).status == "sent"
    assert (message.provider_id, message.attempts.get().outcome) == (twilio.texts[0]["sid"], "accepted")
    later(message, hours=8)
    assert ([call.method for call in twilio.calls], len(twilio.texts), tasks()) == (["POST", "GET"], 1, [])


@pytest.mark.parametrize("turn", [silent(create=False), lost(create=False), answered(500, "", create=False)], ids=["silent", "cut", "500"])
def test_a_lost_answer_that_the_list_does_not_know_is_never_repeated(line, twilio, later, monkeypatch, turn) -> None:
    monkeypatch.setattr(dispatch, "CALL_SECONDS", 0.2)
    twilio.script = [turn]
    message = send(line)
    for _ in range(8):
        later(message, hours=7)
    assert (message.status, message.reason, message.attempts.get().outcome) == ("failed", "never-confirmed", "unknown")
    assert (twilio.posts(), twilio.texts, tasks()) == (1, [], [CALL_BACK])
    assert twilio.lists() == len(outcomes.LOOK_UP_AFTER)


def test_a_report_is_as_good_as_an_answer(line, twilio, later, client) -> None:
    twilio.script = [lost()]
    message = send(line)
    report(client, twilio, status="delivered")
    later(message, hours=8)
    assert (message.status, message.provider_id) == ("delivered", twilio.texts[0]["sid"])
    assert Attempt.objects.get().outcome == "accepted" and [call.method for call in twilio.calls] == ["POST"]


def test_a_list_that_cannot_be_read_proves_nothing(line, twilio, later, monkeypatch) -> None:
    twilio.script = [lost()]
    message = send(line)
    with monkeypatch.context() as patch:
        patch.setattr("tests.providers.twilio_mock._page", lambda mock, call: {"messages": "rubbish"})
        assert later(message, seconds=11).status == "unknown"
    assert (later(message, seconds=61).status, twilio.posts(), twilio.lists()) == ("sent", 1, 2)


def test_another_text_with_other_words_is_not_adopted(line, twilio, later) -> None:
    twilio.script = [lost(create=False)]
    message = send(line)
    twilio.add(to=CARLA, body="Typed in the console", **{"from": message.sender})
    assert (later(message, seconds=11).status, twilio.posts()) == ("unknown", 1)


# The sender's registration


def test_a_registration_is_recorded_by_a_person_and_taken_back_by_the_carrier(line) -> None:
    sender, asked = "+13035550100", Message(connection=line, sender="+13035550100")
    assert carriers.sender_trouble(message=asked) == "", "nothing that stays on this machine needs one"
    line.base_url = ""
    assert carriers.sender_trouble(message=asked).startswith("Nobody has recorded that (303) 555-0100 is registered")
    for by, whose in (("", sender), ("  ", sender), ("Olga", " ")):
        with pytest.raises(registration.NotRecorded):
            registration.register(connection=line, sender=whose, by=by, now=NOON)
    registration.register(connection=line, sender=sender, by="Olga", now=NOON)
    assert carriers.sender_trouble(message=asked) == ""
    assert line.options["sender_registered_by"] == "Olga" and line.options["sender_registered_at"] == NOON.isoformat()
    assert carriers.sender_trouble(message=Message(connection=line, sender="+13035550101")), "another number is another registration"
    registration.note_refusal(connection=line, sender=sender, code="30034", now=NOON)
    assert carriers.sender_trouble(message=asked) == (
        "(303) 555-0100 cannot send: The sender is not registered for business texts (A2P 10DLC); nothing it sends will arrive. "
        "Put it right at Twilio, then record the registration of the sender."
    )
    registration.register(connection=line, sender=sender, by="Olga", now=NOON)
    assert carriers.sender_trouble(message=asked) == ""


@pytest.mark.parametrize(
    ("sender", "needs"),
    [("+13035550100", True), ("+18885550100", True), ("MG" + "0" * 32, True), ("55501", False), ("+447700900123", False)],
)
def test_what_needs_a_registration(line, sender, needs) -> None:
    line.base_url = "https://api.twilio.com"
    assert registration.is_missing(connection=line, sender=sender) is needs


def test_the_simulators_phone_needs_none() -> None:
    assert carriers.sender_trouble(message=Message(connection=None, sender="+13035550100")) == ""


def test_the_adapter_says_which_codes_are_about_the_number_and_which_about_the_sender() -> None:
    adapter = load("twilio")
    assert adapter.bad_number_codes == set(STATED["bad-number"].split())
    assert adapter.bad_sender_codes == set(STATED["sender"].split())
