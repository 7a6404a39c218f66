"""Fixtures of all tests: an engine of its own on a temporary folder, and the people."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import NoReturn

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase

from apps.events.refused import recorder
from apps.events.store import EventStore, Statement, close_store, get_store
from apps.organizations import triggers
from tests.people import World, make_world
from tests.servers.live import Served
from tests.servers.processes import Processes, asked, asks_processes


def require(executable: str) -> str:
    """The path of a program that the test needs.

    Where it is missing the test is skipped with the reason on a person's machine, and fails where ``CI=true``.
    """
    found = shutil.which(executable)
    if found is None:
        lacking(f"{executable} is not installed")
    return found


def lacking(reason: str) -> NoReturn:
    """Skip a test that this machine cannot run; with ``CI=true`` it fails instead."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what makes no sense with servers; the run without them has it."""
    if os.environ.get("TEST_MODE"):
        left_out = [item for item in items if item.get_closest_marker("embedded")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    for item in filter(asks_processes, items):  # other processes see what is committed
        item.add_marker(pytest.mark.django_db(transaction=True), append=False)


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> None:
    """Make passwords cheap to set: argon2 is slow on purpose, and nearly every test makes people."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture(scope="session", autouse=True)
def _tables_are_emptied_without_triggers() -> Iterator[None]:
    """Let Django empty all tables after a test that commits; the database itself keeps the audit at other times."""
    empty = TransactionTestCase._fixture_teardown

    def without_triggers(case: TransactionTestCase) -> None:
        triggers.remove(connection)
        empty(case)
        triggers.add(connection)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TransactionTestCase, "_fixture_teardown", without_triggers)
        yield


@pytest.fixture(scope="session")
def _processes(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    processes = Processes(tmp_path_factory.mktemp("processes"))
    yield processes
    processes.end()


@pytest.fixture(autouse=True)
def _asks_processes(request: pytest.FixtureRequest) -> Iterator[None]:
    """With servers, requests go to three web processes, unless the test needs the one that answers for itself."""
    if not asks_processes(request.node):
        yield
        return
    request.getfixturevalue("transactional_db")  # its tables are emptied once the workers rest
    processes: Processes = request.getfixturevalue("_processes")
    with asked(processes):
        yield
    processes.rest()


@pytest.fixture
def served() -> Iterator[Served]:
    """What the live server answers from here on."""
    served = Served()
    yield served
    served.end()


@pytest.fixture(autouse=True)
def _no_request_outlives_its_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """A browser that was closed leaves requests behind: on the tables and the connection of the test that follows."""
    if "live_server" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")  # its tables are emptied once nothing is under way
    served: Served = request.getfixturevalue("served")
    yield
    served.wait_until_idle()


@pytest.fixture(autouse=True)
def _no_refusal_is_written_behind_a_test() -> Iterator[None]:
    """Leave it to the tests when refusals are written, and keep none for the next test's database."""
    recorder.seconds = 3_600
    yield
    recorder.forget()


@pytest.fixture(scope="session")
def _engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventStore]:
    settings.EVENT_STORE_DIR = tmp_path_factory.mktemp("engine") / "events"
    yield get_store()
    close_store()


@pytest.fixture
def store(_engine: EventStore) -> EventStore:
    """The real event store of this test process, empty."""
    for table in ("events", "given_ids"):
        _engine.command(Statement(sql=f"TRUNCATE TABLE {table}"))
    return _engine


@pytest.fixture
def world(db: None) -> World:
    """Ada, Ben, Cy, their organizations and sites."""
    return make_world()
