"""What the stop page shows before anything is done: whom a stop would hold, what a lifted one would wake, and who may lift."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db.models import Count, Q

from leads.models import Client
from messaging import stops
from messaging.models import Message, SendStop

LIFTERS = ("owner", "approver")


@dataclass(frozen=True)
class Scope:
    """What a stop may cover: everything (`client` None) or one client; how many texts wait or are held there now."""

    code: str
    label: str
    client: Client | None
    queued: int
    held: int
    stop: SendStop | None

    @property
    def count(self) -> int:
        return self.queued + self.held


@dataclass(frozen=True)
class OpenStop:
    """A stop that holds now, with what left in spite of it and what it holds."""

    stop: SendStop
    left_after: int
    held: int


@dataclass(frozen=True)
class Lifting:
    """What lifting would do: texts judged anew, of them too old by now, of them waiting for an approval first; other stops that stay."""

    held: int
    too_old: int
    drafts: int
    stays: list[SendStop]


ALL = "all"


def may_lift(user: AbstractUser) -> bool:
    """Any staff may stop; owners, approvers and superusers may lift."""
    return bool(user.is_superuser or user.groups.filter(name__in=LIFTERS).exists())


def scopes() -> list[Scope]:
    """All sending first, then every client by name. Three statements."""
    clients = list(Client.objects.order_by("name"))
    counted = {
        client_id: (queued, held)
        for client_id, queued, held in Message.objects.filter(status__in=Message.PENDING)
        .order_by()
        .values_list("client_id")
        .annotate(queued=Count("pk", filter=Q(status=Message.Status.QUEUED)), held=Count("pk", filter=Q(status=Message.Status.HELD)))
    }
    standing = {stop.client_id: stop for stop in stops.open_stops()}
    everything = Scope(
        ALL,
        "All sending",
        None,
        sum(queued for queued, _ in counted.values()),
        sum(held for _, held in counted.values()),
        standing.get(None),
    )
    return [everything, *(Scope(c.slug, c.name, c, *counted.get(c.pk, (0, 0)), standing.get(c.pk)) for c in clients)]


def standing() -> list[OpenStop]:
    """Every stop that holds now."""
    return [OpenStop(stop, stops.left_after(stop=stop).count(), stops.held_by_stop(stop=stop).count()) for stop in stops.open_stops()]


def plan_lifting(*, stop: SendStop, now: datetime) -> Lifting:
    """Count what lifting would do; nothing is done."""
    held = stops.held_by_stop(stop=stop)
    found = held.aggregate(
        all=Count("pk"),
        too_old=Count("pk", filter=Q(useful_until__lt=now)),
        drafts=Count("pk", filter=Q(approval_needed=True, approved_at__isnull=True) & ~Q(useful_until__lt=now)),
    )
    others = [other for other in stops.open_stops() if other.pk != stop.pk and (other.client_id is None or stop.client_id is None)]
    return Lifting(held=found["all"], too_old=found["too_old"], drafts=found["drafts"], stays=others)
