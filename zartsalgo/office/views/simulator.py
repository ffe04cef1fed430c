"""The simulator's page: the customer's phone, the buttons, and what came of the last one. Every button is POST and then a reload."""

import time
import uuid
from dataclasses import asdict
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from leads.models import Client
from providers.connections import mood_of
from zartsalgo.lib import clock
from zartsalgo.lib.phone import sayable
from zartsalgo.office import checklist
from zartsalgo.office import simulator as playing
from zartsalgo.office import simulator_outcome as outcomes
from zartsalgo.office.access import staff_only
from zartsalgo.office.links import page_url
from zartsalgo.office.models import StoryRun
from zartsalgo.office.simulator_phone import read_phone
from zartsalgo.office.simulator_proofs import list_proofs
from zartsalgo.office.stories import playing as stories
from zartsalgo.office.templatetags.office_tags import full, zone_of

KEPT_IN_SESSION = "simulator"
KEPT = 8
CLIENTS = 200
# Worker or ticker take a second or two; after this something is wrong and the page says so instead of reloading for ever.
PATIENCE_SECONDS = 30

BUTTONS = (
    ("missed-call", "Missed call", "CallRail reports a call nobody answered"),
    ("pre-call", "Pre-call", "The phone only begins to ring"),
    ("form", "Website form", "The visitor leaves name and number"),
    ("duplicate", "Same webhook 3 times", "One missed call, delivered three times"),
    ("bad-signature", "Bad signature", "Somebody without the secret posts a call"),
    ("late", "Late report", "The call was 45 minutes ago"),
)
CLOCK = (
    ("night", "21:30 tonight"),
    ("sunday", "Sunday 10:00"),
    ("+5m", "5 minutes on"),
    ("+1d", "1 day on"),
    ("real", "Back to real time"),
)
MOODS = (
    ("ok", "Works", "The provider takes every text."),
    ("slow", "Slow", "It takes each text, two seconds late."),
    ("down", "Down", "It refuses the connection: no text leaves."),
    ("refused-credentials", "Refuses our login", "It does not know our account any more."),
    ("unknown", "No clear answer", "It goes silent: nobody knows whether the text went."),
)
CHIPS = ("STOP", "How much?", "Yes, 2 pm", "no mas mensajes")


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def simulator(request: HttpRequest) -> HttpResponse:
    stories.mend()
    asked = request.POST if request.method == "POST" else request.GET
    client = _client(slug=asked.get("client", ""))
    if client is None:
        return render(request, "office/simulator.html", {"client": None})
    try:
        caller = playing.read_caller(key=asked.get("caller", ""), client=client)
    except playing.Refused as refused:
        messages.error(request, str(refused))
        return redirect(_address(client=client))
    if request.method == "POST":
        return _act(request, client=client, caller=caller)
    if asked.get("caller") == playing.NEW:
        return redirect(_address(client=client, caller=caller))
    return render(request, "office/simulator.html", _page(request, client=client, caller=caller))


def _client(*, slug: str) -> Client | None:
    """The client asked for, else the one to try things out on, else the first one that the simulator may touch."""
    if slug and (asked := Client.objects.filter(slug=slug).first()):
        return asked
    by_name = Client.objects.order_by("name", "pk")
    return by_name.filter(slug=playing.TRY_OUT_SLUG).first() or by_name.exclude(connections__live=True).first() or by_name.first()


def _address(*, client: Client, caller: playing.Caller | None = None, part: str = "", look: int = 0) -> str:
    """The page for these two. `look` makes every look an address of its own: going to the same one with a #part would only scroll."""
    query = {"client": client.slug, **({"caller": caller.key} if caller else {}), **({"look": look} if look else {})}
    return f"{reverse('office:simulator')}?{urlencode(query)}{part}"


def _act(request: HttpRequest, *, client: Client, caller: playing.Caller) -> HttpResponse:
    act, words = request.POST.get("do", ""), request.POST.get("words", "")
    part = "#phone" if act == "text" else "#run"
    try:
        if act.startswith("clock:"):
            part = "#clock"
            now = playing.move_clock(to=act.removeprefix("clock:"), client=client)
            messages.success(request, f"The clock says {full(now, zone=zone_of(client))}.")
        elif act.startswith("mood:"):
            part = "#mood"
            mood = next(mood for mood in MOODS if mood[0] == act.removeprefix("mood:"))
            playing.change_mood(client=client, mood=mood[0])
            messages.success(request, f"The provider of {client}: {mood[1].lower()}. {mood[2]}")
        elif act == "text":
            _keep(request, client=client, posted=playing.text(client=client, caller=caller, words=words))
        else:
            _keep(request, client=client, posted=playing.CALLS[act](client=client, caller=caller))
    except playing.Refused as refused:
        messages.error(request, str(refused))
        part = ""
    except (KeyError, StopIteration):
        messages.error(request, "The simulator has no such button; nothing was done.")
        part = ""
    return redirect(_address(client=client, caller=caller, part=part))


def _keep(request: HttpRequest, *, client: Client, posted: playing.Posted) -> None:
    """Remember what was posted, newest first, in this person's session: what the buttons did is theirs, what came of it is in the rows."""
    entry = {**asdict(posted), "connection_id": str(posted.connection_id), "at": posted.at.isoformat()}
    entry |= {"client": client.slug, "real": time.time()}
    request.session[KEPT_IN_SESSION] = [entry, *request.session.get(KEPT_IN_SESSION, [])][:KEPT]


def _kept(request: HttpRequest, *, client: Client) -> list[tuple[playing.Posted, float]]:
    return [
        (
            playing.Posted(
                label=entry["label"],
                answers=tuple(entry["answers"]),
                connection_id=uuid.UUID(entry["connection_id"]),
                sha256=entry["sha256"],
                at=datetime.fromisoformat(entry["at"]),
            ),
            entry["real"],
        )
        for entry in request.session.get(KEPT_IN_SESSION, [])
        if entry["client"] == client.slug
    ]


def _page(request: HttpRequest, *, client: Client, caller: playing.Caller) -> dict[str, Any]:
    now, moved_by = clock.read(), clock.offset()
    kept = _kept(request, client=client)
    outcome = outcomes.read(posted=kept[0][0], client=client, now=now) if kept else None
    seconds = time.time() - kept[0][1] if kept else 0.0
    waiting = bool(outcome and outcome.under_way and seconds < PATIENCE_SECONDS)
    look = request.GET.get("look", "")
    blocked = playing.TOUCHES_NO_LIVE if playing.has_live_connection(client=client) else ""
    return {
        "client": client,
        "zone": client.timezone,
        "now": now,
        "caller": caller,
        "caller_says": f"{caller.name}, {sayable(caller.number)}" if caller.number else "Withheld number",
        "clients": list(Client.objects.order_by("name", "pk")[:CLIENTS]),
        "people": _people(caller=caller),
        "blocked": blocked,
        "bubbles": read_phone(client=client, number=caller.number, name=caller.name),
        "chips": CHIPS,
        "longest": playing.LONGEST_TEXT,
        "buttons": BUTTONS,
        "clock_buttons": CLOCK,
        "clock_says": full(now, zone=zone_of(client)),
        "moved_by": moved_by,
        "moods": MOODS,
        "mood": next(mood for mood in MOODS if mood[0] == mood_of(client_id=client.pk)),
        "first_steps": checklist.read(user=request.user, session=request.session),  # type: ignore[arg-type]
        "stories": [] if blocked else _stories(client=client),
        "no_story": "" if blocked else stories.why_not(client=client),
        "outcome": outcome,
        "workflow": outcomes.workflow_name(run=outcome.run) if outcome and outcome.run else "",
        "run_url": page_url("run", outcome.run.pk) if outcome and outcome.run else "",
        "delivery_url": page_url("delivery", outcome.delivery.pk) if outcome and outcome.delivery else "",
        "waiting": waiting,
        "look_again": _address(client=client, caller=caller, part="#run", look=int(look[:4]) + 1 if look.isdecimal() else 1),
        "stuck": bool(outcome and outcome.under_way and not waiting),
        "live_seconds": 1 if kept and seconds < PATIENCE_SECONDS else 5,
        "log": [{"label": posted.label, "answers": _answers(posted.answers), "at": posted.at} for posted, _ in kept],
        "proofs": [] if blocked else _proofs(client=client),
    }


def _people(*, caller: playing.Caller) -> list[tuple[str, str]]:
    named = [(number, f"{name}, {sayable(number)}") for number, name in playing.PEOPLE]
    if caller.number and caller.number not in playing.NAMES:
        named.insert(0, (caller.number, f"{caller.name}, {sayable(caller.number)}"))
    return [*named, (playing.NEW, "Somebody new"), (playing.WITHHELD, "Withheld number")]


def _answers(answers: tuple[int, ...]) -> str:
    return f"webhook answered {', '.join(str(answer) for answer in answers)}"


def _stories(*, client: Client) -> list[dict[str, Any]]:
    """The six cards, each with how it last ended for this business."""
    last = stories.newest(client=client)
    return [{"story": story, **_last(last.get(story.key))} for story in stories.STORIES]


def _last(row: StoryRun | None) -> dict[str, Any]:
    if row is None:
        return {}
    if row.state == StoryRun.State.PLAYING:
        status, word = "running", "Playing"
    elif row.state == StoryRun.State.BROKEN_OFF:
        status, word = "failed", "Broken off"
    else:
        status, word = ("pass" if row.met == row.promised else "fail"), f"{row.met} of {row.promised} proven"
    return {"status": status, "word": word, "url": page_url("story", row.pk), "at": row.ended_at}


def _proofs(*, client: Client) -> list[dict[str, Any]]:
    words: dict[str, tuple[str, str]] = {"seen": ("pass", "Seen"), "open": ("waiting", "Not yet"), "broken": ("fail", "Not met")}
    return [
        {
            "promise": proof.promise,
            "status": words[proof.state][0],
            "word": words[proof.state][1],
            "try_it": proof.try_it if proof.state == "open" else "",
            "url": page_url("run", proof.run_id) or page_url("delivery", proof.delivery_id),
        }
        for proof in list_proofs(client=client)
    ]


urlpatterns = [path("try/", simulator, name="simulator")]
