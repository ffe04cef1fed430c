"""A batch of deliveries that were read becomes what it means, in one transaction, and each gets its end."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from providers import asides
from providers.contract import NotForUs, ParsedEvent
from providers.models import Aside, Delivery
from workflows.intake.blame import Blame
from workflows.intake.items import Fact
from workflows.intake.recording import record_all
from workflows.models import Run
from zartsalgo.lib import clock, rows

Parsed = list[ParsedEvent] | NotForUs | str
"""What a delivery says; a string is the sentence of why it cannot be read."""
Understood = tuple[Delivery, Parsed]


def take_in(*, batch: Sequence[Understood], now: datetime, moved: timedelta | None = None, blame: Blame | None = None) -> list[Run]:
    """Take in what was read, in the order given, in the caller's transaction; the runs that started. `moved` is how far the business clock has
    been moved, where the caller has read it."""
    blame, moved = blame or Blame(), clock.offset() if moved is None else moved
    ends: dict[uuid.UUID, tuple[str, str]] = {}
    facts: list[Fact] = []
    for delivery, parsed in batch:
        with blame.on(delivery.pk):
            if isinstance(parsed, str):
                ends[delivery.pk] = Delivery.State.POISON, parsed
            elif isinstance(parsed, NotForUs):
                ends[delivery.pk] = Delivery.State.IGNORED, parsed.reason
            elif not _is_trapped(delivery=delivery, parsed=parsed, at=now):
                ends[delivery.pk] = Delivery.State.DONE, ""
                facts += _facts(delivery=delivery, parsed=parsed)
    items = record_all(facts=facts, now=now, moved=moved, blame=blame)
    notes: dict[uuid.UUID | None, list[str]] = {}
    for item in items:
        notes.setdefault(item.fact.delivery_id, []).append(item.note)
    finished: list[dict[str, Any]] = [
        {"pk": pk, "state": state, "note": (note or " ".join(notes.get(pk, ())))[:400], "finished_at": now}
        for pk, (state, note) in sorted(ends.items())
    ]
    rows.update(model=Delivery, names=("state", "note", "finished_at"), rows=finished)
    return [run for item in items for run in item.runs]


def _is_trapped(*, delivery: Delivery, parsed: list[ParsedEvent], at: datetime) -> bool:
    """Whether the field that people do not see was filled in, and nobody has released it; then it is put aside."""
    trapped = any(item.facts.get("spam_hint") for item in parsed)
    if not trapped or asides.is_released(delivery=delivery, reason=Aside.Reason.TRAP):
        return False
    asides.put_aside(delivery=delivery, reason=Aside.Reason.TRAP, now=at)
    return True


def _facts(*, delivery: Delivery, parsed: list[ParsedEvent]) -> list[Fact]:
    line = delivery.connection
    return [
        Fact(client=line.client, source=line.provider, item=item, received_at=delivery.received_at, delivery_id=delivery.pk)
        for item in parsed
    ]
