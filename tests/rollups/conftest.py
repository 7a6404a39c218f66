"""A store without anything counted in advance."""

from __future__ import annotations

from typing import Any

import pytest

from apps.events.store import EventStore, Statement
from tests.people import World


@pytest.fixture
def rollups(store: EventStore, world: World) -> EventStore:
    """The store without events, and without anything counted in advance."""
    for table in ("events", "rollups", "visitor_numbers", "session_numbers"):
        store.command(Statement(sql=f"TRUNCATE TABLE {table}"))
    return store


def hold(store: EventStore, site: int, *events: dict[str, Any]) -> None:
    """Store events of a site."""
    store.insert([{**each, "site": site} for each in events])
