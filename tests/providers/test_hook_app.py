"""The way in beside Django: the same answers, connections from memory, one insert for what comes together, and nobody's fault is another's."""

import asyncio
import dataclasses
import hashlib
import json
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import pytest
from django.db import DataError, OperationalError
from django.db import connection as database

from providers import deliveries, hook_app, limits
from providers.connections import connect, disable, rotate_address
from providers.hook_app import HookApp
from providers.models import Aside, Delivery, Refusal
from tests.factories import NOON, ClientFactory
from tests.providers import payloads
from zartsalgo.asgi import environ_of
from zartsalgo.lib import clock

pytestmark = pytest.mark.django_db(transaction=True)
STRANGER = "198.51.100.7"


@pytest.fixture(autouse=True)
def fresh(noon):
    limits.LIMITS.forget()


@pytest.fixture
def summit():
    return ClientFactory()


@pytest.fixture
def callrail(summit):
    return connect(client=summit, provider="callrail", secret=payloads.SECRET, now=NOON)


@pytest.fixture
def form(summit):
    return connect(client=summit, provider="form", secret="", now=NOON)


def scope(hook: str, *, method="POST", host="127.0.0.1", headers=()):
    parts = urlsplit(hook)
    given = {"host": host, "content-type": "application/json", **dict(headers)}
    return {
        "type": "http",
        "method": method,
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "http_version": "1.1",
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        "client": (STRANGER, 1),
    }


def call(hook, *, id=1, right=True, host="127.0.0.1", **changes):
    body = payloads.as_json(payloads.callrail_call(resource_id=f"CAL{id}", **changes))
    signature = payloads.b64(payloads.SECRET.encode(), body, "sha1") if right else "AAAA"
    return scope(hook, host=host, headers=[("signature", signature)]), body


def filled(hook, number=1):
    body = urlencode({"name": f"Visitor {number}", "phone": f"(303) 555-01{number:02}"}).encode()
    return scope(hook, headers=[("content-type", "application/x-www-form-urlencoded")]), body


async def close_connections(pool):
    """Of each of its threads."""
    all_of_them = threading.Barrier(pool._max_workers)
    loop = asyncio.get_running_loop()
    closing = [loop.run_in_executor(pool, lambda: (all_of_them.wait(5), database.close())) for _ in range(pool._max_workers)]
    await asyncio.gather(*closing)


def play(steps: Callable):
    """Run `await steps(post)`, where `await post((scope, body), ...)` posts them all at once and gives (status, words), or None for Django."""

    async def _post(app, *requests):
        found = await asyncio.gather(*(app.answer(environ=environ_of(at, body), address=STRANGER, body=body) for at, body in requests))
        return [answer and (answer[0], json.loads(answer[2]).get("error", "")) for answer in found]

    async def _play():
        app = HookApp()
        try:
            return await steps(lambda *requests: _post(app, *requests))
        finally:
            for pool in (app._pool, app._hooks._pool, app._writers._pool):
                await close_connections(pool)
            app.close()

    return asyncio.run(_play())


def post(*requests):
    return play(lambda post: post(*requests))


def states():
    return sorted(Delivery.objects.values_list("key", "state", "copies"))


def test_a_post_is_stored_and_rings_once(callrail, rings):
    way, hook = callrail
    at, body = call(hook)
    assert post((at, body)) == [(200, "")]
    row = Delivery.objects.get()
    assert (row.connection, row.state, row.copies, row.method, row.url) == (way, "received", 0, "POST", "/hooks/callrail/")
    assert deliveries.as_incoming(delivery=row, connection=way, public_url="http://x").body == body
    assert abs((row.received_at - clock.read()).total_seconds()) < 60  # the business's clock
    assert rings == [("workflows.drain", "")]


def test_what_comes_together_is_one_statement_and_copies_are_counted(callrail, rings, monkeypatch):
    _, hook = callrail
    sizes = []
    real = deliveries.store
    monkeypatch.setattr(deliveries, "store", lambda *, rows: (sizes.append(len(rows)), real(rows=rows))[1])
    requests = [call(hook, id=n) for n in range(30)] + [call(hook, id=7)] * 3
    assert post(*requests) == [(200, "")] * 33
    assert sum(sizes) == 33 and len(sizes) <= 3 and len(rings) == len(sizes)
    assert sum(copies for _, _, copies in states()) == 3 and len(states()) == 30
    assert post(call(hook, id=7)) == [(200, "")]
    assert sum(copies for _, _, copies in states()) == 4 and len(states()) == 30


def test_ids_and_copies_before_are_told_in_order(form):
    way, _ = form
    rows = [
        deliveries.make_row(hook_id=way.pk, client_id=way.client_id, key=key, request=payloads.form_request({"a": "1"}), path_and_query="")
        for key in ("a", "b", "a", "a")
    ]
    first = deliveries.store(rows=rows)
    assert [copies for _, copies in first] == [0, 0, 1, 2] and first[0][0] == first[2][0] == rows[0].id
    assert [copies for _, copies in deliveries.store(rows=rows)] == [copies for _, copies in first]  # nobody saw that it was stored
    assert dict(Delivery.objects.values_list("key", "copies")) == {"a": 2, "b": 0}
    again = [dataclasses.replace(row, id=uuid.uuid4()) for row in rows[2:]]
    assert [copies for _, copies in deliveries.store(rows=again)] == [3, 4]


def test_what_was_put_aside_and_is_sent_again_is_there_once(form):
    way, _ = form
    row = deliveries.make_row(
        hook_id=way.pk, client_id=way.client_id, key="a", request=payloads.form_request({"a": "1"}), path_and_query="", aside="flood"
    )
    assert deliveries.store(rows=[row]) == deliveries.store(rows=[row]) == [(row.id, 0)]
    assert Aside.objects.count() == 1


def test_they_came_in_the_order_of_the_set(form):
    way, _ = form
    rows = [
        deliveries.make_row(hook_id=way.pk, client_id=way.client_id, key=key, request=payloads.form_request({"a": key}), path_and_query="")
        for key in "zaybxc"
    ]
    deliveries.store(rows=rows)
    assert list(Delivery.objects.order_by("received_at").values_list("key", flat=True)) == list("zaybxc")


def test_one_that_cannot_be_stored_takes_no_other_with_it(callrail, monkeypatch):
    _, hook = callrail
    real = deliveries.store
    bad = hashlib.sha256(call(hook, id=3)[1]).hexdigest()

    def _refuse_one(*, rows):
        if any(row.sha256 == bad for row in rows):
            raise DataError("a row that the database takes from nobody")
        return real(rows=rows)

    monkeypatch.setattr(deliveries, "store", _refuse_one)
    answers = post(*(call(hook, id=n) for n in range(6)))
    assert [status for status, _ in answers] == [200, 200, 200, 503, 200, 200] and len(states()) == 5


def test_a_database_that_is_away_is_503_and_needs_no_restart(callrail, monkeypatch, rings):
    _, hook = callrail
    real = deliveries.store
    ours = database.connection.info.backend_pid

    async def steps(post):
        def _away(*, rows):
            raise OperationalError("away")

        assert await post(call(hook)) == [(200, "")]
        monkeypatch.setattr(deliveries, "store", _away)
        assert await post(call(hook, id=2), call(hook, id=3)) == [(503, "Could not be stored just now. Send it again.")] * 2
        monkeypatch.setattr(deliveries, "store", real)
        # A connection that broke meanwhile is made anew for the very post that finds it so.
        await asyncio.get_running_loop().run_in_executor(None, end_sessions_but, ours)
        assert await post(call(hook, id=4)) == [(200, "")]

    play(steps)
    assert len(states()) == 2 and len(rings) == 2


def test_what_was_answered_503_for_waiting_too_long_is_not_stored_afterwards(form, monkeypatch):
    """Forms have no key of their own: sent again and stored twice, one visitor would be two leads."""
    _, hook = form
    monkeypatch.setattr(hook_app, "WRITERS", 1)
    monkeypatch.setattr(hook_app, "WRITE_SECONDS", 0.2)
    real, hangs, held = deliveries.store, threading.Event(), threading.Event()

    def _hang(*, rows):
        hangs.set()
        assert held.wait(10)
        return real(rows=rows)

    monkeypatch.setattr(deliveries, "store", _hang)

    async def steps(post):
        first = asyncio.create_task(post(filled(hook, 1)))  # in the statement that hangs: nobody knows
        await asyncio.get_running_loop().run_in_executor(None, hangs.wait, 10)
        assert await post(filled(hook, 2)) == [(503, "Could not be stored just now. Send it again.")]
        assert [status for status, _ in await first] == [503]
        held.set()
        monkeypatch.setattr(hook_app, "WRITE_SECONDS", 10)
        assert await post(filled(hook, 3)) == [(200, "")]

    play(steps)
    assert len(states()) == 2  # the first and the third


def end_sessions_but(pid):
    with database.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid not in (%s, pg_backend_pid())",
            [pid],
        )
    database.close()


def test_wrong_signatures_are_refused_counted_and_turned_away(callrail):
    way, hook = callrail
    answers = play(lambda post: one_by_one(post, [call(hook, right=False)] * 12 + [call(hook, id=9)]))
    assert [status for status, _ in answers] == [401] * 10 + [429] * 2 + [200]
    assert answers[0][1] == "The signature does not match this connection's secret. Nothing was stored."
    way.refresh_from_db()
    assert way.refused_signatures == 12 and Refusal.objects.get().times == 12 and len(states()) == 1


async def one_by_one(post, requests):
    return [(await post(request))[0] for request in requests]


def test_a_flood_of_forms_is_put_aside_here_too(form):
    _, hook = form
    answers = play(lambda post: one_by_one(post, [filled(hook, n) for n in range(25)]))
    assert answers == [(200, "")] * 25
    assert sorted(state for _, state, _ in states()) == ["aside"] * 5 + ["received"] * 20
    assert set(Aside.objects.values_list("reason", "decision")) == {("flood", "")}


def test_the_rest_is_left_to_django(callrail):
    _, hook = callrail
    at, body = call(hook)
    left = [
        (at | {"method": "GET"}, body),
        call(hook.replace("/callrail/", "/nobody/")),
        call(hook.rstrip("/") + "x/"),
        call(hook.rstrip("/")),
        call(hook + "x"),
        call(hook, host="evil.example.com"),
        call(hook, host=""),
    ]
    assert post(*left) == [None] * 7 and states() == []


def test_a_connection_is_believed_for_a_moment_and_no_longer(callrail, summit, monkeypatch):
    way, hook = callrail
    looked = []
    real = deliveries.find_hook
    monkeypatch.setattr(deliveries, "find_hook", lambda **asked: (looked.append(1), real(**asked))[1])
    now = [1000.0]
    monkeypatch.setattr(hook_app.time, "monotonic", lambda: now[0])

    async def steps(post):
        assert await post(*(call(hook, id=n) for n in range(5))) == [(200, "")] * 5
        assert looked == [1]  # asked once by all of them
        await asyncio.get_running_loop().run_in_executor(None, change)
        assert await post(call(hook, id=6)) == [(200, "")] and looked == [1]
        now[0] += hook_app.KEPT_SECONDS + 0.01
        assert await post(call(hook, id=7)) == [None] and len(looked) == 2

    def change():
        disable(connection=way, now=clock.read())
        database.close()

    # asyncio itself reads the clock of the same module, so the loop is not asked to wait while it stands still
    monkeypatch.setattr(hook_app, "WRITE_SECONDS", None)
    play(steps)
    assert len(states()) == 6


def test_the_old_address_counts_as_long_as_it_is_said_to(callrail):
    way, hook = callrail
    new = rotate_address(connection=way, overlap=timedelta(hours=1), now=clock.real_now())
    assert post(call(hook), call(new, id=2)) == [(200, "")] * 2
