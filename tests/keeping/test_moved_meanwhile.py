"""Events that are moved into a store whose events are being counted at that moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.events.store import EventStore
from apps.insights.services import resolve
from apps.keeping import backup
from apps.rollups import filling
from apps.rollups.answers import plan, run
from apps.rollups.arrivals import note_arrivals
from apps.rollups.models import FilledPeriod
from apps.rollups.services import fill_due
from apps.rollups.verification import verify
from tests.insights.events import event
from tests.people import World
from tests.rollups.conftest import hold

NOW = datetime(2026, 4, 30, 12, 34, tzinfo=UTC)
DAY = datetime(2026, 3, 3, tzinfo=UTC)


@pytest.mark.one_process
@pytest.mark.parametrize("is_noted", [False, True])
def test_what_was_counted_without_them_is_not_recorded(
    rollups: EventStore, world: World, monkeypatch: pytest.MonkeyPatch, is_noted: bool
) -> None:
    """Their ids are less than those of events that came here, up to which all is noted."""
    site, record, recorded = world.docs, filling._record, []
    hold(
        rollups,
        site.pk,
        event("2026-03-03T10:00:00Z", id=100),
        event("2026-03-03T11:00:00Z", id=900),
    )

    def held_up(*arguments: Any) -> int:
        if not recorded:
            hold(rollups, site.pk, event("2026-03-03T12:00:00Z", id=500))
            backup._count_anew([(site.pk, DAY)], after=499)
            if is_noted:
                note_arrivals(NOW)
        recorded.append(record(*arguments))
        return recorded[-1]

    monkeypatch.setattr(filling, "_record", held_up)
    fill_due(NOW)
    assert recorded[0] == 0
    select = [{"column": "eventsCount"}]
    march = {"from": "2026-03-03T00:00:00Z", "to": "2026-03-04T00:00:00Z"}
    query = resolve({"range": march, "select": select}, site=site, now=NOW)
    assert list(run(query).columns[0].values) == [3]
    fill_due(NOW)
    assert (list(run(query).columns[0].values), plan(query).source.value) == ([3], "rollup")
    assert FilledPeriod.objects.get(site=site, level="day", start=DAY).events == 3
    assert verify(100)[1] == []
