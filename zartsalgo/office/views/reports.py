"""Reports for clients: made, looked at as the client will see them, opened down to the leads behind every number, published, withdrawn."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leads.models import Client, Lead
from portal.charts import weekly_columns
from portal.content import Report as Shown
from portal.content import report_of
from portal.templatetags.portal_tags import period
from summaries import reports
from summaries.models import Report
from zartsalgo.lib import clock
from zartsalgo.lib.names import clean_text
from zartsalgo.office import seen_by
from zartsalgo.office.access import allowed, may, page_of, staff_only, who_may
from zartsalgo.office.lists import chips_of, pager_urls
from zartsalgo.office.naming import person_name
from zartsalgo.office.page_time import now_of

STATES = (("", "All"), *Report.Status.choices)


@staff_only
@require_safe
def list_reports(request: HttpRequest) -> HttpResponse:
    """Newest period first; `client` and `status` keep a part. A filter that names nothing finds nothing, never all."""
    return _list(request, status_code=200)


def _list(request: HttpRequest, *, status_code: int, error: str = "", chosen: dict[str, str] | None = None) -> HttpResponse:
    now = now_of(request)
    slug, status = (clean_text(request.GET.get(name, ""), limit=60) for name in ("client", "status"))
    clients = list(Client.objects.order_by("name"))
    rows = Report.objects.select_related("client")
    if slug:
        rows = rows.filter(client__slug=slug)
    if status:
        rows = rows.filter(status=status)
    page = page_of(rows=rows, request=request, order_by="ends_on")
    zone = next((client.timezone for client in clients if client.slug == slug), "UTC")
    last = now.astimezone(ZoneInfo(zone)).date().replace(day=1) - timedelta(days=1)
    context = {
        "now": now,
        "items": [
            {
                "url": reverse("office:report", args=[report.pk]),
                "title": f"{period(report)}, {report.client}",
                "say": report.content.get("headline", ""),
                "status": report.status,
                "word": report.get_status_display(),
                "meta": [_by(report)],
            }
            for report in page.rows
        ],
        "clients": clients,
        "client": slug,
        "filtered": bool(slug or status),
        "chips": chips_of(request=request, name="status", choices=STATES, current=status),
        "chosen": chosen or {"client": slug, "starts_on": last.replace(day=1).isoformat(), "ends_on": last.isoformat()},
        "error": error,
        **pager_urls(request=request, page=page),
    }
    return render(request, "office/reports.html", context, status=status_code)


def _by(report: Report) -> str:
    if report.status == Report.Status.PUBLISHED:
        return f"published by {report.published_by}"
    return f"withdrawn by {report.withdrawn_by}" if report.status == Report.Status.WITHDRAWN else "the client does not see it yet"


@staff_only
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Count a stretch of days into a draft."""
    chosen = {name: clean_text(request.POST.get(name, ""), limit=60) for name in ("client", "starts_on", "ends_on")}
    client = Client.objects.filter(slug=chosen["client"]).first()
    try:
        starts_on, ends_on = (date.fromisoformat(chosen[name]) for name in ("starts_on", "ends_on"))
    except ValueError:
        return _list(request, status_code=400, error="Give the first and the last day as dates, such as 2026-11-01.", chosen=chosen)
    if client is None:
        return _list(request, status_code=400, error="Choose whose report it is.", chosen=chosen)
    try:
        report = reports.build(client=client, starts_on=starts_on, ends_on=ends_on, now=clock.read())
    except reports.CannotBuild as error:
        return _list(request, status_code=400, error=str(error), chosen=chosen)
    messages.success(request, f"Counted. {client} sees nothing of it until somebody publishes it.")
    return redirect("office:report", pk=report.pk)


def _get(pk: uuid.UUID) -> Report:
    return get_object_or_404(Report.objects.select_related("client"), pk=pk)


@staff_only
@require_safe
def show(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The report as the client sees it, and where each number is from."""
    return _show(request, report=_get(pk))


def _show(request: HttpRequest, *, report: Report, words: dict[str, str] | None = None, error: str = "") -> HttpResponse:
    now = now_of(request)
    shown = _shown(report)
    draft = report.status == Report.Status.DRAFT
    context = {
        "now": now,
        "report": report,
        "shown": shown,
        "period": period(report),
        "chart": weekly_columns(weeks=shown.weeks, ends_on=report.ends_on),
        "numbers": list(_numbers(report)),
        "words": words or {"headline": shown.headline, "note": shown.note},
        "error": error,
        "why_not": reports.why_not(report=report, now=now) if draft else "",
        "may_publish": may(request.user, "publish"),
        "who_may": "" if may(request.user, "publish") else who_may("publish"),
        "audience": seen_by.audience(client=report.client),
        "longest_headline": reports.LONGEST_HEADLINE,
        "longest_note": reports.LONGEST_NOTE,
    }
    return render(request, "office/report.html", context, status=400 if error else 200)


def _shown(report: Report) -> Shown:
    return report_of(
        id=report.pk,
        starts_on=report.starts_on,
        ends_on=report.ends_on,
        content=report.content,
        published_at=report.published_at or report.created_at,
        published_by=report.published_by,
    )


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number of a report, and where the leads that it was counted from are listed."""

    label: str
    count: int
    url: str


def _numbers(report: Report) -> Iterator[Number]:
    """What can be opened, in the order of the page: the figures, the period before, weeks, sources; of the latter what is not zero."""
    base = reverse("office:report_counted", args=[report.pk])
    figures = [one["key"] for one in report.content.get("figures", [])]
    keys = [*figures, *(f"{key}:previous" for key in figures)]
    keys += [f"week:{one['start']}:{what}" for one in report.content.get("weeks", []) for what in ("asked", "booked")]
    keys += [f"source:{one['name']}:{what}" for one in report.content.get("sources", []) for what in ("asked", "booked")]
    for key in keys:
        ids = report.counted.get(key, [])
        if ids or (key in figures and key in report.counted):
            yield Number(label=_label(report, key), count=len(ids), url=f"{base}?{urlencode({'of': key})}")


def _label(report: Report, key: str) -> str:
    kind, _, rest = key.partition(":")
    if kind == "week":
        start, _, what = rest.rpartition(":")
        day = date.fromisoformat(start)
        return f"Week from {day:%-d %b}: {'booked' if what == 'booked' else 'calls and forms'}"
    if kind == "source":
        name, _, what = rest.rpartition(":")
        return f"{name}: {'booked' if what == 'booked' else 'calls and forms'}"
    named = {one["key"]: one["label"] for one in report.content.get("figures", [])}
    label = "Answered, for the typical time" if kind == "typical" else named.get(kind, kind)
    return f"{label}, the period before" if rest == "previous" else label


@staff_only
@require_safe
def counted(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The leads that one number was counted from."""
    now = now_of(request)
    report = _get(pk)
    key = request.GET.get("of", "")
    if key not in report.counted:
        raise Http404("There is no such number in this report.")
    ids = report.counted[key]
    rows = Lead.objects.filter(pk__in=ids, client=report.client).select_related("contact")
    page = page_of(rows=rows, request=request, order_by="created_at")
    context = {
        "now": now,
        "report": report,
        "period": period(report),
        "label": _label(report, key),
        "count": len(ids),
        "rows": page.rows,
        **pager_urls(request=request, page=page),
    }
    return render(request, "office/report_counted.html", context)


@staff_only
@require_POST
def count_again(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Count the days of a draft once more: what was booked or turned out to be spam since is in it."""
    report = _get(pk)
    if report.status != Report.Status.DRAFT:
        messages.warning(request, "It is no draft any more, so its numbers stay as they are.")
        return redirect("office:report", pk=pk)
    try:
        fresh = reports.build(client=report.client, starts_on=report.starts_on, ends_on=report.ends_on, now=clock.read())
    except reports.CannotBuild as error:
        messages.warning(request, str(error))
        return redirect("office:report", pk=pk)
    messages.success(request, "Counted again. The headline is new; your note is kept.")
    return redirect("office:report", pk=fresh.pk)


@staff_only
@require_POST
def edit(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The headline and the note of a draft."""
    report = _get(pk)
    headline = " ".join(clean_text(request.POST.get("headline", ""), limit=2_000).split())
    note = clean_text(request.POST.get("note", ""), limit=5_000)
    try:
        reports.edit(report=report, headline=headline, note=note)
    except reports.CannotPublish as error:
        return _show(request, report=_get(pk), words={"headline": headline, "note": note}, error=f"{error} Nothing was changed.")
    messages.success(request, "The words are kept.")
    return redirect("office:report", pk=pk)


@allowed("publish")
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """GET says who will see what; POST publishes."""
    report, now = _get(pk), clock.read()
    if request.method == "POST":
        if request.POST.get("seen") != report.created_at.isoformat():
            messages.warning(request, "It was counted again since you looked. Read it and publish what you see.")
            return redirect("office:report", pk=pk)
        return _done(request, report=report, act=reports.publish, says=f"Published. {report.client} sees it now.", now=now)
    audience = seen_by.audience(client=report.client)
    effects = [
        f"Who will see it: {audience}",
        f"The headline: {report.content.get('headline', '')}",
        "Its numbers stay as they are. To correct them, withdraw it and make a new one.",
    ]
    context = {
        "title": f"Publish {period(report)} for {report.client}",
        "count": len(report.counted.get("asked", [])),
        "what": "calls and forms stand behind it",
        "effects": effects,
        "hidden": [("seen", report.created_at.isoformat())],
        "blocked": reports.why_not(report=report, now=now) if report.status == Report.Status.DRAFT else f"It is no draft: {_by(report)}.",
        "button": "Publish it",
        "level": "warn",
    }
    return _confirm(request, report=report, now=now, context=context)


@allowed("publish")
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """GET says what disappears; POST withdraws."""
    report, now = _get(pk), clock.read()
    if request.method == "POST":
        return _done(request, report=report, act=reports.withdraw, says=f"Withdrawn. {report.client} does not see it any more.", now=now)
    context = {
        "title": f"Withdraw {period(report)} from {report.client}",
        "count": 1 if report.status == Report.Status.PUBLISHED else 0,
        "what": "report disappears from the portal",
        "effects": [
            f"Who sees it now: {seen_by.audience(client=report.client)}",
            "Its numbers, who published it and who withdrew it stay in our record.",
            "A new report of the same days can be made afterwards.",
        ],
        "blocked": "" if report.status == Report.Status.PUBLISHED else f"It is not published: {_by(report)}.",
        "button": "Withdraw it",
        "level": "bad",
    }
    return _confirm(request, report=report, now=now, context=context)


def _confirm(request: HttpRequest, *, report: Report, now: datetime, context: dict[str, Any]) -> HttpResponse:
    return render(request, "office/report_confirm.html", {"now": now, "report": report, "period": period(report), **context})


def _done(request: HttpRequest, *, report: Report, act: Any, says: str, now: datetime) -> HttpResponse:
    try:
        act(report=report, by=person_name(request.user), now=now)  # type: ignore[arg-type]
        messages.success(request, says)
    except reports.CannotPublish as error:
        messages.warning(request, str(error))
    return redirect("office:report", pk=report.pk)


urlpatterns = [
    path("reports/", list_reports, name="reports"),
    path("reports/make/", make, name="report_make"),
    path("reports/<uuid:pk>/", show, name="report"),
    path("reports/<uuid:pk>/counted/", counted, name="report_counted"),
    path("reports/<uuid:pk>/again/", count_again, name="report_again"),
    path("reports/<uuid:pk>/words/", edit, name="report_words"),
    path("reports/<uuid:pk>/publish/", publish, name="report_publish"),
    path("reports/<uuid:pk>/withdraw/", withdraw, name="report_withdraw"),
]
