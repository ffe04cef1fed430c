"""Clients: how each one is doing, and everything about one business on a page. Settings are changed in the admin, by owners."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, path, reverse
from django.views.decorators.http import require_safe

from leads.models import Client, OpeningHours
from messaging import talks
from messaging.notices import choosing
from messaging.words.variables import time_span
from portal import members
from summaries.models import Proof
from workflows import registry
from zartsalgo.lib import clock
from zartsalgo.lib.names import clean_text
from zartsalgo.office import telling
from zartsalgo.office.access import PAGE_SIZE, may, staff_only, who_may
from zartsalgo.office.client_health import read_health
from zartsalgo.office.items import workflow_name
from zartsalgo.office.links import page_url
from zartsalgo.office.page_time import now_of

REPORTS, CLOSURES = 3, 5
DAYS = dict(OpeningHours._meta.get_field("weekday").choices or ())


@staff_only
@require_safe
def list_clients(request: HttpRequest) -> HttpResponse:
    """Every business by name with its health in words. `?after=<short name>` goes on there; one that names nobody finds nothing."""
    now = now_of(request)
    query, after = (clean_text(request.GET.get(name, ""), limit=120) for name in ("q", "after"))
    rows = Client.objects.order_by("name", "pk")
    if query:
        rows = rows.filter(Q(name__istartswith=query) | Q(slug=query.lower()))
    if after:
        mark = Client.objects.filter(slug=after).first()
        rows = rows.filter(Q(name__gt=mark.name) | Q(name=mark.name, pk__gt=mark.pk)) if mark is not None else rows.none()
    found = list(rows[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    onward = request.GET.copy()
    onward["after"] = shown[-1].slug if shown else ""
    context = {
        "now": now,
        "items": read_health(clients=shown, now=now, real_now=clock.real_now()),
        "q": query,
        "filtered": bool(query or after),
        "older_url": f"?{onward.urlencode()}" if len(found) > PAGE_SIZE else "",
        "newer_url": reverse("office:clients") if after else "",
    }
    return render(request, "office/clients.html", context)


@staff_only
@require_safe
def show_client(request: HttpRequest, slug: str) -> HttpResponse:
    """One business: how it is doing, its hours and people, what is on, where its calls come from, and what it sees of us."""
    now = now_of(request)
    client = get_object_or_404(Client, slug=slug)
    (health,) = read_health(clients=[client], now=now, real_now=clock.real_now())
    configures = may(request.user, "configure")
    context = {
        "now": now,
        "client": client,
        "health": health,
        "hours": _hours(client),
        "closures": list(client.closures.filter(date__gte=now.date()).order_by("date")[:CLOSURES]),
        "responders": telling.reach_of(responders=client.responders.select_related("client"), lines=choosing.lines_of(client=client)),
        "promise": _promise(client),
        "desks": [
            (holder.get_desk_display(), holder) for holder in client.desk_holders.select_related("person", "deputy").order_by("desk")
        ],
        "automations": [
            {
                "name": workflow_name(row.workflow),
                "row": row,
                "sends": any(spec.kind == "message" for spec in getattr(registry.workflows().get(row.workflow), "steps", ())),
                "receipts_url": f"{page_url('receipts')}?workflow={row.workflow}",
            }
            for row in client.automations.order_by("workflow")
        ],
        "people": members.people_of(client_id=client.pk),
        "proofs": Proof.objects.filter(client=client, withdrawn_at__isnull=True).count(),
        "reports": [(report, page_url("report", report.pk)) for report in client.reports.order_by("-ends_on", "-pk")[:REPORTS]],
        "reports_url": page_url("reports"),
        "preview_url": page_url("portal_preview", client.slug),
        "stop_scope_url": page_url("stop"),
        "edit_url": _admin_url(client) if configures else "",
        "who_configures": "" if configures else who_may("configure"),
    }
    return render(request, "office/client.html", context)


def _promise(client: Client) -> dict[str, str]:
    """Within which time a customer's reply is answered, and who is told when it was not."""
    minutes, escalate_to = talks.usual_promise(client=client)
    return {"within": time_span(minutes=minutes), "told": talks.told_in_words(escalate_to=escalate_to)}


def _hours(client: Client) -> list[tuple[str, str]]:
    """Monday to Sunday with the open stretches; nothing where the client gave no hours and is always open."""
    days: dict[int, list[str]] = {}
    for row in client.opening_hours.order_by("weekday", "opens"):
        days.setdefault(row.weekday, []).append(f"{row.opens:%H:%M} to {row.closes:%H:%M}")
    return [(str(word), ", ".join(days.get(day, [])) or "closed") for day, word in DAYS.items()] if days else []


def _admin_url(client: Client) -> str:
    try:
        return reverse("admin:leads_client_change", args=[client.pk])
    except NoReverseMatch:
        return ""


urlpatterns = [
    path("clients/", list_clients, name="clients"),
    path("clients/<slug:slug>/", show_client, name="client"),
]
