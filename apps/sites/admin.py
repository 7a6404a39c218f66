"""Admin pages of sites."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.widgets import UnfoldAdminURLInputWidget

from apps.organizations.audited_admin import AuditedAdmin
from apps.organizations.people import who_of
from apps.sites.admin_filters import admin_filter
from apps.sites.filters import SiteFilter
from apps.sites.models import ShareLink, Site
from apps.sites.pausing import pause_ingest, resume_ingest
from apps.sites.sharing import revoke_link

Fact = Callable[[Site], str]


@dataclass(frozen=True, slots=True)
class Section:
    """Read-only facts at the end of a site's page, for those who have the permission."""

    title: str | Promise
    facts: tuple[Fact, ...]
    permission: str


@admin.register(Site)
class SiteAdmin(AuditedAdmin):
    noun = "site"
    list_display = ("title", "organization", "url", "visibility", "ingest_policy", "ingest_paused", "public_id")
    list_filter = (
        ("organization", RelatedDropdownFilter),
        admin_filter(SiteFilter, "visibility", _("visibility")),
        admin_filter(SiteFilter, "published", _("published")),
        admin_filter(SiteFilter, "paused", _("paused")),
        ("ingest_policy", ChoicesDropdownFilter),
    )
    list_filter_submit = True
    show_full_result_count = False
    actions = ("pause", "resume")
    list_select_related = ("organization",)
    search_fields = ("title", "url", "public_id")
    autocomplete_fields = ("organization",)
    readonly_fields = ("public_id", "created_at")
    sections: ClassVar[list[Section]] = []
    """What apps that know sites, but that sites do not know, add to the page."""
    formfield_overrides: ClassVar = {
        models.URLField: {"assume_scheme": "https", "widget": UnfoldAdminURLInputWidget},
    }

    @admin.action(description=_("Pause: refuse events"), permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        """From now on the chosen sites refuse events, in every process within seconds."""
        paused = sum(pause_ingest(site, who=who_of(request)) for site in queryset)
        self.message_user(request, ngettext("%d site was paused.", "%d sites were paused.", paused) % paused)

    @admin.action(description=_("Go on: take events again"), permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        resumed = sum(resume_ingest(site, who=who_of(request)) for site in queryset)
        self.message_user(request, ngettext("%d site goes on.", "%d sites go on.", resumed) % resumed)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Site], search_term: str
    ) -> tuple[QuerySet[Site], bool]:
        """What the API's ``search`` finds."""
        return SiteFilter({"search": search_term}, queryset).qs, False

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


@admin.register(ShareLink)
class ShareLinkAdmin(AuditedAdmin):
    """To be read and revoked: links are made on a site's Share page, which shows them once."""

    noun = "share_link"

    list_display = ("title", "site", "report", "locked", "expires_at", "last_used_at", "revoked_at", "created_by")
    list_filter = (("site", RelatedDropdownFilter), "revoked_at", "expires_at")
    list_filter_submit = True
    show_full_result_count = False
    list_select_related = ("site", "created_by")
    search_fields = ("title", "site__title", "public_id")
    fields = (
        "title",
        "public_id",
        "site",
        "report",
        "parameters",
        "locked",
        "embed_hosts",
        "expires_at",
        "created_by",
        "created_at",
        "last_used_at",
        "revoked_at",
    )
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ShareLink | None = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sites.change_sharelink")

    @admin.display(description=_("password"), boolean=True)
    def locked(self, link: ShareLink) -> bool:
        return link.has_password

    @admin.action(description=_("Revoke the selected links"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ShareLink]) -> None:
        """End the chosen links now; those that ended before keep their date."""
        ended = sum(revoke_link(link, who=who_of(request)) for link in queryset.select_related("site__organization"))
        self.message_user(request, ngettext("%d link was revoked.", "%d links were revoked.", ended) % ended)
