"""Whom a batch of events is about: found or made in sets, the same for one event and for two hundred.

One person per client and number or address, decided by the unique constraint on Identity, so two workers that meet the same caller at the
same moment end with one row. That holds in sets only in this order:

1. Identities are claimed before their people exist (their foreign key is checked at the commit), in order of client, kind and value, so
   that two batches never wait for each other in a circle. A rival's open transaction is waited for.
2. Whoever lost one looks whose it is now, and everything is thought through again with that.
3. Only then are the people of those who won made, and all others locked once, in order of their ids.

To make people first and ask afterwards would leave the loser of every claim with a person too many, and texts sent twice.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from leads.events import Whose
from leads.models import Client, Contact, Identity, StatedIdentity
from leads.people import Person
from zartsalgo.lib import rows
from zartsalgo.lib.ids import new_id

Owned = tuple[int, str, str]
"""Client id, kind and value of an identity."""
BY_THEMSELVES, BY_REPLY = "a call or a message", "a reply"
# So many people of whom forms stated one value are looked at: two are as good as a thousand.
_MOST_STATED = 20
_RECORD = "json_to_recordset(%s::json) as r (client_id bigint, kind varchar, value varchar, contact_id uuid)"
_LOOK = f"""
with asked as materialized (select client_id, kind, value from {_RECORD})
select client_id, kind, value, i.contact_id, true from asked join leads_identity i using (client_id, kind, value)
union all
select client_id, kind, value, s.contact_id, false
  from asked cross join lateral (select contact_id from leads_statedidentity t
                                  where t.client_id = asked.client_id and t.kind = asked.kind and t.value = asked.value
                                  order by t.id limit {_MOST_STATED}) s"""
_CLAIM = f"""
insert into leads_identity (client_id, kind, value, contact_id) select client_id, kind, value, contact_id from {_RECORD}
on conflict do nothing returning client_id, kind, value"""
_MOVE = f"""
update leads_identity i set contact_id = r.contact_id from {_RECORD}
 where (i.client_id, i.kind, i.value) = (r.client_id, r.kind, r.value)"""
_LET_GO = f"delete from leads_identity i using {_RECORD} where (i.client_id, i.kind, i.value) = (r.client_id, r.kind, r.value)"
_PROVE = """
update leads_statedidentity s set proven_at = %s, proven_by = r.by
  from json_to_recordset(%s::json) as r (contact_id uuid, kind varchar, value varchar, by varchar)
 where s.contact_id = r.contact_id and s.kind = r.kind and s.value = r.value and s.proven_at is null"""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One event's question: who is this? `addressee` is whom the message went to that the event is about or answers."""

    client: Client
    person: Person
    whose: Whose
    addressee: uuid.UUID | None = None

    @property
    def keys(self) -> list[Owned]:
        """Every number and address it names, the one that decides first."""
        named = [(Identity.Kind.PHONE, self.person.number.e164), (Identity.Kind.EMAIL, self.person.email), *self.person.further]
        return [(self.client.pk, kind, value) for kind, value in named if value]

    @property
    def email(self) -> Owned | None:
        return (self.client.pk, Identity.Kind.EMAIL, self.person.email) if self.person.email else None


@dataclass(frozen=True, kw_only=True)
class Met:
    """Whom an event is about, locked until the transaction ends; None for nobody. `new`: made just now, so nothing else is known of them."""

    contact: Contact | None = None
    new: bool = False


@dataclass(kw_only=True)
class Known:
    """Whose the asked numbers and addresses were when we looked, and of whom forms have stated them."""

    owners: dict[Owned, uuid.UUID] = field(default_factory=dict)
    stated: dict[Owned, set[uuid.UUID]] = field(default_factory=dict)


def look(*, keys: Iterable[Owned]) -> Known:
    """Whose they are now, in one statement."""
    found, asked = Known(), sorted(set(keys))
    if not asked:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, [_as_rows(asked)])
        for client_id, kind, value, contact_id, theirs in cursor.fetchall():
            if theirs:
                found.owners[client_id, kind, value] = contact_id
            else:
                found.stated.setdefault((client_id, kind, value), set()).add(contact_id)
    return found


def meet(*, asked: Sequence[Asked], now: datetime, known: Known | None = None) -> list[Met]:
    """Whom each event is about, in the order given, which is the order in which they count. In the caller's transaction.

    A number that belongs to one contact and an address that belongs to another stay two people; the number decides. What a form or another
    system adds to somebody we knew is kept as stated, not as theirs. A call or a message makes it theirs, and proves what a form has stated
    of one person before. `known` is what `look` gave for these very events, nothing written since.
    """
    known = known or look(keys=[key for one in asked for key in one.keys])
    plan, claimed = _claim_all(asked=asked, known=known)
    _settle(claimed=claimed, gains=plan.gains)
    made = {
        id: Contact(
            id=id, client=asked[n].client, name=asked[n].person.name, state=asked[n].person.state,
            postal_code=asked[n].person.postal_code, created_at=now,
        )
        for id, n in plan.made.items()
    }  # fmt: skip
    others = {id for id in (*plan.whom, *(one.addressee for one in asked)) if id is not None} - set(made)
    contacts = made | _lock(ids=others)
    changed = _fill(asked=asked, plan=plan, contacts=contacts)
    rows.insert(rows=list(made.values()))
    names = ("name", "state", "postal_code")
    told = [contacts[id] for id in sorted(changed - set(made))]
    rows.update(model=Contact, names=names, rows=[{"pk": one.pk, **{name: getattr(one, name) for name in names}} for one in told])
    _write_statements(plan=plan, known=known, now=now)
    for one, id in zip(asked, plan.whom, strict=True):
        if id is not None:
            contacts[id].client = one.client
    return [Met(contact=contacts[id], new=id in made) if id is not None else Met() for id in plan.whom]


@dataclass(kw_only=True)
class _Plan:
    """What a batch comes to, with what is known: nothing of it is written yet."""

    owners: dict[Owned, uuid.UUID]
    stated: dict[Owned, set[uuid.UUID]]
    whom: list[uuid.UUID | None] = field(default_factory=list)
    # Who is made, by whose event; what becomes whose; what a form states of whom, and what a call proves.
    made: dict[uuid.UUID, int] = field(default_factory=dict)
    gains: dict[Owned, uuid.UUID] = field(default_factory=dict)
    states: dict[tuple[uuid.UUID, Owned], None] = field(default_factory=dict)
    proofs: dict[tuple[uuid.UUID, Owned], str] = field(default_factory=dict)
    # Events that say something of their person.
    fills: list[int] = field(default_factory=list)

    def add(self, *, n: int, one: Asked, id: uuid.UUID) -> None:
        """Find the person of the next event; `id` is for a new one."""
        by_email = self.owners.get(one.email) if one.email else None
        if one.whose is Whose.NOBODY:
            found = None
        elif one.whose is Whose.KNOWN:
            found = next((self.owners[key] for key in one.keys if key in self.owners and key[1:] not in one.person.further), None)
        elif one.whose is Whose.ADDRESSEE:
            found = one.addressee or by_email
        elif one.addressee is not None and by_email is None:
            # Whoever answers a mail of ours from elsewhere answers as the one we wrote to; what was stated of them is theirs by that.
            found = one.addressee
            if one.email and found in self.stated.get(one.email, ()):
                self.owners[one.email] = self.gains[one.email] = found
                self.proofs[found, one.email] = BY_REPLY
        else:
            found = self._find_or_make(n=n, one=one, id=id) if one.keys else None
        self.whom.append(found)

    def _find_or_make(self, *, n: int, one: Asked, id: uuid.UUID) -> uuid.UUID:
        proves = one.whose is Whose.THEIRS
        found = next((self.owners[key] for key in one.keys if key in self.owners), None)
        if found is None and one.whose is not Whose.FORM:
            said_of = {contact for key in one.keys for contact in self.stated.get(key, ())}
            found = next(iter(said_of)) if len(said_of) == 1 else None
        if found is None:
            found = id
            self.made[id] = n
        fresh = [key for key in one.keys if self.owners.get(key) != found]
        if fresh and (found == id or proves):
            for key in fresh:
                if key not in self.owners:
                    self.owners[key] = self.gains[key] = found
            if proves:
                self.proofs |= {(found, key): BY_THEMSELVES for key in one.keys if self.stated.get(key)}
        if not proves:
            for key in fresh:
                if self.owners.get(key) != found:
                    self.states[found, key] = None
                    self.stated.setdefault(key, set()).add(found)
        self.fills.append(n)
        return found


def _claim_all(*, asked: Sequence[Asked], known: Known) -> tuple[_Plan, dict[Owned, uuid.UUID]]:
    """Think it through and claim what somebody gains, until nothing is left that a rival may have taken; what was claimed, for whom."""
    ids = [new_id() for _ in asked]
    claimed: dict[Owned, uuid.UUID] = {}
    while True:
        plan = _Plan(owners=dict(known.owners), stated={key: set(of) for key, of in known.stated.items()})
        for n, one in enumerate(asked):
            plan.add(n=n, one=one, id=ids[n])
        wanted = {key: plan.gains[key] for key in sorted(plan.gains) if key not in claimed}
        if not wanted:
            return plan, claimed
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [_as_rows(wanted, of=wanted)])
            won = {(client_id, kind, value) for client_id, kind, value in cursor.fetchall()}
        claimed |= {key: wanted[key] for key in wanted if key in won}
        known.owners |= look(keys=wanted.keys() - won).owners


def _settle(*, claimed: dict[Owned, uuid.UUID], gains: dict[Owned, uuid.UUID]) -> None:
    """Where a lost claim has changed the picture, what was won before goes to whom it belongs now, or to nobody. The rows are still ours."""
    moved = {key: gains[key] for key in claimed if key in gains and gains[key] != claimed[key]}
    left = claimed.keys() - gains.keys()
    with connection.cursor() as cursor:
        if moved:
            cursor.execute(_MOVE, [_as_rows(moved, of=moved)])
        if left:
            cursor.execute(_LET_GO, [_as_rows(left)])


def _lock(*, ids: set[uuid.UUID]) -> dict[uuid.UUID, Contact]:
    """Lock them in order of id, as everybody does; see `people.lock`. Raises Contact.DoesNotExist where one is gone."""
    if not ids:
        return {}
    found = {one.pk: one for one in Contact.objects.select_for_update(no_key=True).filter(pk__in=sorted(ids)).order_by("pk")}
    if len(found) < len(ids):
        raise Contact.DoesNotExist(f"{len(ids) - len(found)} of {len(ids)} people are gone.")
    return found


def _fill(*, asked: Sequence[Asked], plan: _Plan, contacts: dict[uuid.UUID, Contact]) -> set[uuid.UUID]:
    """What was unknown of a person is filled in, and nothing that was known is changed; whose rows are to be written."""
    changed: set[uuid.UUID] = set()
    for n in plan.fills:
        contact = contacts[plan.whom[n]]  # type: ignore[index]
        for name in ("name", "state", "postal_code"):
            given = getattr(asked[n].person, name)
            if given and not getattr(contact, name):
                setattr(contact, name, given)
                changed.add(contact.pk)
    return changed


def _write_statements(*, plan: _Plan, known: Known, now: datetime) -> None:
    new = [(contact, key) for contact, key in plan.states if contact not in known.stated.get(key, ())]
    stated = [
        StatedIdentity(client_id=client_id, contact_id=contact, kind=kind, value=value, stated_at=now)
        for contact, (client_id, kind, value) in sorted(new)
    ]
    rows.insert(rows=stated, or_nothing=True)
    if plan.proofs:
        proven = [
            {"contact_id": str(contact), "kind": kind, "value": value, "by": by}
            for (contact, (_, kind, value)), by in sorted(plan.proofs.items())
        ]
        with connection.cursor() as cursor:
            cursor.execute(_PROVE, [now, json.dumps(proven)])


def _as_rows(keys: Iterable[Owned], of: dict[Owned, uuid.UUID] | None = None) -> str:
    return json.dumps(
        [
            {"client_id": client_id, "kind": kind, "value": value, "contact_id": str(of[client_id, kind, value]) if of else None}
            for client_id, kind, value in keys
        ]
    )
