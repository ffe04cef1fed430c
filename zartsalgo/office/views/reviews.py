"""Review requests in numbers: for each client and month who could be asked, who was, and why the others were not. Each number opens its rows."""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from leads.models import Client
from workflows.models import Receipt
from zartsalgo.lib.names import clean_text
from zartsalgo.office import review_numbers as numbers
from zartsalgo.office.access import PAGE_SIZE, page_of, staff_only
from zartsalgo.office.lists import pager_urls
from zartsalgo.office.page_time import now_of


def _month(request: HttpRequest, *, now: datetime, zone: str) -> date:
    """The month asked for; this one, in the zone, where none or nonsense was."""
    try:
        month = date.fromisoformat(f"{request.GET.get('month', '')}-01")
    except ValueError:
        month = date.min
    return month if 2000 <= month.year <= 2200 else now.astimezone(ZoneInfo(zone)).date().replace(day=1)


def _as_query(month: date) -> str:
    return f"{month:%Y-%m}"


@staff_only
@require_safe
def list_reviews(request: HttpRequest) -> HttpResponse:
    """One month, a client after the other by name; `client` keeps one of them, `after` goes on after one."""
    now = now_of(request)
    slug, after = (clean_text(request.GET.get(name, ""), limit=60) for name in ("client", "after"))
    clients = list(Client.objects.order_by("name", "pk").values_list("slug", "name", "timezone"))
    zone = next((zone for one, _, zone in clients if one == slug), "UTC")
    month = _month(request, now=now, zone=zone)
    rows = numbers.with_jobs(month=month)
    if slug:
        rows = rows.filter(slug=slug)
    if after:
        mark = next((name for one, name, _ in clients if one == after), None)
        rows = rows.filter(Q(name__gt=mark) | Q(name=mark, slug__gt=after)) if mark is not None else rows.none()
    found = list(rows.order_by("name", "slug")[: PAGE_SIZE + 1])
    query = request.GET.copy()
    query["after"] = found[PAGE_SIZE - 1].slug if len(found) > PAGE_SIZE else ""
    first = request.GET.copy()
    first.pop("after", None)
    context = {
        "now": now,
        "month": month,
        "chips": _months(month=month, this=now.date().replace(day=1), client=slug),
        "lines": [_shown(line, month=month) for line in numbers.count(month=month, clients=found[:PAGE_SIZE])],
        "clients": [{"slug": one, "name": name} for one, name, _ in clients],
        "client": slug,
        "month_value": _as_query(month),
        "older_url": f"?{query.urlencode()}" if query["after"] else "",
        "newer_url": f"?{first.urlencode()}" if after else "",
    }
    return render(request, "office/reviews.html", context)


def _months(*, month: date, this: date, client: str) -> list[dict[str, object]]:
    """The month before, the one shown, and the one after unless that lies ahead."""
    before = (month - timedelta(days=1)).replace(day=1)
    after = (month + timedelta(days=32)).replace(day=1)
    shown = [one for one in dict.fromkeys((before, month, after)) if one <= max(this, month)]
    more = {"client": client} if client else {}
    return [{"label": f"{one:%B %Y}", "url": f"?{urlencode({'month': _as_query(one), **more})}", "current": one == month} for one in shown]


def _shown(line: numbers.Line, *, month: date) -> dict[str, Any]:
    def entry(what: str, label: str, count: int) -> dict[str, Any]:
        query = urlencode({"client": line.client.slug, "month": _as_query(month), "what": what})
        return {"label": label, "count": count, "url": f"{reverse('office:review_rows')}?{query}"}

    return {
        "client": line.client,
        "counts": [entry(what, label, line.counts[what]) for what, label in numbers.COUNTS.items()],
        "reasons": [entry(why, numbers.word_of(why), count) for why, count in line.reasons.items()],
    }


@staff_only
@require_safe
def list_rows(request: HttpRequest) -> HttpResponse:
    """The jobs that one number was counted from, newest first."""
    now = now_of(request)
    client = get_object_or_404(Client, slug=clean_text(request.GET.get("client", ""), limit=60))
    month = _month(request, now=now, zone=client.timezone)
    what = clean_text(request.GET.get("what", ""), limit=80)
    if not what:
        raise Http404("no number was named")
    rows = numbers.only(rows=numbers.jobs(month=month, clients=[client.pk]), what=what)
    page = page_of(rows=rows.select_related("event__contact"), request=request, order_by="at")
    context = {
        "now": now,
        "client": client,
        "label": numbers.COUNTS.get(what) or ("Asked" if what == numbers.ASKED else numbers.word_of(what)),
        "month": month,
        "back": f"{reverse('office:reviews')}?{urlencode({'client': client.slug, 'month': _as_query(month)})}",
        "items": [_row(receipt) for receipt in page.rows],
        "zone": client.timezone,
        **pager_urls(request=request, page=page),
    }
    return render(request, "office/review_rows.html", context)


def _row(receipt: Any) -> dict[str, Any]:
    contact = receipt.event.contact
    why = "Asked" if receipt.why == numbers.ASKED else numbers.word_of(receipt.why)
    started = receipt.verdict == Receipt.Verdict.STARTED
    status, word = (
        ("sent", "Asked")
        if receipt.why == numbers.ASKED
        else ("waiting", "Not yet")
        if why.startswith("Not yet")
        else ("skipped", "Not asked")
    )
    return {
        "url": reverse("office:run", args=[receipt.run_id])
        if receipt.run_id
        else f"{reverse('office:receipts')}?{urlencode({'q': receipt.event_id})}",
        "title": contact.name or "Unknown person" if contact else "Nobody known",
        "say": why,
        "meta": ["reminded" if receipt.reminded else "", "followed the link" if receipt.clicked else ""],
        "moment": receipt.at,
        "status": receipt.verdict if not started else status,
        "word": word if started else "",
    }


urlpatterns = [
    path("reviews/", list_reviews, name="reviews"),
    path("reviews/rows/", list_rows, name="review_rows"),
]
