"""REST framework's doors: who calls, what the token allows, and that answers are JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from rest_framework.authentication import BaseAuthentication
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from apps.api.errors import Forbidden, Unauthorized
from apps.organizations.models import ApiToken, Scope, User

if TYPE_CHECKING:
    from rest_framework.views import APIView  # it reads the settings, which name the classes below


class AlwaysJson(BaseContentNegotiation):
    """The API speaks JSON, whatever ``Accept`` asks for."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        return next(iter(parsers), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class TokenAuthentication(BaseAuthentication):
    """The token that the middleware found. An organization's own acts for nobody."""

    def authenticate(self, request: Request) -> tuple[User | AnonymousUser, ApiToken] | None:
        token: ApiToken | None = request._request.api_token  # type: ignore[attr-defined]  # an ApiRequest
        return (token.user or AnonymousUser(), token) if token else None


class HasScope(BasePermission):
    """A token is needed, with the view's scope for the method (``ScopedView.scopes``); HEAD is GET.

    What a view answers without saying what it needs is a mistake of ours, and is answered to nobody.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, ApiToken):
            raise Unauthorized("An API token is needed: Authorization: Bearer …")
        scopes: dict[str, Scope | None] = getattr(view, "scopes", {})
        method = "GET" if request.method == "HEAD" else request.method or ""
        if method not in scopes and method in view.allowed_methods:
            raise ImproperlyConfigured(f"{type(view).__name__} names no scope for {method}.")
        scope = scopes.get(method)
        if scope is not None:
            must_allow(request.auth, scope)
        return True


def must_allow(token: ApiToken, scope: Scope) -> None:
    """Raises ``Forbidden`` where the token lacks the scope, or its person is now less than that needs."""
    if not token.holds(scope):
        raise Forbidden(f"The API token lacks the scope {scope.value}")
    if not token.allows(scope):
        raise Forbidden(f"Readers of the organization have no use of the scope {scope.value}")
