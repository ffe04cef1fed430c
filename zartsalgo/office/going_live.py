"""The list a connection has to fulfil before it sends to people, read from the rows of several rooms, and its shadow report.

The verbs and the promise are in providers.going_live: a signature needs every step. What is shown here is what is stored at the signature.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from leads.models import Automation, Client
from messaging import gate
from messaging.models import Message, Suppression
from providers import registration
from providers.connections import sender_of
from providers.going_live import asks_for_signature, read_list
from providers.models import Connection, GoLive
from workflows import registry
from zartsalgo.lib.phone import sayable
from zartsalgo.office.items import workflow_name
from zartsalgo.office.links import page_url
from zartsalgo.office.naming import clock_time

# What would have become of a text in shadow, with the rows that it is counted from.
WOULD = {
    "sent": "would have been sent",
    "held": "would have been held first",
    "refused": "would have been refused",
}
_GROUPS = {
    "sent": Q(reason=gate.NOT_LIVE),
    "held": Q(reason=gate.NOT_LIVE_WAITS) | Q(status__in=Message.PENDING),
    "refused": Q(status=Message.Status.SKIPPED) & ~Q(reason__in=(gate.NOT_LIVE, gate.NOT_LIVE_WAITS)),
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line of the list. `says` is how it stands; `todo` what to do while it is not done."""

    key: str
    title: str
    done: bool
    says: str
    todo: str = ""

    def as_data(self) -> dict[str, Any]:
        return {"key": self.key, "title": self.title, "done": self.done, "says": self.says}


def list_url(*, connection: Connection) -> str:
    """The page of its list; "" for a connection from which nothing needs a signature, or that is switched off."""
    asked = connection.disabled_at is None and asks_for_signature(connection=connection)
    return page_url("going_live", connection.pk) if asked else ""


def shadow_texts(*, found: GoLive, would: str = "") -> QuerySet[Message]:
    """Texts that the shadow time of a list wrote, of one group of WOULD or all. Texts of a signed time are not among them."""
    rows = Message.objects.filter(connection=found.connection, created_at__gte=found.began_at)
    if found.signed_at is not None:
        rows = rows.filter(created_at__lt=found.signed_at)
    return rows.filter(_GROUPS[would] if would else _GROUPS["sent"] | _GROUPS["held"] | _GROUPS["refused"])


def count_shadow(*, found: GoLive) -> dict[str, int]:
    """How many texts each group of WOULD has: one statement."""
    counted: dict[str, int] = shadow_texts(found=found).aggregate(
        **{name: Count("pk", filter=condition) for name, condition in _GROUPS.items()}
    )
    return counted


def in_words(*, counts: dict[str, int]) -> str:
    """The report in a sentence."""
    return ", ".join(f"{counts.get(name, 0)} {words}" for name, words in WOULD.items()) + "."


def imported_opt_outs(*, client: Client) -> int:
    """How many opt-outs of the tool before were taken over for this client."""
    return Suppression.objects.filter(client=client, origin=Suppression.Origin.IMPORTED).count()


def sends_alone(*, client: Client) -> list[str]:
    """Workflows whose texts go without a person's approval as soon as the connection is live."""
    rows = Automation.objects.filter(client=client, enabled=True, send=Automation.Send.AUTO).values_list("workflow", flat=True)
    known = registry.workflows()
    able = [key for key in rows if key in known and any(spec.kind == "message" for spec in known[key].steps)]
    return sorted(workflow_name(key) for key in able)


def read_steps(*, connection: Connection, now: datetime) -> list[Step]:
    """The list as it stands, in the order in which it is worked off."""
    found = read_list(connection=connection, now=now)
    return [_owner(found), _responders(connection.client), _sender(connection), _opt_outs(found, connection), _shadow(found, connection)]


def _owner(found: GoLive) -> Step:
    done = bool(found.owner and found.rollback)
    says = f"{found.owner} answers for it. If it goes wrong: {found.rollback}" if done else "Nobody is named yet."
    return Step(key="owner", title="Somebody answers for it, and knows the way back", done=done, says=says, todo="Name both below.")


def _responders(client: Client) -> Step:
    people = [person for person in client.responders.all() if person.active]
    waiting = [person.name for person in people if person.tested_at is None]
    if not people:
        says = "Nobody of the business is named, so nobody would learn of a lead."
    elif waiting:
        says = f"Not reached by a test yet: {', '.join(waiting)}."
    else:
        says = f"A test reached {', '.join(person.name for person in people)}."
    return Step(
        key="responders",
        title="The people who call back were reached by a test",
        done=bool(people) and not waiting,
        says=says,
        todo="Name them in the client's settings, then send each a test from the client's page.",
    )


def _sender(connection: Connection) -> Step:
    sender = sender_of(connection=connection, client=connection.client)
    who = sayable(sender) if sender.startswith("+") else sender
    if code := registration.refused_with(connection=connection, sender=sender):
        done, says = False, f"The provider said that {who} is not in order (code {code})."
    elif registration.is_missing(connection=connection, sender=sender):
        done, says = False, f"Nobody has recorded that {who} is registered for business texts; without it carriers drop them."
    else:
        by = connection.options.get("sender_registered_by")
        done, says = True, f"{by} looked it up: {who} is registered." if by else f"{who} needs no registration."
    todo = "Look it up in the provider's console, then record it below."
    return Step(key="sender", title="The sender is registered with the carriers", done=done, says=says, todo=todo)


def _opt_outs(found: GoLive, connection: Connection) -> Step:
    if found.opt_outs_at is None:
        says = "It is not known who told the tool before to stop."
    else:
        what = "there are none" if found.opt_outs == GoLive.OptOuts.NONE else f"{imported_opt_outs(client=connection.client)} were imported"
        says = f"{found.opt_outs_by} said on {clock_time(when=found.opt_outs_at, zone=connection.client.timezone)}: {what}."
    todo = "Import the list of the tool before, or say below that there are none."
    return Step(key="opt-outs", title="Old opt-outs are known here", done=found.opt_outs_at is not None, says=says, todo=todo)


def _shadow(found: GoLive, connection: Connection) -> Step:
    if found.read_at is None:
        says = "Nobody has read yet what would have gone out."
    else:
        when = clock_time(when=found.read_at, zone=connection.client.timezone)
        says = f"{found.read_by} read it on {when}: {in_words(counts=found.read_counts)}"
    todo = "Let some days of calls come in, then read what would have been sent, held and refused."
    return Step(key="shadow", title="The shadow report was read", done=found.read_at is not None, says=says, todo=todo)
