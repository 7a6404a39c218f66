"""The admin pages of events and refusals: to be read and exported. Events come from the store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.events.exporting import FILES, ExportForm
from apps.events.latest import Wanted, headers, latest_events
from apps.events.models import Event, RefusalCount, RefusedEvent
from apps.events.wire import EARLIEST, EVENT_TYPES
from apps.organizations.people import who_of
from apps.sites.admin import Section, SiteAdmin
from apps.sites.models import Site

ANY = ("", _("any"))
PERIODS = {
    "hour": (timedelta(hours=1), _("last hour")),
    "day": (timedelta(days=1), _("last 24 hours")),
    "month": (timedelta(days=30), _("last 30 days")),
    "all": (None, _("any time")),
}
LAST_PAGE = 1_000


class EventFilter(forms.Form):
    """What the page's address asks for."""

    site = forms.ModelChoiceField(
        Site.objects.all(), required=False, label=_("Site"), empty_label=_("any"), widget=UnfoldAdminSelectWidget
    )
    type = forms.ChoiceField(
        choices=[ANY, *((name, name) for name in EVENT_TYPES)],
        required=False,
        label=_("Type"),
        widget=UnfoldAdminSelectWidget,
    )
    period = forms.ChoiceField(
        choices=[(name, label) for name, (_length, label) in PERIODS.items()],
        required=False,
        label=_("When"),
        widget=UnfoldAdminSelectWidget,
    )
    bots = forms.ChoiceField(
        choices=[ANY, ("false", _("people")), ("true", _("bots"))],
        required=False,
        label=_("Who"),
        widget=UnfoldAdminSelectWidget,
    )
    page = forms.IntegerField(min_value=1, max_value=LAST_PAGE, required=False, widget=forms.HiddenInput)

    def wanted(self) -> Wanted:
        """The valid form as what to list; without a period the last 24 hours."""
        given = self.cleaned_data
        length, _label = PERIODS[given["period"] or "day"]
        return Wanted(
            since=utc_now() - length if length else EARLIEST,
            site=given["site"].pk if given["site"] else None,
            event_type=given["type"],
            bots={"true": True, "false": False}.get(given["bots"]),
            page=given["page"] or 1,
        )


class SiteExportForm(ExportForm):
    """Of which site too."""

    site = forms.ModelChoiceField(
        Site.objects.select_related("organization"), label=_("Site"), widget=UnfoldAdminSelectWidget
    )
    first = forms.DateField(label=_("From"), widget=UnfoldAdminTextInputWidget({"type": "date"}))
    last = forms.DateField(label=_("To"), widget=UnfoldAdminTextInputWidget({"type": "date"}))
    form = forms.ChoiceField(label=_("File"), choices=FILES, widget=UnfoldAdminSelectWidget)
    field_order = ("site",)


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Nothing can be added, changed or deleted by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class RefusalAdmin(ReadOnlyAdmin):
    """What was refused, by site, reason and day. With its site it goes: that page asks for the right to delete it."""

    list_filter = (("site", RelatedDropdownFilter), ("reason", ChoicesDropdownFilter))
    list_filter_submit = True
    list_select_related = ("site",)
    list_display_links = None
    list_per_page = 50
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        page = request.resolver_match.url_name if request.resolver_match else None
        return not (page or "").startswith(f"{self.opts.app_label}_{self.opts.model_name}_")


@admin.register(RefusedEvent)
class RefusedEventAdmin(RefusalAdmin):
    """The last refusals of each site, one by one."""

    list_display = ("moment", "site", "reason", "place", "event_type", "host", "path")
    date_hierarchy = "refused_at"
    search_fields = ("place", "host", "path")
    search_help_text = _("Part of a place, a host or a path")

    @admin.display(description=_("refused at (UTC)"), ordering="refused_at")
    def moment(self, refused: RefusedEvent) -> str:
        return f"{refused.refused_at:%Y-%m-%d %H:%M:%S}"


@admin.register(RefusalCount)
class RefusalCountAdmin(RefusalAdmin):
    """How many were refused, by minute."""

    list_display = ("start", "site", "reason", "requests", "events")
    date_hierarchy = "minute"

    @admin.display(description=_("minute (UTC)"), ordering="minute")
    def start(self, count: RefusalCount) -> str:
        return f"{count.minute:%Y-%m-%d %H:%M}"


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """A list and an export, without the other pages that an admin has."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name="events_event_changelist"),
            path("export/", view(self.export), name="events_event_export"),
        ]

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """The events of some days of a site, as a file, for those who may see them here."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = SiteExportForm(request.POST or None, initial={"site": request.GET.get("site")})
        file = form.file_of(form.cleaned_data["site"], who=who_of(request)) if form.is_valid() else None
        if file is not None:
            return file
        context = {
            **self.admin_site.each_context(request),
            "title": _("Export some days' events"),
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "admin/export.html", context)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = EventFilter({"period": "day", **request.GET.dict()})
        context = {
            **self.admin_site.each_context(request),
            "title": _("Events"),
            "opts": self.opts,
            "form": form,
            **(_listed(request, form) if form.is_valid() else {}),
        }
        return TemplateResponse(request, "admin/events/event/list.html", context)


def _listed(request: HttpRequest, form: EventFilter) -> dict[str, Any]:
    """The rows and the ways to the neighbouring pages, or why there are none."""
    wanted = form.wanted()
    try:
        page = latest_events(wanted, utc_now())
    except Refusal as error:
        return {"trouble": error.message}
    titles = dict(Site.objects.values_list("pk", "title"))
    return {
        "table": {"headers": headers(), "rows": [_cells(row, titles) for row in page.rows]},
        "newer": _link(request, wanted.page - 1) if wanted.page > 1 else "",
        "older": _link(request, wanted.page + 1) if page.more and wanted.page < LAST_PAGE else "",
    }


def _cells(row: Mapping[str, Any], titles: Mapping[int, str]) -> list[str]:
    shown = {**row, "site": titles.get(row["site"], row["site"]), "timestamp": f"{row['timestamp']:%Y-%m-%d %H:%M:%S}"}
    return [str(value) for value in shown.values()]


def _link(request: HttpRequest, page: int) -> str:
    query = request.GET.copy()
    query["page"] = str(page)
    return f"?{query.urlencode()}"


@admin.display(description=_("As a file"))
def export_link(site: Site) -> SafeString:
    """The way to the export of a site's events, on its page."""
    address = f"{reverse('admin:events_event_export')}?site={site.pk}"
    return format_html(
        '<a class="text-primary-600 dark:text-primary-400" href="{}">{}</a>',
        address,
        gettext("Export some days' events"),
    )


SiteAdmin.sections.append(Section(_("Events"), (export_link,), permission="events.view_event"))
