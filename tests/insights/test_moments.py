"""Buckets in time zones, each expected start written out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from apps.insights.errors import QueryError
from apps.insights.moments import (
    ceil_milliseconds,
    floor_milliseconds,
    offset_at,
    parse_timestamp,
    print_seconds,
    start_of_day,
)


def day_number(year: int, month: int, day: int) -> int:
    return (date(year, month, day) - date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("UTC", (2025, 3, 9), "2025-03-09T00:00:00Z"),
        ("America/New_York", (2025, 3, 9), "2025-03-09T05:00:00Z"),
        ("America/New_York", (2025, 3, 10), "2025-03-10T04:00:00Z"),
        ("Asia/Kolkata", (2025, 6, 1), "2025-05-31T18:30:00Z"),
        ("Asia/Kathmandu", (2025, 6, 1), "2025-05-31T18:15:00Z"),
        ("Pacific/Chatham", (2025, 1, 1), "2024-12-31T10:15:00Z"),
        # Santiago skips from 00:00 to 01:00: the day begins at the first moment after the missing midnight.
        ("America/Santiago", (2025, 9, 7), "2025-09-07T04:00:00Z"),
        # Havana repeats 00:00 to 01:00: the day begins at the first of the two midnights.
        ("America/Havana", (2025, 11, 2), "2025-11-02T04:00:00Z"),
    ],
)
def test_a_day_starts_at_the_first_moment_of_its_date(zone: str, day: tuple[int, int, int], start: str) -> None:
    assert print_seconds(start_of_day(ZoneInfo(zone), day_number(*day))) == start


def test_an_offset_is_that_of_the_moment() -> None:
    before = int(datetime(2025, 4, 5, 14, 59, 59, tzinfo=UTC).timestamp())
    assert offset_at(ZoneInfo("Australia/Lord_Howe"), before) == 39_600
    assert offset_at(ZoneInfo("Australia/Lord_Howe"), before + 1) == 37_800


def test_timestamps_keep_their_microseconds_and_lose_their_offset() -> None:
    moment = parse_timestamp("2026-03-01T10:00:00.123456+02:00", path="body.range.from")
    assert moment == datetime(2026, 3, 1, 8, 0, 0, 123456, tzinfo=UTC)
    assert floor_milliseconds(moment) == 1772352000123
    assert ceil_milliseconds(moment) == 1772352000124


def test_a_time_without_an_offset_is_one_of_the_zone_where_there_is_one() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert parse_timestamp("2026-03-01T10:00", path="p", zone=berlin) == datetime(2026, 3, 1, 9, tzinfo=UTC)
    with pytest.raises(QueryError):
        parse_timestamp("2026-03-01T10:00", path="p")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-02-30T00:00:00Z",
        "2026-01-01",
        "2026-01-01T24:61:00Z",
        "2026-01-01T00:00:00+99:99",
        "٢٠٢٦-01-01T00:00:00Z",
        5,
        None,
    ],
)
def test_what_is_no_time_is_refused_with_its_place(text: object) -> None:
    with pytest.raises(QueryError) as refusal:
        parse_timestamp(text, path="body.range.from")
    assert refusal.value.path == "body.range.from"


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("0001-01-01T00:00:00+23:59", datetime(1900, 1, 2, tzinfo=UTC)),
        ("9999-12-31T23:59:59-23:59", datetime(2299, 12, 30, tzinfo=UTC)),
    ],
)
def test_moments_beyond_the_calendar_are_drawn_to_its_ends(text: str, end: datetime) -> None:
    assert floor_milliseconds(parse_timestamp(text, path="p")) == int(end.timestamp()) * 1000
