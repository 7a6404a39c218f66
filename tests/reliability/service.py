"""The whole service in processes of its own, on a folder of its own: started, talked to, killed."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.running import ROOT, SECONDS, free_port

__all__ = ["ROOT", "SECONDS", "Answer", "Service", "event", "free_port"]

OF_SERVERS = ("CLICKHOUSE_URL", "CLICKHOUSE_CLUSTER", "DATABASE_URL", "REDIS_URL")
"""What the tests of this process may run with; a service has its own."""

_MAKE_SITE = """
import django; django.setup()
from django.core.management import call_command
from apps.organizations.models import Organization
from apps.sites.models import Site
call_command("migrate", verbosity=0)
organization = Organization.objects.create(title="Acme")
site = Site.objects.create(organization=organization, title="Docs")
print(organization.public_id, site.public_id)
"""
_QUERY = """
import json, sys, django; django.setup()
from apps.events.store import Statement, close_store, get_store
print(json.dumps([list(column) for column in get_store().query(Statement(sql=sys.argv[1]))]))
close_store()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request came to; status 0 where the connection broke before the answer."""

    status: int
    body: bytes = b""
    retry_after: str | None = None


class Service:
    """``manage.py serve`` on ``folder`` and a free port, with one organization and one public site."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.port = free_port()
        self.log = folder / "server.log"
        self.data = folder / "data"
        self._environment = {name: value for name, value in os.environ.items() if name not in OF_SERVERS} | {
            "DJANGO_SETTINGS_MODULE": "insights_site.settings",
            "DATA_DIR": str(self.data),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "RATE_LIMIT_ADDRESS": "10000000",
            **settings,
        }
        self.organization_id, self.site_id = self.make_site()
        self._process: subprocess.Popen[bytes] | None = None

    def set(self, **settings: str) -> None:
        """Change the environment of what is started from now on."""
        self._environment |= settings

    def make_site(self) -> tuple[str, str]:
        """Make what it is to serve; returns the ids of an organization and its site."""
        organization, site = self.python(_MAKE_SITE).split()
        return organization, site

    def python(self, program: str, *arguments: str) -> str:
        """Run a program in the service's environment; returns its standard output."""
        return self._run([sys.executable, "-c", program, *arguments]).stdout

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a management command to its end."""
        return self._run([sys.executable, "manage.py", *arguments], check=check)

    def popen(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a management command."""
        command = [sys.executable, "manage.py", *arguments]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )

    def stored(self, sql: str) -> list[list[Any]]:
        """Columns of a query, asked of the store itself: the server must not be running."""
        columns: list[list[Any]] = json.loads(self.python(_QUERY, sql))
        return columns

    def start(self, *, health: int = 200) -> None:
        """Start the server and wait until it is healthy, or until it says otherwise with another status."""
        self._process = self.popen("serve")
        self.wait_until_healthy(health)

    def wait_until_healthy(self, health: int = 200) -> None:
        """Wait until the server answers queries."""
        deadline = time.monotonic() + SECONDS
        while self.get("/healthz").status != health:
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def kill(self) -> None:
        """SIGKILL to every process of the server, and wait until they are gone."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def kill_worker(self) -> None:
        """SIGKILL to the process that answers requests and holds the store; its parent lives on."""
        os.kill(self.worker_pid(), signal.SIGKILL)

    def kill_parent(self) -> None:
        """SIGKILL to the supervising process alone, and wait until the worker has noticed and ended."""
        worker = self.worker_pid()
        self.process.kill()
        self.process.wait()
        deadline = time.monotonic() + SECONDS
        while Path(f"/proc/{worker}").exists():
            assert time.monotonic() < deadline, "The worker outlives its parent."
            time.sleep(0.02)

    def worker_pid(self) -> int:
        """The pid of the only worker."""
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if parent == self.process.pid and b"spawn_main" in command:
                return int(entry.name)
        raise AssertionError("The server has no worker.")

    def stop(self) -> int:
        """SIGTERM to the server; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)

    def interrupt(self) -> int:
        """What Ctrl-C in a terminal does: SIGINT to every process of the server at once; returns the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(SECONDS)

    def end(self) -> None:
        """Leave nothing running."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def connection(self) -> http.client.HTTPConnection:
        """A connection that is opened when it is first used, and again when it broke."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)

    def track(self, events: list[dict[str, Any]], *, over: http.client.HTTPConnection | None = None) -> Answer:
        """Post ``events`` without a token, over a connection of its own or one that is kept."""
        path = f"/v1/orgs/{self.organization_id}/sites/{self.site_id}/insights/events"
        return self.ask("POST", path, json.dumps({"events": events}).encode(), over=over)

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Post ``body`` as it is, with these headers, over a connection of its own."""
        return self.ask("POST", path, body, headers)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        *,
        over: http.client.HTTPConnection | None = None,
    ) -> Answer:
        """Any request, over a connection of its own or one that is kept."""
        connection = over or self.connection()
        try:
            connection.request(method, path, body, headers or ({"Content-Type": "application/json"} if body else {}))
            response = connection.getresponse()
            return Answer(status=response.status, body=response.read(), retry_after=response.getheader("Retry-After"))
        except (OSError, http.client.HTTPException):
            connection.close()
            return Answer(status=0)
        finally:
            if over is None:
                connection.close()

    def _run(self, command: list[str], *, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(command, cwd=ROOT, env=self._environment, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, done.stderr
        return done


def event(mark: str, **more: Any) -> dict[str, Any]:
    """A sound event that can be found again by ``mark``."""
    return {
        "type": "search_type_query",
        "query": mark,
        "session": {"visitorId": "ada", "sessionId": mark, "userAgent": "Mozilla/5.0"},
        "location": {"url": "https://docs.acme.example/guide"},
    } | more
