"""Broken URLs: pages that were asked for and are not there."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.dashboard.drawings.ranking import Ranking
from apps.dashboard.drawings.redirects import Redirects
from apps.dashboard.drawings.rising import Newcomers
from apps.dashboard.drawings.totals import Totals
from apps.dashboard.drawings.trend import Trend
from apps.dashboard.measures import Measure, Unit
from apps.dashboard.reports.declared import PEOPLE, Panel, Report, Width, is_, ranked

MISSING = (is_("eventType", "page_view"), is_("page", None), is_("displayContext", "site"))
"""A page view without a page, in the context of the site. Source: contract.md, Track."""
BROKEN = (*MISSING, PEOPLE)
HITS = Measure("eventsCount", _("Hits"), is_unwanted=True)
READERS = Measure("visitorsCount", _("Visitors"), is_unwanted=True)
PATHS = Measure("pathsCount", _("Distinct URLs"), is_unwanted=True)
LAST = Measure("datetime", _("Last seen"), unit=Unit.MOMENT)
FIRST = Measure("firstSeen", _("First seen"), unit=Unit.MOMENT)
_NEEDED = _("Nothing is broken: nobody asked for a page that is not there.")

BROKEN_REPORT = Report(
    name="broken",
    title=_("Broken URLs"),
    note=_("Asked for by people; variants of an address are merged by path."),
    counted=BROKEN,
    panels=(
        Panel(
            name="totals",
            title=_("Totals"),
            drawing=Totals((HITS, READERS, PATHS)),
            where=BROKEN,
            width=Width.FULL,
            needs=_NEEDED,
        ),
        Panel(
            name="hits",
            title=_("Hits over time"),
            drawing=Trend((HITS, READERS, PATHS)),
            where=BROKEN,
            late=True,
            width=Width.FULL,
            needs=_NEEDED,
        ),
        ranked(
            "urls",
            _("Top broken URLs"),
            "urlPath",
            where=BROKEN,
            measures=(HITS, READERS, LAST),
            width=Width.FULL,
            late=True,
            rows=12,
            group="urls",
            tab=_("By path"),
            needs=_NEEDED,
        ),
        ranked(
            "origins",
            _("Where their readers came from"),
            "urlPath",
            "referrerDomain",
            where=BROKEN,
            measures=(HITS, READERS, LAST),
            width=Width.FULL,
            late=True,
            rows=12,
            group="urls",
            tab=_("With source"),
            needs=_NEEDED,
        ),
        Panel(
            name="redirects",
            title=_("Copy as redirects"),
            drawing=Redirects(),
            where=BROKEN,
            late=True,
            width=Width.FULL,
            rows=50,
            needs=_NEEDED,
        ),
        Panel(
            name="new",
            title=_("New in this range"),
            drawing=Newcomers(ranking=Ranking(dimensions=("urlPath",), measures=(HITS, FIRST))),
            where=(*BROKEN, is_("pathIsNew", True)),
            late=True,
            needs=_("No URL broke that was not broken before."),
        ),
        ranked(
            "referrers",
            _("By referrer"),
            "referrerDomain",
            where=BROKEN,
            measures=(HITS, READERS),
            late=True,
            needs=_NEEDED,
        ),
        ranked(
            "countries",
            _("By country"),
            "visitorGeoCountry",
            where=BROKEN,
            measures=(HITS, READERS),
            late=True,
            needs=_NEEDED,
        ),
        ranked(
            "devices",
            _("By device"),
            "visitorDevice",
            where=BROKEN,
            measures=(HITS, READERS),
            late=True,
            rows=5,
            needs=_NEEDED,
        ),
    ),
)
