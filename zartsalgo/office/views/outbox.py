"""What went out: handovers to the business's own people, and every text with its state and the reason in words."""

import re
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from leads.models import Client
from messaging.email import composing
from messaging.models import Handover, Message
from zartsalgo.lib import clock
from zartsalgo.lib.names import clean_text
from zartsalgo.lib.phone import sayable
from zartsalgo.office import decisions, items, telling
from zartsalgo.office.access import allowed, may, page_of, staff_only, who_may
from zartsalgo.office.labels import provider_word
from zartsalgo.office.lead_search import people_matching
from zartsalgo.office.links import page_url
from zartsalgo.office.naming import person_name
from zartsalgo.office.page_time import now_of
from zartsalgo.office.run_page import shown_slip
from zartsalgo.office.sign_in_mails import unsent

_LINK = re.compile(r"https?://\S+")


@staff_only
@require_safe
def list_handovers(request: HttpRequest) -> HttpResponse:
    """What responders were told, newest first: to whom, about whom, word for word, and what they said came of it."""
    now = now_of(request)
    slug = clean_text(request.GET.get("client", ""), limit=120)
    rows = Handover.objects.select_related("client", "lead__contact")
    if slug:
        rows = rows.filter(client__slug=slug)
    page = page_of(rows=rows, request=request, order_by="created_at")
    items = []
    told = telling.lines_of(page.rows)
    for row in page.rows:
        found = _LINK.search(row.body or "")
        items.append(
            {
                "row": row,
                "text": _LINK.sub("", row.body or "").strip(),
                "link": found.group() if found and row.link_expires_at > now else "",
                "run_url": page_url("run", row.run_id),
                "told": told[row.pk],
                "address": sayable(row.to_address) if row.to_address.startswith("+") else row.to_address,
            }
        )
    context = {
        "now": now,
        "items": items,
        "shown_only": telling.SHOWN_ONLY,
        "mails": unsent(now=clock.real_now()),
        **_list(request, page=page, name="outbox", slug=slug),
    }
    return render(request, "office/outbox.html", context)


@staff_only
@require_safe
def list_messages(request: HttpRequest) -> HttpResponse:
    """Every text, newest first; filters `status`, `client` and `q` (a name's start, a number)."""
    now = now_of(request)
    slug, status, query = (clean_text(request.GET.get(name, ""), limit=120) for name in ("client", "status", "q"))
    rows = Message.objects.select_related("client", "contact")
    if slug:
        rows = rows.filter(client__slug=slug)
    if status:
        rows = rows.filter(status=status)
    if query:
        people = people_matching(query=query)
        rows = rows.filter(contact_id__in=people) if people else rows.none()
    page = page_of(rows=rows, request=request, order_by="created_at")
    context = {
        "now": now,
        "items": [
            {
                "row": row,
                "email": row.channel == Message.EMAIL,
                "who": row.contact.name or sayable(row.to),
                "by": items.workflow_name(row.workflow),
            }
            for row in page.rows
        ],
        "statuses": Message.Status.choices,
        "status": status,
        "q": query,
        "filtered": bool(slug or status or query),
        **_list(request, page=page, name="messages", slug=slug),
    }
    return render(request, "office/messages.html", context)


def _list(request: HttpRequest, *, page: Any, name: str, slug: str) -> dict[str, Any]:
    return {
        "clients": list(Client.objects.order_by("name").values_list("slug", "name")),
        "client": slug,
        "older_url": f"?{page.older}" if page.older else "",
        "newer_url": reverse(f"office:{name}") if request.GET.get("after") else "",
    }


@staff_only
@require_safe
def show_message(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One text: the answer first, then its words, every check of the gate, and every try."""
    now = now_of(request)
    rows = Message.objects.select_related("client", "contact", "lead", "template", "connection", "newest_slip")
    message = get_object_or_404(rows, pk=pk)
    attempts = list(message.attempts.select_related("allowed_by").order_by("n"))
    pending = message.status in Message.PENDING and not any(attempt.outcome in attempt.LIVE for attempt in attempts)
    approvable = pending and message.approved_at is None
    context = {
        "now": now,
        "message": message,
        "who": message.contact.name or sayable(message.to),
        "noun": "email" if message.channel == Message.EMAIL else "text",
        "footer": composing.footer(message=message) if message.channel == Message.EMAIL else "",
        "way": _way(message),
        "by": items.workflow_name(message.workflow),
        "sentence": message.says or _standing(message),
        "next": _next(message),
        "slip": shown_slip(slip=message.slip, attempts=attempts),
        "pending": pending,
        "approvable": approvable and may(request.user, "approve"),
        "who_may": who_may("approve") if approvable and not may(request.user, "approve") else "",
        "seen": decisions.text_digest(message.body),
        "reject_reasons": decisions.REJECT_REASONS,
        "run_url": page_url("run", message.run_id),
        "lead_url": page_url("lead", message.lead_id),
    }
    return render(request, "office/message.html", context)


def _way(message: Message) -> str:
    """Over what it goes, as the end of a sentence about sender and recipient."""
    if message.connection is not None:
        return f" over {provider_word(message.connection.provider)}"
    if message.channel == Message.EMAIL:
        by_server = composing.sends_by_smtp() and not message.client.demo
        return " over the mail server of this installation" if by_server else ", shown here only: no mail server is set"
    return ", to the simulator's phone"


def _standing(message: Message) -> str:
    return {
        Message.Status.QUEUED: "Written; the gate has not judged it yet.",
        Message.Status.HELD: "Held.",
        Message.Status.SENT: "The provider accepted it.",
        Message.Status.DELIVERED: "Delivered to the phone.",
        Message.Status.SKIPPED: "Not sent.",
        Message.Status.FAILED: "The provider or the carrier refused it.",
        Message.Status.UNKNOWN: "The provider did not answer; it may have gone. It is not repeated.",
    }[Message.Status(message.status)]


def _next(message: Message) -> str:
    if message.status == Message.Status.HELD and message.reason == items.NEEDS_APPROVAL and message.approved_at is None:
        return "Next: a person approves it or decides that it does not go."
    if message.status in Message.PENDING and message.approved_at is not None:
        return f"Approved by {message.approved_by}; the gate judges it again when it is due."
    if message.status in Message.PENDING:
        return "It is judged again when it is due, every check from the start."
    return ""


@allowed("approve")
@require_POST
def approve_message(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Approve exactly the text that was on the page."""
    return _decide(request, pk=pk, outcome="approve")


@staff_only
@require_POST
def reject_message(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Decide that a waiting text does not go."""
    return _decide(request, pk=pk, outcome="reject")


def _decide(request: HttpRequest, *, pk: uuid.UUID, outcome: str) -> HttpResponse:
    message = get_object_or_404(items.texts(), pk=pk)
    chip, note = (" ".join(clean_text(request.POST.get(name, ""), limit=200).split()) for name in ("reason", "note"))
    reason = ": ".join(part for part in ("" if chip == "Other" and not note else chip, note) if part)
    try:
        decided = decisions.decide_text(
            message=message,
            outcome=outcome,
            seen=request.POST.get("seen", ""),
            reason=reason,
            by=person_name(request.user),  # type: ignore[arg-type]
            now=clock.read(),
        )
    except decisions.NotAnOutcome as error:
        messages.error(request, str(error))
    else:
        (messages.success if decided.done else messages.warning)(request, decided.says)
    return redirect("office:message", pk=pk)


urlpatterns = [
    path("outbox/", list_handovers, name="outbox"),
    path("messages/", list_messages, name="messages"),
    path("messages/<uuid:pk>/", show_message, name="message"),
    path("messages/<uuid:pk>/approve/", approve_message, name="message_approve"),
    path("messages/<uuid:pk>/reject/", reject_message, name="message_reject"),
]
