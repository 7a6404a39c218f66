"""The REST routes under /v1, but tracking."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import descriptions as describe
from apps.api.access import ApiView, ScopedView
from apps.api.body import read_json
from apps.api.errors import NOT_AN_OPERATION, Forbidden, NotFound
from apps.api.pagination import Pages
from apps.api.release import BUILD, VERSION
from apps.api.serializers import OrganizationOut, SiteIn, SiteOut, UserOut
from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.insights.services import resolve
from apps.organizations.models import Organization, Scope
from apps.rollups.answers import plan, run_plan
from apps.rollups.metrics import asked_by
from apps.segments.filters import SegmentFilter
from apps.segments.services import list_segments
from apps.sites.filters import SiteFilter
from apps.sites.models import Site

SOURCE_HEADER = "X-Insights-Source"
"""What an answer was counted from: ``rollup``, ``raw`` or ``mixed``."""


class InformationView(ApiView):
    """GET /v1"""

    permission_classes = ()

    @extend_schema(**describe.INFORMATION)
    def get(self, request: Request) -> Response:
        return Response({"version": VERSION, "build": BUILD})


class UserView(ScopedView):
    """GET /v1/user"""

    scopes: ClassVar = {"GET": Scope.USER_READ}

    @extend_schema(**describe.USER)
    def get(self, request: Request) -> Response:
        return Response(UserOut(self.token.user, context={"request": request}).data)


class OrganizationsView(ScopedView):
    """GET /v1/orgs"""

    scopes: ClassVar = {"GET": Scope.ORGANIZATION_READ}

    @extend_schema(**describe.ORGANIZATIONS)
    def get(self, request: Request) -> Response:
        pages = Pages()
        page = pages.take(Organization.objects.for_token(self.token), request)
        return pages.answer([OrganizationOut(each, context=self.context).data for each in page])


class OrganizationView(ScopedView):
    """GET /v1/orgs/{organizationId}"""

    scopes: ClassVar = {"GET": Scope.ORGANIZATION_READ}

    @extend_schema(**describe.ORGANIZATION)
    def get(self, request: Request, organization_id: str) -> Response:
        return Response(OrganizationOut(self.organization, context=self.context).data)


class SitesView(ScopedView):
    """GET and POST /v1/orgs/{organizationId}/sites"""

    scopes: ClassVar = {"GET": Scope.SITE_READ, "POST": Scope.SITE_WRITE}

    @extend_schema(**describe.SITES)
    def get(self, request: Request, organization_id: str) -> Response:
        organization = self.organization
        sites = Site.objects.for_token(self.token).filter(organization=organization).select_related("organization")
        wanted = SiteFilter(request.query_params, queryset=sites)
        _refuse_nonsense(wanted)
        pages = Pages()
        page = pages.take(wanted.qs, request)
        context = self._context
        return pages.answer([SiteOut(each, context=context).data for each in page])

    @extend_schema(**describe.CREATE_SITE)
    def post(self, request: Request, organization_id: str) -> Response:
        organization = self.organization
        if self.token.only_some_sites:
            raise Forbidden("The API token is limited to some sites and cannot make others")
        given = _read(SiteIn(data=_body(request), context={"organization": organization}))
        with transaction.atomic():
            site = given.save()
            self.record("create_site", site)
        location = request.build_absolute_uri(reverse("api:site", args=[organization.public_id, site.public_id]))
        data = SiteOut(site, context=self._context).data
        return Response(data, status=201, headers={"Location": location})

    @property
    def _context(self) -> dict[str, Any]:
        return {"request": self.request, "can_edit": self.can_edit, "token": self.token}


class SiteView(ScopedView):
    """GET, PATCH and DELETE /v1/orgs/{organizationId}/sites/{siteId}"""

    scopes: ClassVar = {"GET": Scope.SITE_READ, "PATCH": Scope.SITE_WRITE, "DELETE": Scope.SITE_WRITE}

    @extend_schema(**describe.SITE)
    def get(self, request: Request, organization_id: str, site_id: str) -> Response:
        return self._answer(self.site)

    @extend_schema(**describe.CHANGE_SITE)
    def patch(self, request: Request, organization_id: str, site_id: str) -> Response:
        site = self.site
        given = _read(SiteIn(Site.objects.get(pk=site.pk), data=_body(request)))
        with transaction.atomic():
            changed = given.save()
            if given.validated_data:
                self.record("change_site", changed, fields=sorted(given.validated_data))
        return self._answer(changed)

    @extend_schema(**describe.DELETE_SITE)
    def delete(self, request: Request, organization_id: str, site_id: str) -> Response:
        organization = self.organization
        self.must_own()
        reachable = Site.objects.for_token(self.token).select_related("organization")
        site = reachable.filter(organization=organization, public_id=site_id).first()
        if site is None:
            return Response(status=204)
        with transaction.atomic():
            self.record("delete_site", site)
            site.delete()
        return Response(status=205)

    def _answer(self, site: Site) -> Response:
        context = {"request": self.request, "can_edit": self.can_edit, "token": self.token}
        return Response(SiteOut(site, context=context).data)


class AggregateView(ScopedView):
    """POST …/insights/events/aggregate"""

    scopes: ClassVar = {"POST": Scope.INSIGHTS_READ}

    @extend_schema(**describe.AGGREGATE)
    def post(self, request: Request, organization_id: str, site_id: str) -> Response:
        site = self.site
        planned = plan(resolve(read_json(request._request), site=site, now=utc_now()))
        with asked_by("api"):
            answer = run_plan(planned)
        return Response(answer.to_json(), headers={SOURCE_HEADER: planned.source.value})


class SegmentsView(ScopedView):
    """GET …/insights/visitor-segments"""

    scopes: ClassVar = {"GET": Scope.INSIGHTS_READ}

    @extend_schema(**describe.SEGMENTS)
    def get(self, request: Request, organization_id: str, site_id: str) -> Response:
        wanted = SegmentFilter(request.query_params, queryset=self.site.segments.all())
        _refuse_nonsense(wanted)
        pages = Pages()
        page = pages.take(list_segments(self.site, now=utc_now(), wanted=wanted), request)
        return pages.answer([segment.to_json() for segment in page])


@csrf_exempt
def unknown_operation(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Every other path under /v1."""
    raise NotFound(NOT_AN_OPERATION)


def _body(request: Request) -> object:
    return read_json(request._request)


def _refuse_nonsense(wanted: django_filters.FilterSet) -> None:
    """Raises ``Refusal`` with the place of the first value that is none of a filter's."""
    for name, problems in wanted.errors.items():
        raise Refusal(str(problems[0]), path=f"query.{name}")


def _read(serializer: SiteIn) -> SiteIn:
    """The serializer, valid; raises ``ValidationError`` with the place below ``body``."""
    if not serializer.is_valid():
        raise ValidationError({"body": serializer.errors})
    return serializer
