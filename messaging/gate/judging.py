"""All checks of a message, and what they come to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

from messaging import pauses, talks
from messaging.gate.checks import (
    address,
    automation,
    consent,
    dedupe,
    hours,
    overtaken,
    people,
    readiness,
    throttle,
    words,
)
from messaging.gate.checks import pauses as stops
from messaging.gate.facts import Facts
from messaging.gate.result import Result
from messaging.models import Message
from zartsalgo.lib.slip import DROP, HOLD, SEND, Check, Slip

# A held message without a time of its own is looked at again when somebody acts, and at the latest after this.
LOOK_AGAIN = timedelta(hours=1)

Look: TypeAlias = Callable[[Message, Facts, datetime], Result]

# First failure gives the reason: what is final before what only waits, and the person's own wish before all.
CHECKS: tuple[tuple[str, Look], ...] = (
    ("opted-out", people.opted_out),
    ("number", address.number),
    ("already-texted", dedupe.already_texted),
    ("too-late", hours.too_late),
    (overtaken.CHECK, overtaken.overtaken),
    ("switched-off", automation.switched_off),
    (consent.CHECK, consent.consent),
    ("content", words.content),
    ("postal-address", words.postal_address),
    (pauses.STOPPED, stops.sending_stopped),
    ("unclear-reply", people.unclear_reply),
    (talks.TALKING, people.person_talking),
    (throttle.CHECK, throttle.too_many),
    ("connection", readiness.connection),
    ("template", words.template),
    ("quiet-hours", hours.quiet_hours),
    ("business-closed", hours.business_closed),
    ("needs-approval", automation.needs_approval),
    # The last, so that whatever else is final has decided before it: see _what_else.
    (readiness.NOT_LIVE, readiness.not_live),
)


def judge(*, message: Message, facts: Facts, now: datetime) -> Slip:
    """Judge a message as of `now` by what is known of it. Reads no row, no clock and no setting: the same facts give the same slip."""
    checks: list[Check] = []
    failed: tuple[str, Result] | None = None
    for name, look in CHECKS:
        found = look(message, facts, now)
        name = found.name or name
        checks.append(Check(name=name, passed=found.passed, says=found.says, values=dict(found.values)))
        # A pause decides before everything: while it stands nothing is dropped either, all of it is judged when it is lifted.
        decides = (
            failed is None
            or name == pauses.STOPPED
            or (failed[0] != pauses.STOPPED and failed[1].verdict == HOLD and found.verdict == DROP)
        )
        if not found.passed and decides:
            failed = (name, found)
    if failed is None:
        return Slip(verdict=SEND, reason="", says="Every check passed.", until=None, checks=tuple(checks), made_at=now)
    name, found = failed
    if name == readiness.NOT_LIVE:
        name, found = _what_else(checks=checks, found=found)
    return Slip(verdict=found.verdict, reason=name, says=found.says, until=found.until, checks=tuple(checks), made_at=now)


def _what_else(*, checks: list[Check], found: Result) -> tuple[str, Result]:
    """In shadow: would it have gone at once, or waited first? What is final stands before and has decided already."""
    waits = next((check for check in checks if not check.passed and check.name != readiness.NOT_LIVE), None)
    if waits is None:
        return readiness.NOT_LIVE, found
    says = f"Not live yet: the list for going live is not signed, so nothing leaves. It would have waited first: {waits.says}"
    return readiness.NOT_LIVE_WAITS, replace(found, says=says)
