"""How far counting has come is told from the records alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.rollups.models import FilledPeriod, State
from apps.rollups.status import SiteStatus, can_be_counted_at, described, in_words, site_status
from tests.people import World

NOW = datetime(2026, 4, 30, 12, 34, tzinfo=UTC)


def record(world: World, level: str, start: str, state: State, computed_at: datetime = NOW) -> FilledPeriod:
    return FilledPeriod.objects.create(
        site=world.docs,
        level=level,
        start=datetime.fromisoformat(start).replace(tzinfo=UTC),
        state=state,
        computed_at=computed_at,
    )


def test_nothing_is_told_of_a_site_without_records(world: World) -> None:
    status = site_status(world.docs, NOW)
    assert status == SiteStatus(counted_through=None, behind=None, due=0, late=0, waiting=timedelta())
    assert described(status) == ("Nothing is counted yet.", "0 due, 0 with late events.")


def test_the_end_of_the_last_counted_period_of_any_level_counts(world: World) -> None:
    record(world, "month", "2026-03-01", State.COUNTED)
    record(world, "day", "2026-04-29", State.LATE)
    assert site_status(world.docs, NOW).counted_through == datetime(2026, 4, 30, tzinfo=UTC)
    record(world, "hour", "2026-04-30T10", State.COUNTED)
    record(world, "hour", "2026-04-30T11", State.DUE)
    status = site_status(world.docs, NOW)
    assert (status.counted_through, status.behind) == (datetime(2026, 4, 30, 11, tzinfo=UTC), timedelta(minutes=94))
    assert described(status)[0] == "Counted through 2026-04-30 11:00 UTC, 1 hour, 34 minutes ago."


def test_periods_that_go_on_do_not_wait_and_those_of_other_sites_do_not_matter(world: World) -> None:
    for level, start in (("hour", "2026-04-30T12"), ("day", "2026-04-30"), ("month", "2026-04-01")):
        record(world, level, start, State.DUE)
    FilledPeriod.objects.create(site=world.secrets, level="day", start=NOW - timedelta(days=9), state=State.DUE)
    status = site_status(world.docs, NOW)
    assert (status.due, status.late, status.waiting) == (0, 0, timedelta())


def test_a_due_period_waits_since_it_was_closed_or_became_due(world: World) -> None:
    record(world, "hour", "2026-04-30T11", State.DUE, datetime(2026, 4, 30, 11, 3, tzinfo=UTC))
    status = site_status(world.docs, NOW)
    assert (status.due, status.late, status.waiting) == (1, 0, timedelta(minutes=19))
    record(world, "day", "2025-01-01", State.DUE, datetime(2026, 4, 30, 12, 4, tzinfo=UTC))
    status = site_status(world.docs, NOW)
    assert (status.due, status.waiting) == (2, timedelta(minutes=30))
    assert described(status)[1] == "2 due, 0 with late events. The first has been waiting for 30 minutes."


def test_a_late_period_is_told_at_once_and_waits_an_hour_after_it_was_counted(world: World) -> None:
    late = record(world, "day", "2026-04-29", State.LATE, NOW - timedelta(minutes=50))
    assert can_be_counted_at(late) == NOW + timedelta(minutes=10)
    status = site_status(world.docs, NOW)
    assert (status.due, status.late, status.waiting) == (0, 1, timedelta())
    assert site_status(world.docs, NOW + timedelta(minutes=12)).waiting == timedelta(minutes=2)


def test_a_counted_period_waits_for_nothing(world: World) -> None:
    assert can_be_counted_at(record(world, "day", "2026-04-29", State.COUNTED)) is None


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1, seconds=59), "1 minute"),
        (timedelta(hours=1, minutes=20), "1 hour, 20 minutes"),
        (timedelta(days=9, hours=3), "1 week, 2 days"),
    ],
)
def test_lengths_of_time_are_words(length: timedelta, words: str) -> None:
    assert in_words(length) == words
