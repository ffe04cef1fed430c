"""The inbox: decide the next thing, now. One queue, one open item, a few outcomes; the next item opens by itself."""

import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from zartsalgo.lib import clock
from zartsalgo.lib.names import clean_text
from zartsalgo.office import decisions, queue
from zartsalgo.office.access import staff_only
from zartsalgo.office.links import page_url
from zartsalgo.office.naming import person_name


@staff_only
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The queue with the item of `?item=`, else the first, opened. `?undo=` offers to take the last outcome back."""
    now = clock.read()
    request.read_now = lambda: now  # type: ignore[attr-defined]
    waiting = queue.read_queue(now=now)
    asked = request.GET.get("item", "")
    item = next((item for item in waiting.items if item.key == asked), None)
    gone = ""
    if item is None and asked:
        item = queue.find(key=asked)
        if item is None:
            gone = "There is nothing under that address. The first of the queue is open instead."
        elif not queue.is_open(item):
            gone = decisions.who_was_first(item)
    if item is None and waiting.items:
        item = waiting.items[0]
    context = {
        "now": now,
        "queue": waiting,
        "item": item,
        "picked": bool(asked),
        "gone": gone,
        "undo": request.GET.get("undo", "")[:80],
    }
    if item is not None:
        context |= _detail(item=item, is_gone=bool(gone))
    elif not waiting.items:
        context["at_work"], context["waiting"] = queue.handled(now=now)
    return render(request, "office/inbox.html", context)


def _detail(*, item: queue.Item, is_gone: bool) -> dict[str, object]:
    lines, phones = queue.thread(contact=item.contact) if item.contact else ([], [])
    return {
        "thread": [
            {"line": line, "run_url": page_url("run", line.run_id)} for line in lines if item.kind != "draft" or line.pk != str(item.row.pk)
        ],
        "phones": phones,
        "choices": () if is_gone else decisions.choices(item),
        "seen": decisions.text_digest(item.row.body) if item.kind == "draft" else "",
        "reject_reasons": decisions.REJECT_REASONS,
        "lead_url": page_url("lead", item.lead.pk) if item.lead else "",
        "run_url": page_url("run", item.run_id),
        "delivery_url": page_url("delivery", item.row.pk) if item.kind == "delivery" else "",
        "message_url": page_url("message", item.row.pk) if item.kind in ("draft", "unknown") else "",
    }


@staff_only
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Carry out one outcome and open the next item."""
    now = clock.read()
    key = request.POST.get("item", "")[:80]
    item = queue.find(key=key)
    if item is None:
        messages.error(request, "There is nothing under that address; nothing was done.")
        return HttpResponseRedirect(reverse("office:inbox"))
    following = queue.read_queue(now=now).after(key=key)
    note = " ".join(clean_text(request.POST.get("note", ""), limit=200).split())
    chip = clean_text(request.POST.get("reason", ""), limit=60)
    if chip == "Other" and not note:
        chip = ""
    try:
        decided = decisions.decide(
            item=item,
            outcome=request.POST.get("outcome", "")[:40],
            by=person_name(request.user),  # type: ignore[arg-type]
            now=now,
            seen=request.POST.get("seen", ""),
            reason=": ".join(part for part in (chip, note) if part),
        )
    except decisions.NotAnOutcome as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(_inbox_url(item=key))
    (messages.success if decided.done else messages.warning)(request, decided.says)
    return HttpResponseRedirect(_inbox_url(item=following.key if following else "", undo=decided.undo))


@staff_only
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take one's own last outcome back."""
    key = request.POST.get("undo", "")[:80]
    decided = decisions.undo(key=key, by=person_name(request.user), now=clock.read())  # type: ignore[arg-type]
    (messages.success if decided.done else messages.warning)(request, decided.says)
    return HttpResponseRedirect(_inbox_url(item=key if decided.done and key.startswith("task:") else ""))


@staff_only
@require_safe
def task(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A task's own address opens it in the inbox, whatever its state."""
    return HttpResponseRedirect(_inbox_url(item=f"task:{pk}"))


def _inbox_url(**query: str) -> str:
    asked = urlencode({name: value for name, value in query.items() if value})
    return reverse("office:inbox") + (f"?{asked}" if asked else "")


urlpatterns = [
    path("", inbox, name="inbox"),
    path("tasks/<uuid:pk>/", task, name="task"),
    path("inbox/act/", act, name="inbox_act"),
    path("inbox/undo/", undo, name="inbox_undo"),
]
