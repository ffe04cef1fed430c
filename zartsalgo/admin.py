"""People and access; the clock and the signs of life are only looked at."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from zartsalgo import rights
from zartsalgo.lib import clock
from zartsalgo.models import ApiToken, Clock, Heartbeat, User
from zartsalgo.record_admin import EvidenceAdmin, confirm_first

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
    """Made by the command api_token; the token itself is never stored. Revoking one takes it from whoever holds it, at once."""

    list_display = ("prefix", "user", "scope", "client", "created_at", "last_used_at", "expires_at", "revoked_at")
    list_select_related = ("user", "client")
    ordering = ("-created_at",)
    exclude = ("digest",)
    actions = ("revoke",)

    def has_people_permission(self, request: HttpRequest) -> bool:
        return rights.may(request.user, "people")

    @admin.action(description="Revoke…", permissions=["people"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> HttpResponse | None:
        live = queryset.filter(revoked_at__isnull=True)
        asked = confirm_first(
            self,
            request,
            live,
            action="revoke",
            title="Revoke these tokens?",
            what=("token opens nothing any more", "tokens open nothing any more"),
            effects=lambda: [
                "Programs that use them get a 401 from now on.",
                "It cannot be undone; a new token is made with script/manage api_token.",
            ],
            button="Revoke",
        )
        if asked is not None:
            return asked
        rows = list(live)
        done = live.update(revoked_at=clock.real_now())
        LogEntry.objects.log_actions(user_id=cast(int, request.user.pk), queryset=rows, action_flag=CHANGE, change_message="Revoked.")
        self.message_user(request, f"{done} token{' is' if done == 1 else 's are'} revoked.", messages.SUCCESS)
        return None


@admin.register(Clock)
class ClockAdmin(EvidenceAdmin):
    list_display = ("__str__", "shifted_by")


@admin.register(Heartbeat)
class HeartbeatAdmin(EvidenceAdmin):
    list_display = ("name", "at", "host", "pid")
    ordering = ("name",)
