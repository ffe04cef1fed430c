"""Opt-outs beyond a STOP: lists taken over from elsewhere, and the one way back, the person's own words.

Nothing here is for staff to lift: there is no function that takes a name, and the database compares the event (messaging.models).
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.db.models import Q

from leads.models import Client, Event, Identity
from messaging import contact_columns
from messaging.contact_columns import Columns
from messaging.locks import lock_address
from messaging.models import Suppression
from zartsalgo.lib.table_file import NotAList, rows_of

# For the update that turns a try to `calling` (`m` is its message): a stop that was stored since the text was judged still stops the call.
# By the person and the number; the gate, which looks at all their other numbers too, has judged before.
UNSTOPPED = """not exists (
  select 1 from messaging_suppression s where s.lifted_by_id is null and (s.client_id is null or s.client_id = m.client_id)
     and (s.contact_id = m.contact_id or s.value = m."to") and (s.origin <> 'bounce' or s.kind = 'email' and s.value = m."to"))"""
# Each row takes an advisory lock until its batch is stored, and a server has room for a few thousand.
AT_ONCE = 500


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
    """What became of a file: rows `added` (so many of them `numbers`, the others addresses), `known` before, `bad` lines as (number, why), and
    the headings of the columns that were read and of those that were not."""

    added: int
    known: int
    bad: tuple[tuple[int, str], ...]
    numbers: int = 0
    columns: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def import_file(*, path: Path, client: Client, now: datetime) -> Imported:
    """Take over a list of opt-outs for a client: every column of numbers and email addresses, with or without a heading. Only ever adds.

    A cell that cannot be read is reported, never guessed; a column that is not known is named. Broken off half-way, what was added stays, and a repeat adds the rest. Raises
    CannotImport.
    """
    try:
        wanted, bad, columns = _read(path=path)
    except NotAList as error:
        raise CannotImport(str(error)) from error
    if not wanted:
        raise CannotImport(f"{path.name} holds no number and no address that can be read.")
    rows = sorted(wanted)
    added = 0
    for start in range(0, len(rows), AT_ONCE):
        with transaction.atomic():
            added += _add(rows=rows[start : start + AT_ONCE], client=client, rule=f"list {path.name}", now=now)
    numbers = sum(kind == "phone" for kind, _ in rows)
    return Imported(added=added, known=len(rows) - added, bad=bad, numbers=numbers, columns=columns.read, left=columns.left)


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


def _read(*, path: Path) -> tuple[set[tuple[str, str]], tuple[tuple[int, str], ...], Columns]:
    wanted: set[tuple[str, str]] = set()
    bad: list[tuple[int, str]] = []
    columns: Columns | None = None
    for line, cells in rows_of(path=path):
        if columns is None:
            columns = contact_columns.choose(cells)
            if columns.is_heading and len(cells) > 1 and not columns.known:
                raise CannotImport(contact_columns.unknown_headings(name=path.name, headings=columns.left))
            if columns.is_heading and columns.known:
                continue
            if columns.is_heading:  # one column with a line of words above it, or a list that holds nobody
                columns = Columns(phones=(0,), emails=(0,), left=columns.left)
                continue
        found, odd = contact_columns.values_of(cells, columns=columns)
        wanted |= found
        if odd:
            bad.append((line, "a number or an address that cannot be read"))
        elif not found:
            bad.append((line, "no number and no address"))
    return wanted, tuple(bad), columns or Columns(phones=(), emails=())
