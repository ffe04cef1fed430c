"""Arms about a text: once, not after a stop, not out of place, and believed only from who may say so."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from tests.chaos.arms import CALLER, SETTLE, arm, count_texts, find_message, watch, when, without
from tests.chaos.running import Rig
from tests.stack.running import Business, wait_until


@arm("F20 unknown is a state")
def unknown_is_a_state(rig: Rig, business: Business, guarded: bool) -> int:
    """The provider accepts and loses its answers, for good. One text, whatever happens next."""
    rig.fake.forced, rig.fake.reports = "lost", 0.0
    rig.run("worker", role="worker", **without(guarded, "unknown is a state"))
    rig.run("ticker", role="ticker", **without(guarded, "unknown is a state"))
    business.miss_call(caller=CALLER, id="lost")
    wait_until(lambda: count_texts(rig, business), seconds=SETTLE, what="the text")
    if guarded:
        when(lambda: find_message(business).status in ("sent", "delivered"), what="the listing's adoption", seconds=SETTLE)
    return watch(guarded, lambda: count_texts(rig, business) - 1)


@arm("F25 address lock")
def address_lock(rig: Rig, business: Business, guarded: bool) -> int:
    """STOP comes between the judgement and the reservation: no try may be reserved after the opt-out is stored."""
    from messaging.models import Attempt, Suppression

    note, go_on = rig.note("judged"), rig.note("go on")
    slow = {"point": "judged", "note": str(note), "until": str(go_on)}
    rig.run("worker", role="worker", slow=slow, crowded=True, **without(guarded, "address lock"))
    business.miss_call(caller=CALLER, id="race")
    wait_until(note.exists, seconds=SETTLE, what="the judgement")
    rig.run("ticker", role="ticker", **without(guarded, "address lock"))
    business.text_in(sender=CALLER, text="STOP", sid=f"SMrace{business.slug}")
    stops = Suppression.objects.filter(client__slug=business.slug)
    when(lambda: stops.exists() or _somebody_waits_for_a_lock(), what="the opt-out, stored or kept waiting by the lock")
    go_on.touch()
    when(stops.exists, what="the opt-out")
    stored = time.time()
    when(
        lambda: Attempt.objects.filter(message__client__slug=business.slug).exists() or find_message(business).status == "skipped",
        what="its end",
    )
    return sum(one.started_at.timestamp() > stored for one in Attempt.objects.filter(message__client__slug=business.slug))


def _somebody_waits_for_a_lock() -> bool:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select exists(select from pg_locks where locktype = 'advisory' and not granted)")
        return bool(cursor.fetchone()[0])


@arm("F30 pause before the call")
def pause_before_the_call(rig: Rig, business: Business, guarded: bool) -> int:
    """A pause is committed while a worker has the reserved try in its hands: it must not call."""
    from leads.models import Client
    from messaging.models import Attempt
    from messaging.pauses import Scope
    from workflows import incidents
    from zartsalgo.lib import clock

    note, go_on = rig.note("reserved"), rig.note("go on")
    slow = {"point": "reserved", "note": str(note), "until": str(go_on)}
    rig.run("worker", role="worker", slow=slow, start_within=60, **without(guarded, "pause before the call"))
    business.miss_call(caller=CALLER, id="pause")
    wait_until(note.exists, seconds=SETTLE, what="the reservation")
    scope = Scope(client=Client.objects.get(slug=business.slug))
    incidents.open_incident(scope=scope, cause=f"arm:{business.slug}", title="Stop", reason="Stop.", opened_by="Chaos", now=clock.read())
    go_on.touch()
    tries = Attempt.objects.filter(message__client__slug=business.slug)
    when(lambda: not tries.filter(outcome__in=("reserved", "calling")).exists(), what="the end of the try", seconds=SETTLE)
    return count_texts(rig, business)


@arm("F16 purpose claim")
def purpose_claim(rig: Rig, business: Business, guarded: bool) -> int:
    """One person calls three times: one text."""
    rig.run("worker", role="worker", **without(guarded, "purpose claim"))
    rig.run("ticker", role="ticker", **without(guarded, "purpose claim"))
    for number in range(3):
        business.miss_call(caller=CALLER, id=f"call{number}")
    wait_until(lambda: count_texts(rig, business) >= 1, seconds=SETTLE, what="the text")
    return watch(guarded, lambda: count_texts(rig, business) - 1, seconds=3)


@arm("F24 signature")
def signature(rig: Rig, business: Business, guarded: bool) -> int:
    """Somebody says that a text failed, without the secret."""
    door = rig.run_web(**without(guarded, "signature"))
    rig.run("worker", role="worker")
    rig.fake.reports = 0.0
    business.miss_call(caller=CALLER, id="forged")
    accepted = _first(rig, business)
    rig.fake.report(accepted, status="failed", forged=True, url=_through(rig, door, accepted))
    return watch(guarded, lambda: int(find_message(business).status == "failed"), seconds=2)


@arm("F16 F24 forward only")
def forward_only(rig: Rig, business: Business, guarded: bool) -> int:
    """Reports come in the wrong order and twice: delivered stays delivered."""
    rig.run("worker", role="worker", **without(guarded, "forward only"))
    rig.fake.reports = 0.0
    business.miss_call(caller=CALLER, id="order")
    accepted = _first(rig, business)
    for status in ("delivered", "sent", "delivered", "queued"):
        rig.fake.report(accepted, status=status)
        when(lambda: _read_all(business), what="the report to be read")
    message = find_message(business)
    return int((message.status, message.provider_status) != ("delivered", "delivered"))


def _read_all(business: Business) -> bool:
    from providers.models import Delivery

    return not Delivery.objects.filter(connection__client__slug=business.slug, state="received").exists()


def _first(rig: Rig, business: Business) -> Any:
    wait_until(lambda: count_texts(rig, business), seconds=SETTLE, what="the text")
    when(lambda: find_message(business).status == "sent", what="its acceptance")
    return rig.fake.sent_to(CALLER, client=business.twilio)[0]


def _through(rig: Rig, door: str, accepted: Any) -> str:
    return door + str(accepted.fields["StatusCallback"]).removeprefix(rig.system.url)


@arm("F26 lateness")
def lateness(rig: Rig, business: Business, guarded: bool) -> int:
    """Everything stands still for 400 days by the clock, then works again: what is long out of place does not go."""
    from leads.models import Client
    from messaging.pauses import Scope
    from workflows import incidents, resuming
    from zartsalgo.lib import clock

    scope = Scope(client=Client.objects.get(slug=business.slug))
    incident, _ = incidents.open_incident(
        scope=scope, cause=f"arm:{business.slug}", title="Stop", reason="Stop.", opened_by="Chaos", now=clock.read()
    )
    guards = without(guarded, "lateness")
    rig.run("worker", role="worker", **guards)
    rig.run("ticker", role="ticker", **guards)
    business.miss_call(caller=CALLER, id="old")
    when(lambda: (m := find_message(business)) and m.status == "held", what="the hold")
    before = clock.offset()
    try:
        from datetime import timedelta

        clock.shift(by=before + timedelta(days=400))
        if guarded:
            resuming.release(pause=incident.pause, by=None, name="Chaos", now=clock.read(), per_minute=600)
        else:  # the naive resume: everything that was held goes
            from messaging import pauses, planning

            pauses.lift(pause=incident.pause, by=None, now=clock.read())
            planning.wake_held(client=scope.client, reason=pauses.STOPPED, now=clock.read())
        return watch(guarded, lambda: count_texts(rig, business), seconds=5)
    finally:
        clock.shift(by=before)


@arm("F4 one live attempt")
def one_live_attempt(rig: Rig, business: Business, guarded: bool) -> int:
    """A worker sleeps past its deadline with a reserved try in hand, another sends, the first wakes up."""
    guards = without(guarded, "one live attempt")
    if not guarded:
        rig.owner_sql("drop index if exists attempt_one_live")
    note = rig.note("zombie")
    sleeper = rig.run("sleeper", role="worker", halt={"point": "reserved", "note": str(note)}, **guards)
    business.miss_call(caller=CALLER, id="zombie")
    wait_until(note.exists, seconds=SETTLE, what="the sleeper's stop")
    rig.run("worker", role="worker", **guards)
    rig.run("ticker", role="ticker", **guards)
    wait_until(lambda: count_texts(rig, business) == 1, seconds=SETTLE, what="the other worker's text")
    os.killpg(sleeper.pid, signal.SIGCONT)
    return watch(guarded, lambda: count_texts(rig, business) - 1)
