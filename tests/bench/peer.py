"""A peer to compare with: the same rows by a plain Django view, the ORM and a Celery task a step, as such a system is commonly written.

It has a database of its own in the system's Postgres and a number of its own in the system's broker. One missed call makes the 20 rows that
it makes with us: delivery, contact, identity, consent, event, two receipts, two runs, seven steps, lead, task, message, attempt, claim.
Run as a program: `python -m tests.bench.peer tables`; the web and the worker are started from outside.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import sys
import uuid
from datetime import timedelta
from typing import Any

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="only-for-the-bench",  # noqa: S106
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    INSTALLED_APPS=[],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "CONN_MAX_AGE": None,
            **json.loads(os.environ["PEER_DATABASE"]),
        }
    },
)
django.setup()

import requests  # noqa: E402
from celery import Celery  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

app = Celery("peer", broker=os.environ["PEER_BROKER"])
app.conf.update(task_ignore_result=True, task_acks_late=True, worker_prefetch_multiplier=1, broker_connection_retry_on_startup=True)
PROVIDER, SECRET = os.environ.get("PEER_PROVIDER", ""), os.environ.get("PEER_SECRET", "")
FLOWS = {"text-back": ("caller", "lead", "hand-over", "timer", "text", "sent"), "summary": ("who",)}


def _model(named: str, **fields: Any) -> Any:
    meta = type("Meta", (), {"app_label": "peer"})
    key = models.UUIDField(primary_key=True, default=uuid.uuid4)
    body = {"__module__": __name__, "Meta": meta, "id": key, "at": models.DateTimeField(auto_now_add=True), **fields}
    return type(named, (models.Model,), body)


def _to(model: Any) -> Any:
    return models.ForeignKey(model, on_delete=models.PROTECT)


def _text(length: int = 200) -> Any:
    return models.CharField(max_length=length, blank=True)


Delivery = _model("Delivery", key=models.CharField(max_length=100, unique=True), body=models.JSONField(), state=_text(10))
Contact = _model("Contact", name=_text())
Identity = _model("Identity", contact=_to(Contact), value=models.CharField(max_length=50, unique=True))
Event = _model("Event", contact=_to(Contact), delivery=_to(Delivery), type=_text(), facts=models.JSONField())
Consent = _model("Consent", contact=_to(Contact), event=_to(Event), source=_text())
Run = _model("Run", contact=_to(Contact), event=_to(Event), workflow=_text(), status=_text(10), cursor=_text())
Receipt = _model("Receipt", event=_to(Event), run=_to(Run), says=_text(400))
Step = _model("Step", run=_to(Run), key=_text(), says=_text(400))
Lead = _model("Lead", contact=_to(Contact), source=_text(), due=models.DateTimeField(null=True))
Task = _model("Task", lead=_to(Lead), title=_text(), cause=models.CharField(max_length=100, unique=True))
Message = _model("Message", contact=_to(Contact), run=_to(Run), to=_text(), body=models.TextField(), status=_text(10), provider_id=_text())
Attempt = _model("Attempt", message=_to(Message), outcome=_text(10), slip=models.JSONField())
Claim = _model("Claim", contact=models.OneToOneField(Contact, on_delete=models.PROTECT), until=models.DateTimeField())
TABLES = (Delivery, Contact, Identity, Event, Consent, Run, Receipt, Step, Lead, Task, Message, Attempt, Claim)


@csrf_exempt
def accept(request: HttpRequest) -> HttpResponse:
    signature = base64.b64encode(hmac.new(SECRET.encode(), request.body, hashlib.sha1).digest()).decode()
    if not hmac.compare_digest(signature, request.headers.get("Signature", "")):
        return HttpResponse(status=401)
    body = json.loads(request.body)
    delivery, made = Delivery.objects.get_or_create(key=body["resource_id"], defaults={"body": body, "state": "received"})
    if made:
        read.delay(str(delivery.pk))
    return HttpResponse("ok", headers={"Content-Length": "2"})


@app.task
def read(delivery_id: str) -> None:
    with transaction.atomic():
        delivery = Delivery.objects.select_for_update().get(pk=delivery_id)
        number = delivery.body["customer_phone_number"]
        identity = Identity.objects.select_related("contact").filter(value=number).first()
        if identity is None:
            identity = Identity.objects.create(contact=Contact.objects.create(), value=number)
        event = Event.objects.create(contact=identity.contact, delivery=delivery, type="call.missed", facts=delivery.body)
        Consent.objects.create(contact=identity.contact, event=event, source="call")
        runs = []
        for workflow, steps in FLOWS.items():
            run = Run.objects.create(contact=identity.contact, event=event, workflow=workflow, status="ready", cursor=steps[0])
            Receipt.objects.create(event=event, run=run, says=f"{workflow} started because of call.missed.")
            runs.append(run)
        delivery.state = "done"
        delivery.save()
    for run in runs:
        advance.delay(str(run.pk))


@app.task
def advance(run_id: str) -> None:
    message = None
    with transaction.atomic():
        run = Run.objects.select_for_update().select_related("contact", "event").get(pk=run_id)
        steps = FLOWS[run.workflow]
        if run.cursor == "lead":
            Lead.objects.get_or_create(contact=run.contact, defaults={"source": run.event.facts["source_name"]})
        elif run.cursor == "timer":
            lead = Lead.objects.get(contact=run.contact)
            lead.due = timezone.now() + timedelta(minutes=15)
            lead.save()
            Task.objects.get_or_create(cause=str(run.pk), defaults={"lead": lead, "title": "Call back"})
        elif run.cursor == "text":
            to = run.event.facts["customer_phone_number"]
            message = Message.objects.create(contact=run.contact, run=run, to=to, body="Sorry we missed your call." * 4, status="queued")
        Step.objects.create(run=run, key=run.cursor, says=f"{run.cursor} is done.")
        following = steps.index(run.cursor) + 1
        run.status = "waiting" if following == len(steps) or message else "ready"
        run.cursor = steps[following] if following < len(steps) else run.cursor
        run.save()
    if message is not None:
        deliver.delay(str(message.pk))
    elif run.status == "ready":
        advance.delay(run_id)


@app.task
def deliver(message_id: str) -> None:
    with transaction.atomic():
        message = Message.objects.select_for_update().select_related("run").get(pk=message_id)
        Claim.objects.get_or_create(contact_id=message.contact_id, defaults={"until": timezone.now() + timedelta(hours=12)})
        slip = {"checks": [{"name": str(n), "passed": True, "says": "Nobody asked us to stop."} for n in range(19)]}
        attempt = Attempt.objects.create(message=message, outcome="calling", slip=slip)
    answer = requests.post(PROVIDER, data={"To": message.to, "From": "+13035550140", "Body": message.body}, timeout=15)
    with transaction.atomic():
        attempt.outcome = "accepted"
        attempt.save()
        message.status, message.provider_id = "sent", answer.json()["sid"]
        message.save()
    advance.delay(str(message.run_id))


urlpatterns = [path("hook", accept)]
application = get_wsgi_application()


def main() -> None:
    with connection.schema_editor() as editor:
        for model in TABLES:
            editor.create_model(model)


if __name__ == "__main__" and sys.argv[1:] == ["tables"]:
    main()
