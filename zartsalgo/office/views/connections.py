"""The provider accounts of every client: when each was last heard, whether it is trouble, and how to connect the next one.

The hook address is a secret: who knows it can try to post to it. It is shown to owners only, on request, and that is noted.
"""

import uuid
from typing import cast

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from leads.models import Client
from providers import adapters
from providers.connections import hook_url
from providers.models import Connection, Delivery
from zartsalgo.lib import clock
from zartsalgo.lib.masking import DOTS
from zartsalgo.lib.sealed import CannotOpen
from zartsalgo.office.access import allowed, may, staff_only
from zartsalgo.office.freshness import state_of
from zartsalgo.office.going_live import list_url
from zartsalgo.office.labels import provider_word
from zartsalgo.office.links import page_url

MOST = 500


@staff_only
@require_safe
def list_connections(request: HttpRequest) -> HttpResponse:
    """All connections by client, and which providers a client could still connect."""
    return _page(request)


def _page(request: HttpRequest, *, shown: Connection | None = None, address: str = "") -> HttpResponse:
    now, real_now = clock.read(), clock.real_now()
    last = Delivery.objects.filter(connection=OuterRef("pk")).order_by("-received_at").values("received_at")[:1]
    rows = list(
        Connection.objects.select_related("client")
        .defer("sealed")
        .annotate(last_at=Subquery(last))
        .order_by("client__name", "provider", "-created_at")[:MOST]
    )
    items = [
        {
            "row": row,
            "provider": provider_word(row.provider),
            "state": state_of(connection=row, last=row.last_at, now=now, real_now=real_now),
            "last_at": row.last_at,
            "list_url": list_url(connection=row),
            "zone": row.client.timezone,
            "hook": f"/hooks/{row.provider}/{DOTS}/",
            "address": address if shown is not None and shown.pk == row.pk else "",
            "deliveries_url": f"{page_url('deliveries')}?provider={row.provider}",
        }
        for row in rows
    ]
    clients = list(Client.objects.order_by("name")[:MOST])
    taken = {(row.client_id, row.provider) for row in rows if row.disabled_at is None}
    free = [
        {"client": client, "providers": [provider_word(name) for name in sorted(adapters.names()) if (client.pk, name) not in taken]}
        for client in clients
    ]
    context = {
        "items": items,
        "free": [entry for entry in free if entry["providers"]],
        "commands": _commands(slug=clients[0].slug if clients else "summit-roofing"),
        "may_see_address": may(request.user, "connect"),
        "now": now,
    }
    return render(request, "office/connections.html", context)


def _commands(*, slug: str) -> list[dict[str, str]]:
    """How each provider is connected; the secret is asked for, never part of the line."""
    found = []
    for adapter in adapters.all_adapters():
        line = f"script/manage connect {adapter.provider} --client {slug}"
        if adapter.can_send:
            line += " --account AC... --live"
        elif adapter.can_alert:
            line += " --live"
        elif adapter.can_email:
            line += " --live --option from=office@business.example --option inbound=ADDRESS"
        asks = f"asks for its {adapter.secret_name}" if adapter.needs_secret else "needs no secret"
        found.append({"label": adapter.label, "line": line, "asks": asks})
    return found


@allowed("connect")
@require_POST
def show_address(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The whole hook address, once, in this answer only; who asked is kept in the record of changes."""
    connection = get_object_or_404(Connection.objects.select_related("client"), pk=pk)
    try:
        address = hook_url(connection=connection)
    except CannotOpen:
        messages.error(request, "Not shown: it is encrypted with a key that this installation does not have.")
        return redirect("office:connections")
    LogEntry.objects.log_actions(
        user_id=cast(int, request.user.pk),
        queryset=[connection],
        action_flag=CHANGE,
        change_message="Saw the hook's address.",
        single_object=True,
    )
    return _page(request, shown=connection, address=address)


urlpatterns = [
    path("connections/", list_connections, name="connections"),
    path("connections/<uuid:pk>/address/", show_address, name="connection_address"),
]
