"""How each client is doing right now, in words: stopped or not, texts of today, what waits for a person, and when each source was last heard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from leads.models import Client, Task
from messaging.models import Message, Pause
from providers.models import Connection, Delivery
from summaries.models import Summary
from zartsalgo.office.freshness import State, state_of
from zartsalgo.office.going_live import list_url
from zartsalgo.office.items import NEEDS_APPROVAL
from zartsalgo.office.labels import provider_word

# A text of today was planned at most so long before it went.
PLANNED_WITHIN = timedelta(days=3)
MOST_SOURCES = 1000


@dataclass(frozen=True, kw_only=True)
class Source:
    """A connection of the client and how fresh it is."""

    row: Connection
    provider: str
    state: State
    last_at: datetime | None
    list_url: str = ""


@dataclass(kw_only=True)
class Health:
    """One client's state. `pauses` are those of the client and of the whole agency that hold now."""

    client: Client
    texts_today: int = 0
    tasks: int = 0
    approvals: int = 0
    pauses: list[Pause] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        """Decisions that wait for a person."""
        return self.tasks + self.approvals

    @property
    def trouble(self) -> list[Source]:
        """The sources that somebody should look at."""
        return [source for source in self.sources if source.state.code in ("broken", "late")]

    @property
    def code(self) -> str:
        """A code of office_tags.MARKS: the worst of it."""
        if any(not pause.workflow and not pause.channel and pause.connection_id is None and pause.lead_id is None for pause in self.pauses):
            return "stopped"
        return "broken" if self.trouble else "paused" if self.pauses else "on"

    @property
    def word(self) -> str:
        """The state in a word or two."""
        return {"stopped": "Sending stopped", "broken": "Trouble", "paused": "Partly stopped", "on": "Running"}[self.code]


def read_health(*, clients: Sequence[Client], now: datetime, real_now: datetime) -> list[Health]:
    """The state of these clients, in their order. Six statements, however many there are."""
    found = {client.pk: Health(client=client) for client in clients}
    for client_id, count in _texts_today(clients=clients, now=now).items():
        found[client_id].texts_today = count
    for client_id, count in _counts(Task.objects.filter(client__in=found, status=Task.Status.OPEN)).items():
        found[client_id].tasks = count
    draft = Message.objects.filter(client__in=found, status=Message.Status.HELD, reason=NEEDS_APPROVAL, approved_at__isnull=True)
    waiting: tuple[QuerySet[Any], ...] = (draft, Summary.objects.filter(client__in=found, status__in=Summary.OPEN))
    for rows in waiting:
        for client_id, count in _counts(rows).items():
            found[client_id].approvals += count
    for pause in Pause.objects.select_related("client", "by").filter(lifted_at__isnull=True).order_by("at")[:MOST_SOURCES]:
        for health in found.values() if pause.client_id is None else [one for one in (found.get(pause.client_id),) if one]:
            health.pauses.append(pause)
    last = Delivery.objects.filter(connection=OuterRef("pk")).order_by("-received_at").values("received_at")[:1]
    ways = Connection.objects.filter(client__in=found).defer("sealed").annotate(last_at=Subquery(last)).order_by("provider", "-created_at")
    for way in ways[:MOST_SOURCES]:
        state = state_of(connection=way, last=way.last_at, now=now, real_now=real_now)
        source = Source(row=way, provider=provider_word(way.provider), state=state, last_at=way.last_at, list_url=list_url(connection=way))
        found[way.client_id].sources.append(source)
    return list(found.values())


def _counts(rows: QuerySet[Any]) -> Mapping[int, int]:
    return dict(rows.order_by().values_list("client_id").annotate(Count("pk")))


def _texts_today(*, clients: Sequence[Client], now: datetime) -> Mapping[int, int]:
    """Texts that went since each client's own midnight."""
    zones: dict[str, list[int]] = {}
    for client in clients:
        zones.setdefault(client.timezone, []).append(client.pk)
    if not zones:
        return {}
    today = Q(pk__in=[])
    for zone, ids in zones.items():
        local = now.astimezone(ZoneInfo(zone))
        midnight = datetime.combine(local.date(), time(), ZoneInfo(zone))
        today |= Q(client__in=ids, created_at__gte=midnight - PLANNED_WITHIN, sent_at__gte=midnight)
    return _counts(Message.objects.filter(today, sent_at__lte=now))
