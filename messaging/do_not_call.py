"""Do-not-call registries: what a list says of a number, and how fresh it is. Lists come in as files; another source needs only `check`.

A seller must not rely on a list older than 31 days: 16 CFR 310.4(b)(3)(iv), 47 CFR 64.1200(c)(2)(i)(D). A list speaks only for the area
codes it was fetched for, so a number outside them was not checked at all.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from django.db import connection, transaction

from messaging import contact_columns
from messaging.contact_columns import Columns
from messaging.models import DoNotCallList, DoNotCallNumber
from zartsalgo.lib.patterns import linear
from zartsalgo.lib.phone import read_number
from zartsalgo.lib.table_file import NotAList, rows_of

FRESH: Final = timedelta(days=31)
_AT_ONCE: Final = 5000
_AREA: Final = linear(r"^[2-9][0-9]{2}\z")
_AREA_HEADS: Final = frozenset({"areacode", "area", "npa"})

# The newest list that speaks for the area code, of each registry by name: the national one does not answer for a state's own. A query of
# one row for `number` (SQL of ours, E.164), to be formatted; `where` says when to look at all.
NEWEST: Final = """
select min(as_of) as as_of, bool_or(is_listed) as listed from (
  select distinct on (l.name) l.as_of,
    exists (select 1 from messaging_donotcallnumber n where n.list_id = l.id and n.value = {number}) as is_listed
  from messaging_donotcalllist l
  where {where} and {number} like '+1%%' and substr({number}, 3, 3) = any (l.area_codes)
  order by l.name, l.as_of desc, l.id desc) newest"""
_ASK = NEWEST.format(number="%(number)s", where="true")


@dataclass(frozen=True, kw_only=True)
class Checked:
    """`as_of` is the day of the oldest list asked, None when no list speaks for the number; `fresh` when it may be relied on."""

    listed: bool
    as_of: date | None
    fresh: bool


def check(*, number: str, now: datetime) -> Checked:
    """Look a number (E.164) up. One statement. A number that no list speaks for is neither listed nor fresh."""
    with connection.cursor() as cursor:
        cursor.execute(_ASK, {"number": number})
        as_of, listed = cursor.fetchone()
    return Checked(listed=bool(listed), as_of=as_of, fresh=is_fresh(as_of=as_of, now=now))


def is_fresh(*, as_of: date | None, now: datetime) -> bool:
    """Whether a list of that day may still be relied on."""
    return as_of is not None and as_of >= (now - FRESH).date()


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What became of a file: `added` numbers on a new list, `bad` lines as (line number, why), `known` when this file is on record; the headings
    of the columns that were read, and of those that were not."""

    added: int
    bad: tuple[tuple[int, str], ...]
    area_codes: tuple[str, ...]
    known: bool = False
    columns: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


class CannotImport(ValueError):
    """The file was not taken; the text says why. Nothing was changed."""


def import_file(*, path: Path, name: str, as_of: date, covers: tuple[str, ...] = (), now: datetime) -> Imported:
    """Take in a list of one registry as of a day: a number a line, or area code and seven digits as the national registry writes them.

    It speaks for the area codes in it and those in `covers`. The same file and day twice adds nothing. Raises CannotImport.
    """
    if as_of > now.date():
        raise CannotImport(f"The list is dated {as_of}, which has not come yet.")
    if wrong := [code for code in covers if not _AREA.match(code)]:
        raise CannotImport(f"{wrong[0]!r} is no area code.")
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        found, bad, columns = _read(path=path)
    except NotAList as error:
        raise CannotImport(str(error)) from error
    except OSError as error:
        raise CannotImport(f"{path.name} cannot be read: {error.strerror or type(error).__name__}.") from error
    if not found:
        raise CannotImport(f"{path.name} holds no number that can be read.")
    codes = tuple(sorted({value[2:5] for value in found} | set(covers)))
    with transaction.atomic():
        made, fresh = DoNotCallList.objects.get_or_create(
            name=name, as_of=as_of, sha256=sha256, defaults={"area_codes": codes, "amount": len(found), "imported_at": now}
        )
        if not fresh:
            return Imported(added=0, bad=bad, area_codes=tuple(made.area_codes), known=True, columns=columns.read, left=columns.left)
        numbers = iter(sorted(found))
        while batch := list(islice(numbers, _AT_ONCE)):
            DoNotCallNumber.objects.bulk_create([DoNotCallNumber(list=made, value=value) for value in batch])
    return Imported(added=len(found), bad=bad, area_codes=codes, columns=columns.read, left=columns.left)


def _read(*, path: Path) -> tuple[set[str], tuple[tuple[int, str], ...], Columns]:
    found: set[str] = set()
    bad: list[tuple[int, str]] = []
    columns: Columns | None = None
    area: int | None = None
    for line, cells in rows_of(path=path):
        if columns is None:
            columns = contact_columns.choose(cells)
            heads = ["".join(filter(str.isalnum, cell.lower())) for cell in cells]
            area = next((place for place, head in enumerate(heads) if head in _AREA_HEADS), None)
            if columns.is_heading and (columns.phones or area is not None):
                continue
            if columns.is_heading and len(cells) > 1:
                raise CannotImport(contact_columns.unknown_headings(name=path.name, headings=columns.left))
            area = None if len(cells) < 2 or not _AREA.match(cells[0]) else 0
            columns = Columns(phones=tuple(place for place in columns.phones if place != area) or (0,), emails=())
        code = cells[area] if area is not None and area < len(cells) else ""
        # Area code and seven digits, as the national registry writes them, or whole numbers.
        code = code if _AREA.match(code) else ""
        raw = [f"{code}{cells[place]}" for place in columns.phones if place < len(cells) and place != area and cells[place]]
        if area is not None and not code and area < len(cells) and cells[area]:
            raw.append(cells[area])  # a whole number, where its area code is looked for
        numbers = {number.e164 for one in raw if (number := read_number(raw=one)).e164.startswith("+1")}
        found |= numbers
        if not numbers or (columns.is_heading and len(numbers) < len(set(raw))):
            bad.append((line, "no US number"))
    return found, tuple(bad), columns or Columns(phones=(), emails=())
