"""People and access; the clock and the signs of life are only looked at."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from zartsalgo import rights
from zartsalgo.models import ApiToken, Clock, Heartbeat, User
from zartsalgo.record_admin import EvidenceAdmin

# Three groups, and what each may do is written in zartsalgo.rights and zartsalgo.seeds: they are chosen for people, not edited.
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(StockUserAdmin):
    """Members of the agency. Only owners add or change people, only a superuser makes or changes superusers. Nobody is deleted, for records
    name them: end their access."""

    show_full_result_count = False
    # A plain list to choose from: the stock two-box widget needs JavaScript.
    filter_horizontal = ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and rights.may(request.user, "people")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_change_permission(request, obj) and rights.may(request.user, "people")
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
