"""The OpenAPI description, made from what each view says of itself."""

import functools
from dataclasses import dataclass
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from zartsalgo.office.api.serializers import Error

# A sentence of each kind, as an example and for what the number means here.
ERRORS = {
    400: ("A filter or the body cannot be read.", "The filter limit should be a whole number from 1 to 200."),
    401: ("No token, or none that is valid.", "This address needs a token: send the header Authorization: Bearer <token>."),
    403: ("The token may only read.", "This token may only read. Make one with script/manage api_token <username> --scope write."),
    404: ("There is nothing with this id.", "There is no lead with this id."),
    409: ("It is no longer in a state in which this can be done.", "This task was closed before."),
    413: ("The body is too large.", "The body is larger than 64 KB. Nothing was changed."),
    415: ("The body is not JSON.", "Send JSON in UTF-8 with the header Content-Type: application/json."),
}


@dataclass(frozen=True, kw_only=True)
class Described:
    """What a view says of itself. `also` are the error answers beside 401; `body` is a JSON schema with the example of one."""

    operation: str
    summary: str
    says: str
    tag: str
    answer: Any
    example: Any
    parameters: tuple[OpenApiParameter, ...] = ()
    body: dict[str, Any] | None = None
    also: tuple[int, ...] = ()


class ApiSchema(AutoSchema):
    """Takes everything from `view.described()`; nothing is guessed."""

    @property
    def _it(self) -> Described:
        described: Described = self.view.described()  # type: ignore[attr-defined]  # every view that has this schema is an Api
        return described

    def get_operation_id(self) -> str:
        return self._it.operation

    def get_summary(self) -> str:
        return self._it.summary

    def get_description(self) -> str:  # type: ignore[override]  # as in the base class, which differs from its own stubs
        return self._it.says

    def get_tags(self) -> list[str]:
        return [self._it.tag]

    def get_override_parameters(self) -> list[Any]:
        return list(self._it.parameters)

    def get_request_serializer(self) -> Any:
        return {"application/json": self._it.body} if self._it.body is not None else None

    def get_response_serializers(self) -> Any:
        it = self._it
        good = OpenApiResponse(it.answer, description=it.summary, examples=[OpenApiExample(it.operation, value=it.example)])
        return {200: good, **{code: _error(code) for code in (401, *it.also)}}


def _error(code: int) -> OpenApiResponse:
    meaning, sentence = ERRORS[code]
    return OpenApiResponse(Error, description=meaning, examples=[OpenApiExample(f"error_{code}", value={"error": sentence})])


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "zartsalgo.office.api.auth.TokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "A token made by `script/manage api_token <username>`."}


@functools.cache
def build() -> dict[str, Any]:
    """The whole document. The same for everybody, so it is made once per process."""
    # Enumerations stay where they are used: `status` means something else for a task than for a message.
    with patched_settings({"POSTPROCESSING_HOOKS": [], "SORT_OPERATION_PARAMETERS": False}):
        document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return document
