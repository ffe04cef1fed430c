"""The inbox: decide the next thing, now. One queue, one open item, a few outcomes; the next item opens by itself."""

import uuid
from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from messaging import talks
from zartsalgo.lib import clock
from zartsalgo.lib.names import clean_text
from zartsalgo.models import User
from zartsalgo.office import checklist, decisions, queue, snoozing
from zartsalgo.office.access import may, require, staff_only, who_may
from zartsalgo.office.items import Item
from zartsalgo.office.links import page_url
from zartsalgo.office.naming import clock_time, person_name
from zartsalgo.office.page_time import now_of
from zartsalgo.office.thread import read_thread

KEPT = ("view", "client")


@staff_only
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The queue with the item of `?item=`, else the first, opened. `?undo=` offers to take the last outcome back; `?view=` and `?client=`
    show a part of it."""
    now = now_of(request)
    kept = _kept(request.GET)
    waiting = queue.read_queue(now=now, user=_user(request), view=kept.get("view", ""), client=kept.get("client", ""))
    asked = request.GET.get("item", "")[:80]
    item = next((item for item in waiting.items if item.key == asked), None)
    gone = ""
    if item is None and asked:
        item = queue.find(key=asked)
        if item is None:
            gone = "There is nothing under that address. The first of the queue is open instead."
        elif not queue.is_open(item):
            gone = decisions.who_was_first(item)
        else:
            snoozing.tell(item=item, mark=waiting.marks.get(item.key), user_id=_user(request).pk)
    if item is None and waiting.items:
        item = waiting.items[0]
    context = {
        "now": now,
        "queue": waiting,
        "item": item,
        "picked": bool(asked),
        "gone": gone,
        "undo": request.GET.get("undo", "")[:90],
        "views": [(code, word) for code, word, _ in queue.VIEWS],
        "view": kept.get("view", ""),
        "client": kept.get("client", ""),
        "filtered": ", ".join(_filter_words(waiting, kept)),
        "keep": urlencode(kept),
        "first_steps": checklist.read(user=_user(request), session=request.session),
    }
    if item is not None:
        context |= _detail(item=item, is_gone=bool(gone), user=request.user)
        mark = waiting.marks.get(item.key)
        context["is_away"] = bool(mark and mark.away)
    elif not waiting.items and not kept:
        context["at_work"], context["waiting"] = queue.handled(now=now)
    return render(request, "office/inbox.html", context)


def _filter_words(waiting: queue.Queue, kept: dict[str, str]) -> list[str]:
    words = [word for code, word, _ in queue.VIEWS if code and code == kept.get("view")]
    return words + [client.name for client in waiting.clients if client.slug == kept.get("client")]


def _kept(given: QueryDict) -> dict[str, str]:
    """The part of the queue that is looked at, from an address."""
    return {name: value for name in KEPT if (value := clean_text(given.get(name, ""), limit=60))}


def _user(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]


def _detail(*, item: Item, is_gone: bool, user: AbstractBaseUser | AnonymousUser) -> dict[str, object]:
    choices = () if is_gone else decisions.choices(item)
    barred = next((choice.right for choice in choices if choice.right and not may(user, choice.right)), "")
    lines, phones = read_thread(contact=item.contact) if item.contact else ([], [])
    return {
        "thread": [
            {"line": line, "run_url": page_url("run", line.run_id)} for line in lines if item.kind != "draft" or line.pk != str(item.row.pk)
        ],
        "phones": phones,
        "choices": tuple(choice for choice in choices if not choice.right or may(user, choice.right)),
        "who_may": who_may(barred) if barred else "",
        "seen": decisions.text_digest(item.row.body) if item.kind == "draft" else "",
        "reject_reasons": decisions.REJECT_REASONS,
        "lead_url": page_url("lead", item.lead.pk) if item.lead else "",
        "talk_url": page_url("talk", item.contact.pk) if item.contact else "",
        "run_url": page_url("run", item.run_id),
        "other": decisions.other_page(item),
        "message_url": page_url("message", item.row.pk) if item.kind in ("draft", "unknown") else "",
        "open": not is_gone,
    }


@staff_only
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Carry out one outcome and open the next item."""
    now = clock.read()
    item, kept = _posted(request)
    if item is None:
        return _nothing(request)
    outcome = request.POST.get("outcome", "")[:40]
    needed = next((choice.right for choice in decisions.choices(item) if choice.code == outcome), "")
    if needed:
        require(request.user, needed)
    following = _following(request, item=item, kept=kept, now=now)
    note = " ".join(clean_text(request.POST.get("note", ""), limit=200).split())
    chip = clean_text(request.POST.get("reason", ""), limit=60)
    if chip == "Other" and not note:
        chip = ""
    try:
        decided = decisions.decide(
            item=item,
            outcome=outcome,
            by=person_name(_user(request)),
            now=now,
            seen=request.POST.get("seen", ""),
            reason=": ".join(part for part in (chip, note) if part),
        )
    except decisions.NotAnOutcome as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(_inbox_url(item=item.key, **kept))
    snoozing.let_go(key=item.key)
    if item.contact is not None:
        talks.renew(contact_id=item.contact.pk, by=_user(request))
    (messages.success if decided.done else messages.warning)(request, decided.says)
    return HttpResponseRedirect(_inbox_url(item=following, undo=decided.undo, **kept))


@staff_only
@require_POST
def snooze(request: HttpRequest) -> HttpResponse:
    """Put an item off (`until`: hour, morning, or time with `at`), or bring it back (`now`); the next one opens."""
    now = clock.read()
    item, kept = _posted(request)
    if item is None:
        return _nothing(request)
    if request.POST.get("until") == "now":
        done = snoozing.bring_back(key=item.key)
        (messages.success if done else messages.warning)(request, f"Back in the queue: {item.title}." if done else "It was not put off.")
        return HttpResponseRedirect(_inbox_url(item=item.key))
    if not queue.is_open(item):
        messages.warning(request, decisions.who_was_first(item))
        return HttpResponseRedirect(_inbox_url(item=item.key, **kept))
    following = _following(request, item=item, kept=kept, now=now)
    try:
        until = snoozing.read_until(choice=request.POST.get("until", ""), at=request.POST.get("at", "")[:40], client=item.client, now=now)
    except snoozing.NotATime as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(_inbox_url(item=item.key, **kept))
    snoozing.put_off(item=item, until=until, by=person_name(_user(request)), now=now)
    when = clock_time(when=until, zone=item.client.timezone)
    sooner = ", or as soon as the person is heard again" if item.contact else ""
    messages.success(request, f"Put off until {when}{sooner}: {item.title}.")
    return HttpResponseRedirect(_inbox_url(item=following, undo=f"off:{item.key}", **kept))


@staff_only
@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """Tell the others for two minutes that one looks at an item. A script sends it again while the page is open (204, nothing to draw)."""
    item, kept = _posted(request)
    if item is None:
        return _nothing(request)
    holder = snoozing.look_at(key=item.key, user=_user(request))
    if request.headers.get("X-Live"):
        return HttpResponse(status=204)
    if holder:
        messages.warning(request, f"{holder} is looking at this already.")
    else:
        messages.success(request, "For two minutes the others see that you are looking at this.")
    return HttpResponseRedirect(_inbox_url(item=item.key, **kept))


def _posted(request: HttpRequest) -> tuple[Item | None, dict[str, str]]:
    return queue.find(key=request.POST.get("item", "")[:80]), _kept(QueryDict(request.POST.get("keep", "")[:200]))


def _nothing(request: HttpRequest) -> HttpResponse:
    messages.error(request, "There is nothing under that address; nothing was done.")
    return HttpResponseRedirect(reverse("office:inbox"))


def _following(request: HttpRequest, *, item: Item, kept: dict[str, str], now: datetime) -> str:
    """The key of the item that opens once this one is done, in the same part of the queue."""
    waiting = queue.read_queue(now=now, user=_user(request), view=kept.get("view", ""), client=kept.get("client", ""))
    following = waiting.after(key=item.key)
    return following.key if following else ""


@staff_only
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take one's own last outcome back."""
    key = request.POST.get("undo", "")[:90]
    decided = decisions.undo(key=key, by=person_name(_user(request)), now=clock.read())
    (messages.success if decided.done else messages.warning)(request, decided.says)
    shown = key.removeprefix("off:")
    return HttpResponseRedirect(_inbox_url(item=shown if decided.done and not shown.startswith("tried:") else ""))


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
    path("inbox/snooze/", snooze, name="inbox_snooze"),
    path("inbox/look/", look, name="inbox_look"),
]
