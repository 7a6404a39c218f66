"""Events of a site through the real writer, and questions whose answers must be those of its events at any moment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from apps.events.store import Row, Statement, get_store
from apps.events.writer import get_writer
from apps.insights.compiler import compile_query
from apps.insights.result import Result
from apps.insights.services import resolve
from apps.rollups.answers import plan, run_plan
from apps.rollups.verification import verify
from apps.sites.models import Site

NOW = datetime(2026, 3, 3, 2, 34, tzinfo=UTC)
"""When the scenarios begin: February, five days and two hours of the sixth are over."""
HOURS = (
    *(f"2026-02-{day}T10" for day in (26, 27, 28)),
    *(f"2026-03-0{day}T23" for day in (1, 2)),
    "2026-03-03T00",
    "2026-03-03T01",
)
"""The hours that hold events."""
RANGE = {"from": "2026-02-01T00:00:00Z", "to": "2026-03-03T02:00:00Z"}
DAYS = {"from": "2026-02-26T00:00:00Z", "to": "2026-03-03T00:00:00Z"}
QUESTIONS: tuple[dict[str, Any], ...] = (
    {"range": RANGE},
    {"range": DAYS, "groupBy": [{"column": "datetime", "interval": "day"}]},
    {
        "range": RANGE,
        "groupBy": [{"column": "urlPath"}],
        "select": [{"column": "eventsCount"}, {"column": "visitorsCount"}],
    },
    {"range": RANGE, "groupBy": [{"column": "visitorGeoCountry"}]},
)


TOTALS = QUESTIONS[:1]
"""One question that hours, days and months answer together."""


def visits(site: Site, call: int, hours: Iterable[str] = HOURS) -> list[Row]:
    """Three events for each hour: of two visitors that come again and again, and of one whom no other call gives."""
    return [
        {
            "site": site.pk,
            "timestamp": datetime.fromisoformat(f"{hour}:{minute}:00+00:00"),
            "event_type": "page_view",
            "visitor": visitor,
            "session": visitor * 1_000 + place,
            "url": "https://docs.acme.example/",
            "url_path": path,
            "country": country,
            "display_context": "site",
        }
        for place, hour in enumerate(hours)
        for minute, visitor, path, country in (
            ("00", 1, "/a", "DE"),
            ("34", 2, "/b", "IN"),
            ("59", 1_000 * (call + 1) + place, "/b", ""),
        )
    ]


def strangers(site: Site, first: int, hours: Iterable[str]) -> list[Row]:
    """One event for each hour, of visitors ``first``, ``first + 1`` …: where each comes once, visitors are events."""
    return [
        {**row, "visitor": first + place, "session": first + place}
        for place, row in enumerate(visits(site, 0, hours)[::3])
    ]


def track(rows: list[Row]) -> None:
    """Store events as a request does, and in the engine at once: the writer gives ids by the clock of that moment."""
    get_writer().write(rows)
    get_writer().settle()


def totals(site: Site) -> tuple[int, int]:
    """Events and visitors, counted without any code of the product."""
    sql = "SELECT count(), uniqExact(visitor) FROM events WHERE site = {site:UInt32}"
    (events,), (visitors,) = get_store().query(Statement(sql=sql, parameters={"site": site.pk}))
    return events, visitors


def compare(site: Site, questions: Iterable[dict[str, Any]] = QUESTIONS) -> set[str]:
    """Ask ``questions``; raises where an answer is not that of the events; returns what they were counted from."""
    sources = set()
    for body in questions:
        query = resolve(body, site=site, now=NOW)
        expected = Result.of(query, get_store().query(compile_query(query))).to_json()
        planned = plan(query)
        found = run_plan(planned).to_json()
        assert found == expected, (body, planned.explain(), found, expected)
        sources.add(planned.source.value)
    return sources


def verify_some(periods: int) -> None:
    """So many counted periods hold what their events say, and all visitors have one number each."""
    compared, differences = verify(periods)
    assert compared > 0
    assert not differences, differences
    for identity in ("visitor", "session"):
        sql = f"SELECT count(), uniqExact(hash), uniqExact(number) FROM {identity}_numbers GROUP BY site"
        for numbers in zip(*get_store().query(Statement(sql=sql)), strict=True):
            assert len(set(numbers)) == 1, f"{identity}: rows, hashes and numbers: {numbers}"
