"""What the workflows may know of a client's connections."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from leads.deciding import Context, Fact
from leads.models import Client
from leads.revision import Kept
from providers import adapters
from providers.models import Connection


@dataclass(frozen=True, kw_only=True)
class Connections(Fact):
    """The client's live connections that are switched on, the newest first."""

    tables: ClassVar = ("providers_connection",)
    live: tuple[Connection, ...]

    @classmethod
    def load(cls, *, contexts: Sequence[Context]) -> Sequence[Self]:
        found = _LIVE.of(clients=(context.client for context in contexts))
        return [cls(live=found[context.client.pk]) for context in contexts]

    @property
    def texts(self) -> Connection | None:
        """The one that texts go by; None means the simulator's phone."""
        return next((one for one in self.live if adapters.load(one.provider).can_send), None)

    @property
    def emails(self) -> Connection | None:
        """The one that emails go by; None means SMTP from the environment, else our own pages."""
        return next((one for one in self.live if adapters.load(one.provider).can_email), None)

    @property
    def alerts(self) -> Connection | None:
        """The one that posts to the business's own people, or None."""
        return next((one for one in self.live if adapters.load(one.provider).can_alert), None)


def _read(clients: Mapping[int, Client]) -> dict[int, tuple[Connection, ...]]:
    found: dict[int, list[Connection]] = {pk: [] for pk in clients}
    for one in Connection.objects.filter(client_id__in=list(clients), disabled_at__isnull=True, live=True).order_by("-created_at"):
        one.client = clients[one.client_id]
        found[one.client_id].append(one)
    return {pk: tuple(several) for pk, several in found.items()}


_LIVE = Kept(read=_read)
