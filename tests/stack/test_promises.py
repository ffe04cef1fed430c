"""The promises of the spine, seen from outside: what a provider posts and what Twilio really got."""

import threading
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.stack.fake_twilio import FakeTwilio
from tests.stack.running import Business, http, wait_until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]


def settled(listed, slug: str, *, runs: int = 1):
    """The client's text-backs once each of them waits for a person or has ended; a call starts a summary beside it."""

    def _look():
        found = [run for run in listed("runs", client=slug) if run["workflow"] == "missed-call-text-back"]
        over = [run for run in found if run["status"] in ("waiting", "done", "parked", "failed") and run["cursor"] not in ("sent", "text")]
        return found if len(over) >= runs else None

    return wait_until(_look, seconds=60, what=f"{runs} settled run(s)")


def test_a_signed_missed_call_leads_to_exactly_one_request(system, listed):
    twilio = FakeTwilio()
    acme = Business.add(system, slug="acme-by-hand", twilio_url=twilio.url)
    assert acme.miss_call(caller="+13035550101", id="one") == 200
    (sent,) = twilio.wait_for(count=1)
    assert sent.path == f"/2010-04-01/Accounts/{'AC' + '1' * 32}/Messages.json"
    assert (sent.fields["To"], sent.fields["From"]) == ("+13035550101", "+13035550150")
    assert "Acme Plumbing" in sent.fields["Body"]
    settled(listed, acme.slug)
    (message,) = listed("messages", client=acme.slug)
    assert message["status"] == "sent" and message["to"] == "+13035550101"
    callback = urlsplit(sent.fields["StatusCallback"])
    assert f"{callback.scheme}://{callback.netloc}{callback.path}" == acme.twilio
    assert parse_qs(callback.query)["m"] == [message["id"]]
    assert twilio.calls == 1
    twilio.close()


def test_fifty_copies_at_once_are_one_event_one_run_one_text(acme, twilio, listed):
    body, headers = acme.call(caller="+13035550102", id="fifty")
    barrier, answers = threading.Barrier(50), []

    def _post():
        barrier.wait()
        answers.append(http("POST", acme.callrail, body=body, headers=headers)[0])

    threads = [threading.Thread(target=_post) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 50
    twilio.wait_for(count=1)
    assert len(settled(listed, acme.slug)) == 1
    assert [d["copies"] for d in listed("deliveries", client=acme.slug)] == [49]
    workflows = [run["workflow"] for run in listed("runs", client=acme.slug)]
    assert len(workflows) == len(set(workflows))
    assert len(listed("events", client=acme.slug)) == len(listed("messages", client=acme.slug)) == 1
    assert twilio.calls == 1


def test_a_pre_call_sends_nothing_and_says_so(acme, twilio, listed):
    assert acme.miss_call(caller="+13035550103", id="pre", duration=0) == 200
    delivery = wait_until(lambda: [d for d in listed("deliveries", client=acme.slug) if d["state"] != "received"], what="the delivery")[0]
    assert delivery["state"] == "ignored" and delivery["note"]
    assert listed("runs", client=acme.slug) == [] and twilio.calls == 0


def test_bad_signature_unknown_token_and_too_large(acme, twilio, listed):
    body, headers = acme.call(caller="+13035550104", id="bad")
    assert http("POST", acme.callrail, body=body, headers={**headers, "Signature": "AAAA"})[0] == 401
    assert http("POST", acme.callrail.rsplit("/", 2)[0] + "/no-such-token/", body=body, headers=headers)[0] == 404
    assert http("POST", acme.callrail, body=b"x" * 1_153_434, headers=headers)[0] == 413
    assert listed("deliveries", client=acme.slug) == [] and twilio.calls == 0


@pytest.mark.parametrize("words", ["STOP", "stop.", "Please stop texting me", "no mas mensajes"])
def test_stop_before_the_first_call(acme, twilio, listed, words):
    assert acme.text_in(sender="+13035550105", text=words, sid="SM" + "5" * 32) == 200
    wait_until(lambda: [d for d in listed("deliveries", client=acme.slug) if d["state"] == "done"], what="the text")
    assert acme.miss_call(caller="+13035550105", id="stop") == 200
    settled(listed, acme.slug)
    (message,) = listed("messages", client=acme.slug)
    assert (message["status"], message["reason"]) == ("skipped", "opted-out")
    assert "opted out" in message["says"] and twilio.calls == 0


def test_a_killed_worker_loses_nothing_and_repeats_nothing(system, acme, twilio, listed):
    for number in range(10):
        assert acme.miss_call(caller=f"+1303555011{number}", id=f"kill{number}") == 200
        if number in (2, 5, 8):
            system.wait_for_service("worker")
            system.service("kill", "worker")
    numbers = {f"+1303555011{number}" for number in range(10)}

    def _left_alone():
        """What a worker took with it in the moment of sending: nobody knows whether it went, so it is not sent again."""
        return {message["to"] for message in listed("messages", client=acme.slug) if message["status"] == "unknown"}

    def _came():
        return sorted(accepted.fields["To"] for accepted in list(twilio.accepted))

    wait_until(lambda: {*_came(), *_left_alone()} == numbers, seconds=90, what="each text, or the word that nobody knows")
    assert len(_came()) == len(set(_came())) >= 7  # at most one for each kill


def test_an_answer_that_was_lost_is_looked_up_and_never_repeated(acme, twilio, listed):
    twilio.mood = "drop"
    assert acme.miss_call(caller="+13035550121", id="drop") == 200
    twilio.wait_for(count=1)
    message = wait_until(
        lambda: [m for m in listed("messages", client=acme.slug) if m["status"] == "sent"], seconds=40, what="the look-up"
    )[0]
    assert message["provider_id"] == twilio.accepted[0].sid
    assert twilio.calls == 1


def test_the_broker_is_not_needed(system, acme, twilio, listed):
    system.service("stop", "broker")
    try:
        slowest = 0.0
        for number in range(5):
            began = time.monotonic()
            assert acme.miss_call(caller=f"+1303555013{number}", id=f"broker{number}") == 200
            slowest = max(slowest, time.monotonic() - began)
        assert slowest < 1.0
        assert len(twilio.wait_for(count=5, seconds=30)) == 5
    finally:
        system.service("start", "broker")
    assert acme.miss_call(caller="+13035550139", id="broker-back") == 200
    assert len(twilio.wait_for(count=6, seconds=30)) == 6
    settled(listed, acme.slug, runs=6)
    assert twilio.calls == 6


def test_with_postgres_stopped_503_and_acceptance_goes_on(system, acme, twilio, listed):
    system.service("stop", "postgres")
    try:
        assert acme.miss_call(caller="+13035550141", id="down") == 503
        assert http("GET", f"{system.url}/healthz")[0] == 200
        assert http("GET", f"{system.url}/readyz")[0] == 503
    finally:
        system.service("start", "postgres")
    wait_until(lambda: acme.miss_call(caller="+13035550142", id="back") == 200, seconds=20, what="acceptance")
    assert [a.fields["To"] for a in twilio.wait_for(count=1, seconds=30)] == ["+13035550142"]
    settled(listed, acme.slug)
