"""The operator's page: does everything work, is anything late, and what to do when not."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from zartsalgo.lib import clock
from zartsalgo.office.access import staff_only
from zartsalgo.office.models import Alert
from zartsalgo.office.operations import overview
from zartsalgo.office.page_time import now_of


@staff_only
@require_safe
def show_operations(request: HttpRequest) -> HttpResponse:
    """Every part with what it is for and how it is; nothing on this page acts."""
    now = now_of(request)
    context = {
        "now": now,
        "open_alerts": Alert.objects.filter(resolved_at__isnull=True).count(),
        **overview.gather(now=now, real_now=clock.real_now()),
    }
    return render(request, "office/operations.html", context)


urlpatterns = [path("operations/", show_operations, name="operations")]
