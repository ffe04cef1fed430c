"""What we say in your name: every text as it reads, and the two answers a business can give to it."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from portal import texts
from portal.access import Visitor, page, signed_in
from portal.content import Text, reading
from portal.models import TextWord
from zartsalgo.lib import clock

OTHER_WORDS = "We changed these words since you opened the page, so nothing was kept. Please read them again."
NO_WORDS = "Write a few words on what to change."
TOO_LATE = "That is more than ten minutes ago and cannot be taken back here. Give the other answer, or tell us."


@signed_in
@require_safe
def list_texts(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Every text that can go out by itself now, and what was said of it."""
    return _show(request, visitor=visitor, now=clock.read())


@signed_in
@require_POST
def say_fine(request: HttpRequest, visitor: Visitor, key: str) -> HttpResponse:
    """These words are fine: kept for exactly the words that were shown."""
    return _say(request, visitor=visitor, key=key, said=TextWord.Said.FINE)


@signed_in
@require_POST
def ask_for_change(request: HttpRequest, visitor: Visitor, key: str) -> HttpResponse:
    """Please change this, in the client's own words."""
    return _say(request, visitor=visitor, key=key, said=TextWord.Said.CHANGE)


@signed_in
@require_POST
def take_back(request: HttpRequest, visitor: Visitor, key: str) -> HttpResponse:
    """Undo, within ten minutes."""
    now = clock.read()
    if texts.take_back(client_id=visitor.client_id, text=_text(visitor=visitor, key=key), by=visitor.name, now=now):
        return _back(key)
    return _show(request, visitor=visitor, now=now, mistake=TOO_LATE, wrong=key, status=409)


def _say(request: HttpRequest, *, visitor: Visitor, key: str, said: str) -> HttpResponse:
    text, now = _text(visitor=visitor, key=key), clock.read()
    given = request.POST.get("words", "")
    try:
        texts.say(
            client_id=visitor.client_id, text=text, sha256=request.POST.get("seal", ""), said=said, words=given, by=visitor.name, now=now
        )
    except texts.NothingSaid:
        return _show(request, visitor=visitor, now=now, mistake=NO_WORDS, wrong=key, status=400)
    except texts.OtherWords:
        return _show(request, visitor=visitor, now=now, mistake=OTHER_WORDS, wrong=key, typed=given[:1000], status=409)
    return _back(key)


def _back(key: str) -> HttpResponse:
    return redirect(f"{reverse('portal:texts')}#text-{key}")


def _text(*, visitor: Visitor, key: str) -> Text:
    """The text, if it goes out in this business's name. Raises Http404."""
    with reading(client_id=visitor.client_id) as content:
        text = content.text(key=key)
    if text is None:
        raise Http404
    return text


def _show(
    request: HttpRequest, *, visitor: Visitor, now: datetime, mistake: str = "", wrong: str = "", typed: str = "", status: int = 200
) -> HttpResponse:
    with reading(client_id=visitor.client_id) as content:
        business, found = content.business(), content.texts()
    current, earlier = texts.said_of(client_id=visitor.client_id, texts=found)
    items = []
    for text in found:
        word = current.get(text.key)
        items.append(
            {
                "text": text,
                "heading": texts.heading_of(purpose=text.purpose),
                "when": texts.when_of(purpose=text.purpose),
                "channel": texts.CHANNELS.get(text.channel, text.channel.capitalize()),
                "word": word,
                "open": word is not None and texts.can_take_back(word=word, now=now),
                "earlier": None if word else earlier.get(text.key),
                "wrong": text.key == wrong,
            }
        )
    context = {
        "items": items,
        "mistake": mistake,
        "typed": typed,
        "empty": mistake == NO_WORDS,
        "answer_hours": texts.ANSWER_HOURS,
        "current": "texts",
    }
    return page(request, "texts", context, business=business, status=status, form=True)
