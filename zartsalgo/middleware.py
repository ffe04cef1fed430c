"""What every answer has: headers that say what a browser may do with it; and failures in plain words.

A database that is away is a 503 that says what to do, never a traceback and never a 500. An address that holds what no text of ours can hold
is nobody's: 404, before any page looks for it.
"""

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse

log = logging.getLogger(__name__)
AWAY = "The database is not reachable just now. Nothing was changed. Try again in a few seconds."

# Nothing of ours needs a sensor, a device or a payment; a script that got in shall not have them either.
_NEEDS_NOTHING = (
    "accelerometer", "autoplay", "camera", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer", "microphone",
    "midi", "payment", "publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
PERMISSIONS = ", ".join(f"{name}=()" for name in _NEEDS_NOTHING)


class StrictHeaders:
    """Outermost but one, so that refusals and failures have them too. SecurityMiddleware and django-csp bring the others.

    Nothing is kept by a browser or a proxy and nothing is for search engines, but the static files. What a page sets by itself stays,
    unless it would let it be kept.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        if request.path_info.startswith(settings.STATIC_URL) and response.status_code < 400:
            return response
        response.headers["Cache-Control"] = "no-store"
        response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
        return response


# Pages that people outside reach; the API and the office answer for odd values in their own words.
_PUBLIC = ("/go/", "/u/", "/o/", "/portal/")


def _is_unspeakable(request: HttpRequest) -> bool:
    """NUL stands in no address of ours, and Postgres takes none."""
    path = request.path_info
    if "\x00" in path:
        return not path.startswith("/api/")
    query = request.META.get("QUERY_STRING", "") if path.startswith(_PUBLIC) else ""
    return "%00" in query or "\x00" in query


class PlainFailures:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _is_unspeakable(request):
            return HttpResponseNotFound(
                "<!doctype html><html lang=en><title>Not found</title><main><h1>Not found</h1><p>There is no such page.</p></main></html>"
            )
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, OperationalError | InterfaceError):
            return None
        log.error("database away: %s", type(exception).__name__)
        response: HttpResponse
        if request.path.startswith(("/api/", "/hooks/")):
            response = JsonResponse({"error": AWAY}, status=503)
        else:
            response = HttpResponse(
                f"<!doctype html><html lang=en><title>Not reachable</title><main><h1>Not reachable</h1><p>{AWAY}</p></main></html>",
                status=503,
            )
        response["Retry-After"] = "5"
        return response
