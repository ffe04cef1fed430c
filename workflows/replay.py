"""Replay: read a stored delivery again. First a plan that says what it would do; facts we already have are recognised and not repeated.

The plan is made by doing everything in a transaction that is rolled back, so it is what would happen, not a guess.
"""

from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import connection as database
from django.db import transaction

from leads.models import Contact, Event, Lead, Task
from messaging.models import Message
from providers import deliveries
from providers.models import Delivery
from workflows import claiming, intake
from workflows.intake import draining
from workflows.models import Run
from zartsalgo.lib.doorbell import ring_after_commit


class CannotReplay(Exception):
    """The delivery cannot be read again; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What reading a delivery again would do now."""

    state: str
    note: str
    events: int
    people: int
    leads: int
    runs: int
    tasks: int
    texts: int
    says: str
    tried: bool = True  # False: it was not read for this plan

    def as_json(self) -> dict[str, object]:
        return asdict(self)


_COUNTED = (Event, Contact, Lead, Run, Task, Message)
UNTRIED = (
    "Its readers died, hung or broke, so what it would do is not tried out here. Read again, it is read alone, in a process of its own."
)


def plan_replay(*, delivery: Delivery, now: datetime) -> Plan:
    """What would happen; nothing does. Raises CannotReplay when taking it in breaks. What was parked is not read here: it may end us too."""
    if _was_parked(delivery):
        nothing = dict.fromkeys(("events", "people", "leads", "runs", "tasks", "texts"), 0)
        return Plan(state=Delivery.State.RECEIVED, note=UNTRIED, says=UNTRIED, tried=False, **nothing)
    parsed = intake.read(delivery=delivery)
    with transaction.atomic():
        marks = {model: _highest(model) for model in _COUNTED}
        try:
            intake.take_in(batch=[(delivery, parsed)], now=now)
        except Exception as error:
            raise CannotReplay(f"Reading it again still breaks ({type(error).__name__}); nothing was changed.") from error
        new = {model: _newer(model, marks[model]) for model in _COUNTED}
        after = Delivery.objects.get(pk=delivery.pk)
        transaction.set_rollback(True)
    counts = [new[Event], new[Contact], new[Lead], new[Run], new[Task]]
    if not any(counts):
        says = f"Reading it again would change nothing. {after.note}"
    else:
        says = (
            f"Reading it again would record {counts[0]} event(s), add {counts[1]} person(s), {counts[2]} lead(s) and {counts[4]} task(s), "
            f"and start {counts[3]} run(s); each text of theirs passes the gate first. {after.note}"
        )
    return Plan(
        state=after.state,
        note=after.note,
        events=counts[0],
        people=counts[1],
        leads=counts[2],
        runs=counts[3],
        tasks=counts[4],
        texts=new[Message],
        says=says,
    )


def _was_parked(delivery: Delivery) -> bool:
    return delivery.state == Delivery.State.POISON and delivery.claims >= claiming.MOST_CLAIMS


def _highest(model: type) -> object:
    return model.objects.order_by("-pk").values_list("pk", flat=True).first()  # type: ignore[attr-defined]


def _newer(model: type, mark: object) -> int:
    rows = model.objects.all() if mark is None else model.objects.filter(pk__gt=mark)  # type: ignore[attr-defined]
    return int(rows.count())


def replay(*, delivery: Delivery, now: datetime) -> None:
    """Put the delivery back into the queue; what was parked as what it is, a suspect. Raises CannotReplay when its body is gone."""
    if delivery.body is None:
        raise CannotReplay("The body of this delivery has expired and is no longer kept; it cannot be read again.")
    if delivery.state == Delivery.State.ASIDE:
        raise CannotReplay("It was put aside and has not been read at all; take it in on its page.")
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        claims = draining.ALONE_FROM - 1 if _was_parked(delivery) else 0
        deliveries.take_back(delivery=delivery, now=cursor.fetchone()[0], claims=claims)
        ring_after_commit(task=deliveries.DRAIN_TASK)
