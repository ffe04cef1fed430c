"""Pictures people send: planned with their text, fetched at once by a worker, checked, kept private, gone after 90 days.

The row comes first; the call is made outside any transaction, by whoever holds the row's lease, and its outcome is written after. Only the
provider's own hosts are called, and its credentials go to the first of them alone.
"""

import logging
import uuid
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from django.db import connection as database

from leads.models import Contact, Event
from messaging import pictures
from messaging.models import Photo
from providers import adapters
from providers.connections import credentials, over_loopback
from providers.models import Connection
from zartsalgo.lib import http
from zartsalgo.lib.doorbell import is_answered_here, ring_after_commit
from zartsalgo.lib.ids import new_id
from zartsalgo.lib.sealed import CannotOpen

log = logging.getLogger(__name__)

FETCH_TASK: Final = "messaging.fetch_photo"
KEPT_FOR: Final = timedelta(days=90)
MOST_OF_A_TEXT: Final = 10
MOST_REDIRECTS: Final = 3
SECONDS: Final = 20.0
LEASE_SECONDS: Final = 120
# A provider shows a picture a little after the text that names it; after the last try it could not be fetched.
AGAIN_AFTER: Final = tuple(timedelta(seconds=s) for s in (30, 120, 600, 3600))
DUE: Final = """messaging_photo where (state = 'planned' and due_at <= %(now)s and (lease_until is null or lease_until < clock_timestamp()))
     or (state = 'kept' and expires_at <= %(now)s)"""

# A picture that ends whoever opens it is given up by the claim after the last try, which opens it no more.
_CLAIM = """
update messaging_photo set tries = tries + 1, lease_until = clock_timestamp() + %(lease)s * interval '1 second',
       state = case when tries < %(most)s then state else 'failed' end, reason = case when tries < %(most)s then reason else %(died)s end,
       provider_url = case when tries < %(most)s then provider_url end
 where id = %(id)s and state = 'planned' and due_at <= %(now)s and (lease_until is null or lease_until < clock_timestamp())
returning tries, state"""
_DIED = f"Tried {len(AGAIN_AFTER) + 1} times. Whoever opened it ended."


class NotAllowed(Exception):
    """The address is none of the provider's; the text says so, for staff."""


def plan(*, event: Event, contact: Contact, connection: Connection, addresses: list[str], now: datetime) -> None:
    """Write down the pictures of a text, in the transaction of its event; a worker is rung for each."""
    for n, address in enumerate(addresses[:MOST_OF_A_TEXT], start=1):
        photo = Photo.objects.create(
            id=new_id(),
            client_id=event.client_id,
            contact=contact,
            event=event,
            n=n,
            connection=connection,
            provider_url=str(address)[:2000],
            due_at=now,
            sent_at=now,
        )
        ring_after_commit(task=FETCH_TASK, id=str(photo.pk))


def fetch(*, photo_id: uuid.UUID, now: datetime) -> str:
    """Fetch one picture if it is due and nobody else is at it; returns its state afterwards, "" where there was nothing to do."""
    if is_answered_here():
        return ""
    with database.cursor() as cursor:
        cursor.execute(_CLAIM, {"lease": LEASE_SECONDS, "most": len(AGAIN_AFTER) + 1, "died": _DIED, "id": photo_id, "now": now})
        claimed = cursor.fetchone()
    if claimed is None or claimed[1] != Photo.State.PLANNED:
        return claimed[1] if claimed else ""
    photo = Photo.objects.select_related("connection").get(pk=photo_id)
    try:
        picture = pictures.clean(data=_download(photo=photo))
    except (pictures.NoPicture, NotAllowed) as refusal:
        return _settle(photo, tries=claimed[0], state=Photo.State.REFUSED, reason=str(refusal), provider_url=None)
    except http.CallFailed as failure:
        if failure.kind == "too-large":
            return _settle(photo, tries=claimed[0], state=Photo.State.REFUSED, reason="It is larger than 10 MB.", provider_url=None)
        return _try_later(photo, tries=claimed[0], says=str(failure), now=now)
    except CannotOpen:
        return _try_later(photo, tries=claimed[0], says="The connection's credentials cannot be read.", now=now)
    return _settle(
        photo,
        tries=claimed[0],
        state=Photo.State.KEPT,
        reason="",
        provider_url=None,
        content=picture.jpeg,
        width=picture.width,
        height=picture.height,
        expires_at=now + KEPT_FOR,
    )


def _try_later(photo: Photo, *, tries: int, says: str, now: datetime) -> str:
    if tries > len(AGAIN_AFTER):
        reason = f"Tried {tries} times. {says}"
        return _settle(photo, tries=tries, state=Photo.State.FAILED, reason=reason, provider_url=None)
    return _settle(photo, tries=tries, state=Photo.State.PLANNED, reason=says, due_at=now + AGAIN_AFTER[tries - 1])


def _settle(photo: Photo, *, tries: int, state: str, reason: str, **more: Any) -> str:
    """Write the outcome, unless the lease was lost meanwhile and somebody else counts a later try."""
    mine = Photo.objects.filter(pk=photo.pk, state=Photo.State.PLANNED, tries=tries)
    return state if mine.update(state=state, reason=reason[:200], lease_until=None, **more) else ""


def _download(*, photo: Photo) -> bytes:
    """The bytes behind the address. Raises NotAllowed for another host, `http.CallFailed` for whatever may pass."""
    line = photo.connection
    if not line.live and not over_loopback(base_url=line.base_url):
        raise NotAllowed("The simulator sends no pictures.")
    hosts = adapters.load(line.provider).media_hosts
    url, deadline = photo.provider_url or "", SECONDS
    for _ in range(MOST_REDIRECTS + 1):
        with_credentials = _check(url=url, hosts=hosts, base_url=line.base_url)
        headers = {}
        if with_credentials:
            known = credentials(connection=line)
            headers = http.basic_auth(known.account, known.secret)
        reply = http.call(method="GET", url=url, headers=headers, timeout_seconds=deadline, max_bytes=pictures.MOST_BYTES)
        if reply.status == 200:
            return reply.body
        if reply.status not in (301, 302, 303, 307, 308):
            raise http.Unclear("refused", f"The provider answered with HTTP {reply.status}.")
        try:
            url = urljoin(url, reply.headers.get("location", ""))
        except ValueError:
            raise NotAllowed("Its address cannot be read.") from None
    raise NotAllowed("The provider sent us from one address to the next.")


def _check(*, url: str, hosts: tuple[str, ...], base_url: str) -> bool:
    """Whether the credentials go along; raises NotAllowed for an address that is none of the provider's."""
    try:
        parts, own = urlsplit(url), urlsplit(base_url)
        port = parts.port
    except ValueError:
        raise NotAllowed("Its address cannot be read.") from None
    if over_loopback(base_url=base_url) and (parts.scheme, parts.hostname, port) == (own.scheme, own.hostname, own.port):
        return True
    if parts.scheme != "https" or parts.hostname not in hosts or port not in (None, 443) or parts.username or parts.password:
        raise NotAllowed("It lies on another server than the provider's; it was not fetched.")
    return parts.hostname == hosts[0]


def expire(*, now: datetime, limit: int = 100) -> int:
    """Let the bytes of old pictures go; that there was one stays. Returns how many."""
    due = Photo.objects.filter(state=Photo.State.KEPT, expires_at__lte=now).order_by("expires_at").values("pk")[:limit]
    return Photo.objects.filter(pk__in=list(due.values_list("pk", flat=True)), state=Photo.State.KEPT).update(
        state=Photo.State.EXPIRED, content=None
    )


def work_off(*, now: datetime, limit: int = 10) -> int:
    """Fetch what is due and expire what is old; returns how many rows were touched."""
    if is_answered_here():
        return 0
    due = Photo.objects.filter(state=Photo.State.PLANNED, due_at__lte=now).order_by("due_at").values_list("pk", flat=True)
    return sum(bool(fetch(photo_id=photo_id, now=now)) for photo_id in list(due[:limit])) + expire(now=now)
