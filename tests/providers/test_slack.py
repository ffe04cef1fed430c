"""Slack's incoming webhook: what is posted, what a hostile name can do there, and how each answer is read."""

import json
import socket
import threading
from contextlib import contextmanager

import pytest

from providers import adapters
from providers.connections import CannotConnect, connect, open_secrets
from providers.contract import Credentials
from tests.factories import NOON, ClientFactory

HOOK = "https://hooks.slack.com/services/T0TEST/B0TEST/not-a-real-hook"
SLACK = adapters.load("slack")


@contextmanager
def answering(answer: bytes):
    """A server on this machine for one request; gives its address and what it heard."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def _serve() -> None:
            other, _ = server.accept()
            with other:
                other.settimeout(2)
                raw = b""
                while b"\r\n\r\n" not in raw or len(raw.split(b"\r\n\r\n", 1)[1]) < length(raw):
                    raw += other.recv(65536)
                heard.append(raw)
                other.sendall(answer)

        thread = threading.Thread(target=_serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", heard
        thread.join()


def length(raw: bytes) -> int:
    found = [line for line in raw.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    return int(found[0].split(b":")[1])


def http(status: str, body: str = "", **headers: str) -> bytes:
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n{body}".encode()


def post(answer: bytes, text: str = "Hi"):
    with answering(answer) as (address, heard):
        result = SLACK.post_alert(credentials=Credentials(account="", secret=HOOK, base_url=address), text=text, timeout_seconds=2)
    return result, heard[0]


def test_a_hostile_name_calls_nobody_and_hides_no_link():
    name = "<!channel> <https://evil.example|Carla> & @here *bold* `x`"
    result, raw = post(http("200 OK", "ok"), text=name)
    head, body = raw.split(b"\r\n\r\n", 1)
    assert head.startswith(b"POST /services/T0TEST/B0TEST/not-a-real-hook HTTP/1.1")
    sent = json.loads(body)
    assert sent["text"] == "&lt;!channel&gt; &lt;https://evil.example|Carla&gt; &amp; @here *bold* `x`"
    assert (sent["mrkdwn"], sent["parse"], sent["link_names"], sent["unfurl_links"]) == (False, "none", False, False)
    assert result.outcome == "accepted"


@pytest.mark.parametrize(
    ("answer", "outcome", "code"),
    [
        (http("404 Not Found", "no_service"), "rejected", "no_service"),
        (http("400 Bad Request", "invalid_payload"), "rejected", "invalid_payload"),
        (http("410 Gone", "channel_is_archived"), "rejected", "channel_is_archived"),
        (http("403 Forbidden", "action_prohibited"), "rejected", "action_prohibited"),
        (http("404 Not Found", "no_active_hooks"), "rejected", "no_active_hooks"),
        (http("404 Not Found", "<html>a proxy</html>"), "unknown", ""),
        (http("200 OK", "<html>a portal</html>"), "unknown", ""),
        (http("302 Found", "", Location="http://127.0.0.1:1/"), "unknown", ""),
        (http("500 Server Error", "rollup_error"), "unknown", ""),
        (http("503 Unavailable"), "unknown", ""),
        (b"", "unknown", "reset"),
    ],
)
def test_each_answer_leads_to_its_outcome(answer, outcome, code):
    result, _ = post(answer)
    assert (result.outcome, result.error_code) == (outcome, code)
    assert HOOK not in repr(result)
    if outcome == "rejected":
        assert SLACK.explain_error(code=code) == result.note


@pytest.mark.parametrize(("given", "seconds"), [("30", 30.0), ("999999", 86_400.0), ("soon", None)])
def test_too_many_posts_wait_as_long_as_slack_says(given, seconds):
    result, _ = post(http("429 Too Many Requests", "", Retry_After=given))
    assert (result.outcome, result.error_code, result.retry_after_seconds) == ("rejected", "429", seconds)


def test_a_server_that_is_not_there_was_not_told():
    result = SLACK.post_alert(credentials=Credentials(account="", secret=HOOK, base_url="http://127.0.0.1:9"), text="x", timeout_seconds=2)
    assert (result.outcome, result.error_code) == ("rejected", "unreachable")


@pytest.mark.parametrize(
    "secret",
    [
        "http://hooks.slack.com/services/T0/B0/x", "https://hooks.slack.com.evil.example/services/T0/B0/x", "https://hooks.slack.com/",
        "https://evil@hooks.slack.com/services/T0/B0/x", "https://hooks.slack.com:444/services/T0/B0/x", "xoxb-1",
        "https://hooks.slack.com/services/T0/B0/x/../../y", "https://hooks.slack.com/services/T0/B0/x?a=b",
    ],
)  # fmt: skip
def test_only_a_webhook_of_slack_is_taken_for_one(secret):
    assert SLACK.check_secret(secret=secret)
    result = SLACK.post_alert(credentials=Credentials(account="", secret=secret), text="x", timeout_seconds=2)
    assert (result.outcome, result.error_code) == ("rejected", "config")


@pytest.mark.django_db
def test_the_address_is_checked_and_stored_sealed(noon):
    one = ClientFactory()
    with pytest.raises(CannotConnect, match="no address of a Slack webhook"):
        connect(client=one, provider="slack", secret="https://example.com/hook", live=True, now=NOON)
    with pytest.raises(CannotConnect, match="only call the provider's own hosts"):
        connect(client=one, provider="slack", secret=HOOK, base_url="https://example.com", live=True, now=NOON)
    made, _ = connect(client=one, provider="slack", secret=HOOK, live=True, now=NOON)
    assert b"not-a-real-hook" not in bytes(made.sealed)
    assert open_secrets(client_id=one.pk, sealed=made.sealed).secrets == (HOOK,)
