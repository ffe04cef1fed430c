"""What a conversation's page and the inbox say about it: who has it and for how long, whose turn it is, by when an answer is promised."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import BooleanField, DateTimeField, ExpressionWrapper, F, Func, OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from leads.calendar import read_calendar
from leads.models import Client
from messaging.models import Conversation
from zartsalgo.office.naming import clock_time

_HELD_TEXTS = """select count(*) from messaging_message where contact_id = %s and status = 'held' and reason = 'person-talking'"""
_DATABASE_NOW: Func = Func(function="clock_timestamp", output_field=DateTimeField())
_LEASED = ExpressionWrapper(Q(assigned_until__gt=_DATABASE_NOW), output_field=BooleanField())


@dataclass(frozen=True, kw_only=True)
class Talk:
    """A conversation as it stands now. `holder` is "" where nobody has it; `minutes` is how long they have it still."""

    holder: str = ""
    holder_id: int | None = None
    minutes: int = 0
    held_at: datetime | None = None
    held_by: str = ""
    ours: bool = False
    since: datetime | None = None
    answer_by: datetime | None = None
    escalated_at: datetime | None = None

    def who(self, *, user_id: int) -> str:
        """Who has it, as the one who reads it would say."""
        if not self.holder:
            return "Nobody has it"
        name = "You have it" if self.holder_id == user_id else f"{self.holder} has it"
        return f"{name} for {self.minutes} more minute{'' if self.minutes == 1 else 's'}"


def of_contact(outer: str) -> Subquery:
    """The conversation of a row's person, for the statement that reads the row: `Task.objects.annotate(talk=of_contact("contact_id"))`."""
    rows = Conversation.objects.filter(contact=OuterRef(outer)).annotate(leased=_LEASED, left=F("assigned_until") - _DATABASE_NOW)
    return Subquery(
        rows.values(
            told=JSONObject(
                leased="leased",
                minutes=Func(F("left"), template="ceil(extract(epoch from %(expressions)s) / 60)"),
                holder_id="assigned_to_id",
                first="assigned_to__first_name",
                last="assigned_to__last_name",
                username="assigned_to__username",
                held_at="held_at",
                held_first="held_by__first_name",
                held_username="held_by__username",
                ball="ball",
                since="ball_since",
                answer_by="answer_by",
                escalated_at="escalated_at",
            )
        )[:1]
    )


def read_talk(told: dict[str, Any] | None) -> Talk:
    """What `of_contact` told; a talk that has not begun is nobody's."""
    if not told:
        return Talk()
    leased = bool(told["leased"])
    return Talk(
        holder=(f"{told['first']} {told['last']}".strip() or told["username"]) if leased else "",
        holder_id=told["holder_id"] if leased else None,
        minutes=int(told["minutes"] or 0) if leased else 0,
        held_at=_moment(told["held_at"]),
        held_by=told["held_first"] or told["held_username"] or "",
        ours=told["ball"] == Conversation.Ball.OURS,
        since=_moment(told["since"]),
        answer_by=_moment(told["answer_by"]),
        escalated_at=_moment(told["escalated_at"]),
    )


def _moment(raw: str | None) -> datetime | None:
    return datetime.fromisoformat(raw) if raw else None


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Whose turn it is, as a pill (a code of office_tags.MARKS and a word) and a sentence."""

    status: str
    word: str
    says: str
    late: bool = False


def turn_of(*, talk: Talk, client: Client, now: datetime) -> Turn:
    """The promise against the business's open hours. Two statements, and only while an answer is promised."""
    if not talk.ours or talk.since is None:
        return Turn(status="sent", word="Their turn", says="Nobody waits for an answer.")
    since = clock_time(when=talk.since, zone=client.timezone)
    if talk.answer_by is None:
        return Turn(status="open", word="Our turn", says=f"They wrote at {since}; the business keeps no open hours to count in.")
    by = clock_time(when=talk.answer_by, zone=client.timezone)
    if talk.answer_by <= now:
        told = " Somebody was told." if talk.escalated_at else ""
        return Turn(status="failed", word="Late", says=f"Late since {by}. They wrote at {since}.{told}", late=True)
    hours = read_calendar(client=client)
    left = hours.between(start=now, end=talk.answer_by)
    closed = "" if hours.is_open(at=now) else " The business is closed now."
    return Turn(status="waiting", word="Our turn", says=f"Answer by {by}, {_span(left)} of open hours left.{closed}")


def _span(left: timedelta) -> str:
    minutes = max(1, round(left.total_seconds() / 60))
    if minutes < 90:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    return f"{minutes // 60} h {minutes % 60:02} min"


def waiting_texts(*, contact_id: uuid.UUID) -> int:
    """How many texts wait because a person talks."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD_TEXTS, [contact_id])
        return int(cursor.fetchone()[0])
