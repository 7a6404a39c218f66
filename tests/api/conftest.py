"""The API over the real store: nothing is remembered from one test to the next."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.core.cache import cache, caches
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from apps.api import caches as memories
from apps.api.caches import forget_all
from apps.core.clock import utc_now
from apps.events.store import EventStore
from apps.events.visits import salts
from apps.events.writer import close_writer
from insights_site import short_way
from tests.api.calls import Caller
from tests.people import World, token_of


@pytest.fixture(scope="session")
def _writer(_engine: EventStore) -> Iterator[None]:
    yield
    close_writer()


@pytest.fixture(autouse=True)
def _nothing_remembered(_writer: None) -> None:
    forget_all()
    cache.clear()
    caches["visits"].clear()
    salts.forget()


@pytest.fixture
def one_minute() -> Iterator[None]:
    """The clock stands still in the midst of a minute: no limit begins anew between two requests."""
    with time_machine.travel(utc_now().replace(second=10, microsecond=0), tick=False):
        yield


@pytest.fixture
def good_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the busy routes remember lasts for the test, however slow the machine is."""
    monkeypatch.setattr(memories, "SECONDS", 3_600.0)
    yield
    forget_all()


@pytest.fixture
def ada(world: World, store: EventStore) -> Caller:
    """Ada with a token of all scopes for Acme."""
    return Caller(token_of(world.ada, world.acme))


@pytest.fixture
def ben(world: World, store: EventStore) -> Caller:
    """Ben, who only reads at Acme, with a token of all scopes."""
    return Caller(token_of(world.ben, world.acme))


@pytest.fixture
def cy(world: World, store: EventStore) -> Caller:
    """Cy, a stranger to Acme, with a token of all scopes for his own organization."""
    return Caller(token_of(world.cy, world.elsewhere))


@pytest.fixture
def anybody(world: World, store: EventStore) -> Caller:
    """Somebody without a token."""
    return Caller()


@pytest.fixture
def kept_connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Call a WSGI application within a test's transaction: as with Django's own test client, the connection stays."""
    monkeypatch.setattr(short_way, "close_old_connections", lambda: None)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
