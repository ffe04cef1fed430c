"""Approvals: what waits for somebody's word before a customer or a client sees it; and the page on which a summary is decided.

An approval binds the exact words: the page carries their hash, words that were changed are held against the same questions first, and
are shown again with whatever stands against them before anything happens.
"""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from summaries import actions
from summaries.models import Proof, Summary
from zartsalgo.lib import clock
from zartsalgo.lib.names import clean_text
from zartsalgo.office import queue, seen_by, snoozing, summary_page
from zartsalgo.office.access import allowed, may, page_of, require, staff_only, who_may
from zartsalgo.office.links import page_url
from zartsalgo.office.lists import chips_of, pager_urls
from zartsalgo.office.naming import clock_time, person_name
from zartsalgo.office.page_time import now_of

SHOWS = (("", "All that waits"), ("summaries", "Summaries"), ("texts", "Texts"), ("decided", "Decided"))
KINDS = {"": frozenset({"summary", "draft"}), "summaries": frozenset({"summary"}), "texts": frozenset({"draft"})}


@staff_only
@require_safe
def list_approvals(request: HttpRequest) -> HttpResponse:
    """What waits, oldest promise first; `?show=decided` what was decided, newest first. Filters `show` and `client`."""
    now = now_of(request)
    show, slug = request.GET.get("show", ""), clean_text(request.GET.get("client", ""), limit=60)
    waiting = queue.read_queue(now=now, user=request.user, kinds=KINDS.get(show, frozenset()), client=slug)  # type: ignore[arg-type]
    context: dict[str, Any] = {
        "now": now,
        "queue": waiting,
        "client": slug,
        "show": show,
        "chips": chips_of(request=request, name="show", choices=SHOWS, current=show),
        "being_written": [],
    }
    if show == "decided":
        rows = Summary.objects.select_related("client", "lead__contact").filter(
            status__in=(Summary.Status.APPROVED, Summary.Status.PRIVATE)
        )
        rows = rows.defer("claims", "internal_text", "client_text")
        page = page_of(rows=rows.filter(client__slug=slug) if slug else rows, request=request, order_by="created_at")
        context |= {"decided": page.rows, **pager_urls(request=request, page=page)}
    elif show != "texts":
        asked = Summary.objects.select_related("client", "lead__contact").filter(status=Summary.Status.ASKED).order_by("created_at", "pk")
        context["being_written"] = list(asked.filter(client__slug=slug)[:20] if slug else asked[:20])
    return render(request, "office/approvals.html", context)


@staff_only
@require_safe
def show_summary(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One summary: what was said, what the client will see, and the decision."""
    return _page(request, summary=_get(pk))


def _get(pk: uuid.UUID) -> Summary:
    return get_object_or_404(Summary.objects.select_related("client", "lead__contact", "lead__client", "cause_event"), pk=pk)


def _page(request: HttpRequest, *, summary: Summary, text: str | None = None, error: str = "", status: int = 200) -> HttpResponse:
    """The page; `text` are words that somebody changed and that are shown again with what stands against them."""
    now = now_of(request)
    waits = summary.status in Summary.OPEN
    approval, proof = (None, None) if waits else summary_page.decision_of(summary=summary)
    found = summary_page.said(summary=summary)
    claims = actions.claims_of(summary=summary)
    by_hand = summary.status == Summary.Status.TO_WRITE
    if proof is not None:
        words = proof.text
    elif text is not None:
        words = text
    else:
        words = summary.client_text or ""
    shown = summary_page.show_text(summary=summary, text=words)
    stale = actions.stale_since(summary=summary) if waits else None
    why_not = actions.why_not_for_client(lead=summary.lead) if waits else ""
    may_decide = may(request.user, "approve")
    blocked = ""
    if stale is not None:
        when = clock_time(when=stale, zone=summary.client.timezone)
        blocked = f"The customer wrote or called at {when}, after this was written. Read that, and have it written anew."
    elif why_not:
        blocked = f"{why_not} Keep it private."
    elif shown.blocking:
        blocked = shown.blocking[0].says
    waiting = queue.read_queue(now=now, user=request.user, kinds=frozenset({"summary"})) if waits else None  # type: ignore[arg-type]
    keys = [item.key for item in waiting.items] if waiting else []
    key = f"summary:{summary.pk}"
    mark = waiting.marks.get(key) if waiting else None
    other = None
    if summary.status == Summary.Status.REPLACED:
        other = (
            Summary.objects.filter(lead_id=summary.lead_id, created_at__gte=summary.created_at)
            .exclude(pk=summary.pk)
            .order_by("-created_at")[:1]
        )
    context = {
        "now": now,
        "summary": summary,
        "who": summary.lead.contact.name or "Unknown person",
        "waits": waits,
        "by_hand": by_hand,
        "sources": summary_page.show_sources(claims=claims, found=found),
        "claims": summary_page.show_claims(claims=claims, found=found, zone=summary.client.timezone),
        "shown": shown,
        "start": summary_page.start_by_hand(summary=summary, found=found) if by_hand and not words else "",
        "changed": text is not None,
        "error": error,
        "stale": stale is not None or bool(why_not),
        "blocked": blocked,
        "may_decide": may_decide,
        "who_may": "" if may_decide else who_may("approve"),
        "audience": seen_by.audience(client=summary.client),
        "zone": summary.client.timezone,
        "story": seen_by.story_of(summary=summary, proof=proof),
        "key": key,
        "looked_at_by": mark.looked_name if mark is not None and mark.looked_by != request.user.pk else "",
        "place": keys.index(key) + 1 if key in keys else 0,
        "places": len(keys),
        "places_more": bool(waiting and waiting.more),
        "previous": _neighbour(keys, key, -1),
        "following": _neighbour(keys, key, 1),
        "approval": approval,
        "proof": proof,
        "decided": "" if waits else summary_page.who_decided(summary=summary, approval=approval, proof=proof),
        "newer_url": page_url("approval", other[0].pk) if other else "",
        "reasons": summary_page.PRIVATE_REASONS,
        "run_url": page_url("run", summary.run_id),
        "lead_url": page_url("lead", summary.lead_id),
        "back": "inbox" if request.GET.get("back", request.POST.get("back")) == "inbox" else "",
    }
    return render(request, "office/approval.html", context, status=status)


def _neighbour(keys: list[str], key: str, step: int) -> str:
    at = keys.index(key) + step if key in keys else -1
    return page_url("approval", keys[at].partition(":")[2]) if 0 <= at < len(keys) else ""


@staff_only
@require_POST
def decide(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """`outcome`: approve, check (hold changed words against the questions), private, anew. The next one opens by itself."""
    summary = _get(pk)
    outcome = request.POST.get("outcome", "")
    if outcome in ("approve", "private"):
        require(request.user, "approve")
    now, by = clock.read(), person_name(request.user)  # type: ignore[arg-type]
    waiting = queue.read_queue(now=now, user=request.user, kinds=frozenset({"summary"}))  # type: ignore[arg-type]
    following = waiting.after(key=f"summary:{summary.pk}")
    who = summary.lead.contact.name or "this person"
    text = actions.as_shown(text=request.POST.get("text", "")[: summary_page.LONGEST * 2])
    try:
        if outcome == "check":
            return _page(request, summary=summary, text=text)
        if outcome == "approve":
            again = _look_again(request, summary=summary, text=text)
            if again is not None:
                return again
            actions.approve(summary=summary, text=text, text_sha256=actions.hash_of(text=text), by=by, now=now)
            messages.success(request, f"Approved: {summary.client} sees these words about {who}.")
        elif outcome == "private":
            actions.keep_private(summary=summary, reason=_reason(request), by=by, now=now)
            messages.success(request, f"Kept private: {summary.client} sees nothing of {who}'s call or message.")
        elif outcome == "anew":
            fresh = actions.write_anew(summary=summary, now=now)
            messages.success(request, f"It is being written anew for {who}, with everything said by now.")
            return HttpResponseRedirect(page_url("approval", fresh.pk))
        else:
            messages.error(request, "That is no outcome of a summary; nothing was done.")
            return HttpResponseRedirect(page_url("approval", summary.pk))
    except actions.CannotDecide as error:
        summary = _get(pk)
        if summary.status in Summary.OPEN and outcome == "approve":
            return _page(request, summary=summary, text=text, error=str(error), status=400)
        messages.warning(request, f"{error} Nothing was done twice." if summary.status not in Summary.OPEN else str(error))
        return HttpResponseRedirect(page_url("approval", summary.pk))
    snoozing.let_go(key=f"summary:{summary.pk}")
    return HttpResponseRedirect(_next_url(following=following, back=request.POST.get("back", "")))


def _look_again(request: HttpRequest, *, summary: Summary, text: str) -> HttpResponse | None:
    """Words that are not those the page showed are shown once more when anything stands against them; None when they may go on."""
    if actions.hash_of(text=text) == request.POST.get("seen", "") or summary.status not in Summary.OPEN:
        return None
    shown = summary_page.show_text(summary=summary, text=text)
    if not shown.problems and text.strip():
        return None
    says = (
        "You changed the words. Look at what stands against them; nothing was approved yet."
        if text.strip()
        else "There are no words to approve."
    )
    return _page(request, summary=summary, text=text, error=says, status=400)


def _reason(request: HttpRequest) -> str:
    chip = clean_text(request.POST.get("reason", ""), limit=60)
    note = " ".join(clean_text(request.POST.get("note", ""), limit=200).split())
    return ": ".join(part for part in ("" if chip == "Other" and not note else chip, note) if part)


def _next_url(*, following: queue.Item | None, back: str) -> str:
    if back == "inbox":
        return reverse("office:inbox")
    if following is not None:
        return page_url("approval", following.key.partition(":")[2])
    return reverse("office:approvals")


@allowed("approve")
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """GET says what withdrawing takes away; POST does it, with a reason."""
    summary = _get(pk)
    proof = get_object_or_404(Proof, approval__summary=summary)
    now = now_of(request)
    error = ""
    if request.method == "POST":
        reason = clean_text(request.POST.get("reason", ""), limit=300)
        if reason:
            try:
                actions.withdraw(proof=proof, reason=reason, by=person_name(request.user), now=now)  # type: ignore[arg-type]
                messages.success(request, f"Withdrawn: {summary.client} does not see it any more.")
            except actions.CannotDecide as trouble:
                messages.warning(request, f"{trouble} Nothing was done twice.")
            return HttpResponseRedirect(page_url("approval", summary.pk))
        error = "Say why it is taken back; nothing was done."
    people = seen_by.audience(client=summary.client)
    context = {
        "now": now,
        "summary": summary,
        "title": f"Take it back from {summary.client}",
        "count": 0 if proof.withdrawn_at else 1,
        "what": "approved text disappears from the portal",
        "effects": [
            f"{people} It shows that something was removed and when, not what.",
            "The words, who approved them and who withdrew them stay in our record.",
            "Published reports keep the numbers they were published with.",
        ],
        "blocked": summary_page.who_decided(summary=summary, approval=None, proof=proof) if proof.withdrawn_at else "",
        "error": error,
        "words": proof.text,
    }
    return render(request, "office/approval_withdraw.html", context, status=400 if error else 200)


urlpatterns = [
    path("approvals/", list_approvals, name="approvals"),
    path("approvals/<uuid:pk>/", show_summary, name="approval"),
    path("approvals/<uuid:pk>/decide/", decide, name="approval_decide"),
    path("approvals/<uuid:pk>/withdraw/", withdraw, name="approval_withdraw"),
]
