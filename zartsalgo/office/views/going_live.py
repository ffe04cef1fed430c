"""Going live: the list a connection works off, what it would have sent meanwhile, the signature, and the way back."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from messaging.models import Message
from providers import going_live as verbs
from providers.connections import sender_of
from providers.models import Connection, GoLive
from providers.registration import NotRecorded, register
from zartsalgo.lib import clock
from zartsalgo.lib.names import clean_text
from zartsalgo.lib.phone import sayable
from zartsalgo.office import going_live as lists
from zartsalgo.office.access import allowed, may, page_of, staff_only, who_may
from zartsalgo.office.items import workflow_name
from zartsalgo.office.labels import provider_word
from zartsalgo.office.lists import chips_of, pager_urls
from zartsalgo.office.naming import person_name
from zartsalgo.office.page_time import now_of


def _find(pk: uuid.UUID) -> Connection:
    """A connection that asks for a signature; others have no list."""
    rows = Connection.objects.select_related("client").filter(disabled_at__isnull=True)
    connection = get_object_or_404(rows, pk=pk)
    if not verbs.asks_for_signature(connection=connection):
        raise Http404("It sends to nobody off this machine, so nothing has to be signed.")
    return connection


@staff_only
@require_safe
def show_list(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """How far the connection is, with the form of each step; `?sign=1` and `?back=1` ask before they act."""
    now, connection = now_of(request), _find(pk)
    steps = lists.read_steps(connection=connection, now=now)
    open_list = verbs.read_list(connection=connection, now=now)
    context = {
        "now": now,
        "connection": connection,
        "provider": provider_word(connection.provider),
        "steps": steps,
        "done": sum(step.done for step in steps),
        "list": open_list,
        "live": connection.live_since is not None,
        "sender": _sayable(sender_of(connection=connection, client=connection.client)),
        "imported": lists.imported_opt_outs(client=connection.client),
        "may_settle": may(request.user, "connect"),
        "who_settles": "" if may(request.user, "connect") else who_may("connect"),
        "past": GoLive.objects.filter(connection=connection, taken_back_at__isnull=False).order_by("-taken_back_at")[:10],
        "confirm": _confirm(request, connection=connection, steps=steps, now=now),
    }
    return render(request, "office/going_live.html", context)


def _confirm(request: HttpRequest, *, connection: Connection, steps: list[lists.Step], now: datetime) -> dict[str, Any] | None:
    """What the page asks before it signs or takes back; None where nobody asked for either."""
    missing = [step.title for step in steps if not step.done]
    alone = lists.sends_alone(client=connection.client)
    if request.GET.get("sign") and connection.live_since is None:
        effects = [
            f"These workflows then text on their own: {', '.join(alone)}." if alone else "Every text still waits for approval first."
        ]
        effects += ["Texts that were dropped in shadow stay dropped.", "You can take it back at any time; it acts at once."]
        blocked = f"Still missing: {'; '.join(missing)}." if missing else "" if may(request.user, "connect") else who_may("connect")
        what = "step is done" if len(steps) - len(missing) == 1 else f"of {len(steps)} steps are done"
        return {
            "title": f"Let {connection.client} text real people?", "count": len(steps) - len(missing), "what": what, "effects": effects,
            "blocked": blocked, "button": "Sign and go live", "hidden": [("act", "sign")], "level": "warn", "reason": False,
        }  # fmt: skip
    if request.GET.get("back") and connection.live_since is not None:
        waiting = Message.objects.filter(connection=connection, status__in=Message.PENDING).count()
        effects = ["They are judged as not live and do not go; a text on its way this second cannot be called back.", "A new list begins."]
        return {
            "title": f"Take {connection.client} back to shadow?", "count": waiting, "effects": effects,
            "what": "text waits now" if waiting == 1 else "texts wait now", "button": "Back to shadow", "hidden": [("act", "back")],
            "blocked": "" if may(request.user, "connect") else who_may("connect"), "level": "bad", "reason": True,
        }  # fmt: skip
    return None


@allowed("connect")
@require_POST
def settle(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One step of the list: `act` is owner, sender, opt-outs, sign or back."""
    now, connection = clock.read(), _find(pk)
    by = person_name(request.user)  # type: ignore[arg-type]
    act = request.POST.get("act", "")
    try:
        done = _settle(request, act=act, connection=connection, by=by, now=now)
    except (verbs.NotReady, NotRecorded) as error:
        messages.error(request, f"{error} Nothing was changed.".replace("Nothing was changed. Nothing", "Nothing"))
    else:
        (messages.success if done else messages.error)(request, done or "There is no such step. Nothing was changed.")
    return redirect("office:going_live", pk=pk)


def _settle(request: HttpRequest, *, act: str, connection: Connection, by: str, now: datetime) -> str:
    """Do it; what is said afterwards, "" for an act that there is not. Raises NotReady or NotRecorded."""
    said = {
        name: " ".join(clean_text(request.POST.get(name, ""), limit=500).split()) for name in ("owner", "rollback", "opt_outs", "reason")
    }
    if act == "owner":
        verbs.name_owner(connection=connection, owner=said["owner"], rollback=said["rollback"], by=by, now=now)
        return "Kept: who answers for it, and the way back."
    if act == "sender":
        sender = sender_of(connection=connection, client=connection.client)
        register(connection=connection, sender=sender, by=by, now=now)
        return f"Recorded: you found {_sayable(sender)} registered."
    if act == "opt-outs":
        imported = lists.imported_opt_outs(client=connection.client)
        verbs.declare_opt_outs(connection=connection, opt_outs=said["opt_outs"], imported=imported, by=by, now=now)
        return "Kept under your name."
    if act == "sign":
        steps = [step.as_data() for step in lists.read_steps(connection=connection, now=now)]
        verbs.sign(connection=connection, checklist=steps, by=by, now=now)
        return f"{connection.client} is live. Texts go to real people from now on."
    if act == "back":
        verbs.take_back(connection=connection, reason=said["reason"], by=by, now=now)
        return f"{connection.client} is back in shadow: nothing leaves any more."
    return ""


@staff_only
@require_safe
def show_report(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What would have been sent, held and refused, each with its words and the reason; `?would=` is one of them."""
    now, connection = now_of(request), _find(pk)
    would = request.GET.get("would", "")
    would = would if would in lists.WOULD else ""
    found = verbs.read_list(connection=connection, now=now)
    counts = lists.count_shadow(found=found)
    rows = lists.shadow_texts(found=found, would=would).select_related("contact")
    page = page_of(rows=rows, request=request, order_by="created_at")
    choices = [
        ("", f"All ({sum(counts.values())})"),
        *((name, f"{words.capitalize()} ({counts[name]})") for name, words in lists.WOULD.items()),
    ]
    context = {
        "now": now,
        "connection": connection,
        "list": found,
        "counts": counts,
        "total": sum(counts.values()),
        "chips": chips_of(request=request, name="would", choices=choices, current=would),
        "items": [{"row": row, "who": row.contact.name or _sayable(row.to), "by": workflow_name(row.workflow)} for row in page.rows],
        "live": connection.live_since is not None,
        "may_settle": may(request.user, "connect"),
        "who_settles": "" if may(request.user, "connect") else who_may("connect"),
        **pager_urls(request=request, page=page),
    }
    return render(request, "office/shadow.html", context)


@allowed("connect")
@require_POST
def read_report(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Somebody has read the report; `seen` is the total that stood on the page, so nobody answers for texts that came since."""
    now, connection = clock.read(), _find(pk)
    counts = lists.count_shadow(found=verbs.read_list(connection=connection, now=now))
    if request.POST.get("seen", "") != str(sum(counts.values())):
        messages.warning(request, "More texts have come in since the page was shown. Read these, too; nothing was kept.")
        return redirect("office:shadow", pk=pk)
    try:
        verbs.note_report_read(connection=connection, counts=counts, by=person_name(request.user), now=now)  # type: ignore[arg-type]
    except verbs.NotReady as error:
        messages.error(request, str(error))
        return redirect("office:shadow", pk=pk)
    messages.success(request, f"Kept under your name: {lists.in_words(counts=counts)}")
    return redirect(reverse("office:going_live", args=[pk]))


def _sayable(number: str) -> str:
    return sayable(number) if number.startswith("+") else number


urlpatterns = [
    path("connections/<uuid:pk>/live/", show_list, name="going_live"),
    path("connections/<uuid:pk>/live/settle/", settle, name="going_live_settle"),
    path("connections/<uuid:pk>/shadow/", show_report, name="shadow"),
    path("connections/<uuid:pk>/shadow/read/", read_report, name="shadow_read"),
]
