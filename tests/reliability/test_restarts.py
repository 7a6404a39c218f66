"""SIGHUP: workers start anew while the service goes on, and where it cannot, it pauses and loses nothing."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

from tests.reliability.service import SECONDS, Service, event
from tests.servers.running import Redis

LONGEST_PAUSE = 60.0
"""Seconds of a restart on a busy machine; docs/deploy.md tells what was measured."""


def workers_of(service: Service) -> set[int]:
    """The pids of the server's workers."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == service.process.pid and b"spawn_main" in command:
            found.add(int(entry.name))
    return found


def wait_for_others(service: Service, before: set[int]) -> set[int]:
    """The workers, once none of those before is there and as many others are."""
    deadline = time.monotonic() + SECONDS
    while (now := workers_of(service)) & before or len(now) != len(before):
        assert time.monotonic() < deadline, service.log.read_text()
        time.sleep(0.05)
    return now


def test_the_embedded_service_pauses_for_a_hang_up_and_keeps_what_it_acknowledged(service: Service) -> None:
    service.start()
    before = workers_of(service)
    assert len(before) == 1
    answers: Counter[int] = Counter()
    silences: list[float] = []
    over = threading.Event()

    def track() -> None:
        silent_since: float | None = None
        number = 0
        while not over.is_set():
            status = service.track([event(f"n{number}")]).status
            number += 1
            answers[status] += 1
            if status == 204 and silent_since is not None:
                silences.append(time.monotonic() - silent_since)
                silent_since = None
            elif status != 204 and silent_since is None:
                silent_since = time.monotonic()
            time.sleep(0.02)

    client = threading.Thread(target=track)
    client.start()
    time.sleep(1)
    os.kill(service.process.pid, signal.SIGHUP)
    wait_for_others(service, before)
    service.wait_until_healthy()
    time.sleep(1)
    over.set()
    client.join()
    # No wrong answer: those who come in between are not answered at all.
    assert set(answers) <= {204, 0}
    assert sum(silences) < LONGEST_PAUSE
    assert service.stop() == 0
    [[stored]] = service.stored("SELECT count() FROM events")
    # Where the connection ended before the answer nobody was promised anything.
    assert answers[204] <= stored <= answers.total()


def test_a_service_that_was_started_anew_still_ends_with_sigterm_and_outlives_a_worker(service: Service) -> None:
    service.start()
    for _ in range(2):
        before = workers_of(service)
        os.kill(service.process.pid, signal.SIGHUP)
        wait_for_others(service, before)
        service.wait_until_healthy()
    before = workers_of(service)
    service.kill_worker()
    wait_for_others(service, before)
    service.wait_until_healthy()
    assert service.stop() == 0


def test_in_server_mode_each_worker_is_followed_before_it_ends(tmp_path: Path, broker: Redis) -> None:
    """Pages of two workers are asked for all the while, each over a new connection. The event store is away for it."""
    nothing = "http://127.0.0.1:9/insights"
    service = Service(tmp_path / "served", CLICKHOUSE_URL=nothing, REDIS_URL=broker.url, WEB_WORKERS="2")
    answers: Counter[int] = Counter()
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            answers[service.get("/accounts/login/").status] += 1

    try:
        service.start(health=503)
        deadline = time.monotonic() + SECONDS
        while len(workers_of(service)) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(5)
        before = workers_of(service)
        clients = [threading.Thread(target=ask) for _ in range(2)]
        for client in clients:
            client.start()
        os.kill(service.process.pid, signal.SIGHUP)
        wait_for_others(service, before)
        time.sleep(1)
        over.set()
        for client in clients:
            client.join()
        assert answers[200] > 100
        assert set(answers) <= {200, 0}
        # Connections that wait for a worker at the moment when it ends are lost with its queue; a proxy asks again.
        assert answers[0] <= 4, answers
        assert service.stop() == 0
    finally:
        over.set()
        service.end()
