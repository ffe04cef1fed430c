"""The web entry: bodies are taken in whole, within a limit and a deadline, before a thread sees the request."""

import asyncio

import pytest

from zartsalgo import asgi

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


def speak(app, *messages, seconds=5.0, **scope):
    """Send the messages, then nothing more; gives what was answered."""
    sent = []

    async def play():
        waiting = list(messages)

        async def receive():
            if not waiting:
                await asyncio.Event().wait()
            return waiting.pop(0)

        async def send(message):
            sent.append(message)

        whole = asgi.WholeRequests(app, threads=1, seconds=seconds)
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
    "messages, headers",
    [
        ([], [(b"content-length", b"99999999999")]),
        ([part(b"a" * asgi.BODY_LIMIT, more=True), part(b"a", more=True)], []),
    ],
    ids=["announced", "found out"],
)
def test_too_large_a_body_is_413_without_reading_on(messages, headers):
    app = Recorder()
    start, _ = speak(app, *messages, headers=headers)
    assert start["status"] == 413
    assert app.seen == []


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
