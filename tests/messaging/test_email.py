"""Email from planning to what comes back: one gate, one try, the way out, replies in their thread. A Postmark on this machine counts."""

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from django.test import Client as Browser

from leads.models import Consent, Contact, Event, Identity, Lead, Task
from messaging import carriers, door, due, gate, sending, templates
from messaging.email import addresses, composing, unsubscribing
from messaging.inbound import suppress
from messaging.models import Message, Suppression, Template
from messaging.planning import plan_text
from providers.connections import CannotConnect, connect, hook_url, open_secrets
from providers.contract import ParsedEvent
from providers.models import Delivery
from providers.registration import register
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory
from tests.providers import postmark
from workflows import intake
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db
CARLA = "carla@example.com"
STREET = "1 Main St\nDenver, CO 80202"
KEY = "form-answer"


@pytest.fixture
def server():
    one = postmark.Postmark()
    yield one
    one.stop()


@pytest.fixture
def summit(noon):
    client = ClientFactory()
    client.postal_address = STREET
    client.save()
    return client


@pytest.fixture
def words(summit):
    return Template.objects.create(
        client=None, key=KEY, version=1, channel="email", purpose=KEY, subject="{{ business }}: your question",
        body="Hi{% if name != '' %} {{ name }}{% endif %},\n\nthis is {{ business }}. When may we call? See https://summit.example.com/roofs.",
        status="approved", approved_by="Ann", approved_at=NOON,
    )  # fmt: skip


@pytest.fixture
def way(summit, server):
    options = {"from": "Office@Summit.example.com", "inbound": "451d9b70@inbound.example.com"}
    return connect(client=summit, provider="postmark", secret="token", base_url=server.url, live=True, options=options, now=NOON)[0]


def known(client, *, address=CARLA, name="Carla Gomez"):
    contact = ContactFactory(client=client, name=name)
    Identity.objects.create(client=client, contact=contact, kind="email", value=address)
    Consent.objects.create(
        client=client, contact=contact, purpose="answer", channel="email", address=address, source_kind="form", source="form",
        granted_at=clock.read(),
    )  # fmt: skip
    return contact


def plan(client, contact=None, **values):
    contact = contact or known(client)
    now = clock.read()
    return plan_text(
        client=client, contact=contact, to=CARLA, purpose=KEY, template_key=KEY,
        values={"name": "Carla", "business": client.name, **values}, now=now, useful_until=now + timedelta(hours=4), workflow="",
        lead=Lead.objects.filter(contact=contact).first(),
    )  # fmt: skip


def approved(message):
    Message.objects.filter(pk=message.pk).update(approved_by="Ann", approved_at=clock.read())
    return send(message)


def send(message):
    sending.send(message_id=message.pk, now=clock.read())
    message.refresh_from_db()
    return message


def told(way, body):
    """A webhook of Postmark's as intake takes it in; the delivery's state and note."""
    request = postmark.request(body)
    now = clock.read()
    delivery = Delivery.objects.create(
        connection=way, key=str(Delivery.objects.count()), received_at=now, method="POST", url="/hooks/postmark/", headers=dict(request.headers),
        body=b"x", body_sha256="", next_at=now,
    )  # fmt: skip
    from providers import adapters

    intake.take_in(delivery=delivery, parsed=adapters.load("postmark").parse(request=request), now=now)
    delivery.refresh_from_db()
    return delivery.state, delivery.note


def about(message, body):
    return {**body, "MessageID": message.provider_id or postmark.MESSAGE_ID, "Metadata": {"message": str(message.pk)}}


# -- what leaves -------------------------------------------------------------------------------------------------------------------------


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
    monkeypatch.setattr(door, "CALL_SECONDS", 0.3)
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


# -- the gate ----------------------------------------------------------------------------------------------------------------------------


def judged(message):
    Message.objects.filter(pk=message.pk).update(approved_by="Ann", approved_at=clock.read())
    row = Message.objects.select_related("client", "contact", "template", "connection", "lead").get(pk=message.pk)
    return gate.judge(message=row, now=clock.read())


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


# -- the way out -------------------------------------------------------------------------------------------------------------------------


def page(message, altered=""):
    return f"/u/{unsubscribing.token(message=message)}{altered}/"


def test_looking_at_the_way_out_changes_nothing(words, summit):
    message = plan(summit)
    for method in ("get", "head"):
        answer = getattr(Browser(), method)(page(message))
        assert answer.status_code == 200 and not answer.cookies
    assert not Suppression.objects.exists() and not Event.objects.exists()


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
def test_one_press_binds_every_address_and_number_once(words, summit, kind):
    message = plan(summit)
    Identity.objects.create(client=summit, contact=message.contact, kind="phone", value="+13035550123")
    body = "List-Unsubscribe=One-Click"
    if "multipart" in kind:
        body = '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
    browser = Browser(enforce_csrf_checks=True)
    for _ in range(2):
        answer = browser.post(page(message), body, content_type=kind)
        assert answer.status_code == 200 and not answer.cookies
        assert "You get no more emails and no more texts from Summit Roofing" in answer.content.decode()
    rows = Suppression.objects.order_by("kind").values_list("client", "contact", "kind", "value", "origin")
    assert list(rows) == [
        (summit.pk, message.contact_id, "email", CARLA, "click"),
        (summit.pk, message.contact_id, "phone", "+13035550123", "click"),
    ]
    assert Event.objects.get().type == "email.unsubscribed"
    assert (approved(plan(summit, message.contact)).status) == "skipped"


def test_it_binds_one_client_only(words, summit):
    other = ClientFactory(slug="harbor-movers", name="Harbor Movers", phone="+13035550110")
    other.postal_address = STREET
    other.save()
    mine, theirs = plan(summit), plan(other)
    Browser().post(page(mine))
    assert approved(theirs).status == "delivered"
    assert approved(mine).status == "skipped"


def test_a_forged_or_altered_link_is_a_clear_page_and_stores_nothing(words, summit):
    message, other = plan(summit), plan(summit, known(summit, address="dana@example.com"))
    signature = unsubscribing.token(message=message).partition(":")[2]
    text = Message.objects.create(
        client=summit, contact=message.contact, purpose="x", to="+13035550123", sender="", body="x", created_at=NOON, due_at=NOON
    )
    for address in (page(message, "x"), f"/u/{other.pk.hex}:{signature}/", f"/u/{message.pk.hex}/", "/u/%00/", page(text)):
        for method in ("get", "post"):
            answer = getattr(Browser(), method)(address)
            assert answer.status_code == 404, address
            assert "This link is not valid" in answer.content.decode()
    assert not Suppression.objects.exists() and not Event.objects.exists()


def test_nothing_lifts_an_unsubscribe(words, summit):
    message = plan(summit)
    Browser().post(page(message))
    row = Suppression.objects.get()
    with pytest.raises(ProgrammingError), transaction.atomic():
        Suppression.objects.filter(pk=row.pk).update(lifted_by=Event.objects.get(), lifted_at=NOON)


# -- what comes back ---------------------------------------------------------------------------------------------------------------------


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
    assert gate._suppression(row, clock.read()).passed
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


# -- connecting --------------------------------------------------------------------------------------------------------------------------


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
