"""Fixtures of all tests: an engine of its own on a temporary folder, and the people."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="insights-tests-")

import pytest
from django.conf import settings

from apps.events.store import EventStore, Statement, close_store, get_store
from tests.people import World, make_world


@pytest.fixture(scope="session")
def _engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventStore]:
    settings.EVENT_STORE_DIR = tmp_path_factory.mktemp("engine") / "events"
    yield get_store()
    close_store()


@pytest.fixture
def store(_engine: EventStore) -> EventStore:
    """The real event store of this test process, empty."""
    _engine.command(Statement(sql="TRUNCATE TABLE events"))
    return _engine


@pytest.fixture
def world(db: None) -> World:
    """Ada, Ben, Cy, their organizations and sites."""
    return make_world()
