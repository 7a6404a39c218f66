"""Ranges, buckets, figures and numbers: pure steps."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apps.dashboard.buckets import Bucket, buckets_of
from apps.dashboard.figures import lines
from apps.dashboard.numbers import compact, exact
from apps.dashboard.ranges import Comparison, Period, before, read_period
from apps.dashboard.sparklines import points
from apps.dashboard.tables import Series, aligned
from apps.insights.moments import Interval

UTC_ZONE = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 4, 30, 12, 30, tzinfo=UTC)


def period(zone: ZoneInfo = UTC_ZONE, now: datetime = NOW, **parameters: str) -> Period:
    return read_period({key.removesuffix("_"): value for key, value in parameters.items()}, zone=zone, now=now)


def custom(first: str, last: str, zone: ZoneInfo = UTC_ZONE) -> Period:
    return period(zone, from_=first, to=last)


@pytest.mark.parametrize(
    ("name", "published", "start", "interval"),
    [
        ("24h", "last24Hours", datetime(2026, 4, 29, 12, 30, tzinfo=UTC), Interval.HOUR),
        ("7d", "last7Days", datetime(2026, 4, 23, 12, 30, tzinfo=UTC), Interval.DAY),
        ("30d", "last30Days", datetime(2026, 3, 31, 12, 30, tzinfo=UTC), Interval.DAY),
        ("3m", "last3Months", datetime(2026, 1, 30, 12, 30, tzinfo=UTC), Interval.DAY),
        ("12m", "lastYear", datetime(2025, 4, 30, 12, 30, tzinfo=UTC), Interval.WEEK),
    ],
)
def test_a_preset_of_the_address_is_the_published_one(
    name: str, published: str, start: datetime, interval: Interval
) -> None:
    found = period(range=name)
    assert (found.published, found.start, found.end, found.interval) == (published, start, NOW, interval)
    assert found.note == ""


def held_against(found: Period, comparison: Comparison, zone: ZoneInfo = UTC_ZONE) -> object:
    earlier = before(found, comparison, zone=zone, now=NOW)
    return earlier.published if earlier else None


def test_the_previous_period_of_a_preset_is_as_long_and_ends_where_it_starts() -> None:
    week = period(range="7d")
    previous = {"from": "2026-04-16T12:30:00.000Z", "to": "2026-04-23T12:30:00.000Z"}
    assert held_against(week, Comparison.PREVIOUS) == previous
    assert held_against(week, Comparison.OFF) is None


def test_the_same_period_last_year_has_the_same_days() -> None:
    last_year = {"from": "2025-04-23T12:30:00.000Z", "to": "2025-04-30T12:30:00.000Z"}
    assert held_against(period(range="7d"), Comparison.YEAR) == last_year
    leap = custom("2024-02-28", "2024-02-29")
    assert held_against(leap, Comparison.YEAR) == {"from": "2023-02-28T00:00:00", "to": "2023-03-01T00:00:00"}


def test_days_that_are_not_over_are_held_against_as_much_of_the_days_before() -> None:
    # It is half past twelve on the 30th; in Berlin, half past two.
    assert held_against(custom("2026-04-30", "2026-04-30"), Comparison.PREVIOUS) == {
        "from": "2026-04-29T00:00:00.000Z",
        "to": "2026-04-29T12:30:00.000Z",
    }
    assert held_against(custom("2026-04-01", "2026-05-31"), Comparison.PREVIOUS) == {
        "from": "2026-01-30T00:00:00.000Z",
        "to": "2026-02-28T12:30:00.000Z",
    }
    # A year before, in Berlin, the clocks were as now; in the winter before, an hour behind.
    assert held_against(custom("2026-04-30", "2026-05-01", BERLIN), Comparison.YEAR, BERLIN) == {
        "from": "2025-04-29T22:00:00.000Z",
        "to": "2025-04-30T12:30:00.000Z",
    }
    assert held_against(custom("2026-03-30", "2026-04-30", BERLIN), Comparison.PREVIOUS, BERLIN) == {
        "from": "2026-02-25T23:00:00.000Z",
        "to": "2026-03-29T12:30:00.000Z",
    }


def test_an_interval_of_the_address_is_taken_where_the_range_can_be_drawn_by_it() -> None:
    assert period(range="12m", interval="month").interval is Interval.MONTH
    assert period(range="12m", interval="month").parameters == {"range": "12m", "interval": "month"}
    for strange in (period(range="12m", interval="hour"), period(range="12m", interval="year")):
        assert (strange.interval, strange.note[:18]) == (Interval.WEEK, "This range cannot ")


def test_days_of_a_custom_range_are_whole_days_of_the_site_and_both_included() -> None:
    found = custom("2026-03-28", "2026-03-29", BERLIN)
    assert found.published == {"from": "2026-03-28T00:00:00", "to": "2026-03-30T00:00:00"}
    assert held_against(found, Comparison.PREVIOUS, BERLIN) == {
        "from": "2026-03-26T00:00:00",
        "to": "2026-03-28T00:00:00",
    }
    # The second day has 23 hours: summer time begins.
    assert (found.start, found.end) == (
        datetime(2026, 3, 27, 23, tzinfo=UTC),
        datetime(2026, 3, 29, 22, tzinfo=UTC),
    )
    assert (found.first_day, found.last_day) == (date(2026, 3, 28), date(2026, 3, 29))
    assert found.parameters == {"from": "2026-03-28", "to": "2026-03-29"}


@pytest.mark.parametrize(
    ("last", "interval"),
    [
        ("2020-01-02", Interval.HOUR),
        ("2020-01-03", Interval.DAY),
        ("2020-06-01", Interval.WEEK),
        ("2024-01-01", Interval.MONTH),
    ],
)
def test_longer_custom_ranges_have_wider_buckets(last: str, interval: Interval) -> None:
    assert custom("2020-01-01", last).interval is interval


def starts(found: Period, zone: ZoneInfo = UTC_ZONE) -> list[str]:
    return [bucket.start.strftime("%m-%dT%H:%M") for bucket in buckets_of(found, zone=zone, now=NOW)]


def test_every_day_has_a_bucket_and_those_that_the_range_cuts_are_marked() -> None:
    found = buckets_of(period(range="7d"), zone=UTC_ZONE, now=NOW)
    assert [bucket.start.day for bucket in found] == [23, 24, 25, 26, 27, 28, 29, 30]
    assert [bucket.whole for bucket in found] == [False, True, True, True, True, True, True, False]


def test_days_begin_at_the_midnights_of_the_site() -> None:
    assert starts(custom("2026-03-28", "2026-03-30", BERLIN), BERLIN) == ["03-27T23:00", "03-28T23:00", "03-29T22:00"]


def test_the_day_on_which_summer_time_begins_has_23_hours() -> None:
    assert len(starts(custom("2026-03-29", "2026-03-29", BERLIN), BERLIN)) == 23


@pytest.mark.parametrize(
    ("zone", "day", "first", "hours"),
    [
        ("America/New_York", "2026-03-08", "03-08T05:00", 23),
        ("America/New_York", "2026-11-01", "11-01T04:00", 25),
        # The day begins at one: there is no midnight.
        ("America/Santiago", "2025-09-07", "09-07T04:00", 23),
        # Midnight comes twice: the day begins at the first.
        ("America/Havana", "2025-11-02", "11-02T04:00", 25),
    ],
)
def test_days_on_which_clocks_change_have_as_many_hours_as_they_have(
    zone: str, day: str, first: str, hours: int
) -> None:
    late = datetime(2027, 1, 1, tzinfo=UTC)
    found = buckets_of(custom(day, day, ZoneInfo(zone)), zone=ZoneInfo(zone), now=late)
    assert (found[0].start.strftime("%m-%dT%H:%M"), len(found)) == (first, hours)
    assert all(bucket.whole for bucket in found)


def hours_of(day: str, zone: ZoneInfo) -> Series:
    """The hours of a day, each with its own hour of the clock as value."""
    buckets = buckets_of(custom(day, day, zone), zone=zone, now=datetime(2027, 1, 1, tzinfo=UTC))
    return Series(tuple(buckets), (tuple(bucket.start.astimezone(zone).hour for bucket in buckets),))


@pytest.mark.parametrize(
    ("zone", "day", "before", "expected"),
    [
        # There is no midnight: the hour from one stands beside the one of the day before.
        ("America/Santiago", "2025-09-07", "2025-09-06", tuple(range(1, 24))),
        # The day before had no midnight.
        ("America/Santiago", "2025-09-08", "2025-09-07", (None, *range(1, 24))),
        # An hour comes twice: the second has no counterpart.
        ("America/New_York", "2025-11-02", "2025-11-01", (0, 1, None, *range(2, 24))),
        # The day before had an hour less.
        ("America/New_York", "2025-03-10", "2025-03-09", (0, 1, None, *range(3, 24))),
        ("Europe/Berlin", "2025-06-02", "2025-06-01", tuple(range(24))),
    ],
)
def test_hours_are_held_against_the_same_hours_of_the_clock(
    zone: str, day: str, before: str, expected: tuple[int | None, ...]
) -> None:
    found = ZoneInfo(zone)
    pairs = aligned(hours_of(before, found), hours_of(day, found), interval=Interval.HOUR, zone=found)
    assert pairs.values == (expected,)
    assert len(pairs.buckets) == len(expected)


def test_hours_of_a_half_hour_zone_begin_at_its_own_full_hours() -> None:
    zone = ZoneInfo("Asia/Kolkata")
    assert starts(custom("2026-03-01", "2026-03-01", zone), zone)[:2] == ["02-28T18:30", "02-28T19:30"]


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    weeks = buckets_of(custom("2026-01-01", "2026-04-25"), zone=UTC_ZONE, now=NOW)
    assert weeks[0] == Bucket(datetime(2025, 12, 29, tzinfo=UTC), whole=False)
    assert weeks[1] == Bucket(datetime(2026, 1, 5, tzinfo=UTC), whole=True)
    months = buckets_of(custom("2023-01-01", "2026-04-25"), zone=UTC_ZONE, now=NOW)
    assert [bucket.start.strftime("%Y-%m-%d") for bucket in months][-2:] == ["2026-03-01", "2026-04-01"]
    assert len(months) == 40


def test_no_bucket_lies_in_the_future() -> None:
    assert starts(custom("2026-04-29", "2026-05-10"))[-1] == "04-30T00:00"


def drawn(*values: int, whole: tuple[bool, ...]) -> list[dict[str, Any]]:
    buckets = tuple(Bucket(datetime(2026, 4, day, tzinfo=UTC), whole=each) for day, each in enumerate(whole, start=1))
    series = Series(buckets, (values, tuple(10 * value for value in values)))
    figure = lines(["Visitors", "Page views"], series, interval=Interval.DAY, zone=UTC_ZONE)
    traces: list[dict[str, Any]] = figure["data"]
    return [trace for trace in traces if trace["meta"] == "series-1"]


def test_an_unfinished_bucket_is_joined_to_the_line_by_dashes() -> None:
    solid, dashes, found = drawn(5, 7, 2, whole=(True, True, False))
    assert (solid["y"], solid["line"]["dash"]) == ([5, 7, None], "solid")
    assert (dashes["y"], dashes["line"]["dash"]) == ([7, 2], "3px,3px")
    assert dashes["x"] == ["2026-04-02T00:00:00", "2026-04-03T00:00:00"]
    assert (found["y"], found["name"], found["mode"]) == ([5, 7, 2], "Visitors", "markers")


def test_a_line_of_whole_buckets_has_no_dashes() -> None:
    assert [trace["line"]["dash"] for trace in drawn(5, 7, whole=(True, True)) if "line" in trace] == ["solid"]


def test_a_single_bucket_is_a_point_that_can_be_seen() -> None:
    *_, found = drawn(5, whole=(False,))
    assert found["marker"]["sizeref"] == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (9_512, "9,512"),
        (9_999, "9,999"),
        (10_000, "10k"),
        (12_449, "12.4k"),
        (99_960, "100k"),
        (999_499, "999k"),
        (999_950, "1M"),
        (1_240_000, "1.2M"),
        (3_100_000_000, "3.1B"),
        (1.836, "1.84"),
    ],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert compact(value) == text


def test_exact_numbers_are_grouped() -> None:
    assert [exact(1_234_567), exact(2.0)] == ["1,234,567", "2.00"]


def test_a_sparkline_has_zero_at_the_bottom_and_its_highest_value_at_the_top() -> None:
    assert points([0, 5, 10]) == "0.0,30.0 60.0,16.0 120.0,2.0"
