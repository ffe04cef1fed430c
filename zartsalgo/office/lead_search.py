"""Finding leads by what staff have in hand: digits of a number in any spelling, the start of a name, an address. No match is empty."""

import uuid

from django.db.models import QuerySet

from leads.models import Client, Contact, Identity, Lead

LONGEST = 120
# People looked up for one search; more than this and the words were too short to mean anybody.
MOST_PEOPLE = 200
FEWEST_DIGITS = 3


def people_matching(*, query: str) -> list[uuid.UUID]:
    """Contacts whose number starts so, whose name starts so, or whose address is so; at most MOST_PEOPLE. One statement."""
    words = " ".join(query.split())[:LONGEST]
    if not words:
        return []
    digits = "".join(sign for sign in words if sign.isascii() and sign.isdigit())
    if "@" in words:
        rows = _identities(kind=Identity.Kind.EMAIL).filter(value__startswith=words.lower())
    elif digits and not any(sign.isalpha() for sign in words):
        if len(digits) < FEWEST_DIGITS:
            return []
        rows = _identities(kind=Identity.Kind.PHONE).filter(value__startswith=_prefix(words=words, digits=digits))
    else:
        return list(Contact.objects.filter(name__istartswith=words).values_list("pk", flat=True)[:MOST_PEOPLE])
    return list(rows.values_list("contact_id", flat=True)[:MOST_PEOPLE])


def _identities(*, kind: str) -> QuerySet[Identity]:
    # The client leads the unique index: naming all of them keeps the prefix on it.
    return Identity.objects.filter(client__in=list(Client.objects.values_list("pk", flat=True)), kind=kind)


def _prefix(*, words: str, digits: str) -> str:
    """The start of an E.164 number: as given with +, after a North American 1, else national."""
    if words.startswith("+") or (digits.startswith("1") and len(digits) > 1):
        return f"+{digits}"
    return f"+1{digits}"


def leads_list() -> QuerySet[Lead]:
    """Leads with all a row of a list needs."""
    return Lead.objects.select_related("client", "contact", "owner").prefetch_related("contact__identities")
