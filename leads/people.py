"""Matching people: the one place where a number or an address becomes a person.

One person per client and number or address, decided by the unique constraint on Identity, so two workers that meet the same caller at
the same moment end with one row. Exact identity only: fuzzy likeness is a suggestion for a person, never a merge.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from leads.models import Client, Contact, Identity
from zartsalgo.lib.ids import new_id
from zartsalgo.lib.names import clean_email, clean_name
from zartsalgo.lib.phone import Number, read_number


@dataclass(frozen=True, kw_only=True)
class Person:
    """What an event says about a person, normalized. `email` is "" where none was given or it is no address."""

    number: Number
    email: str
    name: str
    state: str
    postal_code: str


def read_person(*, personal: Mapping[str, Any]) -> Person:
    """Normalize the personal fields of an event. Never raises; what cannot be read is left out."""
    name = clean_name(personal.get("name") or f"{personal.get('first_name') or ''} {personal.get('last_name') or ''}")
    return Person(
        number=read_number(raw=personal.get("phone") or ""),
        email=clean_email(personal.get("email") or ""),
        name=name[:200],
        state=clean_name(personal.get("state") or "")[:40],
        postal_code=clean_name(personal.get("postal_code") or "")[:12],
    )


def find_or_create(*, client: Client, person: Person, now: datetime) -> Contact | None:
    """The contact behind the person's number or address, locked for this transaction; None when neither is known.

    A number that belongs to one contact and an address that belongs to another stay two people; the number decides.
    """
    keys = []
    if person.number.e164:
        keys.append((Identity.Kind.PHONE, person.number.e164))
    if person.email:
        keys.append((Identity.Kind.EMAIL, person.email))
    if not keys:
        return None
    kind, value = keys[0]
    contact = _owner(client=client, kind=kind, value=value)
    if contact is None and len(keys) > 1:
        contact = _owner(client=client, kind=keys[1][0], value=keys[1][1])
    if contact is None:
        contact = Contact(id=new_id(), client=client, name=person.name, state=person.state, postal_code=person.postal_code, created_at=now)
        contact.save(force_insert=True)
        won = _claim(client=client, contact=contact, kind=kind, value=value)
        if won.pk != contact.pk:
            contact.delete()
            contact = won
    contact = lock(contact_id=contact.pk)
    known = set(contact.identities.values_list("kind", "value"))
    Identity.objects.bulk_create(
        [Identity(client=client, contact=contact, kind=kind, value=value) for kind, value in keys if (kind, value) not in known],
        ignore_conflicts=True,
    )
    fresh = [field for field in ("name", "state", "postal_code") if getattr(person, field) and not getattr(contact, field)]
    for field in fresh:
        setattr(contact, field, getattr(person, field))
    if fresh:
        contact.save(update_fields=fresh)
    return contact


def lock(*, contact_id: uuid.UUID) -> Contact:
    """The contact, locked until the transaction ends: what happens to one person happens one after the other.

    Taken before the lock of any run or message of that person, everywhere, or two workers wait for each other. NO KEY, because every
    row that refers to the person takes a key lock on it.
    """
    return Contact.objects.select_for_update(no_key=True).get(pk=contact_id)


def hold(*, contact_id: uuid.UUID) -> None:
    """`lock` for one who has the contact already."""
    with connection.cursor() as cursor:
        cursor.execute("select 1 from leads_contact where id = %s for no key update", [contact_id])


def _owner(*, client: Client, kind: str, value: str) -> Contact | None:
    found = Identity.objects.select_related("contact").filter(client=client, kind=kind, value=value).first()
    return found.contact if found else None


def _claim(*, client: Client, contact: Contact, kind: str, value: str) -> Contact:
    """Give the value to the contact unless somebody was faster; returns whoever owns it. Waits for a rival's open transaction."""
    with transaction.atomic():
        Identity.objects.bulk_create([Identity(client=client, contact=contact, kind=kind, value=value)], ignore_conflicts=True)
    return Identity.objects.select_related("contact").get(client=client, kind=kind, value=value).contact


def phone_of(*, contact: Contact) -> str:
    """The contact's first known number (E.164), or ""."""
    return contact.identities.filter(kind=Identity.Kind.PHONE).order_by("pk").values_list("value", flat=True).first() or ""


def email_of(*, contact: Contact) -> str:
    """The contact's first known email address, or ""."""
    return contact.identities.filter(kind=Identity.Kind.EMAIL).order_by("pk").values_list("value", flat=True).first() or ""
