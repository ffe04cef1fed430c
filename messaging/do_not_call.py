"""Do-not-call registries: what a list says of a number, and how fresh it is. Lists come in as files; another source needs only `check`.

A seller must not rely on a list older than 31 days: 16 CFR 310.4(b)(3)(iv), 47 CFR 64.1200(c)(2)(i)(D). A list speaks only for the area
codes it was fetched for, so a number outside them was not checked at all.
"""

import csv
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from django.db import connection, transaction

from messaging.models import DoNotCallList, DoNotCallNumber
from zartsalgo.lib.phone import read_number

FRESH: Final = timedelta(days=31)
_AT_ONCE: Final = 5000
_HEADS: Final = frozenset({"phone", "number", "telephone", "area code", "areacode", "phone number"})

# The newest list that speaks for the area code, of each registry by name: the national one does not answer for a state's own.
_ASK = """
select count(*), min(as_of), bool_or(listed) from (
  select distinct on (l.name) l.as_of, exists (select 1 from messaging_donotcallnumber n where n.list_id = l.id and n.value = %(number)s) listed
    from messaging_donotcalllist l where %(area)s = any (l.area_codes) order by l.name, l.as_of desc, l.id desc) newest"""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """`as_of` is the day of the oldest list asked, None when no list speaks for the number; `fresh` when it may be relied on."""

    listed: bool
    as_of: date | None
    fresh: bool


def check(*, number: str, now: datetime) -> Checked:
    """Look a number (E.164) up. One statement. A number that no list speaks for is neither listed nor fresh."""
    with connection.cursor() as cursor:
        cursor.execute(_ASK, {"number": number, "area": number[2:5] if number.startswith("+1") else ""})
        _, as_of, listed = cursor.fetchone()
    return Checked(listed=bool(listed), as_of=as_of, fresh=as_of is not None and as_of >= (now - FRESH).date())


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What became of a file: `added` numbers on a new list, `bad` lines as (line number, why), `known` when this file is on record."""

    added: int
    bad: tuple[tuple[int, str], ...]
    area_codes: tuple[str, ...]
    known: bool = False


class CannotImport(ValueError):
    """The file was not taken; the text says why. Nothing was changed."""


def import_file(*, path: Path, name: str, as_of: date, covers: tuple[str, ...] = (), now: datetime) -> Imported:
    """Take in a list of one registry as of a day: a number a line, or area code and seven digits as the national registry writes them.

    It speaks for the area codes in it and those in `covers`. The same file and day twice adds nothing. Raises CannotImport.
    """
    if as_of > now.date():
        raise CannotImport(f"The list is dated {as_of}, which has not come yet.")
    if wrong := [code for code in covers if not re.fullmatch(r"[2-9][0-9]{2}", code)]:
        raise CannotImport(f"{wrong[0]!r} is no area code.")
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        found, bad = _read(path=path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CannotImport(f"{path.name} cannot be read: {type(error).__name__}.") from error
    if not found:
        raise CannotImport(f"{path.name} holds no number that can be read.")
    codes = tuple(sorted({value[2:5] for value in found} | set(covers)))
    with transaction.atomic():
        made, fresh = DoNotCallList.objects.get_or_create(
            name=name, as_of=as_of, sha256=sha256, defaults={"area_codes": codes, "amount": len(found), "imported_at": now}
        )
        if not fresh:
            return Imported(added=0, bad=bad, area_codes=tuple(made.area_codes), known=True)
        numbers = iter(sorted(found))
        while batch := list(islice(numbers, _AT_ONCE)):
            DoNotCallNumber.objects.bulk_create([DoNotCallNumber(list=made, value=value) for value in batch])
    return Imported(added=len(found), bad=bad, area_codes=codes)


def _read(*, path: Path) -> tuple[set[str], tuple[tuple[int, str], ...]]:
    found, bad = set(), []
    for line, cells in _lines(path=path):
        joined = "".join(cells[:2]) if len(cells) > 1 and len(cells[0].strip()) == 3 else cells[0]
        number = read_number(raw=joined)
        if number.e164.startswith("+1"):
            found.add(number.e164)
        elif line > 1 or joined.strip().lower() not in _HEADS and cells[0].strip().lower() not in _HEADS:
            bad.append((line, "no US number"))
    return found, tuple(bad)


def _lines(*, path: Path) -> Iterator[tuple[int, list[str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line, cells in enumerate(csv.reader(file), start=1):
            if any(cell.strip() for cell in cells):
                yield line, cells
