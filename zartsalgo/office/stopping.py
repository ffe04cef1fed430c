"""What the pages that stop and pause show before anything is done: whom it would hold, what lifting would wake, which scopes there are."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, OuterRef, Q, Subquery

from leads.models import Client, Lead
from messaging import pauses
from messaging.models import Message, Pause
from providers.models import Connection
from workflows import incidents, registry, resuming
from workflows.models import Incident
from zartsalgo.office.labels import provider_word

ALL = "all"
# How long a pause may be set for; "" is until somebody lifts it.
ENDS = (("", "Until somebody resumes it"), ("1h", "For one hour"), ("4h", "For four hours"), ("morning", "Until 8:00 tomorrow"))
# What a release may drop by age, whatever the gate says.
AGES: tuple[tuple[str, str, timedelta | None], ...] = (
    ("", "Any age", None),
    ("1h", "Drop over 1 hour", timedelta(hours=1)),
    ("4h", "Drop over 4 hours", timedelta(hours=4)),
    ("1d", "Drop over a day", timedelta(days=1)),
)
RATES = ((10, "10 a minute"), (30, "30 a minute"), (120, "120 a minute"), (600, "As fast as they go"))


@dataclass(frozen=True)
class Scope:
    """What a stop may cover: everything (`client` None) or one client; how many texts wait or are held there now."""

    code: str
    label: str
    client: Client | None
    queued: int
    held: int
    stop: Pause | None

    @property
    def count(self) -> int:
        return self.queued + self.held


@dataclass(frozen=True)
class OpenStop:
    """A pause that holds now, with what left in spite of it and what it holds."""

    stop: Pause
    label: str
    left_after: int
    held: int


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
    standing = {stop.client_id: stop for stop in pauses.open_pauses().filter(pauses.WHOLE)}
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
    """Every pause that holds now, with the incident it belongs to as `stop.incident`."""
    incident = Incident.objects.filter(pause=OuterRef("pk"), closed_at__isnull=True).values("pk")[:1]
    found = []
    for stop in pauses.open_pauses().annotate(incident=Subquery(incident)):
        label = incidents.scope_words(scope=pauses.scope_of(pause=stop))
        held, left = pauses.held_by(pause=stop).count(), pauses.left_after(pause=stop).count()
        found.append(OpenStop(stop, label, left, held))
    return found


def others_that_stay(*, pause: Pause) -> list[str]:
    """Pauses that would go on holding some of what this one holds, each in a sentence."""
    said = []
    for other in pauses.open_pauses().exclude(pk=pause.pk):
        if other.client_id is None or pause.client_id is None or other.client_id == pause.client_id:
            label = incidents.scope_words(scope=pauses.scope_of(pause=other))
            said.append(f"The stop of {label} ({other.reason}) stays and goes on holding.")
    return said


def lifting_effects(*, plan: resuming.Plan) -> list[str]:
    """What a release does and does not do, with counts."""
    goes = "is still right and goes at its turn" if plan.right == 1 else "are still right and go at their turn"
    lines = [f"{plan.right} {goes}, after every check once more and within the hours for texts."]
    if plan.stale:
        lines.append(
            f"{plan.stale} {'is' if plan.stale == 1 else 'are'} dropped: {_why(plan.reasons(resuming.STALE))}. "
            "Whoever is left without an answer and stands on nobody's desk becomes a call."
        )
    else:
        lines.append("Nothing is dropped: nothing has overtaken them.")
    if plan.ask:
        lines.append(f"{plan.ask} {'waits' if plan.ask == 1 else 'wait'} for a person first: {_why(plan.reasons(resuming.ASK))}.")
    if plan.held:
        lines.append(f"{plan.held} {'stays' if plan.held == 1 else 'stay'} held by another stop.")
    return lines


def _why(rows: list[tuple[str, int]]) -> str:
    return ", ".join(f"{count} {REASONS.get(reason, reason.replace('-', ' '))}" for reason, count in rows)


REASONS = {
    "opted-out": "asked us to stop",
    "already-texted": "got another text for the same purpose",
    "sent-before-restore": "got theirs before the restore",
    "too-late": "too old by now",
    "too-old": "older than you chose",
    "overtaken": "overtaken by a reply or an outcome",
    "switched-off": "of a workflow that was switched off",
    "consent": "without proof that the person wants it",
    "unclear-reply": "with a reply to read",
    "person-talking": "to a person somebody is talking with",
    "too-many": "to a person who got enough for now",
    "business-closed": "that wait until the business opens",
    "connection": "over a provider that is switched off",
    "template": "whose template is not approved",
    "needs-approval": "to approve",
}


class CannotRead(Exception):
    """The scope that was asked for cannot be read; the text says why."""


@dataclass(frozen=True)
class Choice:
    """One line of a choice list."""

    value: str
    label: str


def parts_of(*, client: Client | None) -> list[Choice]:
    """What can be paused for a client, or for all of them: everything, each workflow, all texts, each connection that sends."""
    found = [Choice("", "Everything that is sent")]
    found += [Choice(f"workflow:{key}", f"Only {workflow.name}") for key, workflow in sorted(registry.workflows().items())]
    found.append(Choice("channel:sms", "Only texts"))
    if client is not None:
        ways = Connection.objects.filter(client=client, disabled_at__isnull=True, live=True).order_by("provider", "pk")
        found += [
            Choice(f"connection:{way.pk}", f"Only what goes over {provider_word(way.provider)} {way.account}".strip()) for way in ways
        ]
    return found


def read_scope(*, client: str, part: str, lead: str = "") -> pauses.Scope:
    """The scope behind a choice: a client's short name ("" for all), a part of `parts_of`, or a lead's id. Raises CannotRead."""
    if lead:
        try:
            found = Lead.objects.select_related("client", "contact").filter(pk=uuid.UUID(lead)).first()
        except ValueError as error:
            raise CannotRead("There is no such lead.") from error
        if found is None:
            raise CannotRead("There is no such lead.")
        return pauses.Scope(client=found.client, lead=found)
    business = Client.objects.filter(slug=client).first() if client else None
    if client and business is None:
        raise CannotRead("There is no such client.")
    kind, _, value = part.partition(":")
    if part not in {choice.value for choice in parts_of(client=business)}:
        raise CannotRead("That cannot be paused by itself; choose from the list.")
    if kind == "workflow":
        return pauses.Scope(client=business, workflow=value)
    if kind == "channel":
        return pauses.Scope(client=business, channel=value)
    if kind == "connection" and business is not None:
        return pauses.Scope(client=business, connection=Connection.objects.select_related("client").get(pk=value))
    return pauses.Scope(client=business)


def read_end(*, code: str, zone: str, now: datetime) -> datetime | None:
    """The end behind a code of ENDS; raises CannotRead for another."""
    if code not in dict(ENDS):
        raise CannotRead("Choose how long from the list.")
    if code == "morning":
        local = now.astimezone(ZoneInfo(zone)) + timedelta(days=1)
        return local.replace(hour=8, minute=0, second=0, microsecond=0)
    return now + timedelta(hours=int(code[:-1])) if code else None


def age_of(code: str) -> timedelta | None:
    """The age behind a code of AGES; None for "any age" and for anything unreadable."""
    return next((age for value, _, age in AGES if value == code), None)


def rate_of(raw: str) -> int:
    """Texts a minute from a choice of RATES; the usual rate for anything else."""
    return int(raw) if raw in {str(rate) for rate, _ in RATES} else resuming.PER_MINUTE
