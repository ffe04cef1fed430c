"""Who gets in touch during a chaos run, and how their providers deliver it: signed, shuffled, doubled, and again until it is taken.

Each person is one of these, by the seed, and at most one text is ever right for them:
reach     calls and is not answered: one text
again     the same, and calls a second time: one text
copies    the same, the webhook arrives several times, some at once: one text
form      fills a form: no text, a lead
answered  was answered: no text
late      called three days ago and is reported only now: no text
stopped   had written STOP, in one of several wordings, and calls afterwards: no text
racing    writes STOP at the moment of the call: at most one text, none once the opt-out is stored
poison    something signed that nobody can read: nothing, and nobody else suffers
forged    something with a wrong signature: refused and not stored
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import connection

from tests.chaos.running import Rig, read_rows
from tests.stack.running import PHONE, Business, http
from zartsalgo.lib import clock

# Numbers of states in whose hours noon in Denver lies; a hundred fiction numbers (555-01xx) each, per client.
AREA_CODES = (719, 720, 970, 505, 575, 801, 435, 406, 307, 480, 602, 623, 520, 928, 303, 208, 512, 214, 713, 210, 312, 773, 617, 404, 678)
PASSER_BY, HANGS_UP = "+13035550199", "+13035550198"  # with these the faults call
NUMBERS_OF_A_CLIENT = len(AREA_CODES) * 100 - 10  # at least
SHARES = {
    "reach": 62,
    "again": 6,
    "copies": 7,
    "form": 8,
    "answered": 4,
    "late": 3,
    "stopped": 3,
    "racing": 3,
    "poison": 2,
    "forged": 2,
}
TEXTED = ("reach", "again", "copies")
STOPS = ("STOP", "stop texting me please", "Stop!!", "UNSUBSCRIBE", "take me off your list", "no me manden mas mensajes")
AGAIN_AFTER = (0.5, 1, 2, 3, 5, 5, 5, 10, 10, 10, 15, 15, 15, 15, 15, 15)  # seconds until a provider sends again what was not taken


@dataclass
class Person:
    """`number` E.164; `taken` the ids of webhooks that were answered with 200, `refused` those answered otherwise to the end."""

    kind: str
    business: Business
    number: str
    key: str
    taken: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


class Workload:
    """People come at `rate` a second until `stop`; `people` is the plan as far as it was carried out."""

    def __init__(self, rig: Rig, *, seed: int, rate: float) -> None:
        self.rig, self.rate = rig, rate
        self.people: list[Person] = []
        self.answers: dict[int, int] = {}
        self.slow = 0.0
        self._random = random.Random(seed)
        self._over = threading.Event()
        # Most of them wait: for the second call, for the copy that comes late, for a web process that is away.
        self._pool = ThreadPoolExecutor(max(24, round(rate * 5)), thread_name_prefix="workload")
        self._told = threading.Lock()
        self._numbers = self._draw_numbers()
        self._coming = threading.Thread(target=self._come, daemon=True)
        self._doors: list[Callable[[str], str]] = [lambda url: url]
        self.forms: dict[str, str] = {}
        self._looking, self._looked = threading.Lock(), 0.0
        self._stops: set[tuple[str, str]] = set()

    def start(self) -> None:
        for business in self.rig.businesses:
            self.forms[business.slug] = add_form(business)
        self._coming.start()

    def stop(self) -> None:
        """Nobody new; what is under way is delivered to the end."""
        self._over.set()
        self._coming.join()
        self._pool.shutdown(wait=True)

    def also_through(self, url: str) -> None:
        """From now on some webhooks go through a second web process."""
        self._doors.append(lambda hook: url + hook.removeprefix(self.rig.system.url))

    def _draw_numbers(self) -> Iterator[tuple[Business, str]]:
        """Every client and number once, in an order of the seed; not the business's own number, nor those by which faults look."""
        numbers = sorted({f"+1{area}55501{last:02d}" for area in AREA_CODES for last in range(100)} - {PHONE, PASSER_BY, HANGS_UP})
        pairs = [(n, number) for n in range(self.rig.clients) for number in numbers]
        self._random.shuffle(pairs)
        for n, number in pairs:
            yield self.rig.businesses[n], number

    def _come(self) -> None:
        kinds, weights = list(SHARES), list(SHARES.values())
        began = time.monotonic()
        for number, (business, phone) in enumerate(self._numbers):
            if self._over.wait(max(0.0, began + number / self.rate - time.monotonic())):
                return
            person = Person(self._random.choices(kinds, weights)[0], business, phone, f"{number:05d}")
            self.people.append(person)
            self._pool.submit(self._play, person, self._random.random())

    def _play(self, person: Person, chance: float) -> None:
        try:
            getattr(self, f"_{person.kind}")(person, chance)
        finally:
            connection.close()  # who looked at rows; hundreds of threads must not each keep one

    def _reach(self, person: Person, chance: float) -> None:
        self._call(person, id=person.key)

    def _again(self, person: Person, chance: float) -> None:
        self._call(person, id=person.key)
        time.sleep(chance * 6)
        self._call(person, id=f"{person.key}b")

    def _copies(self, person: Person, chance: float) -> None:
        body, headers = person.business.call(caller=person.number, id=person.key)
        threads = [threading.Thread(target=self._deliver, args=(person, person.key, body, headers)) for _ in range(2 + int(chance * 4))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(chance * 5)
        self._deliver(person, person.key, body, headers)

    def _form(self, person: Person, chance: float) -> None:
        fields = {"name": f"Visitor {person.key}", "phone": person.number, "message": "Please send someone about the gutter."}
        self._deliver(
            person,
            f"form{person.key}",
            json.dumps(fields).encode(),
            {"Content-Type": "application/json"},
            url=self.forms[person.business.slug],
        )

    def _answered(self, person: Person, chance: float) -> None:
        self._call(person, id=person.key, answered=True, call_type="answered")

    def _late(self, person: Person, chance: float) -> None:
        # By the clock that is behind, the machine's or the business's: a time between the two could be meant by either.
        now = min(datetime.now(UTC), read_rows(clock.read))
        self._call(person, id=person.key, start_time=(now - timedelta(days=3)).isoformat())

    def _stopped(self, person: Person, chance: float) -> None:
        self._write(person, STOPS[int(chance * len(STOPS))])
        ends = time.monotonic() + 120
        while time.monotonic() < ends:
            if self._has_stopped(person):
                self._call(person, id=person.key)
                return
            time.sleep(0.5)
        person.refused.append("the opt-out was not stored within 120 s")

    def _has_stopped(self, person: Person) -> bool:
        """Whether their opt-out is stored; one look for all who wait, twice a second."""
        from messaging.models import Suppression

        with self._looking:
            if time.monotonic() > self._looked + 0.5:
                self._stops = set(read_rows(lambda: list(Suppression.objects.values_list("client__slug", "value"))))
                self._looked = time.monotonic()
                connection.close()
            return (person.business.slug, person.number) in self._stops

    def _racing(self, person: Person, chance: float) -> None:
        calling = threading.Thread(target=self._call, args=(person,), kwargs={"id": person.key})
        calling.start()
        time.sleep(chance * 0.2)
        self._write(person, "STOP")
        calling.join()

    def _poison(self, person: Person, chance: float) -> None:
        bodies = (
            b'{"id": ' + b"[" * 3000 + b"]" * 3000 + b"}",
            b'{"customer_phone_number": NaN, "answered": 1e999}',
            b"\x00\xff\xfe not json",
            b'{"a": 1, "a": 2, "answered": "\\ud800"}',
            b"[]",
        )
        body = bodies[int(chance * len(bodies))] + person.key.encode()
        self._deliver(person, f"poison{person.key}", body, person.business.sign(body))

    def _forged(self, person: Person, chance: float) -> None:
        body, headers = person.business.call(caller=person.number, id=person.key)
        self._deliver(person, person.key, body, headers | {"Signature": "Zm9yZ2Vk"}, final=(401,))

    def _call(self, person: Person, *, id: str, **changes: object) -> None:
        body, headers = person.business.call(caller=person.number, id=id, **changes)
        self._deliver(person, id, body, headers)

    def _write(self, person: Person, text: str) -> None:
        url, body, headers = person.business.text(sender=person.number, text=text, sid=f"SMin{person.business.slug}{person.key}")
        self._deliver(person, f"in{person.key}", body, headers, url=url)

    def _deliver(
        self, person: Person, id: str, body: bytes, headers: dict[str, str], *, url: str = "", final: tuple[int, ...] = (200,)
    ) -> None:
        """As providers do: what is not taken is sent again, later and later."""
        door = self._doors[int(person.key[:5]) % len(self._doors)]
        for wait in AGAIN_AFTER:
            began = time.monotonic()
            try:
                status = http("POST", door(url or person.business.callrail), body=body, headers=headers, seconds=15)[0]
            except OSError:
                status = 0
            with self._told:
                self.answers[status] = self.answers.get(status, 0) + 1
                if status == 200:
                    self.slow = max(self.slow, time.monotonic() - began)
                    person.taken.append(id)
                    return
            if status in final:
                break
            time.sleep(wait)
        with self._told:
            person.refused.append(f"{id} ended with {status}")


def clients_for(*, seconds: float, rate: float) -> int:
    """So many clients that there are numbers for everybody, and that no client's forms, which all come from one address here, are a flood."""
    return max(3, 1 + int(seconds * rate) // NUMBERS_OF_A_CLIENT, round(rate / 3))


def add_form(business: Business) -> str:
    """A form's address for this client."""
    from leads.models import Client
    from providers.connections import connect

    return connect(client=Client.objects.get(slug=business.slug), provider="form", secret="", now=clock.read())[1]
