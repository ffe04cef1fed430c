"""A conversation: everything said with one person over all channels, who has it, by when an answer is promised, and writing back."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import OuterRef
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leads.models import Contact, Identity, Lead
from messaging import gate, planning, talks
from messaging.models import Conversation, ConversationChange, Message, Photo
from zartsalgo.lib import clock
from zartsalgo.lib.names import clean_text
from zartsalgo.lib.phone import sayable
from zartsalgo.lib.slip import HOLD, SEND, Slip
from zartsalgo.models import User
from zartsalgo.office import talk_page
from zartsalgo.office.access import may, staff_only, who_may
from zartsalgo.office.links import page_url
from zartsalgo.office.naming import clock_time, person_name
from zartsalgo.office.page_time import now_of
from zartsalgo.office.run_page import shown_slip
from zartsalgo.office.thread import read_thread
from zartsalgo.office.timeline import moments, stops_of

SHOWN = 60
CHANGES = 20


def _user(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]


def _person(pk: uuid.UUID) -> Any:
    """Any: the conversation and the opt-outs are told beside the person, by the same statement."""
    rows = Contact.objects.select_related("client").annotate(told=talk_page.of_contact("pk"), stops=stops_of(contact=OuterRef("pk")))
    return get_object_or_404(rows, pk=pk)


def _who(contact: Contact, phones: list[str]) -> str:
    return contact.name or (sayable(phones[0]) if phones else str(contact))


def _back(pk: uuid.UUID) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("office:talk", args=[pk]))


@staff_only
@require_safe
def show(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The last sixty things said, oldest first, and the state of the talk."""
    return _page(request, contact=_person(pk))


def _page(request: HttpRequest, *, contact: Any, words: str = "", slip: Slip | None = None, text_id: str = "") -> HttpResponse:
    now, talk = now_of(request), talk_page.read_talk(contact.told)
    lines, phones = read_thread(contact=contact, last=SHOWN)
    lead = Lead.objects.filter(contact=contact).order_by("-created_at").first()
    context = {
        "now": now,
        "contact": contact,
        "client": contact.client,
        "who": _who(contact, phones),
        "phones": phones,
        "thread": [{"line": line, "run_url": page_url("run", line.run_id)} for line in lines],
        "talk": talk,
        "has_it": talk.who(user_id=_user(request).pk),
        "opted_out": next(moments(contact.stops), None),
        "mine": talk.holder_id == _user(request).pk,
        "turn": talk_page.turn_of(talk=talk, client=contact.client, now=now),
        "waiting": talk_page.waiting_texts(contact_id=contact.pk) if talk.held_at else 0,
        "changes": ConversationChange.objects.filter(conversation__contact=contact).order_by("-at", "-pk")[:CHANGES],
        "lead_url": page_url("lead", lead.pk) if lead else "",
        "words": words,
        "text_id": text_id,
        "verdict": _verdict(slip, zone=contact.client.timezone) if slip else None,
        "slip": shown_slip(slip=slip.as_json(), attempts=[]) if slip else None,
        "approves": may(request.user, "approve"),
        "who_may": who_may("approve"),
    }
    return render(request, "office/talk.html", context)


def _verdict(slip: Slip, *, zone: str) -> dict[str, str]:
    if slip.verdict == SEND:
        return {"status": "pass", "word": "May go", "says": "Every check passed; it goes as soon as you send it."}
    if slip.verdict == HOLD:
        until = f" until {clock_time(when=slip.until, zone=zone)}" if slip.until else ""
        return {"status": "held", "word": "Would wait", "says": f"It would be kept{until}. {slip.says}"}
    return {"status": "failed", "word": "Would not go", "says": slip.says}


@staff_only
@require_POST
def take(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take it; somebody else's is taken on a page that names them, which posts `over`."""
    now, contact, user = clock.read(), _person(pk), _user(request)
    over = request.POST.get("over", "")
    took = talks.take(
        talk=talks.open_talk(client_id=contact.client_id, contact_id=contact.pk, now=now),
        by=user,
        name=person_name(user),
        now=now,
        over=int(over) if over.isascii() and over.isdigit() and len(over) < 10 else None,
    )
    if not took.done:
        return HttpResponseRedirect(reverse("office:talk_take_over", args=[pk]))
    minutes = int(talks.LEASE.total_seconds() // 60)
    messages.success(request, f"You have it for {minutes} minutes, and longer while you act. Workflows wait meanwhile.")
    return _back(pk)


@staff_only
@require_safe
def take_over(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Who has it, before it is taken from them."""
    contact = _person(pk)
    talk = talk_page.read_talk(contact.told)
    if not talk.holder or talk.holder_id == _user(request).pk:
        messages.info(request, "Nobody else has it.")
        return _back(pk)
    context = {
        "now": now_of(request),
        "contact": contact,
        "who": contact.name or str(contact),
        "title": f"Take this over from {talk.holder}?",
        "count": talk.minutes,
        "what": f"minute{'' if talk.minutes == 1 else 's'} are left in which {talk.holder} has it",
        "effects": [f"{talk.holder} has it no more, and sees your name on it.", "Nothing is sent by this."],
        "action": reverse("office:talk_take", args=[pk]),
        "hidden": [("over", talk.holder_id)],
        "button": "Take it over",
        "cancel_url": reverse("office:talk", args=[pk]),
    }
    return render(request, "office/talk_confirm.html", context)


@staff_only
@require_POST
def give_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Have it no more; automation keeps waiting."""
    user, found = _user(request), Conversation.objects.filter(contact=pk).first()
    if found and talks.give_back(talk=found, by=user, name=person_name(user), now=clock.read()):
        messages.success(request, "Given back; anybody may take it. Workflows still wait until automation is let go on.")
    else:
        messages.warning(request, "You do not have it any more; nothing was changed.")
    return _back(pk)


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def let_go(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Let automation go on: counted first, for texts that waited may go out by it."""
    contact = _person(pk)
    talk, user = talk_page.read_talk(contact.told), _user(request)
    if request.method == "POST":
        found = Conversation.objects.filter(contact=pk).first()
        if found and talks.release_to_automation(talk=found, by=user, name=person_name(user), now=clock.read()):
            messages.success(request, "Automation goes on. Texts that waited pass the gate again now.")
        else:
            messages.warning(request, _not_let_go(talk, user_id=user.pk))
        return _back(pk)
    if talk.held_at is None or (talk.holder and talk.holder_id != user.pk):
        messages.info(request, _not_let_go(talk, user_id=user.pk))
        return _back(pk)
    waiting = talk_page.waiting_texts(contact_id=contact.pk)
    context = {
        "now": now_of(request),
        "contact": contact,
        "who": contact.name or str(contact),
        "title": "Let automation go on?",
        "count": waiting,
        "what": f"text{'' if waiting == 1 else 's'} waited while a person talked",
        "effects": [
            "Each passes every check of the gate again; what still may go is sent.",
            "Workflows may text this person again. Nobody has the conversation afterwards.",
        ],
        "action": reverse("office:talk_let_go", args=[pk]),
        "button": "Let automation go on",
        "cancel_url": reverse("office:talk", args=[pk]),
    }
    return render(request, "office/talk_confirm.html", context)


def _not_let_go(talk: talk_page.Talk, *, user_id: int) -> str:
    if talk.holder and talk.holder_id != user_id:
        return f"{talk.holder} has it; take it over first. Nothing was changed."
    return "Automation was not waiting; nothing was changed."


@staff_only
@require_POST
def write(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """`look` shows what the gate says of the words; `send` plans them. Nothing is stored by looking."""
    now, contact, user = clock.read(), _person(pk), _user(request)
    words = clean_text(request.POST.get("words", ""), limit=gate.MOST_CHARACTERS + 1).strip()
    talk = talk_page.read_talk(contact.told)
    if talk.holder and talk.holder_id != user.pk:
        messages.error(request, f"{talk.holder} has this conversation; take it over first. Nothing was sent.")
        return _page(request, contact=contact, words=words)
    to = Identity.objects.filter(contact=contact, kind=Identity.Kind.PHONE).order_by("pk").values_list("value", flat=True).first()
    if not to or not words:
        messages.error(request, "There is no number to text; call or mail them." if words else "The text is empty; nothing was sent.")
        return _page(request, contact=contact, words=words)
    message = _written(contact=contact, to=to, words=words, user=user, id=request.POST.get("text", ""), now=now)
    if request.POST.get("act") != "send":
        return _page(request, contact=contact, words=words, slip=gate.look(message=message, now=now), text_id=str(message.pk))
    if not planning.plan_reply(message=message):
        messages.warning(request, "This text was sent off already; nothing was done twice.")
        return _back(pk)
    held = talks.take(
        talk=talks.open_talk(client_id=contact.client_id, contact_id=contact.pk, now=now), by=user, name=person_name(user), now=now
    )
    kept = " You have the conversation." if held.done else ""
    said = "On its way through the gate." if message.approved_at else f"Written; it waits for approval. {who_may('approve')}"
    messages.success(request, f"{said}{kept}")
    return _back(pk)


def _written(*, contact: Contact, to: str, words: str, user: User, id: str, now: datetime) -> Message:
    try:
        known: uuid.UUID | None = uuid.UUID(id)
    except ValueError:
        known = None
    lead = Lead.objects.filter(contact=contact).exclude(stage__in=Lead.CLOSED).order_by("-created_at").first()
    by = person_name(user) if may(user, "approve") else ""
    return planning.reply_by_hand(client=contact.client, contact=contact, lead=lead, to=to, body=words, by=by, now=now, id=known)


@staff_only
@require_safe
def photo(request: HttpRequest, pk: uuid.UUID, photo_id: uuid.UUID) -> HttpResponse:
    """A picture of this person, of our own making; 404 for another's, and for one that is not kept (any more)."""
    content = Photo.objects.filter(pk=photo_id, contact=pk, state=Photo.State.KEPT).values_list("content", flat=True).first()
    if content is None:
        raise Http404("There is no such picture.")
    response = HttpResponse(bytes(content), content_type="image/jpeg")
    response["Content-Disposition"] = f'inline; filename="picture-{str(photo_id)[-6:]}.jpg"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


urlpatterns = [
    path("talks/<uuid:pk>/", show, name="talk"),
    path("talks/<uuid:pk>/take/", take, name="talk_take"),
    path("talks/<uuid:pk>/take-over/", take_over, name="talk_take_over"),
    path("talks/<uuid:pk>/give-back/", give_back, name="talk_give_back"),
    path("talks/<uuid:pk>/let-go/", let_go, name="talk_let_go"),
    path("talks/<uuid:pk>/write/", write, name="talk_write"),
    path("talks/<uuid:pk>/pictures/<uuid:photo_id>/", photo, name="talk_photo"),
]
