"""Stop all sending: counts first, a reason, one POST. Lifting counts first, too, and judges every held text anew."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from messaging import pauses
from messaging.models import Pause
from workflows import incidents, resuming
from zartsalgo.lib.names import clean_text
from zartsalgo.office import stopping
from zartsalgo.office.access import may, require, staff_only, who_may
from zartsalgo.office.naming import clock_time, person_name
from zartsalgo.office.page_time import now_of

AGENCY_ZONE = "UTC"


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def stop_page(request: HttpRequest) -> HttpResponse:
    """GET counts for `?scope=` (all, or a client's short name) or for `?lift=<stop>`; POST stops (any staff) or lifts (who may)."""
    now = now_of(request)
    if request.method == "POST":
        return _lift(request, now=now) if request.POST.get("act") == "lift" else _stop(request, now=now)
    if request.GET.get("lift"):
        return _show_lifting(request, now=now)
    return _show(request, now=now, code=request.GET.get("scope", stopping.ALL))


def _show(request: HttpRequest, *, now: datetime, code: str, error: str = "", reason: str = "") -> HttpResponse:
    scopes = stopping.scopes()
    chosen = next((scope for scope in scopes if scope.code == code), scopes[0])
    covering = chosen.stop or scopes[0].stop
    count = chosen.count
    effects = [
        f"{chosen.queued} wait{'s' if chosen.queued == 1 else ''} and {chosen.held} {'is' if chosen.held == 1 else 'are'} held now. All are kept.",
        "New texts are still written; they are held, too. Calls, forms and replies are taken in as before and shown here.",
        "Alerts to the business’s own people wait, too: nobody of theirs is told until it is lifted.",
        "A text that is on its way to the provider this second cannot be called back. It is shown here if there was one.",
    ]
    context = {
        "now": now,
        "scopes": scopes,
        "chosen": chosen,
        "covering": covering,
        "count": count,
        "what": f"{'text waits or is' if count == 1 else 'texts wait or are'} held {'everywhere' if chosen.client is None else f'for {chosen.client}'}",
        "effects": effects,
        "error": error,
        "reason": reason,
        "standing": stopping.standing(),
        "may_lift": may(request.user, "lift"),
        "hidden": [("act", "stop"), ("scope", chosen.code)],
        "title": "Stop all sending" if chosen.client is None else f"Stop sending for {chosen.client}",
    }
    return render(request, "office/stop.html", context, status=400 if error else 200)


def _stop(request: HttpRequest, *, now: datetime) -> HttpResponse:
    code = request.POST.get("scope", "")
    chosen = next((scope for scope in stopping.scopes() if scope.code == code), None)
    if chosen is None:
        messages.error(request, "Say what to stop: all sending, or one client. Nothing was stopped.")
        return HttpResponseRedirect(reverse("office:stop"))
    reason = clean_text(request.POST.get("reason", ""), limit=300)
    scope = pauses.Scope(client=chosen.client)
    try:
        if chosen.stop is None:
            incident, made = incidents.open_incident(
                scope=scope,
                cause=incidents.cause_by_hand(scope=scope),
                title=f"{chosen.label if chosen.client is None else f'Sending for {chosen.client}'} was stopped by hand",
                reason=reason,
                opened_by=person_name(request.user),  # type: ignore[arg-type]
                by=request.user,  # type: ignore[arg-type]
                now=now,
            )
            stop = incident.pause
        else:
            stop, made = chosen.stop, False
    except pauses.NoReason as error:
        return _show(request, now=now, code=code, error=f"{error} Nothing was stopped.")
    what = "All sending" if chosen.client is None else f"Sending for {chosen.client}"
    if made:
        messages.success(
            request,
            f"{what} is stopped. {chosen.count} text{'' if chosen.count == 1 else 's'} waited or {'was' if chosen.count == 1 else 'were'} held; nothing is lost.",
        )
    else:
        messages.warning(
            request, f"{_who(stop)} was first: {what[0].lower()}{what[1:]} is stopped since {_when(stop)}. Your reason was not added."
        )
    return HttpResponseRedirect(reverse("office:stop") + ("" if chosen.client is None else f"?scope={chosen.code}"))


def _find(raw: str) -> Pause | None:
    if not raw.isascii() or not raw.isdigit() or len(raw) > 18:
        return None
    return (
        Pause.objects.select_related("client", "by", "lifted_by", "connection__client", "lead__contact", "lead__client")
        .filter(pk=int(raw))
        .first()
    )


def _show_lifting(request: HttpRequest, *, now: datetime) -> HttpResponse:
    stop = _find(request.GET["lift"])
    if stop is None or stop.lifted_at is not None:
        messages.warning(request, _lifted_before(stop))
        return HttpResponseRedirect(reverse("office:stop"))
    plan = resuming.judge(pause=stop, now=now)
    count = len(plan.items)
    effects = [*stopping.lifting_effects(plan=plan), *stopping.others_that_stay(pause=stop)]
    label = incidents.scope_words(scope=pauses.scope_of(pause=stop))
    context = {
        "now": now,
        "stop": stop,
        "title": f"Lift the stop of {label}",
        "count": count,
        "what": "held text is judged anew" if count == 1 else "held texts are judged anew",
        "effects": effects,
        "hidden": [("act", "lift"), ("stop", stop.pk)],
        "blocked": _blocked(request, stop),
    }
    return render(request, "office/stop.html", context)


def _blocked(request: HttpRequest, stop: Pause) -> str:
    """Why this person cannot lift this stop now; "" when they can."""
    if not may(request.user, "lift"):
        return f"You may stop sending, but not lift a stop. {who_may('lift')}"
    return pauses.COMPARE_FIRST if stop.unknown_since is not None and stop.compared_at is None else ""


def _lift(request: HttpRequest, *, now: datetime) -> HttpResponse:
    require(request.user, "lift")
    stop = _find(request.POST.get("stop", ""))
    if stop is None:
        messages.error(request, "There is no such stop. Nothing was changed.")
        return HttpResponseRedirect(reverse("office:stop"))
    name = person_name(request.user)  # type: ignore[arg-type]
    try:
        done = resuming.release(pause=stop, by=request.user, name=name, now=now)  # type: ignore[arg-type]
    except pauses.NotCompared as error:
        messages.error(request, f"{error} Nothing was changed.")
        known = incidents.of_pause(pause=stop)
        return HttpResponseRedirect(reverse("office:incident", args=[known.pk]) if known else reverse("office:stop"))
    if done is None:
        messages.warning(request, _lifted_before(_find(str(stop.pk))))
    else:
        label = incidents.scope_words(scope=pauses.scope_of(pause=stop))
        messages.success(request, f"The stop of {label} is lifted. {resuming.told(done=done)}")
    return HttpResponseRedirect(reverse("office:stop"))


def _who(stop: Pause) -> str:
    return person_name(stop.by) if stop.by else pauses.who_stopped(pause=stop)


def _when(stop: Pause) -> str:
    return clock_time(when=stop.at, zone=stop.client.timezone if stop.client else AGENCY_ZONE)


def _lifted_before(stop: Pause | None) -> str:
    if stop is None or stop.lifted_at is None:
        return "There is no such stop. Nothing was changed."
    who = person_name(stop.lifted_by) if stop.lifted_by else "Somebody"
    return f"{who} lifted it at {clock_time(when=stop.lifted_at, zone=stop.client.timezone if stop.client else AGENCY_ZONE)}. Nothing was done twice."


urlpatterns = [path("stop/", stop_page, name="stop")]
