"""What the workflows may know of runs."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from leads.deciding import Context, Fact
from workflows.models import Run


@dataclass(frozen=True, kw_only=True)
class RunAtWork(Fact):
    """The oldest unfinished run of this workflow for this person, or None."""

    tables: ClassVar = ("workflows_run",)
    run_id: uuid.UUID | None

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        contacts = {context.contact.pk for context in contexts if context.contact is not None}
        rows = Run.objects.filter(contact_id__in=contacts, workflow__in={one.workflow for one in contexts}, finished_at__isnull=True)
        found: dict[tuple[str, uuid.UUID | None], uuid.UUID] = {}
        for workflow, contact, run_id in rows.order_by("created_at").values_list("workflow", "contact_id", "id"):
            found.setdefault((workflow, contact), run_id)
        return [cls(run_id=found.get((one.workflow, one.contact.pk)) if one.contact is not None else None) for one in contexts]
