"""The page behind the link a responder gets: one lead, four buttons, no password, 72 hours.

The token in the address is the whole right, so the page shows no more than the responder was told and goes nowhere: it is not stored,
not listed, and named to no other site. GET changes nothing, so a scanner that follows links cannot use it up.
"""

import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from leads import people
from leads.actions import OUTCOMES, report_outcome
from leads.models import Event, Lead
from messaging.models import Handover
from messaging.notices.words import OUTCOME_SALT
from workflows.intake import take_up
from workflows.models import Run
from zartsalgo.lib import clock
from zartsalgo.lib.phone import sayable
from zartsalgo.office.templatetags.office_tags import absolute, zone_of

ASKED = {
    "missed call": "Called and nobody picked up",
    "form": "Wrote through the website",
    "quote": "Asked for a quote",
    "text": "Sent a text",
}


@require_http_methods(["GET", "HEAD", "POST"])
def outcome(request: HttpRequest, token: str) -> HttpResponse:
    now = clock.read()
    handover = _handover(token=token)
    if handover is None:
        return _closed(request, status=404, title="This link is not valid", says="Open it from the message exactly as it was sent to you.")
    if now > handover.link_expires_at:
        return _closed(
            request, status=410, title="This link is too old", says="It worked for 72 hours. Call the office to say what came of it."
        )
    mistake = ""
    if request.method == "POST":
        if request.POST.get("take"):
            # From here on nobody else of the business is told of it; see messaging.notices.choosing.taken_by.
            Handover.objects.filter(pk=handover.pk, taken_at__isnull=True).update(taken_at=now)
            return _private(redirect(reverse("office:outcome", args=[token])))
        said = request.POST.get("outcome", "")
        if said in OUTCOMES:
            record_outcome(handover=handover, outcome=said, now=now)
            return _private(redirect(reverse("office:outcome", args=[token])))
        mistake = "Choose one of the four answers; nothing was changed."
    reports = list(_reports(handover=handover))
    context = {
        "business": handover.client.name,
        "who": handover.lead.contact.name or "Somebody",
        "number": (number := people.phone_of(contact=handover.lead.contact)),
        "number_says": sayable(number),
        "asked": _asked(handover=handover, now=now),
        "choices": [(key, label) for key, (label, _) in OUTCOMES.items()],
        "said": str(reports[-1].facts.get("outcome", "")) if reports else "",
        "said_label": _label(reports[-1]) if reports else "",
        "to_name": handover.to_name,
        "open_until": absolute(handover.link_expires_at, zone=zone_of(handover.client), now=now),
        "mistake": mistake,
        "taken": handover.taken_at is not None,
    }
    return _private(render(request, "public/outcome.html", context, status=400 if mistake else 200))


def _handover(*, token: str) -> Handover | None:
    """The handover a token was made for; None when nobody made it."""
    try:
        identity = uuid.UUID(str(signing.loads(token, salt=OUTCOME_SALT)))
    except (signing.BadSignature, ValueError):
        return None
    return Handover.objects.select_related("client", "lead__contact").filter(pk=identity).first()


def _reports(*, handover: Handover) -> list[Event]:
    """What was said through this link, oldest first."""
    said = Event.objects.filter(
        lead_id=handover.lead_id, type="outcome.reported", source="office", key__startswith=f"handover:{handover.pk}:"
    )
    return list(said.order_by("recorded_at", "id"))


def record_outcome(*, handover: Handover, outcome: str, now: datetime) -> None:
    """Write down what the responder says and wake what waits for it. Saying the same again changes nothing; a change of mind is a new event.

    Raises KeyError for an outcome nobody offers.
    """
    with transaction.atomic():
        # The lock that report_outcome takes as well: of two presses at once the second sees the first.
        contact = people.lock(contact_id=handover.lead.contact_id)
        lead = Lead.objects.get(pk=handover.lead_id)
        earlier = _reports(handover=handover)
        if earlier and earlier[-1].facts.get("outcome") == outcome:
            return
        cause = f"handover:{handover.pk}" + (f":{len(earlier) + 1}" if earlier else "")
        event = report_outcome(lead=lead, outcome=outcome, by=f"{handover.to_name} (reported by client)", cause=cause, now=now)
        take_up(event=event, contact=contact, now=now)


def _label(event: Event) -> str:
    return OUTCOMES.get(str(event.facts.get("outcome")), ("",))[0]


def _asked(*, handover: Handover, now: datetime) -> str:
    """One line of what was asked, with its time in the business's zone."""
    lead = handover.lead
    runs = Run.objects.filter(pk=handover.run_id) if handover.run_id else Run.objects.none()
    happened = runs.values_list("event__occurred_at", flat=True).first() or handover.created_at
    local = happened.astimezone(ZoneInfo(handover.client.timezone))
    about = f" about {lead.service}" if lead.service else ""
    return f"{ASKED.get(lead.kind, 'Got in touch')}{about}, {absolute(local, zone=zone_of(handover.client), now=now)}"


def _closed(request: HttpRequest, *, status: int, title: str, says: str) -> HttpResponse:
    response = _private(render(request, "public/outcome_closed.html", {"title": title, "says": says}, status=status))
    response["Referrer-Policy"] = "no-referrer"
    return response


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    # Not "no-referrer": under it browsers send "Origin: null" with the form, which the CSRF check must refuse. Other sites learn nothing
    # by either.
    response["Referrer-Policy"] = "same-origin"
    return response


urlpatterns = [path("o/<str:token>/", outcome, name="outcome")]
