"""Who the demo agency works for: four trades in four zones, with fiction numbers only."""

import secrets
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from leads.clients import add_client
from leads.models import Automation, Client, Desk, DeskHolder, OpeningHours, Responder
from providers.connections import connect
from providers.models import Connection
from workflows import registry

PROVIDERS = ("callrail", "twilio", "form", "generic")
AUTO, DRAFT = str(Automation.Send.AUTO), str(Automation.Send.DRAFT)


@dataclass(frozen=True, kw_only=True)
class DemoResponder:
    """Who calls back. Without hours: always."""

    name: str
    phone: str
    on_from: time | None = None
    on_until: time | None = None


@dataclass(frozen=True, kw_only=True)
class DemoClient:
    """One invented business. `weight` is its share of what happens; `hours` are (first weekday, last weekday, opens, closes)."""

    slug: str
    name: str
    trade: str
    timezone: str
    phone: str
    send: str
    weight: float
    area_codes: tuple[str, ...]
    hours: tuple[tuple[int, int, time, time], ...]
    responders: tuple[DemoResponder, ...]
    member: tuple[str, str]
    # Its own words for the text-back, oldest first; empty: the agency's.
    texts: tuple[str, ...] = ()
    # How often each kind of cause comes: missed call, answered call, form, quote, text.
    kinds: tuple[float, float, float, float, float] = (45, 15, 24, 10, 6)
    b2b: bool = False


SUMMIT = DemoClient(
    slug="summit-roofing",
    name="Summit Roofing",
    trade="roofing",
    timezone="America/Denver",
    phone="+13035550100",
    send=AUTO,
    weight=0.36,
    area_codes=("303", "720", "970", "719"),
    hours=((0, 4, time(7), time(18)), (5, 5, time(8), time(14))),
    # By day the office answers, by night whoever is on call: a held text never delays people.
    responders=(
        DemoResponder(name="Rita Alvarez", phone="+13035550190", on_from=time(7), on_until=time(19)),
        DemoResponder(name="Ben Okafor", phone="+13035550191"),
    ),
    member=("Rita Alvarez", "rita@summit-roofing.example.com"),
    texts=(
        "Hi, you called {{ business }} and we missed it. Call us back any time. Reply STOP to opt out.",
        "Hi{% if name != '' %} {{ name }}{% endif %}, this is {{ business }}. Sorry we missed your call. What can we do for you? "
        "Reply STOP to opt out.",
        "Hi{% if name != '' %} {{ name }}{% endif %}, this is {{ business }}. Sorry we missed your call, we are probably on a roof. "
        "Is water coming in right now? Reply here and a person will answer. Reply STOP to opt out.",
    ),
)
BLUEBIRD = DemoClient(
    slug="bluebird-plumbing",
    name="Bluebird Plumbing",
    trade="plumbing",
    timezone="America/New_York",
    phone="+17185550100",
    send=AUTO,
    weight=0.26,
    area_codes=("718", "347", "929", "917"),
    hours=((0, 5, time(7), time(19)),),
    responders=(
        DemoResponder(name="Grace Sullivan", phone="+17185550190", on_from=time(7), on_until=time(20)),
        DemoResponder(name="Mateusz Nowak", phone="+17185550191"),
    ),
    member=("Grace Sullivan", "grace@bluebird-plumbing.example.com"),
    kinds=(58, 14, 16, 6, 6),
)
HARBOR = DemoClient(
    slug="harbor-movers",
    name="Harbor Movers",
    trade="moving",
    timezone="America/Los_Angeles",
    phone="+13105550100",
    send=DRAFT,
    weight=0.21,
    area_codes=("310", "424", "323", "562"),
    hours=((0, 6, time(7), time(19)),),
    responders=(
        DemoResponder(name="Tevita Faleolo", phone="+13105550190", on_from=time(7), on_until=time(20)),
        DemoResponder(name="Lena Brandt", phone="+13105550191"),
    ),
    member=("Lena Brandt", "lena@harbor-movers.example.com"),
    kinds=(36, 10, 26, 22, 6),
)
GRANITE = DemoClient(
    slug="granite-supply",
    name="Granite Supply",
    trade="stone supply",
    timezone="America/Chicago",
    phone="+13125550100",
    send=DRAFT,
    weight=0.17,
    area_codes=("312", "773", "630", "847"),
    hours=((0, 4, time(6, 30), time(16, 30)),),
    responders=(
        DemoResponder(name="Harold Jensen", phone="+13125550190", on_from=time(6), on_until=time(18)),
        DemoResponder(name="Aisha Rahman", phone="+13125550191"),
    ),
    member=("Aisha Rahman", "aisha@granite-supply.example.com"),
    kinds=(24, 14, 18, 40, 4),
    b2b=True,
)
CLIENTS = (SUMMIT, BLUEBIRD, HARBOR, GRANITE)


def make_client(*, spec: DemoClient, now: datetime, staff: tuple[Any, ...] = ()) -> Client:
    """The client with its people and connections, none of them live. `staff` are the users who hold its desks: person, then deputy."""
    client = add_client(
        slug=spec.slug,
        name=spec.name,
        timezone=spec.timezone,
        phone=spec.phone,
        workflows=[workflow.key for workflow in registry.workflows().values() if workflow.on_for_new_clients],
        now=now,
        send=spec.send,
        demo=True,
    )
    Responder.objects.bulk_create(
        [
            Responder(client=client, name=one.name, phone=one.phone, order=order, on_from=one.on_from, on_until=one.on_until)
            for order, one in enumerate(spec.responders, 1)
        ]
    )
    OpeningHours.objects.bulk_create(
        [
            OpeningHours(client=client, weekday=weekday, opens=opens, closes=closes)
            for first, last, opens, closes in spec.hours
            for weekday in range(first, last + 1)
        ]
    )
    if staff:
        deputy = staff[1] if len(staff) > 1 else None
        DeskHolder.objects.bulk_create([DeskHolder(client=client, desk=desk, person=staff[0], deputy=deputy) for desk in Desk.values])
    for provider in PROVIDERS:
        connect_for_trying(client=client, provider=provider, now=now)
    return client


def connect_for_trying(*, client: Client, provider: str, now: datetime) -> Connection:
    """A connection that is not live, with a secret nobody else knows: the simulator signs for real and nothing is sent through it."""
    secret = "" if provider == "form" else secrets.token_urlsafe(32)
    return connect(client=client, provider=provider, secret=secret, now=now)[0]
