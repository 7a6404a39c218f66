"""The audit in the admin: to be read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter

from apps.organizations.audit import AuditEntry
from apps.organizations.audit_kinds import KINDS


class KindFilter(DropdownFilter):  # type: ignore[misc]  # unfold has no types
    """What was done, from a menu of all that can be: the table, which only grows, is not asked for it."""

    title = _("what")
    parameter_name = "what"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind) for kind in KINDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(what=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Nothing can be added, changed or deleted here."""

    list_display = ("at", "who", "what", "organization", "site", "origin", "details")
    list_filter = (KindFilter, ("at", RangeDateTimeFilter))
    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each would be a count of all rows
    search_fields = ("=site", "=organization", "=who", "=origin")
    search_help_text = _("Id of a site, an organization or a person, or a network")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False
