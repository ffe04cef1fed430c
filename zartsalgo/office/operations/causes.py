"""What people are alerted to: each rule looks at one kind of trouble and says what is wrong now, folded by its cause.

A rule is one or two statements over partial indexes. It is read every few seconds, so an alert opens and closes with what it stands for;
nothing rings for it. Words name clients, workflows and numbers of rows, never a person, a phone number or what somebody wrote.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, connection, transaction
from django.urls import reverse

from leads.models import Desk, DeskHolder
from workflows import registry
from workflows.answer import workflow_name
from workflows.claiming import MOST_CLAIMS, WAITS
from workflows.models import Incident
from zartsalgo.lib import clock, presence
from zartsalgo.models import User
from zartsalgo.office.labels import provider_word
from zartsalgo.office.models import Alert
from zartsalgo.office.operations import life_sign
from zartsalgo.office.operations.verdict import Known
from zartsalgo.office.strip import AWAY
from zartsalgo.rights import OWNER

log = logging.getLogger(__name__)
BAD, WARN = Alert.Severity.BAD, Alert.Severity.WARN
# A restart takes this long; only what stays away is an alert.
PATIENCE = 30.0
STUCK_SECONDS = 300
HEARTBEAT_FAILS_SECONDS = 600
HUNG_SHOWN_SECONDS = 1800
HUNG_WORDS = {"web": "A web process", "worker": "The worker", "beat": "The scheduler", "ticker": "The ticker"}
SET_ASIDE_FOR = timedelta(days=7)
# Two names for one trouble: the invariant is checked every few minutes, the rule sees it at once.
SAME = {"deliveries-worked-off": "deliveries"}


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """One cause that shows now. `patience`: seconds it must last before anybody is told; `people`: whom it concerns, empty for the house."""

    cause: str
    kind: str
    severity: str
    title: str
    says: str
    to_do: str
    url: str = ""
    count: int = 1
    patience: float = 0.0
    people: frozenset[int] = field(default=frozenset())


@dataclass(frozen=True, kw_only=True)
class Look:
    """What was read once for all rules: health.look() and the invariants' verdict."""

    found: dict[str, Any]
    known: Known


def people_of_the_house() -> frozenset[int]:
    """Who hears of the house itself: everybody who holds or stands in at the Operations desk of any client; without them the owners."""
    held = DeskHolder.objects.filter(desk=Desk.OPERATIONS).values_list("person", "deputy")
    found = frozenset(pk for pair in held for pk in pair if pk is not None)
    staff = User.objects.filter(is_active=True, is_staff=True)
    there = frozenset(staff.filter(pk__in=found).exclude(email="").values_list("pk", flat=True)) if found else frozenset()
    return there or frozenset((staff.filter(groups__name=OWNER) | staff.filter(is_superuser=True)).values_list("pk", flat=True))


def find_troubles(*, look: Look) -> tuple[list[Trouble], set[str]]:
    """Every trouble of now, and the kinds that could not be read: alerts of those stay as they are."""
    found: dict[str, Trouble] = {}
    unread = set()
    for kind, rule in RULES.items():
        try:
            with transaction.atomic():
                for trouble in rule(look):
                    found.setdefault(trouble.cause, trouble)
        except (DatabaseError, InterfaceError):
            raise
        except Exception:
            log.exception("alerts: the rule for %s broke", kind)
            unread.add(kind)
    return list(found.values()), unread


SERVICE_WORDS = {
    "broker": "The broker is not reachable",
    "worker": "The worker is not running",
    "beat": "The scheduler is not running",
    "ticker": "The ticker is not running",
    "web": "The pages and webhooks are not answered",
}
SERVICE_SAYS = {
    **AWAY,
    "web": "No web process has given a sign of life: pages, calls and forms are not answered. Providers try again later.",
}
SERVICE_TO_DO = "Look at the log of this part in the data folder, then start it: script/manage services start {name}."


def _services(look: Look) -> list[Trouble]:
    """Without the broker no canary can reach a worker: then only the broker is named."""
    known = ("beat", "ticker", "web") if look.found["broker"] == "down" else ("worker", "beat", "ticker", "web")
    names = [name for name in ("broker", *known) if look.found[name] == "down"]
    return [
        Trouble(
            cause=f"service:{name}", kind="service", severity=WARN if name == "beat" else BAD, title=SERVICE_WORDS[name], says=SERVICE_SAYS[name],
            to_do=SERVICE_TO_DO.format(name=name), url=reverse("office:operations"), patience=PATIENCE,
        )
        for name in names
    ]  # fmt: skip


def _queues(look: Look) -> list[Trouble]:
    """A queue without a worker, while others have one; with none at all the worker is the cause."""
    if "down" in (look.found["broker"], look.found["worker"]):
        return []
    return [
        Trouble(
            cause=f"queue:{queue}", kind="queue", severity=BAD, title=f"The queue “{queue}” is not being worked",
            says="For two minutes no worker has taken anything out of it. What waits there is late; the ticker does the most urgent of it itself.",
            to_do=f"See that a worker runs with -Q {queue} and is not stuck in a long call; restart it: script/manage services kill worker.",
            url=reverse("office:operations"),
        )
        for queue in look.found["silent_queues"]
    ]  # fmt: skip


def _invariants(look: Look) -> list[Trouble]:
    url = reverse("office:operations")
    found = [
        Trouble(
            cause=SAME.get(finding["key"], f"invariant:{finding['key']}"), kind="invariant", severity=BAD,
            title=f"This must hold and does not: {finding['says'].rstrip('.')}"[:200],
            says=f"{_rows(finding['broken'])} broken. First: {', '.join(finding['examples'][:3])}."[:400],
            to_do="Look at the rows with script/manage invariants. Stop all sending if people could be texted wrongly, then tell a developer.",
            url=url, count=finding["broken"],
        )
        for finding in look.known.findings
    ]  # fmt: skip
    if look.known.says and look.known.age_seconds is not None:
        found.append(
            Trouble(
                cause="invariants:unchecked", kind="invariant", severity=BAD, title="The invariants could not be checked",
                says=look.known.says, to_do="Look whether the database is overloaded (script/manage invariants says what takes long).", url=url,
            )
        )  # fmt: skip
    return found


def _rows(count: int) -> str:
    return f"{count} row{' is' if count == 1 else 's are'}"


def _incidents(look: Look) -> list[Trouble]:
    """What a breaker has opened and nobody has resumed yet goes to the person who has it, its desk's people for the client, else the house."""
    rows = Incident.objects.select_related("client", "pause").filter(
        closed_at__isnull=True, released_at__isnull=True
    ).exclude(breaker="").order_by("opened_at")[:100]  # fmt: skip
    found = []
    for row in rows:
        held = DeskHolder.objects.filter(client=row.client_id, desk=row.desk).values_list("person", "deputy") if row.client_id else ()
        people = {row.person_id, *(pk for pair in held for pk in pair)} - {None}
        # A breaker that stopped one person names them in its title; a mail must not.
        title = row.title if row.pause.lead_id is None else f"Too much at once for one person ({row.client})"
        found.append(
            Trouble(
                cause=f"incident:{row.pk}", kind="incident", severity=BAD, title=title,
                says=f"A breaker has paused it by itself and holds what waits; desk: {row.get_desk_display()}.",
                to_do="Open the incident: it says what is wrong, what is held, and what resuming would do.",
                url=reverse("office:incident", args=[row.pk]), count=row.signs, people=frozenset(pk for pk in people if pk is not None),
            )
        )  # fmt: skip
    return found


_PARKED = "select workflow, cursor, count(*) from workflows_run where status = 'parked' group by workflow, cursor order by 3 desc limit 50"


def _parked(look: Look) -> list[Trouble]:
    with connection.cursor() as cursor:
        cursor.execute(_PARKED)
        rows = cursor.fetchall()
    return [
        Trouble(
            cause=f"parked:{workflow}:{step}", kind="parked", severity=WARN,
            title=f"{workflow_name(key=workflow)}: {count} run{'' if count == 1 else 's'} stand{'s' if count == 1 else ''} still",
            says=f"Parked at the step “{_step_title(workflow, step)}”: it broke five times or cannot go on without a person. Each has a task in the inbox.",
            to_do="Open one of them, mend what it names, and let it try again; the others of the same cause follow the same way.",
            url=reverse("office:runs") + "?view=needs", count=count,
        )
        for workflow, step, count in rows
    ]  # fmt: skip


def _step_title(workflow: str, step: str) -> str:
    """As the newest version calls it; one that is gone keeps its key."""
    known = registry.workflows().get(workflow)
    return next((spec.title for spec in known.steps if spec.key == step), step) if known else step


# Between two looks a few are a secret that was mistyped; so many are a stranger, or a provider that lost its secret.
WRONG_SIGNATURES = 20
_FORGED = """
select c.id, c.provider, c.client_id, n.name, sum(r.times), count(*)
  from providers_refusal r join providers_connection c on c.id = r.connection_id join leads_client n on n.id = c.client_id
 where r.last_at > clock_timestamp() - interval '1 hour' and c.disabled_at is null
 group by c.id, n.name having sum(r.times) >= %s order by c.id limit 50"""


def _forged(look: Look) -> list[Trouble]:
    """Wrong signatures pause nothing, so somebody must hear of them. Over when an hour brings none."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGED, [WRONG_SIGNATURES])
        rows = cursor.fetchall()
    found = []
    for id, provider, client_id, client, times, senders in rows:
        held = DeskHolder.objects.filter(client=client_id, desk=Desk.AUTOMATION_OPS).values_list("person", "deputy")
        found.append(
            Trouble(
                cause=f"forged:{id}", kind="forged", severity=WARN,
                title=f"Many requests with a wrong signature: {provider_word(provider)} for {client}"[:200],
                says=f"{times} came from {senders} address{'' if senders == 1 else 'es'} and were refused. Nothing was stored and nothing is "
                "paused. Either somebody tries, or the provider's secret is not ours any more.",
                to_do="Compare the signing secret with the provider's. If it is right, somebody knows the address: give the connection a new one.",
                url=reverse("office:connections"), count=times, people=frozenset(pk for pair in held for pk in pair if pk is not None),
            )
        )  # fmt: skip
    return found


# Late, or put off again and again by trouble of the database (workflows.claiming).
_STUCK = f"""
select count(*) from (select 1 from providers_delivery where state = 'received'
   and (next_at < clock_timestamp() - interval '{STUCK_SECONDS} seconds'
        or note = %s and received_at < clock_timestamp() - interval '{STUCK_SECONDS} seconds') limit 1000) as stuck"""  # noqa: S608


def _deliveries(look: Look) -> list[Trouble]:
    with connection.cursor() as cursor:
        cursor.execute(_STUCK, [WAITS])
        count = cursor.fetchone()[0]
    if not count:
        return []
    return [
        Trouble(
            cause="deliveries", kind="deliveries", severity=BAD, title="Stored webhooks are not being read",
            says=f"{'1000 or more' if count == 1000 else count} have waited longer than five minutes for their turn. None is lost.",
            to_do="See that worker and ticker run, and what their logs say; what was stored is read by itself as soon as it can be.",
            url=reverse("office:deliveries"), count=count,
        )
    ]  # fmt: skip


_SET_ASIDE = """
select c.provider, k.name, count(*), min(d.id::text) from providers_delivery d
  join providers_connection c on c.id = d.connection_id join leads_client k on k.id = c.client_id
 where d.state = 'poison' and d.claims >= %s and d.received_at > %s group by c.id, c.provider, k.name order by 3 desc limit 50"""


def _set_aside(look: Look) -> list[Trouble]:
    """Deliveries whose readers died, hung or broke until the fifth claim parked them, by connection; a replay or a week ends it."""
    with connection.cursor() as cursor:
        cursor.execute(_SET_ASIDE, [MOST_CLAIMS, clock.read() - SET_ASIDE_FOR])
        rows = cursor.fetchall()
    return [
        Trouble(
            cause=f"set-aside:{provider}:{client}", kind="set-aside", severity=BAD,
            title=f"{provider_word(provider)} for {client}: {count} webhook{'' if count == 1 else 's'} set aside",
            says="Whoever read it died, hung or broke each time, so it was set aside at the fifth try. Nothing of it was done yet; it is kept.",
            to_do="Open it and look what came. Tell a developer, for its reader has to be mended; then read it again from its page. "
            "Until then see to the lead by hand.",
            url=reverse("office:delivery", args=[first]) if count == 1 else reverse("office:deliveries") + "?view=poison", count=count,
        )
        for provider, client, count, first in rows
    ]  # fmt: skip


_HUNG = f"""
select name, count(*), max(silent_seconds),
       case when (select count(distinct host) from zartsalgo_processheartbeat) > 1 then string_agg(distinct host, ' and ') else '' end
  from zartsalgo_hang
 where ended_at > clock_timestamp() - interval '{HUNG_SHOWN_SECONDS} seconds' group by name"""  # noqa: S608  # constants of this file


def _hung(look: Look) -> list[Trouble]:
    """What hung lately and was ended by its watchdog; it runs again, and still somebody should know. With several machines, on which."""
    with connection.cursor() as cursor:
        cursor.execute(_HUNG)
        rows = cursor.fetchall()
    return [
        Trouble(
            cause=f"hung:{name}", kind="hung", severity=BAD, title=f"{HUNG_WORDS.get(name, name)} hung and was started again",
            says=f"It had not moved for {seconds} s{f' on {hosts}' if hosts else ''}, so it was ended and started again"
            + (f"; {count} times within half an hour." if count > 1 else ". Nothing is lost; what it had begun goes on."),
            to_do=f"Look in its log ({name}.log in the data folder, or the container’s) for what it was doing. If it comes again, tell a developer.",
            url=reverse("office:operations"), count=count,
        )
        for name, count, seconds, hosts in rows
    ]  # fmt: skip


def _machines(look: Look) -> list[Trouble]:
    """A machine of several that signs no more. With one machine alone its parts are down, and `_services` says so."""
    found, processes = [], presence.read()
    for host, gone in presence.silent_machines(processes=processes).items():
        names = sorted({HUNG_WORDS[one.name].lower() for one in gone}, reverse=True)
        lives = any(one.host == host and not one.is_silent for one in processes)
        what = f"{' and '.join(names).capitalize()} on {host}" if lives else f"The machine {host}"
        found.append(
            Trouble(
                cause=f"machine:{host}", kind="machine", severity=WARN, title=f"{what} gives no sign of life",
                says=f"{' and '.join(names).capitalize()} there {'has' if len(names) == 1 else 'have'} been silent for "
                f"{presence.SILENT_SECONDS:.0f} s and longer. Other machines do the work; nothing is lost.",
                to_do="Look at that machine; start its part of the house there again (script/up --workers, or docker compose up -d). If it was "
                "taken away for good, it is forgotten after a day.",
                url=reverse("office:operations"), count=len(gone),
            )
        )  # fmt: skip
    return found


def _heartbeat(look: Look) -> list[Trouble]:
    sign = life_sign.read()
    if not life_sign.host() or (sign.failing_seconds or 0) < HEARTBEAT_FAILS_SECONDS:
        return []
    return [
        Trouble(
            cause="heartbeat", kind="heartbeat", severity=WARN, title="The watcher outside does not take our heartbeat",
            says=f"All is well here, but for ten minutes no call got through. {sign.says}"[:400],
            to_do="Look at the heartbeat’s address and at the way out of this machine; the watcher will report us as dead meanwhile.",
            url=reverse("office:operations"),
        )
    ]  # fmt: skip


# The kind of an alert, and who sees it.
RULES: dict[str, Callable[[Look], list[Trouble]]] = {
    "service": _services,
    "hung": _hung,
    "machine": _machines,
    "queue": _queues,
    "deliveries": _deliveries,
    "set-aside": _set_aside,
    "invariant": _invariants,
    "incident": _incidents,
    "forged": _forged,
    "parked": _parked,
    "heartbeat": _heartbeat,
}
