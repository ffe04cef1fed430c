"""Getting in and out: an address, a mail, then a link's button or a code. No answer tells whether an address is known."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from portal import sign_in as signing
from portal.access import page, portal_page
from portal.content import Closed, reading
from portal.cookies import asked, clear_asked, session_token, set_asked, set_session
from portal.members import choose as choose_business
from portal.members import end_session, find_session, memberships, open_session
from portal.models import SignInMail
from zartsalgo.lib import clock
from zartsalgo.lib.client_address import client_address
from zartsalgo.lib.mail_server import has_mail_server
from zartsalgo.lib.names import clean_email


@portal_page
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The page with the one field; sending it asks for a mail."""
    now = clock.real_now()
    if request.method != "POST":
        if find_session(token=session_token(request), now=now) is not None:
            return redirect("portal:results")
        return page(request, "sign_in", form=True)
    typed = request.POST.get("email", "")[:300]
    email = clean_email(typed)
    if not email:
        context = {"email": typed, "mistake": "That is no e-mail address. It looks like name@example.com."}
        return page(request, "sign_in", context, status=400, form=True)
    try:
        mail = signing.ask(email=email, visitor=client_address(request), now=now)
    except signing.TooMany:
        context = {"email": email, "mistake": "Too many tries; wait 10 minutes. A mail that you have already still works."}
        return page(request, "sign_in", context, status=429, form=True)
    return set_asked(redirect("portal:sent"), mail_id=mail.pk)


@portal_page
@require_http_methods(["GET", "HEAD", "POST"])
def sent(request: HttpRequest) -> HttpResponse:
    """Where the code is typed in: only in the browser that asked for it."""
    now = clock.real_now()
    mail_id = asked(request)
    mail = SignInMail.objects.filter(pk=mail_id).first() if mail_id else None
    if mail is None:
        return redirect("portal:sign_in")
    context = {"email": mail.email, "no_server": not has_mail_server()}
    if request.method != "POST":
        return page(request, "sent", context, form=True)
    code = "".join(request.POST.get("code", "")[:100].replace("-", " ").split())
    if len(code) != 6 or not (code.isascii() and code.isdecimal()):
        return page(request, "sent", {**context, "mistake": "The code has six digits."}, status=400, form=True)
    used = signing.use_code(mail_id=mail.pk, code=code, now=now)
    if used is not None:
        return _welcome(request, email=used.email, now=now)
    mail.refresh_from_db()
    if signing.is_good(mail=mail, now=now) and mail.tries < signing.CODE_TRIES:
        left = signing.CODE_TRIES - mail.tries
        mistake = f"That code is not right. {left} {'try is' if left == 1 else 'tries are'} left."
        return page(request, "sent", {**context, "mistake": mistake}, status=400, form=True)
    return page(request, "too_old", {"email": mail.email, "what": "code"}, status=410, form=True)


@portal_page
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Behind the mail's link: a button. Looking uses nothing up, pressing does."""
    now = clock.real_now()
    if request.method == "POST":
        used = signing.use_link(token=token, now=now)
        if used is not None:
            return _welcome(request, email=used.email, now=now)
    mail = signing.find_link(token=token)
    if mail is not None and signing.is_good(mail=mail, now=now):
        return page(request, "link", form=True)
    return page(request, "too_old", {"email": mail.email if mail else "", "what": "link"}, status=410, form=True)


def _welcome(request: HttpRequest, *, email: str, now: datetime) -> HttpResponse:
    token = open_session(email=email, now=now, instead_of=session_token(request))
    rotate_token(request)
    if not token:
        return clear_asked(page(request, "no_access", status=403))
    return clear_asked(set_session(redirect("portal:results"), token=token))


@portal_page
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """For people with more than one business: which one now."""
    session = find_session(token=session_token(request), now=clock.real_now())
    if session is None:
        return redirect("portal:sign_in")
    if session.viewer:
        return redirect("portal:results")
    mine = memberships(email=session.email)
    if request.method == "POST":
        chosen = next((member for member in mine if str(member.pk) == request.POST.get("business", "")), None)
        if chosen is not None and choose_business(session=session, member_id=chosen.pk):
            return redirect("portal:results")
    if not mine:
        return page(request, "no_access", status=403)
    offered = []
    for member in mine:
        try:
            with reading(client_id=member.client_id) as content:
                offered.append((member.pk, content.business().name))
        except Closed:
            continue
    return page(request, "choose", {"offered": offered}, form=True)


@portal_page
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session, here and now."""
    end_session(token=session_token(request), now=clock.real_now())
    return set_session(redirect("portal:sign_in"), token="")
