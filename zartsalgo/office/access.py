"""Who may open a page of the office: active staff, or those who hold a right; and keyset pages, the one way every list goes on.

Every view carries one of the two: `@staff_only` where any member of staff may, `@allowed("approve")` where a right of zartsalgo.rights is
needed (it includes staff_only). Where one view holds several verbs: `require(request.user, "lift")` before the verb, `may` for its button.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import user_passes_test
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse

from zartsalgo.rights import RIGHTS, may, require, who_may

__all__ = ["PAGE_SIZE", "Page", "allowed", "may", "page_of", "require", "staff_only", "who_may"]

PAGE_SIZE = 50


def staff_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Sends everybody but active staff to the sign-in page; nothing of the office may be cached."""
    guarded = user_passes_test(lambda user: user.is_active and user.is_staff)(view)

    @wraps(view)
    def _view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = guarded(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    return _view


def allowed(right: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Active staff who hold a right (see zartsalgo.rights.RIGHTS); others of staff get a 403 that says who may.

    Written above `require_POST` and its like, as staff_only is. An unknown right fails at import.
    """
    RIGHTS[right]

    def _decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def _asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            require(request.user, right)
            return view(request, *args, **kwargs)

        return staff_only(_asked)

    return _decorate


@dataclass(frozen=True)
class Page:
    """One page of a list, newest first; `older` and `newest` are query strings or ""."""

    rows: list[Any]
    older: str


def page_of(*, rows: QuerySet[Any, Any], request: HttpRequest, order_by: str, size: int = PAGE_SIZE) -> Page:
    """A keyset page: rows ordered by (-order_by, -id), starting after `?after=<id>`. An id nobody has gives an empty list, never all."""
    after = request.GET.get("after", "")
    if after:
        model: type[Model] = rows.model
        try:
            mark = model._default_manager.filter(pk=uuid.UUID(after)).values_list(order_by, "pk").first()
        except ValueError:
            mark = None
        if mark is None:
            return Page(rows=[], older="")
        rows = rows.filter(Q(**{f"{order_by}__lt": mark[0]}) | Q(**{order_by: mark[0], "pk__lt": mark[1]}))
    found = list(rows.order_by(f"-{order_by}", "-pk")[: size + 1])
    older = ""
    if len(found) > size:
        query = request.GET.copy()
        query["after"] = str(found[size - 1].pk)
        older = query.urlencode()
    return Page(rows=found[:size], older=older)
