"""Reading: the lists, one of each, and the names of the lists."""

import functools
from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer, URLField
from rest_framework.views import APIView

from zartsalgo.office.api import examples, parameters
from zartsalgo.office.api.auth import client_of
from zartsalgo.office.api.errors import plain_errors
from zartsalgo.office.api.filters import mark_of, read_filters, read_id
from zartsalgo.office.api.openapi import ApiSchema, Described
from zartsalgo.office.api.parsing import AlwaysJSON, StrictJSONParser
from zartsalgo.office.api.resources import ALL, LEADS, Resource


class Api(APIView):
    """What every address of the API shares. `described` is its part of the schema."""

    schema = ApiSchema()
    http_method_names = ["get", "head"]
    parser_classes = [StrictJSONParser]
    content_negotiation_class = AlwaysJSON
    metadata_class = None

    def described(self) -> Described:
        raise NotImplementedError

    def get_exception_handler(self) -> Any:
        return plain_errors

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response


class Index(Api):
    def get(self, request: Request) -> Response:
        return Response({resource.name: request.build_absolute_uri(f"/api/v1/{resource.name}/") for resource in ALL})

    def described(self) -> Described:
        named = {resource.name: URLField(help_text=resource.says) for resource in ALL}
        return Described(
            operation="lists",
            summary="Name the lists",
            says="The address of each list.",
            tag="start",
            answer=type("Lists", (Serializer,), named),
            example=examples.INDEX,
        )


class ListOf(Api):
    """A list, newest first, in pages of `limit`; `next` is the address of the next page or null."""

    resource: Resource = LEADS

    def get(self, request: Request) -> Response:
        filters = read_filters(query=request.query_params)
        rows = list(self.resource.chosen(filters=filters, client_id=client_of(request)))
        further = None
        if len(rows) > filters.limit:
            rows = rows[: filters.limit]
            query = request.query_params.copy()
            query["after"] = mark_of(moment=getattr(rows[-1], self.resource.newest_by), id=rows[-1].pk)
            further = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
        return Response({"results": self.resource.serializer(rows, many=True).data, "next": further})

    def described(self) -> Described:
        return Described(
            operation=f"{self.resource.name}_list",
            summary=f"List {self.resource.name}",
            says=f"{self.resource.says} Newest first.",
            tag=self.resource.name,
            answer=_page(self.resource),
            example={"results": [examples.ONE[self.resource.name]], "next": examples.next_page(name=self.resource.name)},
            parameters=parameters.filters(resource=self.resource),
            also=(400,),
        )


class OneOf(Api):
    """One row by its id."""

    resource: Resource = LEADS

    def get(self, request: Request, id: str) -> Response:
        return Response(self.resource.serializer(find(resource=self.resource, id=id, request=request)).data)

    def described(self) -> Described:
        return Described(
            operation=f"{self.resource.name}_one",
            summary=f"Read one {self.resource.one}",
            says=f"The {self.resource.one} with this id, as in the list.",
            tag=self.resource.name,
            answer=self.resource.serializer,
            example=examples.ONE[self.resource.name],
            parameters=(parameters.id_of(resource=self.resource),),
            also=(404,),
        )


def find(*, resource: Resource, id: str, request: Request) -> Any:
    """The row with this id. Raises NotFound (404) for one that is not there or beyond the caller's token, and for what is no id."""
    key = read_id(id)
    found = resource.within(client_id=client_of(request)).filter(pk=key).first() if key is not None else None
    if found is None:
        raise NotFound(f"There is no {resource.one} with this id.")
    return found


@functools.cache
def _page(resource: Resource) -> type[Serializer[Any]]:
    further = URLField(allow_null=True, help_text="The address of the next page; null on the last.")
    name = resource.name.capitalize()
    return type(f"{name}Page", (Serializer,), {"results": resource.serializer(many=True), "next": further})
