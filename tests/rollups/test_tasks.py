"""The periodic filling."""

from __future__ import annotations

from datetime import timedelta

from apps.core.clock import utc_now
from apps.core.locks import only_one
from apps.events.store import EventStore
from apps.rollups.models import FilledPeriod
from apps.rollups.services import fill_due
from apps.rollups.tasks import fill_closed_periods
from tests.insights.events import event
from tests.people import World
from tests.rollups.conftest import hold


def test_it_fills_what_is_closed(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event(f"{utc_now() - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"))
    fill_closed_periods()
    assert FilledPeriod.objects.filter(site=world.docs, state="counted").count() >= 1


def test_it_leaves_the_work_to_another_that_is_at_it(rollups: EventStore, world: World) -> None:
    hold(rollups, world.docs.pk, event(f"{utc_now() - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"))
    with only_one("rollups", seconds=60):
        fill_closed_periods()
        assert not FilledPeriod.objects.exists()
    fill_closed_periods()
    assert FilledPeriod.objects.exists()


def test_a_run_ends_when_its_time_is_up_and_the_next_goes_on(rollups: EventStore, world: World) -> None:
    for days in (200, 3):
        hold(rollups, world.docs.pk, event(f"{utc_now() - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"))
    first = fill_due(utc_now(), seconds=0)
    assert 0 < first < 150
    assert fill_due(utc_now()) > 100
    assert fill_due(utc_now()) == 0
