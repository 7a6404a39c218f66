"""No request of a browser that was closed meets the tables of the test after it."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.handlers.wsgi import WSGIHandler
from pytest_django.live_server_helper import LiveServer

from tests.servers.live import Served

SLOW_SECONDS = 0.5


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """When each answer of a server that takes its time was made."""
    made: list[float] = []
    answer = WSGIHandler.get_response

    def later(handler: WSGIHandler, request: Any) -> Any:
        time.sleep(SLOW_SECONDS)
        made.append(time.monotonic())
        return answer(handler, request)

    monkeypatch.setattr(WSGIHandler, "get_response", later)
    return made


def test_whoever_waits_until_all_is_answered_waits_for_what_nobody_hears(
    live_server: LiveServer, served: Served, slow: list[float]
) -> None:
    asked = http.client.HTTPConnection(urlsplit(live_server.url).netloc)
    for _ in range(2):
        asked.request("GET", "/healthz")
        asked.close()
    served.wait_until_idle()
    assert len(slow) == 2
