"""What providers sent: find it, understand it, read it again. Reading again first shows what it would do, by doing and undoing it."""

import json
import uuid
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from leads.models import Event
from providers import adapters, deliveries
from providers.models import Delivery
from workflows.answer import answer_receipt
from workflows.models import Receipt
from workflows.replay import CannotReplay, Plan, plan_replay, replay
from zartsalgo.lib import clock
from zartsalgo.lib.masking import mask_headers, mask_text, mask_values
from zartsalgo.lib.sealed import CannotOpen
from zartsalgo.office.access import allowed, page_of, staff_only
from zartsalgo.office.labels import event_word, in_words, provider_word
from zartsalgo.office.links import page_url
from zartsalgo.office.lists import chips_of, pager_urls
from zartsalgo.office.search import deliveries_matching, read_query
from zartsalgo.office.views.asides import groups_aside
from zartsalgo.office.views.runs import who_is

BODY_SHOWN = 20 * 1024
MOST_EVENTS = 100
EXPIRED = "Its body has expired and is no longer kept, so it cannot be read again. What was understood from it stays."
# Saved views: address word, label, state; the sentence that stands where nothing is found.
VIEWS: tuple[tuple[str, str, str, str], ...] = (
    ("all", "All", "", "Nothing has come in yet. Connect a provider, or send something from the simulator."),
    ("poison", "Not understood", Delivery.State.POISON, "Everything that came in was understood."),
    ("aside", "Put aside", Delivery.State.ASIDE, "Nothing is put aside: every form was taken in."),
    ("waiting", "Waiting", Delivery.State.RECEIVED, "Nothing waits to be read."),
    ("ignored", "Not for us", Delivery.State.IGNORED, "Nothing came in that is not for us."),
    ("done", "Processed", Delivery.State.DONE, "Nothing has been processed yet."),
)
_HEAVY = ("body", "headers", "url", "connection__sealed")


@staff_only
@require_safe
def list_deliveries(request: HttpRequest) -> HttpResponse:
    """Newest first; `view` is a saved view, `provider` narrows, `q` is an id of ours or the provider's key."""
    chosen = next((view for view in VIEWS if view[0] == request.GET.get("view")), VIEWS[0])
    provider = request.GET.get("provider", "")
    provider = provider if provider in adapters.names() else ""
    query = read_query(request.GET.get("q", ""))
    rows = Delivery.objects.select_related("connection__client").defer(*_HEAVY)
    if chosen[2]:
        rows = rows.filter(state=chosen[2])
    if provider:
        rows = rows.filter(connection__provider=provider)
    if query:
        rows = rows.filter(deliveries_matching(query))
    page = page_of(rows=rows, request=request, order_by="received_at")
    items = [
        {
            "url": page_url("delivery", row.pk),
            "title": f"{provider_word(row.connection.provider)} for {row.connection.client}",
            "say": _says(row),
            "meta": [f"their key {row.key[:40]}", _copies(row), f"read again {_times(row.replays)}" if row.replays else ""],
            "status": mark_of(row.state),
            "moment": row.received_at,
            "zone": row.connection.client.timezone,
        }
        for row in page.rows
    ]
    context = {
        "items": items,
        "q": query,
        "provider": provider,
        "providers": [(name, provider_word(name)) for name in sorted(adapters.names())],
        "view": chosen[0],
        "chips": chips_of(request=request, name="view", choices=[view[:2] for view in VIEWS], current=chosen[0]),
        "nothing": chosen[3],
        "groups": groups_aside() if chosen[2] == Delivery.State.ASIDE else [],
        **pager_urls(request=request, page=page),
        "now": clock.read(),
    }
    return render(request, "office/deliveries.html", context)


def mark_of(state: str) -> str:
    """A delivery that was read is "Processed", not "Done": what it caused may still be going on."""
    return "processed" if state == Delivery.State.DONE else state


def _says(row: Delivery) -> str:
    if row.state == Delivery.State.RECEIVED:
        return "It is stored and waits to be read."
    return in_words(row.note) or "It was read."


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _copies(row: Delivery) -> str:
    return f"{row.copies} {'copy' if row.copies == 1 else 'copies'} after it" if row.copies else ""


def _delivery(pk: uuid.UUID) -> Delivery:
    return get_object_or_404(Delivery.objects.select_related("connection__client"), pk=pk)


@staff_only
@require_safe
def show_delivery(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What came, masked; what was understood from it; what that changed."""
    delivery = _delivery(pk)
    events = list(
        Event.objects.filter(delivery_id=delivery.pk)
        .select_related("contact", "lead", "client")
        .prefetch_related(
            "contact__identities", Prefetch("receipts", queryset=Receipt.objects.select_related("client", "run").order_by("workflow"))
        )
        .order_by("recorded_at", "pk")[:MOST_EVENTS]
    )
    body, note = shown_body(delivery=delivery)
    zone = delivery.connection.client.timezone
    context = {
        "delivery": delivery,
        "client": delivery.connection.client,
        "provider": provider_word(delivery.connection.provider),
        "zone": zone,
        "copies": _copies(delivery),
        "replays": _times(delivery.replays) if delivery.replays else "",
        "mark": mark_of(delivery.state),
        "is_aside": delivery.state == Delivery.State.ASIDE,
        "answer": _says(delivery),
        "headers": sorted(mask_headers(delivery.headers).items()),
        "address": mask_text(delivery.url),
        "body": body,
        "body_note": note,
        "events": [_shown_event(event) for event in events],
        "expired": EXPIRED if delivery.body is None else "",
        "now": clock.read(),
    }
    return render(request, "office/delivery.html", context)


def _shown_event(event: Event) -> dict[str, Any]:
    receipts = [
        {"says": in_words(answer_receipt(receipt=row)), "status": row.verdict, "url": page_url("run", row.run_id)}
        for row in event.receipts.all()
    ]
    facts = json.dumps(mask_values({"facts": event.facts, "personal": event.personal}), indent=2, ensure_ascii=False, default=str)
    return {
        "word": event_word(event.type),
        "event": event,
        "who": who_is(event.contact) if event.contact else "",
        "lead_url": page_url("lead", event.lead_id) or _lead_of(event),
        "receipts": receipts,
        "facts": facts,
        "erased": event.personal is None,
    }


def _lead_of(event: Event) -> str:
    """The lead a run of this event opened, where the event itself came before the lead."""
    run = next((row.run for row in event.receipts.all() if row.run_id), None)
    return page_url("lead", run.lead_id) if run else ""


def shown_body(*, delivery: Delivery) -> tuple[str, str]:
    """The body as masked text, and a note about what is not shown. Fields with personal names are hidden, numbers and addresses cut."""
    if delivery.body is None:
        return "", EXPIRED
    try:
        incoming = deliveries.as_incoming(delivery=delivery, connection=delivery.connection, public_url=settings.PUBLIC_URL)
    except CannotOpen:
        return "", "It is encrypted with a key that this installation does not have. Add the old key to ZARTS_ENCRYPTION_KEYS to read it."
    raw = incoming.body
    note = f"{len(raw)} bytes, personal data masked."
    text = _readable(raw=raw, content_type=incoming.content_type)
    if len(text) > BODY_SHOWN:
        text, note = text[:BODY_SHOWN], f"The first {BODY_SHOWN // 1024} KB of {len(raw)} bytes, personal data masked."
    if not raw:
        note = "It had no body."
    return text, note


def _readable(*, raw: bytes, content_type: str) -> str:
    """JSON and forms field by field, anything else as text. A broken or deep body is shown as it came: this page is for just those."""
    text = raw[: BODY_SHOWN * 4].decode("utf-8", "replace").replace("\x00", "␀")
    if content_type == "application/x-www-form-urlencoded":
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=None)
        if pairs:
            return "\n".join(f"{name} = {mask_values(value, name=name)}" for name, value in pairs)
    elif len(raw) <= BODY_SHOWN * 4:
        try:
            return json.dumps(mask_values(json.loads(text)), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            pass
    return mask_text(text)


def _would_do(plan: Plan) -> list[str]:
    """The plan as lines, each with its count; what would not happen is said in one."""
    counted = [
        (plan.people, "person would be added", "people would be added"),
        (plan.leads, "lead would be opened", "leads would be opened"),
        (plan.runs, "run would start", "runs would start"),
        (plan.tasks, "task would be made", "tasks would be made"),
    ]
    lines = [f"{count} {one if count == 1 else many}." for count, one, many in counted if count]
    if not plan.tried:
        lines = ["What it would do is not known before it is read."]
    lines = lines or ["No person would be added, no lead opened, no run started and no task made."]
    lines.append("No text is sent by reading again; a run that starts may write one, and the gate judges it first.")
    lines.append("What we already know is recognised and not done twice.")
    return lines


def _blocked(delivery: Delivery) -> str:
    if delivery.body is None:
        return EXPIRED
    if delivery.state == Delivery.State.ASIDE:
        return "It was put aside and has not been read at all: take it in, or say that it is no lead."
    if delivery.state == Delivery.State.RECEIVED:
        return "It still waits to be read for the first time; there is nothing to repeat."
    return ""


@allowed("replay")
@require_http_methods(["GET", "HEAD", "POST"])
def replay_delivery(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """GET shows what reading it again would do; POST puts it back into the queue."""
    delivery = _delivery(pk)
    blocked = _blocked(delivery)
    if request.method == "POST":
        if not blocked:
            try:
                replay(delivery=delivery, now=clock.read())
            except CannotReplay as error:
                blocked = str(error)
        if blocked:
            messages.error(request, f"Nothing was done: {blocked}")
        else:
            messages.success(request, "It is read again now. Reload in a moment to see what came of it.")
        return redirect("office:delivery", pk=delivery.pk)
    plan: Plan | None = None
    if not blocked:
        try:
            plan = plan_replay(delivery=delivery, now=clock.read())
        except CannotReplay as error:
            blocked = f"{error} A developer has to look first; it stays kept."
    context = {
        "delivery": delivery,
        "provider": provider_word(delivery.connection.provider),
        "client": delivery.connection.client,
        "zone": delivery.connection.client.timezone,
        "plan": plan,
        "mark": mark_of(plan.state) if plan else "",
        "note": in_words(plan.note) if plan else "",
        "count": plan.events if plan else 0,
        "what": "event would be recorded" if plan and plan.events == 1 else "events would be recorded",
        "effects": _would_do(plan) if plan else [],
        "nothing_new": plan is not None and plan.tried and not any((plan.events, plan.people, plan.leads, plan.runs, plan.tasks)),
        "blocked": blocked,
        "now": clock.read(),
    }
    return render(request, "office/replay.html", context)


urlpatterns = [
    path("deliveries/", list_deliveries, name="deliveries"),
    path("deliveries/<uuid:pk>/", show_delivery, name="delivery"),
    path("deliveries/<uuid:pk>/replay/", replay_delivery, name="replay"),
]
