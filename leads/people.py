"""People: what an event says of a person, and what we know of one. Who an event is about is found, or made, by `leads.matching`.

Exact identity only: fuzzy likeness is a suggestion for a person, never a merge.

A form proves nothing about who sent it, nor does a booking page or what another system says: a number or address that it adds to somebody we
know is kept apart (StatedIdentity) until a call or a message comes from it, or a person says that it is theirs. Stops look at both, sending
at what is proven alone.
"""

from __future__ import annotations

import functools
import operator
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat

from leads.events import ASKED_IN_WRITING
from leads.models import Client, Contact, Event, Identity, StatedIdentity
from zartsalgo.lib.names import clean_email, clean_name, means_nothing, read_emails
from zartsalgo.lib.phone import Number, sayable
from zartsalgo.lib.phone_in_words import read_numbers
from zartsalgo.lib.places import read_zip

if TYPE_CHECKING:
    from zartsalgo.models import User

Key = tuple[str, str]
"""Kind and value of an identity."""
MOST_FURTHER = 5


@dataclass(frozen=True, kw_only=True)
class Person:
    """What an event says about a person, normalized. `email` is "" where none was given or it is no address.

    `further` numbers and addresses stand behind the first; `left` is what stood in those fields and is neither, by the field's name.
    """

    number: Number
    email: str
    name: str
    state: str
    postal_code: str
    further: tuple[Key, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)


def read_person(*, personal: Mapping[str, Any]) -> Person:
    """Normalize the personal fields of an event. Never raises; what cannot be read is left out."""
    numbers = read_numbers(raw=personal.get("phone") or "")
    emails, words = read_emails(personal.get("email") or "")
    more_phones = [(Identity.Kind.PHONE, value) for raw in _list(personal.get("phones")) if (value := read_numbers(raw=raw).first.e164)]
    more_emails = [(Identity.Kind.EMAIL, value) for raw in _list(personal.get("emails")) for value in read_emails(raw)[0]]
    named = [(Identity.Kind.PHONE, value) for value in numbers.further] + [(Identity.Kind.EMAIL, value) for value in emails[1:]]
    first = {(Identity.Kind.PHONE, numbers.first.e164), (Identity.Kind.EMAIL, emails[0] if emails else "")}
    zip_code, certain = read_zip(str(personal.get("postal_code") or ""))
    return Person(
        number=numbers.first,
        email=emails[0] if emails else "",
        name=_full_name(personal)[:200],
        state=clean_name(personal.get("state") or "")[:40],
        postal_code=zip_code[0] if certain else clean_name(personal.get("postal_code") or "")[:12],
        further=tuple(key for key in dict.fromkeys([*named, *more_phones, *more_emails]) if key not in first)[:MOST_FURTHER],
        left={name: left for name, left in (("phone", numbers.left), ("email", words if emails else "")) if left},
    )


def _list(values: object) -> list[Any]:
    return list(values)[:MOST_FURTHER] if isinstance(values, list | tuple) else []


def _full_name(personal: Mapping[str, Any]) -> str:
    """The name, else first and last name. Half a name is one: what a program wrote for nothing goes, "Null" behind a first name stays."""
    if whole := clean_name(personal.get("name") or ""):
        return whole
    halves = [str(personal.get(name) or "") for name in ("first_name", "last_name")]
    return clean_name(" ".join(half for half in halves if not means_nothing(half)))


def as_kept(*, personal: Mapping[str, Any], person: Person) -> dict[str, Any]:
    """The personal fields as the event keeps them: the number normalized, and what stood beside it among the answers, for people to read."""
    kept = dict(personal)
    if person.number.e164:
        kept["phone"] = person.number.e164
    if person.email and not clean_email(personal.get("email") or ""):
        kept["email"] = person.email
    if person.left:
        answers = personal.get("answers")
        beside = {f"{name.capitalize()}, as written": str(personal[name])[:300] for name in person.left}
        kept["answers"] = {**(answers if isinstance(answers, dict) else {}), **beside}
    return kept


class NotTheirs(ValueError):
    """The value was not taken as the person's; the text says why. Nothing was changed."""


def prove(*, contact: Contact, kind: str, value: str, by: str, now: datetime) -> None:
    """What a form stated of the contact is theirs, as `by` said. The contact's row must be locked.

    Without such a statement nothing happens. Raises NotTheirs where it belongs to somebody else.
    """
    if not StatedIdentity.objects.filter(contact=contact, kind=kind, value=value, proven_at__isnull=True).exists():
        return
    owner = _add(client=contact.client, contact=contact, keys=[(kind, value)])[kind, value]
    if owner != contact.pk:
        raise NotTheirs("It belongs to another person of this client.")
    _note_proof(contact=contact, keys=[(kind, value)], by=by, now=now)


def keys_of(*, contact: Contact) -> list[Key]:
    """Kind and value of everything that counts for the person's stops, theirs and stated, in one order for everybody."""
    theirs = contact.identities.values_list("kind", "value")
    return sorted(theirs.union(contact.stated_identities.values_list("kind", "value")))


def values_of(*, contact: Any) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """Every number and address that counts for stops, theirs and stated, as two queries of values. `contact` is one, its id or an OuterRef."""
    theirs = Identity.objects.filter(contact=contact).values("value")
    return theirs, StatedIdentity.objects.filter(contact=contact).values("value")


def lock(*, contact_id: uuid.UUID) -> Contact:
    """The contact, locked until the transaction ends: what happens to one person happens one after the other.

    Taken before the lock of any run or message of that person, everywhere, or two workers wait for each other. NO KEY, because every
    row that refers to the person takes a key lock on it.
    """
    return Contact.objects.select_for_update(no_key=True).get(pk=contact_id)


def hold_all(*, contact_ids: Iterable[uuid.UUID]) -> None:
    """`lock` for many, in one order for everybody, so that two who take up many people never wait for each other in a circle."""
    ids = sorted(set(contact_ids))
    if ids:
        with connection.cursor() as cursor:
            cursor.execute("select 1 from leads_contact where id = any(%s) order by id for no key update", [ids])


def _any_of(keys: list[Key]) -> Q:
    return functools.reduce(operator.or_, (Q(kind=kind, value=value) for kind, value in keys))


def _add(*, client: Client, contact: Contact, keys: list[Key]) -> dict[Key, uuid.UUID]:
    """Give the keys to the contact where nobody has them; whose each is now."""
    rows = [Identity(client=client, contact=contact, kind=kind, value=value) for kind, value in keys]
    Identity.objects.bulk_create(rows, ignore_conflicts=True)
    owners = Identity.objects.filter(_any_of(keys), client=client).values_list("kind", "value", "contact_id")
    return {(kind, value): owner for kind, value, owner in owners}


def _note_proof(*, contact: Contact, keys: list[Key], by: str, now: datetime) -> None:
    StatedIdentity.objects.filter(_any_of(keys), contact=contact, proven_at__isnull=True).update(proven_at=now, proven_by=by[:150])


def asker_name(*, event: Event, contact: Contact) -> str:
    """The name of who asked now: two people may share a phone, so the one given in a form or mail goes before the one we know.

    A call carries the name the line is registered under, which says less than what we know. "" where none is known.
    """
    given = read_person(personal=event.personal or {}).name if event.type in ASKED_IN_WRITING else ""
    return given or contact.name


def asker(*, event: Event, contact: Contact) -> str:
    """Who asked now, as a title says it: their name, else the number."""
    return asker_of(event=event, contact=contact, number="") or sayable(phone_of(contact=contact))


def asker_of(*, event: Event, contact: Contact, number: str) -> str:
    """The same for one who knows their number. Touches no row."""
    return asker_name(event=event, contact=contact) or (sayable(number) if number else "")


def colleague(*, named: str) -> User | None:
    """The one active member of staff whom another system means: by sign-in name, mail address or full name. None where none or several fit."""
    users = get_user_model().objects.filter(is_active=True, is_staff=True)
    users = users.annotate(full_name=Concat("first_name", Value(" "), "last_name"))
    found = users.filter(Q(username__iexact=named) | Q(email__iexact=named, email__gt="") | Q(full_name__iexact=named))[:2]
    return found[0] if len(found) == 1 else None


def phone_of(*, contact: Contact) -> str:
    """The contact's first known number (E.164), or ""."""
    return contact.identities.filter(kind=Identity.Kind.PHONE).order_by("pk").values_list("value", flat=True).first() or ""


def email_of(*, contact: Contact) -> str:
    """The contact's first known email address, or ""."""
    return contact.identities.filter(kind=Identity.Kind.EMAIL).order_by("pk").values_list("value", flat=True).first() or ""
