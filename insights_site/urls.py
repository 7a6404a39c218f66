"""Every route of the service."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from insights_site.health import healthz, readyz
from insights_site.metrics import metrics

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("admin/", admin.site.urls),
    path("accounts/", include("apps.organizations.urls")),
    path("", include("apps.api.urls")),
    path("", include("apps.dashboard.urls")),
]
