"""The web entry: bodies are taken in whole, within a limit and a deadline, before a thread sees the request."""

import asyncio
import threading
from ipaddress import ip_network

import pytest

from zartsalgo import asgi, crowd
from zartsalgo.lib import progress

SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/hooks/x/",
    "raw_path": b"/hooks/x/",
    "query_string": b"a=1",
    "http_version": "1.1",
    "scheme": "http",
    "server": ("127.0.0.1", "8000"),
    "client": ("127.0.0.1", "5000"),
    "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
}


@pytest.fixture(autouse=True)
def nobody_is_waited_for_long(monkeypatch):
    monkeypatch.setattr(asgi, "LINGER_SECONDS", 0.2)


class Recorder:
    """A WSGI application that keeps what it was given."""

    def __init__(self):
        self.seen = []
        self.closed = 0

    def __call__(self, environ, start_response):
        self.seen.append((environ, environ["wsgi.input"].read()))
        start_response("201 Created", [("X-Kind", "caf\xe9")])
        return self

    def __iter__(self):
        return iter([b"o", b"k"])

    def close(self):
        self.closed += 1


def test_every_request_is_work_that_has_to_end():
    seen = []

    class Looks(Recorder):
        def __call__(self, environ, start_response):
            seen.append(len(progress._works))
            return super().__call__(environ, start_response)

    speak(Looks(), {"type": "http.request", "body": b"", "more_body": False})
    assert seen == [1] and not progress._works


def speak(app, *messages, seconds=5.0, known=(), **scope):
    """Send the messages, then nothing more; gives what was answered. `known`: the addresses of hooks."""
    sent = []

    async def play():
        waiting = list(messages)

        async def receive():
            if not waiting:
                await asyncio.Event().wait()
            return waiting.pop(0)

        async def send(message):
            sent.append(message)

        whole = asgi.WholeRequests(app, threads=1, knows_hook=lambda path: path in known, seconds=seconds)
        try:
            await whole(SCOPE | scope, receive, send)
        finally:
            whole._pool.shutdown()

    asyncio.run(play())
    return sent


def part(body, *, more=False):
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_in_pieces_reaches_the_application_whole():
    app = Recorder()
    start, body = speak(app, part(b'{"a"', more=True), part(b": 1}"))
    assert (start["status"], start["headers"], body["body"]) == (201, [(b"x-kind", b"caf\xe9")], b"ok")
    environ, content = app.seen[0]
    assert content == b'{"a": 1}'
    assert (environ["CONTENT_LENGTH"], environ["CONTENT_TYPE"], environ["QUERY_STRING"]) == ("8", "application/json", "a=1")
    assert app.closed == 1


def test_a_sender_that_dribbles_gets_408_and_no_thread():
    app = Recorder()
    start, _ = speak(app, part(b"a", more=True), seconds=0.05)
    assert start["status"] == 408
    assert (b"connection", b"close") in start["headers"]
    assert app.seen == []


@pytest.mark.parametrize(
    "path, limit",
    [("/leads/", asgi.BODY_LIMIT), ("/hooks/x/known/", asgi.HOOK_LIMIT)],
    ids=["a page", "a hook"],
)
def test_too_large_a_body_is_413_without_reading_on(path, limit):
    at = {"path": path, "raw_path": path.encode(), "known": ("/hooks/x/known/",)}
    announced = [(b"content-length", b"99999999999")]
    for headers, messages in ((announced, []), ([], [part(b"a" * limit, more=True), part(b"a", more=True)])):
        app = Recorder()
        start, _ = speak(app, *messages, headers=headers, **at)
        assert start["status"] == 413
        assert app.seen == []
    app = Recorder()
    assert speak(app, part(b"a" * limit), **at)[0]["status"] == 201
    assert len(app.seen[0][1]) == limit


def test_more_than_64_kb_is_only_read_for_a_hook_that_is_known():
    for headers, messages in (([(b"content-length", b"65537")], []), ([], [part(b"a" * 65_537, more=True)])):
        app = Recorder()
        start, body = speak(app, *messages, headers=headers, path="/hooks/x/unknown/", raw_path=b"/hooks/x/unknow%6E/")
        assert (start["status"], body["body"], app.seen) == (404, b'{"error": "No such hook."}', [])
    app = Recorder()
    assert speak(app, part(b"a" * 65_536), path="/hooks/x/unknown/", raw_path=b"/hooks/x/unknown/")[0]["status"] == 201


class Visit:
    """One request on its way: it sends what it is told to."""

    def __init__(self, whole, *, address="192.0.2.1"):
        self.sent, self._coming = [], asyncio.Queue()
        scope = SCOPE | {"path": "/leads/", "raw_path": b"/leads/", "client": (address, 1)}
        self.task = asyncio.create_task(whole(scope, self._coming.get, self._send))

    async def _send(self, message):
        self.sent.append(message)

    async def say(self, *messages):
        for message in messages:
            self._coming.put_nowait(message)
        for _ in range(5):  # the other side takes its turns
            await asyncio.sleep(0)

    async def answer(self):
        await self.task
        return self.sent[0]["status"]

    @property
    def unread(self):
        return self._coming.qsize()

    @property
    def over(self):
        return self.task.done()


def test_who_sends_too_much_may_finish_and_sees_the_answer(monkeypatch):
    monkeypatch.setattr(asgi, "LINGER_SECONDS", 60)
    more = part(b"a" * (asgi.LINGER_BYTES // 2), more=True)

    async def play():
        whole = asgi.WholeRequests(Recorder(), threads=1, knows_hook=lambda path: False)
        try:
            ends, goes_on = Visit(whole), Visit(whole, address="192.0.2.2")
            await ends.say(part(b"a" * asgi.BODY_LIMIT, more=True), more, part(b"a"))
            await goes_on.say(part(b"a" * asgi.BODY_LIMIT, more=True), *[more] * 8)
            assert [await ends.answer(), await goes_on.answer()] == [413, 413]
            assert [ends.unread, goes_on.unread] == [0, 4]
        finally:
            whole._pool.shutdown()

    asyncio.run(play())


def in_a_crowd(monkeypatch, play, **numbers):
    for name, number in numbers.items():
        monkeypatch.setattr(crowd, name, number)
    whole = asgi.WholeRequests(Recorder(), threads=1, knows_hook=lambda path: True, seconds=5.0)

    async def run():
        try:
            await play(whole)
        finally:
            whole._pool.shutdown()
        left = whole._crowd
        assert (left._senders, left._unfinished, left._whole, left._bytes) == ({}, 0, 0, 0)

    asyncio.run(run())


def test_where_too_many_dribble_the_longest_waiting_goes_and_who_sends_is_served(monkeypatch):
    async def play(whole):
        slow = []
        for _ in range(20):
            slow.append(Visit(whole))
            await slow[-1].say(part(b"a", more=True))
            honest = Visit(whole)
            await honest.say(part(b"honest"))
            assert await honest.answer() == 201
        assert [visit.over for visit in slow] == [True] * 16 + [False] * 4  # one's place was the honest one's
        assert [await visit.answer() for visit in slow[:16]] == [503] * 16
        for visit in slow[16:]:
            await visit.say(part(b"b"))
        assert [await visit.answer() for visit in slow[16:]] == [201] * 4

    in_a_crowd(monkeypatch, play, UNFINISHED_OF_SENDER=5)


def test_one_who_has_few_is_not_cut_for_one_who_has_many(monkeypatch):
    async def play(whole):
        patient = Visit(whole, address="192.0.2.2")
        await patient.say(part(b"a" * 100, more=True))
        many = [Visit(whole) for _ in range(8)]
        for visit in many:
            await visit.say(part(b"a" * 300, more=True))
        assert not patient.over and sum(visit.over for visit in many) == 5
        await patient.say(part(b"b"))
        assert await patient.answer() == 201
        for visit in many[5:]:
            await visit.say({"type": "http.disconnect"})
        assert [await visit.answer() for visit in many] == [503] * 5 + [400] * 3

    in_a_crowd(monkeypatch, play, UNFINISHED=4)


def test_no_more_bytes_are_held_than_there_is_room_for(monkeypatch):
    async def play(whole):
        many = [Visit(whole, address=f"192.0.2.{n % 4}") for n in range(40)]
        for visit in many:
            await visit.say(part(b"a" * 900, more=True))
            assert whole._crowd._bytes <= 3_000
        assert sum(not visit.over for visit in many) == 3
        for visit in many[-4:]:
            await visit.say({"type": "http.disconnect"})
        assert {await visit.answer() for visit in many} == {400, 503}

    in_a_crowd(monkeypatch, play, BYTES=3_000, BYTES_OF_SENDER=2_000)


def test_one_body_that_is_more_than_there_is_room_for_is_a_503(monkeypatch):
    async def play(whole):
        visit = Visit(whole)
        await visit.say(part(b"a" * 2_001, more=True))
        assert await visit.answer() == 503
        assert dict(visit.sent[0]["headers"])[b"retry-after"] == b"5"

    in_a_crowd(monkeypatch, play, BYTES_OF_SENDER=2_000)


def test_more_whole_requests_than_may_wait_for_a_thread_are_refused(monkeypatch):
    async def play(whole):
        held = threading.Event()
        monkeypatch.setattr(whole, "_answer", lambda environ: (held.wait(5), (201, [], b""))[1])
        many = [Visit(whole) for _ in range(5)]
        for visit in many:
            await visit.say(part(b"a"))
        assert [visit.over for visit in many] == [False] * 3 + [True] * 2
        other = Visit(whole, address="192.0.2.2")
        await other.say(part(b"a"))
        assert not other.over
        held.set()
        assert [await visit.answer() for visit in (*many, other)] == [201] * 3 + [503] * 2 + [201]

    in_a_crowd(monkeypatch, play, WHOLE_OF_SENDER=3)


def test_behind_a_proxy_of_ours_each_caller_is_somebody_else(settings):
    scope = SCOPE | {"client": ("10.0.0.1", 1), "headers": [(b"x-forwarded-for", b"evil, 192.0.2.9")]}
    assert asgi._address(scope) == "10.0.0.1"
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    assert asgi._address(scope) == "192.0.2.9"
    assert asgi._address(SCOPE | {"client": None}) == ""


def test_a_body_that_breaks_off_is_400():
    app = Recorder()
    start, _ = speak(app, part(b"a", more=True), {"type": "http.disconnect"})
    assert start["status"] == 400
    assert app.seen == []


def test_header_names_and_paths_cannot_pass_for_others():
    environ = asgi.environ_of(
        SCOPE
        | {
            "raw_path": b"/a%2Fb%ff%00",
            "headers": [
                (b"x_real_ip", b"spoofed"),
                (b"x-real-ip", b"true"),
                (b"cookie", b"a=1"),
                (b"cookie", b"b=2"),
                (b"x-many", b"1"),
                (b"x-many", b"2"),
                (b"x-odd", b"\xff"),
                (b"content-length", b"7"),
            ],
        },
        b"xyz",
    )
    assert environ["PATH_INFO"] == "/a/b\xff\x00"
    assert environ["HTTP_X_REAL_IP"] == "true"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_X_MANY"] == "1,2"
    assert environ["HTTP_X_ODD"] == "\xff"
    assert environ["CONTENT_LENGTH"] == "3"
    assert "HTTP_CONTENT_LENGTH" not in environ
