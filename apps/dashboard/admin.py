"""Admin pages of saved reports."""

from __future__ import annotations

from django.contrib import admin
from unfold.contrib.filters.admin import RelatedDropdownFilter

from apps.dashboard.models import SavedReport
from apps.organizations.audited_admin import AuditedAdmin


@admin.register(SavedReport)
class SavedReportAdmin(AuditedAdmin):
    noun = "report"
    list_display = ("title", "site", "created_by", "created_at")
    list_filter = (("site", RelatedDropdownFilter),)
    list_filter_submit = True
    show_full_result_count = False
    list_select_related = ("site", "created_by")
    search_fields = ("title", "site__title", "public_id")
    autocomplete_fields = ("site", "created_by")
    readonly_fields = ("public_id", "created_at")
