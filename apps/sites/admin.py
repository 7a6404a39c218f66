"""Admin pages of sites."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db import models
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminURLInputWidget

from apps.sites.models import Site


@admin.register(Site)
class SiteAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("title", "organization", "url", "visibility", "ingest_policy", "public_id")
    list_filter = ("organization", "visibility", "ingest_policy")
    list_select_related = ("organization",)
    search_fields = ("title", "url", "public_id")
    autocomplete_fields = ("organization",)
    readonly_fields = ("public_id", "created_at")
    formfield_overrides: ClassVar = {
        models.URLField: {"assume_scheme": "https", "widget": UnfoldAdminURLInputWidget},
    }
