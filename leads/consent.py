"""The consent ledger: what a person agreed to, by which act of theirs, in which exact words. Written with the event, never changed.

Whoever calls, fills in a form or texts has asked for an answer (47 CFR 64.1200(a)(1), (f)(9): prior express consent by giving the number
for that purpose). Offers, follow-ups and review requests need written words (64.1200(a)(2), (f)(9)): only a form that showed them and was
agreed to gives those. Whoever says no in a form that asks ("Please do not text me") has refused that channel: kept as a row too, and the
form asks for no answer by it. messaging.gate.checks.consent decides what each row is good for.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from leads import people
from leads.events import CALLS, FORMS
from leads.models import Consent, Contact, Event, Identity
from zartsalgo.lib import rows as in_sets

# A text of theirs is an act of consent unless it says, or may say, the opposite.
AGREEING_REPLIES: Final = ("other", "opt_in", "help")
# What a source says about consent, by the names it uses. Facts only: nothing of it is a name, a number or their words.
_EVIDENCE: Final = (
    "page_url", "form", "form_id", "source", "call_id", "message_id", "tracking_number", "kind",
    "consent_id", "automatedContactConsentId", "automated_contact_consent_id", "trustedform_cert_url", "xxTrustedFormCertUrl", "jornaya_lead_id",
)  # fmt: skip
_ANGI: Final = ("automatedContactConsentId", "automated_contact_consent_id")
_WORDS: Final = {"call.missed": "Call to the business", "call.answered": "Call to the business", "message.received": "Text to the business"}


def wording_version(*, wording: str) -> str:
    """Names the exact words a person agreed to: one changed character is another version. "" where no words were shown."""
    return hashlib.sha256(wording.encode()).hexdigest() if wording else ""


def note_events(*, events: Iterable[Event]) -> None:
    """Write what events of known people prove about consent, in the events' transaction. The same event twice adds nothing."""
    _write(rows=[row for event in events if event.contact is not None for row in _rows(event=event, contact=event.contact)])


def note_agreement(*, event: Event, contact: Contact) -> None:
    """Only the written agreement of a form, as `note_events` writes it: for an event that was recorded before there was a ledger."""
    _write(rows=[row for row in _rows(event=event, contact=contact) if row.purpose == Consent.Purpose.MARKETING])


class CannotNote(ValueError):
    """What staff wrote down proves nothing, or cannot be; the text says why. Nothing was kept."""


def note_told(
    *,
    contact: Contact,
    purpose: str,
    kind: str,
    address: str,
    words: str,
    how: str,
    kept: str,
    agreed_at: datetime,
    by: str,
    now: datetime,
) -> Consent:
    """A member of staff writes down what a person agreed to: `words` as they agreed to them, for one number or address of theirs.

    `kind` is that of the identity (phone, email). In writing it says where the paper or mail lies (`kept`). Spoken words are kept as
    evidence only: they are no written consent and open no marketing (47 CFR 64.1200(f)(9)). The same again gives the same row. Nothing
    here lifts an opt-out. Raises CannotNote.
    """
    written = how == Consent.How.WRITING
    if how not in Consent.How.values or purpose not in (Consent.Purpose.ANSWER, Consent.Purpose.MARKETING):
        raise CannotNote("Say what they agreed to and how.")
    if not words.strip():
        raise CannotNote("Write down the words they agreed to.")
    if written and not kept.strip():
        raise CannotNote("Say where the writing lies; without it nobody can show it.")
    if agreed_at > now:
        raise CannotNote("That is in the future.")
    with transaction.atomic():
        person = people.lock(contact_id=contact.pk)
        if not Identity.objects.filter(contact=person, kind=kind, value=address).exists():
            raise CannotNote("That is no number or address of this person.")
        row = Consent(
            client_id=person.client_id,
            contact=person,
            purpose=purpose,
            channel="email" if kind == Identity.Kind.EMAIL else "sms",
            address=address,
            wording=words if written else "",
            wording_version=wording_version(wording=words) if written else "",
            source_kind=Consent.Source.STAFF,
            source=by[:200],
            evidence={"kept": kept} if written else {"said": words, **({"kept": kept} if kept else {})},
            how=how,
            granted_at=agreed_at,
        )
        same = Consent.objects.filter(
            contact=person, purpose=purpose, channel=row.channel, address=address, wording=row.wording, how=how, granted_at=agreed_at
        )
        found = same.filter(withdrawn_by__isnull=True, evidence=row.evidence).first()
        if found is None:
            row.save(force_insert=True)
    return found or row


def withdraw(*, entry: Consent, why: str, by: str, now: datetime) -> bool:
    """A second row says that an entry of staff was wrong; the entry stays as it is. False when it was withdrawn before. Raises CannotNote."""
    if entry.source_kind != Consent.Source.STAFF or entry.withdraws_id is not None:
        raise CannotNote("Only what staff wrote down is withdrawn here; what a person did themselves stays.")
    if not why.strip():
        raise CannotNote("Say what was wrong with it.")
    row = Consent(
        client_id=entry.client_id,
        contact_id=entry.contact_id,
        purpose=Consent.Purpose.WITHDRAWN,
        channel=entry.channel,
        address=entry.address,
        source_kind=Consent.Source.STAFF,
        source=by[:200],
        evidence={"why": why},
        withdraws=entry,
        granted_at=now,
    )
    with transaction.atomic():
        people.hold_all(contact_ids=[entry.contact_id])
        if Consent.objects.filter(withdraws=entry).exists():
            return False
        row.save(force_insert=True)
    return True


def _write(*, rows: list[Consent]) -> None:
    in_sets.insert(rows=rows, or_nothing=True)


def _rows(*, event: Event, contact: Contact) -> list[Consent]:
    if event.type not in (*CALLS, *FORMS, "message.received"):
        return []
    if event.type == "message.received" and (event.facts.get("reading") or {}).get("kind") not in AGREEING_REPLIES:
        return []
    personal = event.personal or {}
    person = people.read_person(personal=personal)
    number, email = person.number.e164, person.email
    # Whoever gives both in a form asks for an answer by either; a text or a call speaks for its number alone.
    given_for = [("sms", number)] if number else []
    if email and (event.type in FORMS or not number):
        given_for.append(("email", email))
    stated = event.facts.get("consent")
    given = stated if isinstance(stated, dict) else {}
    refused = [str(channel) for channel in given.get("refused") or ()] if event.type in FORMS else []
    kind, source = _source(event=event)
    common: dict[str, Any] = {
        "client_id": event.client_id,
        "contact": contact,
        "source_kind": kind,
        "source": source[:200],
        "evidence": {name: str(event.facts[name])[:400] for name in _EVIDENCE if event.facts.get(name)},
        "event": event,
        "granted_at": event.occurred_at,
    }
    rows = [
        Consent(purpose=Consent.Purpose.ANSWER, channel=channel, address=address, **common)
        for channel, address in given_for
        if channel not in refused
    ]
    wording = str(given.get("wording") or "")
    common |= {"wording": wording, "wording_version": wording_version(wording=wording)}
    # A refusal is the person's, whatever number or address they gave with it.
    rows += [
        Consent(purpose=Consent.Purpose.REFUSED, channel=channel, address=dict(given_for).get(channel, ""), **common) for channel in refused
    ]
    if event.type in FORMS and given.get("granted") is True and not refused:
        # Words that name a channel speak for that one only.
        named = given.get("channels") or [channel for channel, _ in given_for]
        rows += [
            Consent(purpose=Consent.Purpose.MARKETING, channel=channel, address=address, **common)
            for channel, address in given_for
            if channel in named
        ]
    return rows


def _source(*, event: Event) -> tuple[str, str]:
    facts = event.facts
    if event.type in CALLS:
        return Consent.Source.CALL, _WORDS[event.type]
    if event.type == "message.received":
        return Consent.Source.REPLY, "Email to the business" if facts.get("channel") == "email" else _WORDS[event.type]
    for name in _ANGI:
        if facts.get(name):
            return Consent.Source.ANGI, f"Angi consent {facts[name]}"
    return Consent.Source.FORM, str(facts.get("page_url") or facts.get("form") or "form")
