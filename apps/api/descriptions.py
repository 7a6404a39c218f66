"""What the OpenAPI document says of each operation: the arguments of ``extend_schema``."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.serializers import Serializer

from apps.api.pagination import LIST_PARAMETERS, list_schema
from apps.api.serializers import OrganizationOut, SiteIn, SiteOut, UserOut
from apps.segments.filters import SegmentFilter
from apps.sites.filters import YES_OR_NO, SiteFilter

TRUTHS = tuple(value for value, _label in YES_OR_NO)

ERRORS = {
    400: "The body is not JSON.",
    401: "No token, or one that is not valid.",
    403: "The token lacks the scope, or the member's role does not suffice.",
    404: "It does not exist, or the caller may not see it.",
    413: "The body is larger than 1 MiB.",
    422: "The schema refuses it; the message begins with the dotted place.",
    429: "Over the limit of this minute.",
    503: "The event store is not available; nothing of the request was stored.",
}
ERROR: dict[str, Any] = {"$ref": "#/components/schemas/Error"}

Description = dict[str, Any]


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(schema: Any) -> dict[tuple[int, str], Any]:
    return {(200, "application/json"): schema}


def _refusals(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    return {
        (status, "application/json"): OpenApiResponse(response=ERROR, description=ERRORS[status])
        for status in sorted({429, 503, *statuses})
    }


def _described(operation: str, tag: str, summary: str, **rest: Any) -> Description:
    return {"operation_id": operation, "tags": [tag], "summary": summary, **rest}


def _parameters(*names: tuple[str, dict[str, Any], str]) -> list[OpenApiParameter]:
    return [OpenApiParameter(name, type=schema, description=text) for name, schema, text in names]


def _schema_of(wanted: django_filters.Filter) -> dict[str, Any]:
    """What a filter of a list takes."""
    values = [value for value, _label in wanted.extra.get("choices", ())]
    if not values:
        return {"type": "string"}
    return {"type": "boolean"} if tuple(values) == TRUTHS else {"type": "string", "enum": values}


def _filters(wanted: type[django_filters.FilterSet]) -> list[OpenApiParameter]:
    return _parameters(*((name, _schema_of(each), str(each.label)) for name, each in wanted.base_filters.items()))


def _pages() -> list[OpenApiParameter]:
    return _parameters(*((each["name"], each["schema"], each["description"]) for each in LIST_PARAMETERS))


def _list_of(serializer: type[Serializer[Any]]) -> dict[str, Any]:
    return list_schema({"type": "array", "items": _reference(serializer.__name__)})


INFORMATION = _described(
    "getApiInformation",
    "Discovery",
    "Which release answers",
    auth=[{}],
    responses={
        **_json(
            {
                "type": "object",
                "required": ["version", "build"],
                "properties": {"version": {"type": "string"}, "build": {"type": "string", "format": "date-time"}},
            }
        ),
        **_refusals(401),
    },
)
USER = _described(
    "getAuthenticatedUser",
    "Discovery",
    "The person whom the token acts for (user:read)",
    responses={200: UserOut, **_refusals(401, 403)},
)
ORGANIZATIONS = _described(
    "listOrganizationsForAuthenticatedUser",
    "Discovery",
    "The organizations that the token reaches (organization:read)",
    parameters=_pages(),
    responses={**_json(_list_of(OrganizationOut)), **_refusals(401, 403, 422)},
)
ORGANIZATION = _described(
    "getOrganizationById",
    "Discovery",
    "An organization (organization:read)",
    responses={200: OrganizationOut, **_refusals(401, 403, 404)},
)
SITES = _described(
    "listSites",
    "Sites",
    "The sites of an organization (site:read)",
    parameters=[*_pages(), *_filters(SiteFilter)],
    responses={**_json(_list_of(SiteOut)), **_refusals(401, 403, 404, 422)},
)
SITE = _described(
    "getSiteById",
    "Sites",
    "A site (site:read)",
    responses={200: SiteOut, **_refusals(401, 403, 404)},
)
CREATE_SITE = _described(
    "createSite",
    "Sites",
    "Make a site (site:write)",
    request=SiteIn,
    responses={201: SiteOut, **_refusals(400, 401, 403, 404, 413, 422)},
)
CHANGE_SITE = _described(
    "updateSiteById",
    "Sites",
    "Change a site (site:write)",
    request=SiteIn,
    responses={200: SiteOut, **_refusals(400, 401, 403, 404, 413, 422)},
)
DELETE_SITE = _described(
    "deleteSiteById",
    "Sites",
    "Delete a site (site:write, of an owner or of the organization itself)",
    responses={
        204: OpenApiResponse(description="There was no such site."),
        205: OpenApiResponse(description="The site has been deleted."),
        **_refusals(401, 403, 404),
    },
)
AGGREGATE = _described(
    "aggregateSiteEvents",
    "Insights",
    "Ask a question about a site's events (site:insights:read)",
    request={"application/json": _reference("AggregateQuery")},
    responses={**_json(_reference("AggregateResult")), **_refusals(400, 401, 403, 404, 413, 422)},
)
SEGMENTS = _described(
    "listSiteVisitorSegments",
    "Insights",
    "Saved and detected segments of a site's visitors (site:insights:read)",
    parameters=[*_pages(), *_filters(SegmentFilter)],
    responses={
        **_json(list_schema({"type": "array", "items": _reference("VisitorSegment")})),
        **_refusals(401, 403, 404, 422),
    },
)
