"""Decisions 8 to 14 of the aggregate operation (ranges, filters, zones), events and expected columns written out."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.errors import Refusal
from tests.insights.conftest import Desk
from tests.insights.events import event
from tests.insights.questions import COUNT, columns, counted, filtered

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


@pytest.mark.parametrize(
    ("at", "start", "end"),
    [
        ("1950-01-01T10:30:00Z", "1949-06-01T00:00:00Z", "1950-01-01T10:30:00.001Z"),
        ("2200-01-01T10:30:00Z", "2200-01-01T10:30:00Z", "2201-01-01T00:00:00Z"),
        ("1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00.001Z"),
        ("2026-04-01T10:59:59.999Z", "2026-04-01T10:59:59.999Z", "2026-04-01T11:00:00Z"),
    ],
)
def test_8_a_range_holds_its_events_also_beyond_the_calendar_that_the_table_is_ordered_by(
    desk: Desk, at: str, start: str, end: str
) -> None:
    desk.holds(event(at), event("2026-04-20T10:00:00Z"))
    assert desk.ask(select=COUNT, range={"from": start, "to": end}) == [("eventsCount", [1])]


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


def test_9_no_values_match_nothing_and_exclude_nothing(desk: Desk) -> None:
    desk.holds(event(language="en"), event())
    assert counted(desk, filtered("visitorLanguage", "in")) == 0
    assert counted(desk, filtered("visitorLanguage", "notIn")) == 2
    assert counted(desk, filtered("page", "in")) == 0
    assert counted(desk, filtered("visitorGeoPoint", "notIn")) == 2


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


@pytest.mark.parametrize(
    ("operator", "count"), [("lessThan", 2), ("lessThanOrEqual", 2), ("greaterThan", 1), ("greaterThanOrEqual", 1)]
)
def test_9_a_comparison_with_a_moment_between_two_milliseconds_is_exact(desk: Desk, operator: str, count: int) -> None:
    desk.holds(*(event(f"2026-04-20T10:00:00.{milliseconds}Z") for milliseconds in ("009", "010", "011")))
    between = [{"column": "datetime", "operator": operator, "values": ["2026-04-20T10:00:00.0105Z"]}]
    assert desk.ask(select=COUNT, where=between) == [("eventsCount", [count])]
