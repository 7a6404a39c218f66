"""Server mode: whatever happens to a part, nothing acknowledged is lost or doubled, and the service heals by itself."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from apps.events.remote import INSERT_SECONDS
from apps.rollups.arrivals import SETTLING
from apps.rollups.tasks import LOCK_SECONDS
from tests.conftest import lacking, require
from tests.reliability.installation import WEB_WORKERS, Installation, between, installed
from tests.reliability.load import Load
from tests.reliability.service import event
from tests.servers.running import POSTGRES, SECONDS, wait_until

pytestmark = pytest.mark.embedded  # it brings servers of its own

SIZE = 7
DAYS = 3
_IMPORT = """
import sys, django; django.setup()
from datetime import datetime, timedelta, UTC
from apps.events.writer import close_writer, get_writer
from apps.sites.models import Site
site = Site.objects.get()
view = {"site": site.pk, "event_type": "page_view", "url": "https://docs.acme.example/", "display_context": "site"}
rows = [
    view
    | {"timestamp": datetime.fromisoformat(day) + timedelta(minutes=number), "url_path": f"/{number % 7}"}
    | {"visitor": number % 40 + 1, "session": number + 1}
    for day in sys.argv[1:]
    for number in range(1_000)
]
get_writer().write(rows)
close_writer()
"""
_COUNTED = """
import django; django.setup()
from apps.rollups.models import FilledPeriod, State
print(FilledPeriod.objects.filter(level="day", state=State.COUNTED, events=1_000).count())
"""
_COUNT_AGAIN = """
import django; django.setup()
from apps.core.clock import utc_now
from apps.rollups.models import FilledPeriod
from apps.rollups.recounting import count_again
count_again(FilledPeriod.objects.filter(level="day", events=1_000), utc_now())
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Three web processes, two workers, and two beats, by mistake; three days hold 1,000 events each."""
    require("redis-server")
    if not Path(POSTGRES).is_dir():
        lacking("PostgreSQL is not installed")
    with installed(tmp_path_factory.mktemp("installation")) as installation:
        installation.start_beat()
        installation.service.python(_IMPORT, *(day.isoformat() for day in days()))
        yield installation


def days() -> list[datetime]:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return [today - timedelta(days=number) for number in range(DAYS, 0, -1)]


def wait_for_counts(whole: Installation) -> None:
    """Wait until all days are counted, also where a worker was killed that held the lock of this work."""

    def are_counted() -> bool:
        time.sleep(3)
        return int(whole.service.python(_COUNTED)) == DAYS

    wait_until(are_counted, whole.programs.log, seconds=SETTLING.total_seconds() + LOCK_SECONDS + SECONDS)


def count_again(whole: Installation) -> None:
    """Have the days counted once more, as in the admin, and wait until a worker has met a fault in doing so."""
    whole.service.python(_COUNT_AGAIN)
    wait_until(lambda: whole.clickhouse.met() == 1, whole.programs.log)


@pytest.fixture
def counted(whole: Installation) -> None:
    """All days are counted, before clients are at work."""
    wait_for_counts(whole)


@pytest.fixture
def load(whole: Installation) -> Iterator[Load]:
    """Clients at work; afterwards all that was acknowledged is there once, and nothing that was refused is."""
    load = Load(service=whole.service, clients=6, size=SIZE)
    load.start()
    try:
        load.wait_for_answers(30)
        yield load
    finally:
        load.stop()
    whole.heal()
    statuses = {sent.answer.status for sent in load.sent}
    assert statuses <= {204, 503, 0}, statuses
    stored = whole.batches()
    lost = [mark for mark in load.acknowledged if stored.get(mark) != SIZE]
    assert not lost
    assert all(stored[sent.mark] == SIZE for sent in load.sent if sent.mark in stored)
    refused = {sent.mark for sent in load.sent if sent.answer.status == 503}
    # An insert that hung while its request was given up is removed as soon as its process knows of it.
    wait_until(lambda: not refused & whole.batches().keys(), whole.service.log)


def test_the_store_is_killed_and_started_again(whole: Installation, load: Load) -> None:
    whole.clickhouse.kill()
    wait_until(lambda: any(sent.answer.status == 503 for sent in list(load.sent)))
    assert whole.service.get("/readyz").status == 503
    status, _columns = whole.aggregate({"range": "last7Days"})
    assert status == 503
    whole.clickhouse.start()
    load.wait_for_answers(30)


def test_the_store_hangs_until_requests_are_given_up(whole: Installation, load: Load) -> None:
    os.kill(whole.clickhouse.process.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: any(sent.answer.status == 503 for sent in list(load.sent)))
    finally:
        os.kill(whole.clickhouse.process.pid, signal.SIGCONT)
    given_up = next(sent for sent in load.sent if sent.answer.status == 503)
    assert given_up.ended - given_up.started > INSERT_SECONDS  # at least one attempt was not answered, and sent again
    load.wait_for_answers(30)


@pytest.mark.parametrize("mode", ["lost", "cut", "slow"])
def test_the_store_answers_no_insert_or_late(whole: Installation, load: Load, mode: str) -> None:
    whole.clickhouse.fault(mode=mode, only="insert", times=4, seconds=3)
    load.wait_for_answers(60)
    assert whole.clickhouse.fault() == 4


@pytest.mark.parametrize("mode", ["midway", "cut"])
def test_answers_of_the_store_break_off(whole: Installation, load: Load, mode: str) -> None:
    whole.clickhouse.fault(mode=mode, only="select|with")  # of events, and of prepared counts
    found = [whole.aggregate({"range": "last7Days"})[0] for _ in range(4)]
    whole.clickhouse.fault()
    assert found == [503] * 4
    assert whole.aggregate({"range": "last7Days"})[0] == 200


def test_the_disk_of_the_store_is_full(whole: Installation, load: Load) -> None:
    whole.clickhouse.fault(mode="error", only="insert", code=243, message="Cannot reserve 1.00 MiB: NOT_ENOUGH_SPACE")
    wait_until(lambda: sum(sent.answer.status == 503 for sent in list(load.sent)) > 20)
    whole.clickhouse.fault()
    load.wait_for_answers(30)


def test_redis_goes_and_comes_back(whole: Installation, load: Load) -> None:
    whole.redis.kill()
    load.wait_for_answers(60)
    assert whole.service.get("/readyz").status == 503
    assert whole.aggregate({"range": "last7Days"})[0] == 200
    whole.redis.start()
    whole.start_ended_workers()


def test_postgresql_is_restarted(whole: Installation, load: Load) -> None:
    whole.postgres.stop()
    time.sleep(2)
    assert whole.service.get("/readyz").status == 503
    assert whole.aggregate({"range": "last7Days"})[0] == 503
    page = whole.service.get("/accounts/login/?next=/")
    assert page.status in (200, 503)
    whole.postgres.start()
    load.wait_for_answers(30)


def test_a_web_process_is_killed(whole: Installation, load: Load) -> None:
    before = set(whole.web_pids())
    assert len(before) == WEB_WORKERS
    os.kill(min(before), signal.SIGKILL)
    load.wait_for_answers(60)
    wait_until(lambda: len(whole.web_pids()) == WEB_WORKERS, whole.service.log)
    assert min(before) not in whole.web_pids()


def test_a_worker_is_killed_in_a_task(whole: Installation, counted: None, load: Load) -> None:
    whole.clickhouse.fault(mode="slow", only="insert into rollups", times=1, seconds=30)
    count_again(whole)
    for worker in list(whole.workers):  # one of them is in the task
        worker.kill()
        worker.wait()
        whole.start_worker()
    load.wait_for_answers(30)
    whole.clickhouse.fault()
    wait_for_counts(whole)


def test_redis_goes_in_the_midst_of_a_filling(whole: Installation, counted: None, load: Load) -> None:
    whole.clickhouse.fault(mode="slow", only="insert into rollups", times=1, seconds=5)
    count_again(whole)
    whole.redis.kill()
    load.wait_for_answers(30)
    time.sleep(5)
    whole.redis.start()
    whole.start_ended_workers()
    wait_for_counts(whole)


def test_all_parts_give_the_same_figures_and_they_are_right(whole: Installation, counted: None) -> None:
    body = {
        "range": between(days()[0], days()[-1] + timedelta(days=1)),
        "groupBy": [{"column": "datetime", "interval": "day"}],
    }
    for _ in range(2 * WEB_WORKERS):
        status, columns = whole.aggregate(body)
        assert status == 200
        assert columns["eventsCount"] == [1_000] * DAYS
        assert columns["visitorsCount"] == [40] * DAYS
        assert columns["sessionsCount"] == [1_000] * DAYS
    assert "all equal their events" in whole.service.manage("rollups", "verify").stdout
    assert whole.service.track([event("one more")]).status == 204
    assert whole.aggregate({"range": "last24Hours", "where": [{"column": "eventSearchQuery", "values": ["one more"]}]})[
        1
    ]["eventsCount"] == [1]
