"""Who may be texted when, told a second time and by hand: the oracle that the property test holds every call of a provider against.

Nothing here asks the code under test. The hours are a table of our own for the places used, from the same published rules; people,
opt-outs, unread replies, pauses and what went out are remembered from what the test itself did.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ANSWER = "missed-call-text-back"
E, C, M, P = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"
# Number or address -> the zones the person may be in, and the states whose rules count.
AREAS: dict[str, tuple[tuple[str, ...], str]] = {
    "303": ((M,), "CO"),
    "212": ((E,), "NY"),
    "602": (("America/Phoenix",), "AZ"),
    "850": ((E, C), "FL"),
    "205": ((C,), "AL"),
    "401": ((E,), "RI"),
    "512": ((C,), "TX"),
    "907": (("America/Anchorage", "America/Adak"), "AK"),
    "808": (("Pacific/Honolulu",), "HI"),
    "541": (("America/Boise", P), "OR"),
    "412": ((E,), "PA"),
    "270": ((E, C), "KY"),
    "702": ((P,), "NV"),
}
ADDRESSES: dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]] = {
    ("FL", ""): ((E, C), ("FL",)),
    ("AZ", ""): ((M, "America/Phoenix"), ("AZ",)),
    ("Texas", ""): ((C, M), ("TX",)),
    ("", "80202"): ((M,), ("CO",)),
    ("", "36801"): ((C, E), ("AL",)),
    ("AL", "80202"): ((C, M), ("AL", "CO")),
}
# First and last hour on weekdays, Saturday, Sunday (None: not at all); whether holidays are closed.
STATES: dict[str, tuple[Any, Any, Any, bool]] = {
    "FL": ((8, 20), (8, 20), (8, 20), False),
    "AL": ((8, 20), (8, 20), None, True),
    "RI": ((9, 18), (10, 17), None, True),
    "TX": ((9, 21), (9, 21), (12, 21), False),
    "PA": ((8, 21), (10, 17), (10, 17), True),
    "KY": ((10, 21), (10, 21), (10, 21), False),
    "NV": ((9, 20), (9, 20), (9, 20), False),
}
FEDERAL = ((8, 21), (8, 21), (8, 21), False)
MARKETING = ((9, 20), (9, 20), (12, 20), False)
# Federal holidays near the days the test starts at, with the days they are kept on.
HOLIDAYS = {date(2026, 2, 16), date(2026, 7, 3), date(2026, 7, 4), date(2026, 11, 26), date(2026, 12, 25), date(2027, 1, 1)}
# One text answers for its purpose so long.
WINDOWS = {ANSWER: timedelta(hours=12)}
DAY = timedelta(hours=24)
MUST_BE_CHECKED = {
    "opted-out", "number", "already-texted", "too-late", "overtaken", "switched-off", "content", "sending-stopped", "unclear-reply",
    "person-talking", "too-many", "not-live", "business-closed",
    "connection", "template", "quiet-hours", "needs-approval", "consent", "postal-address",
}  # fmt: skip


def forbidden_hour(*, number: str, address: tuple[str, str], purpose: str, now: datetime) -> str:
    """The zone and state that forbid a text at `now`, or ""."""
    zones, states = ADDRESSES.get(address) or (AREAS[number[2:5]][0], (AREAS[number[2:5]][1],))
    rows = [FEDERAL if purpose == ANSWER else MARKETING, *(STATES[state] for state in states if state in STATES)]
    for zone in zones:
        local = now.astimezone(ZoneInfo(zone))
        for weekdays, saturday, sunday, holidays_closed in rows:
            hours = {5: saturday, 6: sunday}.get(local.weekday(), weekdays)
            if hours is None or not hours[0] <= local.hour < hours[1] or holidays_closed and local.date() in HOLIDAYS:
                return f"{local:%a %d %b %H:%M} in {zone} for {'/'.join(states)}"
    return ""


@dataclass
class Stop:
    """A pause as the test opened it. An empty field narrows nothing."""

    client: int | None = None
    workflow: str = ""
    connection: Any = None
    lead: Any = None
    until: datetime | None = None

    def holds(self, message: Any) -> bool:
        return (
            self.client in (None, message.client_id)
            and self.workflow in ("", message.workflow)
            and self.connection in (None, message.connection_id)
            and self.lead in (None, message.lead_id)
        )


@dataclass
class Went:
    """A text that the provider took, or may have taken."""

    message: Any
    client: int
    person: int
    purpose: str
    at: datetime


@dataclass
class Oracle:
    """What the test did, remembered as a careful person would, and what it forbids."""

    owners: dict[tuple[int, str], int] = field(default_factory=dict)
    addresses: dict[int, list[str]] = field(default_factory=dict)
    stopped: set[int] = field(default_factory=set)
    stopped_everywhere: set[str] = field(default_factory=set)
    unread: set[int] = field(default_factory=set)
    agreed: set[tuple[int, str]] = field(default_factory=set)
    stops: dict[int, Stop] = field(default_factory=dict)
    off: set[tuple[int, str]] = field(default_factory=set)
    draft: set[tuple[int, str]] = field(default_factory=set)
    approved: set[Any] = field(default_factory=set)
    went: list[Went] = field(default_factory=list)

    def meet(self, *, client: int, number: str, email: str = "", state: str = "", postal_code: str = "") -> int:
        """The person behind a number, else behind an address; what is new about them is added, what is known stays."""
        person = self.owners.get((client, number)) or self.owners.get((client, email)) or len(self.addresses) + 1
        for value in filter(None, (number, email)):
            self.owners.setdefault((client, value), person)
        known = self.addresses.setdefault(person, ["", ""])
        known[0], known[1] = known[0] or state, known[1] or postal_code
        return person

    def stop(self, person: int) -> None:
        """They said stop: whatever they agreed to before counts no more, also when they come back."""
        self.stopped.add(person)
        self.agreed -= {key for key, who in self.owners.items() if who == person}

    def faults(self, *, message: Any, slip: dict[str, Any], calling: bool, now: datetime) -> list[str]:
        """Every reason why this text may not go out at this moment; empty when it may."""
        person = self.owners.get((message.client_id, message.to))
        if person is None:
            return [f"a text to {message.to}, where nobody wrote or called from"]
        key, numbers = (message.client_id, message.workflow), {value for (client, value), who in self.owners.items() if who == person}
        window = WINDOWS.get(message.purpose, DAY)
        before = [one for one in self.went if (one.client, one.person, one.purpose) == (message.client_id, person, message.purpose)]
        hour = forbidden_hour(number=message.to, address=tuple(self.addresses[person]), purpose=message.purpose, now=now)  # type: ignore[arg-type]
        found = {
            "the slip is not of this moment": slip.get("made_at") != now.isoformat() or not calling,
            "a check of the slip did not pass": slip.get("verdict") != "send" or not all(one["passed"] for one in slip["checks"]),
            "the slip misses a check": not {one["name"] for one in slip.get("checks", [])} >= MUST_BE_CHECKED,
            "they opted out": person in self.stopped or bool(numbers & self.stopped_everywhere),
            "a reply that may mean stop is unread": person in self.unread,
            "sending is stopped": any(stop.holds(message) for stop in self.stops.values()),
            "they never agreed to offers": message.purpose != ANSWER and (message.client_id, message.to) not in self.agreed,
            f"forbidden hour: {hour}": bool(hour),
            "they got one for this purpose": any(abs(now - one.at) < window for one in before if one.message != message.pk),
            "this very text went before": any(one.message == message.pk for one in before),
            "the workflow is off": key in self.off,
            "nobody approved the draft": key in self.draft and message.pk not in self.approved,
            "its use is over": message.useful_until is not None and now > message.useful_until,
        }
        return [f"{says}: {message.purpose} to {message.to} at {now:%a %d %b %H:%M:%S}Z" for says, true in found.items() if true]
