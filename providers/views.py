"""The accept path: one view for every provider. Raw bytes are verified before anything reads them, then one insert, then the answer.

2xx means stored. 401 bad signature (counted, not stored), 404 unknown token, 405 wrong verb, 408 a body that does not come, 413 over
1 MB, 503 when it could not be stored. The broker is never waited for: the doorbell rings from a thread after the insert.
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

from providers import adapters, deliveries
from providers.connections import digest, open_secrets
from providers.contract import Incoming
from zartsalgo.lib import clock
from zartsalgo.lib.doorbell import ring
from zartsalgo.lib.sealed import CannotOpen

log = logging.getLogger(__name__)
READ_SECONDS = 10.0
CHUNK = 64 * 1024
# Never stored: they carry access, not evidence. Verifying sees `authorization`, nothing after it does.
_DROPPED_HEADERS = ("cookie", "proxy-authorization")
_SEEN_ONCE = "authorization"


class _TooLarge(Exception):
    pass


class _TooSlow(Exception):
    pass


def _refuse(status: int, sentence: str) -> HttpResponse:
    return JsonResponse({"error": sentence}, status=status)


def _read_body(request: HttpRequest) -> bytes:
    """The raw body, at most 1 MB, within READ_SECONDS. Raises _TooLarge, _TooSlow, UnreadablePostError."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if announced.isdigit() and int(announced) > deliveries.MAX_BODY_BYTES:
        raise _TooLarge
    ends = time.monotonic() + READ_SECONDS
    parts: list[bytes] = []
    size = 0
    while chunk := request.read(CHUNK):
        parts.append(chunk)
        size += len(chunk)
        if size > deliveries.MAX_BODY_BYTES:
            raise _TooLarge
        if time.monotonic() > ends:
            raise _TooSlow
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
            return _refuse(404, "No such hook. Check the address; a disabled connection has none.")
        if request.method != "POST":
            response = _refuse(405, "This address takes POST.")
            response["Allow"] = "POST"
            return response
        body = _read_body(request)
        query = request.META.get("QUERY_STRING", "")
        path = f"/hooks/{provider}/"
        incoming = Incoming(
            method="POST",
            url=f"{settings.PUBLIC_URL}{request.path}" + (f"?{query}" if query else ""),
            headers=_headers(request),
            body=body,
            received_at=clock.real_now(),
            account=hook.account,
            options={key: str(value) for key, value in hook.options.items()},
        )
        secrets = open_secrets(client_id=hook.client_id, sealed=hook.sealed).secrets
        if not adapter.verify(request=incoming, secrets=secrets, now=clock.real_now()):
            deliveries.count_refused(hook=hook)
            return _refuse(401, "The signature does not match this connection's secret. Nothing was stored.")
        key = uuid.uuid4().hex if adapter.each_post_is_new else adapter.dedupe_key(request=incoming)
        if len(key) > 190:
            key = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        deliveries.store(
            hook_id=hook.id,
            client_id=hook.client_id,
            key=key.replace("\x00", ""),
            request=replace(incoming, headers={name: value for name, value in incoming.headers.items() if name != _SEEN_ONCE}),
            path_and_query=path + (f"?{query}" if query else ""),
        )
    except LookupError:
        return _refuse(404, "No such provider.")
    except _TooLarge:
        return _refuse(413, "More than 1 MB. Nothing was stored.")
    except _TooSlow:
        return _refuse(408, "The body did not arrive in time. Nothing was stored; send it again.")
    except UnreadablePostError:
        return _refuse(400, "The body broke off. Nothing was stored; send it again.")
    except (DatabaseError, InterfaceError, CannotOpen) as error:
        log.error("hook not stored: %s", type(error).__name__)
        response = _refuse(503, "Could not be stored just now. Send it again.")
        response["Retry-After"] = "5"
        return response
    ring(task=deliveries.DRAIN_TASK)
    answer = adapter.answer()
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
