"""Asking a model through the SDK against a server of our own: exact bytes, one question, and an honest outcome whatever comes back."""

import json
import subprocess
import sys
import time

import pytest
from werkzeug import Response

from providers.adapters import load
from providers.contract import Credentials, Question, Understanding
from tests.summaries import model_server
from zartsalgo.lib import http

ADAPTER = load("openai")
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
QUESTION = Question(instructions="Summarize.", material='{"sources": []}', name="lead_summary", schema=SCHEMA, max_output_tokens=300)


def ask(base_url: str, *, secret: str = model_server.KEY, seconds: float = 10.0, **options: str) -> Understanding:
    credentials = Credentials(account="", secret=secret, base_url=base_url, options=options)
    return ADAPTER.understand(credentials=credentials, question=QUESTION, timeout_seconds=seconds)


def test_one_post_with_exactly_these_fields(httpserver, monkeypatch):
    for name, value in {
        "OPENAI_ORG_ID": "org-stray",
        "OPENAI_PROJECT_ID": "proj-stray",
        "OPENAI_BASE_URL": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    httpserver.expect_request("/v1/responses", method="POST").respond_with_json(model_server.response())
    answer = ask(httpserver.url_for(""), model="gpt-5.4-mini")
    assert answer == Understanding(
        outcome="answered", data=model_server.GOOD, model="gpt-5.4-mini-2026-03-17", input_tokens=700, output_tokens=120
    )
    ((asked, _),) = httpserver.log
    assert json.loads(asked.get_data()) == {
        "model": "gpt-5.4-mini",
        "instructions": "Summarize.",
        "input": [{"role": "user", "content": '{"sources": []}'}],
        "text": {"format": {"type": "json_schema", "name": "lead_summary", "schema": SCHEMA, "strict": True}},
        "max_output_tokens": 300,
        "store": False,
    }
    assert asked.headers["Authorization"] == f"Bearer {model_server.KEY}"
    assert not [name for name, _ in asked.headers if name.lower().startswith(("openai-", "x-stainless"))]


def test_a_server_that_only_knows_chat_is_asked_that_way(httpserver):
    httpserver.expect_request("/v1/responses").respond_with_data("not found", status=404)
    httpserver.expect_request("/v1/chat/completions", method="POST").respond_with_json(model_server.chat())
    answer = ask(httpserver.url_for("/v1"))
    assert (answer.outcome, answer.data, answer.model) == ("answered", model_server.GOOD, "local-model")
    assert (answer.input_tokens, answer.output_tokens) == (650, 90)
    assert [request.path for request, _ in httpserver.log] == ["/v1/responses", "/v1/chat/completions"]
    assert json.loads(httpserver.log[1][0].get_data()) == {
        "model": "gpt-5.4-mini",
        "messages": [{"role": "system", "content": "Summarize."}, {"role": "user", "content": '{"sources": []}'}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "lead_summary", "schema": SCHEMA, "strict": True}},
        "max_tokens": 300,
        "store": False,
    }


@pytest.mark.parametrize(
    ("body", "outcome", "words"),
    [
        (model_server.refusal(), "refused", "declined"),
        (model_server.response(status="incomplete", incomplete_details={"reason": "max_output_tokens"}), "cut-off", "too long"),
        (model_server.response(status="incomplete", incomplete_details={"reason": "content_filter"}), "cut-off", "content filter"),
        (model_server.response(status="failed", error={"code": "server_error", "message": "x"}, output=[]), "failed", "server_error"),
        (model_server.response(status="queued"), "failed", "gave up"),
        (model_server.response('{"claims": ['), "failed", "shape"),
        (model_server.response("[]"), "failed", "shape"),
        (model_server.response(output=[]), "failed", "shape"),
        (model_server.response(output=None), "failed", "shape"),
        ({}, "failed", "gave up"),
    ],
)
def test_what_is_no_answer_is_none(httpserver, body, outcome, words):
    httpserver.expect_request("/v1/responses").respond_with_json(body)
    answer = ask(httpserver.url_for(""))
    assert (answer.outcome, answer.data) == (outcome, None)
    assert words in answer.note and answer.note.endswith(".")


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (model_server.chat(refusal="No."), "refused"),
        (model_server.chat(finish="length"), "cut-off"),
        (model_server.chat(finish="content_filter"), "cut-off"),
        (model_server.chat("{"), "failed"),
        ({"choices": []}, "cut-off"),
    ],
)
def test_the_same_of_a_chat_answer(httpserver, body, outcome):
    httpserver.expect_request("/v1/responses").respond_with_data("", status=404)
    httpserver.expect_request("/v1/chat/completions").respond_with_json(body)
    answer = ask(httpserver.url_for(""))
    assert (answer.outcome, answer.data) == (outcome, None)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (400, "invalid_prompt", "did not accept the question"),
        (401, "invalid_api_key", "API key"),
        (404, "model_not_found", "is not known"),
        (429, "rate_limit_exceeded", "too much to do"),
        (429, "insufficient_quota", "no credit"),
        (500, "server_error", "trouble of its own"),
        (503, "", "trouble of its own"),
        (307, "", "did not accept"),
    ],
)
def test_a_refusal_by_the_server_is_asked_once_and_explained(httpserver, status, code, words):
    body = json.dumps(model_server.error(code))
    headers = {"Retry-After": "1", "Location": "/elsewhere"}
    httpserver.expect_request("/v1/responses").respond_with_response(
        Response(body, status=status, headers=headers, content_type="application/json")
    )
    answer = ask(httpserver.url_for(""))
    assert answer.outcome == "failed" and words in answer.note
    assert "+1303" not in answer.note and model_server.KEY not in answer.note
    assert len(httpserver.log) == 1


@pytest.mark.parametrize("body", [b"<html>", b"\xff\xfe", b"[]", b"{" * 5000])
def test_a_body_that_is_no_json(httpserver, body):
    httpserver.expect_request("/v1/responses").respond_with_data(body, content_type="application/json")
    assert ask(httpserver.url_for("")).outcome == "failed"


def test_a_late_answer_ends_at_the_deadline_however_it_drips(httpserver):
    def drip(_):
        def parts():
            for _ in range(40):
                yield b" "
                time.sleep(0.1)

        return Response(parts(), content_type="application/json")

    httpserver.expect_request("/v1/responses").respond_with_handler(drip)
    started = time.monotonic()
    answer = ask(httpserver.url_for(""), seconds=0.5)
    assert time.monotonic() - started < 2
    assert (answer.outcome, answer.note) == ("failed", "The model did not answer in time.")


def test_nobody_listens():
    answer = ask("http://127.0.0.1:9")
    assert answer.outcome == "failed" and "refused the connection" in answer.note


def test_without_a_key_nothing_is_called(monkeypatch):
    monkeypatch.setattr(http, "call", lambda **_: pytest.fail("something was called"))
    assert ask("http://127.0.0.1:9", secret="").outcome == "failed"


def test_the_sdk_is_not_imported_until_a_model_is_asked():
    code = "import sys; from providers import adapters; adapters.all_adapters(); sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=".").returncode == 0
