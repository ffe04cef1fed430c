"""Connections and deliveries to look up. What is sealed stays sealed: no page of the records shows a token, a secret or a raw request."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from providers.models import Connection, Delivery
from zartsalgo.record_admin import EvidenceAdmin, by_id_or


@admin.register(Connection)
class ConnectionAdmin(EvidenceAdmin):
    list_display = ("provider", "client", "account", "live", "created_at", "disabled_at", "refused_signatures", "trouble")
    list_filter = ("client", "provider", "live")
    list_select_related = ("client",)
    ordering = ("client__name", "provider", "-created_at")
    exclude = ("sealed", "token_digest", "old_token_digest")
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}


@admin.register(Delivery)
class DeliveryAdmin(EvidenceAdmin):
    """The request itself (headers, body, query) is on the delivery's own page, masked."""

    page = "office:delivery"
    list_display = ("connection", "state", "received_at", "copies", "note")
    list_filter = ("state", "connection__provider")
    list_select_related = ("connection__client",)
    ordering = ("-received_at", "-id")
    exclude = ("body", "headers", "url")
    search_fields = ("key",)
    search_help_text = "Our id or the provider's key."

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("body", "headers", "url", "connection__sealed")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return by_id_or(queryset, term=search_term, field="key"), False
