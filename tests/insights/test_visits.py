"""Visits: what is formed of a session's page views, events and expected figures written out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.insights.conftest import Desk
from tests.insights.events import event
from tests.insights.questions import columns, filtered

FIGURES = ("visitsCount", "singleViewVisitsCount", "viewsPerVisit", "visitSeconds")


def view(at: str, path: str, session: int = 1, **fields: Any) -> dict[str, Any]:
    """A page view on the 20th of April at a time of the day."""
    return event(f"2026-04-20T{at}Z", session=session, url_path=path, **fields)


@pytest.fixture
def reading(desk: Desk) -> Desk:
    """Three visits: Ann reads three pages in 90 seconds, and comes back for one; Bob looks at two for 10 seconds."""
    desk.holds(
        view("10:00:30", "/install", 1, visitor=1, country="DE"),
        view("10:00:00", "/", 1, visitor=1, country="DE"),
        view("10:01:30", "/deploy", 1, visitor=1, country="FR"),
        view("15:00:00", "/deploy", 2, visitor=1, country="DE"),
        view("23:59:55", "/", 3, visitor=2, country="US"),
        event("2026-04-21T00:00:05Z", session=3, visitor=2, url_path="/install", country="US"),
        event("2026-04-20T10:02:00Z", session=1, visitor=1, url_path="/searched", event_type="search_open"),
    )
    return desk


def test_the_figures_of_visits(reading: Desk) -> None:
    # 6 views in 3 visits; 90, 0 and 10 seconds.
    assert reading.ask_inside(*FIGURES) == [(3, 1, 2.0, 33.333)]


def test_published_counts_are_those_of_the_visits(reading: Desk) -> None:
    assert reading.ask_inside("visitsCount", "eventsCount", "visitorsCount", "sessionsCount") == [(3, 6, 2, 3)]


def test_without_visits_there_is_one_row_of_zeros_and_no_group(desk: Desk) -> None:
    desk.holds(event(event_type="search_open"))
    assert desk.ask_inside(*FIGURES, "eventsCount", "visitorsCount", "sessionsCount") == [(0, 0, 0, 0, 0, 0, 0)]
    assert desk.ask_inside("entryPage", "visitsCount") == []


def test_entry_and_exit_pages(reading: Desk) -> None:
    assert reading.ask_inside("entryPage", "visitsCount", "viewsPerVisit") == [("/", 2, 2.5), ("/deploy", 1, 1.0)]
    assert reading.ask_inside("exitPage", "visitsCount") == [("/deploy", 2), ("/install", 1)]
    assert reading.ask_inside("entryPage", "exitPage", "visitsCount") == [
        ("/", "/deploy", 1),
        ("/", "/install", 1),
        ("/deploy", "/deploy", 1),
    ]


def test_in_the_same_millisecond_the_lower_id_came_first(desk: Desk) -> None:
    desk.holds(
        view("10:00:00.500", "/second", id=12),
        view("10:00:00.500", "/third", id=2**63),
        view("10:00:00.500", "/first", id=11),
    )
    assert desk.ask_inside("entryPage", "exitPage", "visitSeconds") == [("/first", "/third", 0)]


def test_time_goes_before_the_id(desk: Desk) -> None:
    desk.holds(view("10:00:00.001", "/late", id=1), view("10:00:00.000", "/early", id=2))
    assert desk.ask_inside("entryPage", "exitPage", "visitSeconds") == [("/early", "/late", 0.001)]


def test_the_order_holds_before_1970(desk: Desk) -> None:
    desk.holds(
        event("1969-12-31T23:59:59Z", url_path="/old", id=2), event("1970-01-01T00:00:00Z", url_path="/new", id=1)
    )
    always = {"from": "1960-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}
    assert desk.ask_inside("entryPage", "exitPage", "visitSeconds", range=always) == [("/old", "/new", 1)]


def test_a_visit_happens_when_it_begins_in_the_zone_that_is_asked_for(reading: Desk) -> None:
    by_day = [{"column": "datetime", "interval": "day"}]
    days = reading.answer({"range": "lastYear", "groupBy": by_day, "select": columns("visitsCount")}, internal=True)
    assert [each["values"] for each in days["columns"]] == [["2026-04-20T00:00:00Z"], [3]]
    local = {"range": "lastYear", "groupBy": by_day, "select": columns("visitsCount"), "timezone": "Europe/Berlin"}
    days = reading.answer(local, internal=True)
    assert [each["values"] for each in days["columns"]] == [["2026-04-19T22:00:00Z", "2026-04-20T22:00:00Z"], [2, 1]]
    assert reading.ask_inside("hourOfDay", "visitsCount") == [(10, 1), (15, 1), (23, 1)]


def test_other_dimensions_are_those_of_the_first_view(reading: Desk) -> None:
    assert reading.ask_inside("visitorGeoCountry", "visitsCount", "eventsCount") == [("DE", 2, 4), ("US", 1, 2)]


def test_a_dimension_beside_groups_is_that_of_the_latest_visit(reading: Desk) -> None:
    by_entry = {"groupBy": columns("entryPage")}
    assert reading.ask_inside("visitorGeoCountry", "datetime", **by_entry) == [
        ("/", "US", "2026-04-20T23:59:55Z"),
        ("/deploy", "DE", "2026-04-20T15:00:00Z"),
    ]


def test_a_visit_counts_once_for_each_claim_of_its_first_view(desk: Desk) -> None:
    desk.holds(
        view("10:00:00", "/", claims={"plan": ["free", "pro"]}),
        view("10:01:00", "/", claims={"plan": ["other"]}),
        view("11:00:00", "/", 2),
    )
    by_plan = {"groupBy": [{"column": "visitorClaim", "claim": "plan"}]}
    answer = desk.answer({"range": "lastYear", "select": columns("visitsCount"), **by_plan}, internal=True)
    assert [each["values"] for each in answer["columns"]] == [["free", "pro", None], [1, 1, 1]]


def test_the_range_cuts_a_session(reading: Desk) -> None:
    first_day = {"from": "2026-04-20T00:00:00Z", "to": "2026-04-21T00:00:00Z"}
    assert reading.ask_inside(*FIGURES, range=first_day) == [(3, 2, 1.6667, 30.0)]
    second_day = {"from": "2026-04-21T00:00:00Z", "to": "2026-04-22T00:00:00Z"}
    assert reading.ask_inside("entryPage", "exitPage", "visitsCount", range=second_day) == [("/install", "/install", 1)]


def test_the_range_is_half_open(desk: Desk) -> None:
    desk.holds(view("09:59:59.999", "/a", 1), view("10:00:00", "/b", 2), view("11:00:00", "/c", 3))
    hour = {"from": "2026-04-20T10:00:00Z", "to": "2026-04-20T11:00:00Z"}
    assert desk.ask_inside("entryPage", "visitsCount", range=hour) == [("/b", 1)]


def test_filters_on_events_drop_views_before_visits_are_formed(reading: Desk) -> None:
    elsewhere = [filtered("urlPath", "notIn", "/")]
    assert reading.ask_inside("entryPage", "visitsCount", where=elsewhere) == [("/install", 2), ("/deploy", 1)]
    german = [filtered("visitorGeoCountry", "in", "DE")]
    assert reading.ask_inside("exitPage", "eventsCount", where=german) == [("/install", 2), ("/deploy", 1)]


def test_filters_on_entry_and_exit_pages_drop_whole_visits(reading: Desk) -> None:
    from_home = [filtered("entryPage", "in", "/")]
    assert reading.ask_inside("visitsCount", "eventsCount", where=from_home) == [(2, 5)]
    assert reading.ask_inside("visitsCount", where=[*from_home, filtered("exitPage", "notIn", "/deploy")]) == [(1,)]
    # No internal column is selected: the filter makes it a question about visits.
    assert reading.ask_inside("eventsCount", where=from_home) == [(5,)]
    assert reading.ask_inside("visitsCount", where=[filtered("entryPage", "in")]) == [(0,)]


def test_filters_on_figures_drop_groups(reading: Desk) -> None:
    often = [filtered("visitsCount", "greaterThan", 1)]
    assert reading.ask_inside("entryPage", "visitsCount", where=often) == [("/", 2)]
    long = [filtered("visitSeconds", "lessThan", 50)]
    assert reading.ask_inside("entryPage", "visitSeconds", where=long) == [("/deploy", 0.0)]


def test_the_order_may_be_by_a_figure_that_is_not_shown(reading: Desk) -> None:
    order = {"by": {"column": "visitSeconds"}, "direction": "asc"}
    assert reading.ask_inside("entryPage", "visitsCount", order=order) == [("/deploy", 1), ("/", 2)]
    assert reading.ask_inside("entryPage", "visitsCount", order=order, limit=1) == [("/deploy", 1)]


def test_two_sessions_of_a_visitor_are_two_visits_and_two_visitors_of_a_session_one(desk: Desk) -> None:
    desk.holds(view("10:00:00", "/", 1, visitor=1), view("10:00:01", "/", 2, visitor=1))
    assert desk.ask_inside("visitsCount", "visitorsCount") == [(2, 1)]
    desk.holds(view("10:00:02", "/", 2, visitor=9))
    assert desk.ask_inside("visitsCount", "visitorsCount", "sessionsCount") == [(2, 2, 2)]


def test_ratios_are_rounded_half_up(desk: Desk) -> None:
    desk.holds(*(view("10:00:00", "/", session) for session in range(1, 33)), view("10:00:00.001", "/", 1))
    # 33 views in 32 visits are 1.03125; one millisecond in 32 visits is 0.00003 seconds.
    assert desk.ask_inside("viewsPerVisit", "visitSeconds") == [(1.0313, 0.0)]
    desk.holds(view("10:00:00.016", "/", 1))
    # 16 milliseconds in 32 visits: half a millisecond.
    assert desk.ask_inside("visitSeconds") == [(0.001,)]


def test_events_of_another_site_are_not_in_a_visit(reading: Desk) -> None:
    other = {"site": 2, "session": 1, "visitor": 77}
    reading.store.insert([{**event("2026-04-20T09:00:00Z", url_path="/elsewhere"), **other}])
    reading.store.insert([{**event("2026-04-20T11:00:00Z", url_path="/elsewhere"), **other}])
    assert reading.ask_inside("entryPage", "visitsCount", "visitorsCount") == [("/", 2, 2), ("/deploy", 1, 1)]
    assert reading.ask_inside(*FIGURES) == [(3, 1, 2.0, 33.333)]
