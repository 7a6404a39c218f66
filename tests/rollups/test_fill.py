"""Filling counts closed periods exactly, and may be repeated and stopped anywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from apps.core.clock import utc_now
from apps.events.store import EventStore, Statement
from apps.rollups.models import FilledPeriod
from apps.rollups.periods import Level, closed_before, floor, starts
from apps.rollups.services import Window, fill_due, fill_window, rebuild, settled_id, verify
from tests.insights.events import event
from tests.people import World
from tests.rollups.conftest import hold

NOW = datetime(2026, 4, 30, 12, 34, tzinfo=UTC)


def counts(store: EventStore, site: int, dimension: str, level: str) -> list[tuple[Any, ...]]:
    """Start, value, events, visitors and sessions of the rows that count."""
    filled = FilledPeriod.objects.filter(site=site, level=level)
    parameters = {
        "site": site,
        "dimension": dimension,
        "level": level,
        "starts": [int(period.start.timestamp()) for period in filled],
        "fills": [period.fill for period in filled],
    }
    columns = store.query(
        Statement(
            sql="SELECT formatDateTime(start, '%d %H'), value, sum(events), groupBitmapMerge(visitors),"
            " groupBitmapMerge(sessions) FROM rollups WHERE site = {site:UInt32} AND dimension = {dimension:String}"
            " AND level = {level:String}"
            " AND has(arrayZip({starts:Array(UInt32)}, {fills:Array(UInt64)}), (toUnixTimestamp(start), fill))"
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
    assert counts(rollups, site, "urlPath", "day") == [
        ("29 00", "/a", 2, 1, 2),
        ("29 00", "/b", 1, 1, 1),
    ]
    # Neither the 30th nor April is over: a period is counted when it is closed.
    assert counts(rollups, site, "", "month") == []
    fill_due(datetime(2026, 5, 1, 0, 15, tzinfo=UTC))
    assert counts(rollups, site, "", "day") == [("29 00", "", 3, 1, 2), ("30 00", "", 1, 1, 1)]
    assert counts(rollups, site, "", "month") == [("01 00", "", 4, 2, 3)]


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


def test_an_hour_without_events_is_filled_too(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event("2026-04-30T08:00:00Z"))
    fill_due(NOW)
    filled = FilledPeriod.objects.filter(level="hour").order_by("start").values_list("start", "events")
    assert [(start.hour, events) for start, events in filled] == [(8, 1), (9, 0), (10, 0), (11, 0)]


def test_a_filling_that_was_stopped_does_not_count(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event("2026-04-29T10:00:00Z"))
    window = Window(
        Level.HOUR, datetime(2026, 4, 29, 10, tzinfo=UTC), datetime(2026, 4, 29, 11, tzinfo=UTC), (world.docs.pk,)
    )
    fill_window(window)
    FilledPeriod.objects.all().delete()
    assert counts(rollups, world.docs.pk, "", "hour") == []
    fill_window(window)
    assert counts(rollups, world.docs.pk, "", "hour") == [("29 10", "", 1, 1, 1)]


def test_verify_finds_an_hour_whose_events_have_changed(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event("2026-04-30T08:00:00Z"), event("2026-04-30T10:00:00Z"))
    fill_due(NOW)
    assert verify(100) == (4, [])
    hold(rollups, world.docs.pk, event("2026-04-30T08:30:00Z", visitor=3))
    compared, differences = verify(100)
    assert compared == 4
    assert [difference.period.start.hour for difference in differences] == [8]
    assert differences[0].counted.startswith("1 events")
    assert differences[0].found.startswith("2 events")


def test_periods_follow_the_calendar() -> None:
    moment = datetime(2026, 2, 28, 13, 45, tzinfo=UTC)
    assert floor(Level.MONTH, moment) == datetime(2026, 2, 1, tzinfo=UTC)
    spring = list(starts(Level.MONTH, datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)))
    assert spring == [datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)]


def test_an_event_that_may_still_be_on_its_way_is_left_for_later(rollups: EventStore, world: World) -> None:
    hold(
        rollups,
        world.docs.pk,
        event("2026-04-29T10:00:00Z", id=settled_id(utc_now() - timedelta(minutes=1))),
        event("2026-04-29T10:01:00Z", id=settled_id(utc_now()) + (60_000 << 22)),
    )
    fill_due(NOW)
    assert counts(rollups, world.docs.pk, "", "hour") == [("29 10", "", 1, 1, 1)]
    filled = FilledPeriod.objects.get(level="hour", start=datetime(2026, 4, 29, 10, tzinfo=UTC))
    assert (filled.events, filled.through >= settled_id(utc_now() - timedelta(minutes=1))) == (1, True)
