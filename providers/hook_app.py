"""The way in for webhooks, beside Django in the same process: connections from memory, posts of the same moment in one insert.

A post costs no statement but its share of that insert, and no thread waits for it. It is answered after the commit, in the words of
providers.views, which also answers whatever is left alone here: other verbs, addresses that are none, hosts that are not ours. What a
post must bear before it is stored is said once, in providers.accepting.
"""

import asyncio
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError
from django.db import connection as database
from django.http.request import HttpHeaders, split_domain_port, validate_host

from providers import adapters, deliveries, refusals
from providers.accepting import COULD_NOT, Post, Refused, admit
from providers.connections import digest
from providers.contract import Adapter
from providers.deliveries import Hook, Row
from zartsalgo.lib import progress
from zartsalgo.lib.database import drop_broken_connection, is_trouble
from zartsalgo.lib.doorbell import ring
from zartsalgo.lib.sealed import CannotOpen

log = logging.getLogger(__name__)
# So long a connection is believed without looking: one that was disabled, or got another address, is known everywhere after it.
KEPT_SECONDS = 1.0
MOST_KEPT = 10_000
# Verifying and encrypting a longer body is done in a thread, so that nobody waits for it.
INLINE_BYTES = 16 * 1024
WRITERS, MOST_ROWS = 2, 200
WRITE_SECONDS = 15.0

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]
T = TypeVar("T")


class HookApp:
    """All hooks of one web process. Lives in its event loop."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="hook")
        self._hooks = _Hooks()
        self._writers = _Writers()

    def close(self) -> None:
        """End the threads."""
        for room in (self, self._hooks, self._writers):
            room._pool.shutdown()

    async def answer(self, *, environ: Mapping[str, Any], address: str, body: bytes) -> Answer | None:
        """The answer to one whole request, or None where it is for Django to answer."""
        parts = environ["PATH_INFO"].split("/")  # "", "hooks", provider, token, ""
        if environ["REQUEST_METHOD"] != "POST" or len(parts) != 5 or parts[4] or not environ["PATH_INFO"].isascii():
            return None
        if not _is_our_host(environ.get("HTTP_HOST", "")):
            return None
        try:
            adapter = adapters.load(parts[2])
        except LookupError:
            return None
        try:
            hook = await self._hooks.find(provider=parts[2], token=parts[3])
            if hook is None or hook.disabled:
                return None
            headers, at = HttpHeaders(environ), time.monotonic()
            post = Post(path=environ["PATH_INFO"], query=environ["QUERY_STRING"], headers=headers, address=address, at=at)
            return await self._take_in(post=post, adapter=adapter, hook=hook, body=body)
        except (DatabaseError, InterfaceError, CannotOpen, TimeoutError) as error:
            log.error("hook not stored: %s", type(error).__name__)
            return _answer(503, json.dumps({"error": COULD_NOT}).encode(), more={"Retry-After": "5"})

    async def _take_in(self, *, post: Post, adapter: Adapter, hook: Hook, body: bytes) -> Answer:
        try:
            if len(body) > INLINE_BYTES:
                row = await self._in_thread(lambda: admit(post=post, adapter=adapter, hook=hook, body=body))
            else:
                row = admit(post=post, adapter=adapter, hook=hook, body=body)
        except Refused as refused:
            times, sender = refused.count, refused.sender
            if times:
                await self._in_thread(lambda: _once_more(lambda: refusals.count(hook_id=hook.id, sender=sender, times=times)))
            return _answer(refused.status, json.dumps({"error": str(refused)}).encode(), more=refused.headers)
        await self._writers.store(row)
        said = adapter.answer()
        return _answer(said.status, said.body.encode(), kind=said.content_type)

    async def _in_thread(self, do: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, _watched, do)


class _Hooks:
    """Connections by their address, as this process last saw them."""

    def __init__(self) -> None:
        # Its own threads: addresses that are nobody's shall not stand before those that are somebody's and need no look.
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="hook-look-up")
        self._known: OrderedDict[tuple[str, str], tuple[Hook, float]] = OrderedDict()
        self._asked: dict[tuple[str, str], asyncio.Task[Hook | None]] = {}

    async def find(self, *, provider: str, token: str) -> Hook | None:
        """None for an address that is nobody's, which is looked up each time. Raises DatabaseError."""
        key = (provider, digest(token=token))
        hook, until = self._known.get(key, (None, 0.0))
        if hook is not None and time.monotonic() < until:
            return hook
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.get_running_loop().create_task(self._look_up(key))
            asked.add_done_callback(lambda _: self._asked.pop(key, None))
        return await asyncio.shield(asked)

    async def _look_up(self, key: tuple[str, str]) -> Hook | None:
        since = time.monotonic()
        found = await asyncio.get_running_loop().run_in_executor(
            self._pool, _watched, lambda: _once_more(lambda: deliveries.find_hook(provider=key[0], token_digest=key[1]))
        )
        self._known.pop(key, None)
        if found is not None:
            self._known[key] = (found, since + KEPT_SECONDS)
            if len(self._known) > MOST_KEPT:
                self._known.popitem(last=False)
        return found


class _Writers:
    """Rows that wait together are stored by one statement; nobody waits for others to come."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=WRITERS, thread_name_prefix="hook-writer")
        self._waiting: list[tuple[Row, asyncio.Future[None]]] = []
        self._writing: set[asyncio.Task[None]] = set()

    async def store(self, row: Row) -> None:
        """Until it is stored. Raises DatabaseError, and TimeoutError where nobody knows whether it was."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, done))
        self._begin()
        await asyncio.wait_for(done, WRITE_SECONDS)

    def _begin(self) -> None:
        if self._waiting and len(self._writing) < WRITERS:
            task = asyncio.get_running_loop().create_task(self._write())
            self._writing.add(task)
            task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._writing.discard(task)
        self._begin()

    async def _write(self) -> None:
        # Who was told 503 for waiting too long sends it again; stored all the same, a form would be two.
        waiting = [(row, done) for row, done in self._waiting if not done.done()]
        batch, self._waiting = waiting[:MOST_ROWS], waiting[MOST_ROWS:]
        if not batch:
            return
        rows = [row for row, _ in batch]
        outcomes = await asyncio.get_running_loop().run_in_executor(self._pool, _watched, lambda: _store(rows))
        if None in outcomes:
            ring(task=deliveries.DRAIN_TASK)
        for (_, done), error in zip(batch, outcomes, strict=True):
            if done.done():  # whoever waited has gone
                continue
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)


def _store(rows: Sequence[Row]) -> list[Exception | None]:
    """In a writer's thread: for each row None, or why it was not stored. One that cannot be stored takes no other with it."""
    try:
        _once_more(lambda: deliveries.store(rows=rows))
        return [None] * len(rows)
    except Exception as error:
        drop_broken_connection()
        away = is_trouble(error) and database.connection is None  # nobody is there to ask for each
        if len(rows) == 1 or away:
            return [error if isinstance(error, DatabaseError | InterfaceError) else DatabaseError(type(error).__name__)] * len(rows)
    return [outcome for row in rows for outcome in _store([row])]


def _watched(do: Callable[[], T]) -> T:
    """What a thread does, where the watchdog sees it."""
    with progress.working():
        return do()


def _once_more(do: Callable[[], T]) -> T:
    """A connection that broke while nobody used it is noticed at the next statement: then once more over a new one."""
    try:
        return do()
    except (OperationalError, InterfaceError):
        drop_broken_connection()
        if database.connection is not None:
            raise
    return do()


@lru_cache(maxsize=200)
def _is_our_host(host: str) -> bool:
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def _answer(status: int, content: bytes, *, kind: str = "application/json", more: Mapping[str, str] | None = None) -> Answer:
    headers = {"Content-Type": kind, "Content-Length": str(len(content)), "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return status, [(name.lower().encode(), value.encode()) for name, value in (headers | dict(more or {})).items()], content
