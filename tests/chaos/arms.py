"""Each guard twice: one deterministic fault with the guard in place, where nothing may break, and without it, where the check must see it.

A guard whose absence nobody notices proves nothing, so `script/chaos` fails then too. An arm has a client, callers and workers of its own
on the system that runs; it returns what is broken, counted: 0 is well. The last ones leave the database without a constraint or its
clock moved, which nothing after them needs: `all_arms` gives the order.
"""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Callable
from typing import Any

from tests.chaos.checks import resume_incidents
from tests.chaos.running import Rig, read_rows
from tests.stack.running import Business, wait_until

Arm = Callable[[Rig, Business, bool], int]
ARMS: dict[str, Arm] = {}
CALLER, OTHER = "+13035550131", "+13035550132"
DAMAGING = ("F26 lateness", "F4 one live attempt", "F15 dedupe", "F8 F28 lease and fence", "F29 known handlers")
SETTLE = 180.0  # seconds an arm waits for what should come; nobody waits so long unless it does not


def arm(name: str) -> Callable[[Arm], Arm]:
    def _keep(function: Arm) -> Arm:
        ARMS[name] = function
        return function

    return _keep


def all_arms() -> dict[str, Arm]:
    """Every arm by name, those that damage the database last."""
    # They register themselves.
    from tests.chaos import guards_of_doors, guards_of_life, guards_of_sending, guards_of_time, guards_of_words, guards_of_work  # noqa: F401

    return dict(sorted(ARMS.items(), key=lambda item: DAMAGING.index(item[0]) if item[0] in DAMAGING else -1))


def judge(rig: Rig, name: str) -> dict[str, Any]:
    """Both runs of one arm."""
    found: dict[str, Any] = {}
    for guarded in (True, False):
        business = rig.add_businesses(1, account=f"AC{uuid.uuid4().hex}")[0]
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
    """The next arm finds no process of this one, nothing paused, and no text or ring that its worker could take for its own."""
    from messaging.models import Message

    for name in [name for name in rig.children if not name.startswith("wire")]:
        child = rig.children.pop(name)
        if child.alive():
            os.killpg(child.pid, signal.SIGCONT)
        child.kill()
    rig.fake.heal()
    read_rows(lambda: resume_incidents(by="Chaos"))
    over = {"status": Message.Status.SKIPPED, "reason": "rejected", "says": "The arm is over."}
    read_rows(lambda: Message.objects.filter(status__in=Message.PENDING).update(**over))
    time.sleep(0.5)  # rings are published beside the work
    rig.broker().flushall()


def count_texts(rig: Rig, business: Business, number: str = CALLER) -> int:
    return len(rig.fake.sent_to(number, client=business.twilio))


def find_message(business: Business, number: str = CALLER) -> Any:
    from messaging.models import Message

    return Message.objects.filter(client__slug=business.slug, to=number).first()


def when(look: Callable[[], Any], *, what: str, seconds: float = SETTLE) -> Any:
    return wait_until(lambda: read_rows(look), seconds=seconds, what=what)


def without(guarded: bool, *guards: str) -> dict[str, Any]:
    return {} if guarded else {"without": list(guards)}


def watch(guarded: bool, count: Callable[[], int], *, seconds: float = 4.0) -> int:
    """With the guard: what is broken after so many seconds in which it could have happened. Without: wait until it shows."""
    if guarded:
        time.sleep(seconds)
        return int(read_rows(count))
    try:
        return int(when(count, what="the damage", seconds=SETTLE))
    except TimeoutError:
        return 0
