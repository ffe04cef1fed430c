"""Approval binds the exact text: one changed byte, one name too many, one message too late, and nothing reaches the client."""

import hashlib
import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connections, transaction
from django.db import connection as database

from leads.models import Event
from messaging.models import Suppression
from summaries import actions, writing
from summaries.models import Approval, Proof, Summary
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory
from zartsalgo.lib.ids import new_id

pytestmark = pytest.mark.django_db

PHONE = "+13035550123"
SAFE = "A homeowner asked for a repair of a leak above the kitchen."
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def lead(noon):
    client = ClientFactory()
    contact = ContactFactory(client=client, phone=PHONE)
    return LeadFactory(
        client=client, contact=contact, created_at=NOON, service="Roof repair", first_response_at=NOON + timedelta(minutes=4)
    )


def said(lead, text, *, minutes=0, type="message.received", kind="other"):
    at = NOON + timedelta(minutes=minutes)
    return Event.objects.create(
        client=lead.client, type=type, source="generic", key=str(new_id()), occurred_at=at, recorded_at=at, contact=lead.contact, lead=lead,
        facts={"reading": {"kind": kind}}, personal={"text": text, "phone": PHONE},
    )  # fmt: skip


@pytest.fixture
def summary(lead):
    event = said(lead, "Hi, this is Carla Gomez. My roof is leaking above the kitchen since the storm.")
    with transaction.atomic():
        return writing.ask(lead=lead, event=event, run_id=new_id(), now=NOON + timedelta(minutes=30))


def approve(summary, text=SAFE, *, shown=None, by="sam"):
    shown = text if shown is None else shown
    return actions.approve(summary=summary, text=text, text_sha256=actions.hash_of(text=shown), by=by, now=LATER)


def refused(summary, *args, **more) -> str:
    """The sentence, when nothing at all was changed."""
    before = Summary.objects.filter(pk=summary.pk).values().get()
    with pytest.raises(actions.CannotApprove) as caught:
        approve(summary, *args, **more)
    assert (Proof.objects.count(), Approval.objects.count()) == (0, 0)
    assert Summary.objects.filter(pk=summary.pk).values().get() == before
    return str(caught.value)


def test_the_approved_text_becomes_the_proof(summary, lead, rings, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        proof = approve(summary)
    assert proof.text == SAFE and proof.text_sha256 == hashlib.sha256(SAFE.encode()).hexdigest()
    assert (proof.kind, proof.service, proof.source, proof.approved_by, proof.approved_at) == (
        "conversation", "Roof repair", "Google Ads", "sam", LATER,
    )  # fmt: skip
    assert (proof.happened_at, proof.answered_after_seconds) == (NOON, 240)
    approval = Approval.objects.get()
    assert (approval.verdict, approval.text_sha256, approval.by) == ("approved", proof.text_sha256, "sam")
    summary.refresh_from_db()
    assert (summary.status, summary.decided_by, summary.decided_at) == ("approved", "sam", LATER)
    assert rings == [("workflows.summary_settled", str(summary.run_id))]
    event = Event.objects.get(type="summary.created")
    assert (event.source, event.lead, event.personal) == ("office", lead, None)
    assert event.facts["approval_state"] == "approved" and event.facts["summary"] == SAFE
    assert set(event.facts) >= {"summary", "risk_flags", "next_action", "approval_state"}


def test_line_ends_of_a_browser_are_the_same_text(summary):
    proof = approve(summary, SAFE + "\r\nThey want it soon.", shown=SAFE + "\nThey want it soon.")
    assert proof.text == SAFE + "\nThey want it soon."


@pytest.mark.parametrize("text", [SAFE + " ", SAFE[:-1], SAFE.replace("leak", "leаk"), SAFE.lower(), "", SAFE + "\x00"])
def test_one_changed_byte_loses_the_approval(summary, text):
    assert "not the one that was shown" in refused(summary, text, shown=SAFE)


@pytest.mark.parametrize(
    "text",
    [
        "Carla asked for a repair of a leak above the kitchen.",
        "Ms. GOMEZ asked for a repair of a leak.",
        "A homeowner at 303 555 0123 asked for a repair.",
        "A homeowner asked for a repair for 900 dollars.",
        "My roof is leaking above the kitchen since the storm.",
        "We will be there on Tuesday.",
        "A <b>homeowner</b> asked for a repair.",
        " ",
    ],
)
def test_a_text_with_a_blocking_problem_is_not_approved(summary, text):
    assert refused(summary, text).endswith("Change the text and try again.")
    assert [one for one in actions.problems(summary=summary, text=text) if one.blocks]


def test_what_the_customer_said_since_makes_it_stale(summary, lead):
    said(lead, "I found somebody else", minutes=45)
    assert "They wrote or called again at 12:45" in refused(summary)
    new = actions.write_anew(summary=summary, now=LATER)
    assert actions.stale_since(summary=new) is None
    assert approve(new).lead == lead


def test_a_call_counts_and_a_question_who_we_are_does_not(summary, lead):
    said(lead, "HELP", minutes=40, kind="help")
    assert actions.stale_since(summary=summary) is None
    said(lead, "", minutes=41, type="call.missed")
    assert actions.stale_since(summary=summary) == NOON + timedelta(minutes=41)


def test_what_was_recorded_before_but_stored_after_makes_it_stale(summary, lead):
    # A worker that took its time: its `now` is older than the summary, its row is younger.
    said(lead, "I found somebody else", minutes=29)
    assert "They wrote or called again" in refused(summary)


def test_whoever_asked_to_stop_is_shown_to_nobody(summary, lead):
    Suppression.objects.create(client=lead.client, contact=None, kind="phone", value=PHONE, rule="stop", at=NOON)
    assert refused(summary) == "This person asked us to stop, so nothing more is made of their words. Keep it private."
    with pytest.raises(actions.CannotDecide, match="asked us to stop"):
        actions.write_anew(summary=summary, now=LATER)


def test_what_is_no_lead_is_shown_to_nobody(summary, lead):
    lead.stage = "wrong"
    lead.save()
    assert "not a lead" in refused(summary)


def test_a_decided_summary_says_who_and_when(summary):
    approve(summary)
    with pytest.raises(actions.CannotApprove, match="sam approved it at 13:00 on Fri 20 Nov already"):
        approve(summary, by="olga")
    with pytest.raises(actions.CannotDecide, match="sam approved it"):
        actions.keep_private(summary=summary, reason="x", by="olga", now=LATER)
    assert Proof.objects.count() == 1


def test_one_that_is_being_written_cannot_be_approved(summary):
    Summary.objects.update(status="asked")
    assert refused(summary) == "It is still being written."


def test_kept_private(summary, rings, django_capture_on_commit_callbacks):
    with pytest.raises(actions.CannotDecide, match="Say why"):
        actions.keep_private(summary=summary, reason="  ", by="sam", now=LATER)
    with django_capture_on_commit_callbacks(execute=True):
        actions.keep_private(summary=summary, reason="Names a neighbour", by="sam", now=LATER)
    summary.refresh_from_db()
    assert (summary.status, summary.says) == ("private", "Kept private by sam: Names a neighbour")
    assert Approval.objects.get().verdict == "private" and not Proof.objects.exists()
    assert rings == [("workflows.summary_settled", str(summary.run_id))]
    assert "kept it private" in pytest.raises(actions.CannotApprove, approve, summary).value.args[0]


def test_withdrawn_once_and_written_anew(summary):
    proof = approve(summary)
    with pytest.raises(actions.CannotDecide, match="withdraw it first"):
        actions.write_anew(summary=summary, now=LATER)
    actions.withdraw(proof=proof, reason="Wrong house", by="olga", now=LATER)
    proof.refresh_from_db()
    assert (proof.withdrawn_at, proof.withdrawn_by, proof.withdrawn_reason) == (LATER, "olga", "Wrong house")
    with pytest.raises(actions.CannotDecide, match="olga withdrew it at 13:00"):
        actions.withdraw(proof=proof, reason="Again", by="sam", now=LATER)
    new = actions.write_anew(summary=summary, now=LATER)
    assert new.status == "draft" and new.run_id is None
    with pytest.raises(actions.CannotDecide, match="newer summary"):
        actions.write_anew(summary=summary, now=LATER)


def test_written_anew_while_open_the_run_follows(summary):
    run_id = summary.run_id
    new = actions.write_anew(summary=summary, now=LATER)
    summary.refresh_from_db()
    assert (summary.status, summary.run_id) == ("replaced", None)
    assert (new.status, new.run_id, new.cause_event) == ("draft", run_id, summary.cause_event)
    assert "newer summary took its place" in refused(summary)


@pytest.mark.parametrize(
    ("service", "source", "shown"),
    [("Roof for Carla Gomez", "call 303-555-0123", ("", "Other")), ("Gutters", "Website form", ("Gutters", "Website form"))],
)
def test_labels_beside_the_proof_hold_nothing_of_the_customer(summary, lead, service, source, shown):
    lead.service, lead.source = service, source
    lead.save()
    proof = approve(summary)
    assert (proof.service, proof.source) == shown


def test_an_answer_before_the_call_is_no_answer_to_it(summary, lead):
    lead.first_response_at = NOON - timedelta(minutes=1)
    lead.save()
    assert approve(summary).answered_after_seconds is None


# What the database itself refuses


def test_the_database_refuses_a_proof_of_another_text(summary):
    proof = approve(summary)
    for text, sha256 in ((SAFE + "!", proof.text_sha256), (SAFE + "!", hashlib.sha256((SAFE + "!").encode()).hexdigest())):
        other = Approval.objects.get()
        with pytest.raises(IntegrityError), transaction.atomic(), database.cursor() as cursor:
            cursor.execute(
                """insert into summaries_proof (id, client_id, lead_id, approval_id, text, text_sha256, kind, service, source, happened_at,
                          approved_by, approved_at, withdrawn_by, withdrawn_reason)
                   select %s, client_id, lead_id, %s, %s, %s, kind, service, source, happened_at, approved_by, approved_at, '', ''
                     from summaries_proof""",
                [new_id(), other.pk, text, sha256],
            )
            cursor.execute("set constraints all immediate")


@pytest.mark.parametrize(
    "statement",
    [
        "update summaries_proof set text = 'x', text_sha256 = encode(sha256('x'), 'hex')",
        "update summaries_proof set source = 'x'",
        "delete from summaries_proof",
        "update summaries_approval set verdict = 'private'",
        "delete from summaries_approval",
    ],
)
def test_what_was_approved_stays(summary, statement):
    approve(summary)
    with pytest.raises(ProgrammingError, match="pgtrigger: Cannot"), transaction.atomic(), database.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_of_two_people_at_once_exactly_one_wins(summary):
    start, outcomes = threading.Barrier(2), []

    def press(by):
        start.wait(10)
        try:
            outcomes.append(approve(summary, by=by).approved_by)
        except actions.CannotApprove as error:
            outcomes.append(str(error))
        finally:
            connections.close_all()

    people = [threading.Thread(target=press, args=(name,)) for name in ("sam", "olga")]
    for person in people:
        person.start()
    for person in people:
        person.join()
    winner = Proof.objects.get().approved_by
    (loser,) = [words for words in outcomes if words != winner]
    assert loser.startswith(f"{winner} approved it at 13:00") and Approval.objects.count() == 1
