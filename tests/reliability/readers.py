"""Readers of hours that are counted, while events come into them, and they are counted anew and cleaned up after."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import time_machine

from apps.core.clock import utc_now
from apps.insights.services import resolve
from apps.rollups import services
from apps.rollups.answers import plan, run_plan
from apps.rollups.cleaning import clean
from apps.rollups.services import fill_due, rebuild
from apps.sites.models import Site
from tests.reliability.apart import tell
from tests.reliability.figures import HOURS, NOW, RANGE, compare, strangers, totals, track, verify_some
from tests.reliability.fillers import in_a_thread
from tests.reliability.service import SECONDS

READING_SECONDS = 3.0
"""How long is read at least."""
ANSWERS, REMOVED = 5, 3
"""How many different answers, and removals of periods, readers must have met before they end."""
READERS = 3
COME = HOURS[3:] * 10
"""The hours into which events come while they are read; those of February stay as they are."""
QUESTIONS: tuple[dict[str, Any], ...] = (
    {"range": RANGE, "select": [{"column": "eventsCount"}, {"column": "visitorsCount"}]},
    {
        "range": RANGE,
        "groupBy": [{"column": "urlPath"}],
        "select": [{"column": "eventsCount"}, {"column": "visitorsCount"}],
    },
)


@dataclass(slots=True)
class Traffic:
    """How many events were sent, and how many of them acknowledged."""

    site: Site
    sent: int = 0
    acknowledged: int = 0

    def send(self, hours: tuple[str, ...]) -> None:
        rows = strangers(self.site, self.sent + 1, hours)
        self.sent += len(rows)
        track(rows)
        self.acknowledged += len(rows)


@dataclass(slots=True)
class Reading:
    """What readers found: how many answers from which source."""

    sources: Counter[str] = field(default_factory=Counter)
    different: set[int] = field(default_factory=set)


def read_while_all_changes(site: Site) -> None:
    """Prints how many answers came from which source, how many differed, and of how many periods rows were removed."""
    services.LATE_AGAIN = timedelta(0)
    traffic, reading, over = Traffic(site), Reading(), threading.Event()
    removed: list[int] = []

    def send() -> None:
        while not over.is_set():
            traffic.send(COME)

    def read() -> None:
        while not over.is_set():
            for body in QUESTIONS:
                _read(body, traffic, reading)

    def look_after() -> None:
        while not over.is_set():
            clock.shift(timedelta(minutes=3))
            fill_due(utc_now())
            removed.append(clean(utc_now()))
            rebuild(site, NOW - timedelta(days=2), NOW - timedelta(days=1), utc_now())

    with time_machine.travel(NOW) as clock:
        for _ in range(3):
            traffic.send(HOURS)
            clock.shift(timedelta(minutes=65))
            fill_due(utc_now())
        clock.shift(timedelta(minutes=65))  # nothing reads the older fillings of February any more
        with ThreadPoolExecutor(READERS + 2) as pool:
            works = [pool.submit(in_a_thread(work)) for work in (send, look_after, *[read] * READERS)]
            over.wait(READING_SECONDS)
            ends = time.monotonic() + SECONDS
            while not (any(work.done() for work in works) or time.monotonic() > ends):
                if reading.sources["rollup"] and len(reading.different) >= ANSWERS and sum(removed) >= REMOVED:
                    break
                over.wait(0.1)
            over.set()
            for work in works:
                work.result(SECONDS)
        clock.shift(timedelta(minutes=5))
        fill_due(utc_now())
        assert compare(site) == {"rollup"}
        verify_some(100)
    assert totals(site) == (traffic.sent, traffic.sent)
    tell(*sorted(reading.sources), len(reading.different), sum(removed))


def _read(body: dict[str, Any], traffic: Traffic, reading: Reading) -> None:
    """Ask: the answer lies between what was acknowledged before and what was sent by its end, each visitor once."""
    before = traffic.acknowledged
    query = resolve(body, site=traffic.site, now=NOW)
    planned = plan(query)
    time.sleep(0.3)  # what was planned is still there when it is read, whatever was counted and removed meanwhile
    columns = {each["column"]: each["values"] for each in run_plan(planned).to_json()["columns"]}
    after = traffic.sent
    events, visitors = sum(columns["eventsCount"]), sum(columns["visitorsCount"])
    assert before <= events == visitors <= after, (before, events, visitors, after, planned.explain())
    reading.sources[planned.source.value] += 1
    reading.different.add(events)
