"""The engine and the evaluator agree on random events and random queries over all columns."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.events.store import EventStore
from apps.insights.catalog import CATALOG
from apps.sites.models import Site
from tests.insights import strategies
from tests.insights.conftest import Desk
from tests.insights.evaluator import DIMENSIONS, METRICS, evaluate
from tests.insights.events import NOW

Events = list[dict[str, Any]]
Body = dict[str, Any]

_site_numbers = count(1_000)
unhurried = settings(deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def engine(_engine: EventStore) -> EventStore:
    """The engine, kept by all examples of a test."""
    return _engine


def desk_with(engine: EventStore, events: Events) -> Desk:
    """A new site with these events; those of the sites before stay beside it and must not be counted."""
    desk = Desk(engine, Site(pk=next(_site_numbers), title="Docs", url="https://docs.acme.example"))
    if events:
        desk.holds(*events)
    return desk


def assert_agreement(desk: Desk, body: Body) -> None:
    expected = evaluate(body, desk.events, site_pk=desk.site.pk, now=NOW)
    assert desk.answer(body) == expected, body


def test_the_two_know_the_same_fifty_columns() -> None:
    assert len({*DIMENSIONS, *METRICS}) == 50
    assert set(CATALOG) == {*DIMENSIONS, *METRICS}


@settings(unhurried, max_examples=80)
@given(events=strategies.events(), bodies=st.lists(strategies.bodies(), min_size=8, max_size=15))
def test_they_agree_on_any_question(engine: EventStore, events: Events, bodies: list[Body]) -> None:
    desk = desk_with(engine, events)
    for body in bodies:
        assert_agreement(desk, body)


@pytest.mark.parametrize("name", DIMENSIONS)
def test_they_agree_on_groups_and_filters_of_every_dimension(engine: EventStore, name: str) -> None:
    column = strategies.column_called(name)

    @settings(unhurried, max_examples=5)
    @given(
        events=strategies.events(),
        more=strategies.few,
        body=strategies.bodies(),
        filters=st.lists(strategies.filter_of(name), min_size=1, max_size=2),
        by=column,
        direction=st.sampled_from(("asc", "desc")),
    )
    def agree(events: Events, more: list[Body], body: Body, filters: list[Body], by: Body, direction: str) -> None:
        desk = desk_with(engine, events)
        assert_agreement(desk, {**body, "groupBy": [by, *more]})
        assert_agreement(desk, {**body, "select": [*more, by]})
        assert_agreement(desk, {**body, "where": filters})
        assert_agreement(desk, {**body, "order": {"by": by, "direction": direction}})

    agree()


@pytest.mark.parametrize("name", METRICS)
def test_they_agree_on_every_metric(engine: EventStore, name: str) -> None:
    order = st.sampled_from(("asc", "desc")).map(lambda direction: {"by": {"column": name}, "direction": direction})

    @settings(unhurried, max_examples=10)
    @given(events=strategies.events(), body=strategies.bodies(), order=order)
    def agree(events: Events, body: Body, order: Body) -> None:
        desk = desk_with(engine, events)
        assert_agreement(desk, {**body, "select": [{"column": name}], "order": order})
        assert_agreement(desk, {"range": "lastYear", "select": [{"column": name}]})

    agree()


@pytest.mark.parametrize("zone", strategies.ZONES)
@pytest.mark.parametrize("interval", ["hour", "day", "week", "month"])
def test_they_agree_on_buckets_around_every_clock_change(engine: EventStore, zone: str, interval: str) -> None:
    times = [edge + step for edge in strategies.EDGES for step in strategies.STEPS]
    events = [{"id": n, "timestamp": at, "visitor": 1, "session": 1} for n, at in enumerate(times)]
    desk = desk_with(engine, events)
    assert_agreement(
        desk,
        {
            "range": {"from": "2025-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"},
            "groupBy": [{"column": "datetime", "interval": interval}],
            "timezone": zone,
        },
    )
