"""``python -m benchmarks.ingest``: what the tracking route costs over the framework, and what it takes in.

One server (granian, one worker), one client (wrk), one run: a bare WSGI application, a bare Django view, a bare view of
REST framework, and the tracking route with durable answers. The client shares the machine with the server.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.bare import KINDS
from benchmarks.inside import made
from benchmarks.load import Load, bodies_of, must_have_client, post_for, recent_events, write_lines
from benchmarks.machine import description, resident_mb
from benchmarks.service import ROOT, Service, free_port, post, serving
from benchmarks.tables import table

ROUNDS = 3
SECONDS = 4.0
CONNECTIONS = (8, 64)
THREADS = (8, 16, 32, 64, 128)
QUESTIONS_A_SECOND = 4
BUSY_SECONDS = 20.0
REPORT = ROOT / "docs" / "performance-ingest.md"
NAMES = {"wsgi": "bare WSGI application", "django": "bare Django view", "drf": "bare REST framework view"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to post: the address, and a token where one is asked for."""

    url: str
    token: str | None = None


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000, help="events in the store (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=64, help="threads of each server (default: %(default)s)")
    parser.add_argument("--soak", type=float, default=0.0, metavar="MINUTES", help="only post for so long, with memory")
    parser.add_argument("--write", action="store_true", help=f"also write {REPORT.relative_to(ROOT)}")
    options = parser.parse_args()
    must_have_client()
    with tempfile.TemporaryDirectory(prefix="insights-bench-") as folder:
        bench = Bench(Path(folder), options.events, options.threads)
        lines = list(bench.soak(options.soak) if options.soak else bench.report())
    text = "\n".join(lines) + "\n"
    print(text)
    if options.write:
        REPORT.write_text(text)


class Bench:
    """One run on a data folder of its own."""

    def __init__(self, folder: Path, events: int, threads: int) -> None:
        self._busy = os.getloadavg()[0]
        self._threads = threads
        # Limits that no load reaches: the limiter still counts.
        limits = dict.fromkeys(("RATE_LIMIT_TOKEN", "RATE_LIMIT_ADDRESS", "RATE_LIMIT_SITE"), "100000000")
        self._environment = {"DATA_DIR": str(folder / "data"), **limits}
        self._made = made(events, self._environment, measure=False)
        recent = recent_events(3_000)
        self._bodies = {
            batch: write_lines(folder / f"bodies-{batch}", bodies_of(recent, batch=batch)) for batch in (1, 10)
        }

    def report(self) -> Iterator[str]:
        """The lines of the report."""
        with bare(KINDS, self._threads) as ports, self._serving(self._threads) as service:
            targets = {kind: Target(url=f"http://127.0.0.1:{port}/track") for kind, port in ports.items()}
            targets["ours"] = self._target(service)
            compared = self._compared(targets)
        with self._serving(self._threads) as service:
            batches = [self._measure(self._target(service), batch=10, connections=number) for number in CONNECTIONS]
            before, stored_before = resident_mb(service.pid), self._stored(service)
            with asking(service, self._questions()) as asked:
                busy = self._measure(self._target(service), batch=10, connections=8, seconds=BUSY_SECONDS)
            stored, after = self._stored(service) - stored_before, resident_mb(service.pid)
        by_threads = [(number, self._with_threads(number)) for number in THREADS]
        yield from self._heading()
        yield from _compared_table(compared)
        yield from _batches_table(batches, busy, asked, stored, (before, after))
        yield from _threads_table(by_threads)

    def soak(self, minutes: float) -> Iterator[str]:
        """Post batches for so long with questions beside, and tell the resident memory of each minute."""
        with self._serving(self._threads) as service, asking(service, self._questions()) as asked:
            for minute in range(round(minutes)):
                load = self._measure(self._target(service), batch=10, connections=8, seconds=60)
                yield (
                    f"minute {minute + 1}: {load.rate * 10:,.0f} events/s, p99 {load.p99_ms:.0f} ms,"
                    f" {resident_mb(service.pid):,.0f} MB resident, {len(asked.milliseconds)} questions"
                )

    def _serving(self, threads: int) -> Any:
        return serving({**self._environment, "WEB_THREADS": str(threads)})

    def _path(self) -> str:
        return f"/v1/orgs/{self._made['organization']}/sites/{self._made['site']}/insights/events"

    def _target(self, service: Service) -> Target:
        return Target(url=f"http://127.0.0.1:{service.port}{self._path()}", token=self._made["token"])

    def _measure(self, target: Target, *, batch: int, connections: int, seconds: float = SECONDS) -> Load:
        load = post_for(seconds, target.url, self._bodies[batch], connections=connections, token=target.token)
        if load.wrong:
            raise RuntimeError(f"{load.wrong} requests to {target.url} were not answered with success.")
        return load

    def _compared(self, targets: dict[str, Target]) -> dict[tuple[str, int], list[Load]]:
        """Each target at each number of connections, turn by turn, so that a slow moment meets all of them."""
        for target in targets.values():
            self._measure(target, batch=1, connections=8, seconds=1)
        found: dict[tuple[str, int], list[Load]] = {}
        for _ in range(ROUNDS):
            for connections in CONNECTIONS:
                for name, target in targets.items():
                    load = self._measure(target, batch=1, connections=connections)
                    found.setdefault((name, connections), []).append(load)
        return found

    def _with_threads(self, threads: int) -> tuple[Load, Load]:
        with self._serving(threads) as service:
            target = self._target(service)
            self._measure(target, batch=1, connections=8, seconds=1)
            few, many = (self._measure(target, batch=1, connections=number) for number in CONNECTIONS)
            return few, many

    def _questions(self) -> list[tuple[str, bytes, str]]:
        path, token = f"{self._path()}/aggregate", self._made["token"]
        return [(path, json.dumps(panel["body"]).encode(), token) for panel in self._made["panels"]]

    def _stored(self, service: Service) -> int:
        """Events of the site by the service's own answer."""
        body = {"range": "lastYear", "select": [{"column": "eventsCount"}]}
        with closing(service.connect()) as connection:
            path = f"{self._path()}/aggregate"
            answer = json.loads(post(connection, path, json.dumps(body).encode(), self._made["token"], expect=200))
        return int(answer["columns"][0]["values"][0])

    def _heading(self) -> Iterator[str]:
        yield "# Performance of tracking"
        yield ""
        yield "Made by `python -m benchmarks.ingest --write` (`make bench-ingest` prints the same for your machine); do"
        yield "not edit. The client, `wrk`, shares the machine with the server."
        yield ""
        yield f"Measured on {datetime.now(UTC):%Y-%m-%d} on {description()}."
        yield f"The load average of the machine was {self._busy:.1f} when it began: above 0.5, other work slowed it."
        yield f"One worker with {self._threads} threads each. Medians of {ROUNDS} rounds of {SECONDS:.0f} s by turns."
        yield ""


@dataclass(slots=True)
class Asked:
    """How long questions took, in milliseconds."""

    milliseconds: list[float] = field(default_factory=list)


@contextmanager
def asking(service: Service, questions: Sequence[tuple[str, bytes, str]]) -> Iterator[Asked]:
    """Ask ``QUESTIONS_A_SECOND`` of the questions (path, body, token) in turn, each when its time has come."""
    asked, stop = Asked(), threading.Event()
    failures: list[Exception] = []

    def ask(offset: int) -> None:
        number, start = offset, time.perf_counter()
        try:
            with closing(service.connect()) as connection:
                while not stop.wait(max(0.0, start + number / QUESTIONS_A_SECOND - time.perf_counter())):
                    path, body, token = questions[number % len(questions)]
                    began = time.perf_counter()
                    post(connection, path, body, token, expect=200)
                    asked.milliseconds.append((time.perf_counter() - began) * 1000)
                    number += QUESTIONS_A_SECOND
        except (OSError, http.client.HTTPException, RuntimeError) as error:
            failures.append(error)

    threads = [threading.Thread(target=ask, args=(offset,)) for offset in range(QUESTIONS_A_SECOND)]
    for thread in threads:
        thread.start()
    try:
        yield asked
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]


@contextmanager
def bare(kinds: Sequence[str], threads: int) -> Iterator[dict[str, int]]:
    """The bare applications, each on a port of its own."""
    ports = {kind: free_port() for kind in kinds}
    processes = [
        subprocess.Popen([sys.executable, "-m", "benchmarks.bare", kind, str(port), str(threads)], cwd=ROOT)
        for kind, port in ports.items()
    ]
    try:
        for port in ports.values():
            _wait_for(port)
        yield ports
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=30)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("POST", "/track", b"{}", {"Content-Type": "application/json"})
                connection.getresponse().read()
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _compared_table(compared: dict[tuple[str, int], list[Load]]) -> Iterator[str]:
    names = dict.fromkeys(name for name, _connections in compared)
    rates = {key: median(load.rate for load in loads) for key, loads in compared.items()}
    yield from ("## One event a request", "", "Requests a second; *ours* answers when the event is durable.", "")
    head = ("what", *(f"{number} connections" for number in CONNECTIONS), *(f"ours ÷ it, {n}" for n in CONNECTIONS))
    yield from table(
        head,
        [
            (
                NAMES.get(name, "**the tracking route**"),
                *(f"{rates[name, number]:,.0f}" for number in CONNECTIONS),
                *(f"{rates['ours', number] / rates[name, number]:.2f}" for number in CONNECTIONS),
            )
            for name in names
        ],
    )
    times = [compared["ours", number] for number in CONNECTIONS]
    yield ""
    yield (
        "The tracking route's times: "
        + "; ".join(
            f"{number} connections: median {median(load.p50_ms for load in loads):.1f} ms,"
            f" 99 % below {median(load.p99_ms for load in loads):.0f} ms"
            for number, loads in zip(CONNECTIONS, times, strict=True)
        )
        + "."
    )
    yield ""


def _batches_table(
    batches: Sequence[Load], busy: Load, asked: Asked, stored: int, memory: tuple[float, float]
) -> Iterator[str]:
    yield from ("## Ten events a request", "")
    rows = [
        (f"{number} connections", f"{load.rate * 10:,.0f}", f"{load.p50_ms:.1f}", f"{load.p99_ms:.0f}")
        for number, load in zip(CONNECTIONS, batches, strict=True)
    ]
    label = f"8 connections, {QUESTIONS_A_SECOND} questions a second beside"
    rows.append((label, f"{busy.rate * 10:,.0f}", f"{busy.p50_ms:.1f}", f"{busy.p99_ms:.0f}"))
    yield from table(("load", "events/s", "median ms", "99 % below ms"), rows)
    yield ""
    ordered = sorted(asked.milliseconds)
    yield f"In the last line {busy.requests * 10:,} events were acknowledged in {busy.seconds:.0f} s, and {stored:,}"
    yield f"found by the next question (some were under way at the end). The {len(ordered)} questions beside, panels of"
    yield f"the Traffic page over 30 days, took {median(ordered):.0f} ms at the median and"
    yield f"{ordered[int(len(ordered) * 0.95)]:.0f} ms at 95 %. Resident memory: {memory[0]:,.0f} MB before,"
    yield f"{memory[1]:,.0f} MB after."
    yield ""


def _threads_table(by_threads: Sequence[tuple[int, tuple[Load, Load]]]) -> Iterator[str]:
    yield from ("## Threads of the server", "", "One event a request, requests a second (99 % below):", "")
    yield from table(
        ("WEB_THREADS", *(f"{number} connections" for number in CONNECTIONS)),
        [(threads, *(f"{load.rate:,.0f} ({load.p99_ms:.0f} ms)" for load in loads)) for threads, loads in by_threads],
    )
    yield from ("", "Why the default is 64 all the same: [ADR 11](adr/0011-granian-and-many-threads.md).")


if __name__ == "__main__":
    main()
