"""An answer from prepared counts equals the answer from events, byte for byte, whatever is prepared."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.clock import utc_now
from apps.events.ids import time_of
from apps.events.store import EventStore
from apps.insights.catalog import DIMENSIONS
from apps.insights.compiler import compile_query
from apps.insights.query import Query, resolve_query
from apps.insights.result import Result
from apps.rollups.arrivals import note_arrivals, settled_id
from apps.rollups.compiler import compile_prepared
from apps.rollups.coverage import cover
from apps.rollups.filling import Window, fill_month, fill_window
from apps.rollups.models import FilledPeriod, Watermark
from apps.rollups.periods import Level, floor
from apps.rollups.services import fill_due
from apps.rollups.verification import verify
from apps.sites.models import Site
from tests.insights import strategies
from tests.insights.events import NOW, event
from tests.people import World

PREPARED = tuple(dimension.name for dimension in DIMENSIONS if dimension.prepared)
SHARED = ("eventType", "visitorBot", "displayContext")
METRICS = ({"column": "eventsCount"}, {"column": "visitorsCount"}, {"column": "sessionsCount"})
_late = count(1)
mostly = st.sampled_from((True, True, True, False))


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Questions that prepared counts can answer: any one prepared dimension, the shared ones, and time."""
    main = draw(st.sampled_from((None, *PREPARED)))
    pool = (*((main,) if main else ()), *SHARED)
    grouped = [{"column": name} for name in draw(st.lists(st.sampled_from(pool), max_size=2, unique=True))]
    times = st.sampled_from(("datetime", "dayOfWeek", "hourOfDay")).flatmap(strategies.column_called)
    grouped += draw(st.lists(times, max_size=1))
    filters = draw(st.lists(st.sampled_from(pool).flatmap(strategies.filter_of), max_size=2))
    counted = st.sampled_from(("eventsCount", "visitorsCount", "sessionsCount")).flatmap(strategies.filter_of)
    body: dict[str, Any] = {
        "range": draw(st.sampled_from(("lastYear", "last3Months", "last30Days", "last7Days"))),
        "select": draw(st.lists(st.sampled_from(METRICS), min_size=1, unique_by=str)),
        "groupBy": grouped,
        "where": [*filters, *draw(st.lists(counted, max_size=1))],
        "timezone": draw(st.sampled_from(("UTC", "UTC", *strategies.ZONES))),
    }
    if draw(st.booleans()):
        by = draw(st.sampled_from((*grouped, *METRICS)))
        body["order"] = {"by": by, "direction": draw(st.sampled_from(("asc", "desc")))}
    return body


def prepare(draw: Any, site: int, events: list[dict[str, Any]]) -> None:
    """Fill some hours, days and months that hold events, then forget some of them again."""
    FilledPeriod.objects.all().delete()
    for timestamp in draw(st.lists(st.sampled_from([each["timestamp"] for each in events]), min_size=1, max_size=3)):
        level = draw(st.sampled_from(tuple(Level)))
        start = floor(level, timestamp)
        fill(level, start, start + draw(st.sampled_from((1, 2))) * level.length, site)
    filled = list(FilledPeriod.objects.order_by("level", "start"))
    forgotten = draw(st.sets(st.sampled_from(filled), max_size=len(filled) - 1))
    FilledPeriod.objects.filter(pk__in=[each.pk for each in forgotten]).delete()


def fill(level: Level, start: datetime, end: datetime, site: int) -> None:
    """Months from their days."""
    through = settled_id(utc_now())
    Watermark.objects.update_or_create(pk=1, defaults={"event_id": through})
    if level is not Level.MONTH:
        fill_window(Window(level, start, end, (site,)), through)
        return
    fill_window(Window(Level.DAY, start, end, (site,)), through)
    while start < end:
        fill_month(start, (site,))
        start += level.length


def hold(store: EventStore, site: int, events: list[dict[str, Any]]) -> None:
    store.insert([{**each, "site": site} for each in events])


def answers(store: EventStore, query: Query) -> tuple[bytes, bytes | None]:
    """The answer from events, and the one from what is prepared, where it can help."""
    coverage = cover(query)
    raw = Result.of(query, store.query(compile_query(query))).to_json()
    if coverage is None:
        return msgspec.json.encode(raw), None
    prepared = Result.of(query, store.query(compile_prepared(query, coverage))).to_json()
    return msgspec.json.encode(raw), msgspec.json.encode(prepared)


@pytest.mark.django_db
def test_prepared_answers_equal_those_of_the_events(rollups: EventStore, world: World) -> None:
    store = rollups
    taken: Counter[str] = Counter()
    states: Counter[str] = Counter()

    @settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
    @given(
        data=st.data(),
        events=strategies.events().filter(bool),
        late=strategies.events(),
        asked=st.lists(bodies(), min_size=6, max_size=12),
    )
    def agree(data: st.DataObject, events: list[dict[str, Any]], late: list[dict[str, Any]], asked: list[Any]) -> None:
        site = Site.objects.create(organization=world.acme, title="Docs").pk
        hold(store, site, events)
        prepare(data.draw, site, events)
        if late:
            if data.draw(mostly):  # into periods that may be counted
                times = st.sampled_from([each["timestamp"] for each in events])
                late = [{**each, "timestamp": data.draw(times)} for each in late]
            newest = settled_id(utc_now()) + (600_000 << 22)
            received = time_of(newest).replace(microsecond=0)
            hold(store, site, [{**each, "id": newest + next(_late), "received": received} for each in late])
            if data.draw(mostly):
                note_arrivals(utc_now() + timedelta(minutes=15))
        states.update(FilledPeriod.objects.filter(site=site).values_list("state", flat=True))
        for body in asked:
            query = resolve_query(body, site=site, now=NOW)
            raw, prepared = answers(store, query)
            taken["events" if prepared is None else "prepared"] += 1
            if prepared is not None:
                assert prepared == raw, body

    agree()
    assert taken["prepared"] > 20
    assert taken["events"] > 20
    assert set(states) == {"due", "counted", "late"}


@pytest.mark.parametrize("day", [29, 28])
def test_a_counted_hour_that_gets_events_after_its_day_has_ended_stays_right(
    rollups: EventStore, world: World, day: int
) -> None:
    """The 29th waits to be counted, as after midnight; the 28th is counted, but a filler was late with its hour."""
    site, ten = world.docs.pk, datetime(2026, 4, day, 10, tzinfo=UTC)
    hold(rollups, site, [event("2026-04-28T10:00:00Z"), event("2026-04-29T10:00:00Z"), event("2026-04-29T11:00:00Z")])
    evening = datetime(2026, 4, 29, 22, 34, tzinfo=UTC)
    fill_due(evening)
    fill_window(Window(Level.HOUR, ten, ten + timedelta(hours=1), (site,)), note_arrivals(evening))
    assert FilledPeriod.objects.get(level="hour", start=ten).state == "counted"
    hold(rollups, site, [event(f"2026-04-{day}T10:30:00Z", visitor=2)])
    span = {"from": f"2026-04-{day}T10:00:00Z", "to": f"2026-04-{day}T11:00:00Z"}
    query = resolve_query({"range": span, "select": list(METRICS[:2])}, site=site, now=NOW)
    expected = b'{"columns":[{"column":"eventsCount","values":[2]},{"column":"visitorsCount","values":[2]}]}'
    assert answers(rollups, query) == (expected, expected)
    note_arrivals(datetime(2026, 4, 30, 0, 20, tzinfo=UTC))
    assert answers(rollups, query) == (expected, expected)
    assert verify(100)[1] == []
