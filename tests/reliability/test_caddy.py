"""deploy/Caddyfile, with a real Caddy: what it keeps from the service, what it tells it, how long it waits."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploy.check import tool
from tests.reliability.service import ROOT, SECONDS, free_port


@dataclass
class Upstream:
    """A service that keeps what it is asked: the headers, and the length of a body that came whole.

    ``begun`` are the paths of requests whose head came, whether their body did or not.
    """

    port: int
    begun: list[str] = field(default_factory=list)
    asked: list[tuple[dict[str, str], int]] = field(default_factory=list)

    def start(self) -> None:
        begun, asked = self.begun, self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                begun.append(self.path)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if len(body) == int(self.headers["Content-Length"]):
                    asked.append((dict(self.headers.items()), len(body)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                """Nothing: it would be the test's output."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        if hasattr(self, "_server"):
            self._server.shutdown()
            self._server.server_close()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    found = Upstream(port=free_port())
    yield found
    found.stop()


@pytest.fixture
def caddy(upstream: Upstream, tmp_path: Path) -> Iterator[int]:
    """The port of a Caddy before the service, without TLS: no certificate is to be had for a loopback address."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "ADDRESS": f"http://127.0.0.1:{port}",
        "UPSTREAM": f"127.0.0.1:{upstream.port}",
        "CADDY_ADMIN": f"127.0.0.1:{free_port()}",
    }
    command = [tool("caddy"), "run", "--config", "deploy/Caddyfile", "--adapter", "caddyfile"]
    log = (tmp_path / "caddy.log").open("w")
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log, stdout=log)
    deadline = time.monotonic() + SECONDS
    while True:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        assert time.monotonic() < deadline, (tmp_path / "caddy.log").read_text()
        assert process.poll() is None, (tmp_path / "caddy.log").read_text()
        time.sleep(0.05)
    yield port
    process.terminate()
    process.wait(SECONDS)
    log.close()


def post(port: int, body: bytes, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("POST", "/v1", body, {name.replace("__", "-"): text for name, text in headers.items()})
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_service_is_told_the_caller_s_address_and_no_name_with_an_underscore(
    caddy: int, upstream: Upstream
) -> None:
    upstream.start()
    claimed = {"X_Forwarded_For": "192.0.2.7", "X__Forwarded__For": "192.0.2.8", "X__Forwarded__Proto": "https"}
    assert post(caddy, b"{}", **claimed) == 204
    [(headers, _length)] = upstream.asked
    assert [name for name in headers if "_" in name] == []
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "http"
    assert headers["Host"] == f"127.0.0.1:{caddy}"


def test_a_body_that_comes_slowly_reaches_the_service_when_it_is_whole(caddy: int, upstream: Upstream) -> None:
    upstream.start()
    with socket.create_connection(("127.0.0.1", caddy), timeout=SECONDS) as client:
        client.sendall(f"POST /v1 HTTP/1.1\r\nHost: 127.0.0.1:{caddy}\r\nContent-Length: 1000\r\n\r\n".encode())
        client.sendall(b"a" * 999)
        time.sleep(1)
        assert upstream.begun == []
        client.sendall(b"a")
        assert client.recv(1_000).startswith(b"HTTP/1.1 204")
    assert [length for _headers, length in upstream.asked] == [1_000]


def test_a_body_that_is_too_large_is_refused(caddy: int, upstream: Upstream) -> None:
    upstream.start()
    assert post(caddy, b"a" * 3_000_000) == 204
    with suppress(ConnectionError):
        assert post(caddy, b"a" * 5_000_000) == 413
    assert [length for _headers, length in upstream.asked] == [3_000_000]


def test_a_request_waits_for_a_service_that_is_starting(caddy: int, upstream: Upstream) -> None:
    starts = threading.Timer(3, upstream.start)
    starts.start()
    began = time.monotonic()
    assert post(caddy, b"{}") == 204
    assert time.monotonic() - began > 2
    starts.join()
