"""Where what is done now comes from: the request that is being answered, for whoever keeps a trace of it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from apps.core.callers import hashed_address
from apps.core.trace import ROUTE

_answered: ContextVar[HttpRequest | None] = ContextVar("answered", default=None)


class OriginMiddleware:
    """Remember the request while it is answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _answered.set(request)
        try:
            return self._get_response(request)
        finally:
            _answered.reset(token)

    def process_view(self, request: HttpRequest, *_view: object) -> None:
        """Called by Django once it has found the view: its route is told to the log, which is written outside."""
        if request.resolver_match is not None:
            request.META[ROUTE] = request.resolver_match.view_name


def current_origin() -> str:
    """The keyed hash of the caller's network; empty in commands and background work, which answer no request."""
    request = _answered.get()
    return hashed_address(request) if request else ""
