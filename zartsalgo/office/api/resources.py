"""The lists of the API: for each its rows, its order and how the filters find their way to it. One entry here is one list and its detail."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery
from rest_framework.serializers import Serializer

from leads.models import Client, Event, Identity, Lead, Task
from messaging.models import Message
from providers.models import Delivery
from summaries.models import Summary
from workflows.models import Incident, IncidentItem, Receipt, Run, Step
from zartsalgo.office.api import serializers
from zartsalgo.office.api.filters import Filters

Rows = QuerySet[Any, Any]


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One list. `newest_by` is the time that orders it and that `since` means; `of_contacts` takes the contacts behind a number."""

    name: str
    one: str
    says: str
    serializer: type[Serializer[Any]]
    rows: Callable[[], Rows]
    newest_by: str
    client: str
    of_lead: Callable[[uuid.UUID], Q]
    of_contacts: Callable[[Rows], Q]

    def within(self, *, client_id: int | None) -> Rows:
        """The rows a caller may reach: all, or those of the one client."""
        return self.rows() if client_id is None else self.rows().filter(**{f"{self.client}_id": client_id})

    def chosen(self, *, filters: Filters, client_id: int | None) -> Rows:
        """The rows that pass the filters, newest first, one more than asked for: it says whether there is a next page."""
        rows, moment = self.within(client_id=client_id), self.newest_by
        if filters.client is not None:
            rows = rows.filter(**{f"{self.client}_id": Subquery(Client.objects.filter(slug=filters.client).values("pk"))})
        if filters.lead is not None:
            rows = rows.filter(self.of_lead(filters.lead))
        if filters.phone is not None:
            people = Identity.objects.filter(kind=Identity.Kind.PHONE, value=filters.phone)
            if filters.client is not None:
                people = people.filter(client__slug=filters.client)
            rows = rows.filter(self.of_contacts(people.values("contact_id")))
        if filters.since is not None:
            rows = rows.filter(**{f"{moment}__gte": filters.since})
        if filters.after is not None:
            when, last = filters.after
            # The first condition alone lets the index start at the mark; the second settles equal times.
            rows = rows.filter(Q(**{f"{moment}__lt": when}) | Q(**{moment: when, "pk__lt": last}), **{f"{moment}__lte": when})
        return rows.order_by(f"-{moment}", "-pk")[: filters.limit + 1]


def _events_of_lead(lead: uuid.UUID) -> Q:
    """A first event is stored before its lead exists: then the run that it started names the lead."""
    return Q(lead_id=lead) | Q(pk__in=Run.objects.filter(lead_id=lead).values("event_id"))


def _deliveries() -> Rows:
    shown = ("id", "key", "received_at", "state", "note", "copies", "replays", "connection__provider", "connection__client__slug")
    return Delivery.objects.select_related("connection__client").only(*shown)


def _leads() -> Rows:
    phones = Identity.objects.filter(contact=OuterRef("contact_id"), kind=Identity.Kind.PHONE).order_by("pk").values("value")[:1]
    return Lead.objects.select_related("client", "contact").annotate(phone=Subquery(phones))


def _runs() -> Rows:
    steps = Prefetch("steps", queryset=Step.objects.defer("output").order_by("pk"))
    return Run.objects.select_related("client", "version").defer("version__definition", "state").prefetch_related(steps)


DELIVERIES = Resource(
    name="deliveries",
    one="delivery",
    says="What providers sent us, as it arrived: what it was taken for and how often it was repeated. Bodies are never shown here.",
    serializer=serializers.DeliverySerializer,
    rows=_deliveries,
    newest_by="received_at",
    client="connection__client",
    of_lead=lambda lead: Q(pk__in=Event.objects.filter(_events_of_lead(lead)).values("delivery_id")),
    of_contacts=lambda people: Q(pk__in=Event.objects.filter(contact_id__in=people).values("delivery_id")),
)
EVENTS = Resource(
    name="events",
    one="event",
    says="Facts that were read from deliveries or reported by people: what happened, to whom, when.",
    serializer=serializers.EventSerializer,
    rows=lambda: Event.objects.select_related("client"),
    newest_by="recorded_at",
    client="client",
    of_lead=_events_of_lead,
    of_contacts=lambda people: Q(contact_id__in=people),
)
LEADS = Resource(
    name="leads",
    one="lead",
    says="Requests of people: who, from where, how far it has come and what is next.",
    serializer=serializers.LeadSerializer,
    rows=_leads,
    newest_by="created_at",
    client="client",
    of_lead=lambda lead: Q(pk=lead),
    of_contacts=lambda people: Q(contact_id__in=people),
)
RUNS = Resource(
    name="runs",
    one="run",
    says="What workflows did, step by step, each with its answer in one sentence.",
    serializer=serializers.RunSerializer,
    rows=_runs,
    newest_by="created_at",
    client="client",
    of_lead=lambda lead: Q(lead_id=lead),
    of_contacts=lambda people: Q(contact_id__in=people),
)
RECEIPTS = Resource(
    name="receipts",
    one="receipt",
    says="For every event and every workflow that listens to it: whether it started, and why or why not.",
    serializer=serializers.ReceiptSerializer,
    rows=lambda: Receipt.objects.select_related("client"),
    newest_by="at",
    client="client",
    of_lead=lambda lead: Q(event__lead_id=lead) | Q(run__lead_id=lead),
    of_contacts=lambda people: Q(event__contact_id__in=people),
)
MESSAGES = Resource(
    name="messages",
    one="message",
    says="Texts that were planned, with their status, the reason for it and every check of the gate.",
    serializer=serializers.MessageSerializer,
    rows=lambda: Message.objects.select_related("client", "newest_slip"),
    newest_by="created_at",
    client="client",
    of_lead=lambda lead: Q(lead_id=lead),
    of_contacts=lambda people: Q(contact_id__in=people),
)
SUMMARIES = Resource(
    name="summaries",
    one="summary",
    says="What was understood of a lead, every statement with its source, and what a person decided. Only approved text reaches the client.",
    serializer=serializers.SummarySerializer,
    rows=lambda: Summary.objects.select_related("client"),
    newest_by="created_at",
    client="client",
    of_lead=lambda lead: Q(lead_id=lead),
    of_contacts=lambda people: Q(lead__contact_id__in=people),
)
TASKS = Resource(
    name="tasks",
    one="task",
    says="What a person has to do, on which desk, why, and by when.",
    serializer=serializers.TaskSerializer,
    rows=lambda: Task.objects.select_related("client"),
    newest_by="created_at",
    client="client",
    of_lead=lambda lead: Q(lead_id=lead),
    of_contacts=lambda people: Q(contact_id__in=people),
)
INCIDENTS = Resource(
    name="incidents",
    one="incident",
    says="What went wrong or was paused by hand, what it holds, who has it, and how it was proven well again.",
    serializer=serializers.IncidentSerializer,
    rows=lambda: Incident.objects.select_related("client", "person"),
    newest_by="opened_at",
    client="client",
    of_lead=lambda lead: Q(pause__lead_id=lead) | Q(pk__in=IncidentItem.objects.filter(message__lead_id=lead).values("incident_id")),
    of_contacts=lambda people: (
        Q(pause__lead__contact_id__in=people) | Q(pk__in=IncidentItem.objects.filter(message__contact_id__in=people).values("incident_id"))
    ),
)
ALL = (DELIVERIES, EVENTS, LEADS, RUNS, RECEIPTS, MESSAGES, SUMMARIES, TASKS, INCIDENTS)
