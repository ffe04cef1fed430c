"""A process of the product as the harness runs it: `python -m tests.chaos.crew worker|ticker|beat|web ...`.

CHAOS in the environment is one JSON object:
  die      {"point": name, "nth": n}      the process ends there by itself, as by kill -9
  halt     {"point": name, "note": path}  it stops there once (SIGSTOP) and leaves its pid in the note
  slow     {"point": name, "note": path, "until": path}  it says so there once in the note, and goes on when the other file is there
  without  [guard, ...]                   these guards are not there: see WITHOUT
  poison   "+1..."                        the run of this caller kills the worker that takes it up
  lease    seconds                        how long a run is leased, where the usual six are too long
  crowded       true                      no text leaves with its call: each is rung for, and judged in a transaction of its own
  start_within  seconds                   how long after its reservation a try may begin, where the usual five are too short
  jump     {"days": n, "note": path}      after some ticks the clock it reads is that far ahead; says so in the note
  build    "next"                         the next version of the product: a workflow has a step more, with a handler that is new;
           with "unfinished" its runs stay there
and what tests.chaos.deadly knows.
"""

import functools
import itertools
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

from tests.chaos import deadly

ASKED: dict[str, Any] = json.loads(os.environ.get("CHAOS", "{}"))
SLOWEST = 120.0  # seconds; an arm that died must not leave a process that waits for it

# Where a worker can be made to die or to stop: the module and function after which it happens, and whether its result must be true.
POINTS = {
    "taken in, not committed": ("workflows.intake.batch", "take_in", False),
    "taken in": ("workflows.intake.draining", "_take_in_safely", False),
    "run claimed": ("workflows.engine", "_take_up", False),
    "step done, not committed": ("workflows.playing", "decide", False),
    "step done": ("workflows.engine", "_play", True),
    "played, not committed": ("workflows.engine", "play_new", True),
    "reserved, not committed": ("messaging.outbox.reserve", "_reserve", True),
    "reserved": ("messaging.outbox.calling", "chunks", True),
    "calling": ("messaging.outbox.calling", "start_calling", True),
    "called": ("messaging.outbox.dispatch", "call", False),
    "settled, not committed": ("messaging.outbox.outcomes", "_accept", True),
    "woken, not committed": ("workflows.engine", "play_woken", True),
    "settled": ("workflows.due", "settle", True),
    "judged": ("messaging.gate", "judge", False),
}


def _module(name: str) -> Any:
    return __import__(name, fromlist=["_"])


def _after(point: str, do: Callable[[], None]) -> None:
    name, function, must_be_true = POINTS[point]
    module = _module(name)
    real = getattr(module, function)

    @functools.wraps(real)
    def _then(*args: Any, **kwargs: Any) -> Any:
        result = real(*args, **kwargs)
        if result or not must_be_true:
            do()
        return result

    setattr(module, function, _then)


def _death(*, nth: int) -> Callable[[], None]:
    seen = itertools.count(1)
    return lambda: os._exit(137) if next(seen) == nth else None


def _plant() -> None:
    """Deaths, stops and delays."""
    if asked := ASKED.get("die"):
        _after(asked["point"], _death(nth=asked["nth"]))
    if asked := ASKED.get("jump"):
        _jump(**asked)
    if asked := ASKED.get("halt"):

        def _halt(once: list[str] = [asked["note"]]) -> None:  # noqa: B006 the default is the memory
            if once:
                Path(once.pop()).write_text(str(os.getpid()))
                # To this thread: sent to the process it may be another one that takes it, and this one goes on for a moment.
                signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)

        _after(asked["point"], _halt)
    if asked := ASKED.get("slow"):

        def _dawdle(once: list[str] = [asked["note"]]) -> None:  # noqa: B006
            if once:
                Path(once.pop()).write_text(str(os.getpid()))
                ends = time.monotonic() + SLOWEST
                while not Path(asked["until"]).exists() and time.monotonic() < ends:
                    time.sleep(0.05)

        _after(asked["point"], _dawdle)
    if poison := ASKED.get("poison"):
        from workflows import playing

        real = playing.decide

        def _poisoned(*, context: Any, **kwargs: Any) -> Any:
            if context.event.personal.get("phone") == poison:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(context=context, **kwargs)

        playing.decide = _poisoned


def _jump(*, days: int, note: str) -> None:
    """The database's clock as the ticker sees it."""
    from zartsalgo.lib import clock

    real, seen = clock.read_moment, itertools.count(1)

    def _read() -> Any:
        moment = real()
        if next(seen) <= 12:
            return moment
        Path(note).touch()
        return replace(moment, now=moment.now + timedelta(days=days))

    clock.read_moment = _read


def _press_time() -> None:
    from messaging.outbox import calling, dispatch, outcomes, reserve
    from workflows import engine
    from workflows.intake import draining
    from zartsalgo.office.management.commands import ticker

    engine.LEASE_SECONDS = draining.LEASE_SECONDS = ASKED.get("lease", 6)
    engine.RETRY_SECONDS = (1, 2, 4, 8, 8)
    start_within = ASKED.get("start_within", 5)
    reserve.ATTEMPT_SECONDS, dispatch.CALL_SECONDS, calling.START_WITHIN_SECONDS = start_within + 5, 4.0, start_within
    outcomes.LOOK_UP_AFTER = tuple(timedelta(seconds=s) for s in (2, 3, 5, 10, 10))
    outcomes.RETRY_AFTER = tuple(timedelta(seconds=s) for s in (2, 4, 8, 15))
    outcomes.CREDENTIALS_AGAIN = tuple(timedelta(seconds=s) for s in (2, 4, 8))
    ticker.ROUNDS_BETWEEN_WATCHES = 5
    if ASKED.get("crowded"):
        from workflows import engine_thread

        engine_thread.EngineThread._departures = lambda self: reserve.Departures(room=0)


def _never_unknown() -> None:
    """The naive sender: a call without an answer counts as not sent, and is tried again."""
    from messaging.outbox import outcomes

    real = outcomes.write_answers

    def _write_answers(*, results: Any, now: Any) -> Any:
        no_answer = {"outcome": "rejected", "error_code": "unreachable", "note": "not sent: no answer"}
        given = {id: replace(result, **no_answer) if result.outcome == "unknown" else result for id, result in results.items()}
        return real(results=given, now=now)

    outcomes.write_answers = _write_answers


def _no_guards_of_a_send() -> None:
    """Nobody looks whether another has the attempt; the index on live attempts is dropped by the arm."""
    from django.db import connection

    from messaging.outbox import calling, reserve

    def _start(*, tries: Any) -> set[int]:
        ids = [one.attempt_id for one in tries]
        with connection.cursor() as cursor:
            cursor.execute("update messaging_attempt set outcome = 'calling' where id = any(%s)", [ids])
        return set(ids)

    reserve._over, calling.start_calling = (lambda *, messages: {one.pk for one in messages}), _start


def _no_address_lock() -> None:
    from messaging import inbound
    from messaging.outbox import reserve

    reserve.lock_addresses = inbound.lock_address = lambda **_: None


def _no_pause_before_the_call() -> None:
    from messaging.outbox import calling

    calling.UNPAUSED = "true"


def _no_lease_no_fence() -> None:
    """Whoever is rung takes the run, as it was when they looked; unique steps are dropped by the arm."""
    from django.db.models import QuerySet

    from leads import people
    from workflows import engine, playing

    engine._CLAIM = engine._CLAIM.replace("and (r.lease_until is null or r.lease_until < clock_timestamp())", "")
    engine._CLAIM = engine._CLAIM.replace("and (r.claims > 0) = %(suspects)s", "").replace("for no key update skip locked", "")
    engine._CLAIMED = engine._CLAIMED.replace("for no key update of workflows_run", "")
    real, handle = QuerySet.filter, playing.decide

    def _filter(self: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs.pop("lease_epoch", None)
        return real(self, *args, **kwargs)

    def _slowly(**kwargs: Any) -> Any:
        time.sleep(1.0)
        return handle(**kwargs)

    QuerySet.filter = _filter
    QuerySet.select_for_update = lambda self, **_: self
    people.hold_all = lambda **_: None
    playing.decide = _slowly


def _no_ranks() -> None:
    """Every status callback counts, whatever came before."""
    from messaging.outbox import reports

    counter = itertools.count()

    class _Rising(dict):
        def get(self, key: Any, default: Any = None) -> Any:
            return next(counter) * -1

    reports.RANK = _Rising()


def _no_most_claims() -> None:
    from workflows import engine

    engine.MOST_CLAIMS = 10**6


def _no_lateness() -> None:
    """Texts that have waited too long go all the same."""
    from messaging.gate import judging

    judging.CHECKS = tuple((name, look) for name, look in judging.CHECKS if name not in ("too-late", "overtaken", "quiet-hours"))


def _no_dedupe() -> None:
    """Each copy of a webhook is stored as its own, and nobody looks whether its fact stands; the unique key of events is dropped by the arm."""
    import uuid

    from providers import deliveries
    from workflows.intake import recording

    recording.find_recorded = lambda **_: set()

    real = deliveries.make_row

    def _make_row(*, key: str, **kwargs: Any) -> Any:
        return real(key=uuid.uuid4().hex, **kwargs)

    deliveries.make_row = _make_row


def _no_signature() -> None:
    from providers.adapters import twilio

    twilio.TwilioAdapter.verify = lambda self, **_: True


def _no_limits() -> None:
    """Whoever knows an address posts as much as they like."""
    from providers import limits

    limits.LIMITS.judge_form = lambda **_: limits.TAKEN_IN
    limits.LIMITS.is_turned_away = lambda **_: False


def _no_short_patience() -> None:
    """The accept path waits for the broker, as `.delay()` in a view does."""
    from celery import current_app

    from providers import hook_app, views
    from zartsalgo.celery import app

    app.conf.broker_transport_options = {}
    hook_app.ring = views.ring = lambda *, task, id="": current_app.send_task(task, args=[id] if id else [])


def _no_claims() -> None:
    """A second cause of the same person starts its own run and takes no claim."""
    from messaging import dedupe
    from workflows import receipts, registry

    for workflow in registry.workflows().values():
        object.__setattr__(workflow, "joins_within", timedelta(0))
    receipts.registry = registry
    dedupe.take_all = lambda *, claims, now: {claim.holder for claim in claims}


def _no_clock_watch() -> None:
    from workflows import clock_watch

    clock_watch.ClockWatch.look = lambda self, **_: None


def _no_known_handlers() -> None:
    """A build takes up any run, whatever its version needs."""
    from workflows import registry

    class _All(list):
        """As a parameter of a statement: the names that the rows themselves have."""

    def _able() -> dict[str, list[str]]:
        from workflows.models import WorkflowVersion

        steps = [step for version in WorkflowVersion.objects.all() for step in version.definition["steps"]]
        return {"workflows": list(registry.workflows()), "handlers": _All(step["handler"] for step in steps)}

    registry.able = _able


def _no_linear_patterns() -> None:
    from tests.chaos import guards_of_words

    guards_of_words.backtrack()


def _next_build() -> None:
    from workflows import registry
    from workflows.vocabulary import Context, Done, Wait, step

    def note_the_call(context: Context) -> Done | Wait:
        if ASKED.get("unfinished"):
            return Wait(says="Not yet.", until=context.now + timedelta(seconds=1))
        return Done(says="Noted.")

    workflow = registry.workflows()["missed-call-text-back"]
    first, *others = workflow.steps
    following = replace(workflow, steps=(first, step("do", "noted", "Note the call", note_the_call), *others))
    registry.workflows()[workflow.key] = following
    registry.handlers.cache_clear()
    registry.listeners.cache_clear()
    registry.publish()


# Guards by name: what takes each of them out of a process.
WITHOUT: dict[str, Callable[[], None]] = {
    "unknown is a state": _never_unknown,
    "one live attempt": _no_guards_of_a_send,
    "address lock": _no_address_lock,
    "pause before the call": _no_pause_before_the_call,
    "lease and fence": _no_lease_no_fence,
    "forward only": _no_ranks,
    "most claims": _no_most_claims,
    "lateness": _no_lateness,
    "dedupe": _no_dedupe,
    "signature": _no_signature,
    "limits": _no_limits,
    "doorbell": _no_short_patience,
    "purpose claim": _no_claims,
    "known handlers": _no_known_handlers,
    "clock watch": _no_clock_watch,
    **deadly.WITHOUT,
    "linear patterns": _no_linear_patterns,
}


def prepare() -> None:
    """Load the product and change what was asked, before anything runs."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zartsalgo.settings")
    django.setup()
    _press_time()
    if ASKED.get("build") == "next":
        _next_build()
    for guard in ASKED.get("without", ()):
        WITHOUT[guard]()
    _plant()
    deadly.plant(ASKED, _after)


def main(arguments: list[str]) -> None:
    role, *rest = arguments
    prepare()
    if role == "ticker":
        from django.core.management import call_command

        call_command("ticker")
    elif role == "worker":
        from zartsalgo.celery import QUEUES, app

        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        app.worker_main(["worker", "-Q", ",".join(QUEUES), *quiet, *rest])
    elif role == "alone":
        deadly.take_in_alone(rest)
    elif role == "beat":
        from zartsalgo.celery import app

        app.start(["beat", *rest])


if __name__ == "__main__":
    main(sys.argv[1:])
