"""A whole installation with servers of its own: an event store, a database and a broker, three web processes, two
workers and a beat."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import clickhouse_connect

from tests.reliability.programs import Programs, parts
from tests.reliability.service import Service
from tests.servers.running import ClickHouse, Postgres, Redis, wait_until

WEB_WORKERS = 3

_TOKEN = """
import django; django.setup()
from apps.organizations.models import Organization
from apps.organizations.tokens import ApiToken
print(ApiToken.issue(organization=Organization.objects.get(), user=None, title="Tests")[1])
"""


def between(start: datetime, end: datetime) -> dict[str, str]:
    """The ``range`` of a question."""
    return {"from": f"{start:%Y-%m-%dT%H:%M:%SZ}", "to": f"{end:%Y-%m-%dT%H:%M:%SZ}"}


class Installation:
    """All of it, started; ``store`` may be asked directly."""

    def __init__(self, folder: Path, *, web_workers: int = WEB_WORKERS, **settings: str) -> None:
        """``settings`` are those of the service and its workers; they are not the servers'."""
        folder.mkdir(parents=True, exist_ok=True)
        self.clickhouse = ClickHouse(folder / "clickhouse")
        self.postgres = Postgres(folder / "postgres")
        self.redis = Redis(folder / "redis")
        self.servers = (self.clickhouse, self.postgres, self.redis)
        self._web_workers = web_workers
        self._folder = folder
        self._settings = settings
        self.beats: list[subprocess.Popen[str]] = []
        self.workers: list[subprocess.Popen[str]] = []

    def start(self) -> None:
        for server in self.servers:
            server.start()
        urls = {
            "CLICKHOUSE_URL": self.clickhouse.url,
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.redis.url,
            # Counts are used however few events there are.
            "ROLLUP_MIN_EVENTS": "0",
            **self._settings,
        }
        self.service = Service(self._folder, WEB_WORKERS=str(self._web_workers), **urls)
        self.service.start()
        self.token = self.service.python(_TOKEN).strip()
        self.programs = Programs(self._folder, self.service.data, **urls)
        for _ in range(2):
            self.start_worker()
        self.start_beat()
        wait_until(lambda: set(parts(self.service).values()) == {"well"}, self.programs.log)

    def start_worker(self) -> None:
        worker = ("-m", "celery", "-A", "insights_site", "worker", "-Q", "rollups,maintenance,mail")
        self.workers.append(self.programs.start(*worker))

    def start_ended_workers(self) -> None:
        """As whoever looks after them does (systemd, Compose): a worker may end with Redis."""
        for worker in list(self.workers):
            if worker.poll() is not None:
                self.workers.remove(worker)
                self.start_worker()

    def start_beat(self) -> None:
        schedule = self._folder / f"beat-{len(self.beats)}"
        self.beats.append(self.programs.start("-m", "celery", "-A", "insights_site", "beat", "-s", str(schedule)))

    def heal(self) -> None:
        """Wait until every part is well."""

        def is_well() -> bool:
            self.start_ended_workers()
            return set(parts(self.service).values()) == {"well"}

        wait_until(is_well, self.service.log)

    def stored(self, sql: str) -> list[list[Any]]:
        """Columns of a query, asked of the event store itself."""
        client = clickhouse_connect.get_client(dsn=self.clickhouse.url)
        try:
            return [list(column) for column in client.query(sql).result_columns]
        finally:
            client.close()

    def aggregate(self, body: dict[str, Any]) -> tuple[int, dict[str, list[Any]]]:
        """Status of a question over the API, and its columns."""
        service = self.service
        path = f"/v1/orgs/{service.organization_id}/sites/{service.site_id}/insights/events/aggregate"
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        answer = service.post(path, json.dumps(body).encode(), headers)
        columns = json.loads(answer.body)["columns"] if answer.status == 200 else ()
        return answer.status, {each["column"]: each["values"] for each in columns}

    def batches(self) -> dict[str, int]:
        """Per mark: how many events are stored; none may be there twice."""
        columns = self.stored("SELECT query, uniqExact(id), count() FROM events WHERE query != '' GROUP BY query")
        if not columns:
            return {}
        marks, ids, counts = columns
        assert ids == counts, "An id was given twice."
        return dict(zip(marks, counts, strict=True))

    def web_pids(self) -> list[int]:
        """The processes that answer requests."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if parent == self.service.process.pid and b"spawn_main" in command:
                found.append(int(entry.name))
        return found

    def end(self) -> None:
        for process in (getattr(self, "programs", None), getattr(self, "service", None), *self.servers):
            if process is not None:
                process.end()


@contextmanager
def installed(folder: Path, **options: Any) -> Iterator[Installation]:
    """A running installation, ended with the block."""
    installation = Installation(folder, **options)
    try:
        installation.start()
        yield installation
    finally:
        installation.end()
