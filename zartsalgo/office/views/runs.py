"""Runs: every list row and every page opens with the sentence that says why a text did or did not go out. Receipts: why not at all."""

import json
import uuid
from collections.abc import Iterable
from datetime import timedelta

from django.contrib import messages
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from leads.models import Contact, Identity, Task
from messaging.models import Attempt, Message
from providers.models import Delivery
from workflows import engine, registry
from workflows.answer import answer, answer_receipt, workflow_name
from workflows.intake import ADVANCE_TASK
from workflows.models import Receipt, Run, Step
from zartsalgo.lib import clock
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.lib.masking import mask_values
from zartsalgo.lib.phone import sayable
from zartsalgo.office.access import page_of, staff_only
from zartsalgo.office.checklist import READ_WHY
from zartsalgo.office.labels import event_word, in_words, provider_word
from zartsalgo.office.links import page_url
from zartsalgo.office.lists import chips_of, pager_urls
from zartsalgo.office.run_page import next_act, shown_slip, shown_steps, task_causes, will_repeat
from zartsalgo.office.search import read_query, receipts_matching, runs_matching
from zartsalgo.office.templatetags.office_tags import duration

NEAR = timedelta(hours=1)
MOST_NEAR = 20
# Saved views: address word, label, which states; the sentence that stands where nothing is found.
VIEWS: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("all", "All", (), "No runs yet. A missed call or a form starts the first one."),
    ("needs", "Needs a person", (Run.Status.PARKED, Run.Status.FAILED), "No run needs a person."),
    ("waiting", "Held or waiting", Run.ACTIVE, "Nothing is held and nothing waits."),
    ("done", "Done", (Run.Status.DONE, Run.Status.CANCELLED), "No run has ended yet."),
)


def who_is(contact: Contact | None) -> str:
    """The person's name, else the number as people read it. Identities should be prefetched."""
    if contact is None:
        return "an unknown caller"
    if contact.name:
        return contact.name
    number = next((row.value for row in contact.identities.all() if row.kind == Identity.Kind.PHONE), "")
    return sayable(number) or str(contact)


def _with_all(rows: QuerySet[Run]) -> QuerySet[Run]:
    return rows.select_related("client", "contact", "version", "event").prefetch_related(
        Prefetch("steps", queryset=Step.objects.order_by("pk")), "contact__identities"
    )


def messages_of_runs(*, runs: Iterable[Run]) -> dict[uuid.UUID, Message]:
    """The newest text of each run, by run id."""
    found = Message.objects.select_related("client", "newest_slip").filter(run_id__in=[run.pk for run in runs]).order_by("created_at", "pk")
    return {message.run_id: message for message in found if message.run_id}


@staff_only
@require_safe
def list_runs(request: HttpRequest) -> HttpResponse:
    """Newest first; `view` is a saved view, `q` a number or an id."""
    now = clock.read()
    chosen = next((view for view in VIEWS if view[0] == request.GET.get("view")), VIEWS[0])
    query = read_query(request.GET.get("q", ""))
    rows = _with_all(Run.objects.all())
    if chosen[2]:
        rows = rows.filter(status__in=chosen[2])
    if query:
        rows = rows.filter(runs_matching(query))
    page = page_of(rows=rows, request=request, order_by="created_at")
    texts = messages_of_runs(runs=page.rows)
    items = []
    for run in page.rows:
        message = texts.get(run.pk)
        items.append(
            {
                "url": page_url("run", run.pk),
                "title": f"{workflow_name(key=run.workflow)} for {who_is(run.contact)}",
                "say": answer(run=run, message=message, now=now),
                "status": _mark(run=run, message=message),
                "meta": [run.client.name, f"version {run.version.version}", f"took {_took(run)}" if run.finished_at else ""],
                "moment": run.created_at,
                "zone": run.client.timezone,
            }
        )
    context = {
        "items": items,
        "q": query,
        "keep": [("view", chosen[0])],
        "chips": chips_of(request=request, name="view", choices=[(view[0], view[1]) for view in VIEWS], current=chosen[0]),
        "nothing": chosen[3],
        **pager_urls(request=request, page=page),
        "now": now,
    }
    return render(request, "office/runs.html", context)


def _mark(*, run: Run, message: Message | None) -> str:
    """The state a row shows: a run that needs a person says so; else the fate of its text, where it has one."""
    if run.status in (Run.Status.PARKED, Run.Status.FAILED, Run.Status.CANCELLED) or message is None:
        no_text = message is None and run.status == Run.Status.DONE and run.says.startswith("No text:")
        return "skipped" if no_text else run.status
    return message.status


def _took(run: Run) -> str:
    return duration(run.finished_at - run.created_at) if run.finished_at else ""


@staff_only
@require_safe
def show_run(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The answer, the steps, the slip, the links, the raw facts."""
    now = clock.read()
    request.session.setdefault(READ_WHY, True)
    run = get_object_or_404(_with_all(Run.objects.select_related("client", "contact", "version", "event", "lead")), pk=pk)
    steps = list(run.steps.all())
    message = (
        Message.objects.select_related("client", "template", "connection", "newest_slip")
        .filter(run_id=run.pk)
        .order_by("-created_at", "-pk")
        .first()
    )
    attempts = list(Attempt.objects.select_related("allowed_by").filter(message=message).order_by("n")) if message else []
    tasks = list(Task.objects.filter(client_id=run.client_id, cause__in=task_causes(run=run, message=message)).order_by("due_at"))
    open_task = next((task for task in tasks if task.status == Task.Status.OPEN), None)
    near = list(_near(run=run)) if run.contact_id else []
    near_texts = messages_of_runs(runs=near) if near else {}
    receipts = list(Receipt.objects.select_related("client", "run").filter(event_id=run.event_id).order_by("workflow"))
    delivery_id = Delivery.objects.filter(pk=run.event.delivery_id).values_list("pk", flat=True).first() if run.event.delivery_id else None
    context = {
        "run": run,
        "who": who_is(run.contact),
        "title": workflow_name(key=run.workflow),
        "zone": run.client.timezone,
        "answer": answer(run=run, message=message, now=now),
        "mark": _mark(run=run, message=message),
        "next": next_act(run=run, message=message, task=open_task),
        "steps": shown_steps(run=run, steps=steps, now=now),
        "message": message,
        "message_url": page_url("message", message.pk) if message else "",
        "way_word": provider_word(message.connection.provider) if message and message.connection else "",
        "slip": shown_slip(slip=message.slip if message else None, attempts=attempts),
        "tasks": [{"task": task, "url": page_url("task", task.pk) or page_url("inbox")} for task in tasks],
        "repeats": will_repeat(run=run, message=message) if run.status == Run.Status.PARKED else "",
        "event_word": event_word(run.event.type),
        "source_word": provider_word(run.event.source),
        "delivery_url": page_url("delivery", delivery_id),
        "lead_url": page_url("lead", run.lead_id),
        "receipts": [
            {
                "says": in_words(answer_receipt(receipt=row)),
                "status": row.verdict,
                "url": page_url("run", row.run_id) if row.run_id != run.pk else "",
                "row": row,
            }
            for row in receipts
        ],
        "near": [
            {
                "url": page_url("run", other.pk),
                "title": workflow_name(key=other.workflow),
                "say": answer(run=other, message=near_texts.get(other.pk), now=now),
                "status": _mark(run=other, message=near_texts.get(other.pk)),
                "moment": other.created_at,
            }
            for other in near
        ],
        "raw": _raw(run=run, steps=steps, message=message),
        "live": run.status in Run.ACTIVE,
        "now": now,
    }
    return render(request, "office/run.html", context)


def _near(*, run: Run) -> QuerySet[Run]:
    """Other runs that text the same person within an hour before or after: two workflows that meet are seen here."""
    first, last = run.created_at - NEAR, run.created_at + NEAR
    texting = [key for key, workflow in registry.workflows().items() if any(spec.kind == "message" for spec in workflow.steps)]
    others = Run.objects.filter(contact=run.contact, workflow__in=texting, created_at__gte=first, created_at__lte=last).exclude(pk=run.pk)
    return _with_all(others).order_by("created_at")[:MOST_NEAR]


def _raw(*, run: Run, steps: list[Step], message: Message | None) -> str:
    """What is stored, for whoever looks for a fault; personal data is masked and what was erased stays erased."""
    document = {
        "event": {
            "id": str(run.event_id),
            "type": run.event.type,
            "key": run.event.key,
            "facts": run.event.facts,
            "personal": run.event.personal,
        },
        "run": {"id": str(run.pk), "cause": run.cause, "cursor": run.cursor, "state": run.state, "wait": run.wait_key},
        "steps": [{"key": step.key, "kind": step.kind, "outcome": step.outcome, "output": step.output} for step in steps],
        "slip": message.slip if message else None,
    }
    return json.dumps(mask_values(document), indent=2, ensure_ascii=False, default=str)


@staff_only
@require_POST
def try_again(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Let a parked run go on at the step it stands at."""
    run = get_object_or_404(Run, pk=pk)
    with transaction.atomic():
        changed = engine.unpark(run=run, by=request.user.get_username(), now=clock.read())
        if changed:
            ring_after_commit(task=ADVANCE_TASK, id=str(run.pk))
    if changed:
        messages.success(request, "It goes on at the step where it stood. Steps that are done are not repeated.")
    else:
        messages.warning(request, "Nothing was changed: it does not stand still any more. Somebody else may have been faster.")
    return redirect("office:run", pk=run.pk)


@staff_only
@require_safe
def list_receipts(request: HttpRequest) -> HttpResponse:
    """For every event and every workflow that listens to it: did it start, and why not."""
    now = clock.read()
    verdict = request.GET.get("verdict", "")
    verdict = verdict if verdict in Receipt.Verdict.values else ""
    workflow = request.GET.get("workflow", "")
    workflow = workflow if workflow in registry.workflows() else ""
    query = read_query(request.GET.get("q", ""))
    rows = Receipt.objects.select_related("client", "event__contact").prefetch_related("event__contact__identities")
    if verdict:
        rows = rows.filter(verdict=verdict)
    if workflow:
        rows = rows.filter(workflow=workflow)
    if query:
        rows = rows.filter(receipts_matching(query))
    page = page_of(rows=rows, request=request, order_by="at")
    items = [_receipt_row(row) for row in page.rows]
    verdicts = [("", "All"), *((str(value), str(label)) for value, label in Receipt.Verdict.choices)]
    context = {
        "items": items,
        "q": query,
        "verdict": verdict,
        "workflow": workflow,
        "workflows": [(key, card.name) for key, card in sorted(registry.workflows().items())],
        "chips": chips_of(request=request, name="verdict", choices=verdicts, current=verdict),
        **pager_urls(request=request, page=page),
        "now": now,
    }
    return render(request, "office/receipts.html", context)


def _receipt_row(row: Receipt) -> dict[str, object]:
    found = f"Expected: {row.expected}. Found: {row.actual}." if row.expected else ""
    url = page_url("run", row.run_id) or page_url("delivery", row.event.delivery_id) or page_url("lead", row.event.lead_id)
    return {
        "url": url,
        "title": in_words(answer_receipt(receipt=row)),
        "say": found,
        "status": row.verdict,
        "meta": [row.client.name, event_word(row.event.type), who_is(row.event.contact)],
        "moment": row.at,
        "zone": row.client.timezone,
    }


urlpatterns = [
    path("runs/", list_runs, name="runs"),
    path("runs/<uuid:pk>/", show_run, name="run"),
    path("runs/<uuid:pk>/again/", try_again, name="run_again"),
    path("receipts/", list_receipts, name="receipts"),
]
