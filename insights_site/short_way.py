"""The busiest route by a shorter way: what posts to the tracking route passes only what has a say about it.

The view, its limits and its errors are those of Django's own way; sessions, people, messages and the search through
all routes are left out. ``tests/api/test_short_way.py`` holds both ways to the same answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.urls import set_script_prefix
from django.utils.log import log_response
from django.utils.module_loading import import_string

from apps.api.middleware import ApiMiddleware, ApiRequest
from apps.api.tracking import track_events
from apps.core.ids import PUBLIC_ID_PATTERN
from apps.core.trace import ROUTE

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
DECIDING = (
    "wsgi.url_scheme",
    "SCRIPT_NAME",
    "SERVER_NAME",
    "SERVER_PORT",
    "HTTP_HOST",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
)
"""All that those look at of a request of this route: which host it is for, and whether it came encrypted."""
MOST_KINDS = 256

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
        environ[ROUTE] = "api:track"
        try:
            request = WSGIRequest(environ)
            response = self._handler(request)
        finally:
            close_old_connections()
        if response.status_code >= 400:
            log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request)
        headers = [*response.items(), *getattr(response, "added", ())]
        start_response(f"{response.status_code} {response.reason_phrase}", headers)
        return [response.content]


class _Passing:
    """The middleware of ``PASSED`` around a view, asked once for each kind of request.

    It looks at ``DECIDING`` alone: what it lets pass once, and the headers that it adds, it does and adds the next
    time. A kind that it answers itself (a host that is not allowed, a redirection) is asked about every time.
    """

    def __init__(self, view: _Handler) -> None:
        self._view = view
        self._chain = _around(view)
        self._probe = _around(lambda _request: HttpResponse(status=204, headers={"Content-Type": ""}))
        self._known: dict[tuple[object, ...], tuple[tuple[str, str], ...]] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        kind = tuple(map(request.META.get, DECIDING))
        added = self._known.get(kind)
        if added is None:
            set_script_prefix(request.META["SCRIPT_NAME"])  # as they make addresses; the view makes none
            self._learn(kind, request)
            return self._chain(request)
        response = self._view(request)
        # They go straight to the server: each costs Django as much as a cache.
        cast(Any, response).added = (*added, ("Content-Length", str(len(response.content))))
        return response

    def _learn(self, kind: tuple[object, ...], request: HttpRequest) -> None:
        if settings.DISALLOWED_USER_AGENTS:
            return
        answer = self._probe(request)
        if answer.status_code == 204:
            if len(self._known) >= MOST_KINDS:
                self._known = {}
            own = {"content-type", "content-length"}
            self._known[kind] = tuple((name, text) for name, text in answer.items() if name.lower() not in own)


def _around(view: _Handler) -> _Handler:
    handler: Any = view
    for name in reversed(PASSED):
        handler = convert_exception_to_response(import_string(name)(handler))
    return cast(_Handler, handler)


def _chain() -> _Handler:
    """What Django would build of the API's middleware, those of ``PASSED``, and the view."""
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

    api = ApiMiddleware(_Passing(view))
    door: Any = convert_exception_to_response(cast(Any, api))
    return cast(_Handler, door)
