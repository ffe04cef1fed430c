"""A business that writes emails over a Postmark on this machine, and somebody who asked for an answer."""

from datetime import timedelta

import pytest

from leads.models import Consent, Identity, Lead
from messaging.models import Message, Template
from messaging.outbox import sending
from providers.connections import connect
from providers.models import Delivery
from tests.factories import NOON, ClientFactory, ContactFactory
from tests.planning import plan_text
from tests.providers import postmark
from workflows import intake
from zartsalgo.lib import clock

CARLA = "carla@example.com"
STREET = "1 Main St\nDenver, CO 80202"
KEY = "lead-reply"


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

    intake.take_in(batch=[(delivery, adapters.load("postmark").parse(request=request))], now=now)
    delivery.refresh_from_db()
    return delivery.state, delivery.note


def about(message, body):
    return {**body, "MessageID": message.provider_id or postmark.MESSAGE_ID, "Metadata": {"message": str(message.pk)}}
