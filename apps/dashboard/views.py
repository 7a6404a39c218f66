"""The pages: my sites, a site's report, one panel with all its rows, and CSV. They only translate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import get_script_prefix, reverse
from django.utils.text import slugify
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.dashboard import sparklines
from apps.dashboard.address import Address
from apps.dashboard.controls import Controls, Wanted, suggestions
from apps.dashboard.drawings.asking import Answer
from apps.dashboard.frames import find_site, frame
from apps.dashboard.panels import MOST_ROWS, PER_PAGE, Links, PanelView, Sheet, answer
from apps.dashboard.ranges import WEEK
from apps.dashboard.reports import READERS, REPORTS, TOTALS, Panel, Report
from apps.dashboard.scope import Scope, read_scope, tab_of
from apps.dashboard.tables import Table
from apps.organizations.holding import held
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
    context = {"cards": [_card(site) for site in found], "invitation": held(request)}
    return render(request, "dashboard/sites.html", context)


def _card(site: Site) -> SiteCard:
    scope = read_scope(site, Address((("range", WEEK), ("compare", "off"))), now=utc_now())
    week, trend = answer(TOTALS, scope), answer(READERS, scope)
    line = sparklines.course(trend.series) if trend.series else ""
    return SiteCard(site=site, totals=week, sparkline=line)


@require_safe
@login_required
def site(request: HttpRequest, organization: str, site_id: str) -> HttpResponse:
    """The home of a site: its overview."""
    found = find_site(request, organization, site_id)
    return redirect("dashboard:report", found.organization.public_id, found.public_id, "overview")


@require_safe
@login_required
@cache_control(private=True, no_cache=True)
def report(request: HttpRequest, organization: str, site_id: str, report_name: str) -> HttpResponse:
    """A report. Late panels are left to load by themselves, but for ``plain``: then all are there."""
    shown, scope = find_report(report_name), _scope(request, organization, site_id)
    views = cards(shown, scope, links_of(scope, shown), origin=origin_of(request))
    # Late ones say it themselves; who reads now says nothing about the range.
    answers = [view.answer for view in views if view.answer and not view.panel.late and not view.panel.refresh]
    context = {
        "panels": views,
        "is_silent": bool(answers) and not scope.is_ahead and all(found.is_empty for found in answers),
        "plain": "" if scope.choice("plain") else scope.with_choice("plain", "1"),
    }
    return render(request, "dashboard/report.html", context_of(request, shown, scope) | context)


@require_safe
@login_required
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Request")
def panel(request: HttpRequest, organization: str, site_id: str, report_name: str, panel_name: str) -> HttpResponse:
    """One panel: the part of a page that htmx asks for, or a page of its own with every row."""
    shown, scope = find_report(report_name), _scope(request, organization, site_id)
    asked = find_panel(shown, panel_name)
    view = PanelView(
        report=shown, panel=asked, scope=scope, links=links_of(scope, shown), answer=None, origin=origin_of(request)
    )
    if request.headers.get("HX-Request"):
        return render(request, "dashboard/panel.html", {"view": replace(view, answer=answer(asked, scope))})
    found = answer(asked, scope, limit=MOST_ROWS)
    paged: dict[str, object] = {}
    if asked.drawing.kind == "ranking" and found.table:
        found, paged = _paged(found, found.table, _sheet(Address.read(request.GET)), scope)
    view = replace(view, answer=found, is_whole=True)
    return render(request, "dashboard/panel_page.html", context_of(request, shown, scope) | {"view": view, **paged})


@require_safe
@login_required
@cache_control(private=True, no_cache=True)
def panel_csv(request: HttpRequest, organization: str, site_id: str, report_name: str, panel_name: str) -> HttpResponse:
    """Every row of a panel as CSV."""
    shown, scope = find_report(report_name), _scope(request, organization, site_id)
    return csv_of(find_panel(shown, panel_name), scope, title=scope.site.title)


@require_safe
@login_required
@cache_control(private=True, no_cache=True)
def narrow(request: HttpRequest, organization: str, site_id: str, report_name: str) -> HttpResponse:
    """The report narrowed to what the filter form says."""
    shown, scope = find_report(report_name), _scope(request, organization, site_id)
    return narrowed_to(request, shown, scope)


@require_safe
@login_required
@cache_control(private=True, no_cache=True)
def suggest(request: HttpRequest, organization: str, site_id: str, report_name: str) -> HttpResponse:
    """The part of the filter form that offers values."""
    return suggested(request, find_report(report_name), _scope(request, organization, site_id))


def narrowed_to(request: HttpRequest, shown: Report, scope: Scope) -> HttpResponse:
    """The way to a page that is narrowed to what its filter form says; where it names no value, a form with some."""
    wanted = Wanted.read(Address.read(request.GET))
    if wanted.shown and not wanted.values and not wanted.search:
        context = context_of(request, shown, scope) | {"heading": wanted.claim or wanted.shown.heading}
        return render(request, "dashboard/narrow.html", context | _suggested(wanted, shown, scope))
    try:
        offered = suggestions(wanted, scope, shown.counted) if wanted.search and not wanted.values else []
    except Refusal:
        offered = []
    return redirect(links_of(scope, shown).report + wanted.added_to(scope.address, offered).link)


def suggested(request: HttpRequest, shown: Report, scope: Scope) -> HttpResponse:
    """The values that readers of a page have of the column that its filter form names."""
    wanted = Wanted.read(Address.read(request.GET))
    return render(request, "dashboard/suggestions.html", _suggested(wanted, shown, scope))


def _suggested(wanted: Wanted, shown: Report, scope: Scope) -> dict[str, object]:
    """What is wanted, and the values that are offered for it, or why there are none now."""
    try:
        found = suggestions(wanted, scope, shown.counted)
        return {"wanted": wanted, "suggestions": found, "counts_everybody": not shown.counted}
    except Refusal as refusal:
        return {"wanted": wanted, "problem": refusal.message}


def cards(shown: Report, scope: Scope, links: Links, *, origin: str = "") -> list[PanelView]:
    """The panel that each card of a report shows, late ones without an answer yet unless it is ``plain``."""
    is_plain = bool(scope.choice("plain"))
    return [
        PanelView(
            report=shown,
            panel=panel,
            scope=scope,
            links=links,
            answer=None if panel.late and not is_plain else answer(panel, scope),
            origin=origin,
        )
        for panel in (_chosen(panels, scope) for panels in shown.cards)
    ]


def _chosen(panels: tuple[Panel, ...], scope: Scope) -> Panel:
    """The panel of a card whose tab stands in the address, or its first."""
    name = scope.choice(tab_of(panels[0].group))
    return next((panel for panel in panels if panel.name == name), panels[0])


def csv_of(asked: Panel, scope: Scope, *, title: str, limit: int = MOST_ROWS) -> HttpResponse:
    """A panel's rows as a file that is named after ``title``; 503 where the store does not answer."""
    found = answer(asked, scope, limit=limit)
    if found.table is None:
        return HttpResponse(found.problem, status=_UNAVAILABLE, content_type="text/plain; charset=utf-8")
    period = scope.period
    name = f"{slugify(title) or 'report'}-{asked.name}-{period.first_day}-{period.last_day}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(found.table.to_csv(), content_type="text/csv; charset=utf-8", headers=headers)


def find_report(name: str) -> Report:
    if name not in REPORTS:
        raise Http404
    return REPORTS[name]


def find_panel(shown: Report, name: str) -> Panel:
    found = shown.panel(name)
    if found is None:
        raise Http404
    return found


def links_of(scope: Scope, shown: Report) -> Links:
    """Where members reach a report of the site."""
    site = scope.site
    return Links(report=reverse("dashboard:report", args=(site.organization.public_id, site.public_id, shown.name)))


def _scope(request: HttpRequest, organization: str, site_id: str) -> Scope:
    return read_scope(find_site(request, organization, site_id), Address.read(request.GET), now=utc_now())


def _sheet(address: Address) -> Sheet:
    def number(name: str) -> int:
        text = address.get(name)
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0

    return Sheet(
        search=address.get("q"),
        sort=number("sort"),
        is_descending=address.get("desc") == "1",
        page=max(number("page"), 1),
    )


def _paged(found: Answer, table: Table, sheet: Sheet, scope: Scope) -> tuple[Answer, dict[str, object]]:
    """The answer with the rows of one page alone, and what leads to the others."""
    kept = sheet.of(table.rows)
    pages = max(-(-len(kept) // PER_PAGE), 1)
    page = min(sheet.page, pages)
    rows = tuple(kept[(page - 1) * PER_PAGE : page * PER_PAGE])
    sorts = [
        sheet.query(scope, sort=number, desc=int(not (sheet.sort == number and sheet.is_descending)), page=1)
        for number in range(1, len(table.headings) + 1)
    ]
    return replace(found, table=Table(table.headings, rows)), {
        "sheet": sheet,
        "rows": len(kept),
        "is_cut": found.is_cut,
        "most": MOST_ROWS,
        "sorts": list(zip(table.headings, sorts, strict=True)),
        "earlier": sheet.query(scope, page=page - 1) if page > 1 else "",
        "later": sheet.query(scope, page=page + 1) if page < pages else "",
    }


def origin_of(request: HttpRequest) -> str:
    """The address of this service, as the reader reached it, without a slash at its end."""
    return request.build_absolute_uri(get_script_prefix()).rstrip("/")


def context_of(request: HttpRequest, shown: Report, scope: Scope) -> dict[str, object]:
    """What the frame around a report needs."""
    today: date = scope.now.astimezone(scope.zone).date()
    return frame(request, scope.site, shown.name, query=scope.query) | {
        "report": shown,
        "scope": scope,
        "period": scope.period,
        "controls": Controls(scope=scope),
        "today": today,
        "query": scope.query,
    }
