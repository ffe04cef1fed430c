"""Stop all sending: counts first, a reason, one POST. Lifting counts first, too, and judges every held text anew."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from messaging import stops
from messaging.models import SendStop
from zartsalgo.lib import clock
from zartsalgo.lib.names import clean_text
from zartsalgo.office import stopping
from zartsalgo.office.access import staff_only
from zartsalgo.office.naming import clock_time, person_name

AGENCY_ZONE = "UTC"


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def stop_page(request: HttpRequest) -> HttpResponse:
    """GET counts for `?scope=` (all, or a client's short name) or for `?lift=<stop>`; POST stops or lifts."""
    now = clock.read()
    request.read_now = lambda: now  # type: ignore[attr-defined]
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
        "New texts are still written; they are held, too. Calls, forms and replies are taken in as before, and people are told as before.",
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
        "may_lift": stopping.may_lift(request.user),  # type: ignore[arg-type]
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
    try:
        stop, made = stops.stop_sending(client=chosen.client, reason=reason, by=request.user, now=now)  # type: ignore[arg-type]
    except stops.NoReason as error:
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


def _find(raw: str) -> SendStop | None:
    if not raw.isascii() or not raw.isdigit() or len(raw) > 18:
        return None
    return SendStop.objects.select_related("client", "by", "lifted_by").filter(pk=int(raw)).first()


def _show_lifting(request: HttpRequest, *, now: datetime) -> HttpResponse:
    stop = _find(request.GET["lift"])
    if stop is None or stop.lifted_at is not None:
        messages.warning(request, _lifted_before(stop))
        return HttpResponseRedirect(reverse("office:stop"))
    plan = stopping.plan_lifting(stop=stop, now=now)
    effects = [
        f"{plan.too_old} of them {'is' if plan.too_old == 1 else 'are'} too old by now: not sent, a person calls instead.",
        f"{plan.drafts} of them {'needs' if plan.drafts == 1 else 'need'} a person's approval first.",
        "Each of the others passes every check again at this moment; what is still right goes, within its hours.",
    ]
    for other in plan.stays:
        scope = f"The stop for {other.client}" if other.client else "The stop of all sending"
        effects.append(f"{scope} ({other.reason}) stays and goes on holding.")
    allowed = stopping.may_lift(request.user)  # type: ignore[arg-type]
    context = {
        "now": now,
        "stop": stop,
        "title": f"Lift the stop for {stop.client}" if stop.client else "Lift the stop of all sending",
        "count": plan.held,
        "what": "held text is judged anew" if plan.held == 1 else "held texts are judged anew",
        "effects": effects,
        "hidden": [("act", "lift"), ("stop", stop.pk)],
        "blocked": "" if allowed else "You may stop sending, but only an owner or an approver may lift a stop. Ask one of them.",
    }
    return render(request, "office/stop.html", context)


def _lift(request: HttpRequest, *, now: datetime) -> HttpResponse:
    stop = _find(request.POST.get("stop", ""))
    if not stopping.may_lift(request.user):  # type: ignore[arg-type]
        messages.error(request, "Only an owner or an approver may lift a stop. Nothing was changed.")
        return HttpResponseRedirect(reverse("office:stop"), status=303)
    if stop is None:
        messages.error(request, "There is no such stop. Nothing was changed.")
        return HttpResponseRedirect(reverse("office:stop"))
    woken = stops.lift_stop(stop=stop, by=request.user, now=now)  # type: ignore[arg-type]
    if woken is None:
        messages.warning(request, _lifted_before(_find(str(stop.pk))))
    else:
        scope = f"for {stop.client}" if stop.client else "of all sending"
        texts = f"{woken} held text is" if woken == 1 else f"{woken} held texts are"
        messages.success(request, f"The stop {scope} is lifted. {texts} judged anew now.")
    return HttpResponseRedirect(reverse("office:stop"))


def _who(stop: SendStop) -> str:
    return person_name(stop.by) if stop.by else "Somebody"


def _when(stop: SendStop) -> str:
    return clock_time(when=stop.at, zone=stop.client.timezone if stop.client else AGENCY_ZONE)


def _lifted_before(stop: SendStop | None) -> str:
    if stop is None or stop.lifted_at is None:
        return "There is no such stop. Nothing was changed."
    who = person_name(stop.lifted_by) if stop.lifted_by else "Somebody"
    return f"{who} lifted it at {clock_time(when=stop.lifted_at, zone=stop.client.timezone if stop.client else AGENCY_ZONE)}. Nothing was done twice."


urlpatterns = [path("stop/", stop_page, name="stop")]
