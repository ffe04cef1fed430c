"""Batches do not show: however the same deliveries are split into batches, the same rows come out, ids and times aside.

A story is about few people of two clients. Some are known before, with an open request, a planned text and a task. What comes in are calls,
forms, texts, mails, reports and repeats of all of them. Inbound messages of a batch go first, so a story comes in rounds that are in that
order already, and a batch never reaches from the one into the messages of the next.

A long run: INTAKE_STORIES=1000 script/test -q tests/workflows/test_intake_batches.py
"""

import os
import random
import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.forms.models import model_to_dict

from leads.events import kind_of
from leads.models import Consent, Contact, Event, Identity, Lead, StatedIdentity, Task
from messaging.models import Conversation, Handover, Message, Suppression
from messaging.outbox.reserve import Departures
from providers.connections import connect
from providers.contract import NotForUs, ParsedEvent
from providers.models import Connection, Delivery
from tests.factories import NOON, ClientFactory, ResponderFactory
from tests.providers import payloads
from tests.workflows.test_missed_call import post_call
from workflows import claiming, due
from workflows.intake import draining, recording
from workflows.models import Receipt, Run, Step
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db

STORIES = int(os.environ.get("INTAKE_STORIES", "12"))
# Workflows whose runs were spared a look in these stories.
seen_of_new = set()
PHONES = [f"+1303555016{n}" for n in range(4)]
EMAILS = ["ann@example.com", "bea@example.com", "cora@example.com"]
NAMES = ["", "", "Ann Lee", "Bea Cole"]
TEXTS = ["STOP", "stop. what does a roof cost?", "START", "not interested", "Can you come today?", "HELP"]
OF_CALLS = ["call.missed"] * 4 + ["call.answered"] * 2 + ["call.returned"]
OF_FORMS = ["lead.created", "lead.created", "quote.requested"]
OF_OTHERS = ["booking.created", "booking.canceled", "deal.lost", "deal.won", "job.completed", "payment.received", "lead.qualified", "case.opened"]  # fmt: skip


@pytest.fixture
def lines(noon):
    """A line of each of two clients, each with two people that are known by a call that was worked off."""
    made = []
    for slug in ("summit-roofing", "harbor-movers"):
        client = ClientFactory(slug=slug, name=slug.replace("-", " ").title())
        ResponderFactory(client=client)
        hook = connect(client=client, provider="callrail", secret=payloads.SECRET, now=NOON)[1]
        for n in (0, 1):
            assert post_call(hook, customer_phone_number=PHONES[n], resource_id=f"CAL{n}", id=n) == 200
        made.append(Connection.objects.get(client=client, provider="callrail"))
    due.work_off(now=clock.read())
    assert Run.objects.count() == Lead.objects.count() == Message.objects.count() == 4
    for n, message in enumerate(Message.objects.order_by("client__slug", "to")):
        Message.objects.filter(pk=message.pk).update(provider_id=f"SM{n}", reply_tag=f"tag{n}")
    return made


class Story:
    """What comes in, drawn from one seed: rounds of (line, what its delivery says)."""

    def __init__(self, *, seed, lines):
        self.dice, self.lines, self.said, self.count = random.Random(seed), lines, [], 0
        self.messages = list(Message.objects.order_by("client__slug", "to"))
        self.rounds = [sorted((self._delivery() for _ in range(self.dice.randint(3, 8))), key=_goes_last) for _ in range(3)]

    def _delivery(self):
        line = self.dice.choice((self.lines[0], *self.lines))
        if self.said and self.dice.random() < 0.12:
            return self.dice.choice(self.said)  # the very same once more, under another delivery
        if self.dice.random() < 0.05:
            return line, self.dice.choice(("No number can be read.", NotForUs(reason="A test call."), []))
        said = line, [self._event() for _ in range(self.dice.choice((1, 1, 1, 2)))]
        self.said.append(said)
        return said

    def _event(self):
        kind = self.dice.choices(("call", "form", "text", "mail", "status", "stop", "other"), weights=(8, 6, 5, 2, 2, 1, 3))[0]
        self.count += 1
        type, facts, personal = getattr(self, f"_{kind}")()
        at = NOON - timedelta(minutes=self.dice.randrange(-5, 60))
        return ParsedEvent(type=type, key=f"k{self.count}", occurred_at=at, facts=facts, personal=personal)

    def _person(self, **more):
        given = {
            "phone": self.dice.choice((*PHONES, PHONES[0], "")),
            "name": self.dice.choice(NAMES),
            "state": self.dice.choice(("", "CO")),
        }
        return {name: value for name, value in {**given, **more}.items() if value}

    def _call(self):
        words = {"transcript": self.dice.choice(("", "", "", "Please stop texting me"))}
        return (
            self.dice.choice(OF_CALLS),
            {"duration_seconds": self.dice.choice((3, 90)), "call_id": f"CA{self.count}"},
            self._person(**words),
        )

    def _form(self):
        consent = self.dice.choice(({}, {}, {"consent": {"granted": True, "wording": "Text me offers."}}))
        email = self.dice.choice((*EMAILS, ""))
        return self.dice.choice(OF_FORMS), {"form": "Quote", **consent}, self._person(email=email, message=self.dice.choice(("", "A roof")))

    def _text(self):
        return "message.received", {}, {"phone": self.dice.choice((*PHONES, PHONES[0], "22333")), "text": self.dice.choice(TEXTS)}

    def _mail(self):
        thread = self.dice.choice(({}, {"thread": f"tag{self.dice.randrange(4)}"}))
        return "message.received", {"channel": "email", **thread}, {"email": self.dice.choice(EMAILS), "text": self.dice.choice(TEXTS)}

    def _status(self):
        n = self.dice.randrange(4)
        status = self.dice.choice(("sent", "delivered", "undelivered"))
        named = self.dice.choice(({"message_id": str(self.messages[n].pk)}, {}))
        return "message.status", {"provider_id": f"SM{n}", "status": status, "error_code": "30003", **named}, {}

    def _stop(self):
        type = self.dice.choice(("email.unsubscribed", "email.complained", "email.bounced"))
        return type, {}, {"email": self.dice.choice(EMAILS)}

    def _other(self):
        return self.dice.choice(OF_OTHERS), {"next_action": "Call"}, self._person(email=self.dice.choice((EMAILS[0], "")))

    def store(self):
        """The deliveries in rounds, and what an adapter would say of each."""
        says, rounds, n = {}, [], 0
        for told in self.rounds:
            rounds.append([])
            for line, parsed in told:
                n += 1
                row = Delivery.objects.create(
                    connection=line, key=f"d{n}", received_at=NOON + timedelta(seconds=n), method="POST", url="/", headers={}, body=b"",
                    body_sha256="", next_at=NOON,
                )  # fmt: skip
                says[row.pk] = parsed
                rounds[-1].append(row.pk)
        return rounds, says


def _goes_last(told):
    return not (isinstance(told[1], list) and any(kind_of(type=event.type).first for event in told[1]))


def split(rounds, dice, most):
    """Each round in batches of up to `most`."""
    for ids in rounds:
        while ids:
            size = dice.randint(1, most)
            yield ids[:size]
            ids = ids[size:]


def rows():
    """Everything that intake writes, by what it says: ids become names, times and places in a queue go."""
    names = {
        str(contact.pk): f"<{contact.client.slug} {'+'.join(_values(contact))}>" for contact in Contact.objects.select_related("client")
    }
    names |= {str(event.pk): f"<{event.client_id} {event.source} {event.key} {event.type}>" for event in Event.objects.all()}
    names |= {str(lead.pk): f"<lead {names[str(lead.contact_id)]} {lead.kind} {lead.source}>" for lead in Lead.objects.all()}
    names |= {str(run.pk): f"<run of {names[str(run.event_id)]} {run.workflow}>" for run in Run.objects.all()}
    names |= {str(row.pk): f"<delivery {row.key}>" for row in Delivery.objects.all()}
    names |= {str(row.pk): f"<task {row.kind} of {names.get(str(row.event_id))}>" for row in Task.objects.all()}
    names |= {str(row.pk): f"<handover of {names[str(row.lead_id)]}>" for row in Handover.objects.all()}
    names |= {str(row.pk): f"<message to {row.to} {row.client_id}>" for row in Message.objects.all()}
    skip = re.compile(r"_at$|_until$|_since$|^(id|at|next_at|answer_by|newest_slip_id|claims|lease_epoch|body)$")

    def _say(value):
        said = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", lambda found: names.get(found[0], found[0]), str(value))
        return re.sub(r"Unknown person [0-9a-f]{6}", "Unknown person", said)

    told = {}
    for model in (
        Contact,
        Identity,
        StatedIdentity,
        Event,
        Consent,
        Receipt,
        Run,
        Step,
        Suppression,
        Lead,
        Task,
        Message,
        Handover,
        Conversation,
        Delivery,
    ):
        each = [{field.attname: getattr(row, field.attname) for field in model._meta.concrete_fields} for row in model.objects.all()]
        told[model.__name__] = sorted(str({name: _say(value) for name, value in one.items() if not skip.search(name)}) for one in each)
        if model is Contact:
            told["Contact"] = sorted(f"{names[str(row.pk)]} {model_to_dict(row)}" for row in model.objects.all())
    return told


def _values(contact):
    return sorted(contact.identities.values_list("value", flat=True))


@pytest.mark.parametrize("seed", range(STORIES))
def test_however_they_are_split_the_same_rows_come_out(seed, lines, monkeypatch):
    rounds, says = Story(seed=seed, lines=lines).store()
    monkeypatch.setattr(draining, "read", lambda *, delivery: says[delivery.pk])
    now, outcomes = clock.read(), []
    for most in (1, 3, 50):
        with transaction.atomic():
            for ids in split(rounds, random.Random(seed), most) if most < 50 else rounds:
                draining._take_in_claimed(work=draining._Work(now=now, left=list(ids)), plays=False)
            assert not Delivery.objects.filter(state="received").exists(), Delivery.objects.filter(state="received").values_list("note")
            outcomes.append(rows())
            transaction.set_rollback(True)
    one_by_one, *batches = outcomes
    for batch in batches:
        for table, expected in one_by_one.items():
            assert batch[table] == expected, table


@pytest.mark.parametrize("seed", range(STORIES))
def test_what_is_not_looked_up_of_somebody_new_would_have_been_nothing(seed, lines, monkeypatch):
    """What their runs know without a look is what a look would have told, so they do the same steps and leave the same rows."""
    rounds, says = Story(seed=seed, lines=lines).store()
    monkeypatch.setattr(draining, "read", lambda *, delivery: says[delivery.pk])
    now, outcomes, spared = clock.read(), [], []
    note = recording._note_first_heard

    def _note(*, items):
        note(items=items)
        spared.extend(run.workflow for item in items for run in item.runs if run.first_heard)

    for way in (_note, lambda *, items: None):
        monkeypatch.setattr(recording, "_note_first_heard", way)
        with transaction.atomic():
            for ids in rounds:
                draining._take_in_claimed(work=draining._Work(now=now, left=list(ids), departures=Departures(room=50)), plays=True)
            outcomes.append(rows())
            transaction.set_rollback(True)
    for table, expected in outcomes[1].items():
        assert outcomes[0][table] == expected, table
    seen_of_new.update(spared)


def test_there_was_somebody_new():
    assert {"missed-call-text-back", "lead-intake"} <= seen_of_new


def test_the_stories_hold_what_they_should(lines, monkeypatch):
    """Or the property above would hold for nothing."""
    seen = set()
    for seed in range(12):
        story = Story(seed=seed, lines=lines)
        seen |= {event.type for told in story.rounds for _, parsed in told if isinstance(parsed, list) for event in parsed}
    assert {*OF_CALLS, *OF_FORMS, *OF_OTHERS, "message.received", "message.status", "email.unsubscribed", "email.bounced"} <= seen
    with transaction.atomic():
        rounds, says = Story(seed=2, lines=lines).store()
        monkeypatch.setattr(draining, "read", lambda *, delivery: says[delivery.pk])
        before = {model: model.objects.count() for model in (Contact, Suppression, StatedIdentity, Task, Receipt, Run)}
        for ids in rounds:
            draining._take_in_claimed(work=draining._Work(now=clock.read(), left=list(ids)), plays=False)
        assert not [model.__name__ for model, count in before.items() if model.objects.count() == count]
        assert claiming._owed == set()
