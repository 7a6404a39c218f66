"""What ``python -m benchmarks.rollups`` measures, each stage in a process of its own on a made data folder.

``python -m benchmarks.prepared STAGE`` with ``DATA_DIR`` set prints one JSON object. The stages, in their order:
``fill`` counts everything for the first time, ``panels`` asks, ``hours`` adds late hours, ``again`` counts those.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.inside import RUNS, milliseconds
from benchmarks.machine import resident_mb
from benchmarks.questions import Body, overview_panels, traffic_panels
from benchmarks.traffic import make_hour, set_up

if TYPE_CHECKING:
    from apps.events.store import Statement
    from apps.rollups.answers import Plan
    from apps.sites.models import Site

RANGES = {"30d": "30 days", "12m": "12 months"}
PAGES = {"Overview": overview_panels, "Traffic": traffic_panels}
TABLES = ("events", "rollups", "visitor_numbers", "session_numbers")
COUNTED = ("eventsCount", "visitorsCount", "sessionsCount")
SLOW_MS, SLOW_RUNS = 1_000, 3
"""A statement that takes this long is run less often."""
NO_LIMITS: dict[str, Any] = {"seconds": 600.0, "memory": 16_000_000_000}
HOURS = {"small": (1_000, 5), "large": (1_000_000, 2)}
"""Hours that are made later: events, and how many such hours."""
QUIET_SECONDS, PATIENCE_SECONDS = 2.0, 180.0


def fill() -> dict[str, Any]:
    """Count a year of all sites: seconds by level, rows and bytes on disk, memory."""
    from apps.core.clock import utc_now
    from apps.rollups.arrivals import note_arrivals
    from apps.rollups.filling import Window
    from apps.rollups.models import FilledPeriod
    from apps.rollups.services import fill_due

    settle()
    resting, now = resident_mb(os.getpid()), utc_now()
    levels: dict[str, float] = {}
    start = last = time.perf_counter()
    note_arrivals(now)
    noting = time.perf_counter() - start

    def progress(window: Window, _done: int, _waiting: int) -> None:
        nonlocal last
        levels[window.level.label] = levels.get(window.level.label, 0.0) + time.perf_counter() - last
        last = time.perf_counter()

    last = time.perf_counter()
    periods = fill_due(now, progress=progress)
    seconds = time.perf_counter() - start
    peak = peak_mb()
    settle()
    return {
        "seconds": seconds,
        "noting_seconds": noting,
        "level_seconds": levels,
        "periods": periods,
        "records": {label: FilledPeriod.objects.filter(level=label).count() for label in ("hour", "day", "month")},
        "rows": dict(rows("SELECT toString(level), count() FROM rollups GROUP BY level ORDER BY level")),
        "resting_mb": resting,
        "peak_mb": peak,
        "tables": {name: {"rows": count, "mb": size} for name, count, size in _sizes()},
    }


def panels() -> dict[str, Any]:
    """Ask every panel of every page for every range."""
    from apps.core.clock import utc_now

    settle()
    now, site = utc_now(), _large_site()
    return {
        "pages": [
            {
                "page": page,
                "range": choice,
                "panels": [_asked(name, body, site, now) for name, body in bodies(now, choice).items()],
            }
            for choice in RANGES
            for page, bodies in PAGES.items()
        ]
    }


def hours() -> dict[str, Any]:
    """Make hours before the year of the large site; their events come now, so that they are noted later."""
    from apps.core.clock import utc_now
    from apps.events.store import get_store

    year = next(rows(f"SELECT count() FROM events WHERE site = {_large_site().pk}"))[0]
    arrived = utc_now() - timedelta(minutes=10)
    for number, (_kind, size, start) in enumerate(_made_hours()):
        came = arrived + timedelta(seconds=number)
        make_hour(get_store(), _large_site().pk, size, year=year, start=start, arrived=came)
    return {}


def again() -> dict[str, Any]:
    """Count the hours that were made later, and one day anew."""
    from apps.core.clock import utc_now
    from apps.rollups.arrivals import note_arrivals
    from apps.rollups.filling import Window, fill_window
    from apps.rollups.periods import Level, floor

    settle()
    site, now = _large_site().pk, utc_now()
    start = time.perf_counter()
    through = note_arrivals(now)
    found: dict[str, Any] = {"noting_ms": (time.perf_counter() - start) * 1000}

    def measured(level: Level, begins: datetime) -> dict[str, float]:
        window = Window(level, begins, begins + level.length, (site,))
        span = f"timestamp >= '{begins:%F %T}' AND timestamp < '{window.end:%F %T}'"
        events = next(rows(f"SELECT count() FROM events WHERE site = {site} AND {span}"))[0]
        worked = time.process_time()
        spent = milliseconds(lambda: fill_window(window, through))
        return {"events": events, "ms": spent, "processor_ms": (time.process_time() - worked) * 1000}

    for kind, _size, begins in _made_hours():
        found.setdefault(kind, []).append(measured(Level.HOUR, begins))
    midnight = floor(Level.DAY, now - timedelta(days=3))
    found["day"] = [measured(Level.DAY, midnight) for _ in range(3)]
    return found | {"peak_mb": peak_mb()}


def _made_hours() -> list[tuple[str, int, datetime]]:
    """Kind, events and start of the hours that are made later: noons of days before the year."""
    from apps.sites.models import Site

    made = Site.objects.order_by("pk").values_list("created_at", flat=True)[0]
    noon = made.replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=10)
    kinds = [(kind, size) for kind, (size, many) in HOURS.items() for _ in range(many)]
    return [(kind, size, noon - timedelta(days=number)) for number, (kind, size) in enumerate(kinds)]


def _asked(name: str, body: Body, site: Site, now: datetime) -> dict[str, Any]:
    """Median milliseconds of four ways, turn by turn: by plan and from events, whole and the bare statement.

    ``own_ms`` is what the planner's whole way takes before and after the engine; ``processor_ms`` what all threads of
    the process work for it, which other work on the machine lengthens little.
    """
    from apps.events.store import get_store
    from apps.insights.compiler import compile_query
    from apps.insights.result import Result
    from apps.insights.services import resolve
    from apps.rollups.answers import plan, run

    store, query = get_store(), resolve(body, site=site, now=now)
    planned = plan(query)
    prepared, raw = planned.statement, compile_query(query)
    limits = _limits(raw)
    own: list[float] = []
    busy: list[float] = []

    def by_plan() -> str:
        start, worked = time.perf_counter(), time.process_time()
        each = plan(resolve(body, site=site, now=now))
        statement = each.statement
        asked = time.perf_counter()
        columns = store.query(statement)
        answered = time.perf_counter()
        text = json.dumps(Result.of(each.query, columns).to_json())
        own.append((time.perf_counter() - answered + asked - start) * 1000)
        busy.append((time.process_time() - worked) * 1000)
        return text

    def from_events() -> str:
        asked = resolve(body, site=site, now=now)
        return json.dumps(Result.of(asked, store.query(compile_query(asked), **limits)).to_json())

    ways: dict[str, Callable[[], object]] = {
        "planner_ms": by_plan,
        "planner_bare_ms": lambda: store.query(prepared),
        "raw_ms": from_events,
        "raw_bare_ms": lambda: store.query(raw, **limits),
    }
    first = milliseconds(by_plan)
    answer = json.dumps(run(query).to_json())
    assert answer == by_plan() == from_events(), f"the planner and the events disagree on: {name}"
    own.clear()
    busy.clear()
    times: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(RUNS):
        for way, work in ways.items():
            if turn < SLOW_RUNS or times[way][0] < SLOW_MS:
                times[way].append(milliseconds(work))
    return {
        "name": name,
        "source": planned.source.value,
        "why": _why(planned),
        "raw_within_limits": not limits,
        "first_ms": first,
        "own_ms": median(own),
        "processor_ms": median(busy),
        **{way: median(taken) for way, taken in times.items()},
    }


def _why(planned: Plan) -> str:
    """What a panel's time goes into: the periods whose counts it merges, or what keeps it to events."""
    from apps.insights.columns import Dimension
    from apps.rollups.coverage import cover, metrics_of

    query = planned.query
    if planned.coverage is not None:
        periods = sum(len(group.used) for group in planned.coverage.groups)
        return f"merges the counts of {periods} periods ({planned.explain()})"
    coverage = cover(query)
    if coverage is not None:
        return f"{coverage.events:,} events are read directly, as fewer than ROLLUP_MIN_EVENTS are"
    columns = {*query.columns, *query.grouped, *(each.column for each in query.event_filters)}
    dimensions = {each.name: each.definition for each in columns if isinstance(each.definition, Dimension)}
    needed = sorted(set(dimensions) - {"datetime", "dayOfWeek", "hourOfDay"})
    lacking = sorted(name for name in needed if not dimensions[name].prepared)
    lacking += sorted(metrics_of(query) - set(COUNTED))
    if lacking:
        return f"reads events: {', '.join(lacking)}: not prepared"
    return f"reads events: not prepared together: {', '.join((*needed, *sorted(metrics_of(query))))}"


def _limits(statement: Statement) -> dict[str, Any]:
    """Nothing where the service answers within its own limits; otherwise limits that are never reached."""
    from apps.core.errors import Refusal
    from apps.events.store import get_store

    try:
        get_store().query(statement)
    except Refusal:
        return NO_LIMITS
    return {}


def rows(sql: str) -> Any:
    """The rows of an answer of the engine."""
    from apps.events.store import Statement, get_store

    return zip(*get_store().query(Statement(sql=sql), **NO_LIMITS), strict=True)


def _sizes() -> list[tuple[str, int, float]]:
    """Rows and MB on disk of the tables, as they are."""
    sql = (
        "SELECT table, sum(rows), sum(bytes_on_disk) / 1e6 FROM system.parts WHERE active AND database ="
        f" currentDatabase() AND table IN {TABLES} GROUP BY table"
    )
    return list(rows(sql))


def settle() -> None:
    """Wait until the engine merges nothing: parts are then as few as they are going to be for a while."""
    ends, quiet = time.monotonic() + PATIENCE_SECONDS, time.monotonic()
    while time.monotonic() < ends and time.monotonic() - quiet < QUIET_SECONDS:
        if next(rows("SELECT count() FROM system.merges"))[0]:
            quiet = time.monotonic()
        time.sleep(0.1)


def peak_mb() -> float:
    """The most memory that this process had resident, in MB (10⁶ bytes)."""
    # Not getrusage: its figure begins with what the parent had.
    status = Path("/proc/self/status").read_text()
    kibibytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(kibibytes) * 1024 / 1e6


def _large_site() -> Site:
    from apps.sites.models import Site

    return Site.objects.get(title="Large")


STAGES = {"fill": fill, "panels": panels, "hours": hours, "again": again}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prepared", description=__doc__)
    parser.add_argument("stage", choices=list(STAGES))
    stage: str = parser.parse_args().stage
    set_up(Path(os.environ["DATA_DIR"]))
    json.dump(STAGES[stage](), sys.stdout)


if __name__ == "__main__":
    main()
