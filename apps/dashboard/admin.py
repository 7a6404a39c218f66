"""Admin pages of saved reports."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from apps.dashboard.models import SavedReport


@admin.register(SavedReport)
class SavedReportAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("title", "site", "created_by", "created_at")
    list_filter = ("site",)
    list_select_related = ("site", "created_by")
    search_fields = ("title", "site__title", "public_id")
    autocomplete_fields = ("site", "created_by")
    readonly_fields = ("public_id", "created_at")
