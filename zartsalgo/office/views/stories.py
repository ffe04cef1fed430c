"""One story as it is played: what was seen so far, the customer's phone, and at the end what was proven, each with the row that shows it.
And putting the first steps away."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from leads.models import Client
from zartsalgo.lib import clock
from zartsalgo.lib.phone import sayable
from zartsalgo.office import checklist
from zartsalgo.office.access import staff_only
from zartsalgo.office.links import page_url
from zartsalgo.office.models import StoryRun
from zartsalgo.office.simulator import Refused
from zartsalgo.office.simulator_phone import read_phone
from zartsalgo.office.stories import playing

OPENS = {
    "run": "Open the run",
    "message": "Open the text and its slip",
    "delivery": "Open the webhook",
    "lead": "Open the lead",
    "task": "Open it in the inbox",
    "incident": "Open the incident",
}
# Parts of the simulator's page that a beat may point to.
PARTS = {"clock": "Look at the clock", "mood": "Look at the provider"}
# Seconds between two looks of the page.
WHILE_PLAYING, AFTERWARDS = 1, 30


@dataclass(frozen=True, kw_only=True)
class Line:
    """One beat as it is drawn."""

    status: str
    title: str
    says: str = ""
    at: datetime | None = None
    url: str = ""
    label: str = ""


@staff_only
@require_POST
def play(request: HttpRequest) -> HttpResponse:
    """One press: begin the story and go to its page, where it is seen to happen."""
    story = playing.BY_KEY.get(request.POST.get("story", ""))
    client = Client.objects.filter(slug=request.POST.get("client", "")).first()
    if story is None or client is None:
        messages.error(request, "There is no such story or no such business; nothing was done.")
        return redirect("office:simulator")
    try:
        row = playing.start(story=story, client=client, by=request.user)  # type: ignore[arg-type]
    except playing.AnotherPlays as other:
        if (other.row.key, other.row.client_id) != (story.key, client.pk):
            messages.warning(request, str(other))
        return redirect("office:story", pk=other.row.pk)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(f"{reverse('office:simulator')}?client={client.slug}")
    playing.play_in_background(row=row)
    return redirect("office:story", pk=row.pk)


@staff_only
@require_safe
def story(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The story as far as it is. Looking changes nothing, but a story whose player died is ended here and gives back what it had lent."""
    playing.mend()
    row = get_object_or_404(StoryRun.objects.select_related("client"), pk=pk)
    told = playing.BY_KEY.get(row.key)
    if told is None:
        raise Http404
    going = row.state == StoryRun.State.PLAYING
    proofs = [] if going else playing.prove(row=row)
    met = sum(proof.met for proof in proofs)
    context = {
        "now": clock.read(),
        "row": row,
        "story": told,
        "client": row.client,
        "zone": row.client.timezone,
        "who": f"{row.name}, {sayable(row.number)}",
        "going": going,
        "broken": row.state == StoryRun.State.BROKEN_OFF,
        "lines": _lines(row=row, told=told),
        "proofs": [
            {
                "proof": proof,
                "status": "pass" if proof.met else "fail",
                "word": "Proven" if proof.met else "Not met",
                **_link(page=proof.page, pk=proof.pk),
            }
            for proof in proofs
        ],
        "met": met,
        "all_met": met == len(proofs),
        "bubbles": read_phone(client=row.client, number=row.number, name=row.name),
        "live_seconds": WHILE_PLAYING if going else AFTERWARDS,
        "try_url": f"{reverse('office:simulator')}?client={row.client.slug}&caller=%2B{row.number[1:]}",
        "next_story": _next(key=row.key),
    }
    return render(request, "office/story.html", context)


@staff_only
@require_POST
def first_steps(request: HttpRequest) -> HttpResponse:
    """Put one's own list of first steps away (`do=hide`) or bring it back (`do=show`)."""
    hiding = request.POST.get("do") != "show"
    if hiding:
        checklist.hide(user=request.user, now=clock.read())  # type: ignore[arg-type]
        messages.success(request, "The first steps are put away. The simulator's page brings them back.")
    else:
        checklist.show(user=request.user)  # type: ignore[arg-type]
    return redirect("office:inbox" if request.POST.get("from") == "inbox" else "office:simulator")


def _lines(*, row: StoryRun, told: playing.Story) -> list[Line]:
    """What was seen, what is waited for, and what is still to come."""
    lines = [
        Line(
            status="done",
            title=line["title"],
            says=line["says"],
            at=datetime.fromisoformat(line["at"]),
            **_link(page=line["page"], pk=line["pk"]),
        )
        for line in row.lines
    ]
    rest = [beat.title for beat in told.beats[row.beat :]] if row.state != StoryRun.State.TOLD else []
    for number, title in enumerate(rest):
        if row.state == StoryRun.State.PLAYING:
            lines.append(Line(status="to-come" if number else "running", title=title))
        else:
            lines.append(Line(status="not-reached" if number else "failed", title=title, says="" if number else row.says))
    return lines


def _link(*, page: str, pk: object) -> dict[str, Any]:
    """Address and words of the row that shows something; nothing where there is no such page."""
    if page == "simulator":
        return {"url": f"{page_url(page)}#{pk}", "label": PARTS[str(pk)]}
    url = page_url(page, pk) if page and pk and pk != "None" else ""
    return {"url": url, "label": OPENS.get(page, "Open")} if url else {}


def _next(*, key: str) -> playing.Story:
    at = next(number for number, other in enumerate(playing.STORIES) if other.key == key)
    return playing.STORIES[(at + 1) % len(playing.STORIES)]


urlpatterns = [
    path("try/stories/play/", play, name="story_play"),
    path("try/stories/<uuid:pk>/", story, name="story"),
    path("try/first-steps/", first_steps, name="first_steps"),
]
