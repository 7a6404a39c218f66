"""``python -m benchmarks.servers``: tracking and questions in server mode, with 1, 2 and 3 web processes.

PostgreSQL and Redis are those of the machine. The event store is the tests' own server, which speaks ClickHouse's HTTP
interface over the embedded engine in one process of Python; a ClickHouse server was not measured. All of it, and the
clients, share the machine: so the figures tell what the way over the wire costs, not what several machines take.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import groups
from benchmarks.inside import made
from benchmarks.load import Load, bodies_of, must_have_client, post_for, recent_events, write_lines
from benchmarks.machine import description
from benchmarks.service import ROOT, Service, post, serving
from benchmarks.tables import table
from tests.servers.running import ClickHouse, Postgres, Redis

REPORT = ROOT / "docs" / "performance-servers.md"
PROCESSES = (1, 2, 3)
ROUNDS, SECONDS, CONNECTIONS, BATCH = 3, 4.0, 64, 10
LIMITS = {"RATE_LIMIT_TOKEN": "100000000", "RATE_LIMIT_ADDRESS": "100000000", "RATE_LIMIT_SITE": "100000000"}
"""No load reaches these; the limiter still counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Of one shape of the service: loads of one event and of ten a request, and milliseconds of each question."""

    name: str
    single: Load
    tens: Load
    questions: Sequence[float]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.servers", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000, help="events in the store (default: %(default)s)")
    parser.add_argument("--write", action="store_true", help=f"also write {REPORT.relative_to(ROOT)}")
    options = parser.parse_args()
    must_have_client()
    busy = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="insights-servers-") as folder:
        found, gathered = measure(Path(folder), options.events)
    text = "\n".join((*report(found, options.events, busy), *_of_groups(gathered))) + "\n"
    print(text)
    if options.write:
        REPORT.write_text(text)


def measure(folder: Path, events: int) -> tuple[list[Found], dict[str, tuple[float, float]]]:
    """The embedded engine, then server mode with one to three web processes; and what groups are worth there."""
    bodies = {
        batch: write_lines(folder / f"bodies-{batch}", bodies_of(recent_events(3_000), batch=batch))
        for batch in (1, BATCH)
    }
    alone = {"DATA_DIR": str(folder / "alone"), **LIMITS}
    found = [_found("embedded, one process", alone, made(events, alone, measure=False), bodies)]
    with servers(folder) as addresses:
        apart = {"DATA_DIR": str(folder / "apart"), **addresses, **LIMITS}
        data = made(events, apart, measure=False)
        for number in PROCESSES:
            name = f"server mode, {number} web process{'es' if number > 1 else ''}"
            found.append(_found(name, {**apart, "WEB_WORKERS": str(number)}, data, bodies))
        return found, groups.measured(apart)


@contextmanager
def servers(folder: Path) -> Iterator[dict[str, str]]:
    """The three servers, and the settings that name them."""
    store, records, broker = (
        ClickHouse(folder / "clickhouse"),
        Postgres(folder / "postgres"),
        Redis(folder / "redis"),
    )
    with ExitStack() as ended:
        for server in (store, records, broker):
            ended.callback(server.end)
            server.start()
        yield {"CLICKHOUSE_URL": store.url, "DATABASE_URL": records.url, "REDIS_URL": broker.url}


def _found(name: str, environment: Mapping[str, str], data: dict[str, Any], bodies: Mapping[int, Path]) -> Found:
    path = f"/v1/orgs/{data['organization']}/sites/{data['site']}/insights/events"
    with serving(environment) as service:
        url = f"http://127.0.0.1:{service.port}{path}"

        def load(batch: int, seconds: float = SECONDS) -> Load:
            found = post_for(seconds, url, bodies[batch], connections=CONNECTIONS, token=data["token"])
            if found.wrong:
                raise RuntimeError(f"{found.wrong} requests were not answered with success: {name}.")
            return found

        load(1, 2)
        single = sorted((load(1) for _ in range(ROUNDS)), key=lambda each: each.rate)[ROUNDS // 2]
        tens = sorted((load(BATCH) for _ in range(ROUNDS)), key=lambda each: each.rate)[ROUNDS // 2]
        return Found(name=name, single=single, tens=tens, questions=_questions(service, path, data))


def _questions(service: Service, path: str, data: dict[str, Any]) -> list[float]:
    """Milliseconds of each panel of Traffic over 30 days, medians."""
    found = []
    with closing(service.connect()) as connection:
        for panel in data["panels"]:
            times = []
            for _ in range(ROUNDS + 1):
                began = time.perf_counter()
                post(connection, f"{path}/aggregate", json.dumps(panel["body"]).encode(), data["token"], expect=200)
                times.append((time.perf_counter() - began) * 1000)
            found.append(median(times[1:]))
    return found


def report(found: Sequence[Found], events: int, busy: float) -> Iterator[str]:
    """Markdown."""
    yield f"""# Performance in server mode

Made by `python -m benchmarks.servers --write` (`make bench-server` prints the same for your machine); do not edit.

Measured on {datetime.now(UTC):%Y-%m-%d} on {description()}.
The load average of the machine was {busy:.1f} when it began: above 0.5, other work slowed it down.

{(__doc__ or "").partition(chr(10))[2].strip()}

{events:,} events of the demo, then {CONNECTIONS} connections of `wrk`, medians of {ROUNDS} rounds of {SECONDS:.0f} s.
Questions: the panels of Traffic over 30 days over the API, one after the other.
"""
    yield from table(
        (
            "shape",
            "requests/s, 1 event",
            "99 % below ms",
            f"events/s, {BATCH} a request",
            "99 % below ms",
            "questions ms",
        ),
        [
            (
                each.name,
                f"{each.single.rate:,.0f}",
                f"{each.single.p99_ms:.0f}",
                f"{each.tens.rate * BATCH:,.0f}",
                f"{each.tens.p99_ms:.0f}",
                f"{median(each.questions):.0f} ({max(each.questions):.0f} at most)",
            )
            for each in found
        ],
    )


def _of_groups(gathered: Mapping[str, tuple[float, float]]) -> Iterator[str]:
    yield f"""
## Groups, or an insert for each request

A web process gathers what its requests bring into one insert. The same {groups.THREADS} threads, each with one event at
a time, over the wire to the same store: through the writer, and past it, each with inserts of its own at once.

ClickHouse's own way of gathering (`async_insert=1, wait_for_async_insert=1`) could not be measured: the engine of these
tests takes the setting and makes a part of each insert all the same. A server gathers what has the same statement and
settings; our inserts have a deadline in the one and a token in the other, by which each is stored once and none late.
So they are sent with `async_insert=0`, whatever the server's default is.
"""
    rows = [(name, f"{rate:,.0f}", f"{wait:.0f}") for name, (rate, wait) in gathered.items()]
    yield from table(("shape", "events/s", "median ms"), rows)


if __name__ == "__main__":
    main()
