"""Twenty seconds of chaos in the suite; `script/chaos` has the long runs and the arms without their guards."""

import json
import os
import random
import subprocess
import sys

import pytest

from tests.stack.running import OWN, ROOT

SECONDS, RATE = 20, 5  # at that rate some seventy people are to be texted
PATIENCE = 420  # seconds for all of it: starting, the storm, settling, checking


@pytest.mark.timeout(PATIENCE + 30)
def test_twenty_seconds_of_faults_break_no_promise():
    seed = random.SystemRandom().randrange(10**6)
    command = [
        sys.executable,
        "-P",
        "-m",
        "tests.chaos",
        "--seconds",
        str(SECONDS),
        "--seed",
        str(seed),
        "--rate",
        str(RATE),
        "--arms",
        "none",
        "--json",
    ]
    env = {name: value for name, value in os.environ.items() if name not in OWN} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    again = f"repeat it with: script/chaos --seconds {SECONDS} --seed {seed} --rate {RATE} --arms none"
    assert done.stdout, f"{again}\n{done.stderr[-3000:]}"
    report = json.loads(done.stdout)
    assert report["storm"]["broken"] == {}, f"{again}\n{done.stderr[-3000:]}"
    assert sum(report["storm"]["faults"].values()) >= 2 and report["storm"]["reached"] >= 50, again
