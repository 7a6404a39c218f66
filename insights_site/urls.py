"""Every route of the service."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from insights_site.health import healthz

urlpatterns = [
    path("healthz", healthz),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.account.urls")),
    path("", include("apps.api.urls")),
    path("", include("apps.dashboard.urls")),
]
