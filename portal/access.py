"""Who looks at a page of the portal, and what every page has: nothing cached, nothing from elsewhere, one plain page for what is not there."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from portal.content import Business, Closed
from portal.cookies import session_token
from portal.members import find_session, memberships
from portal.models import Session
from zartsalgo.lib import clock

SAFE = ("GET", "HEAD")
View = Callable[..., HttpResponse]


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Somebody who may see one business's content. `viewer` is the member of staff who looks over the client's shoulder, "" for a member."""

    session: Session
    client_id: int
    name: str
    email: str
    viewer: str


def portal_page(view: View) -> View:
    """For every view of the portal: strict headers; what is not there, and a portal that is closed, in words."""

    @wraps(view)
    def _view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            response = page(request, "missing", {"current": ""}, status=404)  # the same, whatever kind of page was guessed
        except Closed:
            response = page(request, "closed", status=503)
        response["Cache-Control"] = "no-store"
        response["Cross-Origin-Opener-Policy"] = "same-origin"
        response["Cross-Origin-Embedder-Policy"] = "require-corp"
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        return response

    return _view


def signed_in(view: View) -> View:
    """A page for members and for staff who look: the view gets a Visitor. Others are led to the sign-in page, whatever they asked for.

    Staff who look change nothing: their POSTs are refused.
    """

    @portal_page
    @wraps(view)
    def _view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        session = find_session(token=session_token(request), now=clock.real_now())
        if session is None:
            return redirect("portal:sign_in")
        if session.viewer:
            visitor = Visitor(session=session, client_id=session.client_id or 0, name="", email="", viewer=session.viewer)
        elif session.member is None:
            return redirect("portal:choose")
        else:
            member = session.member
            visitor = Visitor(session=session, client_id=member.client_id, name=member.called, email=member.email, viewer="")
        request.visitor = visitor  # type: ignore[attr-defined]
        if visitor.viewer and request.method not in SAFE:
            return page(request, "read_only", status=403)
        return view(request, visitor, *args, **kwargs)

    return _view


def page(
    request: HttpRequest,
    name: str,
    context: dict[str, Any] | None = None,
    *,
    business: Business | None = None,
    status: int = 200,
    form: bool = False,
) -> HttpResponse:
    """Draw templates/portal/<name>.html. `form`: there is one on it that is sent back to us.

    Such a page cannot say "no-referrer": browsers then send "Origin: null" with the form, which the check against forged forms must refuse.
    Under "same-origin" other sites learn nothing either.
    """
    visitor: Visitor | None = getattr(request, "visitor", None)
    match = request.resolver_match
    whole = {
        "business": business.name if business else "Your results",
        "zone": business.zone if business else "UTC",
        "visitor": visitor,
        "current": match.url_name if match else "",
        "agency": settings.AGENCY_NAME,
        "agency_email": settings.AGENCY_EMAIL,
        "agency_phone": settings.AGENCY_PHONE,
        **(context or {}),
    }
    response = render(request, f"portal/{name}.html", whole, status=status)
    response["Referrer-Policy"] = "same-origin" if form else "no-referrer"
    return response


def has_several(*, visitor: Visitor) -> bool:
    """Whether this person may see more than one business."""
    return bool(visitor.email) and len(memberships(email=visitor.email)) > 1
