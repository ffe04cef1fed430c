"""What the workflows have summarized."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from leads.deciding import Effect
from leads.models import Event, Lead
from summaries import writing


@dataclass(frozen=True, kw_only=True)
class AskSummary(Effect):
    """Have the lead summarized from everything said by now, once a run; written at once where no model is asked. Lead by lead."""

    tables: ClassVar = ("summaries_summary",)
    lead: Lead
    event: Event
    run_id: uuid.UUID

    @classmethod
    def write(cls, *, effects: Sequence[Self], now: datetime) -> None:
        for effect in effects:
            writing.ask(lead=effect.lead, event=effect.event, run_id=effect.run_id, now=now)
