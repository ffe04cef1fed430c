"""Summaries, approvals, proof and reports to look up. Writing, approving and withdrawing happen on pages of their own."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from summaries.models import Approval, Proof, Report, Summary
from zartsalgo.record_admin import EvidenceAdmin, by_id_or


@admin.register(Summary)
class SummaryAdmin(EvidenceAdmin):
    page = "office:approval"
    list_display = ("__str__", "client", "lead", "status", "writer", "says", "created_at")
    list_filter = ("status", "writer", "client")
    list_select_related = ("client", "lead__contact")
    ordering = ("-created_at", "-id")
    search_fields = ("id__exact",)
    search_help_text = "Our id."

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return by_id_or(queryset, term=search_term, field="model"), False


@admin.register(Approval)
class ApprovalAdmin(EvidenceAdmin):
    list_display = ("summary", "verdict", "by", "at", "reason")
    list_filter = ("verdict",)
    list_select_related = ("summary",)
    ordering = ("-id",)


@admin.register(Proof)
class ProofAdmin(EvidenceAdmin):
    list_display = ("__str__", "client", "kind", "source", "approved_by", "approved_at", "withdrawn_at")
    list_filter = ("client", "kind")
    list_select_related = ("client",)
    ordering = ("-id",)


@admin.register(Report)
class ReportAdmin(EvidenceAdmin):
    list_display = ("__str__", "client", "starts_on", "ends_on", "status", "published_by", "published_at")
    list_filter = ("status", "client")
    list_select_related = ("client",)
    ordering = ("-id",)
