"""Rows the office tests stand on: a signed-in browser, tasks, texts, runs, deliveries; fiction numbers only."""

import uuid
from datetime import datetime, timedelta

from django.test import Client as Browser

from leads.actions import create_task
from leads.models import Client, Contact, Event, Lead, Task
from messaging.models import Message, Template
from providers.connections import connect
from providers.models import Delivery
from summaries.models import Summary
from tests.factories import NOON, StaffFactory
from workflows.models import Run, WorkflowVersion
from zartsalgo.lib.ids import new_id


def sign_in(username: str = "sam", group: str = "approver", **more: object) -> Browser:
    """A browser of a member of the agency: an approver, unless another group is named ("" for none)."""
    user = StaffFactory(username=username, group=group, **more)
    browser = Browser()
    browser.force_login(user)
    browser.staff = user  # type: ignore[attr-defined]
    return browser


def make_task(
    *,
    client: Client,
    lead: Lead | None = None,
    contact: Contact | None = None,
    kind: str = "call-back",
    now: datetime = NOON,
    **more: object,
) -> Task:
    values = {
        "desk": "lead-ops",
        "title": "Call back Carla Gomez",
        "reason": "They called and nobody picked up.",
        "cause": f"test:{uuid.uuid4()}",
        "due_at": now + timedelta(minutes=15),
    }
    return create_task(client=client, lead=lead, contact=contact, kind=kind, now=now, **{**values, **more})


def make_event(*, contact: Contact, type: str = "message.received", at: datetime = NOON, lead: Lead | None = None, **more: object) -> Event:
    values = {"facts": {}, "personal": {"text": "Can you come tomorrow?"}, "source": "twilio", "key": uuid.uuid4().hex}
    return Event.objects.create(
        id=new_id(), client=contact.client, type=type, occurred_at=at, recorded_at=at, contact=contact, lead=lead, **{**values, **more}
    )


def make_text(*, contact: Contact, lead: Lead | None = None, now: datetime = NOON, **more: object) -> Message:
    values = {
        "workflow": "missed-call-text-back",
        "purpose": "missed-call-text-back",
        "template": Template.objects.filter(client=None, key="missed-call-text-back").first(),
        "to": "+13035550123",
        "sender": "+13035550100",
        "body": "Hi Carla, this is Summit Roofing. Sorry we missed your call.",
        "status": Message.Status.HELD,
        "reason": "needs-approval",
        "says": "This client's texts are drafts until go-live is signed: a person approves each one.",
        "created_at": now,
        "due_at": now + timedelta(hours=1),
    }
    return Message.objects.create(id=new_id(), client=contact.client, contact=contact, lead=lead, **{**values, **more})


def make_run(*, contact: Contact, lead: Lead | None = None, event: Event | None = None, now: datetime = NOON, **more: object) -> Run:
    event = event or make_event(contact=contact, type="call.missed", at=now, personal={"phone": "+13035550123"})
    values = {
        "workflow": "missed-call-text-back",
        "version": WorkflowVersion.objects.filter(key="missed-call-text-back").order_by("-version").first(),
        "status": Run.Status.PARKED,
        "cursor": "text",
        "says": "A step broke 5 times (ValueError); a person must look.",
    }
    return Run.objects.create(
        id=new_id(),
        client=contact.client,
        contact=contact,
        lead=lead,
        event=event,
        cause=f"event:{event.pk}",
        created_at=now,
        wake_at=now,
        **{**values, **more},
    )


def make_poison(*, client: Client, now: datetime = NOON) -> Delivery:
    connection, _ = connect(client=client, provider="form", secret="", now=now)
    return Delivery.objects.create(
        id=new_id(),
        connection=connection,
        key=uuid.uuid4().hex,
        received_at=now,
        method="POST",
        url="/hooks/form/",
        headers={},
        body=b"x",
        body_sha256="0" * 64,
        state=Delivery.State.POISON,
        note="The body is no form.",
        next_at=now,
    )


def make_summary(*, lead: Lead, words: str = "My roof leaks near the chimney.", now: datetime = NOON, **more: object) -> Summary:
    """A summary of one text of the customer, with one claim that stands in it and one that stands nowhere."""
    event = make_event(contact=lead.contact, lead=lead, at=now, personal={"text": words})
    source = f"{event.pk}.personal.text"
    claims = [
        {"text": "The roof leaks.", "for_client": True, "source": source, "quote": "roof leaks", "start": words.find("roof leaks"),
         "end": words.find("roof leaks") + 10, "supported": "roof leaks" in words, "problem": ""},
        {"text": "They offered 450 dollars.", "for_client": False, "source": "", "quote": "", "start": -1, "end": -1, "supported": False,
         "problem": "no source: 450 dollars"},
    ]  # fmt: skip
    values = {
        "cause_event": event,
        "kind": "conversation",
        "status": Summary.Status.DRAFT,
        "claims": claims,
        "internal_text": "The roof leaks near the chimney.",
        "client_text": "A homeowner asked for help with a leaking roof.",
        "sources_until": now,
        "created_at": now,
        "written_at": now,
    }
    return Summary.objects.create(id=new_id(), client=lead.client, lead=lead, **{**values, **more})
