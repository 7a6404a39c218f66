"""Views for callers with a token, and the only ways by which they reach organizations and sites."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.http import HttpRequest
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.api.caches import sites_of_tokens
from apps.api.errors import Forbidden, MethodNotAllowed, NotFound
from apps.api.limits import let_in
from apps.api.middleware import ApiRequest
from apps.api.tracking import SITE_NOT_FOUND
from apps.organizations.audit import record
from apps.organizations.models import ApiToken, Organization, Scope
from apps.sites.models import Site


class ApiView(APIView):
    """A view whose refusals are answered by the middleware."""

    http_method_names = ["get", "head", "post", "patch", "delete"]  # noqa: RUF012  # Django's own declaration

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        raise MethodNotAllowed(request.method, self.allowed_methods)


class ScopedView(ApiView):
    """A view for callers with a token; ``scopes`` names what each method needs, or ``None`` for nothing else."""

    scopes: ClassVar[dict[str, Scope | None]] = {}

    @property
    def token(self) -> ApiToken:
        token = self.request.auth
        assert isinstance(token, ApiToken)  # noqa: S101  # HasScope has let only tokens in
        return token

    @property
    def context(self) -> dict[str, Any]:
        """What the published shapes need to know of the request."""
        return {"request": self.request, "token": self.token}

    @property
    def organization(self) -> Organization:
        """The organization of the route, where the token reaches it; raises ``NotFound``."""
        reachable = Organization.objects.for_token(self.token)
        organization = reachable.filter(public_id=self.kwargs["organization_id"]).first()
        if organization is None:
            raise NotFound("Organization not found")
        return organization

    @cached_property
    def site(self) -> Site:
        """The site of the route, where the token reaches it; raises ``NotFound``. Asks no database in steady state.

        The request is counted at it; raises ``TooManyRequests``.
        """
        kwargs: dict[str, Any] = self.kwargs
        request: ApiRequest = self.request._request  # type: ignore[assignment]  # the middleware's
        site = sites_of_tokens.get(request.raw_token or "", kwargs["organization_id"], kwargs["site_id"])
        if site is None:
            raise NotFound(SITE_NOT_FOUND)
        return let_in(request, site)

    @property
    def can_edit(self) -> bool:
        """Whether the token may change sites: by its scopes, and by what its person is now."""
        return self.token.allows(Scope.SITE_WRITE)

    def must_own(self) -> None:
        """Raises ``Forbidden`` where the token may not delete sites."""
        if not self.token.may_delete_sites:
            raise Forbidden("Only owners of the organization can delete its sites")

    def record(self, what: str, site: Site, **details: Any) -> None:
        """Tell the audit what the token's person does to a site; an organization's own token is told by its id."""
        who = self.token.user or self.token.public_id
        record(who, what, site=site, details={"token": self.token.prefix, **details})
