"""Routes of the API and of the docs renderer."""

from __future__ import annotations

from django.urls import URLPattern, include, path, re_path

from apps.api import documents, pixel, renderer, script, tracking, views

_ORGANIZATION = "v1/orgs/<public_id:organization_id>"
_SITE = f"{_ORGANIZATION}/sites/<public_id:site_id>"

v1_patterns: list[URLPattern] = [
    path(f"{_SITE}/insights/events", tracking.track_events, name="track"),
    path(f"{_SITE}/insights/events/aggregate", views.AggregateView.as_view(), name="aggregate"),
    path(f"{_SITE}/insights/visitor-segments", views.SegmentsView.as_view(), name="segments"),
    path(_SITE, views.SiteView.as_view(), name="site"),
    path(f"{_ORGANIZATION}/sites", views.SitesView.as_view(), name="sites"),
    path(_ORGANIZATION, views.OrganizationView.as_view(), name="organization"),
    path("v1/orgs", views.OrganizationsView.as_view(), name="organizations"),
    path("v1/user", views.UserView.as_view(), name="user"),
    path("v1", views.InformationView.as_view(), name="information"),
]

_routes: list[URLPattern] = [
    *v1_patterns,
    path("v1/", views.InformationView.as_view()),  # so the official client writes it
    path("v1/openapi.json", documents.openapi_json, name="openapi"),
    path("v1/docs", documents.docs_page, name="docs"),
    path("insights.js", script.insights_script, name="script"),
    path("pixel.gif", pixel.pixel, name="pixel"),
    # The renderer asks below its site's base path.
    re_path(r"^(?:.*/)?~gitbook/__evt$", renderer.track_renderer_events, name="renderer-events"),
    re_path(r"^(?:.*/)?__session/2/$", renderer.identify_visitor, name="renderer-session"),
    re_path(r"^v1/(?P<rest>.*)$", views.unknown_operation, name="unknown"),
]

urlpatterns = [path("", include((_routes, "api")))]
