"""Internal columns are refused to whoever may not name them, and where they do not go together."""

from __future__ import annotations

from typing import Any

import pytest

from apps.insights.errors import QueryError
from apps.insights.services import resolve
from tests.insights.events import NOW
from tests.insights.questions import columns, filtered
from tests.insights.refusals import SITE, refused_part


def refused_inside(**parts: Any) -> tuple[str, str]:
    """Where, and with what sentence, our own pages' question is refused."""
    with pytest.raises(QueryError) as refused:
        resolve({"range": "lastYear", **parts}, site=SITE, now=NOW, internal=True)
    assert refused.value.status == 422
    return refused.value.path, refused.value.message


def test_an_internal_column_is_unknown_unless_it_is_allowed() -> None:
    asked = {"select": columns("eventsCount", "visitsCount")}
    assert refused_part(**asked) == "body.select.1.column"
    resolve({"range": "lastYear", **asked}, site=SITE, now=NOW, internal=True)


@pytest.mark.parametrize(
    ("parts", "place", "sentence"),
    [
        (
            {"select": columns("visitsCount", "searchRunsCount")},
            "body.select.1.column",
            "searchRunsCount is of searches, visitsCount of visits: ask for them apart",
        ),
        (
            {"groupBy": columns("entryPage"), "select": columns("lastSeen")},
            "body.select.0.column",
            "lastSeen is of events, entryPage of visits: ask for them apart",
        ),
        (
            {"select": columns("searchRunsCount"), "where": [filtered("pathIsNew", "in", True)]},
            "body.where.0.column",
            "pathIsNew is of events, searchRunsCount of searches: ask for them apart",
        ),
        (
            {"select": columns("visitsCount"), "order": {"by": {"column": "searchRunsCount"}, "direction": "asc"}},
            "body.order.by.column",
            "searchRunsCount is of searches, visitsCount of visits: ask for them apart",
        ),
    ],
)
def test_columns_of_two_sources_do_not_go_together(parts: Any, place: str, sentence: str) -> None:
    assert refused_inside(**parts) == (place, sentence)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("visitsCount", "visits are formed of certain types of events: leave this filter out"),
        ("searchRunsCount", "searches are formed of certain types of events: leave this filter out"),
    ],
)
def test_the_type_of_an_event_is_no_filter_of_visits_or_searches(name: str, sentence: str) -> None:
    where = [filtered("visitorBot", "in", ""), filtered("eventType", "in", "page_view")]
    assert refused_inside(select=columns(name), where=where) == ("body.where.1.column", sentence)
    assert refused_inside(where=[*where, filtered(name, "in", 1)]) == ("body.where.1.column", sentence)


def test_ratings_are_not_counted_over_visits() -> None:
    asked = columns("visitsCount", "pageFeedbackRating")
    assert refused_inside(select=asked) == ("body.select.1.column", "pageFeedbackRating cannot be counted over visits")
    order = {"by": {"column": "askResponseRating"}, "direction": "asc"}
    assert refused_inside(groupBy=columns("finishedSearchQuery"), order=order) == (
        "body.order.by.column",
        "askResponseRating cannot be counted over searches",
    )


def test_an_internal_metric_is_not_grouped_by() -> None:
    assert refused_inside(groupBy=columns("visitsCount"))[0] == "body.groupBy.0.column"


@pytest.mark.parametrize("value", [None, "", 1, "yes"])
def test_whether_a_path_is_new_is_true_or_false(value: Any) -> None:
    assert refused_inside(where=[filtered("pathIsNew", "in", value)])[0] == "body.where.0.values.0"


@pytest.mark.parametrize("value", [None, "", 1, "yesterday"])
def test_a_moment_is_compared_with_a_moment(value: Any) -> None:
    assert refused_inside(where=[filtered("lastSeen", "lessThan", value)])[0] == "body.where.0.values.0"
