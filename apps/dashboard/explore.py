"""The Explore page of a site: any figures by any columns, and the explorations that its people keep."""

from __future__ import annotations

from dataclasses import replace

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.clock import utc_now
from apps.dashboard.address import Address
from apps.dashboard.controls import Controls
from apps.dashboard.editing import forget, keep, may_edit
from apps.dashboard.exploring import NAMES, Choices, Exploration, read_exploration
from apps.dashboard.frames import EXPLORE, find_site
from apps.dashboard.models import SavedReport
from apps.dashboard.panels import Links, PanelView, answer
from apps.dashboard.reports import Report
from apps.dashboard.saved_reports import NewReportForm, ReportForm
from apps.dashboard.scope import Scope, read_scope
from apps.dashboard.views import context_of, csv_of, narrowed_to, origin_of, suggested
from apps.sites.models import Site

REPORT = Report(
    name=EXPLORE,
    title=gettext_lazy("Explore"),
    note=gettext_lazy("All events are counted, of people and agents, but for those that filters leave out."),
)
_UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@cache_control(private=True, no_cache=True)
def explore(request: HttpRequest, organization: str, site_id: str) -> HttpResponse:
    """The page: what was chosen, its figures, the request for them, and the site's saved reports.

    Posted to, it keeps what its ``address`` shows under a title.
    """
    site = find_site(request, organization, site_id)
    if request.method != "POST":
        return _page(request, *read(site, Address.read(request.GET)))
    scope, chosen = read(site, Address.read(QueryDict(request.POST.get("address", ""))))
    form = NewReportForm(request.POST, instance=SavedReport(site=site, address=scope.address.encoded))
    if not keep(request, form):
        return _page(request, scope, chosen, form=form)
    return redirect(links_of(site).report + scope.address.link)


@require_safe
@login_required
@cache_control(private=True, no_cache=True)
def explore_csv(request: HttpRequest, organization: str, site_id: str) -> HttpResponse:
    """The rows that the page shows, as CSV."""
    scope, chosen = read(find_site(request, organization, site_id), Address.read(request.GET))
    panel = chosen.panel(scope)
    return csv_of(panel, scope, title=scope.site.title, limit=panel.rows)


@require_safe
@login_required
@cache_control(private=True, no_cache=True)
def narrow(request: HttpRequest, organization: str, site_id: str) -> HttpResponse:
    """The page narrowed to what the filter form says."""
    scope, _chosen = read(find_site(request, organization, site_id), Address.read(request.GET))
    return narrowed_to(request, REPORT, scope)


@require_safe
@login_required
@cache_control(private=True, no_cache=True)
def suggest(request: HttpRequest, organization: str, site_id: str) -> HttpResponse:
    """The part of the filter form that offers values."""
    scope, _chosen = read(find_site(request, organization, site_id), Address.read(request.GET))
    return suggested(request, REPORT, scope)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def saved_report(request: HttpRequest, organization: str, site_id: str, public_id: str) -> HttpResponse:
    """The way to a saved report, or to the page as a link of its form's says; posted to, its title is changed."""
    site = find_site(request, organization, site_id)
    report = get_object_or_404(site.saved_reports, public_id=public_id)
    there = f"{links_of(site).report}?"
    if request.method != "POST":
        return redirect(there + (request.GET.urlencode() or report.address))
    form = ReportForm(request.POST, instance=report, prefix=public_id)
    if not keep(request, form):
        return _page(request, *read(site, Address.read(QueryDict(report.address))), renaming=form)
    return redirect(there + report.address)


@require_POST
@login_required
def delete(request: HttpRequest, organization: str, site_id: str, public_id: str) -> HttpResponse:
    """Forget a saved report."""
    site = find_site(request, organization, site_id)
    report = get_object_or_404(site.saved_reports, public_id=public_id)
    address = report.address
    forget(request, report, ReportForm.noun)
    messages.success(request, _("The report is deleted."))
    return redirect(f"{links_of(site).report}?{address}")


def read(site: Site, address: Address) -> tuple[Scope, Exploration]:
    """What an address asks for. The scope's address has all that was understood of it."""
    scope = read_scope(site, address, now=utc_now())
    chosen, notes = read_exploration(address, scope)
    return replace(scope, address=chosen.put_in(scope.address), notes=(*scope.notes, *notes)), chosen


def links_of(site: Site) -> Links:
    return Links(report=reverse("dashboard:report", args=(site.organization.public_id, site.public_id, EXPLORE)))


def _page(
    request: HttpRequest,
    scope: Scope,
    chosen: Exploration,
    *,
    form: NewReportForm | None = None,
    renaming: ReportForm | None = None,
) -> HttpResponse:
    """The page; with a form that was rejected in place of a fresh one."""
    panel = chosen.panel(scope)
    view = PanelView(
        report=REPORT,
        panel=panel,
        scope=scope,
        links=links_of(scope.site),
        answer=answer(panel, scope),
        origin=origin_of(request),
        is_whole=True,
    )
    # The choices of this page mean nothing to those that the menu leads to.
    context = context_of(request, REPORT, replace(scope, address=scope.address.without(*NAMES))) | {
        "scope": scope,
        "controls": Controls(scope=scope),
        "query": scope.query,
        "choices": Choices(chosen=chosen, scope=scope),
        # The request stands beside the panel, not behind a button of it.
        "view": replace(view, origin=""),
        "asked": view,
        "saved": _saved(scope, renaming),
        "may_edit": may_edit(request, scope.site),
        "form": form or NewReportForm(instance=SavedReport(site=scope.site), initial={"address": scope.query}),
    }
    return render(request, "dashboard/explore.html", context, status=_UNPROCESSABLE if form or renaming else None)


def _saved(scope: Scope, renaming: ReportForm | None) -> list[tuple[SavedReport, ReportForm, bool]]:
    """The site's reports with a form for their title each, and whether the page shows it."""
    return [
        (
            each,
            renaming if renaming and renaming.instance == each else ReportForm(instance=each, prefix=each.public_id),
            each.address == scope.query,
        )
        for each in scope.site.saved_reports.select_related("created_by")
    ]
