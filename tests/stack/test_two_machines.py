"""A second machine's workers on the same Postgres and broker: both take work, and the death of one loses nothing and repeats nothing."""

import json
import threading
import time

import pytest

from tests.stack.running import SecondMachine, http, pids, wait_until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

CROWD = 60
_OURS = "from messaging_message m join leads_client c on c.id = m.client_id where c.slug = %(slug)s"
_TRIES = f"""select m."to", split_part(a.owner, ':', 2)::int, a.outcome
  from messaging_attempt a join (select m.* {_OURS}) m on m.id = a.message_id"""  # noqa: S608
_RUNS = """select count(*), count(distinct contact_id) from workflows_run r join leads_client c on c.id = r.client_id
 where c.slug = %(slug)s and r.workflow = 'missed-call-text-back'"""
_WAITING = """select count(*) from providers_delivery d join providers_connection n on n.id = d.connection_id
  join leads_client c on c.id = n.client_id where c.slug = %(slug)s and d.state = 'received'"""
# The first look-up comes ten seconds after nobody knew, here at once.
_LOOK_NOW = """update messaging_message m set due_at = m.due_at - interval '10 seconds' from leads_client c
 where c.id = m.client_id and c.slug = %(slug)s and m.status = 'unknown' and m.checks_made = 0"""
# What a dead process had taken is free once its lease is over: within half a minute, here at once.
_LEASES_END = (
    """update providers_delivery d set next_at = clock_timestamp() from providers_connection n, leads_client c
        where d.state = 'received' and n.id = d.connection_id and c.id = n.client_id and c.slug = %(slug)s""",
    "update workflows_run r set lease_until = clock_timestamp() from leads_client c where c.id = r.client_id and c.slug = %(slug)s and lease_until > clock_timestamp()",
    """update messaging_attempt set deadline_at = clock_timestamp() where outcome in ('reserved', 'calling')
        and split_part(owner, ':', 2)::int = any(%(dead)s)""",
)


@pytest.fixture(scope="module")
def second(system):
    with SecondMachine(system) as running:
        yield running


class Crowd:
    """Callers that post all at once, and what they were answered."""

    def __init__(self, business):
        self._business = business
        self.accepted = []
        self._threads = []

    def call(self, count):
        """So many new callers, from threads."""
        first = len(self._threads)
        for number in range(first, first + count):
            area = (720, 970, 505)[number // 100]
            self._threads.append(threading.Thread(target=self._post, args=(f"+1{area}55501{number % 100:02d}", f"crowd{number}")))
        for thread in self._threads[first:]:
            thread.start()

    def _post(self, caller, id):
        if self._business.miss_call(caller=caller, id=id) == 200:
            self.accepted.append(caller)

    def wait(self):
        for thread in self._threads:
            thread.join()


def test_two_machines_share_the_work_and_the_death_of_one_loses_nothing(system, second, acme, twilio, listed):
    asked = {"slug": acme.slug}
    mine, theirs = pids(system.data), pids(second.data)
    wait_until(lambda: json.loads(http("GET", f"{system.url}/readyz")[1])["workers"] == 2, what="the sign of the second worker")

    def _came():
        return sorted(one.fields["To"] for one in tuple(twilio.accepted))

    # Both take work, for nobody shares it out.
    crowd = Crowd(acme)
    for _ in range(10):
        crowd.call(20)
        crowd.wait()
        twilio.wait_for(count=len(crowd.accepted))
        owners = {pid for _, pid, _ in system.rows(_TRIES, asked)}
        if owners & mine and owners & theirs:
            break
    assert owners & mine and owners & theirs and owners <= mine | theirs
    assert _came() == sorted(crowd.accepted)

    # The second one dies with calls under way, in the middle of a crowd. What it has not called yet nobody has heard of; what it has called
    # stands in the provider's list.
    twilio.mood = "hold"
    crowd.call(CROWD)
    ends = time.monotonic() + 20
    while True:
        second.stand_still()
        called = {to for to, pid, outcome in system.rows(_TRIES, asked) if pid in theirs and outcome == "calling"}
        if len(called) >= 5 and called <= set(_came()):
            break
        second.stand_still(on=False)
        assert time.monotonic() < ends, f"the second machine called {len(called)}"
        time.sleep(0.02)
    second.die()
    twilio.mood = "ok"
    twilio.released.set()
    crowd.wait()
    seen = []
    wait_until(lambda: seen.append((system.rows(_WAITING, asked), _came())) or len(seen) > 10 and seen[-10] == seen[-1], what="rest")
    for statement in _LEASES_END:
        system.rows(statement, asked | {"dead": list(theirs)})

    wait_until(lambda: len(_came()) >= len(crowd.accepted), seconds=60, what=f"{len(crowd.accepted)} texts")

    def _known():
        system.rows(_LOOK_NOW, asked)
        return system.rows(f"select count(*) {_OURS} and m.status in ('sent', 'delivered')", asked) == [(len(crowd.accepted),)]

    wait_until(_known, seconds=60, what="the look-up of what the dead machine had called")
    assert system.rows(_RUNS, asked) == [(len(crowd.accepted), len(crowd.accepted))]
    assert system.rows(f"select count(*) {_OURS}", asked) == [(len(crowd.accepted),)]
    assert _came() == sorted(crowd.accepted) and len(set(_came())) == len(crowd.accepted)
    assert twilio.calls == len(crowd.accepted), "nobody was called a second time"
