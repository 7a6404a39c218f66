"""``python -m benchmarks.rollups``: what prepared counts cost, and what they save, beside the events themselves.

A year of traffic of one large site and fifty small ones is made inside the engine, counted, and asked the panels of
the Overview and Traffic pages, by plan and from events; both must give the same answers. Several sizes make one
report: ``--events 1000000 10000000``, or ``--compare`` with files that ``--json`` wrote.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.inside import RUNS
from benchmarks.machine import description
from benchmarks.prepared import RANGES, SLOW_RUNS, STAGES, TABLES
from benchmarks.service import ROOT
from benchmarks.states import markdown
from benchmarks.traffic import SMALL_SITE_EVENTS, SMALL_SITES

REPORT = ROOT / "docs" / "performance-rollups.md"
PANEL_MS, OVERHEAD_MS, MEMORY_MB, GROWTH = 100, 5, 1074, 2
"""The aims: of a panel of 12 months at 10 million events, of our code, of the filling process, of a page."""
HOUR_MS = {"small": 100, "large": 10_000}
"""The aims of counting an hour of a thousand events ("milliseconds"), and of a million ("seconds")."""
WHY = {
    "space": "Space: for each day and month, every value of every kept column has a set of visitors for each of the"
    " keys; where visitors come seldom, the sets hold nearly as many numbers as there were events.",
    "is counted": "An hour: the engine takes four statements, and plans them for longer than it reads events.",
    "our code": "Our code: the records of the counted periods are read from the relational database and split into what"
    " is used, before a few events are read directly too; by week, a year has 365 records and 53 points to print.",
    "tenth": "Growth: where a panel reads events, because a column or two at once are not prepared, it costs ten times"
    " as much for ten times as many; merging costs as much as sets have members.",
    "memory": "Memory: one statement counts about 200,000 events for all declarations and levels.",
}
"""Part of an aim → why it is missed where it is."""
_EVENTS = ("from events", "that statement")

Found = dict[str, Any]
"""What was measured with one number of events."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rollups", description=__doc__)
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000], help="of the large site; several sizes")
    parser.add_argument("--json", type=Path, help="also write what was measured, for --compare")
    parser.add_argument("--compare", type=Path, nargs="+", metavar="FILE", help="measure nothing, report these")
    parser.add_argument("--write", action="store_true", help=f"also write {REPORT.relative_to(ROOT)}")
    parser.add_argument("--remark", default="", help="a sentence to read before the figures")
    parser.add_argument("--folder", type=Path, help="where the data is made and removed (default: the system's)")
    options = parser.parse_args()
    if options.compare:
        measured = [found for file in options.compare for found in json.loads(file.read_text())]
    else:
        measured = []
        for size in options.events:
            measured.append(measure(size, options.folder))
            if options.json:
                options.json.write_text(json.dumps(measured, indent=1))
    text = "\n".join(report(sorted(measured, key=lambda found: found["size"]), options.remark)) + "\n"
    print(text)
    if options.write:
        REPORT.write_text(text)


def measure(size: int, parent: Path | None) -> Found:
    """All stages for one number of events, on a data folder of its own."""
    found: Found = {"size": size, "load_average": os.getloadavg()[0], "on": f"{datetime.now(UTC):%Y-%m-%d}"}
    with tempfile.TemporaryDirectory(prefix="insights-rollups-", dir=parent) as folder:
        environment = {**os.environ, "DATA_DIR": folder}

        def run(module: str, *arguments: str) -> str:
            print(f"{size:,} events: {' '.join((module, *arguments))}", file=sys.stderr, flush=True)
            command = [sys.executable, "-m", module, *arguments]
            return subprocess.run(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
            ).stdout

        run("benchmarks.traffic", "--data-dir", folder, "--events", str(size))
        for stage in STAGES:
            found[stage] = json.loads(run("benchmarks.prepared", stage))
    return found | {"machine": description()}


def report(measured: Sequence[Found], remark: str) -> Iterator[str]:
    """Markdown; ``measured`` is ascending by size."""
    yield from _heading(measured)
    if remark:
        yield from ("", f"**{remark}**")
    yield from _section("Against the aims", ("aim", "met", "measured"), _aims(measured))
    yield from _reasons(measured)
    sizes = tuple(f"{found['size']:,}" for found in measured)
    yield from _section("Counting", ("what", *sizes), _columns(_cost(found) for found in measured))
    yield from ("", "## Pages", "", "Sums of the panels' medians. *First*: of each panel's first question.")
    yield from _table(
        ("page", "first", "planner", "its statement", "from events", "that statement", "saved"),
        [_page_row(found, page) for found in measured for page in found["panels"]["pages"]],
    )
    for found in measured:
        for page in found["panels"]["pages"]:
            title = f"{_title(page)}, {found['size']:,} events"
            head = ("panel", "source", "planner", "processor", "its statement", "our code", *_EVENTS, "saved")
            yield from _section(title, head, [_panel_row(panel) for panel in page["panels"]], level="###")


def _heading(measured: Sequence[Found]) -> Iterator[str]:
    loads = ", ".join(f"{found['load_average']:.1f}" for found in measured)
    yield f"""# Performance of prepared counts

Made by `python -m benchmarks.rollups --write` (`make bench-rollups` prints the same for your machine); do not edit.

Measured on {measured[-1]["on"]} on {measured[-1]["machine"]}.
The load average of the machine was {loads} when it began: above 0.5, other work slowed it down.

One site with a year of events, beside {SMALL_SITES} with {SMALL_SITE_EVENTS:,} each; the time zone is UTC. Medians of
{RUNS} runs, turn by turn ({SLOW_RUNS} of what takes a second), in milliseconds. *Planner*: the whole way from a
request's dict to the answer's JSON, as the service goes it; *processor*: what all threads work for that, which other
work on the machine lengthens less; *its statement*: the planned statement alone, asked of the engine; *our code*: what
comes before and after the engine. *From events*: the same two without prepared counts;
*saved*: how many times as fast the planner is. Every answer was compared: both ways gave the same bytes."""


def _aims(measured: Sequence[Found]) -> Iterator[tuple[str, ...]]:
    by_size = {found["size"]: found for found in measured}
    for found in measured:
        space, peak = _space(found["fill"]["tables"]), found["fill"]["peak_mb"]
        year = [panel for page in _pages(found, "12m") for panel in page["panels"]]
        every = [panel for page in found["panels"]["pages"] for panel in page["panels"]]
        slowest, dearest = max(year, key=_planner), max(every, key=_overhead)
        slow = sum(_planner(panel) >= PANEL_MS for panel in year)
        dear = sum(_overhead(panel) >= OVERHEAD_MS for panel in every)
        aims = {
            "prepared counts take at most the space of the events": (space <= 1, f"{space:.2f} of it"),
            "counting stays under 1 GiB of memory": (peak < MEMORY_MB, f"{peak:,.0f} MB"),
            **_hours(found),
            f"each panel of 12 months under {PANEL_MS} ms": (
                not slow,
                f"{slow} of {len(year)} are not; {_planner(slowest):,.0f} ms at the most, {slowest['name']}",
            ),
            f"our code under {OVERHEAD_MS} ms": (
                not dear,
                f"{dear} of {len(every)} panels are not; {_overhead(dearest):.1f} ms at the most, {dearest['name']}",
            ),
        }
        if found["size"] // 10 in by_size:
            aims |= _growth(found, by_size[found["size"] // 10])
        for aim, (met, figure) in aims.items():
            yield f"{found['size']:,} events: {aim}", "yes" if met else "no", figure


def _hours(found: Found) -> dict[str, tuple[bool, str]]:
    aims = {}
    for kind, least in HOUR_MS.items():
        counted = found["again"][kind]
        spent, worked = (median(each[way] for each in counted) for way in ("ms", "processor_ms"))
        aim = f"an hour of {counted[0]['events']:,} events is counted in less than {least:,} ms"
        aims[aim] = (spent < least, f"{spent:,.0f} ms, {worked:,.0f} ms of the processor")
    return aims


def _reasons(measured: Sequence[Found]) -> Iterator[str]:
    """What the time of the panels goes into that miss their aim."""
    slow = [
        (
            f"{found['size']:,} events: {page['page']}, {panel['name']}",
            f"{_planner(panel):,.0f} ms",
            f"{panel['processor_ms']:,.0f} ms",
            panel["why"],
        )
        for found in measured
        for page in _pages(found, "12m")
        for panel in page["panels"]
        if _planner(panel) >= PANEL_MS
    ]
    if slow:
        title = f"Panels of 12 months that take {PANEL_MS} ms or more, and why"
        yield from _section(title, ("panel", "measured", "processor", "why"), slow)
    missed = [aim.partition(": ")[2] for aim, met, _figure in _aims(measured) if met == "no"]
    known = [f"- {sentence}" for part, sentence in WHY.items() if any(part in aim for aim in missed)]
    if known:
        yield from ("", "## Why other aims are missed", "", *known)


def _growth(found: Found, tenth: Found) -> dict[str, tuple[bool, str]]:
    aims = {}
    for page, before in zip(_pages(found, "12m"), _pages(tenth, "12m"), strict=True):
        times = _sum(page, "planner_ms") / _sum(before, "planner_ms")
        aim = f"{page['page']}, 12 months, at most {GROWTH} times what it costs with a tenth of the events"
        aims[aim] = (times <= GROWTH, f"{times:.1f}×")
    return aims


def _space(tables: Found) -> float:
    """Of the rollups and the numbers, as a share of that of the events."""
    return float(sum(table["mb"] for name, table in tables.items() if name != "events") / tables["events"]["mb"])


def _cost(found: Found) -> Iterator[tuple[str, str]]:
    fill, again = found["fill"], found["again"]
    tables = fill["tables"]
    yield "all counted in", f"{fill['seconds']:,.1f} s"
    yield "of it: noting arrivals", f"{fill['noting_seconds']:,.1f} s"
    for label in ("hour", "day", "month"):
        yield f"of it: {label}s", f"{fill['level_seconds'].get(label, 0):,.1f} s"
    for label, records in fill["records"].items():
        yield f"{label}s: records, rows", f"{records:,}, {fill['rows'].get(label, 0):,}"
    for name in TABLES:
        table = tables.get(name, {"rows": 0, "mb": 0})
        yield f"{name}: rows, on disk", f"{table['rows']:,}, {table['mb']:,.1f} MB"
    yield "resident memory before, at the most", f"{fill['resting_mb']:,.0f}, {fill['peak_mb']:,.0f} MB"
    for kind, what in (("small", "an hour of late events"), ("large", "a large hour of late events"), ("day", "a day")):
        spent = median(each["ms"] for each in again[kind])
        yield f"{what}, counted", f"{again[kind][0]['events']:,} in {spent:,.0f} ms"
    yield "noting these arrivals", f"{again['noting_ms']:,.0f} ms"
    yield "resident memory of these, at the most", f"{again['peak_mb']:,.0f} MB"


def _columns(found: Iterator[Iterator[tuple[str, str]]]) -> Iterator[tuple[str, ...]]:
    """Pairs of each size as rows: what, and each size's figure."""
    for pairs in zip(*found, strict=True):
        yield (pairs[0][0], *(figure for _what, figure in pairs))


def _page_row(found: Found, page: Found) -> tuple[str, ...]:
    ways = ("first_ms", "planner_ms", "planner_bare_ms", "raw_ms", "raw_bare_ms")
    sums = [_sum(page, way) for way in ways]
    figures = [f"{each:,.0f}" for each in sums]
    return f"{_title(page)}, {found['size']:,} events", *figures, f"{sums[3] / sums[1]:.1f}×"


def _panel_row(panel: Found) -> tuple[str, ...]:
    raw = "" if panel["raw_within_limits"] else " (refused by the service)"
    return (
        panel["name"],
        panel["source"],
        f"{panel['planner_ms']:,.1f}",
        f"{panel['processor_ms']:,.1f}",
        f"{panel['planner_bare_ms']:,.1f}",
        f"{_overhead(panel):.1f}",
        f"{panel['raw_ms']:,.1f}{raw}",
        f"{panel['raw_bare_ms']:,.1f}",
        f"{panel['raw_ms'] / panel['planner_ms']:.1f}×",
    )


def _pages(found: Found, choice: str) -> list[Found]:
    return [page for page in found["panels"]["pages"] if page["range"] == choice]


def _sum(page: Found, way: str) -> float:
    return float(sum(panel[way] for panel in page["panels"]))


def _title(page: Found) -> str:
    return f"{page['page']}, {RANGES[page['range']]}"


def _planner(panel: Found) -> float:
    return float(panel["planner_ms"])


def _overhead(panel: Found) -> float:
    return float(panel["own_ms"])


def _section(title: str, head: tuple[str, ...], rows: Any, *, level: str = "##") -> Iterator[str]:
    yield from ("", f"{level} {title}")
    yield from _table(head, rows)


def _table(head: tuple[str, ...], rows: Any) -> Iterator[str]:
    yield ""
    yield from markdown(head, list(rows))


if __name__ == "__main__":
    main()
