"""What whoever watches the service is told, of several processes: figures, parts, logs."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.reliability.programs import Programs, parts
from tests.reliability.service import Service, event
from tests.servers.running import Redis, wait_until

TOKEN = "a token for monitoring"
WORKER = ("-m", "celery", "-A", "insights_site", "worker", "-Q", "rollups,maintenance,mail")
_DELETE_SESSIONS = """
import django; django.setup()
from apps.core.trace import begin
from apps.organizations.tasks import delete_expired_sessions
begin("asked-by-a-test")
delete_expired_sessions.enqueue()
"""
DONE = ("insights_task_seconds_count", 'outcome="done",task="apps.organizations.tasks.delete_expired_sessions"')
ACCEPTED = ("insights_events_accepted_total", "")


@pytest.fixture
def shared(tmp_path: Path, broker: Redis) -> Iterator[Service]:
    """A service that meets its workers in Redis; not started yet."""
    service = Service(tmp_path, REDIS_URL=broker.url, METRICS_TOKEN=TOKEN, LOG_FORMAT="json")
    yield service
    service.end()


@pytest.fixture
def programs(shared: Service, broker: Redis, tmp_path: Path) -> Iterator[Programs]:
    programs = Programs(tmp_path, shared.data, REDIS_URL=broker.url, LOG_FORMAT="json", LOG_LEVEL="DEBUG")
    yield programs
    programs.end()


def figures(service: Service) -> dict[tuple[str, str], float]:
    """Name and labels, as they are written → value."""
    answer = service.ask("GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status == 200, answer
    found = re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", answer.body.decode(), re.MULTILINE)
    return {(name, labels): float(value) for name, labels, value in found}


def test_any_web_process_tells_what_all_processes_counted_and_nothing_is_lost_with_one(
    shared: Service, programs: Programs
) -> None:
    shared.start()
    assert shared.track([event("a"), event("b")]).status == 204
    assert figures(shared)[ACCEPTED] == 2
    first = programs.start(*WORKER)
    shared.python(_DELETE_SESSIONS)
    wait_until(lambda: figures(shared).get(DONE, 0) == 1, programs.log)
    shared.python(_DELETE_SESSIONS)
    wait_until(lambda: programs.log.read_text().count("delete_expired_sessions[") >= 4, programs.log)
    # It ends before it would have told by itself.
    first.send_signal(signal.SIGTERM)
    first.wait()
    assert figures(shared)[DONE] == 2
    assert shared.stop() == 0
    shared.start()
    assert figures(shared)[ACCEPTED] == 2
    assert shared.track([event("c")]).status == 204
    programs.start(*WORKER)
    shared.python(_DELETE_SESSIONS)
    wait_until(lambda: figures(shared)[DONE] == 3, programs.log)
    found = figures(shared)
    assert found[ACCEPTED] == 3
    assert found["insights_events_waiting", ""] <= 1
    assert found["insights_queue_messages", 'queue="maintenance"'] == 0
    assert found["insights_part_up", 'part="worker"'] == 1
    assert found["insights_part_up", 'part="beat"'] == 0
    assert abs(found["insights_clock_difference_seconds", 'part="broker"']) < 1


def test_what_is_counted_while_redis_is_away_is_added_later(shared: Service, broker: Redis) -> None:
    shared.start()
    assert shared.track([event("before")]).status == 204
    assert figures(shared)[ACCEPTED] == 1
    broker.stop()
    assert shared.track([event("meanwhile")]).status == 204
    found = figures(shared)
    assert found["insights_part_up", 'part="broker"'] == 0
    assert ACCEPTED not in found
    assert found["insights_engine_parts", 'table="events"'] >= 1
    broker.start()
    wait_until(lambda: figures(shared).get(ACCEPTED, 0) == 2)


def test_a_redis_that_hangs_keeps_neither_figures_nor_parts_waiting(shared: Service, broker: Redis) -> None:
    shared.start()
    figures(shared)
    os.kill(broker.process.pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        found = figures(shared)
        assert time.monotonic() - started < 2.5
        assert found["insights_part_up", 'part="broker"'] == 0
        assert found["insights_part_up", 'part="events"'] == 1
        assert "insights_rollup_lag_seconds" in {name for name, _labels in found}
        started = time.monotonic()
        told = parts(shared)
        assert time.monotonic() - started < 8
        assert {part for part, state in told.items() if state == "ill"} == {"broker", "worker", "beat"}
    finally:
        os.kill(broker.process.pid, signal.SIGCONT)


def lines_of(log: Path) -> list[dict[str, Any]]:
    """The whole lines of a log in JSON."""
    return [json.loads(line) for line in log.read_text().splitlines(keepends=True) if re.fullmatch(r"\{.*\}\n", line)]


def test_a_request_has_one_id_in_the_log_and_so_has_its_task_in_the_worker_s(
    shared: Service, programs: Programs
) -> None:
    programs.start(*WORKER)
    shared.start()
    shared.python(_DELETE_SESSIONS)

    def of_task() -> list[dict[str, Any]]:
        return [line for line in lines_of(programs.log) if line.get("request_id") == "asked-by-a-test"]

    wait_until(lambda: any("succeeded" in line["event"] for line in of_task()), programs.log)
    assert {line["task"] for line in of_task()} == {"apps.organizations.tasks.delete_expired_sessions"}
    shared.ask("GET", "/nowhere?visitor=ada", headers={"X-Request-ID": "given-by-a-proxy"})
    shared.ask("GET", "/healthz", headers={"X-Request-ID": "no@sane.example"})
    lines = lines_of(shared.log)
    requests = [line for line in lines if line["logger"] == "insights.access"]
    assert {(line["method"], line["route"], line["status"]) for line in requests} >= {
        ("GET", "", 404),
        ("GET", "insights_site.health.healthz", 200),
    }
    of_given = [line for line in lines if line.get("request_id") == "given-by-a-proxy"]
    assert {line["logger"] for line in of_given} == {"insights.access", "django.request"}
    assert all(line["ms"] > 0 for line in requests)
    assert all(re.fullmatch("[0-9a-f]{32}|given-by-a-proxy", line["request_id"]) for line in requests)
    assert "no@sane" not in shared.log.read_text()
    assert "visitor" not in shared.log.read_text()
