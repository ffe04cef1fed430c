"""Failures in plain words: a database that is away is a 503 that says what to do, never a traceback and never a 500."""

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse

log = logging.getLogger(__name__)
AWAY = "The database is not reachable just now. Nothing was changed. Try again in a few seconds."


class PlainFailures:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
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
