"""Decisions 1 to 7 of the aggregate operation (groups, answers, order), events and expected columns written out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.insights.conftest import Desk
from tests.insights.events import event
from tests.insights.questions import COUNT, columns, counted, filtered

# 1


@pytest.fixture
def languages(desk: Desk) -> Desk:
    """Two English visits, a German one and one of unknown language."""
    desk.holds(event(language="en"), event(language="en"), event(language="de"), event(language=""))
    return desk


def test_1_not_in_keeps_events_without_a_value(languages: Desk) -> None:
    assert counted(languages, filtered("visitorLanguage", "notIn", "en")) == 2


@pytest.mark.parametrize("nothing", [None, ""])
def test_1_not_in_drops_events_without_a_value_when_null_or_empty_is_listed(languages: Desk, nothing: Any) -> None:
    assert counted(languages, filtered("visitorLanguage", "notIn", "en", nothing)) == 1


@pytest.mark.parametrize("nothing", [None, ""])
def test_1_null_and_empty_both_mean_no_value(languages: Desk, nothing: Any) -> None:
    assert counted(languages, filtered("visitorLanguage", "in", nothing)) == 1
    assert counted(languages, filtered("utmSource", "in", nothing)) == 4


@pytest.mark.parametrize("nothing", [None, "", 0])
def test_1_an_unrated_answer_is_null_empty_and_zero(desk: Desk, nothing: Any) -> None:
    desk.holds(event(), event(ask_rating=1), event(ask_rating=-1))
    assert counted(desk, filtered("eventAskResponseRating", "in", nothing)) == 1
    assert counted(desk, filtered("eventAskResponseRating", "notIn", nothing)) == 2


# 2


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, 2),
        ({"page": "p", "space": "s"}, 1),
        ({"page": "p", "space": "elsewhere"}, 0),
        ({"page": None, "space": "s"}, 1),
    ],
)
def test_2_pages_are_matched_with_their_space_or_by_their_lack(desk: Desk, value: Any, expected: int) -> None:
    desk.holds(event(page="p", space="s"), event(page="q", space="s"), event(space="s"), event(space=""))
    assert counted(desk, filtered("page", "in", value)) == expected
    assert counted(desk, filtered("page", "notIn", value)) == 4 - expected


def test_2_events_without_a_page_are_one_group_whatever_their_space(desk: Desk) -> None:
    desk.holds(event(page="p", space="s"), event(page="p", space=""), event(space="s"), event(space="t"))
    assert desk.ask(select=COUNT, groupBy=columns("page")) == [
        ("page", [None, {"page": "p", "space": ""}, {"page": "p", "space": "s"}]),
        ("eventsCount", [2, 1, 1]),
    ]


# 3


def test_3_grouped_columns_that_were_not_selected_come_first(desk: Desk) -> None:
    desk.holds(event(country="DE", os="ios", url="https://a.example/"))
    assert desk.ask(
        select=columns("eventsCount", "visitorOS", "visitorsCount", "eventsCount"),
        groupBy=columns("url", "visitorOS", "visitorGeoCountry", "url"),
    ) == [
        ("url", ["https://a.example/"]),
        ("visitorGeoCountry", ["DE"]),
        ("eventsCount", [1]),
        ("visitorOS", ["ios"]),
        ("visitorsCount", [1]),
    ]


# 4


@pytest.mark.parametrize("nothing", [{}, {"select": []}])
def test_4_without_select_the_groups_and_three_counts_are_answered(desk: Desk, nothing: dict[str, Any]) -> None:
    desk.holds(event(visitor=1, session=1), event(visitor=1, session=2), event(visitor=2, session=3, os="ios"))
    assert desk.ask(groupBy=columns("visitorOS"), **nothing) == [
        ("visitorOS", ["linux", "ios"]),
        ("eventsCount", [2, 1]),
        ("visitorsCount", [1, 1]),
        ("sessionsCount", [2, 1]),
    ]


@pytest.mark.parametrize("nothing", [{}, {"groupBy": []}])
def test_4_metrics_alone_are_one_row_of_zeros_where_there_is_nothing(desk: Desk, nothing: dict[str, Any]) -> None:
    metrics = columns("eventsCount", "visitorsCount", "sessionsCount", "pageFeedbackRating", "askResponseRating")
    assert desk.ask(select=metrics, **nothing) == [
        ("eventsCount", [0]),
        ("visitorsCount", [0]),
        ("sessionsCount", [0]),
        ("pageFeedbackRating", [{"ok": 0, "good": 0, "bad": 0}]),
        ("askResponseRating", [{"positive": 0, "negative": 0}]),
    ]


def test_4_a_body_with_nothing_but_a_range_is_the_totals(desk: Desk) -> None:
    desk.holds(event(visitor=1), event(visitor=2))
    assert desk.ask() == [("eventsCount", [2]), ("visitorsCount", [2]), ("sessionsCount", [2])]


def test_4_selected_dimensions_are_grouped_where_nothing_is(desk: Desk) -> None:
    desk.holds(event(os="ios"), event(os="linux"), event(os="linux"))
    assert desk.ask(select=columns("eventsCount", "visitorOS")) == [
        ("eventsCount", [2, 1]),
        ("visitorOS", ["linux", "ios"]),
    ]


def test_4_a_comment_does_not_count_its_rating_again(desk: Desk) -> None:
    desk.holds(
        event(event_type="page_post_feedback", feedback_rating="good"),
        event(event_type="page_post_feedback_comment", feedback_rating="good", feedback_comment="Nice"),
        event(event_type="page_post_feedback", feedback_rating="bad"),
        event(event_type="ask_rate_response", ask_rating=-1),
    )
    assert desk.ask(select=columns("pageFeedbackRating", "askResponseRating")) == [
        ("pageFeedbackRating", [{"ok": 0, "good": 1, "bad": 1}]),
        ("askResponseRating", [{"positive": 0, "negative": 1}]),
    ]


# 5


def test_5_an_ungrouped_dimension_is_that_of_the_latest_event_and_of_ties_the_last_to_arrive(desk: Desk) -> None:
    desk.holds(
        event("2026-04-02T14:18:11.400Z", browser="firefox", country="DE", id=8),
        event("2026-04-02T14:18:11.400Z", browser="safari", id=9),
        event("2026-04-01T10:00:00Z", browser="edge", country="US", id=10),
    )
    assert desk.ask(
        select=columns("visitorBrowser", "visitorGeoCountry", "datetime", "hourOfDay"), groupBy=columns("url")
    ) == [
        ("url", ["https://docs.acme.example/"]),
        ("visitorBrowser", ["safari"]),
        ("visitorGeoCountry", [None]),
        ("datetime", ["2026-04-02T14:18:11Z"]),
        ("hourOfDay", [14]),
    ]


def test_5_an_ungrouped_claim_is_the_smallest_of_the_latest_event(desk: Desk) -> None:
    desk.holds(event(claims={"tags": ["b", "c"], "plan": ["pro"]}))
    claim = {"column": "visitorClaim", "claim": "tags"}
    absent = {"column": "visitorClaim", "claim": "role"}
    assert desk.ask(select=[claim, absent, *columns("visitorClaimProperty")], groupBy=columns("url"))[1:] == [
        ("visitorClaim", "tags", ["b"]),
        ("visitorClaim", "role", [None]),
        ("visitorClaimProperty", ["plan"]),
    ]


# 6


def test_6_time_is_grouped_by_the_day_where_no_interval_is_given(desk: Desk) -> None:
    desk.holds(event("2026-04-01T00:00:00Z"), event("2026-04-01T23:59:59.999Z"), event("2026-04-02T00:00:00Z"))
    assert desk.ask(select=COUNT, groupBy=columns("datetime")) == [
        ("datetime", ["2026-04-01T00:00:00Z", "2026-04-02T00:00:00Z"]),
        ("eventsCount", [2, 1]),
    ]


# 7


@pytest.fixture
def countries(desk: Desk) -> Desk:
    """Two visits each from Germany, Åland and nowhere known, one from the United States."""
    desk.holds(*(event(country=code, visitor=n) for n, code in enumerate(["US", "DE", "", "AX", "DE", "", "AX"])))
    return desk


def test_7_the_first_metric_orders_downwards_and_ties_go_by_the_groups_with_no_value_last(countries: Desk) -> None:
    assert countries.ask(select=COUNT, groupBy=columns("visitorGeoCountry")) == [
        ("visitorGeoCountry", ["AX", "DE", None, "US"]),
        ("eventsCount", [2, 2, 2, 1]),
    ]


@pytest.mark.parametrize(
    ("direction", "expected"), [("asc", ["AX", "DE", "US", None]), ("desc", ["US", "DE", "AX", None])]
)
def test_7_no_value_comes_last_in_both_directions(countries: Desk, direction: str, expected: list[Any]) -> None:
    order = {"by": {"column": "visitorGeoCountry"}, "direction": direction}
    assert countries.ask(groupBy=columns("visitorGeoCountry"), order=order)[0] == ("visitorGeoCountry", expected)


def test_7_time_orders_upwards_where_it_is_grouped(desk: Desk) -> None:
    desk.holds(event("2026-04-01T10:00:00Z"), event("2026-04-02T10:00:00Z"), event("2026-04-02T10:00:00Z"))
    assert desk.ask(select=COUNT, groupBy=columns("visitorOS", "datetime"))[1] == (
        "datetime",
        ["2026-04-01T00:00:00Z", "2026-04-02T00:00:00Z"],
    )


def test_7_a_column_that_was_not_selected_can_order(desk: Desk) -> None:
    desk.holds(
        event("2026-04-01T10:00:00.002Z", url="https://a.example/"),
        event("2026-04-01T10:00:00.003Z", url="https://b.example/"),
        event("2026-04-01T10:00:00.001Z", url="https://c.example/"),
    )
    assert desk.ask(
        select=columns("url"), groupBy=columns("url"), order={"by": {"column": "datetime"}, "direction": "desc"}
    ) == [("url", ["https://b.example/", "https://a.example/", "https://c.example/"])]


def test_7_text_is_ordered_by_code_point(desk: Desk) -> None:
    words = ["zebra", "Zebra", "äpfel", "\U0001f600", "\uffee", ""]
    desk.holds(*(event(event_type="search_open_result", query=word) for word in words))
    order = {"by": {"column": "eventSearchQuery"}, "direction": "asc"}
    assert desk.ask(select=columns("eventSearchQuery"), order=order) == [
        ("eventSearchQuery", ["Zebra", "zebra", "äpfel", "\uffee", "\U0001f600", ""])
    ]


def test_7_objects_are_ordered_by_their_first_field(desk: Desk) -> None:
    desk.holds(event(page="b", space="x"), event(page="a", space="z"), event(space="a"))
    order = {"by": {"column": "page"}, "direction": "desc"}
    assert desk.ask(select=columns("page"), order=order) == [
        ("page", [{"page": "b", "space": "x"}, {"page": "a", "space": "z"}, None])
    ]


def test_7_ratings_are_ordered_by_their_balance(desk: Desk) -> None:
    rated = {"event_type": "page_post_feedback"}
    answered = {"event_type": "ask_rate_response"}
    desk.holds(
        *(event(os="ios", **rated, feedback_rating=rating) for rating in ("good", "good", "bad", "bad", "bad")),
        *(event(os="linux", **rated, feedback_rating=rating) for rating in ("ok", "ok", "ok")),
        event(os="macos", **rated, feedback_rating="good"),
        *(event(os="ios", **answered, ask_rating=rating) for rating in (1, 1, -1)),
    )
    pages = {"by": {"column": "pageFeedbackRating"}, "direction": "asc"}
    answers = {"by": {"column": "askResponseRating"}, "direction": "desc"}
    assert desk.ask(select=columns("visitorOS"), groupBy=columns("visitorOS"), order=pages) == [
        ("visitorOS", ["ios", "linux", "macos"])
    ]
    assert desk.ask(select=columns("visitorOS", "askResponseRating"), order=answers) == [
        ("visitorOS", ["ios", "linux", "macos"]),
        (
            "askResponseRating",
            [{"positive": 2, "negative": 1}, {"positive": 0, "negative": 0}, {"positive": 0, "negative": 0}],
        ),
    ]


def test_7_the_limit_cuts_after_ordering(countries: Desk) -> None:
    order = {"by": {"column": "visitorGeoCountry"}, "direction": "desc"}
    assert countries.ask(select=columns("visitorGeoCountry"), order=order, limit=2) == [
        ("visitorGeoCountry", ["US", "DE"])
    ]
