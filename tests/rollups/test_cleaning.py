"""Rows that count for nothing are removed, but not while something may still read or record them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from apps.core.clock import utc_now
from apps.events.store import EventStore, Statement
from apps.rollups.cleaning import clean
from apps.rollups.models import FilledPeriod
from apps.rollups.services import fill_due, rebuild
from tests.insights.events import event
from tests.people import World
from tests.rollups.conftest import hold

NOW = datetime(2026, 4, 30, 12, 34, tzinfo=UTC)
LATER = timedelta(hours=2)


def kept(store: EventStore) -> set[tuple[str, int]]:
    """Levels and fillings of the rows that are there."""
    columns = store.query(Statement(sql="SELECT DISTINCT toString(level), fill FROM rollups"))
    return set(zip(*columns, strict=True))


def fills(level: str) -> set[int]:
    return set(FilledPeriod.objects.filter(level=level).values_list("fill", flat=True))


def test_what_counts_stays(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event("2026-03-28T10:00:00Z"), event("2026-04-30T10:00:00Z"))
    fill_due(NOW)
    before = kept(rollups)
    assert {level for level, _fill in before} == {"hour", "day", "month"}
    assert clean(utc_now() + LATER) == 0
    assert kept(rollups) == before


def test_a_filling_that_was_done_again_is_removed_when_no_question_can_read_it(
    rollups: EventStore, world: World
) -> None:
    hold(rollups, world.docs.pk, event("2026-04-28T10:00:00Z"))
    fill_due(NOW)
    [first] = fills("day")
    rebuild(world.docs, datetime(2026, 4, 28, tzinfo=UTC), datetime(2026, 4, 29, tzinfo=UTC), NOW)
    [second] = fills("day")
    assert kept(rollups) == {("day", first), ("hour", first), ("day", second), ("hour", second)}
    later = utc_now() + LATER
    FilledPeriod.objects.update(computed_at=later - timedelta(minutes=59))
    assert clean(later) == 0
    FilledPeriod.objects.update(computed_at=later - timedelta(minutes=61))
    assert clean(later) == 2  # the day, and its hour
    assert kept(rollups) == {("day", second), ("hour", second)}


def test_a_filling_without_a_record_is_removed_after_an_hour(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event("2026-04-28T10:00:00Z"))
    fill_due(NOW)
    FilledPeriod.objects.all().delete()
    assert clean(utc_now() + timedelta(minutes=59)) == 0
    assert clean(utc_now() + timedelta(minutes=61)) == 2
    assert kept(rollups) == set()


def test_a_due_period_keeps_no_rows(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event("2026-04-28T10:00:00Z"))
    fill_due(NOW)
    FilledPeriod.objects.update(state="due")
    assert clean(utc_now() + LATER) == 2
    assert kept(rollups) == set()


def test_the_hours_of_a_day_that_went_on_make_room_for_the_days_own(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event("2026-04-29T10:00:00Z"))
    fill_due(NOW - timedelta(days=1))
    [hour] = fills("hour")
    fill_due(NOW)
    [day] = fills("day")
    assert fills("hour") == set()
    assert kept(rollups) == {("hour", hour), ("day", day), ("hour", day)}
    assert clean(utc_now() + LATER) == 1
    assert kept(rollups) == {("day", day), ("hour", day)}
