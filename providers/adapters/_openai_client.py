"""The OpenAI SDK over our own HTTP: one deadline over the whole question, no retry, no proxy or header from the environment.

What came over the wire decides, not the SDK's reading of it: its exceptions quote bodies, and its lenient models let half answers pass.
"""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx2
from openai import OpenAI

from providers.contract import Credentials, Question, Understanding
from zartsalgo.lib import http

DEFAULT_MODEL = "gpt-5.4-mini"
# What may travel: the SDK adds organization, project and telemetry headers from the machine's environment.
HEADERS = ("authorization", "content-type", "accept", "user-agent")
# A full answer is a few kB; a server that sends more is not answering the question.
MOST_BYTES = 400_000


class OneCall(httpx2.BaseTransport):
    """The SDK's transport. Keeps the last reply or failure."""

    def __init__(self, *, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds
        self.reply: http.Reply | None = None
        self.failure: http.CallFailed | None = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.reply = self.failure = None
        headers = {name: value for name, value in request.headers.items() if name.lower() in HEADERS}
        left = max(self._deadline - time.monotonic(), 0.001)
        try:
            self.reply = http.call(
                method=request.method,
                url=str(request.url),
                headers=headers,
                body=request.read(),
                timeout_seconds=left,
                max_bytes=MOST_BYTES,
            )
        except http.CallFailed as failure:
            self.failure = failure
            raise
        kind = self.reply.headers.get("content-type", "application/json")
        return httpx2.Response(self.reply.status, headers={"content-type": kind}, content=self.reply.body, request=request)


def ask(*, credentials: Credentials, question: Question, timeout_seconds: float) -> Understanding:
    """Ask by the responses address, and by chat completions where the server does not know that one. Never raises."""
    if not credentials.secret:
        return Understanding(outcome="failed", note="The connection has no API key; connect it again.")
    model = credentials.options.get("model") or DEFAULT_MODEL
    wire = OneCall(seconds=timeout_seconds)
    client = OpenAI(
        api_key=credentials.secret,
        base_url=_address(credentials.base_url),
        max_retries=0,
        timeout=timeout_seconds,
        http_client=httpx2.Client(transport=wire, trust_env=False, follow_redirects=False),
    )
    with client:
        _by_responses(client=client, model=model, question=question)
        reply, read = wire.reply, _read_response
        if reply is not None and reply.status in (404, 405) and _error_code(reply) not in ("model_not_found", "invalid_api_key"):
            _by_chat(client=client, model=model, question=question)
            reply, read = wire.reply, _read_chat
    if reply is None:
        return Understanding(outcome="failed", model=model, note=_lost(wire.failure))
    if reply.status != 200:
        return Understanding(outcome="failed", model=model, note=_turned_down(reply, model=model))
    body = _json(reply.body)
    if body is None:
        return Understanding(outcome="failed", model=model, note="The model's server answered something that is no JSON object.")
    return read(body=body, model=str(body.get("model") or model)[:80])


def _address(base_url: str) -> str:
    """Where the API begins; an address without a path means the usual one."""
    if not base_url:
        return "https://api.openai.com/v1"
    return base_url if urlsplit(base_url).path.strip("/") else f"{base_url.rstrip('/')}/v1"


def _by_responses(*, client: OpenAI, model: str, question: Question) -> None:
    shape: Any = {"type": "json_schema", "name": question.name, "schema": dict(question.schema), "strict": True}
    with suppress(Exception):  # the wire decides; the SDK\'s exceptions quote the customer\'s words
        client.responses.create(
            model=model,
            instructions=question.instructions,
            input=[{"role": "user", "content": question.material}],
            text={"format": shape},
            max_output_tokens=question.max_output_tokens,
            store=False,
        )


def _by_chat(*, client: OpenAI, model: str, question: Question) -> None:
    shape: Any = {"name": question.name, "schema": dict(question.schema), "strict": True}
    with suppress(Exception):  # as above
        client.chat.completions.create(
            model=model,
            messages=[{"role": "system", "content": question.instructions}, {"role": "user", "content": question.material}],
            response_format={"type": "json_schema", "json_schema": shape},
            max_tokens=question.max_output_tokens,  # the name that compatible servers know
            store=False,
        )


def _read_response(*, body: Mapping[str, Any], model: str) -> Understanding:
    used = _tokens(body, "input_tokens", "output_tokens")
    status = body.get("status")
    if status == "incomplete":
        return _cut_off(str((_dict(body.get("incomplete_details"))).get("reason")), model=model, used=used)
    if status != "completed":
        code = str(_dict(body.get("error")).get("code") or status or "no status")[:60]
        return Understanding(outcome="failed", model=model, note=f"The model's server gave up ({code}).", **used)
    items = [part for item in _list(body.get("output")) if item.get("type") == "message" for part in _list(item.get("content"))]
    if any(part.get("type") == "refusal" for part in items):
        return _refused(model=model, used=used)
    return _answer("".join(str(part.get("text") or "") for part in items if part.get("type") == "output_text"), model=model, used=used)


def _read_chat(*, body: Mapping[str, Any], model: str) -> Understanding:
    used = _tokens(body, "prompt_tokens", "completion_tokens")
    choice = next(iter(_list(body.get("choices"))), {})
    message = _dict(choice.get("message"))
    if message.get("refusal"):
        return _refused(model=model, used=used)
    if choice.get("finish_reason") != "stop":
        return _cut_off(str(choice.get("finish_reason")), model=model, used=used)
    return _answer(str(message.get("content") or ""), model=model, used=used)


def _answer(text: str, *, model: str, used: dict[str, Any]) -> Understanding:
    data = _json(text.encode("utf-8", "replace"))
    if data is None:
        return Understanding(outcome="failed", model=model, note="The model did not answer in the shape it was asked for.", **used)
    return Understanding(outcome="answered", data=data, model=model, **used)


def _refused(*, model: str, used: dict[str, Any]) -> Understanding:
    return Understanding(outcome="refused", model=model, note="The model declined to write about what the customer said.", **used)


def _cut_off(reason: str, *, model: str, used: dict[str, Any]) -> Understanding:
    words = {
        "max_output_tokens": "The model's answer was cut off because it grew too long.",
        "length": "The model's answer was cut off because it grew too long.",
        "content_filter": "The provider's content filter stopped the model's answer.",
    }
    return Understanding(outcome="cut-off", model=model, note=words.get(reason, "The model's answer was cut off."), **used)


def _lost(failure: http.CallFailed | None) -> str:
    if failure is None:
        return "The question to the model could not be put together; tell whoever runs this system."
    if failure.kind == "timeout":
        return "The model did not answer in time."
    return f"The model could not be asked: {failure}"


def _turned_down(reply: http.Reply, *, model: str) -> str:
    code = _error_code(reply)
    if reply.status in (401, 403):
        return "The model's server did not accept the API key: connect again with a valid one."
    if reply.status == 429 and code == "insufficient_quota":
        return "The account at OpenAI has no credit left: top it up."
    if reply.status == 429:
        return "The model's server has too much to do for this key now."
    if code == "model_not_found" or reply.status == 404:
        return f"The model {model[:60]!r} is not known at that address: choose another with OPENAI_MODEL or --option model=..."
    if reply.status >= 500:
        return f"The model's server has trouble of its own (HTTP {reply.status})."
    return f"The model's server did not accept the question (HTTP {reply.status}{f', {code}' if code else ''})."


def _error_code(reply: http.Reply) -> str:
    code = _dict((_json(reply.body) or {}).get("error")).get("code")
    return code[:60] if isinstance(code, str) and code.replace("_", "").isalnum() else ""


def _tokens(body: Mapping[str, Any], sent: str, received: str) -> dict[str, Any]:
    usage = _dict(body.get("usage"))
    counts = [value if isinstance(value, int) and 0 <= value < 10_000_000 else 0 for value in (usage.get(sent), usage.get(received))]
    return {"input_tokens": counts[0], "output_tokens": counts[1]}


def _json(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
