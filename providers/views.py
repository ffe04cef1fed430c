"""The accept path: one view for every provider. Raw bytes are verified before anything reads them, then one insert, then the answer.

2xx means stored, be it put aside for a person. 401 bad signature (counted, not stored), 404 unknown token, 405 wrong verb, 408 a body that
does not come, 413 over 1 MB, 429 too many wrong signatures or forms of one sender (providers.limits), 503 when it could not be stored. The
broker is never waited for: the doorbell rings from a thread after the insert.
"""

import hashlib
import logging
import time
import uuid
from dataclasses import replace

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from providers import adapters, deliveries, limits, refusals
from providers.connections import digest, signing_secrets
from providers.contract import Adapter, Incoming
from providers.models import Aside
from zartsalgo.lib import clock
from zartsalgo.lib.client_address import client_address
from zartsalgo.lib.doorbell import ring
from zartsalgo.lib.sealed import CannotOpen

log = logging.getLogger(__name__)
READ_SECONDS = 10.0
CHUNK = 64 * 1024
_TOO_LARGE = "More than 1 MB. Nothing was stored."
# Never stored: they carry access, not evidence. Verifying sees `authorization`, nothing after it does.
_DROPPED_HEADERS = ("cookie", "proxy-authorization")
_SEEN_ONCE = "authorization"


class _Refused(Exception):
    """The request is answered with this status and sentence; `headers` go with it."""

    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status, self.headers = status, {name.replace("_", "-"): value for name, value in headers.items()}


def _refuse(status: int, sentence: str, headers: dict[str, str] | None = None) -> HttpResponse:
    return JsonResponse({"error": sentence}, status=status, headers=headers)


def _read_body(request: HttpRequest) -> bytes:
    """The raw body, at most 1 MB, within READ_SECONDS. Raises _Refused, UnreadablePostError."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if announced.isdigit() and int(announced) > deliveries.MAX_BODY_BYTES:
        raise _Refused(413, _TOO_LARGE)
    ends = time.monotonic() + READ_SECONDS
    parts: list[bytes] = []
    size = 0
    while chunk := request.read(CHUNK):
        parts.append(chunk)
        size += len(chunk)
        if size > deliveries.MAX_BODY_BYTES:
            raise _Refused(413, _TOO_LARGE)
        if time.monotonic() > ends:
            raise _Refused(408, "The body did not arrive in time. Nothing was stored; send it again.")
    return b"".join(parts)


def _headers(request: HttpRequest) -> dict[str, str]:
    return {name.lower(): value[:2000] for name, value in request.headers.items() if name.lower() not in _DROPPED_HEADERS}


@csrf_exempt
def accept_hook(request: HttpRequest, provider: str, token: str) -> HttpResponse:
    """Store one webhook. See the module's docstring for the answers."""
    try:
        adapter = adapters.load(provider)
        hook = deliveries.find_hook(provider=provider, token_digest=digest(token=token))
        if hook is None or hook.disabled:
            raise _Refused(404, "No such hook. Check the address; a disabled connection has none.")
        if request.method != "POST":
            raise _Refused(405, "This address takes POST.", Allow="POST")
        _store(request=request, adapter=adapter, hook=hook)
    except LookupError:
        return _refuse(404, "No such provider.")
    except _Refused as refused:
        return _refuse(refused.status, str(refused), refused.headers)
    except UnreadablePostError:
        return _refuse(400, "The body broke off. Nothing was stored; send it again.")
    except (DatabaseError, InterfaceError, CannotOpen) as error:
        log.error("hook not stored: %s", type(error).__name__)
        return _refuse(503, "Could not be stored just now. Send it again.", {"Retry-After": "5"})
    ring(task=deliveries.DRAIN_TASK)
    answer = adapter.answer()
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)


def _store(*, request: HttpRequest, adapter: Adapter, hook: deliveries.Hook) -> None:
    """Verify and store, or raise _Refused."""
    at, played = time.monotonic(), limits.PLAYED in request.META
    sender = limits.sender_of(address="" if played else client_address(request))
    turned_away = limits.LIMITS.is_turned_away(hook=hook.id, sender=sender, at=at)
    body = _read_body(request)
    if turned_away and len(body) > limits.SHORT_BODY:
        raise _turn_away(hook=hook, sender=sender)
    query = f"?{request.META['QUERY_STRING']}" if request.META.get("QUERY_STRING") else ""
    incoming = Incoming(
        method="POST",
        url=f"{settings.PUBLIC_URL}{request.path}{query}",
        headers=_headers(request),
        body=body,
        received_at=clock.real_now(),
        account=hook.account,
        options={key: str(value) for key, value in hook.options.items()},
    )
    secrets = signing_secrets(client_id=hook.client_id, sealed=hook.sealed, old_counts=hook.old_secret_counts)
    if not adapter.verify(request=incoming, secrets=secrets, now=clock.real_now()):
        limits.LIMITS.note_wrong(hook=hook.id, sender=sender, at=at)
        if turned_away:
            raise _turn_away(hook=hook, sender=sender)
        refusals.count(hook_id=hook.id, sender=sender)
        raise _Refused(401, "The signature does not match this connection's secret. Nothing was stored.")
    aside, wait = "", 0.0
    unsigned = not adapter.needs_secret and not played
    if unsigned and (judged := limits.LIMITS.judge_form(hook=hook.id, sender=sender, size=len(body), at=at)) != limits.TAKEN_IN:
        if judged == limits.TOO_MUCH:
            raise _Refused(429, "Too much at once. Nothing was stored; send it again later.", Retry_After="60")
        aside = Aside.Reason.FLOOD
    elif unsigned:
        wait = limits.LIMITS.seconds_until_read(hook=hook.id, at=at)
    key = uuid.uuid4().hex if adapter.each_post_is_new else adapter.dedupe_key(request=incoming)
    if len(key) > 190:
        key = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    deliveries.store(
        hook_id=hook.id,
        client_id=hook.client_id,
        key=key.replace("\x00", ""),
        request=replace(incoming, headers={name: value for name, value in incoming.headers.items() if name != _SEEN_ONCE}),
        path_and_query=f"/hooks/{adapter.provider}/{query}",
        aside=aside,
        wait_seconds=wait,
    )


def _turn_away(*, hook: deliveries.Hook, sender: str) -> _Refused:
    """The refusal of a sender that has used up its wrong signatures, counted."""
    if times := limits.LIMITS.count_turned_away(hook=hook.id, sender=sender):
        refusals.count(hook_id=hook.id, sender=sender, times=times)
    return _Refused(429, "Too many requests with a wrong signature. Nothing was stored.", Retry_After="60")
