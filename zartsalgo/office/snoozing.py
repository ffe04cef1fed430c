"""Putting an item of the inbox off, and telling others that somebody looks at it. Neither decides anything; see zartsalgo.models.InboxMark."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import JSONObject, Now

from leads.models import Client, Event
from zartsalgo.models import InboxMark, User
from zartsalgo.office.items import Item
from zartsalgo.office.naming import clock_time, person_name
from zartsalgo.office.thread import HEARD

LOOK_SECONDS = 120
LONGEST = timedelta(days=30)
MORNING = time(8)
MOST_MARKS = 1000


class NotATime(Exception):
    """The item was not put off; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A mark as the queue reads it. `away`: hidden now; `back`: the person behind it said something since it was put off."""

    key: str
    until: datetime | None
    by: str
    away: bool
    back: bool
    looked_by: int | None
    looked_name: str


def marks(*, now: datetime) -> QuerySet[InboxMark, Any]:
    """Every mark as JSON, for one column of a statement; read it with `read_mark`."""
    heard = Event.objects.filter(contact_id=OuterRef("contact_id"), type__in=HEARD, recorded_at__gt=OuterRef("snoozed_at"))
    held = Case(When(looked_until__gt=Now(), then=Value(True)), default=Value(False), output_field=BooleanField())
    later = Case(When(snoozed_until__gt=now, then=Value(True)), default=Value(False), output_field=BooleanField())
    return (
        InboxMark.objects.filter(Q(snoozed_at__isnull=False) | Q(looked_until__gt=Now()))
        .order_by("key")
        .values(
            told=JSONObject(
                key="key",
                until="snoozed_until",
                by="snoozed_by",
                later=later,
                heard=Exists(heard),
                looks=held,
                who="looked_by",
                first="looked_by__first_name",
                last="looked_by__last_name",
                name="looked_by__username",
            )
        )[:MOST_MARKS]
    )


def read_mark(*, told: Mapping[str, object]) -> Mark:
    """One mark from what `marks` gave."""
    back = bool(told["heard"])
    looks = bool(told["looks"]) and told["who"] is not None
    who = " ".join(str(told[part]) for part in ("first", "last") if told[part]) or str(told["name"])
    return Mark(
        key=str(told["key"]),
        until=datetime.fromisoformat(str(told["until"])) if told["until"] else None,
        by=str(told["by"]),
        away=bool(told["later"]) and not back,
        back=back,
        looked_by=int(str(told["who"])) if looks else None,
        looked_name=who if looks else "",
    )


def tell(*, item: Item, mark: Mark | None, user_id: int | None) -> None:
    """Put into words on the item what its mark says."""
    if mark is None:
        return
    if mark.until is not None:
        until = clock_time(when=mark.until, zone=item.client.timezone)
        if mark.away:
            item.note = f"{mark.by} put it off until {until}."
        elif mark.back:
            item.note = f"{mark.by} put it off until {until}; it is back because the person was heard again."
        else:
            item.note = f"{mark.by} put it off until {until}; it is back."
    if mark.looked_by is not None and mark.looked_by != user_id:
        item.looked_at_by = mark.looked_name


def read_until(*, choice: str, at: str, client: Client, now: datetime) -> datetime:
    """When to come back: `hour`, `morning` (8:00 of the next day) or `time` with a local time of the business. Raises NotATime."""
    zone = ZoneInfo(client.timezone)
    if choice == "hour":
        return now + timedelta(hours=1)
    if choice == "morning":
        return datetime.combine(now.astimezone(zone).date() + timedelta(days=1), MORNING, zone)
    if choice != "time":
        raise NotATime("Choose until when; nothing was done.")
    try:
        until = datetime.fromisoformat(at)
    except ValueError:
        raise NotATime("Give a day and a time; nothing was done.") from None
    until = until.replace(tzinfo=zone)
    if until <= now:
        raise NotATime("That time has passed already; nothing was done.")
    if until > now + LONGEST:
        raise NotATime("Nothing may be put off for more than 30 days; nothing was done.")
    return until


def put_off(*, item: Item, until: datetime, by: str, now: datetime) -> None:
    """Hide an item until then, or until its person is heard again. The latest word counts. Clears away marks that say nothing any more."""
    InboxMark.objects.update_or_create(
        key=item.key,
        defaults={
            "contact_id": item.contact.pk if item.contact else None,
            "snoozed_at": now,
            "snoozed_until": until,
            "snoozed_by": by[:150],
            "looked_by": None,
            "looked_until": None,
        },
    )
    over = Q(snoozed_until__isnull=True) | Q(snoozed_until__lt=now - LONGEST)
    InboxMark.objects.filter(over, Q(looked_until__isnull=True) | Q(looked_until__lt=Now())).delete()


def bring_back(*, key: str) -> bool:
    """Show it again at once; False when it was not put off."""
    return (
        InboxMark.objects.filter(key=key, snoozed_at__isnull=False).update(
            snoozed_at=None, snoozed_until=None, snoozed_by="", contact_id=None
        )
        == 1
    )


def look_at(*, key: str, user: User) -> str:
    """Take the lease on an item for two minutes, unless somebody else holds it: then their name, else ""."""
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into zartsalgo_inboxmark as mark (key, snoozed_by, looked_by_id, looked_until)
               values (%(key)s, '', %(user)s, clock_timestamp() + %(seconds)s * interval '1 second')
               on conflict (key) do update set looked_by_id = excluded.looked_by_id, looked_until = excluded.looked_until
               where mark.looked_by_id is null or mark.looked_by_id = excluded.looked_by_id or mark.looked_until < clock_timestamp()""",
            {"key": key, "user": user.pk, "seconds": LOOK_SECONDS},
        )
        if cursor.rowcount == 1:
            return ""
    holder = InboxMark.objects.select_related("looked_by").filter(key=key).first()
    return person_name(holder.looked_by) if holder is not None and holder.looked_by is not None else ""


def let_go(*, key: str) -> None:
    """It was decided or left: nobody looks at it any more."""
    InboxMark.objects.filter(key=key).update(looked_by=None, looked_until=None)
