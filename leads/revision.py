"""A client's revision: a number that rises with every change of what is set up for it, so that a process may keep what it read.

The database raises it, whoever changes a row (`raises_revision` in the Meta of a model). Whoever works for a client has its row anew each
time, and with it the number: what is kept under another one is read again (`Kept`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pgtrigger

from zartsalgo.lib.evidence import Trigger

if TYPE_CHECKING:
    from leads.models import Client

_RAISE = """
    IF TG_OP <> 'INSERT' THEN
        UPDATE leads_client SET revision = revision + 1 WHERE id = OLD.client_id OR OLD.client_id IS NULL;
    END IF;
    IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND NEW.client_id IS DISTINCT FROM OLD.client_id) THEN
        UPDATE leads_client SET revision = revision + 1 WHERE id = NEW.client_id OR NEW.client_id IS NULL;
    END IF;
    RETURN NULL;
"""
_RISE = """
    IF to_jsonb(NEW) - 'revision' IS DISTINCT FROM to_jsonb(OLD) - 'revision' THEN
        NEW.revision = GREATEST(NEW.revision, OLD.revision) + 1;
    ELSE
        NEW.revision = GREATEST(NEW.revision, OLD.revision);
    END IF;
    RETURN NEW;
"""
# A process keeps no more clients than that.
MOST = 5_000


def raises_revision(*, but: tuple[str, ...] = ()) -> list[pgtrigger.Trigger]:
    """Triggers for a model with a `client` (none: every client's). Changes of the columns in `but`, its bookkeeping, raise nothing."""
    return [
        Trigger(name="raise_revision", when=pgtrigger.After, operation=pgtrigger.Insert | pgtrigger.Delete, func=_RAISE),
        Trigger(
            name="raise_revision_on_change",
            when=pgtrigger.After,
            operation=pgtrigger.Update,
            condition=pgtrigger.AnyChange(exclude=list(but)) if but else pgtrigger.AnyChange(),
            func=_RAISE,
        ),
    ]


def rises_with_itself() -> list[pgtrigger.Trigger]:
    """For the client itself: its own change raises the number too, and a save of a row that was read long ago takes no change back."""
    return [Trigger(name="revision_rises", when=pgtrigger.Before, operation=pgtrigger.Update, func=_RISE)]


T = TypeVar("T")
_all: list[Kept[Any]] = []


def forget() -> None:
    """Read everything anew: what was kept may have been read in a transaction that was taken back."""
    for kept in _all:
        kept.forget()


class Kept(Generic[T]):
    """One kind of what is set up for clients, read with one statement for all whose revision has moved, and kept. What it holds is shared by
    everybody in the process: nobody changes it."""

    def __init__(self, *, read: Callable[[Mapping[int, Client]], Mapping[int, T]]) -> None:
        self._read = read
        self._lock = threading.Lock()
        _all.append(self)
        self._found: dict[int, tuple[int, T]] = {}

    def forget(self) -> None:
        with self._lock:
            self._found.clear()

    def of(self, *, clients: Iterable[Client]) -> dict[int, T]:
        """By the client's id."""
        wanted = {client.pk: client for client in clients}
        with self._lock:
            here = {pk: self._found[pk] for pk in wanted if pk in self._found}
        found = {pk: value for pk, (revision, value) in here.items() if revision == wanted[pk].revision}
        missing = {pk: client for pk, client in wanted.items() if pk not in found}
        if missing:
            read = self._read(missing)
            found |= {pk: read[pk] for pk in missing}
            with self._lock:
                if len(self._found) + len(missing) > MOST:
                    self._found.clear()
                self._found |= {pk: (client.revision, found[pk]) for pk, client in missing.items()}
        return found
