"""``python -m benchmarks``: start, import, tracking, queries and memory of the service, on a data folder of its own."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from statistics import median
from typing import Any

from benchmarks.inside import RUNS, made, milliseconds
from benchmarks.load import recent_events
from benchmarks.machine import description, resident_mb
from benchmarks.service import ROOT, Service, post, serving
from benchmarks.tables import table

REPORT = ROOT / "docs" / "performance.md"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000, help="events in the store (default: %(default)s)")
    parser.add_argument("--write", action="store_true", help=f"also write {REPORT.relative_to(ROOT)}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="insights-bench-") as folder:
        # Limits that no load reaches: the limiter still counts.
        environment = {"DATA_DIR": folder, "RATE_LIMIT_TOKEN": "100000000", "RATE_LIMIT_ADDRESS": "100000000"}
        inside = made(options.events, environment, measure=True)
        with serving(environment) as service:
            lines = list(_report(inside, service))
    text = "\n".join(lines) + "\n"
    print(text)
    if options.write:
        REPORT.write_text(text)


def _report(inside: dict[str, Any], service: Service) -> Iterator[str]:
    size, busy = inside["events"], inside["load_average"]
    idle = resident_mb(service.pid)
    base = f"/v1/orgs/{inside['organization']}/sites/{inside['site']}/insights/events"
    over_http = {
        query["name"]: _http_ms(service, f"{base}/aggregate", query["body"], inside["token"])
        for query in inside["published"] + inside["panels"]
    }
    asked = resident_mb(service.pid)
    first_ms = _first_tracked_ms(service, base, inside["token"], recent_events(1)[0])
    yield from _heading(size, busy)
    yield from table(
        ("what", "measured"),
        (
            ("start until /healthz answers 200", f"{service.start_seconds:.2f} s"),
            ("first tracked event after the start", f"{first_ms:.0f} ms"),
            ("demo traffic generated", f"{size / inside['generating_seconds']:,.0f} events/s"),
            ("imported (decoded, enriched, durable)", f"{size / inside['importing_seconds']:,.0f} events/s"),
            ("events on disk", f"{inside['on_disk_mb']:.0f} MB ({inside['on_disk_mb'] * 1e6 / size:.0f} bytes each)"),
            ("resident memory after start", f"{idle:.0f} MB"),
            ("resident memory after the queries", f"{asked:.0f} MB"),
        ),
    )
    yield from ("", "Tracking over HTTP: [performance-ingest.md](performance-ingest.md).")
    yield "Months and years: [performance-rollups.md](performance-rollups.md)."
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


def _first_tracked_ms(service: Service, path: str, token: str, event: dict[str, Any]) -> float:
    body = json.dumps({"events": [event]}).encode()
    with closing(service.connect()) as connection:
        return milliseconds(lambda: post(connection, path, body, token, expect=204))


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
    yield from table((title, "statement", "whole", "HTTP", "whole ÷ statement"), rows)
    yield ""


if __name__ == "__main__":
    main()
