"""From shadow to live: what has to be settled before a connection may send to anybody off this machine.

A live connection begins in shadow. Everything happens as it will: calls are taken in, people are told, texts are written and judged. Only
the last step is missing: the gate drops each text as "not-live" and its slip says what would have become of it. Those slips are the shadow
report. When the list is green somebody signs, and texts that were dropped stay dropped: nobody gets an apology for a call of last week.
Over loopback and on the simulator's phone nothing reaches anybody, so no signature is asked.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from providers import adapters
from providers.connections import over_loopback
from providers.models import Connection, GoLive


class NotReady(Exception):
    """The step was not taken; the text says what is missing."""


def asks_for_signature(*, connection: Connection) -> bool:
    """True for a live connection that writes to customers, by text or email, and off this machine."""
    adapter = adapters.load(connection.provider)
    return connection.live and not over_loopback(base_url=connection.base_url) and (adapter.can_send or adapter.can_email)


def in_shadow(*, connection: Connection) -> bool:
    """A signature is asked and none stands. Reads no row."""
    return connection.live_since is None and asks_for_signature(connection=connection)


def read_list(*, connection: Connection, now: datetime) -> GoLive:
    """The connection's open list; one that nobody has written in yet is not stored. It begins with the connection, or where the last
    signature was taken back."""
    last = GoLive.objects.filter(connection=connection).order_by("-began_at", "-pk").first()
    if last is not None and last.taken_back_at is None:
        return last
    began = last.taken_back_at if last is not None and last.taken_back_at else min(connection.created_at, now)
    return GoLive(connection=connection, began_at=began)


def name_owner(*, connection: Connection, owner: str, rollback: str, by: str, now: datetime) -> None:
    """Who answers for it and what is done when it goes wrong. Raises NotReady where one is missing or the list is signed."""
    owner, rollback = owner.strip()[:120], rollback.strip()[:500]
    if not owner or not rollback:
        raise NotReady("Name both: who answers for it, and what is done when it goes wrong.")
    _write(connection=connection, now=now, owner=owner, rollback=rollback, named_by=by[:150])


def declare_opt_outs(*, connection: Connection, opt_outs: str, imported: int, by: str, now: datetime) -> None:
    """Say what became of the opt-outs of the tool before. "imported" needs rows that were imported: `imported` counts them."""
    if opt_outs not in GoLive.OptOuts.values:
        raise NotReady("Say whether the old opt-outs were imported, or that there are none.")
    if opt_outs == GoLive.OptOuts.IMPORTED and not imported:
        raise NotReady("No imported opt-out is here yet. Where ZartsAlgo runs, type: script/manage suppressions import.")
    _write(connection=connection, now=now, opt_outs=opt_outs, opt_outs_by=by[:150], opt_outs_at=now)


def note_report_read(*, connection: Connection, counts: dict[str, int], by: str, now: datetime) -> None:
    """Somebody read the shadow report; the counts it showed are kept. Raises NotReady for an empty one: nothing was seen yet."""
    if not sum(counts.values()):
        raise NotReady("The report is empty: let at least one call or form come in before you sign.")
    _write(connection=connection, now=now, read_by=by[:150], read_at=now, read_counts=counts)


def sign(*, connection: Connection, checklist: list[dict[str, Any]], by: str, now: datetime) -> GoLive:
    """Go live. `checklist` is the list as it was shown, each with `title`, `done` and `says`; raises NotReady while one is not done."""
    missing = [str(step["title"]) for step in checklist if not step["done"]]
    if missing or not checklist:
        raise NotReady(f"Not signed. Still missing: {'; '.join(missing) or 'the list'}.")
    if not by.strip():
        raise NotReady("Not signed: a named person signs.")
    with transaction.atomic():
        found = _locked(connection=connection, now=now)
        found.signed_by, found.signed_at, found.signed_list = by[:150], now, checklist
        found.save(update_fields=["signed_by", "signed_at", "signed_list"])
        Connection.objects.filter(pk=connection.pk).update(live_since=now)
    connection.live_since = now
    return found


def take_back(*, connection: Connection, reason: str, by: str, now: datetime) -> None:
    """Back to shadow at once: from the next judgement on nothing goes. A new list begins. Raises NotReady without a reason or a signature."""
    if not reason.strip():
        raise NotReady("Say why, for whoever signs next.")
    with transaction.atomic():
        found = (
            GoLive.objects.select_for_update().filter(connection=connection, taken_back_at__isnull=True, signed_at__isnull=False).first()
        )
        if found is None:
            raise NotReady("It is in shadow already.")
        found.taken_back_by, found.taken_back_at, found.taken_back_reason = by[:150], now, reason.strip()[:300]
        found.save(update_fields=["taken_back_by", "taken_back_at", "taken_back_reason"])
        Connection.objects.filter(pk=connection.pk).update(live_since=None)
    connection.live_since = None


def _locked(*, connection: Connection, now: datetime) -> GoLive:
    fresh = read_list(connection=connection, now=now)
    if fresh.pk is None:
        GoLive.objects.bulk_create([fresh], ignore_conflicts=True)
    found = GoLive.objects.select_for_update().get(connection=connection, taken_back_at__isnull=True)
    if found.signed_at is not None:
        raise NotReady(f"{found.signed_by} signed it already. Nothing was changed.")
    return found


def _write(*, connection: Connection, now: datetime, **values: Any) -> None:
    with transaction.atomic():
        found = _locked(connection=connection, now=now)
        for name, value in values.items():
            setattr(found, name, value)
        found.save(update_fields=list(values))
