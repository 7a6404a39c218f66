"""Admin pages of saved segments."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RelatedDropdownFilter

from apps.organizations.audited_admin import AuditedAdmin
from apps.segments.filters import SegmentFilter
from apps.segments.models import VisitorSegment
from apps.sites.admin_filters import admin_filter


@admin.register(VisitorSegment)
class VisitorSegmentAdmin(AuditedAdmin):
    noun = "segment"
    list_display = ("title", "site", "claims", "created_at")
    # “Detected” lists nothing, as in the API nothing of what is kept is detected.
    list_filter = (("site", RelatedDropdownFilter), admin_filter(SegmentFilter, "kind", _("kind")))
    list_filter_submit = True
    show_full_result_count = False
    list_select_related = ("site",)
    search_fields = ("title", "site__title", "public_id")
    search_help_text = _("Part of the title, of a claim or of a site's title; or an id")
    autocomplete_fields = ("site",)
    readonly_fields = ("public_id", "created_at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[VisitorSegment], search_term: str
    ) -> tuple[QuerySet[VisitorSegment], bool]:
        """What the API's ``search`` finds, and all segments of a site by its title."""
        of_sites = queryset.filter(site__title__icontains=search_term)
        return SegmentFilter({"search": search_term}, queryset).qs | of_sites, False
