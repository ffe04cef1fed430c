"""What the API accepts as a body: strict JSON of modest size. And what it answers: JSON, whatever was asked for."""

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from zartsalgo.lib import strict_json
from zartsalgo.office.api.errors import TooLarge

MAX_BODY_BYTES = 64 * 1024


class StrictJSONParser(BaseParser):
    """JSON by the rules of zartsalgo.lib.strict_json; anything else is a 400 with its sentence."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        try:
            body = stream.read(MAX_BODY_BYTES + 1)
        except OSError:
            raise ParseError("The body broke off. Nothing was changed; send it again.") from None
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge(f"The body is larger than {MAX_BODY_BYTES // 1024} KB. Nothing was changed.")
        try:
            return strict_json.load(body)
        except strict_json.Malformed as error:
            raise ParseError(str(error)) from None


class AlwaysJSON(DefaultContentNegotiation):
    """No 406 and no `?format=`: the API speaks JSON. A body is read when its type is application/json, its parameters aside."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type

    def select_parser(self, request: Request, parsers: Any) -> Any:
        named = str(request.content_type or "").split(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == named), None)


def read_names(data: Any, *, allowed: Iterable[str]) -> Mapping[str, Any]:
    """The body as an object that holds none but the allowed names. Raises ParseError (400) with a sentence."""
    if not isinstance(data, Mapping):
        raise ParseError(f"The body should be a JSON object, not {strict_json.kind_of(data)}.")
    allowed = list(allowed)
    if any(name not in allowed for name in data):
        expected = "it takes none here" if not allowed else f"it takes {' and '.join(allowed)}"
        raise ParseError(f"The body holds a name that is not known; {expected}.")
    return data
