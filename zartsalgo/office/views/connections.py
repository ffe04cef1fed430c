"""The provider accounts of every client: when each was last heard, whether it is trouble, and how to connect the next one.

The hook address is a secret: who knows it can try to post to it. It is shown to owners only, on request, and that is noted.
"""

import uuid
from datetime import timedelta
from typing import cast

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leads.models import Client
from providers import adapters
from providers.connections import OVERLAP, hook_url, rotate_address
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
OVERLAP_WORDS = f"{OVERLAP // timedelta(hours=1)} hours"


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
            "old_address_until": row.old_token_until if row.old_token_until and row.old_token_until > real_now else None,
            "old_secret_until": row.old_secret_until
            if row.old_secret_until and row.old_secret_until > real_now and adapters.load(row.provider).needs_secret
            else None,
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


@allowed("connect")
@require_http_methods(["GET", "HEAD", "POST"])
def rotate_hook(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """GET says what a new address means; POST makes it and shows it, once, in this answer only."""
    connection = get_object_or_404(Connection.objects.select_related("client"), pk=pk, disabled_at__isnull=True)
    if request.method == "POST":
        try:
            address = rotate_address(connection=connection, overlap=OVERLAP, now=clock.real_now())
        except CannotOpen:
            messages.error(request, "Nothing was done: it is encrypted with a key that this installation does not have.")
            return redirect("office:connections")
        LogEntry.objects.log_actions(
            user_id=cast(int, request.user.pk),
            queryset=[connection],
            action_flag=CHANGE,
            change_message="Gave the hook a new address, and saw it.",
            single_object=True,
        )
        messages.success(request, f"It has a new address. The old one is taken for {OVERLAP_WORDS} more.")
        return _page(request, shown=connection, address=address)
    context = {
        "title": f"A new address for {provider_word(connection.provider)} of {connection.client}?",
        "what": "address will be replaced",
        "effects": [
            "The new address is shown once; write it into the provider's settings.",
            f"The old one is taken for {OVERLAP_WORDS} more, then it is unknown. What the provider still sends there after that is lost.",
            "Reports on texts that went out before come to the old address; after the overlap we look them up.",
            *(["An address that was replaced lately and is still taken ends at once."] if connection.old_token_until else []),
        ],
        "now": clock.read(),
    }
    return render(request, "office/rotate.html", {**context, "connection": connection})


urlpatterns = [
    path("connections/", list_connections, name="connections"),
    path("connections/<uuid:pk>/address/", show_address, name="connection_address"),
    path("connections/<uuid:pk>/new-address/", rotate_hook, name="connection_rotate"),
]
