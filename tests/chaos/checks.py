"""What must hold when the storm is over: every invariant, the plan against the provider's record, and nobody lost."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import Q

from tests.chaos.provider import LATE_SECONDS, message_id, shares
from tests.chaos.running import Rig, read_rows
from tests.chaos.workload import TEXTED, Person, Workload

# Texts that come due within this are waited for; look-ups and tries further off are not.
_SOON = timedelta(minutes=2)
STILL_SECONDS = 60
# A share says something of many calls; of the dozen of a minute a provider may swallow so many (tests.chaos.provider: never, 3 %).
FEW = 3


def settle_down(*, seconds: float, tell: Callable[[str], None]) -> float:
    """Wait until nothing is left to do, resuming the incidents that breakers open.

    Returns the seconds it took. It is given up when nothing has become less for a minute, or after `seconds`; what is left then shows in
    the checks.
    """
    began = last = time.monotonic()
    quiet, least = 0, 10**9
    while time.monotonic() - began < seconds and time.monotonic() - last < STILL_SECONDS and quiet < 3:
        resumed = read_rows(lambda: resume_incidents(by="Chaos"))
        left = read_rows(waiting)
        number = sum(left.values())
        if number < least:
            least, last = number, time.monotonic()
            tell(f"settling: {left}")
        quiet = quiet + 1 if not number and not resumed else 0
        time.sleep(1)
    return time.monotonic() - began


def waiting() -> dict[str, int]:
    """What is still under way."""
    from messaging.models import Attempt, Message
    from providers.models import Delivery
    from workflows.models import Run
    from zartsalgo.lib import clock

    now = clock.read()
    soon = Message.objects.filter(status__in=(*Message.PENDING, Message.Status.UNKNOWN))
    return {
        "deliveries": Delivery.objects.filter(state="received").count(),
        "runs": Run.objects.filter(status__in=("ready", "waiting"), wake_at__lte=now).count(),
        "texts": soon.filter(due_at__lte=now + _SOON).count(),
        "tries": Attempt.objects.filter(outcome__in=("reserved", "calling")).count(),
    }


def resume_incidents(*, by: str) -> int:
    """A person resumes what the breakers stopped, as on the page: judged, counted, released. Parked runs are set going again too."""
    from workflows import engine, resuming
    from workflows.models import Incident, Run
    from zartsalgo.lib import clock

    done = 0
    for incident in Incident.objects.select_related("pause").filter(closed_at__isnull=True, pause__lifted_at__isnull=True):
        done += resuming.release(pause=incident.pause, by=None, name=by, now=clock.read(), per_minute=600) is not None
    for run in Run.objects.filter(status="parked"):
        done += engine.unpark(run=run, by=by, now=clock.read())
    return done


def find_parked(rig: Rig) -> list[str]:
    """Texts of faulty calls whose outcome neither callback nor listing has told; without those the provider dropped, of which nobody can tell."""
    from messaging.models import Message

    rows = Message.objects.filter(Q(status=Message.Status.UNKNOWN) | Q(reason="never-confirmed")).values_list("pk", flat=True)
    unknown = {str(pk) for pk in rows}
    return [id for id, kind in rig.fake.faulty.items() if id in unknown and kind != "never"]


def declare_unsent(rig: Rig, *, by: str) -> int:
    """A person looks into the provider's console for each of them: what never came there goes again. Returns how many."""
    from messaging import by_hand
    from messaging.models import Message
    from zartsalgo.lib import clock

    by_hand.MAY_STILL_SEND = timedelta(seconds=2 * LATE_SECONDS)
    there = {message_id(a.fields) for a in tuple(rig.fake.accepted)}
    unknown = [one for one in Message.objects.filter(status=Message.Status.UNKNOWN) if str(one.pk) not in there]
    return sum(
        by_hand.decide_unknown(message=one, went=False, again=True, by=by, reason="Not in the console.", now=clock.read())
        for one in unknown
    )


def check_everything(rig: Rig, load: Workload, *, parked: int) -> dict[str, Any]:
    """All figures; `broken` names what does not hold, with the first few that show it. `parked` as found before a person decided."""
    from zartsalgo.lib import clock
    from zartsalgo.office.invariants import check_invariants

    invariants = {one.key: one.broken for one in check_invariants(now=clock.read())}
    broken = {f"invariant {key}": str(count) for key, count in invariants.items() if count}
    people = [person for person in load.people if person.taken or person.refused]
    expected = {
        "webhooks lost": _lost(people),
        "webhooks that made two events": _doubled_events(),
        "people texted twice": _twice(rig),
        "people texted who must not be": _wrongly(rig, people),
        "texts without a row": _unknown_texts(rig),
        "stored though forged": _forged(people),
        "status believed from a forger": _believed(),
        "steps done twice": _steps_twice(),
    }
    broken |= {name: ", ".join(found[:5]) + f" ({len(found)})" for name, found in expected.items() if found}
    reached, missed = _reached(rig, people)
    faulty = len(rig.fake.faulty)
    if missed and len(missed) * 1000 > reached + len(missed):
        broken["people not reached"] = f"{len(missed)} of {reached + len(missed)}: {', '.join(missed[:8])}"
    if parked > max(FEW, faulty / 20):
        broken["parked after callback and listing"] = f"{parked} of {faulty} faulty calls"
    return {
        "broken": broken,
        "invariants": invariants,
        "people": dict(Counter(person.kind for person in people)),
        "webhooks": dict(load.answers),
        "runs": _count_runs(),
        "texts accepted": len(rig.fake.accepted),
        "eligible": reached + len(missed),
        "reached": reached,
        "faulty calls": faulty,
        "kinds of trouble": shares(rig.fake.faulty.values()),
        "parked": parked,
    }


def _count_runs() -> dict[str, int]:
    from workflows.models import Run

    return dict(Counter(Run.objects.values_list("status", flat=True)))


def _lost(people: list[Person]) -> list[str]:
    """Taken with 200, and no event of it."""
    from leads.models import Event

    known = set(Event.objects.values_list("client__slug", "key"))
    wanted = [
        (p.business.slug, f"CAL{id}" if id == p.key or id.endswith("b") else id)
        for p in people
        if p.kind not in ("poison", "forged", "form")
        for id in p.taken
    ]
    lost = [
        f"{slug}/{key}" for slug, key in wanted if not any((slug, form) in known for form in (key, key.replace("in", f"SMin{slug}", 1)))
    ]
    forms = Event.objects.filter(type__in=("lead.created", "quote.requested")).values_list("client__slug", "personal__phone")
    filled = set(forms)
    return lost + [
        f"{p.business.slug}/form {p.number}" for p in people if p.kind == "form" and p.taken and (p.business.slug, p.number) not in filled
    ]


def _doubled_events() -> list[str]:
    from django.db.models import Count

    from leads.models import Event

    rows = Event.objects.values("client", "source", "key", "type").annotate(n=Count("pk")).filter(n__gt=1)
    return [f"{row['key']} x{row['n']}" for row in rows]


def _texts(rig: Rig) -> Counter[tuple[str, str]]:
    """How many texts the provider really accepted, by hook address and number."""
    return Counter((a.fields["StatusCallback"].partition("?")[0], a.fields["To"]) for a in rig.fake.accepted)


def _twice(rig: Rig) -> list[str]:
    return [number for (_, number), count in _texts(rig).items() if count > 1]


def _wrongly(rig: Rig, people: list[Person]) -> list[str]:
    silent = {(p.business.twilio, p.number): p for p in people if p.kind not in (*TEXTED, "racing")}
    return [f"{silent[key].kind} {key[1]}" for key in _texts(rig) if key in silent]


def _unknown_texts(rig: Rig) -> list[str]:
    from messaging.models import Message

    ours = {str(pk) for pk in Message.objects.values_list("pk", flat=True)}
    return [a.sid for a in rig.fake.accepted if message_id(a.fields) not in ours]


def _reached(rig: Rig, people: list[Person]) -> tuple[int, list[str]]:
    """Of those for whom one text was right and whose webhook was taken: how many got it, and who did not."""
    from messaging.models import Message

    texts = _texts(rig)
    wanted = [p for p in people if p.kind in TEXTED and p.taken]
    missed = [p for p in wanted if not texts[(p.business.twilio, p.number)]]
    why = dict(Message.objects.filter(to__in=[p.number for p in missed]).values_list("to", "says")) if missed else {}
    return len(wanted) - len(missed), [f"{p.kind} {p.number} [{why.get(p.number, 'no text planned')[:60]}]" for p in missed]


def _forged(people: list[Person]) -> list[str]:
    return [f"{p.kind} {p.number}" for p in people if p.kind == "forged" and p.taken]


def _believed() -> list[str]:
    """Only a forger says "failed" here."""
    from messaging.models import Message

    return [str(pk) for pk in Message.objects.filter(provider_status="failed").values_list("pk", flat=True)]


def _steps_twice() -> list[str]:
    from django.db.models import Count

    from workflows.models import Step

    return [row["key"] for row in Step.objects.values("run", "key").annotate(n=Count("pk")).filter(n__gt=1)]
