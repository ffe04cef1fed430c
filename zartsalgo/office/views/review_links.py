"""The link in a review request: our own short address, which leads to the client's review page and nowhere else.

No password and no session: the token names a text, nobody. The page it leads to is fixed per client and checked each time, so nothing in
the address can change it. GET shows one button and counts nothing, whoever asks: mail scanners, previews and chat programs follow links, and
they call themselves what they like. Pressing the button is the person's own act: one row says when, nothing of who or from where. A link
that is too old still shows where the review page is.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from messaging import reviews
from zartsalgo.lib import clock


# The address is the whole right and all that pressing does is count, so no CSRF token and no cookie is needed.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest, token: str) -> HttpResponse:
    now = clock.read()
    link = reviews.find_link(token=token)
    if link is None:
        return _page(request, status=404, title="This link is not valid", says="Open it from the message exactly as it was sent to you.")
    target = reviews.target_of(link=link)
    if now > link.expires_at or not target:
        says = (
            f"{link.client.name} would still be glad of a review." if target else f"Please ask {link.client.name} where to write a review."
        )
        return _page(request, status=410, title="This link is too old", says=says, business=link.client.name, target=target)
    if request.method != "POST":
        return _private(render(request, "public/review.html", {"business": link.client.name}))
    reviews.note_click(link=link, now=now)
    response = _page(request, status=200, title="One moment", says="Google’s review page opens.", business=link.client.name, target=target)
    # Not a redirect: browsers hold every hop behind a form to our form-action, and Google's page has several.
    response["Refresh"] = f"0; url={target}"
    return response


def _page(request: HttpRequest, *, status: int, title: str, says: str, business: str = "", target: str = "") -> HttpResponse:
    context = {"title": title, "says": says, "business": business, "target": target}
    return _private(render(request, "public/review_closed.html", context, status=status))


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response


urlpatterns = [path("go/<str:token>/", follow, name="review_link")]
