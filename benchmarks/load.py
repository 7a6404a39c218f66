"""Load over HTTP by ``wrk``, a client that costs little beside the server it shares the machine with."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a load came to; ``wrong`` answers are those above 399, and connections that broke."""

    requests: int
    seconds: float
    wrong: int
    p50_ms: float
    p99_ms: float
    max_ms: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def must_have_client() -> None:
    """Raises ``SystemExit`` with one sentence where ``wrk`` is missing."""
    if shutil.which("wrk") is None:
        raise SystemExit("The benchmark needs the program wrk (Debian: apt-get install wrk).")


def post_for(seconds: float, url: str, bodies: Path, *, connections: int, token: str | None = None) -> Load:
    """Post the lines of ``bodies`` over so many connections at once."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "10s", "-s", str(SCRIPT), url, "--"]
    arguments = [str(bodies), *([token] if token else [])]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True)
    return Load(**json.loads(done.stdout.splitlines()[-1]))


def write_lines(file: Path, bodies: Sequence[bytes]) -> Path:
    """The bodies as ``post_for`` reads them; returns ``file``."""
    file.write_bytes(b"\n".join(bodies) + b"\n")
    return file


def recent_events(size: int) -> list[dict[str, Any]]:
    """Events of the demo, to be sent as happening now."""
    from apps.events.demo.traffic import events

    recent = list(islice(events(seed=1, now=datetime.now(UTC), size=4_000), size))
    for event in recent:
        del event["timestamp"]
    return recent


def bodies_of(events: list[dict[str, Any]], *, batch: int) -> list[bytes]:
    """Requests of ``batch`` events each."""
    return [
        json.dumps({"events": events[first : first + batch]}).encode() for first in range(0, len(events) - batch, batch)
    ]
