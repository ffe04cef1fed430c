"""What is set up for a client is kept by a process until the client's revision moves."""

from datetime import date, time

import pytest

from leads.facts import Responders, automations_of
from leads.models import Automation, Client, Closure, OpeningHours, Responder
from leads.revision import Kept
from messaging.models import Template
from messaging.templates import live_templates
from providers.connections import connect, disable
from providers.facts import Connections
from providers.models import Connection
from tests.factories import NOON, ClientFactory, ResponderFactory

pytestmark = pytest.mark.django_db


def revision(client):
    return Client.objects.values_list("revision", flat=True).get(pk=client.pk)


@pytest.fixture
def raised():
    """Whether something raised this client's revision and no other's."""
    client, other = ClientFactory(), ClientFactory(slug="other")

    def _raised(do):
        before, others = revision(client), revision(other)
        do()
        assert revision(other) == others
        return revision(client) > before

    _raised.client, _raised.other = client, other
    return _raised


def test_whatever_is_set_up_for_a_client_raises_its_revision(raised):
    client = raised.client
    made = {}

    def make(what, model, **values):
        def _make():
            made[what] = model.objects.create(client=client, **values)

        return _make

    assert raised(make("hours", OpeningHours, weekday=1, opens=time(8), closes=time(17)))
    assert raised(make("closed", Closure, date=date(2026, 12, 25), name="Christmas"))
    assert raised(make("rita", Responder, name="Rita", phone="+13035550190"))
    assert raised(make("words", Template, key="k", version=1, purpose="reply", body="Hi"))
    automation = Automation.objects.filter(client=client).first() or Automation.objects.create(client=client, workflow="x")
    assert raised(lambda: Automation.objects.filter(pk=automation.pk).update(settings={"reply_hours": 5}))
    assert raised(lambda: connect(client=client, provider="callrail", secret="s" * 40, now=NOON))
    assert raised(lambda: disable(connection=client.connections.get(), now=NOON))
    assert raised(lambda: Responder.objects.filter(pk=made["rita"].pk).update(active=False))
    for one in made.values():
        assert raised(one.delete)


def test_bookkeeping_and_what_changes_nothing_raise_nothing(raised):
    client = raised.client
    connect(client=client, provider="callrail", secret="s" * 40, now=NOON)
    rita = ResponderFactory(client=client)
    assert not raised(lambda: Connection.objects.update(refused_signatures=3, last_refused_at=NOON, polled_until=NOON))
    assert not raised(lambda: Responder.objects.filter(pk=rita.pk).update(tested_at=NOON))
    assert not raised(lambda: Responder.objects.filter(pk=rita.pk).update(name=rita.name))


def test_the_agencys_own_words_raise_every_clients_revision():
    clients = [ClientFactory(), ClientFactory(slug="other")]
    before = [revision(client) for client in clients]
    Template.objects.filter(client=None, key="review-request").update(status="retired")
    assert all(revision(client) > earlier for client, earlier in zip(clients, before, strict=True))
    assert "review-request" not in live_templates(clients=list(Client.objects.all()))[clients[0].pk]


def test_moving_a_row_to_another_client_raises_both():
    first, second = ClientFactory(), ClientFactory(slug="second")
    rita = ResponderFactory(client=first)
    before = revision(first), revision(second)
    Responder.objects.filter(pk=rita.pk).update(client=second)
    assert revision(first) > before[0] and revision(second) > before[1]


def test_a_client_saved_as_it_was_read_long_ago_takes_no_change_back():
    client = ClientFactory()
    before = Client.objects.get(pk=client.pk)
    ResponderFactory(client=client)
    raised = revision(client)
    assert raised > before.revision
    before.name = "Summit Roofing and Sons"
    before.save()
    found = Client.objects.get(pk=client.pk)
    assert found.name == "Summit Roofing and Sons" and found.revision > raised
    found.save()  # as it stands: nothing changed
    assert revision(client) == found.revision


def test_what_is_kept_knows_its_business_as_it_is():
    client = ClientFactory()
    ResponderFactory(client=client)
    context = type("Context", (), {"client": Client.objects.get(pk=client.pk)})
    assert Responders.load(contexts=[context])[0].everybody[0].client.phone == client.phone
    Client.objects.filter(pk=client.pk).update(phone="+13035550177")
    context.client = Client.objects.get(pk=client.pk)
    assert Responders.load(contexts=[context])[0].everybody[0].client.phone == "+13035550177"


def test_what_is_kept_costs_nothing_until_it_changes(django_assert_num_queries):
    client, other = ClientFactory(), ClientFactory(slug="other")
    ResponderFactory(client=client, name="Rita")

    def look():
        clients = list(Client.objects.filter(pk__in=[client.pk, other.pk]))
        contexts = [type("Context", (), {"client": one}) for one in clients]
        names = [[responder.name for responder in fact.everybody] for fact in Responders.load(contexts=contexts)]
        Connections.load(contexts=contexts), automations_of(clients=clients), live_templates(clients=clients)
        return dict(zip([one.pk for one in clients], names, strict=True))

    assert look() == {client.pk: ["Rita"], other.pk: []}
    with django_assert_num_queries(1):
        look()
    ResponderFactory(client=other, name="Ben")
    with django_assert_num_queries(5):  # of the one client whose revision moved
        assert look() == {client.pk: ["Rita"], other.pk: ["Ben"]}


def test_a_process_does_not_keep_clients_without_end(monkeypatch):
    monkeypatch.setattr("leads.revision.MOST", 3)
    read = []
    kept = Kept(read=lambda clients: read.extend(clients) or {pk: pk for pk in clients})
    many = [Client(pk=n, revision=1) for n in range(10)]
    for client in many:
        assert kept.of(clients=[client]) == {client.pk: client.pk}
    assert len(kept._found) <= 3 and read == list(range(10))
