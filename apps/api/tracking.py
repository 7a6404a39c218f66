"""The tracking route: a plain Django view, because it is the busiest by far."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt

from apps.api.body import read_body
from apps.api.caches import public_sites, sites_of_tokens
from apps.api.callers import caller_of
from apps.api.doors import must_allow
from apps.api.errors import MethodNotAllowed, NotFound, Paused, Unauthorized
from apps.api.limits import let_in
from apps.api.middleware import ApiRequest
from apps.api.wishes import is_unwanted
from apps.core.clock import utc_now
from apps.events.once import Once
from apps.events.services import track
from apps.organizations.models import Scope
from apps.sites.models import IngestPolicy, Site

SITE_NOT_FOUND = "Site not found"
_PREFLIGHT_SECONDS = "86400"


@csrf_exempt
def track_events(request: ApiRequest, organization_id: str, site_id: str) -> HttpResponse:
    """POST …/insights/events: 204 once the events are durable."""
    if request.method == "OPTIONS":
        return preflight()
    if request.method != "POST":
        raise MethodNotAllowed(request.method, ("POST", "OPTIONS"))
    site = site_to_track(request, organization_id, site_id)
    if is_unwanted(request, site):
        return empty()
    caller = caller_of(request, trusted=request.api_token is not None)
    body = read_body(request)
    track(body, site=site, caller=caller, now=utc_now(), once=once_of(request, body))
    return empty()


def once_of(request: ApiRequest, body: bytes) -> Once | None:
    """What an ``Idempotency-Key`` asks for: it belongs to the token, or to all callers of the site without one."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    return Once(key=key, scope=f"token {request.api_token.pk}" if request.api_token else "", body=body)


def site_to_track(request: ApiRequest, organization_id: str, site_id: str) -> Site:
    """The site, where the caller may track on it: with a token's scope, or without one where its policy is public.

    Raises ``Paused`` where it takes no events for now.
    """
    if request.api_token is None or request.raw_token is None:
        return let_in(request, public_site_to_track(organization_id, site_id))
    must_allow(request.api_token, Scope.INSIGHTS_TRACK)
    return let_in(request, _not_paused(sites_of_tokens.get(request.raw_token, organization_id, site_id)))


def public_site_to_track(organization_id: str, site_id: str) -> Site:
    """The site, where everybody may track on it. Raises as ``site_to_track`` does."""
    site = public_sites.get(organization_id, site_id)
    if site is not None and site.ingest_policy != IngestPolicy.PUBLIC:
        raise Unauthorized("This site takes events only with an API token")
    return _not_paused(site)


def _not_paused(site: Site | None) -> Site:
    if site is None:
        raise NotFound(SITE_NOT_FOUND)
    if site.ingest_paused:
        raise Paused
    return site


def preflight() -> HttpResponse:
    """What a browser asks before it posts JSON from another origin; the origin's header is the middleware's."""
    response = empty()
    response["Access-Control-Allow-Methods"] = "POST, OPTIONS"
    response["Access-Control-Allow-Headers"] = "content-type, authorization, idempotency-key"
    response["Access-Control-Max-Age"] = _PREFLIGHT_SECONDS
    return response


def empty(status: int = 204) -> HttpResponse:
    """An answer without a body."""
    response = HttpResponse(status=status, content_type="")  # else Django works one out
    del response["Content-Type"]
    return response
