"""The accept path: one view for every provider. Raw bytes are verified before anything reads them, then one insert, then the answer.

2xx means stored, be it put aside for a person. 401 bad signature (counted, not stored), 404 unknown token, 405 wrong verb, 408 a body that
does not come, 413 over 1 MB, 429 too many wrong signatures or forms of one sender (providers.limits), 503 when it could not be stored. The
broker is never waited for: the doorbell rings from a thread after the insert.

Most posts never get here: providers.hook_app takes them in before Django. What it leaves alone, and what we play ourselves, does.
"""

import logging
import time

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from providers import adapters, deliveries, limits, refusals
from providers.accepting import COULD_NOT, Post, Refused, admit
from providers.connections import digest
from providers.contract import Adapter
from zartsalgo.lib.client_address import client_address
from zartsalgo.lib.doorbell import ring
from zartsalgo.lib.sealed import CannotOpen

log = logging.getLogger(__name__)
READ_SECONDS = 10.0
CHUNK = 64 * 1024
_TOO_LARGE = "More than 1 MB. Nothing was stored."


def _refuse(status: int, sentence: str, headers: dict[str, str] | None = None) -> HttpResponse:
    return JsonResponse({"error": sentence}, status=status, headers=headers)


def _read_body(request: HttpRequest) -> bytes:
    """The raw body, at most 1 MB, within READ_SECONDS. Raises Refused, UnreadablePostError."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if announced.isdigit() and int(announced) > deliveries.MAX_BODY_BYTES:
        raise Refused(413, _TOO_LARGE)
    ends = time.monotonic() + READ_SECONDS
    parts: list[bytes] = []
    size = 0
    while chunk := request.read(CHUNK):
        parts.append(chunk)
        size += len(chunk)
        if size > deliveries.MAX_BODY_BYTES:
            raise Refused(413, _TOO_LARGE)
        if time.monotonic() > ends:
            raise Refused(408, "The body did not arrive in time. Nothing was stored; send it again.")
    return b"".join(parts)


@csrf_exempt
def accept_hook(request: HttpRequest, provider: str, token: str) -> HttpResponse:
    """Store one webhook. See the module's docstring for the answers."""
    try:
        adapter = adapters.load(provider)
        hook = deliveries.find_hook(provider=provider, token_digest=digest(token=token))
        if hook is None or hook.disabled:
            raise Refused(404, "No such hook. Check the address; a disabled connection has none.")
        if request.method != "POST":
            raise Refused(405, "This address takes POST.", Allow="POST")
        _store(request=request, adapter=adapter, hook=hook)
    except LookupError:
        return _refuse(404, "No such provider.")
    except Refused as refused:
        return _refuse(refused.status, str(refused), refused.headers)
    except UnreadablePostError:
        return _refuse(400, "The body broke off. Nothing was stored; send it again.")
    except (DatabaseError, InterfaceError, CannotOpen) as error:
        log.error("hook not stored: %s", type(error).__name__)
        return _refuse(503, COULD_NOT, {"Retry-After": "5"})
    ring(task=deliveries.DRAIN_TASK)
    answer = adapter.answer()
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)


def _store(*, request: HttpRequest, adapter: Adapter, hook: deliveries.Hook) -> None:
    """Verify and store, or raise Refused."""
    post = Post(
        path=request.path,
        query=request.META.get("QUERY_STRING", ""),
        headers=request.headers,
        address=client_address(request),
        at=time.monotonic(),
        played=limits.PLAYED in request.META,
    )
    try:
        row = admit(post=post, adapter=adapter, hook=hook, body=_read_body(request))
    except Refused as refused:
        if refused.count:
            refusals.count(hook_id=hook.id, sender=refused.sender, times=refused.count)
        raise
    deliveries.store(rows=[row])
