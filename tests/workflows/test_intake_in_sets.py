"""A batch is one transaction: what it costs, what breaks in it, and who waits for whom in it."""

import random
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Contact, Event, Identity, Lead
from messaging.models import Suppression
from providers.connections import connect
from providers.contract import ParsedEvent
from providers.models import Connection, Delivery
from tests.factories import NOON, ClientFactory
from tests.leads.test_matching import in_threads
from tests.providers import payloads
from workflows import intake, receipts
from workflows.intake import batch as batches
from workflows.intake import draining, recording
from workflows.models import Receipt, Run
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db

CARLA, MAIL = "+13035550161", "carla@example.com"


@pytest.fixture
def line(noon):
    client = ClientFactory()
    connect(client=client, provider="callrail", secret=payloads.SECRET, now=NOON)
    return Connection.objects.get(client=client)


@pytest.fixture
def arrive(line, monkeypatch):
    """Deliveries that say what they are given; how many each transaction took in."""
    says, sizes, take_in = {}, [], batches.take_in

    def _arrive(*events):
        for event in events:
            n = len(says)
            row = Delivery.objects.create(
                connection=line, key=f"d{n}", received_at=NOON + timedelta(seconds=n), method="POST", url="/", headers={}, body=b"",
                body_sha256="", next_at=NOON,
            )  # fmt: skip
            says[row.pk] = [event]

    def _take_in(*, batch, **kwargs):
        sizes.append(len(batch))
        return take_in(batch=batch, **kwargs)

    monkeypatch.setattr(draining, "read", lambda *, delivery: says[delivery.pk])
    monkeypatch.setattr(batches, "take_in", _take_in)
    _arrive.sizes = sizes
    return _arrive


def event(type, key, *, facts=None, **personal):
    return ParsedEvent(type=type, key=key, occurred_at=NOON, facts=facts or {}, personal=personal)


def calls(count, first=0):
    return [event("call.missed", f"c{n}", phone=f"+1303555{1000 + n}") for n in range(first, first + count)]


def drain():
    return intake.drain(now=clock.read())


def states():
    return list(Delivery.objects.order_by("received_at").values_list("state", "note"))


DONE = ("done", "Recorded: call.missed.")


# What it costs


@pytest.mark.parametrize(
    ("type", "exactly"), [("call.missed", (10, 11)), ("call.answered", (10, 12)), ("lead.created", (12, 13)), ("quote.requested", (12, 13))]
)
def test_fifty_cost_what_one_costs(line, arrive, monkeypatch, type, exactly):
    """Without receipts and runs; first of people we do not know, then of the same people. Beside these, one claims and one finds nothing more."""
    monkeypatch.setattr(receipts, "decide_all", lambda **_: [])
    for count in (1, 50):
        for turn in (0, 1):
            arrive(
                *(
                    event(
                        type, f"{count}-{turn}-{n}", facts={"duration_seconds": 90, "n": n + 100 * turn}, phone=f"+1303555{count:02}{n:02}"
                    )
                    for n in range(count)
                )
            )
            with CaptureQueriesContext(connection) as asked:
                assert drain() == count
            statements = [
                one["sql"] for one in asked if "SAVEPOINT" not in one["sql"] and "providers_delivery where state" not in one["sql"]
            ]
            assert len(statements) == exactly[turn], statements
    assert Event.objects.count() == 102 and Contact.objects.count() == 51


# What breaks


def test_what_raises_concerns_its_delivery_alone_and_is_known_at_once(arrive, monkeypatch):
    arrive(*calls(8))
    understand = recording.understand

    def _understand(*, fact, **kwargs):
        return understand(fact=fact, **kwargs) if fact.item.key != "c3" else 1 / 0

    monkeypatch.setattr(recording, "understand", _understand)
    drain()
    assert arrive.sizes == [8, 7]
    assert states() == [DONE] * 3 + [("received", "Could not be processed (ZeroDivisionError).")] + [DONE] * 4
    assert not Event.objects.filter(key="c3").exists() and Contact.objects.count() == Run.objects.count() == 7


def test_a_statement_that_fails_halves_the_batch_until_the_culprit_stands_alone(arrive):
    arrive(*calls(3), event("call.missed", "bad", facts={"length": float("nan")}, phone=CARLA), *calls(4, first=3))
    drain()
    # Alone it is tried once more without playing what it starts.
    assert arrive.sizes == [8, 4, 2, 2, 1, 1, 1, 4]
    assert states() == [DONE] * 3 + [("received", "Could not be processed (DataError).")] + [DONE] * 4
    assert Event.objects.count() == Contact.objects.count() == 7


@pytest.mark.django_db(transaction=True)
def test_a_commit_that_fails_halves_the_batch_too(arrive, line, monkeypatch):
    arrive(*calls(8))

    def _decide(*, heard, **_):
        if any(event.key == "c6" for event, _ in heard):  # a promise that the database looks at when it commits
            Identity.objects.create(client=line.client, contact_id=uuid.uuid4(), kind="email", value=MAIL)
        return []

    monkeypatch.setattr(receipts, "decide_all", _decide)
    drain()
    assert arrive.sizes == [8, 4, 4, 2, 2, 1, 1, 1]
    assert states() == [DONE] * 6 + [("received", "Could not be processed (IntegrityError).")] + [DONE]
    assert Event.objects.count() == 7 and not Identity.objects.filter(value=MAIL).exists()


# Who waits for whom


def test_a_stop_goes_before_the_call_that_came_first(arrive, monkeypatch):
    arrive(event("call.missed", "call", phone=CARLA), event("message.received", "stop", phone=CARLA, text="STOP"))
    stopped, decide = {}, receipts.decide_all

    def _decide(*, heard, **kwargs):
        stopped.update({event.key: Suppression.objects.filter(value=CARLA).exists() for event, _ in heard})
        return decide(heard=heard, **kwargs)

    monkeypatch.setattr(receipts, "decide_all", _decide)
    drain()
    assert arrive.sizes == [2]
    assert stopped == {"stop": True, "call": True}


@pytest.mark.parametrize("before", [(), (("call.missed", "call", {"phone": CARLA}),)])
@pytest.mark.parametrize("stop", [{"phone": CARLA, "text": "STOP"}, {"email": MAIL, "text": "unsubscribe"}])
def test_a_stop_does_not_overtake_the_form_that_came_before_it(arrive, before, stop):
    """The form ties number and address to one person; a stop that came after it counts for both, in one set as one by one."""
    facts = {"channel": "email"} if "email" in stop else {}
    arrive(
        *(event(type, key, **personal) for type, key, personal in before),
        event("lead.created", "form", phone=CARLA, email=MAIL),
        event("message.received", "stop", facts=facts, **stop),
    )
    drain()
    assert len(arrive.sizes) == 1 and Contact.objects.count() == 1
    assert _stopped(Contact.objects.get())


def _stopped(contact):
    return Suppression.objects.filter(contact=contact, lifted_by__isnull=True).exists()


@pytest.mark.parametrize("how", ["theirs", "stated"])
def test_one_persons_events_go_in_order_whatever_they_came_from(arrive, how):
    """A mail opens a request, and the call after it belongs to that: though number and address have nothing in common in this batch."""
    arrive(event("call.missed", "before", phone=CARLA), event("lead.created", "form", phone=CARLA, email=MAIL))
    drain()
    if how == "theirs":
        arrive(event("message.received", "proof", facts={"channel": "email"}, email=MAIL, text="HELP"))
        drain()
    assert Identity.objects.filter(value=MAIL).exists() is (how == "theirs")
    arrive(event("message.received", "mail", facts={"channel": "email"}, email=MAIL, text="Can you come?"))
    arrive(event("call.missed", "call", phone=CARLA))
    drain()
    assert arrive.sizes[-1] == 2 and Contact.objects.count() == 1
    assert Event.objects.get(key="call").lead == Lead.objects.get()


def test_two_calls_of_somebody_new_in_one_batch_are_one_person_and_one_run(arrive):
    arrive(event("call.missed", "one", phone=CARLA), event("call.missed", "two", phone=CARLA, name="Carla"))
    drain()
    assert (Contact.objects.get().name, arrive.sizes) == ("Carla", [2])
    verdicts = Receipt.objects.filter(workflow="missed-call-text-back").values_list("event__key", "verdict")
    assert dict(verdicts) == {"one": "started", "two": "joined"}


@pytest.mark.django_db(transaction=True)
def test_three_workers_on_calls_of_forty_new_people_start_forty_runs(arrive, monkeypatch):
    """Each is called for once: a person too many would be a text too many."""
    shuffled = [n % 40 for n in range(240)]
    random.Random(7).shuffle(shuffled)
    arrive(*(event("call.missed", f"k{turn}", phone=f"+1303555{1000 + n}") for turn, n in enumerate(shuffled)))
    raised = in_threads(*[lambda: intake.drain(now=clock.read(), limit=20)] * 3)
    drain()
    assert raised == []
    assert set(states()) == {DONE}
    runs = Run.objects.filter(workflow="missed-call-text-back").values_list("contact", flat=True)
    assert (Event.objects.count(), Contact.objects.count(), len(runs), len(set(runs))) == (240, 40, 40, 40)


def test_the_same_fact_and_the_same_form_twice_in_one_batch_are_known(arrive):
    form = {"phone": CARLA, "message": "A roof"}
    arrive(*calls(1), *calls(1), event("lead.created", "f1", **form), event("lead.created", "f2", **form))
    drain()
    assert [note for _, note in states()] == [
        "Recorded: call.missed.",
        "call.missed: already known.",
        "Recorded: lead.created.",
        f"lead.created: the same form came at {Event.objects.get(key='f1').recorded_at:%H:%M:%S} UTC; joined to it.",
    ]
