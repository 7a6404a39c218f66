"""The store without anything counted; nothing is waited for."""

from __future__ import annotations

import pytest

from apps.events.store import EventStore, Statement
from apps.keeping import erasing
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
