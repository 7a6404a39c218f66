"""The Content-Security-Policy of every answer, what parts of pages get once a session has ended, and what all pages
get while the records cannot be read."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.urls import get_script_prefix, reverse

from apps.core.away import records_are_away

log = logging.getLogger(__name__)

HEADER = "Content-Security-Policy"
_NO_CONTENT = 204


def _policy(**directives: str) -> str:
    return "; ".join(f"{name.replace('_', '-')} {sources}" for name, sources in directives.items())


_BASE = {
    "default_src": "'none'",
    "script_src": "'self'",
    "style_src": "'self'",
    "img_src": "'self' data:",
    "font_src": "'self'",
    "connect_src": "'self'",
    "manifest_src": "'self'",
    "base_uri": "'none'",
    "form_action": "'self'",
    "frame_ancestors": "'none'",
}
PAGES = _policy(**_BASE)
# Unfold's scripts (Alpine) compile expressions out of attributes, and its pages have styles of their own.
ADMIN = _policy(**_BASE | {"script_src": "'self' 'unsafe-eval'", "style_src": "'self' 'unsafe-inline'"})


def framed_by(sources: str) -> str:
    """The policy of a page that the pages of ``sources`` may show in a frame."""
    return _policy(**_BASE | {"frame_ancestors": sources})


class ContentSecurityPolicy:
    """Sets the policy: strict for pages, looser below the admin's address only. A view may set its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_admin = request.path.startswith(_admin(get_script_prefix()))
        response.headers.setdefault(HEADER, ADMIN if is_admin else PAGES)
        return response


class SignInAnew:
    """Has a page that stood open for longer than its session go to the sign-in itself.

    Else htmx would follow the redirect, and put the sign-in where a part of the page was asked for.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.headers.get("HX-Request") and _leads_to_sign_in(response):
            # Not 401, of which browsers complain: nothing is wrong.
            return HttpResponse(status=_NO_CONTENT, headers={"HX-Refresh": "true", "Cache-Control": "no-store"})
        return response


class RecordsAway:
    """Says of a page that the database of the records does not answer, where that is what went wrong."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, _request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not records_are_away(error):
            return None
        log.warning("The database of the records does not answer: %s", error)
        # Without the request: who is there cannot be told now.
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "5"})


def _leads_to_sign_in(response: HttpResponse) -> bool:
    return urlsplit(response.get("Location", "")).path == resolve_url(settings.LOGIN_URL)


@lru_cache(maxsize=8)
def _admin(_prefix: str) -> str:
    """The admin's address below the prefix that the service is reached by: every answer asks for it."""
    return reverse("admin:index")
