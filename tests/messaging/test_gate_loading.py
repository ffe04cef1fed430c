"""The facts are what the rows say, the same for one message and for two hundred, in the same number of statements."""

import random
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import (
    Automation,
    Closure,
    Consent,
    Contact,
    Event,
    Identity,
    Lead,
    OpeningHours,
    Responder,
    StageChange,
    StatedIdentity,
    Task,
)
from messaging import dedupe, gate
from messaging.gate.facts import Closed, Consents, Held, Listed, Overtaken, Proof, Refused, Sent, Since, Stop, Taken, Written
from messaging.models import Conversation, DoNotCallList, DoNotCallNumber, ListedSend, Message, Pause, Suppression
from providers.connections import connect
from tests.factories import NOON, ClientFactory, LeadFactory, StaffFactory
from zartsalgo.lib.ids import new_id

pytestmark = pytest.mark.django_db
CARLA = "+13035550123"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def summit(noon):
    return ClientFactory()


@pytest.fixture
def line(summit):
    return connect(client=summit, provider="twilio", secret="s", account="AC1", base_url="http://127.0.0.1:9", live=True, now=NOON)[0]


def person(*, client, phone, **known):
    """Somebody of whom nothing is known but a number."""
    contact = Contact.objects.create(id=new_id(), client=client, name="Carla Gomez", created_at=NOON, **known)
    Identity.objects.create(client=client, contact=contact, kind="phone", value=phone)
    return contact


def write(contact, *, purpose="missed-call-text-back", to=CARLA, **changes):
    values = {"created_at": NOON, "due_at": NOON, "workflow": "missed-call-text-back", "sender": contact.client.phone, "body": "Hi"}
    return Message.objects.create(id=new_id(), client=contact.client, contact=contact, purpose=purpose, to=to, **{**values, **changes})


def happened(contact, type, *, at, **facts):
    return Event.objects.create(
        client=contact.client, contact=contact, type=type, source="t", key=str(new_id()), occurred_at=at, recorded_at=at, facts=facts
    )


def agreed(contact, purpose, *, at, **changes):
    given = {"channel": "sms", "address": CARLA, "source_kind": "form", "source": "/contact", "granted_at": at, **changes}
    return Consent.objects.create(client=contact.client, contact=contact, purpose=purpose, **given)


def known(message, *, now=NOON):
    # As a worker finds it, without what the test still holds in its hands.
    fresh = Message.objects.get(pk=message.pk)
    return gate.load(messages=[fresh], now=now)[fresh.pk]


def test_of_somebody_new_nothing_is_known_against_them(summit):
    facts = known(write(person(client=summit, phone=CARLA)))
    assert (facts.client, facts.lead, facts.template, facts.way, facts.mail_server) == (summit, None, None, None, None)
    assert (facts.stop, facts.unread_reply, facts.held, facts.refused, facts.pause) == (None, False, None, None, None)
    assert (facts.taken, facts.sent, facts.consents, facts.overtaken) == (Taken(), Sent(), Consents(), Overtaken())
    assert (facts.sender_trouble, facts.clock_moved, facts.place.zones, facts.place.states) == ("", False, ("America/Denver",), ("CO",))


def test_what_is_set_up_for_the_client(summit, line):
    Automation.objects.filter(client=summit).delete()
    Automation.objects.create(client=summit, workflow="missed-call-text-back", send="auto", enabled=False)
    Responder.objects.create(client=summit, name="Rita", phone="+13035550190", email="Rita@Summit.example")
    Responder.objects.create(client=ClientFactory(slug="other"), name="Ray", phone="+13035550191")
    OpeningHours.objects.create(client=summit, weekday=0, opens="08:00", closes="12:00")
    OpeningHours.objects.create(client=summit, weekday=0, opens="11:00", closes="17:30")
    Closure.objects.create(client=summit, date=date(2026, 11, 23), name="Staff day")
    facts = known(write(person(client=summit, phone=CARLA), connection=line))
    assert facts.automation is not None and (facts.automation.enabled, facts.automation.sends) == (False, True)
    assert facts.responders == {"+13035550190", "RITA@SUMMIT.EXAMPLE"}
    assert facts.calendar.hours == {0: ((time(8), time(17, 30)),)} and facts.calendar.closed == {date(2026, 11, 23): "Staff day"}
    assert facts.way is not None
    assert (facts.way.id, facts.way.provider, facts.way.loopback, facts.way.shadow) == (str(line.pk), "twilio", True, False)


def test_a_wish_is_told_before_a_bounce_and_the_oldest_first_by_any_of_their_values(summit):
    carla, other = person(client=summit, phone=CARLA), person(client=summit, phone="+13035550124")
    StatedIdentity.objects.create(client=summit, contact=carla, kind="phone", value="+13035550177", stated_at=NOON)
    mail = write(carla, to="carla@example.com", channel="email")

    def stop(at, **row):
        Suppression.objects.create(**{"client": summit, "kind": "phone", "value": "+19995550100", "rule": "r", "at": at, **row})

    stop(NOON - 9 * HOUR, contact=other, rule="another person")
    stop(NOON - 9 * HOUR, client=ClientFactory(slug="other"), value=CARLA, rule="another client")
    assert known(mail).stop is None
    bounce = happened(carla, "email.bounced", at=NOON)
    stop(NOON - 8 * HOUR, kind="email", value="carla@example.com", origin="bounce", event=bounce, rule="bounced")
    assert known(mail).stop == Stop(at=NOON - 8 * HOUR, rule="bounced", bounced=True) and known(write(carla)).stop is None
    stop(NOON - HOUR, client=None, value="+13035550177", origin="import", rule="the agency's list")
    assert known(mail).stop == Stop(at=NOON - HOUR, rule="the agency's list") == known(write(carla)).stop
    stop(NOON - 2 * HOUR, contact=carla, value=CARLA, rule="stop")
    assert known(mail).stop == Stop(at=NOON - 2 * HOUR, rule="stop")


def test_an_unread_reply_a_talk_and_the_oldest_pause_that_covers_it(summit):
    carla, sam = person(client=summit, phone=CARLA), StaffFactory(username="sam", first_name="")
    message = write(carla, lead=LeadFactory(client=summit, contact=carla))
    Task.objects.create(
        client=summit, contact=carla, desk="lead_ops", kind="unclear-reply", title="t", cause="c", due_at=NOON, created_at=NOON
    )
    Conversation.objects.create(client=summit, contact=carla, ball_since=NOON, started_at=NOON, held_at=NOON - HOUR, held_by=sam)
    Pause.objects.create(workflow="lead-intake", reason="another workflow", at=NOON - 3 * HOUR)
    Pause.objects.create(client=summit, channel="sms", reason="over", at=NOON - 3 * HOUR, lifted_at=NOON)
    Pause.objects.create(client=summit, lead=message.lead, reason="theirs", at=NOON - HOUR)
    oldest = Pause.objects.create(client=summit, reason="all", at=NOON - 2 * HOUR)
    facts = known(message)
    assert (facts.unread_reply, facts.held, facts.pause) == (True, Held(since=NOON - HOUR, by="sam"), oldest)
    elsewhere = known(write(person(client=ClientFactory(slug="other"), phone=CARLA)))
    assert (elsewhere.unread_reply, elsewhere.held, elsewhere.pause) == (False, None, None)


def test_what_they_got_before(summit, line):
    carla = person(client=summit, phone=CARLA)
    message, holder = write(carla, connection=line), new_id()
    dedupe.take(client_id=summit.pk, contact_id=carla.pk, purpose=message.purpose, holder=holder, now=NOON, until=NOON + HOUR)
    ListedSend.objects.create(
        client=summit, connection=line, provider_id="SM7", direction="outbound", number=CARLA, body_sha256="x", sent_at=NOON - HOUR,
        found_at=NOON,
    )  # fmt: skip
    write(carla, status="failed", error_code="30006", connection=line, created_at=NOON - DAY)
    write(carla, status="sent", sent_at=NOON - 2 * HOUR, purpose="lead-reply")
    write(carla, status="delivered", sent_at=NOON - 3 * HOUR)
    write(carla, status="sent", sent_at=NOON - 50 * HOUR, purpose="tips", channel="email")
    write(carla, status="sent", sent_at=NOON - HOUR, purpose="reply", workflow="")
    write(carla, status="held", purpose="lead-reply")
    facts = known(message)
    assert facts.taken == Taken(until=NOON + HOUR, listed_at=NOON - HOUR, provider_id="SM7")
    assert facts.refused == Refused(at=NOON - DAY, says="The number is a landline or its carrier takes no texts.")
    assert facts.sent == Sent(
        answers=2, first_answer=NOON - 3 * HOUR, last_answer=NOON - 2 * HOUR, week=1, first_week=NOON - 50 * HOUR, waits=True
    )
    dedupe.release(holders=[holder], now=NOON)
    assert known(message).taken.until is None
    assert known(write(carla, workflow="")).sent == Sent()


def test_what_they_agreed_to(summit):
    carla = person(client=summit, phone=CARLA)
    call = happened(carla, "call.missed", at=NOON - 2 * HOUR)
    assert known(write(carla)).consents == Consents()
    assert known(write(carla, cause_event=call)).consents == Consents(proof=Proof(kind="call", at=NOON - 2 * HOUR))
    agreed(carla, "answer", at=NOON - HOUR)
    assert known(write(carla, cause_event=call)).consents.proof == Proof(kind="form", at=NOON - HOUR)
    assert known(write(carla, to="+13035550124")).consents.proof is None
    agreed(carla, "marketing", at=NOON - 9 * HOUR, wording="Yes, text me", wording_version="1")
    happened(carla, "job.completed", at=NOON - 5 * DAY)
    offer = write(carla, purpose="tips")
    write(carla, purpose="tips", status="sent", sent_at=NOON - 20 * HOUR)
    listed = DoNotCallList.objects.create(
        name="national", as_of=date(2026, 11, 1), sha256="x", area_codes=["303"], amount=1, imported_at=NOON
    )
    DoNotCallNumber.objects.create(list=listed, value=CARLA)
    assert known(offer).consents == Consents(
        written=Written(at=NOON - 9 * HOUR, source="/contact", wording="1"),
        inquiry=NOON - 2 * HOUR,
        purchase=NOON - 5 * DAY,
        capped=1,
        first_capped=NOON - 20 * HOUR,
        do_not_call=Listed(listed=True, as_of=date(2026, 11, 1), fresh=True),
    )
    assert known(offer, now=datetime(2026, 12, 24, tzinfo=UTC)).consents.do_not_call.fresh is False
    Suppression.objects.create(client=summit, contact=carla, kind="phone", value=CARLA, rule="r", at=NOON - 3 * HOUR)
    since = known(offer).consents
    assert (since.written, since.inquiry, since.purchase) == (None, NOON - 2 * HOUR, None)
    agreed(carla, "refused", at=NOON - HOUR, event=call)
    assert known(offer).consents.refused_at == NOON - HOUR
    happened(carla, "message.received", at=NOON - HOUR / 2)
    assert known(offer).consents.refused_at is None


def test_what_happened_since(summit):
    carla = person(client=summit, phone=CARLA)
    lead = LeadFactory(client=summit, contact=carla)
    cause = happened(carla, "call.missed", at=NOON - 3 * HOUR)
    happened(carla, "call.answered", at=NOON - 4 * HOUR)
    happened(carla, "call.answered", at=NOON - HOUR, voicemail=True)
    happened(carla, "booking.created", at=NOON - 2 * HOUR)
    happened(carla, "message.received", at=NOON - HOUR)
    message = write(carla, cause_event=cause, lead=lead, created_at=NOON - 2 * HOUR)
    StageChange.objects.create(lead=lead, old="new", new="booked", by="Sam", at=NOON - 3 * HOUR)
    StageChange.objects.create(lead=lead, old="new", new=Lead.Stage.LOST, by="Sam", at=NOON - HOUR)
    found = known(message)
    assert found.lead == lead and found.overtaken == Overtaken(
        since=(
            Since(type="booking.created", at=NOON - 2 * HOUR, facts={}),
            Since(type="call.answered", at=NOON - HOUR, facts={"voicemail": True}),
        ),
        closed=Closed(stage="lost", at=NOON - HOUR),
    )
    booked = Event.objects.get(type="booking.created")
    assert [one.type for one in known(write(carla, cause_event=booked)).overtaken.since] == ["call.answered"], (
        "no cause overtakes its own text"
    )
    assert known(write(carla, cause_event=cause, workflow="")).overtaken == Overtaken()
    assert known(write(carla, cause_event=cause, lead=lead, approved_at=NOON)).overtaken.closed is None


# -- many together -----------------------------------------------------------------------------------------------------------------------


def crowd(summit, line, count):
    """So many people, each with something of their own."""
    rng, sam = random.Random(7), StaffFactory()
    messages = []
    for number in range(count):
        phone = f"+1303{5560000 + number}"
        carla = person(client=summit, phone=phone, state=rng.choice(["", "FL", "TX"]))
        lead = LeadFactory(client=summit, contact=carla)
        cause = happened(carla, "call.missed", at=NOON - 3 * HOUR)
        for kind in rng.sample(["call.answered", "booking.created", "message.received", "job.completed"], rng.randrange(3)):
            happened(carla, kind, at=NOON - rng.randrange(300) * HOUR / 100)
        if rng.random() < 0.3:
            Suppression.objects.create(client=summit, contact=carla, kind="phone", value=phone, rule=f"r{number}", at=NOON - HOUR)
        if rng.random() < 0.3:
            agreed(carla, rng.choice(["answer", "refused"]), at=NOON - number * HOUR / 200, address=phone, event=cause)
            agreed(carla, "marketing", at=NOON - 2 * HOUR, address=phone, wording="w", wording_version=str(number))
        if rng.random() < 0.3:
            Conversation.objects.create(client=summit, contact=carla, ball_since=NOON, started_at=NOON, held_at=NOON, held_by=sam)
        if rng.random() < 0.3:
            Pause.objects.create(client=summit, lead=lead, reason=f"of {number}", at=NOON)
        for _ in range(rng.randrange(4)):
            purpose, sent_at = rng.choice(["tips", "lead-reply"]), rng.choice([None, NOON - number * HOUR])
            write(carla, to=phone, purpose=purpose, sent_at=sent_at, status=rng.choice(["sent", "held", "failed"]), error_code="30006")
        if rng.random() < 0.3:
            dedupe.take(client_id=summit.pk, contact_id=carla.pk, purpose="tips", holder=new_id(), now=NOON, until=NOON + number * HOUR)
        purpose, workflow = rng.choice(["tips", "lead-reply"]), rng.choice(["", "quote-request"])
        messages.append(
            write(carla, to=phone, purpose=purpose, cause_event=cause, lead=lead, workflow=workflow, connection=rng.choice([None, line]))
        )
    return messages


def test_two_hundred_together_are_known_as_each_alone(summit, line):
    messages = crowd(summit, line, 200)
    together = gate.load(messages=Message.objects.filter(pk__in=[one.pk for one in messages]), now=NOON)
    assert len(together) == 200
    assert [one.pk for one in messages if known(one) != together[one.pk]] == []
    # No two of them are alike, so nobody was given another's.
    assert sum(facts.stop is not None for facts in together.values()) > 30
    assert len({facts.stop.rule for facts in together.values() if facts.stop}) > 30
    slips = [gate.judge(message=one, facts=together[one.pk], now=NOON).as_json() for one in messages]
    assert slips == [gate.look(message=one, now=NOON).as_json() for one in messages]


def test_two_hundred_cost_the_statements_of_one(summit, line):
    messages = crowd(summit, line, 200)

    def statements(those):
        fresh = list(Message.objects.select_related(*gate.WITH).filter(pk__in=[one.pk for one in those]))
        with CaptureQueriesContext(connection) as asked:
            gate.load(messages=fresh, now=NOON)
        return len(asked)

    # One of them asks for the pauses that stand here. The first look keeps what is set up for the client, until that is changed.
    assert (statements(messages[:1]), statements(messages[:1]), statements(messages)) == (7, 6, 6)
    summit.closures.create(date=NOON.date(), name="A day off")
    assert (statements(messages[:1]), statements(messages)) == (7, 6)
    one = Message.objects.get(pk=messages[0].pk)
    assert NOON.date() in gate.load(messages=[one], now=NOON)[one.pk].calendar.closed
