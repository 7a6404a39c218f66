"""A real server on a port of its own, and the clients that load it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
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
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
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


def requests_per_second(
    service: Service, path: str, bodies: Sequence[bytes], token: str, *, connections: int, seconds: float
) -> float:
    """How many of ``bodies`` are answered with 204 a second over so many connections at once."""
    answered = [0] * connections
    failures: list[Exception] = []
    end = time.perf_counter() + seconds

    def client(number: int) -> None:
        try:
            with closing(service.connect()) as connection:
                while time.perf_counter() < end:
                    post(connection, path, bodies[(number * 31 + answered[number]) % len(bodies)], token, expect=204)
                    answered[number] += 1
        except Exception as error:
            failures.append(error)

    start = time.perf_counter()
    threads = [threading.Thread(target=client, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sum(answered) / (time.perf_counter() - start)
