"""A caller of the staff API for tests, and one of everything for it to find."""

import json
import re
from datetime import timedelta
from urllib.parse import urlencode

from leads.models import Event, Task
from messaging.models import Message, Pause
from providers.connections import connect
from providers.models import Delivery
from summaries.models import Summary
from tests.factories import NOON, ClientFactory, ContactFactory, LeadFactory
from tests.providers import payloads
from workflows.models import Incident, Receipt, Run, Step, WorkflowVersion
from zartsalgo.lib.ids import new_id

LISTS = ("deliveries", "events", "leads", "runs", "receipts", "messages", "summaries", "tasks", "incidents")
DANA, CARLA = "+13035550123", "+13035550124"


VERBS = {"tasks": ("close", {"outcome": "x"}), "messages": ("approve", {}), "deliveries": ("replay", {"confirm": True})}
BODIES = {
    "nothing": b"",
    "broken": b"{",
    "not an object": b"[]",
    "null": b"null",
    "a number": b"1",
    "NaN": b'{"outcome": NaN, "confirm": NaN}',
    "infinity": b'{"outcome": 1e999, "confirm": -Infinity}',
    "huge whole number": b'{"confirm": ' + b"9" * 5000 + b"}",
    "deep": b'{"outcome": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "a lone surrogate": b'{"outcome\\ud800": "x"}',
    "a name twice": b'{"outcome": "a", "outcome": "b", "confirm": true, "confirm": false}',
    "UTF-16": '{"outcome": "a"}'.encode("utf-16"),
    "latin-1": '{"outcome": "é", "confirm": "é"}'.encode("latin-1"),
    "unknown name": b'{"outcome": "a", "confirm": false, "more": 1}',
    "wrong type": b'{"outcome": 5}',
    "a text for a truth": b'{"confirm": "true"}',
}


class Api:
    """A caller with a token; every error must be one object with one sentence."""

    def __init__(self, browser, token):
        self.browser = browser
        self.headers = {"Authorization": f"Bearer {token}"} if token is not None else {}

    def get(self, path, **query):
        return self._checked(self.browser.get(f"/api{path}" + (f"?{urlencode(query)}" if query else ""), headers=self.headers))

    def post(self, path, body=None, *, raw=None, content_type="application/json"):
        data = raw if raw is not None else json.dumps({} if body is None else body)
        return self._checked(self.browser.post(f"/api{path}", data, content_type=content_type, headers=self.headers))

    def _checked(self, response):
        if response.status_code >= 400:
            assert response["Content-Type"].startswith("application/json")
            assert list(response.json()) == ["error"]
            assert re.fullmatch(r"[A-Z].+\.", response.json()["error"])
        return response


def version():
    return WorkflowVersion.objects.get_or_create(
        key="missed-call-text-back", version=1, defaults={"definition": {}, "sha256": "0" * 64, "published_at": NOON}
    )[0]


def delivery_of(*, business, key, at=NOON, **changes):
    connection = business.connections.filter(provider="generic").first()
    connection = connection or connect(client=business, provider="generic", secret=payloads.SECRET, now=NOON)[0]
    values = {
        "received_at": at,
        "method": "POST",
        "url": "/hooks/generic/",
        "headers": {},
        "body": b"sealed",
        "state": "done",
        "note": "Done.",
    }
    return Delivery.objects.create(connection=connection, key=key, body_sha256="0" * 64, next_at=at, **{**values, **changes})


def story(*, business=None, phone=DANA, at=NOON):
    """One of everything for one person: a call, its delivery, lead, run with a step, receipt, text and task."""
    business = business or ClientFactory()
    contact = ContactFactory(client=business, phone=phone, name="Dana Whitfield", created_at=at)
    lead = LeadFactory(client=business, contact=contact, created_at=at, response_due_at=at + timedelta(minutes=15))
    delivery = delivery_of(business=business, key=f"key-{new_id()}", at=at)
    event = Event.objects.create(
        client=business, type="call.missed", source="generic", key=delivery.key, occurred_at=at, recorded_at=at, delivery_id=delivery.pk,
        contact=contact, facts={"kind": "no-answer"}, personal={"phone": phone},
    )  # fmt: skip
    run = Run.objects.create(
        client=business, workflow="missed-call-text-back", version=version(), cause=f"call:{event.pk}", event=event, contact=contact,
        lead=lead, status="waiting", cursor="wait", says="Waiting for a reply.", created_at=at, wake_at=at + timedelta(hours=48),
    )  # fmt: skip
    for key in ("text", "alert"):
        Step.objects.create(run=run, key=key, kind="message", outcome="done", says=f"{key} done.", epoch=1, at=at)
    receipt = Receipt.objects.create(
        client=business, event=event, workflow=run.workflow, verdict="started", reason="started", says="Started.", run=run, at=at
    )
    message = Message.objects.create(
        client=business, contact=contact, lead=lead, cause_event=event, run_id=run.pk, step_key="text", workflow=run.workflow,
        purpose="missed-call-text-back", to=phone, sender=business.phone, body="Sorry we missed you.", status="held", reason="approval",
        says="Waits for approval.", created_at=at, due_at=at,
    )  # fmt: skip
    summary = Summary.objects.create(
        client=business, lead=lead, cause_event=event, run_id=run.pk, kind="call", status="draft", says="Written by the local summarizer.",
        internal_text="The roof leaks.", client_text="A homeowner asked for a roof repair.", claims=[], sources_until=at, created_at=at,
    )  # fmt: skip
    task = Task.objects.create(
        client=business, contact=contact, lead=lead, desk="sales-ops", kind="call-back", title="Call back", reason="Missed.",
        cause=f"call:{event.pk}", created_at=at, due_at=at + timedelta(minutes=15),
    )  # fmt: skip
    incident = Incident.objects.create(
        client=business, cause=f"test:{lead.pk}", title="Paused by hand", reason="A test.", scope="sending to Dana Whitfield", desk="operations",
        pause=Pause.objects.create(client=business, lead=lead, reason="A test.", at=at), opened_by="Sam", opened_at=at, first_sign_at=at,
        last_sign_at=at,
    )  # fmt: skip
    made = {
        "deliveries": delivery,
        "events": event,
        "leads": lead,
        "runs": run,
        "receipts": receipt,
        "messages": message,
        "summaries": summary,
        "tasks": task,
        "incidents": incident,
    }
    return {name: str(row.pk) for name, row in made.items()}


def ids(response):
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]
