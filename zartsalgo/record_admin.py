"""What the record pages of all rooms share: rows of machines are only looked at, lists never count a whole table, acts are confirmed.

Daily work has pages of its own; here rows are looked up. Nothing that sends, pauses or publishes hides behind a Save button: it is a
POST action that says first what it will touch.
"""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property

from zartsalgo import rights

MOST_COUNTED = 1000


class CheapPaginator(Paginator):
    """Counts no further than MOST_COUNTED rows: a list of millions opens as fast as a list of ten. Use a search or filter beyond it."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        if isinstance(rows, QuerySet):
            return len(rows.order_by().values_list("pk", flat=True)[:MOST_COUNTED])
        return len(rows)


class RecordAdmin(admin.ModelAdmin):
    """Base of every record list."""

    paginator = CheapPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0
    save_on_top = False
    right = "configure"  # of zartsalgo.rights, on top of the group's permissions: who may add and change rows here
    # The name of the office page that tells the story of a row, such as "office:run"; "" where there is none.
    page = ""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and rights.may(request.user, self.right)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and rights.may(request.user, self.right)

    def view_on_site(self, obj: Model) -> str | None:
        """The row's own page in the office, or None where there is none."""
        try:
            return reverse(self.page, args=[obj.pk]) if self.page else None
        except NoReverseMatch:
            return None


class EvidenceAdmin(RecordAdmin):
    """Rows that only the machine writes: no adding, no changing, no deleting, whoever asks."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ConfigInline(admin.TabularInline):
    """Rows that belong to another and are edited with it."""

    extra = 1


def confirm_first(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    rows: QuerySet[Any],
    *,
    action: str,
    title: str,
    what: tuple[str, str],
    effects: Callable[[], list[str]],
    button: str,
) -> HttpResponse | None:
    """The page before an act, with its count; None once it was confirmed. `what` follows the count (one, many); `effects` are sentences
    about what will and will not happen. Where nothing would change, the list comes back and says so.
    """
    ids = [str(pk) for pk in rows.values_list("pk", flat=True)]
    if not ids:
        model_admin.message_user(request, "Nothing to do: what you chose is so already.", messages.WARNING)
        return HttpResponseRedirect(request.get_full_path())
    if request.POST.get("confirmed") == "yes":
        return None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.model._meta,
        "count": len(ids),
        "what": what[0] if len(ids) == 1 else what[1],
        "effects": effects(),
        "button": button,
        "hidden": [("action", action), ("confirmed", "yes"), *((ACTION_CHECKBOX_NAME, pk) for pk in ids)],
        "action": request.get_full_path(),
        "cancel_url": request.get_full_path(),
    }
    return TemplateResponse(request, "admin/confirm_action.html", context)


def by_id_or(rows: QuerySet[Any], *, term: str, field: str) -> QuerySet[Any]:
    """Rows by our id, else by an exact value of `field`; what is no id is never compared with ids."""
    term = term.strip()
    if not term:
        return rows
    try:
        return rows.filter(pk=uuid.UUID(term))
    except ValueError:
        return rows.filter(**{field: term})
