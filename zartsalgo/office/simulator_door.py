"""The simulator's way in: a request built here goes through the real addresses, middleware and accept view, as if it had come by wire.

Only the socket is left out. No signal of Django is sent for it: the request that plays the provider is itself a request of this thread,
and "request finished" would take the database connection from under it.
"""

import functools
import html
import io
import re
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponseBase

from providers.limits import PLAYED
from zartsalgo.office.simulator_payloads import FORM_TYPE, Webhook


@functools.cache
def _door() -> BaseHandler:
    door = BaseHandler()
    door.load_middleware()
    return door


def post(*, webhook: Webhook, hook_url: str) -> int:
    """Post to a hook address of ours; returns the HTTP status it was answered with. Never raises for what the view did."""
    headers = {"User-Agent": "ZartsAlgo simulator", **webhook.headers}
    return _ask(method="POST", url=hook_url, body=webhook.body, content_type=webhook.content_type, headers=headers).status_code


def answer_form(*, url: str, answer: Mapping[str, str]) -> int:
    """Open a public page of ours and send its form, as somebody with a browser does; the status of what came last.

    What the page sets as a cookie and hides in its form goes back with the answer, so the check against forged forms is passed, not skipped.
    """
    page = _ask(method="GET", url=url)
    token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', getattr(page, "content", b""))
    if page.status_code != 200 or token is None:
        return page.status_code
    public = urlsplit(settings.PUBLIC_URL)
    headers = {
        "Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in page.cookies.items()),
        "Origin": f"{public.scheme}://{public.netloc}",
    }
    body = urlencode({"csrfmiddlewaretoken": html.unescape(token.group(1).decode()), **answer}).encode()
    return _ask(method="POST", url=url, body=body, content_type=FORM_TYPE, headers=headers).status_code


def _ask(*, method: str, url: str, body: bytes = b"", content_type: str = "", headers: Mapping[str, str] | None = None) -> HttpResponseBase:
    address, public = urlsplit(url), urlsplit(settings.PUBLIC_URL)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": address.path,
        "QUERY_STRING": address.query,
        "SERVER_NAME": public.hostname or "localhost",
        "SERVER_PORT": str(public.port or (443 if public.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": public.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": public.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        PLAYED: True,
    }
    for name, value in (headers or {}).items():
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    return _door().get_response(WSGIRequest(environ))
