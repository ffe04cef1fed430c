"""Random lives of a few people and three clients, and the rules of the gate held against every single call of a provider.

Calls, forms and replies come in by the webhooks or by a form; workflows and staff plan texts; clocks run and jump; pauses, switches and
drafts come and go; the provider accepts, refuses, is silent, reports late; workers die. What may go out is judged by tests.messaging.
gate_oracle, which knows what was done and asks none of the code under test.

The suite takes the same few dozen lives each time. A long run: GATE_SECONDS=300 script/test -q -s tests/messaging/test_gate_properties.py
"""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from leads.models import Automation, Responder
from messaging import by_hand, gate, simulated
from messaging.models import Template
from messaging.outbox import dispatch, reserve, sending
from providers import adapters
from providers.adapters.twilio import TwilioAdapter
from providers.connections import connect
from providers.contract import SendResult
from tests.factories import NOON, ClientFactory
from tests.messaging.gate_world import ADDRESSES, ANSWERS, EMAILS, FOLLOW_UP, NOT_PEOPLE, PEOPLE, SEEN, STARTS, WORKFLOWS, World
from tests.providers import payloads
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db

SECONDS = float(os.environ.get("GATE_SECONDS", "0"))
LIVES, LENGTH = 8, 22


def _draws(rng: random.Random) -> dict[str, Any]:
    """What each kind of happening is drawn from. A life is about few people, or nobody would ever be met twice."""
    client, known, few = rng.choice((0, 0, 1, 2)), rng.randrange(3), rng.randrange(12)
    anybody = rng.randrange(len(PEOPLE) + len(NOT_PEOPLE)) if rng.random() < 0.2 else known
    scope = rng.choice(("agency", "client", "workflow", "connection", "lead"))
    kind = rng.choice(("stop", "unclear", "unclear", "other", "other", "start"))
    often, seldom = rng.random() < 0.75, rng.random() < 0.25
    return {
        "call": (client, anybody, often),
        "form": (client, known, few % len(EMAILS), rng.randrange(len(ADDRESSES)), often),
        "text": (client, known, kind, few),
        "posted_call": (client, known),
        "posted_text": (client, known, kind),
        "plan": (client, known, rng.random() < 0.5, few % 3),
        "work": (),
        "pass_time": (rng.choice((1, 1, 1, 5, 20, 20, 45, 120, 420, 720, 735, 1440, -15)), often),
        "watch": (),
        "pause": (client, scope, rng.choice((0, 0, 30))),
        "resume": (),
        "pause_at_the_last_moment": (client, scope),
        "stop_everywhere": (known,),
        "read_reply": (seldom,),
        "switch": (client, few, rng.choice(("off", "off", "on", "draft", "auto", "auto"))),
        "approve": (),
        "provider_will": (rng.choice(sorted(ANSWERS)),),
        "report": (rng.choice(("sent", "delivered", "undelivered", "failed")), few),
        "die_before_call": (),
        "declare": (seldom,),
    }


OFTEN = {
    "call": 4,
    "plan": 16,
    "work": 8,
    "pass_time": 6,
    "text": 4,
    "posted_text": 2,
    "resume": 3,
    "read_reply": 2,
    "switch": 2,
    "pause_at_the_last_moment": 3,
}
HAPPENINGS = [name for name in _draws(random.Random(0)) for _ in range(OFTEN.get(name, 1))]


@dataclass(frozen=True)
class Life:
    """When it starts, who is in it, and what happens, in order; the same number gives the same life."""

    start: str
    order: tuple[int, ...]
    happenings: tuple[tuple[str, tuple[Any, ...]], ...]

    @classmethod
    def of(cls, number: int) -> "Life":
        rng = random.Random(number)
        order = rng.sample(range(len(PEOPLE)), len(PEOPLE))
        names = rng.choices(HAPPENINGS, k=LENGTH)
        return cls(rng.choice(STARTS), tuple(order), tuple((name, _draws(rng)[name]) for name in names))


@pytest.fixture
def three_clients(db):
    rows, hooks = [], []
    for slug, name, phone in (
        ("summit-roofing", "Summit Roofing", "+13035550100"),
        ("bluebird-plumbing", "Bluebird Plumbing", "+12065550100"),
        ("harbor-movers", "Harbor Movers", "+12075550100"),
    ):
        one = ClientFactory(slug=slug, name=name, phone=phone)
        Responder.objects.create(client=one, name="Rita", phone="+13035550190")
        # Forms start no run here: the texts are what is tried.
        Automation.objects.filter(client=one, workflow="lead-intake").update(enabled=False)
        Automation.objects.create(client=one, workflow=WORKFLOWS[1], send="auto")
        ways = {"callrail": connect(client=one, provider="callrail", secret=payloads.SECRET, now=NOON)[1]}
        if slug != "harbor-movers":
            twilio = {"provider": "twilio", "account": "AC1", "base_url": "http://127.0.0.1:9", "live": True}
            ways["twilio"] = connect(client=one, secret=payloads.SECRET, now=NOON, **twilio)[1]
        rows.append(one)
        hooks.append(ways)
    body = "Hi {{ name }}, this is {{ business }}. Is your quote still of use? Reply STOP to opt out."
    Template.objects.create(client=None, key=FOLLOW_UP, version=1, purpose=FOLLOW_UP, body=body, status="approved", approved_by="us")
    return rows, hooks


class Watched(TwilioAdapter):
    """Twilio whose `send` and list are the life's own; everything that reads is real."""

    world: World

    def send(self, *, callback_url: str, **rest: Any) -> SendResult:
        return self.world.called(message_id=callback_url.rpartition("?m=")[2])

    def find_sent(self, *, to: str, **rest: Any) -> list[dict[str, Any]]:
        return [row for row in self.world.created if row["to"] == to]


@pytest.fixture
def live(three_clients, monkeypatch):
    """Live one life in a transaction that is rolled back; returns its faults."""
    fake, real, judge = Watched(), adapters.load, gate.judge
    start_calling = sending.start_calling
    holder: dict[str, World] = {}

    def judged(**asked):
        slip = judge(**asked)
        SEEN["judged"] += 1
        SEEN[f"reason {slip.reason or 'none'}"] += 1
        return slip

    def start(**asked):
        world = holder["world"]
        if world.before_calling is not None:
            world.before_calling()
            world.before_calling = None
        return start_calling(**asked)

    monkeypatch.setattr(adapters, "load", lambda name: fake if name == "twilio" else real(name))
    monkeypatch.setattr(simulated, "send", lambda *, message: holder["world"].called(message_id=message.pk))
    monkeypatch.setattr(simulated, "find_sent", lambda *, message, since: fake.find_sent(to=message.to))
    monkeypatch.setattr(gate, "judge", judged)
    monkeypatch.setattr(sending, "start_calling", start)
    # By the database's clock, which nobody moves: a try that was left is over at once, and what a person saw counts at once.
    monkeypatch.setattr(reserve, "ATTEMPT_SECONDS", -1)
    # A broken cable is part of a life.
    monkeypatch.setattr(dispatch.log, "disabled", True)
    monkeypatch.setattr(by_hand, "MAY_STILL_SEND", timedelta(0))

    def _live(life: Life) -> list[str]:
        those = [PEOPLE[n] for n in life.order]
        with transaction.atomic(), clock.told() as put, monkeypatch.context() as here:
            here.setattr(f"{__name__}.PEOPLE", those)
            put(datetime.fromisoformat(f"{life.start}-07:00"))
            world = fake.world = holder["world"] = World(*three_clients, put)
            SEEN["lives"] += 1
            for name, values in life.happenings:
                SEEN["happenings"] += 1
                put(clock.read() + timedelta(seconds=1))
                getattr(world, name)(*values)
                if world.faults:
                    break
            transaction.set_rollback(True)
        return world.faults

    return _live


def shortest(life: Life, *, live: Callable[[Life], list[str]]) -> Life:
    """The life without whatever its fault does not need."""
    n = 0
    while n < len(life.happenings):
        less = replace(life, happenings=life.happenings[:n] + life.happenings[n + 1 :])
        life, n = (less, n) if live(less) else (life, n + 1)
    return life


@pytest.mark.timeout(300 + 3 * SECONDS)
def test_no_text_goes_out_that_a_careful_person_would_not_send(live):
    """No message without a slip of this moment in which every check passed; none after an opt-out or while a reply is unread; none in a
    forbidden hour of any zone or state they may be in; none twice for a person, purpose and window; none through a pause."""
    SEEN.clear()
    end, number = time.monotonic() + SECONDS, 0
    while number < LIVES or time.monotonic() < end:
        number += 1
        life = Life.of(number)
        faults = live(life)
        if faults:
            story = "\n".join(f"  {name} {values}" for name, values in shortest(life, live=live).happenings)
            those = " ".join(PEOPLE[n] for n in life.order[:4])
            pytest.fail(f"Life {number} ({life.start} in Denver, {those}): {'; '.join(faults)}\n{story}")
    if SECONDS:
        print("\n" + "\n".join(f"{name}: {count}" for name, count in sorted(SEEN.items())))
    # It has been tried at all: texts went, and the rules have held some back.
    assert SEEN["calls"] >= LIVES, SEEN
    reasons = ("opted-out", "already-texted", "quiet-hours", "sending-stopped", "unclear-reply", "needs-approval", "switched-off")
    assert sum(SEEN[f"reason {reason}"] > 0 for reason in reasons) >= 5, SEEN
