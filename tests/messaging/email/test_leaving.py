"""An email from planning to the provider: one gate, one try. A Postmark on this machine counts."""

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client as Browser

from leads.models import Contact, Task
from messaging import carriers, due, gate, templates
from messaging.email import composing, unsubscribing
from messaging.inbound import suppress
from messaging.models import Message, Template
from messaging.outbox import dispatch
from providers.connections import CannotConnect, connect, hook_url, open_secrets
from providers.contract import ParsedEvent
from providers.models import Delivery
from providers.registration import register
from tests.factories import NOON
from tests.messaging.email.conftest import CARLA, STREET, approved, known, plan, send
from tests.providers import postmark
from workflows import intake
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db


# -- what leaves ---------------------------------------------------------------------------------------------------------------------------


def test_an_email_leaves_once_with_the_way_out_and_the_postal_address(way, words, summit, server):
    message = approved(plan(summit))
    assert (message.status, message.provider_id, message.sender) == ("sent", server.id_of(1), "office@summit.example.com")
    (mail,) = server.emails
    link = unsubscribing.link(message=message)
    assert {item["Name"]: item["Value"] for item in mail["Headers"]} == {
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert mail["Subject"] == "Summit Roofing: your question"
    assert mail["ReplyTo"] == f"451d9b70+{message.reply_tag}@inbound.example.com"
    assert len(mail["ReplyTo"].partition("@")[0]) <= 64
    for part in (mail["TextBody"], mail["HtmlBody"]):
        assert "this is Summit Roofing" in part and "1 Main St" in part and "Denver, CO 80202" in part and link in part
    assert '<a href="https://summit.example.com/roofs">' in mail["HtmlBody"]
    send(message)
    assert len(server.emails) == 1
    # The link names nobody.
    assert not re.search(r"carla|gomez|303", link, re.IGNORECASE)


@pytest.mark.parametrize(
    "name", ["Carla\r\nBcc: all@example.com", "<script>alert(1)</script>", "{{ business }}", "Ca\u0085rla\u202e", '"><img src=x>']
)
def test_a_hostile_name_is_harmless(way, words, summit, server, name):
    message = plan(summit, known(summit, name=name), name=name)
    Message.objects.filter(pk=message.pk).update(subject=composing.one_line(text=f"{name}: your question"))
    assert approved(message).status == "sent"
    (mail,) = server.emails
    headers = [mail["From"], mail["To"], mail["Subject"], mail["ReplyTo"], *(item["Value"] for item in mail["Headers"])]
    assert not any("\n" in value or "\r" in value for value in headers)
    assert set(mail) <= postmark.FIELDS and "Bcc" not in mail
    assert "<script" not in mail["HtmlBody"] and "<img" not in mail["HtmlBody"]


def test_the_database_refuses_a_subject_of_two_lines(words, summit):
    message = plan(summit)
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(subject="Hi\nBcc: x@example.com")
    with pytest.raises(IntegrityError), transaction.atomic():
        Template.objects.create(key="x", version=1, channel="email", purpose="x", subject="Hi\rBcc: x@example.com", body="x")


@pytest.mark.parametrize("answer", ["silence", "cut", (500, {"ErrorCode": 0})])
def test_no_answer_leads_to_no_second_email(way, words, summit, server, answer, set_clock, monkeypatch):
    monkeypatch.setattr(dispatch, "CALL_SECONDS", 0.3)
    server.answers = [answer]
    message = approved(plan(summit))
    assert (message.status, message.reason) == ("unknown", "no-answer")
    assert "email may have gone" in message.says
    calls = len(server.tokens)
    server.listed_at = clock.real_now().isoformat()
    set_clock(clock.read() + timedelta(minutes=1))
    due.work_off(now=clock.read())
    message.refresh_from_db()
    # What the provider took is found under our id; what it did not take is looked for again, never sent.
    assert message.status == ("unknown" if isinstance(answer, tuple) else "sent")
    assert len(server.tokens) == calls


def test_a_refusal_says_why_and_calls_for_a_person(way, words, summit, server):
    server.answers = [(422, {"ErrorCode": 406, "Message": "inactive"})]
    message = approved(plan(summit))
    assert (message.status, message.reason, message.error_code) == ("failed", "refused-by-provider", "406")
    assert Task.objects.get(kind="call-back").title == "Email to Carla Gomez was refused"
    second = plan(summit, message.contact)
    assert (approved(second).status, second.reason) == ("skipped", "number")
    assert len(server.tokens) == 1


def test_without_a_connection_it_is_shown_here(words, summit):
    message = approved(plan(summit))
    assert (message.status, message.says, message.connection) == ("delivered", "Shown on our own pages.", None)


def test_the_mail_server_of_the_environment_takes_it(words, summit, settings, monkeypatch, mailoutbox):
    monkeypatch.setattr(composing, "sends_by_smtp", lambda: True)
    settings.EMAIL_HOST = "localhost"
    settings.DEFAULT_FROM_EMAIL = "agency@example.com"
    message = approved(plan(summit))
    assert (message.status, message.says) == ("sent", "Taken by the mail server, which does not report whether it arrived.")
    (mail,) = mailoutbox
    assert (mail.to, mail.from_email) == (["Carla Gomez <carla@example.com>"], "Summit Roofing <agency@example.com>")
    assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


# -- the gate ------------------------------------------------------------------------------------------------------------------------------


def judged(message):
    Message.objects.filter(pk=message.pk).update(approved_by="Ann", approved_at=clock.read())
    row = Message.objects.select_related("client", "contact", "template", "connection", "lead").get(pk=message.pk)
    return gate.look(message=row, now=clock.read())


def test_every_check_passes_and_those_for_texts_say_so(way, words, summit):
    slip = judged(plan(summit))
    assert slip.verdict == "send"
    says = {check.name: check.says for check in slip.checks}
    assert says["quiet-hours"] == "Not for email: it rings nobody's phone."
    assert says["postal-address"] == "The business's postal address stands under it."


def test_without_a_postal_address_it_is_held_and_says_what_to_do(way, words, summit, server):
    summit.postal_address = " \n "
    summit.save()
    message = approved(plan(summit))
    assert (message.status, message.reason) == ("held", "postal-address")
    assert "Write it in the client's record" in message.says
    summit.postal_address = STREET
    summit.save()
    Message.objects.filter(pk=message.pk).update(due_at=clock.read())
    assert send(message).status == "sent" and len(server.emails) == 1


def test_an_unconfirmed_sender_is_held_off_this_machine(way, words, summit):
    message = plan(summit)
    assert carriers.sender_trouble(message=message) == ""
    message.connection.base_url = ""
    assert "Nobody has recorded that office@summit.example.com is confirmed at Postmark" in carriers.sender_trouble(message=message)
    register(connection=message.connection, sender=message.sender, by="Ann", now=NOON)
    message.connection.base_url = ""
    assert carriers.sender_trouble(message=message) == ""


def test_a_made_up_address_is_never_written_to_off_this_machine(way, words, summit, server):
    message = plan(summit)
    type(way).objects.filter(pk=way.pk).update(base_url="", options={**way.options, "sender_registered": "office@summit.example.com"})
    assert (approved(message).status, message.reason) == ("skipped", "connection")
    assert server.emails == []


@pytest.mark.parametrize("agency_wide", [False, True])
def test_an_opt_out_of_the_address_or_the_person_drops_it(way, words, summit, server, agency_wide):
    message = plan(summit)
    suppress(
        contact=None,
        client=None if agency_wide else summit,
        value=CARLA,
        rule="list",
        event=None,
        now=clock.read(),
        kind="email",
        origin="import",
    )
    assert (approved(message).status, message.reason) == ("skipped", "opted-out")
    assert server.emails == []


def test_a_stop_by_text_binds_emails_too(way, words, summit, server):
    message = plan(summit)
    suppress(contact=message.contact, client=summit, value="+13035550123", rule="keyword", event=None, now=clock.read())
    assert (approved(message).status, message.reason) == ("skipped", "opted-out")
    assert server.emails == []


def test_a_template_without_a_subject_is_not_published(words):
    words.pk, words.version, words.status, words.subject = None, 2, "draft", ""
    assert "An email needs a subject that says what it is about." in [one.says for one in templates.findings(template=words) if one.refuses]
    words.subject = "Re: your question"
    assert any("must not mislead" in one.says for one in templates.findings(template=words) if one.refuses)
    words.subject = "{{ nobody }}"
    assert any(one.code == "subject" and one.refuses for one in templates.findings(template=words))


# -- connecting ----------------------------------------------------------------------------------------------------------------------------


def test_the_hook_takes_its_password_and_nothing_else(way, summit):
    from base64 import b64encode
    from urllib.parse import urlsplit

    address = urlsplit(hook_url(connection=way))
    assert "token" not in (address.username, address.password) and open_secrets(client_id=summit.pk, sealed=way.sealed).secrets == (
        "token",
    )
    good = "Basic " + b64encode(f"{address.username}:{address.password}".encode()).decode()
    for header, status in ((good, 200), ("", 401), ("Basic " + b64encode(b"postmark:token").decode(), 401)):
        answer = Browser().post(address.path, postmark.delivery(), content_type="application/json", headers={"authorization": header})
        assert answer.status_code == status
    assert "authorization" not in {name.lower() for name in Delivery.objects.get().headers}


@pytest.mark.parametrize("options", [{}, {"from": "no address"}, {"from": "a@example.com", "inbound": "x"}])
def test_a_live_connection_needs_its_addresses(summit, options):
    with pytest.raises(CannotConnect):
        connect(client=summit, provider="postmark", secret="s", live=True, base_url="http://127.0.0.1:9", options=options, now=NOON)


def test_a_form_with_only_an_email_can_be_answered_by_email(words, summit):
    item = ParsedEvent(
        type="lead.created", key="f1", occurred_at=clock.read(), facts={"form": "Contact"}, personal={"email": CARLA, "name": "Carla Gomez"}
    )
    intake.record(client=summit, source="form", item=item, received_at=clock.read(), delivery_id=None, now=clock.read())
    contact = Contact.objects.get()
    message = plan(summit, contact)
    slip = judged(message)
    assert (slip.verdict, message.channel, message.to) == ("send", "email", CARLA)
    assert next(check.says for check in slip.checks if check.name == "consent") == "It answers the form they sent."
