"""The store without anything counted; nothing is waited for. A service with data, and an empty one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.events.store import EventStore, Statement
from apps.keeping import erasing
from tests.keeping.moved import Empty, Kept
from tests.people import World


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine looks after replaced files twice a minute: only the test that searches for them waits."""
    monkeypatch.setattr(erasing, "PATIENCE_SECONDS", 0.0)


@pytest.fixture
def rollups(store: EventStore, world: World) -> EventStore:
    """The store without events, and without anything counted in advance."""
    for table in ("events", "rollups", "visitor_numbers", "session_numbers"):
        store.command(Statement(sql=f"TRUNCATE TABLE {table}"))
    return store


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Made once; each test has a copy."""
    return Kept(tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def kept(prepared: Kept, tmp_path: Path) -> Iterator[Kept]:
    shutil.copytree(prepared.data, tmp_path / "data", symlinks=True)
    service = Kept(tmp_path, like=prepared)
    yield service
    service.end()


@pytest.fixture
def empty(tmp_path: Path, kept: Kept) -> Iterator[Empty]:
    service = Empty(tmp_path / "empty", kept)
    yield service
    service.end()
