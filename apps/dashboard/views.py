"""The pages: my sites, a site's report, one panel with all its rows, and CSV. They only translate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from apps.core.clock import utc_now
from apps.dashboard import sparklines
from apps.dashboard.frames import find_site, frame
from apps.dashboard.panels import Answer, PanelView, Scope, answer, zone_of
from apps.dashboard.ranges import RANGES, WEEK, read_period
from apps.dashboard.reports import MOST_ROWS, READERS, REPORTS, TOTALS, Panel, Report
from apps.sites.models import Site

_UNAVAILABLE = 503


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCard:
    """A site in the list, with its last seven days."""

    site: Site
    totals: Answer
    sparkline: str


@require_safe
@login_required
@cache_control(private=True, no_cache=True)
def sites(request: HttpRequest) -> HttpResponse:
    """My sites."""
    found = Site.objects.visible_to(request.user).select_related("organization")
    return render(request, "dashboard/sites.html", {"cards": [_card(site) for site in found]})


def _card(site: Site) -> SiteCard:
    now = utc_now()
    scope = Scope(site=site, period=read_period({"range": WEEK}, zone=zone_of(site), now=now), now=now)
    week, trend = answer(TOTALS, scope), answer(READERS, scope)
    line = sparklines.points(trend.series.values[0]) if trend.series and not trend.is_empty else ""
    return SiteCard(site=site, totals=week, sparkline=line)


@require_safe
@login_required
def site(request: HttpRequest, organization: str, site_id: str) -> HttpResponse:
    """The home of a site: its Traffic page, until there is an overview."""
    found = find_site(request, organization, site_id)
    return redirect("dashboard:report", found.organization.public_id, found.public_id, "traffic")


@require_safe
@login_required
@cache_control(private=True, no_cache=True)
def report(request: HttpRequest, organization: str, site_id: str, report_name: str) -> HttpResponse:
    """A report. Panels below the fold are left to load by themselves."""
    shown, scope = _report(report_name), _scope(request, organization, site_id)
    views = [_view(request, shown, panel, scope, late=panel.late) for panel in shown.panels]
    answers = [view.answer for view in views if view.answer is not None]
    context = {"panels": views, "is_silent": all(found.is_empty for found in answers)}
    return render(request, "dashboard/report.html", _context(request, shown, scope) | context)


@require_safe
@login_required
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Request")
def panel(request: HttpRequest, organization: str, site_id: str, report_name: str, panel_name: str) -> HttpResponse:
    """One panel: the part of a page that htmx asks for, or a page of its own with every row."""
    shown, scope = _report(report_name), _scope(request, organization, site_id)
    asked = _panel(shown, panel_name)
    if request.headers.get("HX-Request"):
        return render(request, "dashboard/panel.html", {"view": _view(request, shown, asked, scope)})
    view = _view(request, shown, asked, scope, limit=MOST_ROWS)
    return render(request, "dashboard/panel_page.html", _context(request, shown, scope) | {"view": view})


@require_safe
@login_required
@cache_control(private=True, no_cache=True)
def panel_csv(request: HttpRequest, organization: str, site_id: str, report_name: str, panel_name: str) -> HttpResponse:
    """Every row of a panel as CSV."""
    shown, scope = _report(report_name), _scope(request, organization, site_id)
    asked = _panel(shown, panel_name)
    found = answer(asked, scope, limit=MOST_ROWS)
    if found.table is None:
        return HttpResponse(found.problem, status=_UNAVAILABLE, content_type="text/plain; charset=utf-8")
    period = scope.period
    name = f"{slugify(scope.site.title) or 'site'}-{asked.name}-{period.first_day}-{period.last_day}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(found.table.to_csv(), content_type="text/csv; charset=utf-8", headers=headers)


def _scope(request: HttpRequest, organization: str, site_id: str) -> Scope:
    found, now = find_site(request, organization, site_id), utc_now()
    return Scope(site=found, period=read_period(request.GET.dict(), zone=zone_of(found), now=now), now=now)


def _report(name: str) -> Report:
    if name not in REPORTS:
        raise Http404
    return REPORTS[name]


def _panel(shown: Report, name: str) -> Panel:
    found = shown.panel(name)
    if found is None:
        raise Http404
    return found


def _view(
    request: HttpRequest, shown: Report, asked: Panel, scope: Scope, *, limit: int | None = None, late: bool = False
) -> PanelView:
    return PanelView(
        report=shown,
        panel=asked,
        scope=scope,
        answer=None if late else answer(asked, scope, limit=limit),
        origin=f"{request.scheme}://{request.get_host()}",
        limit=limit,
    )


def _context(request: HttpRequest, shown: Report, scope: Scope) -> dict[str, object]:
    """What the frame around a report needs."""
    today: date = scope.now.astimezone(scope.zone).date()
    return frame(request, scope.site, shown.name, query=urlencode(scope.period.parameters)) | {
        "report": shown,
        "period": scope.period,
        "ranges": RANGES.values(),
        "time_zone": scope.zone.key,
        "today": today,
        "query": urlencode(scope.period.parameters),
    }
