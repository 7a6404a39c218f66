"""Columns of our own pages, which the published ones cannot give. The API neither takes nor describes them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from apps.insights.columns import Column, Dimension, Metric, Source
from apps.insights.forming import trimmed
from apps.insights.kinds import NEVER, Moment, Scope, Text, Truth


def path_is_new(column: Column, zone: ZoneInfo, scope: Scope) -> str:
    """SQL of whether no page was missing at an event's path before the range."""
    missing = "event_type = 'page_view' AND page = '' AND display_context = 'site'"
    return f"toInt8(url_path NOT IN {scope.define_history('missing_before', 'url_path', missing)})"


def finished_query(column: Column, zone: ZoneInfo, scope: Scope) -> str:
    """SQL of an event's text; of a run the last one is taken."""
    return trimmed(scope)


INTERNAL_DIMENSIONS = (
    Dimension(
        name="pathIsNew",
        label=_("New"),
        help=_(
            "Whether the site had no page view of a missing page with this path, in the context `site`,"
            " at any time before the range."
        ),
        kind=Truth(absent=NEVER),
        expression=path_is_new,
        source=Source.EVENTS,
    ),
    Dimension(
        name="askGoal",
        label=_("Goal"),
        help=_("What a reader wanted with a question to the AI assistant, where it was said."),
        kind=Text(absent=""),
        expression="goal",
        source=Source.EVENTS,
    ),
    Dimension(
        name="openedResult",
        label=_("Result"),
        help=_("What a search result led to: the id of its record, else of its page."),
        kind=Text(absent=""),
        expression="if(result_record = '', result_page, result_record)",
        source=Source.EVENTS,
    ),
    Dimension(
        name="entryPage",
        label=_("Entry page"),
        help=_("Path of a visit's first page view."),
        kind=Text(),
        expression="url_path",
        source=Source.VISITS,
    ),
    Dimension(
        name="exitPage",
        label=_("Exit page"),
        help=_("Path of a visit's last page view."),
        kind=Text(),
        expression="url_path",
        source=Source.VISITS,
        at_end=True,
    ),
    Dimension(
        name="finishedSearchQuery",
        label=_("Search"),
        help=_("The text that a run ended with, as it was typed, without spaces around it."),
        kind=Text(),
        expression=finished_query,
        source=Source.SEARCHES,
    ),
)

INTERNAL_METRICS = (
    Metric(
        name="pathsCount",
        label=_("Distinct paths"),
        help=_("How many different paths, exactly."),
        expression="uniqExact(url_path)",
        source=Source.EVENTS,
    ),
    Metric(
        name="firstSeen",
        label=_("First seen"),
        help=_("When the first of the events happened; `null` where there is none."),
        expression="toUnixTimestamp64Milli(minOrNull(timestamp))",
        source=Source.EVENTS,
        kind=Moment(),
    ),
    Metric(
        name="lastSeen",
        label=_("Last seen"),
        help=_("When the last of the events happened; `null` where there is none."),
        expression="toUnixTimestamp64Milli(maxOrNull(timestamp))",
        source=Source.EVENTS,
        kind=Moment(),
    ),
    Metric(
        name="visitsCount",
        label=_("Visits"),
        help=_("How many visits."),
        expression="count()",
        source=Source.VISITS,
    ),
    Metric(
        name="singleViewVisitsCount",
        label=_("Visits of one page"),
        help=_("How many visits with exactly one page view."),
        expression="countIf(views = 1)",
        source=Source.VISITS,
    ),
    # Whole numbers are divided, so that every engine and every test rounds alike.
    Metric(
        name="viewsPerVisit",
        label=_("Views per visit"),
        help=_("Page views divided by visits, rounded half up to four digits; 0 where there is no visit."),
        expression="intDivOrZero(20000 * sum(views) + count(), 2 * count()) / 10000",
        source=Source.VISITS,
    ),
    Metric(
        name="visitSeconds",
        label=_("Length of a visit"),
        help=_(
            "Mean seconds from a visit's first page view to its last, rounded half up to the millisecond;"
            " a visit of one view has 0, and so has no visit."
        ),
        expression="intDivOrZero(2 * sum(milliseconds) + count(), 2 * count()) / 1000",
        source=Source.VISITS,
    ),
    Metric(
        name="searchRunsCount",
        label=_("Searches"),
        help=_("How many runs."),
        expression="count()",
        source=Source.SEARCHES,
    ),
    Metric(
        name="clickedSearchRunsCount",
        label=_("Searches with a click"),
        help=_("How many runs after which a result was opened."),
        expression="countIf(clicked)",
        source=Source.SEARCHES,
    ),
    Metric(
        name="unclickedSearchRunsCount",
        label=_("Searches without a click"),
        help=_("How many runs after which no result was opened."),
        expression="countIf(NOT clicked)",
        source=Source.SEARCHES,
    ),
)
