"""The short thread beside a decision: the last things said with a person, and their numbers."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from leads.models import Contact, Event, Identity
from messaging.models import Message, Photo
from zartsalgo.office.links import page_url

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
    photos: list["ShownPhoto"] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ShownPhoto:
    """A picture as the thread draws it: the picture itself, or a sentence in its place."""

    pk: str
    url: str
    alt: str
    says: str
    width: int
    height: int


def read_thread(*, contact: Contact, last: int = 6) -> tuple[list[Line], list[str]]:
    """The last things said with a person, oldest first, and their numbers (E.164). One statement."""
    events = Event.objects.filter(contact=OuterRef("pk"), type__in=HEARD).order_by("-recorded_at", "-pk")
    texts = Message.objects.filter(contact=OuterRef("pk")).order_by("-created_at", "-pk")
    numbers = Identity.objects.filter(contact=OuterRef("pk"), kind=Identity.Kind.PHONE).order_by("pk")
    photos = Photo.objects.filter(contact=OuterRef("pk")).order_by("-sent_at", "n")
    told = Contact.objects.filter(pk=contact.pk).values_list(
        ArraySubquery(events.values(told=JSONObject(id="id", at="recorded_at", type="type", facts="facts", personal="personal"))[:last]),
        ArraySubquery(
            texts.values(
                told=JSONObject(at="created_at", body="body", status="status", says="says", workflow="workflow", run_id="run_id", pk="pk")
            )[:last]
        ),
        ArraySubquery(numbers.values("value")),
        ArraySubquery(
            photos.values(
                told=JSONObject(id="id", event="event_id", n="n", state="state", reason="reason", width="width", height="height")
            )[: last * 2]
        ),
    )
    heard, said, phones, pictures = told.get()
    who = contact.name or "Customer"
    shown: dict[str, list[ShownPhoto]] = {}
    for row in pictures:
        shown.setdefault(row["event"], []).append(_picture(row, contact=contact, who=who))
    lines = [_heard(row, who=who, photos=shown.get(row["id"], [])) for row in heard] + [_said(row) for row in said]
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


def _picture(row: dict[str, Any], *, contact: Contact, who: str) -> ShownPhoto:
    state = row["state"]
    says = {
        Photo.State.PLANNED: "It is being fetched." if not row["reason"] else "It could not be fetched yet; it is tried again.",
        Photo.State.REFUSED: f"Not shown. {row['reason']}",
        Photo.State.FAILED: f"It could not be fetched. {row['reason']}",
        Photo.State.EXPIRED: "Expired: pictures are kept for 90 days.",
    }.get(state, "")
    kept = state == Photo.State.KEPT
    return ShownPhoto(
        pk=row["id"],
        url=page_url("talk_photo", contact.pk, row["id"]) if kept else "",
        alt=f"Picture {row['n']} that {who} sent",
        says=says,
        width=row["width"],
        height=row["height"],
    )


def _heard(row: dict[str, Any], *, who: str, photos: list[ShownPhoto]) -> Line:
    at, personal, facts = datetime.fromisoformat(row["at"]), row["personal"] or {}, row["facts"] or {}
    if row["type"] == "message.received":
        empty = "" if photos else "Pictures only." if facts.get("media_count") else "An empty text."
        return Line(at=at, inbound=True, who=who, body=str(personal.get("text") or empty), photos=photos)
    if row["type"].startswith("call."):
        says = "Called; nobody picked up." if row["type"] == "call.missed" else "Called and was answered."
        return Line(at=at, inbound=True, who=who, channel="Call", body=says)
    asked = str(personal.get("message") or facts.get("service") or "")
    return Line(at=at, inbound=True, who=who, channel="Form", body=asked or "Sent a form.")
