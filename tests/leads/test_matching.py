"""People are found and made in sets: what two workers do at once, and that many at a time come to the same as one after the other."""

import random
import threading

import pytest
from django.db import OperationalError, connection, connections, transaction

from leads import matching
from leads.events import Whose
from leads.matching import Asked
from leads.models import Client, Contact, Identity, StatedIdentity
from leads.people import read_person
from tests.factories import NOON, ClientFactory

PEOPLE, WORKERS, CALLS_EACH = 40, 3, 20


def ask(client, whose=Whose.THEIRS, **personal):
    return Asked(client=client, person=read_person(personal=personal), whose=whose)


def meet(*asked):
    with transaction.atomic():
        return [met.contact for met in matching.meet(asked=asked, now=NOON)]


def rows():
    """What stands, by name instead of id."""
    theirs = sorted(Identity.objects.values_list("client__slug", "contact__name", "value"))
    stated = sorted(StatedIdentity.objects.values_list("client__slug", "contact__name", "value", "proven_by"))
    return sorted(Contact.objects.values_list("client__slug", "name", "state")), theirs, stated


def first_of(met, contact):
    """Where this person was met first; None for nobody."""
    return met.index(contact) if contact else None


def in_threads(*works):
    """Run them at once, each on a connection of its own; what they raised."""
    raised, barrier = [], threading.Barrier(len(works))

    def _run(work):
        try:
            barrier.wait(timeout=10)
            work()
        except Exception as error:
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=_run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(3))
def test_workers_that_meet_the_same_new_people_at_once_make_each_once(seed):
    client, dice = ClientFactory(), random.Random(seed)
    calls = [n % PEOPLE for n in range(PEOPLE * CALLS_EACH)]
    dice.shuffle(calls)
    met: list[tuple[int, object]] = []

    def _work(mine):
        for start in range(0, len(mine), 20):
            numbers = mine[start : start + 20]
            # Some name their address too: it is another identity of the same person, claimed in the same statement.
            asked = [
                ask(client, phone=f"+1303555{n + 1000}", **({"email": f"p{n}@example.com"} if dice.random() < 0.5 else {})) for n in numbers
            ]
            met.extend((n, contact.pk) for n, contact in zip(numbers, meet(*asked), strict=True))

    assert in_threads(*(lambda mine=calls[worker::WORKERS]: _work(mine) for worker in range(WORKERS))) == []
    assert Contact.objects.count() == PEOPLE
    assert len(met) == len(calls) and len(set(met)) == PEOPLE, "each number is one and the same person to every worker"
    assert Identity.objects.filter(kind="phone").count() == PEOPLE
    assert Identity.objects.count() == Identity.objects.filter(contact__in=Contact.objects.all()).count()


@pytest.mark.django_db(transaction=True)
def test_who_loses_the_number_gives_the_address_to_the_winners_person():
    """A rival makes the caller while we wait: the address that we have claimed by then is that caller's, and nobody else is made."""
    client = ClientFactory()
    claimed, go_on = threading.Event(), threading.Event()

    def _rival():
        with transaction.atomic():
            matching.meet(asked=[ask(client, phone="+13035550161")], now=NOON)
            claimed.set()
            assert go_on.wait(timeout=10)

    def _we():
        assert claimed.wait(timeout=10)
        meet(ask(client, phone="+13035550161", email="carla@example.com", name="Carla"))

    def _watch():
        assert claimed.wait(timeout=10)
        for _ in range(1000):
            with connection.cursor() as cursor:
                cursor.execute("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()")
                if cursor.fetchone()[0]:
                    break
        go_on.set()

    assert in_threads(_rival, _we, _watch) == []
    contact = Contact.objects.get()
    assert contact.name == "Carla"
    assert sorted(contact.identities.values_list("value", flat=True)) == ["+13035550161", "carla@example.com"]


@pytest.mark.django_db(transaction=True)
def test_what_a_form_claimed_for_nobody_is_let_go_and_only_stated():
    """The same with a form: its address proves nothing once the number is somebody's whom we know."""
    client = ClientFactory()
    known, once = matching.look, []

    def _rival():
        meet(ask(client, phone="+13035550161", name="Dana"))

    def _look(*, keys):
        found = known(keys=keys)
        if not once:
            once.append(True)
            thread = threading.Thread(target=lambda: in_threads(_rival))
            thread.start()
            thread.join()
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "look", _look)
        (carla,) = meet(ask(client, Whose.FORM, phone="+13035550161", email="carla@example.com", name="Carla"))
    assert carla.name == "Dana"
    slug = client.slug
    assert rows() == ([(slug, "Dana", "")], [(slug, "Dana", "+13035550161")], [(slug, "Dana", "carla@example.com", "")])


@pytest.mark.django_db(transaction=True)
def test_shuffled_batches_of_known_people_never_wait_in_a_circle(monkeypatch):
    client = ClientFactory()
    numbers = [f"+1303555{n + 1000}" for n in range(PEOPLE)]
    meet(*(ask(client, phone=number) for number in numbers))
    troubles = []

    def _work(seed):
        dice = random.Random(seed)
        for _ in range(15):
            try:
                meet(*(ask(client, phone=number) for number in dice.sample(numbers, 20)))
            except OperationalError as error:
                troubles.append(error)

    assert in_threads(*(lambda seed=seed: _work(seed) for seed in range(3))) == []
    assert troubles == []


STORIES = {
    "a form makes somebody, and a call proves what a second form stated": [
        (Whose.FORM, {"phone": "+13035550161", "email": "a@example.com", "name": "Ann"}),
        (Whose.FORM, {"phone": "+13035550161", "email": "b@example.com", "state": "CO"}),
        (Whose.THEIRS, {"email": "b@example.com"}),
    ],
    "a form finds nobody by what another form stated, a booking does": [
        (Whose.THEIRS, {"phone": "+13035550161", "name": "Ann"}),
        (Whose.FORM, {"phone": "+13035550161", "email": "a@example.com"}),
        (Whose.SAID, {"email": "a@example.com"}),
        (Whose.FORM, {"email": "a@example.com", "name": "Bea"}),
    ],
    "the number decides over the address": [
        (Whose.FORM, {"email": "a@example.com", "name": "Ann"}),
        (Whose.THEIRS, {"phone": "+13035550161", "name": "Bea"}),
        (Whose.THEIRS, {"phone": "+13035550161", "email": "a@example.com", "name": "Cora"}),
    ],
    "whom the business dials is made by nothing": [
        (Whose.KNOWN, {"phone": "+13035550161"}),
        (Whose.THEIRS, {"phone": "+13035550161", "name": "Ann"}),
        (Whose.KNOWN, {"phone": "+13035550161", "name": "Bea"}),
        (Whose.NOBODY, {"phone": "+13035550162"}),
    ],
    "what forms state of two proves neither": [
        (Whose.THEIRS, {"phone": "+13035550161", "name": "Ann"}),
        (Whose.THEIRS, {"phone": "+13035550162", "name": "Bea"}),
        (Whose.FORM, {"phone": "+13035550161", "email": "a@example.com"}),
        (Whose.FORM, {"phone": "+13035550162", "email": "a@example.com"}),
        (Whose.THEIRS, {"email": "a@example.com", "name": "Cora"}),
    ],
}


@pytest.mark.django_db
@pytest.mark.parametrize("story", STORIES)
def test_many_at_once_are_whom_they_are_one_after_the_other(story):
    clients = [ClientFactory(slug=f"one-{n}") for n in (0, 1)]
    told = [ask(client, whose, **personal) for whose, personal in STORIES[story] for client in clients]
    one_by_one = [contact for asked in told for contact in meet(asked)]
    after = rows()
    for model in (StatedIdentity, Identity, Contact):
        model.objects.all().delete()
    at_once = meet(*told)
    assert rows() == after
    assert [first_of(at_once, contact) for contact in at_once] == [first_of(one_by_one, contact) for contact in one_by_one]


@pytest.mark.django_db
def test_it_costs_the_same_for_one_and_for_fifty(django_assert_num_queries):
    client = ClientFactory()
    for count in (1, 50):
        numbers = [f"+1303555{1000 + 100 * count + n}" for n in range(count)]
        for statements in (3, 2):  # new: look, claim, insert; known: look, lock
            with transaction.atomic(), django_assert_num_queries(statements):
                matching.meet(asked=[ask(client, phone=number) for number in numbers], now=NOON)
    assert Client.objects.get().contacts.count() == 51
