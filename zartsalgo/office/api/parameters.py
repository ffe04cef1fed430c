"""The parameters of the schema, with what each means."""

from typing import Literal

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from zartsalgo.office.api.filters import DEFAULT_LIMIT, MAX_LIMIT
from zartsalgo.office.api.resources import Resource


def filters(*, resource: Resource) -> tuple[OpenApiParameter, ...]:
    """The filters of a list; more than one narrow it together."""
    text = OpenApiTypes.STR
    query: Literal["query"] = "query"
    slug = {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$", "minLength": 1, "maxLength": 50}
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
    since = f"No older than this ISO time, by {resource.newest_by}. Without a zone it is read as UTC."
    return (
        OpenApiParameter("client", slug, query, description="The client's short name, such as summit-roofing."),
        OpenApiParameter("lead", OpenApiTypes.UUID, query, description="The id of a lead."),
        OpenApiParameter("phone", text, query, description="A person's number in any spelling, such as +13035550123 or (303) 555-0123."),
        OpenApiParameter("since", OpenApiTypes.DATETIME, query, description=since),
        OpenApiParameter("limit", limit, query, description="How many on a page."),
        OpenApiParameter("after", text, query, description="Where the page starts: taken from next, not made by hand."),
    )


def id_of(*, resource: Resource) -> OpenApiParameter:
    return OpenApiParameter("id", OpenApiTypes.UUID, "path", description=f"The id of the {resource.one}.")
