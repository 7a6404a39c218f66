"""Admin pages of sites."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.functional import Promise
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminURLInputWidget

from apps.sites.models import Site

Fact = Callable[[Site], str]


@dataclass(frozen=True, slots=True)
class Section:
    """Read-only facts at the end of a site's page, for those who have the permission."""

    title: str | Promise
    facts: tuple[Fact, ...]
    permission: str


@admin.register(Site)
class SiteAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("title", "organization", "url", "visibility", "ingest_policy", "public_id")
    list_filter = ("organization", "visibility", "ingest_policy")
    list_select_related = ("organization",)
    search_fields = ("title", "url", "public_id")
    autocomplete_fields = ("organization",)
    readonly_fields = ("public_id", "created_at")
    sections: ClassVar[list[Section]] = []
    """What apps that know sites, but that sites do not know, add to the page."""
    formfield_overrides: ClassVar = {
        models.URLField: {"assume_scheme": "https", "widget": UnfoldAdminURLInputWidget},
    }

    def get_fieldsets(self, request: HttpRequest, obj: Site | None = None) -> list[Any]:
        facts = [(section.title, {"fields": section.facts}) for section in self._sections(request, obj)]
        return [*super().get_fieldsets(request, obj), *facts]

    def get_fields(self, request: HttpRequest, obj: Site | None = None) -> list[Any]:
        return [field for field in super().get_fields(request, obj) if isinstance(field, str)]

    def get_readonly_fields(self, request: HttpRequest, obj: Site | None = None) -> list[Any]:
        facts = [fact for section in self._sections(request, obj) for fact in section.facts]
        return [*super().get_readonly_fields(request, obj), *facts]

    def _sections(self, request: HttpRequest, site: Site | None) -> list[Section]:
        return [each for each in self.sections if site and request.user.has_perm(each.permission)]
