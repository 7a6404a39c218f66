"""Admin pages of prepared counts: what is counted, what waits, and having days counted anew."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter, RelatedDropdownFilter
from unfold.decorators import display

from apps.core.clock import utc_now
from apps.organizations.audit import record
from apps.rollups.models import FilledPeriod, State
from apps.rollups.recounting import count_again
from apps.rollups.status import can_be_counted_at, described, in_words, site_status
from apps.sites.admin import Section, SiteAdmin
from apps.sites.models import Site

LABELS = {State.DUE: "info", State.COUNTED: "success", State.LATE: "warning"}
"""State → colour of its label."""


class DayFilter(RangeDateFilter):  # type: ignore[misc]  # unfold has no types
    """From the first to the last of two days of UTC; a day that makes no sense is no limit."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[FilledPeriod]) -> QuerySet[FilledPeriod]:
        first, last = (self._day(end) for end in ("from", "to"))
        if first:
            queryset = queryset.filter(start__gte=first)
        return queryset.filter(start__lt=last + timedelta(days=1)) if last else queryset

    def _day(self, end: str) -> datetime | None:
        try:
            day = date.fromisoformat(self.used_parameters.get(f"{self.parameter_name}_{end}", ""))
        except ValueError:
            return None
        return datetime.combine(day, time(), UTC)


@admin.register(FilledPeriod)
class FilledPeriodAdmin(ModelAdmin):  # type: ignore[misc]
    """Nothing can be written by hand: a wrong record would make wrong figures."""

    list_display = ("period", "site", "level", "shown_state", "counted_events", "changed", "waiting")
    list_filter = (
        ("site", RelatedDropdownFilter),
        ("level", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("start", DayFilter),
    )
    list_filter_submit = True
    list_select_related = ("site",)
    list_per_page = 50
    ordering = ("-start",)
    search_fields = ("site__title", "=site__public_id")
    search_help_text = _("Title or id of a site")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each would be a count of all rows
    actions = ("rebuild_days",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: FilledPeriod | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: FilledPeriod | None = None) -> bool:
        """Not on the pages of periods. The page that deletes a site asks too: there they go with it."""
        page = request.resolver_match.url_name if request.resolver_match else None
        return not (page or "").startswith("rollups_filledperiod_")

    def has_rebuild_permission(self, request: HttpRequest) -> bool:
        """Who may change periods may have them counted anew."""
        return request.user.has_perm("rollups.change_filledperiod")

    @admin.action(description=_("Rebuild these days"), permissions=["rebuild"])
    def rebuild_days(self, request: HttpRequest, queryset: QuerySet[FilledPeriod]) -> None:
        """Have each UTC day counted anew that the chosen periods touch."""
        sites = list(Site.objects.filter(filled_periods__in=queryset).select_related("organization").distinct())
        with transaction.atomic():
            marked = count_again(queryset, utc_now())
            for site in sites if marked else ():
                record(request, "rebuild_rollups", site=site)
        if not marked:
            self.message_user(request, _("These days are due already: nothing had to be done."), messages.INFO)
            return
        sentence = ngettext(
            "%d period of these days is due now. It is counted anew in the background; until then its events are read.",
            "%d periods of these days are due now. They are counted anew in the background; until then their events"
            " are read.",
            marked,
        )
        self.message_user(request, sentence % marked, messages.SUCCESS)

    @admin.display(description=_("start (UTC)"), ordering="start")
    def period(self, period: FilledPeriod) -> str:
        return f"{period.start:%Y-%m-%d %H:%M}"

    @display(description=_("state"), ordering="state", label=LABELS)  # type: ignore[untyped-decorator]
    def shown_state(self, period: FilledPeriod) -> tuple[str, str]:
        return period.state, period.get_state_display()

    @admin.display(description=_("events"), ordering="events")
    def counted_events(self, period: FilledPeriod) -> str:
        return "–" if period.state == State.DUE else f"{period.events:,}"

    @admin.display(description=_("changed at (UTC)"), ordering="computed_at")
    def changed(self, period: FilledPeriod) -> str:
        return f"{period.computed_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description=_("waiting to be counted"))
    def waiting(self, period: FilledPeriod) -> str:
        moment = can_be_counted_at(period)
        if moment is None:
            return "–"
        ago = utc_now() - moment
        return gettext("for %s") % in_words(ago) if ago >= timedelta() else gettext("in %s") % in_words(-ago)


@admin.display(description=_("Hours, days and months"))
def prepared_counts(site: Site) -> str:
    """What the page of a site says about its prepared counts."""
    address = reverse("admin:rollups_filledperiod_changelist") + "?" + urlencode({"site__id__exact": site.pk})
    link = format_html(
        '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', address, gettext("Periods of this site")
    )
    lines = (*described(site_status(site, utc_now())), link)
    return format_html_join("", "<p>{}</p>", [(line,) for line in lines])


SiteAdmin.sections.append(Section(_("Prepared counts"), (prepared_counts,), permission="rollups.view_filledperiod"))
