"""What gathering inserts is worth: requests that share an insert beside requests with one each.

Run by ``python -m benchmarks.servers`` in a process of its own, with the settings of server mode. Prints one JSON
object: per shape, events a second and milliseconds that one waits.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from statistics import median

import django

from benchmarks.service import ROOT

THREADS, SECONDS = 64, 4.0


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "insights_site.settings")
    django.setup()
    from apps.core.clock import utc_now
    from apps.events.delivery import deliver
    from apps.events.ids import IdSource
    from apps.events.store import Row, close_store, get_store
    from apps.events.writer import Writer

    def row() -> Row:
        place = {"site": 1, "url": "https://docs.acme.example/", "display_context": "site"}
        return {"event_type": "page_view", "timestamp": utc_now(), "visitor": 1, "session": 1, **place}

    def alone() -> Callable[[], object]:
        ids = IdSource()
        return lambda: deliver(get_store(), lambda: [(1, [row()])], ids, pause=lambda _seconds: False)

    writer = Writer()
    found = {
        "groups": _rate(lambda: lambda: writer.write_through([row()])),
        "an insert for each request": _rate(alone),
    }
    writer.close()
    close_store()
    print(json.dumps(found))


def _rate(shape: Callable[[], Callable[[], object]]) -> tuple[float, float]:
    """Of ``THREADS`` threads that do what ``shape`` returns to each of them, again and again."""
    waits: list[float] = []
    end = time.perf_counter() + SECONDS

    def work(post: Callable[[], object]) -> None:
        while (began := time.perf_counter()) < end:
            post()
            waits.append(time.perf_counter() - began)

    threads = [threading.Thread(target=work, args=(shape(),)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(waits) / SECONDS, median(waits) * 1000


def measured(environment: Mapping[str, str]) -> dict[str, tuple[float, float]]:
    """What ``main`` prints."""
    command = [sys.executable, "-m", "benchmarks.groups"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, tuple[float, float]] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
