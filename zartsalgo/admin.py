"""People and access; the clock and the signs of life are only looked at."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.http import HttpRequest

from zartsalgo.models import ApiToken, Clock, Heartbeat, User
from zartsalgo.record_admin import EvidenceAdmin


@admin.register(User)
class UserAdmin(StockUserAdmin):
    """Members of the agency. Only a superuser makes or changes superusers; nobody is deleted, for records name them: end their access."""

    show_full_result_count = False
    # A plain list to choose from: the stock two-box widget needs JavaScript.
    filter_horizontal = ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or not obj.is_superuser or bool(request.user.is_superuser))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fixed = ("last_login", "date_joined")
        return fixed if request.user.is_superuser else (*fixed, "is_superuser", "user_permissions")


@admin.register(ApiToken)
class ApiTokenAdmin(EvidenceAdmin):
    """Made and revoked by the command api_token; the token itself is never stored."""

    list_display = ("prefix", "user", "scope", "created_at", "revoked_at")
    list_select_related = ("user",)
    ordering = ("-created_at",)
    exclude = ("digest",)


@admin.register(Clock)
class ClockAdmin(EvidenceAdmin):
    list_display = ("__str__", "shifted_by")


@admin.register(Heartbeat)
class HeartbeatAdmin(EvidenceAdmin):
    list_display = ("name", "at", "host", "pid")
    ordering = ("name",)
