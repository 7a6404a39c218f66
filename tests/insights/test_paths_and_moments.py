"""Internal columns of events: paths, goals, first and last moments, events and expected values written out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.insights.conftest import Desk
from tests.insights.events import event
from tests.insights.questions import columns, filtered

APRIL = {"from": "2026-04-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"}
MISSING = [filtered("page", "in", None), filtered("eventType", "in", "page_view")]
NEW = filtered("pathIsNew", "in", True)


def new_paths(desk: Desk, *filters: dict[str, Any]) -> list[Any]:
    order = {"by": {"column": "urlPath"}, "direction": "asc"}
    rows = desk.ask_inside("urlPath", "eventsCount", range=APRIL, where=[NEW, *filters], order=order)
    return [path for path, _count in rows]


def test_a_path_is_new_where_no_page_was_missing_there_before_the_range(desk: Desk) -> None:
    desk.holds(
        event("2024-01-01T00:00:00Z", url_path="/known"),
        event("2026-04-10T00:00:00Z", url_path="/known"),
        event("2026-04-10T00:00:00Z", url_path="/new"),
        event("2026-04-11T00:00:00Z", url_path="/new"),
    )
    assert new_paths(desk, *MISSING) == ["/new"]
    by_news = [{"column": "pathIsNew"}]
    answer = desk.answer({"range": APRIL, "groupBy": by_news, "select": columns("eventsCount")}, internal=True)
    assert [each["values"] for each in answer["columns"]] == [[True, False], [2, 1]]


@pytest.mark.parametrize(("at", "expected"), [("2026-03-31T23:59:59.999Z", []), ("2026-04-01T00:00:00Z", ["/lost"])])
def test_before_the_range_means_before_its_first_millisecond(desk: Desk, at: str, expected: list[str]) -> None:
    desk.holds(event(at, url_path="/lost"), event("2026-04-10T00:00:00Z", url_path="/lost"))
    assert new_paths(desk, *MISSING) == expected


@pytest.mark.parametrize(
    "earlier",
    [
        {"page": "p1"},
        {"display_context": "server"},
        {"event_type": "search_open"},
        {"url_path": "/other"},
    ],
)
def test_only_page_views_of_missing_pages_on_the_site_make_a_path_known(desk: Desk, earlier: dict[str, str]) -> None:
    desk.holds(
        event("2026-03-01T00:00:00Z", **{"url_path": "/lost", **earlier}),
        event("2026-04-10T00:00:00Z", url_path="/lost"),
    )
    assert new_paths(desk, *MISSING) == ["/lost"]


def test_another_site_s_history_makes_no_path_known(desk: Desk) -> None:
    desk.store.insert([{**event("2026-03-01T00:00:00Z", url_path="/lost"), "site": 2}])
    desk.holds(event("2026-04-10T00:00:00Z", url_path="/lost"))
    assert new_paths(desk, *MISSING) == ["/lost"]


def test_filters_of_the_question_are_not_filters_of_the_history(desk: Desk) -> None:
    desk.holds(
        event("2026-03-01T00:00:00Z", url_path="/lost", bot="googlebot"),
        event("2026-04-10T00:00:00Z", url_path="/lost"),
    )
    assert new_paths(desk, *MISSING, filtered("visitorBot", "in", "")) == []


def test_a_datetime_filter_does_not_move_the_start_of_the_range(desk: Desk) -> None:
    desk.holds(event("2026-04-05T00:00:00Z", url_path="/lost"), event("2026-04-10T00:00:00Z", url_path="/lost"))
    late = filtered("datetime", "greaterThan", "2026-04-08T00:00:00Z")
    assert new_paths(desk, *MISSING, late) == ["/lost"]


def test_what_is_not_new_can_be_asked_for(desk: Desk) -> None:
    desk.holds(event("2026-03-01T00:00:00Z", url_path="/known"), event("2026-04-10T00:00:00Z", url_path="/known"))
    known = {"range": APRIL, "where": [filtered("pathIsNew", "in", False)]}
    assert desk.ask_inside("eventsCount", **known) == [(1,)]
    assert desk.ask_inside("eventsCount", range=APRIL, where=[filtered("pathIsNew", "notIn", False)]) == [(0,)]


def test_first_and_last_moments_are_printed_to_the_second(desk: Desk) -> None:
    desk.holds(
        event("2026-04-11T10:00:00.999Z", url_path="/a"),
        event("2026-04-10T10:00:00.999Z", url_path="/a"),
        event("2026-04-12T00:00:00Z", url_path="/b"),
    )
    assert desk.ask_inside("urlPath", "eventsCount", "firstSeen", "lastSeen") == [
        ("/a", 2, "2026-04-10T10:00:00Z", "2026-04-11T10:00:00Z"),
        ("/b", 1, "2026-04-12T00:00:00Z", "2026-04-12T00:00:00Z"),
    ]


def test_moments_of_nothing_are_null(desk: Desk) -> None:
    assert desk.ask_inside("eventsCount", "firstSeen", "lastSeen") == [(0, None, None)]


def test_groups_can_be_ordered_and_filtered_by_their_moments(desk: Desk) -> None:
    desk.holds(
        event("2026-04-10T10:00:00Z", url_path="/a"),
        event("2026-04-12T10:00:00.001Z", url_path="/b"),
        event("2026-04-11T10:00:00Z", url_path="/c"),
        event("2026-04-01T10:00:00Z", url_path="/c"),
    )
    latest = {"by": {"column": "lastSeen"}, "direction": "desc"}
    assert [path for path, _n in desk.ask_inside("urlPath", "eventsCount", order=latest)] == ["/b", "/c", "/a"]
    since = [filtered("lastSeen", "greaterThan", "2026-04-11T09:59:59Z")]
    assert desk.ask_inside("urlPath", "firstSeen", where=since, order=latest) == [
        ("/b", "2026-04-12T10:00:00Z"),
        ("/c", "2026-04-01T10:00:00Z"),
    ]
    at_once = [filtered("firstSeen", "in", "2026-04-12T10:00:00.001Z")]
    assert desk.ask_inside("urlPath", "eventsCount", where=at_once) == [("/b", 1)]


def test_paths_are_counted_once_each(desk: Desk) -> None:
    desk.holds(event(url_path="/a"), event(url_path="/a", visitor=2), event(url_path="/a/"), event(url_path="/A"))
    assert desk.ask_inside("pathsCount", "eventsCount") == [(3, 4)]


def test_questions_are_counted_by_what_their_askers_wanted(desk: Desk) -> None:
    asked = {"event_type": "ask_question", "query": "How?"}
    desk.holds(event(**asked, goal="Upgrade"), event(**asked, goal="Upgrade"), event(**asked))
    assert desk.ask_inside("askGoal", "eventsCount") == [("Upgrade", 2), ("", 1)]
    assert desk.ask_inside("eventsCount", where=[filtered("askGoal", "notIn", None)]) == [(2,)]


def test_an_opened_result_is_its_record_or_else_its_page(desk: Desk) -> None:
    opened = {"event_type": "search_open_result", "query": "hooks"}
    desk.holds(
        event(**opened, result_record="r1", result_page="p1"),
        event(**opened, result_page="p1"),
        event(**opened, result_page="p1"),
        event(**opened),
    )
    assert desk.ask_inside("openedResult", "eventsCount") == [("p1", 2), ("r1", 1), ("", 1)]
