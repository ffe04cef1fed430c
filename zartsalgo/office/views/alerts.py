"""Alerts: what people are told of, open first; one with what to do and who was told; seeing to it, and giving it back."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from zartsalgo.lib import clock
from zartsalgo.office.access import allowed, may, page_of, staff_only
from zartsalgo.office.lists import chips_of, pager_urls
from zartsalgo.office.models import Alert
from zartsalgo.office.naming import person_name
from zartsalgo.office.operations import alerts
from zartsalgo.office.page_time import now_of
from zartsalgo.office.templatetags.office_tags import duration

# An alert is about the house, not about one business: its times are in UTC, and say so.
ZONE = "UTC"
SHOWN_MAILS = 20
VIEWS = (("", "Open"), ("over", "Over"), ("all", "All"))
NOTHING = {"": "Nothing is wrong.", "over": "No alert is over yet.", "all": "There has been no alert yet."}


@staff_only
@require_safe
def list_alerts(request: HttpRequest) -> HttpResponse:
    """Open ones, newest first; `view` shows those that are over, or all."""
    now = now_of(request)
    chosen = request.GET.get("view", "")
    chosen = chosen if chosen in NOTHING else ""
    rows = Alert.objects.select_related("taken_by")
    if chosen != "all":
        rows = rows.filter(resolved_at__isnull=chosen == "")
    page = page_of(rows=rows, request=request, order_by="first_at")
    items = [
        {
            "url": reverse("office:alert", args=[row.pk]),
            "title": row.title,
            "say": row.says,
            "moment": row.first_at,
            "meta": [_holder(row), f"came back {row.times - 1} times" if row.times > 1 else "", _lasted(row)],
            **_state(row),
        }
        for row in page.rows
    ]
    context = {
        "now": now,
        "items": items,
        "zone": ZONE,
        "chips": chips_of(request=request, name="view", choices=VIEWS, current=chosen),
        "nothing": NOTHING[chosen],
        **pager_urls(request=request, page=page),
    }
    return render(request, "office/alerts.html", context)


def _state(row: Alert) -> dict[str, str]:
    if row.resolved_at is not None:
        return {"status": "closed", "word": "Over"}
    if row.taken_at is not None:
        return {"status": "fixing", "word": "Being seen to"}
    return {"status": "broken" if row.severity == Alert.Severity.BAD else "late", "word": row.get_severity_display()}


def _holder(row: Alert) -> str:
    if row.taken_at is None:
        return "" if row.resolved_at else "nobody sees to it yet"
    return f"{person_name(row.taken_by) if row.taken_by else 'Somebody'} sees to it" if row.resolved_at is None else ""


def _lasted(row: Alert) -> str:
    return f"lasted {duration(abs(row.resolved_at - row.first_at))}" if row.resolved_at else ""


@staff_only
@require_safe
def show_alert(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One alert: what is wrong, what to do and where, who was told."""
    now = now_of(request)
    alert = get_object_or_404(Alert.objects.select_related("taken_by"), pk=pk)
    context: dict[str, Any] = {
        "now": now,
        "alert": alert,
        "zone": ZONE,
        "holder": person_name(alert.taken_by) if alert.taken_by else "Somebody",
        "may_take": may(request.user, "see_to") and alert.resolved_at is None,
        "mails": list(alert.mails.select_related("person").order_by("-created_at", "-pk")[:SHOWN_MAILS]),
        **_state(alert),
    }
    return render(request, "office/alert.html", context)


@allowed("see_to")
@require_POST
def take_alert(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Somebody sees to it: reminders end, the alert stays until its cause is gone."""
    alert = get_object_or_404(Alert, pk=pk)
    if alerts.take(alert_id=alert.pk, by=request.user, now=clock.read()):  # type: ignore[arg-type]
        messages.success(request, "You see to it. Nobody is reminded any more; it closes by itself when its cause is gone.")
    else:
        messages.warning(request, _too_late(Alert.objects.select_related("taken_by").get(pk=pk)))
    return redirect("office:alert", pk=pk)


@allowed("see_to")
@require_POST
def give_back_alert(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Undo: people are reminded again each hour."""
    alert = get_object_or_404(Alert, pk=pk)
    if alerts.give_back(alert_id=alert.pk):
        messages.success(request, "Given back. People are reminded each hour until somebody sees to it or it is over.")
    else:
        messages.warning(request, _too_late(Alert.objects.select_related("taken_by").get(pk=pk)))
    return redirect("office:alert", pk=pk)


def _too_late(alert: Alert) -> str:
    if alert.resolved_at is not None:
        return "It is over already. Nothing was changed."
    who = person_name(alert.taken_by) if alert.taken_by else "Nobody"
    return f"{who} sees to it. Nothing was changed."


urlpatterns = [
    path("alerts/", list_alerts, name="alerts"),
    path("alerts/<uuid:pk>/", show_alert, name="alert"),
    path("alerts/<uuid:pk>/take/", take_alert, name="alert_take"),
    path("alerts/<uuid:pk>/give-back/", give_back_alert, name="alert_give_back"),
]
