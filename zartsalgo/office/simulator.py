"""The simulator: plays the providers and the customer for a client that has no live connection.

It posts what a provider would post, to the same address, signed with the same secret; from there on everything is the live path. What
comes back is read from the rows (`simulator_outcome`). It never touches a client with a live connection and knows fiction numbers only.
"""

import hashlib
import random
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from leads.models import Client, Identity
from providers.connections import hook_url, open_secrets, over_loopback, set_mood
from providers.models import Connection
from zartsalgo.lib import clock
from zartsalgo.lib.phone import is_fictional, sayable
from zartsalgo.lib.places import STATE_BY_AREA_CODE, locate
from zartsalgo.office import simulator_payloads as payloads
from zartsalgo.office.demo.clients import SUMMIT, connect_for_trying, make_client
from zartsalgo.office.simulator_door import post
from zartsalgo.office.simulator_payloads import Webhook

TRY_OUT_SLUG = SUMMIT.slug
# Named fiction people; one lives in another zone, so quiet hours can be seen to follow the person.
PEOPLE = (
    ("+13035550123", "Carla Gomez"),
    ("+17205550142", "Marcus Lee"),
    ("+19705550117", "Priya Nair"),
    ("+13035550164", "Dana Whitfield"),
    ("+12125550135", "Tom Becker"),
)
NAMES = dict(PEOPLE)
NEWCOMERS = ("Ana Ruiz", "Ben Carter", "Chloe Martin", "Dev Patel", "Elena Petrova", "Femi Ade", "Grace Kim", "Hugo Silva")
WITHHELD = "withheld"
NEW = "new"
LATE_BY = timedelta(minutes=45)
COPIES = 3
LONGEST_TEXT = 480

TOUCHES_NO_LIVE = "This client has a live connection; the simulator does not touch it."
CLOCK_STAYS = "A client here has a live connection; the clock is not moved from the simulator."


class Refused(Exception):
    """The simulator does not do that; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who plays the customer. `number` is E.164, "" when withheld."""

    number: str
    name: str

    @property
    def key(self) -> str:
        return self.number or WITHHELD


@dataclass(frozen=True, kw_only=True)
class Posted:
    """What was posted and how the door answered. `sha256` finds the delivery of `connection_id` again."""

    label: str
    answers: tuple[int, ...]
    connection_id: uuid.UUID
    sha256: str
    at: datetime


def make_try_out_client() -> Client:
    """The demo's first client without a life, to try things on. A client of that name that is there already stays as it is."""
    now = clock.read()
    with transaction.atomic():
        return Client.objects.filter(slug=TRY_OUT_SLUG).first() or make_client(spec=SUMMIT, now=now)


def has_live_connection(*, client: Client) -> bool:
    return client.connections.filter(live=True, disabled_at__isnull=True).exists()


def refuse_live(*, client: Client) -> None:
    """Raises Refused for a client that has a live connection."""
    if has_live_connection(client=client):
        raise Refused(TOUCHES_NO_LIVE)


def _connection(*, client: Client, provider: str, now: datetime) -> Connection:
    """The client's connection to play on: its newest one that is not live, made when there is none."""
    refuse_live(client=client)
    found = client.connections.filter(provider=provider, live=False, disabled_at__isnull=True).order_by("-created_at").first()
    return found or connect_for_trying(client=client, provider=provider, now=now)


def _secret(connection: Connection) -> str:
    return open_secrets(client_id=connection.client_id, sealed=connection.sealed).secrets[0]


def read_caller(*, key: str, client: Client) -> Caller:
    """The caller behind a choice of the page or the command: a fiction number, "withheld", or "new". Raises Refused for a real number."""
    if key == WITHHELD:
        return Caller(number="", name="Somebody")
    if key in ("", NEW):
        return newcomer(client=client) if key else Caller(number=PEOPLE[0][0], name=PEOPLE[0][1])
    if not is_fictional(key):
        raise Refused("The simulator knows fiction numbers only: +1, an area code, then 555-01 and two digits.")
    return Caller(number=key, name=NAMES.get(key) or _name_of(key))


def _name_of(number: str) -> str:
    return NEWCOMERS[int(number[-4:]) % len(NEWCOMERS)]


def newcomer(*, client: Client) -> Caller:
    """Somebody who never wrote or called: a fiction number of the business's own state and zone that no client here knows."""
    zones = {code: locate(e164=f"+1{code}5550150").zones for code in STATE_BY_AREA_CODE}
    here = [code for code, found in zones.items() if found == (client.timezone,)]
    state = STATE_BY_AREA_CODE.get(client.phone[2:5], "")
    near = [code for code in here if STATE_BY_AREA_CODE[code] == state] or here or ["303"]
    numbers = [f"+1{code}55501{last:02d}" for code in near for last in range(20, 90)]
    taken = {*Identity.objects.filter(value__in=numbers, kind="phone").values_list("value", flat=True), *NAMES, client.phone}
    free = [number for number in numbers if number not in taken]
    if not free:
        raise Refused("Every fiction number around here has called before. Choose one of the people by name.")
    number = random.choice(free)  # noqa: S311 nothing hangs on it
    return Caller(number=number, name=_name_of(number))


def _post(*, connection: Connection, webhook: Webhook, label: str, times: int = 1) -> Posted:
    address = hook_url(connection=connection)
    answers = tuple(post(webhook=webhook, hook_url=address) for _ in range(times))
    sha256 = hashlib.sha256(webhook.body).hexdigest()
    return Posted(label=label, answers=answers, connection_id=connection.pk, sha256=sha256, at=clock.read())


def _who(caller: Caller) -> str:
    return f"{caller.name}, {sayable(caller.number)}" if caller.number else "a withheld number"


def _missed_call(*, client: Client, caller: Caller, ago: timedelta = timedelta(0)) -> tuple[Connection, Webhook]:
    connection = _connection(client=client, provider="callrail", now=clock.read())
    webhook = payloads.missed_call(
        caller=caller.number,
        name=caller.name,
        line=client.phone,
        zone=client.timezone,
        ended=clock.real_now() - ago,
        secret=_secret(connection),
    )
    return connection, webhook


def missed_call(*, client: Client, caller: Caller) -> Posted:
    """A finished call that nobody answered, reported at once."""
    connection, webhook = _missed_call(client=client, caller=caller)
    return _post(connection=connection, webhook=webhook, label=f"Missed call from {_who(caller)}")


def late_call(*, client: Client, caller: Caller) -> Posted:
    """The same, reported 45 minutes after the call."""
    connection, webhook = _missed_call(client=client, caller=caller, ago=LATE_BY)
    return _post(connection=connection, webhook=webhook, label=f"Late report of a missed call from {_who(caller)}, 45 minutes old")


def duplicate_call(*, client: Client, caller: Caller) -> Posted:
    """One missed call whose webhook comes three times, byte for byte the same."""
    connection, webhook = _missed_call(client=client, caller=caller)
    return _post(connection=connection, webhook=webhook, label=f"One missed call from {_who(caller)}, sent {COPIES} times", times=COPIES)


def forged_call(*, client: Client, caller: Caller) -> Posted:
    """A missed call from somebody who does not know the signing secret."""
    connection, webhook = _missed_call(client=client, caller=caller)
    return _post(connection=connection, webhook=webhook.with_bad_signature(), label=f"Missed call from {_who(caller)} with a bad signature")


def ringing_call(*, client: Client, caller: Caller) -> Posted:
    """A pre-call: the phone rings, nothing is missed yet."""
    connection = _connection(client=client, provider="callrail", now=clock.read())
    webhook = payloads.pre_call(
        caller=caller.number,
        name=caller.name,
        line=client.phone,
        zone=client.timezone,
        started=clock.real_now(),
        secret=_secret(connection),
    )
    return _post(connection=connection, webhook=webhook, label=f"Pre-call: the phone rings, {_who(caller)} is calling")


def web_form(*, client: Client, caller: Caller) -> Posted:
    """A filled-in contact form."""
    connection = _connection(client=client, provider="form", now=clock.read())
    webhook = payloads.web_form(name=caller.name, phone=caller.number, business=client.name)
    return _post(connection=connection, webhook=webhook, label=f"Website form from {_who(caller)}")


def text(*, client: Client, caller: Caller, words: str) -> Posted:
    """A text from the customer's phone. Raises Refused when there is nothing to send or nobody to send it as."""
    words = words.strip()
    if not caller.number:
        raise Refused("A withheld number has no phone to text from. Choose somebody with a number.")
    if not words:
        raise Refused("The text is empty; nothing was sent.")
    if len(words) > LONGEST_TEXT:
        raise Refused(f"The text has {len(words)} characters; {LONGEST_TEXT} are the most here. Nothing was sent.")
    connection = _connection(client=client, provider="twilio", now=clock.read())
    webhook = payloads.text(
        sender=caller.number, line=client.phone, words=words, url=hook_url(connection=connection), secret=_secret(connection)
    )
    return _post(connection=connection, webhook=webhook, label=f"Text from {_who(caller)}")


CALLS: dict[str, Callable[..., Posted]] = {
    "missed-call": missed_call,
    "pre-call": ringing_call,
    "form": web_form,
    "duplicate": duplicate_call,
    "bad-signature": forged_call,
    "late": late_call,
}


def change_mood(*, client: Client, mood: str) -> None:
    """Put the simulated provider of a client in a mood of providers.connections.MOODS. Raises Refused for a live client."""
    _connection(client=client, provider="twilio", now=clock.read())
    set_mood(client=client, mood=mood)


def refuse_moving_clock() -> None:
    """Raises Refused where a live connection beyond this machine exists: its texts would be held and its waits fall due."""
    for connection in Connection.objects.filter(live=True, disabled_at__isnull=True).only("base_url"):
        if not over_loopback(base_url=connection.base_url):
            raise Refused(CLOCK_STAYS)


def move_clock(*, to: str, client: Client) -> datetime:
    """Move the business clock of the whole installation and return its new now.

    `to` is "HH:MM" (the next such time of the client's zone), "night" (21:30), "sunday" (10:00), "+5m", "+1d", or "real". Raises Refused
    beside a live connection, KeyError for anything else.
    """
    refuse_moving_clock()
    if to == "real":
        return clock.shift(by=timedelta(0))
    now, zone = clock.read(), client.timezone
    if re.fullmatch(r"\d\d:\d\d", to):
        target = next_time(now=now, zone=zone, hour=int(to[:2]), minute=int(to[3:]))
    else:
        target = {
            "night": next_time(now=now, zone=zone, hour=21, minute=30),
            "sunday": next_time(now=now, zone=zone, hour=10, minute=0, weekday=6),
            "+5m": now + timedelta(minutes=5),
            "+1d": now + timedelta(days=1),
        }[to]
    return clock.shift(by=clock.offset() + (target - now))


def next_time(*, now: datetime, zone: str, hour: int, minute: int, weekday: int | None = None) -> datetime:
    """The next moment at which clocks in `zone` show that time (on that weekday, 0 is Monday); `now` itself counts."""
    local = now.astimezone(ZoneInfo(zone))
    moment = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    while moment < local or (weekday is not None and moment.weekday() != weekday):
        moment += timedelta(days=1)
    return moment
