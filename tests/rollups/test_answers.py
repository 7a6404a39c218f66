"""Questions take what is prepared, and say so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from apps.core.clock import utc_now
from apps.events.store import EventStore
from apps.insights.services import resolve
from apps.rollups import coverage
from apps.rollups.answers import plan, run
from apps.rollups.arrivals import settled_id
from apps.rollups.models import FilledPeriod
from apps.rollups.services import fill_due
from tests.insights.events import event
from tests.people import World, token_of
from tests.rollups.conftest import hold

NOW = datetime(2026, 4, 30, 12, 34, tzinfo=UTC)
APRIL_29 = {"from": "2026-04-29T00:00:00Z", "to": "2026-04-30T00:00:00Z"}


def source(world: World, **body: Any) -> str:
    return plan(resolve({"range": APRIL_29, **body}, site=world.docs, now=NOW)).source.value


@pytest.fixture
def filled(rollups: EventStore, world: World) -> EventStore:
    """Two events on the 29th and one on the 30th, and all that is closed by then filled."""
    hold(
        rollups,
        world.docs.pk,
        event("2026-04-29T10:00:00Z", visitor=1, url_path="/a"),
        event("2026-04-29T11:00:00Z", visitor=2, url_path="/b"),
        event("2026-04-30T12:00:00Z", visitor=2, url_path="/b"),
    )
    fill_due(NOW)
    return rollups


def test_a_closed_day_is_answered_from_what_is_prepared(filled: EventStore, world: World) -> None:
    assert source(world) == "rollup"
    views = [{"column": "eventsCount"}, {"column": "visitorsCount"}]
    assert source(world, groupBy=[{"column": "urlPath"}, {"column": "eventType"}], select=views) == "rollup"
    assert source(world, range="last7Days") == "mixed"


def test_the_hours_of_a_whole_year_are_not_merged_into_a_clock(
    filled: EventStore, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = {"groupBy": [{"column": "hourOfDay"}]}
    assert source(world, **clock) == "rollup"
    monkeypatch.setattr(coverage, "_MOST_HOURS", 23)
    assert source(world, **clock) == "raw"
    assert source(world, **clock, select=[{"column": "eventsCount"}]) == "rollup"
    assert source(world, groupBy=[{"column": "datetime", "interval": "hour"}]) == "rollup"


@pytest.mark.parametrize(
    "body",
    [
        {"groupBy": [{"column": "urlPath"}, {"column": "visitorGeoCountry"}]},
        {"groupBy": [{"column": "urlPath"}], "select": [{"column": "datetime"}]},
        {"groupBy": [{"column": "urlPath"}], "select": [{"column": "sessionsCount"}]},
        {"select": [{"column": "pageFeedbackRating"}]},
        {"where": [{"column": "visitorClaim", "claim": "plan", "values": ["x"]}]},
        {"where": [{"column": "datetime", "operator": "lessThan", "values": ["2026-04-29T12:00:00Z"]}]},
        {"groupBy": [{"column": "datetime", "interval": "day"}], "timezone": "Asia/Kolkata"},
    ],
)
def test_what_is_not_prepared_is_read_from_events(filled: EventStore, world: World, body: dict[str, Any]) -> None:
    assert source(world, **body) == "raw"


@pytest.mark.parametrize(
    "body",
    [
        {"select": [{"column": "visitsCount"}]},
        {"select": [{"column": "eventsCount"}], "where": [{"column": "entryPage", "values": ["/a"]}]},
        {"select": [{"column": "eventsCount"}], "where": [{"column": "searchRunsCount", "values": [0]}]},
        {"groupBy": [{"column": "urlPath"}], "order": {"by": {"column": "lastSeen"}, "direction": "asc"}},
        {"select": [{"column": "eventsCount"}], "where": [{"column": "pathIsNew", "values": [True]}]},
    ],
)
def test_what_internal_columns_ask_is_read_from_events(filled: EventStore, world: World, body: dict[str, Any]) -> None:
    query = resolve({"range": APRIL_29, **body}, site=world.docs, now=NOW, internal=True)
    assert plan(query).source.value == "raw"


def test_visits_are_answered_beside_what_is_prepared(filled: EventStore, world: World) -> None:
    body = {"range": APRIL_29, "groupBy": [{"column": "entryPage"}], "select": [{"column": "visitsCount"}]}
    assert run(resolve(body, site=world.docs, now=NOW, internal=True)).to_json()["columns"] == [
        {"column": "entryPage", "values": ["/a", "/b"]},
        {"column": "visitsCount", "values": [1, 1]},
    ]


def test_an_event_that_came_after_its_hour_was_filled_is_in_the_next_answer(filled: EventStore, world: World) -> None:
    late = settled_id(utc_now() + timedelta(minutes=5))
    hold(filled, world.docs.pk, event("2026-04-29T10:30:00Z", visitor=3, url_path="/a", id=late))
    select = [{"column": "eventsCount"}, {"column": "visitorsCount"}]
    body = {"range": APRIL_29, "groupBy": [{"column": "urlPath"}], "select": select}
    query = resolve(body, site=world.docs, now=NOW)
    assert plan(query).source.value == "rollup"
    assert run(query).to_json()["columns"] == [
        {"column": "urlPath", "values": ["/a", "/b"]},
        {"column": "eventsCount", "values": [2, 1]},
        {"column": "visitorsCount", "values": [2, 1]},
    ]


def test_few_events_are_read_rather_than_prepared_counts(filled: EventStore, world: World, settings: Any) -> None:
    settings.ROLLUP_MIN_EVENTS = 2
    assert source(world) == "rollup"
    settings.ROLLUP_MIN_EVENTS = 3
    assert source(world) == "raw"


def test_what_was_counted_for_other_declarations_is_not_used_and_counted_anew(filled: EventStore, world: World) -> None:
    FilledPeriod.objects.update(declared="other")
    assert source(world) == "raw"
    assert fill_due(NOW) == 1
    assert source(world) == "rollup"


def test_the_api_says_what_an_answer_was_counted_from(filled: EventStore, world: World) -> None:
    path = f"/v1/orgs/{world.acme.public_id}/sites/{world.docs.public_id}/insights/events/aggregate"
    headers = {"authorization": f"Bearer {token_of(world.ada, world.acme)}"}
    asked = Client().post(path, {"range": APRIL_29}, content_type="application/json", headers=headers)
    assert asked.headers["X-Insights-Source"] == "rollup"
    assert asked.json()["columns"][0] == {"column": "eventsCount", "values": [2]}
