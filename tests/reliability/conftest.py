"""A service in processes of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import require
from tests.reliability.service import Service
from tests.servers.running import Redis


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service that is not started yet."""
    service = Service(tmp_path)
    yield service
    service.end()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Redis]:
    """A running Redis."""
    require("redis-server")
    server = Redis(tmp_path / "redis")
    server.start()
    yield server
    server.end()
