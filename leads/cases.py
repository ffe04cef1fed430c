"""Open cases of a person: what holds a review request back, for a while and for everybody alike.

A case is a fact of the job that a person or the business's own system opened and closes again: a complaint taken down, a dispute, a refund
asked for, work to be done again. What somebody wrote or said is never read for it: to ask only those who sound happy is selective
soliciting (Google's contribution policy), and holding back the others suppresses their reviews (16 CFR 465.7, 255.2(d)).
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from leads.models import Event, Task

# The closed list. A task of such a kind is a case while it is open; an event `case.opened` names one in its fact `case`.
CASES: Final[dict[str, str]] = {
    "complaint": "a complaint",
    "dispute": "a dispute",
    "refund": "a refund",
    "redo": "work to be done again",
}
OPENED, CLOSED = "case.opened", "case.closed"


@dataclass(frozen=True, kw_only=True)
class Case:
    """An open case: one of CASES, and since when."""

    kind: str
    since: datetime

    @property
    def words(self) -> str:
        return CASES[self.kind]


def open_cases(*, contact_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Case]:
    """The oldest open case of each of these people who has one, from tasks and from what systems reported. Two statements."""
    if not contact_ids:
        return {}
    ids = list(contact_ids)
    found: dict[uuid.UUID, list[Case]] = {}
    for contact, kind, at in Task.objects.filter(contact_id__in=ids, status=Task.Status.OPEN, kind__in=CASES).values_list(
        "contact_id", "kind", "created_at"
    ):
        found.setdefault(contact, []).append(Case(kind=kind, since=at))
    reported: dict[tuple[uuid.UUID, str], Case] = {}
    events = Event.objects.filter(contact_id__in=ids, type__in=(OPENED, CLOSED)).order_by("occurred_at", "recorded_at", "id")
    for contact, kind, facts, at in events.values_list("contact_id", "type", "facts", "occurred_at"):
        what = str(facts.get("case") or "")
        what = what if what in CASES else "complaint"
        key = (contact, str(facts.get("case_id") or what))
        if kind == OPENED:
            reported.setdefault(key, Case(kind=what, since=at))
        else:
            reported.pop(key, None)
    for (contact, _), case in reported.items():
        found.setdefault(contact, []).append(case)
    return {contact: min(cases, key=lambda case: case.since) for contact, cases in found.items()}
