"""Opt-outs beyond a STOP: lists taken over from elsewhere, and the one way back, the person's own words.

Nothing here is for staff to lift: there is no function that takes a name, and the database compares the event (messaging.models).
"""

import csv
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.db.models import Q

from leads.models import Client, Event, Identity
from messaging.locks import lock_address
from messaging.models import Suppression
from zartsalgo.lib.names import clean_email
from zartsalgo.lib.phone import read_number

# Each row takes an advisory lock until its batch is stored, and a server has room for a few thousand.
AT_ONCE = 500
# Columns that may hold the number or address, as exports of other tools name them (lower case, letters only).
_PHONE = frozenset({"phone", "number", "phonenumber", "mobile", "cell", "e164", "to", "contact"})
_EMAIL = frozenset({"email", "emailaddress", "mail"})


def lift_by_words(*, event: Event, client: Client, number: str) -> int:
    """The person wrote START (an opt-in, read by messaging.replies) from this number: what its own STOP set stands no more; how many rows.

    What another number of theirs said, an imported list or the agency's list stays. Call it in the event's transaction.
    """
    lock_address(channel="sms", address=number)
    own = Suppression.objects.filter(client=client, origin=Suppression.Origin.WORDS, lifted_by__isnull=True)
    # The database fills in the time, and refuses an event that is not this person's own opt-in.
    return own.filter(Q(came_from=number) | Q(came_from="", value=number)).update(lifted_by=event, lifted_at=event.recorded_at)


class CannotImport(ValueError):
    """The file was not taken; the text says why. Nothing was changed."""


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What became of a file: rows `added`, `known` before, and `bad` ones as (line number, why)."""

    added: int
    known: int
    bad: tuple[tuple[int, str], ...]


def import_file(*, path: Path, client: Client, now: datetime) -> Imported:
    """Take over a CSV list of opt-outs for a client: numbers and email addresses, with or without a heading. Only ever adds.

    A row that cannot be read is reported, never guessed. Broken off half-way, what was added stays, and a repeat adds the rest. Raises
    CannotImport.
    """
    try:
        wanted, bad = _read(path=path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CannotImport(f"{path.name} cannot be read: {type(error).__name__}.") from error
    if not wanted:
        raise CannotImport(f"{path.name} holds no number and no address that can be read.")
    rows = sorted(wanted)
    added = 0
    for start in range(0, len(rows), AT_ONCE):
        with transaction.atomic():
            added += _add(rows=rows[start : start + AT_ONCE], client=client, rule=f"list {path.name}", now=now)
    return Imported(added=added, known=len(rows) - added, bad=bad)


def _add(*, rows: list[tuple[str, str]], client: Client, rule: str, now: datetime) -> int:
    # One order for everybody, so two imports cannot wait for each other; a send to any of them waits for us.
    for kind, value in rows:
        lock_address(channel="sms" if kind == "phone" else "email", address=value)
    values = [value for _, value in rows]
    owners = dict(Identity.objects.filter(client=client, value__in=values).values_list("value", "contact_id"))
    standing = Suppression.objects.filter(client=client, value__in=values, origin=Suppression.Origin.IMPORTED, lifted_by__isnull=True)
    known = set(standing.values_list("kind", "value"))
    fresh = [
        Suppression(
            client=client,
            contact_id=owners.get(value),
            kind=kind,
            value=value,
            origin=Suppression.Origin.IMPORTED,
            rule=rule[:80],
            at=now,
        )
        for kind, value in rows
        if (kind, value) not in known
    ]
    Suppression.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def _read(*, path: Path) -> tuple[set[tuple[str, str]], tuple[tuple[int, str], ...]]:
    wanted: set[tuple[str, str]] = set()
    bad: list[tuple[int, str]] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        columns: list[int] | None = None
        for line, cells in enumerate(csv.reader(file), start=1):
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                names = ["".join(filter(str.isalnum, cell.lower())) for cell in cells]
                columns = [place for place, name in enumerate(names) if name in _PHONE | _EMAIL]
                if columns:
                    continue
                columns = [0]
            found = {one for place in columns if place < len(cells) and (one := _value(cells[place]))}
            if found:
                wanted |= found
            else:
                bad.append((line, "no number and no address"))
    return wanted, tuple(bad)


def _value(cell: str) -> tuple[str, str] | None:
    if "@" in cell:
        email = clean_email(cell)
        return ("email", email) if email else None
    # A number we would not text anyway may still be suppressed: better one too many than one too few.
    number = read_number(raw=cell)
    return ("phone", number.e164) if number.e164 else None
