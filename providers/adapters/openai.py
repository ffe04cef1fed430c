"""OpenAI and servers that speak its API: one question about what a customer said, one answer in a fixed shape.

Facts from platform.openai.com/docs (structured outputs, responses): `text.format` of type json_schema with `strict` needs every property
required and additionalProperties false; an answer is completed, incomplete (max_output_tokens, content_filter) or failed, and may hold a
refusal instead of text. Compatible servers often know only chat completions; the 404 of the newer address says so.
"""

from collections.abc import Sequence
from datetime import datetime

from providers.contract import Adapter, Credentials, Incoming, NotForUs, ParsedEvent, Question, Understanding


class OpenAIAdapter(Adapter):
    provider = "openai"
    label = "OpenAI"
    secret_name = "API key"  # noqa: S105
    hosts = ("api.openai.com",)
    can_understand = True

    def verify(self, *, request: Incoming, secrets: Sequence[str], now: datetime) -> bool:
        """Nothing comes in from a model: every post to the hook address is refused."""
        return False

    def parse(self, *, request: Incoming) -> list[ParsedEvent] | NotForUs:
        return NotForUs("OpenAI sends us nothing; it is only asked.")

    def understand(self, *, credentials: Credentials, question: Question, timeout_seconds: float) -> Understanding:
        from providers.adapters import _openai_client  # the SDK takes a second and 40 MB, and most processes never ask

        return _openai_client.ask(credentials=credentials, question=question, timeout_seconds=timeout_seconds)


ADAPTER = OpenAIAdapter()
