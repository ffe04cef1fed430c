"""What the workflows may know of a person, their requests, and the business: each loaded for many at once."""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import connection

from leads import cases
from leads.deciding import Context, Fact
from leads.events import DECIDED, TALKED
from leads.models import Automation, Client, Consent, Event, Lead, Responder, Task
from leads.revision import Kept
from zartsalgo.lib import rows


def asked(contexts: Sequence[Context], **columns: Any) -> str:
    """One JSON parameter of what is asked for each context: `n` is its place, each column a function of the context."""
    return json.dumps([{"n": n, **{name: _plain(of(context)) for name, of in columns.items()}} for n, context in enumerate(contexts)])


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else value


def contact_of(context: Context) -> uuid.UUID | None:
    return context.contact.pk if context.contact is not None else None


# By their columns' names, not `*`: a plan that the server keeps must not change its result when a column is added.
_LEAD, _EVENT = rows.Of(Lead, "l"), rows.Of(Event, "e")


@dataclass(frozen=True, kw_only=True)
class Responders(Fact):
    """The people of the business who are told of leads, by order."""

    tables: ClassVar = ("leads_responder",)
    everybody: tuple[Responder, ...]

    @property
    def active(self) -> tuple[Responder, ...]:
        return tuple(one for one in self.everybody if one.active)

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        found = _RESPONDERS.of(clients=(context.client for context in contexts))
        return [cls(everybody=found[context.client.pk]) for context in contexts]


def _read_responders(clients: Mapping[int, Client]) -> dict[int, tuple[Responder, ...]]:
    found: dict[int, list[Responder]] = {pk: [] for pk in clients}
    for one in Responder.objects.filter(client_id__in=list(clients)):
        one.client = clients[one.client_id]
        found[one.client_id].append(one)
    return {pk: tuple(several) for pk, several in found.items()}


def _read_automations(clients: Mapping[int, Client]) -> dict[int, dict[str, Automation]]:
    found: dict[int, dict[str, Automation]] = {pk: {} for pk in clients}
    for row in Automation.objects.filter(client_id__in=list(clients)):
        found[row.client_id][row.workflow] = row
    return found


_RESPONDERS = Kept(read=_read_responders)
_AUTOMATIONS = Kept(read=_read_automations)


def automations_of(*, clients: Iterable[Client]) -> dict[int, dict[str, Automation]]:
    """What these clients let each workflow do, by the client's id and the workflow."""
    return _AUTOMATIONS.of(clients=clients)


@dataclass(frozen=True, kw_only=True)
class RequestOfPerson(Fact):
    """The person's open request, or the newest that was made since we heard of the event; `first_since` is the first made since then.

    One that was made after we heard of what it is for is about it, even where it is decided by now; but for what is no lead.
    """

    tables: ClassVar = ("leads_lead",)
    current: Lead | None
    first_since: Lead | None

    @classmethod
    def at_first(cls) -> Self | None:
        return cls(current=None, first_since=None)

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        placed = rows.read(
            f"""select {_LEAD}, a.n * 2 as n from json_to_recordset(%(asked)s::json) as a (n int, contact uuid, since timestamptz),
                 lateral (select * from leads_lead where contact_id = a.contact
                            and (not (stage = any (%(closed)s)) or created_at >= a.since and stage <> 'wrong')
                           order by stage = any (%(closed)s), created_at desc limit 1) l
               union all
               select {_LEAD}, a.n * 2 + 1 from json_to_recordset(%(asked)s::json) as a (n int, contact uuid, since timestamptz),
                 lateral (select * from leads_lead where contact_id = a.contact and created_at >= a.since order by created_at limit 1) l""",
            {
                "asked": asked(contexts, contact=contact_of, since=lambda context: context.event.recorded_at),
                "closed": [str(stage) for stage in Lead.CLOSED],
            },
            _LEAD,
        )
        found: dict[int, Lead] = {}
        for row, place in placed:
            of = contexts[place // 2]
            rows.related(row, client=of.client, contact=of.contact)
            found[place] = row
        return [cls(current=found.get(n * 2), first_since=found.get(n * 2 + 1)) for n in range(len(contexts))]


@dataclass(frozen=True, kw_only=True)
class Answers(Fact):
    """Talks with the person, and decisions about them, since what the event tells of: (type, when, facts), the first twenty."""

    tables: ClassVar = ("leads_event",)
    since_event: tuple[tuple[str, datetime, Mapping[str, Any]], ...]

    @classmethod
    def at_first(cls) -> Self | None:
        return cls(since_event=())

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        with connection.cursor() as cursor:
            cursor.execute(
                """select a.n, e.type, e.occurred_at, e.facts::text
                     from json_to_recordset(%s::json) as a (n int, contact uuid, event uuid, since timestamptz),
                          lateral (select id, type, occurred_at, facts from leads_event
                                    where contact_id = a.contact and type = any (%s) and occurred_at >= a.since and id <> a.event
                                    order by occurred_at, id limit 20) e
                    order by a.n, e.occurred_at, e.id""",
                [
                    asked(
                        contexts,
                        contact=contact_of,
                        event=lambda context: context.event.pk,
                        since=lambda context: context.event.occurred_at,
                    ),
                    [*TALKED, *DECIDED],
                ],
            )
            found: dict[int, list[tuple[str, datetime, Mapping[str, Any]]]] = defaultdict(list)
            for n, kind, at, facts in cursor.fetchall():
                found[n].append((kind, at, json.loads(facts)))
        return [cls(since_event=tuple(found[n])) for n in range(len(contexts))]


@dataclass(frozen=True, kw_only=True)
class Heard(Fact):
    """What was first heard of the person since the run began: a message, an outcome that somebody reported, or, where their request is
    closed or there is none, what another system decided not before the run's cause."""

    tables: ClassVar = ("leads_event", "leads_lead")
    event: Event | None

    @classmethod
    def at_first(cls) -> Self | None:
        return cls(event=None)

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        placed = rows.read(
            f"""select {_EVENT}, a.n from json_to_recordset(%s::json)
                    as a (n int, contact uuid, event uuid, since timestamptz, decided boolean, happened timestamptz),
                 lateral (select * from leads_event
                           where contact_id = a.contact and recorded_at >= a.since and id <> a.event
                             and (type in ('message.received', 'outcome.reported')
                                  or a.decided and type = any (%s) and occurred_at >= a.happened)
                           order by recorded_at limit 1) e""",
            [
                asked(
                    contexts,
                    contact=contact_of,
                    event=lambda context: context.event.pk,
                    since=lambda context: context.since,
                    decided=lambda context: context.lead is None or context.lead.stage in Lead.CLOSED,
                    happened=lambda context: context.event.occurred_at,
                ),
                list(DECIDED),
            ],
            _EVENT,
        )
        found = {n: event for event, n in placed}
        return [cls(event=found.get(n)) for n in range(len(contexts))]


@dataclass(frozen=True, kw_only=True)
class Addresses(Fact):
    """The person's first known number (E.164) and email address; "" where none is known."""

    tables: ClassVar = ("leads_identity",)
    phone: str
    email: str

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        contacts = list({context.contact.pk for context in contexts if context.contact is not None})
        found: dict[tuple[uuid.UUID, str], str] = {}
        with connection.cursor() as cursor:
            cursor.execute("select contact_id, kind, value from leads_identity where contact_id = any(%s) order by id", [contacts])
            for contact, kind, value in cursor.fetchall():
                found.setdefault((contact, kind), value)
        empty = uuid.UUID(int=0)
        return [
            cls(phone=found.get((contact_of(one) or empty, "phone"), ""), email=found.get((contact_of(one) or empty, "email"), ""))
            for one in contexts
        ]


@dataclass(frozen=True, kw_only=True)
class TasksOfEvent(Fact):
    """What a person was asked for because of this event: by kind the task's id and title, and what caused it."""

    tables: ClassVar = ("leads_task",)
    by_kind: Mapping[str, Task]

    @classmethod
    def at_first(cls) -> Self | None:
        return cls(by_kind={})

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        found: dict[uuid.UUID, dict[str, Task]] = defaultdict(dict)
        for task in Task.objects.filter(event_id__in=list({context.event.pk for context in contexts})):
            found[task.event_id or uuid.UUID(int=0)][task.kind] = task
        return [cls(by_kind=found[context.event.pk]) for context in contexts]


@dataclass(frozen=True, kw_only=True)
class OpenCase(Fact):
    """The person's oldest open case, or None. Two statements: a case stands in a task or in what another system reported."""

    tables: ClassVar = ("leads_task", "leads_event")
    case: cases.Case | None

    @classmethod
    def at_first(cls) -> Self | None:
        return cls(case=None)

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        found = cases.open_cases(contact_ids={context.contact.pk for context in contexts if context.contact is not None})
        return [cls(case=found.get(context.contact.pk) if context.contact is not None else None) for context in contexts]


@dataclass(frozen=True, kw_only=True)
class AgreementNoted(Fact):
    """Whether what they agreed to in the event stands in the ledger of consents."""

    tables: ClassVar = ("leads_consent",)
    marketing: bool

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        agreed = Consent.objects.filter(event_id__in=[context.event.pk for context in contexts], purpose=Consent.Purpose.MARKETING)
        found = set(agreed.values_list("event_id", flat=True))
        return [cls(marketing=context.event.pk in found) for context in contexts]
