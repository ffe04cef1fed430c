"""The page behind the way out of every email: one button, no sign-in, no cookie, nothing asked.

GET shows the button and changes nothing, because mail scanners follow links. POST is the person's own act, from the button or from the
mail program (RFC 8058: `List-Unsubscribe=One-Click`, no cookies, no redirect), so it needs no CSRF token: the signed address is the
whole right, and all that it can do is stop. What it binds: messaging.email.unsubscribing.
"""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from messaging.email import unsubscribing
from workflows import intake
from zartsalgo.lib import clock


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    message = unsubscribing.message_of(token=token)
    if message is None:
        context = {"title": "This link is not valid", "says": "Open it from the email exactly as it was sent to you. Nothing was changed."}
        return _private(render(request, "public/unsubscribe_closed.html", context, status=404))
    if request.method == "POST":
        now = clock.read()
        with transaction.atomic():
            fact = unsubscribing.fact(message=message)
            intake.record(client=message.client, source="office", item=fact, received_at=now, delivery_id=None, now=now)
    return _private(
        render(request, "public/unsubscribe.html", {"business": message.client.name, "done": unsubscribing.is_done(message=message)})
    )


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response


urlpatterns = [path(f"{unsubscribing.PATH}/<str:token>/", unsubscribe, name="unsubscribe")]
