"""Loaded before the settings (see addopts): every test process has a data folder of its own, and never the user's."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

for name in (
    "CLICKHOUSE_URL",
    "DATABASE_URL",
    "REDIS_URL",
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
):
    os.environ.pop(name, None)
os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="insights-tests-")
# Prepared counts are used however few events there are.
os.environ["ROLLUP_MIN_EVENTS"] = "0"
atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)
