"""Loaded before the settings (see addopts): every test process has a data folder of its own, and never the user's.

``TEST_MODE=server`` starts an event store, a database and a broker beside it, which all tests of the process use, and
the web processes and workers that their requests go to (``tests.servers.processes``);
``TEST_MODE=cluster`` has the store pass for a cluster, of one machine.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

for name in (
    "CLICKHOUSE_URL",
    "CLICKHOUSE_CLUSTER",
    "DATABASE_URL",
    "REDIS_URL",
    "BASE_PATH",
    "PUBLIC_URL",
    "SECRET_KEY",
    "DEBUG",
    "ALLOWED_HOSTS",
    "TRUSTED_PROXIES",
    "CLIENT_ADDRESS_HEADER",
    "GEOIP_CITY_DB",
    "STATIC_ROOT",
    "EMAIL_URL",
    "OIDC_ISSUER",
    "REGISTRATION",
    "SECRET_KEY_FALLBACKS",
    "ACCESS_LOG",
    "DISK_MIN_MB",
    "METRICS_TOKEN",
    "SLOW_QUERY_SECONDS",
):
    os.environ.pop(name, None)
os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="insights-tests-")
# Prepared counts are used however few events there are.
os.environ["ROLLUP_MIN_EVENTS"] = "0"
atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)


def _start_servers(folder: Path, cluster: str) -> None:
    from tests.servers.running import ClickHouse, Postgres, Redis

    store, records, broker = (
        ClickHouse(folder / "clickhouse", cluster=cluster),
        Postgres(folder / "postgres"),
        Redis(folder / "redis"),
    )
    for server in (store, records, broker):
        atexit.register(server.end)
        server.start()
    os.environ |= {"CLICKHOUSE_URL": store.url, "DATABASE_URL": records.url, "REDIS_URL": broker.url}
    os.environ["CLICKHOUSE_CLUSTER"] = cluster


# The process that only hands out the tests (of pytest-xdist) runs none.
_MODES = {"server": "", "cluster": "of_tests"}
_mode = os.environ.get("TEST_MODE", "")
if _mode in _MODES and ("PYTEST_XDIST_WORKER" in os.environ or "-n" not in sys.argv):
    _start_servers(Path(os.environ["DATA_DIR"]), _MODES[_mode])
