"""The words we send: what is in use, drafts with what speaks against them, a preview on a real lead, and approving by an act that counts."""

from typing import Any

from django.contrib import messages
from django.db import IntegrityError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_safe

from leads.models import Client
from messaging import approving, purposes, templates
from messaging.models import Template
from messaging.words.variables import time_span
from zartsalgo.lib import clock
from zartsalgo.lib.names import clean_text
from zartsalgo.office import portal_texts, template_page
from zartsalgo.office.access import may, require, staff_only, who_may
from zartsalgo.office.lists import chips_of
from zartsalgo.office.naming import clock_time, person_name
from zartsalgo.office.page_time import now_of

STATES = [("live", "In use"), ("draft", "Drafts"), ("retired", "Earlier versions")]
_STATUS = {"live": Template.Status.APPROVED, "draft": Template.Status.DRAFT, "retired": Template.Status.RETIRED}
PAGE = 50
AGENCY_ZONE = "UTC"
WORDS = {"approved": "In use", "retired": "Earlier version", "draft": "Draft"}


@staff_only
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """One row per version in a state, by client and name; `?page=` goes on."""
    state = request.GET.get("state", "live")
    slug = clean_text(request.GET.get("client", ""), limit=60)
    rows = Template.objects.filter(status=_STATUS.get(state, Template.Status.APPROVED)).select_related("client")
    if slug:
        rows = rows.filter(Q(client__slug=slug) | Q(client__isnull=True) if state == "live" else Q(client__slug=slug))
    raw = request.GET.get("page", "1")
    page = int(raw) if raw.isascii() and raw.isdigit() and 0 < len(raw) < 6 and int(raw) else 1
    found = list(rows.order_by("client__name", "key", "-version", "pk")[(page - 1) * PAGE : page * PAGE + 1])
    context = {
        "now": now_of(request),
        "items": [_row(one) for one in found[:PAGE]],
        "chips": chips_of(request=request, name="state", choices=STATES, current=state if state in _STATUS else "live"),
        "state": state,
        "clients": Client.objects.order_by("name"),
        "client": slug,
        "drafts": Template.objects.filter(status=Template.Status.DRAFT).count(),
        "newer_url": _page_url(request, page - 1) if page > 1 else "",
        "older_url": _page_url(request, page + 1) if len(found) > PAGE else "",
    }
    return render(request, "office/templates.html", context)


def _page_url(request: HttpRequest, page: int) -> str:
    query = request.GET.copy()
    query["page"] = str(page)
    return f"?{query.urlencode()}"


def _row(one: Template) -> dict[str, Any]:
    return {
        "url": reverse("office:template", args=[one.pk]),
        "title": f"{_purpose(one)}: {_whose(one)}",
        "say": one.body if len(one.body) < 220 else f"{one.body[:219]}…",
        "status": one.status,
        "word": WORDS[one.status],
        "meta": [one.key, f"version {one.version}", one.get_channel_display(), _by(one)],
    }


def _whose(template: Template) -> str:
    return str(template.client) if template.client else "all clients"


def _purpose(template: Template) -> str:
    return purposes.of(key=template.purpose).heading


def _by(template: Template) -> str:
    if template.status == Template.Status.DRAFT:
        return f"written by {template.written_by}" if template.written_by else ""
    return f"approved by {template.approved_by}"


def _get(pk: int) -> Template:
    return get_object_or_404(Template.objects.select_related("client"), pk=pk)


@staff_only
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One version: its words, what speaks against it, the preview (`?lead=`), what can be done, and the other versions."""
    template, now = _get(pk), now_of(request)
    same = Template.objects.filter(client=template.client, key=template.key)
    versions = same.exclude(pk=template.pk).order_by("-version")[:20]
    found = templates.findings(template=template)
    context = {
        "now": now,
        "template": template,
        "title": _purpose(template),
        "whose": _whose(template),
        "word": WORDS[template.status],
        "zone": template.client.timezone if template.client else AGENCY_ZONE,
        "findings": found,
        "refused": any(one.refuses for one in found),
        "shown": template_page.shown(template=template, chosen=request.GET.get("lead", ""), now=now),
        "facts": _facts(template),
        "opinions": portal_texts.opinions(template=template),
        "versions": [_row(one) for one in versions],
        "sent": template.messages.count(),
        "live": next((one for one in versions if one.status == Template.Status.APPROVED), None),
        "may_approve": may(request.user, "approve"),
        "who_may": who_may("approve"),
    }
    return render(request, "office/template.html", context)


def _facts(template: Template) -> list[dict[str, str]]:
    window = f"within {time_span(minutes=template.response_minutes)} of open hours" if template.response_minutes else "No window is set"
    return [
        {"label": "Sent by", "value": template.get_channel_display()},
        *([{"label": "Subject", "value": template.subject or "None yet"}] if template.channel == Template.Channel.EMAIL else []),
        {"label": "For", "value": _purpose(template)},
        {"label": "Opt-out line", "value": template.opt_out_line or "In the words themselves"},
        {"label": "A person answers", "value": window},
        {"label": "If nobody answered, tell", "value": template.get_escalate_to_display() or "Nobody more"},
        {"label": "Source of prices and promises", "value": template.source or "None noted"},
    ]


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new draft; `?from=` starts with the words of a version and keeps its client and name."""
    raw = request.GET.get("from", "")
    start = (
        get_object_or_404(Template.objects.select_related("client"), pk=int(raw))
        if raw.isascii() and raw.isdigit() and len(raw) < 18
        else None
    )
    if request.method != "POST":
        kept = {name: getattr(start, name) for name in approving.WRITTEN} if start else {}
        form: template_page.WordsForm = _new_form(start)(initial=kept)
        return _write(request, form=form, template=start, new=True)
    form = _new_form(start)(request.POST)
    if not form.is_valid() or request.POST.get("act") == "look":
        return _write(request, form=form, template=start, new=True)
    client = start.client if start else form.cleaned_data["client"]
    key = start.key if start else form.cleaned_data["key"]
    try:
        made = approving.write_draft(client=client, key=key, written=form.cleaned_data, by=person_name(request.user), now=clock.read())  # type: ignore[arg-type]
    except IntegrityError:
        form.add_error(None, "Somebody made a version of it just now. Nothing of yours is lost: save again to make the next one.")
        return _write(request, form=form, template=start, new=True)
    messages.success(request, f"Draft kept: version {made.version}. Nothing is sent with it until somebody approves it.")
    return redirect("office:template", pk=made.pk)


def _new_form(start: Template | None) -> type[template_page.WordsForm]:
    return template_page.WordsForm if start else template_page.NewWordsForm


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write at a draft: `act` is look (show what it would be, keep nothing) or save."""
    template = _get(pk)
    if template.status != Template.Status.DRAFT:
        messages.warning(request, "What was published is never changed. Write a new version instead.")
        return redirect("office:template", pk=pk)
    if request.method != "POST":
        return _write(request, form=template_page.WordsForm(instance=template), template=template)
    form = template_page.WordsForm(request.POST, instance=template)
    if not form.is_valid() or request.POST.get("act") == "look":
        return _write(request, form=form, template=template)
    try:
        approving.change_draft(template=template, written=form.cleaned_data, by=person_name(request.user), now=clock.read())  # type: ignore[arg-type]
    except approving.NotADraft:
        form.add_error(None, "It was published or thrown away meanwhile. Your words are still here: write a new version with them.")
        return _write(request, form=form, template=template)
    messages.success(request, "The draft is kept.")
    return redirect("office:template", pk=pk)


def _write(request: HttpRequest, *, form: template_page.WordsForm, template: Template | None, new: bool = False) -> HttpResponse:
    looked = form.is_bound and form.is_valid()
    as_written = None
    if looked:
        client = template.client if template else form.cleaned_data.get("client")
        written = {name: form.cleaned_data[name] for name in approving.WRITTEN}
        as_written = Template(client=client, key=template.key if template else form.cleaned_data["key"], version=1, **written)
    context = {
        "now": now_of(request),
        "form": form,
        "template": template,
        "new": new,
        "title": "New words"
        if template is None
        else f"{'New version' if new else 'Change the draft'}: {_purpose(template)}, {_whose(template)}",
        "variables": template_page.help_rows(),
        "filters": template_page.filters(),
        "findings": templates.findings(template=as_written) if as_written else [],
        "shown": template_page.shown(template=as_written, chosen="", now=now_of(request)) if as_written else None,
        "back_url": reverse("office:template", args=[template.pk]) if template else reverse("office:templates"),
    }
    return render(request, "office/template_edit.html", context, status=400 if form.errors else 200)


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Counts first; POST approves exactly the words that were shown."""
    require(request.user, "approve")
    template = _get(pk)
    if request.method == "POST":
        by = person_name(request.user)  # type: ignore[arg-type]
        try:
            approving.approve_template(template=template, by=by, now=clock.read(), seal=request.POST.get("seal", "") or "none")
        except approving.CannotApprove as error:
            messages.error(request, f"Not approved: {error}")
        else:
            messages.success(request, f"Version {template.version} is in use from now on. No text was sent by this.")
        return redirect("office:template", pk=pk)
    if template.status != Template.Status.DRAFT:
        messages.warning(request, _decided(template))
        return redirect("office:template", pk=pk)
    held = approving.waiting_on(template=template)
    live = Template.objects.filter(client=template.client, key=template.key, status=Template.Status.APPROVED).first()
    found = templates.findings(template=template)
    refusals = [one.says for one in found if one.refuses]
    effects = [
        *([f"Version {live.version} is retired. What was sent with it can still be read."] if live else []),
        *([f"{held} waiting text{'' if held == 1 else 's'} written with it will wait until a person looks."] if held else []),
        "No text is sent by this.",
        *[f"Worth a thought: {one.says}" for one in found if not one.refuses],
    ]
    context = {
        "now": now_of(request),
        "template": template,
        "title": f"Approve these words: {_purpose(template)}, {_whose(template)}?",
        "count": 1,
        "what": f"version goes into use for {_whose(template)}: version {template.version}",
        "effects": effects,
        "hidden": [("seal", approving.seal_of(template=template))],
        "blocked": " ".join(refusals),
        "shown": template_page.shown(template=template, chosen="", now=now_of(request)),
    }
    return render(request, "office/template_confirm.html", {**context, "button": "Approve"})


def _decided(template: Template) -> str:
    zone = template.client.timezone if template.client else AGENCY_ZONE
    when = f" at {clock_time(when=template.approved_at, zone=zone)}" if template.approved_at else ""
    return f"{template.approved_by} approved it{when}. Nothing was done twice."


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a draft away, asked first: there is no way back."""
    template = _get(pk)
    if request.method == "POST":
        try:
            approving.discard_draft(template=template)
        except approving.NotADraft:
            messages.warning(request, "What was published stays as evidence. Nothing was changed.")
            return redirect("office:template", pk=pk)
        messages.success(request, f"The draft of {template.key} is thrown away. What is in use stays in use.")
        return redirect("office:templates")
    if template.status != Template.Status.DRAFT:
        messages.warning(request, "What was published stays as evidence. Nothing was changed.")
        return redirect("office:template", pk=pk)
    context = {
        "now": now_of(request),
        "template": template,
        "title": f"Throw this draft away: {_purpose(template)}, {_whose(template)}?",
        "count": 1,
        "what": "draft is gone then",
        "effects": ["There is no way back.", "What is in use stays in use; no text is stopped or sent by this."],
        "button": "Throw the draft away",
        "level": "bad",
    }
    return render(request, "office/template_confirm.html", context)


urlpatterns = [
    path("templates/", index, name="templates"),
    path("templates/new/", new, name="template_new"),
    path("templates/<int:pk>/", show, name="template"),
    path("templates/<int:pk>/edit/", edit, name="template_edit"),
    path("templates/<int:pk>/approve/", approve, name="template_approve"),
    path("templates/<int:pk>/discard/", discard, name="template_discard"),
]
