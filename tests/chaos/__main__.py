"""`script/chaos`: break a running system of its own for a while, then check every promise. Exit 0 when all held, 1 when one broke.

Nothing but loopback is touched, everything is bounded in time and count, and only processes of its own are ended. The seed is printed
first and last: the same seed gives the same people and the same faults in the same order.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from typing import Any

from tests.chaos import arms, checks
from tests.chaos.faults import FAULTS, Weather, raise_storm
from tests.chaos.running import Rig
from tests.chaos.workload import Workload, clients_for

MOST_SECONDS = 3600
MOST_SETTLING = 600
RATE, MOST_RATE = 5.0, 60.0  # people a second
# A webhook that waited for the broker would wait as long as it hangs, three seconds and more; on a busy machine all else may take one.
HUNG_ACCEPT_SECONDS = 3.0


def main() -> int:
    known = arms.all_arms()
    parser = argparse.ArgumentParser(prog="script/chaos", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="how long people call while things break (default 60, at most 3600)")
    parser.add_argument("--seed", type=int, default=None, help="whole number; another one each time when left out")
    parser.add_argument("--rate", type=float, default=RATE, help=f"people a second (default {RATE:g}, at most {MOST_RATE:g})")
    parser.add_argument("--faults", default="", help=f"only these, separated by commas: {', '.join(FAULTS)}")
    parser.add_argument("--arms", default="all", help=f"all, none, or some, separated by commas: {', '.join(known)}")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout; progress goes to stderr")
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    chosen = tuple(name for name in options.faults.split(",") if name)
    wanted = {"all": tuple(known), "none": ()}.get(options.arms, tuple(options.arms.split(",")))
    unknown = [name for name in (*chosen, *wanted) if name not in FAULTS and name not in known]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}")
    seconds = max(0, min(options.seconds, MOST_SECONDS))
    report = run(seconds=seconds, seed=seed, rate=max(0.1, min(options.rate, MOST_RATE)), faults=chosen, wanted=wanted)
    if options.json:
        print(json.dumps(report))
    else:
        print(words(report))
    return 0 if report["held"] else 1


def run(*, seconds: int, seed: int, rate: float, faults: tuple[str, ...], wanted: tuple[str, ...]) -> dict[str, Any]:
    """The storm, then the arms, on one system; the whole report."""
    began = time.monotonic()

    def _tell(line: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {line}", file=sys.stderr, flush=True)

    _tell(f"seed {seed}")
    report: dict[str, Any] = {"seed": seed, "seconds": seconds, "storm": None, "arms": {}}
    with Rig(seed=seed, clients=clients_for(seconds=seconds, rate=rate), tell=_tell) as rig:
        if seconds:
            report["storm"] = weather(rig, seconds=seconds, seed=seed, rate=rate, faults=faults)
        for name in wanted:
            report["arms"][name] = arms.judge(rig, name)
    storm_held = report["storm"] is None or not report["storm"]["broken"]
    arms_held = all(arm["held with it"] and arm["seen without it"] for arm in report["arms"].values())
    report |= {"held": storm_held and arms_held, "took": round(time.monotonic() - began)}
    _tell(f"seed {seed}: {'all held' if report['held'] else 'BROKEN'}")
    return report


def weather(rig: Rig, *, seconds: int, seed: int, rate: float, faults: tuple[str, ...]) -> dict[str, Any]:
    """People call at `rate` a second for so long while faults come; then everything is mended, settles, and is checked."""
    load = Workload(rig, seed=seed, rate=rate)
    storm = raise_storm(rig, load, seed=seed)
    rig.fake.trouble, rig.fake.reports = 0.05, 0.95
    sky = Weather(storm, tell=rig.tell, names=faults)
    load.start()
    sky.start()
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        time.sleep(min(5.0, max(0.0, ends - time.monotonic())))
        checks.read_rows(lambda: checks.resume_incidents(by="Chaos"))
    sky.stop()
    rig.fake.heal()
    sky.see_to_workers()
    load.stop()
    rig.tell("the storm is over")
    took = checks.settle_down(seconds=MOST_SETTLING, tell=rig.tell)
    parked = checks.read_rows(lambda: checks.find_parked(rig))
    rig.tell(f"{len(parked)} texts are parked; a person looks into the provider's console")
    declared = checks.read_rows(lambda: checks.declare_unsent(rig, by="Chaos"))
    took += checks.settle_down(seconds=MOST_SETTLING, tell=rig.tell) if declared else 0
    found = checks.check_everything(rig, load, parked=len(parked)) | {"declared unsent by a person": declared}
    deaths = sum(child.deaths for child in rig.children.values())
    found |= {"faults": storm.done, "faults that failed": storm.notes, "deaths": deaths, "settled in": round(took)}
    slowest = max(storm.hung_accept, default=0.0)
    found["slowest accept while the broker hung"] = round(slowest, 3)
    if slowest > HUNG_ACCEPT_SECONDS:
        found["broken"]["accepting while the broker hangs"] = f"{slowest:.2f} s"
    for name in [name for name in rig.children if not name.startswith("wire")]:
        rig.children.pop(name).end()
    return found


def words(report: dict[str, Any]) -> str:
    """The report for a person."""
    lines = []
    if storm := report["storm"]:
        lines += [f"{name}: {value}" for name, value in storm.items() if name != "invariants"]
        lines.append(f"invariants: {sum(storm['invariants'].values())} rows break {len(storm['invariants'])} of them")
    for name, arm in report["arms"].items():
        good = arm["held with it"] and arm["seen without it"]
        lines.append(f"{'ok ' if good else 'BROKEN'} {name}: with the guard {arm['with']}, without {arm['without']}")
    lines.append(f"{'All held' if report['held'] else 'BROKEN'}; seed {report['seed']}, {report['took']} s.")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
