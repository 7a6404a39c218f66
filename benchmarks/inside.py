"""What is measured inside one process: generating, importing, and answering without HTTP.

Run by ``python -m benchmarks`` in a process of its own, because the engine belongs to the one that opened it.
Prints one JSON object, and leaves a filled store in ``DATA_DIR``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import django

from benchmarks.service import ROOT

RUNS = 7


def milliseconds(work: Callable[[], object]) -> float:
    """How long one call of ``work`` takes."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def main(size: int, *, measure: bool) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "insights_site.settings")
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from apps.core.clock import utc_now
    from apps.dashboard.demo import SEED, fresh_token, make_demo
    from apps.events.demo.filling import fill, waiting_file, write_events
    from benchmarks.machine import resident_mb
    from benchmarks.questions import published, traffic_panels

    call_command("migrate", interactive=False, verbosity=0)
    load_average = os.getloadavg()[0]
    now = utc_now()
    demo = make_demo(host="127.0.0.1", password="", now=now)
    file = waiting_file(demo.site, Path(settings.DATA_DIR))
    generating = milliseconds(lambda: write_events(file, demo.site, seed=SEED, size=size)) / 1000
    start = time.perf_counter()
    run = fill(demo.site, seed=SEED, size=size, folder=Path(settings.DATA_DIR), progress=lambda _progress: None)
    importing = time.perf_counter() - start
    found = {
        "organization": demo.organization.public_id,
        "site": demo.site.public_id,
        "token": fresh_token(demo),
        "events": run.imported,
        "load_average": load_average,
        "generating_seconds": generating,
        "importing_seconds": importing,
        "panels": [{"name": name, "body": body} for name, body in traffic_panels(now).items()],
    }
    if measure:
        found |= {
            "published": [_measured(name, body, demo.site, now) for name, body in published(now).items()],
            "panels": [_measured(name, body, demo.site, now) for name, body in traffic_panels(now).items()],
            "resident_mb": resident_mb(os.getpid()),
            "on_disk_mb": sum(part.stat().st_size for part in settings.EVENT_STORE_DIR.rglob("*") if part.is_file())
            / 1e6,
        }
    print(json.dumps(found))


def made(size: int, environment: Mapping[str, str], *, measure: bool) -> dict[str, Any]:
    """What ``main`` prints, in a process of its own that has ended: the store is free again."""
    command = [sys.executable, "-m", "benchmarks.inside", str(size), *(["--measure"] if measure else [])]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _measured(name: str, body: dict[str, Any], site: Any, now: datetime) -> dict[str, Any]:
    """Medians of the whole way from request to answer, and of the compiled statement alone, turn by turn."""
    from apps.events.store import get_store
    from apps.insights.services import resolve
    from apps.rollups.answers import plan, run

    statement = plan(resolve(body, site=site, now=now)).statement
    whole, bare = [], []
    for _ in range(RUNS):
        whole.append(milliseconds(lambda: json.dumps(run(resolve(body, site=site, now=now)).to_json())))
        bare.append(milliseconds(lambda: get_store().query(statement)))
    return {"name": name, "body": body, "whole_ms": median(whole), "bare_ms": median(bare)}


if __name__ == "__main__":
    main(int(sys.argv[1]), measure="--measure" in sys.argv)
