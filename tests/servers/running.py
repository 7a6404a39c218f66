"""The servers that tests start: an event store, a database, a broker; on loopback, in a folder of their own."""

from __future__ import annotations

import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg
import redis

from tests.servers import ftp

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120
"""How long a start or a stop may take on a busy machine."""
POSTGRES = "/usr/lib/postgresql"
"""Where Debian keeps its programs, below their version."""


class Server:
    """A process on a free port of its own that may be killed, stopped for a while, and started again."""

    name = "server"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether it is up."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder.with_name(f"{self.folder.name}.log")
        with log.open("ab") as file:
            self._process = subprocess.Popen(self.command(), cwd=ROOT, stdout=file, stderr=file)
        wait_until(self.answers, log)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def stop(self) -> None:
        """End it in order."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(SECONDS)

    def kill(self) -> None:
        """End it as a failing machine does."""
        self.process.kill()
        self.process.wait(SECONDS)

    def end(self) -> None:
        """Leave nothing running."""
        if self._process is not None and self._process.poll() is None:
            self.kill()


class Redis(Server):
    """A redis-server that keeps what it holds over a restart."""

    name = "redis-server"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        options = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--appendonly", "yes")
        return ["redis-server", *options]

    def answers(self) -> bool:
        with closing(redis.Redis(port=self.port)) as client, suppress(redis.RedisError):
            return bool(client.ping())
        return False


class ClickHouse(Server):
    """The test server of this folder: ``tests.servers.clickhouse``."""

    name = "clickhouse"

    def __init__(self, folder: Path, *, cluster: str = "") -> None:
        """``cluster`` is the name of the cluster that it passes for, where it is to do so: ``engine.CLUSTER``."""
        super().__init__(folder)
        self.cluster = cluster

    @property
    def url(self) -> str:
        return f"http://default@127.0.0.1:{self.port}/default"

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.servers.clickhouse", str(self.folder), str(self.port), self.cluster]

    def answers(self) -> bool:
        with suppress(OSError):
            return self._ask("GET", "/ping") == b"Ok.\n"
        return False

    def fault(self, **fault: Any) -> int:
        """Have it go wrong as ``faults.Fault`` says, or no more; returns how many statements met the one before."""
        met: int = json.loads(self._ask("POST", "/faults", json.dumps(fault).encode()))["met"]
        return met

    def met(self) -> int:
        """How many statements have met the fault that is set."""
        met: int = json.loads(self._ask("GET", "/faults"))["met"]
        return met

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, path, body)
            return connection.getresponse().read()


class Ftp(Server):
    """The FTP server of this folder: ``tests.servers.ftp``."""

    name = "ftp"

    @property
    def url(self) -> str:
        return f"ftp://{ftp.USER}:{ftp.PASSWORD}@127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.servers.ftp", str(self.folder), str(self.port)]

    def halve(self, name: str) -> None:
        """Have it keep half of each file whose name ends so, and say that all is well."""
        self.folder.with_name(ftp.HALVED).write_text(name)

    def answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5):
            return True
        return False


class Postgres(Server):
    """A PostgreSQL cluster; it may not run as root, so it then runs as Debian's own user for it.

    It lies in a temporary folder of its own, as that user must be let into all folders above.
    """

    name = "postgres"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._cluster = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._programs = max(Path(POSTGRES).glob("*/bin"), key=lambda path: float(path.parent.name))
        self._user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._user:
            shutil.chown(self._cluster, "postgres")

    @property
    def url(self) -> str:
        return f"postgres://insights@127.0.0.1:{self.port}/postgres"

    def command(self) -> list[str]:
        options = ("-c", "fsync=off", "-c", "unix_socket_directories=", "-c", "max_connections=200")
        return [
            *self._user,
            str(self._programs / "postgres"),
            *("-D", str(self._cluster), "-p", str(self.port), "-h", "127.0.0.1", *options),
        ]

    def start(self) -> None:
        if not (self._cluster / "PG_VERSION").exists():
            initdb = [*self._user, str(self._programs / "initdb"), "-D", str(self._cluster)]
            initdb += ["-U", "insights", "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
            subprocess.run(initdb, cwd="/", check=True, stdout=subprocess.DEVNULL)
        super().start()

    def stop(self) -> None:
        """A fast shutdown: connections are ended, nothing is lost."""
        os.kill(self._master(), signal.SIGINT)
        self.process.wait(SECONDS)

    def kill(self) -> None:
        """All of its processes at once; a start afterwards recovers."""
        os.kill(self._master(), signal.SIGQUIT)
        self.process.wait(SECONDS)

    def answers(self) -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(self.url, connect_timeout=5):
            return True
        return False

    def end(self) -> None:
        super().end()
        shutil.rmtree(self._cluster, ignore_errors=True)

    def _master(self) -> int:
        return int((self._cluster / "postmaster.pid").read_text().split()[0])


def wait_until(what: Callable[[], bool], log: Path | None = None, *, seconds: float = SECONDS) -> None:
    """Return when it is so; fails with what ``log`` says when that takes longer than ``seconds``."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, log.read_text() if log and log.exists() else "It does not happen."
        time.sleep(0.05)


def free_port() -> int:
    """A port that nobody listens on, and that no connection is given while a server is started, or started again.

    So it lies below those that the system gives away, and is drawn without the seed that all test processes share.
    """
    for port in random.SystemRandom().sample(range(15_000, 32_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("No port is free.")
