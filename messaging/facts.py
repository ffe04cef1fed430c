"""What the workflows may know of texts, words and what the business's own people were told: each loaded for many at once."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import connection
from django.db.models import Min

from leads.deciding import Context, Effect, Fact
from leads.facts import asked, contact_of
from messaging.effects import PlanMessage
from messaging.locks import lock_addresses
from messaging.models import Handover, Message, Notice, ReviewClick, Template
from messaging.purposes import REVIEW_REQUEST
from messaging.templates import live_templates
from zartsalgo.lib import rows

_MESSAGE = rows.Of(Message, "m", but=("body",))


@dataclass(frozen=True, kw_only=True)
class Words(Fact):
    """The approved template that a step writes with (its parameter `template`, else `purpose`): the client's own, else the agency's."""

    tables: ClassVar = ("messaging_template",)
    by_step: ClassVar = True
    template: Template | None

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        found = live_templates(clients=(one.client for one in contexts))
        return [cls(template=found[one.client.pk].get(cls.key(one))) for one in contexts]

    @staticmethod
    def key(context: Context) -> str:
        return str(context.params.get("template") or context.params["purpose"])


@dataclass(frozen=True, kw_only=True)
class TextsOfRun(Fact):
    """The messages that this run has planned, by the step that planned them."""

    tables: ClassVar = ("messaging_message",)
    planned: Mapping[str, Message]

    @classmethod
    def at_first(cls) -> Self | None:
        return cls(planned={})

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        found: dict[uuid.UUID, dict[str, Message]] = defaultdict(dict)
        sql = f"select {_MESSAGE} from messaging_message m where m.run_id = any(%s)"
        for (row,) in rows.read(sql, [[context.run_id for context in contexts]], _MESSAGE):
            found[row.run_id][row.step_key] = row
        return [cls(planned=found[context.run_id]) for context in contexts]

    def after(self, effect: Effect) -> Self | None:
        if not isinstance(effect, PlanMessage):
            return None
        return replace(self, planned={**self.planned, effect.message.step_key: effect.message})

    def of(self, context: Context) -> Message | None:
        """The message of the step that this step's parameter `of` names, else of the step itself."""
        return self.planned.get(str(context.params.get("of") or context.step))


@dataclass(frozen=True, kw_only=True)
class Told(Fact):
    """Whom of the business this event was told to, by responder, and the ways that were used for it.

    Whoever reads it has the turn at the event's cause until the transaction ends: one after the other decides who is told of it.
    """

    tables: ClassVar = ("messaging_handover", "messaging_notice")
    handovers: Mapping[int, Handover]
    used: frozenset[tuple[str, str]]

    @staticmethod
    def cause(context: Context) -> str:
        return f"event:{context.event.pk}"

    @classmethod
    def at_first(cls) -> Self | None:
        # Nobody else can see the event yet, so there is no turn to wait for.
        return cls(handovers={}, used=frozenset())

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        causes = {cls.cause(context): context.client.pk for context in contexts}
        lock_addresses(addresses=[("cause", f"{client}:{cause}") for cause, client in causes.items()])
        told: dict[str, dict[int, Handover]] = defaultdict(dict)
        for row in Handover.objects.filter(cause__in=list(causes), client_id__in=set(causes.values()), responder__isnull=False):
            told[row.cause][row.responder_id or 0] = row
        used: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for cause, channel, address in Notice.objects.filter(cause__in=list(causes), client_id__in=set(causes.values())).values_list(
            "cause", "channel", "address"
        ):
            used[cause].add((channel, address))
        return [cls(handovers=told[cls.cause(one)], used=frozenset(used[cls.cause(one)])) for one in contexts]


@dataclass(frozen=True, kw_only=True)
class LinkFollowed(Fact):
    """When somebody first followed a link in a text of this run; None when nobody has."""

    tables: ClassVar = ("messaging_reviewclick",)
    at: datetime | None

    @classmethod
    def at_first(cls) -> Self | None:
        return cls(at=None)

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        clicks = ReviewClick.objects.filter(link__message__run_id__in=[context.run_id for context in contexts])
        found = dict(clicks.values_list("link__message__run_id").annotate(first=Min("at")))
        return [cls(at=found.get(context.run_id)) for context in contexts]


@dataclass(frozen=True, kw_only=True)
class Replied(Fact):
    """When the person first wrote after the text of the step `of` went out, else since the run began; whatever they wrote."""

    tables: ClassVar = ("leads_event", "messaging_message")
    by_step: ClassVar = True
    at: datetime | None

    @classmethod
    def at_first(cls) -> Self | None:
        return cls(at=None)

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        with connection.cursor() as cursor:
            cursor.execute(
                """select a.n, min(e.recorded_at) from json_to_recordset(%s::json)
                          as a (n int, contact uuid, run uuid, step text, since timestamptz)
                     left join messaging_message m on m.run_id = a.run and m.step_key = a.step
                     join leads_event e on e.contact_id = a.contact and e.type = 'message.received'
                      and e.recorded_at >= coalesce(m.sent_at, a.since)
                    group by a.n""",
                [
                    asked(
                        contexts,
                        contact=contact_of,
                        run=lambda context: context.run_id,
                        step=lambda context: str(context.params.get("of", "")),
                        since=lambda context: context.since,
                    )
                ],
            )
            found = dict(cursor.fetchall())
        return [cls(at=found.get(n)) for n in range(len(contexts))]


@dataclass(frozen=True, kw_only=True)
class LastAskedForReview(Fact):
    """The newest request for a review that went to the person and was not refused on its way, in the last two years; None when none did."""

    tables: ClassVar = ("messaging_message",)
    message: Message | None

    @classmethod
    def at_first(cls) -> Self | None:
        return cls(message=None)

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        contacts = {context.contact.pk for context in contexts if context.contact is not None}
        went = (Message.Status.SENT, Message.Status.DELIVERED, Message.Status.UNKNOWN)
        asked_for = Message.objects.filter(contact_id__in=contacts, purpose=REVIEW_REQUEST.key, status__in=went).defer("body")
        found = {row.contact_id: row for row in asked_for.order_by("created_at")}
        since = {context.contact.pk: context.now - timedelta(days=731) for context in contexts if context.contact is not None}
        return [
            cls(
                message=row
                if one.contact is not None and (row := found.get(one.contact.pk)) and row.created_at > since[one.contact.pk]
                else None
            )
            for one in contexts
        ]


@dataclass(frozen=True, kw_only=True)
class AskedToStop(Fact):
    """Whether a stop of this client, or of the agency, stands for the person or any number or address of theirs, stated ones included."""

    tables: ClassVar = ("messaging_suppression", "leads_identity", "leads_statedidentity")
    stands: bool

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        with connection.cursor() as cursor:
            # By person and by value apart: joined by "or" it would look at every stop there is.
            cursor.execute(
                """select a.n from json_to_recordset(%(asked)s::json) as a (n int, client int, contact uuid)
                    where exists (select 1 from messaging_suppression s where s.contact_id = a.contact and s.lifted_by_id is null
                                    and (s.client_id = a.client or s.client_id is null))
                       or exists (select 1 from (select value from leads_identity where contact_id = a.contact
                                                 union all select value from leads_statedidentity where contact_id = a.contact) v
                                    join messaging_suppression s on s.value = v.value
                                   where s.lifted_by_id is null and (s.client_id = a.client or s.client_id is null))""",
                {"asked": asked(contexts, client=lambda context: context.client.pk, contact=contact_of)},
            )
            found = {row[0] for row in cursor.fetchall()}
        return [cls(stands=n in found) for n in range(len(contexts))]
