"""A server of our own that speaks both forms of OpenAI's API, and answers as a test wants."""

import json
from typing import Any

KEY = "sk-test-0000"
GOOD: dict[str, Any] = {
    "claims": [
        {"text": "The roof leaks above the kitchen.", "for_client": True, "source": "s1", "quote": "roof is leaking above the kitchen"},
        {"text": "It will cost 900 dollars.", "for_client": False, "source": "s1", "quote": "it will cost 900 dollars"},
    ],
    "internal_text": "Leak above the kitchen since the storm.",
    "client_text": "A homeowner asked for a repair of a leak above the kitchen.",
    "next_action": "Call back today",
    "risk_flags": ["urgent"],
}


def response(answer: Any = GOOD, **changes: Any) -> dict[str, Any]:
    """The body of /v1/responses: reasoning first, then the message, as the models send it."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1795201200,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": "gpt-5.4-mini-2026-03-17",
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": content},
        ],
        "usage": {"input_tokens": 700, "output_tokens": 120, "total_tokens": 820},
        **changes,
    }


def refusal() -> dict[str, Any]:
    content = [{"type": "refusal", "refusal": "I cannot help with that."}]
    return response(output=[{"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": content}])


def chat(answer: Any = GOOD, *, finish: str = "stop", **message: Any) -> dict[str, Any]:
    """The body of /v1/chat/completions."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1795201200,
        "model": "local-model",
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, "refusal": None, **message}}],
        "usage": {"prompt_tokens": 650, "completion_tokens": 90, "total_tokens": 740},
    }


def error(code: str) -> dict[str, Any]:
    return {"error": {"message": "Something about +13035550123", "type": "invalid_request_error", "param": None, "code": code}}
