"""The Segments page of a site: saved and detected segments, making one, and two side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.dashboard import comparing, editing
from apps.dashboard.address import NOTHING, Address
from apps.dashboard.comparing import SIDES, Audience, read_audience
from apps.dashboard.controls import Choice, Controls
from apps.dashboard.frames import SEGMENTS, find_site
from apps.dashboard.panels import Links, PanelView, answer
from apps.dashboard.reports import Report
from apps.dashboard.reports.overview import OVERVIEW
from apps.dashboard.scope import Scope, read_scope
from apps.dashboard.segment_forms import SegmentForm, SegmentTitleForm
from apps.dashboard.tables import Cell, number_cell
from apps.dashboard.views import context_of, csv_of, links_of, narrowed_to, origin_of, suggested
from apps.segments.claim_sets import title_of
from apps.segments.models import VisitorSegment
from apps.segments.services import Segment, list_segments
from apps.sites.models import Site

REPORT = Report(name=SEGMENTS, title=gettext_lazy("Segments"))
MOST_SHOWN = 50
"""Detected segments on the page; the API lists them all."""
_UNPROCESSABLE = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A segment in the list. ``url`` is the overview for it, ``name`` its word in an address; only saved ones have a
    form.
    """

    segment: Segment
    name: str
    url: str
    form: SegmentTitleForm | None = None

    @property
    def claims(self) -> str:
        return comparing.name_of(self.segment.claims)

    @property
    def counts(self) -> tuple[Cell, ...]:
        """Its events, visitors and sessions."""
        found = self.segment
        return tuple(number_cell(count) for count in (found.events, found.visitors, found.sessions))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@cache_control(private=True, no_cache=True)
def segments(request: HttpRequest, organization: str, site_id: str) -> HttpResponse:
    """The page; posted to, a new segment is saved."""
    site = find_site(request, organization, site_id)
    if request.method != "POST":
        return _page(request, site)
    form = SegmentForm(request.POST, instance=VisitorSegment(site=site))
    if not editing.keep(request, form):
        return _page(request, site, form=form)
    return redirect(f"{_home(site)}?{Address((('left', form.instance.public_id),)).encoded}")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def saved_segment(request: HttpRequest, organization: str, site_id: str, public_id: str) -> HttpResponse:
    """The way to the overview of a saved segment's readers; posted to, its title is changed.

    A link of the page that shows a rejected title leads to the list.
    """
    site = find_site(request, organization, site_id)
    segment = get_object_or_404(site.segments, public_id=public_id)
    if request.method != "POST":
        asked = request.GET.urlencode()
        return redirect(f"{_home(site)}?{asked}" if asked else _overview(site, Address((("segment", public_id),))))
    form = SegmentTitleForm(request.POST, instance=segment, prefix=public_id)
    if not editing.keep(request, form):
        return _page(request, site, renaming=form)
    return redirect(_home(site))


@require_POST
@login_required
def delete(request: HttpRequest, organization: str, site_id: str, public_id: str) -> HttpResponse:
    """Delete a saved segment."""
    site = find_site(request, organization, site_id)
    editing.forget(request, get_object_or_404(site.segments, public_id=public_id), SegmentTitleForm.noun)
    messages.success(request, _("The segment is deleted."))
    return redirect(_home(site))


@require_safe
@login_required
@cache_control(private=True, no_cache=True)
def panel_csv(request: HttpRequest, organization: str, site_id: str, panel_name: str) -> HttpResponse:
    """Every row of a panel of one side, as CSV."""
    site = find_site(request, organization, site_id)
    scope, sides = read(site, Address.read(request.GET))
    for side, audience in sides.items():
        for panel in audience.panels(side):
            if panel.name == panel_name:
                return csv_of(panel, audience.narrow(scope), title=site.title)
    raise Http404


@require_safe
@login_required
@cache_control(private=True, no_cache=True)
def narrow(request: HttpRequest, organization: str, site_id: str) -> HttpResponse:
    """The comparison narrowed to what the filter form says."""
    scope, _sides = read(find_site(request, organization, site_id), Address.read(request.GET))
    return narrowed_to(request, REPORT, scope)


@require_safe
@login_required
@cache_control(private=True, no_cache=True)
def suggest(request: HttpRequest, organization: str, site_id: str) -> HttpResponse:
    """The part of the filter form that offers values."""
    scope, _sides = read(find_site(request, organization, site_id), Address.read(request.GET))
    return suggested(request, REPORT, scope)


def read(site: Site, address: Address) -> tuple[Scope, dict[str, Audience]]:
    """What an address asks for: the scope of both sides, and whom it compares."""
    asked = {side: address.get(side) for side in SIDES if address.get(side)}
    found = {side: read_audience(site, text) for side, text in asked.items()}
    sides = {side: audience for side, audience in found.items() if audience is not None}
    # Beside the segments that are compared there is no other.
    scope = read_scope(site, address.without("segment") if sides else address, now=utc_now())
    understood = scope.address
    for side, audience in sides.items():
        understood = understood.put(side, audience.name)
    notes = [_("A segment of this comparison is not there any more.")] if len(sides) < len(asked) else []
    return replace(scope, address=understood, notes=(*scope.notes, *notes)), sides


def _page(
    request: HttpRequest, site: Site, *, form: SegmentForm | None = None, renaming: SegmentTitleForm | None = None
) -> HttpResponse:
    """The page; with a form that was rejected in place of a fresh one."""
    scope, sides = read(site, Address.read(request.GET))
    context = context_of(request, REPORT, replace(scope, address=scope.address.without(*SIDES)))
    saved, detected, more, problem = _rows(scope, renaming)
    beginning = _beginning(scope, request.GET.get("claims", ""))
    context |= {
        "scope": scope,
        "controls": Controls(scope=scope),
        "query": scope.query,
        "views": _views(scope, sides, origin_of(request)),
        "are_compared": bool(sides),
        "offered": _offered(scope, sides, saved, detected),
        "beside": scope.address.without(*SIDES, "segment").pairs,
        "saved": saved,
        "detected": detected,
        "more": more,
        "problem": problem,
        "may_edit": editing.may_edit(request, site),
        "form": form or SegmentForm(instance=VisitorSegment(site=site), initial=beginning.fields),
        "beginning": beginning,
    }
    return render(request, "dashboard/segments.html", context, status=_UNPROCESSABLE if form or renaming else None)


def _views(scope: Scope, sides: dict[str, Audience], origin: str) -> list[PanelView]:
    """The panels of both sides, those that belong together beside each other."""
    home = links_of(scope, REPORT)
    columns = [
        [_view(panel, audience.narrow(scope), home, origin) for panel in audience.panels(side)]
        for side, audience in sides.items()
    ]
    return [view for row in zip(*columns, strict=True) for view in row]


def _view(panel: Any, scope: Scope, links: Links, origin: str) -> PanelView:
    return PanelView(
        report=REPORT, panel=panel, scope=scope, links=links, answer=answer(panel, scope), origin=origin, is_whole=True
    )


def _rows(scope: Scope, renaming: SegmentTitleForm | None) -> tuple[list[Row], list[Row], int, str]:
    """The saved segments, the greatest detected ones, how many more there are, and why none are known now."""
    site = scope.site
    try:
        found = list_segments(site, now=scope.now)
    except Refusal as refusal:
        return [], [], 0, refusal.message
    forms = {each.public_id: SegmentTitleForm(instance=each, prefix=each.public_id) for each in site.segments.all()}
    if renaming:
        forms[renaming.instance.public_id] = renaming
    saved = [
        Row(
            segment=each,
            name=each.public_id,
            url=_overview(site, Address((("segment", each.public_id),))),
            form=forms.get(each.public_id),
        )
        for each in found
        if each.public_id
    ]
    detected = [each for each in found if not each.public_id]
    shown = [
        Row(
            segment=each,
            name=comparing.name_of(each.claims),
            url=_overview(site, comparing.narrowed_to(each.claims)),
        )
        for each in detected[:MOST_SHOWN]
    ]
    return saved, shown, len(detected) - len(shown), ""


def _offered(
    scope: Scope, sides: dict[str, Audience], saved: list[Row], detected: list[Row]
) -> Iterator[tuple[str, str, list[Choice]]]:
    """For each side its name, its heading, and whom the form offers for it."""
    everybody = read_audience(scope.site, comparing.EVERYBODY)
    known = {everybody.name: everybody.title} if everybody else {}
    known |= {row.name: row.segment.title for row in (*saved, *detected)}
    known |= {each.name: each.title for each in sides.values()}
    for side, heading in zip(SIDES, (_("Compare"), _("with")), strict=True):
        chosen = sides[side].name if side in sides else ""
        choices = [Choice(label=title, value=name, is_chosen=name == chosen) for name, title in known.items()]
        yield side, heading, choices


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What the form begins with, and sentences of what narrowed the page and is not in it.

    ``unsaid`` are filters of claims that a segment cannot say, ``others`` what is no claim at all.
    """

    claims: dict[str, Any]
    unsaid: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @property
    def fields(self) -> dict[str, Any]:
        """The form's, filled in."""
        return {"claims": self.claims, "title": title_of(self.claims)[:128]} if self.claims else {}


def _beginning(scope: Scope, text: str) -> Beginning:
    """Claims of the address, else those that the page's filters ask for."""
    claims = comparing.read_object(text)
    if claims:
        return Beginning(claims=claims)
    claims, unsaid = comparing.claims_of(scope.filters)
    asked = bool(claims or unsaid)
    others = comparing.beside_claims(scope) if asked else []
    return Beginning(claims=claims, unsaid=unsaid, others=others)


def _home(site: Site) -> str:
    return reverse("dashboard:segments", args=(site.organization.public_id, site.public_id))


def _overview(site: Site, address: Address = NOTHING) -> str:
    return reverse("dashboard:report", args=(site.organization.public_id, site.public_id, OVERVIEW.name)) + address.link
