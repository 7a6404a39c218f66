"""Search: what readers look for, and whether they find it. A search is what somebody finished typing."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.dashboard.drawings.totals import Totals
from apps.dashboard.drawings.trend import Trend
from apps.dashboard.measures import VISITORS, Measure, Ratio, Unit
from apps.dashboard.reports.declared import PEOPLE, Needed, Panel, Report, Sender, Width, is_, ranked

RUNS = Measure("searchRunsCount", _("Searches"))
CLICKED = Measure("clickedSearchRunsCount", _("With a click"))
UNCLICKED = Measure("unclickedSearchRunsCount", _("No click"))
SEARCHERS = Measure("visitorsCount", _("Searchers"))
RATE = Ratio((CLICKED,), (RUNS,), _("Click rate"), unit=Unit.PERCENT)
UNCLICKED_ONLY = {"column": "unclickedSearchRunsCount", "operator": "greaterThan", "values": [0]}
_NEEDED = Needed(_("Searches would fill it: the script on the documentation's pages sends them."), Sender.SCRIPT)

SEARCH = Report(
    name="search",
    title=_("Search"),
    note=_("Searches of people: of a text that is typed letter by letter, the last one counts."),
    panels=(
        Panel(
            name="totals",
            title=_("Totals"),
            drawing=Totals((RUNS, SEARCHERS, CLICKED, RATE)),
            where=(PEOPLE,),
            late=True,
            width=Width.FULL,
            needs=_NEEDED,
        ),
        Panel(
            name="searches",
            title=_("Searches over time"),
            drawing=Trend((RUNS, CLICKED)),
            where=(PEOPLE,),
            late=True,
            width=Width.FULL,
            needs=_NEEDED,
        ),
        ranked(
            "terms",
            _("Top terms"),
            "finishedSearchQuery",
            where=(PEOPLE,),
            measures=(RUNS, SEARCHERS, RATE),
            late=True,
            needs=_NEEDED,
        ),
        ranked(
            "unclicked",
            _("Terms without a click"),
            "finishedSearchQuery",
            where=(PEOPLE, UNCLICKED_ONLY),
            measures=(UNCLICKED, RUNS),
            late=True,
            needs=_("Every search led to a page, or there was none."),
        ),
        ranked(
            "results",
            _("Results opened"),
            "eventSearchQuery",
            "openedResult",
            where=(is_("eventType", "search_open_result"), PEOPLE),
            measures=(Measure("eventsCount", _("Opened")), VISITORS),
            headings=(_("Search"), _("Result")),
            late=True,
            width=Width.FULL,
            needs=_("Opened results of the search would fill it."),
        ),
    ),
    events=("search_type_query", "search_open_result"),
    counted=(is_("eventType", "search_type_query", "search_open_result"), PEOPLE),
)
