"""Shapes of prepared counts side by side: the same year of one site, and four questions that pages ask again and again.

``python -m benchmarks.states --events 10000000`` prints a Markdown table. The events are made inside the engine, the
same ones each time. Counts are prepared as ADR 5 means it: for each period and value, by event type, bot and display
context, with the state of an exact count of visitors and of sessions.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import clickhouse_connect

from benchmarks.machine import description

RUNS = 7
DAY = 86_400_000
END = 1_767_225_600_000
"""2026-01-01, in milliseconds; the events are of the year before."""
MINUTE = 60_000
EVENTS_A_SESSION = 6
MONTHS = tuple(
    pairwise([*(datetime(2025, month, 1, tzinfo=UTC) for month in range(1, 13)), datetime(2026, 1, 1, tzinfo=UTC)])
)
QUESTIONS = ("totals", "per week", "top pages", "countries")
KEPT = {"": "''", "path": "url_path", "country": "country"}
"""What is counted by, and the expression of its value; the first is the totals."""
PERIODS = {
    "hour": "toStartOfHour(timestamp)",
    "day": "toStartOfDay(timestamp)",
    "month": "toDateTime(toStartOfMonth(timestamp), 'UTC')",
}
PEOPLES_PAGE_VIEWS = "site = 1 AND event_type = 'page_view' AND bot = ''"
EVENT_COLUMNS = """
    site UInt32, timestamp DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)), event_type LowCardinality(String),
    visitor {ids}, session {ids}, url_path String, country LowCardinality(String), bot LowCardinality(String),
    display_context LowCardinality(String)"""
EVENT_ORDER = "PARTITION BY toYYYYMM(timestamp) ORDER BY (site, toStartOfHour(timestamp), event_type, timestamp)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """The events themselves, with one kind of id."""

    name: str
    table: str

    def ask(self, question: str) -> str:
        people, visits = "uniqExact(visitor)", "uniqExact(session)"
        source = f"FROM {self.table} WHERE {PEOPLES_PAGE_VIEWS}"
        return {
            "totals": f"SELECT count(), {people}, {visits} {source}",
            "per week": f"SELECT toMonday(timestamp) AS week, count(), {people}, {visits} {source}"
            " GROUP BY week ORDER BY week",
            "top pages": f"SELECT url_path, count() AS events, {people} {source}"
            " GROUP BY url_path ORDER BY events DESC, url_path LIMIT 10",
            "countries": f"SELECT country, count() AS events, {people} {source}"
            " GROUP BY country ORDER BY events DESC, country",
        }[question]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Counts by one length of period, as states of one function over the ids of ``source``."""

    name: str
    function: str
    source: Raw
    ids: str
    period: str

    @property
    def table(self) -> str:
        return f"{self.function}_{self.period}"

    def create(self) -> str:
        state = f"AggregateFunction({self.function}, {self.ids})"
        return (
            f"CREATE TABLE {self.table} (site UInt32, kept LowCardinality(String), period DateTime('UTC'),"
            " value String, event_type LowCardinality(String), bot LowCardinality(String),"
            f" display_context LowCardinality(String), events UInt64, visitors {state}, sessions {state})"
            " ENGINE = MergeTree ORDER BY (site, kept, event_type, bot, period, value)"
        )

    def fill(self, kept: str, first: datetime, end: datetime) -> str:
        """What one month adds for one of ``KEPT``: all events of ``first`` until ``end``."""
        return (
            f"INSERT INTO {self.table} SELECT site, '{kept}', {PERIODS[self.period]} AS period, {KEPT[kept]} AS value,"
            f" event_type, bot, display_context, count(), {self.function}State(visitor), {self.function}State(session)"
            f" FROM {self.source.table} WHERE timestamp >= '{first:%Y-%m-%d}' AND timestamp < '{end:%Y-%m-%d}'"
            " GROUP BY site, period, value, event_type, bot, display_context"
        )

    def ask(self, question: str) -> str | None:
        """``None`` where the periods are too long for the question."""
        people, visits = f"{self.function}Merge(visitors)", f"{self.function}Merge(sessions)"
        source = f"FROM {self.table} WHERE {PEOPLES_PAGE_VIEWS} AND kept ="
        return {
            "totals": f"SELECT sum(events), {people}, {visits} {source} ''",
            "per week": None
            if self.period == "month"
            else f"SELECT toMonday(period) AS week, sum(events), {people}, {visits} {source} ''"
            " GROUP BY week ORDER BY week",
            "top pages": f"SELECT value, sum(events) AS total, {people} {source} 'path'"
            " GROUP BY value ORDER BY total DESC, value LIMIT 10",
            "countries": f"SELECT value, sum(events) AS total, {people} {source} 'country'"
            " GROUP BY value ORDER BY total DESC, value",
        }[question]


Shape = Raw | Prepared

HASHES = Raw(name="events, 64-bit hashes", table="events")
NUMBERS = Raw(name="events, 32-bit numbers", table="numbered")
PREPARED = (
    *(
        Prepared(name=f"uniqExact by {period}", function="uniqExact", source=HASHES, ids="UInt64", period=period)
        for period in PERIODS
    ),
    *(
        Prepared(name=f"groupBitmap by {period}", function="groupBitmap", source=NUMBERS, ids="UInt32", period=period)
        for period in PERIODS
    ),
)


class Bench:
    """One engine in a folder of its own, and what it was seen to do."""

    def __init__(self, folder: Path) -> None:
        self._client = clickhouse_connect.get_client(interface="chdb", path=str(folder))

    def one_row(self, sql: str) -> tuple[Any, ...]:
        return tuple(self._client.query(sql).first_row or ())

    def make_events(self, size: int, visitors: int) -> float:
        """Sessions of six events, a minute apart, evenly over the year; some visitors come more often."""
        sessions = size // EVENTS_A_SESSION
        step = (365 * DAY - EVENTS_A_SESSION * MINUTE) / sessions
        return self._filled(
            HASHES.table,
            f"CREATE TABLE events ({EVENT_COLUMNS.format(ids='UInt64')}) ENGINE = MergeTree {EVENT_ORDER}",
            f"""
            INSERT INTO events
            SELECT
                1, fromUnixTimestamp64Milli(toInt64({END - 365 * DAY} + visit * {step} + turn * {MINUTE}), 'UTC'),
                ['page_view', 'page_view', 'page_view', 'search_type_query', 'link_click', 'page_view'][turn + 1],
                cityHash64(person, 1), cityHash64(visit, 2),
                concat('/docs/p', toString(toUInt32(pow(cityHash64(number, 3) / pow(2, 64), 3) * 2000))),
                ['US', 'DE', 'IN', 'GB', 'FR', 'JP'][person % 6 + 1],
                if(person % 20 = 0, ['googlebot', 'gptbot', 'claudebot', 'unknown'][intDiv(person, 20) % 4 + 1], ''),
                if(person % 50 = 0, 'server', 'site')
            FROM (
                SELECT
                    number, intDiv(number, {EVENTS_A_SESSION}) AS visit, number % {EVENTS_A_SESSION} AS turn,
                    toUInt64(pow(cityHash64(visit, 7) / pow(2, 64), 1.5) * {visitors}) AS person
                FROM numbers({sessions * EVENTS_A_SESSION})
            )""",
        )

    def number_events(self) -> float:
        """The same events with numbers 1, 2, 3 … for visitors and sessions, in the order in which they first came."""
        numbering = [
            statement
            for column in ("visitor", "session")
            for statement in (
                f"CREATE TABLE {column}_numbers (id UInt64, number UInt32) ENGINE = MergeTree ORDER BY id",
                f"INSERT INTO {column}_numbers SELECT id, row_number() OVER (ORDER BY first, id) FROM"
                f" (SELECT {column} AS id, min(timestamp) AS first FROM events GROUP BY id)",
            )
        ]
        return self._filled(
            NUMBERS.table,
            f"CREATE TABLE numbered ({EVENT_COLUMNS.format(ids='UInt32')}) ENGINE = MergeTree {EVENT_ORDER}",
            *numbering,
            """
            INSERT INTO numbered
            SELECT site, timestamp, event_type, people.number, visits.number, url_path, country, bot, display_context
            FROM events
            INNER JOIN visitor_numbers AS people ON people.id = events.visitor
            INNER JOIN session_numbers AS visits ON visits.id = events.session""",
        )

    def prepare(self, shape: Prepared) -> float:
        """A month at a time, so that memory is bounded."""
        fills = [shape.fill(kept, first, end) for kept in KEPT for first, end in MONTHS]
        return self._filled(shape.table, shape.create(), *fills)

    def rows_and_mb(self, table: str) -> tuple[int, float]:
        rows, size = self.one_row(
            f"SELECT sum(rows), sum(bytes_on_disk) / 1e6 FROM system.parts WHERE table = '{table}' AND active"
        )
        return int(rows), float(size)

    def asked(self, sql: str) -> tuple[float, list[tuple[Any, ...]]]:
        """Milliseconds, and the answer."""
        start = time.perf_counter()
        answer = self._client.query(sql).result_rows
        return (time.perf_counter() - start) * 1000, [tuple(row) for row in answer]

    def _filled(self, table: str, *statements: str) -> float:
        """Seconds until ``table`` is full, and after that, unmeasured, in as few parts as it will ever be."""
        start = time.perf_counter()
        for statement in statements:
            self._client.command(statement)
        seconds = time.perf_counter() - start
        self._client.command(f"OPTIMIZE TABLE {table} FINAL")
        return seconds


def filled(bench: Bench, size: int, visitors: int) -> dict[Shape, float]:
    """Seconds for each shape; that of the numbers includes giving them."""
    raw = {HASHES: bench.make_events(size, visitors), NUMBERS: bench.number_events()}
    return raw | {shape: bench.prepare(shape) for shape in PREPARED}


def asked(bench: Bench, shapes: Iterable[Shape], question: str) -> dict[Shape, float]:
    """Median milliseconds of the shapes that can answer: all take turns, so that a disturbance meets them alike.

    All must give the same answer.
    """
    statements = {shape: sql for shape in shapes if (sql := shape.ask(question))}
    times: dict[Shape, list[float]] = {shape: [] for shape in statements}
    answers: dict[Shape, list[tuple[Any, ...]]] = {}
    for _ in range(RUNS):
        for shape, sql in statements.items():
            milliseconds, answers[shape] = bench.asked(sql)
            times[shape].append(milliseconds)
            assert answers[shape], f"{shape.name} found nothing for: {question}"
            assert answers[shape] == answers[HASHES], f"{shape.name} disagrees on: {question}"
    return {shape: median(taken) for shape, taken in times.items()}


def measured(bench: Bench, size: int, visitors: int) -> Iterator[tuple[str, ...]]:
    """One row of the table for each shape."""
    seconds = filled(bench, size, visitors)
    medians = [asked(bench, seconds, question) for question in QUESTIONS]
    for shape in seconds:
        rows, megabytes = bench.rows_and_mb(shape.table)
        times = [f"{found[shape]:,.0f}" if shape in found else "–" for found in medians]
        yield shape.name, *times, f"{rows:,}", f"{megabytes:,.0f}", f"{seconds[shape]:,.1f}"


def markdown(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Names to the left, figures to the right, columns of equal width."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    rule = ("-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:]))
    for name, *figures in (head, rule, *rows):
        cells = [name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(figures, widths[1:], strict=True))]
        yield f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.states", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="how many events (default: %(default)s)")
    parser.add_argument("--visitors", type=int, help="how many may come (default: a tenth of the events)")
    options = parser.parse_args()
    machine, busy, start = description(), os.getloadavg()[0], time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="insights-states-") as folder:
        bench = Bench(Path(folder))
        rows = list(measured(bench, options.events, options.visitors or options.events // 10))
        events, people, visits = bench.one_row("SELECT count(), uniqExact(visitor), uniqExact(session) FROM events")
    print(f"{machine}; load average {busy:.1f} when it began.")
    print(f"{events:,} events of one site over a year, {people:,} visitors, {visits:,} sessions.")
    print(f"Page views of people over 12 months: medians of {RUNS} runs in milliseconds.\n")
    print("\n".join(markdown(("shape", *QUESTIONS, "rows", "MB on disk", "filled in s"), rows)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nAll gave the same answers. {time.perf_counter() - start:,.0f} s in all, {peak:,.0f} MiB at the most.")


if __name__ == "__main__":
    main()
