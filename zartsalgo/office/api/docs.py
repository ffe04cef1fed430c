"""The schema for programs at /api/schema/, and the same for people at /api/docs/, drawn on the server."""

import json
import shlex
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from zartsalgo.office.access import staff_only
from zartsalgo.office.api import openapi
from zartsalgo.office.api.auth import SignedInOrToken, TokenAuthentication
from zartsalgo.office.api.views import Api

# How a query parameter is tried out in the curl line of a list.
TRIED = "limit=2"


class SchemaView(Api):
    """The OpenAPI document as JSON, which is YAML as well."""

    schema = None  # type: ignore[assignment]  # not part of itself
    # The token first: its challenge is what a stranger is answered with.
    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [SignedInOrToken]

    def get(self, request: Request) -> Response:
        return Response(openapi.build())


@dataclass(frozen=True, kw_only=True)
class Field:
    """A parameter or a name of the body, for the page."""

    name: str
    where: str
    kind: str
    says: str
    required: bool


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One verb on one address, for the page."""

    anchor: str
    method: str
    path: str
    summary: str
    says: str
    fields: list[Field]
    answers: list[tuple[str, str]]
    curl: str
    example: str


def describe(*, document: dict[str, Any]) -> list[tuple[str, list[Operation]]]:
    """The operations of a document by tag, in its order."""
    groups: dict[str, list[Operation]] = {}
    for path, verbs in document["paths"].items():
        for method, operation in verbs.items():
            groups.setdefault(operation["tags"][0], []).append(_operation(method=method, path=path, operation=operation))
    return list(groups.items())


def _operation(*, method: str, path: str, operation: dict[str, Any]) -> Operation:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    good = operation["responses"]["200"]["content"]["application/json"]
    example = next(iter(good["examples"].values()))["value"]
    fields = [_parameter(parameter) for parameter in operation.get("parameters", [])]
    if body is not None:
        needed = body.get("required", [])
        fields += [_field(name, "body", schema, name in needed) for name, schema in body["properties"].items()]
    return Operation(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        says=operation["description"],
        fields=fields,
        answers=[(code, answer["description"]) for code, answer in operation["responses"].items()],
        curl=_curl(method=method, path=path, example=example, body=body, filtered=any(field.where == "query" for field in fields)),
        example=json.dumps(example, indent=2, ensure_ascii=False),
    )


def _parameter(parameter: dict[str, Any]) -> Field:
    field = _field(parameter["name"], parameter["in"], parameter["schema"], parameter.get("required", False))
    return Field(**{**field.__dict__, "says": parameter.get("description", "")})


def _field(name: str, where: str, schema: dict[str, Any], required: bool) -> Field:
    return Field(name=name, where=where, kind=_kind(schema), says=schema.get("description", ""), required=required)


def _kind(schema: dict[str, Any]) -> str:
    """A type in words."""
    kind = {"uuid": "id", "date-time": "time"}.get(schema.get("format", ""))
    if kind is None:
        kind = {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(schema["type"], schema["type"])
    if "minimum" in schema and "maximum" in schema:
        kind += f", {schema['minimum']} to {schema['maximum']}"
    if "default" in schema:
        kind += f", else {schema['default']}"
    return kind


def _curl(*, method: str, path: str, example: Any, body: dict[str, Any] | None, filtered: bool) -> str:
    row = example["delivery"] if "plan" in example else example
    address = settings.PUBLIC_URL + path.replace("{id}", str(row.get("id", ""))) + (f"?{TRIED}" if filtered else "")
    parts = ["curl", '-H "Authorization: Bearer $ZARTS_TOKEN"']
    if body is not None:
        parts += ['-H "Content-Type: application/json"', f"-d {shlex.quote(json.dumps(body['example']))}"]
    elif method != "get":
        parts.append(f"-X {method.upper()}")
    return " \\\n  ".join([*parts, f'"{address}"'])


@staff_only
def api_docs(request: HttpRequest) -> HttpResponse:
    """The page for people."""
    document = openapi.build()
    errors = [(code, meaning, sentence) for code, (meaning, sentence) in openapi.ERRORS.items()]
    context = {"groups": describe(document=document), "errors": errors}
    return render(request, "office/api_docs.html", context)
