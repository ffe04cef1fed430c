"""Who is told, and how: the responder on duty by whatever reaches them; then the next, where nobody has taken it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from leads.actions import create_task, is_on_duty
from leads.models import Client, Desk, Event, Lead, Responder, Task
from messaging import pauses
from messaging.locks import lock_address
from messaging.models import Handover, Notice, Pause
from messaging.notices import words
from providers.connections import alerting_connection, sender_of, sending_connection
from providers.models import Connection
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.lib.ids import new_id
from zartsalgo.lib.mail_server import has_mail_server

TELL_TASK = "messaging.tell"
TASK_WITHIN = timedelta(minutes=15)
LOOK_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Lines:
    """What a client has to reach its own people: a texting connection, a Slack connection, a mail server."""

    sms: Connection | None
    slack: Connection | None
    email: bool


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to a responder. `why_not` is empty where it can be tried, else a sentence that says what is missing."""

    channel: Responder.Channel
    address: str = ""
    connection: Connection | None = None
    sender: str = ""
    why_not: str = ""


def lines_of(*, client: Client) -> Lines:
    """Two statements; read them once for all of a client's responders."""
    return Lines(sms=sending_connection(client=client), slack=alerting_connection(client=client), email=has_mail_server())


def ways_of(*, responder: Responder, lines: Lines) -> list[Way]:
    """Every way the responder may be told by, in the order they are tried, the impossible ones with their reason."""
    made = {
        Responder.Channel.SMS: lambda: _by_text(responder, lines),
        Responder.Channel.SLACK: lambda: _by_slack(lines),
        Responder.Channel.EMAIL: lambda: _by_mail(responder, lines),
    }
    return [make() for channel, make in made.items() if channel in responder.alerts_by]


def _by_text(responder: Responder, lines: Lines) -> Way:
    if not responder.phone:
        return Way(channel=Responder.Channel.SMS, why_not="no number is known")
    if lines.sms is None:
        return Way(channel=Responder.Channel.SMS, why_not="no live texting connection")
    sender = sender_of(connection=lines.sms, client=responder.client)
    return Way(channel=Responder.Channel.SMS, address=responder.phone, connection=lines.sms, sender=sender)


def _by_slack(lines: Lines) -> Way:
    if lines.slack is None:
        return Way(channel=Responder.Channel.SLACK, why_not="no Slack is connected")
    return Way(channel=Responder.Channel.SLACK, address=str(lines.slack.pk), connection=lines.slack)


def _by_mail(responder: Responder, lines: Lines) -> Way:
    if not responder.email:
        return Way(channel=Responder.Channel.EMAIL, why_not="no mail address is known")
    if not lines.email:
        return Way(channel=Responder.Channel.EMAIL, why_not="there is no mail server")
    return Way(channel=Responder.Channel.EMAIL, address=responder.email)


def plan_notice(*, handover: Handover, cause: str, now: datetime, due_at: datetime | None = None) -> Notice | None:
    """Write down the next way to tell this handover's responder that was not used for the cause yet. None when none is left, and while
    another notice of the cause is under way to them or has reached them.

    In the caller's transaction. However many ask at once, that is so by constraint: one way at a time for one cause and responder, and
    one notice per channel and address.
    """
    used = set(Notice.objects.filter(client_id=handover.client_id, cause=cause).values_list("channel", "address"))
    lines = lines_of(client=handover.client)
    while notice := next_notice(handover=handover, lines=lines, used=used, cause=cause, now=now, due_at=due_at):
        if _stored(notice):
            ring_for(notices=[notice], now=now)
            return notice
        used.add((str(notice.channel), notice.address))
    return None


def next_notice(
    *, handover: Handover, lines: Lines, used: Collection[tuple[str, str]], cause: str, now: datetime, due_at: datetime | None = None
) -> Notice | None:
    """The next way to tell this handover's responder that was not used for the cause, not stored; None when none is left. Touches no row."""
    responder = handover.responder
    if responder is None or not responder.active or not responder.alerts_by:
        return None
    for way in ways_of(responder=responder, lines=lines):
        if way.why_not or (str(way.channel), way.address) in used:
            continue
        return Notice(
            id=new_id(),
            client_id=handover.client_id,
            handover=handover,
            responder=responder,
            cause=cause,
            channel=way.channel,
            address=way.address,
            connection=way.connection,
            sender=way.sender,
            created_at=now,
            due_at=due_at or now,
        )
    return None


def ring_for(*, notices: Iterable[Notice], now: datetime) -> None:
    """After the commit those that are due are tried at once."""
    for notice in notices:
        if notice.due_at <= now:
            ring_after_commit(task=TELL_TASK, id=str(notice.pk))


def _stored(notice: Notice) -> bool:
    """False when the address, or the responder's place, is taken for this cause: the constraints decide, however many write at once."""
    Notice.objects.bulk_create([notice], ignore_conflicts=True)
    return Notice.objects.filter(pk=notice.pk).exists()


def lock_cause(*, client_id: int, cause: str) -> None:
    """One after the other decides who is told of a cause and how. Taken before any row of it is locked, so nobody waits in a circle."""
    lock_address(channel="cause", address=f"{client_id}:{cause}")


def told_already(*, responder: Responder, cause: str) -> Handover | None:
    """The handover with which this responder was, or is being, told of the cause."""
    return Handover.objects.filter(client_id=responder.client_id, responder=responder, cause=cause[:200]).first()


def to_the_same(*, notice: Notice) -> QuerySet[Notice]:
    """The other notices of the same cause to the same person."""
    person = Q(responder_id=notice.responder_id) if notice.responder_id else Q(handover_id=notice.handover_id)
    return Notice.objects.filter(person, client_id=notice.client_id, cause=notice.cause, handover__isnull=False).exclude(pk=notice.pk)


def is_overtaken(*, notice: Notice) -> bool:
    """Somebody further on was told since: what follows hangs on theirs."""
    newest = Notice.objects.filter(client_id=notice.client_id, cause=notice.cause).order_by("-created_at", "-pk").first()
    return newest is not None and newest.handover_id != notice.handover_id


def taken_by(*, cause: str, lead: Lead, since: datetime) -> str:
    """Who has taken it since people were first told, as the subject of a sentence; "" while nobody has."""
    told = Handover.objects.filter(notices__cause=cause, lead_id=lead.pk, taken_at__isnull=False).order_by("taken_at").first()
    if told is not None:
        return told.to_name
    said = Event.objects.filter(lead_id=lead.pk, type="outcome.reported", recorded_at__gte=since).order_by("recorded_at").first()
    if said is not None:
        return str(said.facts.get("reported_by") or "Somebody").removesuffix(" (reported by client)")
    done = Task.objects.filter(lead_id=lead.pk, kind__in=("call-back", "answer-reply"), closed_at__gte=since).order_by("closed_at").first()
    return done.closed_by or "Somebody" if done is not None else ""


def first_told_at(*, cause: str, handover: Handover) -> datetime:
    """When people were first told of the cause."""
    first = Handover.objects.filter(notices__cause=cause, client_id=handover.client_id).order_by("created_at").first()
    return first.created_at if first is not None else handover.created_at


def pause_of_everything(*, client_id: int) -> bool:
    """A pause of the whole client or agency: every way is held, so trying the next one or person is of no use."""
    return Pause.objects.filter(pauses.WHOLE, Q(client__isnull=True) | Q(client_id=client_id), lifted_at__isnull=True).exists()


def pass_on(*, handover: Handover, cause: str, now: datetime) -> Handover | None:
    """Tell the next responder on duty, by order, who was not told of it and can be reached; without one a task takes its place.

    In the caller's transaction. A disclosure of its own: the next one gets their own row and their own link.
    """
    client = handover.client
    told = {row.responder_id for row in Handover.objects.filter(notices__cause=cause, client=client)} | {handover.responder_id}
    for responder in client.responders.filter(active=True).exclude(pk__in=[pk for pk in told if pk]):
        if not handover.body or not is_on_duty(responder=responder, zone=client.timezone, now=now):
            continue
        following = Handover(
            id=new_id(),
            client=client,
            lead=handover.lead,
            run_id=handover.run_id,
            cause=cause[:200],
            step_key=f"{handover.step_key.split('/')[0][:70]}/{len(told) + 1}",
            responder=responder,
            to_name=responder.name,
            to_address=responder.phone or responder.email,
            created_at=now,
            link_expires_at=now + timedelta(hours=words.OUTCOME_LINK_HOURS),
        )
        following.body = words.for_another(body=handover.body, handover_id=following.pk)
        if not _reachable(responder=responder, cause=cause):
            continue
        following.save(force_insert=True)
        if plan_notice(handover=following, cause=cause, now=now) is not None:
            return following
    ask_the_office(handover=handover, cause=cause, now=now)
    return None


def _reachable(*, responder: Responder, cause: str) -> bool:
    used = set(Notice.objects.filter(client_id=responder.client_id, cause=cause).values_list("channel", "address"))
    ways = ways_of(responder=responder, lines=lines_of(client=responder.client))
    return any(not way.why_not and (str(way.channel), way.address) not in used for way in ways)


def ask_the_office(*, handover: Handover, cause: str, now: datetime) -> None:
    """A person of ours takes over what nobody of the business has taken."""
    lead = handover.lead
    create_task(
        client=handover.client,
        lead=lead,
        desk=Desk.LEAD_OPS,
        kind="call-back",
        title=f"Nobody of {handover.client} has taken {lead.contact}",
        reason="Everybody who could be told was told, or could not be reached, and nobody said that they see to it. Call the business.",
        cause=f"untaken:{cause}",
        due_at=now + TASK_WITHIN,
        now=now,
    )
