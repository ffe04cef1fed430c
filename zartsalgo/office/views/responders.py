"""A responder of a client: how they are told, and a test alert that shows whether it works."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from leads.models import Responder
from messaging.models import Notice
from messaging.notices import choosing
from messaging.notices.telling import ask_for_test
from zartsalgo.lib import clock
from zartsalgo.office import telling
from zartsalgo.office.access import staff_only
from zartsalgo.office.page_time import now_of

SHOWN = 10


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def test_alert(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """GET counts the alerts that would go and shows what came of the last ones; POST sends them."""
    responder = get_object_or_404(Responder.objects.select_related("client"), pk=pk, client__slug=slug)
    client = responder.client
    (reach,) = telling.reach_of(responders=[responder], lines=choosing.lines_of(client=client))
    blocked = ""
    if not responder.active:
        blocked = f"{responder.name} is switched off, so nothing is sent to them."
    elif not reach.usable:
        blocked = "Nothing reaches them yet. Set up one of the ways below first."
    if request.method == "POST":
        if blocked:
            messages.error(request, blocked)
        else:
            made = ask_for_test(responder=responder, by=request.user, now=clock.read())  # type: ignore[arg-type]
            said = "1 test alert is on its way" if len(made) == 1 else f"{len(made)} test alerts are on their way"
            messages.success(request, f"{said} to {responder.name}. What came of it is shown below in a moment.")
        return redirect("office:test_alert", slug=slug, pk=pk)
    tests = Notice.objects.filter(responder=responder, handover__isnull=True).order_by("-created_at", "-pk").select_related("asked_by")
    count = len(reach.usable)
    context = {
        "now": now_of(request),
        "client": client,
        "person": responder,
        "reach": reach,
        "blocked": blocked,
        "count": count,
        "title": f"Send a test alert to {responder.name}",
        "what": "test alert goes out" if count == 1 else "test alerts go out",
        "effects": []
        if blocked
        else [
            *[
                f"By {word[:1].lower() + word[1:] if word != 'Slack' else word}{f' to {to}' if to else ''}."
                for word, to, no in reach.ways
                if not no
            ],
            "It says that it is a test, names no customer and asks for nothing.",
        ],
        "tests": [(telling.line_of(row), row) for row in tests.defer("slip")[:SHOWN]],
    }
    return render(request, "office/test_alert.html", context)


urlpatterns = [path("clients/<slug:slug>/responders/<int:pk>/test/", test_alert, name="test_alert")]
