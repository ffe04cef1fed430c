"""Arms about the work behind it: nothing lost, nothing done twice, whatever dies, hangs, comes twice or is replaced."""

from __future__ import annotations

import os
import threading
import time
from datetime import timedelta
from unittest.mock import patch

from tests.chaos import restoring
from tests.chaos.arms import CALLER, OTHER, SETTLE, arm, count_texts, watch, when, without
from tests.chaos.running import FORKS, Rig
from tests.stack.running import Business, http, wait_until


@arm("F5 ticker")
def ticker(rig: Rig, business: Business, guarded: bool) -> int:
    """The broker forgets every ring while no worker runs. The ticker finds what is due."""
    for number in range(5):
        business.miss_call(caller=f"+1303555014{number}", id=f"lost-ring{number}")
    rig.service("stop", "web")  # rings are published beside the answers; with it the last of them is
    rig.broker().flushall()
    rig.service("start", "web")
    rig.run("worker", role="worker")
    if guarded:
        rig.run("ticker", role="ticker")

    def _missing() -> int:
        return 5 - sum(count_texts(rig, business, f"+1303555014{n}") for n in range(5))

    if guarded:
        wait_until(lambda: not _missing(), seconds=SETTLE, what="five texts")
    else:
        time.sleep(12)
    return _missing()


@arm("F19 most claims")
def most_claims(rig: Rig, business: Business, guarded: bool) -> int:
    """A run that kills whoever takes it up is parked after five claims, and its neighbour is not kept waiting."""
    from workflows.models import Run

    chaos = {"poison": CALLER, "lease": 1.5, **without(guarded, "most claims")}
    rig.run("forks", role="worker", pool=FORKS, **chaos)
    rig.run("ticker", role="ticker", **chaos)
    business.miss_call(caller=CALLER, id="poison")
    business.miss_call(caller=OTHER, id="neighbour")
    runs = Run.objects.filter(client__slug=business.slug, event__key="CALpoison", workflow="missed-call-text-back")

    def _look() -> Run | None:
        if not rig.children["ticker"].alive():  # it takes up what nobody does, so it dies of it too
            rig.children["ticker"].start()
        return runs.first()

    run = when(_look, what="the run")
    ends = time.monotonic() + 2 * SETTLE
    while time.monotonic() < ends and run.status != "parked" and run.claims < 8:
        time.sleep(0.3)
        run = when(_look, what="the run")
    if run.status == "parked":
        wait_until(lambda: count_texts(rig, business, OTHER) == 1, seconds=SETTLE, what="the neighbour's text")
    return int(run.status != "parked")


@arm("F7 doorbell")
def doorbell(rig: Rig, business: Business, guarded: bool) -> int:
    """The broker hangs, and not before it goes on may a webhook be kept waiting: each of five is accepted meanwhile."""
    door = rig.run_web(**without(guarded, "doorbell"))
    with rig.stopped(rig.state_of("broker")["pid"]):
        for number in range(5):
            body, headers = business.call(caller=CALLER, id=f"hang{number}", answered=True, call_type="answered")
            try:
                status = http("POST", door + business.callrail.removeprefix(rig.system.url), body=body, headers=headers, seconds=15)[0]
            except OSError:
                status = 0
            if status != 200:
                return 1
    return 0


@arm("F35 signing secret")
def signing_secret(rig: Rig, business: Business, guarded: bool) -> int:
    """The signing secret is rotated under way: what is still signed with the one before is taken."""
    from providers.connections import rotate
    from providers.models import Connection
    from zartsalgo.lib import clock

    connection = Connection.objects.get(client__slug=business.slug, provider="callrail")
    overlap = timedelta(hours=1 if guarded else 0)
    rotate(connection=connection, secret="the-next-signing-secret", overlap=overlap, now=clock.real_now())  # noqa: S106
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
        when(lambda: not Delivery.objects.filter(connection__client__slug=business.slug, state="received").exists(), what="both deliveries")
        return Delivery.objects.filter(connection__client__slug=business.slug, state="poison").count() + (after != 200)
    finally:
        rig.env["ZARTS_ENCRYPTION_KEYS"] = old


@arm("F26 clock watch")
def clock_watch(rig: Rig, business: Business, guarded: bool) -> int:
    """The database's clock seems to jump by 400 days while runs wait for their replies: no wait ends by it. After a storm a ticker has
    thousands of them to take, so whichever comes first counts."""
    from workflows.models import Run

    rig.run("worker", role="worker")
    business.miss_call(caller=CALLER, id="waits")
    mine = Run.objects.filter(client__slug=business.slug, workflow="missed-call-text-back", cursor="reply")
    when(mine.exists, what="the wait")
    waiting = list(Run.objects.filter(status="waiting", cursor="reply").values_list("pk", flat=True))
    note = rig.note("ticks")
    rig.run("ticker", role="ticker", jump={"days": 400, "note": str(note)}, **without(guarded, "clock watch"))
    wait_until(note.exists, seconds=SETTLE, what="the jump")

    def _ended() -> int:
        return len(waiting) - Run.objects.filter(pk__in=waiting, status="waiting").count()

    return watch(guarded, _ended, seconds=6)


@arm("F32 comparing after a restore")
def comparing_after_a_restore(rig: Rig, business: Business, guarded: bool) -> int:
    return restoring.texts_too_many(rig, business, guarded, before=CALLER, after=OTHER)


@arm("F15 dedupe")
def dedupe(rig: Rig, business: Business, guarded: bool) -> int:
    """Fifty copies of one webhook at once are one event."""
    from leads.models import Event

    door = rig.run_web(**without(guarded, "dedupe"))
    if not guarded:
        rig.owner_sql("alter table leads_event drop constraint if exists event_once")
    rig.run("worker", role="worker", **without(guarded, "dedupe"))
    rig.run("forks", role="worker", pool=FORKS, **without(guarded, "dedupe"))
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
    when(lambda: Event.objects.filter(client__slug=business.slug).exists(), what="the event")
    events = Event.objects.filter(client__slug=business.slug, type="call.missed")
    return watch(guarded, lambda: events.count() - 1) + sum(answer != 200 for answer in answers)


@arm("F8 F28 lease and fence")
def lease_and_fence(rig: Rig, business: Business, guarded: bool) -> int:
    """One run is rung for again and again, at two workers: each of its steps is done once."""
    from django.db.models import Count

    from workflows import engine, intake, playing
    from workflows.models import Run, Step
    from zartsalgo.lib import clock

    guards = without(guarded, "lease and fence")
    if not guarded:
        rig.owner_sql("alter table workflows_step drop constraint if exists step_once")
    business.miss_call(caller=CALLER, id="rung")
    # The run is there before anybody can take it up, at its first step.
    with patch.object(engine, "play_new", lambda **_: playing.Batch(playing=[], now=clock.read())):
        intake.drain(now=clock.read())
    run = Run.objects.get(client__slug=business.slug, workflow="missed-call-text-back")
    for name in ("one", "two"):
        rig.run(name, role="worker", **guards)
    for _ in range(20):  # so that there are some for each of them, whoever is there first
        _ring("workflows.advance", str(run.pk), times=4)
        time.sleep(0.4)
    wait_until(lambda: count_texts(rig, business) >= 1, seconds=SETTLE, what="the text")
    twice = Step.objects.filter(run__client__slug=business.slug).values("run", "key").annotate(n=Count("pk")).filter(n__gt=1)
    return watch(guarded, lambda: sum(row["n"] - 1 for row in twice.all()), seconds=3)


def _ring(task: str, id: str, *, times: int) -> None:
    from zartsalgo.celery import app

    for _ in range(times):
        app.send_task(task, args=[id], ignore_result=True)


@arm("F29 known handlers")
def known_handlers(rig: Rig, business: Business, guarded: bool) -> int:
    """A deployment half done and taken back: a run of the next build waits for that build, and today's does not break it."""
    from workflows.models import Run

    following = rig.run("next", role="worker", build="next", unfinished=True)
    business.miss_call(caller=CALLER, id="by-the-next")
    runs = Run.objects.filter(client__slug=business.slug, workflow="missed-call-text-back", cursor="noted")
    run = when(runs.first, what="the run of the next build")
    following.end()
    rig.run("today", role="worker", **without(guarded, "known handlers"))
    rig.run("ticker", role="ticker", **without(guarded, "known handlers"))

    def _touched() -> int:
        run.refresh_from_db()
        return int(run.claims > 1 or run.status != "waiting")

    touched = watch(guarded, _touched, seconds=16)
    if not guarded:
        return touched
    rig.run("next", role="worker", build="next")
    rig.run("ticker", role="ticker", build="next")
    wait_until(lambda: count_texts(rig, business) == 1, seconds=SETTLE, what="its text under the next build")
    return touched
