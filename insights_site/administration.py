"""The administration as an application of Django's."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import sites
from unfold.apps import DefaultAppConfig


class AdministrationConfig(DefaultAppConfig):  # type: ignore[misc]  # unfold has no types
    """Unfold, with our own site in place of Django's."""

    def ready(self) -> None:
        from insights_site.admin_site import Administration  # it needs the models

        admin.site = sites.site = Administration()
