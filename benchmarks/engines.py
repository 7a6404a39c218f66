"""The engines of decision 1 side by side: the same events of one site, loaded and asked the same two questions.

``python -m benchmarks.engines --events 1000000`` prints a table. Each engine gets its ordinary fast way of loading:
batches of 100,000 rows, by columns where the engine takes columns, one transaction a batch where it has them.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, ClassVar, Protocol

import clickhouse_connect

from benchmarks.machine import description

BATCH = 100_000
RUNS = 5
DAY = 86_400_000
END = 1_767_225_600_000
"""2026-01-01, in milliseconds; the events are of the year before."""
TYPES = ("page_view", "search_type_query", "link_click", "ask_question")

Columns = tuple[list[int], list[int], list[int], list[str], list[str], list[str]]
"""timestamp (ms), visitor, session, type, path, country."""


class Engine(Protocol):
    """What is compared: loading a batch, and the answer to a question by its name."""

    name: str

    def load(self, batch: Columns) -> None: ...

    def ask(self, question: str) -> list[Any]: ...

    def size(self) -> int: ...


class ClickHouse:
    """The embedded engine, ordered as the event table is."""

    name = "ClickHouse (chDB)"
    questions: ClassVar = {
        "visitors per month, a year": """
            SELECT toStartOfMonth(timestamp) AS month, uniqExact(visitor) FROM events
            WHERE site = 1 GROUP BY month ORDER BY month""",
        "events, visitors, sessions per day, 30 days": f"""
            SELECT toDate(timestamp) AS day, count(), uniqExact(visitor), uniqExact(session) FROM events
            WHERE site = 1 AND timestamp >= fromUnixTimestamp64Milli({END - 30 * DAY}) GROUP BY day ORDER BY day""",
    }

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "clickhouse"
        self._folder.mkdir()
        self._client = clickhouse_connect.get_client(interface="chdb", path=str(self._folder))
        self._client.command(
            "CREATE TABLE events (site UInt32, timestamp DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),"
            " visitor UInt64, session UInt64, event_type LowCardinality(String), url_path String,"
            " country LowCardinality(String)) ENGINE = MergeTree PARTITION BY toYYYYMM(timestamp)"
            " ORDER BY (site, toStartOfHour(timestamp), event_type, timestamp)"
        )

    def load(self, batch: Columns) -> None:
        names = ["site", "timestamp", "visitor", "session", "event_type", "url_path", "country"]
        columns: list[Sequence[object]] = [[1] * len(batch[0]), *batch]
        self._client.insert("events", columns, column_names=names, column_oriented=True)

    def ask(self, question: str) -> list[Any]:
        return [row[1:] for row in self._client.query(self.questions[question]).result_rows]

    def size(self) -> int:
        sql = "SELECT sum(bytes_on_disk) FROM system.parts WHERE table = 'events' AND active"
        return int(self._client.query(sql).result_rows[0][0])


class SQLite:
    """The standard library's engine, with an index that covers both questions."""

    name = "SQLite"
    questions: ClassVar = {
        "visitors per month, a year": """
            SELECT strftime('%Y-%m', timestamp / 1000, 'unixepoch') AS month, count(DISTINCT visitor) FROM events
            WHERE site = 1 GROUP BY month ORDER BY month""",
        "events, visitors, sessions per day, 30 days": f"""
            SELECT timestamp / {DAY} AS day, count(*), count(DISTINCT visitor), count(DISTINCT session) FROM events
            WHERE site = 1 AND timestamp >= {END - 30 * DAY} GROUP BY day ORDER BY day""",
    }

    def __init__(self, folder: Path) -> None:
        self._file = folder / "events.sqlite3"
        self._connection = sqlite3.connect(self._file)
        self._connection.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-200000;"
            "CREATE TABLE events (site INTEGER, timestamp INTEGER, visitor INTEGER, session INTEGER,"
            " event_type TEXT, url_path TEXT, country TEXT);"
            "CREATE INDEX by_time ON events (site, timestamp, visitor, session);"
        )

    def load(self, batch: Columns) -> None:
        with self._connection:
            rows = zip(*batch, strict=True)
            self._connection.executemany("INSERT INTO events VALUES (1, ?, ?, ?, ?, ?, ?)", rows)

    def ask(self, question: str) -> list[Any]:
        return [row[1:] for row in self._connection.execute(self.questions[question])]

    def size(self) -> int:
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return self._file.stat().st_size


def batches(size: int) -> Iterator[Columns]:
    """``size`` events spread over a year, in order of time; a tenth as many visitors, a quarter as many sessions."""
    dice = Random(20260101)
    visitors = [dice.getrandbits(63) for _ in range(size // 10)]
    sessions = [dice.getrandbits(63) for _ in range(size // 4)]
    paths = [f"/section-{number % 5}/page-{number}" for number in range(200)]
    countries = ["US", "DE", "GB", "IN", "FR", "JP", "BR", ""]
    step = 365 * DAY / size
    for first in range(0, size, BATCH):
        count = min(BATCH, size - first)
        yield (
            [END - 365 * DAY + int((first + number) * step) for number in range(count)],
            dice.choices(visitors, k=count),
            dice.choices(sessions[first // 4 : (first + count) // 4], k=count),
            dice.choices(TYPES, (60, 15, 6, 3), k=count),
            dice.choices(paths, k=count),
            dice.choices(countries, k=count),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="how many events (default: %(default)s)")
    size: int = parser.parse_args().events
    print(f"{description()}\n{size:,} events of one site over a year; medians of {RUNS} runs\n")
    answers: dict[str, list[list[Any]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        data = list(batches(size))
        engines: tuple[Engine, ...] = (ClickHouse(Path(folder)), SQLite(Path(folder)))
        for engine in engines:
            start = time.perf_counter()
            for batch in data:
                engine.load(batch)
            loading = time.perf_counter() - start
            print(f"{engine.name}: loaded {size / loading:,.0f} rows/s, {engine.size() / 1e6:,.0f} MB on disk")
            for question in ClickHouse.questions:
                times = []
                for _ in range(RUNS):
                    start = time.perf_counter()
                    answer = engine.ask(question)
                    times.append(time.perf_counter() - start)
                print(f"  {question}: {median(times) * 1000:,.1f} ms")
                answers.setdefault(question, []).append([tuple(row) for row in answer])
    for question, both in answers.items():
        assert both[0] == both[1], f"the engines disagree on: {question}"
    print("\nBoth engines gave the same answers.")


if __name__ == "__main__":
    main()
