"""No proof, no text: answers rest on the person's own act, marketing on written words or a relationship with a fresh do-not-call check."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext

from leads import consent as ledger
from leads.models import Consent, Contact, Event, Identity, Task
from messaging import gate, relationships
from messaging.do_not_call import CannotImport, check, import_file
from messaging.gate.checks import throttle
from messaging.gate.reads import asked, consents
from messaging.inbound import suppress
from messaging.models import Attempt, DoNotCallNumber, Message, Template
from messaging.outbox import sending
from providers.contract import ParsedEvent
from tests.factories import NOON, ClientFactory
from workflows import intake
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id
from zartsalgo.lib.places import STATE_NAMES

pytestmark = pytest.mark.django_db

CARLA = "+13035550123"
WORDS = "Yes, Summit Roofing may text me offers. Reply STOP to opt out."
FOLLOW_UP = "quote-follow-up"


@pytest.fixture
def summit(noon):
    return ClientFactory()


@pytest.fixture
def carla(summit):
    """Known, but nothing of theirs is on record."""
    contact = Contact.objects.create(id=new_id(), client=summit, name="Carla Gomez", state="CO", created_at=NOON)
    Identity.objects.create(client=summit, contact=contact, kind="phone", value=CARLA)
    return contact


def happened(client, type="call.missed", *, at=None, facts=None, **personal):
    """One fact through intake, as a delivery brings it."""
    at = at or clock.read()
    item = ParsedEvent(type=type, key=str(new_id()), occurred_at=at, facts=facts or {}, personal={"phone": CARLA, **personal})
    with transaction.atomic():
        intake.record(client=client, source="form", item=item, received_at=at, delivery_id=None, now=at)
    return Event.objects.get(key=item.key)


def write(contact, purpose="missed-call-text-back", *, to=CARLA, **changes):
    now = clock.read()
    template, _ = Template.objects.get_or_create(
        key=f"test-{purpose}",
        version=1,
        client=None,
        defaults={"purpose": purpose, "body": "Hi", "status": "approved", "approved_by": "Olga", "approved_at": now},
    )
    values = {"due_at": now, "created_at": now, "workflow": "missed-call-text-back", "sender": contact.client.phone, "template": template}
    return Message.objects.create(
        id=new_id(), client=contact.client, contact=contact, purpose=purpose, to=to, body="Hi, this is Summit.", **{**values, **changes}
    )


def sent(message):
    sending.send(message_id=message.pk, now=clock.read())
    message.refresh_from_db()
    return message.status, message.reason


def said(message):
    return next(row for row in message.slip["checks"] if row["name"] == "consent")


def agree(contact, *, to=CARLA, wording=WORDS, at=NOON, purpose="marketing"):
    return Consent.objects.create(
        client=contact.client, contact=contact, purpose=purpose, channel="sms", address=to, wording=wording,
        wording_version=ledger.wording_version(wording=wording), source_kind="form", source="summit.example/form", granted_at=at,
    )  # fmt: skip


def dnc(tmp_path, *lines, as_of=date(2026, 11, 1), **more):
    file = tmp_path / f"list-{len(list(tmp_path.iterdir()))}.csv"
    file.write_text("\n".join(lines) + "\n")
    return import_file(path=file, name="national", as_of=as_of, now=clock.read(), **more)


# the ledger


def test_a_call_a_form_and_a_text_are_noted_with_the_event(summit):
    call = happened(summit, facts={"tracking_number": "+13035550101", "call_id": "CA1"})
    form = happened(
        summit, "lead.created", facts={"consent": {"granted": True, "wording": WORDS}, "page_url": "https://summit.example/quote"}
    )
    reply = happened(summit, "message.received", text="Can you come today?", facts={"message_id": "SM1"})
    rows = Consent.objects.order_by("pk")
    assert [(row.event_id, row.purpose, row.source_kind, row.address) for row in rows] == [
        (call.pk, "answer", "call", CARLA),
        (form.pk, "answer", "form", CARLA),
        (form.pk, "marketing", "form", CARLA),
        (reply.pk, "answer", "reply", CARLA),
    ]
    assert rows[0].evidence == {"call_id": "CA1", "tracking_number": "+13035550101"}
    assert (rows[2].wording, rows[2].wording_version) == (WORDS, ledger.wording_version(wording=WORDS)) and len(
        rows[2].wording_version
    ) == 64
    assert rows[2].source == "https://summit.example/quote" and rows[2].granted_at == form.occurred_at
    ledger.note_events(events=[form])
    assert Consent.objects.count() == 4


def test_an_angi_lead_keeps_its_consent_id(summit):
    happened(summit, "lead.created", facts={"automatedContactConsentId": "angi-77"})
    row = Consent.objects.get()
    assert (row.source_kind, row.source, row.evidence) == ("angi", "Angi consent angi-77", {"automatedContactConsentId": "angi-77"})


@pytest.mark.parametrize("words", ["STOP", "not interested"])
def test_no_means_no_consent(summit, words):
    happened(summit, "message.received", text=words)
    assert not Consent.objects.exists()


def test_a_form_without_a_tick_agrees_to_an_answer_only(summit):
    happened(summit, "lead.created", facts={"consent": {"granted": False, "wording": WORDS}})
    assert list(Consent.objects.values_list("purpose", "wording")) == [("answer", "")]


def test_the_ledger_cannot_be_changed_only_erased(carla):
    row = agree(carla)
    for sql in (
        "update leads_consent set wording = 'all'",
        "update leads_consent set address = '+13035550199'",
        "delete from leads_consent",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    Consent.objects.update(address=None, evidence=None)
    row.refresh_from_db()
    assert (row.address, row.wording) == (None, WORDS)
    assert sent(write(carla, FOLLOW_UP)) == ("skipped", "consent"), "an erased row proves nothing"


# answers


def test_without_any_act_of_theirs_no_text_goes_and_one_person_is_asked(carla):
    message = write(carla)
    assert sent(message) == ("skipped", "consent") and not Attempt.objects.exists()
    task = Task.objects.get()
    assert (task.kind, task.contact, task.cause) == ("call-back", carla, f"no-consent:{message.pk}")
    assert task.reason == "Nothing shows that this person asked for an answer by text; a person should call instead."
    assert sent(message) == ("skipped", "consent") and sent(write(carla)) == ("skipped", "consent")
    assert Task.objects.count() == 1 and not Attempt.objects.exists()


def test_their_own_call_is_the_proof_and_its_statement_the_only_one(summit, carla):
    happened(summit)
    message, now = write(carla), clock.read()
    with CaptureQueriesContext(connection) as statements:
        found = consents.read(asked=asked.as_json(messages=[message], now=now), now=now)[message.pk]
    assert found.proof.kind == "call" and len(statements) == 1
    assert sent(message) == ("delivered", "")
    assert said(message)["says"] == "It answers their own call." and said(message)["values"]["proof"] == "call"


def test_a_call_from_before_the_ledger_proves_itself_and_nobody_elses(summit, carla):
    def called(contact):
        return Event.objects.create(
            client=summit, contact=contact, type="call.missed", source="test", key=str(new_id()), occurred_at=NOON, recorded_at=NOON
        )

    other = Contact.objects.create(id=new_id(), client=summit, created_at=NOON)
    assert sent(write(carla, cause_event=called(other))) == ("skipped", "consent")
    assert sent(write(carla, cause_event=called(carla))) == ("delivered", "")


@pytest.mark.parametrize(("hours", "fate"), [(11.9, ("delivered", "")), (12.1, ("skipped", "consent"))])
def test_the_call_proves_for_its_window(summit, carla, hours, fate):
    happened(summit, at=NOON - timedelta(hours=hours))
    assert sent(write(carla)) == fate


def test_a_call_from_one_phone_is_no_proof_for_another(summit, carla):
    happened(summit)
    Identity.objects.create(client=summit, contact=carla, kind="phone", value="+13035550124")
    assert sent(write(carla, to="+13035550124")) == ("skipped", "consent")


def test_another_business_cannot_use_it(summit, carla):
    other = ClientFactory(slug="harbor-movers", name="Harbor Movers", phone="+13035550180")
    happened(other)
    assert sent(write(carla)) == ("skipped", "consent")


# marketing


def test_written_words_let_marketing_go_and_a_call_does_not(summit, carla):
    happened(summit)
    assert sent(write(carla, FOLLOW_UP)) == ("skipped", "consent")
    agree(carla)
    message = write(carla, FOLLOW_UP)
    assert sent(message) == ("delivered", "")
    assert said(message)["values"]["wording"] == ledger.wording_version(wording=WORDS)


@pytest.mark.parametrize("gap", [{"wording": ""}, {"to": "+13035550124"}, {"purpose": "answer"}, {"at": NOON + timedelta(days=1)}])
def test_what_is_no_written_consent(carla, gap):
    agree(carla, **gap)
    assert sent(write(carla, FOLLOW_UP)) == ("skipped", "consent")


def test_a_relationship_needs_a_fresh_list_without_the_number(summit, carla, tmp_path, set_clock):
    happened(summit, at=NOON - timedelta(days=20))
    assert sent(write(carla, FOLLOW_UP)) == ("skipped", "consent")
    assert "no do-not-call list of the last 31 days" in Task.objects.get().reason
    dnc(tmp_path, "3035550199", as_of=date(2026, 10, 19))
    assert sent(write(carla, FOLLOW_UP)) == ("skipped", "consent"), "32 days old"
    dnc(tmp_path, "3035550199", as_of=date(2026, 10, 20))
    message = write(carla, FOLLOW_UP)
    assert sent(message) == ("delivered", ""), "31 days old"
    assert said(message)["values"] | {"states": ""} == {"states": "", "proof": "inquiry", "do_not_call_list": "2026-10-20"}
    dnc(tmp_path, "303,5550123", as_of=date(2026, 11, 19))
    later = write(carla, "review-request")
    assert sent(later) == ("skipped", "consent") and "do-not-call list" in later.says
    assert Task.objects.count() == 1 and Attempt.objects.count() == 1


def test_a_list_of_other_area_codes_is_no_check(summit, carla, tmp_path):
    happened(summit, at=NOON - timedelta(days=20))
    dnc(tmp_path, "2125550199", as_of=date(2026, 11, 19))
    assert sent(write(carla, FOLLOW_UP)) == ("skipped", "consent")
    dnc(tmp_path, "2125550198", as_of=date(2026, 11, 19), covers=("303",))
    assert sent(write(carla, FOLLOW_UP)) == ("delivered", "")


@pytest.mark.parametrize(
    ("state", "type", "days", "fate"),
    [
        ("CO", "call.missed", 25, "delivered"),
        ("CO", "call.missed", 32, "skipped"),
        ("UT", "call.missed", 80, "delivered"),
        ("UT", "call.missed", 93, "skipped"),
        ("UT", "job.completed", 500, "delivered"),
        ("UT", "job.completed", 560, "skipped"),
        ("TX", "job.completed", 380, "skipped"),
        ("MI", "call.missed", 1, "skipped"),
        ("IN", "job.completed", 1, "skipped"),
        ("FL", "job.completed", 1, "skipped"),
    ],
)
def test_the_recipients_state_says_how_long(summit, carla, tmp_path, state, type, days, fate):
    Contact.objects.filter(pk=carla.pk).update(state=state)
    happened(summit, type, at=NOON - timedelta(days=days))
    dnc(tmp_path, "3035550199")
    assert sent(write(Contact.objects.get(pk=carla.pk), FOLLOW_UP))[0] == fate


def test_the_table_only_narrows_and_a_doubt_takes_the_narrowest():
    assert set(relationships.STATE_MONTHS) <= set(STATE_NAMES)
    for months in relationships.STATE_MONTHS.values():
        assert months.inquiry <= relationships.FEDERAL.inquiry and months.purchase <= relationships.FEDERAL.purchase
    assert relationships.months_for(states=("CO", "TX")) == relationships.Months(inquiry=1, purchase=12)
    assert relationships.months_for(states=()) == relationships.NONE
    # The end of January has no 31 February; a month is never longer than 30 days.
    assert relationships.ends_at(began=datetime(2026, 1, 31, tzinfo=UTC), months=1) == datetime(2026, 2, 27, tzinfo=UTC)
    assert relationships.ends_at(began=datetime(2026, 11, 15, tzinfo=UTC), months=3) == datetime(2027, 2, 14, tzinfo=UTC)


@pytest.fixture
def no_cap_of_ours(monkeypatch):
    """What a state allows is asked alone; what we allow ourselves is less (test_frequency)."""
    monkeypatch.setattr(throttle, "OTHERS_A_DAY", 9)
    monkeypatch.setattr(throttle, "OTHERS_A_WEEK", 9)


def test_three_a_day_where_the_state_counts(carla, set_clock, no_cap_of_ours):
    carla.state = "MD"
    carla.save()
    agree(carla)
    for n, purpose in enumerate((FOLLOW_UP, "nurture", "review-request")):
        assert sent(write(carla, purpose)) == ("delivered", ""), n
    fourth = write(carla, "offer")
    assert sent(fourth) == ("held", "consent")
    first = Message.objects.order_by("sent_at").first()
    assert fourth.hold_until == first.sent_at + timedelta(hours=24) and Attempt.objects.count() == 3
    assert not Task.objects.exists(), "a cap passes by itself"
    agree(carla, purpose="answer", at=clock.read())
    assert sent(write(carla)) == ("delivered", ""), "an answer to them is no contact of ours"
    set_clock(fourth.hold_until + timedelta(hours=1))  # an answer holds what is none for a day
    assert sent(fourth) == ("delivered", "")


def test_elsewhere_nobody_counts(carla, no_cap_of_ours):
    agree(carla)
    for purpose in (FOLLOW_UP, "nurture", "review-request", "offer"):
        assert sent(write(carla, purpose)) == ("delivered", "")


def test_what_was_agreed_before_a_stop_counts_no_more(summit, carla, tmp_path):
    agree(carla, at=NOON - timedelta(days=2))
    happened(summit, at=NOON - timedelta(days=1))
    dnc(tmp_path, "3035550199")
    happened(summit, "message.received", text="STOP")
    happened(summit, "message.received", text="START", at=clock.read())
    refused = write(carla, FOLLOW_UP)
    gone = gate.look(message=refused, now=clock.read())
    assert [row.passed for row in gone.checks if row.name == "opted-out"] == [True]
    # Their START is an inquiry of its own, and the list is fresh: without the list nothing is left.
    assert "in writing" in next(row.says for row in gone.checks if row.name == "consent")
    DoNotCallNumber.objects.all().delete()
    connection.cursor().execute("delete from messaging_donotcalllist")
    assert sent(refused) == ("skipped", "consent")
    agree(carla, at=clock.read())
    assert sent(write(carla, FOLLOW_UP)) == ("delivered", "")


def test_suppression_still_comes_first(summit, carla):
    agree(carla)
    suppress(contact=carla, client=summit, value=CARLA, rule="test", event=None, now=clock.read())
    assert sent(write(carla, FOLLOW_UP)) == ("skipped", "opted-out") and not Task.objects.exists()


# the lists


def test_a_list_is_read_as_registries_write_it(noon, tmp_path):
    done = dnc(tmp_path, "Area Code,Phone", "303,5550123", "(212) 555-0134", "x", "", "303,5550123", "+442079460000")
    assert (done.added, done.area_codes, [line for line, _ in done.bad]) == (2, ("212", "303"), [4, 7])
    assert check(number=CARLA, now=NOON).listed and not check(number="+13035550124", now=NOON).listed
    assert not check(number="+14045550124", now=NOON).fresh


def test_the_same_list_twice_adds_nothing_and_a_wrong_one_is_refused(noon, tmp_path):
    file = tmp_path / "dnc.csv"
    file.write_text("3035550123\n")
    arguments = ["dnc", "import", str(file), "--as-of", "2026-11-01", "--json"]
    out = StringIO()
    call_command(*arguments, stdout=out)
    assert '"added": 1' in out.getvalue() and '"known": false' in out.getvalue()
    again = StringIO()
    call_command(*arguments, stdout=again)
    assert '"added": 0' in again.getvalue() and DoNotCallNumber.objects.count() == 1
    with pytest.raises(CannotImport, match="has not come yet"):
        import_file(path=file, name="national", as_of=date(2027, 1, 1), now=NOON)
    file.write_text("nothing\n")
    with pytest.raises(CommandError, match="no number that can be read"):
        call_command(*arguments)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("dnc", "import", str(tmp_path / "none.csv"), "--as-of", "2026-11-01")
