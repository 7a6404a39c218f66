"""How long the server takes: a page's first byte, and all the panels that the page then asks for."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from queue import SimpleQueue
from statistics import median
from typing import Any

from benchmarks.service import Service

AT_ONCE = 6
"""Connections that a browser opens to one host."""
RUNS = 5


def wait_for(service: Service, state: Mapping[str, Any], path: str) -> tuple[int, float, float]:
    """The late panels of a page, and medians in milliseconds: until its first byte, until all of it is there.

    ``state`` is what signing in left in a browser.
    """
    client = _Client(service, state)
    panels, *_first = client.whole(path)
    times = [client.whole(path) for _ in range(RUNS)]
    client.close()
    return panels, median(first for _, first, _ in times), median(whole for *_, whole in times)


class _Client:
    """A signed-in client with as many kept connections as a browser has."""

    def __init__(self, service: Service, state: Mapping[str, Any]) -> None:
        self._headers = {"Cookie": "; ".join(f"{each['name']}={each['value']}" for each in state["cookies"])}
        self._connections: SimpleQueue[http.client.HTTPConnection] = SimpleQueue()
        for _ in range(AT_ONCE):
            self._connections.put(service.connect())

    def whole(self, path: str) -> tuple[int, float, float]:
        """The late panels of a page, and milliseconds until its first byte and until the last of them."""
        start = time.perf_counter()
        first_byte, page = self._get(path, {})
        late = _Late()
        late.feed(page.decode())
        with ThreadPoolExecutor(AT_ONCE) as browser:
            list(browser.map(lambda panel: self._get(panel, {"HX-Request": "true"}), late.panels))
        return len(late.panels), first_byte, (time.perf_counter() - start) * 1000

    def close(self) -> None:
        for _ in range(AT_ONCE):
            self._connections.get().close()

    def _get(self, path: str, headers: dict[str, str]) -> tuple[float, bytes]:
        """Milliseconds until the head of the answer, and its body; fails on another status than 200."""
        connection = self._connections.get()
        start = time.perf_counter()
        connection.request("GET", path, headers=self._headers | headers)
        answer = connection.getresponse()
        first_byte = (time.perf_counter() - start) * 1000
        body = answer.read()
        self._connections.put(connection)
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} at {path}")
        return first_byte, body


class _Late(HTMLParser):
    """Finds the addresses of the panels that a page leaves to load by themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.panels: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        address = found.get("hx-get")
        if address and found.get("aria-busy") == "true":
            self.panels.append(address)
