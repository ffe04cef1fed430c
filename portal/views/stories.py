"""Stories: what was asked, how fast it was answered, and what the business says came of it."""

import uuid
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from portal import words
from portal.access import Visitor, page, signed_in
from portal.content import Business, Story, reading
from portal.models import Word
from zartsalgo.lib import clock

ANSWER_HOURS = 4


@signed_in
@require_safe
def list_stories(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Approved stories, newest first, a page at a time."""
    try:
        after = uuid.UUID(request.GET["after"]) if "after" in request.GET else None
    except ValueError:
        raise Http404 from None
    with reading(client_id=visitor.client_id) as content:
        business = content.business()
        stories, more = content.stories(after=after)
    said = words.said_about(client_id=visitor.client_id, proof_ids=[story.id for story in stories])
    context = {
        "items": [
            {"story": story, "outcome": _label(said.get((story.id, "outcome"))), "disputed": (story.id, "dispute") in said}
            for story in stories
        ],
        "older": f"?after={stories[-1].id}" if more else "",
        "newest": reverse("portal:stories") if after else "",
    }
    return page(request, "stories", context, business=business)


@signed_in
@require_safe
def show_story(request: HttpRequest, visitor: Visitor, id: uuid.UUID) -> HttpResponse:
    """One story, and the two things one may tell us about it."""
    business, story = _read(visitor=visitor, id=id)
    return _show(request, visitor=visitor, business=business, story=story, now=clock.read())


@signed_in
@require_POST
def say_outcome(request: HttpRequest, visitor: Visitor, id: uuid.UUID) -> HttpResponse:
    """Booked, not booked, wrong, or done."""
    return _say(request, visitor=visitor, id=id, kind=Word.Kind.OUTCOME, mistake="Press one of the four answers; nothing was changed.")


@signed_in
@require_POST
def say_not_right(request: HttpRequest, visitor: Visitor, id: uuid.UUID) -> HttpResponse:
    """Something in it is not right, in the client's own words."""
    return _say(request, visitor=visitor, id=id, kind=Word.Kind.DISPUTE, mistake="Write a few words on what is not right.")


def _say(request: HttpRequest, *, visitor: Visitor, id: uuid.UUID, kind: str, mistake: str) -> HttpResponse:
    business, story = _read(visitor=visitor, id=id)
    now = clock.read()
    try:
        words.say(
            client_id=visitor.client_id,
            proof_id=story.id,
            kind=kind,
            said=request.POST.get("said", ""),
            words=request.POST.get("words", ""),
            by=visitor.name,
            now=now,
        )
    except words.NothingSaid:
        return _show(request, visitor=visitor, business=business, story=story, now=now, mistake=mistake, wrong=kind)
    return redirect("portal:story", id=story.id)


@signed_in
@require_POST
def take_back(request: HttpRequest, visitor: Visitor, id: uuid.UUID) -> HttpResponse:
    """Undo, within ten minutes."""
    business, story = _read(visitor=visitor, id=id)
    kind, now = request.POST.get("kind", ""), clock.read()
    if kind not in Word.Kind.values:
        raise Http404
    if words.take_back(client_id=visitor.client_id, proof_id=story.id, kind=kind, by=visitor.name, now=now):
        return redirect("portal:story", id=story.id)
    mistake = "That is more than ten minutes ago and cannot be taken back here. Tell us instead."
    return _show(request, visitor=visitor, business=business, story=story, now=now, mistake=mistake, wrong=kind, status=409)


def _read(*, visitor: Visitor, id: uuid.UUID) -> tuple[Business, Story]:
    """The story, if it is one this client may see. Raises Http404."""
    with reading(client_id=visitor.client_id) as content:
        business, story = content.business(), content.story(id=id)
    if story is None:
        raise Http404
    return business, story


def _show(
    request: HttpRequest,
    *,
    visitor: Visitor,
    business: Business,
    story: Story,
    now: datetime,
    mistake: str = "",
    wrong: str = "",
    status: int = 400,
) -> HttpResponse:
    said = words.said_about(client_id=visitor.client_id, proof_ids=[story.id])
    outcome, dispute = said.get((story.id, "outcome")), said.get((story.id, "dispute"))
    context = {
        "story": story,
        "choices": list(Word.OUTCOMES.items()),
        "outcome": outcome,
        "outcome_label": _label(outcome),
        "outcome_open": outcome is not None and words.can_take_back(word=outcome, now=now),
        "dispute": dispute,
        "dispute_open": dispute is not None and words.can_take_back(word=dispute, now=now),
        "answer_hours": ANSWER_HOURS,
        "mistake": mistake,
        "wrong": wrong,
        "typed": request.POST.get("words", "")[:1000] if mistake else "",
    }
    return page(request, "story", context, business=business, status=status if mistake else 200, form=True)


def _label(word: Word | None) -> str:
    return Word.OUTCOMES.get(word.said, "") if word else ""
