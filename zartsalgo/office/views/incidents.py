"""Incidents: what is wrong, what it holds, who has it, and resuming with counts first. And "Pause…", for any scope."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leads.models import Client, Task
from messaging import pauses
from messaging.models import Message
from workflows import incidents, resuming
from workflows.models import Incident, IncidentItem
from zartsalgo.lib import clock
from zartsalgo.lib.names import clean_text
from zartsalgo.lib.phone import sayable
from zartsalgo.office import stopping
from zartsalgo.office.access import allowed, may, page_of, staff_only, who_may
from zartsalgo.office.links import page_url
from zartsalgo.office.lists import chips_of, pager_urls
from zartsalgo.office.naming import clock_time, person_name
from zartsalgo.office.page_time import now_of
from zartsalgo.office.templatetags.office_tags import absolute, duration, relative, zone_of

AGENCY_ZONE = "UTC"
SHOWN_ITEMS = 50
EVERYBODY = "all clients"
# Saved views: address word, label, states.
VIEWS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("", "Open", Incident.ACTIVE),
    ("closed", "Closed", (Incident.Status.CLOSED,)),
    ("all", "All", ()),
)

# How a judgement is said: title, what will be done, what was done, mark.
JUDGED: dict[str, tuple[str, str, str, str]] = {
    resuming.RIGHT: ("Still right", "They go when somebody resumes.", "Released; each goes at its turn.", "pass"),
    resuming.STALE: (
        "No longer right",
        "They are dropped then; whoever needs an answer becomes a call.",
        "Dropped; whoever needed an answer became a call.",
        "skipped",
    ),
    resuming.ASK: ("Need a person", "They stay, and stand in the inbox then.", "Put into the inbox.", "held"),
    resuming.HELD: ("Held by another stop, too", "They stay held.", "Stayed held.", "paused"),
}


def _zone(incident: Incident) -> str:
    return incident.client.timezone if incident.client else AGENCY_ZONE


@staff_only
@require_safe
def list_incidents(request: HttpRequest) -> HttpResponse:
    """Open ones first to see; `view` is a saved view."""
    now = now_of(request)
    chosen = next((view for view in VIEWS if view[0] == request.GET.get("view", "")), VIEWS[0])
    rows = Incident.objects.select_related("client", "person")
    if chosen[2]:
        rows = rows.filter(status__in=chosen[2])
    page = page_of(rows=rows, request=request, order_by="opened_at")
    last = None if page.rows else Incident.objects.filter(status=Incident.Status.CLOSED).order_by("-closed_at").first()
    items = [
        {
            "url": reverse("office:incident", args=[row.pk]),
            "title": row.title,
            "say": row.reason,
            "status": row.status,
            "word": row.get_status_display(),
            "meta": [
                row.scope[:1].upper() + row.scope[1:],
                _holder(row),
                f"took {duration(row.closed_at - row.opened_at)}" if row.closed_at else "",
            ],
            "moment": row.opened_at,
            "zone": _zone(row),
        }
        for row in page.rows
    ]
    context = {
        "now": now,
        "items": items,
        "chips": chips_of(request=request, name="view", choices=[(view[0], view[1]) for view in VIEWS], current=chosen[0]),
        "nothing": _nothing(last=last, view=chosen[0], now=now),
        **pager_urls(request=request, page=page),
    }
    return render(request, "office/incidents.html", context)


def _nothing(*, last: Incident | None, view: str, now: datetime) -> str:
    said = {"": "Nothing is paused.", "closed": "No incident has been closed yet.", "all": "There has been no incident yet."}[view]
    if last is None or last.closed_at is None:
        return said
    ago = relative(last.opened_at, now=now) or f"on {absolute(last.opened_at, zone=zone_of(last.client), now=now)}"
    return f"{said} Last incident {ago}; it took {duration(last.closed_at - last.opened_at)}."


def _holder(incident: Incident) -> str:
    who = person_name(incident.person) if incident.person else "nobody has taken it"
    return f"{incident.get_desk_display()}: {who}"


def _find(pk: uuid.UUID) -> Incident:
    found = incidents.find(incident_id=pk)
    return found if found is not None else get_object_or_404(Incident, pk=pk)


@staff_only
@require_safe
def show_incident(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Everything about one: status, scope, owner, what it holds by judgement, history, and what to do next."""
    now = now_of(request)
    incident = _find(pk)
    notes = incident.notes.order_by("-at", "-pk")[:200]
    context = {
        "now": now,
        "incident": incident,
        "zone": _zone(incident),
        "holds": incident.pause.lifted_at is None,
        "compare": incident.pause.lifted_at is None and incident.pause.unknown_since is not None,
        "compared": incident.pause.compared_at is not None,
        "by": person_name(incident.pause.by) if incident.pause.by else incident.opened_by,
        "holder": _holder(incident),
        "checklist": _checklist(incident),
        "groups": _groups(incident=incident, now=now),
        "left": _left(incident),
        "notes": [{"by_words": line.by[:1].upper() + line.by[1:], "at": line.at, "says": line.says} for line in notes],
        "mine": incident.person_id == request.user.pk,
        "may_resume": may(request.user, "lift"),
        "who_may": who_may("lift") if not may(request.user, "lift") else "",
        "task_url": page_url("task", incident.verification_id),
    }
    return render(request, "office/incident.html", context)


def _checklist(incident: Incident) -> list[dict[str, Any]]:
    """What leads from open to closed, in order, each done or not."""
    released = incident.pause.lifted_at is not None
    task = incident.verification
    compared = {
        "words": "What went out after the backup is compared with the providers' lists",
        "say": f"Unknown here: everything since {incident.pause.unknown_since:%Y-%m-%d %H:%M} UTC." if incident.pause.unknown_since else "",
        "done": incident.pause.compared_at is not None,
    }
    return [
        {"words": "Somebody has taken it", "done": incident.person_id is not None},
        *([compared] if incident.pause.unknown_since else []),
        {"words": "The cause is mended, and what did harm is taken back", "say": incident.rollback, "done": released},
        {"words": "What was held is judged anew and released", "done": released},
        {
            "words": "It is proven well: the first text after the release was accepted",
            "done": task is not None and task.status == Task.Status.DONE,
        },
    ]


def _groups(*, incident: Incident, now: datetime) -> list[dict[str, Any]]:
    """The held texts by judgement while it holds; what became of them once it was released. Two statements, however many."""
    if incident.pause.lifted_at is None:
        judged = resuming.judge(pause=incident.pause, now=now).items
        rows = [(item.judgement, item.message_id, item.who, item.says, item.created_at, "") for item in judged]
    else:
        kept = IncidentItem.objects.filter(incident=incident, pause=incident.pause).select_related("message__contact").order_by("pk")
        rows = [
            (
                item.judgement,
                item.message_id,
                item.message.contact.name or sayable(item.message.to),
                item.says,
                item.message.created_at,
                item.message.status,
            )
            for item in kept[:1000]
        ]
    done = incident.pause.lifted_at is not None
    groups = []
    for judgement, (title, before, after, mark) in JUDGED.items():
        say = after if done else before
        mine = [row for row in rows if row[0] == judgement]
        plain = judgement == resuming.RIGHT  # the heading says it all
        shown = [
            {"url": page_url("message", row[1]), "who": row[2], "say": "" if plain else row[3], "at": row[4], "status": row[5]}
            for row in mine[:SHOWN_ITEMS]
        ]
        groups.append({"title": title, "say": say, "mark": mark, "count": len(mine), "rows": shown, "more": len(mine) - len(shown)})
    return groups


def _left(incident: Incident) -> int:
    return pauses.left_after(pause=incident.pause).count()


@staff_only
@require_POST
def take(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The one who is signed in takes it."""
    incident = _find(pk)
    name = person_name(request.user)  # type: ignore[arg-type]
    if incidents.take(incident=incident, person=request.user, name=name, now=clock.read()):  # type: ignore[arg-type]
        messages.success(request, "It is yours now.")
    else:
        messages.warning(request, "It is yours already, or it is closed. Nothing was changed.")
    return redirect("office:incident", pk=pk)


@staff_only
@require_POST
def add_note(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A line for the history."""
    incident = _find(pk)
    says = clean_text(request.POST.get("says", ""), limit=500).strip()
    if not says:
        messages.error(request, "The note is empty; nothing was kept.")
    else:
        incidents.note(incident=incident, by=person_name(request.user), says=says, now=clock.read())  # type: ignore[arg-type]
        messages.success(request, "Noted.")
    return redirect("office:incident", pk=pk)


@allowed("lift")
@require_http_methods(["GET", "HEAD", "POST"])
def resume(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """GET counts what resuming would do with the chosen age and rate; POST does it, once."""
    now = now_of(request)
    incident = _find(pk)
    source = request.POST if request.method == "POST" else request.GET
    age_code, rate = source.get("age", ""), stopping.rate_of(source.get("rate", ""))
    older_than = stopping.age_of(age_code)
    if request.method == "POST":
        name = person_name(request.user)  # type: ignore[arg-type]
        try:
            done = resuming.release(
                pause=incident.pause,
                by=request.user,  # type: ignore[arg-type]
                name=name,
                now=now,
                per_minute=rate,
                older_than=older_than,
            )
        except pauses.NotCompared as error:
            messages.error(request, f"{error} Nothing was changed.")
            return redirect("office:incident", pk=pk)
        if done is None:
            messages.warning(request, _resumed_before(_find(pk)))
        else:
            messages.success(request, resuming.told(done=done))
        return redirect("office:incident", pk=pk)
    if incident.pause.lifted_at is not None:
        messages.warning(request, _resumed_before(incident))
        return redirect("office:incident", pk=pk)
    if incident.pause.unknown_since is not None and incident.pause.compared_at is None:
        messages.error(request, pauses.COMPARE_FIRST)
        return redirect("office:incident", pk=pk)
    plan = resuming.judge(pause=incident.pause, now=now, older_than=older_than)
    minutes = -(-plan.right // rate)
    effects = stopping.lifting_effects(plan=plan)
    if plan.right > 1:
        effects.insert(1, f"The last of them has its turn in about {minutes} minute{'' if minutes == 1 else 's'}.")
    context = {
        "now": now,
        "incident": incident,
        "title": f"Resume {incident.scope}",
        "count": len(plan.items),
        "what": "held text is judged anew" if len(plan.items) == 1 else "held texts are judged anew",
        "effects": [*effects, *stopping.others_that_stay(pause=incident.pause)],
        "hidden": [("age", age_code if older_than else ""), ("rate", rate)],
        "ages": [(value, label) for value, label, _ in stopping.AGES],
        "age": age_code,
        "rates": stopping.RATES,
        "rate": rate,
        "back": reverse("office:incident", args=[pk]),
    }
    return render(request, "office/incident_resume.html", context)


def _resumed_before(incident: Incident) -> str:
    when = incident.pause.lifted_at
    if when is None:
        return "Nothing was changed."
    who = incident.released_by or "Somebody"
    return f"{who} resumed it at {clock_time(when=when, zone=_zone(incident))}. Nothing was done twice."


@staff_only
@require_POST
def close(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Close it with what came of it."""
    incident = _find(pk)
    outcome = clean_text(request.POST.get("outcome", ""), limit=300)
    try:
        done = incidents.close(incident=incident, by=person_name(request.user), outcome=outcome, now=clock.read())  # type: ignore[arg-type]
    except incidents.StillHolding as error:
        messages.error(request, f"{error} Nothing was changed.")
        return redirect("office:incident", pk=pk)
    if done:
        messages.success(request, "Closed.")
    else:
        fresh = _find(pk)
        messages.warning(request, f"{fresh.closed_by} closed it before: {fresh.outcome} Nothing was done twice.")
    return redirect("office:incident", pk=pk)


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def pause_page(request: HttpRequest) -> HttpResponse:
    """GET counts what a pause of the chosen scope would hold; POST sets it and opens its incident."""
    now = now_of(request)
    if request.method == "POST":
        return _pause(request, now=now)
    return _show_pause(request, now=now, source=request.GET)


def _show_pause(request: HttpRequest, *, now: datetime, source: Any, errors: dict[str, str] | None = None) -> HttpResponse:
    errors = errors or {}
    slug, part, lead = source.get("client", ""), source.get("part", ""), source.get("lead", "")
    try:
        scope = stopping.read_scope(client=slug, part=part, lead=lead)
    except stopping.CannotRead as error:
        scope, errors = pauses.Scope(), {**errors, "scope": str(error)}
        slug = part = lead = ""
    words = incidents.scope_words(scope=scope)
    pending = pauses.pending_texts(scope=scope)
    standing = pauses.open_pauses().filter(**scope.fields()).first()
    known = incidents.of_pause(pause=standing) if standing else None
    context = {
        "now": now,
        "scope": scope,
        "words": words,
        "everybody": scope.key == "agency",
        "must_type": EVERYBODY,
        "queued": pending.filter(status=Message.Status.QUEUED).count(),
        "held": pending.filter(status=Message.Status.HELD).count(),
        "clients": list(Client.objects.order_by("name").values_list("slug", "name")),
        "slug": slug,
        "parts": stopping.parts_of(client=scope.client if not scope.lead else None),
        "part": part,
        "lead": lead,
        "ends": stopping.ENDS,
        "until": source.get("until", ""),
        "reason": source.get("reason", ""),
        "standing": standing,
        "standing_url": reverse("office:incident", args=[known.pk]) if known else "",
        "errors": errors,
    }
    return render(request, "office/pause.html", context, status=400 if errors else 200)


def _pause(request: HttpRequest, *, now: datetime) -> HttpResponse:
    given = request.POST
    errors: dict[str, str] = {}
    reason = clean_text(given.get("reason", ""), limit=300).strip()
    scope, until = pauses.Scope(), None
    try:
        scope = stopping.read_scope(client=given.get("client", ""), part=given.get("part", ""), lead=given.get("lead", ""))
        zone = scope.client.timezone if scope.client else AGENCY_ZONE
        until = stopping.read_end(code=given.get("until", ""), zone=zone, now=now)
    except stopping.CannotRead as error:
        errors["scope"] = str(error)
    if not reason:
        errors["reason"] = "Say why; whoever resumes it needs to know."
    if not errors and scope.key == "agency" and given.get("typed", "").strip().lower() != EVERYBODY:
        errors["typed"] = f"This stops every client. Write “{EVERYBODY}” to confirm it."
    if errors:
        return _show_pause(request, now=now, source=given, errors=errors)
    words = incidents.scope_words(scope=scope)
    incident, made = incidents.open_incident(
        scope=scope,
        cause=incidents.cause_by_hand(scope=scope),
        title=f"{words[:1].upper()}{words[1:]}: paused by hand",
        reason=reason,
        opened_by=person_name(request.user),  # type: ignore[arg-type]
        by=request.user,  # type: ignore[arg-type]
        until=until,
        now=now,
    )
    if made:
        left = pauses.left_after(pause=incident.pause).count()
        messages.success(request, f"Paused: {words}. Everything is kept.")
        if left:
            messages.warning(request, f"{left} text{'' if left == 1 else 's'} left before it took effect.")
    else:
        messages.warning(
            request, f"It is paused already, since {clock_time(when=incident.pause.at, zone=_zone(incident))}. Nothing was changed."
        )
    return HttpResponseRedirect(reverse("office:incident", args=[incident.pk]))


urlpatterns = [
    path("incidents/", list_incidents, name="incidents"),
    path("incidents/<uuid:pk>/", show_incident, name="incident"),
    path("incidents/<uuid:pk>/take/", take, name="incident_take"),
    path("incidents/<uuid:pk>/note/", add_note, name="incident_note"),
    path("incidents/<uuid:pk>/resume/", resume, name="incident_resume"),
    path("incidents/<uuid:pk>/close/", close, name="incident_close"),
    path("pause/", pause_page, name="pause"),
]
