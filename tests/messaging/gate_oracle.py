"""Who may be texted when, told a second time and by hand: the oracle that the property test holds every call of a provider against.

Nothing here asks the code under test. The hours are a table of our own for the places used, from the same published rules; people,
opt-outs, unread replies, pauses and what went out are remembered from what the test itself did.
"""

from dataclasses import dataclass, field, replace
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


# -- one case without rows ---------------------------------------------------------------------------------------------------------------

MARKETS = {"quote-follow-up", "tips", "review-request"}
# What is final, in the order in which it gives the reason; all else only waits. A pause goes before everything.
FINAL = ("opted-out", "number", "already-texted", "too-late", "overtaken", "switched-off", "consent", "content", "connection", "not-live")
WAITS = (
    "consent", "postal-address", "unclear-reply", "person-talking", "too-many", "connection", "template", "quiet-hours", "business-closed",
    "needs-approval",
)  # fmt: skip
# Days after an inquiry and after a purchase, a little under what each state allows.
RELATED = {"CO": (29, 540), "TX": (87, 360), "PA": (87, 360), "FL": (0, 0)}
RELATED_ELSEWHERE = (87, 540)
CAPPED = {"FL", "OK", "MD"}
LOST = {
    ANSWER: {"call.answered", "booking.created", "job.completed", "proposal.sent"},
    "lead-reply": {"call.answered", "booking.created", "job.completed", "proposal.sent"},
    "quote-follow-up": {"call.answered", "booking.created", "job.completed"},
}


def states_of(case: Any) -> tuple[str, ...]:
    if case.address in ADDRESSES:
        return ADDRESSES[case.address][1]
    area = AREAS.get(case.to[2:5]) if case.channel == "sms" and len(case.to) == 12 else None
    return (area[1],) if area else ()


def must_fail(case: Any) -> set[str]:
    """The checks that must not pass, told of the case's plain values."""
    by_hand, email, markets = not case.workflow, case.channel == "email", case.purpose in MARKETS
    waited = case.wrote >= timedelta(minutes=1)
    no_number = case.to in ("+13035550100", "+13035550190", "24365", "+18005550199", "3035550123", "")
    no_address = case.to in ("rita@summit.com", "office@summit.com", "no address")
    fiction = case.to.startswith("+13035550") or case.to == "carla@example.com" or "55501" in case.to
    found = {
        "opted-out": bool(case.stop),
        "number": case.refused_number or (no_address if email else no_number),
        "already-texted": case.taken == "by another" or case.taken == "listed" and not by_hand,
        "too-late": case.useful_for is not None and case.useful_for < timedelta(0),
        "overtaken": _lost(case, waited=waited),
        "switched-off": not by_hand and case.automation == "off",
        "content": not _fits(case),
        "postal-address": email and not case.post.strip(),
        "sending-stopped": case.pause,
        "unclear-reply": case.unread,
        "person-talking": not by_hand and case.talked_with,
        "template": case.template != "approved" and not (case.template == "none" and by_hand and case.purpose == "reply"),
        "business-closed": markets and not by_hand and bool(case.opens) and not _is_open(case),
        "needs-approval": not case.approved and case.automation not in ("auto", "off"),
        "not-live": case.way == "shadow",
    }
    if markets:
        related = any(0 < days <= most for days, most in zip((case.inquiry, case.purchase), _days(case), strict=True))
        listed = not email and case.on_list != "fresh"
        found["consent"] = case.refused or not case.agreed and (not related or listed) or case.capped >= 3 and _is_capped(case)
        found["too-many"] = case.answer_waits or case.answers > 0 or case.others >= 1 or case.others_this_week >= 3
        if email and not case.agreed and not case.refused and related:
            found["consent"] = False
    else:
        found["consent"] = not case.proof or case.refused and not by_hand
        found["too-many"] = case.answers >= 4
    found["too-many"] = found["too-many"] and not by_hand
    away = case.way in ("live", "shadow")
    found["connection"] = case.way == "off" or away and (fiction or case.clock_moved) or case.way not in ("none",) and case.unregistered
    if not email and (case.address in ADDRESSES or states_of(case)):
        found["quiet-hours"] = bool(forbidden_hour(number=case.to, address=case.address, purpose=case.purpose, now=case.now))
    return {name for name, true in found.items() if true}


def expected_reason(case: Any, *, failed: set[str]) -> str:
    """Which of the failed checks decides."""
    if "sending-stopped" in failed:
        return "sending-stopped"
    waits = {"connection"} if "connection" in failed and not _never_over_this_line(case) else set()
    if "consent" in failed and _only_capped(case):
        waits.add("consent")
    final = [name for name in FINAL if name in failed and name not in waits]
    held = [name for name in WAITS if name in failed and (name not in FINAL or name in waits)]
    if final == ["not-live"] and held:
        return "not-live-waits"
    first = (final or held or [""])[0]
    if first == "opted-out" and case.stop == "bounce":
        return "bounced"
    if first == "already-texted" and case.taken == "listed":
        return "sent-before-restore"
    return "sender-unregistered" if first == "connection" and _only_unregistered(case) else first


def _lost(case: Any, *, waited: bool) -> bool:
    if case.clicked:
        return True
    if not case.workflow:
        return False
    if case.happened in LOST.get(case.purpose, ()):
        decided = case.happened in ("booking.created", "job.completed")
        if not decided or not case.lead or case.stage in ("booked", "lost"):
            return True
    answered = case.replied and case.purpose != "review-request"
    return case.lead and waited and (answered or case.closed_since)


def _fits(case: Any) -> bool:
    if case.template == "none" and not case.body:
        return True
    if case.channel == "email":
        return 0 < len(case.body) <= 20_000 and bool(case.subject.strip())
    return 0 < len(case.body) <= 1200


def _is_open(case: Any) -> bool:
    local = case.now.astimezone(ZoneInfo(M))
    return int(case.opens) <= local.hour < 17


def _days(case: Any) -> tuple[int, int]:
    states = states_of(case)
    rows = [RELATED.get(state, RELATED_ELSEWHERE) for state in states] or [(0, 0)]
    return min(row[0] for row in rows), min(row[1] for row in rows)


def _is_capped(case: Any) -> bool:
    states = states_of(case)
    return not states or bool(CAPPED & set(states))


def _only_capped(case: Any) -> bool:
    """Their consent stands, and the cap passes by itself."""
    return not must_fail(replace(case, capped=0)) & {"consent"}


def _never_over_this_line(case: Any) -> bool:
    """Made-up numbers and addresses: nothing that passes."""
    return "connection" in must_fail(replace(case, clock_moved=False, unregistered=False)) and case.way != "off"


def _only_unregistered(case: Any) -> bool:
    return "connection" not in must_fail(replace(case, unregistered=False))
