"""The one-sentence answer, for every reason of the gate and every fate of a text, over messages the real gate has judged."""

from datetime import timedelta
from unittest.mock import patch

import pytest

from leads.models import Automation, Consent, OpeningHours, Task
from messaging import dedupe, gate, talks
from messaging.models import Message, Pause, Suppression, Template
from messaging.outbox import sending
from providers.models import Connection
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory, StaffFactory
from workflows.answer import BY_REASON, BY_STATUS, answer_text
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(days=2)
PHONE = "+13035550123"


@pytest.fixture
def summit(noon):
    return ClientFactory()


def write(client, *, to=PHONE, **changes):
    """A text as a step plans it: due now, rendered, its template approved."""
    contact = ContactFactory(client=client, phone=to if to.startswith("+1303") else None)
    values = {
        "client": client,
        "contact": contact,
        "workflow": "missed-call-text-back",
        "purpose": "missed-call-text-back",
        "template": Template.objects.get(client=None, key="missed-call-text-back"),
        "to": to,
        "sender": client.phone,
        "body": "Hi Carla, this is Summit Roofing.",
        "created_at": NOON,
        "due_at": NOON,
        "useful_until": NOON + timedelta(minutes=30),
        "approval_needed": False,
        **changes,
    }
    return Message.objects.create(id=new_id(), **values)


def judged(message, *, now=NOON):
    sending.send(message_id=message.pk, now=now)
    message = Message.objects.select_related("client").get(pk=message.pk)
    return message.reason, answer_text(message=message, now=now)


def opted_out(client):
    message = write(client)
    Suppression.objects.create(
        client=client, contact=message.contact, kind="phone", value=PHONE, rule="keyword", at=NOON - timedelta(hours=1)
    )
    return judged(message)


def toll_free(client):
    return judged(write(client, to="+18005550123"))


def own_number(client):
    return judged(write(client, to=client.phone))


def already_texted(client):
    message = write(client)
    until = NOON + timedelta(hours=3)
    other = write(client, to="+13035550124")
    dedupe.take(client_id=client.pk, contact_id=message.contact_id, purpose=message.purpose, holder=other.pk, now=NOON, until=until)
    return judged(message)


def too_late(client):
    return judged(write(client, useful_until=NOON - timedelta(minutes=5)))


def overtaken(client):
    message = write(client)
    Message.objects.filter(pk=message.pk).update(
        created_at=NOON - timedelta(minutes=9),
        lead=LeadFactory(client=client, contact=message.contact, replied_at=NOON - timedelta(minutes=4)),
    )
    return judged(message)


def switched_off(client):
    message = write(client)
    Automation.objects.filter(client=client).update(enabled=False)
    return judged(message)


def not_agreed(client):
    return judged(write(client, purpose="quote-follow-up"))


def too_long(client):
    return judged(write(client, body="x" * 1300))


def stopped(client):
    Pause.objects.create(client=None, reason="A wrong price went out", by=StaffFactory(), at=NOON - timedelta(minutes=2))
    return judged(write(client))


def unclear(client):
    message = write(client)
    Task.objects.create(
        client=client, contact=message.contact, desk="client-success", kind="unclear-reply", title="Did Carla ask us to stop?",
        reason="x", cause="unclear:1", created_at=NOON, due_at=NOON,
    )  # fmt: skip
    return judged(message)


def talking(client):
    message = write(client)
    talk = talks.open_talk(client_id=client.pk, contact_id=message.contact_id, now=NOON)
    talks.take(talk=talk, by=StaffFactory(username="sid", first_name="Sid"), name="Sid", now=NOON - timedelta(minutes=5))
    return judged(message)


def off_connection(client):
    way = Connection.objects.create(
        client=client, provider="twilio", token_digest="d" * 64, sealed=b"x", live=True, live_since=NOON, created_at=NOON, disabled_at=NOON
    )
    return judged(write(client, connection=way))


def too_many(client):
    message = write(client)
    for hours in range(1, 5):
        before = NOON - timedelta(hours=hours)
        Message.objects.create(
            id=new_id(), client=client, contact=message.contact, workflow="lead-intake", purpose="lead-reply", to=PHONE, sender=client.phone,
            body="Hi", status="sent", sent_at=before, created_at=before, due_at=before,
        )  # fmt: skip
    return judged(message)


def business_closed(client):
    OpeningHours.objects.create(client=client, weekday=4, opens="13:00", closes="17:00")
    message = write(client, purpose="old-lead-follow-up", useful_until=None)
    Consent.objects.create(
        client=client, contact=message.contact, purpose="marketing", channel="sms", address=PHONE, wording="Yes", wording_version="1",
        source_kind="form", source="/contact", granted_at=NOON - timedelta(days=1),
    )  # fmt: skip
    return judged(message)


def in_shadow(client):
    with patch.object(clock, "offset", lambda: timedelta(0)):  # a live connection refuses to send under a moved clock
        way = Connection.objects.create(
            client=client, provider="twilio", token_digest="d" * 64, sealed=b"x", live=True, created_at=NOON,
            options={"sender_registered": client.phone},
        )  # fmt: skip
        return judged(write(client, connection=way, to="+13032345678"))


def fiction_over_live(client):
    way = Connection.objects.create(client=client, provider="twilio", token_digest="d" * 64, sealed=b"x", live=True, created_at=NOON)
    return judged(write(client, connection=way))


def no_template(client):
    return judged(write(client, template=None))


def quiet(client):
    night = NOON + timedelta(hours=9, minutes=30)
    return judged(write(client, useful_until=night + timedelta(days=1)), now=night)


def quiet_too_long(client):
    night = NOON + timedelta(hours=9, minutes=30)
    return judged(write(client, useful_until=night + timedelta(minutes=30)), now=night)


def draft(client):
    Automation.objects.filter(client=client).update(send="draft")
    return judged(write(client))


def no_postal_address(client):
    words = Template.objects.create(
        key="x", version=1, channel="email", purpose="missed-call-text-back", subject="Hi", body="Hi", status="approved", approved_by="Ann"
    )
    message = write(client, channel="email", to="carla@example.com", sender="o@summit.example.com", subject="Hi", template=words)
    Consent.objects.create(
        client=client, contact=message.contact, purpose="answer", channel="email", address=message.to, source_kind="form", source="form",
        granted_at=NOON,
    )  # fmt: skip
    return judged(message)


GATE = {
    no_postal_address: (
        "postal-address",
        "The email is held since 12:00 MST on Fri 20 Nov: an email must show where Summit Roofing can be reached by post (CAN-SPAM), and no "
        "postal address is known; write it in the client's record; the email goes at its next look.",
    ),
    opted_out: (
        "opted-out",
        "No text went out: this person opted out at 11:00 MST on Fri 20 Nov, so no automatic text goes to any of their numbers "
        "(judged at 12:00 MST on Fri 20 Nov).",
    ),
    toll_free: ("number", "No text went out: the number cannot be texted because it is toll-free (judged at 12:00 MST on Fri 20 Nov)."),
    own_number: ("number", "No text went out: that is one of the business's own numbers (judged at 12:00 MST on Fri 20 Nov)."),
    already_texted: (
        "already-texted",
        "No text went out: this person already got a text for the same purpose in its window; the next may go after 15:00 MST on Fri 20 Nov "
        "(judged at 12:00 MST on Fri 20 Nov).",
    ),
    too_late: (
        "too-late",
        "No text went out: it would have come too late to be of use after 11:55 MST on Fri 20 Nov, so a person should call instead "
        "(judged at 12:00 MST on Fri 20 Nov).",
    ),
    overtaken: (
        "overtaken",
        "No text went out: something overtook it (they wrote on Fri 20 Nov 11:56, after this text was planned; a person answers instead; "
        "judged at 12:00 MST on Fri 20 Nov).",
    ),
    switched_off: (
        "switched-off",
        "No text went out: Missed-call text-back was switched off for this client when the text was judged at 12:00 MST on Fri 20 Nov.",
    ),
    not_agreed: (
        "consent",
        "No text went out: they have not agreed in writing, and no inquiry or purchase is recent enough where they live; a person should call "
        "(judged at 12:00 MST on Fri 20 Nov).",
    ),
    too_long: (
        "content",
        "No text went out: its words cannot be sent, the text has 1300 characters; between 1 and 1200 can be sent "
        "(judged at 12:00 MST on Fri 20 Nov).",
    ),
    stopped: (
        "sending-stopped",
        "The text is held since 12:00 MST on Fri 20 Nov because a person stopped all sending on Fri 20 Nov 11:58: A wrong price went out; "
        "it is judged anew when sending is allowed again.",
    ),
    unclear: ("unclear-reply", "The text is held since 12:00 MST on Fri 20 Nov until a person has read a reply that may mean stop."),
    talking: (
        "person-talking",
        "The text is held since 12:00 MST on Fri 20 Nov because Sid has been talking with this person since Fri 20 Nov 11:55; "
        "automatic texts wait until somebody lets them go on.",
    ),
    off_connection: (
        "connection",
        "The text is held since 12:00 MST on Fri 20 Nov because the twilio connection was switched off; "
        "it is looked at again by 12:30 MST on Fri 20 Nov.",
    ),
    fiction_over_live: (
        "connection",
        "No text went out: a 555-01 number is fiction and is never texted over a live connection (judged at 12:00 MST on Fri 20 Nov).",
    ),
    too_many: (
        "too-many",
        "The text is held until 08:00 MST on Sat 21 Nov because they got 4 automatic answers within 24 hours, and 4 are the most.",
    ),
    business_closed: (
        "business-closed",
        "The text is held until 13:00 MST on Fri 20 Nov because Summit Roofing is closed; this waits until it opens.",
    ),
    in_shadow: (
        "not-live",
        "No text went out: not live yet: the list for going live is not signed, so nothing leaves; it would have been sent "
        "(judged at 12:00 MST on Fri 20 Nov).",
    ),
    no_template: (
        "template",
        "The text is held since 12:00 MST on Fri 20 Nov until a person approves its template: no approved template stands behind this text; "
        "a person must approve one.",
    ),
    quiet: (
        "quiet-hours",
        "The text is held until 08:00 MST on Sat 21 Nov because at 21:30 MST on Fri 20 Nov the quiet hours said: "
        "it is 21:30 in Denver; texts to Colorado stop at 21:00.",
    ),
    quiet_too_long: (
        "quiet-hours",
        "The text is held until 08:00 MST on Sat 21 Nov because at 21:30 MST on Fri 20 Nov the quiet hours said: "
        "it is 21:30 in Denver; texts to Colorado stop at 21:00; its use ends before that, at 22:00 MST on Fri 20 Nov, "
        "and then a person should call.",
    ),
    draft: (
        "needs-approval",
        "The text is written and awaits approval since 12:00 MST on Fri 20 Nov: this client's texts are drafts until go-live is signed, "
        "so a person approves each one.",
    ),
}


@pytest.mark.parametrize("arrange", GATE, ids=lambda arrange: arrange.__name__)
def test_every_reason_of_the_gate_is_told_with_rule_and_time(summit, arrange):
    assert arrange(summit) == GATE[arrange]


def test_no_check_of_the_gate_and_no_status_is_without_a_sentence():
    assert {name for name, _ in gate.CHECKS} <= set(BY_REASON)
    assert {name for name, _ in gate.CHECKS} == {reason for reason, _ in GATE.values()}
    assert set(BY_STATUS) == set(Message.Status.values)
