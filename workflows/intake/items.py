"""One fact on its way in: what the adapter said of it, made fit to be kept, and what can be read in it. No statement, no network."""

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from leads import people
from leads.events import EventType, Whose, is_talk, kind_of
from leads.models import Client, Contact, Event
from leads.people import Person
from messaging.models import Message
from messaging.optout.event_words import refusal_in
from messaging.replies import Reading, read_reply
from providers.contract import ParsedEvent
from workflows.intake.handling import TALK, Handling, handling_of
from workflows.models import Run
from zartsalgo.lib.ids import new_id
from zartsalgo.lib.names import clean_text
from zartsalgo.lib.patterns import linear

CLOCK_SKEW = timedelta(minutes=5)
_ANSWERS = linear(r"^\s*(?:re|fwd?|aw|rv)\s*:", ignore_case=True)


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What a provider reported, of which client, and when it came in. `delivery_id` is None for what came by no webhook."""

    client: Client
    source: str
    item: ParsedEvent
    received_at: datetime
    delivery_id: uuid.UUID | None = None


@dataclass(kw_only=True, eq=False)
class Item:
    """A fact as it is being taken in. `note` is the sentence for its delivery, "" until it is known; `runs` are those that it started."""

    fact: Fact
    event: Event
    person: Person
    handling: Handling
    # Addresses of pictures stand with the pictures, until they are fetched.
    media: list[str] = field(default_factory=list)
    # What a text or mail of theirs says, and what any other words of theirs may say about being written to.
    reading: Reading | None = None
    refusal: Reading | None = None
    fingerprint: str = ""
    # The message of ours that it is about or answers, and the person, locked; `new`: made just now.
    about: Message | None = None
    contact: Contact | None = None
    new: bool = False
    note: str = ""
    runs: list[Run] = field(default_factory=list)

    @property
    def type(self) -> str:
        return self.fact.item.type

    @property
    def kind(self) -> EventType:
        return kind_of(type=self.type)

    @property
    def key(self) -> tuple[int, str, str, str]:
        """What makes two reports one fact."""
        return self.event.client_id, self.event.source, self.event.key, self.event.type

    @property
    def by_email(self) -> bool:
        return self.event.facts.get("channel") == "email"

    @property
    def address(self) -> str:
        """Where a text or mail of theirs came from; "" where it cannot be read."""
        return self.person.email if self.by_email else self.person.number.e164

    @property
    def is_talk(self) -> bool:
        return is_talk(type=self.type, facts=self.event.facts)

    @property
    def stands_alone(self) -> bool:
        """Whether what it does depends on what else is stored of the person by then, or changes what a later event of theirs meets."""
        return self.refusal is not None or self.handling.alone and (self.handling is not TALK or self.is_talk)


def understand(*, fact: Fact, now: datetime, moved: timedelta) -> Item:
    """Everything that can be read in a fact by itself. `moved` is how far the business clock has been moved."""
    item, kind = fact.item, kind_of(type=fact.item.type)
    personal, facts = _clean(item.personal), _clean(item.facts)
    media = personal.pop("media", [])
    person = people.read_person(personal=personal)
    fingerprint, reading = "", None
    if kind.whose is Whose.FORM:
        # Equal fields of one visitor inside a few minutes are one request: see workflows.intake.forms.
        fingerprint = hashlib.sha256(json.dumps([personal, facts], sort_keys=True, default=str).encode()).hexdigest()
        facts["fingerprint"] = fingerprint
    if kind.reply:
        reading = _read(personal=personal, facts=facts)
        facts["reading"] = {"kind": reading.kind, "rule": reading.rule}
    event = Event(
        id=new_id(),
        client=fact.client,
        type=item.type[:40],
        source=fact.source,
        key=str(item.key)[:200],
        occurred_at=occurred_at(stated=item.occurred_at, received_at=fact.received_at, moved=moved),
        recorded_at=now,
        delivery_id=fact.delivery_id,
        facts=facts,
        personal=people.as_kept(personal=personal, person=person),
    )
    return Item(
        fact=fact,
        event=event,
        person=person,
        handling=handling_of(type=item.type),
        media=[address for address in media if isinstance(address, str)] if isinstance(media, list) else [],
        reading=reading,
        refusal=refusal_in(personal=event.personal or {}),
        fingerprint=fingerprint,
    )


def _read(*, personal: dict[str, Any], facts: dict[str, Any]) -> Reading:
    """Read what they wrote. A new mail's subject is words too: many write nothing but "unsubscribe" there."""
    reading = read_reply(text=str(personal.get("text") or ""), opt_out_type=str(facts.get("opt_out_type") or ""))
    subject = str(personal.get("subject") or "")
    if reading.kind in ("other", "help") and subject and not _ANSWERS.search(subject):
        by_subject = read_reply(text=subject)
        return by_subject if by_subject.kind in ("opt_out", "unclear") else reading
    return reading


def occurred_at(*, stated: datetime, received_at: datetime, moved: timedelta) -> datetime:
    """When it happened, by the business clock, never after it came in.

    Providers state real time; where the clock was moved, their time may be meant in either, and the later plausible one counts.
    """
    readings = (stated, stated + moved)
    return min(max((when for when in readings if when <= received_at + CLOCK_SKEW), default=received_at), received_at)


def _clean(values: Any, depth: int = 0) -> Any:
    """Make provider data fit for a jsonb column: no NUL, no lone surrogate, bounded."""
    if isinstance(values, str):
        return clean_text(values)[:10_000]
    if isinstance(values, dict):
        return {clean_text(str(k))[:200]: _clean(v, depth + 1) for k, v in list(values.items())[:200]} if depth < 20 else {}
    if isinstance(values, Sequence):
        return [_clean(v, depth + 1) for v in list(values)[:500]] if depth < 20 else []
    if values is None or isinstance(values, bool | int | float):
        return values
    return clean_text(str(values))[:10_000]
