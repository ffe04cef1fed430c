"""Every failure of the API is `{"error": "<sentence>"}`, whatever raised it; nothing of the request is repeated in it."""

import logging
import traceback
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.urls import Resolver404, resolve
from django.utils.http import escape_leading_slashes
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

log = logging.getLogger(__name__)

NO_ADDRESS = "There is nothing at this address. The lists are named at /api/v1/, everything else at /api/docs/."
NO_TOKEN = "This address needs a token: send the header Authorization: Bearer <token>."  # noqa: S105  a sentence
NOT_JSON = "Send JSON in UTF-8 with the header Content-Type: application/json."
BROKEN = "Something of ours broke; it is in the log. Nothing was changed."


class Conflict(exceptions.APIException):
    """The thing is no longer in a state in which this can be done."""

    status_code = status.HTTP_409_CONFLICT


class TooLarge(exceptions.APIException):
    """The body is larger than any of ours needs to be."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE


def plain_errors(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. A database that is away is left to the middleware, which answers 503."""
    if isinstance(error, OperationalError | InterfaceError):
        return None
    set_rollback()
    if isinstance(error, exceptions.APIException):
        challenge = getattr(error, "auth_header", "")
        headers = {"WWW-Authenticate": challenge} if challenge else {}
        return Response({"error": _sentence(error, context)}, status=error.status_code, headers=headers)
    if isinstance(error, Http404):
        return Response({"error": str(error) or NO_ADDRESS}, status=404)
    if isinstance(error, DjangoDenied):
        return Response({"error": "You may not do this."}, status=403)
    # The message of an exception may hold a row's values; the place it came from does not.
    log.error("API broke: %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
    return Response({"error": BROKEN}, status=500)


def _sentence(error: exceptions.APIException, context: dict[str, Any]) -> str:
    if isinstance(error, exceptions.NotAuthenticated):
        return NO_TOKEN
    if isinstance(error, exceptions.MethodNotAllowed):
        return f"This address takes {' and '.join(context['view'].allowed_methods)} only."
    if isinstance(error, exceptions.UnsupportedMediaType):
        return NOT_JSON
    return str(error.detail)


@csrf_exempt
def no_such_address(request: HttpRequest) -> HttpResponse:
    """What is under /api/ and none of ours; a forgotten slash at the end is put right for readers."""
    if request.method in ("GET", "HEAD") and not request.path_info.endswith("/"):
        try:
            known = resolve(f"{request.path_info}/").func is not no_such_address
        except Resolver404:
            known = False
        if known:
            return HttpResponsePermanentRedirect(escape_leading_slashes(request.get_full_path(force_append_slash=True)))
    return JsonResponse({"error": NO_ADDRESS}, status=404)
