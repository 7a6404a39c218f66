"""Every numbered Decision of the aggregate operation, events and expected columns written out."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.errors import Refusal
from tests.insights.conftest import Desk
from tests.insights.events import event

COUNT = [{"column": "eventsCount"}]


def columns(*names: str) -> list[dict[str, str]]:
    return [{"column": name} for name in names]


def counted(desk: Desk, *filters: dict[str, Any]) -> int:
    """How many events the filters keep."""
    ((_name, (count,)),) = desk.ask(select=COUNT, where=list(filters))
    return int(count)


def filtered(column: str, operator: str, *values: Any, **arguments: Any) -> dict[str, Any]:
    return {"column": column, "operator": operator, "values": list(values), **arguments}


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


# 8


@pytest.mark.parametrize(
    ("preset", "start"),
    [
        ("last24Hours", "2026-04-29T12:34:56.789Z"),
        ("last7Days", "2026-04-23T12:34:56.789Z"),
        ("last30Days", "2026-03-31T12:34:56.789Z"),
        ("last3Months", "2026-01-30T12:34:56.789Z"),
        ("lastYear", "2025-04-30T12:34:56.789Z"),
    ],
)
def test_8_a_preset_ends_now_and_holds_its_first_moment(desk: Desk, preset: str, start: str) -> None:
    before = start.replace("789Z", "788Z")
    desk.holds(event(before), event(start), event("2026-04-30T12:34:56.788Z"), event("2026-04-30T12:34:56.789Z"))
    assert desk.ask(select=COUNT, range=preset) == [("eventsCount", [2])]


def test_8_a_custom_range_is_half_open(desk: Desk) -> None:
    desk.holds(*(event(f"2026-04-01T1{hour}:00:00Z") for hour in range(4)))
    asked = {"from": "2026-04-01T11:00:00Z", "to": "2026-04-01T15:00:00+02:00"}
    assert desk.ask(select=COUNT, range=asked) == [("eventsCount", [2])]


@pytest.mark.parametrize("end", ["2026-04-01T11:00:00Z", "2026-04-01T10:59:59.999Z", "2026-04-01T12:30:00+02:00"])
def test_8_a_range_that_does_not_begin_before_its_end_is_refused(desk: Desk, end: str) -> None:
    with pytest.raises(Refusal, match="after from") as refused:
        desk.ask(select=COUNT, range={"from": "2026-04-01T11:00:00Z", "to": end})
    assert refused.value.path == "body.range.to"


def test_8_a_datetime_filter_cuts_the_range_further(desk: Desk) -> None:
    desk.holds(event("2026-04-01T10:00:00Z"), event("2026-04-01T11:00:00Z"), event("2025-01-01T00:00:00Z"))
    late = filtered("datetime", "greaterThan", "2026-04-01T10:00:00Z")
    assert counted(desk, late) == 1
    assert counted(desk, filtered("datetime", "lessThanOrEqual", "2026-04-01T10:00:00Z")) == 1
    assert counted(desk, filtered("datetime", "greaterThanOrEqual", "2024-01-01T00:00:00Z")) == 2


# 9


def test_9_a_metric_in_where_filters_groups(desk: Desk) -> None:
    desk.holds(event(os="ios"), event(os="linux"), event(os="linux"), event(os="macos", visitor=2), event(os="macos"))
    many = filtered("eventsCount", "greaterThanOrEqual", 2)
    assert desk.ask(select=COUNT, groupBy=columns("visitorOS"), where=[many]) == [
        ("visitorOS", ["linux", "macos"]),
        ("eventsCount", [2, 2]),
    ]
    single = filtered("visitorsCount", "in", 2)
    assert desk.ask(select=COUNT, groupBy=columns("visitorOS"), where=[many, single])[0] == ("visitorOS", ["macos"])
    unlike = filtered("eventsCount", "notIn", 2, 5)
    assert desk.ask(select=COUNT, groupBy=columns("visitorOS"), where=[unlike])[0] == ("visitorOS", ["ios"])


@pytest.mark.parametrize("column", ["eventsCount", "visitorsCount", "pageFeedbackRating"])
def test_9_a_metric_cannot_be_grouped_by(desk: Desk, column: str) -> None:
    with pytest.raises(Refusal) as refused:
        desk.ask(groupBy=columns("url", column))
    assert refused.value.path == "body.groupBy.1.column"


@pytest.mark.parametrize("column", ["pageFeedbackRating", "askResponseRating"])
def test_9_a_metric_that_is_an_object_cannot_be_filtered_by(desk: Desk, column: str) -> None:
    with pytest.raises(Refusal) as refused:
        desk.ask(where=[filtered(column, "in", {"good": 1, "ok": 0, "bad": 0, "positive": 1, "negative": 0})])
    assert refused.value.path == "body.where.0.column"


@pytest.mark.parametrize("values", [(), (1, 2)])
def test_9_a_comparison_takes_exactly_one_value(desk: Desk, values: tuple[int, ...]) -> None:
    with pytest.raises(Refusal) as refused:
        desk.ask(where=[filtered("hourOfDay", "lessThan", *values)])
    assert refused.value.path == "body.where.0.values"


@pytest.mark.parametrize("column", ["url", "eventType", "visitorAuthenticated", "page"])
def test_9_only_times_and_numbers_are_compared(desk: Desk, column: str) -> None:
    with pytest.raises(Refusal) as refused:
        desk.ask(where=[filtered(column, "greaterThan", "a")])
    assert refused.value.path == "body.where.0.operator"


def test_9_no_values_match_nothing_and_exclude_nothing(languages: Desk) -> None:
    assert counted(languages, filtered("visitorLanguage", "in")) == 0
    assert counted(languages, filtered("visitorLanguage", "notIn")) == 4
    assert counted(languages, filtered("page", "in")) == 0
    assert counted(languages, filtered("visitorGeoPoint", "notIn")) == 4


def test_9_a_comparison_never_holds_for_events_without_a_value(desk: Desk) -> None:
    desk.holds(event(), event(ask_rating=-1), event(ask_rating=1))
    assert counted(desk, filtered("eventAskResponseRating", "lessThan", 1)) == 1
    assert counted(desk, filtered("eventAskResponseRating", "greaterThanOrEqual", -1)) == 2


# 10


def test_10_empty_buckets_are_left_out(desk: Desk) -> None:
    desk.holds(event("2026-04-06T10:00:00Z"), event("2026-04-26T23:00:00Z"))
    week = {"column": "datetime", "interval": "week"}
    assert desk.ask(select=COUNT, groupBy=[week]) == [
        ("datetime", ["2026-04-06T00:00:00Z", "2026-04-20T00:00:00Z"]),
        ("eventsCount", [1, 1]),
    ]


def test_10_groups_of_nothing_are_empty_columns(desk: Desk) -> None:
    claim = {"column": "visitorClaim", "claim": "plan"}
    assert desk.ask(select=COUNT, groupBy=[*columns("datetime"), claim]) == [
        ("datetime", []),
        ("visitorClaim", "plan", []),
        ("eventsCount", []),
    ]


# 11


def test_11_events_without_a_point_or_claim_are_grouped_under_null(desk: Desk) -> None:
    desk.holds(
        event(latitude=37.7752702151959, longitude=-122.418307270836, claims={"plan": ["pro"]}), event(), event()
    )
    cell = {"latitude": 37.77670234943567, "longitude": -122.41845932318311, "h3": "8928308280fffff"}
    ((_name, places), _count) = desk.ask(select=COUNT, groupBy=[{"column": "visitorGeoPoint", "precision": 9}])
    assert places == [None, {name: pytest.approx(value) if name != "h3" else value for name, value in cell.items()}]
    assert desk.ask(select=COUNT, groupBy=[{"column": "visitorClaim", "claim": "plan"}]) == [
        ("visitorClaim", "plan", [None, "pro"]),
        ("eventsCount", [2, 1]),
    ]


def test_11_events_without_claims_are_in_no_group_of_claim_properties(desk: Desk) -> None:
    desk.holds(
        event(claims={"plan": ["pro"], "user.role": ["admin", "owner"]}), event(claims={"plan": ["free"]}), event()
    )
    assert desk.ask(select=COUNT, groupBy=columns("visitorClaimProperty")) == [
        ("visitorClaimProperty", ["plan", "user.role"]),
        ("eventsCount", [2, 1]),
    ]


# 12


def test_12_a_column_with_other_arguments_is_another_column(desk: Desk) -> None:
    desk.holds(
        event("2026-04-01T10:30:00Z", claims={"plan": ["pro"], "role": ["admin"]}),
        event("2026-04-01T11:30:00Z", claims={"plan": ["pro"], "role": ["admin", "owner"]}),
    )
    hour, day = ({"column": "datetime", "interval": interval} for interval in ("hour", "day"))
    plan, role = ({"column": "visitorClaim", "claim": claim} for claim in ("plan", "role"))
    assert desk.ask(select=[*COUNT, role], groupBy=[day, hour, plan, role]) == [
        ("datetime", ["2026-04-01T00:00:00Z", "2026-04-01T00:00:00Z", "2026-04-01T00:00:00Z"]),
        ("datetime", ["2026-04-01T10:00:00Z", "2026-04-01T11:00:00Z", "2026-04-01T11:00:00Z"]),
        ("visitorClaim", "plan", ["pro", "pro", "pro"]),
        ("eventsCount", [1, 1, 1]),
        ("visitorClaim", "role", ["admin", "admin", "owner"]),
    ]


@pytest.mark.parametrize(("direction", "expected"), [("asc", [-1, 1, 0]), ("desc", [1, -1, 0])])
def test_12_an_unrated_answer_comes_last(desk: Desk, direction: str, expected: list[int]) -> None:
    desk.holds(event(ask_rating=1), event(ask_rating=-1), event())
    order = {"by": {"column": "eventAskResponseRating"}, "direction": direction}
    assert desk.ask(select=columns("eventAskResponseRating"), order=order) == [("eventAskResponseRating", expected)]


@pytest.mark.parametrize(("least", "expected"), [(1, [2]), (3, [])])
def test_12_a_metric_in_where_without_groups_gives_the_one_row_or_none(
    desk: Desk, least: int, expected: list[int]
) -> None:
    desk.holds(event(), event())
    assert desk.ask(select=COUNT, where=[filtered("eventsCount", "greaterThanOrEqual", least)]) == [
        ("eventsCount", expected)
    ]


def test_12_a_filter_keeps_or_drops_events_not_single_claim_values(desk: Desk) -> None:
    desk.holds(event(claims={"tags": ["a", "b"]}), event(claims={"tags": ["b"]}), event())
    tags = {"column": "visitorClaim", "claim": "tags"}
    assert desk.ask(select=COUNT, groupBy=[tags], where=[filtered("visitorClaim", "in", "a", claim="tags")]) == [
        ("visitorClaim", "tags", ["a", "b"]),
        ("eventsCount", [1, 1]),
    ]
    assert counted(desk, filtered("visitorClaim", "notIn", "a", claim="tags")) == 2
    assert counted(desk, filtered("visitorClaim", "notIn", None, claim="tags")) == 2
    assert counted(desk, filtered("visitorClaimProperty", "in", "tags")) == 2
    assert counted(desk, filtered("visitorClaimProperty", "in", None)) == 1


def test_12_datetime_in_means_the_exact_millisecond(desk: Desk) -> None:
    desk.holds(event("2026-04-01T10:00:00.001Z"), event("2026-04-01T10:00:00.002Z"))
    assert counted(desk, filtered("datetime", "in", "2026-04-01T12:00:00.001+02:00")) == 1


@pytest.mark.parametrize("nothing", [None, ""])
@pytest.mark.parametrize(
    "column", ["eventLinkTargetKind", "eventLinkTargetValue", "eventPageFeedbackRating", "eventAdPlacement", "page"]
)
def test_12_null_and_empty_are_taken_by_every_column_that_can_be_absent(desk: Desk, column: str, nothing: Any) -> None:
    desk.holds(event())
    assert counted(desk, filtered(column, "in", nothing)) == 1


# 13 is about who may track: tests/api and tests/events. What it stores is told apart by nothing but the site.


def test_13_events_of_another_site_are_never_counted(desk: Desk) -> None:
    desk.holds(event())
    desk.store.insert([{**event(), "site": desk.site.pk + 1}])
    assert desk.ask(select=COUNT) == [("eventsCount", [1])]


# 14


def test_14_buckets_days_and_hours_are_in_the_time_zone(desk: Desk) -> None:
    desk.holds(event("2026-04-05T18:29:59Z"), event("2026-04-05T18:30:00Z"))
    assert desk.ask(select=COUNT, groupBy=columns("datetime", "dayOfWeek", "hourOfDay"), timezone="Asia/Kolkata") == [
        ("datetime", ["2026-04-04T18:30:00Z", "2026-04-05T18:30:00Z"]),
        ("dayOfWeek", [7, 1]),
        ("hourOfDay", [23, 0]),
        ("eventsCount", [1, 1]),
    ]
    assert desk.ask(select=COUNT, groupBy=columns("datetime", "dayOfWeek", "hourOfDay")) == [
        ("datetime", ["2026-04-05T00:00:00Z"]),
        ("dayOfWeek", [7]),
        ("hourOfDay", [18]),
        ("eventsCount", [2]),
    ]


def test_14_a_custom_range_without_an_offset_is_in_the_time_zone(desk: Desk) -> None:
    desk.holds(event("2026-04-01T03:59:59Z"), event("2026-04-01T04:00:00Z"), event("2026-04-02T03:59:59.999Z"))
    day = {"from": "2026-04-01T00:00:00", "to": "2026-04-02T00:00:00"}
    assert desk.ask(select=COUNT, range=day, timezone="America/New_York") == [("eventsCount", [2])]
    assert desk.ask(select=COUNT, range=day) == [("eventsCount", [2])]
    moved = {"from": "2026-04-01T00:00:00Z", "to": "2026-04-01T04:00:00Z"}
    assert desk.ask(select=COUNT, range=moved, timezone="America/New_York") == [("eventsCount", [1])]


def test_14_the_two_hours_that_a_clock_change_repeats_stay_two_buckets(desk: Desk) -> None:
    desk.holds(event("2025-11-02T05:30:00Z"), event("2025-11-02T06:30:00Z"), event("2025-11-02T07:30:00Z"))
    hour = {"column": "datetime", "interval": "hour"}
    assert desk.ask(select=COUNT, groupBy=[hour, *columns("hourOfDay")], timezone="America/New_York") == [
        ("datetime", ["2025-11-02T05:00:00Z", "2025-11-02T06:00:00Z", "2025-11-02T07:00:00Z"]),
        ("hourOfDay", [1, 1, 2]),
        ("eventsCount", [1, 1, 1]),
    ]


@pytest.mark.parametrize(
    ("zone", "at", "start"),
    [
        ("America/Santiago", "2025-09-07T12:00:00Z", "2025-09-07T04:00:00Z"),  # 00:00 is skipped
        ("America/Havana", "2025-11-02T12:00:00Z", "2025-11-02T04:00:00Z"),  # 00:00 comes twice
        ("Asia/Kathmandu", "2026-04-01T12:00:00Z", "2026-03-31T18:15:00Z"),
    ],
)
def test_14_a_day_starts_at_the_first_moment_of_its_local_date(desk: Desk, zone: str, at: str, start: str) -> None:
    desk.holds(event(at))
    assert desk.ask(select=columns("datetime"), timezone=zone) == [("datetime", [start])]


def test_14_clock_changes_within_an_hour_make_buckets_in_the_order_of_time(desk: Desk) -> None:
    """Chatham's clock goes from 02:45 to 03:45, in the middle of an hour of UTC."""
    desk.holds(event("2025-09-27T13:50:00Z"), event("2025-09-27T14:05:00Z"), event("2025-09-27T14:20:00Z"))
    hour = {"column": "datetime", "interval": "hour"}
    assert desk.ask(select=COUNT, groupBy=[hour], timezone="Pacific/Chatham") == [
        ("datetime", ["2025-09-27T13:15:00Z", "2025-09-27T14:00:00Z", "2025-09-27T14:15:00Z"]),
        ("eventsCount", [1, 1, 1]),
    ]
