"""Routes of the pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from apps.dashboard import views

app_name = "dashboard"

_SITE = "sites/<organization>/<site_id>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.sites, name="sites"),
    path(_SITE, views.site, name="site"),
    path(f"{_SITE}/<report_name>", views.report, name="report"),
    path(f"{_SITE}/<report_name>/<panel_name>.csv", views.panel_csv, name="csv"),
    path(f"{_SITE}/<report_name>/<panel_name>", views.panel, name="panel"),
]
