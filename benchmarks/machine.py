"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

import chdb
import clickhouse_connect


def description() -> str:
    """Cores, processor, memory, Python and engine in one line."""
    return (
        f"{os.cpu_count()} cores ({_processor()}), {_memory_gib():.0f} GiB, {platform.system()} {platform.release()},"
        f" Python {platform.python_version()}, chDB {chdb.__version__} (ClickHouse {_engine_version()}),"
        f" clickhouse-connect {clickhouse_connect.common.version()}"
    )


def _engine_version() -> str:
    return str(chdb.query("SELECT version()", "TabSeparated")).strip()  # type: ignore[no-untyped-call]


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def resident_mb(pid: int) -> float:
    """Resident memory of a process and its descendants, in MB (10⁶ bytes)."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=True).stdout
    rows = [tuple(int(number) for number in line.split()) for line in listing.splitlines()]
    family = {pid}
    while grown := {child for child, parent, _rss in rows if parent in family} - family:
        family |= grown
    return sum(rss for process, _parent, rss in rows if process in family) * 1024 / 1e6
