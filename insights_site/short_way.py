"""The busiest route by a shorter way: what posts to the tracking route passes only what has a say about it.

The view, its limits and its errors are those of Django's own way; sessions, people, messages and the search through
all routes are left out. ``tests/api/test_short_way.py`` holds both ways to the same answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIRequest, get_script_name
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.urls import set_script_prefix
from django.utils.log import log_response
from django.utils.module_loading import import_string

from apps.api.middleware import ApiMiddleware, ApiRequest
from apps.api.tracking import track_events
from apps.core.ids import PUBLIC_ID_PATTERN

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PASSED = (
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.dashboard.middleware.ContentSecurityPolicy",
)
"""Those of ``settings.MIDDLEWARE``, in its order, that have a say about a request of the tracking route, behind
the API's own, which is the first."""

_ROUTE = re.compile(rf"/v1/orgs/({PUBLIC_ID_PATTERN})/sites/({PUBLIC_ID_PATTERN})/insights/events")
_Handler = Callable[[HttpRequest], HttpResponse]


class ShortWay:
    """A WSGI application: the tracking route by itself, all else by Django."""

    def __init__(self, django: WSGIApplication) -> None:
        self._django = django
        self._handler = _chain()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST" or not _ROUTE.fullmatch(environ["PATH_INFO"]):
            return self._django(environ, start_response)
        set_script_prefix(get_script_name(environ))
        try:
            request = WSGIRequest(environ)
            response = self._handler(request)
        finally:
            close_old_connections()
        if response.status_code >= 400:
            log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request)
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return [response.content]


def _chain() -> _Handler:
    """The middleware of ``PASSED`` around the view, as Django would build it."""
    api: ApiMiddleware

    def view(request: HttpRequest) -> HttpResponse:
        route = _ROUTE.fullmatch(request.path_info)
        assert route is not None  # noqa: S101  # it was asked before
        try:
            return track_events(cast(ApiRequest, request), route[1], route[2])
        except Exception as error:  # as Django does: whatever a view raises
            refused = api.process_exception(request, error)
            if refused is None:
                raise
            return refused

    handler: Any = view
    for name in reversed(PASSED):
        handler = convert_exception_to_response(import_string(name)(handler))
    api = ApiMiddleware(handler)
    door: Any = convert_exception_to_response(cast(Any, api))
    return cast(_Handler, door)
