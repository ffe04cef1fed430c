"""Loading and removing the demo agency: counts first, one POST, an owner's right."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from leads.models import Client
from zartsalgo.office.access import may, require, staff_only, who_may
from zartsalgo.office.demo import load as loading
from zartsalgo.office.demo import reset as resetting
from zartsalgo.office.demo.clients import CLIENTS
from zartsalgo.office.demo.life import WHOLE_LIFE

# Kinds of rows named one by one; the rest is summed up.
MOST_NAMED = 8


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def demo(request: HttpRequest) -> HttpResponse:
    """GET says what would be loaded or counts what would be removed; POST does it."""
    here = Client.objects.filter(demo=True).exists()
    if request.method == "POST":
        require(request.user, "demo_reset")
        return _remove(request, here=here) if request.POST.get("act") == "remove" else _load(request)
    context = _removing() if here else _loading()
    if not may(request.user, "demo_reset"):
        context["blocked"] = who_may("demo_reset")
    return render(request, "office/demo.html", {**context, "here": here})


def _loading() -> dict[str, object]:
    names = ", ".join(spec.name for spec in CLIENTS)
    context: dict[str, object] = {
        "title": "Load the demo agency",
        "count": len(CLIENTS),
        "what": f"invented clients, each with {WHOLE_LIFE} days of calls, forms and texts",
        "effects": [
            f"{names}: four trades in four time zones, named people with numbers of fiction (555-01), nothing that could be dialled.",
            "Nothing leaves this machine: texts go to the simulator's phone. It takes about a quarter of a minute.",
            "It can be removed again in one step; clients of your own are never touched.",
        ],
        "hidden": [("act", "load")],
        "button": "Load it",
    }
    try:
        loading.refuse()
    except loading.CannotLoad as refusal:
        context["blocked"] = str(refusal)
    return context


def _removing() -> dict[str, object]:
    counted = resetting.rows_of_demo()
    named = list(counted.items())
    rest = named[MOST_NAMED:]
    effects = [f"{amount:,} {name}" for name, amount in named[:MOST_NAMED]]
    if rest:
        effects.append(f"{sum(amount for _, amount in rest):,} rows of {len(rest)} other kinds")
    own = Client.objects.filter(demo=False).count()
    effects.append(
        f"{own} client{'' if own == 1 else 's'} of your own {'is' if own == 1 else 'are'} not touched."
        if own
        else "You have no clients of your own yet."
    )
    effects.append("It cannot be undone, but the demo agency can be loaded again.")
    return {
        "title": "Remove the demo agency",
        "count": sum(counted.values()),
        "what": f"rows of {Client.objects.filter(demo=True).count()} demo clients will be removed, their evidence included",
        "effects": effects,
        "hidden": [("act", "remove")],
        "button": "Remove it",
        "level": "bad",
    }


def _load(request: HttpRequest) -> HttpResponse:
    try:
        loaded = loading.load()
    except loading.CannotLoad as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse("office:demo"))
    messages.success(
        request, f"The demo agency is loaded: {len(CLIENTS)} clients, {sum(loaded.counts.values()):,} rows. Here is what waits for you."
    )
    return HttpResponseRedirect(reverse("office:inbox"))


def _remove(request: HttpRequest, *, here: bool) -> HttpResponse:
    removed = resetting.remove() if here else {}
    total = sum(removed.values())
    if total:
        messages.success(request, f"The demo agency is removed: {total:,} rows.")
    else:
        messages.warning(request, "There is no demo agency here; nothing was removed.")
    return HttpResponseRedirect(reverse("office:demo"))


urlpatterns = [path("demo/", demo, name="demo")]
