"""Prepared counts through faults: answers are those of the events at every moment, and nothing is counted twice."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis
import time_machine

from apps.sites.models import Site
from tests.reliability import fillers, kills, readers
from tests.reliability.apart import run_apart
from tests.reliability.figures import HOURS, NOW, TOTALS, compare, totals, track, verify_some, visits
from tests.reliability.service import SECONDS
from tests.reliability.test_background import Programs, Redis, wait_until

_WORKER = """
import django; django.setup()
from apps.rollups import filling, tasks
from insights_site.celery import app
filling.PIECE_EVENTS = 1  # a day at a time
tasks.BUDGET_SECONDS = 0.0  # and one a run
tasks.LOCK_SECONDS = 2.0
app.worker_main(["worker", "-Q", "rollups", "-l", "INFO"])
"""
_BEAT = """
import sys, django; django.setup()
from celery.beat import Service
from insights_site.celery import Scheduler, app
name = "apps.rollups.tasks.fill_closed_periods"
app.conf.beat_schedule = {"often": {"task": name, "schedule": 0.2, "options": {"expires": 0.2}}}
Service(app, schedule_filename=sys.argv[1], scheduler_cls=Scheduler, remote_control=False).start()
"""


@pytest.fixture
def programs(broker: Redis, tmp_path: Path) -> Iterator[Programs]:
    programs = Programs(tmp_path, tmp_path / "data", REDIS_URL=broker.url)
    yield programs
    programs.end()


def test_a_filling_killed_at_each_step_leaves_right_answers_and_is_made_good(tmp_path: Path) -> None:
    killed = Counter(run_apart(kills.kill_at_each_step, tmp_path).splitlines())
    # What came is noted; then hours, days and the month are counted: the month from its days, which are read in a
    # transaction, without numbers.
    assert killed == {
        "before COMMIT": 5,
        "before INSERT INTO visitor_numbers": 2,
        "before INSERT INTO session_numbers": 2,
        "before INSERT INTO rollups": 3,
    }


def test_many_fillers_at_the_same_moment_number_and_count_once(tmp_path: Path) -> None:
    run_apart(fillers.fill_at_once, tmp_path)


@pytest.mark.parametrize(
    ("scenario", "countings"),
    [
        (fillers.hold_up_while_others_fill, 3),
        (fillers.hold_up_while_others_clean, 3),
        (fillers.hold_up_while_others_fill_days, 0),
    ],
)
def test_a_filler_that_goes_on_after_hours_spoils_nothing(
    scenario: fillers.Scenario, countings: int, tmp_path: Path
) -> None:
    steps = run_apart(scenario, tmp_path).splitlines()
    assert steps
    assert steps.count("after INSERT INTO rollups") >= countings


def test_events_count_once_when_the_clock_was_set_back(tmp_path: Path) -> None:
    run_apart(fillers.set_the_clock_back, tmp_path)


def test_events_count_once_when_the_clock_was_set_back_and_all_others_were_erased(tmp_path: Path) -> None:
    run_apart(fillers.reset_when_the_clock_was_set_back, tmp_path)


def test_readers_of_counted_hours_see_each_event_once_while_events_come(tmp_path: Path) -> None:
    *sources, answers, removed = run_apart(readers.read_while_all_changes, tmp_path).split()
    assert "rollup" in sources
    assert set(sources) <= {"rollup", "mixed"}  # what is being rebuilt is read as events
    assert int(answers) >= readers.ANSWERS
    assert int(removed) >= readers.REMOVED


def made_long_ago(site: Site) -> None:
    """Events of days that are over."""
    with time_machine.travel(NOW):
        track(visits(site, 1))


def all_counted(site: Site) -> None:
    """Six days and two months are counted, and answer."""
    assert compare(site, TOTALS) == {"rollup"}
    assert "raw" not in compare(site)
    verify_some(100)
    assert totals(site) == (3 * len(HOURS), 2 + len(HOURS))


def counted(data: Path) -> int:
    """How many periods are counted."""
    with closing(sqlite3.connect(data / "records.sqlite3")) as records:
        (found,) = records.execute("SELECT count(*) FROM rollups_filledperiod WHERE state = 'counted'").fetchone()
    return int(found)


def test_fillings_go_on_by_themselves_when_redis_was_killed_in_the_midst_of_one(
    tmp_path: Path, broker: Redis, programs: Programs
) -> None:
    """The worker may end with the connection (the client library does not survive every loss): it is started again."""
    run_apart(made_long_ago, tmp_path)
    workers = [programs.start("-c", _WORKER)]
    programs.start("-c", _BEAT, str(tmp_path / "schedule"))

    def is_counted(periods: int) -> bool:
        if workers[-1].poll() is not None:
            workers.append(programs.start("-c", _WORKER))
        return counted(tmp_path / "data") >= periods

    wait_until(lambda: is_counted(2), programs.log)
    client = redis.Redis.from_url(broker.url)
    wait_until(lambda: bool(client.exists("lock:rollups")), programs.log)
    client.close()
    broker.kill()
    time.sleep(1)
    assert 2 <= counted(tmp_path / "data") < 8
    broker.start()
    wait_until(lambda: is_counted(8), programs.log)
    workers[-1].kill()
    workers[-1].wait(SECONDS)
    run_apart(all_counted, tmp_path)


def test_two_beats_have_all_counted_to_the_same_effect(tmp_path: Path, programs: Programs) -> None:
    """The lock ends before the work does, so that two threads of the worker are at it."""
    run_apart(made_long_ago, tmp_path)
    running = [programs.start("-c", _WORKER.replace("LOCK_SECONDS = 2.0", "LOCK_SECONDS = 0.01"))]
    running += [programs.start("-c", _BEAT, str(tmp_path / name)) for name in ("one", "two")]
    wait_until(lambda: counted(tmp_path / "data") >= 8, programs.log)
    assert [process.poll() for process in running] == [None] * 3
    log = programs.log.read_text()
    assert "Traceback" not in log
    assert "took longer than its lock" in log
    for process in running:
        process.kill()
        process.wait(SECONDS)
    run_apart(all_counted, tmp_path)
