"""Background work: its schedule, its base, its locks, and threads that are started again."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from celery import shared_task
from celery.schedules import crontab
from django.contrib.sessions.models import Session
from django.db import transaction

from apps.core.errors import Unavailable
from apps.core.locks import only_one
from apps.core.tasks import Work
from apps.organizations.tasks import delete_expired_sessions
from insights_site import background
from insights_site.background import Part
from insights_site.celery import app
from insights_site.settings import broker

ROOT = Path(__file__).resolve().parent.parent.parent
SCHEDULE: dict[str, dict[str, Any]] = app.conf.beat_schedule


@pytest.fixture(autouse=True)
def _tasks() -> None:
    app.loader.import_default_modules()


def shortest_period(schedule: Any) -> float:
    """Seconds between two runs of an entry, at least, in a year."""
    if not isinstance(schedule, crontab):
        return schedule.total_seconds() if isinstance(schedule, timedelta) else float(schedule)
    moments = [
        day + timedelta(hours=hour, minutes=minute)
        for day in (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(366))
        if day.month in schedule.month_of_year
        and day.day in schedule.day_of_month
        and day.isoweekday() % 7 in schedule.day_of_week
        for hour in sorted(schedule.hour)
        for minute in sorted(schedule.minute)
    ]
    return min((late - early).total_seconds() for early, late in pairwise(moments))


def test_periods_are_told_right() -> None:
    assert shortest_period(crontab(hour="3", minute="17")) == 86_400
    assert shortest_period(crontab(minute="*/15")) == 900
    assert shortest_period(crontab(minute="5,7")) == 120
    assert shortest_period(30.0) == 30


@pytest.mark.parametrize("name", sorted(SCHEDULE))
def test_every_periodic_task_expires_before_the_next_and_has_a_queue(name: str) -> None:
    entry = SCHEDULE[name]
    task = app.tasks[entry["task"]]
    assert 0 < entry["options"]["expires"] < shortest_period(entry["schedule"])
    assert app.amqp.router.route({}, task.name)["queue"].name in {"rollups", "maintenance", "mail"}
    assert "queue" not in entry["options"]
    assert isinstance(task, Work)


def test_the_table_of_periodic_tasks_lists_them_in_order() -> None:
    documented = re.findall(r"^\| `([a-z-]+)` \| .* \| `", (ROOT / "docs" / "background.md").read_text(), re.MULTILINE)
    assert documented == sorted(SCHEDULE)
    assert "delete-expired-sessions" in documented


def test_each_queue_gets_its_own_messages_only() -> None:
    queues = app.amqp.queues
    assert {name: queues[name].routing_key for name in queues} == {
        "rollups": "rollups",
        "maintenance": "maintenance",
        "mail": "mail",
    }


def test_tasks_of_rollups_go_to_their_own_queue() -> None:
    assert app.amqp.router.route({}, "apps.rollups.tasks.fill")["queue"].name == "rollups"
    assert app.amqp.router.route({}, delete_expired_sessions.name)["queue"].name == "maintenance"


def test_any_process_that_sets_django_up_sends_tasks_to_our_queues() -> None:
    """Not to those of Celery's default app, where nobody looks."""
    program = (
        "import django; django.setup()\n"
        "from apps.organizations.tasks import delete_expired_sessions\n"
        "print(delete_expired_sessions.app.main)"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "insights_site.settings"}
    told = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "insights_site\n"


def test_redis_on_a_socket_is_written_as_celery_writes_it() -> None:
    assert broker("") == "memory://localhost/"
    assert broker("redis://host:6379/0") == "redis://host:6379/0"
    assert broker("unix:///run/redis.sock?db=2") == "redis+socket:///run/redis.sock?virtual_host=2"


def test_a_task_is_tried_again_while_something_is_away_and_then_given_up() -> None:
    calls: list[int] = []

    @shared_task(base=Work, name="tests.fails")
    def fails(times: int) -> None:
        calls.append(times)
        if len(calls) <= times:
            raise Unavailable("The store is away.")

    try:
        assert fails.apply((2,)).successful()
        assert calls == [2, 2, 2]
        calls.clear()
        assert isinstance(fails.apply((100,)).result, Unavailable)
        assert len(calls) == 9
    finally:
        app.tasks.pop("tests.fails")


@pytest.fixture
def waiting() -> Iterator[Any]:
    """How many messages wait in the queue ``maintenance`` of the broker in memory."""
    with app.connection_for_write() as connection:
        channel = connection.default_channel
        queue = app.amqp.queues["maintenance"](channel)
        queue.declare()
        queue.purge()
        yield lambda: channel._size("maintenance")
        queue.purge()


@pytest.mark.django_db(transaction=True)
def test_a_task_is_sent_when_the_transaction_is_committed(waiting: Any) -> None:
    with transaction.atomic():
        delete_expired_sessions.enqueue()
        assert waiting() == 0
    assert waiting() == 1
    with suppress(RuntimeError), transaction.atomic():
        delete_expired_sessions.enqueue()
        raise RuntimeError("rolled back")
    assert waiting() == 1


def test_a_task_takes_nothing_but_ids() -> None:
    with pytest.raises(TypeError, match="takes ids"):
        delete_expired_sessions.enqueue({"site": 1})


@pytest.mark.django_db
def test_expired_sessions_are_deleted_and_others_stay() -> None:
    now = datetime.now(UTC)
    Session.objects.create(session_key="old", session_data="", expire_date=now - timedelta(seconds=1))
    Session.objects.create(session_key="new", session_data="", expire_date=now + timedelta(hours=1))
    for _ in range(2):
        delete_expired_sessions()
        assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]


def test_of_two_threads_one_gets_the_lock_and_another_key_is_free() -> None:
    ready, done = threading.Barrier(2), threading.Barrier(2)
    got: list[bool] = []

    def work() -> None:
        ready.wait(30)
        with only_one("site-1-hour-2", seconds=10) as mine:
            got.append(mine)
            done.wait(30)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False, True]
    with only_one("a", seconds=10) as first, only_one("b", seconds=10) as second, only_one("a", seconds=10) as third:
        assert (first, second, third) == (True, True, False)
    with pytest.raises(ValueError, match="broken"), only_one("a", seconds=10):
        raise ValueError("broken")
    with only_one("a", seconds=10) as again:
        assert again


def test_a_thread_that_ends_by_itself_is_started_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(background, "FIRST_PAUSE", 0.01)
    lives, stop = [0], threading.Event()

    def live() -> None:
        lives[0] += 1
        if lives[0] == 1:
            raise OSError("crash")
        if lives[0] == 3:
            stop.wait(30)

    part = Part("worker", live)
    part.start()
    while lives[0] < 3:
        assert not part.has_ended(0.01)
    part.announce_stop()
    stop.set()
    assert part.has_ended(30)
    assert lives == [3]
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "The worker thread failed.",
        "The worker thread ended; it is started again in 0 s.",
        "The worker thread ended; it is started again in 0 s.",
    ]
