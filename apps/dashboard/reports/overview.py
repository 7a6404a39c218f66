"""Overview: how the site does at a glance, and what needs attention."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.dashboard.drawings.now import Now
from apps.dashboard.drawings.pictures import World
from apps.dashboard.drawings.rising import Risers
from apps.dashboard.drawings.totals import Totals
from apps.dashboard.drawings.trend import Trend
from apps.dashboard.measures import BAD, VISITORS, Measure, Ratio, Unit
from apps.dashboard.reports.broken import BROKEN
from apps.dashboard.reports.declared import AGENTS, PEOPLE, PEOPLE_READING, VIEWS_OF, Panel, Report, Width, is_, ranked
from apps.dashboard.reports.search import UNCLICKED, UNCLICKED_ONLY

_READING = is_("eventType", "page_view")
_ANSWERS = (is_("eventType", "ask_rate_response"), PEOPLE)
_HELPFUL = Measure("askResponseRating", _("Helpful"), part="positive", where=_ANSWERS)
_NOT_HELPFUL = Measure("askResponseRating", _("Not helpful"), part="negative", where=_ANSWERS)

OVERVIEW = Report(
    name="overview",
    title=_("Overview"),
    panels=(
        Panel(
            name="totals",
            title=_("Totals"),
            drawing=Totals(
                (
                    Measure("visitorsCount", _("Visitors"), where=PEOPLE_READING),
                    Measure("eventsCount", _("Page views"), where=PEOPLE_READING),
                    Measure("sessionsCount", _("Sessions"), where=PEOPLE_READING),
                    Measure("searchRunsCount", _("Searches"), where=(PEOPLE,)),
                    Measure("eventsCount", _("AI questions"), where=(is_("eventType", "ask_question"), PEOPLE)),
                    Ratio((_HELPFUL,), (_HELPFUL, _NOT_HELPFUL), _("Helpful answers"), unit=Unit.PERCENT),
                ),
                courses=True,
            ),
            late=True,
            width=Width.FULL,
        ),
        Panel(
            name="readers",
            title=_("People and agents"),
            drawing=Trend(
                (
                    Measure("eventsCount", _("Views by people"), where=(_READING, PEOPLE)),
                    Measure("eventsCount", _("Views by agents"), where=(_READING, AGENTS)),
                )
            ),
            late=True,
            width=Width.TWO_THIRDS,
        ),
        Panel(
            name="now",
            title=_("Reading now"),
            drawing=Now(),
            where=PEOPLE_READING,
            width=Width.THIRD,
            refresh=15,
        ),
        ranked("pages", _("Top pages"), "urlPath", late=True, width=Width.THIRD),
        Panel(
            name="countries",
            title=_("Countries"),
            drawing=World(measures=(VISITORS, VIEWS_OF)),
            where=PEOPLE_READING,
            late=True,
            width=Width.TWO_THIRDS,
        ),
        Panel(
            name="rising",
            title=_("Broken URLs that rose"),
            drawing=Risers(dimension="urlPath", measure=Measure("eventsCount", _("Hits"))),
            where=BROKEN,
            late=True,
            width=Width.THIRD,
            rows=5,
            needs=_("Nothing to mend: no missing page was asked for more often than before."),
        ),
        ranked(
            "badly-rated",
            _("Pages rated badly"),
            "urlPath",
            where=(is_("eventType", "page_post_feedback"), is_("eventPageFeedbackRating", "bad"), PEOPLE),
            measures=(BAD,),
            order="eventsCount",
            late=True,
            width=Width.THIRD,
            rows=5,
            needs=_("No page was rated badly."),
        ),
        ranked(
            "unclicked",
            _("Searches without a click"),
            "finishedSearchQuery",
            where=(PEOPLE, UNCLICKED_ONLY),
            measures=(UNCLICKED,),
            late=True,
            width=Width.THIRD,
            rows=5,
            needs=_("Every search led to a page."),
        ),
    ),
)
