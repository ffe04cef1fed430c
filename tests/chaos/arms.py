"""Each guard twice: one deterministic fault with the guard in place, where nothing may break, and without it, where the check must see it.

A guard whose absence nobody notices proves nothing, so `script/chaos` fails then too. An arm has a client, callers and workers of its own
on the system that runs; it returns what is broken, counted: 0 is well. The last ones leave the database without a constraint or its
clock moved, which nothing after them needs.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.chaos.checks import resume_incidents
from tests.chaos.running import FORKS, Rig, read_rows
from tests.stack.running import Business, http, wait_until

Arm = Callable[[Rig, Business, bool], int]
ARMS: dict[str, Arm] = {}
CALLER, OTHER = "+13035550131", "+13035550132"
SETTLE = 20.0  # seconds an arm waits for what should come, or should not


def arm(name: str) -> Callable[[Arm], Arm]:
    def _keep(function: Arm) -> Arm:
        ARMS[name] = function
        return function

    return _keep


def judge(rig: Rig, name: str) -> dict[str, Any]:
    """Both runs of one arm."""
    found: dict[str, Any] = {}
    for guarded in (True, False):
        business = rig.add_businesses(1)[0]
        rig.fake.heal()
        try:
            found["with" if guarded else "without"] = ARMS[name](rig, business, guarded)
        except Exception as error:
            found["with" if guarded else "without"] = f"{type(error).__name__}: {error}"
        finally:
            _leave(rig)
    found["held with it"] = found["with"] == 0
    found["seen without it"] = isinstance(found["without"], int) and found["without"] > 0
    rig.tell(f"{name}: with the guard {found['with']}, without {found['without']}")
    return found


def _leave(rig: Rig) -> None:
    """The next arm finds no process of this one and nothing paused."""
    for name in [name for name in rig.children if not name.startswith("wire")]:
        child = rig.children.pop(name)
        if child.alive():
            os.killpg(child.pid, signal.SIGCONT)
        child.kill()
    rig.fake.heal()
    read_rows(lambda: resume_incidents(by="Chaos"))


def _texts(rig: Rig, business: Business, number: str = CALLER) -> int:
    return len(rig.fake.sent_to(number, client=business.twilio))


def _message(business: Business, number: str = CALLER) -> Any:
    from messaging.models import Message

    return Message.objects.filter(client__slug=business.slug, to=number).first()


def _when(look: Callable[[], Any], *, what: str, seconds: float = SETTLE) -> Any:
    return wait_until(lambda: read_rows(look), seconds=seconds, what=what)


def _without(guarded: bool, *guards: str) -> dict[str, Any]:
    return {} if guarded else {"without": list(guards)}


@arm("F20 unknown is a state")
def unknown_is_a_state(rig: Rig, business: Business, guarded: bool) -> int:
    """The provider accepts and loses its answers, for good. One text, whatever happens next."""
    rig.fake.forced, rig.fake.reports = "lost", 0.0
    rig.run("worker", role="worker", **_without(guarded, "unknown is a state"))
    rig.run("ticker", role="ticker", **_without(guarded, "unknown is a state"))
    business.miss_call(caller=CALLER, id="lost")
    rig.fake.wait_for(count=len(rig.fake.accepted) + 1)
    if guarded:
        _when(lambda: _message(business).status in ("sent", "delivered"), what="the listing's adoption")
    else:
        wait_until(lambda: _texts(rig, business) > 1, seconds=SETTLE, what="a second text")
    return _texts(rig, business) - 1


@arm("F25 address lock")
def address_lock(rig: Rig, business: Business, guarded: bool) -> int:
    """STOP comes between the judgement and the reservation: no try may be reserved after the opt-out is stored."""
    from messaging.models import Attempt, Suppression

    note = rig.note("judged")
    slow = {"point": "judged", "seconds": 3, "note": str(note)}
    rig.run("worker", role="worker", slow=slow, **_without(guarded, "address lock"))
    business.miss_call(caller=CALLER, id="race")
    wait_until(note.exists, seconds=SETTLE, what="the judgement")
    business.text_in(sender=CALLER, text="STOP", sid=f"SMrace{business.slug}")
    stop = _when(Suppression.objects.filter(client__slug=business.slug).first, what="the opt-out")
    stored = time.time()
    _when(
        lambda: Attempt.objects.filter(message__client__slug=business.slug).exists() or _message(business).status == "skipped",
        what="its end",
    )
    del stop
    return sum(one.started_at.timestamp() > stored for one in Attempt.objects.filter(message__client__slug=business.slug))


@arm("F30 pause before the call")
def pause_before_the_call(rig: Rig, business: Business, guarded: bool) -> int:
    """A pause is committed while a worker has the reserved try in its hands: it must not call."""
    from leads.models import Client
    from messaging.pauses import Scope
    from workflows import incidents
    from zartsalgo.lib import clock

    note = rig.note("reserved")
    slow = {"point": "reserved", "seconds": 2, "note": str(note)}
    rig.run("worker", role="worker", slow=slow, **_without(guarded, "pause before the call"))
    business.miss_call(caller=CALLER, id="pause")
    wait_until(note.exists, seconds=SETTLE, what="the reservation")
    scope = Scope(client=Client.objects.get(slug=business.slug))
    incidents.open_incident(scope=scope, cause=f"arm:{business.slug}", title="Stop", reason="Stop.", opened_by="Chaos", now=clock.read())
    time.sleep(4)
    return _texts(rig, business)


@arm("F16 purpose claim")
def purpose_claim(rig: Rig, business: Business, guarded: bool) -> int:
    """One person calls three times: one text."""
    rig.run("worker", role="worker", **_without(guarded, "purpose claim"))
    rig.run("ticker", role="ticker", **_without(guarded, "purpose claim"))
    for number in range(3):
        business.miss_call(caller=CALLER, id=f"call{number}")
    wait_until(lambda: _texts(rig, business) >= 1, seconds=SETTLE, what="the text")
    time.sleep(3)
    return _texts(rig, business) - 1


@arm("F5 ticker")
def ticker(rig: Rig, business: Business, guarded: bool) -> int:
    """The broker forgets every ring while no worker runs. The ticker finds what is due."""
    for number in range(5):
        business.miss_call(caller=f"+1303555014{number}", id=f"lost-ring{number}")
    time.sleep(1)  # rings are published beside the answers
    rig.broker().flushall()
    rig.run("worker", role="worker")
    if guarded:
        rig.run("ticker", role="ticker")
    time.sleep(12 if not guarded else 1)
    if guarded:
        wait_until(lambda: sum(_texts(rig, business, f"+1303555014{n}") for n in range(5)) == 5, seconds=SETTLE, what="five texts")
    return 5 - sum(_texts(rig, business, f"+1303555014{n}") for n in range(5))


@arm("F19 most claims")
def most_claims(rig: Rig, business: Business, guarded: bool) -> int:
    """A run that kills whoever takes it up is parked after five claims, and its neighbour is not kept waiting."""
    from workflows.models import Run

    chaos = {"poison": CALLER, "lease": 1.5, **_without(guarded, "most claims")}
    rig.run("forks", role="worker", pool=FORKS, **chaos)
    rig.run("ticker", role="ticker", **chaos)
    business.miss_call(caller=CALLER, id="poison")
    business.miss_call(caller=OTHER, id="neighbour")
    runs = Run.objects.filter(client__slug=business.slug, event__key="CALpoison", workflow="missed-call-text-back")
    run = _when(runs.first, what="the run")
    ends = time.monotonic() + 90
    while time.monotonic() < ends and run.status != "parked" and run.claims < 8:
        if not rig.children["ticker"].alive():  # it takes up what nobody does, so it dies of it too
            rig.children["ticker"].start()
        time.sleep(0.3)
        run.refresh_from_db()
    if run.status == "parked":
        wait_until(lambda: _texts(rig, business, OTHER) == 1, seconds=SETTLE, what="the neighbour's text")
    return int(run.status != "parked")


@arm("F24 signature")
def signature(rig: Rig, business: Business, guarded: bool) -> int:
    """Somebody says that a text failed, without the secret."""
    door = rig.run_web(**_without(guarded, "signature"))
    rig.run("worker", role="worker")
    rig.fake.reports = 0.0
    business.miss_call(caller=CALLER, id="forged")
    accepted = _first(rig, business)
    rig.fake.report(accepted, status="failed", forged=True, url=_through(rig, door, accepted))
    time.sleep(2)
    return int(_message(business).status == "failed")


@arm("F16 F24 forward only")
def forward_only(rig: Rig, business: Business, guarded: bool) -> int:
    """Reports come in the wrong order and twice: delivered stays delivered."""
    rig.run("worker", role="worker", **_without(guarded, "forward only"))
    rig.fake.reports = 0.0
    business.miss_call(caller=CALLER, id="order")
    accepted = _first(rig, business)
    for status in ("delivered", "sent", "delivered", "queued"):
        rig.fake.report(accepted, status=status)
        time.sleep(0.4)
    time.sleep(2)
    message = _message(business)
    return int((message.status, message.provider_status) != ("delivered", "delivered"))


def _first(rig: Rig, business: Business) -> Any:
    wait_until(lambda: _texts(rig, business), seconds=SETTLE, what="the text")
    _when(lambda: _message(business).status == "sent", what="its acceptance")
    return rig.fake.sent_to(CALLER, client=business.twilio)[0]


def _through(rig: Rig, door: str, accepted: Any) -> str:
    return door + str(accepted.fields["StatusCallback"]).removeprefix(rig.system.url)


@arm("F7 doorbell")
def doorbell(rig: Rig, business: Business, guarded: bool) -> int:
    """The broker hangs: each of five webhooks is accepted within a second all the same."""
    door = rig.run_web(**_without(guarded, "doorbell"))
    slow = 0
    with rig.stopped(rig.state_of("broker")["pid"]):
        for number in range(5):
            body, headers = business.call(caller=CALLER, id=f"hang{number}", answered=True, call_type="answered")
            began = time.monotonic()
            try:
                status = http("POST", door + business.callrail.removeprefix(rig.system.url), body=body, headers=headers, seconds=3)[0]
            except OSError:
                status = 0
            slow += status != 200 or time.monotonic() - began > 1.0
    return slow


@arm("F35 signing secret")
def signing_secret(rig: Rig, business: Business, guarded: bool) -> int:
    """The signing secret is rotated under way: what is still signed with the one before is taken."""
    from providers.connections import rotate
    from providers.models import Connection

    connection = Connection.objects.get(client__slug=business.slug, provider="callrail")
    rotate(connection=connection, secret="the-next-signing-secret", keep_old=guarded)  # noqa: S106
    return sum(business.miss_call(caller=CALLER, id=f"rotated{number}") != 200 for number in range(3))


@arm("F35 encryption key")
def encryption_key(rig: Rig, business: Business, guarded: bool) -> int:
    """A new encryption key comes first and the old one stays beside it: what was sealed before can still be read."""
    import base64

    from providers.models import Delivery

    old = rig.env["ZARTS_ENCRYPTION_KEYS"]
    new = base64.urlsafe_b64encode(os.urandom(32)).decode()
    business.miss_call(caller=CALLER, id="sealed-before")
    keys = {"ZARTS_ENCRYPTION_KEYS": f"{new},{old}" if guarded else new}
    rig.env |= keys
    try:
        door = rig.run_web(env=keys)
        body, headers = business.call(caller=OTHER, id="sealed-after")
        after = http("POST", door + business.callrail.removeprefix(rig.system.url), body=body, headers=headers)[0]
        rig.run("worker", role="worker")
        rig.run("ticker", role="ticker")
        _when(
            lambda: not Delivery.objects.filter(connection__client__slug=business.slug, state="received").exists(), what="both deliveries"
        )
        return Delivery.objects.filter(connection__client__slug=business.slug, state="poison").count() + (after != 200)
    finally:
        rig.env["ZARTS_ENCRYPTION_KEYS"] = old


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
    guards = _without(guarded, "lateness")
    rig.run("worker", role="worker", **guards)
    rig.run("ticker", role="ticker", **guards)
    business.miss_call(caller=CALLER, id="old")
    _when(lambda: (m := _message(business)) and m.status == "held", what="the hold")
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
        time.sleep(5)
        return _texts(rig, business)
    finally:
        clock.shift(by=before)


@arm("F4 one live attempt")
def one_live_attempt(rig: Rig, business: Business, guarded: bool) -> int:
    """A worker sleeps past its deadline with a reserved try in hand, another sends, the first wakes up."""
    guards = _without(guarded, "one live attempt")
    if not guarded:
        rig.owner_sql("drop index if exists attempt_one_live")
    note = rig.note("zombie")
    sleeper = rig.run("sleeper", role="worker", halt={"point": "reserved", "note": str(note)}, **guards)
    business.miss_call(caller=CALLER, id="zombie")
    wait_until(note.exists, seconds=SETTLE, what="the sleeper's stop")
    rig.run("worker", role="worker", **guards)
    rig.run("ticker", role="ticker", **guards)
    wait_until(lambda: _texts(rig, business) == 1, seconds=SETTLE + 10, what="the other worker's text")
    os.killpg(sleeper.pid, signal.SIGCONT)
    time.sleep(4)
    return _texts(rig, business) - 1


@arm("F15 dedupe")
def dedupe(rig: Rig, business: Business, guarded: bool) -> int:
    """Fifty copies of one webhook at once are one event."""
    from leads.models import Event

    door = rig.run_web(**_without(guarded, "dedupe"))
    if not guarded:
        rig.owner_sql("alter table leads_event drop constraint if exists event_once")
    rig.run("worker", role="worker")
    rig.run("forks", role="worker", pool=FORKS)
    body, headers = business.call(caller=CALLER, id="copies")
    url = door + business.callrail.removeprefix(rig.system.url)
    answers: list[int] = []
    gate = threading.Barrier(50)

    def _post() -> None:
        gate.wait()
        answers.append(http("POST", url, body=body, headers=headers)[0])

    threads = [threading.Thread(target=_post) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _when(lambda: Event.objects.filter(client__slug=business.slug).exists(), what="the event")
    time.sleep(4)
    events = Event.objects.filter(client__slug=business.slug, type="call.missed").count()
    return events - 1 + sum(answer != 200 for answer in answers)


@arm("F8 F28 lease and fence")
def lease_and_fence(rig: Rig, business: Business, guarded: bool) -> int:
    """One run is rung for twenty times at once, at two workers: each of its steps is done once."""
    from django.db.models import Count

    from workflows.models import Run, Step

    guards = _without(guarded, "lease and fence")
    if not guarded:
        rig.owner_sql("alter table workflows_step drop constraint if exists step_once")
    business.miss_call(caller=CALLER, id="rung")
    for name in ("one", "two"):
        rig.run(name, role="worker", **guards)
    run = _when(Run.objects.filter(client__slug=business.slug, workflow="missed-call-text-back").first, what="the run", seconds=30)
    for _ in range(10):
        _ring("workflows.advance", str(run.pk), times=4)
        time.sleep(0.2)
    wait_until(lambda: _texts(rig, business) >= 1, seconds=SETTLE, what="the text")
    time.sleep(3)
    twice = Step.objects.filter(run__client__slug=business.slug).values("run", "key").annotate(n=Count("pk")).filter(n__gt=1)
    return sum(row["n"] - 1 for row in twice)


def _ring(task: str, id: str, *, times: int) -> None:
    from zartsalgo.celery import app

    for _ in range(times):
        app.send_task(task, args=[id], ignore_result=True)
