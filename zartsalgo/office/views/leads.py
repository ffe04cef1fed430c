"""Leads: the list, and one person's whole story in one scroll. Clients: what is on for whom."""

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from leads import people
from leads.actions import OUTCOMES, report_outcome
from leads.models import Client, Contact, Identity, Lead, Note, StatedIdentity
from messaging import inbound
from workflows.intake import take_up
from zartsalgo.lib import clock
from zartsalgo.lib.names import clean_text
from zartsalgo.lib.phone import sayable
from zartsalgo.office import may_we_text, timeline
from zartsalgo.office.access import page_of, staff_only
from zartsalgo.office.lead_search import leads_list, people_matching
from zartsalgo.office.naming import clock_time, person_name
from zartsalgo.office.page_time import now_of

LONGEST_NOTE = 4000


@staff_only
@require_safe
def list_leads(request: HttpRequest) -> HttpResponse:
    """Newest first; filters `client`, `stage` and `q`. A filter that names nothing finds nothing, never all."""
    now = now_of(request)
    clients = list(Client.objects.order_by("name").values_list("slug", "name"))
    slug, stage, query = (clean_text(request.GET.get(name, ""), limit=120) for name in ("client", "stage", "q"))
    rows = leads_list()
    if slug:
        rows = rows.filter(client__slug=slug)
    if stage:
        rows = rows.filter(stage=stage)
    people: list[uuid.UUID] = []
    if query:
        people = people_matching(query=query)
        rows = rows.filter(contact_id__in=people) if people else rows.none()
    page = page_of(rows=rows, request=request, order_by="created_at")
    filtered = bool(slug or stage or query)
    context = {
        "now": now,
        "rows": [{"lead": lead, "who": _who(lead.contact)} for lead in page.rows],
        "clients": clients,
        "stages": Lead.Stage.choices,
        "client": slug,
        "stage": stage,
        "q": query,
        "filtered": filtered,
        "older_url": f"?{page.older}" if page.older else "",
        "newer_url": reverse("office:leads") if request.GET.get("after") else "",
    }
    return render(request, "office/leads.html", context)


def _who(contact: Contact) -> str:
    """The name, else the number as people read it. Identities should be prefetched."""
    number = next((row.value for row in contact.identities.all() if row.kind == Identity.Kind.PHONE), "")
    return contact.name or (sayable(number) if number else str(contact))


@staff_only
@require_safe
def show_lead(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The newest hundred things, oldest first; `before` goes on to earlier ones, `show` keeps one kind."""
    now = now_of(request)
    # Any: the facts beside the lead are annotations of this query.
    lead: Any = get_object_or_404(timeline.leads_with_facts(), pk=pk)
    group = request.GET.get("show", "")
    group = group if group in dict(timeline.GROUPS) else ""
    before = request.GET.get("before", "")
    try:
        story = timeline.read_story(lead=lead, before=before, group=group)
    except timeline.NoSuchMark as error:
        messages.warning(request, f"{error} The newest is shown instead.")
        return redirect("office:lead", pk=pk)
    kept = f"&show={group}" if group else ""
    numbers = [row["value"] for row in lead.identities if row["kind"] == Identity.Kind.PHONE]
    texting = may_we_text.read(consents=lead.consents, stops=lead.stops)
    context = {
        "now": now,
        "lead": lead,
        "who": lead.contact.name or (sayable(numbers[0]) if numbers else str(lead.contact)),
        "story": story,
        "earlier_url": f"?before={_quoted(story.earlier)}{kept}" if story.earlier else "",
        "newest_url": f"?show={group}" if group else reverse("office:lead", args=[pk]),
        "before": before,
        "chips": [
            {"label": label, "url": f"?show={name}" if name else reverse("office:lead", args=[pk]), "current": name == group}
            for name, label in timeline.GROUPS
        ],
        "numbers": numbers,
        "emails": [row["value"] for row in lead.identities if row["kind"] == Identity.Kind.EMAIL],
        "stated": [{**row, "phone": row["kind"] == Identity.Kind.PHONE} for row in lead.stated],
        "texting": texting,
        "opted_out": texting.opted_out,
        "open_tasks": [{"title": row["title"], "url": f"{reverse('office:inbox')}?item=task:{row['id']}"} for row in lead.open_tasks],
        "outcomes": [(code, label) for code, (label, _) in OUTCOMES.items()],
        "closed": lead.stage in Lead.CLOSED,
        "timer": _timer(lead=lead, now=now),
    }
    return render(request, "office/lead.html", context)


def _quoted(mark: str) -> str:
    return mark.replace("+", "%2B")


def _timer(*, lead: Lead, now: object) -> dict[str, object]:
    """The response timer in words: answered in, due, or late."""
    if lead.first_response_at is not None:
        took = lead.first_response_at - lead.created_at
        late = lead.response_due_at is not None and lead.first_response_at > lead.response_due_at
        return {"word": "First answer after", "took": took, "late": late}
    if lead.response_due_at is None:
        return {"word": "No timer runs"}
    return {"word": "A person answers by", "due": lead.response_due_at, "late": lead.response_due_at <= now}  # type: ignore[operator]


@staff_only
@require_POST
def add_note(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A note for staff."""
    lead = get_object_or_404(Lead, pk=pk)
    text = clean_text(request.POST.get("text", ""), limit=LONGEST_NOTE).strip()
    if not text:
        messages.error(request, "The note is empty; nothing was kept.")
    else:
        now = clock.read()
        with transaction.atomic():
            note = Note.objects.create(lead=lead, author=request.user, text=text, created_at=now)  # type: ignore[misc]
            inbound.read_note(note=note, now=now)
        messages.success(request, "Note kept. Only staff see it.")
    return redirect(reverse("office:lead", args=[pk]) + "#latest")


@staff_only
@require_POST
def confirm_address(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A person says that a number or address from a form is the customer's own: from now on we may write to it."""
    now = clock.read()
    with transaction.atomic():
        lead = get_object_or_404(Lead, pk=pk)
        contact = people.lock(contact_id=lead.contact_id)
        row = StatedIdentity.objects.filter(contact=contact, value=clean_text(request.POST.get("stated", ""), limit=254)).first()
        if row is None:
            messages.error(request, "That number or address is not noted for this person any more; nothing was changed.")
            return redirect("office:lead", pk=pk)
        try:
            people.prove(contact=contact, kind=row.kind, value=row.value, by=person_name(request.user), now=now)  # type: ignore[arg-type]
        except people.NotTheirs as error:
            messages.error(request, f"{error} Nothing was changed.")
            return redirect("office:lead", pk=pk)
    messages.success(request, f"Confirmed: {sayable(row.value) if row.kind == Identity.Kind.PHONE else row.value} is theirs.")
    return redirect("office:lead", pk=pk)


@staff_only
@require_POST
def add_outcome(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Somebody says what came of the lead: stage, event, call tasks closed, waiting runs woken."""
    now = clock.read()
    outcome = request.POST.get("outcome", "")
    if outcome not in OUTCOMES:
        messages.error(request, "Say what came of it; nothing was changed.")
        return redirect("office:lead", pk=pk)
    label, stage = OUTCOMES[outcome]
    with transaction.atomic():
        lead = get_object_or_404(Lead.objects.select_related("client"), pk=pk)
        contact = people.lock(contact_id=lead.contact_id)
        lead.refresh_from_db()
        if lead.stage == stage and lead.outcome_reported_by:
            messages.warning(request, f"{lead.outcome_reported_by} was first: {label}. Nothing was done twice.")
            return redirect("office:lead", pk=pk)
        by = person_name(request.user)  # type: ignore[arg-type]
        event = report_outcome(lead=lead, outcome=outcome, by=by, cause=f"lead:{lead.pk}:{int(now.timestamp())}", now=now)
        take_up(event=event, contact=contact, now=now)
    messages.success(
        request, f"Reported: {label}, at {clock_time(when=now, zone=lead.client.timezone)}. Open call tasks of this lead are closed."
    )
    return redirect("office:lead", pk=pk)


urlpatterns = [
    path("leads/", list_leads, name="leads"),
    path("leads/<uuid:pk>/", show_lead, name="lead"),
    path("leads/<uuid:pk>/note/", add_note, name="lead_note"),
    path("leads/<uuid:pk>/confirm/", confirm_address, name="lead_confirm"),
    path("leads/<uuid:pk>/outcome/", add_outcome, name="lead_outcome"),
]
