"""Searches: the runs of typed queries, rule by rule (docs/columns.md), events and expected figures written out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.insights.conftest import Desk
from tests.insights.events import event
from tests.insights.questions import columns, filtered

RUNS = ("finishedSearchQuery", "searchRunsCount", "clickedSearchRunsCount")


def typed(at: str, query: str, session: int = 1, **fields: Any) -> dict[str, Any]:
    """A typed query on the 20th of April at a time of the day."""
    return event(f"2026-04-20T{at}Z", session=session, event_type="search_type_query", query=query, **fields)


def opened(at: str, query: str, session: int = 1, **fields: Any) -> dict[str, Any]:
    """An opened result of the same day."""
    return event(f"2026-04-20T{at}Z", session=session, event_type="search_open_result", query=query, **fields)


def runs(desk: Desk, **body: Any) -> list[tuple[Any, ...]]:
    """The finished queries with their runs, and how many were clicked, by code point of the query."""
    by_query = {"by": {"column": "finishedSearchQuery"}, "direction": "asc"}
    return desk.ask_inside(*RUNS, order=by_query, **body)


def test_a_text_that_grows_is_one_search_for_what_it_became(desk: Desk) -> None:
    desk.holds(typed("10:00:00", "in"), typed("10:00:02", "inst"), typed("10:00:04", "install"))
    assert runs(desk) == [("install", 1, 0)]


def test_a_text_that_is_shortened_and_grows_again_is_the_same_search(desk: Desk) -> None:
    desk.holds(typed("10:00:00", "install"), typed("10:00:02", "in"), typed("10:00:04", "index"))
    assert runs(desk) == [("index", 1, 0)]


def test_another_text_is_another_search(desk: Desk) -> None:
    desk.holds(typed("10:00:00", "install"), typed("10:00:02", "deploy"), typed("10:00:04", "install"))
    assert runs(desk) == [("deploy", 1, 0), ("install", 2, 0)]


@pytest.mark.parametrize(("at", "searches"), [("10:00:30.000", 1), ("10:00:30.001", 2)])
def test_a_query_continues_the_run_for_30_seconds(desk: Desk, at: str, searches: int) -> None:
    desk.holds(typed("10:00:00", "install"), typed(at, "install it"))
    assert desk.ask_inside("searchRunsCount") == [(searches,)]


def test_the_30_seconds_are_between_two_queries_not_from_the_first(desk: Desk) -> None:
    desk.holds(typed("10:00:00", "i"), typed("10:00:25", "in"), typed("10:00:50", "ins"))
    assert runs(desk) == [("ins", 1, 0)]


def test_texts_are_compared_trimmed_and_in_lower_case_and_printed_as_typed(desk: Desk) -> None:
    desk.holds(typed("10:00:00", "  INST"), typed("10:00:02", "inst"), typed("10:00:04", "\tInstall Ä\u00a0\u3000\n"))
    assert runs(desk) == [("Install Ä", 1, 0)]
    desk.holds(typed("11:00:00", "install ä"))
    assert runs(desk) == [("Install Ä", 1, 0), ("install ä", 1, 0)]


def test_a_text_that_is_deleted_to_nothing_leaves_the_last_one_that_was_there(desk: Desk) -> None:
    desk.holds(typed("10:00:00", "install"), typed("10:00:02", ""), typed("10:00:03", "  "))
    assert runs(desk) == [("install", 1, 0)]
    assert desk.ask_inside("eventsCount", where=[filtered("searchRunsCount", "greaterThan", 0)]) == [(1,)]


def test_nothing_but_empty_texts_is_no_search(desk: Desk) -> None:
    desk.holds(typed("10:00:00", ""), typed("10:00:02", " \u00a0"))
    assert runs(desk) == []


def test_an_empty_text_between_two_others_does_not_join_them(desk: Desk) -> None:
    desk.holds(typed("10:00:00", "install"), typed("10:00:02", ""), typed("10:00:04", "deploy"))
    assert runs(desk) == [("deploy", 1, 0), ("install", 1, 0)]
    desk.holds(typed("11:00:00", "lim", 2), typed("11:00:02", "", 2), typed("11:00:04", "limits", 2))
    assert runs(desk)[-1] == ("limits", 1, 0)


def test_a_run_is_clicked_when_a_result_is_opened_before_the_next_run(desk: Desk) -> None:
    desk.holds(
        typed("10:00:00", "install"),
        typed("10:05:00", "deploy"),
        opened("11:30:00", "anything"),
        opened("11:31:00", ""),
        typed("12:00:00", "limits"),
    )
    assert runs(desk) == [("deploy", 1, 1), ("install", 1, 0), ("limits", 1, 0)]
    assert desk.ask_inside("searchRunsCount", "clickedSearchRunsCount", "unclickedSearchRunsCount") == [(3, 1, 2)]


def test_an_opened_result_ends_the_run(desk: Desk) -> None:
    desk.holds(typed("10:00:00", "install"), opened("10:00:05", "install"), typed("10:00:10", "install it"))
    assert runs(desk) == [("install", 1, 1), ("install it", 1, 0)]


def test_a_click_in_another_session_is_none(desk: Desk) -> None:
    desk.holds(typed("10:00:00", "install", 1, visitor=1), opened("10:00:05", "install", 2, visitor=1))
    assert runs(desk) == [("install", 2, 1)]


def test_results_that_are_opened_before_any_run_stand_for_searches_by_their_text(desk: Desk) -> None:
    desk.holds(
        opened("10:00:00", "Install"),
        opened("10:00:05", "deploy"),
        opened("10:00:10", " install "),
        opened("10:00:15", ""),
        typed("10:01:00", "limits"),
    )
    assert runs(desk) == [("deploy", 1, 1), ("install", 1, 1), ("limits", 1, 0)]
    assert desk.ask_inside("searchRunsCount", "eventsCount", "visitorsCount", "sessionsCount") == [(3, 1, 1, 1)]


def test_in_the_same_millisecond_the_lower_id_came_first(desk: Desk) -> None:
    desk.holds(
        opened("10:00:00", "install", id=13), typed("10:00:00", "install", id=12), typed("10:00:00", "ins", id=11)
    )
    assert runs(desk) == [("install", 1, 1)]
    desk.holds(
        typed("10:00:00", "a", 2, id=22), opened("10:00:00", "a", 2, id=21), typed("10:00:00", "ab", 2, id=2**63)
    )
    assert runs(desk) == [("a", 1, 1), ("ab", 1, 0), ("install", 1, 1)]


def test_a_result_that_is_opened_in_the_same_millisecond_as_two_queries_parts_them_by_id(desk: Desk) -> None:
    desk.holds(
        typed("10:00:00", "install", id=1), typed("10:00:00", "installing", id=3), opened("10:00:00", "install", id=2)
    )
    assert runs(desk) == [("install", 1, 1), ("installing", 1, 0)]


def test_a_run_happens_when_its_last_query_is_typed(desk: Desk) -> None:
    desk.holds(
        typed("23:59:50", "in", country="DE"),
        event("2026-04-21T00:00:05Z", session=1, event_type="search_type_query", query="install", country="FR"),
        event("2026-04-22T00:00:00Z", session=1, event_type="search_open_result", query="install", country="US"),
    )
    assert desk.ask_inside("datetime", "visitorGeoCountry", "searchRunsCount") == [("2026-04-21T00:00:00Z", "FR", 1)]


def test_the_range_cuts_runs(desk: Desk) -> None:
    desk.holds(
        typed("09:59:59.999", "install"), typed("10:00:00", "install it"), opened("10:10:00", "install it"),
        typed("09:59:58", "deploy", 2), opened("10:00:00", "deploy", 2),
        typed("10:59:59.999", "limits", 3), opened("11:00:00", "limits", 3),
    )  # fmt: skip
    hour = {"from": "2026-04-20T10:00:00Z", "to": "2026-04-20T11:00:00Z"}
    assert runs(desk, range=hour) == [("deploy", 1, 1), ("install it", 1, 1), ("limits", 1, 0)]
    assert desk.ask_inside("eventsCount", where=[filtered("finishedSearchQuery", "in", "deploy")], range=hour) == [(0,)]


def test_filters_on_events_come_before_runs_are_formed(desk: Desk) -> None:
    desk.holds(
        typed("10:00:00", "install"),
        typed("10:00:02", "deploy", bot="gptbot"),
        typed("10:00:04", "install it"),
    )
    assert runs(desk) == [("deploy", 1, 0), ("install", 1, 0), ("install it", 1, 0)]
    assert runs(desk, where=[filtered("visitorBot", "in", "")]) == [("install it", 1, 0)]


def test_filters_on_the_finished_query_drop_whole_runs(desk: Desk) -> None:
    desk.holds(typed("10:00:00", "in"), typed("10:00:02", "install"), typed("10:00:05", "deploy"))
    assert desk.ask_inside("eventsCount", where=[filtered("finishedSearchQuery", "in", "install")]) == [(2,)]
    assert runs(desk, where=[filtered("finishedSearchQuery", "notIn", "install")]) == [("deploy", 1, 0)]


def test_searches_without_a_click_are_found(desk: Desk) -> None:
    desk.holds(
        typed("10:00:00", "install", 1), opened("10:00:05", "install", 1),
        typed("10:00:00", "install", 2, visitor=2), typed("10:01:00", "pricing", 2, visitor=2),
        typed("10:00:00", "pricing", 3, visitor=2), typed("10:00:05", "pricing", 3, visitor=2),
    )  # fmt: skip
    without = {
        "groupBy": columns("finishedSearchQuery"),
        "where": [filtered("clickedSearchRunsCount", "in", 0)],
        "order": {"by": {"column": "unclickedSearchRunsCount"}, "direction": "desc"},
    }
    figures = ("unclickedSearchRunsCount", "eventsCount", "visitorsCount", "sessionsCount")
    assert desk.ask_inside(*figures, **without) == [("pricing", 2, 3, 1, 2)]


def test_without_searches_there_is_one_row_of_zeros_and_no_group(desk: Desk) -> None:
    desk.holds(event(), event(event_type="search_open"), event(event_type="ask_question", query="why?"))
    figures = ("searchRunsCount", "clickedSearchRunsCount", "unclickedSearchRunsCount", "eventsCount", "visitorsCount")
    assert desk.ask_inside(*figures) == [(0, 0, 0, 0, 0)]
    assert runs(desk) == []


def test_events_of_another_site_are_in_no_run(desk: Desk) -> None:
    desk.holds(typed("10:00:00", "install"), typed("10:00:10", "install it"))
    desk.store.insert([{**typed("10:00:05", "deploy", visitor=7), "site": 2}])
    desk.store.insert([{**opened("10:00:20", "install it", visitor=7), "site": 2}])
    assert runs(desk) == [("install it", 1, 0)]
    assert desk.ask_inside("searchRunsCount", "visitorsCount") == [(1, 1)]
