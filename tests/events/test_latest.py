"""The latest events: the newest come first, however far back they are looked for, and few others are read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.events import latest
from apps.events.latest import Wanted, latest_events
from apps.events.store import EventStore, Statement
from apps.events.wire import EARLIEST
from tests.insights.events import NOW, event

AGES = st.one_of(
    st.integers(-7_200_000, 7_200_000),
    st.integers(-86_400, 400 * 86_400).map(lambda seconds: seconds * 1000),
    # On the edges of windows, of hours and of the engine's calendar of hours, which ends in 2106; many of one moment.
    st.sampled_from(
        [0, 1, *(int(each.total_seconds()) * 1000 for each in latest.WINDOWS), 2_096_789, -90 * 31_557_600_000]
    ),
)
"""Milliseconds before ``NOW``; after it, where they are negative."""
EVENTS = st.lists(
    st.tuples(
        AGES, st.sampled_from([1, 2]), st.sampled_from(["page_view", "ask_view"]), st.sampled_from(["", "gptbot"])
    ),
    max_size=40,
)
BEGINNINGS = st.sampled_from([EARLIEST, *(NOW - timedelta(days=days) for days in (1, 7, 30, 365, 366))])


class WatchedStore:
    """The real store, which tells how many rows a question may read."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self.rows = 0

    def query(self, statement: Statement) -> list[Sequence[Any]]:
        estimate = Statement(sql=f"EXPLAIN ESTIMATE {statement.sql}", parameters=statement.parameters)
        columns = self._store.query(estimate)
        self.rows += sum(columns[3]) if columns else 0
        return self._store.query(statement)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=EVENTS,
    since=BEGINNINGS,
    site=st.sampled_from([None, 1, 2]),
    event_type=st.sampled_from(["", "page_view", "ask_view"]),
    bots=st.sampled_from([None, True, False]),
    page=st.integers(1, 4),
)
def test_a_page_is_that_of_all_events_in_order(
    store: EventStore,
    monkeypatch: pytest.MonkeyPatch,
    *,
    events: list[tuple[int, int, str, str]],
    since: datetime,
    site: int | None,
    event_type: str,
    bots: bool | None,
    page: int,
) -> None:
    monkeypatch.setattr(latest, "PAGE_ROWS", 3)
    store.command(Statement(sql="TRUNCATE TABLE events"))
    rows = [
        event(
            (NOW - timedelta(milliseconds=age)).isoformat(),
            id=number,
            site=of,
            event_type=kind,
            bot=bot,
            url_path=f"/{number}",
        )
        for number, (age, of, kind, bot) in enumerate(events, 1)
    ]
    if rows:
        store.insert(rows)
    expected = [
        row["url_path"]
        for row in sorted(rows, key=lambda row: (row["timestamp"], row["id"]), reverse=True)
        if row["timestamp"] >= since
        and site in (None, row["site"])
        and event_type in ("", row["event_type"])
        and bots in (None, row["bot"] != "")
    ]
    found = latest_events(Wanted(since=since, site=site, event_type=event_type, bots=bots, page=page), NOW)
    assert [row["url_path"] for row in found.rows] == expected[(page - 1) * 3 : page * 3]
    assert found.more == (len(expected) > page * 3)


@pytest.mark.parametrize("number", [1, 20])
def test_of_many_events_those_of_the_last_days_are_read(
    store: EventStore, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    made = (
        "INSERT INTO events (site, timestamp, id, received, event_type) SELECT number % 3 + 1,"
        " fromUnixTimestamp64Milli({now:Int64} - toInt64(number) * 60000, 'UTC'), number + 1, now(), 'page_view'"
        " FROM numbers(500000)"  # one a minute, for nearly a year
    )
    now = datetime(2026, 4, 30, 12, tzinfo=UTC)
    store.command(Statement(sql=made, parameters={"now": int(now.timestamp() * 1000)}))
    watched = WatchedStore(store)
    monkeypatch.setattr(latest, "get_store", lambda: watched)
    found = latest_events(Wanted(since=EARLIEST, page=number), now)
    newest = now - timedelta(minutes=50 * (number - 1))
    assert [row["timestamp"].replace(tzinfo=UTC) for row in found.rows] == [
        newest - timedelta(minutes=each) for each in range(50)
    ]
    assert 0 < watched.rows < 100_000
