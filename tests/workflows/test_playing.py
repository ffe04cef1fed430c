"""Sets of runs: whoever shares a set with whom must not show, and a set costs what one costs."""

import random
import uuid
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from leads.deciding import Effect
from leads.effects import ChangeStage
from leads.facts import Addresses
from leads.models import Event, Lead, Task
from messaging.models import Handover, Message, Notice
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory, ResponderFactory
from tests.workflows import test_engine
from workflows import engine, receipts, registry, vocabulary
from workflows.models import Receipt, Run, Step
from workflows.vocabulary import Again, Context, Done, facts_of, leaves, step
from zartsalgo.lib import clock
from zartsalgo.lib.ids import new_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def summit(noon):
    client = ClientFactory(slug="summit")
    ResponderFactory(client=client)
    return client


def called(*, client, contact, kind="call.missed", key=""):
    """A call as intake records one, and the runs it starts."""
    number = contact.identities.first().value if contact is not None else "anonymous"
    event = Event.objects.create(
        client=client, type=kind, source="callrail", key=key or str(new_id()), occurred_at=NOON, recorded_at=NOON, contact=contact,
        facts={"answered": kind == "call.answered"}, personal={"phone": number},
    )  # fmt: skip
    return receipts.decide(event=event, contact=contact, now=NOON)


def people_of(client, n, first=0):
    return [ContactFactory(client=client, phone=f"+1303555{1000 + first + number}") for number in range(n)]


def statements(run_ids):
    with CaptureQueriesContext(connection) as asked:
        statuses = engine.advance_all(run_ids=run_ids, now=clock.read())
    assert set(statuses) == set(run_ids)
    return len(asked)


def test_forty_runs_cost_the_statements_of_one(summit):
    one, *many = people_of(summit, 41)
    called(client=summit, contact=people_of(summit, 1, first=100)[0])  # what a process reads once
    engine.advance_all(run_ids=list(Run.objects.values_list("pk", flat=True)), now=clock.read())
    alone = statements(called(client=summit, contact=one))
    together = statements([run_id for contact in many for run_id in called(client=summit, contact=contact)][: engine.MOST_AT_ONCE])
    assert together == alone
    assert alone <= 25


def told():
    """What the runs wrote, without ids and times of their own."""
    found = {
        "leads": Lead.objects.values_list("contact_id", "stage", "kind", "source", "next_action", "response_due_at"),
        "tasks": Task.objects.values_list("contact_id", "kind", "title", "reason", "desk", "due_at"),
        "texts": Message.objects.values_list("contact_id", "body", "to", "purpose", "status", "workflow"),
        "told": Handover.objects.values_list("lead__contact_id", "responder_id", "to_name", "step_key"),
        "ways": Notice.objects.values_list("handover__lead__contact_id", "channel", "address", "status"),
        "runs": Run.objects.values_list("contact_id", "workflow", "status", "cursor", "says", "lead__contact_id"),
        "steps": Step.objects.values_list("run__contact_id", "run__workflow", "key", "outcome", "says", "expected", "actual"),
        "receipts": Receipt.objects.values_list("event__contact_id", "workflow", "verdict", "reason", "says"),
    }
    return {name: sorted(rows, key=str) for name, rows in found.items()}


@pytest.mark.parametrize("seed", range(6))
def test_however_runs_are_split_into_sets_the_same_is_written(summit, seed):
    chance = random.Random(seed)
    contacts = people_of(summit, 5)
    calls = [(chance.choice([*contacts, None]), chance.choice(["call.missed", "call.missed", "call.answered"])) for _ in range(12)]

    def play(split):
        with transaction.atomic():
            run_ids = [
                run_id
                for n, (contact, kind) in enumerate(calls)
                for run_id in called(client=summit, contact=contact, kind=kind, key=f"k{n}")
            ]
            while run_ids:
                some = split(run_ids)
                engine.advance_all(run_ids=run_ids[:some], now=NOON)
                run_ids = run_ids[some:]
            written = told()
            transaction.set_rollback(True)
        return written

    one_by_one = play(lambda left: 1)
    assert one_by_one["texts"] and one_by_one["steps"]
    assert play(len) == one_by_one
    assert play(lambda left: chance.randint(1, len(left))) == one_by_one


# Members of a set that break


@dataclass(frozen=True, kw_only=True)
class WriteNote(Effect):
    tables: ClassVar = ("leads_task",)
    of: uuid.UUID
    fails: bool

    @classmethod
    def write(cls, *, effects, now):
        written.append([effect.of for effect in effects])
        if any(effect.fails for effect in effects):
            with connection.cursor() as cursor:
                cursor.execute("select 1 / 0")


written: list[list[uuid.UUID]] = []
bad: set[uuid.UUID] = set()


@leaves(WriteNote)
def note(context: Context):
    return Done(says="Noted.", do=(WriteNote(of=context.run_id, fails=context.run_id in bad),))


def raises(context: Context):
    if context.run_id in bad:
        raise RuntimeError("odd")
    return Done(says="Fine.")


def leaves_what_it_does_not_name(context: Context):
    return Done(says="Noted.", do=(WriteNote(of=context.run_id, fails=False),))


def asks_again_for_ever(context: Context):
    return Again()


@pytest.fixture
def play(noon, monkeypatch):
    """Runs of a workflow of these handlers."""
    bad.clear()
    written.clear()

    def _make(*handlers, runs):
        steps = tuple(step("do", f"s{n}", f"Step {n}", handler) for n, handler in enumerate(handlers))
        card = replace(test_engine.PLAY, steps=steps)
        monkeypatch.setattr(registry, "workflows", lambda: {"play": card})
        monkeypatch.setattr(registry, "handlers", lambda: {spec.handler_name: spec.handler for spec in steps})
        registry.publish()
        client, made = ClientFactory(), []
        for n in range(runs):
            event = Event.objects.create(client=client, type="test", source="office", key=str(n), occurred_at=NOON, recorded_at=NOON)
            made.append(
                Run.objects.create(
                    client=client, workflow="play", version=registry.live_version(workflow=card), cause=f"event:{n}", event=event,
                    cursor="s0", created_at=NOON, wake_at=NOON,
                )
            )  # fmt: skip
        return [run.pk for run in made]

    return _make


def standing():
    return {run.pk: (run.status, run.claims, run.steps.count()) for run in Run.objects.all()}


def test_a_step_that_raises_concerns_its_run_alone(play):
    runs = play(raises, runs=5)
    bad.add(runs[2])
    engine.advance_all(run_ids=runs, now=clock.read())
    expected = dict.fromkeys(runs, ("done", 0, 1))
    assert standing() == {**expected, runs[2]: ("ready", 1, 0)}


def test_a_write_that_fails_is_found_by_halving_and_the_others_are_done(play):
    runs = play(note, runs=9)
    bad.add(runs[6])
    engine.advance_all(run_ids=runs, now=clock.read())
    assert standing() == {**dict.fromkeys(runs, ("done", 0, 1)), runs[6]: ("ready", 1, 0)}
    assert [runs[6]] in written and len(written) <= 2 * 4 + 1
    written.clear()
    Run.objects.update(wake_at=NOON)
    engine.advance_all(run_ids=[runs[6]], now=clock.read())
    assert written == [[runs[6]]] and standing()[runs[6]] == ("ready", 2, 0)


def test_suspects_are_taken_alone_and_take_no_neighbour_with_them(play, monkeypatch):
    runs = play(raises, runs=4)
    taken = []
    real = engine._play
    monkeypatch.setattr(engine, "_play", lambda *, claims, **more: taken.append(len(claims)) or real(claims=claims, **more))
    Run.objects.filter(pk__in=runs[:2]).update(claims=3)
    engine.advance_all(run_ids=runs, now=clock.read())
    assert taken == [2, 1, 1] and set(standing().values()) == {("done", 0, 1)}


def test_an_effect_that_a_handler_does_not_name_is_refused_when_it_comes(play):
    runs = play(leaves_what_it_does_not_name, runs=1)
    engine.advance_all(run_ids=runs, now=clock.read())
    assert standing() == {runs[0]: ("ready", 1, 0)} and written == []


def test_a_step_that_goes_in_a_circle_is_stopped(play):
    runs = play(asks_again_for_ever, runs=1)
    engine.advance_all(run_ids=runs, now=clock.read())
    assert standing() == {runs[0]: ("ready", 1, 0)}


def test_a_lead_that_is_moved_twice_in_one_set_has_both_moves_in_its_history(noon):
    lead = LeadFactory(contact=ContactFactory(client=ClientFactory()))
    moves = [ChangeStage(lead_id=lead.pk, old=old, new=new, by="test") for old, new in (("new", "engaged"), ("engaged", "booked"))]
    ChangeStage.write(effects=moves, now=NOON)
    lead.refresh_from_db()
    assert lead.stage == "booked"
    assert list(lead.stage_changes.order_by("id").values_list("old", "new")) == [("new", "engaged"), ("engaged", "booked")]
    ChangeStage.write(effects=moves, now=NOON)  # it stands elsewhere by now
    assert lead.stage_changes.count() == 2


# The contract


def test_a_handler_that_asks_for_what_is_no_fact_stops_the_start(monkeypatch):
    def odd(context: Context, phone: str) -> Done:
        return Done(says=phone)

    with pytest.raises(TypeError, match="asks for 'phone', which is no kind of fact"):
        facts_of(odd)
    card = replace(registry.workflows()["lead-intake"], refuses=odd)
    monkeypatch.setattr("importlib.import_module", lambda name: type("Module", (), {"WORKFLOW": card}))
    with pytest.raises(TypeError):
        registry.workflows.__wrapped__()


def test_a_card_says_what_is_read_and_written_from_the_signatures_alone():
    def asks(context: Context, addresses: Addresses) -> Done:
        return Done(says=addresses.phone)

    card = replace(test_engine.PLAY, steps=(step("do", "a", "A", asks), step("do", "b", "B", note)))
    assert card.reads == tuple(sorted({*vocabulary.ALWAYS_READ, "leads_identity"}))
    assert card.writes == ("leads_task",)


def test_what_a_run_has_is_not_loaded_again_until_something_of_its_own_touches_it(summit, monkeypatch):
    loaded: list[str] = []
    kinds = {kind for spec in registry.workflows()["missed-call-text-back"].steps for kind in facts_of(spec.handler)}
    for kind in kinds:
        real = kind.load.__func__
        monkeypatch.setattr(
            kind, "load", classmethod(lambda cls, *, contexts, real=real: loaded.append(cls.__name__) or real(cls, contexts=contexts))
        )
    run_id = next(r for r in called(client=summit, contact=people_of(summit, 1)[0]) if Run.objects.get(pk=r).workflow.startswith("missed"))
    engine.advance_all(run_ids=[run_id], now=clock.read())
    # The text was planned between two uses of it, and says itself what that made of it.
    assert "TextsOfRun" in loaded and len(loaded) == len(set(loaded))
