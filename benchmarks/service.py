"""A real server on a port of its own, and the clients that load it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running server: where it listens, and how long it took until it was healthy."""

    pid: int
    port: int
    start_seconds: float

    def connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.connect()
        # A request goes out as two writes: without this the second waits for the first one's acknowledgement.
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


@contextmanager
def serving(environment: Mapping[str, str]) -> Iterator[Service]:
    """``manage.py serve`` with these variables, from start to a clean stop."""
    port = free_port()
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env={**os.environ, **environment, "HOST": "127.0.0.1", "PORT": str(port)},
        stdout=subprocess.DEVNULL,
    )
    try:
        while not _healthy(port):
            if process.poll() is not None or time.perf_counter() - start > START_SECONDS:
                raise RuntimeError("The server did not become healthy.")
            time.sleep(0.01)
        yield Service(pid=process.pid, port=port, start_seconds=time.perf_counter() - start)
    finally:
        process.terminate()
        process.wait(timeout=60)


def _healthy(port: int) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False


def post(connection: http.client.HTTPConnection, path: str, body: bytes, token: str, *, expect: int) -> bytes:
    """One request on a kept connection; fails on another status."""
    connection.request("POST", path, body, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != expect:
        raise RuntimeError(f"{answer.status} instead of {expect}: {content[:200]!r}")
    return content


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
