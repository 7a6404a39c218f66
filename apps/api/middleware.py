"""The API's door: token, limits, one shape for every error. Everything below ``/v1`` passes here."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.api.caches import tokens
from apps.api.errors import NOT_AN_OPERATION, TooManyRequests, Unauthorized, answer, error_response
from apps.api.limits import Usage, count_request
from apps.api.turned_away import note_turned_away
from apps.events.models import Reason
from apps.organizations.models import ApiToken

RENDERER_ROUTE = "/~gitbook/__evt"
TRACKING_ROUTE = "/insights/events"


class ApiRequest(HttpRequest):
    """A request that came through ``ApiMiddleware``."""

    api_token: ApiToken | None
    raw_token: str | None
    usage: Usage


class ApiMiddleware:
    """Find the token, count the request, and answer errors in the published shape."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: ApiRequest) -> HttpResponse:
        if not is_api(request.path_info):
            return self._get_response(request)
        raw, token, fault = bearer(request), None, None
        try:
            token = tokens.get(raw) if raw else None
        except Exception as error:  # the database is away: still an answer in the published shape
            fault = error
        request.api_token, request.raw_token = token, raw
        request.usage = count_request(request, token)
        if request.usage.exceeded:
            response = self._turn_away(request, TooManyRequests(request.usage.seconds_left))
        elif fault is not None:
            response = self._turn_away(request, fault, Reason.UNAVAILABLE)
        elif raw is not None and token is None:
            response = self._turn_away(request, Unauthorized("Invalid API token"))
        else:
            response = self._in_shape(request, self._get_response(request))
        request.usage.write_headers(response)  # of the site's limit, where the view found that to be tighter
        return self._finish(request, response)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Called by Django with whatever a view raised."""
        return self._turn_away(request, error) if is_api(request.path_info) else None

    def _turn_away(self, request: HttpRequest, error: Exception, reason: Reason | None = None) -> HttpResponse:
        note_turned_away(request, error, reason)
        return answer(error, plain=is_renderer(request))

    def _in_shape(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """What Django itself refused (a bad host, a request that no route takes) gets the published shape too."""
        if response.status_code < 400 or is_renderer(request) or response["Content-Type"] == "application/json":
            return response
        if response.status_code == 404:
            return error_response(404, NOT_AN_OPERATION)
        return error_response(response.status_code, response.reason_phrase)

    def _finish(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if request.path_info.endswith((TRACKING_ROUTE, RENDERER_ROUTE)):
            # Also on refusals: a browser can only read why it was refused where this is set.
            response["Access-Control-Allow-Origin"] = "*"
        return response


def is_api(path: str) -> bool:
    """Whether the API answers this path."""
    return path == "/v1" or path.startswith("/v1/") or path.endswith(RENDERER_ROUTE)


def is_renderer(request: HttpRequest) -> bool:
    """Whether this is the docs renderer's tracking route, whose errors are plain text."""
    return request.path_info.endswith(RENDERER_ROUTE)


def bearer(request: HttpRequest) -> str | None:
    """The token of the ``Authorization`` header; ``None`` without the header, ``""`` where it is no bearer token."""
    header = request.META.get("HTTP_AUTHORIZATION")
    if header is None:
        return None
    scheme, _, raw = header.partition(" ")
    return raw.strip() if scheme.lower() == "bearer" else ""
