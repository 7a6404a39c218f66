"""``python -m benchmarks``: start, import, tracking, queries and memory of the service, on a data folder of its own."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from statistics import median
from typing import Any

from benchmarks.inside import RUNS, milliseconds
from benchmarks.machine import description, resident_mb
from benchmarks.service import ROOT, Service, post, requests_per_second, serving

LOAD_SECONDS = 4.0
LOADS = ((1, 8), (1, 32), (10, 8), (10, 32))
"""Events a request, connections."""
REPORT = ROOT / "docs" / "performance.md"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000, help="events in the store (default: %(default)s)")
    parser.add_argument("--write", action="store_true", help=f"also write {REPORT.relative_to(ROOT)}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="insights-bench-") as folder:
        # Limits that no load reaches: the limiter still counts.
        environment = {"DATA_DIR": folder, "RATE_LIMIT_TOKEN": "100000000", "RATE_LIMIT_ADDRESS": "100000000"}
        inside = _inside(options.events, environment)
        with serving(environment) as service:
            lines = list(_report(inside, service))
    text = "\n".join(lines) + "\n"
    print(text)
    if options.write:
        REPORT.write_text(text)


def _inside(size: int, environment: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.inside", str(size)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _report(inside: dict[str, Any], service: Service) -> Iterator[str]:
    size, busy = inside["events"], inside["load_average"]
    idle = resident_mb(service.pid)
    base = f"/v1/orgs/{inside['organization']}/sites/{inside['site']}/insights/events"
    over_http = {
        query["name"]: _http_ms(service, f"{base}/aggregate", query["body"], inside["token"])
        for query in inside["published"] + inside["panels"]
    }
    asked = resident_mb(service.pid)
    recent = _recent_events()
    first_ms = _first_tracked_ms(service, base, inside["token"], recent[0])
    tracked = list(_tracking(service, base, inside["token"], recent))
    yield from _heading(size, busy)
    yield from _table(
        ("what", "measured"),
        (
            ("start until /healthz answers 200", f"{service.start_seconds:.2f} s"),
            ("first tracked event after the start", f"{first_ms:.0f} ms"),
            ("demo traffic generated", f"{size / inside['generating_seconds']:,.0f} events/s"),
            ("imported (decoded, enriched, durable)", f"{size / inside['importing_seconds']:,.0f} events/s"),
            ("events on disk", f"{inside['on_disk_mb']:.0f} MB ({inside['on_disk_mb'] * 1e6 / size:.0f} bytes each)"),
            ("resident memory after start", f"{idle:.0f} MB"),
            ("resident memory after the queries", f"{asked:.0f} MB"),
            ("resident memory after the tracking load", f"{resident_mb(service.pid):.0f} MB"),
        ),
    )
    yield from ("", "## Tracking over HTTP", "", f"Durable answers (204), {LOAD_SECONDS:.0f} s each; the clients share")
    yield from ("the machine with the server.", "")
    yield from _table(("events a request", "connections", "requests/s", "events/s"), tracked)
    yield from ("", "## Queries", "", f"Medians of {RUNS} runs in milliseconds. *Statement*: the compiled statement")
    yield "alone, asked of the engine; *whole*: from the request's dict to the answer's JSON, in the process;"
    yield from ("*HTTP*: the same through the server.", "")
    yield from _queries("The thirteen published queries", inside["published"], over_http)
    yield from _queries("The panels of the Traffic page, 30 days", inside["panels"], over_http)


def _heading(size: int, busy: float) -> Iterator[str]:
    yield "# Performance"
    yield ""
    yield "Made by `python -m benchmarks --write` (`make bench` prints the same for your machine); do not edit."
    yield ""
    yield f"Measured on {datetime.now(UTC):%Y-%m-%d} with {size:,} events of one site, on {description()}."
    yield f"The load average of the machine was {busy:.1f} when it began: above 0.5, other work slowed it down."
    yield ""


def _recent_events() -> list[dict[str, Any]]:
    """Events that happen when they are sent."""
    from apps.events.demo.traffic import events

    recent = list(islice(events(seed=1, now=datetime.now(UTC), size=4_000), 4_000))
    for event in recent:
        del event["timestamp"]
    return recent


def _first_tracked_ms(service: Service, path: str, token: str, event: dict[str, Any]) -> float:
    body = json.dumps({"events": [event]}).encode()
    with closing(service.connect()) as connection:
        return milliseconds(lambda: post(connection, path, body, token, expect=204))


def _tracking(service: Service, path: str, token: str, recent: list[dict[str, Any]]) -> Iterator[tuple[object, ...]]:
    for batch, connections in LOADS:
        bodies = [
            json.dumps({"events": recent[first : first + batch]}).encode()
            for first in range(0, len(recent) - batch, batch)
        ]
        rate = requests_per_second(service, path, bodies, token, connections=connections, seconds=LOAD_SECONDS)
        yield batch, connections, f"{rate:,.0f}", f"{rate * batch:,.0f}"


def _http_ms(service: Service, path: str, body: dict[str, Any], token: str) -> float:
    content = json.dumps(body).encode()
    with closing(service.connect()) as connection:
        return median(milliseconds(lambda: post(connection, path, content, token, expect=200)) for _ in range(RUNS))


def _queries(title: str, measured: list[dict[str, Any]], over_http: dict[str, float]) -> Iterator[str]:
    rows = [
        (
            query["name"],
            f"{query['bare_ms']:.1f}",
            f"{query['whole_ms']:.1f}",
            f"{over_http[query['name']]:.1f}",
            f"{query['whole_ms'] / query['bare_ms']:.2f}",
        )
        for query in measured
    ]
    yield from _table((title, "statement", "whole", "HTTP", "whole ÷ statement"), rows)
    yield ""


def _table(head: tuple[str, ...], rows: Any) -> Iterator[str]:
    """A Markdown table with columns of equal width."""
    cells = [head, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for number, row in enumerate(cells):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        if number == 0:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"


if __name__ == "__main__":
    main()
