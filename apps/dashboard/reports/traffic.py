"""Traffic: what people read, where they came from, and with what."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.dashboard.drawings.attributes import Attributes
from apps.dashboard.drawings.pictures import Hours, World
from apps.dashboard.drawings.totals import Totals
from apps.dashboard.drawings.trend import Trend
from apps.dashboard.measures import SESSIONS, VIEWS, VISITORS, Mean, Measure, Ratio, Unit
from apps.dashboard.reports.declared import PEOPLE, PEOPLE_READING, VIEWS_OF, Panel, Report, Width, is_not, ranked

FROM_ELSEWHERE = (*PEOPLE_READING, is_not("referrerChannel", "internal"))
"""Those who came from another page of the site have no source."""
_TAGGED = _("Addresses with utm parameters, such as ?utm_source=newsletter, would fill it.")


def _third(name: str, title: Any, column: str, **options: Any) -> Panel:
    return ranked(name, title, column, late=True, width=Width.THIRD, **options)


def _campaign(name: str, column: str, tab: Any) -> Panel:
    return ranked(
        name,
        _("Campaigns"),
        column,
        where=(*PEOPLE_READING, is_not(column, "")),
        late=True,
        width=Width.THIRD,
        group="campaigns",
        tab=tab,
        needs=_TAGGED,
    )


VISITS = Measure("visitsCount", _("Sessions"))
"""A visit is the page views of one session, so that readers of the page see one word for both."""

TOTALS = Panel(
    name="totals",
    title=_("Totals"),
    drawing=Totals((VISITORS, VIEWS, SESSIONS, Ratio((VIEWS,), (SESSIONS,), _("Views per session")))),
    where=PEOPLE_READING,
    width=Width.FULL,
)
READERS = Panel(
    name="readers",
    title=_("Readers over time"),
    drawing=Trend(
        (VISITORS, VIEWS),
        breakdowns=(
            "urlPath",
            "referrerChannel",
            "referrerDomain",
            "visitorGeoCountry",
            "visitorLanguage",
            "visitorDevice",
            "visitorBrowser",
            "visitorOS",
            "siteSection",
            "siteSpace",
            "utmCampaign",
        ),
    ),
    where=PEOPLE_READING,
    width=Width.FULL,
)

TRAFFIC = Report(
    name="traffic",
    title=_("Traffic"),
    note=_("People only: bots and agents are not counted here."),
    counted=PEOPLE_READING,
    panels=(
        TOTALS,
        READERS,
        ranked("pages", _("Top pages"), "urlPath", late=True, group="pages", tab=_("Read")),
        ranked(
            "entries",
            _("Entry pages"),
            "entryPage",
            where=(PEOPLE,),
            measures=(VISITS, Measure("singleViewVisitsCount", _("Left at once"))),
            late=True,
            group="pages",
            tab=_("Entered"),
            of_visits=True,
        ),
        ranked(
            "exits",
            _("Exit pages"),
            "exitPage",
            where=(PEOPLE,),
            measures=(VISITS,),
            late=True,
            group="pages",
            tab=_("Left"),
            of_visits=True,
        ),
        ranked("sources", _("Traffic sources"), "referrerDomain", late=True, group="sources", tab=_("Domain")),
        ranked(
            "channels",
            _("Traffic sources"),
            "referrerChannel",
            where=FROM_ELSEWHERE,
            late=True,
            group="sources",
            tab=_("Channel"),
        ),
        ranked("referrers", _("Traffic sources"), "referrer", late=True, group="sources", tab=_("Full address")),
        Panel(
            name="visits",
            title=_("How long they stayed"),
            drawing=Totals(
                (
                    Mean(Measure("visitSeconds", _("Length of a session"), unit=Unit.SECONDS), VISITS),
                    Ratio(
                        (Measure("singleViewVisitsCount", _("Left at once")),),
                        (VISITS,),
                        _("Left at once"),
                        unit=Unit.PERCENT,
                        is_unwanted=True,
                    ),
                )
            ),
            where=(PEOPLE,),
            late=True,
            width=Width.FULL,
            of_visits=True,
        ),
        Panel(
            name="countries",
            title=_("Countries"),
            drawing=World(measures=(VISITORS, VIEWS_OF)),
            where=PEOPLE_READING,
            late=True,
            width=Width.TWO_THIRDS,
        ),
        _third("languages", _("Languages"), "visitorLanguage"),
        _campaign("campaign-sources", "utmSource", _("Source")),
        _campaign("campaign-media", "utmMedium", _("Medium")),
        _campaign("campaigns", "utmCampaign", _("Campaign")),
        _campaign("campaign-terms", "utmTerm", _("Term")),
        _campaign("campaign-contents", "utmContent", _("Content")),
        _third("devices", _("Devices"), "visitorDevice", rows=5),
        _third("browsers", _("Browsers"), "visitorBrowser", group="software", tab=_("Browser")),
        _third("systems", _("Systems"), "visitorOS", group="software", tab=_("System")),
        Panel(
            name="hours",
            title=_("Active hours"),
            drawing=Hours(measure=VIEWS),
            where=PEOPLE_READING,
            late=True,
            width=Width.TWO_THIRDS,
        ),
        Panel(
            name="attributes",
            title=_("Visitor attributes"),
            drawing=Attributes(measures=(VISITORS, VIEWS_OF)),
            where=PEOPLE_READING,
            late=True,
            width=Width.THIRD,
            needs=_("Claims about readers, such as their plan or role, sent with events, would fill it."),
        ),
    ),
)
