"""Filling counts closed periods exactly, and may be repeated and stopped anywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import F

from apps.core.clock import utc_now
from apps.events.store import EventStore, Statement
from apps.rollups import arrivals, statements
from apps.rollups.arrivals import note_arrivals, settled_id
from apps.rollups.filling import Window, fill_month, fill_window, given_twice, pieces
from apps.rollups.models import FilledPeriod, Watermark
from apps.rollups.periods import Level, closed_before, floor, starts
from apps.rollups.services import fill_due, rebuild
from apps.rollups.statements import Span
from apps.rollups.verification import verify
from tests.insights.events import event
from tests.people import World
from tests.rollups.conftest import hold

NOW = datetime(2026, 4, 30, 12, 34, tzinfo=UTC)


def counts(store: EventStore, site: int, dimension: str, level: str) -> list[tuple[Any, ...]]:
    """Start, value, events, visitors and sessions of the rows that count; the hours of a counted day are its own."""
    records = ("hour", "day") if level == "hour" else (level,)
    fills = FilledPeriod.objects.filter(site=site, level__in=records).values_list("fill", flat=True)
    parameters = {"site": site, "dimension": dimension, "level": level, "fills": list(fills)}
    columns = store.query(
        Statement(
            sql="SELECT formatDateTime(start, '%d %H'), value, sum(events), groupBitmapMerge(visitors),"
            " groupBitmapMerge(sessions) FROM rollups WHERE site = {site:UInt32} AND dimension = {dimension:String}"
            " AND level = {level:String}"
            " AND has({fills:Array(UInt64)}, fill)"
            " GROUP BY start, value ORDER BY start, value",
            parameters=parameters,
        )
    )
    return list(zip(*columns, strict=True))


def test_hours_days_and_months_are_counted_with_exact_visitors(rollups: EventStore, world: World) -> None:
    hold(
        rollups,
        world.docs.pk,
        event("2026-04-29T10:00:00Z", visitor=1, session=1, url_path="/a"),
        event("2026-04-29T10:59:59.999Z", visitor=1, session=1, url_path="/b"),
        event("2026-04-29T11:00:00Z", visitor=1, session=2, url_path="/a"),
        event("2026-04-30T10:00:00Z", visitor=2, session=3, url_path="/a"),
    )
    fill_due(NOW)
    site = world.docs.pk
    assert counts(rollups, site, "", "hour") == [
        ("29 10", "", 2, 1, 1),
        ("29 11", "", 1, 1, 1),
        ("30 10", "", 1, 1, 1),
    ]
    # Of columns with many values no sessions are counted.
    assert counts(rollups, site, "urlPath", "day") == [
        ("29 00", "/a", 2, 1, 0),
        ("29 00", "/b", 1, 1, 0),
    ]
    # A day that is counted keeps the hours of its totals only.
    assert counts(rollups, site, "urlPath", "hour") == [("30 10", "/a", 1, 1, 0)]
    # Neither the 30th nor April is over: a period is counted when it is closed.
    assert counts(rollups, site, "", "month") == []
    fill_due(datetime(2026, 5, 1, 0, 15, tzinfo=UTC))
    assert counts(rollups, site, "", "day") == [("29 00", "", 3, 1, 2), ("30 00", "", 1, 1, 1)]
    assert counts(rollups, site, "", "month") == [("01 00", "", 4, 2, 3)]
    assert counts(rollups, site, "urlPath", "month") == [("01 00", "/a", 3, 2, 0), ("01 00", "/b", 1, 1, 0)]


def test_an_hour_is_closed_a_quarter_of_an_hour_after_its_end() -> None:
    noon = datetime(2026, 4, 30, 12, tzinfo=UTC)
    assert closed_before(Level.HOUR, noon + timedelta(minutes=14, seconds=59)) == noon - timedelta(hours=1)
    assert closed_before(Level.HOUR, noon + timedelta(minutes=15)) == noon


def test_filling_again_counts_nothing_twice(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event("2026-04-29T10:00:00Z"), event("2026-04-29T10:30:00Z", visitor=2))
    fill_due(NOW)
    assert fill_due(NOW) == 0
    rebuild(world.docs, datetime(2026, 4, 29, tzinfo=UTC), datetime(2026, 4, 30, tzinfo=UTC), NOW)
    assert counts(rollups, world.docs.pk, "", "hour") == [("29 10", "", 2, 2, 2)]


def test_sites_are_filled_together_and_apart(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event("2026-04-29T10:00:00Z", visitor=7))
    hold(rollups, world.secrets.pk, event("2026-04-29T10:00:00Z", visitor=7), event("2026-04-29T10:01:00Z", visitor=8))
    fill_due(NOW)
    assert counts(rollups, world.docs.pk, "", "hour") == [("29 10", "", 1, 1, 1)]
    assert counts(rollups, world.secrets.pk, "", "hour") == [("29 10", "", 2, 2, 2)]


def test_numbers_start_at_1_in_each_site_and_stay(rollups: EventStore, world: World) -> None:
    hold(
        rollups,
        world.docs.pk,
        event("2026-04-29T10:00:00Z", visitor=500, id=1),
        event("2026-04-29T10:01:00Z", visitor=9, id=2),
    )
    fill_due(NOW)
    hold(
        rollups,
        world.docs.pk,
        event("2026-04-29T11:00:00Z", visitor=9, id=3),
        event("2026-04-29T11:01:00Z", visitor=77, id=4),
    )
    rebuild(world.docs, datetime(2026, 4, 29, tzinfo=UTC), datetime(2026, 4, 30, tzinfo=UTC), NOW)
    columns = rollups.query(Statement(sql="SELECT hash, number FROM visitor_numbers ORDER BY number"))
    assert list(zip(*columns, strict=True)) == [(500, 1), (9, 2), (77, 3)]


def test_hours_and_days_without_events_between_others_are_filled_too(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event("2026-04-30T08:00:00Z"), event("2026-04-30T10:00:00Z"))
    hold(rollups, world.docs.pk, event("2026-04-26T08:00:00Z"), event("2026-04-28T10:00:00Z"))
    fill_due(NOW)
    filled = FilledPeriod.objects.filter(state="counted").order_by("level", "start").values_list("start", "events")
    assert [(f"{start:%d %H}", events) for start, events in filled] == [
        *(("26 00", 1), ("27 00", 0), ("28 00", 1), ("29 00", 0)),
        *(("30 08", 1), ("30 09", 0), ("30 10", 1)),
    ]


def test_events_of_a_time_before_all_others_make_their_days_due(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event("2026-04-28T10:00:00Z"))
    fill_due(NOW)
    hold(rollups, world.docs.pk, event("2026-04-25T10:00:00Z", visitor=2))
    assert fill_due(NOW) == 3
    assert counts(rollups, world.docs.pk, "", "day") == [("25 00", "", 1, 1, 1), ("28 00", "", 1, 1, 1)]


def test_a_counted_day_that_gets_events_is_late_and_counted_anew_after_an_hour(
    rollups: EventStore, world: World
) -> None:
    hold(rollups, world.docs.pk, event("2026-03-28T10:00:00Z"))
    fill_due(NOW)
    assert counts(rollups, world.docs.pk, "", "month") == [("01 00", "", 1, 1, 1)]
    hold(rollups, world.docs.pk, event("2026-03-28T11:00:00Z", visitor=2))
    assert fill_due(NOW) == 0
    assert set(FilledPeriod.objects.values_list("level", "state")) == {("day", "late"), ("month", "late")}
    assert fill_due(utc_now() + timedelta(minutes=59)) == 0
    assert fill_due(utc_now() + timedelta(minutes=61)) == 2
    assert set(FilledPeriod.objects.values_list("level", "state")) == {("day", "counted"), ("month", "counted")}
    assert counts(rollups, world.docs.pk, "", "day") == [("28 00", "", 2, 2, 2)]
    assert counts(rollups, world.docs.pk, "", "month") == [("01 00", "", 2, 2, 2)]


def test_a_month_waits_for_its_days(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event("2026-03-27T10:00:00Z"), event("2026-03-28T10:00:00Z"))
    fill_due(NOW)
    FilledPeriod.objects.filter(level="day", start__day=27).update(state="due")
    FilledPeriod.objects.filter(level="month").update(state="due")
    assert fill_month(datetime(2026, 3, 1, tzinfo=UTC), (world.docs.pk,)) == 0
    assert fill_due(NOW) == 2
    assert counts(rollups, world.docs.pk, "", "month") == [("01 00", "", 2, 1, 1)]


def test_what_is_counted_while_events_are_noted_is_looked_at_again(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event("2026-04-29T10:00:00Z"))
    through = note_arrivals(NOW)
    hold(rollups, world.docs.pk, event("2026-04-29T11:00:00Z", visitor=2))
    note_arrivals(NOW)
    day = datetime(2026, 4, 29, tzinfo=UTC)
    fill_window(Window(Level.DAY, day, day + timedelta(days=1), (world.docs.pk,)), through)
    assert FilledPeriod.objects.get(level="day").state == "late"


def test_large_windows_are_counted_in_pieces(
    rollups: EventStore, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(rollups, world.docs.pk, *(event(f"2026-04-{day}T10:00:00Z") for day in (20, 21, 21, 23, 24)))
    monkeypatch.setattr("apps.rollups.filling.PIECE_EVENTS", 2)
    window = Window(Level.DAY, datetime(2026, 4, 20, tzinfo=UTC), datetime(2026, 4, 26, tzinfo=UTC), (world.docs.pk,))
    assert [(piece.start.day, piece.end.day) for piece in pieces(window, note_arrivals(NOW))] == [
        (20, 21),
        (21, 23),
        (23, 26),
    ]


def test_a_filling_that_was_stopped_does_not_count(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event("2026-04-29T10:00:00Z"))
    window = Window(
        Level.HOUR, datetime(2026, 4, 29, 10, tzinfo=UTC), datetime(2026, 4, 29, 11, tzinfo=UTC), (world.docs.pk,)
    )
    through = note_arrivals(NOW)
    fill_window(window, through)
    FilledPeriod.objects.all().delete()
    assert counts(rollups, world.docs.pk, "", "hour") == []
    fill_window(window, through)
    assert counts(rollups, world.docs.pk, "", "hour") == [("29 10", "", 1, 1, 1)]


def test_verify_finds_an_hour_whose_events_have_changed(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event("2026-04-30T08:00:00Z"), event("2026-04-29T08:00:00Z"))
    hold(rollups, world.docs.pk, event("2026-04-30T10:00:00Z", id=10_000_000))
    fill_due(NOW)
    assert verify(100) == (4, [])
    hold(rollups, world.docs.pk, event("2026-04-30T08:30:00Z", visitor=3), event("2026-04-29T09:30:00Z"))
    compared, differences = verify(100)
    assert compared == 4
    assert [(each.period.level.label, each.period.start.hour) for each in differences] == [("day", 0), ("hour", 8)]
    assert differences[1].counted.startswith("1 events")
    assert differences[1].found.startswith("2 events")


def test_verify_finds_an_hour_of_a_day_that_is_wrong(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event("2026-04-29T08:00:00Z"))
    fill_due(NOW)
    rollups.command(Statement(sql="ALTER TABLE rollups DELETE WHERE level = 'hour' SETTINGS mutations_sync = 1"))
    _compared, differences = verify(100)
    assert [each.period.level.label for each in differences] == ["day"]


def test_numbers_that_are_given_twice_are_found(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event("2026-04-29T08:00:00Z", visitor=5))
    fill_due(NOW)
    assert given_twice() == 0
    rollups.command(Statement(sql="INSERT INTO visitor_numbers SELECT site, 6, number FROM visitor_numbers"))
    assert given_twice() == 1


def test_periods_follow_the_calendar() -> None:
    moment = datetime(2026, 2, 28, 13, 45, tzinfo=UTC)
    assert floor(Level.MONTH, moment) == datetime(2026, 2, 1, tzinfo=UTC)
    spring = list(starts(Level.MONTH, datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)))
    assert spring == [datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)]


def test_an_event_that_may_still_be_on_its_way_is_left_for_later(rollups: EventStore, world: World) -> None:
    hold(
        rollups,
        world.docs.pk,
        event("2026-04-29T10:00:00Z", id=settled_id(NOW - timedelta(minutes=1))),
        event("2026-04-29T10:01:00Z", id=settled_id(NOW) + (60_000 << 22)),
    )
    fill_due(NOW)
    assert counts(rollups, world.docs.pk, "", "day") == [("29 00", "", 1, 1, 1)]
    filled = FilledPeriod.objects.get(level="day", start=datetime(2026, 4, 29, tzinfo=UTC))
    assert (filled.events, filled.through) == (1, settled_id(NOW - timedelta(minutes=1)))


def test_what_another_has_noted_meanwhile_is_not_noted_again(
    rollups: EventStore, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(rollups, world.docs.pk, event("2026-04-29T10:00:00Z", id=70))
    read = arrivals.settled_id

    def overtaken(now: datetime) -> int:
        Watermark.objects.update_or_create(pk=1, defaults={"event_id": 90})
        return read(now)

    monkeypatch.setattr(arrivals, "settled_id", overtaken)
    assert note_arrivals(NOW) == 90
    assert not FilledPeriod.objects.exists()


def test_an_event_of_a_distant_future_makes_only_its_own_periods_due(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event("2026-04-27T10:00:00Z"), event("2105-01-01T00:00:00Z"))
    note_arrivals(NOW)
    hold(rollups, world.docs.pk, event("2026-04-29T10:00:00Z"))
    note_arrivals(NOW)
    days = FilledPeriod.objects.filter(level="day").order_by("start").values_list("start", flat=True)
    assert [f"{day:%Y-%m-%d}" for day in days] == ["2026-04-27", "2026-04-28", "2026-04-29", "2105-01-01"]
    months = FilledPeriod.objects.filter(level="month").order_by("start").values_list("start", flat=True)
    assert [f"{month:%Y-%m}" for month in months] == ["2026-04", "2105-01"]


@pytest.mark.parametrize(
    "other",
    ["if(value = '/a', '/b', value) AS value", "if(value = '/a', 'Googlebot', bot) AS bot"],
)
def test_verify_finds_counts_that_are_kept_under_another_value(rollups: EventStore, world: World, other: str) -> None:
    hold(
        rollups,
        world.docs.pk,
        event("2026-04-29T08:00:00Z", url_path="/a"),
        event("2026-04-29T09:00:00Z", url_path="/c", visitor=2),
    )
    fill_due(NOW)
    assert verify(100) == (1, [])
    rollups.command(Statement(sql=f"INSERT INTO rollups SELECT * REPLACE ({other}, fill + 1 AS fill) FROM rollups"))
    FilledPeriod.objects.update(fill=F("fill") + 1)
    _compared, differences = verify(100)
    assert [each.period.level.label for each in differences] == ["day"]


def test_of_the_events_those_of_other_hours_are_not_looked_at(rollups: EventStore, world: World) -> None:
    site, ten = world.docs.pk, datetime(2026, 4, 29, 10, tzinfo=UTC)
    rollups.command(Statement(sql="SYSTEM STOP MERGES events"))
    for hours in (("07", "08"), ("09", "10"), ("12", "13")):
        hold(rollups, site, *(event(f"2026-04-29T{hour}:30:00Z") for hour in hours))
    span = Span((site,), ten, ten + timedelta(hours=1), 2**62)
    asked = statements.fingerprints(Level.HOUR, span)
    explained = Statement(sql=f"EXPLAIN indexes = 1 {asked.sql}", parameters=asked.parameters)
    lines = [str(line).strip() for line in rollups.query(explained)[0]]
    rollups.command(Statement(sql="SYSTEM START MERGES events"))
    by_key = lines[lines.index("PrimaryKey") :]
    assert next(line for line in by_key if line.startswith("Parts:")) == "Parts: 1/3"
