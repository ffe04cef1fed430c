"""What comes back of an email: reports, bounces, complaints, and replies in their thread."""

import pytest
from django.db import IntegrityError, transaction

from leads.models import Consent, Contact, Event, Identity, Task
from messaging import gate
from messaging.email import addresses
from messaging.gate.checks import people
from messaging.inbound import suppress
from messaging.models import Message, Suppression
from tests.factories import NOON, ClientFactory, LeadFactory
from tests.messaging.email.conftest import CARLA, about, approved, known, plan, told
from tests.providers import postmark
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db


def test_a_delivery_report_settles_its_message(way, words, summit):
    message = approved(plan(summit))
    assert told(way, about(message, postmark.delivery())) == ("done", "message.status: delivered.")
    message.refresh_from_db()
    assert (message.status, message.says) == ("delivered", "Delivered to their mail server.")


def test_a_hard_bounce_binds_the_address_and_not_the_person(way, words, summit, server):
    message = approved(plan(summit))
    assert told(way, about(message, postmark.bounce()))[1] == "email.bounced: no email goes to that address any more."
    message.refresh_from_db()
    assert (message.status, message.says) == ("failed", "The address does not exist or takes no mail.")
    assert list(Suppression.objects.values_list("kind", "value", "origin", "contact")) == [("email", CARLA, "bounce", None)]
    second = plan(summit, message.contact)
    assert (approved(second).status, second.reason) == ("skipped", "bounced")
    # Another address of theirs, and their phone, are free.
    Message.objects.filter(pk=second.pk).update(status="queued", to="new@example.com")
    row = Message.objects.select_related("client", "contact", "template", "connection").get(pk=second.pk)
    assert people.opted_out(row, gate.load(messages=[row], now=clock.read())[row.pk], clock.read()).passed
    with pytest.raises(IntegrityError), transaction.atomic():
        Suppression.objects.create(
            client=summit,
            contact=message.contact,
            kind="email",
            value="x@example.com",
            origin="bounce",
            rule="x",
            at=NOON,
            event=Event.objects.first(),
        )


def test_a_soft_bounce_fails_the_message_and_suppresses_nothing(way, words, summit):
    message = approved(plan(summit))
    told(way, about(message, postmark.bounce(Type="SoftBounce")))
    message.refresh_from_db()
    assert (message.status, message.reason, message.error_code) == ("failed", "not-delivered", "SoftBounce")
    assert not Suppression.objects.exists()
    assert Task.objects.get(kind="call-back").title == "Email to Carla Gomez was not delivered"


@pytest.mark.parametrize(("body", "origin"), [(postmark.complaint(), "spam"), (postmark.subscription(), "click")])
def test_a_complaint_or_an_unsubscribe_there_binds_the_person(way, words, summit, body, origin):
    message = approved(plan(summit))
    Identity.objects.create(client=summit, contact=message.contact, kind="phone", value="+13035550123")
    told(way, about(message, body))
    assert list(Suppression.objects.order_by("kind").values_list("value", "origin")) == [(CARLA, origin), ("+13035550123", origin)]


def test_a_bounce_of_an_unknown_message_is_kept_with_a_reason(way, summit):
    state, note = told(way, postmark.bounce())
    assert (state, note) == ("done", "email.bounced: no email goes to that address any more. It is about no email of ours.")
    assert Event.objects.get().contact is None and not Contact.objects.exists()
    assert Suppression.objects.get().value == CARLA


def reply(message, **changes):
    return postmark.inbound(**{"MailboxHash": message.reply_tag, **changes})


def test_a_reply_finds_its_person_and_waits_for_an_answer(way, words, summit):
    contact = known(summit)
    lead = LeadFactory(client=summit, contact=contact, kind="form")
    message = approved(plan(summit, contact))
    told(way, reply(message, FromFull={"Email": "carla.at.work@example.org", "Name": "C"}))
    event = Event.objects.get(type="message.received")
    assert (event.contact_id, event.lead_id, event.facts["reading"]["kind"]) == (contact.pk, lead.pk, "other")
    assert event.personal["text"] == "Thursday works."
    assert Task.objects.get(kind="answer-reply").lead_id == lead.pk
    # An address that anybody can write over a mail does not become theirs.
    assert list(Identity.objects.values_list("value", flat=True)) == [CARLA]


@pytest.mark.parametrize("tag", ["", "aaaaaaaaaaaaaaaa"])
def test_a_tag_nobody_made_leads_to_nobody_else(way, words, summit, tag):
    message = approved(plan(summit))
    told(way, postmark.inbound(MailboxHash=tag, FromFull={"Email": "dana@example.org", "Name": "Dana"}))
    assert Event.objects.get(type="message.received").contact_id != message.contact_id


def test_a_tag_of_another_client_leads_nowhere(way, words, summit):
    other = ClientFactory(slug="harbor-movers", name="Harbor Movers", phone="+13035550110")
    theirs = plan(other)
    assert addresses.message_of_tag(client_id=other.pk, tag=theirs.reply_tag) == theirs
    assert addresses.message_of_tag(client_id=summit.pk, tag=theirs.reply_tag) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"TextBody": "please stop emailing me\n> Hi Carla"},
        {"TextBody": "", "HtmlBody": "", "Subject": "unsubscribe"},
        {"TextBody": "STOP", "FromFull": {"Email": "carla.at.work@example.org", "Name": "C"}},
    ],
    ids=["words", "subject", "from elsewhere"],
)
def test_an_opt_out_by_email_binds_the_person(way, words, summit, server, changes):
    message = approved(plan(summit))
    told(way, reply(message, **changes))
    assert CARLA in Suppression.objects.filter(contact=message.contact, origin="words").values_list("value", flat=True)
    assert approved(plan(summit, message.contact)).status == "skipped"
    assert len(server.emails) == 1


def test_quoted_words_of_ours_are_no_opt_out(way, words, summit):
    message = approved(plan(summit))
    told(way, reply(message, TextBody="Yes!\n\nOn Mon, Summit <o@example.com> wrote:\n> To stop all emails: unsubscribe\n"))
    assert not Suppression.objects.exists()


def test_an_automatic_reply_counts_as_nothing(way, words, summit):
    message = approved(plan(summit))
    headers = [{"Name": "Auto-Submitted", "Value": "auto-replied"}]
    assert told(way, reply(message, Headers=headers))[0] == "ignored"
    assert not Event.objects.exists() and not Task.objects.exists()


def test_start_by_email_lifts_nothing(way, words, summit):
    contact = known(summit)
    suppress(contact=contact, client=summit, value=CARLA, rule="keyword", event=None, now=clock.read(), kind="email")
    told(way, postmark.inbound(TextBody="START", FromFull={"Email": CARLA, "Name": "Carla"}))
    assert Suppression.objects.filter(lifted_by__isnull=True).count() == 1


MACHINES = {
    "header": {"Headers": [{"Name": "X-Auto-Response-Suppress", "Value": "All"}]},
    "newsletter": {"Headers": [{"Name": "List-Unsubscribe", "Value": "<https://example.com/u>"}]},
    "bounce": {"FromFull": {"Email": "mailer-daemon@example.com", "Name": "Mail Delivery", "MailboxHash": ""}},
    "ticket": {"FromFull": {"Email": "no-reply@desk.example.com", "Name": "Ticket #12", "MailboxHash": ""}},
    "subject": {"Subject": "Automatic reply: Your roof"},
}


@pytest.mark.parametrize("changes", MACHINES.values(), ids=MACHINES)
def test_a_machines_mail_makes_nobody_and_is_kept_with_a_sentence(way, words, summit, changes):
    message = approved(plan(summit))
    consents = Consent.objects.count()
    state, note = told(way, reply(message, TextBody="Please unsubscribe me. Yes, you may text me.", **changes))
    assert state == "ignored" and "counts as nobody" in note
    kept = (Event.objects.filter(type="message.received"), Task.objects, Suppression.objects)
    assert [rows.count() for rows in kept] == [0, 0, 0]
    assert (Contact.objects.count(), Consent.objects.count()) == (1, consents)


def test_what_a_mail_quotes_is_no_opt_out(way, words, summit):
    message = approved(plan(summit))
    quoted = "From: Summit\nSent: Monday, 2 March 2026 09:12\nTo: Carla\nSubject: Your roof\n\nTo unsubscribe click below"
    told(way, reply(message, TextBody=f"Yes, Thursday works.\n\n{quoted}"))
    event = Event.objects.get(type="message.received")
    assert (event.personal["text"], event.facts["reading"]["kind"]) == ("Yes, Thursday works.", "other")
    assert not Suppression.objects.exists()
    assert Task.objects.filter(lead__contact=message.contact).count() == 1
