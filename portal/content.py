"""The only door to what a client may see: `with reading(client_id=...) as content`, which speaks as the portal's own database role.

Everything that comes out is a plain value; what is not approved, not published or of another business cannot be asked for at all.
"""

import json
import logging
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

from portal import rights

log = logging.getLogger(__name__)
ALIAS = "portal"
PAGE = 10
_looked_at: set[str] = set()


class Closed(Exception):
    """The portal shows nothing: it has no database role of its own, or one that can do too much. The log says which."""


@dataclass(frozen=True, kw_only=True)
class Business:
    name: str
    zone: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number of a report. `value` and `previous` as counted, None where nothing is known; `unit` is "" for plain counts."""

    label: str
    value: int | float | str | None
    previous: int | float | str | None
    unit: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Week:
    start: date
    asked: int
    booked: int


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where requests came from; `coverage` says in words what is missing, "" when all is there."""

    name: str
    asked: int
    booked: int
    coverage: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a named person published for `starts_on`..`ends_on` (days in the business's zone)."""

    id: uuid.UUID
    starts_on: date
    ends_on: date
    headline: str
    figures: tuple[Figure, ...]
    weeks: tuple[Week, ...]
    sources: tuple[Source, ...]
    note: str
    published_by: str
    published_at: datetime


@dataclass(frozen=True, kw_only=True)
class Story:
    """One approved text about one request. It names nobody."""

    id: uuid.UUID
    text: str
    kind: str
    service: str
    source: str
    happened_at: datetime
    answered_after_seconds: int | None
    approved_by: str
    approved_at: datetime


@dataclass(frozen=True, kw_only=True)
class Text:
    """One text that goes out in the business's name, as approved at the agency. `sha256` names exactly these words."""

    key: str
    version: int
    channel: str
    subject: str
    body: str
    opt_out_line: str
    purpose: str
    since: datetime | None
    sha256: str


_TEXT = "select key, version, channel, subject, body, opt_out_line, purpose, since, sha256 from portal.words"
_REPORT = "select id, starts_on, ends_on, content, published_at, published_by from portal.report"
_STORY = "select id, text, kind, service, source, happened_at, answered_after_seconds, approved_by, approved_at from portal.story"


class Content:
    """One business's content, inside one transaction. Made by `reading`."""

    def __init__(self, cursor: CursorWrapper) -> None:
        self._cursor = cursor

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        self._cursor.execute(query, values)
        return list(self._cursor.fetchall())

    def business(self) -> Business:
        """Raises Closed for a business that is no more."""
        rows = self._rows("select name, timezone from portal.business")
        if not rows:
            raise Closed("the business is not there any more")
        return Business(name=rows[0][0], zone=rows[0][1])

    def reports(self, *, limit: int = 60) -> list[Report]:
        """Published ones, newest period first."""
        return [_report(row) for row in self._rows(f"{_REPORT} order by ends_on desc, id desc limit %s", limit)]

    def report(self, *, id: uuid.UUID) -> Report | None:
        rows = self._rows(f"{_REPORT} where id = %s", id)
        return _report(rows[0]) if rows else None

    def stories(self, *, after: uuid.UUID | None = None, limit: int = PAGE) -> tuple[list[Story], bool]:
        """A page, newest first, beginning after that story; and whether there are more. An id nobody has gives an empty page."""
        where, values = "", ()
        if after is not None:
            where = " where (happened_at, id) < (select happened_at, id from portal.story where id = %s)"
            values = (after,)  # type: ignore[assignment]
        rows = self._rows(f"{_STORY}{where} order by happened_at desc, id desc limit %s", *values, limit + 1)
        return [_story(row) for row in rows[:limit]], len(rows) > limit

    def story(self, *, id: uuid.UUID) -> Story | None:
        rows = self._rows(f"{_STORY} where id = %s", id)
        return _story(rows[0]) if rows else None

    def texts(self) -> list[Text]:
        """Every text that can go out by itself now, in a steady order."""
        return [_text_of(row) for row in self._rows(f"{_TEXT} order by purpose, key")]

    def text(self, *, key: str) -> Text | None:
        rows = self._rows(f"{_TEXT} where key = %s", key)
        return _text_of(rows[0]) if rows else None

    def story_within(self, *, zone: str, starts_on: date, ends_on: date) -> Story | None:
        """The newest of these days; else the newest of all."""
        order = "(happened_at at time zone %s)::date between %s and %s"
        rows = self._rows(f"{_STORY} order by {order} desc, happened_at desc, id desc limit 1", zone, starts_on, ends_on)
        return _story(rows[0]) if rows else None


@contextmanager
def reading(*, client_id: int) -> Iterator[Content]:
    """One transaction as the portal's role in which exactly this client's content is visible. Not to be nested, and nothing else goes on
    inside: no writing, no page drawn. Raises Closed where there is no right role.
    """
    if settings.TESTING:
        with _reading_in_a_test(client_id) as content:
            yield content
        return
    if ALIAS not in settings.DATABASES:
        log.error("PORTAL_DATABASE_URL is not set, so the portal shows nothing")
        raise Closed("no database role")
    with transaction.atomic(using=ALIAS), connections[ALIAS].cursor() as cursor:
        if ALIAS not in _looked_at:
            if wrong := rights.trouble(cursor):
                log.error("the portal stays closed: %s", wrong)
                raise Closed(wrong)
            _looked_at.add(ALIAS)
        cursor.execute("select set_config('portal.client', %s, true)", [str(client_id)])
        yield Content(cursor)


@contextmanager
def _reading_in_a_test(client_id: int) -> Iterator[Content]:
    """The same role and setting on the default connection, so that a page test sees its own uncommitted rows; both end with it."""
    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute("set local role zarts_portal")
        cursor.execute("select set_config('portal.client', %s, true)", [str(client_id)])
        # After an error the savepoint takes both back.
        yield Content(cursor)
        cursor.execute("select set_config('portal.client', '', true)")
        cursor.execute("set local role none")


def report_of(
    *, id: uuid.UUID, starts_on: date, ends_on: date, content: Mapping[str, Any], published_at: datetime, published_by: str
) -> Report:
    """A report from values at hand, read as `Content.reports` reads it: what staff look at before they publish it."""
    return _report((id, starts_on, ends_on, dict(content), published_at, published_by))


def _report(row: tuple[Any, ...]) -> Report:
    id, starts_on, ends_on, raw, published_at, published_by = row
    content: Mapping[str, Any] = raw if isinstance(raw, dict) else _json(raw)
    return Report(
        id=id,
        starts_on=starts_on,
        ends_on=ends_on,
        headline=_text(content.get("headline")),
        figures=tuple(
            Figure(
                label=_text(one.get("label")),
                value=_number(one.get("value")),
                previous=_number(one.get("previous")),
                unit=_text(one.get("unit")),
                note=_text(one.get("note")),
            )
            for one in _list(content.get("figures"))
        ),
        weeks=tuple(
            Week(start=date.fromisoformat(one["start"]), asked=int(one.get("asked") or 0), booked=int(one.get("booked") or 0))
            for one in _list(content.get("weeks"))
        ),
        sources=tuple(
            Source(
                name=_text(one.get("name")),
                asked=int(one.get("asked") or 0),
                booked=int(one.get("booked") or 0),
                coverage=_text(one.get("coverage")),
            )
            for one in _list(content.get("sources"))
        ),
        note=_text(content.get("note")),
        published_by=published_by,
        published_at=published_at,
    )


def _story(row: tuple[Any, ...]) -> Story:
    return Story(**dict(zip(Story.__dataclass_fields__, row, strict=True)))


def _text_of(row: tuple[Any, ...]) -> Text:
    return Text(**dict(zip(Text.__dataclass_fields__, row, strict=True)))


def _json(raw: object) -> dict[str, Any]:
    # Django's connections hand jsonb over as text.
    found = json.loads(raw) if isinstance(raw, str) else {}
    return found if isinstance(found, dict) else {}


def _list(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int | float | str | None:
    return value if isinstance(value, int | float | str) and not isinstance(value, bool) else None
