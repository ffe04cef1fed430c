"""Look over a client's shoulder: the portal as that business sees it, for an hour, read-only, and kept on record."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.views.decorators.http import require_POST

from leads.models import Client
from portal.cookies import set_session
from portal.members import open_preview
from zartsalgo.lib import clock
from zartsalgo.office.access import staff_only
from zartsalgo.office.naming import person_name


@staff_only
@require_POST
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """Open it and go there."""
    client = get_object_or_404(Client, slug=slug)
    token = open_preview(client_id=client.pk, viewer=person_name(request.user), now=clock.real_now())  # type: ignore[arg-type]
    return set_session(redirect("portal:results"), token=token)


urlpatterns = [path("clients/<slug:slug>/portal/", preview, name="portal_preview")]
