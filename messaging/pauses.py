"""Pauses: what they cover, opening one, lifting one. A pause keeps everything and sends nothing.

A pause covers a text when every filled field of its scope is the text's own. Three must say so alike: `covers` for the gate, `covering` for
whoever asks of one row, and `UNPAUSED` for the update that turns a try to `calling`, so that a pause committed in between still stops the call. Lifting opens the
gate and nothing more; what the pause held is judged by workflows.resuming before it goes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q, QuerySet

from leads.models import Client, Lead
from messaging.models import Message, Notice, Pause
from providers import adapters
from providers.models import Connection

if TYPE_CHECKING:
    from zartsalgo.models import User

# The gate's own name for its check; a text held by a pause carries it as its reason.
STOPPED = "sending-stopped"
# How the reason of a pause begins that another system asked for.
FROM_OUTSIDE = "Reported from outside"
# How old a text may be that was just leaving when a pause was stored.
ON_ITS_WAY = timedelta(days=3)
# Pauses that hold all of a client, or of the agency.
WHOLE = Q(workflow="", channel="", connection__isnull=True, lead__isnull=True)
CHANNELS = {"sms": "texts", "email": "emails"}
# A pause of a restore may be lifted only once the providers' lists were compared: see messaging.reconciling.
NOTHING_UNKNOWN = Q(unknown_since__isnull=True) | Q(compared_at__isnull=False)
COMPARE_FIRST = (
    "What went out between the backup and the restore is not known here yet, so somebody could be texted twice. "
    "Compare with the providers' lists first; after that it can be resumed."
)

# For a statement that has the message as `m`.
_ANY_OPEN = "select exists (select 1 from messaging_pause where lifted_at is null and (client_id is null or client_id = any(%s)))"
UNPAUSED = """not exists (
  select 1 from messaging_pause p where p.lifted_at is null
     and (p.client_id is null or p.client_id = m.client_id) and (p.workflow = '' or p.workflow = m.workflow)
     and (p.channel = '' or p.channel = m.channel) and (p.connection_id is null or p.connection_id = m.connection_id)
     and (p.lead_id is null or p.lead_id = m.lead_id))"""


class NoReason(Exception):
    """A pause without a reason: whoever finds it later could not judge whether it may be lifted."""


class NoScope(Exception):
    """The scope does not hold together; the text says why."""


class NotCompared(Exception):
    """After a restore the pause stays until the providers' lists were compared; the text says what to do."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a pause covers; nothing filled is the whole agency. A connection and a lead bring their client with them."""

    client: Client | None = None
    workflow: str = ""
    channel: str = ""
    connection: Connection | None = None
    lead: Lead | None = None

    def __post_init__(self) -> None:
        owner = self.connection or self.lead
        if self.connection and self.lead or (owner and (self.workflow or self.channel)):
            raise NoScope("A connection or a lead is a scope of its own; nothing narrows it further.")
        if owner and (self.client is None or self.client.pk != owner.client_id):
            raise NoScope("The connection or lead belongs to another client.")

    @property
    def key(self) -> str:
        """One word per scope, such as client:7/workflow:missed-call-text-back; "agency" for everything."""
        parts = (
            ("client", self.client and self.client.pk),
            ("workflow", self.workflow),
            ("channel", self.channel),
            ("connection", self.connection and self.connection.pk),
            ("lead", self.lead and self.lead.pk),
        )
        return "/".join(f"{name}:{value}" for name, value in parts if value) or "agency"

    def fields(self) -> dict[str, Any]:
        return {"client": self.client, "workflow": self.workflow, "channel": self.channel, "connection": self.connection, "lead": self.lead}


def scope_of(*, pause: Pause) -> Scope:
    """The scope of a pause that exists. Reads its client, connection and lead."""
    return Scope(client=pause.client, workflow=pause.workflow, channel=pause.channel, connection=pause.connection, lead=pause.lead)


def words(*, scope: Scope, workflow_name: str = "") -> str:
    """The scope as the subject of a sentence: "all sending", "sending for Summit Roofing", "texts over Twilio for Summit Roofing"."""
    if scope.lead is not None:
        return f"sending to {scope.lead.contact} for {scope.lead.client}"
    what = CHANNELS.get(scope.channel, scope.channel) if scope.channel else ""
    if scope.connection is not None:
        return f"sending over {adapters.load(scope.connection.provider).label} for {scope.connection.client}"
    if scope.workflow:
        name = workflow_name or scope.workflow.replace("-", " ").capitalize()
        what = f"{what} of {name}" if what else name
    if scope.client is not None:
        return f"{what or 'sending'} for {scope.client}"
    return what if scope.workflow else f"all {what}" if what else "all sending"


def who_stopped(*, pause: Pause) -> str:
    """What stopped it, as the subject of a sentence; a person's own name is the reader's to say."""
    if pause.by_id:
        return "A person"
    return "A report from outside" if pause.reason.startswith(FROM_OUTSIDE) else "A safety check"


def open_pauses() -> QuerySet[Pause]:
    """Pauses that hold sending now, the agency-wide ones first."""
    rows = Pause.objects.select_related("client", "by", "connection__client", "lead__contact", "lead__client")
    return rows.filter(lifted_at__isnull=True).order_by(F("client").asc(nulls_first=True), "at")


def covering(*, message: Message | Notice) -> QuerySet[Pause]:
    """Open pauses that hold this text, or this alert to the business's own people, the oldest first."""
    mine = (
        (Q(client__isnull=True) | Q(client_id=message.client_id))
        & Q(workflow__in=("", message.workflow))
        & Q(channel__in=("", message.channel))
        & (Q(connection__isnull=True) | Q(connection_id=message.connection_id))
        & (Q(lead__isnull=True) | Q(lead_id=message.lead_id))
    )
    return Pause.objects.filter(mine, lifted_at__isnull=True).order_by("at")


def open_for(*, client_ids: Collection[int]) -> list[Pause]:
    """Open pauses that may hold something of these clients, the oldest first, with all that their words need. One statement while there is
    none, which is nearly always and is asked for every text; else two."""
    with connection.cursor() as cursor:
        cursor.execute(_ANY_OPEN, [list(client_ids)])
        if not cursor.fetchone()[0]:
            return []
    rows = Pause.objects.select_related("client", "connection__client", "lead__contact", "lead__client").filter(lifted_at__isnull=True)
    return list(rows.filter(Q(client__isnull=True) | Q(client_id__in=client_ids)).order_by("at", "pk"))


def covers(*, pause: Pause, message: Message) -> bool:
    """Whether an open pause holds this text."""
    return (
        pause.client_id in (None, message.client_id)
        and pause.workflow in ("", message.workflow)
        and pause.channel in ("", message.channel)
        and pause.connection_id in (None, message.connection_id)
        and pause.lead_id in (None, message.lead_id)
    )


def texts_of(*, scope: Scope) -> QuerySet[Message]:
    """Every text that a pause of this scope covers, whatever its state."""
    rows = Message.objects.all()
    for name, value in scope.fields().items():
        if value:
            rows = rows.filter(**{name: value})
    return rows


def pending_texts(*, scope: Scope) -> QuerySet[Message]:
    """Texts of the scope that wait or are held, whatever holds them."""
    return texts_of(scope=scope).filter(status__in=Message.PENDING)


def held_by(*, pause: Pause) -> QuerySet[Message]:
    """Texts that were judged while a pause stood and are held by it, or by another of a scope that meets it."""
    return texts_of(scope=scope_of(pause=pause)).filter(status=Message.Status.HELD, reason=STOPPED)


def left_after(*, pause: Pause) -> QuerySet[Message]:
    """Texts of the scope that the provider took while the pause stood: they were on their way already when it was stored."""
    rows = texts_of(scope=scope_of(pause=pause))
    rows = rows.filter(created_at__gt=pause.at - ON_ITS_WAY, created_at__lte=pause.at, sent_at__gt=pause.at)
    return rows.filter(sent_at__lt=pause.lifted_at) if pause.lifted_at is not None else rows


def pause(*, scope: Scope, reason: str, by: User | None, now: datetime, until: datetime | None = None) -> tuple[Pause, bool]:
    """Close the gate for a scope from this commit on. Returns the open pause and whether this call made it.

    One pause is open per exact scope, by constraint: of two who press at once the second gets the first one's. Raises NoReason, and
    NoScope for an end that has passed.
    """
    given = " ".join(reason.split())[:300]
    if not given:
        raise NoReason("Say why sending stops; whoever lifts it needs to know.")
    if until is not None and until <= now:
        raise NoScope("The end of the pause has passed already.")
    for _ in range(3):
        try:
            with transaction.atomic():
                return Pause.objects.create(**scope.fields(), reason=given, by=by, at=now, until=until), True
        except IntegrityError:
            # Lifted between the two looks: then the next try makes a new one.
            found = open_pauses().filter(**scope.fields()).first()
            if found is not None:
                return found, False
    raise RuntimeError("the pause could be neither made nor found")


def lift(*, pause: Pause, by: User | None, now: datetime) -> bool:
    """Open the gate again; False when somebody did before. Judges nothing: call workflows.resuming.release, which does both.

    Raises NotCompared while the pause is one of a restore and the providers' lists have not been compared; a constraint says the same.
    """
    open_one = Pause.objects.filter(pk=pause.pk, lifted_at__isnull=True)
    if open_one.filter(NOTHING_UNKNOWN).update(lifted_at=now, lifted_by=by):
        return True
    if open_one.exclude(NOTHING_UNKNOWN).exists():
        raise NotCompared(COMPARE_FIRST)
    return False
