"""What a random life of the gate's property test can do: a few people, three clients, a provider with moods, and a clock."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection as database
from django.db import transaction

from leads.models import Automation, Identity, Lead, Task
from messaging import by_hand, due, pauses, planning
from messaging.models import Message, Suppression
from messaging.outbox import reserve
from providers.contract import ParsedEvent, SendResult
from tests.messaging.gate_oracle import ANSWER, Oracle, Stop, Went
from tests.planning import plan_text
from tests.providers import payloads
from tests.workflows.test_missed_call import post_call, text_in
from workflows import due as workflows_due
from workflows import engine, intake, resuming, watching
from zartsalgo.lib import clock
from zartsalgo.office import decisions

FOLLOW_UP = "quote-follow-up"
# Two that may want to say the same to the same person.
WORKFLOWS = ("missed-call-text-back", "quote-request")
PEOPLE = [
    f"+1{area}5550{n}"
    for area, n in zip(
        ["303", "303", "212", "602", "850", "205", "401", "512", "907", "808", "541", "412", "270", "702"], range(110, 124), strict=True
    )
]
NOT_PEOPLE = ["anonymous", "24365", "+18005550199", "+13035550100", "+13035550190", ""]
EMAILS = ["", "carla@example.com", "dana@example.com"]
ADDRESSES = [("", "")] * 6 + [("FL", ""), ("AZ", ""), ("Texas", ""), ("", "80202"), ("", "36801"), ("AL", "80202"), ("nowhere", "9")]
STOP_WORDS = ["STOP", "Please stop texting me", "wrong number", "no mas mensajes", "Leave me alone", "take me off your list"]
UNCLEAR_WORDS = ["not interested", "stop please my roof"]
OTHER_WORDS = [
    "My roof leaks, can you come today?",
    "stop by tomorrow at 3?",
    "cancel my 3 pm",
    "HELP",
    "can you stop the leak",
    "who is this?",
]
# Denver's clock: ordinary days at all hours, a Sunday, the night the clocks change, and holidays.
STARTS = [
    "2026-11-20 12:00", "2026-11-20 12:00", "2026-11-20 10:30", "2026-11-18 13:00", "2026-11-19 15:30", "2026-11-20 06:50",
    "2026-11-20 17:50", "2026-11-20 20:50", "2026-11-20 23:30", "2026-11-21 14:50", "2026-11-22 12:00", "2026-11-22 17:00",
    "2026-10-31 19:45", "2026-03-07 20:00", "2026-11-26 11:00", "2026-12-25 12:00", "2026-07-03 12:00", "2026-02-16 11:00",
]  # fmt: skip
ANSWERS: dict[str, SendResult | None] = {
    "silent": SendResult(outcome="unknown", note="time-out"),
    "silent-but-sent": SendResult(outcome="unknown", note="reset"),
    "breaks": None,
    "dies": None,
    "busy": SendResult(outcome="rejected", http_status=429, error_code="20429"),
    "landline": SendResult(outcome="rejected", http_status=400, error_code="21614"),
    "carrier-stop": SendResult(outcome="rejected", http_status=400, error_code="21610"),
    "no-credentials": SendResult(outcome="rejected", http_status=401, error_code="20003"),
}
SEEN: Counter[str] = Counter()


class Died(BaseException):
    """The worker is gone: nothing of ours runs after it."""


class World:
    """Three clients and the provider, all of one life's doing, and the faults that the oracle found."""

    def __init__(self, clients: list[Any], hooks: list[dict[str, str]], put: Any) -> None:
        self.clients, self.hooks, self.put = clients, hooks, put
        self.oracle = Oracle()
        self.faults: list[str] = []
        self.answers: list[str] = []
        self.created: list[dict[str, Any]] = []
        self.pending: list[Any] = []
        self.n = 0
        self.before_calling: Any = None

    @property
    def now(self) -> datetime:
        return clock.read()

    def id(self) -> str:
        self.n += 1
        return f"{self.n:08d}"

    # -- the provider ------------------------------------------------------------------------------------------------------------------

    def called(self, *, message_id: Any) -> SendResult:
        message = Message.objects.get(pk=message_id)
        attempt = message.attempts.order_by("-n").first()
        calling = attempt is not None and attempt.outcome == "calling"
        self.faults += self.oracle.faults(message=message, slip=attempt.slip if attempt else {}, calling=calling, now=self.now)
        SEEN["calls"] += 1
        SEEN[f"{message.purpose} by {message.workflow or 'a person'}"] += 1
        person = self.oracle.owners.get((message.client_id, message.to), 0)
        mood = self.answers.pop(0) if self.answers else "accepts"
        if mood == "breaks" and message.connection_id is None:
            mood = "silent"  # the simulator's phone has no cable
        result = ANSWERS.get(mood) or SendResult(outcome="accepted", provider_id=f"SM{self.id()}", http_status=201)
        if result.outcome != "rejected":
            self.oracle.went.append(Went(message.pk, message.client_id, person, message.purpose, self.now))
        if mood == "carrier-stop":
            self.oracle.stop(person)
        if mood in ("accepts", "silent-but-sent"):
            sid = result.provider_id or f"SM{self.id()}"
            with database.cursor() as cursor:
                cursor.execute("select clock_timestamp()")
                row = {"provider_id": sid, "body": message.body, "created_at": cursor.fetchone()[0], "status": "sent"}
            self.created.append({**row, "to": message.to, "message": message})
        if mood == "breaks":
            raise RuntimeError("cable cut")
        if mood == "dies":
            raise Died
        return result

    # -- what may happen: every method is one kind of happening ------------------------------------------------------------------------

    def call(self, client: int, who: int, work: bool) -> None:
        number = (PEOPLE + NOT_PEOPLE)[who]
        self._record(client, "call.missed", {"phone": number}, {"tracking_number": "+13035550101"})
        # The line of one client is a caller like any other to the next one.
        if number in PEOPLE or (client and number == self.clients[0].phone):
            self.oracle.meet(client=self.clients[client].pk, number=number)
        if work:
            self.work()

    def form(self, client: int, who: int, email: int, address: int, agrees: bool = True) -> None:
        (state, postal_code), number = ADDRESSES[address], PEOPLE[who]
        personal = {"phone": number, "email": EMAILS[email], "state": state, "postal_code": postal_code, "name": "Carla Gomez"}
        agreed = {"granted": agrees, "wording": "I agree to texts about my request. Reply STOP to opt out."}
        self._record(client, "lead.created", personal, {"form": self.id(), "consent": agreed})
        known = {"state": state, "postal_code": postal_code} if state != "nowhere" else {}
        self.oracle.meet(client=self.clients[client].pk, number=number, email=EMAILS[email], **known)
        if agrees:
            self.oracle.agreed.add((self.clients[client].pk, number))

    def text(self, client: int, who: int, kind: str, n: int) -> None:
        words = {"stop": STOP_WORDS, "unclear": UNCLEAR_WORDS, "other": OTHER_WORDS, "start": ["START"]}[kind]
        self._record(client, "message.received", {"phone": PEOPLE[who], "text": words[n % len(words)]}, {})
        self._heard(client, who, kind)

    def _heard(self, client: int, who: int, kind: str) -> None:
        person = self.oracle.meet(client=self.clients[client].pk, number=PEOPLE[who])
        if kind == "stop":
            self.oracle.stop(person)
        if kind == "unclear":
            self.oracle.unread.add(person)
        if kind == "start":
            # Only the person's own word may lift it. Whether it does is not judged here.
            self.oracle.stopped.discard(person)

    def posted_call(self, client: int, who: int) -> None:
        """By the real webhook: stored now, understood at the next work."""
        fresh = {"start_time": (datetime.now(UTC) - timedelta(seconds=30)).isoformat(), "customer_phone_number": PEOPLE[who]}
        changes = {"id": int(self.id()), "resource_id": f"CAL{self.id()}", "customer_state": payloads.ABSENT}
        assert post_call(self.hooks[client]["callrail"], **fresh, **changes) == 200
        self.pending.append(lambda: self.oracle.meet(client=self.clients[client].pk, number=PEOPLE[who]))

    def posted_text(self, client: int, who: int, kind: str) -> None:
        if "twilio" not in self.hooks[client]:
            return
        words = {"stop": "STOP", "unclear": "not interested", "other": "Can you come today?", "start": "START"}[kind]
        assert text_in(self.hooks[client]["twilio"], f"{words}{'.' * self.n}" if kind == "other" else words, sender=PEOPLE[who]) == 200
        self.pending.append(lambda: self._heard(client, who, kind))

    def _record(self, client: int, type: str, personal: dict[str, str], facts: dict[str, Any]) -> None:
        item = ParsedEvent(type=type, key=self.id(), occurred_at=self.now, facts=facts, personal=personal)
        with transaction.atomic():
            _, runs = intake.record(
                client=self.clients[client], source="form", item=item, received_at=self.now, delivery_id=None, now=self.now
            )
        for run_id in runs:
            engine.advance(run_id=run_id, now=self.now)

    def plan(self, client: int, who: int, follow_up: bool, workflow: int) -> None:
        """Another workflow, or a person, has words for somebody too."""
        one = self.clients[client]
        if (one.pk, PEOPLE[who]) not in self.oracle.owners:
            self.form(client, who, 0, 0) if follow_up else self.text(client, who, "other", 0)
        contact = Identity.objects.select_related("contact").get(client=one, kind="phone", value=PEOPLE[who]).contact
        key = FOLLOW_UP if follow_up else ANSWER
        plan_text(
            client=one,
            contact=contact,
            lead=Lead.objects.filter(contact=contact).first(),
            to=PEOPLE[who],
            purpose=key,
            template_key=key,
            values={"name": "Carla", "business": one.name},
            now=self.now,
            useful_until=None if follow_up else self.now + timedelta(hours=2),
            workflow=(*WORKFLOWS, "")[workflow],
        )

    def work(self) -> None:
        """What worker and ticker do until nothing is due; a death ends the round."""
        try:
            for _ in range(2):
                intake.drain(now=self.now)
                for heard in self.pending:
                    heard()
                self.pending.clear()
                touched = workflows_due.work_off(now=self.now) + due.work_off(now=self.now)
                if not touched:
                    return
        except Died:
            SEEN["deaths"] += 1

    def pass_time(self, minutes: int, work: bool) -> None:
        self.put(self.now + timedelta(minutes=minutes))
        if work:
            self.work()

    def watch(self) -> None:
        watching.watch(now=self.now)
        self._lifted()

    def _lifted(self) -> None:
        over = [key for key, stop in self.oracle.stops.items() if stop.until is not None and stop.until <= self.now]
        for key in over:
            del self.oracle.stops[key]

    def pause(self, client: int, scope: str, minutes: int) -> None:
        made = self._scope(client, scope)
        if made is None:
            return
        until = self.now + timedelta(minutes=minutes) if minutes else None
        row, new = pauses.pause(scope=made, reason="trouble", by=None, now=self.now, until=until)
        if new:
            self.oracle.stops[row.pk] = Stop(
                client=made.client.pk if made.client else None,
                workflow=made.workflow,
                connection=made.connection.pk if made.connection else None,
                lead=made.lead.pk if made.lead else None,
                until=until,
            )

    def _scope(self, client: int, scope: str) -> pauses.Scope | None:
        one = self.clients[client]
        way, lead = one.connections.filter(provider="twilio").first(), Lead.objects.filter(client=one).order_by("created_at").first()
        if scope == "workflow":
            return pauses.Scope(workflow=ANSWER)
        if scope == "connection":
            return pauses.Scope(client=one, connection=way) if way else None
        if scope == "lead":
            return pauses.Scope(client=one, lead=lead) if lead else None
        return pauses.Scope() if scope == "agency" else pauses.Scope(client=one)

    def resume(self) -> None:
        for row in pauses.open_pauses()[:1]:
            resuming.release(pause=row, by=None, name="Sam", now=self.now)
            self.oracle.stops.pop(row.pk, None)

    def pause_at_the_last_moment(self, client: int, scope: str) -> None:
        """Stored after the gate said yes and before the call begins."""
        self.before_calling = lambda: self.pause(client, scope, 0)
        self.work()
        self.before_calling = None

    def stop_everywhere(self, who: int) -> None:
        row = Suppression(client=None, contact=None, kind="phone", value=PEOPLE[who], rule="the agency's list", at=self.now)
        Suppression.objects.bulk_create([row], ignore_conflicts=True)
        self.oracle.stopped_everywhere.add(PEOPLE[who])

    def read_reply(self, stop: bool) -> None:
        """A person reads one that may mean stop and says what it means."""
        task = Task.objects.filter(kind="unclear-reply", status=Task.Status.OPEN).order_by("created_at").first()
        if task is None:
            return
        person = next(who for (client, value), who in self.oracle.owners.items() if self._owns(task=task, client=client, value=value))
        choice = decisions.Choice("stop" if stop else "not-stop", "Read")
        decisions._decide_task(task=task, choice=choice, by="Sam", now=self.now)
        if not Task.objects.filter(contact=task.contact, kind="unclear-reply", status=Task.Status.OPEN).exists():
            self.oracle.unread.discard(person)
        if stop:
            self.oracle.stop(person)

    @staticmethod
    def _owns(*, task: Task, client: int, value: str) -> bool:
        return task.client_id == client and Identity.objects.filter(contact_id=task.contact_id, client_id=client, value=value).exists()

    def switch(self, client: int, workflow: int, what: str) -> None:
        key = WORKFLOWS[workflow % 2]
        rows = Automation.objects.filter(client=self.clients[client], workflow=key)
        rows.update(**{"off": {"enabled": False}, "on": {"enabled": True}, "draft": {"send": "draft"}, "auto": {"send": "auto"}}[what])
        named = (self.clients[client].pk, key)
        keep, drop = {"off": ("off", ""), "on": ("", "off"), "draft": ("draft", ""), "auto": ("", "draft")}[what]
        if keep:
            getattr(self.oracle, keep).add(named)
        if drop:
            getattr(self.oracle, drop).discard(named)

    def approve(self) -> None:
        for row in Message.objects.filter(status__in=Message.PENDING, approved_at__isnull=True).order_by("created_at")[:1]:
            planning.approve(message=row, by="Ann", now=self.now)
            self.oracle.approved.add(row.pk)

    def provider_will(self, mood: str) -> None:
        self.answers.append(mood)

    def report(self, status: str, n: int) -> None:
        """The provider tells late, perhaps twice or about one that never answered."""
        if not self.created:
            return
        row = self.created[n % len(self.created)]
        facts = {"message_id": str(row["message"].pk), "provider_id": row["provider_id"], "status": status, "error_code": "30003"}
        item = ParsedEvent(type="message.status", key=self.id(), occurred_at=self.now, facts=facts, personal={})
        with transaction.atomic():
            intake.record(client=row["message"].client, source="twilio", item=item, received_at=self.now, delivery_id=None, now=self.now)

    def die_before_call(self) -> None:
        """A worker reserves a try and is never heard of again; its deadline passes."""
        row = Message.objects.filter(status__in=Message.PENDING, due_at__lte=self.now).first()
        if row is not None and row.attempts.filter(outcome="reserved").count() == 0:
            reserve.reserve(message_ids=[row.pk], now=self.now)

    def declare(self, again: bool) -> None:
        """Somebody looked in the provider's console: a text without an answer did not go."""
        created = [row["message"].pk for row in self.created]
        row = Message.objects.filter(status=Message.Status.UNKNOWN).exclude(pk__in=created).first()
        if row is None:
            return
        try:
            by_hand.decide_unknown(message=row, went=False, by="Sam", reason="not in the console", again=again, now=self.now)
        except by_hand.NotAgain:
            return
        self.oracle.went = [one for one in self.oracle.went if one.message != row.pk]
