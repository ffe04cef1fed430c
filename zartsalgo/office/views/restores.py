"""After a restore: the button on its incident that compares with the providers' own lists of texts."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.views.decorators.http import require_POST

from messaging import reconciling
from workflows.models import Incident
from zartsalgo.lib import clock
from zartsalgo.office import comparing
from zartsalgo.office.access import staff_only
from zartsalgo.office.naming import person_name


@staff_only
@require_POST
def compare(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask every provider for its list of texts and say what was found. Sends nothing; safe to repeat."""
    incident = get_object_or_404(Incident.objects.select_related("pause"), pk=pk)
    if incident.pause.unknown_since is None or incident.pause.lifted_at is not None:
        messages.warning(request, "There is nothing to compare: no restore holds sending here. Nothing was changed.")
        return redirect("office:incident", pk=pk)
    done = comparing.compare(pause=incident.pause, by=person_name(request.user), now=clock.read())  # type: ignore[arg-type]
    (messages.success if done.complete else messages.error)(request, reconciling.in_words(done=done))
    return redirect("office:incident", pk=pk)


urlpatterns = [path("incidents/<uuid:pk>/compare/", compare, name="incident_compare")]
