"""What was put aside: how much of it waits, and the two verbs that end it, each counted before it acts.

Of one hook and reason everything that was there when the page was shown, or one delivery.
"""

import uuid
from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import connection as database
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from providers import asides, deliveries
from providers.models import Aside, Connection, Delivery
from zartsalgo.lib import clock
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.office.access import allowed
from zartsalgo.office.labels import provider_word
from zartsalgo.office.links import page_url

SPOKEN = {Aside.Reason.FLOOD: "Too many came at once", Aside.Reason.TRAP: "The field that people do not see was filled in"}
_GROUPS = """
select d.connection_id, a.reason, c.provider, n.name, n.timezone, count(*), min(d.received_at), max(d.received_at), max(d.id::text)
  from providers_delivery d join providers_aside a on a.delivery_id = d.id join providers_connection c on c.id = d.connection_id
  join leads_client n on n.id = c.client_id
 where d.state = 'aside' group by 1, 2, 3, 4, 5 order by 8 desc limit 50"""

Decide = Callable[..., int]
VERBS: dict[str, tuple[Decide, str, str, str, list[str]]] = {
    "release": (
        asides.release,
        "Take in",
        "Take in what was put aside?",
        "will be taken in",
        [
            "Each is read like any other form: it becomes a lead with its task, and the business is told.",
            "No text goes by this alone; each text is judged by the gate first.",
        ],
    ),
    "discard": (
        asides.discard,
        "Not a lead",
        "Is what was put aside no lead?",
        "will be kept as no lead",
        ["Nothing is done with them and nobody is asked about them again.", "They stay in the list, and each can still be read again."],
    ),
}


def groups_aside() -> list[dict[str, Any]]:
    """What waits, by hook and reason, the latest first."""
    with database.cursor() as cursor:
        cursor.execute(_GROUPS)
        rows = cursor.fetchall()
    return [
        {
            "title": f"{forms(count)} of {client}",
            "says": f"{SPOKEN[Aside.Reason(reason)]}: {provider_word(provider)}.",
            "first_at": first,
            "last_at": last,
            "zone": zone,
            "verbs": [
                (label, f"{reverse('office:aside', args=[verb])}?hook={hook}&reason={reason}&until={until}")
                for verb, (_, label, *_) in VERBS.items()
            ],
        }
        for hook, reason, provider, client, zone, count, first, last, until in rows
    ]


def forms(count: int) -> str:
    return f"{count} form{'' if count == 1 else 's'}"


@allowed("replay")
@require_http_methods(["GET", "HEAD", "POST"])
def decide_aside(request: HttpRequest, verb: str) -> HttpResponse:
    """GET counts what the verb would touch; POST does it to what was counted and nothing that came after."""
    if verb not in VERBS:
        raise Http404
    decide, label, title, what, effects = VERBS[verb]
    ids, way, hidden = _chosen(request)
    if request.method == "POST":
        with transaction.atomic():
            done = decide(ids=ids, by=request.user.get_username(), now=clock.read())
            if done:
                LogEntry.objects.log_actions(
                    user_id=cast(int, request.user.pk),
                    queryset=[way],
                    action_flag=CHANGE,
                    change_message=f"{label}: {forms(done)} that {'was' if done == 1 else 'were'} put aside.",
                    single_object=True,
                )
            ring_after_commit(task=deliveries.DRAIN_TASK)
        words = (
            f"{forms(done)} {'is' if done == 1 else 'are'} {'taken in now' if verb == 'release' else 'no lead; nothing was done with it'}."
        )
        messages.success(request, words if done else "Nothing to do: somebody has decided it already.")
        return redirect(f"{page_url('deliveries')}?view=aside")
    context = {
        "title": f"{title} ({provider_word(way.provider)} of {way.client})",
        "count": len(ids),
        "what": f"{'form' if len(ids) == 1 else 'forms'} {what}",
        "effects": [
            *effects,
            *([f"These are the {asides.MOST} oldest; the others wait for the next time."] if len(ids) == asides.MOST else []),
        ],
        "hidden": hidden,
        "action": request.path,
        "button": label,
        "blocked": "" if ids else "Nothing is there any more: somebody has decided it already.",
        "now": clock.read(),
    }
    return render(request, "office/aside.html", context)


def _chosen(request: HttpRequest) -> tuple[list[uuid.UUID], Connection, list[tuple[str, str]]]:
    """The deliveries a request is about, their connection, and what the form must send to mean the same. Raises Http404."""
    given = request.POST if request.method == "POST" else request.GET
    try:
        if one := given.get("delivery"):
            row = get_object_or_404(Delivery.objects.select_related("connection__client").only("state", "connection"), pk=uuid.UUID(one))
            return [row.pk] if row.state == Delivery.State.ASIDE else [], row.connection, [("delivery", one)]
        hook, until = uuid.UUID(given.get("hook", "")), uuid.UUID(given.get("until", ""))
        reason = Aside.Reason(given.get("reason", ""))
    except ValueError:
        raise Http404 from None
    way = get_object_or_404(Connection.objects.select_related("client"), pk=hook)
    rows = asides.waiting(connection_id=hook, reason=reason, until=until).values_list("pk", flat=True)[: asides.MOST]
    return list(rows), way, [("hook", str(hook)), ("reason", reason.value), ("until", str(until))]


urlpatterns = [path("deliveries/aside/<slug:verb>/", decide_aside, name="aside")]
