"""The consent ledger: what a person agreed to, by which act of theirs, in which exact words. Written with the event, never changed.

Whoever calls, fills in a form or texts has asked for an answer (47 CFR 64.1200(a)(1), (f)(9): prior express consent by giving the number
for that purpose). Offers, follow-ups and review requests need written words (64.1200(a)(2), (f)(9)): only a form that showed them and was
agreed to gives those. messaging.consent decides what each row is good for.
"""

import hashlib
from typing import Any, Final

from leads.models import Consent, Contact, Event
from zartsalgo.lib.names import clean_email
from zartsalgo.lib.phone import read_number

CALLS: Final = ("call.missed", "call.answered")
FORMS: Final = ("lead.created", "quote.requested")
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


def note_event(*, event: Event, contact: Contact | None) -> None:
    """Write what an event proves about consent, in the event's transaction. The same event twice adds nothing."""
    if contact is not None:
        _write(rows=_rows(event=event, contact=contact))


def note_agreement(*, event: Event, contact: Contact) -> None:
    """Only the written agreement of a form, as `note_event` writes it: for an event that was recorded before there was a ledger."""
    _write(rows=[row for row in _rows(event=event, contact=contact) if row.purpose == Consent.Purpose.MARKETING])


def _write(*, rows: list[Consent]) -> None:
    if rows:
        Consent.objects.bulk_create(rows, ignore_conflicts=True)


def _rows(*, event: Event, contact: Contact) -> list[Consent]:
    if event.type not in (*CALLS, *FORMS, "message.received"):
        return []
    if event.type == "message.received" and (event.facts.get("reading") or {}).get("kind") not in AGREEING_REPLIES:
        return []
    personal = event.personal or {}
    number = read_number(raw=personal.get("phone") or "").e164
    email = clean_email(personal.get("email") or "")
    # Whoever gives both in a form asks for an answer by either; a text or a call speaks for its number alone.
    given_for = [("sms", number)] if number else []
    if email and (event.type in FORMS or not number):
        given_for.append(("email", email))
    stated = event.facts.get("consent")
    given = stated if isinstance(stated, dict) else {}
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
    rows = [Consent(purpose=Consent.Purpose.ANSWER, channel=channel, address=address, **common) for channel, address in given_for]
    if event.type in FORMS and given.get("granted") is True:
        wording = str(given.get("wording") or "")
        common |= {"wording": wording, "wording_version": wording_version(wording=wording)}
        rows += [Consent(purpose=Consent.Purpose.MARKETING, channel=channel, address=address, **common) for channel, address in given_for]
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
