"""The short thread beside a decision: the last things said with a person, and their numbers."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from leads.models import Contact, Event, Identity
from messaging.models import Message

# What a person did that others may want to answer.
HEARD = ("message.received", "call.missed", "call.answered", "lead.created", "quote.requested")


@dataclass
class Line:
    """One entry of the thread."""

    at: datetime
    inbound: bool
    who: str
    body: str
    channel: str = "Text"
    status: str = ""
    reason: str = ""
    run_id: uuid.UUID | None = None
    pk: str = ""


def read_thread(*, contact: Contact, last: int = 6) -> tuple[list[Line], list[str]]:
    """The last things said with a person, oldest first, and their numbers (E.164). One statement."""
    events = Event.objects.filter(contact=OuterRef("pk"), type__in=HEARD).order_by("-recorded_at", "-pk")
    texts = Message.objects.filter(contact=OuterRef("pk")).order_by("-created_at", "-pk")
    numbers = Identity.objects.filter(contact=OuterRef("pk"), kind=Identity.Kind.PHONE).order_by("pk")
    told = Contact.objects.filter(pk=contact.pk).values_list(
        ArraySubquery(events.values(told=JSONObject(at="recorded_at", type="type", facts="facts", personal="personal"))[:last]),
        ArraySubquery(
            texts.values(
                told=JSONObject(at="created_at", body="body", status="status", says="says", workflow="workflow", run_id="run_id", pk="pk")
            )[:last]
        ),
        ArraySubquery(numbers.values("value")),
    )
    heard, said, phones = told.get()
    lines = [_heard(row, who=contact.name or "Customer") for row in heard] + [_said(row) for row in said]
    return sorted(lines, key=lambda line: line.at)[-last:], phones


def _said(row: dict[str, Any]) -> Line:
    return Line(
        at=datetime.fromisoformat(row["at"]),
        inbound=False,
        who="Automatic text" if row["workflow"] else "Text by staff",
        body=row["body"],
        status=row["status"],
        reason=row["says"] if row["status"] in ("held", "skipped", "failed", "unknown") else "",
        run_id=uuid.UUID(row["run_id"]) if row["run_id"] else None,
        pk=row["pk"],
    )


def _heard(row: dict[str, Any], *, who: str) -> Line:
    at, personal, facts = datetime.fromisoformat(row["at"]), row["personal"] or {}, row["facts"] or {}
    if row["type"] == "message.received":
        return Line(at=at, inbound=True, who=who, body=str(personal.get("text") or "An empty text."))
    if row["type"].startswith("call."):
        says = "Called; nobody picked up." if row["type"] == "call.missed" else "Called and was answered."
        return Line(at=at, inbound=True, who=who, channel="Call", body=says)
    asked = str(personal.get("message") or facts.get("service") or "")
    return Line(at=at, inbound=True, who=who, channel="Form", body=asked or "Sent a form.")
