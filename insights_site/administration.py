"""The site that all pages of the administration belong to."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib import admin
from django.contrib.admin import sites
from unfold.apps import DefaultAppConfig
from unfold.sites import UnfoldAdminSite


class Administration(UnfoldAdminSite):  # type: ignore[misc]  # unfold has no types
    """Unfold's, but for what its search finds, which it keeps in the cache."""

    def _search_apps(self, app_list: list[dict[str, Any]], search_term: str) -> list[dict[str, str]]:
        """As plain dictionaries, which the templates read as well: the cache holds nothing else."""
        found = super()._search_apps(app_list, search_term)
        return [{name: str(value) for name, value in asdict(each).items()} for each in found]


class AdministrationConfig(DefaultAppConfig):  # type: ignore[misc]
    """Unfold, with that site in place of Django's."""

    def ready(self) -> None:
        admin.site = sites.site = Administration()
