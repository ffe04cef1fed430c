"""Cases for the gate, drawn without a database: what is true of one message, as a person would tell it, and the facts that say so.

`Case` holds plain values; `facts` and `message` make of them what the gate is given, and tests.messaging.gate_oracle tells by the same
values which checks must fail.
"""

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from leads.calendar import Calendar
from leads.models import Client, Contact, Lead
from messaging.gate import facts as known
from messaging.gate.facts import Facts
from messaging.models import Message, Pause, Template
from zartsalgo.lib.ids import new_id
from zartsalgo.lib.places import locate

DENVER = ZoneInfo("America/Denver")
NOON = datetime(2026, 11, 20, 12, tzinfo=DENVER).astimezone(UTC)
LINE, RESPONDER, REAL = "+13035550100", "+13035550190", "+13035284123"
MOMENTS = [
    "2026-11-20 12:00", "2026-11-20 07:30", "2026-11-20 18:30", "2026-11-20 19:30", "2026-11-20 20:30", "2026-11-20 23:30",
    "2026-11-21 09:30", "2026-11-21 14:50", "2026-11-22 10:00", "2026-11-22 14:00", "2026-11-26 11:00", "2026-12-25 12:00", "2026-07-03 12:00",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Case:
    """A text of a workflow that may go, in every respect; each field says what may be different."""

    channel: str = "sms"
    workflow: str = "quote-request"
    purpose: str = "missed-call-text-back"
    to: str = "+13035550123"
    address: tuple[str, str] = ("", "")  # state and postal code
    now: datetime = NOON
    wrote: timedelta = timedelta(0)  # so long ago it was planned
    useful_for: timedelta | None = timedelta(hours=2)  # from now on
    approved: bool = False
    body: str = "Hi Carla"
    subject: str = "Your roof"
    post: str = "1 Main St, Denver CO"
    sender: str = ""
    stop: str = ""  # words, bounce
    unread: bool = False
    talked_with: bool = False
    refused_number: bool = False
    taken: str = ""  # by another, listed
    answers: int = 0
    others: int = 0
    others_this_week: int = 0
    answer_waits: bool = False
    proof: bool = True
    refused: bool = False
    agreed: bool = True
    inquiry: int = 0  # days ago, 0 is never
    purchase: int = 0
    on_list: str = "fresh"  # fresh, listed, stale
    capped: int = 0
    happened: str = ""  # an event since its cause
    stage: str = "new"
    lead: bool = True
    replied: bool = False
    closed_since: bool = False
    clicked: bool = False
    automation: str = "auto"  # auto, draft, off, none
    template: str = "approved"  # approved, retired, other channel, none
    pause: bool = False
    way: str = "loopback"  # loopback, none, live, shadow, off
    unregistered: bool = False
    clock_moved: bool = False
    opens: str = ""  # always, else from so many o'clock on


# What each draw may change, in one field or in some that belong together.
CHANGES: list[dict[str, list[Any]]] = [
    {"stop": ["words", "bounce"]},
    {"unread": [True]},
    {"talked_with": [True]},
    {"refused_number": [True]},
    {"taken": ["by another", "listed"]},
    {"answers": [1, 3, 4, 5]},
    {"others": [1], "others_this_week": [1, 3]},
    {"others_this_week": [1, 2, 3, 4]},
    {"answer_waits": [True]},
    {"proof": [False]},
    {"refused": [True]},
    {"agreed": [False], "inquiry": [0, 5, 40, 80, 100], "purchase": [0, 30, 200, 500, 600], "on_list": ["fresh", "listed", "stale"]},
    {"capped": [2, 3, 4]},
    {"happened": ["call.answered", "booking.created", "proposal.sent", "booking.canceled", "job.completed", "message.received"],
     "stage": ["new", "booked", "lost"]},
    {"replied": [True], "wrote": [timedelta(seconds=30), timedelta(hours=1)]},
    {"closed_since": [True], "wrote": [timedelta(seconds=30), timedelta(hours=1)]},
    {"closed_since": [True], "lead": [False], "wrote": [timedelta(hours=1)]},
    {"clicked": [True]},
    {"automation": ["draft", "off", "none"]},
    {"automation": ["draft"], "approved": [True]},
    {"template": ["retired", "other channel", "none"]},
    {"body": ["", "x" * 1200, "x" * 1201, "x" * 20_000, "x" * 20_001]},
    {"subject": ["", " "]},
    {"post": ["", " \n"]},
    {"pause": [True]},
    {"useful_for": [None, timedelta(0), -timedelta(seconds=1)]},
    {"to": [LINE, RESPONDER, "24365", "+18005550199", "3035550123", ""]},
    {"way": ["none", "live", "shadow", "off"]},
    {"way": ["live"], "to": [REAL]},
    {"way": ["live"], "to": [REAL], "unregistered": [True]},
    {"way": ["live", "loopback"], "to": [REAL], "clock_moved": [True]},
    {"way": ["shadow"], "to": [REAL], "automation": ["auto", "draft"]},
    {"opens": ["13", "11"]},
    {"now": [datetime.fromisoformat(moment).replace(tzinfo=DENVER).astimezone(UTC) for moment in MOMENTS],
     "to": ["+12125550123", "+18505550123", "+12055550123", "+14015550123", "+15125550123", "+14125550123", "+12705550123", "+17025550123"]},
    {"now": [datetime.fromisoformat(moment).replace(tzinfo=DENVER).astimezone(UTC) for moment in MOMENTS],
     "address": [("FL", ""), ("AZ", ""), ("", "80202"), ("AL", "80202")]},
]  # fmt: skip
KINDS: list[dict[str, list[Any]]] = [
    {"purpose": ["missed-call-text-back", "lead-reply"]},
    {"purpose": ["quote-follow-up", "tips", "review-request"]},
    {"purpose": ["missed-call-text-back", "reply", "quote-follow-up"], "workflow": [""]},
    {"channel": ["email"], "to": ["carla@gomez-homes.com"], "purpose": ["lead-reply", "quote-follow-up"]},
]


def draw(rng: random.Random) -> Case:
    """Half of them differ from a plain case in one respect, so that one check alone must stop them."""
    case = Case(approved=True) if rng.random() < 0.1 else Case()
    for change in [rng.choice(KINDS), *rng.sample(CHANGES, rng.choice((0, 1, 1, 1, 1, 2, 3)))]:
        given = {name: rng.choice(values) for name, values in change.items()}
        if case.channel == "email" and "to" in given:
            given["to"] = rng.choice(["carla@gomez-homes.com", "carla@example.com", "rita@summit.com", "office@summit.com", "no address"])
        case = replace(case, **given)
    return case


def message(case: Case) -> Message:
    """The row, not stored. What it points at stands in the facts alone, so a check that follows a row breaks."""
    written = case.now - case.wrote
    return Message(
        id=new_id(), client_id=1, contact_id=new_id(), lead_id=None, cause_event_id=None, workflow=case.workflow, channel=case.channel,
        purpose=case.purpose, to=case.to, sender=case.sender or ("office@summit.com" if case.channel == "email" else LINE),
        subject=case.subject if case.channel == "email" else "", body=case.body, created_at=written, due_at=written,
        approved_at=written if case.approved else None, approved_by="Ann" if case.approved else "",
        useful_until=None if case.useful_for is None else case.now + case.useful_for,
    )  # fmt: skip


def facts(case: Case) -> Facts:
    """What the gate would have loaded of it."""
    now, hour = case.now, timedelta(hours=1)
    client = Client(id=1, name="Summit Roofing", timezone="America/Denver", phone=LINE, postal_address=case.post)
    hours = {day: ((time(int(case.opens)), time(17)),) for day in range(7)} if case.opens else {}
    pause = Pause(id=7, client=client, reason="Trouble", at=now - hour) if case.pause else None
    template = Template(key="t", version=2, status="retired" if case.template == "retired" else "approved", channel=case.channel)
    if case.template == "other channel":
        template.channel = "email" if case.channel == "sms" else "sms"
    replied_at = now - timedelta(seconds=10) if case.replied else None
    way = known.Way(
        id="w", provider="twilio", label="Twilio", disabled=case.way == "off", loopback=case.way == "loopback", shadow=case.way == "shadow"
    )
    return Facts(
        client=client,
        place=locate(e164=case.to if case.channel == "sms" else "", state=case.address[0], postal_code=case.address[1]),
        calendar=Calendar(zone="America/Denver", hours=hours, closed={}),
        lead=Lead(stage=case.stage, replied_at=replied_at, contact=Contact(name="Carla")) if case.lead else None,
        template=None if case.template == "none" else template,
        automation=None
        if case.automation == "none"
        else known.Automation(enabled=case.automation != "off", sends=case.automation != "draft"),
        responders=frozenset({RESPONDER, "RITA@SUMMIT.COM"}),
        stop=known.Stop(at=now - hour, rule="r", bounced=case.stop == "bounce") if case.stop else None,
        unread_reply=case.unread,
        held=known.Held(since=now - hour, by="Sam") if case.talked_with else None,
        refused=known.Refused(at=now - hour, says="It is a landline.") if case.refused_number else None,
        taken=known.Taken(
            until=now + hour if case.taken == "by another" else None,
            listed_at=now - hour if case.taken == "listed" else None,
            provider_id="SM1" if case.taken == "listed" else "",
        ),
        sent=known.Sent(
            answers=case.answers,
            first_answer=now - 5 * hour if case.answers else None,
            last_answer=now - 2 * hour if case.answers else None,
            today=case.others,
            first_today=now - 3 * hour if case.others else None,
            week=case.others_this_week,
            first_week=now - 50 * hour if case.others_this_week else None,
            waits=case.answer_waits,
        ),
        consents=known.Consents(
            refused_at=now - hour if case.refused else None,
            proof=known.Proof(kind="call", at=now - hour) if case.proof else None,
            written=known.Written(at=now - 9 * hour, source="/contact", wording="1") if case.agreed else None,
            inquiry=now - timedelta(days=case.inquiry) if case.inquiry else None,
            purchase=now - timedelta(days=case.purchase) if case.purchase else None,
            capped=case.capped,
            first_capped=now - 20 * hour if case.capped else None,
            do_not_call=known.Listed(listed=case.on_list == "listed", as_of=now.date(), fresh=case.on_list != "stale"),
        ),
        overtaken=known.Overtaken(
            since=(known.Since(type=case.happened, at=now - hour, facts={}),) if case.happened else (),
            closed=known.Closed(stage="booked", at=now - timedelta(seconds=5)) if case.closed_since else None,
            clicked=case.clicked,
        ),
        pause=pause,
        way=None if case.way == "none" else way,
        sender_trouble="Nobody has recorded it." if case.unregistered else "",
        clock_moved=case.clock_moved,
    )
