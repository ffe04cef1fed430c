"""The portal's two cookies: the session, and which mail this browser asked for. Neither is seen by scripts or by other paths."""

import uuid

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from portal.members import SESSION
from portal.sign_in import GOOD_FOR

PATH = "/portal/"
# Over https browsers take a __Secure- cookie only from https; __Host- would need the path of the whole site.
_PREFIX = "__Secure-" if settings.SESSION_COOKIE_SECURE else ""
SESSION_NAME, ASKED_NAME = f"{_PREFIX}portal", f"{_PREFIX}portal-asked"
_SALT = "portal.asked"


def set_session(response: HttpResponse, *, token: str) -> HttpResponse:
    """Give the browser its session; an empty token takes it away."""
    if not token:
        response.delete_cookie(SESSION_NAME, path=PATH, samesite="Lax")
        return response
    return _set(response, SESSION_NAME, token, int(SESSION.total_seconds()))


def session_token(request: HttpRequest) -> str:
    """The token the browser holds, "" for none."""
    return str(request.COOKIES.get(SESSION_NAME, ""))[:200]


def set_asked(response: HttpResponse, *, mail_id: uuid.UUID) -> HttpResponse:
    """Remember which mail this browser asked for: its code can be typed in here and nowhere else."""
    return _set(response, ASKED_NAME, signing.dumps(str(mail_id), salt=_SALT), int(GOOD_FOR.total_seconds()))


def asked(request: HttpRequest) -> uuid.UUID | None:
    """The mail this browser asked for within the last 15 minutes."""
    try:
        return uuid.UUID(signing.loads(request.COOKIES.get(ASKED_NAME, ""), salt=_SALT, max_age=GOOD_FOR))
    except (signing.BadSignature, ValueError):
        return None


def clear_asked(response: HttpResponse) -> HttpResponse:
    response.delete_cookie(ASKED_NAME, path=PATH, samesite="Lax")
    return response


def _set(response: HttpResponse, name: str, value: str, seconds: int) -> HttpResponse:
    response.set_cookie(name, value, max_age=seconds, path=PATH, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax")
    return response
