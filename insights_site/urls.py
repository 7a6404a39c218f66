"""Every route of the service."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.views.decorators.http import require_http_methods
from django.views.generic import RedirectView

from insights_site.health import healthz, readyz
from insights_site.metrics import metrics

# One sign-in for all, and one page for one's own password, with their limits against guessing and their audit.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
password = require_http_methods(["GET", "HEAD", "POST"])(RedirectView.as_view(pattern_name="account_change_password"))
admin.site.password_change = admin.site.password_change_done = password  # type: ignore[assignment,method-assign]

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("admin/", admin.site.urls),
    path("accounts/", include("apps.organizations.urls")),
    path("", include("apps.api.urls")),
    path("", include("apps.dashboard.urls")),
]
