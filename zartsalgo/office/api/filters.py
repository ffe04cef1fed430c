"""Filters and keyset pages of the lists. A filter that cannot be read is a 400: a list that is wider than was asked for is a leak."""

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import QueryDict
from rest_framework.exceptions import ParseError

from zartsalgo.lib.phone import read_number

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
NAMES = ("client", "lead", "phone", "since", "limit", "after")

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_SLUG = re.compile(r"[-a-zA-Z0-9_]{1,50}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,3}", re.ASCII)
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.,]{2,16}(?:Z|z|[+-][0-9:]{2,6})?)?", re.ASCII)
# An unescaped plus in a query arrives as a blank.
_LOST_PLUS = re.compile(r"(?<=[0-9]) (?=[0-9]{2}:?[0-9]{2}$)", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What a list was asked for; None means not asked. `phone` is E.164, `since` and the mark of `after` are UTC."""

    client: str | None = None
    lead: uuid.UUID | None = None
    phone: str | None = None
    since: datetime | None = None
    limit: int = DEFAULT_LIMIT
    after: tuple[datetime, uuid.UUID] | None = None


def read_filters(*, query: QueryDict) -> Filters:
    """Read the query string. Raises ParseError (400) with a sentence; the value itself is not repeated."""
    given: dict[str, str] = {}
    for name, values in query.lists():
        if name not in NAMES:
            raise ParseError(f"There is no such filter. Known: {', '.join(NAMES)}.")
        if len(values) != 1:
            raise ParseError(f"The filter {name} is given more than once.")
        given[name] = values[0]
    return Filters(
        client=_slug(given["client"]) if "client" in given else None,
        lead=_lead(given["lead"]) if "lead" in given else None,
        phone=_phone(given["phone"]) if "phone" in given else None,
        since=_since(given["since"]) if "since" in given else None,
        limit=_limit(given["limit"]) if "limit" in given else DEFAULT_LIMIT,
        after=read_mark(given["after"]) if "after" in given else None,
    )


def read_id(raw: str) -> uuid.UUID | None:
    """An id in the written form of a UUID, else None."""
    return uuid.UUID(raw) if _UUID.fullmatch(raw) else None


def mark_of(*, moment: datetime, id: uuid.UUID) -> str:
    """Where the next page starts: the time and id of the last row shown."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z_{id}"


def read_mark(raw: str) -> tuple[datetime, uuid.UUID]:
    """Back from `mark_of`. Raises ParseError (400)."""
    stamp, _, last = raw.partition("_")
    moment, id = _moment(stamp), read_id(last)
    if moment is None or id is None:
        raise ParseError("The filter after is not one of ours: take the address in next as it stands.")
    return moment, id


def _slug(raw: str) -> str:
    if not _SLUG.fullmatch(raw):
        raise ParseError("The filter client should be a client's short name, such as summit-roofing.")
    return raw


def _lead(raw: str) -> uuid.UUID:
    found = read_id(raw)
    if found is None:
        raise ParseError("The filter lead should be the id of a lead, a UUID.")
    return found


def _phone(raw: str) -> str:
    found = read_number(raw=raw).e164 or read_number(raw=f"+{raw.strip()}").e164
    if not found:
        raise ParseError("The filter phone is no telephone number we can read: write it as +13035550123.")
    return found


def _since(raw: str) -> datetime:
    found = _moment(_LOST_PLUS.sub("+", raw) if "T" in raw else raw)
    if found is None:
        raise ParseError("The filter since should be an ISO time such as 2026-11-20T12:00:00Z; without a zone it is read as UTC.")
    return found


def _moment(raw: str) -> datetime | None:
    if not _ISO.fullmatch(raw):
        return None
    try:
        moment = datetime.fromisoformat(raw)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _limit(raw: str) -> int:
    if not _NUMBER.fullmatch(raw) or not 1 <= int(raw) <= MAX_LIMIT:
        raise ParseError(f"The filter limit should be a whole number from 1 to {MAX_LIMIT}.")
    return int(raw)
