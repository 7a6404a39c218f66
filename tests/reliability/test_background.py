"""Background work in processes of its own: threads of the server, or Redis, workers and beats."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from insights_site.background import STOP_SECONDS
from tests.reliability.programs import Programs, parts
from tests.reliability.service import SECONDS, Service
from tests.servers.running import Redis, wait_until

PARTS = ("records", "events", "broker", "worker", "beat", "disk", "rollups", "clock")
_SESSIONS = """
import sys, django; django.setup()
from datetime import timedelta
from django.contrib.sessions.models import Session
from apps.core.clock import utc_now
for key, hours in (("old", -1), ("new", 1)):
    when = utc_now() + timedelta(hours=hours)
    Session.objects.update_or_create(session_key=key, defaults={"session_data": "", "expire_date": when})
from apps.organizations.tasks import delete_expired_sessions
if sys.argv[1] == "enqueue":
    delete_expired_sessions.enqueue()
"""
_LOCK = """
import sys, time, django; django.setup()
from apps.core.locks import only_one
with only_one("hour", seconds=float(sys.argv[1])) as mine:
    print(mine, flush=True)
    sys.stdin.readline()
"""


def sessions(service: Service) -> list[str]:
    """Keys of the sign-in sessions that are kept."""
    with closing(sqlite3.connect(service.data / "records.sqlite3")) as records:
        return [key for (key,) in records.execute("SELECT session_key FROM django_session ORDER BY 1")]


@pytest.fixture
def shared(tmp_path: Path, broker: Redis) -> Iterator[Service]:
    """A service that meets its workers in Redis; not started yet."""
    service = Service(tmp_path, REDIS_URL=broker.url)
    yield service
    service.end()


@pytest.fixture
def programs(shared: Service, broker: Redis, tmp_path: Path) -> Iterator[Programs]:
    programs = Programs(tmp_path, shared.data, REDIS_URL=broker.url)
    yield programs
    programs.end()


def test_the_server_alone_has_a_worker_and_a_beat_that_end_with_it(service: Service) -> None:
    service.start()
    wait_until(lambda: parts(service).get("worker") == parts(service).get("beat") == "well", service.log)
    assert parts(service) == dict.fromkeys(PARTS, "well")
    signalled = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - signalled < STOP_SECONDS
    assert "Traceback" not in service.log.read_text()
    assert "thread" not in service.log.read_text()


def test_a_worker_does_tasks_before_and_after_redis_restarts_and_readyz_tells(
    shared: Service, broker: Redis, programs: Programs
) -> None:
    shared.start()
    assert parts(shared) == dict.fromkeys(PARTS, "well") | {"worker": "ill", "beat": "ill"}
    work = ("-m", "celery", "-A", "insights_site", "worker", "-Q", "rollups,maintenance,mail")
    worker = programs.start(*work)
    beat = programs.start("-m", "celery", "-A", "insights_site", "beat")
    wait_until(lambda: set(parts(shared).values()) == {"well"}, programs.log)

    shared.python(_SESSIONS, "enqueue")
    wait_until(lambda: sessions(shared) == ["new"], programs.log)
    broker.stop()
    assert parts(shared) == dict.fromkeys(PARTS, "well") | {"broker": "ill", "worker": "ill", "beat": "ill"}
    broker.start()
    shared.python(_SESSIONS, "enqueue")

    def is_done() -> bool:
        nonlocal worker
        if worker.poll() is not None:  # it ended with Redis: whoever looks after it starts it again
            worker = programs.start(*work)
        return sessions(shared) == ["new"]

    wait_until(is_done, programs.log)
    wait_until(lambda: set(parts(shared).values()) == {"well"}, programs.log)

    for process in (beat, worker):
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
    assert shared.stop() == 0


def test_of_two_processes_one_gets_the_lock_until_it_ends_or_the_lock_does(
    programs: Programs,
) -> None:
    def ask(seconds: float) -> tuple[subprocess.Popen[str], str]:
        process = programs.start("-c", _LOCK, str(seconds))
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    first, got_first = ask(60)
    _second, got_second = ask(60)
    assert (got_first, got_second) == ("True", "False")
    first.communicate("\n")
    third, got_third = ask(2)
    assert got_third == "True"
    third.kill()
    time.sleep(2)
    _fourth, got_fourth = ask(60)
    assert got_fourth == "True"
