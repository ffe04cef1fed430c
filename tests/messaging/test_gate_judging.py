"""The gate without a database: some thousand cases, each judged by facts made for it, held against an oracle that knows the case alone.

That the facts which are loaded say what the rows say is the business of test_gate_loading and of the lives of test_gate_properties.
"""

import random
from collections import Counter

import pytest

from messaging import gate
from messaging.gate import judging
from tests.messaging import gate_cases, gate_oracle
from zartsalgo.lib import clock
from zartsalgo.lib.slip import DROP, HOLD, SEND

CASES = 1500
# The reasons that are not the check's own name.
OF_CHECK = {
    "bounced": "opted-out",
    "sent-before-restore": "already-texted",
    "sender-unregistered": "connection",
    "not-live-waits": "not-live",
}


@pytest.fixture(autouse=True)
def nothing_but_facts(monkeypatch):
    """Whoever reads the clock while judging fails here; whoever reads a row, too, because no test of this file may have a database."""

    def _read():
        raise AssertionError("judging reads no clock")

    monkeypatch.setattr(clock, "read_moment", _read)


def cases():
    rng = random.Random(20261120)
    for _ in range(CASES):
        case = gate_cases.draw(rng)
        yield case, gate_cases.message(case), gate_cases.facts(case)


def judged(case, message, facts):
    return gate.judge(message=message, facts=facts, now=case.now)


def test_every_check_says_what_a_careful_person_would():
    seen = Counter()
    for case, message, facts in cases():
        slip = judged(case, message, facts)
        failed = {OF_CHECK.get(check.name, check.name) for check in slip.checks if not check.passed}
        must = gate_oracle.must_fail(case)
        unknown = {"quiet-hours"} if "quiet-hours" not in must and not gate_oracle.states_of(case) else set()
        assert failed - unknown == must, (case, failed ^ must, [check for check in slip.checks if check.name in failed ^ must])
        reason = gate_oracle.expected_reason(case, failed=failed)
        assert slip.reason == reason, case
        assert (slip.verdict == SEND) == (not failed) and slip.made_at == case.now
        if slip.verdict == DROP:
            assert OF_CHECK.get(reason, reason) in gate_oracle.FINAL, case
        if slip.verdict == HOLD:
            assert reason == "sending-stopped" or OF_CHECK.get(reason, reason) in gate_oracle.WAITS, case
        assert [OF_CHECK.get(check.name, check.name) for check in slip.checks] == [name for name, _ in gate.CHECKS]
        seen[slip.verdict] += 1
        seen.update(failed)
    assert min(seen[name] for name, _ in gate.CHECKS) >= 5, seen
    assert min(seen[SEND], seen[HOLD], seen[DROP]) >= CASES / 10, seen


@pytest.mark.parametrize("taken_out", [name for name, _ in gate.CHECKS])
def test_without_a_check_something_goes_out_that_must_not(monkeypatch, taken_out):
    monkeypatch.setattr(judging, "CHECKS", tuple(row for row in judging.CHECKS if row[0] != taken_out))
    assert any(
        judged(case, message, facts).verdict == SEND and gate_oracle.must_fail(case) == {taken_out} for case, message, facts in cases()
    )
