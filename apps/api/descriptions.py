"""What the OpenAPI document says of each operation: the arguments of ``extend_schema``, written for callers."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.serializers import Serializer

from apps.api.pagination import LIST_PARAMETERS, list_schema
from apps.api.serializers import OrganizationOut, SiteIn, SiteOut, UserOut
from apps.events.schema import MAX_EVENTS
from apps.insights.query import MAX_COLUMNS, MAX_FILTERS, MAX_VALUES
from apps.organizations.models import Scope
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


def described(*sentences: str, scope: Scope | None = None) -> str:
    """The description of an operation, whose last words are the scope that it needs."""
    return " ".join((*sentences, *([f"Scope: {scope.value}."] if scope else [])))


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(schema: Any, text: str, *, status: int = 200) -> dict[tuple[int, str], OpenApiResponse]:
    return {(status, "application/json"): OpenApiResponse(response=schema, description=text)}


def _refusals(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    return {
        (status, "application/json"): OpenApiResponse(response=ERROR, description=ERRORS[status])
        for status in sorted({429, 503, *statuses})
    }


def _operation(name: str, tag: str, summary: str, description: str, **rest: Any) -> Description:
    return {"operation_id": name, "tags": [tag], "summary": summary, "description": description, **rest}


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


_EDITORS = "The token's person must be an editor or an owner now; an organization's own token may."
_NO_SUCH_FILTER = "A value that is none of a filter's is refused with 422 at query. and its name."

INFORMATION = _operation(
    "getApiInformation",
    "Discovery",
    "Which release answers",
    described(
        "Tells the version and when it was built.", "Needs no token; one that is not valid is refused all the same."
    ),
    auth=[{}],
    responses={
        **_answer(
            {
                "type": "object",
                "required": ["version", "build"],
                "properties": {"version": {"type": "string"}, "build": {"type": "string", "format": "date-time"}},
            },
            "The release.",
        ),
        **_refusals(401),
    },
)
USER = _operation(
    "getAuthenticatedUser",
    "Discovery",
    "The person whom the token acts for",
    described(
        "Tells the name and the address of the token's person.",
        "An organization's own token acts for nobody and is answered 403.",
        scope=Scope.USER_READ,
    ),
    responses={**_answer(UserOut, "The person."), **_refusals(401, 403)},
)
ORGANIZATIONS = _operation(
    "listOrganizationsForAuthenticatedUser",
    "Discovery",
    "The organizations that the token reaches",
    described(
        "Lists the one organization that the token belongs to, whatever others its person is a member of.",
        scope=Scope.ORGANIZATION_READ,
    ),
    parameters=_pages(),
    responses={**_answer(_list_of(OrganizationOut), "A page of the list."), **_refusals(401, 403, 422)},
)
ORGANIZATION = _operation(
    "getOrganizationById",
    "Discovery",
    "An organization",
    described(
        "Tells of the organization that the token belongs to, and what the token may do there; any other is 404.",
        scope=Scope.ORGANIZATION_READ,
    ),
    responses={**_answer(OrganizationOut, "The organization."), **_refusals(401, 403, 404)},
)
SITES = _operation(
    "listSites",
    "Sites",
    "The sites of an organization",
    described(
        "Lists, by title, the sites that the token and its person reach.",
        "Filters narrow the list and its count together.",
        _NO_SUCH_FILTER,
        scope=Scope.SITE_READ,
    ),
    parameters=[*_pages(), *_filters(SiteFilter)],
    responses={**_answer(_list_of(SiteOut), "A page of the list."), **_refusals(401, 403, 404, 422)},
)
SITE = _operation(
    "getSiteById",
    "Sites",
    "A site",
    described(
        "Tells of a site, and what the token may do with it; one that the token or its person does not reach is 404.",
        scope=Scope.SITE_READ,
    ),
    responses={**_answer(SiteOut, "The site."), **_refusals(401, 403, 404)},
)
CREATE_SITE = _operation(
    "createSite",
    "Sites",
    "Make a site",
    described(
        "Makes a site, named after the organization where the body has no title, public where it has no visibility.",
        "Location tells its address.",
        _EDITORS,
        "A token that is limited to some sites makes none: 403.",
        scope=Scope.SITE_WRITE,
    ),
    request=SiteIn,
    responses={**_answer(SiteOut, "The new site.", status=201), **_refusals(400, 401, 403, 404, 413, 422)},
)
CHANGE_SITE = _operation(
    "updateSiteById",
    "Sites",
    "Change a site",
    described("Changes what the body has, and leaves the rest.", _EDITORS, scope=Scope.SITE_WRITE),
    request=SiteIn,
    responses={**_answer(SiteOut, "The site as it is now."), **_refusals(400, 401, 403, 404, 413, 422)},
)
DELETE_SITE = _operation(
    "deleteSiteById",
    "Sites",
    "Delete a site",
    described(
        "Deletes a site for good; its events are erased in the background.",
        "The token's person must be an owner now; an organization's own token may.",
        "To repeat it does no harm.",
        scope=Scope.SITE_WRITE,
    ),
    responses={
        204: OpenApiResponse(description="There was no such site."),
        205: OpenApiResponse(description="The site has been deleted."),
        **_refusals(401, 403, 404),
    },
)
AGGREGATE = _operation(
    "aggregateSiteEvents",
    "Insights",
    "Ask a question about a site's events",
    described(
        "Counts a site's events, visitors and sessions within a range, exactly: filtered, grouped, ordered.",
        "Events that were answered 204 are counted.",
        f"At most {MAX_COLUMNS} columns, {MAX_FILTERS} filters and {MAX_VALUES:,} values a filter.",
        "A question that takes longer than 15 seconds is 503, one that needs too much memory 422.",
        scope=Scope.INSIGHTS_READ,
    ),
    request={"application/json": _reference("AggregateQuery")},
    responses={
        **_answer(_reference("AggregateResult"), "The columns, grouped ones that were not selected first."),
        **_refusals(400, 401, 403, 404, 413, 422),
    },
)
SEGMENTS = _operation(
    "listSiteVisitorSegments",
    "Insights",
    "Saved and detected segments of a site's visitors",
    described(
        "Lists the segments that editors saved, then the distinct sets of claims of the last 30 days, by visitors,",
        "each with its events, visitors and sessions of these days.",
        "Claims that tell people apart (e-mail addresses, more than 200 values) are left out of sets.",
        _NO_SUCH_FILTER,
        scope=Scope.INSIGHTS_READ,
    ),
    parameters=[*_pages(), *_filters(SegmentFilter)],
    responses={
        **_answer(list_schema({"type": "array", "items": _reference("VisitorSegment")}), "A page of the list."),
        **_refusals(401, 403, 404, 422),
    },
)
TRACK = described(
    f"Stores 1 to {MAX_EVENTS:,} events, all of them or none, each of a moment at most 5 minutes from now.",
    "Without a token where the site's policy is public, from the hostnames that it lists.",
    "A body is JSON whether it is called application/json or text/plain.",
    "A site that is paused answers 403.",
    "Readers who opted out, or whose browsers say so, are answered 204 and not counted.",
    scope=Scope.INSIGHTS_TRACK,
)
