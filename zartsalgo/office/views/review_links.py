"""The link in a review request: our own short address, which leads to the client's review page and nowhere else.

No password and no session: the token names a text, nobody. The page it leads to is fixed per client and checked each time, so nothing in
the address can change it. GET writes one row that says when; nothing of who or from where is kept. What only looks (HEAD, a prefetch, the
preview of a chat program) is no click. A link that is too old still shows where the review page is.
"""

import re
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from messaging import reviews
from zartsalgo.lib import clock

# Programs that open a link to show what is behind it. A wrong guess costs a count, or leaves a reminder out.
_LOOKERS: Final = re.compile(
    r"bot\b|crawler|spider|preview|facebookexternalhit|whatsapp|slack|skype|telegram|scanner|safelinks", re.IGNORECASE
)


@require_safe
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
    if not _only_looks(request):
        reviews.note_click(link=link, now=now)
    return _private(HttpResponseRedirect(target))


def _only_looks(request: HttpRequest) -> bool:
    headers = request.headers
    ahead = " ".join(headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")).lower()
    return request.method == "HEAD" or "prefetch" in ahead or "preview" in ahead or bool(_LOOKERS.search(headers.get("User-Agent", "")))


def _page(request: HttpRequest, *, status: int, title: str, says: str, business: str = "", target: str = "") -> HttpResponse:
    context = {"title": title, "says": says, "business": business, "target": target}
    return _private(render(request, "public/review_closed.html", context, status=status))


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response


urlpatterns = [path("go/<str:token>/", follow, name="review_link")]
