"""Admin pages of saved segments."""

from __future__ import annotations

from django.contrib import admin
from unfold.contrib.filters.admin import RelatedDropdownFilter

from apps.organizations.audited_admin import AuditedAdmin
from apps.segments.models import VisitorSegment


@admin.register(VisitorSegment)
class VisitorSegmentAdmin(AuditedAdmin):
    noun = "segment"
    list_display = ("title", "site", "claims", "created_at")
    list_filter = (("site", RelatedDropdownFilter),)
    list_filter_submit = True
    show_full_result_count = False
    list_select_related = ("site",)
    search_fields = ("title", "site__title", "public_id")
    autocomplete_fields = ("site",)
    readonly_fields = ("public_id", "created_at")
