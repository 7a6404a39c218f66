"""Ads: how often they are shown and followed; only for sites that show some."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.dashboard.drawings.totals import Totals
from apps.dashboard.drawings.trend import Trend
from apps.dashboard.measures import Measure, Ratio, Unit
from apps.dashboard.reports.declared import PEOPLE, Panel, Report, Width, is_, ranked

_SHOWN = (is_("eventType", "ad_display"), PEOPLE)
_CLICKED = (is_("eventType", "ad_click"), PEOPLE)
IMPRESSIONS = Measure("eventsCount", _("Impressions"), where=_SHOWN)
CLICKS = Measure("eventsCount", _("Clicks"), where=_CLICKED)
_NEEDED = _("Advertisements on the site would fill it.")

ADS = Report(
    name="ads",
    title=_("Ads"),
    note=_("People only."),
    panels=(
        Panel(
            name="totals",
            title=_("Totals"),
            drawing=Totals((IMPRESSIONS, CLICKS, Ratio((CLICKS,), (IMPRESSIONS,), _("Click rate"), unit=Unit.PERCENT))),
            width=Width.FULL,
            needs=_NEEDED,
        ),
        Panel(
            name="over-time",
            title=_("Impressions and clicks over time"),
            drawing=Trend((IMPRESSIONS, CLICKS)),
            width=Width.FULL,
            needs=_NEEDED,
        ),
        ranked(
            "domains",
            _("By advertiser and placement"),
            "eventAdDomain",
            "eventAdPlacement",
            where=(),
            measures=(IMPRESSIONS, CLICKS, Ratio((CLICKS,), (IMPRESSIONS,), _("Click rate"), unit=Unit.PERCENT)),
            late=True,
            width=Width.FULL,
            needs=_NEEDED,
        ),
    ),
    events=("ad_display", "ad_click"),
    counted=(is_("eventType", "ad_display", "ad_click"), PEOPLE),
)
