"""The simulator's way in: a request built here goes through the real addresses, middleware and accept view, as if it had come by wire.

Only the socket is left out. No signal of Django is sent for it: the request that plays the provider is itself a request of this thread,
and "request finished" would take the database connection from under it.
"""

import functools
import io
import sys
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest

from zartsalgo.office.simulator_payloads import Webhook


@functools.cache
def _door() -> BaseHandler:
    door = BaseHandler()
    door.load_middleware()
    return door


def post(*, webhook: Webhook, hook_url: str) -> int:
    """Post to a hook address of ours; returns the HTTP status it was answered with. Never raises for what the view did."""
    address, public = urlsplit(hook_url), urlsplit(settings.PUBLIC_URL)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": address.path,
        "QUERY_STRING": address.query,
        "SERVER_NAME": public.hostname or "localhost",
        "SERVER_PORT": str(public.port or (443 if public.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": webhook.content_type,
        "CONTENT_LENGTH": str(len(webhook.body)),
        "HTTP_HOST": public.netloc,
        "HTTP_USER_AGENT": "ZartsAlgo simulator",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": public.scheme,
        "wsgi.input": io.BytesIO(webhook.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in webhook.headers.items():
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    return _door().get_response(WSGIRequest(environ)).status_code
